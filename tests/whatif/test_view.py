"""What counts as better: never a saving that comes from serving less."""

from __future__ import annotations

from dataclasses import replace

from helpers.contract.kpis import Kpi
from helpers.whatif import Decision, View, compare_tiles


def shown(toy: Decision, **values: float) -> View:
    names = {"freight": "freight cost", "served": "needs met in their week", "orders": "orders proposed"}
    return replace(toy.base, tiles=tuple(Kpi(names[key], value, "") for key, value in values.items()))


def told(before: View, after: View) -> list[bool | None]:
    return [one.is_good for one in compare_tiles(before, after)]


def test_a_saving_is_better_where_nothing_else_falls(toy: Decision) -> None:
    plan = shown(toy, freight=100.0, served=0.9)
    assert told(plan, shown(toy, freight=80.0, served=0.9)) == [True, None]
    assert told(plan, shown(toy, freight=80.0, served=0.95)) == [True, True]
    assert told(plan, shown(toy, freight=120.0, served=0.95)) == [False, True]


def test_a_saving_from_serving_less_is_not_called_better(toy: Decision) -> None:
    plan = shown(toy, freight=100.0, served=0.9)
    assert told(plan, shown(toy, freight=60.0, served=0.5)) == [None, False]
    assert told(plan, shown(toy, freight=120.0, served=0.5)) == [False, False]


def test_changes_too_small_to_act_on_and_spending_are_neither(toy: Decision) -> None:
    plan = shown(toy, freight=100.0, served=0.9, orders=500.0)
    assert told(plan, shown(toy, freight=99.6, served=0.897, orders=100.0)) == [None, None, None]
