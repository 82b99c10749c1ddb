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
from helpers.forecasting.demand.history import History
from helpers.forecasting.demand.known import Background, Known, know
from helpers.forecasting.demand.launches import launch_levels
from helpers.forecasting.hierarchy import build_hierarchy, forecast_groups
from helpers.forecasting.methods import (
    BASELINE,
    BOOSTED,
    CANDIDATES,
    ENSEMBLE,
    LAUNCH,
    POOLED,
    ensemble_mean,
    run_methods,
    share_of_product,
)
from helpers.forecasting.settings import ForecastSettings
from helpers.forecasting.trees.boosted import BoostedSettings, boosted_level

# A window needs some weeks before it to learn from.
FEWEST_WEEKS = 8
THIN_WEEKS = 13


@dataclass(frozen=True, eq=False)
class Truth:
    """What forecasts are compared with, series × weeks: demand as repaired, and where it was seen."""

    demand: Floats
    seen: NDArray[np.bool_]

    @classmethod
    def of(cls, known: Known) -> Truth:
        """Return the truth as far as it is known after all weeks."""
        return cls(known.history.demand, ~known.history.stockout)


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
        Series × horizon, what was wanted; NaN where a series is not on sale, empty of values for the
        future.
    seen
        Series × horizon; whether stock lasted, so that `actual` was seen and not estimated.
    classes
        Demand class of each series, from what was known.
    scale
        In-sample mean absolute error of the seasonal naive, from what was known.
    dispersion
        In-sample variance ÷ mean of the last year, from what was known.
    upper
        Forecasts made at product, category, site and total by themselves, nodes × horizon; only where
        they are to be reconciled.
    """

    origin: int
    forecasts: dict[str, Floats]
    actual: Floats
    seen: NDArray[np.bool_]
    classes: NDArray[np.str_]
    scale: Floats
    dispersion: Floats
    upper: Floats | None = None

    @property
    def scored(self) -> NDArray[np.bool_]:
        """Series × horizon: forecast and actual are both there."""
        found: NDArray[np.bool_] = np.isfinite(self.actual) & np.isfinite(self.forecasts[BASELINE])
        return found


def backtest_windows(
    history: History, background: Background, truth: Truth, settings: ForecastSettings
) -> list[Window]:
    """Return the back-test windows, oldest first; fewer where the history is short.

    Parameters
    ----------
    history
        As recorded.
    background
        Promotions, holidays, launches and ends.
    truth
        What the forecasts are compared with.
    """
    steps = range(settings.windows + 1, 0, -1)
    origins = [history.length - step * settings.horizon for step in steps]
    return [
        window_at(know(history.until(origin), background, settings), truth, settings)
        for origin in origins
        if origin >= FEWEST_WEEKS
    ]


def window_at(known: Known, truth: Truth, settings: ForecastSettings) -> Window:
    """Forecast with every method from what was known; `truth` holds the weeks of all the history."""
    origin, recorded = known.history.length, known.recorded
    after = slice(origin, origin + settings.horizon)
    actual = np.full((len(recorded), settings.horizon), np.nan)
    seen = np.zeros(actual.shape, dtype=bool)
    found = truth.demand[:, after]
    actual[:, : found.shape[1]], seen[:, : found.shape[1]] = found, truth.seen[:, after]
    return Window(
        origin=origin,
        forecasts=forecast_all(known, settings),
        actual=actual,
        seen=seen,
        classes=demand_classes(recorded, settings.new_weeks),
        scale=naive_scale(recorded, settings.season_length),
        dispersion=recent_dispersion(known.history.demand, known.factors.shape),
        upper=_forecast_upper(known, settings),
    )


def _forecast_upper(known: Known, settings: ForecastSettings) -> Floats | None:
    if settings.reconciliation == "bottom_up":
        return None
    history = known.history
    hierarchy = build_hierarchy(history.keys)
    shape = known.factors.shape
    return forecast_groups(
        hierarchy, history.demand, shape, history.active, settings.horizon, n_jobs=settings.n_jobs
    )


def forecast_all(known: Known, settings: ForecastSettings) -> dict[str, Floats]:
    """Return the forecast of every method for the series on sale after the last known week.

    The baseline sees what the orders say; all others see what was wanted. A method with a season of
    its own sees it with promotions and age divided out, the others with the season divided out too.
    """
    history, factors = known.history, known.factors
    rows = np.flatnonzero(history.active)
    past, ahead = slice(0, history.length), slice(history.length, None)
    level = history.demand / factors.shape[:, past]
    common = (settings.horizon, settings.season_length, settings.n_jobs)
    found = run_methods(known.recorded[rows], (BASELINE,), *common)
    seasonal = [name for name in settings.methods if CANDIDATES[name].own_season and name != BASELINE]
    unpromoted = history.demand[rows] / factors.events[rows, past]
    for name, values in run_methods(unpromoted, seasonal, *common).items():
        found[name] = values * factors.events[rows, ahead]
    plain = [name for name in settings.methods if CANDIDATES[name].build and not CANDIDATES[name].own_season]
    levels = run_methods(level[rows], plain, *common)
    if POOLED in settings.methods:
        products = history.keys["product_id"].to_numpy()
        shared = share_of_product(level, products, history.active, settings.horizon, settings.n_jobs)
        levels[POOLED] = shared[rows]
    if BOOSTED in settings.methods:
        boosted = BoostedSettings(seed=settings.seed)
        model = boosted_level(history, factors.shape, settings.horizon, boosted, settings.season_length)
        levels[BOOSTED] = model[rows]
    if levels:
        levels[ENSEMBLE] = ensemble_mean(levels)
    found |= {name: values * factors.shape[rows, ahead] for name, values in levels.items()}
    found.setdefault(ENSEMBLE, ensemble_mean(found))
    grids = {name: _on_sale(values, rows, history) for name, values in found.items()}
    return grids | {LAUNCH: _forecast_launches(known, settings)}


def _forecast_launches(known: Known, settings: ForecastSettings) -> Floats:
    """Products too new to tell sell like their predecessor or their kind; NaN for all others."""
    history, shape = known.history, known.factors.shape
    position = history.length + np.arange(settings.horizon)
    new = np.isfinite(known.recorded).sum(axis=1) < settings.new_weeks
    new &= (history.end >= history.length) & (history.start <= position[-1]) & _launch_is_known(known)
    dispersion = recent_dispersion(history.demand, shape)
    level = launch_levels(history, known.lives, shape, dispersion, new)
    ahead = level[:, None] * shape[:, history.length :]
    ahead = np.where(position < history.start[:, None], np.nan, ahead)
    return np.where(np.isfinite(ahead) & (position > history.end[:, None]), 0.0, ahead)


def _launch_is_known(known: Known) -> NDArray[np.bool_]:
    """Whether a series has begun, or will begin by a launch date and not just by its first order."""
    begun = known.history.start < known.history.length
    known_launch: NDArray[np.bool_] = begun | (known.history.start == known.lives.launch)
    return known_launch


def naive_scale(demand: Floats, season_length: int) -> Floats:
    """Return the in-sample MAE of the seasonal naive (of the naive below one season and a bit)."""
    seasonal = _mean_step(demand, season_length)
    return np.where(np.isfinite(seasonal), seasonal, np.nan_to_num(_mean_step(demand, 1)))


def recent_dispersion(demand: Floats, shape: Floats, weeks: int = 52) -> Floats:
    """Return variance ÷ mean about the shape in the last weeks, drawn towards that of all series where thin.

    A Poisson count has 1; so has a series without demand where nothing else is known.
    """
    recent = demand[:, -weeks:]
    alive = np.isfinite(recent)
    factor = np.where(alive, shape[:, : demand.shape[1]][:, -weeks:], 0.0)
    exposure, units = factor.sum(axis=1), np.nansum(recent, axis=1)
    expected = factor * (units / np.where(exposure > 0, exposure, 1.0))[:, None]
    known = alive & (expected > 0)
    gaps = np.where(known, np.nan_to_num(recent) - expected, 0.0)
    squares = (gaps**2 / np.where(known, expected, 1.0)).sum(axis=1)
    count = alive.sum(axis=1)
    told = (units > 0) & (count >= THIN_WEEKS)
    common = float((squares[told] / (count[told] - 1)).mean()) if told.any() else 1.0
    freedom = np.where(units > 0, np.maximum(count - 1, 0), 0)
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
