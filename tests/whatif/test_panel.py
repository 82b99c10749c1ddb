"""The panel without a browser: what it shows, what it asks, and that nothing gets out of step."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest

from helpers.batch.execute import normalise
from helpers.batch.pages import PageContext, render_page
from helpers.contract.kpis import Kpi
from helpers.errors import ParameterError, PlanbookError
from helpers.whatif import Decision, Refusal, Settings, Slider, Value, View, compare_tiles
from helpers.whatif.chart import Chart, Series, scale_of
from helpers.whatif.compare import compare
from helpers.whatif.controls import say_settings
from helpers.whatif.newest import Newest
from helpers.whatif.panel import WIDGET, Panel, show_panel
from helpers.whatif.panel_inputs import format_of, read_slider, step_of
from helpers.whatif.panel_parts import (
    Failure,
    find,
    render_changes,
    render_chart,
    render_found,
    render_limits,
    render_refusal,
    render_tiles,
    say_change,
    wider,
)
from helpers.whatif.scenario_bar import workbook_name
from helpers.whatif.scenarios import ScenarioStore
from helpers.whatif.trail import Trail
from helpers.whatif.view import Difference
from helpers.whatif.workbench import workbench


class Text(HTMLParser):
    """The words of an HTML text, and the elements that it opens."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []
        self.figures: dict[str, str] = {}
        self.exact: dict[str, Value] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        found = dict(attrs)
        if "data-settings" in found:
            self.exact = json.loads(str(found["data-settings"]))
        if "data-kpi" in found:
            self.figures[str(found["data-kpi"])] = str(found["data-value"])

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def __str__(self) -> str:
        return " ".join(" ".join(self.words).split())


def difference(name: str, before: float | None, now: float | None) -> Difference:
    base, kpi = Kpi(name, before, "here"), Kpi(name, now, "here")
    change = None if before is None or now is None else now - before
    better = {"higher": 1, "lower": -1}.get(kpi.definition.better, 0)
    return Difference(kpi, base, change, change * better > 0 if change and better else None)


# What is shown


def test_a_tile_says_value_plan_and_whether_the_change_is_better(toy: Decision) -> None:
    tiles = Text(render_tiles(compare_tiles(toy.base, toy.view({"budget": 500}))))
    assert tiles.figures == {"freight cost": "500.0", "promised fill rate": "0.5"}
    assert "Freight cost 500 −500 plan 1,000" in str(tiles), "no gain where service falls"
    assert "Promised fill rate 50.0 % −50.0 points worse plan 100.0 %" in str(tiles)


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (0.5, 0.5, "as planned"),
        (0.5, 0.6, "+10.0 points better"),
        (0.5, 0.4, "−10.0 points worse"),
        (0.5, 0.50001, "hardly changed, better"),
        (None, 0.4, "no comparison"),
    ],
)
def test_a_change_is_said_in_words(before: float | None, now: float, said: str) -> None:
    words = say_change(difference("promised fill rate", before, now)).replace("\N{NO-BREAK SPACE}", " ")
    assert words == said


def test_a_tile_without_a_value_says_not_known_and_why() -> None:
    kpi = Kpi("promised fill rate", None, "", note="no orders <yet>")
    shown = render_tiles([Difference(kpi, kpi, None, None)])
    assert "not known" in shown
    assert "no orders &lt;yet&gt;" in shown


def test_nothing_from_the_data_is_read_as_markup(toy: Decision) -> None:
    moved = toy.view({"closed": "N", "budget": 100})
    html = render_found(say_settings(toy.controls, moved.settings), toy.base, moved)
    assert not {"i", "script"} & set(Text(html).tags)
    assert "boxes to S <i>" in str(Text(html))
    assert "North <b>" in str(Text(html))
    assert Text(html).tags.count("b") == 1  # the lead of the sentence
    evil = Refusal({}, "<script>alert(1)</script>")
    assert "<script" not in render_refusal(evil)


