"""The season of a single series as an index around one, drawn towards no season as far as it is noise.

With T the centred moving average over one season of length m, and k the place in the season:

    raw_k    = sum of y at k / sum of T at k, scaled to mean one        ratio of sums: zeros do no harm
    v        = variance of one raw_k, from y - raw_k T                  noise
    smooth_k = raw_k - 1, projected on HARMONICS sines and cosines; rest_k = raw_k - 1 - smooth_k
    index_k  = 1 + W(smooth) smooth_k + W(rest) rest_k
    W(x)     = max(0, 1 - dim(x) v / sum x_k^2)                         share of x that is no noise

So a season of 52 weeks seen three times is mostly its smooth yearly wave, twelve months seen ten
times are nearly their own means, and no test decides between season and none. Shrinking beat the
plain index and the test on M3 (benchmarks/README.md).

Source: classical decomposition; shrinkage: Miller and Williams (2003), International Journal of
Forecasting 19, 669-684, with the moment estimate of empirical Bayes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from helpers.forecasting.classify import Floats

HARMONICS = 3
SEASONS_NEEDED = 2.0
LOWEST = 0.05


def seasonal_indices(demand: Floats, season_length: int) -> Floats:
    """Return the index of each series for the periods after its end, series × season_length.

    Column h - 1 belongs to step h ahead (and to the last period for h = season_length, and so
    on backwards). Ones where fewer than two seasons were seen.

    Parameters
    ----------
    demand
        Series × periods, never negative, aligned at the last period, NaN before a start only.
    season_length
        Periods in a season, m; 1 = no season.
    """
    series, periods = demand.shape
    flat = np.ones((series, season_length))
    if season_length < 2 or periods < SEASONS_NEEDED * season_length:
        return flat
    trend = _moving_average(demand, season_length)
    usable = np.isfinite(trend) & (trend > 0)
    places = (np.arange(periods) - periods) % season_length
    sums = [
        _by_place(np.where(usable, values, 0.0), places, season_length)
        for values in (demand, trend, np.ones_like(demand))
    ]
    total, expected, count = sums
    raw = total / np.where(expected > 0, expected, 1.0)
    raw /= np.maximum(raw.mean(axis=1, keepdims=True), 1e-9)
    error = np.where(usable, demand - raw[:, places] * trend, 0.0)
    squares = _by_place(error**2, places, season_length)
    freedom = count.sum(axis=1) - season_length
    long_enough = np.isfinite(demand).sum(axis=1) >= SEASONS_NEEDED * season_length
    ready = (count > 0).all(axis=1) & (freedom > 0) & long_enough
    level = np.maximum(expected / np.maximum(count, 1), 1e-12)
    noise = (squares / level**2).sum(axis=1) / np.maximum(freedom, 1)
    variance = noise * (1 / np.maximum(count, 1)).mean(axis=1)
    return np.where(ready[:, None], np.maximum(1 + _shrunk(raw - 1, variance), LOWEST), flat)


def _moving_average(demand: Floats, season_length: int) -> Floats:
    """Centred mean over one season (ends weigh half where m is even); NaN where it is not known."""
    weights = np.ones(season_length + 1 - season_length % 2)
    if season_length % 2 == 0:
        weights[[0, -1]] = 0.5
    weights /= weights.sum()
    windows = np.lib.stride_tricks.sliding_window_view(demand, len(weights), axis=1)
    half = len(weights) // 2
    found = np.full(demand.shape, np.nan)
    found[:, half : demand.shape[1] - half] = windows @ weights
    return found


def _by_place(values: Floats, places: NDArray[np.intp], season_length: int) -> Floats:
    """Sum over the seasons, series × season_length."""
    member = np.zeros((len(places), season_length))
    member[np.arange(len(places)), places] = 1.0
    found: Floats = values @ member
    return found


def _shrunk(raw: Floats, variance: Floats) -> Floats:
    waves = _waves(raw.shape[1])
    smooth = raw @ waves @ waves.T
    rest = raw - smooth
    dimension = waves.shape[1]
    others = raw.shape[1] - 1 - dimension
    return _signal(smooth, dimension * variance) * smooth + _signal(rest, others * variance) * rest


def _signal(part: Floats, expected_noise: Floats) -> Floats:
    """Share of a part that is no noise, series × 1."""
    squares = (part**2).sum(axis=1)
    return np.clip(1 - expected_noise / np.maximum(squares, 1e-12), 0.0, 1.0)[:, None]


def _waves(season_length: int) -> Floats:
    """Orthonormal sines and cosines of the first harmonics, season_length × how many there are."""
    angle = 2 * np.pi * np.arange(season_length) / season_length
    most = min(HARMONICS, season_length // 2)
    columns = [wave(k * angle) for k in range(1, most + 1) for wave in (np.sin, np.cos)]
    kept = [column for column in columns if np.abs(column).max() > 1e-9]
    return np.column_stack([column / np.linalg.norm(column) for column in kept])
