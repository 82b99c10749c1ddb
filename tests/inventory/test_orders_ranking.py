"""The purchase list ranks what the money earns, and its line is the budget's price."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tests.inventory.tiny_orders import items_of, options_of

from helpers.inventory.orders.limits import OrderLimits, budget
from helpers.inventory.orders.plan import OrderSettings, plan_orders
from helpers.inventory.orders.ranking import ranked_purchases


def test_a_step_earns_what_planning_with_and_without_it_differs_by() -> None:
    items = items_of(1, 4, seed=2)
    options = options_of([0], order_multiple=2, fixed_cost=1.0)
    ranked = ranked_purchases(plan_orders(items, options)).table
    without = replace(options, order_weeks=[False, True, True, True])
    wait = plan_orders(items, without).objective
    supply = np.asarray(items.supply).copy()
    total = ranked["earned"].cumsum()
    for until, so_far in zip(ranked["until"].tolist(), total.tolist(), strict=True):
        more = supply.copy()
        more[:, 1:] += until
        bought = plan_orders(replace(items, supply=more), without).objective
        assert so_far == pytest.approx(wait - (bought + 3.0 * until + 1.0), abs=1e-9)


def test_ratios_fall_overall_and_within_each_item() -> None:
    items = items_of(30, 6, seed=3)
    terms = {"minimum_quantity": 5, "fixed_cost": 2.0, "break_quantity": 12, "break_cost": 2.7}
    ranked = ranked_purchases(plan_orders(items, options_of(list(range(30)), **terms))).table
    assert (ranked["earned_per_spent"].diff().dropna() <= 1e-12).all()
    assert (ranked.groupby("product")["until"].diff().dropna() > 0).all()
    assert (ranked.groupby("product")["quantity"].first() >= 5).all()
    assert (ranked["earned"] > 0).all()


def test_without_a_budget_the_list_is_the_plans_first_week() -> None:
    plan = plan_orders(items_of(30, 6, seed=4), options_of(list(range(30)), fixed_cost=1.0))
    ranked = ranked_purchases(plan)
    now = plan.orders[plan.orders["order_week"] == 0].set_index("product")["quantity"]
    listed = ranked.table.groupby("product")["until"].max()
    assert listed.index.tolist() == sorted(now.index)
    assert (listed <= now.sort_index()).all()
    assert (listed == now.sort_index()).mean() > 0.9, "but for ties, where more earns nothing"
    assert ranked.price == 0.0
    assert ranked.table["in_budget"].all()
    assert "earn money" in ranked.sentence


def test_budget_line_stands_at_the_plans_price() -> None:
    items, options = items_of(200, 6, seed=5), options_of(list(range(200)))
    free = plan_orders(items, options)
    now = float(free.orders.loc[free.orders["order_week"] == 0, "value"].sum())
    table = pd.DataFrame({"week": [0], "limit": [0.6 * now]})
    plan = plan_orders(items, options, OrderLimits((budget(table),)), OrderSettings(gap=0.001))
    ranked = ranked_purchases(plan)
    inside = ranked.table[ranked.table["in_budget"]]
    assert ranked.budget == pytest.approx(0.6 * now)
    assert inside["spent"].sum() <= 0.6 * now
    assert ranked.price == pytest.approx(plan.prices[0], rel=0.1)
    assert inside["is_planned"].mean() > 0.9
    assert "fit" in ranked.sentence


def test_budget_of_zero_buys_nothing() -> None:
    ranked = ranked_purchases(plan_orders(items_of(5, 5), options_of(list(range(5)))), budget=0.0)
    assert not ranked.table["in_budget"].any()
    assert ranked.price == ranked.table["earned_per_spent"].max()
