"""A table of many series, checked and made regular: `read_series`.

Missing periods between the first and the last of a series are filled. Where demand is a count
that can be nothing (whole numbers, and either a zero is there or the mean is below `SMALL_COUNT`)
no row means no demand: zero. Otherwise a missing row is a missing record: a straight line between
its neighbours. Rows may come in any order. All findings about a table are told together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.errors import ContractError
from helpers.forecasting.classify import Floats
from helpers.forecasting.series.periods import Calendar, Integers, read_calendar

COLUMNS = ("series_id", "period", "demand")
SMALL_COUNT = 20.0
LARGEST = 1e300


@dataclass(frozen=True, eq=False)
class SeriesTable:
    """Regular series, one after the other.

    Parameters
    ----------
    ids
        Name per series, as it came.
    demand
        All series end to end, oldest period first, nothing missing.
    starts
        Where each series begins in `demand`, and the end: one more than series.
    last
        Ordinal of the last period, per series.
    calendar, zone
        How periods go on; time zone of the dates, if any.
    notes
        What was assumed.
    """

    ids: pd.Index
    demand: Floats
    starts: Integers
    last: Integers
    calendar: Calendar
    zone: object
    notes: tuple[str, ...]

    @property
    def lengths(self) -> Integers:
        """Periods per series."""
        return np.diff(self.starts)

    def grid(self, rows: Integers) -> Floats:
        """Return some series × periods, aligned at the last period, NaN before a start."""
        lengths = self.lengths[rows]
        width = int(lengths.max())
        back = np.arange(width)[None, :] - width
        place = self.starts[rows + 1][:, None] + back
        known = back >= -lengths[:, None]
        return np.where(known, self.demand[np.where(known, place, 0)], np.nan)

    def periods(self, horizon: int) -> pd.Series:
        """Return the next periods of all series, one series after the other."""
        found = pd.Series(self.calendar.after(self.last, horizon).ravel())
        if self.zone is None:
            return found
        local: pd.Series = found.dt.tz_localize(self.zone, ambiguous=True, nonexistent="shift_forward")
        return local


def read_series(history: pd.DataFrame, season_length: int) -> SeriesTable:
    """Check a table of series and make it regular.

    Parameters
    ----------
    history
        Columns series_id, period (date or whole number), demand.
    season_length
        Tells the step of a table in which no series has two periods.

    Raises
    ------
    ContractError
        With everything that is wrong with the table.
    """
    _check_columns(history)
    demand, wrong_demand = _numbers(history["demand"])
    periods, zone, wrong_periods = _periods(history["period"])
    wrong = [*_missing_ids(history["series_id"]), *wrong_periods, *wrong_demand]
    if periods is not None:
        wrong += _duplicates(history["series_id"], periods)
    if wrong or periods is None:
        raise ContractError("history: " + " ".join(wrong))
    codes, ids = _sorted_codes(history["series_id"])
    order = np.lexsort((periods.to_numpy(), codes))
    return _regular(codes[order], ids, periods.iloc[order], demand[order], (season_length, zone))


def _regular(
    codes: Integers,
    ids: pd.Index,
    periods: pd.Series,
    demand: Floats,
    about: tuple[int, object],
) -> SeriesTable:
    season_length, zone = about
    calendar = read_calendar(periods, codes, season_length)
    if calendar.irregular.any():
        raise ContractError(f"history: {_say_irregular(calendar.irregular, ids)}")
    begin = np.flatnonzero(np.diff(codes, prepend=-1))
    end = np.append(begin[1:], len(codes)) - 1
    first, last = calendar.ordinals[begin], calendar.ordinals[end]
    starts = np.concatenate([[0], np.cumsum((last - first) // calendar.step + 1)])
    place = starts[codes] + (calendar.ordinals - first[codes]) // calendar.step[codes]
    filled = np.full(starts[-1], np.nan)
    filled[place] = demand
    gaps = np.isnan(filled)
    notes = list(_assumptions(calendar, zone))
    if gaps.any():
        zero = np.repeat(_counts_with_nothing(demand, begin), np.diff(starts))
        known = np.flatnonzero(~gaps)
        line = np.interp(np.flatnonzero(gaps), known, filled[known])
        filled[gaps] = np.where(zero[gaps], 0.0, line)
        notes += _say_gaps(gaps, zero, starts)
    return SeriesTable(ids, filled, starts, last, calendar, zone, tuple(notes))


def _counts_with_nothing(demand: Floats, begin: Integers) -> NDArray[np.bool_]:
    """Whether no row means no demand, per series."""
    whole = np.logical_and.reduceat((demand == np.floor(demand)) & (demand >= 0), begin)
    size = np.add.reduceat(demand, begin) / np.diff(np.append(begin, len(demand)))
    found: NDArray[np.bool_] = whole & ((np.minimum.reduceat(demand, begin) == 0) | (size < SMALL_COUNT))
    return found


def _say_gaps(gaps: NDArray[np.bool_], zero: NDArray[np.bool_], starts: Integers) -> Iterator[str]:
    means = (
        (gaps & zero, "counted as zero demand, as the series are counts that can be nothing"),
        (gaps & ~zero, "filled by a straight line between their neighbours"),
    )
    for chosen, what in means:
        if chosen.any():
            series = int(np.logical_or.reduceat(chosen, starts[:-1]).sum())
            yield f"{int(chosen.sum())} missing periods in {series} series were {what}."


def _assumptions(calendar: Calendar, zone: object) -> Iterator[str]:
    if calendar.assumed:
        yield (
            f"{calendar.assumed} series have one period only: the step between periods was taken from "
            "the other series or, where none shows one, from the season length."
        )
    if zone is not None:
        yield f"Periods were counted in local time of their time zone ({zone})."


def _say_irregular(irregular: NDArray[np.bool_], ids: pd.Index) -> str:
    first = ids[np.flatnonzero(irregular)[0]]
    return (
        f"column 'period' shows no regular frequency in {int(irregular.sum())} series (first: {first!r}). "
        "Give each row the date of its period (for weeks always the same weekday, for months the first "
        "or the last day), or number the periods."
    )


def _check_columns(history: pd.DataFrame) -> None:
    if not isinstance(history, pd.DataFrame):
        raise ContractError(
            f"history: {type(history).__name__} came. Give a DataFrame with {', '.join(COLUMNS)}."
        )
    missing = [name for name in COLUMNS if name not in history.columns]
    if missing:
        came = ", ".join(map(str, history.columns)) or "none"
        raise ContractError(
            f"history: missing {', '.join(map(repr, missing))}; columns that came: {came}. "
            "Rename or add them."
        )
    if history.empty:
        raise ContractError("history: the table has no rows. Give at least one period of one series.")


def _numbers(column: pd.Series) -> tuple[Floats, list[str]]:
    """Demand as floats, and what is wrong with it."""
    converted = pd.to_numeric(column, errors="coerce") if column.dtype != bool else column
    values = converted.to_numpy("float64", na_value=np.nan)
    text = np.isnan(values) & column.notna().to_numpy()
    findings = [
        (text, "values that are no number", "Write numbers."),
        (np.isnan(values) & ~text, "missing values", "Give a number or leave the row out (a gap is filled)."),
        (np.abs(np.nan_to_num(values, posinf=np.inf)) > LARGEST, "infinite values", "Give finite numbers."),
    ]
    return values, [
        _finding("demand", column, wrong, what, do) for wrong, what, do in findings if wrong.any()
    ]


def _finding(name: str, column: pd.Series, wrong: NDArray[np.bool_], what: str, do: str) -> str:
    first = int(np.flatnonzero(wrong)[0])
    value = column.iloc[first]
    return f"column '{name}' has {int(wrong.sum())} {what} (first: row {first}, {value!r}). {do}"


def _periods(column: pd.Series) -> tuple[pd.Series | None, object, list[str]]:
    """Periods as int64 or datetime64, their time zone, and what is wrong with them."""
    if column.isna().any():
        wrong = column.isna().to_numpy()
        return None, None, [_finding("period", column, wrong, "missing values", "Give every row its period.")]
    if isinstance(column.dtype, pd.PeriodDtype):
        column = column.dt.to_timestamp()
    if pd.api.types.is_datetime64_any_dtype(column):
        zone = column.dt.tz
        return column.dt.tz_localize(None) if zone is not None else column, zone, []
    numbers = pd.to_numeric(column.astype("object"), errors="coerce").astype("float64")
    if numbers.notna().all():
        return _whole(column, numbers)
    if numbers.notna().any():
        wrong = numbers.notna().to_numpy()
        do = "Use dates or whole numbers, not both."
        return None, None, [_finding("period", column, wrong, "numbers among dates", do)]
    dates = pd.to_datetime(column.astype("object"), errors="coerce", format="ISO8601")
    if dates.isna().any():
        wrong = dates.isna().to_numpy()
        do = "Write dates as 2026-11-15, or whole numbers."
        return None, None, [_finding("period", column, wrong, "values that are no period", do)]
    zone = dates.dt.tz
    return dates.dt.tz_localize(None) if zone is not None else dates, zone, []


def _whole(column: pd.Series, numbers: pd.Series) -> tuple[pd.Series | None, object, list[str]]:
    wrong = ((numbers != np.floor(numbers)) | (numbers.abs() > 2**53)).to_numpy()
    if wrong.any():
        do = "Number the periods 1, 2, 3 or give dates."
        return None, None, [_finding("period", column, wrong, "numbers that are not whole", do)]
    return numbers.astype("int64"), None, []


def _missing_ids(ids: pd.Series) -> list[str]:
    wrong = ids.isna().to_numpy()
    return [_finding("series_id", ids, wrong, "missing values", "Name every series.")] if wrong.any() else []


def _duplicates(ids: pd.Series, periods: pd.Series) -> list[str]:
    rows = pd.DataFrame({"series": ids.to_numpy(), "period": periods.to_numpy()}).duplicated().to_numpy()
    if not rows.any():
        return []
    first = int(np.flatnonzero(rows)[0])
    where = f"first: row {first}, series {ids.iloc[first]!r}, period {periods.iloc[first]}"
    return [f"{int(rows.sum())} rows repeat a series and period ({where}). Add them up or leave one out."]


def _sorted_codes(ids: pd.Series) -> tuple[Integers, pd.Index]:
    """Series number per row, in the order of the names (as text where they do not compare)."""
    codes, names = pd.factorize(ids.astype("object"))
    try:
        order = np.argsort(names.to_numpy(), kind="stable")
    except TypeError:
        order = np.argsort(names.astype(str).to_numpy(), kind="stable")
    rank = np.empty(len(order), dtype="int64")
    rank[order] = np.arange(len(order))
    return rank[codes], pd.Index(names.to_numpy()[order])
