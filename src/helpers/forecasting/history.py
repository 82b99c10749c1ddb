"""Weekly requested demand per product × site, from order lines.

Rules: a line counts in the week (Monday to Sunday) in which the customer asked, with the
quantity asked, whatever was shipped. Cancelled lines and the order types that are kept
apart do not count; they are counted and told. Only whole weeks up to the cutoff count. A
series starts with the later of its first order and its launch date, is zero where nobody
asked, and ends with the week of its end date. Weeks in which stock ran out are marked, never
dropped: dropping them selects weeks of low demand.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.errors import ContractError, ParameterError
from helpers.forecasting.classify import Floats
from helpers.forecasting.settings import ForecastSettings

KEYS = ["product_id", "site_id"]
NEVER = 10**6


class DemandCase(Protocol):
    """What forecasting needs of a `Case`."""

    @property
    def first_day(self) -> date:
        """First day that the events reach."""

    @property
    def as_of(self) -> date:
        """Last day that the events reach."""

    def has(self, name: str) -> bool:
        """Tell whether the table is there."""

    def table(self, name: str) -> pd.DataFrame:
        """Return a table with all columns of the contract."""

    def query(self, sql: str) -> pd.DataFrame:
        """Return the result of SQL over the tables."""


@dataclass(frozen=True, eq=False)
class History:
    """Demand of all series on one calendar of weeks.

    Parameters
    ----------
    keys
        One row per series, sorted: `product_id`, `site_id`, `name`, `category`, `unit_value`
        (money per unit), `end_date`.
    weeks
        Mondays.
    demand
        Series × weeks, units; NaN before the start and after the end of a series.
    stockout
        Series × weeks; whether stock was zero at the close of this or of the previous week.
    apart, cancelled
        Series × weeks, units that were kept apart or cancelled.
    start
        Index of the first week of each series.
    end
        Index of the last week on sale; beyond the calendar where no end is known.
    notes
        What was left out or assumed, with counts.
    """

    keys: pd.DataFrame
    weeks: pd.DatetimeIndex
    demand: Floats
    stockout: NDArray[np.bool_]
    apart: Floats
    cancelled: Floats
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    notes: tuple[str, ...]

    @property
    def length(self) -> int:
        """Number of weeks."""
        return len(self.weeks)

    @property
    def active(self) -> NDArray[np.bool_]:
        """Whether a series has begun and is still on sale after the last week."""
        return (self.start < self.length) & (self.end >= self.length)

    def until(self, origin: int) -> History:
        """Return what was known after the first `origin` weeks: the only door of the back-test."""
        parts = {
            name: getattr(self, name)[:, :origin] for name in ("demand", "stockout", "apart", "cancelled")
        }
        return replace(self, weeks=self.weeks[:origin], **parts)

    def future_weeks(self, horizon: int) -> pd.DatetimeIndex:
        """Return the Mondays of the `horizon` weeks after the last one."""
        first = self.weeks[-1].to_pydatetime() + timedelta(days=7)
        return pd.DatetimeIndex([first + timedelta(days=7 * lead) for lead in range(horizon)])

    def table(self) -> pd.DataFrame:
        """Return the long form: product_id, site_id, week, demand, stockout, kept_apart, cancelled."""
        series, week = np.nonzero(np.isfinite(self.demand))
        return pd.DataFrame(
            {
                "product_id": self.keys["product_id"].to_numpy()[series],
                "site_id": self.keys["site_id"].to_numpy()[series],
                "week": self.weeks[week],
                "demand": self.demand[series, week],
                "stockout": self.stockout[series, week],
                "kept_apart": self.apart[series, week],
                "cancelled": self.cancelled[series, week],
            }
        )


def read_history(case: DemandCase, settings: ForecastSettings) -> History:
    """Return weekly demand per product × site up to the cutoff.

    Raises
    ------
    ParameterError
        If the cutoff lies after the last day of the data.
    ContractError
        If no order line is left to learn from.
    """
    after = week_after_cutoff(case, settings)
    weekly = case.query(_weekly_sql(settings, after)).astype({"week": "datetime64[ns]"})
    base = weekly[weekly["demand"] > 0]
    if base.empty:
        raise ContractError(
            f"orders: no line of base demand before {after}. Check the cutoff, and which order types "
            "and statuses count as demand."
        )
    weeks = _calendar(_first_whole_week(case, base), after, settings.history_weeks)
    kept, limit_note = _busiest(base, settings)
    keys, value_note = _series_keys(case, kept)
    start, end = _series_life(keys, weeks)
    known = (start < len(weeks)) & (end >= 0)
    keys, start, end = keys[known].reset_index(drop=True), start[known], end[known]
    if keys.empty:
        raise ContractError(f"products: every product's launch date is after {after}. Check launch_date.")
    demand, apart, cancelled = (
        _spread(weekly, keys, weeks, name) for name in ("demand", "apart", "cancelled")
    )
    position = np.arange(len(weeks))
    alive = (position >= start[:, None]) & (position <= end[:, None])
    stockout, stock_note = _stockouts(case, keys, weeks, after)
    counted = (*_count_notes(weekly, weeks, known), *_life_notes(demand, alive, end, len(weeks)))
    notes = (limit_note, *counted, stock_note, value_note)
    return History(
        keys=keys.drop(columns=["first_week", "launch_date"]),
        weeks=weeks,
        demand=np.where(alive, demand, np.nan),
        stockout=stockout & alive,
        apart=apart,
        cancelled=cancelled,
        start=start,
        end=end,
        notes=tuple(note for note in notes if note),
    )


def week_after_cutoff(case: DemandCase, settings: ForecastSettings) -> date:
    """Return the Monday after the last whole week up to the cutoff."""
    cutoff = date.fromisoformat(settings.cutoff) if settings.cutoff else case.as_of
    if cutoff > case.as_of:
        raise ParameterError(
            f"cutoff: {cutoff} is after the last day of the data, {case.as_of}. Give an earlier day, or none."
        )
    next_day = cutoff + timedelta(days=1)
    return next_day - timedelta(days=next_day.weekday())


def _weekly_sql(settings: ForecastSettings, after: date) -> str:
    """One pass over the order lines; sums are rounded so that their order cannot matter."""
    apart = ", ".join(f"'{word}'" for word in settings.kept_apart) or "''"
    cancelled = "false" if settings.count_cancelled else "status = 'cancelled'"
    return f"""
        WITH lines AS (
            SELECT product_id, site_id, CAST(date_trunc('week', order_date) AS DATE) AS week, quantity,
                coalesce({cancelled}, false) AS is_cancelled,
                coalesce(order_type, 'stock') IN ({apart}) AS is_apart
            FROM orders WHERE order_date < DATE '{after}' AND quantity > 0
        )
        SELECT product_id, site_id, week,
            round(coalesce(sum(quantity) FILTER (WHERE NOT is_cancelled AND NOT is_apart), 0), 6) AS demand,
            round(coalesce(sum(quantity) FILTER (WHERE NOT is_cancelled AND is_apart), 0), 6) AS apart,
            round(coalesce(sum(quantity) FILTER (WHERE is_cancelled), 0), 6) AS cancelled,
            count(*) FILTER (WHERE NOT is_cancelled AND is_apart) AS apart_lines,
            count(*) FILTER (WHERE is_cancelled) AS cancelled_lines
        FROM lines GROUP BY ALL ORDER BY ALL
    """  # noqa: S608 - the words come from a checked list, the day from a date


def _first_whole_week(case: DemandCase, base: pd.DataFrame) -> date:
    """Return the first Monday with demand whose week lies whole in the data, if any week does.

    Data that begin on a Sunday would open with a week of one day, which every comparison with the
    year before would meet.
    """
    first: date = base["week"].min().date()
    last: date = base["week"].max().date()
    begun = first < case.first_day < first + timedelta(days=7)
    return first + timedelta(days=7) if begun and first < last else first


def _calendar(first: date, after: date, longest: int) -> pd.DatetimeIndex:
    count = min((after - first).days // 7, longest)
    return pd.DatetimeIndex([after - timedelta(days=7 * back) for back in range(count, 0, -1)])


def _busiest(base: pd.DataFrame, settings: ForecastSettings) -> tuple[pd.DataFrame, str]:
    """Return the rows of the series that get a forecast, and what is to be said of the others.

    Busy means many units over the last season; equal ones come in the order of their keys.
    """
    since = base["week"].max() - np.timedelta64(7 * settings.season_length, "D")
    recent = base["demand"].where(base["week"] > since, 0.0)
    units = base.assign(units=recent).groupby(KEYS, sort=True)["units"].sum()
    if len(units) <= settings.most_series:
        return base, ""
    ranked = units.sort_values(ascending=False, kind="stable")
    kept = pd.MultiIndex.from_frame(base[KEYS]).isin(ranked.index[: settings.most_series])
    left = ranked.iloc[settings.most_series :]
    share = left.sum() / ranked.sum() if ranked.sum() else 0.0
    return base[kept], (
        f"{len(left):,} of {len(units):,} product × site pairs get no forecast, because most_series is "
        f"{settings.most_series:,}: they sold {share:.0%} of the units of the last season."
    )


def _series_keys(case: DemandCase, base: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """One row per product × site with base demand and what the products table says of it; a note."""
    keys = base.groupby(KEYS, sort=True)["week"].min().rename("first_week").reset_index()
    if not case.has("products"):
        never = pd.Series(pd.NaT, index=keys.index, dtype="datetime64[ns]")
        keys = keys.assign(name=keys["product_id"], category="all", unit_value=1.0)
        return keys.assign(launch_date=never, end_date=never), ""
    columns = ["product_id", "name", "category", "unit_cost", "list_price", "launch_date", "end_date"]
    products = case.table("products").reindex(columns=columns).drop_duplicates("product_id")
    joined = keys.merge(products, on="product_id", how="left", validate="many_to_one")
    cost, price = (joined[name].astype("float64") for name in ("unit_cost", "list_price"))
    return joined.assign(
        name=joined["name"].fillna(joined["product_id"]),
        category=joined["category"].fillna("unknown").astype(str),
        unit_value=cost.fillna(price).fillna(0.0),
        launch_date=pd.to_datetime(joined["launch_date"]),
        end_date=pd.to_datetime(joined["end_date"]),
    ).drop(columns=["unit_cost", "list_price"]), _value_note(cost, price)


def _value_note(cost: pd.Series[float], price: pd.Series[float]) -> str:
    at_price, unknown = int((cost.isna() & price.notna()).sum()), int((cost.isna() & price.isna()).sum())
    found = [
        (at_price, f"{at_price:,} series have no unit cost: their money is counted at list price"),
        (unknown, f"{unknown:,} series have neither cost nor price: their money counts as nothing"),
    ]
    said = "; ".join(words for count, words in found if count)
    return f"{said}." if said else ""


def _series_life(keys: pd.DataFrame, weeks: pd.DatetimeIndex) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last week of each series as positions in the calendar."""
    start = np.maximum(
        _week_position(keys["first_week"], weeks, 0), _week_position(keys["launch_date"], weeks, 0)
    )
    return np.maximum(start, 0), _week_position(keys["end_date"], weeks, NEVER)


