"""Steady series: how the votes are put together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from helpers.forecasting.series import steady
from helpers.forecasting.series.seasonal_index import seasonal_indices
from helpers.forecasting.series.smooth import trend_average
from helpers.forecasting.series.steady import SteadySettings, forecast_steady
from helpers.forecasting.series.theta import forecast_flat, forecast_theta

Grid = np.ndarray[Any, Any]


def noisy(series: int = 4, periods: int = 24, seed: int = 0) -> Grid:
    rng = np.random.default_rng(seed)
    return np.asarray(100 * (1 + 0.02 * np.arange(periods)) * rng.gamma(100, 0.01, (series, periods)))


def test_fast_is_the_middle_of_its_votes() -> None:
    demand = noisy()
    smooth = trend_average(demand, 5, draws=steady.DRAWS["fast"]).mean
    votes = np.stack([smooth, smooth, forecast_theta(demand, 5), forecast_flat(demand, 5)])
    found = forecast_steady(demand, SteadySettings(5, 1, effort="fast"))
    np.testing.assert_allclose(found.mean, np.median(votes, axis=0), rtol=1e-9)


def test_one_method_that_runs_away_moves_the_mean_little(monkeypatch: pytest.MonkeyPatch) -> None:
    demand = noisy()
    sound = forecast_steady(demand, SteadySettings(5, 1)).mean

    def run_away(level: Grid, names: tuple[str, ...], horizon: int, _season: int) -> dict[str, Grid]:
        return {name: np.full((len(level), horizon), 1e9 if name == "ces" else 100.0) for name in names}

    monkeypatch.setattr(steady, "run_methods", run_away)
    wild = forecast_steady(demand, SteadySettings(5, 1)).mean
    assert np.abs(wild / sound - 1).max() < 0.2


@pytest.mark.parametrize("effort", ["default", "fast"])
def test_series_stands_alone_among_longer_ones(effort: str) -> None:
    demand = noisy(3, 40)
    demand[0, :25] = np.nan
    settings = SteadySettings(6, 4, effort=effort)
    alone = forecast_steady(demand[:1, 25:], settings).mean
    np.testing.assert_allclose(forecast_steady(demand, settings).mean[:1], alone, rtol=1e-4)


@pytest.mark.parametrize("effort", ["default", "fast"])
def test_season_is_taken_out_and_put_back(effort: str) -> None:
    season = np.tile([0.4, 1.0, 1.6, 1.0], 6)
    demand = noisy(2) * season
    found = forecast_steady(demand, SteadySettings(4, 4, effort=effort))
    index = seasonal_indices(demand, 4)
    np.testing.assert_allclose(found.mean / found.mean.mean(axis=1, keepdims=True), index, rtol=0.1)


def test_fewer_than_six_periods_are_left_to_the_smoothing() -> None:
    demand = noisy(2, 5)
    expected = trend_average(demand, 3, draws=steady.DRAWS["default"]).mean
    np.testing.assert_allclose(forecast_steady(demand, SteadySettings(3, 1)).mean, expected, rtol=1e-9)


def test_negative_series_shift_with_their_zero_and_have_no_season() -> None:
    demand = noisy(2) * np.tile([0.4, 1.0, 1.6, 1.0], 6) - 120
    settings = SteadySettings(4, 4)
    np.testing.assert_allclose(
        forecast_steady(demand - 1000, settings).mean,
        forecast_steady(demand, settings).mean - 1000,
        rtol=1e-6,
    )
