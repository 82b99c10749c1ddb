"""What-if explorers of a mailed page in a real browser: by key and by touch, without kernel and network."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from helpers.batch.pages import render_page
from helpers.report import say
from helpers.whatif import NOBODY, Decision, Refusal, Settings, Value, View, changed_decisions
from helpers.whatif.chart import Shape, Word, draw, scale_of
from helpers.whatif.controls import say_settings
from helpers.whatif.explorer import explore

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
GRID: dict[str, tuple[Value, ...]] = {
    "growth": (-0.2, 0.0, 0.2),
    "budget": (0.0, 500.0),
    "closed": (NOBODY, "N"),
    "rush": (False, True),
}
STOPS = {**GRID, "budget": (500.0, 0.0)}  # no limit stands last


@dataclass
class Opened:
    """A page in the browser, and what it asked for and said."""

    tab: Any
    requests: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


def module_at(path: str) -> ModuleType:
    place = Path(__file__).parents[1] / path
    spec = importlib.util.spec_from_file_location(f"of_{place.stem}", place)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def boxes() -> Decision:
    toy = module_at("whatif/conftest.py")
    return Decision("toy", "Boxes", "How many boxes?", toy.CONTROLS, toy.answer, GRID, "toy")


@pytest.fixture(scope="module")
def file(boxes: Decision, weekly: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a page with the toy's explorer twice."""
    shown = weekly.output("display_data", data={"text/html": explore(boxes)._repr_html_()})
    cells = [weekly.markdown("# What if\n\n## Boxes"), weekly.code_cell("x", [shown, shown])]
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_text(render_page(weekly.notebook_of(*cells), weekly.context()), encoding="utf-8")
    return path


@pytest.fixture
def show(chromium: Any, file: Path) -> Iterator[Any]:
    """Return a function that opens the page in a fresh profile; at the end nothing was asked or said."""
    opened: list[Any] = []

    def opens(**options: Any) -> Any:
        context = chromium.new_context(**{"viewport": DESKTOP, **options})
        page = Opened(context.new_page())
        opened.append((context, page))
        page.tab.on("request", lambda request: page.requests.append(request.url))
        page.tab.on("console", lambda message: page.said.append(message.text))
        page.tab.on("pageerror", lambda error: page.said.append(str(error)))
        page.tab.goto(file.as_uri())
        return page.tab

    yield opens
    for context, page in opened:
        assert set(page.requests) == {file.as_uri()}
        assert [text for text in page.said if "getImageData" not in text] == []  # that one is the tests' own
        context.close()


def texts(part: Any, selector: str) -> list[str]:
    return list(part.locator(selector).all_text_contents())


def check(explorer: Any, decision: Decision, settings: Settings) -> None:
    """Compare what the page shows with what the pure function answers."""
    view = decision.try_view(settings)
    assert texts(explorer, ".pb-point > strong")[0].replace("As p", "as p") == say_settings(
        decision.controls, settings
    )
    if isinstance(view, Refusal):
        assert view.reason in explorer.inner_text()
        assert "There is no plan at this setting." in explorer.inner_text()
        assert explorer.locator(".pb-tile, .pb-chart, table").count() == 0
        return
    assert texts(explorer, ".pb-sentence") == [view.sentence]
    assert texts(explorer, ".pb-value") == [say(kpi.value, kpi.definition.unit) for kpi in view.tiles]
    changed = changed_decisions(decision.base, view)
    decisions = changed if len(changed) else decision.base.decisions.sort_values("money", ascending=False)
    if len(changed) or view.settings == decision.base.settings:
        assert texts(explorer, ".pb-table:nth-of-type(2) td:first-child") == list(decisions["name"])
    else:
        assert "No decision differs from the plan." in explorer.inner_text()
    assert texts(explorer, ".pb-table:nth-of-type(3) td:first-child") == list(view.limits["limit"])
    check_chart(explorer, view, decision)


def check_chart(explorer: Any, view: View, decision: Decision) -> None:
    every = [decision.try_view(dict(zip(GRID, values, strict=True))) for values in combinations()]
    drawing = draw(view.chart, scale_of(one.chart for one in every if isinstance(one, View)))
    paths = explorer.locator(".pb-marks path").evaluate_all("all => all.map(p => p.getAttribute('d'))")
    assert paths == [mark.path for mark in drawing.marks if isinstance(mark, Shape)]
    assert texts(explorer, ".pb-marks text") == [m.text for m in drawing.marks if isinstance(m, Word)]
    assert texts(explorer, ".pb-frame text") == [m.text for m in drawing.frame if isinstance(m, Word)]
    assert explorer.locator(".pb-chart").get_attribute("aria-label") == view.chart.alt


def combinations() -> list[tuple[Any, ...]]:
    """Every point, so that from one to the next few controls move."""
    return [
        (growth, budget, closed, rush)
        for closed in STOPS["closed"]
        for rush in STOPS["rush"]
        for budget in STOPS["budget"]
        for growth in STOPS["growth"]
    ]


def put_by_key(tab: Any, explorer: Any, name: str, stop: int) -> None:
    """Move one control as a keyboard does."""
    place = list(GRID).index(name)
    control = explorer.locator(".pb-lever").nth(place).locator("input, select")
    control.focus()
    if name == "rush":
        if control.is_checked() != bool(stop):
            tab.keyboard.press("Space")
        return
    tab.keyboard.press("Home")
    for _ in range(stop):
        tab.keyboard.press("ArrowDown" if name == "closed" else "ArrowRight")


