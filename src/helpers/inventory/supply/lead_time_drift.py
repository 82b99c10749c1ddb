"""Has a supplier become slower or faster? Recent orders against those before, one value per purchase order.

The lines of one purchase order travel together, so each order counts once: its median of log(days ÷
promised). Only orders so old that nearly all of their kind have come are compared (else the recent ones
would be the quick ones); one of those that is still open enters with its age. Windows of orders, newest
first:

    recent   the last 26 weeks of such orders          before   the 78 weeks before those

A drift is called when a rank test (Mann–Whitney: a shut-down or a few late lorries do not move it) rejects
equality at 1 % after Bonferroni's correction over the suppliers tested, and the medians differ by at least
10 %.

Source: Mann and Whitney (1947).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

RECENT_DAYS = 182
BEFORE_DAYS = 546
LEAST_ORDERS = 8
LEVEL = 0.01
LEAST_CHANGE = 0.10


def drift(lines: pd.DataFrame) -> pd.DataFrame:
    """Return the drift of each supplier.

    Parameters
    ----------
    lines
        supplier_id, po_id, log_ratio (log of days, or of age while open, ÷ promised), is_open, days,
        age_days (at the cutoff).

    Returns
    -------
    pandas.DataFrame
        supplier_id, recent_orders, before_orders, recent_ratio, before_ratio (median days ÷ promised),
        change (recent ÷ before − 1), p_value, has_drifted. NaN where there are too few orders to test.
    """
    found = pd.DataFrame(
        [_of_supplier(str(supplier), own) for supplier, own in lines.groupby("supplier_id", sort=True)],
        columns=[
            "supplier_id",
            "recent_orders",
            "before_orders",
            "recent_ratio",
            "before_ratio",
            "p_value",
        ],
    )
    tested = int(found["p_value"].notna().sum())
    change = found["recent_ratio"] / found["before_ratio"] - 1
    is_clear = found["p_value"] * max(tested, 1) < LEVEL
    return found.assign(change=change, has_drifted=is_clear & (change.abs() >= LEAST_CHANGE))


def _of_supplier(supplier: str, lines: pd.DataFrame) -> tuple[str, int, int, float, float, float]:
    from scipy import stats

    # Lines young enough to be open by right are left out on both sides.
    finished = lines.loc[~lines["is_open"], "days"]
    settled = float(finished.quantile(0.95)) if len(finished) else np.inf
    orders = lines[lines["age_days"] > settled].groupby("po_id")[["log_ratio", "age_days"]].median()
    age = orders["age_days"] - settled
    recent = orders.loc[age <= RECENT_DAYS, "log_ratio"].to_numpy()
    before = orders.loc[(age > RECENT_DAYS) & (age <= RECENT_DAYS + BEFORE_DAYS), "log_ratio"].to_numpy()
    counts = len(recent), len(before)
    if min(counts) < LEAST_ORDERS:
        return supplier, *counts, np.nan, np.nan, np.nan
    p_value = float(stats.mannwhitneyu(recent, before).pvalue)
    medians = float(np.exp(np.median(recent))), float(np.exp(np.median(before)))
    return supplier, *counts, *medians, p_value
