"""Demand that stock could not serve, against a simulation that knows what was wanted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers.forecasting.classify import Floats
from helpers.forecasting.demand.history import History
from helpers.forecasting.demand.repair import repair_history, repair_in_passes, units_beyond

SERIES, WEEKS = 60, 130


def simulated(lost: float, seed: int = 0) -> tuple[History, Floats]:
    """Order-up-to stock that is blind to the season; what runs short is lost with probability `lost`."""
    rng = np.random.default_rng(seed)
    mean = rng.uniform(1, 12, SERIES)[:, None] * (1 + 0.4 * np.sin(2 * np.pi * np.arange(WEEKS) / 52))
    wanted = rng.negative_binomial(3, 3 / (3 + mean)).astype(float)
    supply = np.maximum(
        np.rint(mean.mean(axis=1)[:, None] * rng.choice([0, 0.7, 1.5, 4], (SERIES, WEEKS))), 0
    )
    served = np.minimum(wanted, supply)
    demand = wanted - rng.binomial((wanted - served).astype(int), lost)
    keys = pd.DataFrame(
        {
            "product_id": [f"P{i // 2:02d}" for i in range(SERIES)],
            "site_id": ["A", "B"] * (SERIES // 2),
            "category": "C",
        }
    )
    nothing = np.zeros_like(demand)
    history = History(
        keys=keys,
        weeks=pd.date_range("2023-01-02", periods=WEEKS, freq="7D"),
        demand=demand,
        stockout=supply <= served,
        apart=nothing,
        cancelled=nothing,
        start=np.zeros(SERIES, dtype=np.int64),
        end=np.full(SERIES, 10**6),
        notes=(),
        supply=supply,
        left=supply - served,
        line_squares=np.zeros_like(demand),
    )
    return history, wanted


def season() -> Floats:
    return np.broadcast_to(1 + 0.4 * np.sin(2 * np.pi * np.arange(WEEKS) / 52), (SERIES, WEEKS))


@pytest.mark.parametrize("lost", [1.0, 0.5])
def test_repaired_demand_is_what_was_wanted(lost: float) -> None:
    biases = []
    for seed in range(3):
        history, wanted = simulated(lost, seed)
        repaired = repair_history(history, season())
        assert history.demand.sum() < 0.9 * wanted.sum()
        biases.append(repaired.history.demand.sum() / wanted.sum() - 1)
    # 8,000 weeks of counts: the mean over three seeds scatters by about half a percent.
    assert abs(np.mean(biases)) < 0.03


def test_nothing_is_added_where_shortage_only_delays_orders() -> None:
    history, wanted = simulated(lost=0.0)
    repaired = repair_history(history, season())
    assert repaired.history.demand.sum() == pytest.approx(wanted.sum(), rel=0.01)


def test_only_short_weeks_change_and_none_falls() -> None:
    history, _ = simulated(1.0)
    repaired = repair_history(history, season())
    change = repaired.history.demand - history.demand
    assert (change >= 0).all()
    assert ((change > 0) == repaired.repaired).all()
    assert history.left is not None
    assert (history.left[repaired.repaired] <= 0.5).all()
    assert repaired.history.recorded is not None
    assert (repaired.history.recorded == history.demand).all()


def test_tables_agree_with_the_grid_and_hold_three_estimates() -> None:
    history, wanted = simulated(1.0)
    repaired = repair_history(history, season())
    total = repaired.total.set_index("estimate")["units"]
    assert total["as recorded"] == history.demand.sum()
    assert total["censored model"] == pytest.approx(repaired.history.demand.sum())
    seen = ~history.stockout
    slow = sum(history.demand[row][seen[row]].mean() * WEEKS for row in range(SERIES) if seen[row].any())
    assert total["in-stock weeks only"] == pytest.approx(slow)
    assert repaired.series["added_units"].sum() == pytest.approx(
        (repaired.history.demand - history.demand).sum()
    )
    row = repaired.total.iloc[2]
    assert row["low"] < row["units"] < row["high"]
    assert abs(total["censored model"] - wanted.sum()) < abs(total["in-stock weeks only"] - wanted.sum())


def test_repair_does_not_see_beyond_its_cutoff() -> None:
    history, _ = simulated(1.0)
    changed = replace(history, demand=history.demand.copy())
    changed.demand[:, 100:] = 999.0
    first, second = (repair_history(part.until(100), season()) for part in (history, changed))
    assert (first.history.demand == second.history.demand).all()


def test_repairing_twice_starts_from_the_recorded_demand() -> None:
    history, _ = simulated(1.0)
    once = repair_in_passes(history, lambda _: season(), passes=1)
    twice = repair_in_passes(history, lambda _: season(), passes=2)
    np.testing.assert_allclose(once.history.demand, twice.history.demand)


def test_unknown_supply_leaves_the_history_alone() -> None:
    history, _ = simulated(1.0)
    blind = replace(history, supply=None, left=None)
    repaired = repair_history(blind, season())
    assert (repaired.history.demand == history.demand).all()
    assert not repaired.repaired.any()


def test_units_beyond_a_limit_agree_with_a_sum_over_the_distribution() -> None:
    from scipy.stats import nbinom

    for mean, shape, limit in ((4.0, 0.7, 3.0), (10.0, 5.0, 0.0), (2.0, 20.0, 6.0)):
        units = np.arange(2000)
        slow = (np.maximum(units - limit, 0) * nbinom.pmf(units, shape, shape / (shape + mean))).sum()
        found = units_beyond(np.array([limit]), np.array([mean]), np.array([shape]))[0]
        assert found == pytest.approx(slow, rel=1e-9)
