"""The panel in a real JupyterLab with a real Chromium: what is moved, what is seen, and how soon."""

from __future__ import annotations

import runpy
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from helpers.whatif import Decision, Value, View

pytestmark = pytest.mark.browser

HERE = Path(__file__).parent
DRIVE = runpy.run_path(str(HERE.parents[1] / "benchmarks" / "panel.py"), run_name="panel")
GROWTH, BUDGET = 0, 1
READ = (
    ".pb-head h3, .pb-head p, .pb-said, .pb-said b, .pb-kpi dt, .pb-kpi dd, .pb-better, .pb-worse, h4, "
    "figcaption, .pb-result th, .pb-result td, .pb-result p, .pb-control label, .widget-readout, "
    ".pb-chart text"
)
BELOW = (
    "document.querySelector('.pb-result').offsetLeft === document.querySelector('.pb-controls').offsetLeft"
)
CUT = """() => {
  const edge = document.querySelector('.pb-whatif').getBoundingClientRect().right + 1;
  return [...document.querySelectorAll('.pb-whatif *')]
    .filter((part) => part.offsetParent && !part.closest('svg, .noUi-target, style'))
    .filter((part) => part.getBoundingClientRect().right > edge).map((part) => part.className);
}"""


@pytest.fixture(scope="module")
def decision() -> Decision:
    found = runpy.run_path(str(HERE / "shown_decision.py"))["decision"]
    assert isinstance(found, Decision)
    return found


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Return the address of a JupyterLab, and a notebook in it."""
    folder = tmp_path_factory.mktemp("lab")
    cell = DRIVE["cell_of"](str(HERE / "shown_decision.py"), HERE)
    notebook = DRIVE["write_notebook"](folder, cell)
    with DRIVE["lab"](folder) as address:
        yield address, notebook.name


@pytest.fixture(scope="module")
def opened(chromium: Any, lab: tuple[str, str]) -> Iterator[Any]:
    """Return a page with the panel of the toy decision, after its cell was run."""
    with closing(chromium.new_context(viewport={"width": 1400, "height": 1000})) as context:
        page = context.new_page()
        page.set_default_timeout(20_000)
        DRIVE["run_in_lab"](page, *lab)
        yield page


@pytest.fixture
def page(opened: Any) -> Any:
    """Return the panel as planned."""
    if opened.locator("button", has_text="Reset").is_enabled():
        opened.click("button:has-text('Reset')")
        said(opened, "As planned.")
    return opened


def said(page: Any, words: str) -> None:
    """Wait until the panel has said these words."""
    page.locator(".pb-said", has_text=words).wait_for()


def press(page: Any, slider: int, *keys: str) -> None:
    page.locator(".pb-control .noUi-handle").nth(slider).focus()
    for key in keys:
        page.keyboard.press(key)


def tiles(page: Any) -> dict[str, float]:
    """Return the figures of the tiles, as the page holds them."""
    return {
        str(tile.get_attribute("data-kpi")): float(tile.get_attribute("data-value"))
        for tile in page.locator(".pb-kpi").all()
    }


def answered(decision: Decision, settings: Mapping[str, Value]) -> dict[str, float]:
    """Return what the pure function answers."""
    view: View = decision.answer({"growth": 0.0, "budget": 0.0, "closed": "", "rush": False, **settings})
    return {kpi.name: float(kpi.value or 0.0) for kpi in view.tiles}


def test_a_moved_slider_shows_what_the_pure_function_answers(page: Any, decision: Decision) -> None:
    assert tiles(page) == answered(decision, {})
    press(page, GROWTH, *["ArrowRight"] * 3)
    said(page, "growth of demand +3 %.")
    assert tiles(page) == answered(decision, {"growth": 0.03})
    assert "+30 worse" in page.inner_text(".pb-kpi >> nth=0").replace("\N{NO-BREAK SPACE}", " ")
    assert (
        page.inner_text(".pb-control-growth label").replace("\N{NO-BREAK SPACE}", " ")
        == "growth of demand: +3 %"
    )


def test_a_value_can_be_typed_in_the_unit_that_is_shown(page: Any, decision: Decision) -> None:
    page.locator(".pb-control-growth .widget-readout").fill("12.5")
    page.keyboard.press("Enter")
    page.locator(".pb-kpi[data-value='1125.0']").wait_for()
    assert tiles(page) == answered(decision, {"growth": 0.125})


def test_choices_and_switches_work_and_a_refusal_is_said_in_words(page: Any) -> None:
    page.locator(".pb-control-rush input").focus()
    page.keyboard.press("Space")
    said(page, "rush orders yes")
    page.locator(".pb-control-closed select").select_option("North <b>")
    refusal = page.locator(".pb-refusal")
    refusal.wait_for()
    assert "Reopen North, or refuse rush orders" in refusal.inner_text()
    assert page.locator(".pb-kpi").count() == 0
    page.click("button:has-text('Undo')")
    said(page, "With rush orders yes.")
    assert page.locator(".pb-refusal").count() == 0
    assert page.locator(".pb-control-closed select").input_value() == "none"
    page.click("button:has-text('Redo')")
    refusal.wait_for()
    page.click("button:has-text('Reset')")
    said(page, "As planned.")
    assert not page.locator(".pb-control-rush input").is_checked()


def test_what_takes_long_counts_the_seconds_and_what_breaks_is_a_sentence(
    page: Any, decision: Decision
) -> None:
    press(page, BUDGET, "End")
    page.locator(".pb-wait", has_text="computing … 1 s").wait_for()
    said(page, "budget 1,000")
    assert page.inner_text(".pb-wait") == ""
    assert tiles(page) == answered(decision, {"budget": 1000.0})
    press(page, BUDGET, "ArrowLeft")
    page.locator(".pb-refusal").wait_for()
    assert "ZeroDivisionError: division by zero" in page.inner_text(".pb-refusal")
    assert "Nothing was changed" in page.inner_text(".pb-refusal")
    assert "Traceback" not in page.inner_text(".jp-Notebook")


def test_moves_during_a_long_answer_lead_to_the_last_one(page: Any, decision: Decision) -> None:
    page.locator(".pb-control-rush input").click()
    said(page, "rush orders yes")
    press(page, BUDGET, "End")
    page.locator(".pb-wait", has_text="computing").wait_for()
    press(page, BUDGET, *["ArrowLeft"] * 4)
    said(page, "budget 800")
    assert tiles(page) == answered(decision, {"budget": 800.0, "rush": True})


def test_views_come_in_time(page: Any) -> None:
    new, seen = DRIVE["walk_new"](page, 24), DRIVE["walk_seen"](page, 24)
    assert DRIVE["summary"](new)["p50"] < 500
    assert DRIVE["summary"](new)["p95"] < 1000
    assert DRIVE["summary"](seen)["p95"] < 300


def test_a_hundred_moves_leave_one_true_picture_and_no_memory_behind(page: Any, decision: Decision) -> None:
    DRIVE["press_in_bursts"](page, 20)
    before = DRIVE["heap"](page)
    DRIVE["press_in_bursts"](page, 100)
    assert DRIVE["heap"](page) < 1.2 * before
    growth = float(page.locator(".pb-control .noUi-handle").nth(GROWTH).get_attribute("aria-valuenow")) / 100
    expected = answered(decision, {"growth": round(growth, 10)})
    page.locator(f".pb-kpi[data-value='{expected['freight cost']!r}']").wait_for()
    assert tiles(page) == expected
    assert page.locator(".pb-whatif svg.pb-chart").count() == 1
    assert page.locator(".pb-marks .pb-fill-setting").evaluate("bars => bars.getBBox().width") > 0
    assert "Traceback" not in page.inner_text(".jp-Notebook")


def test_on_a_narrow_panel_everything_stands_below_each_other_and_nothing_is_cut(page: Any) -> None:
    page.set_viewport_size({"width": 600, "height": 1000})
    try:
        page.wait_for_function(BELOW)
        assert page.evaluate(CUT) == []
    finally:
        page.set_viewport_size({"width": 1400, "height": 1000})


def test_after_a_reload_in_the_dark_theme_the_panel_is_back_and_reads_well(
    page: Any, lab: tuple[str, str], decision: Decision
) -> None:
    press(page, GROWTH, *["ArrowRight"] * 5)
    said(page, "growth of demand +5 %.")
    contrast = runpy.run_path(str(HERE / "test_page_in_browser.py"))["CONTRAST"]
    assert min(page.evaluate(contrast, READ)) >= 4.5
    address, _ = lab
    theme = '{"raw": "{\\"theme\\": \\"JupyterLab Dark\\"}"}'
    place = f"{address}/lab/api/settings/@jupyterlab/apputils-extension:themes?token=panel"
    sent = page.request.put(place, data=theme, headers={"Authorization": "token panel"})
    assert sent.ok
    page.click(".jp-CodeCell .cm-content")
    page.keyboard.press("Control+s")
    page.wait_for_timeout(500)
    page.reload()
    page.wait_for_selector("body[data-jp-theme-light=false]", state="attached")
    said(page, "growth of demand +5 %.")
    assert tiles(page) == answered(decision, {"growth": 0.05})
    assert min(page.evaluate(contrast, READ)) >= 4.5
    press(page, GROWTH, "ArrowRight")
    said(page, "growth of demand +6 %.")


def test_the_cell_run_again_shows_one_panel_as_planned(page: Any) -> None:
    page.click(".jp-CodeCell .cm-content")
    page.keyboard.press("Control+Enter")
    said(page, "As planned.")
    assert page.locator(".pb-whatif").count() == 1
