"""Forecasts of slow movers: pooled, equivariant, and blind to what comes later."""

from __future__ import annotations

import numpy as np
import pytest

from helpers.errors import ParameterError
from helpers.forecasting.counts.intermittent import forecast_intermittent

LEVELS = (0.1, 0.5, 0.9, 0.95)


def slow_movers(series: int, periods: int, seed: int) -> np.ndarray:
    """Series whose chance of demand differs and stays what it is; sizes 1, 2, 3."""
    rng = np.random.default_rng(seed)
    chance = rng.beta(2, 8, size=(series, 1))
    happens = rng.random((series, periods)) < chance
    return np.where(happens, rng.integers(1, 4, size=(series, periods)), 0.0)


def test_marginal_quantiles_hold_on_demand_of_known_kind() -> None:
    """3,600 held-out periods of 300 series: a right quantile lies between the two shares."""
    demand = slow_movers(300, 52, 1)
    found = forecast_intermittent(demand[:, :40], 12, LEVELS)
    actual = demand[:, 40:, None]
    below = (actual < found.quantiles).mean(axis=(0, 1))
    upto = (actual <= found.quantiles).mean(axis=(0, 1))
    assert (below <= np.array(LEVELS) + 0.01).all()
    assert (upto >= np.array(LEVELS) - 0.01).all()
    assert found.mean.sum() == pytest.approx(actual.sum(), rel=0.1)  # two standard errors


def test_pooling_beats_the_own_mean_of_each_series() -> None:
    demand = slow_movers(300, 36, 2)
    found = forecast_intermittent(demand[:, :24], 12, LEVELS)
    own = demand[:, :24].mean(axis=1, keepdims=True)
    actual = demand[:, 24:]
    assert ((found.mean - actual) ** 2).mean() < 0.99 * ((own - actual) ** 2).mean()


def test_scaling_the_units_scales_the_forecast() -> None:
    demand = slow_movers(30, 40, 3)
    once, thousand = (forecast_intermittent(demand * factor, 6, LEVELS) for factor in (1.0, 1e5))
    assert thousand.mean == pytest.approx(1e5 * once.mean)
    assert thousand.quantiles == pytest.approx(1e5 * once.quantiles)


def test_permuting_the_series_permutes_the_forecast() -> None:
    demand = slow_movers(60, 40, 4)
    order = np.random.default_rng(0).permutation(60)
    plain = forecast_intermittent(demand, 6, LEVELS)
    mixed = forecast_intermittent(demand[order], 6, LEVELS)
    assert mixed.mean == pytest.approx(plain.mean[order])
    assert mixed.quantiles == pytest.approx(plain.quantiles[order])


def test_a_shared_season_is_found_and_none_is_invented() -> None:
    rng = np.random.default_rng(5)
    season = np.tile(np.repeat([0.5, 1.5], 6), 5)
    demand = (rng.random((400, 60)) < 0.2 * season).astype(float)
    found = forecast_intermittent(demand[:, :48], 12, LEVELS, season_length=12)
    assert found.mean[:, :6].mean() == pytest.approx(0.1, rel=0.1)
    assert found.mean[:, 6:].mean() == pytest.approx(0.3, rel=0.1)
    steady = slow_movers(60, 48, 6)
    plain, seasonal = (forecast_intermittent(steady, 12, LEVELS, season_length=m) for m in (1, 12))
    assert seasonal.mean.sum(axis=0) == pytest.approx(plain.mean.sum(axis=0), rel=0.06)


@pytest.mark.parametrize(
    "demand",
    [
        np.array([[5.0]]),
        np.zeros((2, 30)),
        np.array([[np.nan, np.nan, 1.5, 0, 0, 2.25, 0, 0, 0, 0, 0, 1.0]]),
        np.full((1, 40), 3.0),
        np.array([[0.0] * 30 + [1e9]]),
    ],
    ids=["one point", "all zero", "late and fractional", "constant", "one huge"],
)
def test_strange_series_get_a_finite_rising_answer(demand: np.ndarray) -> None:
    found = forecast_intermittent(demand, 14, LEVELS, season_length=12)
    assert np.isfinite(found.mean).all()
    assert (found.mean >= 0).all()
    assert (np.diff(found.quantiles, axis=2) >= 0).all()
    assert (np.diff(found.sum_quantiles(14, LEVELS), axis=1) >= 0).all()


def test_no_demand_at_all_expects_none() -> None:
    assert forecast_intermittent(np.zeros((3, 30)), 6, LEVELS).mean.max() == 0


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(ParameterError) as caught:
        forecast_intermittent(np.array([[1.0, np.nan, 2.0]]), 0, (0.9, 0.1))
    assert all(name in str(caught.value) for name in ("demand", "horizon", "quantiles"))


def test_the_same_call_gives_the_same_answer() -> None:
    demand = slow_movers(80, 40, 7)
    first, second = (forecast_intermittent(demand, 6, LEVELS, seed=3) for _ in range(2))
    assert np.array_equal(first.quantiles, second.quantiles)
