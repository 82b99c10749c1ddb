"""Order lines as weekly sums: what counts as demand, what is kept apart, what was never wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import pandas as pd

from helpers.forecasting.demand.outliers import DEFAULT_OUTLIERS, OutlierRule, find_outliers
from helpers.forecasting.demand.supply import KEYS
from helpers.forecasting.settings import ForecastSettings


class LineCase(Protocol):
    """What reading order lines needs of a `Case`."""

    def has(self, name: str) -> bool:
        """Tell whether the table is there."""

    def query(self, sql: str) -> pd.DataFrame:
        """Return the result of SQL over the tables."""


@dataclass(frozen=True)
class HistoryRules:
    """What counts as demand beyond order types and status.

    Parameters
    ----------
    never_wanted
        Reasons of the table `returns` (as written there) whose units are taken off the demand.
    outliers
        When an order line is a one-off that is kept apart.
    """

    never_wanted: tuple[str, ...] = ()
    outliers: OutlierRule = DEFAULT_OUTLIERS


DEFAULT_RULES = HistoryRules()


def read_order_lines(
    case: LineCase, settings: ForecastSettings, after: str, rules: HistoryRules
) -> tuple[pd.DataFrame, pd.DataFrame, tuple[str, str]]:
    """Return weekly sums per product × site, the one-off lines kept apart, and notes on both rules.

    The sums have the columns product_id, site_id, week (Monday), demand, apart, cancelled (units),
    squares (of the sizes of the demand lines), apart_lines, cancelled_lines. `after` is the first day
    (ISO) that is not read.
    """
    outliers = find_outliers(case, _base_lines(settings, after), rules.outliers)
    weekly = case.query(_weekly_sql(settings, after)).astype({"week": "datetime64[ns]"})
    weekly = _without_outliers(weekly, outliers)
    weekly, return_note = _without_returns(case, weekly, settings, after, rules)
    return weekly, outliers, (_outlier_note(outliers), return_note)


def _weekly_sql(settings: ForecastSettings, after: str) -> str:
    """One pass over the order lines; sums are rounded so that their order cannot matter."""
    return f"""
        WITH lines AS ({_lines_sql(settings, after)})
        SELECT product_id, site_id, week,
            round(coalesce(sum(quantity) FILTER (WHERE NOT is_cancelled AND NOT is_apart), 0), 6) AS demand,
            round(coalesce(sum(quantity) FILTER (WHERE NOT is_cancelled AND is_apart), 0), 6) AS apart,
            round(coalesce(sum(quantity) FILTER (WHERE is_cancelled), 0), 6) AS cancelled,
            round(coalesce(sum(quantity ** 2) FILTER (WHERE NOT is_cancelled AND NOT is_apart), 0), 6)
                AS squares,
            count(*) FILTER (WHERE NOT is_cancelled AND is_apart) AS apart_lines,
            count(*) FILTER (WHERE is_cancelled) AS cancelled_lines
        FROM lines GROUP BY ALL ORDER BY ALL
    """  # noqa: S608 - the lines come from SQL of our own


def _base_lines(settings: ForecastSettings, after: str) -> str:
    lines = _lines_sql(settings, after, ", order_id, line")
    return f"SELECT * FROM ({lines}) WHERE NOT is_cancelled AND NOT is_apart"  # noqa: S608 - as above


def _lines_sql(settings: ForecastSettings, after: str, more: str = "") -> str:
    apart = ", ".join(f"'{word}'" for word in settings.kept_apart) or "''"
    cancelled = "false" if settings.count_cancelled else "status = 'cancelled'"
    return f"""
        SELECT product_id, site_id, CAST(date_trunc('week', order_date) AS DATE) AS week, quantity,
            coalesce({cancelled}, false) AS is_cancelled,
            coalesce(order_type, 'stock') IN ({apart}) AS is_apart{more}
        FROM orders WHERE order_date < DATE '{after}' AND quantity > 0
    """  # noqa: S608 - the words come from a checked list, the day from a date


def _without_outliers(weekly: pd.DataFrame, outliers: pd.DataFrame) -> pd.DataFrame:
    """Move the units of one-off lines from the demand of their week to what is kept apart."""
    if outliers.empty:
        return weekly
    lines = outliers.assign(outlier_squares=outliers["units"] ** 2)
    sums = lines.groupby([*KEYS, "week"])[["units", "outlier_squares"]].sum().reset_index()
    joined = weekly.merge(sums, on=[*KEYS, "week"], how="left", validate="one_to_one")
    units, squares = joined["units"].fillna(0.0), joined["outlier_squares"].fillna(0.0)
    return joined.assign(
        demand=(joined["demand"] - units).clip(lower=0).round(6),
        apart=joined["apart"] + units,
        squares=(joined["squares"] - squares).clip(lower=0).round(6),
    ).drop(columns=["units", "outlier_squares"])


def _without_returns(
    case: LineCase, weekly: pd.DataFrame, settings: ForecastSettings, after: str, rules: HistoryRules
) -> tuple[pd.DataFrame, str]:
    """Take off what was never wanted, in the week it was ordered; a note on all returns."""
    if not case.has("returns"):
        return weekly, ""
    words = ", ".join("'" + word.replace("'", "''") + "'" for word in rules.never_wanted) or "NULL"
    rows = case.query(f"""
        WITH lines AS (
            SELECT DISTINCT ON (order_id, product_id) order_id, product_id, site_id, week
            FROM ({_base_lines(settings, after)}) ORDER BY order_id, product_id, line
        )
        SELECT returns.product_id, site_id, week, round(sum(quantity), 6) AS units, count(*) AS count,
            coalesce(reason IN ({words}), false) AND week IS NOT NULL AS undone
        FROM returns LEFT JOIN lines USING (order_id, product_id)
        WHERE returns.date < DATE '{after}' GROUP BY ALL ORDER BY ALL
    """)  # noqa: S608 - words are quoted, the lines come from SQL of our own
    undone = rows[rows["undone"]].astype({"week": "datetime64[ns]"})
    kept = rows[~rows["undone"]]
    note = _return_note(kept, "do not reduce demand") + _return_note(undone, "were never wanted and do")
    if undone.empty:
        return weekly, note.strip()
    joined = weekly.merge(
        undone[[*KEYS, "week", "units"]], on=[*KEYS, "week"], how="left", validate="one_to_one"
    )
    demand = (joined["demand"] - joined["units"].fillna(0.0)).clip(lower=0).round(6)
    return joined.assign(demand=demand).drop(columns="units"), note.strip()


def _return_note(rows: pd.DataFrame, words: str) -> str:
    count = int(rows["count"].sum())
    return f"{count:,} returns ({rows['units'].sum():,.0f} units) {words}. " if count else ""


def _outlier_note(outliers: pd.DataFrame) -> str:
    if outliers.empty:
        return ""
    return (
        f"{len(outliers):,} one-off order lines ({outliers['units'].sum():,.0f} units), far larger than "
        "usual and not flagged special, are kept apart from base demand."
    )
