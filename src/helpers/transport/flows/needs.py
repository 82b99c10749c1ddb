"""What must be where by when: given demand or past sales, parted into what is fetched and what is delivered.

Of what a site sells, a share is carried to a delivery zone. The share of product p at site i for zone z comes
from records, drawn to the share of all products of the site where p has sold little:

    share_ipz = (delivered_ipz + k · share_iz) ÷ (sold_ip + k),       k = 20 units
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from helpers.contract import Case
from helpers.errors import ParameterError
from helpers.transport.flows.settings import FlowSettings

COLUMNS = ["product_id", "site_id", "week", "units"]
KEYS = ["product_id", "site_id", "sold_at", "week"]
_SHRINKAGE = 20.0
_SHARE_WEEKS = 26


def first_monday(case: Case) -> dt.date:
    """Return the Monday on which the plan begins: the first one after the last day of the data."""
    return case.as_of + dt.timedelta(days=7 - case.as_of.weekday())


def read_needs(
    case: Case, settings: FlowSettings, demand: pd.DataFrame | None
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return product_id, site_id, sold_at, week (0 … T − 1), whole units above 0, each key once, and notes.

    What is delivered is needed in its zone (`site_id`) and was sold at a site (`sold_at`); what is fetched is
    needed where it is sold. Units are rounded so that sums over weeks stay within half a unit.

    Raises
    ------
    ParameterError
        The demand lacks a column, names unknown products or sites, lies before the plan or is below 0; all
        findings at once.
    """
    if demand is None:
        table = _past_sales(case, settings)
        notes = [
            f"Needs: mean sales of the last {settings.history_weeks} weeks stand in for a plan of needs; "
            "they know no season and no promotion."
        ]
    else:
        table, notes = _given(case, settings, demand)
    placed = table[table["sold_at"].notna()] if "sold_at" in table else table.iloc[:0]
    shares = delivered_shares(case)
    if len(shares) and len(placed) < len(table):
        notes.append(f"What is delivered to which zone is taken from the last {_SHARE_WEEKS} weeks.")
    parted = _parted(table.drop(placed.index), shares)
    parts = [part[[*KEYS, "units"]] for part in (parted, placed) if len(part)]
    return _whole(pd.concat(parts, ignore_index=True) if parts else parted), tuple(notes)


