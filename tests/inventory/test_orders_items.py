"""Each item's best orders against enumeration and against a joint integer programme; costs by hand."""

from __future__ import annotations

import doctest
import importlib
import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.inventory.tiny_orders import items_of, joint_model, options_of

from helpers.errors import ParameterError
from helpers.inventory.arguments import Floats
from helpers.inventory.orders.cost import cost_of
from helpers.inventory.orders.curves import held_and_short, held_on_grid
from helpers.inventory.orders.grid import cut_chunks, lay_grid
from helpers.inventory.orders.plan import OrderSettings, plan_orders
from helpers.inventory.orders.problem import PER_ITEM, PER_OPTION, OrderItems, OrderOptions
from helpers.solver import Status, solve


def cheapest_by_enumeration(items: OrderItems, options: OrderOptions, most: int) -> float:
    """Try every number of lots up to `most` in every week and option of a single item."""
    may = np.argwhere(options.open_weeks(items.weeks))
    counts = np.array(list(itertools.product(range(most + 1), repeat=len(may))))
    quantity = np.zeros((len(counts), len(options), items.weeks))
    lots = options.per_option("order_multiple")
    quantity[:, may[:, 0], may[:, 1]] = counts * lots[may[:, 0]]
    low = (quantity < options.per_option("minimum_quantity")[:, None]) & (quantity > 0)
    high = quantity > options.per_option("capacity")[:, None]
    quantity = quantity[~(low | high).any(axis=(1, 2))]
    return float(costs_of_all(items, options, quantity).min())


def costs_of_all(items: OrderItems, options: OrderOptions, quantity: Floats) -> Floats:
    """Return the cost of every plan of a single item, plans × options × weeks, as if each were an item."""
    many, ways = quantity.shape[:2]
    copies = repeated(items, np.zeros(many, dtype="int64"))
    place = np.tile(np.arange(ways), many)
    terms = {name: options.per_option(name)[place] for name in PER_OPTION}
    item, lead_time = np.repeat(np.arange(many), ways), options.whole("lead_time")[place]
    repeated_options = OrderOptions(options.keys.iloc[place], item, lead_time, **terms)
    return cost_of(copies, repeated_options, quantity.reshape(many * ways, -1)).per_item


def repeated(items: OrderItems, rows: np.ndarray[Any, Any]) -> OrderItems:
    supply, until, before = (part[rows] for part in items.arrays)
    per_item = {name: items.per_item(name)[rows] for name in PER_ITEM}
    return OrderItems(items.keys.iloc[rows], supply, until, before, **per_item)


TERMS: dict[str, dict[str, Any]] = {
    "lots": {"order_multiple": 4, "fixed_cost": 2.0},
    "minimum": {"order_multiple": 3, "minimum_quantity": 7, "fixed_cost": 1.0},
    "price break": {"order_multiple": 4, "break_quantity": 8, "break_cost": 2.6},
    "break and fixed cost": {"order_multiple": 3, "break_quantity": 9, "break_cost": 2.9, "fixed_cost": 4.0},
    "capacity": {"order_multiple": 2, "capacity": 4, "minimum_quantity": 4},
    "capacity and break": {
        "order_multiple": 3, "capacity": 9, "break_quantity": 6, "break_cost": 2.5, "fixed_cost": 1.0,
    },
    "calendar": {"order_multiple": 4, "order_weeks": [True, False, True, False, True]},
    "no salvage": {"order_multiple": 4, "fixed_cost": 2.0},
}  # fmt: skip


@pytest.mark.parametrize("name", list(TERMS))
def test_one_option_is_as_cheap_as_the_cheapest_of_all_plans(name: str) -> None:
    for seed in range(2):
        items = items_of(1, 5, seed)
        if name == "no salvage":
            items = replace(items, salvage_share=0.0)
        options = options_of([0], **TERMS[name])
        plan = plan_orders(items, options)
        assert plan.objective == pytest.approx(cheapest_by_enumeration(items, options, 5), abs=1e-9)
        assert plan.status is Status.OPTIMAL


def test_two_options_of_other_lead_times_and_lots_are_mixed_best() -> None:
    terms = {
        "lead_time": [2, 0],
        "unit_cost": [3.0, 3.8],
        "order_multiple": [6, 4],
        "fixed_cost": [2.0, 0.5],
        "minimum_quantity": [6, 8],
        "order_weeks": [[True] * 4, [True, True, False, False]],
    }
    mixed = 0
    for seed in range(5):
        items = items_of(1, 4, seed)
        options = options_of([0, 0], **terms)
        plan = plan_orders(items, options)
        assert plan.objective == pytest.approx(cheapest_by_enumeration(items, options, 4), abs=1e-9)
        mixed += plan.orders["supplier"].nunique() == 2
    assert mixed > 0, "both options should be worth using somewhere"


def test_items_planned_together_get_what_each_gets_alone() -> None:
    items = items_of(6, 6, seed=4)
    terms: dict[str, Any] = {
        "order_multiple": np.array([1, 2, 3, 4, 1, 2]),
        "minimum_quantity": np.arange(6) * 0.7,
        "capacity": np.where(np.arange(6) % 3 == 0, 9.0, np.inf),
        "lead_time": np.arange(6) % 3,
        "fixed_cost": 1.5,
    }
    together = plan_orders(items, options_of(list(range(6)), **terms)).cost.per_item
    for i in range(6):
        own = {
            name: np.asarray(value)[i] if np.ndim(np.asarray(value)) else value
            for name, value in terms.items()
        }
        alone = plan_orders(repeated(items, np.array([i])), options_of([0], **own))
        assert alone.objective == pytest.approx(together[i], abs=1e-9)


