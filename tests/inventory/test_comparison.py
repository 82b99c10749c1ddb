"""What is gained is read between frontiers, at equal service, and nowhere beyond their ends."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import pandas as pd
import pytest
from tests.inventory import planned_shop as shop

from helpers.inventory.comparison import DIALS, SAFETY, SHOWN, _gain, _share_saved
from helpers.inventory.simulation.result import Simulation
from helpers.inventory.stage import rule_of, stage_futures, stage_history, weekly_demand


@dataclass
class Played:
    """A simulation by shape only: a fill rate and a stock value per future."""

    fills: list[float]
    stocks: list[float]

    @property
    def paths(self) -> pd.DataFrame:
        return pd.DataFrame({"fill_rate": self.fills, "stock_value": self.stocks})

    def value(self, measure: str) -> float:
        return float(self.paths[measure].mean())


def gain(front: list[Played], other: Played) -> tuple[float, float, float, float]:
    found = _gain(cast("list[Simulation]", front), cast(Simulation, other), "fill_rate", "stock_value")
    return found.share, found.low, found.high, found.at


def test_share_is_read_between_the_two_nearest_points() -> None:
    known, wanted = np.array([[1.0], [0.8], [0.9]]), np.array([[300.0], [100.0], [150.0]])
    assert _share_saved(known, wanted, np.array([0.95]), np.array([450.0]))[0] == pytest.approx(0.5)
    assert _share_saved(known, wanted, np.array([0.8]), np.array([50.0]))[0] == pytest.approx(-1.0)


@pytest.mark.parametrize(("level", "theirs"), [(0.79, 100.0), (1.01, 100.0), (0.9, 0.0)])
def test_beyond_the_ends_and_beside_nothing_no_share_is_read(level: float, theirs: float) -> None:
    known, wanted = np.array([[0.8], [1.0]]), np.array([[100.0], [200.0]])
    assert np.isnan(_share_saved(known, wanted, np.array([level]), np.array([theirs]))[0])


def test_gain_rests_on_means_and_its_interval_on_futures() -> None:
    front = [Played([0.8, 0.8], [100.0, 100.0]), Played([1.0, 1.0], [200.0, 200.0])]
    share, low, high, at = gain(front, Played([0.85, 0.95], [250.0, 350.0]))
    assert [share, at] == pytest.approx([0.5, 0.9])
    # 125 of 250, and 175 of 350: half in both futures.
    assert [low, high] == pytest.approx([0.5, 0.5])


def test_interval_is_not_given_where_most_futures_do_not_meet() -> None:
    front = [Played([0.8] * 3, [100.0] * 3), Played([1.0] * 3, [200.0] * 3)]
    share, low, high, _ = gain(front, Played([0.98, 0.75, 0.75], [300.0] * 3))
    assert np.isfinite(share)
    assert np.isnan([low, high]).all()
    assert np.isfinite(gain(front, Played([0.9, 0.9, 0.75], [300.0] * 3))[1])


def test_both_rules_have_a_frontier_and_the_promise_is_in_order() -> None:
    found = shop.plan().futures
    assert found.frontier.groupby("rule")["dial"].apply(tuple).to_dict() == {
        "recommended": DIALS,
        "min–max": SAFETY,
    }
    assert found.promise["group"].tolist() == ["A", "B", "C", "total"]
    assert found.promise["series"].iloc[:3].sum() == found.promise["series"].iloc[3]
    assert found.table["measure"].tolist() == SHOWN
    assert (found.paths, found.weeks) == (shop.FUTURES, 6)


def test_more_safety_never_serves_less() -> None:
    found = shop.plan().futures.frontier
    for _, rows in found.groupby("rule"):
        assert rows["stock_value"].is_monotonic_increasing
        assert (np.diff(rows["fill_rate"]) > -0.005).all()


def test_stage_starts_from_the_stock_and_open_orders_of_the_plan() -> None:
    plan = shop.plan()
    futures = np.full((len(plan.outlook.pairs), 3, 4), 1.4, dtype="float32")
    stage = stage_futures(plan.outlook, plan.policy, shop.forecast().history, futures, plan.settings)
    pairs = plan.outlook.pairs
    assert np.array_equal(np.asarray(stage.case.opening_stock), pairs["available"] - pairs["backorders"])
    assert np.array_equal(np.asarray(stage.case.open_orders), plan.outlook.coming)
    assert (np.asarray(stage.case.demand) == 1.0).all(), "whole units"
    assert np.shape(stage.first(2).case.demand) == (len(pairs), 2, 4)
    assert (stage.buyers_min(5.0) >= stage.buyers_min(0.5)).all()


def test_replay_meets_the_demand_that_came_and_looks_back_only_before_it() -> None:
    case, plan, history = shop.case(), shop.plan(), shop.forecast().history
    stage = stage_history(case, plan.outlook, plan.policy, history, 6, plan.settings, suppliers=2)
    past = weekly_demand(plan.outlook, history)
    assert np.array_equal(np.asarray(stage.case.demand)[:, 1], np.rint(past[:, -6:]))
    assert past[:, -6:].sum() > 0
    changed = history.assign(demand=history["demand"].where(history["week"] < history["week"].max(), 99.0))
    again = stage_history(case, plan.outlook, plan.policy, changed, 6, plan.settings, suppliers=2)
    assert np.array_equal(again.outflow, stage.outflow), "the buyer knows nothing of the last week"
    assert not np.array_equal(np.asarray(again.case.demand), np.asarray(stage.case.demand))


def test_replay_covers_the_weeks_since_the_earlier_forecast() -> None:
    replay = shop.plan().replay
    assert replay is not None
    assert replay.weeks == 6
    assert replay.paths == 20


def test_level_without_a_fixed_lot_is_ordered_up_to() -> None:
    plan = shop.plan()
    quantities = plan.policy.order_quantities.copy()
    quantities[0] = 0.0
    policy = replace(plan.policy, order_quantities=quantities)
    rule = rule_of(policy)
    assert (np.asarray(rule.order_quantity) >= 1).all()
    assert np.array_equal(np.asarray(rule.reorder_point)[0], policy.reorder_points[0] - 1)
