"""Forecasts of series that sell steadily: the trimmed mean of several methods on a shrunken season.

    level    = demand / index                                             seasonal_index.py
    votes    = averaged smoothing of the level × index, twice             smooth.py
               theta of the logarithm of the level × index                theta.py
               simple exponential smoothing of the level × index          theta.py
               complex exponential smoothing of the demand                statsforecast
               exponential smoothing with damped trend of the level × index    statsforecast
    mean     = mean of the votes without the highest and the lowest, per step
    sd       = that of the averaged smoothing × index

The votes differ in what they do with a trend: learn how far to follow it, follow half of its
growth in percent, none of it, all of it, and let it fade. The smoothing counts twice as it is best
alone. "fast" takes fewer draws and the four votes that need no library. Complex smoothing brings
its own season up to `LONGEST_OWN` periods (longer ones take it minutes). A vote that lies more than
`FAR` times away from their median is drawn to that bound first: statsforecast's methods can run
away on a short series. Series shorter than `FEWEST` periods are left to the smoothing alone.

A series with negative values is shifted above zero before and back afterwards, and has no season:
an index around zero means nothing. Each series stands alone here.

Source: trimmed means of forecasts: Jose and Winkler (2008), International Journal of Forecasting
24, 163-169. How the votes were chosen: benchmarks/README.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helpers.forecasting.classify import Floats
from helpers.forecasting.methods import run_methods
from helpers.forecasting.series.seasonal_index import seasonal_indices
from helpers.forecasting.series.smooth import Smoothed, trend_average
from helpers.forecasting.series.theta import forecast_flat, forecast_theta

DRAWS = {"default": 200, "fast": 100}
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
    """Trimmed mean of the methods, where the smoothing counts twice."""
    rows = np.flatnonzero(np.isfinite(demand).sum(axis=1) >= FEWEST)
    found, season, horizon = smooth.copy(), future[rows], settings.horizon
    methods = [forecast_theta(level[rows], horizon) * season, forecast_flat(level[rows], horizon) * season]
    if settings.effort == "default":
        methods += _library_methods(demand[rows], level[rows], season, settings)
    members = np.stack([smooth[rows], smooth[rows], *methods])
    middle = np.median(members, axis=0)
    kept = np.sort(np.clip(members, middle / FAR, middle * FAR), axis=0)[1:-1]
    found[rows] = kept.mean(axis=0)
    return found


def _library_methods(
    demand: Floats, level: Floats, future: Floats, settings: SteadySettings
) -> tuple[Floats, Floats]:
    """Complex smoothing, of the demand where its own season is affordable, and damped trend."""
    horizon, own = settings.horizon, 1 < settings.season_length <= LONGEST_OWN
    if own:
        by_level = run_methods(level, ("damped",), horizon, 1)
        seasonal = run_methods(demand, ("ces",), horizon, settings.season_length)["ces"]
        return seasonal, by_level["damped"] * future
    by_level = run_methods(level, ("ces", "damped"), horizon, 1)
    return by_level["ces"] * future, by_level["damped"] * future
