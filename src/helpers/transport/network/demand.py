"""What each store and zone needs per week, by the dock that it comes from.

A line sold at a warehouse counts where its lane ends (not yet shipped: in the zone of its customer). A line
sold in a store counts at the store, also where the store delivers it: it has to come to the store first, and
the store's last mile is the same whichever warehouse serves the store. A product comes from the dock of its
cheapest offer.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.contract import Case
from helpers.errors import ContractError, ParameterError
from helpers.transport.network.problem import Floats
from helpers.transport.network.settings import NetworkSettings

QUARTERS = 4
NO_DOCK = ""
_AMOUNTS = ["units", "kg", "m3"]
# Offers, and weight and volume with the median where a product has none.
_PRODUCTS = """
offers AS (
    SELECT t.product_id, s.site_id AS dock_id,
           row_number() OVER (
               PARTITION BY t.product_id
               ORDER BY t.unit_cost, coalesce(t.priority, 1e9), t.supplier_id, t.site_id) AS place
    FROM supply_terms t JOIN suppliers s USING (supplier_id) WHERE s.site_id IS NOT NULL),
goods AS (
    SELECT p.product_id, coalesce(f.dock_id, '') AS dock_id,
           coalesce(p.weight_kg, (SELECT median(weight_kg) FROM products), 0) AS weight,
           coalesce(p.volume_m3, (SELECT median(volume_m3) FROM products), 0) AS volume
    FROM products p LEFT JOIN offers f ON f.product_id = p.product_id AND f.place = 1)
"""
_SOLD = f"""
WITH {_PRODUCTS},
sent AS (
    SELECT s.order_id, s.order_line, min(l.destination_id) AS destination_id, count(*) AS shipments
    FROM shipments s LEFT JOIN lanes l USING (lane_id) GROUP BY ALL)
SELECT CASE WHEN w.kind = 'warehouse'
            THEN coalesce(s.destination_id, CASE WHEN s.shipments IS NULL THEN c.zone_id END, o.site_id)
            ELSE o.site_id END AS site_id,
       o.site_id AS origin_id, g.dock_id, date_diff('day', CAST($1 AS DATE), o.order_date) // 7 AS week,
       sum(o.quantity) AS units, sum(o.quantity * g.weight) AS kg, sum(o.quantity * g.volume) AS m3
