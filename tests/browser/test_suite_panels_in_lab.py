"""The four decisions of the suite in a real JupyterLab: every panel shows what its pure function answers."""

from __future__ import annotations

import json
import runpy
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from helpers.report import say
from helpers.report.tiles import title_of
from helpers.whatif import Decision, Settings, Slider, View, compare_tiles
from helpers.whatif.panel_inputs import step_of
from helpers.whatif.panel_parts import say_change
from helpers.whatif.scenarios import ScenarioStore

pytestmark = pytest.mark.browser

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
DRIVE = runpy.run_path(str(ROOT / "benchmarks" / "panel.py"), run_name="panel")
SHOWN = runpy.run_path(str(HERE / "shown_suite.py"))
NAMES: tuple[str, ...] = SHOWN["NAMES"]
MOVED = {
    "demand": "growth",
    "inventory": "holding_rate",
    "transport": "fuel_change",
    "customers": "margin_change",
}
ELSEWHERE = {**MOVED, "inventory": "lead_time_change", "transport": "carbon_price"}
STEPS = 3
COLD = 600  # seconds that the first panel may take where nothing is remembered yet
Tiles = dict[str, tuple[str, ...]]
CUT = """(panel) => {
  const edge = panel.getBoundingClientRect().right + 1;
  const wide = [...panel.querySelectorAll('*')]
    .filter((part) => part.offsetParent && !part.closest('svg, .noUi-target, style, .pb-wide'))
    .filter((part) => part.getBoundingClientRect().right > edge);
  const over = [...panel.querySelectorAll('.pb-kpi, .widget-label, .widget-readout, .lm-TabBar-tabLabel')]
    .filter((part) => part.scrollWidth > part.clientWidth + 1);
  return [...wide, ...over].map((part) => `${part.className}: ${part.textContent}`);
}"""


