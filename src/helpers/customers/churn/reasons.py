"""Why a customer's chance is high or low, in words: the two largest drivers with their figures."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from helpers.customers.churn.snapshots import FEATURES, LABELS

Words = Callable[[float], str]


def _times(value: float, what: str, what_many: str | None = None) -> str:
    count = round(float(np.expm1(value)))
    return f"{count:,} {what if count == 1 else what_many or what + 's'}"


def _trend(value: float, what: str) -> str:
    change = 100 * (np.exp(value) - 1)
    if abs(change) < 5:
        return f"{what} as in the half year before"
    return f"{what} {'up' if change > 0 else 'down'} on the half year before"


_WORDS: dict[str, Words] = {
    "overdue": lambda v: f"{np.exp(v):.1f} times the usual gap since the last order",
    "gap_days": lambda v: f"usual gap {np.exp(v):,.0f} days",
    "days_since": lambda v: f"last order {_times(v, 'day')} ago",
    "gaps": lambda v: f"{_times(v, 'repeat order day')} in all",
    "orders": lambda v: f"{_times(v, 'order day')} in a year",
    "orders_lately": lambda v: f"{_times(v, 'order day')} lately",
    "trend": lambda v: _trend(v, "orders"),
    "margin": lambda v: f"bought for {np.expm1(v):,.0f} in a year",
    "margin_trend": lambda v: _trend(v, "money"),
    "tenure": lambda v: f"customer for {_times(v, 'day')}",
    "lines_per_order": lambda v: f"{v:.1f} lines per order",
    "breadth": lambda v: f"buys {100 * v:.0f}\N{NO-BREAK SPACE}% of the categories",
    "returns": lambda v: f"{_times(v, 'return')} in a year",
    "complaints": lambda v: f"{_times(v, 'complaint')} in a year",
    "late": lambda v: f"{_times(v, 'late order')} in a year",
    "short": lambda v: f"{_times(v, 'short order')} in a year",
    "short_lately": lambda v: f"{_times(v, 'short order')} lately",
    "nps": lambda v: "no survey answered" if np.isnan(v) else f"survey score {100 * v:+.0f}",
    "contacts": lambda v: f"{_times(v, 'contact')} in a year",
}
MOST, LEAST = 2, 0.05  # reasons named; log odds below which a driver is not worth a word


def reasons(rows: pd.DataFrame, drivers: pd.DataFrame) -> list[str]:
    """Return for each row what speaks most for leaving or for staying, the larger side only.

    Parameters
    ----------
    rows
        A snapshot.
    drivers
        What each feature adds to the log odds, in the same order.
    """
    names = np.array([*FEATURES, *LABELS])
    table = drivers[list(names)].to_numpy(float)
    side = np.where(table.sum(axis=1) >= 0, 1.0, -1.0)
    order = np.argsort(-(table * side[:, None]), axis=1, kind="stable")[:, :MOST]
    values = rows[list(names)].to_dict("list")
    said = []
    for at, best in enumerate(order):
        parts = [
            _word(str(names[k]), values[str(names[k])][at]) for k in best if table[at, k] * side[at] > LEAST
        ]
        speaks = "leaving" if side[at] > 0 else "staying"
        said.append(f"for {speaks}: {'; '.join(parts)}" if parts else "nothing sets this customer apart")
    return said


def _word(name: str, value: object) -> str:
    if name in LABELS:
        return f"{name} {value}"
    return _WORDS[name](float(str(value)))
