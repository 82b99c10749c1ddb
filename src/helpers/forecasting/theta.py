"""The theta method for many series at once.

    level      l_t = l_(t-1) + alpha (y_t - l_(t-1)), l_1 = y_1
    alpha      the one of ALPHAS with the least squared error
    forecast   l_n + b/2 × (h - 1 + 1/alpha - (1 - alpha)^n / alpha)      b: slope of the line through y

All values of alpha run over all series together, so a thousand series cost milliseconds; the
optimised version of statsforecast is better by a little (benchmarks/README.md) and is used where
time allows.

Source: Assimakopoulos and Nikolopoulos (2000), International Journal of Forecasting 16, 521-530;
form with drift: Hyndman and Billah (2003), same journal 19, 287-290.
"""

from __future__ import annotations

import numpy as np

from helpers.forecasting.classify import Floats

ALPHAS = np.linspace(0.05, 1.0, 20)


def forecast_theta(demand: Floats, horizon: int) -> Floats:
    """Return series × horizon, never negative.

    `demand` is series × periods without season, aligned at the last period, NaN before a start.
    """
    known = np.isfinite(demand)
    first, count = known.argmax(axis=1), known.sum(axis=1)
    level = np.zeros((len(demand), len(ALPHAS)))
    squares = np.zeros_like(level)
    for period in range(demand.shape[1]):
        seen = demand[:, period, None]
        begun, begins = (first < period)[:, None], (first == period)[:, None]
        error = np.where(begun, seen - level, 0.0)
        squares += error**2
        level = np.where(begins, seen, level + ALPHAS * error)
    best = squares.argmin(axis=1)
    alpha, last = ALPHAS[best], level[np.arange(len(demand)), best]
    reached = (1 - (1 - alpha) ** count) / alpha
    drift = _slopes(demand)[:, None] / 2 * (np.arange(horizon) + reached[:, None])
    found: Floats = np.maximum(last[:, None] + drift, 0.0)
    return found


def _slopes(demand: Floats) -> Floats:
    """Slope of the least-squares line through each series."""
    time = np.where(np.isfinite(demand), np.arange(demand.shape[1]), np.nan)
    apart = time - np.nanmean(time, axis=1, keepdims=True)
    rise = np.nansum(apart * (demand - np.nanmean(demand, axis=1, keepdims=True)), axis=1)
    found: Floats = rise / np.maximum(np.nansum(apart**2, axis=1), 1e-12)
    return found