def test_items_cost_what_one_joint_integer_programme_finds() -> None:
    items = items_of(3, 6, seed=6)
    options = options_of([0, 1, 2], order_multiple=[3, 4, 5], minimum_quantity=6, fixed_cost=2.5)
    plan = plan_orders(items, options)
    joint = solve(joint_model(items, options, most=12), time_limit=30, gap=0)
    assert joint.is_proven
    assert plan.objective == pytest.approx(joint.objective, rel=1e-7)


def test_held_on_a_grid_is_held_anywhere() -> None:
    items = items_of(5, 4, seed=2)
    supply, until, before = items.arrays
    step = np.array([1.0, 2.0, 0.5, 3.0, 0.7])
    held = held_on_grid(supply, step, until, 9)
    for j in range(9):
        exact, _ = held_and_short(supply + j * step[:, None], until, before)
        np.testing.assert_allclose(held[:, j].T, exact, atol=1e-12)


def test_units_not_served_sum_to_what_is_owed_at_the_end() -> None:
    items = items_of(3, 5, seed=1)
    _, until, _ = items.arrays
    nothing = np.zeros((3, 5))
    cost = cost_of(items, options_of([0, 1, 2]), nothing)
    owed = np.maximum(until[:, -1] - cost.supply[:, -1:], 0.0).mean(axis=1)
    owed_at_start = np.maximum(-cost.supply[:, 0], 0.0)
    # Supply stays as it is, so what is owed at the end was short in one of the weeks, or owed before.
    np.testing.assert_allclose(cost.short.sum(axis=1) + owed_at_start, owed, atol=1e-9)


def test_purchase_nets_out_where_leftovers_keep_their_worth() -> None:
    items, options = items_of(2, 5, seed=3), options_of([0, 1])
    one, two = np.zeros((2, 5)), np.zeros((2, 5))
    one[:, 0], two[:, 0] = 40.0, 45.0
    cost, more = cost_of(items, options, one), cost_of(items, options, two)
    extra = (more.per_item - cost.per_item) / 5.0
    weeks = 4  # the order arrives in week 1 of 0 … 4, when nothing is short any more
    np.testing.assert_allclose(extra, items.per_item("holding_cost") * weeks, atol=1e-9)


def test_a_step_of_several_lots_is_still_whole_lots_within_the_minimum() -> None:
    items = items_of(4, 8, seed=5)
    options = options_of([0, 1, 2, 3], order_multiple=0.5, minimum_quantity=3.3, fixed_cost=1.0)
    fine = plan_orders(items, options, settings=OrderSettings(most_lots=1000))
    coarse = plan_orders(items, options, settings=OrderSettings(most_lots=32))
    units = coarse.orders["quantity"]
    assert (np.mod(units, 0.5) == 0).all()
    assert (units >= 3.3).all()
    assert fine.objective <= coarse.objective <= fine.objective * 1.01


def test_an_item_that_nothing_can_reach_in_time_orders_nothing() -> None:
    items = items_of(2, 4)
    plan = plan_orders(items, options_of([0, 1], lead_time=[1, 4]))
    assert set(plan.orders["product"]) == {0}
    assert plan.orders["arrival_week"].max() < 4


def test_items_without_an_option_stay_in_the_outlook() -> None:
    items = items_of(3, 4)
    plan = plan_orders(items, options_of([1]))
    assert len(plan.outlook) == 12
    assert set(plan.orders["product"]) == {1}


def test_scaling_the_currency_scales_the_cost() -> None:
    items = items_of(5, 6, seed=8)
    ten = replace(
        items,
        holding_cost=10 * items.per_item("holding_cost"),
        stockout_cost=10 * items.per_item("stockout_cost"),
    )
    plan = plan_orders(items, options_of(list(range(5)), fixed_cost=2.0))
    scaled = plan_orders(ten, options_of(list(range(5)), fixed_cost=20.0, unit_cost=30.0))
    assert scaled.objective == pytest.approx(10 * plan.objective)


def test_the_grid_is_one_lot_and_the_curves_stand_by_item() -> None:
    items, options = items_of(6, 4), options_of(list(range(6)), order_multiple=[1, 2, 3, 1, 2, 3])
    steps = lay_grid(items, options, 128)
    assert steps.unit.tolist() == [1, 2, 3, 1, 2, 3]
    seen = np.sort(np.concatenate([chunk.item for chunk in cut_chunks(items, options, steps)]))
    assert seen.tolist() == list(range(6))


def test_all_that_is_wrong_with_items_is_said_at_once() -> None:
    items = items_of(2, 3)
    with pytest.raises(ParameterError, match=r"(?s)holding_cost.*salvage_share.*demand_before"):
        replace(items, holding_cost=[-1.0, 0.0], salvage_share=2.0, demand_before=np.full((2, 3, 4), 1e6))


def test_all_that_is_wrong_with_options_is_said_at_once() -> None:
    with pytest.raises(ParameterError, match=r"(?s)unit_cost.*order_multiple.*capacity"):
        options_of([0], unit_cost=-1.0, order_multiple=0.0, minimum_quantity=5.0, capacity=2.0)
    strange = OrderOptions(pd.DataFrame({"site": [1]}), [5], 1, 2.0, order_weeks=[True])
    with pytest.raises(ParameterError, match=r"goes up to 5.*order_weeks.*Name it once"):
        plan_orders(items_of(2, 3), strange)


@pytest.mark.parametrize("name", ["cost", "curves", "plan", "ranking"])
def test_examples_run(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"helpers.inventory.orders.{name}"))
    assert result.attempted > 0
    assert result.failed == 0
