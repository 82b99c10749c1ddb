"""Rolling-origin back-test: each window is forecast from what was known before it.

|------------- history -------------|
|--- known ---|w1|                       windows 1..k choose the method,
|----- known -----|w2|                   the last one is held out to measure accuracy:
|------- known -------|w3|               neither selection nor quantiles have seen it
|--------- known ---------|held out|
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helpers.forecasting.classify import Floats, demand_classes
from helpers.forecasting.history import History
from helpers.forecasting.methods import (
    BASELINE,
    CANDIDATES,
    ENSEMBLE,
    POOLED,
    median_ensemble,
    run_methods,
    share_of_product,
)
from helpers.forecasting.season import yearly_profiles
from helpers.forecasting.settings import ForecastSettings

# A window needs some weeks before it to learn from.
FEWEST_WEEKS = 8
THIN_WEEKS = 13


@dataclass(frozen=True, eq=False)
class Window:
    """Forecasts of all methods from one origin, and what then happened.

    Parameters
    ----------
    origin
        Weeks known; the first forecast week has this position in the calendar.
    forecasts
        Method name to series × horizon; NaN where a series is not forecast.
    actual
        Series × horizon; NaN where a series is not on sale, empty of values for the future.
    classes
        Demand class of each series, from what was known.
    scale
        In-sample mean absolute error of the seasonal naive, from what was known.
    dispersion
        In-sample variance ÷ mean of the last year, from what was known.
    """

    origin: int
    forecasts: dict[str, Floats]
    actual: Floats
    classes: NDArray[np.str_]
    scale: Floats
    dispersion: Floats

    @property
    def scored(self) -> NDArray[np.bool_]:
        """Series × horizon: forecast and actual are both there."""
        found: NDArray[np.bool_] = np.isfinite(self.actual) & np.isfinite(self.forecasts[BASELINE])
        return found


def backtest_windows(history: History, settings: ForecastSettings) -> list[Window]:
    """Return the back-test windows, oldest first; fewer where the history is short."""
    steps = range(settings.windows + 1, 0, -1)
    origins = [history.length - step * settings.horizon for step in steps]
    return [window_at(history, origin, settings) for origin in origins if origin >= FEWEST_WEEKS]


def window_at(history: History, origin: int, settings: ForecastSettings) -> Window:
    """Forecast with every method from what was known after `origin` weeks."""
    known = history.until(origin)
    actual = np.full((len(history.keys), settings.horizon), np.nan)
    seen = history.demand[:, origin : origin + settings.horizon]
    actual[:, : seen.shape[1]] = seen
    return Window(
        origin=origin,
        forecasts=forecast_all(known, settings),
        actual=actual,
        classes=demand_classes(known.demand, settings.new_weeks),
        scale=naive_scale(known.demand, settings.season_length),
        dispersion=recent_dispersion(known.demand),
    )


def forecast_all(known: History, settings: ForecastSettings) -> dict[str, Floats]:
    """Return the forecast of every method for the series on sale after the last known week."""
    rows = np.flatnonzero(known.active)
    profile = yearly_profiles(known, settings.horizon, settings.season_length)
    past, future = profile[:, : known.length], profile[:, known.length :]
    level = known.demand / past
    seasonal = [name for name in settings.methods if CANDIDATES[name].own_season]
    pooled = [name for name in settings.methods if name == POOLED]
    plain = [name for name in settings.methods if name not in (*seasonal, *pooled)]
    common = (settings.horizon, settings.season_length, settings.n_jobs)
    found = run_methods(known.demand[rows], seasonal, *common)
    levels = run_methods(level[rows], plain, *common)
    if pooled:
        products = known.keys["product_id"].to_numpy()
        shared = share_of_product(level, products, known.active, settings.horizon, settings.n_jobs)
        levels[POOLED] = shared[rows]
    if levels:
        levels[ENSEMBLE] = median_ensemble(levels)
    found |= {name: values * future[rows] for name, values in levels.items()}
    found.setdefault(ENSEMBLE, median_ensemble(found))
    return {name: _on_sale(values, rows, known) for name, values in found.items()}


def naive_scale(demand: Floats, season_length: int) -> Floats:
    """Return the in-sample MAE of the seasonal naive (of the naive below one season and a bit)."""
    seasonal = _mean_step(demand, season_length)
    return np.where(np.isfinite(seasonal), seasonal, np.nan_to_num(_mean_step(demand, 1)))


def recent_dispersion(demand: Floats, weeks: int = 52) -> Floats:
    """Return variance ÷ mean of the last weeks, drawn towards the mean of all series where thin.

    A Poisson count has 1; so has a series without demand where nothing else is known.
    """
    recent = demand[:, -weeks:]
    count = np.isfinite(recent).sum(axis=1)
    mean = np.nansum(recent, axis=1) / np.maximum(count, 1)
    squares = np.nansum((recent - mean[:, None]) ** 2, axis=1) / np.where(mean > 0, mean, 1.0)
    known = (mean > 0) & (count >= THIN_WEEKS)
    common = float((squares[known] / (count[known] - 1)).mean()) if known.any() else 1.0
    freedom = np.where(mean > 0, np.maximum(count - 1, 0), 0)
    pull = np.where(freedom >= weeks // 2, 0.0, THIN_WEEKS)
    found: Floats = (np.where(freedom > 0, squares, 0.0) + pull * common) / np.maximum(freedom + pull, 1)
    return found


def _mean_step(demand: Floats, lag: int) -> Floats:
    """Mean absolute difference at a lag; NaN with fewer than four differences."""
    steps = np.abs(demand[:, lag:] - demand[:, :-lag])
    count = np.isfinite(steps).sum(axis=1)
    return np.where(count >= min(4, lag), np.nansum(steps, axis=1) / np.maximum(count, 1), np.nan)


def _on_sale(values: Floats, rows: NDArray[np.int64], known: History) -> Floats:
    """Put the forecast rows back among all series, zero after a series' end date."""
    grid = np.full((len(known.keys), values.shape[1]), np.nan)
    grid[rows] = values
    over = known.length + np.arange(values.shape[1]) > known.end[:, None]
    return np.where(over & np.isfinite(grid), 0.0, grid)
