"""Expected stock and units not served at a cumulated supply x, exactly or on a grid of supplies.

    held_t(x)  = mean (x − D)⁺
    short_t(x) = mean (D − x)⁺ − mean (D⁻ − x)⁺ = mean D − mean D⁻ + held_t(x) − held⁻_t(x)

On a grid x_j = x_0 + j g both come from counting points per cell and summing up along the grid twice:

    held_t(x_j) = ( N_j j g − S_j ) / P,   N_j points D ≤ x_j,   S_j their sum above x_0
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from helpers.inventory.arguments import Floats


def held_and_short(supply: Floats, until: Floats, before: Floats) -> tuple[Floats, Floats]:
    """Return expected stock and units not served, for any supply.

    Parameters
    ----------
    supply
        x, units, n × T.
    until, before
        D and D⁻, units, n × T × P.

    Returns
    -------
    tuple
        held and short, units, n × T each.

    Examples
    --------
    >>> held, short = held_and_short(np.array([[3.0]]), np.array([[[2.0, 6.0]]]), np.array([[[0.0, 4.0]]]))
    >>> held.tolist(), short.tolist()
    ([[0.5]], [[1.0]])
    """
    held = np.maximum(supply[:, :, None] - until, 0.0).mean(axis=2)
    owed_before = np.maximum(before - supply[:, :, None], 0.0).mean(axis=2)
    owed = held - supply + until.mean(axis=2)
    return held, owed - owed_before


def held_on_grid(start: Floats, step: Floats, points: Floats, size: int) -> Floats:
    """Return the expected stock at x_0 + j g.

    Parameters
    ----------
    start
        x_0, units, n × T.
    step
        g, units, n.
    points
        D, units, n × T × P.
    size
        J, number of grid points.

    Returns
    -------
    ndarray
        held, T × J × n.
    """
    count, weeks, number = points.shape
    above = points - start[:, :, None]
    cell = np.clip(np.ceil(above / step[:, None, None] - 1e-9), 0, size).astype("int64")
    week, item = np.arange(weeks)[None, :, None], np.arange(count)[:, None, None]
    place: NDArray[np.int64] = ((week * (size + 1) + cell) * count + item).ravel()
    shape = (weeks, size + 1, count)
    reached = np.bincount(place, minlength=weeks * (size + 1) * count).reshape(shape)
    total = np.bincount(place, weights=above.ravel(), minlength=weeks * (size + 1) * count).reshape(shape)
    many = np.cumsum(reached[:, :size], axis=1) * (np.arange(size)[:, None] * step)
    return np.asarray(np.maximum(many - np.cumsum(total[:, :size], axis=1), 0.0) / number)