def test_a_change_too_small_to_be_read_is_no_zero_with_a_sign() -> None:
    words = say_change(difference("transport emissions", 9.52, 9.51))
    assert words == "hardly changed, better"


def test_a_unit_is_written_smaller_than_its_figure_and_an_answer_names_its_setting(toy: Decision) -> None:
    html = render_found("as planned", toy.base, toy.view({"growth": 0.1}))
    kpi = Kpi("transport emissions", 9.5, "")
    assert "9.5\xa0<small>t CO2e</small>" in render_tiles([Difference(kpi, kpi, 0.0, None)])
    assert "<small>%" not in html
    assert Text(html).exact == {**toy.base.settings, "growth": 0.1}


def test_a_setting_is_named_once(toy: Decision) -> None:
    view = replace(toy.base, sentence="With growth of demand +10\xa0%: lines <b> are ordered.")
    words = str(Text(render_found("growth of demand +10\xa0%", toy.base, view)))
    assert "With growth of demand +10\xa0%. Lines <b> are ordered." in words.replace(" %", "\xa0%")


def test_the_table_holds_the_eight_largest_changes_and_the_total_of_all(toy: Decision) -> None:
    def many(factor: float) -> View:
        keys = [f"K{k:02}" for k in range(20)]
        amounts = [factor * k for k in range(20)]
        rows = {"decision": keys, "name": keys, "quantity": amounts, "money": amounts}
        return replace(toy.base, decisions=pd.DataFrame(rows))

    words = str(Text(render_changes(many(1), many(2))))
    assert [key for key in (f"K{k:02}" for k in range(20)) if key in words] == [
        f"K{k}" for k in range(12, 20)
    ]
    assert "Total and 11 more not shown +190.00" in words
    assert "19 differ from the plan" in words


def test_the_plan_beside_itself_differs_in_nothing(toy: Decision) -> None:
    assert "No decision differs from the plan." in render_changes(toy.base, toy.base)


def test_one_decision_differs_and_two_differ(toy: Decision) -> None:
    one = replace(toy.base, decisions=toy.base.decisions.assign(quantity=[1.0, 60.0]))
    assert "1 differs from the plan" in render_changes(toy.base, one)


def test_a_binding_limit_comes_with_its_price(toy: Decision) -> None:
    words = str(Text(render_limits(toy.view({"budget": 500}).limits)))
    assert "budget 500 500 0.50" in words
    assert "No limit binds." in render_limits(toy.base.limits)


def test_a_price_that_nobody_knows_is_said_so(toy: Decision) -> None:
    limits = toy.view({"budget": 500}).limits.assign(price=float("nan"))
    assert "not known" in render_limits(limits)


def test_a_refusal_is_shown_in_words_with_the_way_out(toy: Decision) -> None:
    found = find(toy, {"rush": True, "closed": "N"})
    words = str(Text(render_found(say_settings(toy.controls, found.settings), toy.base, found)))
    assert "There is no plan for this setting. Rush orders need every site. Reopen North" in words
    assert "With closed site North <b>, rush orders yes." in words


def test_an_unexpected_error_is_a_sentence_with_its_own_text(toy: Decision) -> None:
    def broken(_: Settings) -> View:
        raise ZeroDivisionError("division of <boxes> by zero")

    found = find(replace(toy, answer=broken), {"growth": 0.1})
    assert isinstance(found, Failure)
    words = str(Text(render_found(say_settings(toy.controls, found.settings), toy.base, found)))
    assert "This setting could not be computed." in words
    assert "ZeroDivisionError: division of <boxes> by zero" in words
    assert "Nothing was changed." in words
    assert "Traceback" not in words


def chart(*values: float) -> Chart:
    labels = tuple(f"L{k}" for k in range(len(values)))
    return Chart("bars", "claim", labels, (Series("plan", values, "plan"),), "money", "money")