FROM orders o
JOIN sites w ON w.site_id = o.site_id
JOIN goods g ON g.product_id = o.product_id
LEFT JOIN sent s ON s.order_id = o.order_id AND s.order_line = o.line
LEFT JOIN customers c ON c.customer_id = o.customer_id
WHERE o.status <> 'cancelled' AND o.quantity > 0 AND o.order_date >= $1 AND o.order_date < $2
GROUP BY ALL ORDER BY ALL
"""  # noqa: S608 - put together from the constants of this module alone
_GOODS = f"WITH {_PRODUCTS} SELECT * FROM goods ORDER BY product_id"  # noqa: S608 - as above


@dataclass(frozen=True, eq=False)
class NetworkDemand:
    """Demand per week.

    Parameters
    ----------
    table
        site_id (store, zone, or warehouse where goods are fetched), dock_id, week, units, kg, m3: sums of a
        week; `week` is 0 in all rows where no history is behind it.
    records
        site_id, origin_id, units: which site sold it, over all weeks.
    weeks
        Weeks that the table covers.
    is_history
        Whether the weeks are past ones.
    notes
        What was assumed, in words.
    """

    table: pd.DataFrame
    records: pd.DataFrame
    weeks: int
    is_history: bool
    notes: tuple[str, ...]

    def amounts(
        self, sites: list[str], docks: list[str], quarter: int | None = None
    ) -> tuple[Floats, Floats, Floats]:
        """Return mean units, kg and m³ per week, sites × docks, of all weeks or of one quarter of them."""
        table, weeks = self.table, self.weeks
        if quarter is not None:
            parts = np.arange(self.weeks) * QUARTERS // self.weeks
            table, weeks = table[parts[table["week"]] == quarter], int((parts == quarter).sum())
        sums = table.groupby(["site_id", "dock_id"])[_AMOUNTS].sum() / weeks
        index = pd.MultiIndex.from_product([sites, docks], names=["site_id", "dock_id"])
        found = sums.reindex(index, fill_value=0.0)
        units, kg, m3 = (found[name].to_numpy().reshape(len(sites), len(docks)) for name in _AMOUNTS)
        return units, kg, m3

    def weekly_units(self, sites: list[str]) -> Floats:
        """Return the units of each week, sites × weeks."""
        sums = self.table.groupby(["site_id", "week"])["units"].sum()
        index = pd.MultiIndex.from_product([sites, range(self.weeks)], names=["site_id", "week"])
        weekly: Floats = sums.reindex(index, fill_value=0.0).to_numpy()
        return weekly.reshape(len(sites), self.weeks)


def read_demand(
    case: Case, sites: pd.DataFrame, settings: NetworkSettings, demand: pd.DataFrame | None
) -> NetworkDemand:
    """Return the demand of the last weeks, or the one that is given.

    Raises
    ------
    ContractError
        There is no order in these weeks.
    ParameterError
        The given demand lacks a column, names unknown sites or products, or has wrong units; all at once.
    """
    found = _past_demand(case, settings) if demand is None else _given_demand(case, sites, demand)
    return _leave_out_docks(sites, found)


def _past_demand(case: Case, settings: NetworkSettings) -> NetworkDemand:
    end = case.as_of + dt.timedelta(days=7 - case.as_of.weekday())
    covered = -(-(end - case.first_day).days // 7)
    weeks = min(settings.history_weeks, covered)
    begin = end - dt.timedelta(weeks=weeks)
    table = case.query(_SOLD, [begin, end]).astype({"week": "int64"})
    if table.empty:
        raise ContractError(f"choose_network: {case.name} has no order in the {weeks} weeks before {end}.")
    note = f"Demand: mean of {weeks} weeks of orders, {begin} to {end - dt.timedelta(days=1)}."
    records = table.groupby(["site_id", "origin_id"], as_index=False)[["units"]].sum()
    return NetworkDemand(table.drop(columns="origin_id"), records, weeks, True, (note,))


def _given_demand(case: Case, sites: pd.DataFrame, demand: pd.DataFrame) -> NetworkDemand:
    lacking = [name for name in ("site_id", "product_id", "units") if name not in demand.columns]
    if lacking:
        raise ParameterError(f"demand: there is no column {', '.join(map(repr, lacking))}. Add it.")
    goods = case.query(_GOODS)
    wrong = {
        "units are not a finite number of 0 or more": ~demand["units"]
        .astype("float64")
        .between(0, np.finfo(np.float64).max),
        "the site is unknown": ~demand["site_id"].isin(sites["site_id"]),
        "the product is unknown": ~demand["product_id"].isin(goods["product_id"]),
    }
    findings = [f"{what} in {int(rows.sum())} rows" for what, rows in wrong.items() if rows.any()]
    if findings:
        raise ParameterError(f"demand: {'; '.join(findings)}. Correct or leave out these rows.")
    joined = demand.merge(goods, on="product_id", validate="many_to_one")
    units = joined["units"].astype("float64")
    table = joined[["site_id", "dock_id"]].assign(
        week=0, units=units, kg=units * joined["weight"], m3=units * joined["volume"]
    )
    note = "Demand: as given, units per week; so there is no range over past quarters."
    nothing = pd.DataFrame({"site_id": [], "origin_id": [], "units": []}).astype({"units": "float64"})
    return NetworkDemand(table[units > 0], nothing, 1, False, (note,))


def _leave_out_docks(sites: pd.DataFrame, found: NetworkDemand) -> NetworkDemand:
    """Leave out what is sold at docks, and say which share has no dock."""
    docks = sites.loc[sites["kind"].isin(["supplier", "plant"]), "site_id"]
    aside = found.table["site_id"].isin(docks)
    notes, table = found.notes, found.table[~aside]
    if aside.any():
        notes += (f"{found.table.loc[aside, 'units'].sum():,.0f} units sold at docks are left out.",)
    kg = table["kg"].sum()
    homeless = table.loc[table["dock_id"] == NO_DOCK, "kg"].sum() / kg if kg else 0.0
    if homeless > 0:
        notes += (f"{homeless:.1%} of the weight has no offer from a dock: its way in counts as free.",)
    if table.empty:
        raise ContractError("choose_network: no store or zone has demand. There is nobody to serve.")
    return NetworkDemand(table, found.records, found.weeks, found.is_history, notes)