def _given(case: Case, settings: FlowSettings, demand: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    lacking = [name for name in COLUMNS if name not in demand.columns]
    if lacking:
        raise ParameterError(f"needs: there is no column {', '.join(map(repr, lacking))}. Add it.")
    sold_at = demand.get("sold_at")
    table = demand[COLUMNS].astype({"units": "float64"})
    table = table.assign(sold_at=sold_at, week=week_numbers(demand["week"], first_monday(case)))
    _refuse_wrong(case, table)
    late = table["week"] >= settings.weeks
    notes = ["Needs after the last week of the plan are left out."] if late.any() else []
    kept = table[~late].groupby(KEYS, as_index=False, dropna=False)[["units"]].sum()
    return kept, notes


def week_numbers(week: pd.Series, monday: dt.date) -> pd.Series:
    """Return weeks counted from 0; given as days of the week, or as numbers from 1."""
    if pd.api.types.is_numeric_dtype(week):
        return (week - 1).astype("int64")
    days = (pd.to_datetime(week).to_numpy("datetime64[D]") - np.datetime64(monday)).astype("int64")
    return pd.Series(days // 7, index=week.index)


def _refuse_wrong(case: Case, table: pd.DataFrame) -> None:
    units = table["units"].astype("float64")
    wrong: dict[str, pd.Series] = {
        "units are not a finite number of 0 or more": ~units.between(0, np.finfo(np.float64).max),
        "the week is before the plan": table["week"] < 0,
        "the product is unknown": ~table["product_id"].isin(case.table("products")["product_id"]),
        "the site is unknown": ~table["site_id"].isin(case.table("sites")["site_id"]),
    }
    findings = [
        f"{what} in {int(rows.sum())} rows (first: {table[rows].iloc[0].to_dict()})"
        for what, rows in wrong.items()
        if rows.any()
    ]
    if findings:
        raise ParameterError(f"needs: {'; '.join(findings)}. Correct or leave out these rows.")


def _past_sales(case: Case, settings: FlowSettings) -> pd.DataFrame:
    """Return the mean weekly sales of each product at each site, for all weeks."""
    end = first_monday(case)
    rate = case.query(
        """
        SELECT product_id, site_id, sum(quantity) / ? AS units
        FROM orders
        WHERE status <> 'cancelled' AND quantity > 0 AND order_date >= ? AND order_date < ?
        GROUP BY ALL ORDER BY ALL
        """,
        [settings.history_weeks, end - dt.timedelta(weeks=settings.history_weeks), end],
    )
    return rate.merge(pd.DataFrame({"week": range(settings.weeks)}), how="cross")


def delivered_shares(case: Case) -> pd.DataFrame:
    """Return product_id, site_id, zone_id, share: what goes to which zone of what a site sells."""
    columns = {"product_id": "object", "site_id": "object", "zone_id": "object", "share": "float64"}
    if not (case.has("shipments") and case.has("lanes")):
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()})
    sold = case.query(
        """
        SELECT o.product_id, o.site_id, z.site_id AS zone_id, sum(s.quantity)::DOUBLE AS units
        FROM shipments s
        JOIN orders o ON o.order_id = s.order_id AND o.line = s.order_line
        LEFT JOIN lanes l ON l.lane_id = s.lane_id
        LEFT JOIN sites z ON z.site_id = l.destination_id AND z.kind = 'zone'
        WHERE s.ship_date > ? AND s.ship_date <= ? AND s.quantity > 0
        GROUP BY ALL ORDER BY ALL
        """,
        [case.as_of - dt.timedelta(weeks=_SHARE_WEEKS), case.as_of],
    )
    total = sold.groupby(["site_id", "product_id"], as_index=False)[["units"]].sum()
    zones = sold.dropna(subset=["zone_id"])
    if zones.empty:
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()})
    of_site = zones.groupby(["site_id", "zone_id"])["units"].sum() / total.groupby("site_id")["units"].sum()
    every = total.merge(of_site.rename("usual").reset_index(), on="site_id")
    own = zones.rename(columns={"units": "delivered"})
    every = every.merge(own, on=["product_id", "site_id", "zone_id"], how="left").fillna({"delivered": 0.0})
    share = (every["delivered"] + _SHRINKAGE * every["usual"]) / (every["units"] + _SHRINKAGE)
    return every.assign(share=share)[list(columns)]


def _parted(table: pd.DataFrame, shares: pd.DataFrame) -> pd.DataFrame:
    """Return the demand where it is needed: in zones what is delivered, at the site what is left."""
    sold = table.drop(columns="sold_at", errors="ignore").rename(columns={"site_id": "sold_at"})
    known = sold.merge(
        shares.rename(columns={"site_id": "sold_at"}), on=["product_id", "sold_at"], how="inner"
    )
    gone = known.assign(site_id=known["zone_id"], units=known["units"] * known["share"])
    away = gone.groupby(["product_id", "sold_at", "week"])["units"].sum().rename("away")
    rest = sold.merge(away.reset_index(), on=["product_id", "sold_at", "week"], how="left")
    left = rest.assign(
        site_id=rest["sold_at"], units=(rest["units"] - rest["away"].fillna(0.0)).clip(lower=0)
    )
    parts = [part[[*KEYS, "units"]] for part in (left, gone) if len(part)]
    return pd.concat(parts or [left[[*KEYS, "units"]]], ignore_index=True)


def _whole(table: pd.DataFrame) -> pd.DataFrame:
    """Return whole units: of each product and place, sums over weeks are rounded, not the weeks."""
    rows = table.sort_values(KEYS).reset_index(drop=True)
    until = rows.groupby(KEYS[:3])["units"].cumsum()
    whole = np.floor(until + 0.5) - np.floor(until - rows["units"] + 0.5)
    done = rows.assign(units=whole)
    return done[done["units"] > 0].reset_index(drop=True)
