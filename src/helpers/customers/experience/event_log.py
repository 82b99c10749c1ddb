"""What happened to customers when, summed over any window before or after any day, all at once.

    S(c, a, b) = Σ amount of the events of customer c on the days a ≤ day < b

Events are sorted by customer and day; S is the difference of two places in their running total, so that a
million windows cost two searches each and no loop.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SPAN = 10_000_000  # more days than any calendar holds: one number names customer and day
NEVER = -(10**6)


def day_numbers(dates: pd.Series[pd.Timestamp]) -> Ints:
    """Return dates as whole days since 1970; the column must have no gap."""
    return np.asarray(dates.to_numpy("datetime64[D]").astype(np.int64))


def day_number(day: object) -> int:
    """Return one date as whole days since 1970."""
    return int(np.datetime64(str(day), "D").astype(np.int64))


@dataclass(frozen=True, eq=False)
class EventLog:
    """Events of customers with any number of amounts each.

    Parameters
    ----------
    key
        Customer × days, ascending, shape (events,).
    total
        Running totals with a first row of zeros, shape (events + 1, amounts); the first amount is 1.
    """

    key: Ints
    total: Floats

    @classmethod
    def of(cls, customer: Ints, day: Ints, *amounts: Floats) -> EventLog:
        """Make a log of events: the customer's number (0 or more), the day, and amounts to be summed.

        Examples
        --------
        >>> log = EventLog.of(np.array([0, 0, 1]), np.array([5, 9, 5]), np.array([10.0, 20.0, 7.0]))
        >>> log.sums(np.array([0, 1]), np.array([5, 6]), np.array([10, 9]), 1).tolist()
        [30.0, 0.0]
        """
        key = np.asarray(customer, dtype=np.int64) * _SPAN + np.asarray(day, dtype=np.int64)
        order = np.argsort(key, kind="stable")
        table = np.column_stack([np.ones(len(key)), *amounts])[order]
        return cls(key[order], np.vstack([np.zeros((1, table.shape[1])), np.cumsum(table, axis=0)]))

    def _place(self, customer: Ints, day: Ints) -> Ints:
        """Number of events before the day (and of earlier customers)."""
        found = np.searchsorted(self.key, customer * _SPAN + day, side="left")
        return np.asarray(found, dtype=np.int64)

    def sums(self, customer: Ints, first: Ints, end: Ints, amount: int = 0) -> Floats:
        """Return the sum of an amount over first ≤ day < end; amount 0 counts the events."""
        column = self.total[:, amount]
        return np.asarray(column[self._place(customer, end)] - column[self._place(customer, first)])

    def last_before(self, customer: Ints, day: Ints) -> Ints:
        """Return the day of the last event before `day`; `NEVER` where there is none."""
        if not len(self.key):
            return np.full(len(customer), NEVER, dtype=np.int64)
        at = self._place(customer, day) - 1
        is_own = (at >= 0) & (self.key[np.maximum(at, 0)] // _SPAN == customer)
        return np.where(is_own, self.key[np.maximum(at, 0)] % _SPAN, NEVER)

    def first_on_or_after(self, customer: Ints, day: Ints) -> Ints:
        """Return the day of the first event from `day` on; `NEVER` where there is none."""
        if not len(self.key):
            return np.full(len(customer), NEVER, dtype=np.int64)
        at = self._place(customer, day)
        safe = np.minimum(at, len(self.key) - 1)
        is_own = (at < len(self.key)) & (self.key[safe] // _SPAN == customer)
        return np.where(is_own, self.key[safe] % _SPAN, NEVER)
