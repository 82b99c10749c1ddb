"""The slowly moving level of each series, and how much counts scatter around it.

    level[s, t] = Σ_u K(t − u) y[s, u] + c·own / Σ_u K(t − u) x[s, u] + c      u ≠ t
    own = Σ y / Σ x over the whole series,   K Gaussian with a standard deviation of `bandwidth` weeks

x is the exposure: what one unit of level would have brought in that week (season, life, promotion, and
the share of it that could be recorded). The week itself is left out, so that a high week does not
excuse itself. The constant c keeps thin series at their own mean.

Scatter is that of the negative binomial, variance = μ + φ μ², with φ by the method of moments,
drawn towards that of all series where a series is thin.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from helpers.forecasting.classify import Floats

PULL = 0.15  # weeks of kernel mass that the mean of the series counts as
THIN_WEEKS = 20.0
LEAST_SCATTER, MOST_SCATTER = 0.02, 5.0
LEAST_MEAN = 1e-3


def local_level(demand: Floats, exposure: Floats, bandwidth: float) -> Floats:
    """Return the level of each series and week (series × weeks), the week itself left out.

    Parameters
    ----------
    demand
        Series × weeks, units; zero where `exposure` is zero.
    exposure
        Series × weeks; zero where a week tells nothing.
    bandwidth
        Standard deviation of the kernel, weeks.
    """
    from scipy.ndimage import gaussian_filter1d

    peak = np.zeros((1, 1 + 2 * int(4 * bandwidth + 1)))
    peak[0, peak.shape[1] // 2] = 1.0
    own_weight = float(gaussian_filter1d(peak, bandwidth, axis=1, mode="constant").max())
    units, weight = (
        gaussian_filter1d(grid, bandwidth, axis=1, mode="constant") - own_weight * grid
        for grid in (demand, exposure)
    )
    total = exposure.sum(axis=1)
    own = demand.sum(axis=1) / np.where(total > 0, total, 1.0)
    level: Floats = (np.maximum(units, 0) + PULL * own[:, None]) / (np.maximum(weight, 0) + PULL)
    return level


def scatter(demand: Floats, mean: Floats, counted: NDArray[np.bool_]) -> Floats:
    """Return φ of each series from the weeks that count, drawn towards the φ of all.

    Weeks are weighed by the mean, not by its square, so that a few busy weeks do not decide.
    """
    safe = np.maximum(mean, LEAST_MEAN)
    excess = np.where(counted, ((demand - mean) ** 2 - mean) / safe, 0.0).sum(axis=1)
    size = np.where(counted, safe, 0.0).sum(axis=1)
    common = float(np.clip(excess.sum() / max(size.sum(), LEAST_MEAN), LEAST_SCATTER, MOST_SCATTER))
    count = counted.sum(axis=1)
    typical = size / np.maximum(count, 1)
    found: Floats = (excess + THIN_WEEKS * typical * common) / np.maximum(size + THIN_WEEKS * typical, 1e-12)
    return np.clip(np.where(count > 0, found, common), LEAST_SCATTER, MOST_SCATTER)
