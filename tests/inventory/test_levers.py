"""Lead times and a closed supplier as settings, and what levels lose in another future."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from tests.inventory import planned_shop as shop

from helpers.errors import ParameterError
from helpers.inventory import ExpectedLoss, InventorySettings, expected_loss, recommend_policy
from helpers.inventory.orders.program import best_plans
from helpers.inventory.orders.rounds import Problem, play_round, play_rounds, priced_costs
from helpers.inventory.run_dry import without_orders
from helpers.inventory.supply.levers import change_lead_times


def supplier() -> str:
    return str(shop.plan().firm.groupby("supplier_id")["value"].sum().idxmax())


def test_an_outlook_under_its_own_settings_is_itself() -> None:
    outlook = shop.plan().outlook
    again = outlook.under(replace(shop.QUICK, lead_time_change=0.5)).under(shop.QUICK)
    pd.testing.assert_frame_equal(again.pairs, outlook.pairs)
    pd.testing.assert_frame_equal(again.offers, outlook.offers)
    assert (again.lead_times == outlook.lead_times).all()
    assert again.notes == outlook.notes


def test_longer_lead_times_stretch_suppliers_and_leave_lanes_and_open_orders() -> None:
    outlook = shop.plan().outlook
    longer = outlook.under(replace(shop.QUICK, lead_time_change=1.0))
    usual, now = outlook.sample_lead_times(20, 0), longer.sample_lead_times(20, 0)
    lane = outlook.pairs["is_lane"].to_numpy(dtype="bool")
    assert lane.any()
    assert np.allclose(now[lane], usual[lane], equal_nan=True)
    assert np.allclose(now[~lane], 2 * usual[~lane], equal_nan=True)
    assert (longer.coming == outlook.coming).all()
    assert longer.measured is outlook.measured
    assert longer.notes[-1].startswith("What if: suppliers' lead times are 100% longer")


def test_lead_times_that_do_not_change_are_the_measured_ones() -> None:
    measured = shop.plan().outlook.measured
    assert change_lead_times(measured, 0.0) is measured


@pytest.mark.parametrize("change", [-1.0, float("nan"), float("inf")])
def test_a_change_that_leaves_no_time_is_refused(change: float) -> None:
    with pytest.raises(ParameterError, match="lead_time_change"):
        InventorySettings(lead_time_change=change)


def test_a_closed_supplier_is_replaced_where_another_offers_and_cuts_off_the_rest() -> None:
    outlook = shop.plan().outlook
    closed = outlook.under(replace(shop.QUICK, closed_supplier=supplier()))
    assert supplier() not in set(closed.offers.loc[~closed.offers["is_lane"].astype("bool"), "supplier_id"])
    hit = (outlook.pairs["supplier_id"] == supplier()).to_numpy()
    keys = ["product_id", "site_id"]
    others = outlook.known_offers[outlook.known_offers["supplier_id"] != supplier()]
    has_other = pd.MultiIndex.from_frame(outlook.pairs[keys]).isin(pd.MultiIndex.from_frame(others[keys]))
    assert hit.any()
    assert (closed.cut_off == (hit & ~has_other)).all()
    assert (
        closed.pairs["supplier_id"].to_numpy()[~hit] == outlook.pairs["supplier_id"].to_numpy()[~hit]
    ).all()


def test_sites_below_a_cut_off_site_get_nothing_new_either() -> None:
    source = np.array([-1, 0, 1, -1, 3])
    found = without_orders(source, np.array([True, False, False, False, False]))
    assert found.tolist() == [True, True, True, False, False]


def test_a_pair_that_is_cut_off_promises_what_stock_and_open_orders_serve() -> None:
    settings = replace(shop.QUICK, closed_supplier=supplier(), lost_share=1.0)
    outlook = shop.plan().outlook.under(settings)
    policy = recommend_policy(outlook, settings)
    fed = set(outlook.source[outlook.source >= 0].tolist())
    alone = [row for row in np.flatnonzero(outlook.cut_off).tolist() if row not in fed]
    for row in alone[:5]:
        demand, coming = np.rint(outlook.own_demand[row]), outlook.coming[row]
        opening = float(outlook.pairs["available"].iloc[row] - outlook.pairs["backorders"].iloc[row])
        short = 0.0
        for path in demand:
            stock = opening
            for week, wanted in enumerate(path.tolist()):
                stock += coming[week]
                missing = max(wanted - max(stock, 0.0), 0.0)
                short += missing
                stock -= wanted - missing
        expected = 1 - short / demand.sum() if demand.sum() else 1.0
        assert policy.table["fill_rate"].iloc[row] == pytest.approx(expected)
    assert outlook.cut_off.any()


@cache
def loss_of(made_for: InventorySettings, world: InventorySettings) -> ExpectedLoss:
    outlook = shop.plan().outlook
    levels = recommend_policy(outlook.under(made_for), made_for)
    return expected_loss(levels, outlook.under(world), world)


def test_loss_is_the_same_each_time_and_is_the_mean_of_its_paths() -> None:
    one, other = loss_of(shop.QUICK, shop.QUICK), loss_of.__wrapped__(shop.QUICK, shop.QUICK)
    assert (one.paths == other.paths).all()
    assert one.loss == pytest.approx(one.paths.mean())
    assert one.interval[0] <= one.loss <= one.interval[1]
    assert 0 < one.fill_rate < 1
    assert one.weeks == shop.plan().outlook.weeks


def test_more_service_loses_less_margin_and_holds_more() -> None:
    more = replace(shop.QUICK, fill_rate_a=0.999, fill_rate_b=0.999, fill_rate_c=0.999)
    less = replace(shop.QUICK, fill_rate_a=0.6, fill_rate_b=0.6, fill_rate_c=0.6)
    high, low = loss_of(more, shop.QUICK), loss_of(less, shop.QUICK)
    assert high.lost_margin < low.lost_margin
    assert high.holding_cost > low.holding_cost


def test_a_closed_supplier_costs_margin_whatever_the_levels() -> None:
    world = replace(shop.QUICK, closed_supplier=supplier())
    assert loss_of(shop.QUICK, world).lost_margin > loss_of(shop.QUICK, shop.QUICK).lost_margin


def test_demand_that_doubles_loses_more() -> None:
    plan = shop.plan()
    once = loss_of(shop.QUICK, shop.QUICK)
    twice = expected_loss(plan.policy, plan.outlook, shop.QUICK, demand=2 * plan.outlook.own_demand)
    assert twice.lost_margin > once.lost_margin


def test_levels_of_other_pairs_are_refused() -> None:
    plan = shop.plan()
    fewer = replace(plan.policy, table=plan.policy.table.iloc[1:])
    with pytest.raises(ParameterError, match="Make both from the same case"):
        expected_loss(fewer, plan.outlook, shop.QUICK)
    with pytest.raises(ParameterError, match="pairs × paths × weeks"):
        expected_loss(plan.policy, plan.outlook, shop.QUICK, demand=plan.outlook.own_demand[1:])


def whole_round(problem: Problem, prices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Plan every item anew, as `play_round` did before it left out those whose plan stays."""
    costs = priced_costs(problem, prices)
    plans = best_plans(problem.chunks, problem.options.whole("lead_time"), costs)
    return plans.quantity, plans.value


def test_rounds_side_by_side_give_what_each_item_planned_anew_gives() -> None:
    problem = shop.plan().orders.problem
    drawn = np.random.default_rng(0)
    several = [
        drawn.uniform(0, 0.2, len(problem.rows)) * (drawn.random(len(problem.rows)) < 0.3) for _ in range(7)
    ]
    several.append(np.zeros(len(problem.rows)))
    for prices, found in zip(several, play_rounds(problem, several), strict=True):
        quantity, value = whole_round(problem, prices)
        assert (found.quantity.toarray() == quantity).all()
        assert found.bound == float(value.sum() - prices @ problem.limit)
        alone = play_round(problem, prices)
        assert (alone.quantity.toarray() == quantity).all()
        assert (alone.mark == found.mark).all()
