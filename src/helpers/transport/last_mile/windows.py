"""The days on which a line may come.

With d_1 … d_D the working days after the last day of the data (no Sundays, no closed days of the calendar):

    first = the first d ≥ requested − early days (the first of all, where goods may come as soon as they can)
    last  = the last  d ≤ requested + tolerance, and not before first

A line that is overdue has the first working day; one without a requested day may come on any.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.contract import Case

Days = NDArray[np.datetime64]
_LOOK_AHEAD = 92  # days in which the working days are looked for
_SUNDAY = 6


def working_days(case: Case, days: int) -> Days:
    """Return the next working days after the last day of the data; fewer where nearly all are closed.

    Parameters
    ----------
    case
        Its calendar names closed days; a day that it does not know is open.
    days
        D, how many.
    """
    ahead = [case.as_of + dt.timedelta(days=k) for k in range(1, _LOOK_AHEAD + 1)]
    calendar = case.table("calendar")
    closed = set(calendar.loc[calendar["closed"].fillna(False).astype(bool), "date"].dt.date)
    found = [day for day in ahead if day.weekday() != _SUNDAY and day not in closed]
    return np.array(found[:days], dtype="datetime64[D]")


def set_windows(lines: pd.DataFrame, days: Days, early_days: int | None) -> pd.DataFrame:
    """Return the lines with first, last and wanted (its own day): numbers of working days from 0.

    `first` is D where the line may only come after the last of the days.
    """
    requested = lines["requested_date"].to_numpy("datetime64[D]")
    known = ~np.isnat(requested)
    asked = np.where(known, requested, days[0])
    tolerance = lines["tolerance_days"].to_numpy(np.float64).astype("timedelta64[D]")
    wanted = np.clip(np.searchsorted(days, asked), 0, len(days) - 1)
    first = np.zeros(len(lines), dtype=np.int64)
    if early_days is not None:
        first = np.where(known, np.searchsorted(days, asked - np.timedelta64(early_days, "D")), 0)
    last = np.searchsorted(days, asked + tolerance, side="right") - 1
    last = np.where(known, last, len(days) - 1)
    return lines.assign(first=first, last=np.maximum(last, first), wanted=np.maximum(wanted, first))
