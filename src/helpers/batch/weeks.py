"""ISO weeks: the week that is decided, and the last day whose data may be used for it."""

from __future__ import annotations

import datetime as dt
import re

from helpers.errors import ParameterError

PATTERN = re.compile(r"([12]\d{3})-W(\d{2})", re.ASCII)


def week_of(day: dt.date) -> str:
    """Return the ISO week of a day, as `2026-W47`."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def decision_week(as_of: dt.date) -> str:
    """Return the week to decide: the one that begins after, or holds, the day behind the data."""
    return week_of(as_of + dt.timedelta(days=1))


def monday_of(week: str) -> dt.date:
    """Return the Monday of an ISO week.

    Raises
    ------
    ParameterError
        The text is no ISO week.
    """
    found = PATTERN.fullmatch(week)
    try:
        return dt.date.fromisocalendar(int(found[1]), int(found[2]), 1) if found else _refuse(week)
    except ValueError:
        return _refuse(week)


def cutoff_of(week: str) -> dt.date:
    """Return the last day whose data may be used to decide a week: the Sunday before it."""
    return monday_of(week) - dt.timedelta(days=1)


def _refuse(week: str) -> dt.date:
    raise ParameterError(f"--week takes an ISO week such as 2026-W47; got {week!r}.")