def test_the_scale_grows_and_never_shrinks() -> None:
    scale = wider(None, chart(10, 40))
    grown = wider(scale, chart(10, 400, 3))
    assert (grown.high, grown.rows) == (scale_of([chart(10, 400)]).high, 3)
    assert wider(grown, chart(1)) == grown
    assert wider(grown, chart(-90)).low <= -90


def test_the_frame_stays_where_the_scale_does(toy: Decision) -> None:
    scale = wider(None, toy.view({"growth": 0.2}).chart)
    frames = {
        render_chart(replace(toy.view({"growth": growth}).chart, title=""), scale)
        .split('<g class="pb-marks">')[0]
        .split("aria-label")[0]
        for growth in (-0.2, 0.0, 0.2)
    }
    assert len(frames) == 1


# What is moved


def number(low: float, high: float, step: float, default: float, unit: str = "money") -> Slider:
    return Slider("s", "s", "G", unit, low, high, step, default, "")


def test_a_fine_slider_is_walked_in_round_multiples_of_its_step() -> None:
    assert step_of(number(0, 10_000_000, 1000, 0)) == 20_000
    assert step_of(number(0.5, 0.999, 0.001, 0.95)) == 0.001
    assert step_of(number(0, 1000, 1, 0)) == 2


def test_a_share_is_moved_in_per_cent_without_dust() -> None:
    assert read_slider(number(-0.5, 1, 0.01, 0, "share"), 30.000000000000004) == 0.3
    assert read_slider(number(0.5, 0.999, 0.001, 0.95, "share"), 98.7) == 0.987


def test_a_plan_between_two_steps_can_be_walked_back_to() -> None:
    control = number(0, 1, 0.1, 0.234)
    assert read_slider(control, 0.2) == 0.234
    assert read_slider(control, 0.3) == 0.3


def test_a_value_typed_beyond_the_end_stays_inside() -> None:
    assert read_slider(number(0, 10, 1, 0), 11) == 10


def test_the_box_writes_as_many_decimals_as_the_slider_steps() -> None:
    assert format_of(number(0.5, 0.999, 0.001, 0.95, "share")) == ",.1f"
    assert format_of(number(0, 1, 0.01, 0.5, "share")) == ",.0f"
    assert format_of(replace(number(-0.5, 1, 0.25, 0), is_change=True)) == ",.2f"


@pytest.fixture
def panel(toy: Decision) -> Panel:
    return Panel(toy)


def widget(panel: Panel, name: str) -> Any:
    return panel.inputs._widgets[name]


def shown(panel: Panel) -> Text:
    return Text(panel._shown.value)


def test_moving_a_control_shows_the_view_of_the_pure_function(panel: Panel, toy: Decision) -> None:
    widget(panel, "growth").value = 10
    view = toy.answer({"growth": 0.1, "budget": 0.0, "closed": "", "rush": False})
    assert shown(panel).figures["freight cost"] == repr(view.value("freight cost"))
    assert panel._shown.value == render_found("growth of demand +10\xa0%", toy.base, view, panel._scale)


def test_a_moved_control_says_its_value_in_words_and_is_marked(panel: Panel) -> None:
    widget(panel, "budget").value = 500
    assert widget(panel, "budget").description == "budget: 500"
    assert "pb-moved" in widget(panel, "budget")._dom_classes
    widget(panel, "budget").value = 0
    assert widget(panel, "budget").description == "budget: no limit"
    assert "pb-moved" not in widget(panel, "budget")._dom_classes


def test_every_control_has_its_help_as_tooltip_and_stands_under_its_group(
    panel: Panel, toy: Decision
) -> None:
    for control in toy.controls:
        assert widget(panel, control.name).tooltip == control.help
    headings = [
        part.value
        for part in panel.inputs.grouped()
        if not hasattr(part, "index") and "h4" in str(part.value)
    ]
    assert headings == ["<h4>Demand</h4>", "<h4>Money</h4>", "<h4>Sites</h4>"]