def put_by_touch(tab: Any, explorer: Any, name: str, stop: int) -> None:
    """Move one control as a finger does; the list of a choice belongs to the system."""
    place = list(GRID).index(name)
    control = explorer.locator(".pb-lever").nth(place).locator("input, select")
    if name == "closed":
        control.select_option(index=stop)
    elif name == "rush":
        if control.is_checked() != bool(stop):
            control.tap()
    else:
        control.scroll_into_view_if_needed()
        box = control.bounding_box()
        across = box["x"] + 8 + (box["width"] - 16) * stop / (len(STOPS[name]) - 1)
        tab.touchscreen.tap(across, box["y"] + box["height"] / 2)


@pytest.mark.parametrize("put", [put_by_key, put_by_touch])
def test_every_point_shows_what_the_pure_function_answers(show: Any, boxes: Decision, put: Any) -> None:
    by_touch = put is put_by_touch
    tab = show(**({"viewport": PHONE, "has_touch": True, "is_mobile": True} if by_touch else {}))
    explorer = tab.locator(".pb-explorer").first
    check(explorer, boxes, {})
    stands = {control.name: control.default for control in boxes.controls}
    for values in combinations():
        for name, value in zip(GRID, values, strict=True):
            if stands[name] != value:
                put(tab, explorer, name, STOPS[name].index(value))
                stands[name] = value
                check(explorer, boxes, stands)
    assert texts(tab.locator(".pb-explorer").nth(1), ".pb-point > strong") == ["As planned"]


def test_the_page_starts_with_the_face_that_a_viewer_without_scripts_shows(show: Any) -> None:
    def face(tab: Any) -> str:
        return str(tab.locator(".pb-result").first.inner_text())

    tab = show(java_script_enabled=False)
    assert face(show()) == face(tab)
    assert tab.locator(".pb-lever").count() == 0
    assert "they need scripts" in tab.locator(".pb-still").first.inner_text()


def test_the_page_says_that_nothing_is_guessed_and_leads_back_to_the_plan(show: Any, boxes: Decision) -> None:
    tab = show()
    explorer = tab.locator(".pb-explorer").nth(1)
    assert explorer.locator(".pb-still").inner_text() == (
        "Each stop was computed in the run; nothing between is guessed."
    )
    put_by_key(tab, explorer, "growth", 2)
    put_by_key(tab, explorer, "rush", 1)
    check(explorer, boxes, {"growth": 0.2, "rush": True})
    explorer.get_by_role("button", name="Back to the plan").click()
    check(explorer, boxes, {})
    assert not explorer.get_by_role("checkbox").is_checked()
    assert explorer.get_by_role("slider").first.input_value() == "1"


def test_controls_have_names_words_and_help_for_a_screen_reader(show: Any) -> None:
    tab = show()
    explorer = tab.locator(".pb-explorer").first
    slider = explorer.get_by_role("slider", name="growth of demand")
    assert slider.get_attribute("aria-valuetext") == "0\N{NO-BREAK SPACE}%"
    slider.press("End")
    assert slider.get_attribute("aria-valuetext") == "+20\N{NO-BREAK SPACE}%"
    assert texts(explorer, "output")[:2] == ["+20\N{NO-BREAK SPACE}%", "no limit"]
    helped = slider.get_attribute("aria-describedby")
    assert tab.locator(f"[id='{helped}']").inner_text() == "of all demand"
    assert explorer.get_by_role("combobox", name="closed site").count() == 1
    assert explorer.get_by_role("checkbox", name="rush orders").count() == 1
    assert explorer.locator("[role=status]").inner_text().startswith("Growth of demand +20")
    ids = tab.evaluate("[...document.querySelectorAll('[id]')].map(part => part.id)")
    assert len(ids) == len(set(ids))
    assert texts(explorer, ".pb-lever:first-child .pb-ticks span") == [
        "−20\N{NO-BREAK SPACE}%",
        "0\N{NO-BREAK SPACE}%",
        "+20\N{NO-BREAK SPACE}%",
    ]


@pytest.mark.parametrize("width", [320, 390, 820, 1280])
def test_nothing_scrolls_sideways_but_a_wide_table_inside_itself(show: Any, width: int) -> None:
    tab = show(viewport={"width": width, "height": 844})
    put_by_key(tab, tab.locator(".pb-explorer").first, "budget", 0)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    tab.locator(".pb-explorer td").first.evaluate(
        "cell => { cell.textContent = 'Nordwind-GmbH-'.repeat(9); }"
    )
    assert tab.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_explorer_can_be_read_in_both_themes(show: Any, scheme: str) -> None:
    tab = show(color_scheme=scheme)
    explorer = tab.locator(".pb-explorer").first
    contrast = module_at("browser/test_page_in_browser.py").CONTRAST
    read = ".pb-explorer :is(p, p strong, p span, label, output, small, dt, dd, dd strong, th, td, figcaption, button, summary, select, .pb-ticks span, svg text, li)"  # fmt: skip  # noqa: E501  # one selector
    drawn = "all => all.map(p => getComputedStyle(p).fill)"
    put_by_key(tab, explorer, "budget", 0)
    found = tab.evaluate(contrast, read)
    assert len(found) > 60
    put_by_key(tab, explorer, "rush", 1)
    put_by_key(tab, explorer, "closed", 1)
    found += tab.evaluate(contrast, read)
    assert min(found) >= 4.5
    assert explorer.locator(".pb-marks path").evaluate_all(drawn) == []


def test_print_shows_the_point_that_was_chosen_without_controls(show: Any) -> None:
    tab = show()
    explorer = tab.locator(".pb-explorer").first
    put_by_key(tab, explorer, "growth", 2)
    tab.emulate_media(media="print")
    assert not explorer.locator(".pb-levers").is_visible()
    assert "Growth of demand +20" in explorer.inner_text()
    assert "120 boxes are bought." in explorer.inner_text()
    assert tab.pdf().startswith(b"%PDF")
