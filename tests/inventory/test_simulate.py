"""The simulation against a slow loop of one series, against exact policies, and what must always hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import stats

from helpers.errors import ParameterError
from helpers.inventory import (
    Exposure,
    PoissonDemand,
    base_stock_policy,
    min_max_policy,
    newsvendor,
    service_of,
)
from helpers.inventory.simulation import simulate as simulate_module
from helpers.inventory.simulation.case import Costs, SimulationCase, order_calendar
from helpers.inventory.simulation.policy_rules import (
    FixedQuantityRule,
    MinMaxRule,
    ReplenishmentRule,
    UpToRule,
)
from helpers.inventory.simulation.result import Simulation
from helpers.inventory.simulation.simulate import fix_lead_times, simulate

Floats = NDArray[np.float64]


def keys_of(count: int) -> pd.DataFrame:
    return pd.DataFrame(
        {"product_id": [f"P{i}" for i in range(count)], "abc": (["A", "B", "B"] * count)[:count]}
    )


def errors_of(found: Simulation) -> dict[str, float]:
    return dict(zip(found.total["measure"], found.total["standard_error"].to_numpy(), strict=True))


def rich_case(series: int = 5, paths: int = 7, weeks: int = 30) -> SimulationCase:
    """Everything at once: random lead times that cross, packs, minimum, lost share, calendar, open orders."""
    drawn = np.random.default_rng(7)
    return SimulationCase(
        keys_of(series),
        drawn.poisson(6, (series, paths, weeks)).astype("float64"),
        lead_times=drawn.integers(0, 6, (series, paths, weeks)),
        opening_stock=drawn.integers(-3, 30, series),
        open_orders=drawn.integers(0, 9, (series, 4)),
        order_weeks=order_calendar(drawn.integers(1, 4, series), weeks, first=drawn.integers(0, 2, series)),
        minimum_quantity=8,
        order_multiple=[0, 6, 5, 1, 12][:series],
        lost_share=np.linspace(0, 1, series),
        sales_before=drawn.poisson(6, (series, 5)),
        costs=Costs(np.arange(1.0, series + 1), holding_cost=0.2, fixed_cost=3.0, stockout_cost=7.0),
        warm_up=3,
    )


def play_slowly(  # noqa: PLR0915 - one obvious loop
    case: SimulationCase, rule: str, series: int, path: int
) -> dict[str, float]:
    """One series on one path, with a list of deliveries; (r, Q) = (20, 7), (s, S) = (20, 33), S = 33."""
    demand = np.asarray(case.demand)[series, path]
    times = np.asarray(case.lead_times)[series, path]
    calendar = np.asarray(case.order_weeks)[series]
    multiple = np.asarray(case.order_multiple)[series]
    theta = np.asarray(case.lost_share)[series]
    coming = [(week, units) for week, units in enumerate(np.asarray(case.open_orders)[series])]
    on_hand = max(float(np.asarray(case.opening_stock)[series]), 0.0)
    owed = max(-float(np.asarray(case.opening_stock)[series]), 0.0)
    found = dict.fromkeys(
        ["demand", "short_units", "lost_units", "orders", "ordered_units", "stock", "through"], 0.0
    )
    weeks_short, cycles, cycle_is_short = 0, list[bool](), False
    for week, wanted in enumerate(demand):
        counted = week >= case.warm_up
        if calendar[week]:
            position = on_hand + sum(units for _, units in coming) - owed
            need = 0.0
            if rule == "fixed":
                while position + need <= 20:
                    need += 7
            elif rule == "min-max":
                need = 33 - position if position <= 20 else 0
            else:
                need = max(33 - position, 0)
            if need > 0:
                need = max(need, 8)
                need = np.ceil(need / multiple - 1e-9) * multiple if multiple else need
                coming.append((week + times[week], need))
                found["orders"] += counted
                found["ordered_units"] += counted * need
        arrived = sum(units for due, units in coming if due == week)
        coming = [(due, units) for due, units in coming if due != week]
        if arrived > 0:
            if week > case.warm_up:
                cycles.append(cycle_is_short)
            cycle_is_short = False
        on_hand += arrived
        served_late = min(on_hand, owed)
        on_hand, owed = on_hand - served_late, owed - served_late
        at_start = on_hand
        sold = min(on_hand, wanted)
        short = wanted - sold
        on_hand -= sold
        owed += (1 - theta) * short
        is_short = short > 1e-9 or owed > 1e-9
        cycle_is_short |= is_short
        weeks_short += is_short * counted
        if counted:
            found["demand"] += wanted
            found["short_units"] += short
            found["lost_units"] += theta * short
            found["stock"] += on_hand
            found["through"] += (at_start + on_hand) / 2
    counted_weeks = len(demand) - case.warm_up
    stock = found.pop("stock")
    through = found.pop("through")
    cost = np.asarray(case.costs.unit_cost)[series] if case.costs else 0
    return found | {
        "fill_rate": 1 - found["short_units"] / found["demand"],
        "cycle_service_level": 1 - float(np.mean(cycles or [cycle_is_short])),
        "weeks_in_stock": 1 - weeks_short / counted_weeks,
        "stock_units": stock / counted_weeks,
        "stock_through_week": through / counted_weeks,
        "stock_value": stock / counted_weeks * cost,
        "holding_cost": 0.2 * stock,
        "ordering_cost": 3 * found["orders"],
        "stockout_cost": 7 * found["short_units"],
    }


RULES: dict[str, ReplenishmentRule] = {
    "fixed": FixedQuantityRule(20, 7),
    "min-max": MinMaxRule(20, 33),
    "up-to": UpToRule(33),
}


@pytest.mark.parametrize("name", RULES)
def test_every_path_is_what_a_slow_loop_gives(name: str) -> None:
    case = rich_case()
    demand, times = np.asarray(case.demand), np.asarray(case.lead_times)
    for path in range(3):
        one = replace(case, demand=demand[:, [path]], lead_times=times[:, [path]])
        table = simulate(one, RULES[name]).series
        for series in range(5):
            for measure, value in play_slowly(case, name, series, path).items():
                assert table[measure].iloc[series] == pytest.approx(value, abs=1e-9), (measure, series, path)


def test_figures_over_paths_are_means_and_quantiles_of_slow_loops() -> None:
    case = rich_case()
    found = simulate(case, RULES["fixed"], interval=0.8, group="abc")
    slow = [[play_slowly(case, "fixed", series, path) for path in range(7)] for series in range(5)]
    for measure in ("stock_units", "lost_units", "stockout_cost"):
        values = np.array([[cell[measure] for cell in row] for row in slow])
        assert found.series[measure].to_numpy() == pytest.approx(values.mean(axis=1))
        assert found.series[f"{measure}_low"].to_numpy() == pytest.approx(np.quantile(values, 0.1, axis=1))
        assert found.paths[measure].to_numpy() == pytest.approx(values.sum(axis=0))
        assert found.value(measure) == pytest.approx(values.sum(axis=0).mean())
        assert found.groups[measure].to_numpy() == pytest.approx(
            [values[[0, 3]].sum(axis=0).mean(), values[[1, 2, 4]].sum(axis=0).mean()]
        )
    short, demand = (np.array([[c[m] for c in row] for row in slow]) for m in ("short_units", "demand"))
    assert found.value("fill_rate") == pytest.approx(1 - short.sum() / demand.sum())
    assert found.groups["abc"].tolist() == ["A", "B"]


def long_case(demand: Floats, lead: int, review: int = 1, costs: Costs | None = None) -> SimulationCase:
    weeks = demand.shape[2]
    calendar = order_calendar(review, weeks)[0]
    return SimulationCase(
        keys_of(len(demand)), demand, lead, 40.0, order_weeks=calendar, costs=costs, warm_up=40 * review
    )


@pytest.mark.parametrize(
    ("lead", "review", "quantity"), [(2, 1, 0), (2, 3, 0), (0, 2, 0), (3, 1, 8), (2, 2, 5)]
)
def test_simulated_service_is_the_exact_one_of_poisson_demand(lead: int, review: int, quantity: int) -> None:
    demand = np.random.default_rng(3).poisson(4.0, (1, 200, 1040)).astype("float64")
    level = 4.0 * (lead + review) + 1
    rule = FixedQuantityRule(level, quantity) if quantity else UpToRule(level)
    found = simulate(long_case(demand, lead, review), rule)
    exact = service_of(
        Exposure(PoissonDemand([4.0 * lead]), PoissonDemand([4.0 * (lead + review)])), level, quantity
    )
    # Five standard errors of the mean over 200 independent paths.
    error = errors_of(found)
    assert found.value("fill_rate") == pytest.approx(exact.fill_rate[0], abs=5 * error["fill_rate"])
    assert error["fill_rate"] < 2e-3
    if review == 1:
        on_hand = found.value("stock_through_week")
        assert on_hand == pytest.approx(exact.expected_on_hand[0], abs=5 * error["stock_through_week"])
    if quantity == 0 and review == 1:
        in_stock = found.value("weeks_in_stock")
        assert in_stock == pytest.approx(exact.cycle_service_level[0], abs=5 * error["weeks_in_stock"])
    if quantity == 0 and review > 1:  # every cycle has demand but for one in 3,000 or fewer
        cycles = found.value("cycle_service_level")
        assert cycles == pytest.approx(exact.cycle_service_level[0], abs=5 * error["cycle_service_level"])


def test_base_stock_cost_is_the_textbooks() -> None:
    """Snyder and Shen, example 4.4: h 0.18, p 0.70, N(50, 8²), lead time 4, 4.466781 a period."""
    demand = np.maximum(np.random.default_rng(1).normal(50, 8, (1, 200, 540)), 0)
    best = base_stock_policy(0.18, 0.70, 50, 8, lead_time=4)
    case = long_case(demand, 4, costs=Costs(1.0, holding_cost=0.18))
    found = simulate(case, UpToRule(best.base_stock_level))
    weeks = 500
    # p is per unit owed and period there: what is owed at the end of a week follows from S − D_{L+1}.
    owed = found.value("stock_units") - (best.base_stock_level - 5 * 50)
    cost = found.value("holding_cost") / weeks + 0.70 * owed
    error = errors_of(found)
    assert cost == pytest.approx(best.cost, abs=5 * 0.88 * error["stock_units"] + 0.01)


def test_min_max_cost_is_the_textbooks() -> None:
    """Snyder and Shen, example 4.7: h 1, p 4, K 5, Poisson 6, lead time 0: s 4, S 10, 8.034112 a period.

    Without lead time the owed units of a week are its short ones, since nothing stays owed after a review.
    """
    best = min_max_policy(1, 4, 5, stats.poisson(6))
    demand = np.random.default_rng(2).poisson(6, (1, 200, 1040)).astype("float64")
    case = long_case(demand, 0, costs=Costs(1.0, holding_cost=1.0, fixed_cost=5.0, stockout_cost=4.0))
    found = simulate(case, MinMaxRule(best.reorder_point, best.order_up_to_level))
    error = errors_of(found)["cost"] / 1000
    assert error < 0.01
    assert found.value("cost") / 1000 == pytest.approx(best.cost, abs=5 * error)


def test_newsvendor_cost_is_the_textbooks_when_what_is_short_is_lost() -> None:
    """Snyder and Shen, example 4.3: h 0.18, p 0.70, N(50, 8²): S 56.603956, 1.997605 a period."""
    best = newsvendor(0.18, 0.70, stats.norm(50, 8))
    demand = np.maximum(np.random.default_rng(5).normal(50, 8, (1, 200, 1040)), 0)
    case = replace(
        long_case(demand, 0, costs=Costs(1.0, holding_cost=0.18, stockout_cost=0.70)), lost_share=1.0
    )
    found = simulate(case, UpToRule(best.base_stock_level))
    error = errors_of(found)["cost"] / 1000
    assert found.value("cost") / 1000 == pytest.approx(best.cost, abs=5 * error)
    assert error < 0.005


def test_more_stock_never_lowers_the_fill_rate() -> None:
    case = replace(rich_case(), order_multiple=0, minimum_quantity=0, lost_share=0)
    rates = [simulate(case, UpToRule(level)).series["fill_rate"].to_numpy() for level in range(0, 80, 8)]
    assert (np.diff(rates, axis=0) >= -1e-12).all()
    assert rates[-1].min() > rates[0].max()


def test_zero_demand_sells_nothing_and_keeps_its_stock() -> None:
    case = replace(rich_case(), demand=np.zeros((5, 7, 30)), opening_stock=40.0)
    found = simulate(case, UpToRule(33))
    assert found.value("demand") == found.value("lost_units") == found.value("orders") == 0
    assert found.value("fill_rate") == 1
    assert found.series["stock_units"].min() >= 40


def test_without_lead_time_an_order_up_to_the_weeks_demand_serves_it_all() -> None:
    demand = np.random.default_rng(0).integers(0, 20, (2, 3, 15)).astype("float64")
    case = SimulationCase(keys_of(2), demand, 0)
    found = simulate(case, UpToRule(demand.max(axis=1)))  # per series and week
    assert found.value("fill_rate") == found.value("weeks_in_stock") == 1
    one = simulate(replace(case, demand=demand[:, :1]), UpToRule(demand[:, 0]))
    assert one.value("fill_rate") == 1


def test_units_are_conserved() -> None:
    case = replace(rich_case(), warm_up=0)
    weeks = simulate(case, RULES["min-max"]).weeks
    opening = np.maximum(np.asarray(case.opening_stock, dtype="float64"), 0).sum()
    assert weeks["received_units"].sum() <= weeks["ordered_units"].sum() + np.asarray(case.open_orders).sum()
    sold_at_once = weeks["demand"].sum() - weeks["short"].sum()
    most = opening + weeks["received_units"].sum() - weeks["stock_units"].iloc[-1]
    assert sold_at_once <= most + 1e-9


def test_the_same_seed_gives_the_same_figures_and_another_seed_others() -> None:
    case = replace(rich_case(), lead_times=np.tile(np.arange(6), (5, 1)))
    tables = [simulate(case, RULES["fixed"], seed=seed).series for seed in (4, 4, 5)]
    pd.testing.assert_frame_equal(tables[0], tables[1])
    assert not tables[0].equals(tables[2])


def test_chunks_and_lead_times_fixed_beforehand_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    case = replace(rich_case(), lead_times=np.tile(np.arange(6), (5, 1)))
    whole = simulate(case, RULES["fixed"], seed=4, group="abc")
    fixed = simulate(fix_lead_times(case, 4), RULES["fixed"], seed=9, group="abc")
    monkeypatch.setattr(simulate_module, "CELLS", 14)
    cut = simulate(case, RULES["fixed"], seed=4, group="abc")
    for other in (fixed, cut):
        for table in ("series", "groups", "total", "paths", "weeks"):
            pd.testing.assert_frame_equal(getattr(whole, table), getattr(other, table))


def test_stock_follows_a_seasonal_reorder_point() -> None:
    levels = np.r_[np.full(20, 10.0), np.full(20, 60.0)][None]
    found = simulate(SimulationCase(keys_of(1), np.full((1, 2, 40), 4.0), 1, 10.0), UpToRule(levels)).weeks
    assert found["stock_units"].iloc[5:20].to_numpy() == pytest.approx(2.0)
    assert found["stock_units"].iloc[25:].to_numpy() == pytest.approx(52.0)


def test_all_that_is_wrong_is_said_at_once() -> None:
    case = replace(rich_case(), lost_share=1.5, warm_up=30, opening_stock=[1, 2], lead_times=1.5)
    with pytest.raises(ParameterError, match=r"opening_stock.*lead_times.*lost_share.*warm_up"):
        simulate(case, RULES["fixed"])
    with pytest.raises(ParameterError, match="series × paths × weeks"):
        simulate(replace(case, demand=[[1.0]]), RULES["fixed"])
    with pytest.raises(ParameterError, match="no column 'xyz'"):
        simulate(rich_case(), RULES["fixed"], group="xyz")
    with pytest.raises(ParameterError, match="empty level for series 0 in week 0"):
        simulate(rich_case(), UpToRule(np.nan))
    with pytest.raises(ParameterError, match="Q > 0"):
        FixedQuantityRule(1, 0)
