"""The demand class of a series: how often it sells and how much the size varies.

    ADI = weeks / weeks with demand          (average interval between demands)
    CV2 = (sd of demand sizes / mean of demand sizes)^2, over weeks with demand

    smooth        ADI <  1.32, CV2 <  0.49      erratic  ADI <  1.32, CV2 >= 0.49
    intermittent  ADI >= 1.32, CV2 <  0.49      lumpy    ADI >= 1.32, CV2 >= 0.49

Source: Syntetos, Boylan and Croston (2005), On the categorization of demand patterns,
Journal of the Operational Research Society 56, 495-503. The class `new` is ours: too little
history to tell.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ADI_LIMIT = 1.32
CV2_LIMIT = 0.49
CLASSES = ("smooth", "erratic", "intermittent", "lumpy", "new")


def demand_intervals(demand: Floats) -> Floats:
    """Return the ADI of each row of `demand`, series × weeks, NaN outside a series' life.

    A series without any demand has an infinite interval.
    """
    weeks = np.isfinite(demand).sum(axis=1)
    hits = (np.nan_to_num(demand) > 0).sum(axis=1)
    return np.where(hits > 0, weeks / np.maximum(hits, 1), np.inf)


def size_variations(demand: Floats) -> Floats:
    """Return the CV2 of the demand sizes of each row; 0 with fewer than two demands."""
    sizes = np.where(np.nan_to_num(demand) > 0, demand, 0.0)
    hits = np.maximum((sizes > 0).sum(axis=1), 1)
    mean = sizes.sum(axis=1) / hits
    squares = np.where(sizes > 0, (sizes - mean[:, None]) ** 2, 0.0).sum(axis=1) / hits
    found: Floats = squares / np.where(mean > 0, mean, 1.0) ** 2
    return found


def demand_classes(demand: Floats, new_weeks: int) -> NDArray[np.str_]:
    """Return the demand class of each row; `new` below `new_weeks` weeks of history."""
    often = demand_intervals(demand) < ADI_LIMIT
    steady = size_variations(demand) < CV2_LIMIT
    known = np.where(often, np.where(steady, "smooth", "erratic"), np.where(steady, "intermittent", "lumpy"))
    return np.where(np.isfinite(demand).sum(axis=1) < new_weeks, "new", known).astype(np.str_)
