"""Sites that supply sites, against a slow loop in whole units, and what must always hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from helpers.errors import ParameterError
from helpers.inventory.simulation import simulate as simulate_module
from helpers.inventory.simulation.case import Costs, SimulationCase, order_calendar
from helpers.inventory.simulation.echelons import chunks, share_out
from helpers.inventory.simulation.policy_rules import EchelonRule, MinMaxRule, UpToRule
from helpers.inventory.simulation.simulate import fix_lead_times, simulate

Floats = NDArray[np.float64]

# Two warehouses (3, 6) with stores, one of which (1) has a branch of its own; 5 stands alone.
SOURCE = np.array([3, 3, 6, -1, 1, -1, -1, 3, 6])
LOW, HIGH = np.array([8, 25, 9, 70, 7, 12, 30, 8, 9.0]), np.array([14, 40, 15, 110, 12, 30, 50, 14, 15.0])
RULE = MinMaxRule(LOW, HIGH)


def two_echelons(paths: int = 6, weeks: int = 25) -> SimulationCase:
    """Warehouses with too little for their stores now and then."""
    drawn = np.random.default_rng(5)
    count = len(SOURCE)
    keys = pd.DataFrame({"product_id": range(count), "kind": np.where(SOURCE < 0, "root", "supplied")})
    return SimulationCase(
        keys,
        drawn.poisson(4, (count, paths, weeks)),
        lead_times=drawn.integers(0, 4, (count, paths, weeks)),
        opening_stock=drawn.integers(-2, 20, count),
        open_orders=drawn.integers(0, 5, (count, 3)),
        order_weeks=order_calendar([1, 1, 1, 2, 1, 1, 1, 1, 2], weeks),
        minimum_quantity=[0, 0, 0, 12, 0, 3, 0, 0, 0],
        order_multiple=[0, 0, 3, 4, 1, 0, 6, 0, 0],
        lost_share=[1, 0, 1, 0, 1, 1, 1, 0, 0],
        sales_before=drawn.poisson(4, (count, 4)),
        costs=Costs(np.arange(1.0, count + 1), holding_cost=0.1, fixed_cost=2.0, stockout_cost=5.0),
        warm_up=2,
        source=SOURCE,
    )


def depth_of(series: int) -> int:
    return 0 if SOURCE[series] < 0 else 1 + depth_of(int(SOURCE[series]))


def needs_of(case: SimulationCase, series: int, position: float, week: int) -> float:
    if not np.asarray(case.order_weeks)[series][week] or position > LOW[series]:
        return 0.0
    multiple = np.asarray(case.order_multiple)[series]
    need = max(HIGH[series] - position, np.asarray(case.minimum_quantity)[series])
    return float(np.ceil(need / multiple) * multiple if multiple else need)


def play_slowly(  # noqa: C901 - one obvious loop
    case: SimulationCase, path: int
) -> pd.DataFrame:
    """One path, series by series and week by week, with a list of deliveries per series."""
    demand, times = np.asarray(case.demand)[:, path], np.asarray(case.lead_times)[:, path]
    opening = np.asarray(case.opening_stock, dtype="float64")
    net = opening.tolist()
    coming = [list(enumerate(units)) for units in np.asarray(case.open_orders, dtype="float64").tolist()]
    names = ["demand", "short_units", "lost_units", "orders", "ordered_units", "stock_units"]
    names += ["shipped_units", "unshipped_units", "in_transit_units"]
    rows = [dict.fromkeys(names, 0.0) for _ in net]
    deepest_first = sorted(range(len(net)), key=depth_of, reverse=True)
    for week in range(demand.shape[1]):
        counted = week >= case.warm_up
        shipped_up_to = dict.fromkeys(range(len(net)), 0.0)  # running need of the stores of a source
        asked, there = {}, {}
        for depth in (2, 1, 0):
            level = [series for series in range(len(net)) if depth_of(series) == depth]
            for series in level:
                position = net[series] + sum(units for _, units in coming[series])
                asked[series] = needs_of(case, series, position, week)
            for source in {int(SOURCE[series]) for series in level if depth}:
                there[source] = max(net[source], 0.0)
            for series in level:
                source, got = int(SOURCE[series]), asked[series]
                if depth:
                    total = sum(asked[other] for other in level if SOURCE[other] == source)
                    if total > there[source]:
                        share, moved = np.floor(there[source]) / total, week * (5**0.5 - 1) / 2 % 1 + 1e-9
                        before = shipped_up_to[source]
                        shipped_up_to[source] += got
                        got = np.floor(share * shipped_up_to[source] + moved)
                        got = min(got - np.floor(share * before + moved), asked[series])
                    net[source] -= got
                    rows[source]["shipped_units"] += counted * got
                    rows[source]["unshipped_units"] += counted * (asked[series] - got)
                if got > 0:
                    coming[series].append((week + times[series, week], got))
                    rows[series]["orders"] += counted
                    rows[series]["ordered_units"] += counted * got
        for series in deepest_first:
            wanted = float(demand[series, week])
            net[series] += sum(units for due, units in coming[series] if due == week)
            coming[series] = [(due, units) for due, units in coming[series] if due != week]
            short = max(wanted - max(net[series], 0.0), 0.0)
            lost = short * np.asarray(case.lost_share)[series]
            net[series] -= wanted - lost
            road = sum(units for _, units in coming[series]) if SOURCE[series] >= 0 else 0.0
            if counted:
                told = [wanted, short, lost, 0, 0, max(net[series], 0.0) + road, 0, 0, road]
                for name, value in zip(names, told, strict=True):
                    rows[series][name] += value
    table = pd.DataFrame(rows)
    means = ["stock_units", "in_transit_units"]
    table[means] /= demand.shape[1] - case.warm_up
    return table.assign(fill_rate=1 - table["short_units"] / table["demand"])


@pytest.mark.parametrize("path", range(6))
def test_every_path_of_a_tree_is_what_a_slow_loop_gives(path: int) -> None:
    case = two_echelons()
    one: dict[str, Any] = {
        name: np.asarray(getattr(case, name))[:, [path]] for name in ("demand", "lead_times")
    }
    table = simulate(replace(case, **one), RULE).series
    slow = play_slowly(case, path)
    assert slow["unshipped_units"].sum() > 0
    for name in slow:
        assert table[name].to_numpy() == pytest.approx(slow[name].to_numpy(), abs=1e-9), name


def test_stock_is_conserved_path_by_path() -> None:
    """Opening stock and what came from outside = what was served and what is there, on every path."""
    case = replace(two_echelons(), lost_share=1.0, warm_up=0, opening_stock=9.0)
    demand, times = np.asarray(case.demand), np.asarray(case.lead_times)
    coming = np.asarray(case.open_orders)
    roots = SOURCE < 0
    for path in range(demand.shape[1]):
        one = replace(case, demand=demand[:, [path]], lead_times=times[:, [path]])
        weeks = simulate(one, RULE).weeks
        in_transit = np.r_[coming[~roots].sum(), weeks["in_transit_units"]]
        into_stores = weeks["shipped_units"] - np.diff(in_transit)
        outside = weeks["received_units"] - into_stores
        served = weeks["demand"] - weeks["short"]
        stock = 9.0 * len(SOURCE) + in_transit[0] + (outside - served).cumsum()
        assert stock.to_numpy() == pytest.approx(weeks["stock_units"].to_numpy())
        assert (outside > -1e-9).all()


def test_more_at_the_warehouse_leaves_less_unshipped_and_the_same_own_demand() -> None:
    case = replace(two_echelons(), lost_share=1.0, order_multiple=0.0)
    lean, rich = (simulate(case, MinMaxRule(LOW * (1 + more * (SOURCE < 0)), HIGH * 4)) for more in (0, 3))
    assert rich.value("unshipped_units") < lean.value("unshipped_units")
    assert rich.value("fill_rate") > lean.value("fill_rate")
    assert rich.value("demand") == lean.value("demand")


def test_cutting_into_chunks_changes_nothing_and_keeps_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    case = replace(two_echelons(), lead_times=np.tile(np.arange(3), (9, 1)))
    whole = simulate(case, RULE, seed=4, group="kind")
    fixed = simulate(fix_lead_times(case, 4), RULE, group="kind")
    monkeypatch.setattr(simulate_module, "CELLS", 6)
    cut = simulate(case, RULE, seed=4, group="kind")
    for other in (fixed, cut):
        for table in ("series", "groups", "total", "paths", "weeks"):
            pd.testing.assert_frame_equal(getattr(whole, table), getattr(other, table))
    assert whole.series["product_id"].tolist() == list(range(9))


def test_no_chunk_cuts_a_tree_and_every_series_is_played_once() -> None:
    found = list(chunks(SOURCE, 9, 2))
    assert sorted(np.concatenate([chunk.chosen for chunk in found]).tolist()) == list(range(9))
    assert [sorted(chunk.chosen.tolist()) for chunk in found] == [[0, 1, 3, 4, 7], [5], [2, 6, 8]]
    assert [chunk.supplied for chunk in chunks(SOURCE, 9, 100)] == [6]


def test_permuting_the_series_changes_nothing_where_shares_are_not_rounded() -> None:
    case = replace(two_echelons(), demand=np.asarray(two_echelons().demand) + 0.25)
    order = np.random.default_rng(0).permutation(9)
    names: tuple[str, ...] = ("demand", "lead_times", "opening_stock", "open_orders", "order_weeks")
    names += ("minimum_quantity", "order_multiple", "lost_share", "sales_before")
    rows: dict[str, Any] = {name: np.asarray(getattr(case, name)) for name in names}
    rows = {name: value[order] if value.ndim else value for name, value in rows.items()}
    moved = replace(case, **rows, source=np.where(SOURCE[order] < 0, -1, np.argsort(order)[SOURCE[order]]))
    here = simulate(case, RULE).series["stock_units"].to_numpy()
    there = simulate(moved, MinMaxRule(LOW[order], HIGH[order])).series["stock_units"].to_numpy()
    assert there == pytest.approx(here[order])


def test_sources_of_minus_one_are_the_single_echelon() -> None:
    case = two_echelons()
    alone = simulate(replace(case, source=None), RULE)
    pd.testing.assert_frame_equal(alone.series, simulate(replace(case, source=np.full(9, -1)), RULE).series)
    assert "shipped_units" not in alone.series


def test_a_warehouse_sees_what_it_sent_as_its_outflow() -> None:
    class Watching:
        seen: Floats = np.zeros((1, 1))

        def order(self, situation) -> Floats:  # type: ignore[no-untyped-def]  # a rule is called by shape
            if 1 in situation.series:
                self.seen = situation.mean_sales(situation.week, 13)
            return UpToRule(np.array([10.0, 100.0])).order(situation)

    keys, rule = pd.DataFrame({"product_id": ["store", "warehouse"]}), Watching()
    demand = np.repeat([[[3.0]], [[2.0]]], 20, axis=2)
    simulate(SimulationCase(keys, demand, 1, [10.0, 100.0], source=[1, -1]), rule)
    assert rule.seen[0, 0] == pytest.approx(5.0)


def test_an_echelon_rule_counts_what_the_stores_have() -> None:
    """Echelon base-stock in a serial system: the warehouse orders last week's demand of the store, always."""
    demand = np.random.default_rng(1).poisson(5, (2, 4, 30)).astype("float64")
    demand[1] = 0
    keys = pd.DataFrame({"product_id": ["store", "warehouse"]})
    case = SimulationCase(keys, demand, [1, 2], [15.0, 25.0], lost_share=0.0, source=[1, -1])
    found = simulate(case, EchelonRule(UpToRule(np.array([15.0, 40.0]))))
    bought = found.series["ordered_units"].iloc[1]
    assert bought == pytest.approx(demand[0, :, :-1].sum(axis=1).mean())


