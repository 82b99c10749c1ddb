"""Reads demand distributions at standard normal draws, many per cell.

Counts that seldom pass `MOST_COUNTS` are read by their thresholds, z_k = Phi^-1 G(F(k)): the demand is
the number of thresholds below the draw, exactly. Others are read from a table of quantiles at evenly
spaced z, straight lines between, rounded where demand is counted.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from helpers.forecasting.classify import Floats
from helpers.forecasting.distribution.demand_distribution import percent_points, shapes_of, share_upto
from helpers.forecasting.distribution.quantiles import DRAWN, Spread

MOST_COUNTS = 40
FARTHEST, NODES = 4.0, 129
NODE = np.linspace(-FARTHEST, FARTHEST, NODES)
HIGH_LEVEL = 0.9995


def read_at(normal: Floats, mean: Floats, spread: Spread, classes: NDArray[np.str_]) -> Floats:
    """Return demand, series × paths × horizon, at standard normal draws of the same shape.

    `mean` is series × horizon; where it is NaN so is the demand.
    """
    few = _few_counts(mean, spread)
    found = np.empty_like(normal)
    for rows, reader in ((np.flatnonzero(few), _by_thresholds), (np.flatnonzero(~few), _by_table)):
        for name in np.unique(classes[rows]):
            part = rows[classes[rows] == name]
            found[part] = reader(normal[part], mean[part], spread.rows(part), str(name))
    unknown = ~np.isfinite(mean)
    if unknown.any():
        found[np.broadcast_to(unknown[:, None, :], found.shape)] = np.nan
    return found


def _few_counts(mean: Floats, spread: Spread) -> NDArray[np.bool_]:
    """Series that are counted and seldom pass `MOST_COUNTS` in any week."""
    top = np.nan_to_num(mean).max(axis=1, initial=0.0)
    high = percent_points(np.full(len(top), HIGH_LEVEL), top, spread.dispersion, spread.steps.counts)
    return np.asarray(spread.steps.counts & (high <= MOST_COUNTS))


def _by_thresholds(normal: Floats, mean: Floats, spread: Spread, name: str) -> Floats:
    from scipy import special

    phi = np.broadcast_to(spread.dispersion[:, None], mean.shape)
    shapes = shapes_of(mean, phi, np.ones(mean.shape, dtype=bool))
    found = np.zeros_like(normal)
    for count in range(4 * MOST_COUNTS):
        share = share_upto(np.full(mean.shape, float(count)), np.nan_to_num(mean), phi, shapes)
        threshold = special.ndtri(np.interp(share, spread.draw_levels(name), DRAWN))
        above = normal > threshold[:, None, :]
        if not above.any():
            break
        found += above
    return found


def _by_table(normal: Floats, mean: Floats, spread: Spread, name: str) -> Floats:
    from scipy import special

    shape = (*mean.shape, NODES)
    levels = np.interp(special.ndtr(NODE), DRAWN, spread.draw_levels(name))
    counts = np.broadcast_to(spread.steps.counts[:, None, None], shape)
    phi = np.broadcast_to(spread.dispersion[:, None, None], shape)
    middle = np.broadcast_to(mean[:, :, None], shape)
    smooth = np.zeros(shape, dtype=bool)
    table = percent_points(np.broadcast_to(levels, shape), middle, phi, counts & smooth)
    place = np.clip((normal + FARTHEST) * ((NODES - 1) / (2 * FARTHEST)), 0, NODES - 1.000001)
    node = place.astype(np.int64)
    series, week = np.arange(len(mean))[:, None, None], np.arange(mean.shape[1])[None, None, :]
    low, high = table[series, week, node], table[series, week, node + 1]
    found = low + (place - node) * (high - low)
    found[found < spread.steps.least[:, None, None] / 2] = 0.0
    return np.asarray(np.where(spread.steps.counts[:, None, None], np.rint(found), found))
