"""Quantiles of a steady series: its own sd × quantiles of the standardised past errors.

With z = (actual - mean) ÷ sd of earlier forecasts (`smooth.Smoothed.past_error`), n of them:

    z_p = (K t_p + n q_p(z)) ÷ (K + n)        t_p: Student's t with FREEDOM degrees, sd one
    quantile(p) = mean + z_p sd

The z of all series of one call are pooled (their sds are their own), so the form of the errors is
learnt where there are many series and assumed where there are few; no series can move another by
more than the form. Quantiles never fall below zero where demand never did, and are whole numbers
for small counts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from helpers.forecasting.classify import Floats

PRIOR_ERRORS = 500.0
FREEDOM = 6.0
LARGE_COUNT = 200.0


def standard_quantiles(past_error: Floats, probabilities: Sequence[float]) -> Floats:
    """Return z_p, rising with the probabilities.

    Parameters
    ----------
    past_error
        Standardised errors of earlier forecasts in any shape, NaN where there was none.
    probabilities
        Of the quantiles.
    """
    from scipy import special

    wanted = np.asarray(probabilities, dtype="float64")
    assumed = special.stdtrit(FREEDOM, wanted) * np.sqrt((FREEDOM - 2) / FREEDOM)
    seen = past_error[np.isfinite(past_error)]
    if not seen.size:
        return np.asarray(assumed)
    share = seen.size / (seen.size + PRIOR_ERRORS)
    return np.asarray(np.maximum.accumulate(share * np.quantile(seen, wanted) + (1 - share) * assumed))


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
