"""Levels by hand: what stores call, what is at risk, and that a promise is what a simulation finds."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import numpy as np
import pandas as pd
import pytest

from helpers.errors import ParameterError
from helpers.inventory.arguments import Floats
from helpers.inventory.order_case import demand_by, demand_points, lost_before_arrival, points_of
from helpers.inventory.outlook import Outlook, whole_weeks
from helpers.inventory.policy import call_off, cumulate, demand_between, recommend_policy
from helpers.inventory.settings import InventorySettings
from helpers.inventory.simulation.case import SimulationCase
from helpers.inventory.simulation.simulate import simulate
from helpers.inventory.stage import rule_of

PATHS, WEEKS = 400, 12
SETTINGS = InventorySettings(paths=PATHS, lost_share=0.0)


def make_outlook(rate: tuple[float, ...], lead: tuple[int, ...], source: tuple[int, ...]) -> Outlook:
    """Pairs with Poisson demand and fixed lead times; classes A, B, C in turn."""
    count = len(rate)
    rng = np.random.default_rng(3)
    own = rng.poisson(np.array(rate)[:, None, None], (count, PATHS, WEEKS)).astype("float32")
    pairs = pd.DataFrame(
        {
            "product_id": "P1",
            "site_id": [f"S{row}" for row in range(count)],
            "abc": np.resize(["A", "B", "C"], count),
            "is_lane": np.array(source) >= 0,
            "source": source,
            "inventory_position": 0.0,
            "unit_cost": 10.0,
            "unit_margin": 5.0,
            "holding_cost": 10.0 * SETTINGS.weekly_holding_rate,
            "stockout_cost": 5.0,
            "order_multiple": np.where(np.array(source) >= 0, 1.0, 6.0),
            "minimum_quantity": np.where(np.array(source) >= 0, 1.0, 12.0),
        }
    )
    nothing = cast("pd.DataFrame", SimpleNamespace())
    times = np.repeat(np.array(lead)[:, None], PATHS, axis=1)
    start = pd.Timestamp("2026-11-16")
    none = cast("Floats", np.zeros((count, WEEKS)))
    return Outlook(pairs, nothing, none, times, own, None, None, start, ())  # type: ignore[arg-type]  # levels ask for none of these


def test_a_delivery_of_the_first_four_days_serves_its_own_week() -> None:
    assert whole_weeks(np.array([0.0, 3.9, 4.0, 10.9, 11.0, np.nan])).tolist() == [0, 0, 1, 1, 2, 0]


def test_settings_name_every_wrong_value_at_once() -> None:
    with pytest.raises(ParameterError) as caught:
        InventorySettings(aim="cheap", fill_rate_b=1.0, holding_rate=0.0, paths=0, lost_share=2.0)  # type: ignore[arg-type]  # a wrong aim is the point
    said = str(caught.value)
    assert all(word in said for word in ("aim", "fill_rate_b", "holding_rate", "paths", "lost_share"))


def test_stores_use_up_what_is_above_their_level_before_they_call() -> None:
    rng = np.random.default_rng(0)
    demand, levels = rng.poisson(4, (3, 5, 6)).astype(float), rng.integers(5, 15, (3, 6)).astype(float)
    position = np.array([0.0, 12.0, 40.0])
    found = call_off(cumulate(demand), position, levels)
    for row in range(3):
        for path in range(5):
            stock = position[row]
            for week in range(6):
                called = max(levels[row, week] - stock, 0.0)
                assert found[row, path, week] == pytest.approx(called)
                stock += called - demand[row, path, week]


def test_demand_goes_on_with_its_mean_behind_the_last_week() -> None:
    cumulated = cumulate(np.array([[[2.0, 4.0, 6.0]]]))
    assert demand_between(cumulated, 1, np.array([[2]])).item() == 10.0
    assert demand_between(cumulated, 2, np.array([[3]])).item() == 6.0 + 2 * 4.0
    assert demand_by(cumulated, np.array([[5]])).item() == 12.0 + 2 * 4.0


def test_points_keep_the_mean_and_are_in_order() -> None:
    for count in (200, 37, 5):
        samples = np.random.default_rng(1).gamma(2, 5, (4, count))
        found = points_of(samples)
        assert found.shape == (4, 20)
        assert (np.diff(found, axis=1) >= -1e-9).all()
        if count % 20 == 0:
            assert found.mean(axis=1) == pytest.approx(samples.mean(axis=1))


def test_what_is_lost_before_help_can_come_is_not_asked_again() -> None:
    demand = np.full((1, 1, 4), 10.0)
    supply = np.array([[12.0, 12.0, 12.0, 12.0]])
    lost = lost_before_arrival(demand, supply, np.array([2]), lost_share=0.5)
    # Week 0 serves 10 of 12; week 1 serves 2 and loses half of 8; from week 2 on an order can help.
    assert lost[0, 0].tolist() == [0.0, 0.0, 4.0, 4.0, 4.0]
    until, before = demand_points(demand, np.array([[2]]), supply, 4, replace(SETTINGS, lost_share=0.5))
    assert until[0, :, 0].tolist() == [10.0, 20.0, 26.0, 36.0]
    assert before[0, :, 0].tolist() == [0.0, 10.0, 16.0, 26.0]


def test_only_the_last_lead_time_and_review_are_at_risk() -> None:
    demand = np.random.default_rng(2).poisson(10, (1, 2000, 8)).astype(float)
    supply = np.full((1, 8), 1000.0)
    until, _ = demand_points(demand, np.full((1, 2000), 1), supply, 8, SETTINGS)
    spread = until[0].max(axis=1) - until[0].min(axis=1)
    assert spread[0] < spread[1]
    assert spread[2:] == pytest.approx(spread[1], rel=0.12), "weeks before are known by then"
    assert until[0].mean(axis=1) == pytest.approx(demand[0].mean(axis=0).cumsum(), rel=1e-9)


def test_a_late_order_leaves_its_weeks_demand_to_the_stock() -> None:
    demand = np.full((1, 20, 6), 10.0)
    times = np.full((1, 20), 1)
    times[0, :2] = 3
    until, _ = demand_points(demand, times, np.full((1, 6), 500.0), 6, SETTINGS)
    assert until[0, 3, :18].tolist() == [40.0] * 18
    assert until[0, 3, 18:].tolist() == [60.0, 60.0]


def test_targets_are_reached_with_no_more_than_they_take() -> None:
    outlook = make_outlook((9.0, 6.0, 3.0), (2, 3, 1), (-1, -1, -1))
    promise = recommend_policy(outlook, SETTINGS).promise
    for place, (abc, fill, dial) in enumerate(
        zip(promise["abc"], promise["fill_rate"], promise["dial"], strict=True)
    ):
        assert fill >= SETTINGS.target(abc)
        less = recommend_policy(outlook, SETTINGS, dial=0.97 * dial).promise["fill_rate"]
        assert less.to_numpy()[place] < SETTINGS.target(abc), "a lower dial misses the target"
    money = recommend_policy(outlook, replace(SETTINGS, aim="economic", fill_rate_a=0.5))
    assert (money.promise["dial"] == 1.0).all()


def test_a_promise_is_what_a_simulation_finds() -> None:
    outlook = make_outlook((9.0, 6.0, 3.0), (2, 3, 1), (-1, -1, -1))
    policy = recommend_policy(outlook, SETTINGS)
    rng = np.random.default_rng(9)
    case = SimulationCase(
        keys=outlook.pairs[["product_id", "site_id", "abc"]],
        demand=rng.poisson(np.array([9.0, 6.0, 3.0])[:, None, None], (3, 200, 60)),
        lead_times=np.array([2, 3, 1]),
        opening_stock=policy.order_up_to_levels[:, 0],
        minimum_quantity=outlook.pairs["minimum_quantity"],
        order_multiple=outlook.pairs["order_multiple"],
        warm_up=12,
    )
    played = simulate(case, rule_of(policy)).series["fill_rate"].to_numpy()
    assert played == pytest.approx(policy.table["fill_rate"].to_numpy(), abs=0.01)


def test_lots_are_whole_packs_and_what_nobody_wants_is_not_ordered() -> None:
    policy = recommend_policy(make_outlook((9.0, 0.0, 3.0), (2, 3, 1), (-1, -1, -1)), SETTINGS)
    table = policy.table
    assert (table["order_quantity"] % 6 == 0).all()
    assert table["order_quantity"][0] >= 12
    assert table[["order_quantity", "reorder_point"]].to_numpy()[1].tolist() == [0.0, 0.0]
    point, lot = (
        np.asarray(part) for part in (rule_of(policy).reorder_point, rule_of(policy).order_quantity)
    )
    assert point[1, 0] < 0 < lot[1], "stock of nothing asks for nothing"


def test_a_warehouse_sees_what_its_stores_call() -> None:
    outlook = make_outlook((5.0, 4.0, 3.0), (2, 0, 0), (-1, 0, 0))
    policy = recommend_policy(outlook, SETTINGS)
    total = policy.demand[0].sum() - outlook.own_demand[0].sum()
    levels = policy.order_up_to_levels[1:, -1].sum()
    sold = outlook.own_demand[1:, :, :-1].sum() / PATHS
    # From empty, stores call their last level and all that sold before it.
    assert total / PATHS == pytest.approx(levels + sold, rel=0.02)