def test_undo_redo_and_reset_go_where_they_say(panel: Panel) -> None:
    for growth in (5, 10):
        widget(panel, "growth").value = growth
    widget(panel, "rush").value = True
    panel.undo()
    assert panel.collect() == {"growth": 0.1}
    panel.undo()
    assert panel.collect() == {"growth": 0.05}
    panel.redo()
    assert panel.collect() == {"growth": 0.1}
    panel.reset()
    assert panel.collect() == {}
    assert "As planned." in str(shown(panel))
    panel.undo()
    assert panel.collect() == {"growth": 0.1}


def test_buttons_that_lead_nowhere_cannot_be_pressed(panel: Panel) -> None:
    def dead() -> dict[str, bool]:
        return {name: button.disabled for name, button in panel._buttons.items()}

    assert dead() == {"Reset": True, "Undo": True, "Redo": True}
    widget(panel, "growth").value = 5
    assert dead() == {"Reset": False, "Undo": False, "Redo": True}
    panel.undo()
    assert dead() == {"Reset": True, "Undo": True, "Redo": False}


def test_a_refused_setting_leaves_no_figures_and_undo_leads_back(panel: Panel) -> None:
    widget(panel, "rush").value = True
    widget(panel, "closed").value = "N"
    assert shown(panel).figures == {}
    assert "Rush orders need every site" in str(shown(panel))
    panel.undo()
    assert panel.collect() == {"rush": True}
    assert shown(panel).figures["freight cost"] == "1000.0"


def test_a_panel_without_any_plan_says_why_and_can_still_be_moved(toy: Decision) -> None:
    def starved(settings: Settings) -> View:
        if not settings["budget"]:
            raise PlanbookError("Nothing is known of last year.")
        return toy.answer(settings)

    panel = Panel(replace(toy, answer=starved))
    assert "Nothing is known of last year." in str(shown(panel))
    widget(panel, "budget").value = 500
    assert shown(panel).figures["freight cost"] == "500.0"
    assert "no comparison" in str(shown(panel))


def test_a_view_that_cannot_be_drawn_is_said_and_the_next_one_is_shown(toy: Decision) -> None:
    def odd(settings: Settings) -> View:
        view = toy.answer(settings)
        return (
            replace(view, limits=pd.DataFrame({**view.limits, "unit": 3}))
            if not settings["rush"]
            else replace(view, tiles=())
        )

    panel = Panel(replace(toy, answer=odd))
    widget(panel, "rush").value = True
    assert "could not be computed" in str(shown(panel))
    widget(panel, "rush").value = False
    assert shown(panel).figures["freight cost"] == "1000.0"


# One answer at a time


@dataclass
class Slow:
    """Work that lasts until it is let go, and keeps count."""

    begun: list[int] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    gate: threading.Event = field(default_factory=threading.Event)

    def __call__(self, question: int) -> int:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.begun.append(question)
        assert self.gate.wait(5)
        self.at_once -= 1
        return question * 10


def in_a_loop(story: Callable[[], Any]) -> None:
    asyncio.run(story())


async def until(is_so: Callable[[], bool]) -> None:
    for _ in range(500):
        if is_so():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never came to that")


def test_a_burst_becomes_one_question_and_the_newest_wins() -> None:
    async def story() -> None:
        slow, answers = Slow(), []
        slow.gate.set()
        newest: Newest[int, int] = Newest(slow, lambda q, a: answers.append((q, a)), pause=0.01)
        for question in range(20):
            newest.ask(question)
        await until(lambda: not newest.is_busy)
        assert slow.begun == [19]
        assert answers == [(19, 190)]

    in_a_loop(story)


def test_questions_during_an_answer_replace_each_other_and_the_old_answer_is_not_shown() -> None:
    async def story() -> None:
        slow, answers = Slow(), []
        newest: Newest[int, int] = Newest(slow, lambda q, a: answers.append((q, a)), pause=0.001)
        newest.ask(1)
        await until(lambda: slow.begun == [1])
        for question in (2, 3, 4):
            newest.ask(question)
            await asyncio.sleep(0.005)
        slow.gate.set()
        await until(lambda: not newest.is_busy)
        assert slow.begun == [1, 4]
        assert slow.most_at_once == 1
        assert answers == [(4, 40)]

    in_a_loop(story)


