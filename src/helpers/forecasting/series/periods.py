"""Regular periods of series: how far apart they are, and which come next.

A period becomes a whole number, its ordinal, in one of three calendars:

    integer   the period itself
    month     months since 1970: every date of the series has the same day, or is a month's last
              (monthly, quarterly, yearly; starts or ends)
    clock     seconds since 1970: everything else (weekly, daily, hourly)

The step of a series is the greatest common divisor of the differences of its ordinals. A series
whose differences are not all equal, and whose step is a multiple of the step that most series
have, takes theirs: a slow item that sold in weeks 1, 5 and 9 of a weekly table is weekly.
A series of one period takes the common step; if none has two, the season length tells
(`STEPS_OF_SEASON`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Integers = NDArray[np.int64]

DAY = 86_400
INTEGER, MONTH, CLOCK = 0, 1, 2
# Season length to (calendar, step), for a table in which no series has two periods.
STEPS_OF_SEASON = {
    1: (MONTH, 12),
    4: (MONTH, 3),
    7: (CLOCK, DAY),
    12: (MONTH, 1),
    24: (CLOCK, 3600),
    52: (CLOCK, 7 * DAY),
}
# Below this share of filled periods, a step that occurs is chance and not a calendar.
LEAST_FILLED = 0.02
SHORTEST_MONTH = 28 * DAY


@dataclass(frozen=True, eq=False)
class Calendar:
    """Where the periods of a table lie.

    `ordinals` per row; `kind`, `step`, `day` (0 = a month's last) and `irregular` per series.
    """

    ordinals: Integers
    kind: Integers
    step: Integers
    day: Integers
    irregular: NDArray[np.bool_]
    assumed: int

    def after(self, last: Integers, horizon: int) -> NDArray[np.generic]:
        """Return the next periods of each series, series × horizon, from its last ordinal."""
        ordinals = last[:, None] + self.step[:, None] * np.arange(1, horizon + 1)
        if (self.kind == INTEGER).all():
            return ordinals
        months = np.where((self.kind == MONTH)[:, None], ordinals, 0)
        ends = (self.day == 0)[:, None]
        start = (months + ends).astype("datetime64[M]").astype("datetime64[s]").astype("int64")
        offset = np.where(self.day == 0, -1, self.day - 1)[:, None] * DAY
        seconds = np.where((self.kind == MONTH)[:, None], start + offset, ordinals)
        return seconds.astype("datetime64[s]").astype("datetime64[ns]")


def read_calendar(periods: pd.Series, codes: Integers, season_length: int) -> Calendar:
    """Return the calendar of a table sorted by series and period.

    Parameters
    ----------
    periods
        int64 or datetime64 without time zone.
    codes
        Series of each row, 0, 1, …; rising.
    season_length
        Tells the step where no series has two periods.
    """
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    if pd.api.types.is_integer_dtype(periods):
        ordinals = periods.to_numpy("int64")
        kind, day = np.full(len(starts), INTEGER), np.ones(len(starts), dtype="int64")
    else:
        ordinals, kind, day = _date_ordinals(periods, starts)
    step, irregular, assumed = _steps(ordinals, starts, kind, season_length)
    if not pd.api.types.is_integer_dtype(periods) and assumed:
        ordinals, kind, day = _adopt(periods, starts, (ordinals, kind, day), step)
    return Calendar(ordinals, kind, np.abs(step), day, irregular, assumed)


def _date_ordinals(periods: pd.Series, starts: Integers) -> tuple[Integers, Integers, Integers]:
    """Ordinals per row, kind and day of month per series."""
    seconds = periods.to_numpy("datetime64[s]").astype("int64")
    days = periods.dt.day.to_numpy("int64")
    ends = periods.dt.is_month_end.to_numpy("bool")
    counts = np.diff(np.append(starts, len(seconds)))
    gaps = np.diff(seconds, prepend=seconds[:1])
    gaps[starts] = np.iinfo(np.int64).max
    far = np.minimum.reduceat(gaps, starts) >= SHORTEST_MONTH
    midnight = np.minimum.reduceat(seconds % DAY == 0, starts)
    all_ends = np.logical_and.reduceat(ends, starts)
    same_day = np.minimum.reduceat(days, starts) == np.maximum.reduceat(days, starts)
    monthly = far & midnight & (all_ends | same_day) & (counts > 1)
    # February 1 alone could be any calendar; several dates that are four weeks apart are not months.
    kind = np.where(monthly, MONTH, CLOCK)
    day = np.where(all_ends & ~(same_day & (days[starts] < SHORTEST_MONTH // DAY)), 0, days[starts])
    months = periods.to_numpy("datetime64[M]").astype("int64")
    ordinals = np.where(np.repeat(monthly, counts), months, seconds)
    return ordinals, kind, day


def _steps(
    ordinals: Integers, starts: Integers, kind: Integers, season_length: int
) -> tuple[Integers, NDArray[np.bool_], int]:
    """Step per series (negative where the calendar is another's), whether irregular, how many assumed."""
    counts = np.diff(np.append(starts, len(ordinals)))
    gaps = np.diff(ordinals, prepend=ordinals[:1])
    gaps[starts] = 0
    own = np.gcd.reduceat(gaps, starts)
    inner = np.where(gaps == 0, np.repeat(own, counts), gaps)
    even = np.minimum.reduceat(inner, starts) == np.maximum.reduceat(inner, starts)
    several = counts > 1
    common_kind, common = _common(kind[several & (counts > 2)], own[several & (counts > 2)])
    if common == 0:
        common_kind, common = _common(kind[several], own[several])
    if common == 0:
        fallback = STEPS_OF_SEASON.get(season_length, (CLOCK, DAY))
        common_kind, common = (INTEGER, 1) if (kind == INTEGER).all() else fallback
    coarse = several & ~(even & (counts > 2)) & (kind == common_kind) & (own % common == 0)
    step = np.where(coarse, common, own)
    adopted = ~several
    step = np.where(adopted, np.where(kind == common_kind, common, -common), step)
    span = np.add.reduceat(gaps, starts) // np.maximum(np.abs(step), 1) + 1
    occurs = np.logical_or.reduceat(gaps == np.repeat(np.abs(step), counts), starts)
    shared = (step == common) & (kind == common_kind)
    # The common step must itself be seen between two neighbouring periods of some series.
    usual = shared & bool((occurs & shared & several).any())
    irregular = several & ((counts < LEAST_FILLED * span) | ~(occurs | usual) | _jitters(counts, span, usual))
    return step, irregular, int(adopted.sum())


def _jitters(counts: Integers, span: Integers, usual: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """A series of its own step with most periods missing has no calendar that shows."""
    return ~usual & (counts < 0.1 * span)


def _common(kind: Integers, step: Integers) -> tuple[int, int]:
    """The most common pair of calendar and step; (0, 0) where there is none."""
    if not len(step):
        return 0, 0
    pairs, times = np.unique(np.column_stack([kind, step]), axis=0, return_counts=True)
    best = pairs[times.argmax()]
    return int(best[0]), int(best[1])


def _adopt(
    periods: pd.Series,
    starts: Integers,
    found: tuple[Integers, Integers, Integers],
    step: Integers,
) -> tuple[Integers, Integers, Integers]:
    """Move series of one date to the month calendar where the common step is in months."""
    ordinals, kind, day = found
    moved = step < 0
    months = periods.to_numpy("datetime64[M]").astype("int64")
    ordinals = ordinals.copy()
    ordinals[starts[moved]] = months[starts[moved]]
    return ordinals, np.where(moved, MONTH, kind), day
