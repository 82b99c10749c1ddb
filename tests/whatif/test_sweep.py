"""A sweep plans every point once, remembers it, and says what is best and cheapest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from helpers.errors import ParameterError
from helpers.whatif import Decision, Settings, View
from helpers.whatif import sweep as room
from helpers.whatif.axes import Axis, decision_of, read_axes
from helpers.whatif.points import SweepMemory
from helpers.whatif.regret import regret
from helpers.whatif.sweep import sweep
from helpers.whatif.sweep_page import say_sweep, write_sweep

GROWTH = Axis("growth", ("growth",), (-0.2, 0.0, 0.2))
BUDGET = Axis("budget", ("budget",), (0.0, 500.0))
SITES = Axis("closed", ("closed",), ("", "N"))
RUSH = Axis("rush", ("rush",), (False, True))


def counted(toy: Decision, name: str) -> tuple[Decision, list[Settings]]:
    """Return the toy under its own memory, and the list of what it was asked."""
    asked: list[Settings] = []

    def answer(settings: Settings) -> View:
        asked.append(dict(settings))
        return toy.answer(settings)

    return replace(toy, answer=answer, fingerprint=name), asked


def test_every_point_equals_the_pure_function(toy: Decision) -> None:
    found = sweep(counted(toy, "pure")[0], [GROWTH, BUDGET, RUSH])
    assert len(found.table) == 12
    for _, row in found.table.iterrows():
        view = toy.view(found.settings_of(row))
        assert row["freight cost"] == view.value("freight cost")
        assert row["promised fill rate"] == view.value("promised fill rate")


def test_plan_is_among_the_points_once(toy: Decision) -> None:
    inside = sweep(counted(toy, "in")[0], [GROWTH]).table
    outside = sweep(counted(toy, "out")[0], [Axis("growth", ("growth",), (0.1, 0.2))]).table
    assert (len(inside), len(outside)) == (3, 3)
    assert inside["is_plan"].tolist() == outside["is_plan"].tolist() == [True, False, False]


def test_refused_points_say_why_and_count_for_nothing(toy: Decision) -> None:
    found = sweep(counted(toy, "refused")[0], [SITES, RUSH])
    refused = found.table[found.table["status"] != "planned"]
    assert refused["reason"].str.contains("Reopen North").tolist() == [True]
    assert not refused["efficient"].any()
    assert "3 of 4 points have a plan" in say_sweep(found)[0]


def test_interrupted_sweep_goes_on_where_it_stopped(toy: Decision) -> None:
    decision, asked = counted(toy, "stopped")

    def stop(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(decision, [GROWTH], tell=stop)
    again, asked_again = counted(toy, "stopped")
    found = sweep(again, [GROWTH])
    assert (len(asked), len(asked_again)) == (2, 1)
    assert (found.computed, found.remembered) == (1, 2)
    assert sweep(again, [GROWTH]).table.equals(found.table)
    assert sweep(again, [GROWTH], forget=True).computed == 3


def test_half_a_line_in_the_memory_is_passed_over(toy: Decision) -> None:
    decision, _ = counted(toy, "torn")
    sweep(decision, [GROWTH])
    path = SweepMemory("toy", "torn").path
    path.write_text(path.read_text()[:-9])
    assert sweep(decision, [GROWTH]).computed == 1


def test_best_and_cheapest_are_named_with_their_figures(toy: Decision) -> None:
    found = sweep(counted(toy, "best")[0], [BUDGET])
    assert (found.cost, found.service) == ("freight cost", "promised fill rate")
    assert found.best is not None
    assert found.best["budget"] == 0.0
    assert found.cheapest is not None
    assert found.cheapest["budget"] == 500.0
    assert found.table["efficient"].all()
    assert "Least freight cost: budget 500" in say_sweep(found)[2]


def test_efficient_points_are_those_that_nothing_beats(toy: Decision) -> None:
    table = sweep(counted(toy, "pareto")[0], [GROWTH, BUDGET, RUSH]).table
    pairs = list(zip(table["freight cost"], -table["promised fill rate"], strict=True))
    slow = [not any(c <= a and d <= b and (c, d) != (a, b) for c, d in pairs) for a, b in pairs]
    assert table["efficient"].tolist() == slow


def test_several_processes_give_the_same(toy: Decision, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = sweep(replace(toy, fingerprint="alone"), [GROWTH, BUDGET])
    monkeypatch.setattr(room, "PAYS_AFTER", -1.0)
    called: list[int] = []

    def in_turn(decision: Decision, points: list[Settings], jobs: int) -> object:
        called.append(jobs)
        return iter(room._describe_all(decision, points))

    monkeypatch.setattr(room, "_in_processes", in_turn)
    shared = sweep(replace(toy, fingerprint="shared"), [GROWTH, BUDGET], jobs=2)
    assert called == [2]
    assert shared.table.equals(alone.table)


def test_too_large_a_grid_and_strange_controls_are_refused_together(toy: Decision) -> None:
    many = Axis("budget", ("budget",), tuple(float(n) for n in range(900)))
    with pytest.raises(ParameterError) as refused:
        sweep(toy, [many, Axis("colour", ("colour",), (1.0, 2.0, 3.0, 4.0, 5.0, 6.0))])
    assert "5,400 points; at most 5,000" in str(refused.value)
    assert "no control 'colour'" in str(refused.value)


def test_files_hold_every_point_and_the_regret(toy: Decision, tmp_path: Path) -> None:
    found = sweep(counted(toy, "files")[0], [GROWTH, BUDGET, SITES, RUSH])
    losses = pd.DataFrame([[0.0, 10.0], [4.0, 5.0]], index=["bold", "=safe"], columns=["bad", "good"])
    html, book, csv = write_sweep(found, tmp_path, regret(losses))
    assert len(pd.read_csv(csv)) == 24
    assert openpyxl.load_workbook(book).sheetnames == ["Contents", "plans", "regret", "sweep"]
    page = html.read_text()
    assert "North &lt;b&gt;" in page
    assert "North <b>" not in page
    assert "<script" not in page
    assert "bold is" in page or "hurts least" in page


def test_range_has_both_ends_and_no_rounding_noise() -> None:
    axis = read_axes(["fill_rate=0.9:0.99:0.01"])[0]
    assert axis.controls == ("fill_rate_a", "fill_rate_b", "fill_rate_c")
    assert axis.steps == (0.9, 0.91, 0.92, 0.93, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99)
    assert read_axes(["growth=0.1:0.1:0.1"])[0].steps == (0.1,)


def test_lists_take_the_kind_of_the_control() -> None:
    texts = ["budget=20000,40000", "closed_supplier=none,007", "stock_limit=true,No"]
    assert [axis.steps for axis in read_axes(texts)] == [(20000.0, 40000.0), ("", "007"), (True, False)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("budget", "takes a control and its values"),
        ("budget=", "takes a control and its values"),
        ("budgte=1,2", "Did you mean 'budget'"),
        ("budget=a", "'a' is no number"),
        ("budget=nan", "planned with"),
        ("budget=1:2", "start:stop:step; got '1:2'"),
        ("budget=5:1:1", "rises from start to stop"),
        ("budget=1:5:0", "by a step above 0"),
        ("budget=0:10000000:1", "at most 1,000"),
        ("fill_rate=0.9:1.2:0.1", "a number from 0.5 to 0.999"),
        ("stock_limit=maybe", "neither true nor false"),
    ],
)
def test_bad_text_is_refused_with_what_came_and_an_example(text: str, words: str) -> None:
    with pytest.raises(ParameterError) as refused:
        read_axes([text, "growth=9"])
    assert words in str(refused.value)
    assert f"--over {text}" in str(refused.value)
    assert "growth=9" in str(refused.value), "all of them at once"
    assert "Examples: fill_rate=" in str(refused.value)


def test_axes_of_two_decisions_ask_for_one() -> None:
    assert decision_of(read_axes(["budget=1,2", "fill_rate=0.9,0.95"])) == "inventory"
    with pytest.raises(ParameterError, match="growth to demand, budget to inventory"):
        decision_of(read_axes(["growth=0.1", "budget=1"]))
