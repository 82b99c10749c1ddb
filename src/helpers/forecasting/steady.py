"""Forecasts of series that sell steadily: the mean of three methods on a shrunken season.

    level    = demand / index            seasonal_index.py
    mean     = mean of: averaged smoothing of the level × index         smooth.py
                        dynamic optimised theta of the level × index    statsforecast
                        complex exponential smoothing of the demand     statsforecast
    sd       = that of the averaged smoothing × index

"fast" takes fewer draws, the plain theta of `theta.py` and complex smoothing of the level. Complex
smoothing brings its own season up to `LONGEST_OWN` periods (longer ones take it minutes). A method that
lies more than `FAR` times away from the median of the three is drawn to that bound: both of
statsforecast's methods can run away on a short series. Series shorter than `FEWEST` periods are
left to the smoothing alone.

A series with negative values is shifted above zero before and back afterwards, and has no season:
an index around zero means nothing. Each series stands alone here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helpers.forecasting.classify import Floats
from helpers.forecasting.methods import run_methods
from helpers.forecasting.seasonal_index import seasonal_indices
from helpers.forecasting.smooth import Smoothed, trend_average
from helpers.forecasting.theta import forecast_theta

DRAWS = {"default": 300, "fast": 100}
LONGEST_OWN = 12
FEWEST = 6
FAR = 2.0


@dataclass(frozen=True)
class SteadySettings:
    """What one part of the work needs to know."""

    horizon: int
    season_length: int
    seed: int = 0
    effort: str = "default"


def forecast_steady(demand: Floats, settings: SteadySettings) -> Smoothed:
    """Return mean, sd and standardised past errors of some series.

    `demand` is series × periods, aligned at the last period, NaN before the start of a series
    only; the result has its rows.
    """
    shift = _shift(demand)
    raised = demand + shift[:, None]
    found = _blank(len(demand), settings.horizon)
    moving = np.nanmax(raised, axis=1) > np.nanmin(raised, axis=1)
    still = np.flatnonzero(~moving)
    found.mean[still] = raised[still, -1:]
    rows = np.flatnonzero(moving)
    if len(rows):
        part = _forecast_moving(raised[rows], shift[rows] > 0, settings)
        found.mean[rows], found.sd[rows] = part.mean, part.sd
        past = np.full((len(part.past_error), *found.mean.shape), np.nan)
        past[:, rows] = part.past_error
        found = Smoothed(found.mean, found.sd, past)
    return Smoothed(found.mean - shift[:, None], found.sd, found.past_error)


def _shift(demand: Floats) -> Floats:
    """What lifts series with negative values above zero: to half of their range."""
    low, high = np.nanmin(demand, axis=1), np.nanmax(demand, axis=1)
    return np.where(low < 0, (high - low) / 2 - low, 0.0)


def _blank(series: int, horizon: int) -> Smoothed:
    shape = (series, horizon)
    return Smoothed(np.zeros(shape), np.zeros(shape), np.full((1, *shape), np.nan))


def _forecast_moving(demand: Floats, shifted: NDArray[np.bool_], settings: SteadySettings) -> Smoothed:
    horizon, season = settings.horizon, settings.season_length
    index = seasonal_indices(demand, season)
    index[shifted] = 1.0
    past = index[:, (np.arange(demand.shape[1]) - demand.shape[1]) % season]
    future = index[:, np.arange(horizon) % season]
    level = demand / past
    smooth = trend_average(level, horizon, draws=DRAWS[settings.effort], seed=settings.seed)
    mean = _combine(smooth.mean * future, demand, level, future, settings)
    return Smoothed(mean, smooth.sd * future, smooth.past_error)


def _combine(
    smooth: Floats, demand: Floats, level: Floats, future: Floats, settings: SteadySettings
) -> Floats:
    rows = np.flatnonzero(np.isfinite(demand).sum(axis=1) >= FEWEST)
    thorough = settings.effort == "default"
    own = thorough and 1 < settings.season_length <= LONGEST_OWN
    theta = _theta(level[rows], settings.horizon, thorough) * future[rows]
    seen, season = (demand, settings.season_length) if own else (level, 1)
    complex_ = run_methods(seen[rows], ("ces",), settings.horizon, season)["ces"]
    members = np.stack([smooth[rows], theta, complex_ if own else complex_ * future[rows]])
    middle = np.median(members, axis=0)
    found = smooth.copy()
    found[rows] = np.clip(members, middle / FAR, middle * FAR).mean(axis=0)
    return found


def _theta(level: Floats, horizon: int, thorough: bool) -> Floats:
    if thorough:
        return run_methods(level, ("theta",), horizon, 1)["theta"]
    return forecast_theta(level, horizon)
