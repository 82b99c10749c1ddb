"""Array types of the sample generator, and the two grouped operations that it needs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Texts = NDArray[np.object_]
SmallFloats = NDArray[np.float32]
Dates = NDArray[np.datetime64]


def in_days(count: int | Ints) -> NDArray[np.timedelta64]:
    """Return a number of days as NumPy adds it to dates."""
    return np.asarray(count, dtype="timedelta64[D]")


def running_sum_by_group(group: Ints, values: Floats) -> Floats:
    """Return the running sum of `values` within each group; `group` must be sorted."""
    total = np.cumsum(values)
    starts = np.flatnonzero(np.r_[True, group[1:] != group[:-1]]) if len(group) else np.empty(0, np.int64)
    before = total[starts] - values[starts]
    return total - np.repeat(before, np.diff(np.r_[starts, len(group)]))


def position_in_group(group: Ints) -> Ints:
    """Return 0, 1, 2, … within each group; `group` must be sorted."""
    return running_sum_by_group(group, np.ones(len(group))).astype(np.int64) - 1


def numbered(prefix: str, count: int, width: int, start: int = 1) -> Texts:
    """Return ids such as P001, P002, … as an object array."""
    return np.array([f"{prefix}{number:0{width}d}" for number in range(start, start + count)], dtype=object)


def pick(values: Texts, index: Ints) -> Texts:
    """Return `values[index]`, with None where the index is negative."""
    chosen = np.empty(len(index), dtype=object)
    found = index >= 0
    chosen[found] = values[index[found]]
    return chosen


def only_where(flags: Flags, values: Texts) -> Texts:
    """Return `values` where the flag holds, else None."""
    return pick(values, np.where(flags, np.arange(len(values)), -1))
