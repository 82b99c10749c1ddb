"""Theta of the logarithms, and simple exponential smoothing, for many series at once.

    level      l_t = l_(t-1) + alpha (y_t - l_(t-1)), l_1 = y_1
    alpha      the one of ALPHAS with the least mean squared error v
    flat       l_n                                               simple exponential smoothing
    theta      l_n + b/2 × (h - 1 + 1/alpha - (1 - alpha)^n / alpha)     b: slope of the line through y

Theta is taken of y = log(demand / its mean), so growth goes on in percent, half as fast as before;
back on the scale of demand a mean of logs is a median, and v (1 - alpha) / 2 (half the variance that
the level does not follow) is added to make it a mean. Demand counts as FLOOR of its mean at least: one
period of nothing is no collapse. All values of alpha run over all series together, so a thousand series
cost milliseconds.

Source: Assimakopoulos and Nikolopoulos (2000), International Journal of Forecasting 16, 521-530;
form with drift: Hyndman and Billah (2003), same journal 19, 287-290.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from helpers.forecasting.classify import Floats

ALPHAS = np.linspace(0.05, 1.0, 20)
FLOOR = 0.1


@dataclass(frozen=True, eq=False)
class _Level:
    """Last level of each series, how it was smoothed and how it erred."""

    last: Floats
    alpha: Floats
    variance: Floats

    @classmethod
    def of(cls, values: Floats) -> _Level:
        known = np.isfinite(values)
        first, errors = known.argmax(axis=1), np.maximum(known.sum(axis=1) - 1, 1)
        level = np.zeros((len(values), len(ALPHAS)))
        squares = np.zeros_like(level)
        for period in range(values.shape[1]):
            seen = values[:, period, None]
            begun, begins = (first < period)[:, None], (first == period)[:, None]
            error = np.where(begun, seen - level, 0.0)
            squares += error**2
            level = np.where(begins, seen, level + ALPHAS * error)
        best, rows = squares.argmin(axis=1), np.arange(len(values))
        return cls(level[rows, best], ALPHAS[best], squares[rows, best] / errors)


def forecast_flat(demand: Floats, horizon: int) -> Floats:
    """Return series × horizon by simple exponential smoothing; `demand` as for `forecast_theta`."""
    return np.repeat(_Level.of(demand).last[:, None], horizon, axis=1)


def forecast_theta(demand: Floats, horizon: int) -> Floats:
    """Return series × horizon, never negative.

    `demand` is series × periods without season, never negative, not all zero, aligned at the last
    period, NaN before a start.
    """
    size = np.nanmean(demand, axis=1, keepdims=True)
    logs = np.log(np.maximum(demand / size, FLOOR))
    level = _Level.of(logs)
    count = np.isfinite(logs).sum(axis=1)
    reached = (1 - (1 - level.alpha) ** count) / level.alpha
    drift = _slopes(logs)[:, None] / 2 * (np.arange(horizon) + reached[:, None])
    spread = level.variance * (1 - level.alpha) / 2
    found: Floats = size * np.exp((level.last + spread)[:, None] + drift)
    return found


def _slopes(values: Floats) -> Floats:
    """Slope of the least-squares line through each series."""
    time = np.where(np.isfinite(values), np.arange(values.shape[1]), np.nan)
    apart = time - np.nanmean(time, axis=1, keepdims=True)
    rise = np.nansum(apart * (values - np.nanmean(values, axis=1, keepdims=True)), axis=1)
    found: Floats = rise / np.maximum(np.nansum(apart**2, axis=1), 1e-12)
    return found
