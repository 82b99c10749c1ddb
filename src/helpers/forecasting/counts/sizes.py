"""How large a demand is when there is one, per series, drawn towards all series.

    log m_s = w_s log z_s + (1 - w_s) log z        z_s: mean size of the n_s demands of s, z: of all
    w_s     = t2 / (t2 + v / n_s)                  v: relative variance within, t2: between the series
    a_s     = (sum_i w_i r_i + K a) / (sum_i w_i + K)

Demand in whole units u has sizes 1 + excess with variance l + a l^2, l = m / u - 1; there
r = ((e - l)^2 - l) / l^2 with weight w = (l / (1 + l))^2. Other amounts have variance a m^2; r =
(z - m)^2 / m^2 with weight 1. All on relative scale, so units of measure do not matter.

Source: credibility, Bühlmann (1967), ASTIN Bulletin 4.
"""

from __future__ import annotations

import numpy as np

from helpers.forecasting.classify import Floats

LARGE_UNITS = 10_000.0
PRIOR_WEIGHT = 8.0
LEAST_SCATTER, MOST_SCATTER = 1e-3, 25.0


def unit_of(demand: Floats) -> float:
    """Return the unit in which all demand comes, the greatest common divisor; 0 if there is none."""
    seen = np.unique(demand[np.isfinite(demand) & (demand > 0)])
    if len(seen) == 0:
        return 1.0
    if (seen != np.floor(seen)).any() or seen[-1] > 2**53:
        return 0.0
    unit = float(np.gcd.reduce(seen.astype(np.int64)))
    # Thousands of units are as good as any amount.
    return unit if np.median(seen) / unit <= LARGE_UNITS else 0.0


def mean_sizes(demand: Floats) -> Floats:
    """Return the mean size of a demand of each series, drawn towards that of all series."""
    sizes = np.where(np.nan_to_num(demand) > 0, demand, 0.0)
    number = (sizes > 0).sum(axis=1)
    known = number > 0
    if not known.any():
        return np.ones(len(demand))
    own = np.where(known, sizes.sum(axis=1) / np.maximum(number, 1), 1.0)
    squares = np.where(sizes > 0, (sizes / own[:, None] - 1) ** 2, 0.0).sum()
    within = squares / max((number - 1)[known].sum(), 1)
    logs = np.log(own)
    common = np.average(logs[known], weights=number[known])
    between = np.average((logs - common)[known] ** 2, weights=number[known])
    between = max(between - within * known.sum() / number.sum(), 0.0)
    weight = between / np.maximum(between + within / np.maximum(number, 0.5), 1e-12)
    found = np.exp(np.where(known, weight, 0.0) * (logs - common) + common)
    total = (number * found).sum()
    return np.asarray(found * (number * own).sum() / total) if total > 0 else found


def size_scatter(demand: Floats, size: Floats, unit: float) -> Floats:
    """Return the relative variance a of each series' sizes around `size` (one per series)."""
    happened = np.nan_to_num(demand) > 0
    mean = np.broadcast_to(size[:, None], demand.shape)[happened]
    value = demand[happened]
    if unit:
        excess = np.maximum(mean / unit - 1, 1e-2)
        ratio = ((value / unit - 1 - excess) ** 2 - excess) / excess**2
        weight = (excess / (1 + excess)) ** 2
    else:
        ratio, weight = (value / mean - 1) ** 2, np.ones(len(value))
    rows = np.nonzero(happened)[0]
    total = np.bincount(rows, weights=weight * ratio, minlength=len(demand))
    weights = np.bincount(rows, weights=weight, minlength=len(demand))
    common = total.sum() / weights.sum() if weights.sum() > 0 else 1.0
    found = (total + PRIOR_WEIGHT * common) / (weights + PRIOR_WEIGHT)
    return np.clip(found, LEAST_SCATTER, MOST_SCATTER)