def _week_position(days: pd.Series, weeks: pd.DatetimeIndex, missing: int) -> NDArray[np.int64]:
    apart = (days.to_numpy("datetime64[D]") - weeks.to_numpy()[0].astype("datetime64[D]")).astype("int64")
    return np.where(days.isna(), missing, np.floor_divide(apart, 7))


def _spread(weekly: pd.DataFrame, keys: pd.DataFrame, weeks: pd.DatetimeIndex, column: str) -> Floats:
    """Put a column of the long table onto the grid series × weeks, zero where there is no row."""
    series = pd.MultiIndex.from_frame(keys[KEYS]).get_indexer(pd.MultiIndex.from_frame(weekly[KEYS]))
    position = weeks.get_indexer(pd.DatetimeIndex(weekly["week"]))
    inside = (series >= 0) & (position >= 0)
    grid = np.zeros((len(keys), len(weeks)))
    grid[series[inside], position[inside]] = weekly[column].to_numpy("float64")[inside]
    return grid


def _stockouts(
    case: DemandCase, keys: pd.DataFrame, weeks: pd.DatetimeIndex, after: date
) -> tuple[NDArray[np.bool_], str]:
    """Mark weeks that opened or closed without stock, from the last count of each week."""
    empty = np.zeros((len(keys), len(weeks)), dtype=bool)
    if not case.has("stock"):
        return (
            empty,
            "No table stock: weeks in which stock ran out cannot be seen, demand may be understated.",
        )
    closing = case.query(
        f"""
        SELECT product_id, site_id, CAST(date_trunc('week', date) AS DATE) AS week,
            CAST(arg_max(on_hand, date) <= 0 AS DOUBLE) AS empty
        FROM stock WHERE date < DATE '{after}' GROUP BY ALL ORDER BY ALL
        """  # noqa: S608 - the day comes from a date
    ).astype({"week": "datetime64[ns]"})
    at_close = _spread(closing, keys, weeks, "empty") > 0
    at_open = np.column_stack([empty[:, :1], at_close[:, :-1]])
    return at_close | at_open, ""


def _count_notes(weekly: pd.DataFrame, weeks: pd.DatetimeIndex, known: NDArray[np.bool_]) -> list[str]:
    counts = {name: int(weekly[name].sum()) for name in ("cancelled_lines", "apart_lines")}
    units = {name: f"{weekly[name].sum():,.0f} units" for name in ("cancelled", "apart")}
    older, unknown = int((weekly["week"] < weeks[0]).sum()), int((~known).sum())
    found = [
        (counts["cancelled_lines"], f"cancelled order lines ({units['cancelled']}) are not demand."),
        (counts["apart_lines"], f"special order lines ({units['apart']}) are kept apart from base demand."),
        (older, f"product × site × weeks before {weeks[0]:%Y-%m-%d} are older than the history in use."),
        (unknown, "series are not launched yet or ended before the history."),
    ]
    return [f"{count:,} {words}" for count, words in found if count]


def _life_notes(demand: Floats, alive: NDArray[np.bool_], end: NDArray[np.int64], length: int) -> list[str]:
    found = [
        (demand[~alive].sum(), "units were asked before launch or after the end date and are left out."),
        ((end < length).sum(), "series have reached their end date and get no forecast."),
    ]
    return [f"{count:,.0f} {words}" for count, words in found if count]
