"""Every shared limit binds somewhere and is kept; prices and bounds hold in re-solves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.inventory.tiny_orders import items_of, joint_model, options_of

import helpers.inventory.orders.plan as plan_module
from helpers.errors import ParameterError
from helpers.inventory.orders.cost import cost_of, limits_of
from helpers.inventory.orders.limits import (
    OrderLimits,
    SharedLimit,
    budget,
    handling,
    storage,
    supplier_capacity,
    trucks,
)
from helpers.inventory.orders.plan import OrderPlan, OrderSettings, plan_orders
from helpers.inventory.orders.problem import OrderItems, OrderOptions
from helpers.solver import Status, solve

WEEKS = 6
FINE = OrderSettings(gap=0.005, time_limit=20.0)
type Both = tuple[OrderItems, OrderOptions]


@pytest.fixture(scope="module")
def many() -> Both:
    items = items_of(40, WEEKS, seed=1)
    return items, options_of(list(range(40)), order_multiple=2, fixed_cost=1.0)


@pytest.fixture(scope="module")
def free(many: Both) -> OrderPlan:
    return plan_orders(*many)


def assert_plan_feasible(plan: OrderPlan, both: Both, limits: OrderLimits) -> None:
    items, options = both
    used = limits_of(items, options, limits, plan.quantities)
    kept = used["used"] <= used["limit"] * (1 + 1e-7) + 1e-7
    assert kept.all(), used[~kept]
    lots = plan.quantities / options.per_option("order_multiple")[:, None]
    np.testing.assert_allclose(lots, np.round(lots), atol=1e-9)
    placed = plan.quantities > 0
    assert (plan.quantities >= options.per_option("minimum_quantity")[:, None])[placed].all()
    assert options.open_weeks(items.weeks)[placed].all()
    money = cost_of(items, options, plan.quantities).total + plan.money["giving way"]
    assert plan.objective == pytest.approx(money)
    assert plan.bound <= plan.objective
    assert plan.gap == pytest.approx((plan.objective - plan.bound) / abs(plan.objective))


def tight(free: OrderPlan, both: Both, made: Any, share: float = 0.7) -> SharedLimit:
    """Return the limit at a share of the most that the free plan takes of a row of it."""
    loose: SharedLimit = made(1e9)
    used = limits_of(*both, OrderLimits((loose,)), free.quantities)["used"]
    keys = loose.table.drop(columns="limit").drop_duplicates()
    return replace(loose, table=keys.assign(limit=used.max() * share))


KINDS: dict[str, Any] = {
    "budget": lambda limit: budget(pd.DataFrame({"first_week": [0, 3], "last_week": [2, 5], "limit": limit})),
    "budget by supplier": lambda limit: budget(pd.DataFrame({"supplier": ["S0"], "limit": limit})),
    "storage": lambda limit: storage(pd.DataFrame({"site": [0, 1], "limit": limit})),
    "handling": lambda limit: handling(pd.DataFrame({"site": [0, 1], "limit": limit})),
    "supplier capacity": lambda limit: supplier_capacity(
        pd.DataFrame({"supplier": ["S0", "S1"], "limit": limit})
    ),
    "truck volume": lambda limit: trucks(
        pd.DataFrame({"site": [0, 1], "vehicles": 1.0, "vehicle_volume": limit, "vehicle_weight": 1e9})
    )[0],
    "truck weight": lambda limit: trucks(
        pd.DataFrame({"site": [0, 1], "vehicles": 1.0, "vehicle_volume": 1e9, "vehicle_weight": limit})
    )[1],
}


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_limit_that_binds_is_kept_priced_and_nearly_best(kind: str, many: Both, free: OrderPlan) -> None:
    items, options = many
    limits = OrderLimits((tight(free, many, KINDS[kind]),))
    assert (limits_of(items, options, limits, free.quantities)["over"] > 0).any(), "the free plan breaks it"
    plan = plan_orders(items, options, limits, FINE)
    assert_plan_feasible(plan, many, limits)
    assert plan.gap < 0.01
    assert plan.objective >= free.objective - 1e-9
    assert plan.limits["price"].max() > 0


def test_without_a_binding_limit_the_plan_is_proven(many: Both, free: OrderPlan) -> None:
    loose = plan_orders(*many, OrderLimits((KINDS["budget"](1e9), KINDS["storage"](1e9))))
    assert loose.status is Status.OPTIMAL
    np.testing.assert_array_equal(loose.quantities, free.quantities)
    assert (loose.limits["price"] == 0).all()


def test_one_joint_integer_programme_lies_between_bound_and_plan() -> None:
    reached = 0
    for seed in range(2):
        items = items_of(4, 4, seed + 20)
        options = options_of([0, 1, 2, 3], order_multiple=3, fixed_cost=1.0)
        open_plan = plan_orders(items, options)
        money = pd.DataFrame({"week": [0, 1], "limit": 0.6 * open_plan.orders["value"].sum() / 2})
        space = pd.DataFrame({"site": [0, 1], "week": [2, 2], "limit": [14.0, 14.0]})
        plan = plan_orders(items, options, OrderLimits((budget(money), storage(space))), FINE)
        joint = solve(joint_model(items, options, 10, money, space), time_limit=20, gap=0)
        assert joint.status is Status.OPTIMAL
        assert plan.bound <= joint.objective + 1e-6
        assert joint.objective <= plan.objective + 1e-6
        reached += plan.objective <= joint.objective * 1.001
    assert reached >= 1, "the plan is the best one where its items have it among their plans"


def test_a_price_is_what_the_bound_gains_when_the_limit_moves(many: Both, free: OrderPlan) -> None:
    items, options = many
    limit = tight(free, many, KINDS["storage"])
    fine = OrderSettings(gap=0.002, time_limit=20.0)
    plan = plan_orders(items, options, OrderLimits((limit,)), fine)
    top = plan.limits["price"].idxmax()
    line = plan.limits.loc[top]
    by = 0.02 * float(line["limit"])
    gains = []
    for step in (by, -by):
        rows = plan.limits[["week", "limit"]].assign(site=plan.limits["key"].astype(int))
        rows["limit"] += np.where(rows.index == top, step, 0.0)
        moved = plan_orders(items, options, OrderLimits((storage(rows),)), fine)
        gains.append((plan.bound - moved.bound) / step)
    assert gains[0] * 0.9 - 0.02 <= line["price"] <= gains[1] * 1.1 + 0.02
    assert gains[0] > 0


def test_more_budget_never_costs_more(many: Both, free: OrderPlan) -> None:
    bounds = []
    for share in (0.0, 0.5, 0.9):
        table = pd.DataFrame(
            {"first_week": [0], "last_week": [5], "limit": share * free.orders["value"].sum()}
        )
        plan = plan_orders(*many, OrderLimits((budget(table),)), FINE)
        bounds.append(plan.objective)
        if share == 0:
            assert plan.orders.empty
    assert bounds == sorted(bounds, reverse=True)


def test_minimum_order_value_is_met_or_nothing_is_ordered(many: Both) -> None:
    items, options = many
    free = plan_orders(items, options)
    pairs = pd.DataFrame({"supplier": ["S0", "S0", "S1", "S1"], "site": [0, 1, 0, 1]})
    seen = set()
    for minimum in (50.0, 150.0, 5000.0):
        limits = OrderLimits(minimum_order_value=pairs.assign(limit=minimum))
        plan = plan_orders(items, options, limits, FINE)
        value = plan.minimum_values["value"]
        assert ((value == 0) | (value >= minimum - 1e-6)).all()
        assert plan.objective >= free.objective - 1e-9
        seen |= set(plan.minimum_values["orders"])
        assert_plan_feasible(plan, many, limits)
    assert seen == {True, False}


def test_minimum_order_value_is_as_cheap_as_opening_or_closing_by_hand() -> None:
    items = items_of(1, 3, seed=3)
    options = options_of([0], order_multiple=1)
    free = plan_orders(items, options)
    now = float(free.orders.loc[free.orders["order_week"] == 0, "value"].sum())
    assert now > 0
    limits = OrderLimits(minimum_order_value=pd.DataFrame({"supplier": ["S0"], "limit": [now + 4.0]}))
    plan = plan_orders(items, options, limits)
    closed = plan_orders(items, replace(options, order_weeks=[False, True, True]))
    least = (now + 4.0) / 3.0
    opened = plan_orders(items, replace(options, minimum_quantity=least, order_weeks=[True, False, False]))
    assert plan.objective <= min(closed.objective, opened.objective) * 1.01


def test_limit_full_before_anything_is_ordered_is_said_and_given_way_no_further() -> None:
    items = items_of(4, 4, seed=9)
    stocked = replace(items, supply=np.asarray(items.supply) + 60.0)
    limits = OrderLimits((storage(pd.DataFrame({"site": [0, 1], "limit": 80.0})),))
    plan = plan_orders(stocked, options_of([0, 1, 2, 3]), limits)
    least = limits_of(stocked, options_of([0, 1, 2, 3]), limits, np.zeros((4, 4)))
    broken = least["over"] > 0
    assert broken.any()
    assert len(plan.clashes) == broken.sum()
    assert "storage (0; week 0): at most 80 m³ would have to give way by" in plan.clashes[0]
    np.testing.assert_allclose(plan.limits["gives_way"][broken], least["over"][broken])
    assert "cannot be kept by any plan" in plan.sentence


def test_a_limit_gives_way_where_that_is_cheaper(many: Both, free: OrderPlan) -> None:
    items, options = many
    hard = tight(free, many, KINDS["storage"], share=0.5)
    soft = replace(hard, table=hard.table.assign(relax_cost=0.05))
    strict = plan_orders(items, options, OrderLimits((hard,)), FINE)
    plan = plan_orders(items, options, OrderLimits((soft,)), FINE)
    assert plan.money["giving way"] > 0
    assert plan.money["giving way"] == pytest.approx(0.05 * plan.limits["gives_way"].sum())
    assert plan.limits["price"].max() <= 0.05 + 1e-12
    assert plan.objective < strict.objective
    assert plan.money.sum() == pytest.approx(plan.objective)


def test_the_same_call_gives_the_same_plan(many: Both, free: OrderPlan) -> None:
    limits = OrderLimits((tight(free, many, KINDS["handling"]),))
    one, other = (plan_orders(*many, limits, FINE) for _ in range(2))
    np.testing.assert_array_equal(one.quantities, other.quantities)
    assert one.objective == other.objective


def test_orders_and_outlook_tell_the_same_story(many: Both, free: OrderPlan) -> None:
    items, _ = many
    assert free.orders["value"].sum() == pytest.approx(free.money["purchase"])
    assert free.orders["fixed_cost"].sum() == pytest.approx(free.money["ordering"])
    assert (free.orders["is_frozen"] == (free.orders["order_week"] == 0)).all()
    arrived = free.orders.groupby("product")["quantity"].sum()
    last = free.outlook[free.outlook["week"] == WEEKS - 1].set_index("product")["supply"]
    started = pd.Series(np.asarray(items.supply)[:, -1], items.keys["product"])
    np.testing.assert_allclose(last - started, arrived.reindex(last.index).fillna(0.0))


def test_limits_that_cannot_be_meant_are_refused(many: Both) -> None:
    with pytest.raises(ParameterError, match=r"(?s)same name.*relax_cost"):
        OrderLimits(
            (
                budget(pd.DataFrame({"limit": [1.0], "relax_cost": 0.0})),
                budget(pd.DataFrame({"limit": [1.0]})),
            )
        )
    for table, words in (
        ({"colour": ["red"], "limit": [1.0]}, "no key is called"),
        ({"week": [9], "limit": [1.0]}, "weeks outside 0 … 5"),
        ({"week": [1, 1], "limit": [1.0, 2.0]}, "cover the same"),
    ):
        with pytest.raises(ParameterError, match=words):
            plan_orders(*many, OrderLimits((budget(pd.DataFrame(table)),)))
    with pytest.raises(ParameterError, match="gap"):
        OrderSettings(gap=-1.0)


def half_budget(free: OrderPlan, share: float = 0.5) -> OrderLimits:
    spent = free.orders.loc[free.orders["order_week"] == 0, "value"].sum()
    return OrderLimits((budget(pd.DataFrame({"week": [0], "limit": [share * spent]})),))


def test_more_plans_are_looked_for_only_where_the_choice_is_not_close_and_never_make_it_worse(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    items = items_of(10, WEEKS, seed=1)
    both = items, options_of(list(range(10)), order_multiple=4, fixed_cost=1.0)
    limits = half_budget(plan_orders(*both))
    fine = OrderSettings(gap=0.001, time_limit=20.0)
    best = plan_orders(*both, limits, fine)
    asked: list[int] = []

    def none(*_: object) -> list[Any]:
        asked.append(1)
        return []

    monkeypatch.setattr(plan_module, "vary", none)
    coarse = plan_orders(*both, limits, OrderSettings(gap=0.9, time_limit=20.0))
    assert not asked
    few = plan_orders(*both, limits, fine)
    assert asked
    assert best.bound <= best.objective <= few.objective * (1 + 1e-9)
    assert few.objective <= coarse.objective * (1 + 1e-9)


def test_another_budget_on_the_same_grid_keeps_its_gap_and_is_the_plan_made_alone(
    many: Both, free: OrderPlan
) -> None:
    for share in (0.3, 0.7):
        limits = half_budget(free, share)
        again, alone = plan_orders(*many, limits, FINE, laid=free.problem), plan_orders(*many, limits, FINE)
        assert again.gap <= FINE.gap
        assert again.bound <= again.objective <= again.bound * (1 + 2 * FINE.gap)
        assert (again.quantities == alone.quantities).all()
