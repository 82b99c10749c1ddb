"""The calendar of the sample: German public holidays that hold in every state, and Sundays.

Easter by the anonymous Gregorian algorithm (Meeus, "Astronomical Algorithms", chapter 8).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.contract.sample.arrays import Flags
from helpers.contract.sample.frames import contract_frame
from helpers.contract.sample.settings import SampleSize

FIXED = (
    ("01-01", "New Year"),
    ("05-01", "Labour Day"),
    ("10-03", "German Unity Day"),
    ("12-25", "Christmas Day"),
    ("12-26", "Second Christmas Day"),
)
AROUND_EASTER = ((-2, "Good Friday"), (1, "Easter Monday"), (39, "Ascension Day"), (50, "Whit Monday"))


def make_calendar(size: SampleSize) -> pd.DataFrame:
    """Return the calendar from the first day with data to half a year after the last."""
    dates = size.date(np.arange(7 * size.all_weeks))
    years = range(int(str(dates[0])[:4]), int(str(dates[-1])[:4]) + 1)
    names = {day: name for year in years for day, name in _holidays(year)}
    holiday = np.array([names.get(day) for day in dates], dtype=object)
    is_sunday = np.arange(len(dates)) % 7 == 6
    return contract_frame(
        "calendar",
        {"date": dates, "holiday": holiday, "closed": is_sunday | (holiday != None)},  # noqa: E711
    )


def open_days(calendar: pd.DataFrame) -> Flags:
    """Return which days are open (weeks × 7, Monday first)."""
    return ~calendar["closed"].to_numpy(bool).reshape(-1, 7)


def easter(year: int) -> np.datetime64:
    """Return Easter Sunday of a year."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    k = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * k) // 451
    month, day = divmod(h + k - 7 * m + 114, 31)
    return np.datetime64(f"{year}-{month:02d}-{day + 1:02d}", "D")


def _holidays(year: int) -> list[tuple[np.datetime64, str]]:
    sunday = easter(year)
    fixed = [(np.datetime64(f"{year}-{day}", "D"), name) for day, name in FIXED]
    return fixed + [(sunday + np.timedelta64(offset, "D"), name) for offset, name in AROUND_EASTER]
