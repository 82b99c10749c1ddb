"""Settings, outlook and levels: by hand, against slow loops, and against a simulation of the rule."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from helpers.errors import ParameterError
from helpers.inventory.arguments import Floats
from helpers.inventory.outlook import Outlook, draw_demand, whole_weeks
from helpers.inventory.policy import (
    Policy,
    bisect_dials,
    call_off,
    cumulate,
    demand_between,
    recommend_policy,
)
from helpers.inventory.settings import InventorySettings, check_horizon
from helpers.inventory.supply.lead_times import LeadTimes
from helpers.inventory.supply.positions import Positions

MONDAY = pd.Timestamp("2026-01-05")
PATHS, WEEKS = 200, 6
SETTINGS = InventorySettings(paths=PATHS, line_cost=8.0)


@dataclass(frozen=True)
class Pair:
    """One product at one site."""

    product: str = "A"
    site: str = "W1"
    mean: float = 10.0
    abc: str = "A"
    source: int = -1
    lead_time: int = 2
    position: float = 0.0
    cost: float = 10.0
    margin: float = 5.0
    pack: float = 1.0
    least: float = 1.0


def look(*pairs: Pair, paths: int = PATHS, weeks: int = WEEKS) -> Outlook:
    """Outlook of these pairs; demand is Poisson, half of the weeks with twice as much as the others."""
    rows = pd.DataFrame([vars(pair) for pair in pairs])
    rng = np.random.default_rng(3)
    swing = rng.choice([2 / 3, 4 / 3], (len(rows), paths, weeks))
    demand = rng.poisson(rows["mean"].to_numpy()[:, None, None] * swing).astype("float32")
    table = pd.DataFrame(
        {
            "product_id": rows["product"],
            "site_id": rows["site"],
            "abc": rows["abc"],
            "inventory_position": rows["position"],
            "unit_cost": rows["cost"],
            "holding_cost": rows["cost"] * SETTINGS.weekly_holding_rate,
            "stockout_cost": rows["margin"],
            "is_lane": rows["source"] >= 0,
            "source": rows["source"],
            "minimum_quantity": rows["least"],
            "order_multiple": rows["pack"],
        }
    )
    return Outlook(
        pairs=table,
        offers=pd.DataFrame(),
        coming=np.zeros((len(rows), weeks)),
        lead_times=np.repeat(rows["lead_time"].to_numpy(dtype="int64")[:, None], paths, axis=1),
        own_demand=demand,
        measured=cast(LeadTimes, None),
        opening=Positions(pd.DataFrame(), pd.DataFrame(), MONDAY),
        first_week=MONDAY,
        notes=(),
    )


def spread_lead_times(outlook: Outlook, *weeks: int) -> Outlook:
    """Return the outlook with these lead times in turn on its paths."""
    shape = outlook.lead_times.shape
    return replace(outlook, lead_times=np.broadcast_to(np.resize(weeks, shape[1]), shape).astype("int64"))


def fill_of(policy: Policy, abc: str) -> float:
    promise = policy.promise.set_index("abc")
    return float(cast(Any, promise.loc[abc, "fill_rate"]))


# Settings


def test_all_wrong_settings_are_named_in_one_error() -> None:
    wrong: dict[str, Any] = {
        "aim": "profit",
        "fill_rate_a": 1.0,
        "fill_rate_c": 98.0,
        "holding_rate": 0.0,
        "stockout_factor": -1.0,
        "line_cost": -3.0,
        "lost_share": 1.5,
        "review_period": 0,
        "slow_weeks": float("inf"),
        "paths": 2.5,
        "budget": float("nan"),
        "time_limit": 0.0,
        "seed": 0.5,
        "frozen_weeks": 14,
    }
    with pytest.raises(ParameterError) as caught:
        InventorySettings(**wrong)
    assert not [name for name in wrong if f"'{name}'" not in str(caught.value)]
    fine = ("fill_rate_b", "sideways_cost", "gap")
    assert not [name for name in fine if f"'{name}'" in str(caught.value)]


def test_bounds_that_may_be_meant_are_taken() -> None:
    settings = InventorySettings(lost_share=0.0, line_cost=0.0, gap=0.0, horizon=4, frozen_weeks=4)
    assert (settings.target("C"), settings.weekly_holding_rate) == (0.93, 0.25 / 52)


def test_a_plan_longer_than_the_forecast_is_refused() -> None:
    check_horizon(InventorySettings(horizon=8), 8)
    with pytest.raises(ParameterError, match="8 weeks, the forecast 7"):
        check_horizon(InventorySettings(horizon=8), 7)


# Outlook


def test_a_delivery_serves_its_week_until_thursday() -> None:
    # Ordered on a Monday (day 0): days 0–3 are Monday to Thursday, day 4 is Friday.
    days = np.array([0.0, 3.99, 4.0, 7.0, 10.99, 11.0, np.nan])
    assert whole_weeks(days).tolist() == [0, 0, 1, 1, 1, 2, 0]


def test_pairs_without_a_forecast_have_no_demand_and_gaps_count_as_none() -> None:
    series = pd.DataFrame({"product_id": ["B", "A"], "site_id": ["W1", "W1"]})
    drawn = np.stack([np.full((3, 2), 7.0), [[np.nan, 2.0]] * 3])
    forecast = SimpleNamespace(series=series, paths=lambda count, _seed: drawn[:, :count])
    pairs = pd.DataFrame({"product_id": ["A", "A", "B"], "site_id": ["W1", "S1", "W1"]})
    found = draw_demand(pairs, cast(Any, forecast), 3, 0)
    assert found[:, 0].tolist() == [[0.0, 2.0], [0.0, 0.0], [7.0, 7.0]]


# Sums of demand


def test_demand_behind_the_end_goes_on_with_the_mean_of_the_path() -> None:
    cumulated = cumulate(np.array([[[2.0, 4.0, 6.0], [0.0, 0.0, 3.0]]]))  # means of 4 and 1 a week
    assert demand_between(cumulated, 1, np.array([[2, 2]])).tolist() == [[10.0, 3.0]]
    assert demand_between(cumulated, 2, np.array([[3, 0]])).tolist() == [[6.0 + 2 * 4.0, 0.0]]
    assert demand_between(cumulated, 5, np.array([[2, 1]])).tolist() == [[8.0, 1.0]]


def slow_calls(demand: Floats, position: float, levels: Floats) -> list[float]:
    """Raise the position to the level of each week, and sell; one path."""
    called = []
    for sold, level in zip(demand, levels, strict=True):
        called.append(max(level - position, 0.0))
        position += called[-1] - sold
    return called


def test_stores_call_what_a_loop_over_the_weeks_calls() -> None:
    rng = np.random.default_rng(1)
    demand = rng.poisson(4.0, (3, 5, 12)).astype("float64")
    levels = rng.integers(0, 25, (3, 12)).astype("float64")  # fall and rise
    position = np.array([0.0, 40.0, -6.0])
    found = call_off(cumulate(demand), position, levels)
    for pair, path in np.ndindex(3, 5):
        assert found[pair, path].tolist() == slow_calls(
            demand[pair, path], float(position[pair]), levels[pair]
        )


def test_stock_above_the_level_is_used_up_before_a_store_calls() -> None:
    found = call_off(cumulate(np.full((1, 1, 4), 5.0)), np.array([22.0]), np.full((1, 4), 10.0))
    assert found[0, 0].tolist() == [0.0, 0.0, 0.0, 3.0]


# Order quantities


def test_order_quantities_are_economic_lots_in_packs_and_minima() -> None:
    outlook = look(
        Pair(), Pair("B", pack=12), Pair("C", least=70, pack=20), Pair("D", mean=0), Pair("E", cost=1e-3)
    )
    table = recommend_policy(outlook, SETTINGS).table
    rate = outlook.own_demand.mean(axis=(1, 2), dtype="float64")
    economic = np.sqrt(2 * 8.0 * rate[:2] / (10 * 0.25 / 52))
    assert table["demand"].to_numpy() == pytest.approx(rate)
    assert table["order_quantity"].tolist() == [
        np.ceil(economic[0]),
        np.ceil(economic[1] / 12) * 12,
        80.0,  # at least 70, in packs of 20
        0.0,  # nobody wants it
        np.ceil(26 * rate[4]),  # nearly free to hold: half a year of demand
    ]


def test_the_textbook_lot_is_found() -> None:
    # Silver, Pyke and Thomas (4th ed.), equation 4.2: √(2 A D ÷ (v r)) = √(2 · 4.80 · 500 ÷ (1.25 · 0.25)).
    outlook = look(Pair(cost=1.25), weeks=13)
    outlook = replace(outlook, own_demand=np.full_like(outlook.own_demand, 500 / 52))
    found = recommend_policy(outlook, replace(SETTINGS, line_cost=4.80)).order_quantities
    assert found.tolist() == [np.ceil(np.sqrt(2 * 4.80 * 500 / (1.25 * 0.25)))] == [124.0]


def test_a_store_is_sent_packs_or_any_quantity() -> None:
    outlook = look(
        Pair(mean=0), Pair(site="S1", source=0), Pair(site="S2", source=0, pack=6), Pair("B", "S1", source=0)
    )
    assert recommend_policy(outlook, SETTINGS).order_quantities[1:].tolist() == [0.0, 6.0, 0.0]


# Reorder points and what they promise


@pytest.mark.parametrize("review", [1, 2])
def test_reorder_points_are_the_newsvendor_quantile_of_demand_until_the_next_arrival(review: int) -> None:
    settings = replace(SETTINGS, aim="economic", review_period=review, line_cost=0.5)
    outlook = spread_lead_times(look(Pair(), Pair("B", mean=0.4, margin=0.5)), 0, 1, 3)
    policy = recommend_policy(outlook, settings)
    for pair, week in ((0, 0), (0, 2), (1, 0), (1, 1)):
        demand = outlook.own_demand[pair].astype("float64")
        ends = week + outlook.lead_times[pair] + review
        samples = sorted(
            round(path[week:end].sum() + max(end - WEEKS, 0) * path.mean())
            for path, end in zip(demand, ends, strict=True)
        )
        short = outlook.pairs["stockout_cost"][pair]
        cycle = max(review, policy.order_quantities[pair] / demand.mean())
        ratio = short / (short + outlook.pairs["holding_cost"][pair] * cycle)
        least = next(
            units for units in range(1000) if np.mean(np.array(samples) <= units + 1e-9) >= ratio - 1e-12
        )
        assert policy.reorder_points[pair, week] == least


def test_levels_and_safety_stock_add_up() -> None:
    outlook = look(Pair(pack=25))
    policy = recommend_policy(outlook, SETTINGS)
    row = policy.table.iloc[0]
    protected = outlook.own_demand[0, :, :3].sum(axis=1, dtype="float64")
    assert row["safety_stock"] == pytest.approx(row["reorder_point"] - protected.mean())
    assert row["cycle_service_level"] == pytest.approx((protected <= row["reorder_point"]).mean())
    assert row["order_up_to_level"] == row["reorder_point"] + row["order_quantity"]
    assert (
        policy.order_up_to_levels[0].tolist() == (policy.reorder_points[0] + row["order_quantity"]).tolist()
    )


def test_each_class_reaches_its_target_with_the_least_dial() -> None:
    pairs = [
        Pair(f"{abc}{mean}", mean=mean, abc=abc, margin=mean % 4 + 1) for abc in "ABC" for mean in (2, 7, 19)
    ]
    outlook = look(*pairs)
    policy = recommend_policy(outlook, SETTINGS)
    for row in policy.promise.to_dict("records"):
        name, theta, target = row["abc"], row["dial"], SETTINGS.target(row["abc"])
        assert row["fill_rate"] >= target
        same = fill_of(recommend_policy(outlook, SETTINGS, dial=theta), name)
        assert same == pytest.approx(row["fill_rate"])
        # Two steps of the search below.
        assert fill_of(recommend_policy(outlook, SETTINGS, dial=theta * np.exp(-2e-4)), name) < target


def test_within_a_class_service_goes_where_it_costs_least() -> None:
    outlook = look(Pair("cheap", cost=2.0), Pair("dear", cost=200.0))
    fill = recommend_policy(outlook, SETTINGS).table.set_index("product_id")["fill_rate"]
    assert fill["cheap"] > SETTINGS.fill_rate_a > fill["dear"]


def test_the_dial_is_found_per_class() -> None:
    found = bisect_dials(lambda dials: dials / (dials + np.array([1.0, 10.0])), np.array([0.9, 0.5]))
    assert found == pytest.approx([9.0, 10.0], rel=2e-4)
    assert (found >= [9.0, 10.0]).all()


def simulated(demand: Floats, point: float, quantity: float, lead_time: int) -> tuple[float, float]:
    """Fill rate and mean stock at the ends of weeks of the (r, nQ) rule with back-orders, week by week."""
    stock, served, held = point + quantity, 0.0, 0.0
    pipeline = [0.0] * lead_time
    for wanted in demand:
        position = stock + sum(pipeline)
        short = point - position
        pipeline.append((np.floor(short / quantity) + 1) * quantity if short >= 0 else 0.0)
        stock += pipeline.pop(0)
        served += min(max(stock, 0.0), wanted)
        held += max(stock, 0.0) / 2
        stock -= wanted
        held += max(stock, 0.0) / 2
    return served / demand.sum(), held / len(demand)


@pytest.mark.parametrize(("pack", "lead_time"), [(16, 2), (60, 1)])
def test_the_promise_is_what_the_rule_does_on_the_same_samples(pack: int, lead_time: int) -> None:
    # 24,000 weeks one after the other; over seeds the two differ by 0.002 (one standard deviation).
    outlook = look(Pair(pack=pack, lead_time=lead_time), paths=4000)
    policy = recommend_policy(outlook, replace(SETTINGS, fill_rate_a=0.9, line_cost=0.01))
    row = policy.table.iloc[0]
    assert row["order_quantity"] == pack
    weeks = outlook.own_demand[0].astype("float64").ravel()
    fill, held = simulated(weeks, row["reorder_point"], pack, lead_time)
    assert row["fill_rate"] == pytest.approx(fill, abs=0.006)
    assert row["expected_on_hand"] == pytest.approx(held, rel=0.015)


def test_money_alone_ignores_targets() -> None:
    outlook = look(Pair(), Pair("B", abc="C"), Pair(site="S1", source=0))
    economic = replace(SETTINGS, aim="economic")
    found = recommend_policy(outlook, economic)
    other = recommend_policy(outlook, replace(economic, fill_rate_a=0.5, fill_rate_c=0.999))
    pd.testing.assert_frame_equal(found.table, other.table)
    assert found.promise["target"].isna().all()
    assert (found.table["dial"] == 1.0).all()


def test_a_store_waits_a_week_more_as_often_as_its_warehouse_is_out() -> None:
    outlook = look(Pair(mean=0), Pair(site="S1", source=0, lead_time=1))
    outlook = replace(
        outlook, own_demand=np.concatenate([outlook.own_demand[:1], np.ones((1, PATHS, WEEKS))])
    )
    mean = {
        target: recommend_policy(outlook, replace(SETTINGS, fill_rate_a=target), dial=1.0).table.iloc[1]
        for target in (0.6, 0.999999)
    }
    protected = {target: row["reorder_point"] - row["safety_stock"] for target, row in mean.items()}
    assert protected[0.999999] == pytest.approx(2.0)  # one unit a week over lead time and review
    assert protected[0.6] == pytest.approx(2.4, abs=0.1)


# Stores and their warehouse


def test_calls_of_the_stores_add_up_in_the_demand_of_their_warehouse() -> None:
    outlook = look(
        Pair(mean=3),
        Pair(site="S1", source=0, lead_time=1, position=30),
        Pair(site="S2", source=0, lead_time=0, position=-4, mean=2),
        Pair("B", mean=5),
        Pair("B", "S1", source=3, position=500),
        Pair("C", "S9", source=-2),
    )
    policy = recommend_policy(outlook, SETTINGS)
    own, levels = outlook.own_demand.astype("float64"), policy.order_up_to_levels
    for path in range(0, PATHS, 40):
        calls = [
            np.array(slow_calls(own[row, path], outlook.pairs["inventory_position"][row], levels[row]))
            for row in (1, 2)
        ]
        assert policy.demand[0, path].tolist() == pytest.approx(own[0, path] + sum(calls))
    # The store with 500 calls nothing; who supplies nobody, and nobody supplies, keeps its own demand.
    assert (policy.demand[[1, 2, 3, 4, 5]] == outlook.own_demand[[1, 2, 3, 4, 5]]).all()
    assert policy.table["echelon"].tolist() == [
        "warehouse", "store", "store", "warehouse", "store", "warehouse",
    ]  # fmt: skip
    assert policy.table[["product_id", "site_id"]].equals(outlook.pairs[["product_id", "site_id"]])


def test_levels_do_not_change_the_outlook() -> None:
    outlook = look(Pair(), Pair(site="S1", source=0))
    before = outlook.own_demand.copy()
    recommend_policy(outlook, SETTINGS)
    assert (outlook.own_demand == before).all()
