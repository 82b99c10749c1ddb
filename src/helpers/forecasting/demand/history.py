"""Weekly requested demand per product × site, from order lines.

Rules: a line counts in the week (Monday to Sunday) in which the customer asked, with the
quantity asked, whatever was shipped. Cancelled lines and the order types that are kept
apart do not count; they are counted and told. Only whole weeks up to the cutoff count. A
series starts with the later of its first order and its launch date, is zero where nobody
asked, and ends with the week of its end date. Weeks in which stock ran out are marked, never
dropped: dropping them selects weeks of low demand; `repair.py` estimates them.

Returns do not reduce demand: who sends back a damaged or late delivery wanted the goods. A return
whose reason says that the goods were never wanted can be taken off the week of its order
(`HistoryRules.never_wanted`, empty by default: reasons are free text). One-off order lines that
nobody flagged (`outliers.py`) are kept apart like special orders, counted and listed. Which lines
are one-offs is judged from all lines up to the cutoff, before the back-test cuts the history.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.errors import ContractError, ParameterError
from helpers.forecasting.classify import Floats
from helpers.forecasting.demand.order_lines import DEFAULT_RULES, HistoryRules, read_order_lines
from helpers.forecasting.demand.outliers import no_outliers
from helpers.forecasting.demand.supply import KEYS, read_supply, to_grid
from helpers.forecasting.settings import ForecastSettings

NEVER = 10**6
NO_STOCK = "No table stock: weeks in which stock ran out cannot be seen, demand may be understated."


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


GRIDS = ("demand", "stockout", "apart", "cancelled", "supply", "left", "line_squares", "recorded", "repaired")


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
    supply, left
        Series × weeks, units that could be served in the week and what was left of them
        (`supply.py`); infinite where unknown.
    line_squares
        Series × weeks, sum of the squared sizes of the order lines.
    recorded, repaired
        Demand as recorded, and which weeks are estimates, where `demand` was repaired.
    outliers
        One-off lines that were kept apart: product_id, site_id, week, order_id, line, units, usual,
        limit (`outliers.py`).
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
    supply: Floats | None = None
    left: Floats | None = None
    line_squares: Floats | None = None
    recorded: Floats | None = None
    repaired: NDArray[np.bool_] | None = None
    outliers: pd.DataFrame = field(default_factory=no_outliers)

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
        grids = {name: getattr(self, name) for name in GRIDS}
        known = {name: grid[:, :origin] for name, grid in grids.items() if grid is not None}
        outliers = self.outliers[self.outliers["week"] < self.weeks[0] + np.timedelta64(7 * origin, "D")]
        return replace(self, weeks=self.weeks[:origin], outliers=outliers, **known)

    def future_weeks(self, horizon: int) -> pd.DatetimeIndex:
        """Return the Mondays of the `horizon` weeks after the last one."""
        first = self.weeks[-1].to_pydatetime() + timedelta(days=7)
        return pd.DatetimeIndex([first + timedelta(days=7 * lead) for lead in range(horizon)])

    def table(self) -> pd.DataFrame:
        """Return the long form.

        Columns: product_id, site_id, week, demand, recorded, repaired, stockout, kept_apart, cancelled.
        """
        series, week = np.nonzero(np.isfinite(self.demand))
        recorded = self.demand if self.recorded is None else self.recorded
        repaired = np.zeros(self.demand.shape, dtype=bool) if self.repaired is None else self.repaired
        return pd.DataFrame(
            {
                "product_id": self.keys["product_id"].to_numpy()[series],
                "site_id": self.keys["site_id"].to_numpy()[series],
                "week": self.weeks[week],
                "demand": self.demand[series, week],
                "recorded": recorded[series, week],
                "repaired": repaired[series, week],
                "stockout": self.stockout[series, week],
                "kept_apart": self.apart[series, week],
                "cancelled": self.cancelled[series, week],
            }
        )


def read_history(
    case: DemandCase, settings: ForecastSettings, rules: HistoryRules = DEFAULT_RULES
) -> History:
    """Return weekly demand per product × site up to the cutoff.

    Raises
    ------
    ParameterError
        If the cutoff lies after the last day of the data.
    ContractError
        If no order line is left to learn from.
    """
    after = week_after_cutoff(case, settings)
    weekly, outliers, line_notes = read_order_lines(case, settings, str(after), rules)
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
    demand, apart, cancelled, squares = (
        to_grid(weekly, name, keys, weeks) for name in ("demand", "apart", "cancelled", "squares")
    )
    position = np.arange(len(weeks))
    alive = (position >= start[:, None]) & (position <= end[:, None])
    supply = read_supply(case, keys, weeks, str(after), demand)
    counted = (*_count_notes(weekly, weeks, known), *_life_notes(demand, alive, end, len(weeks)))
    notes = (
        limit_note,
        *counted,
        *line_notes,
        "" if case.has("stock") else NO_STOCK,
        value_note,
    )
    return History(
        keys=keys.drop(columns=["first_week", "launch_date"]),
        weeks=weeks,
        demand=np.where(alive, demand, np.nan),
        stockout=supply.empty & alive,
        apart=apart,
        cancelled=cancelled,
        start=start,
        end=end,
        notes=tuple(note for note in notes if note),
        supply=supply.available,
        left=supply.left,
        line_squares=squares,
        outliers=outliers,
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