def test_two_panels_never_work_at_once() -> None:
    async def story() -> None:
        slow, answers = Slow(), []
        panels = [Newest(slow, lambda _, a: answers.append(a), pause=0.001) for _ in range(3)]
        for place, newest in enumerate(panels):
            newest.ask(place)
        await until(lambda: bool(slow.begun))
        slow.gate.set()
        await until(lambda: len(answers) == 3)
        assert slow.most_at_once == 1

    in_a_loop(story)


def test_what_takes_long_is_counted_in_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("helpers.whatif.newest.TICK", 0.01)

    async def story() -> None:
        slow = Slow()
        told: list[int] = []
        answers: list[int] = []
        newest: Newest[int, int] = Newest(slow, lambda _, a: answers.append(a), told.append, pause=0.001)
        newest.ask(1)
        await until(lambda: len(told) >= 3)
        slow.gate.set()
        await until(lambda: answers == [10])
        assert told[:3] == [1, 2, 3]
        before = len(told)
        await asyncio.sleep(0.03)
        assert len(told) == before

    in_a_loop(story)


def test_what_was_seen_is_answered_without_the_thread() -> None:
    async def story() -> None:
        threads: list[str] = []
        newest: Newest[int, None] = Newest(
            lambda _: threads.append(threading.current_thread().name),
            lambda *_: None,
            is_quick=lambda q: q == 1,
            pause=0.001,
        )
        for question in (1, 2):
            newest.ask(question)
            await until(lambda: not newest.is_busy)
        assert [name.startswith("planbook-what-if") for name in threads] == [False, True]

    in_a_loop(story)


def test_moves_in_a_kernel_show_the_last_setting(toy: Decision) -> None:
    async def story() -> None:
        panel = Panel(toy)
        for growth in range(-20, 25, 5):
            widget(panel, "growth").value = growth
            await asyncio.sleep(0.002)
        await until(lambda: not panel._answers.is_busy)
        assert shown(panel).figures["freight cost"] == repr(toy.view({"growth": 0.2}).value("freight cost"))
        panel.undo()
        await until(lambda: not panel._answers.is_busy)
        assert panel.collect() == {}  # a burst is one step

    in_a_loop(story)


def test_a_trail_forgets_what_was_undone_when_another_way_is_taken() -> None:
    trail = Trail({"a": 1})
    trail.go({"a": 2})
    assert trail.back({"a": 2}) == {"a": 1}
    trail.go({"a": 3})
    assert not trail.can_go_forth
    assert trail.back({"a": 3}) == {"a": 1}


def test_undo_from_a_setting_not_yet_shown_leads_to_the_one_that_is() -> None:
    trail = Trail({"a": 1})
    trail.go({"a": 2})
    assert trail.back({"a": 7}) == {"a": 2}


# Without widgets


def test_the_bundle_holds_widgets_and_plain_html_of_the_plan(toy: Decision) -> None:
    bundle = show_panel(toy)._repr_mimebundle_()
    assert set(bundle) == {WIDGET, "text/html", "text/plain"}
    words = str(Text(bundle["text/html"]))
    for said in ("How many boxes?", "100 boxes are bought.", "1,000", "boxes to S <i>", "Promised fill rate"):
        assert said in words
    assert "100 boxes are bought." in bundle["text/plain"]


def test_the_explorer_stands_in_for_the_plain_html_where_it_is_given(toy: Decision) -> None:
    class Explorer:
        def _repr_html_(self) -> str:
            return "<p>explorer</p>"

    assert show_panel(toy, Explorer())._repr_mimebundle_()["text/html"] == "<p>explorer</p>"


