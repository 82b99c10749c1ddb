"""Theta and flat smoothing against a slow second computation."""

from __future__ import annotations

from typing import Any

import numpy as np

from helpers.forecasting.series.theta import ALPHAS, FLOOR, forecast_flat, forecast_theta

Values = np.ndarray[Any, Any]


def slow_level(values: Values) -> tuple[float, float, float]:
    """Mean squared error, alpha and last level of the best alpha."""
    best = (float("inf"), 0.0, 0.0)
    for alpha in ALPHAS.tolist():
        level, squares = float(values[0]), 0.0
        for value in map(float, values[1:]):
            squares += (value - level) ** 2
            level += alpha * (value - level)
        best = min(best, (squares / (len(values) - 1), alpha, level))
    return best


def slow_theta(demand: Values, horizon: int) -> Values:
    logs = np.log(np.maximum(demand / demand.mean(), FLOOR))
    variance, alpha, level = slow_level(logs)
    slope = np.polyfit(np.arange(len(logs)), logs, 1)[0]
    ahead = np.arange(horizon) + (1 - (1 - alpha) ** len(logs)) / alpha
    return np.asarray(demand.mean() * np.exp(level + variance * (1 - alpha) / 2 + slope / 2 * ahead))


def test_they_compute_the_formulas_for_series_of_any_start() -> None:
    rng = np.random.default_rng(0)
    grid = np.full((3, 20), np.nan)
    for row, length in enumerate((20, 9, 3)):
        grid[row, -length:] = rng.gamma(9, 3, length) + np.arange(length)
    theta, flat = forecast_theta(grid, 5), forecast_flat(grid, 5)
    for row, length in enumerate((20, 9, 3)):
        np.testing.assert_allclose(theta[row], slow_theta(grid[row, -length:], 5), rtol=1e-9)
        np.testing.assert_allclose(flat[row], slow_level(grid[row, -length:])[2], rtol=1e-9)


def test_growth_in_percent_goes_on_half_as_fast() -> None:
    growing = 100 * 1.1 ** np.arange(30.0)[None]
    found = forecast_theta(growing, 8)[0]
    np.testing.assert_allclose(found[1:] / found[:-1], np.sqrt(1.1), rtol=1e-6)


def test_a_falling_series_stays_above_zero() -> None:
    found = forecast_theta(np.array([[9.0, 5.0, 1.0]]), 30)[0]
    assert (found > 0).all()
    assert (np.diff(found) < 0).all()


def test_noise_around_a_level_is_forecast_by_its_mean_and_not_its_median() -> None:
    noise = np.random.default_rng(1).lognormal(0, 0.5, (300, 200))
    np.testing.assert_allclose(forecast_theta(noise, 1).mean(), noise.mean(), rtol=0.02)