def test_what_is_short_is_shared_fairly_in_whole_units_and_over_time() -> None:
    level = next(iter(chunks(np.array([-1, 0, 0, 0]), 4, 9))).levels[0]
    needs, got = np.array([[1.0], [2.0], [3.0]]), np.zeros((3, 1))
    weeks = 500
    for week in range(weeks):
        shared = share_out(needs, np.array([[2.0]]), level, True, week)
        assert shared.sum() == 2
        assert ((shared == np.rint(shared)) & (shared <= needs)).all()
        got += shared
    assert (got / weeks)[:, 0] == pytest.approx([1 / 3, 2 / 3, 1.0], abs=0.01)
    assert share_out(needs, np.array([[2.0]]), level, False, 0)[:, 0] == pytest.approx([1 / 3, 2 / 3, 1.0])
    assert share_out(needs, np.array([[6.0]]), level, True, 0) is needs


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ([-1, 9] + [-1] * 7, r"series 1 is 9\. Give the row of a series, 0 to 8, or -1"),
        ([1, 0] + [-1] * 7, "leads back to itself"),
        ([0] + [-1] * 8, "leads back to itself"),
        ([-1, 0], r"shape \(2,\)"),
        ([-1.0] * 9, "float64"),
    ],
)
def test_sources_that_cannot_be_are_refused(source: list[float], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        simulate(replace(two_echelons(), source=source), RULE)