def test_widgets_are_made_only_for_a_display(toy: Decision, monkeypatch: pytest.MonkeyPatch) -> None:
    import ipywidgets

    def never(*_: object, **__: object) -> None:
        raise AssertionError("a widget was made")

    monkeypatch.setattr(ipywidgets.Widget, "open", never)
    shown = show_panel(toy)
    assert "100 boxes" in repr(shown)
    assert "Boxes" in repr(workbench([toy]))


def test_an_error_of_the_plan_itself_stops_the_cell(toy: Decision) -> None:
    def broken(_: Settings) -> View:
        raise ZeroDivisionError("x")

    with pytest.raises(ZeroDivisionError):
        show_panel(replace(toy, answer=broken))


def test_a_plan_that_is_refused_is_said_in_the_plain_html(toy: Decision) -> None:
    def refused(_: Settings) -> View:
        raise PlanbookError("There are no orders.")

    shown = show_panel(replace(toy, answer=refused))
    assert "There are no orders." in shown._repr_mimebundle_()["text/html"]
    assert "There are no orders." in repr(shown)


def notebook_with(bundle: Mapping[str, Any]) -> nbformat.NotebookNode:
    output = nbformat.v4.new_output(
        "execute_result", data=dict(bundle), metadata={WIDGET: {"x": 1}}, execution_count=7
    )
    cell = nbformat.v4.new_code_cell("show_panel(decision)", outputs=[output], execution_count=7, id="a")
    state: dict[str, Any] = {"application/vnd.jupyter.widget-state+json": {"state": {}}}
    made: nbformat.NotebookNode = nbformat.v4.new_notebook(cells=[cell], metadata={"widgets": state})
    return made


def test_an_executed_notebook_keeps_no_trace_of_widgets(toy: Decision) -> None:
    node = notebook_with(show_panel(toy)._repr_mimebundle_())
    normalise(node)
    text = nbformat.writes(node)
    assert "widget" not in text
    assert "How many boxes?" in text


def test_a_page_is_the_same_with_and_without_widgets(toy: Decision) -> None:
    bundle = show_panel(toy)._repr_mimebundle_()
    context = PageContext("1_x", "X", "2026-W47", "sample", "2026-11-15", "0.1.0", code_version="c")
    plain = notebook_with({mime: text for mime, text in bundle.items() if mime != WIDGET})
    page = render_page(notebook_with(bundle), context)
    assert page == render_page(plain, context)
    assert "pb-chart" in page


# Scenarios


@dataclass(frozen=True)
class Kept:
    name: str
    note: str
    what_if: Mapping[str, Value]


@dataclass
class Shelf:
    """A store in memory."""

    kept: dict[str, Kept] = field(default_factory=dict)

    def save(self, name: str, note: str, what_if: Mapping[str, Value]) -> None:
        if "/" in name:
            raise ParameterError(f"'{name}' is no name for a file.")
        self.kept[name] = Kept(name, note, dict(what_if))

    def names(self) -> tuple[str, ...]:
        return tuple(self.kept)

    def load(self, name: str) -> Kept:
        return self.kept[name]


@dataclass(frozen=True)
class SideBySide:
    html: str

    def _repr_html_(self) -> str:
        return self.html


def side_by_side(decisions: Any, scenarios: Any) -> SideBySide:
    return SideBySide(f"<p>{[d.name for d in decisions]} {[s.name for s in scenarios]}</p>")


def press(bar: Any, words: str) -> str:
    next(part for part in bar.box.children if getattr(part, "description", "") == words).click()
    return str(Text(bar._told.value))


def test_without_a_store_there_is_no_scenario_bar(panel: Panel) -> None:
    assert panel._bar is None


def test_a_saved_scenario_holds_what_differs_and_loads_again(toy: Decision) -> None:
    store = Shelf()
    panel = Panel(toy, store, side_by_side)
    bar: Any = panel._bar
    widget(panel, "growth").value = 10
    bar._name.value, bar._note.value = "more", "as sales hopes"
    assert press(bar, "Save") == "Saved: more. In batch: planbook run --scenario more"
    assert store.kept["more"] == Kept("more", "as sales hopes", {"growth": 0.1})
    panel.reset()
    assert press(bar, "Load") == "more: as sales hopes"
    assert panel.collect() == {"growth": 0.1}
    press(bar, "Compare all")
    assert bar.compared.value == "<p>['toy'] ['more']</p>"