@pytest.fixture(scope="module")
def project_memory() -> Iterator[None]:
    """Use the project's own memory, not the empty one of the other tests.

    The plans behind the panels take minutes to make. `planbook render`, which `.ci/run` runs before the
    browser tests, remembers them; so does the first run of this module.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLANBOOK_MEMORY", str(ROOT / ".planbook"))
        yield


@pytest.fixture(scope="module")
def decisions(project_memory: None) -> Mapping[str, Decision]:
    return {decision.name: decision for decision in SHOWN["read_decisions"]()}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ScenarioStore:
    return ScenarioStore(tmp_path_factory.mktemp("scenarios"))


@pytest.fixture(scope="module")
def page(
    chromium: Any, decisions: Mapping[str, Decision], store: ScenarioStore, tmp_path_factory: Any
) -> Iterator[Any]:
    """Return JupyterLab with the four panels and the workbench, all cells run."""
    folder = tmp_path_factory.mktemp("lab")
    notebook = DRIVE["write_notebook"](folder, *SHOWN["cells"](store.folder))
    with (
        DRIVE["lab"](folder) as address,
        closing(chromium.new_context(viewport={"width": 1400, "height": 1000})) as context,
    ):
        page = context.new_page()
        page.set_default_timeout(30_000)
        DRIVE["run_in_lab"](page, address, notebook.name, COLD)
        page.wait_for_selector(".pb-workbench .pb-said", state="attached")
        yield page


@pytest.fixture
def panel(page: Any) -> Callable[[str], Any]:
    """Return what gives the panel of a decision that stands in a cell of its own."""
    return lambda name: page.locator(f".jp-OutputArea-output > .pb-whatif-{name}")


def tab(page: Any, place: int) -> Any:
    """Open a tab of the workbench, and return what is in it."""
    page.locator(".pb-workbench .lm-TabBar-tab").nth(place).click()
    return page.locator(f".pb-workbench .pb-whatif-{NAMES[place]}")


def press(panel: Any, control: str, key: str = "ArrowRight", times: int = STEPS) -> None:
    handle = panel.locator(f".pb-control-{control} .noUi-handle")
    handle.scroll_into_view_if_needed()
    handle.focus()
    for _ in range(times):
        handle.press(key)


def setting(decision: Decision, control: str) -> dict[str, float]:
    """Return what some presses of a key on a slider should ask for."""
    slider = next(one for one in decision.controls if one.name == control)
    assert isinstance(slider, Slider)
    return {control: round(slider.default + STEPS * step_of(slider), 10)}


def wait_until_said(panel: Any, decision: Decision, settings: Settings) -> None:
    """Wait until the panel shows exactly this setting."""
    plan = {control.name: control.default for control in decision.controls}
    wanted, said = {**plan, **settings}, panel.locator(".pb-said")
    until = time.monotonic() + 30
    while json.loads(said.get_attribute("data-settings")) != wanted:
        assert time.monotonic() < until, f"{decision.name}: {said.get_attribute('data-settings')}"
        time.sleep(0.05)


def tiles(panel: Any) -> Tiles:
    """Return the tiles as they are read: name → exact figure, and the texts of the tile."""
    return {
        str(tile.get_attribute("data-kpi")): (
            str(tile.get_attribute("data-value")),
            *(str(part.text_content()) for part in tile.locator("dt, dd").all()),
        )
        for tile in panel.locator(".pb-kpi").all()
    }


def answered(decision: Decision, settings: Settings) -> Tiles:
    """Return what the tiles should read, from what the pure function answers in this process."""
    plan = {control.name: control.default for control in decision.controls}
    base: View = decision.answer(plan)
    view: View = decision.answer({**plan, **settings})
    found: Tiles = {}
    for one in compare_tiles(base, view):
        kpi, unit = one.kpi, one.kpi.definition.unit
        signed = one.kpi.definition.better == "zero"
        assert kpi.value is not None
        figure = say(kpi.value, unit, signed=signed)
        plan_words = f"plan {say(one.base.value, unit, signed=signed)}"
        found[kpi.name] = (repr(float(kpi.value)), title_of(kpi.name), figure, say_change(one), plan_words)
    return found


def test_all_four_decisions_of_the_sample_are_there(decisions: Mapping[str, Decision]) -> None:
    assert tuple(decisions) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_moved_slider_shows_the_tiles_of_the_pure_function(
    name: str, panel: Callable[[str], Any], decisions: Mapping[str, Decision]
) -> None:
    shown, decision, control = panel(name), decisions[name], MOVED[name]
    assert tiles(shown) == answered(decision, {})
    settings = setting(decision, control)
    press(shown, control)
    wait_until_said(shown, decision, settings)
    expected = answered(decision, settings)
    assert tiles(shown) == expected
    assert expected != answered(decision, {})


@pytest.mark.parametrize("name", NAMES)
def test_every_tab_of_the_workbench_shows_the_tiles_of_the_pure_function(
    name: str, page: Any, decisions: Mapping[str, Decision]
) -> None:
    shown, decision, control = tab(page, NAMES.index(name)), decisions[name], ELSEWHERE[name]
    shown.locator(".pb-said").wait_for()
    assert tiles(shown) == answered(decision, {})
    settings = setting(decision, control)
    press(shown, control)
    wait_until_said(shown, decision, settings)
    assert tiles(shown) == answered(decision, settings)
    shown.locator("button", has_text="Reset").click()
    shown.locator(".pb-said b", has_text="As planned.").wait_for()


def test_a_scenario_is_saved_loaded_and_compared_over_all_decisions(
    page: Any, decisions: Mapping[str, Decision], store: ScenarioStore
) -> None:
    bar = page.locator(".pb-workbench > .pb-bar")
    expected: dict[str, float] = {}
    for place, name in enumerate(NAMES[:2]):
        shown, decision, control = tab(page, place), decisions[name], ELSEWHERE[name]
        shown.locator(".pb-said").wait_for()
        press(shown, control)
        wait_until_said(shown, decision, setting(decision, control))
        expected |= setting(decision, control)
    bar.locator("input").nth(0).fill("boom")
    bar.locator("input").nth(1).fill("demand up, suppliers late")
    bar.locator("input").nth(1).press("Tab")
    bar.locator("button", has_text="Save").click()
    bar.locator(".pb-told", has_text="Saved: boom").wait_for()
    assert store.names() == ("boom",)
    assert store.load("boom").what_if == pytest.approx(expected)

    for place in range(2):
        shown = tab(page, place)
        shown.locator("button", has_text="Reset").click()
        shown.locator(".pb-said b", has_text="As planned.").wait_for()
    bar.locator("button", has_text="Load").click()
    bar.locator(".pb-told", has_text="boom: demand up, suppliers late").wait_for()
    for place, name in enumerate(NAMES[:2]):
        shown, decision, control = tab(page, place), decisions[name], ELSEWHERE[name]
        wait_until_said(shown, decision, setting(decision, control))
        assert tiles(shown) == answered(decision, setting(decision, control))

    page.locator(".pb-workbench .lm-TabBar-tab", has_text="All scenarios").click()
    page.locator(".pb-workbench button", has_text="Compare all scenarios").click()
    compared = page.locator(".pb-workbench .pb-compared .pb-comparison")
    compared.wait_for()
    read = str(compared.text_content())
    for name in NAMES[:2]:
        moved = setting(decisions[name], ELSEWHERE[name])
        for _, title, figure, *_ in answered(decisions[name], moved).values():
            assert title.lower() in read.lower()
            assert figure in read
    page.locator(".pb-workbench button", has_text="Export").click()
    page.locator(".pb-workbench [role=status]", has_text="comparison-boom.xlsx").wait_for()
    assert (store.folder / "comparison-boom.xlsx").is_file()


@pytest.mark.parametrize("width", [1400, 700])
def test_nothing_is_cut_on_a_wide_and_on_a_narrow_screen(
    width: int, page: Any, panel: Callable[[str], Any]
) -> None:
    page.set_viewport_size({"width": width, "height": 1000})
    try:
        for name in NAMES:
            shown = panel(name)
            shown.scroll_into_view_if_needed()
            page.wait_for_timeout(300)
            assert shown.evaluate(CUT) == []
        assert page.locator(".pb-workbench").evaluate(CUT) == []
    finally:
        page.set_viewport_size({"width": 1400, "height": 1000})


def test_no_panel_left_a_traceback_or_a_refusal(page: Any) -> None:
    assert "Traceback" not in str(page.text_content(".jp-Notebook"))
    assert page.locator(".pb-refusal").count() == 0
