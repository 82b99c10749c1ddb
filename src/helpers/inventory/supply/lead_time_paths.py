"""Demand over the lead time (and review period), sampled: forecast paths × lead times.

For path k of a series with weekly demand d_1, d_2, ... and a lead time L (weeks, not whole) drawn for the
same k, with the review period R added, T = L + R:

    D = Σ_{w ≤ ⌊T⌋} d_w + (T − ⌊T⌋) · d_{⌊T⌋+1}

A week's demand falls evenly over its seven days, so a part of a week takes that part of its demand. Beyond
the last week of a path its own mean goes on. Lead times and demand are drawn independently.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from helpers.errors import ParameterError
from helpers.inventory.arguments import Floats, find_wrong, refuse

CHUNK = 1000
Draw = Callable[[Sequence[int]], Floats]


def demand_over_lead_time(
    paths: Floats | Draw, lead_time: Floats, review_period: float = 0.0, *, chunk: int = CHUNK
) -> Floats:
    """Return sampled demand over lead time and review period, series × samples, units.

    Parameters
    ----------
    paths
        Weekly demand, series × samples × weeks; or a function that draws it for some rows, so that
        thousands of series need not be in memory at once (`lambda rows: forecast.paths(200, 0, rows)`).
    lead_time
        L in weeks, series × samples; 0 or more.
    review_period
        R in weeks.
    chunk
        Series worked at once.

    Raises
    ------
    ParameterError
        Shapes differ, or a lead time is negative or not finite.

    Examples
    --------
    >>> demand_over_lead_time(np.array([[[10.0, 20.0, 30.0]]]), np.array([[1.5]]))
    array([[20.]])
    """
    refuse("demand_over_lead_time", find_wrong("not negative", {"review_period": review_period}))
    if lead_time.ndim != 2:
        raise ParameterError(
            f"demand_over_lead_time: 'lead_time' has the shape {lead_time.shape}. Give series × samples."
        )
    refuse("demand_over_lead_time", find_wrong("not negative", {"lead_time": lead_time}))
    found = np.empty(lead_time.shape)
    for start in range(0, len(lead_time), chunk):
        rows = np.arange(start, min(start + chunk, len(lead_time)))
        drawn = rows_of_paths(paths, rows)
        if drawn.ndim != 3 or drawn.shape[:2] != lead_time[rows].shape:
            raise ParameterError(
                f"demand_over_lead_time: rows {rows[0]} to {rows[-1]} of 'paths' have the shape "
                f"{drawn.shape}, those of 'lead_time' {lead_time[rows].shape}. "
                "Give as many series and samples of both."
            )
        found[rows] = _sum_until(drawn, lead_time[rows] + review_period)
    return found


def rows_of_paths(paths: Floats | Draw, rows: np.ndarray) -> Floats:
    """Return the paths of some rows, from the array or by drawing them."""
    if callable(paths):
        return np.asarray(paths([int(row) for row in rows]), dtype="float64")
    return np.asarray(paths[rows], dtype="float64")


def _sum_until(paths: Floats, span: Floats) -> Floats:
    weeks = paths.shape[2]
    summed = np.concatenate([np.zeros((*span.shape, 1)), np.cumsum(paths, axis=2)], axis=2)
    inside = np.minimum(span, weeks)
    low = np.minimum(inside.astype("int64"), weeks - 1)[:, :, None]
    start = np.take_along_axis(summed, low, axis=2)[:, :, 0]
    stop = np.take_along_axis(summed, low + 1, axis=2)[:, :, 0]
    within = start + (inside - low[:, :, 0]) * (stop - start)
    return np.asarray(within + (span - inside) * summed[:, :, -1] / weeks)