def test_a_comparison_is_written_beside_the_scenarios_and_its_place_is_said(
    toy: Decision, tmp_path: Path
) -> None:
    store = ScenarioStore(tmp_path / "scenarios")
    bar: Any = Panel(toy, store, compare)._bar
    assert "no scenario yet" in press(bar, "Export")
    for name in ("more", "less"):
        store.save(name, "", {"growth": 0.1 if name == "more" else -0.1})
    written = tmp_path / "scenarios" / "comparison-less-more.xlsx"
    assert press(bar, "Export") == f"Written: {written}"
    assert pd.read_excel(written, sheet_name=None)
    assert "freight cost" in str(Text(bar.compared.value)).lower()
    written.unlink()
    written.mkdir()
    press(bar, "Export")
    assert "cannot be written" in bar.compared.value


def test_a_workbook_of_many_scenarios_has_a_short_name() -> None:
    assert workbook_name(["a", "b"]) == "comparison-a-b.xlsx"
    assert workbook_name(["scenario"] * 20) == "comparison-20-scenarios.xlsx"


def test_a_store_without_a_folder_offers_no_export(toy: Decision) -> None:
    bar: Any = Panel(toy, Shelf(), side_by_side)._bar
    assert not [part for part in bar.box.children if getattr(part, "description", "") == "Export"]


def test_what_goes_wrong_with_a_scenario_is_said_and_changes_nothing(toy: Decision) -> None:
    store = Shelf({"wild": Kept("wild", "", {"growth": 9}), "other": Kept("other", "", {"fuel_change": 1})})
    panel = Panel(toy, store)
    bar: Any = panel._bar
    assert "Give the scenario a name" in press(bar, "Save")
    bar._name.value = "a/b"
    assert "'a/b' is no name" in press(bar, "Save")
    bar._list.value = "wild"
    assert "Give a number from -0.2 to 0.2" in press(bar, "Load")
    bar._list.value = "other"
    assert "(1 of its values belongs to other decisions.)" in press(bar, "Load")
    assert panel.collect() == {}
    del store.kept["other"]
    assert "That did not work: KeyError" in press(bar, "Load")


def test_the_workbench_makes_a_panel_when_its_tab_is_opened_and_loads_across_all(toy: Decision) -> None:
    other = Slider("fuel", "fuel", "Prices", "share", -0.5, 0.5, 0.1, 0.0, "", is_change=True)
    second = Decision("other", "Fuel", "How dear?", (other,), lambda _: toy.base, {}, "x")
    bench = workbench([toy, second], Shelf(), side_by_side)
    assert [*bench.box.children[-1].titles] == ["Boxes", "Fuel", "All scenarios"]
    assert list(bench._panels) == ["toy"]
    assert bench.load({"growth": 0.1, "fuel": 0.2}) == ""
    assert bench.collect() == {"growth": 0.1, "fuel": 0.2}
    bench.box.children[-1].selected_index = 1
    assert list(bench._panels) == ["toy", "other"]
    assert bench.collect() == {"growth": 0.1, "fuel": 0.2}
    assert bench._panels["other"].collect() == {"fuel": 0.2}
    with pytest.raises(ParameterError, match="fuel"):
        bench.load({"growth": 0.05, "fuel": 7})
    assert bench.collect() == {"growth": 0.1, "fuel": 0.2}


def test_the_workbench_without_widgets_shows_every_plan(toy: Decision) -> None:
    words = str(Text(workbench([toy])._repr_mimebundle_()["text/html"]))
    assert "How many boxes? 100 boxes are bought." in words
    assert "freight cost 1,000" in words


def test_a_workbench_of_nothing_says_what_to_give() -> None:
    with pytest.raises(ParameterError, match="at least one"):
        workbench([])
