"""The distribution of one week's demand: which family a cell has, its shares and its quantiles.

y ~ negative binomial(mean mu, variance phi mu)     counts, phi > 1, mu <= LARGE
y ~ gamma(mean mu, variance phi mu), rounded        counts, phi <= 1, mu <= LARGE
y ~ gamma(mean mu, variance phi mu)                 otherwise
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helpers.forecasting.classify import Floats

LARGE = 200.0
POISSON = 1.001  # at and below this dispersion the negative binomial has no room


@dataclass(frozen=True, eq=False)
class Shapes:
    """Which distribution each cell has."""

    binomial: NDArray[np.bool_]
    rounded: NDArray[np.bool_]
    smooth: NDArray[np.bool_]


def shapes_of(mean: Floats, dispersion: Floats, counts: NDArray[np.bool_]) -> Shapes:
    """Return the distribution of each cell: counts up to `LARGE` are counts, the rest is smooth."""
    expected = np.nan_to_num(mean) > 0
    small = expected & counts & (np.nan_to_num(mean) <= LARGE)
    wide = dispersion > POISSON
    return Shapes(small & wide, small & ~wide, expected & ~small)


def share_upto(value: Floats, mean: Floats, phi: Floats, shapes: Shapes) -> Floats:
    """F(value) of each cell; 1 where nothing is expected, 0 below zero."""
    from scipy import special

    found = np.ones_like(mean)
    cells = shapes.binomial
    count = np.maximum(value, 0.0)
    found[cells] = special.betainc(mean[cells] / (phi[cells] - 1), count[cells] + 1, 1 / phi[cells])
    half = np.where(shapes.rounded, 0.5, 0.0)
    cells = shapes.rounded | shapes.smooth
    found[cells] = special.gammainc(mean[cells] / phi[cells], (count[cells] + half[cells]) / phi[cells])
    return np.where(value < 0, 0.0, found)


def percent_points(levels: Floats, mean: Floats, dispersion: Floats, counts: NDArray[np.bool_]) -> Floats:
    """Return the quantile of each cell at its level; NaN where the mean is."""
    from scipy import special, stats

    found = np.where(np.isfinite(mean), 0.0, np.nan)
    shapes = shapes_of(mean, dispersion, counts)
    cells = shapes.binomial
    size = mean[cells] / (dispersion[cells] - 1)
    found[cells] = stats.nbinom.ppf(levels[cells], size, 1 / dispersion[cells])
    cells = shapes.rounded | shapes.smooth
    found[cells] = special.gammaincinv(mean[cells] / dispersion[cells], levels[cells]) * dispersion[cells]
    found[shapes.rounded] = np.ceil(found[shapes.rounded] - 0.5)
    return np.where(np.isfinite(mean), np.maximum(np.nan_to_num(found), 0.0), np.nan)
