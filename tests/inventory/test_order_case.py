"""Items, options and limits of the order plan: by hand, and points of demand against a loop over paths."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from helpers.contract.case import Case
from helpers.contract.load import case_from_tables
from helpers.inventory.arguments import Floats
from helpers.inventory.order_case import (
    POINTS,
    bought_pairs,
    demand_by,
    demand_points,
    lost_before_arrival,
    order_items,
    order_limits,
    order_options,
    order_weeks,
    points_of,
    supplier_lanes,
)
from helpers.inventory.orders.limits import OrderLimits, SharedLimit
from helpers.inventory.outlook import Outlook
from helpers.inventory.policy import Policy, cumulate
from helpers.inventory.settings import InventorySettings
from helpers.inventory.supply.lead_times import LeadTimes
from helpers.inventory.supply.positions import Positions

MONDAY = pd.Timestamp("2026-01-05")
WEEKS, PATHS = 4, 20
SETTINGS = InventorySettings(horizon=WEEKS, frozen_weeks=2, paths=PATHS)
ROWS = np.array([0, 1, 2])  # A and B at W1, A at W2


# Points of demand


def slow_lost(demand: Floats, supply: Floats, usual: int, share: float) -> Floats:
    """Units lost before each week; one path."""
    stock, lost = 0.0, [0.0]
    for week, coming in enumerate(np.diff(supply, prepend=0.0)):
        stock += coming
        short = max(demand[week] - max(stock, 0.0), 0.0)
        gone = share * short if week < usual else 0.0
        stock -= demand[week] - gone
        lost.append(lost[-1] + gone)
    return np.array(lost)


def slow_units(demand: Floats, usual: int, late: int, lost: Floats, review: int, week: int) -> list[float]:
    """U of one path until the end of the week, and until the end of the week before; μ is taken off."""

    def before(end: int) -> float:
        return float(demand[:end].sum() + max(end - len(demand), 0) * demand.mean())

    start = max(week + 1 - usual - review, 0)
    shift = late if week >= usual else 0  # only a new order can be late
    return [
        before(max(end + shift, start)) - before(start) - lost[min(week, usual)] for end in (week + 1, week)
    ]


def made_up(pairs: int = 3, weeks: int = 6) -> tuple[Floats, np.ndarray[Any, np.dtype[np.int64]], Floats]:
    """Demand, lead times from 0 to 5 weeks, and cumulated supply that is owed in part at the start."""
    rng = np.random.default_rng(8)
    demand = rng.poisson(6.0, (pairs, PATHS, weeks)).astype("float64")
    lead_times = rng.integers(0, 4, (pairs, PATHS)) + np.arange(pairs)[:, None]
    coming = rng.poisson(4.0, (pairs, weeks)).astype("float64")
    return demand, lead_times, np.cumsum(coming, axis=1) + np.array([12.0, 0.0, -5.0])[:pairs, None]


@pytest.mark.parametrize(("review", "share"), [(1, 0.7), (2, 1.0), (1, 0.0)])
def test_points_of_demand_are_those_of_a_loop_over_the_paths(review: int, share: float) -> None:
    demand, lead_times, supply = made_up()
    settings = replace(SETTINGS, review_period=review, lost_share=share)
    until, before = demand_points(demand, lead_times, supply, WEEKS, settings)
    for pair, week in np.ndindex(3, WEEKS):
        usual = round(float(lead_times[pair].mean()))
        seen = demand[pair, :, : max(week + 1 - usual - review, 0)].sum(axis=1).mean()
        units = [
            slow_units(
                path, usual, int(took) - usual, slow_lost(path, supply[pair], usual, share), review, week
            )
            for path, took in zip(demand[pair], lead_times[pair], strict=True)
        ]
        wanted = np.sort(np.maximum(seen + np.array(units), 0.0), axis=0)
        assert before[pair, week] == pytest.approx(wanted[:, 1])
        assert until[pair, week] == pytest.approx(np.maximum(wanted[:, 0], wanted[:, 1]))


def test_lost_units_are_those_of_a_loop_over_the_paths() -> None:
    demand, _, supply = made_up()
    found = lost_before_arrival(demand, supply[:, :WEEKS], np.array([0, 2, 5]), 0.7)
    for pair, path in np.ndindex(3, PATHS):
        slow = slow_lost(demand[pair, path], supply[pair, :WEEKS], (0, 2, 5)[pair], 0.7)
        assert found[pair, path] == pytest.approx(slow)
    assert (found[0] == 0).all()  # a new order can serve week 0
    assert (found[1, :, 2:] == found[1, :, 2:3]).all()  # from week 2 on


def test_what_is_lost_is_not_asked_for_again() -> None:
    # 4 there, 10 a week: 6 and 10 are short before an order can come; half of them does not wait.
    demand = np.full((1, PATHS, 6), 10.0)
    supply, times = np.full((1, WEEKS), 4.0), np.full((1, PATHS), 2)
    until, before = demand_points(demand, times, supply, WEEKS, replace(SETTINGS, lost_share=0.5))
    assert until[0, :, 0].tolist() == [10.0, 20.0 - 3.0, 30.0 - 8.0, 40.0 - 8.0]
    assert before[0, :, 0].tolist() == [0.0, 10.0 - 3.0, 20.0 - 8.0, 30.0 - 8.0]


def test_a_week_is_never_asked_for_less_than_the_week_before() -> None:
    until, before = demand_points(*made_up(), WEEKS, SETTINGS)
    assert (until >= before).all()
    assert until.shape == before.shape == (3, WEEKS, POINTS)


def test_only_the_last_weeks_before_an_arrival_are_at_risk() -> None:
    demand, _, supply = made_up(1)
    until, _ = demand_points(
        demand, np.ones((1, PATHS), dtype="int64"), supply + 99, WEEKS, replace(SETTINGS, lost_share=0.0)
    )
    # L + R = 2 weeks: until the end of week 3, weeks 2 and 3 vary, weeks 0 and 1 are their mean.
    assert until[0, 3] == pytest.approx(
        np.sort(demand[0, :, 2:4].sum(axis=1)) + demand[0, :, :2].sum(axis=1).mean()
    )
    assert until[0, 0] == pytest.approx(np.sort(demand[0, :, 0]))


def test_a_late_order_leaves_the_stock_more_weeks_to_serve() -> None:
    demand = np.full((1, PATHS, 8), 10.0)
    late = np.where(np.arange(PATHS) < 5, 3, 1)[
        None, :
    ]  # usual 1.5, rounded to 2; five paths come a week late
    plenty = np.full((1, WEEKS), 1000.0)
    until, _ = demand_points(demand, late, plenty, WEEKS, replace(SETTINGS, lost_share=0.0))
    assert until[0, 1].tolist() == [20.0] * POINTS  # no order can have come
    assert until[0, 2].tolist() == [20.0] * 15 + [40.0] * 5  # one week less, or one more


def test_points_keep_the_mean_of_the_samples() -> None:
    samples = np.random.default_rng(0).gamma(2.0, 5.0, (3, 60))
    found = points_of(samples)
    assert found.shape == (3, POINTS)
    assert found.mean(axis=1) == pytest.approx(samples.mean(axis=1))
    assert found[0, 0] == pytest.approx(np.sort(samples[0])[:3].mean())
    assert (np.diff(found, axis=1) >= 0).all()


@pytest.mark.parametrize("count", [4, 30, 50])
def test_points_keep_the_mean_of_any_number_of_samples(count: int) -> None:
    samples = np.random.default_rng(0).gamma(2.0, 5.0, (2, count))
    found = points_of(samples)
    assert found.shape == (2, POINTS)
    assert found.mean(axis=1) == pytest.approx(samples.mean(axis=1))


def test_demand_by_a_week_behind_the_end_goes_on_with_the_mean() -> None:
    cumulated = cumulate(np.array([[[2.0, 4.0, 6.0], [0.0, 0.0, 3.0]]]))
    assert demand_by(cumulated, np.array([[2, 5]])).tolist() == [[6.0, 3.0 + 2.0]]


# Items, options and limits


def company_tables() -> dict[str, pd.DataFrame]:
    orders = {"order_id": ["1"], "line": [1], "order_date": ["2026-01-04"], "site_id": ["W1"]}
    orders |= {"product_id": ["A"], "quantity": [1.0], "unit_price": [15.0], "status": ["shipped"]}
    days = pd.Series(pd.date_range(MONDAY, periods=28))
    return {
        "products": pd.DataFrame({"product_id": ["A", "B", "C"], "name": "Thing", "category": "Tools"}),
        "sites": pd.DataFrame(
            {
                "site_id": ["W1", "W2", "S1", "D1", "D2"],
                "name": "Place",
                "kind": ["warehouse", "warehouse", "store", "supplier", "supplier"],
                "storage_capacity_m3": [10.0, np.nan, 1.0, np.nan, np.nan],
                "handling_capacity_units": [60.0, 20.0, 1.0, np.nan, np.nan],
            }
        ),
        "orders": pd.DataFrame(orders),
        "suppliers": pd.DataFrame({"supplier_id": ["S-A", "S-B"], "name": "Maker", "site_id": ["D1", "D2"]}),
        "lanes": pd.DataFrame(
            {
                "lane_id": ["L1", "L2", "L3", "L4"],
                "origin_id": ["D1", "D1", "D2", "W1"],
                "destination_id": ["W1", "W1", "W1", "S1"],
                "mode": "road",
                "distance_km": 10.0,
                "transit_days": 1.0,
                "vehicle_capacity_kg": [1000.0, 4000.0, np.nan, 1.0],
                "vehicle_capacity_m3": [30.0, 60.0, 10.0, 1.0],
                "weekly_vehicles": [2.0, 1.0, 5.0, 1.0],
            }
        ),
        # Week 1 is closed from Monday to Friday, week 0 on two days, week 3 at its end only; of week 2,
        # Monday to Thursday are closed and nothing is said of Friday.
        "calendar": pd.DataFrame(
            {"date": days, "closed": days.index.isin([0, 1, *range(7, 12), *range(14, 18), 26, 27])}
        ).drop(index=18),
    }


@pytest.fixture(scope="module")
def case() -> Case:
    return case_from_tables(company_tables())


def offer_table() -> pd.DataFrame:
    """A at W1 from two suppliers, the rest from one; a lane to the store, and one without a cost."""
    return pd.DataFrame(
        {
            "product_id": ["A", "A", "A", "A", "B", "C"],
            "site_id": ["S1", "W1", "W1", "W2", "W1", "W1"],
            "supplier_id": ["W1", "S-A", "S-B", "S-A", "S-A", "S-A"],
            "is_lane": [True, False, False, False, False, False],
            "unit_cost": [10.0, 8.0, 7.0, 8.0, 4.0, np.nan],
            "minimum_quantity": [1.0, 6.0, 1.0, 12.0, 1.0, 1.0],
            "order_multiple": [1.0, 6.0, 1.0, 12.0, 1.0, 1.0],
            "minimum_order_value": [900.0, 100.0, 0.0, 50.0, 250.0, 0.0],
            "price_break_quantity": [np.nan, 100.0, np.nan, 50.0, np.nan, np.nan],
            "price_break_cost": [np.nan, 7.5, np.nan, np.nan, np.nan, np.nan],
            "weekly_capacity": [5.0, 60.0, np.nan, 80.0, np.nan, np.nan],
            "lead_time_days": [1.0, 9.0, 25.0, 9.0, 9.0, 9.0],
        }
    )


def look() -> Outlook:
    """A and B at W1 and A at W2 are bought; A at S1 comes from W1; C lies at W1 without a cost."""
    pairs = pd.DataFrame(
        {
            "product_id": ["A", "B", "A", "A", "C"],
            "site_id": ["W1", "W1", "W2", "S1", "W1"],
            "status": ["active", "eol", "active", "active", "active"],
            "end_date": [pd.NaT, pd.NaT, pd.Timestamp("2026-06-30"), pd.NaT, pd.NaT],
            "on_hand": [30.0, 20.0, 10.0, 8.0, 9.0],
            "available": [25.0, 20.0, 10.0, 8.0, 9.0],
            "backorders": [0.0, 3.0, 0.0, 0.0, 0.0],
            "unit_cost": [8.0, 4.0, 8.0, 8.0, 0.0],
            "holding_cost": [0.04, 0.02, 0.04, 0.04, 0.0],
            "stockout_cost": [5.0, 2.0, 5.0, 5.0, 1.0],
            "volume_m3": [0.1, np.nan, 0.1, 0.1, 0.5],
            "weight_kg": [2.0, np.nan, 2.0, 2.0, 1.0],
            "supplier_id": ["S-A", "S-A", "S-A", "W1", "S-A"],
            "source": [-1, -1, -1, 0, -1],
        }
    )
    coming = np.zeros((5, 6))
    coming[0, 1], coming[2, 0] = 12.0, 40.0
    return Outlook(
        pairs=pairs,
        offers=offer_table(),
        coming=coming,
        lead_times=np.full((5, PATHS), 2),
        own_demand=np.zeros((5, PATHS, 6), dtype="float32"),
        measured=cast(LeadTimes, None),
        opening=Positions(pd.DataFrame(), pd.DataFrame(), MONDAY),
        first_week=MONDAY,
        notes=(),
    )


def levels() -> Policy:
    """Demand of 5, 2, 3, 1 and 4 units a week in the mean, half of it on one half of the paths."""
    weekly = np.outer([5.0, 2.0, 3.0, 1.0, 4.0], np.resize([0.5, 1.5], PATHS))
    demand = np.repeat(weekly[:, :, None], 6, axis=2).astype("float32")
    dial = pd.DataFrame({"dial": [2.0, 0.5, 1.0, 9.0, 9.0]})
    return Policy(dial, np.zeros((5, 6)), np.zeros(5), demand, pd.DataFrame())


@pytest.fixture(scope="module")
def limits(case: Case) -> OrderLimits:
    return order_limits(case, look(), levels(), SETTINGS, ROWS)


def limit(limits: OrderLimits, name: str) -> SharedLimit:
    (found,) = [rule for rule in limits.shared if rule.name == name]
    return found


def by_site(rule: SharedLimit) -> dict[str, list[float]]:
    return {str(site): table["limit"].tolist() for site, table in rule.table.groupby("site_id")}


def test_only_pairs_that_a_supplier_delivers_at_a_cost_are_planned() -> None:
    assert bought_pairs(look()).tolist() == ROWS.tolist()


def test_items_carry_supply_without_new_orders_and_costs_at_their_dial() -> None:
    items = order_items(look(), levels(), SETTINGS, ROWS)
    supply, until, before = items.arrays
    assert supply.tolist() == [[25, 37, 37, 37], [17, 17, 17, 17], [50, 50, 50, 50]]
    assert items.per_item("stockout_cost").tolist() == [10.0, 1.0, 5.0]
    assert items.per_item("volume").tolist() == [0.1, 0.0, 0.1]
    assert items.per_item("weight").tolist() == [2.0, 0.0, 2.0]
    assert items.per_item("salvage_share").tolist() == [1.0, 0.0, 0.0]  # goes on, eol, has an end
    assert until[0].mean(axis=1) == pytest.approx([5.0, 10.0, 15.0, 20.0])
    assert before[0].mean(axis=1) == pytest.approx([0.0, 5.0, 10.0, 15.0])


def test_items_are_the_same_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = order_items(look(), levels(), SETTINGS, ROWS).arrays
    monkeypatch.setattr("helpers.inventory.order_case.CHUNK", 2)
    parts = order_items(look(), levels(), SETTINGS, ROWS).arrays
    assert all((one == other).all() for one, other in zip(whole, parts, strict=True))


def test_options_are_offers_of_suppliers_with_a_price(case: Case) -> None:
    options = order_options(case, look(), SETTINGS, ROWS)
    assert options.keys["supplier_id"].tolist() == ["S-A", "S-B", "S-A", "S-A"]
    assert options.whole("item").tolist() == [0, 0, 2, 1]
    # The first offer takes the sampled 2 weeks, not the 1 of its 9 days; 25 days is a Friday: 4 weeks.
    assert options.whole("lead_time").tolist() == [2, 4, 2, 2]
    found = {name: np.asarray(getattr(options, name)).tolist() for name in ("unit_cost", "capacity")}
    assert found == {"unit_cost": [8.0, 7.0, 8.0, 4.0], "capacity": [60.0, np.inf, 80.0, np.inf]}
    # A break without a cost is none.
    assert np.asarray(options.break_quantity).tolist() == [100.0, np.inf, np.inf, np.inf]
    assert np.asarray(options.break_cost).tolist() == [7.5, 7.0, 8.0, 4.0]
    assert np.broadcast_to(np.asarray(options.fixed_cost), 4).tolist() == [SETTINGS.line_cost] * 4


def test_rows_may_come_in_any_order(case: Case) -> None:
    options = order_options(case, look(), SETTINGS, ROWS[::-1])
    assert options.whole("item").tolist() == [2, 2, 0, 1]
    assert options.whole("lead_time").tolist() == [2, 4, 2, 2]


def test_no_order_goes_out_in_a_week_that_is_closed_from_monday_to_friday(case: Case) -> None:
    assert order_weeks(case, look(), SETTINGS).tolist() == [True, False, True, True]
    none = cast(Case, SimpleNamespace(has=lambda *_: False))
    assert order_weeks(none, look(), SETTINGS).all()
    twice = replace(SETTINGS, review_period=2)
    assert order_weeks(none, look(), twice).tolist() == [True, False, True, False]


def test_storage_is_less_what_lies_there_and_is_not_bought(limits: OrderLimits) -> None:
    # 9 of C go at 4 a week and take 0.5 m³ each; W2 has no limit, S1 buys nothing.
    assert by_site(limit(limits, "storage")) == {"W1": pytest.approx([10 - 2.5, 10 - 0.5, 10.0, 10.0])}


def test_handling_is_less_what_goes_out_and_what_is_on_order(limits: OrderLimits) -> None:
    assert by_site(limit(limits, "handling")) == {
        "W1": pytest.approx([60 - 11, 60 - 11 - 12, 60 - 11, 60 - 11]),
        "W2": pytest.approx([0.0, 17.0, 17.0, 17.0]),  # 43 to do in week 0 leave nothing of 20, not less
    }


def test_the_budget_holds_for_all_frozen_weeks_together(case: Case, limits: OrderLimits) -> None:
    bought = order_limits(case, look(), levels(), replace(SETTINGS, budget=500.0), ROWS)
    rows = limit(bought, "open-to-buy budget").table.to_dict("records")
    assert rows == [{"first_week": 0, "last_week": 1, "limit": 500.0}]
    assert "open-to-buy budget" not in [rule.name for rule in limits.shared]


def test_the_minimum_order_value_is_the_highest_of_a_supplier_at_a_site(
    case: Case, limits: OrderLimits
) -> None:
    table = limits.minimum_order_value
    assert table is not None
    assert table.to_dict("records") == [
        {"supplier_id": "S-A", "site_id": "W1", "limit": 250.0},
        {"supplier_id": "S-A", "site_id": "W2", "limit": 50.0},
    ]
    free = replace(look(), offers=offer_table().assign(minimum_order_value=0.0))
    assert order_limits(case, free, levels(), SETTINGS, ROWS).minimum_order_value is None


def test_a_supplier_makes_a_product_once_for_all_sites(limits: OrderLimits) -> None:
    rows = limit(limits, "supplier capacity").table.to_dict("records")
    assert rows == [{"supplier_id": "S-A", "product_id": "A", "limit": 80.0}]


def test_trucks_of_all_lanes_of_a_supplier_to_a_site_add_up(case: Case, limits: OrderLimits) -> None:
    space, load = (limit(limits, f"trucks, {name}").table.to_dict("records") for name in ("volume", "weight"))
    assert space == [{"supplier_id": "S-A", "site_id": "W1", "limit": pytest.approx(2 * 30 + 60)}]
    assert load == [{"supplier_id": "S-A", "site_id": "W1", "limit": pytest.approx(2 * 1000 + 4000)}]
    assert supplier_lanes(case).to_dict("records") == [
        {"supplier_id": "S-A", "site_id": "W1", "lane_id": "L1"}
    ]


def test_a_company_without_capacities_has_no_limits() -> None:
    def query(_: str) -> pd.DataFrame:
        nothing = [np.nan, np.nan]
        return pd.DataFrame(
            {"site_id": ["W1", "W2"], "storage_capacity_m3": nothing, "handling_capacity_units": nothing}
        )

    bare = cast(Case, SimpleNamespace(query=query, has=lambda *_: False))
    free = replace(look(), offers=offer_table().assign(weekly_capacity=np.nan, minimum_order_value=0.0))
    limits = order_limits(bare, free, levels(), SETTINGS, ROWS)
    assert (limits.shared, limits.minimum_order_value) == ((), None)
    assert supplier_lanes(bare).empty
