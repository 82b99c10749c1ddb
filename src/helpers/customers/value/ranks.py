"""How well one order of customers agrees with another."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd


def rank_correlation(predicted: npt.NDArray[np.float64], actual: npt.NDArray[np.float64]) -> float:
    """Return Spearman's rank correlation, ties at their mean rank; NaN where one of them does not differ.

    >>> rank_correlation(np.array([1.0, 2.0, 3.0]), np.array([1.0, 4.0, 9.0]))
    1.0
    """
    if len(actual) < 2 or np.ptp(actual) == 0 or np.ptp(predicted) == 0:
        return float("nan")
    first, second = (pd.Series(values).rank().to_numpy(float) for values in (predicted, actual))
    return round(float(np.corrcoef(first, second)[0, 1]), 12)
