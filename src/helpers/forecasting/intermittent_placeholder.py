"""Stand-in for `intermittent.py` until it is merged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from helpers.forecasting.classify import Floats
from helpers.forecasting.methods import run_methods


@dataclass(frozen=True, eq=False)
class CountForecast:
    """Mean and quantiles."""

    mean: Floats
    quantiles: Floats


def forecast_intermittent(
    demand: Floats, horizon: int, quantiles: Sequence[float], *, season_length: int = 1, seed: int = 0
) -> CountForecast:
    """Mean of IMAPA and TSB, negative binomial."""
    from scipy import stats

    del season_length, seed
    found = run_methods(demand, ("tsb", "imapa"), horizon, 1)
    mean = (found["tsb"] + found["imapa"]) / 2
    variance = np.nanvar(demand, axis=1)[:, None]
    phi = np.maximum(variance / np.maximum(mean, 1e-9), 1.01)
    size = np.maximum(mean, 1e-9) / (phi - 1)
    levels = np.asarray(quantiles)
    return CountForecast(mean, stats.nbinom.ppf(levels, size[:, :, None], 1 / phi[:, :, None]))
