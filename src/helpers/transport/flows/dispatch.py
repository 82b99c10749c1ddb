"""Ordered goods that have yet to leave a dock: ready in a week, for one site, and not on the way already.

An order due on day d over the usual lane, with a transit of τ days, leaves the dock on day d − τ. Where that
day has passed, its goods are on the way and count as coming; the others are for this plan to move:

    arrives in week  a = ⌊(d − Monday) ÷ 7⌋,      ready in week  a − lag of the usual lane
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.contract import Case
from helpers.errors import ParameterError

ORDERS = ["product_id", "origin_id", "site_id", "week", "units"]
PLANNED = ["product_id", "site_id", "supplier_id", "arrival_week", "quantity"]


@dataclass(frozen=True, eq=False)
class Dispatch:
    """Ordered goods, by whether they have left.

    Parameters
    ----------
    ready
        product_id, origin_id (dock), site_id (destination), week (in which they are ready), units.
    coming
        site_id, product_id, week (of arrival), units: on the way already.
    notes
        What was assumed, in words.
    """

    ready: pd.DataFrame
    coming: pd.DataFrame
    notes: tuple[str, ...]


def read_dispatch(
    case: Case,
    lanes: pd.DataFrame,
    monday: dt.date,
    weeks: int,
    planned: pd.DataFrame | None,
    *,
    pulls: bool = False,
    hold_open: bool = False,
) -> Dispatch:
    """Return open orders and planned ones, by whether they have left their docks.

    Parameters
    ----------
    case
        Purchase orders, receipts and suppliers.
    lanes
        From `read_lanes`.
    monday, weeks
        Of the plan.
    planned
        product_id, site_id, supplier_id, arrival_week (day), quantity: orders that will be placed.
    pulls
        Whether docks give what is pulled: then every open order just comes, over its usual lane.
    hold_open
        Whether `planned` holds the open orders too; then each may have left by now, as its day says.

    Raises
    ------
    ParameterError
        The planned orders lack a column or name an unknown supplier.
    """
    docks = case.table("suppliers")[["supplier_id", "site_id"]].rename(columns={"site_id": "origin_id"})
    reads = case.has("purchase_orders") and not hold_open
    opened = _open_orders(case) if reads else _no_orders()
    both = [opened] if planned is None else [opened, _checked(planned, docks).assign(planned=not hold_open)]
    orders = pd.concat([part for part in both if len(part)] or [opened], ignore_index=True)
    orders = orders.merge(docks, on="supplier_id", how="left", validate="many_to_one")
    usual = lanes[lanes["usual"]].rename(columns={"destination_id": "site_id"})
    way = usual[["origin_id", "site_id", "transit_days", "lag"]]
    orders = orders.merge(way, on=["origin_id", "site_id"], how="left", validate="many_to_one")
    days = (orders["due"].to_numpy("datetime64[D]") - np.datetime64(monday)).astype("int64")
    orders = orders.assign(days=days, arrive=np.maximum(days // 7, 0))
    left = pulls | orders["lag"].isna() | (~orders["planned"] & (days - orders["transit_days"].fillna(0) < 0))
    coming = orders[left].rename(columns={"arrive": "week"})
    ready = orders[~left].assign(week=lambda rows: (rows["arrive"] - rows["lag"]).clip(lower=0))
    return Dispatch(
        ready=_summed(ready, ORDERS[:4], weeks),
        coming=_summed(coming, ["site_id", "product_id", "week"], weeks),
        notes=_notes(orders, left),
    )


def _days(days: pd.Series) -> pd.Series:
    return pd.to_datetime(days).astype("datetime64[ns]")


def _no_orders() -> pd.DataFrame:
    empty = {"product_id": "object", "site_id": "object", "supplier_id": "object", "units": "float64"}
    table = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in empty.items()})
    return table.assign(due=pd.Series(dtype="datetime64[ns]"), planned=pd.Series(dtype="bool"))


def _open_orders(case: Case) -> pd.DataFrame:
    received = "SELECT po_id, po_line, sum(quantity) AS units FROM receipts WHERE date <= ? GROUP BY ALL"
    if not case.has("receipts"):
        received = "SELECT '' AS po_id, 0 AS po_line, 0 AS units WHERE ? IS NULL"
    table = case.query(
        f"""
        WITH received AS ({received})
        SELECT p.product_id, p.site_id, p.supplier_id, coalesce(p.confirmed_date, p.due_date) AS due,
               greatest(p.quantity - coalesce(r.units, 0), 0) AS units
        FROM purchase_orders p LEFT JOIN received r ON r.po_id = p.po_id AND r.po_line = p.line
        WHERE p.status IN ('approved', 'confirmed') AND p.order_date <= ? ORDER BY ALL
        """,  # noqa: S608 - one of two fixed texts
        [case.as_of, case.as_of],
    )
    open_ones = table[(table["units"] > 0) & table["due"].notna()]
    return open_ones.assign(due=_days(open_ones["due"]), planned=False).reset_index(drop=True)


def _checked(planned: pd.DataFrame, docks: pd.DataFrame) -> pd.DataFrame:
    lacking = [name for name in PLANNED if name not in planned.columns]
    if lacking:
        raise ParameterError(f"orders: there is no column {', '.join(map(repr, lacking))}. Add it.")
    strange = sorted(set(planned["supplier_id"]) - set(docks["supplier_id"]))
    if strange:
        raise ParameterError(
            f"orders: the suppliers {', '.join(map(repr, strange))} are unknown. Correct them."
        )
    table = planned[PLANNED].rename(columns={"quantity": "units", "arrival_week": "due"})
    return table.assign(due=_days(table["due"]), planned=True, units=table["units"].astype("float64"))


def _summed(table: pd.DataFrame, keys: list[str], weeks: int) -> pd.DataFrame:
    sums = table.astype({"week": "int64"}).groupby(keys, as_index=False)[["units"]].sum()
    return sums[(sums["units"] > 0) & (sums["week"] < weeks)].reset_index(drop=True)


def _notes(orders: pd.DataFrame, left: pd.Series) -> tuple[str, ...]:
    said = []
    on_way = int((left & orders["lag"].notna()).sum())
    if on_way:
        said.append(
            f"{on_way} open order lines have left their suppliers by now, as their due dates less the usual "
            "transit say; they are on the way and not planned."
        )
    laneless = orders.loc[orders["lag"].isna(), "supplier_id"].nunique()
    if laneless:
        said.append(f"Orders from {laneless} suppliers without a lane come at no freight and no carbon.")
    return tuple(said)
