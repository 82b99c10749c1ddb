"""Quantiles of a steady series: its own sd × quantiles of the standardised past errors.

With z = (actual - mean) ÷ sd of earlier forecasts (`smooth.Smoothed.past_error`) of n series:

    z_p = (K t_p + n q_p(z)) ÷ (K + n)        t_p: Student's t with FREEDOM degrees, sd one
    quantile(p) = mean + z_p sd

n counts series and not errors: those of one series hang together, and all come from few origins, so
a common shock of those years must not be taken for the form of the next. The z of all series of one
call are pooled (their sds are their own), so the form of the errors is learnt where there are many
series and assumed where there are few; no series can move another by more than the form. Quantiles
never fall below zero where demand never did, and are whole numbers for small counts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from helpers.forecasting.classify import Floats

PRIOR_SERIES = 500.0
FREEDOM = 6.0
LARGE_COUNT = 200.0


def standard_quantiles(past_error: Floats, probabilities: Sequence[float]) -> Floats:
    """Return z_p, rising with the probabilities.

    Parameters
    ----------
    past_error
        Standardised errors of earlier forecasts, origins × series × horizon, NaN where there was none.
    probabilities
        Of the quantiles.
    """
    from scipy import special

    wanted = np.asarray(probabilities, dtype="float64")
    assumed = special.stdtrit(FREEDOM, wanted) * np.sqrt((FREEDOM - 2) / FREEDOM)
    known = np.isfinite(past_error)
    series = int(known.any(axis=(0, 2)).sum())
    if not series:
        return np.asarray(assumed)
    share = series / (series + PRIOR_SERIES)
    seen = np.quantile(past_error[known], wanted)
    return np.asarray(np.maximum.accumulate(share * seen + (1 - share) * assumed))


def steady_quantiles(
    mean: Floats, sd: Floats, standard: Floats, whole: NDArray[np.bool_], floor: Floats
) -> Floats:
    """Return series × horizon × quantiles, rising along the last axis.

    Parameters
    ----------
    mean, sd
        Series × horizon.
    standard
        z_p, by `standard_quantiles`.
    whole
        Whether the demand of a series comes in whole units.
    floor
        Least possible demand per series: zero, or minus infinity where demand was negative.
    """
    found = mean[:, :, None] + sd[:, :, None] * standard
    small = (whole & (np.abs(mean).max(axis=1) <= LARGE_COUNT))[:, None, None]
    found = np.where(small, np.ceil(found - 0.5), found)
    return np.maximum(np.maximum.accumulate(found, axis=2), floor[:, None, None])
