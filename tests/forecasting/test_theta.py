"""The theta method against a slow second computation."""

from __future__ import annotations

from typing import Any

import numpy as np

from helpers.forecasting.theta import ALPHAS, forecast_theta


def slow(values: np.ndarray[Any, Any], horizon: int) -> np.ndarray[Any, Any]:
    best = (float("inf"), 0.0, 0.0)
    for alpha in ALPHAS.tolist():
        level, squares = float(values[0]), 0.0
        for value in map(float, values[1:]):
            squares += (value - level) ** 2
            level += alpha * (value - level)
        best = min(best, (squares, alpha, level))
    _, alpha, level = best
    slope = np.polyfit(np.arange(len(values)), values, 1)[0]
    ahead = np.arange(horizon) + (1 - (1 - alpha) ** len(values)) / alpha
    return np.asarray(np.maximum(level + slope / 2 * ahead, 0))


def test_it_computes_the_formulas_for_series_of_any_start() -> None:
    rng = np.random.default_rng(0)
    grid = np.full((3, 20), np.nan)
    for row, length in enumerate((20, 9, 3)):
        grid[row, -length:] = rng.gamma(9, 3, length) + np.arange(length)
    found = forecast_theta(grid, 5)
    for row, length in enumerate((20, 9, 3)):
        np.testing.assert_allclose(found[row], slow(grid[row, -length:], 5), rtol=1e-9)


def test_a_falling_series_stops_at_zero() -> None:
    assert forecast_theta(np.array([[9.0, 5.0, 1.0]]), 30)[0, -1] == 0
