"""What a site could serve in a week, from stock counts, receipts and dispatches.

    A[s, t] = opening + inflow − owed     opening: on hand at the last count of an earlier week
    owed    = dispatches of the week for orders of earlier weeks (they are served first)
    inflow  = receipts of Monday and Tuesday                  where goods-in is recorded for the series
            = max(closing + shipped − opening, 0)             elsewhere (stores that are fed by transfers)
    left[s, t] = A − (shipped − owed)

Goods that come in later have to be put away and mostly serve the week after. A is settled before the
week's customers come, so weeks with little supply are no selection of weeks with little demand. Weeks
marked by their closing stock are: who sold much, closes empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.forecasting.classify import Floats

LAST_DAY = 2  # Tuesday: goods in until then serve the week
OWED = "date_trunc('week', order_date) < date_trunc('week', ship_date)"
KEYS = ["product_id", "site_id"]


class StockCase(Protocol):
    """What reading supply needs of a `Case`."""

    def has(self, name: str) -> bool:
        """Tell whether the table is there."""

    def query(self, sql: str) -> pd.DataFrame:
        """Return the result of SQL over the tables."""


@dataclass(frozen=True, eq=False)
class Supply:
    """Supply of each series and week (series × weeks, units).

    Parameters
    ----------
    available
        A; infinite where no count tells.
    left
        What was left of it after the week's dispatches; infinite where unknown.
    empty
        Whether stock was zero at the close of this or of the previous week.
    """

    available: Floats
    left: Floats
    empty: NDArray[np.bool_]


def read_supply(
    case: StockCase, keys: pd.DataFrame, weeks: pd.DatetimeIndex, until: str, demand: Floats
) -> Supply:
    """Return the supply of the series in `keys`; unknown where there is no table `stock`.

    Parameters
    ----------
    until
        First day (ISO) that is not read.
    demand
        Recorded demand, series × weeks: stands in for dispatches where there is no table `shipments`.
    """
    unknown = np.full(demand.shape, np.inf)
    if not case.has("stock"):
        return Supply(unknown, unknown, np.zeros(demand.shape, dtype=bool))
    closing = _grid(case, _closing_sql(until), keys, weeks, missing=np.nan)
    opening = np.column_stack([np.full((len(closing), 1), np.nan), closing[:, :-1]])
    shipped, owed = np.nan_to_num(demand), np.zeros(demand.shape)
    if case.has("shipments"):
        shipped, owed = (
            _grid(case, _shipped_sql(until, which), keys, weeks, missing=0.0) for which in ("true", OWED)
        )
    balance = np.maximum(closing + shipped - opening, 0.0)
    if case.has("receipts") and case.has("purchase_orders"):
        received = _grid(case, _received_sql(until), keys, weeks, missing=np.nan)
        booked = np.isfinite(received).any(axis=1)
        balance = np.where(booked[:, None], np.nan_to_num(received), balance)
    available = np.maximum(opening + balance - owed, 0.0)
    empty = (closing <= 0) | (opening <= 0)
    left = np.maximum(opening + balance - shipped, 0.0)
    known = np.isfinite(available)
    return Supply(np.where(known, available, np.inf), np.where(known, left, np.inf), empty)


def to_grid(
    rows: pd.DataFrame, column: str, keys: pd.DataFrame, weeks: pd.DatetimeIndex, missing: float = 0.0
) -> Floats:
    """Put a column of a long table (product_id, site_id, week) onto the grid series × weeks."""
    series = pd.MultiIndex.from_frame(keys[KEYS]).get_indexer(pd.MultiIndex.from_frame(rows[KEYS]))
    position = weeks.get_indexer(pd.DatetimeIndex(rows["week"]))
    inside = (series >= 0) & (position >= 0)
    grid = np.full((len(keys), len(weeks)), missing)
    grid[series[inside], position[inside]] = rows[column].to_numpy("float64")[inside]
    return grid


def _grid(case: StockCase, sql: str, keys: pd.DataFrame, weeks: pd.DatetimeIndex, missing: float) -> Floats:
    rows = case.query(sql).astype({"week": "datetime64[ns]"})
    return to_grid(rows, "units", keys, weeks, missing)


def _closing_sql(until: str) -> str:
    return f"""
        SELECT product_id, site_id, CAST(date_trunc('week', date) AS DATE) AS week,
            CAST(arg_max(on_hand, date) AS DOUBLE) AS units
        FROM stock WHERE date < DATE '{until}' GROUP BY ALL ORDER BY ALL
    """  # noqa: S608 - the day comes from a date


def _shipped_sql(until: str, which: str) -> str:
    """Special orders are bought for their customer and do not draw on the stock."""
    return f"""
        SELECT orders.product_id, orders.site_id,
            CAST(date_trunc('week', shipments.ship_date) AS DATE) AS week,
            round(sum(shipments.quantity), 6) AS units
        FROM shipments JOIN orders
            ON shipments.order_id = orders.order_id AND shipments.order_line = orders.line
        WHERE ship_date < DATE '{until}' AND coalesce(order_type, 'stock') <> 'special'
            AND {which}
        GROUP BY ALL ORDER BY ALL
    """  # noqa: S608 - the day comes from a date


def _received_sql(until: str) -> str:
    return f"""
        SELECT product_id, site_id, CAST(date_trunc('week', receipts.date) AS DATE) AS week,
            round(coalesce(sum(receipts.quantity - coalesce(rejected_quantity, 0))
                FILTER (WHERE isodow(receipts.date) <= {LAST_DAY}), 0), 6) AS units
        FROM receipts JOIN purchase_orders
            ON receipts.po_id = purchase_orders.po_id AND receipts.po_line = purchase_orders.line
        WHERE receipts.date < DATE '{until}' GROUP BY ALL ORDER BY ALL
    """  # noqa: S608 - the day comes from a date
