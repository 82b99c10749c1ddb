"""Excess, run-down, sharing out and rebalancing: by hand on few pairs, against slow second computations."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from helpers.contract.case import Case
from helpers.contract.load import case_from_tables
from helpers.errors import ParameterError
from helpers.inventory.arguments import Floats
from helpers.inventory.balance.balanced_stock import BalancedStock
from helpers.inventory.balance.excess import Excess, find_excess
from helpers.inventory.balance.need import needed_before
from helpers.inventory.balance.rebalance import Curves, best_moves, rebalance
from helpers.inventory.balance.remaining_demand import DemandCourse, demand_course, remaining_demand
from helpers.inventory.balance.roads import Roads, find_roads
from helpers.inventory.balance.run_down import plan_run_down
from helpers.inventory.balance.transfers import Transfers, plan_replenishment
from helpers.inventory.balance.worth import take_stock, worth_of_unit
from helpers.inventory.outlook import Outlook
from helpers.inventory.policy import Policy
from helpers.inventory.settings import InventorySettings
from helpers.inventory.supply.lead_times import LeadTimes
from helpers.inventory.supply.positions import Positions

MONDAY = pd.Timestamp("2026-01-05")
WEEKS = 13
SETTINGS = InventorySettings(paths=4)
LINES = ["po_id", "line", "supplier_id", "product_id", "site_id", "expected_date", "open_units"]


@dataclass(frozen=True)
class Place:
    """One pair: what lies there, what is wanted there."""

    product: str = "A"
    site: str = "W1"
    on_hand: float = 0.0
    on_order: float = 0.0
    demand: tuple[float, ...] = (10.0,)  # units a week, one per path
    level: float = 30.0
    safety: float = 0.0
    source: int = -1
    lead_time: int = 1
    end: str | None = None
    margin: float = 5.0
    cost: float = 10.0
    pack: float = 1.0
    weight: float = 1.0
    in_transit: float = 0.0


def business(*places: Place, lines: pd.DataFrame | None = None) -> tuple[Outlook, Policy]:
    """Outlook and policy of these pairs; paths and weeks all alike but for the demand of each path."""
    rows = pd.DataFrame([vars(place) for place in places])
    paths = max(len(place.demand) for place in places)
    weekly = np.array([np.resize(place.demand, paths) for place in places], dtype="float32")
    own = np.repeat(weekly[:, :, None], WEEKS, axis=2)
    ends = pd.to_datetime(rows["end"])
    last = (ends - MONDAY).dt.days.to_numpy(dtype="float64") // 7
    own[np.nan_to_num(last, nan=np.inf)[:, None, None] < np.arange(WEEKS)[None, None, :].repeat(paths, 1)] = 0
    source = rows["source"].to_numpy()
    calls = own.copy()
    below = np.flatnonzero(source >= 0)
    np.add.at(calls, source[below], own[below])
    holding = rows["cost"] * SETTINGS.weekly_holding_rate
    pairs = pd.DataFrame(
        {
            "product_id": rows["product"],
            "site_id": rows["site"],
            "product_name": "thing",
            "category": "Tools",
            "status": np.where(ends.isna(), "active", "eol"),
            "end_date": ends,
            "weight_kg": rows["weight"],
            "abc": "A",
            "on_hand": rows["on_hand"],
            "available": rows["on_hand"],
            "inventory_position": rows["on_hand"] + rows["on_order"],
            "on_order": rows["on_order"],
            "backorders": 0.0,
            "stock_value": rows["on_hand"] * rows["cost"],
            "unit_cost": rows["cost"],
            "unit_margin": rows["margin"],
            "holding_cost": holding,
            "stockout_cost": rows["margin"],
            "source": source,
            "minimum_quantity": rows["pack"],
            "order_multiple": rows["pack"],
        }
    )
    coming = np.zeros((len(places), WEEKS))
    coming[:, 2] = rows["on_order"]
    opening = pairs[["product_id", "site_id", "on_hand", "on_order"]].assign(
        transfers_coming=0.0, in_transit=rows["in_transit"]
    )
    open_lines = pd.DataFrame(columns=LINES) if lines is None else lines
    outlook = Outlook(
        pairs=pairs,
        offers=pd.DataFrame(),
        coming=coming,
        lead_times=np.repeat(rows["lead_time"].to_numpy()[:, None], paths, axis=1),
        own_demand=own,
        measured=cast(LeadTimes, SimpleNamespace(open_lines=open_lines)),
        opening=Positions(opening, pd.DataFrame(), MONDAY),
        first_week=MONDAY,
        notes=(),
    )
    table = pairs[["product_id", "site_id"]].assign(
        demand=calls.mean(axis=(1, 2)), order_up_to_level=rows["level"], safety_stock=rows["safety"]
    )
    points = np.repeat(rows["level"].to_numpy()[:, None], WEEKS, axis=1)
    return outlook, Policy(table, points, np.zeros(len(places)), calls, pd.DataFrame())


def roads(*lanes: tuple[str, str], handling: float = 0.0) -> Roads:
    table = pd.DataFrame(lanes, columns=["from_site_id", "to_site_id"]).assign(
        lane_id=[f"L{number}" for number in range(len(lanes))],
        transit_days=1.0,
        cost_per_kg=0.1,
        cost_per_unit=0.0,
    )
    return Roads(table, pd.Series(handling, ["W1", "W2", "W3", "S1", "S2", "S3"]))


def first(table: pd.DataFrame) -> Any:
    return next(table.itertuples())


def only(found: Excess) -> Any:
    assert len(found.table) == 1
    return first(found.table)


def test_excess_lies_above_the_level_and_outlasts_the_slow_weeks() -> None:
    # 26 weeks at 10, 20, 30 and 40 want 260, 520, 780 and 1,040 of the 600: 340, 80, 0 and 0 stay.
    found = only(find_excess(*business(Place(on_hand=600, demand=(10, 20, 30, 40))), SETTINGS))
    assert (found.excess_units, found.excess_value) == (105.0, 1050.0)
    assert found.holding_cost_per_year == pytest.approx(1050 * SETTINGS.holding_rate)
    assert found.obsolete_units == 0.0
    assert found.weeks_of_cover == pytest.approx(600 / 25)


def test_excess_is_the_sum_of_the_chances_of_its_units() -> None:
    outlook, policy = business(Place(on_hand=600, demand=(10, 20, 30, 40), level=300))
    wanted = remaining_demand(outlook, policy).until(26)[0]
    chances = sum(float((wanted < unit).mean()) for unit in range(301, 601))
    assert only(find_excess(outlook, policy, SETTINGS)).excess_units == round(chances)


def test_cycle_stock_just_received_is_no_excess() -> None:
    # A year's minimum lot has come in: it is what the level holds.
    assert find_excess(*business(Place(on_hand=520, level=520)), SETTINGS).table.empty


def test_stock_that_sells_within_the_slow_weeks_is_no_excess() -> None:
    assert find_excess(*business(Place(on_hand=260, level=30)), SETTINGS).table.empty


def test_product_that_is_no_longer_sold_is_obsolete_and_worth_nothing() -> None:
    found = only(find_excess(*business(Place(on_hand=7, end="2026-01-01")), SETTINGS))
    assert (found.excess_units, found.obsolete_units, found.break_even_price) == (7.0, 7.0, 0.0)
    assert found.reason == "end of life: no longer sold"
    assert found.advice == "Stop ordering. Return or sell off 7 at any price."
    assert np.isinf(found.weeks_of_cover)


def test_product_that_ends_needs_no_more_than_what_is_wanted_before() -> None:
    # Four weeks of ten a week: 40 of the 100 are wanted, whatever the level says.
    found = only(find_excess(*business(Place(on_hand=100, level=80, end="2026-02-01")), SETTINGS))
    assert (found.excess_units, found.obsolete_units) == (60.0, 60.0)
    assert found.reason == "end of life: more than sells before the end"


def test_no_demand_is_named() -> None:
    found = only(find_excess(*business(Place(on_hand=9, demand=(0,), level=4)), SETTINGS))
    assert (found.reason, found.excess_units) == ("no demand", 9.0)


def test_open_lines_that_are_not_needed_are_named_from_the_last_and_never_those_on_the_road() -> None:
    lines = pd.DataFrame(
        {
            "po_id": ["P1", "P2", "P3"],
            "line": 1,
            "supplier_id": "S-A",
            "product_id": "A",
            "site_id": "W1",
            "expected_date": pd.to_datetime(["2026-01-10", "2026-02-10", "2026-03-10"]),
            "open_units": [50.0, 60.0, 70.0],
        }
    )
    place = Place(on_hand=200, on_order=180, demand=(10,))
    found = find_excess(*business(place, lines=lines), SETTINGS)
    assert only(found).excess_units == 120.0
    assert found.lines[["po_id", "not_needed_units"]].to_numpy().tolist() == [["P3", 70.0], ["P2", 50.0]]
    assert "Cancel or postpone 50 of open order P2 line 1 (60 units)." in only(found).advice
    assert only(found).reason == "more on order than needed"
    moving = find_excess(*business(replace(place, in_transit=110), lines=lines), SETTINGS)
    assert moving.lines["po_id"].tolist() == ["P3"]


def test_break_even_price_is_the_later_purchase_less_the_holding_until_then() -> None:
    # 520 at 10 a week: the excess units 261 … 520 are wanted in weeks 26 … 52, in the mean in week 39.
    found = only(find_excess(*business(Place(on_hand=520, demand=(10,))), SETTINGS))
    assert found.excess_units == 260.0
    assert found.break_even_price == pytest.approx(10 - 39 * 10 * 0.25 / 52, abs=0.02)
    assert found.mark_down == pytest.approx(1 - found.break_even_price / 15)


def test_season_ahead_takes_excess_away() -> None:
    outlook, policy = business(Place(on_hand=400))
    weekly = np.r_[np.full(13, 0.5), np.full(13, 1.5), np.ones(26)]
    course = DemandCourse(pd.DataFrame([weekly], index=["Tools"]), pd.Series(dtype="float64"))
    assert only(find_excess(outlook, policy, SETTINGS)).excess_units == 140.0
    # Thirteen weeks at 10, then thirteen at three times as much.
    assert find_excess(outlook, policy, SETTINGS, course=course).table.empty


def test_demand_that_fell_is_named_where_the_past_is_known() -> None:
    outlook, policy = business(Place(on_hand=400))
    keys = pd.MultiIndex.from_tuples([("A", "W1")], names=["product_id", "site_id"])
    course = DemandCourse(pd.DataFrame([np.ones(52)], index=["Tools"]), pd.Series([20.0], keys))
    found = only(find_excess(outlook, policy, SETTINGS, course=course))
    assert found.reason == "demand fell below what was ordered"


def test_weeks_until_turns_demand_until_around_and_never_comes_after_the_end() -> None:
    outlook, policy = business(Place(demand=(3, 7, 11), end="2026-09-06"), Place(site="W2", demand=(2, 5, 9)))
    demand = remaining_demand(outlook, policy)
    for weeks in (0.5, 4.0, 12.5, 20.25, 34.0):
        units = demand.until(weeks)
        for path in range(3):
            assert demand.weeks_until(units[:, path])[:, path] == pytest.approx([weeks, weeks])
    assert np.isinf(demand.weeks_until(demand.until(999)[:, 0] + 1)[0, 0])


def test_worth_of_a_unit_never_rises() -> None:
    outlook, policy = business(
        Place(on_hand=40, demand=(3, 8, 15, 30), safety=5),
        Place(site="W2", on_hand=40, demand=(3, 8, 15, 30), end="2026-03-01"),
    )
    stock = take_stock(outlook, policy)
    need = needed_before(policy.demand, np.full((2, 4), 2.0), stock.on_hand, outlook.coming)
    rows = np.arange(2)
    worth = np.array([worth_of_unit(stock, rows, np.full(2, unit), need) for unit in np.arange(1.0, 200.0)])
    assert (np.diff(worth, axis=0) <= 1e-9).all()
    assert (worth >= 0).all()


def test_need_counts_the_sales_that_one_more_unit_saves_and_one_fewer_loses() -> None:
    generator = np.random.default_rng(1)
    demand = generator.integers(0, 9, (1, 60, 5)).astype("float64")
    lead, coming = generator.integers(1, 5, (1, 60)).astype("float64"), np.array([[0.0, 6.0, 0.0, 5.0, 0.0]])

    def lost(on_hand: float) -> Floats:
        stock, short = np.full(60, on_hand), np.zeros(60)
        for week in range(5):
            wanted = np.where(week < lead[0], demand[0, :, week], 0.0)
            stock = stock + coming[0, week]
            short += np.maximum(wanted - stock, 0.0)
            stock = np.maximum(stock - wanted, 0.0)
        return short

    need = needed_before(demand, lead, np.array([9.0]), coming)[0]
    for more in range(1, 8):
        assert (need >= more).mean() == pytest.approx((lost(9.0 + more - 1) - lost(9.0 + more)).mean())
    for fewer in range(9):
        assert (need >= -fewer).mean() == pytest.approx((lost(9.0 - fewer - 1) - lost(9.0 - fewer)).mean())


def two_stores(**warehouse: Any) -> tuple[Outlook, Policy]:
    return business(
        Place(site="W1", **{"on_hand": 100, "demand": (2,), **warehouse}),
        Place(site="S1", on_hand=4, demand=(6,), level=14, source=0, lead_time=0),
        Place(site="S2", on_hand=0, demand=(3,), level=8, source=0, lead_time=0),
    )


def test_stores_get_what_takes_them_to_their_level_where_there_is_enough() -> None:
    found = plan_replenishment(*two_stores(), roads(("W1", "S1")), SETTINGS)
    assert found.table[["to_site_id", "quantity", "lane_id"]].to_numpy().tolist() == [
        ["S1", 10.0, "L0"],
        ["S2", 8.0, ""],
    ]
    assert found.table["cost"].tolist() == pytest.approx([10 * 0.1, 8 * SETTINGS.sideways_cost])
    assert found.table["arrival_date"].tolist() == [pd.Timestamp("2026-01-06"), pd.Timestamp("2026-01-07")]
    assert found.unmet.empty


def test_whole_packs_are_sent() -> None:
    outlook, policy = business(
        Place(on_hand=100, demand=(2,)),
        Place(site="S1", on_hand=4, demand=(6,), level=14, source=0, lead_time=0, pack=6),
    )
    assert plan_replenishment(outlook, policy, roads(), SETTINGS).table["quantity"].tolist() == [12.0]


def test_scarce_units_are_shared_and_what_is_missing_is_named() -> None:
    found = plan_replenishment(*two_stores(on_hand=10), roads(), SETTINGS)
    sent = found.table.set_index("to_site_id")["quantity"]
    assert sent.sum() <= 10
    assert found.unmet["missing"].sum() == 18 - sent.sum()
    assert (found.unmet["wanted"] == found.unmet["sent"] + found.unmet["missing"]).all()
    # All lose sales within two weeks: ten days' cover each, so 2 stay, S1 (with 4) gets 4 and S2 (with 0) 4.
    assert sent.to_dict() == {"S1": 4.0, "S2": 4.0}


def test_sharing_out_saves_as_much_as_the_best_of_all_splits() -> None:
    generator = np.random.default_rng(5)
    for _ in range(2):
        draws = [tuple(generator.integers(0, 7, 6).astype(float)) for _ in range(3)]
        outlook, policy = business(
            Place(on_hand=8, demand=draws[0], margin=5),
            Place(site="S1", demand=draws[1], level=6, source=0, lead_time=0, weight=0.0),
            Place(site="S2", demand=draws[2], level=5, source=0, lead_time=0, weight=0.0),
        )
        free = replace(SETTINGS, holding_rate=1e-9)
        pairs = outlook.pairs.assign(holding_cost=0.0)
        found = plan_replenishment(replace(outlook, pairs=pairs), policy, roads(), free)
        sent = found.table.set_index("to_site_id")["quantity"].reindex(["S1", "S2"]).fillna(0.0)
        until = [np.array(draw) * 2 for draw in draws]  # lead time one week, review one week

        def saved(one: float, two: float, wants: list[Floats] = until) -> float:
            parts = zip((8 - one - two, one, two), wants, strict=True)
            return float(sum(np.minimum(units, want).mean() for units, want in parts))

        splits = [(i, j) for i in range(7) for j in range(6) if i + j <= 8]
        assert saved(*sent) == pytest.approx(max(saved(*split) for split in splits))


def sisters(**changes: Any) -> tuple[Outlook, Policy]:
    """W1 has ten times what W2 lacks."""
    return business(
        Place(site="W1", **{"on_hand": 500, "demand": (5,), "level": 20, **changes}),
        Place(site="W2", on_hand=0, demand=(8,), level=30, lead_time=2),
    )


def moves(parts: tuple[Outlook, Policy], ways: Roads, **options: Any) -> Transfers:
    return rebalance(*parts, ways, SETTINGS, plan_replenishment(*parts, ways, SETTINGS), **options)


def test_excess_moves_to_a_sister_that_would_buy_and_the_gain_adds_up_by_hand() -> None:
    row = first(moves(sisters(), roads(("W1", "W2"), handling=0.2)).table)
    # W2 wants 8 a week over 13 weeks and its 2 of lead time: room for 120, from W1's last units.
    assert (row.quantity, row.lane_id, row.reason, row.value) == (120.0, "L0", "rebalance", 1200.0)
    assert row.cost == pytest.approx(120 * (0.1 + 0.4))
    hold = 10 * 0.25 / 52
    wanted_here = sum(10 - hold * unit / 8 for unit in range(1, 121)) + 5 * 24  # 24 sales before an order
    kept_there = sum(10 - hold * unit / 5 for unit in range(381, 501))
    assert row.gain == pytest.approx(wanted_here - kept_there - row.cost, rel=1e-6)


def test_way_without_a_lane_is_a_special_trip_at_its_own_cost() -> None:
    row = first(moves(sisters(), roads()).table)
    assert (row.lane_id, row.arrival_date) == ("", pd.Timestamp("2026-01-07"))
    assert row.cost == pytest.approx(row.quantity * SETTINGS.sideways_cost)


def test_sender_keeps_its_level_and_what_its_own_demand_needs() -> None:
    for demand in ((5.0,), (5.0, 5.0, 5.0, 60.0)):
        sent = moves(sisters(on_hand=130, demand=demand), roads()).table["quantity"].sum()
        assert sent <= 130 - max(20, 2 * max(demand))


def test_nothing_moves_that_is_not_on_the_shelf() -> None:
    assert moves(sisters(on_hand=0, on_order=500), roads()).table.empty


def test_sender_does_not_count_on_what_comes_this_week() -> None:
    outlook, policy = sisters(on_hand=30, on_order=500, demand=(20,), level=20)
    soon = outlook.coming.copy()
    soon[0] = [500, *[0] * (WEEKS - 1)]
    # Twenty of the thirty are wanted in the week in which the 500 should come.
    found = moves((replace(outlook, coming=soon), policy), roads()).table
    assert found["quantity"].tolist() == [10.0]


def test_heavy_goods_stay_where_they_are() -> None:
    assert moves(sisters(weight=1000.0), roads()).table.empty


def test_least_gain_leaves_small_moves_out() -> None:
    everything = moves(sisters(), roads()).table
    assert moves(sisters(), roads(), least_gain=float(everything["gain"].sum()) + 1).table.empty
    with pytest.raises(ParameterError, match="least_gain"):
        moves(sisters(), roads(), least_gain=-1.0)


def test_store_gets_from_a_sister_only_what_its_warehouse_could_not_send() -> None:
    parts = business(
        Place(site="W1", on_hand=0, demand=(2,), lead_time=4),
        Place(site="S1", on_hand=0, demand=(3,), level=9, source=0, lead_time=0),
        Place(site="S2", on_hand=60, demand=(1,), level=4, source=0, lead_time=0),
    )
    found = moves(parts, roads()).table
    assert found.loc[found["to_site_id"] == "S1", "quantity"].tolist() == [9.0]
    assert (found["from_site_id"] == "S2").all()


def random_business(seed: int) -> tuple[Outlook, Policy]:
    generator = np.random.default_rng(seed)
    places: list[Place] = []
    for product in "ABCDEFGH":
        for number in range(5):
            below = number >= 3
            places.append(
                Place(
                    product=product,
                    site=f"S{number - 2}" if below else f"W{number + 1}",
                    on_hand=float(generator.choice([0, 5, 40, 400])),
                    on_order=float(generator.choice([0, 0, 60])),
                    demand=tuple(generator.gamma(1.0, 6.0, 8).round()),
                    level=float(generator.integers(0, 40)),
                    safety=float(generator.integers(0, 6)),
                    source=len(places) - number if below else -1,
                    lead_time=0 if below else int(generator.integers(1, 6)),
                    end=str(generator.choice(["2026-02-22", "2027-01-03"])) if product == "H" else None,
                    weight=float(generator.uniform(0.1, 8)),
                )
            )
    return business(*places)


@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_sent_that_is_not_there_and_nothing_moves_at_a_loss(seed: int) -> None:
    outlook, policy = random_business(seed)
    sent = plan_replenishment(outlook, policy, roads(("W1", "S1")), SETTINGS)
    moved = rebalance(outlook, policy, roads(("W1", "S1")), SETTINGS, sent)
    assert len(moved.table)
    table = pd.concat([sent.table, moved.table])
    left = table.groupby(["product_id", "from_site_id"])["quantity"].sum()
    held = outlook.pairs.set_index(["product_id", "site_id"])["available"].reindex(left.index)
    assert (left.to_numpy() <= held.to_numpy() + 1e-9).all()
    assert (moved.table["gain"] >= 10.0).all()
    assert ((table["quantity"] > 0) & (table["quantity"] % 1 == 0)).all()
    assert (table["from_site_id"] != table["to_site_id"]).all()
    keys = ["product_id", "site_id"]
    gives = moved.table.rename(columns={"from_site_id": "site_id"})[keys].drop_duplicates()
    takes = moved.table.rename(columns={"to_site_id": "site_id"})[keys].drop_duplicates()
    assert gives.merge(takes, on=keys).empty


def test_moves_are_as_good_as_the_best_of_all() -> None:
    generator = np.random.default_rng(3)
    ways = pd.DataFrame(itertools.product([0, 1], [2, 3]), columns=["sender", "receiver"]).assign(most=3.0)
    for _ in range(5):
        gives = Curves(np.array([0, 1]), np.ones((2, 3)), np.sort(generator.uniform(0, 10, (2, 3)), axis=1))
        worth = -np.sort(-generator.uniform(0, 20, (2, 3)), axis=1)
        takes = Curves(np.array([2, 3]), np.ones((2, 3)), worth)
        priced = ways.assign(move_cost=generator.uniform(0, 5, 4))
        found = best_moves(priced, gives, takes, replace(SETTINGS, gap=0.0), 2.0)

        def money(q: Floats, cost: Floats, gives: Curves = gives, takes: Curves = takes) -> float:
            out, into = np.array([q[0] + q[1], q[2] + q[3]]), np.array([q[0] + q[2], q[1] + q[3]])
            if max(*out, *into) > 3:
                return -np.inf
            earned = takes.total(into).sum() - gives.total(out).sum()
            return float(earned - (q * cost).sum() - 2.0 * (q > 0).sum())

        cost = priced["move_cost"].to_numpy()
        best = max(money(np.array(q, dtype="float64"), cost) for q in itertools.product(range(4), repeat=4))
        quantity = found["quantity"].reindex(range(4)).fillna(0.0).to_numpy()
        assert money(quantity, cost) == pytest.approx(best, abs=1e-6)
        assert found["gain"].sum() == pytest.approx(best + 2.0 * len(found), abs=1e-6)


def test_pair_in_the_middle_does_not_pass_on() -> None:
    # Cheap ways 0 → 1 and 1 → 2, a dear one 0 → 2; pair 1 could do both, and earns more as a sender.
    ways = pd.DataFrame(
        {"sender": [0, 1, 0], "receiver": [1, 2, 2], "most": 2.0, "move_cost": [1.0, 1.0, 9.0]}
    )
    gives = Curves(np.array([0, 1]), np.ones((2, 2)), np.array([[0.0, 0.0], [2.0, 3.0]]))
    takes = Curves(np.array([1, 2]), np.ones((2, 2)), np.array([[2.0, 2.0], [8.0, 8.0]]))
    found = best_moves(ways, gives, takes, replace(SETTINGS, gap=0.0), 0.0)
    assert found[["sender", "receiver", "quantity"]].to_numpy().tolist() == [[1.0, 2.0, 2.0]]


@pytest.fixture(scope="module")
def case() -> Case:
    """A ends, B goes on; six order lines in two weeks, no lanes."""
    products = {"product_id": ["A", "B"], "name": ["Drill", "Saw"], "category": "Tools"}
    orders = {
        "order_id": ["1", "2", "3", "4", "5", "6"],
        "line": 1,
        "order_date": ["2025-12-22", "2025-12-23", "2025-12-24", "2025-12-29", "2025-12-30", "2026-01-04"],
        "site_id": "S01",
        "product_id": ["A", "B", "A", "A", "B", "A"],
        "quantity": [2, 1, 3, 4, 5, 1],
        "unit_price": 15.0,
        "status": "shipped",
    }
    return case_from_tables(
        {
            "products": pd.DataFrame({**products, "status": ["eol", "active"]}),
            "sites": pd.DataFrame({"site_id": ["S01"], "name": ["Main street"], "kind": ["store"]}),
            "orders": pd.DataFrame(orders),
        }
    )


def test_run_down_by_hand(case: Case) -> None:
    # Eight weeks at 10 in the mean; with 100, 40 more are wanted on one path, 60 are left on the other.
    outlook, policy = business(
        Place(on_hand=100, demand=(5, 17.5), end="2026-03-01"), Place(product="B", on_hand=9)
    )
    found = plan_run_down(outlook, policy, case, SETTINGS)
    row = first(found.table)
    assert len(found.table) == 1
    assert (row.weeks_left, row.demand_left, row.expected_left, row.leftover_chance) == (8, 90, 30, 0.5)
    assert (row.left_value, row.expected_lost, row.lost_margin) == (300.0, 20.0, 100.0)
    # One more unit sells with chance ½ for 15 and costs 10 and a line: no order pays.
    assert (row.order_gain, pd.isna(row.last_order_date)) == (15 * 0.5 - 10 - 3, True)
    assert row.price_cut == pytest.approx(1 - (100 / 90) ** (-1 / 2.62))
    assert row.break_even_price == pytest.approx(15 * 0.5 - 8 * 10 * 0.25 / 52)
    assert row.advice == "Do not order any more. A price cut of about 4% clears the stock by the end."


def test_last_order_date_is_the_last_week_in_which_a_lot_still_sells(case: Case) -> None:
    # 80 wanted in eight weeks, 20 there: an order of week w is there in w + 3, and 80 − 10 (w + 3) units of a
    # lot of 20 sell: all of them up to week 3, half of them in week 4 (15 · 10 − 10 · 20 − 3 < 0).
    outlook, policy = business(Place(on_hand=20, end="2026-03-01", lead_time=3, pack=20))
    row = first(plan_run_down(outlook, policy, case, SETTINGS).table)
    assert row.last_order_date == MONDAY + np.timedelta64(21, "D")
    assert row.order_gain == 5 * 20 - 3


def test_stores_use_up_their_own_before_they_call(case: Case) -> None:
    outlook, policy = business(
        Place(on_hand=50, demand=(5,), end="2026-03-01"),
        Place(site="S1", on_hand=10, demand=(2,), end="2026-03-01", source=0, lead_time=0),
    )
    table = plan_run_down(outlook, policy, case, SETTINGS).table.set_index("site_id")
    assert table["expected_left"].to_dict() == {"W1": 50 - 40 - 6, "S1": 0.0}
    assert pd.isna(table.loc["S1", "order_gain"])


def test_product_without_an_end_date_is_run_down_over_the_slow_weeks(case: Case) -> None:
    found = plan_run_down(*business(Place(on_hand=300)), case, SETTINGS)
    assert found.table["expected_left"].tolist() == [300 - 26 * 10]
    assert found.notes == ("1 pairs end without a date: 26 weeks are assumed.",)


def test_demand_course_adds_up_the_last_year(case: Case) -> None:
    course = demand_course(case)
    assert (course.past * 52).round(9).to_dict() == {("A", "S01"): 10.0, ("B", "S01"): 6.0}
    assert (course.season.to_numpy() == 1.0).all()  # two weeks tell no season


def test_roads_without_lanes_are_all_special_trips(case: Case) -> None:
    assert find_roads(case).lanes.empty


def test_parts_sum_to_the_whole() -> None:
    outlook, policy = random_business(9)
    sent = plan_replenishment(outlook, policy, roads(), SETTINGS)
    moved = rebalance(outlook, policy, roads(), SETTINGS, sent)
    found = find_excess(outlook, policy, SETTINGS, moves=moved.table)
    for column in ("category", "site_id", "reason"):
        assert found.by(column)["excess_value"].sum() == pytest.approx(found.value)
    both = BalancedStock(sent, moved, found, cast(Any, SimpleNamespace(notes=())))
    assert len(both.transfers) == len(sent.table) + len(moved.table)
    assert (found.table["excess_units"] <= found.table["on_hand"] + found.table["on_order"]).all()
    assert (found.table["obsolete_units"] <= found.table["excess_units"]).all()


def test_scaling_the_currency_scales_the_money_and_nothing_else() -> None:
    outlook, policy = random_business(2)
    money = ["unit_cost", "unit_margin", "holding_cost", "stockout_cost", "stock_value"]
    dear = replace(outlook, pairs=outlook.pairs.assign(**{name: outlook.pairs[name] * 100 for name in money}))
    plain, scaled = (find_excess(parts, policy, SETTINGS) for parts in (outlook, dear))
    assert scaled.value == pytest.approx(100 * plain.value)
    keys = ["product_id", "site_id"]
    pd.testing.assert_frame_equal(
        plain.table.sort_values(keys, ignore_index=True)[[*keys, "excess_units", "reason", "mark_down"]],
        scaled.table.sort_values(keys, ignore_index=True)[[*keys, "excess_units", "reason", "mark_down"]],
    )
