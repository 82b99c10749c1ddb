"""Lanes, docks and products as a flow plan needs them: what can go where, in how many weeks, at which cost.

    lag_l  = ⌈ max(transit_days − same_week_days, 0) ÷ 7 ⌉                 weeks
    e_lp   = km_l · weight_p [t] · factor_l ÷ 1000                          kgCO2e per unit

A product can be on a lane where it can come to the lane's origin (from a dock, from stock, over other
lanes) and is needed at or beyond its destination; no other pair of lane and product becomes a variable.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.contract import Case
from helpers.transport.emissions import factors_of, read_factors
from helpers.transport.flows.settings import FlowSettings

_CELL = ["site_id", "product_id"]


def read_lanes(case: Case, settings: FlowSettings) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the lanes between docks, warehouses and stores, with lag, factor and finite costs, and notes."""
    sites = case.table("sites")
    kept = sites.loc[sites["kind"] != "zone", "site_id"]
    lanes = case.table("lanes")
    lanes = lanes[lanes["origin_id"].isin(kept) & lanes["destination_id"].isin(kept)].reset_index(drop=True)
    late = np.maximum(lanes["transit_days"] - settings.same_week_days, 0.0)
    factor = np.zeros(len(lanes))
    notes: tuple[str, ...] = ("Carbon is 0: there is no table emission_factors.",)
    if case.has("emission_factors"):
        factors = read_factors(case.table("emission_factors"))
        found, lacking = factors_of(lanes, factors)
        factor, notes = found["factor"].to_numpy(dtype="float64"), factors.notes + lacking
    costs = {name: lanes[name].fillna(0.0) for name in ("fixed_cost", "cost_per_kg", "cost_per_unit")}
    limits = ("vehicle_capacity_kg", "vehicle_capacity_m3", "weekly_vehicles")
    filled = {name: lanes[name].fillna(np.inf) for name in limits}
    lag = np.ceil(late / 7).astype("int64")
    return lanes.assign(**costs, **filled, lag=lag, factor=factor), notes


def read_products(case: Case, settings: FlowSettings) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return product_id, weight, volume, holding_cost (per week) and unmet_cost (per unit), and notes."""
    table = case.table("products")
    notes = []
    for name, unit in (("weight_kg", "weight"), ("volume_m3", "volume")):
        missing = int(table[name].isna().sum())
        if missing:
            middle = table[name].median() if missing < len(table) else 0.0
            table[name] = table[name].fillna(middle)
            notes.append(f"{missing} products have no {unit}; the median, {middle:.4g}, stands in.")
    margin = (table["list_price"] - table["unit_cost"]).clip(lower=0.0)
    done = table[["product_id"]].assign(
        weight=table["weight_kg"],
        volume=table["volume_m3"],
        holding_cost=settings.weekly_holding_rate * table["unit_cost"],
        unmet_cost=margin + settings.unmet_penalty * table["unit_cost"],
    )
    return done, tuple(notes)


def read_docks(case: Case) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return site_id, product_id, premium (unit cost above the cheapest dock's) and weekly_capacity."""
    terms = case.table("supply_terms").drop(columns="site_id")
    suppliers = case.table("suppliers")[["supplier_id", "site_id"]]
    joined = terms.merge(suppliers, on="supplier_id", how="left")
    unknown = sorted(joined.loc[joined["site_id"].isna(), "supplier_id"].unique())
    notes = [f"Suppliers without a site give nothing: {', '.join(unknown)}."] if unknown else []
    notes.append("Docks give from the first week on: lead times before dispatch are not in the plan.")
    docks = joined.dropna(subset=["site_id"]).assign(
        weekly_capacity=lambda known: known["weekly_capacity"].fillna(np.inf)
    )
    sums = docks.groupby(_CELL, as_index=False).agg({"unit_cost": "min", "weekly_capacity": "sum"})
    lowest = sums.groupby("product_id")["unit_cost"].transform("min")
    return sums.assign(premium=sums["unit_cost"] - lowest).drop(columns="unit_cost"), tuple(notes)


def read_supply(case: Case, monday: object, weeks: int) -> pd.DataFrame:
    """Return site_id, product_id, week, units: stock free today (week 0) and what is on order, by week.

    Orders that are overdue come in the first week. Stock rests on the last count of each site and product.
    """
    stock = case.query(
        """
        SELECT site_id, product_id, 0 AS week,
               arg_max(greatest(on_hand - coalesce(allocated, 0) - coalesce(blocked, 0), 0), date) AS units
        FROM stock WHERE date <= ? GROUP BY ALL ORDER BY ALL
        """,
        [case.as_of],
    )
    coming = case.query(
        """
        WITH received AS (SELECT po_id, po_line, sum(quantity) AS units FROM receipts
                          WHERE date <= ? GROUP BY ALL)
        SELECT p.site_id, p.product_id,
               greatest(floor(date_diff('day', CAST(? AS DATE),
                        CAST(coalesce(p.confirmed_date, p.due_date) AS DATE)) / 7), 0) AS week,
               greatest(p.quantity - coalesce(r.units, 0), 0) AS units
        FROM purchase_orders p LEFT JOIN received r ON r.po_id = p.po_id AND r.po_line = p.line
        WHERE p.status IN ('approved', 'confirmed') AND p.order_date <= ? ORDER BY ALL
        """,
        [case.as_of, monday, case.as_of],
    )
    table = pd.concat([part for part in (stock, coming) if len(part)] or [stock], ignore_index=True)
    table = table.astype({"week": "int64", "units": "float64"})
    sums = table.groupby([*_CELL, "week"], as_index=False)[["units"]].sum()
    return sums[(sums["units"] > 0) & (sums["week"] < weeks)].reset_index(drop=True)


def reachable(start: pd.DataFrame, lanes: pd.DataFrame, tail: str, head: str) -> pd.DataFrame:
    """Return all site × product cells that can be reached from `start` over lanes from `tail` to `head`."""
    seen = fresh = start[_CELL].drop_duplicates().reset_index(drop=True)
    roads = lanes[[tail, head]].drop_duplicates().rename(columns={tail: "site_id"})
    while len(fresh):
        found = fresh.merge(roads, on="site_id")[[head, "product_id"]].rename(columns={head: "site_id"})
        grown = pd.concat([seen, found.drop_duplicates()], ignore_index=True).drop_duplicates()
        fresh, seen = grown.iloc[len(seen) :], grown.reset_index(drop=True)
    return seen


def build_arcs(
    lanes: pd.DataFrame, docks: pd.DataFrame, supply: pd.DataFrame, needs: pd.DataFrame
) -> pd.DataFrame:
    """Return lane_id and product_id wherever goods can come from somewhere and go to a need."""
    source = pd.concat([part[_CELL] for part in (docks, supply) if len(part)] or [docks[_CELL]])
    comes = reachable(source, lanes, "origin_id", "destination_id")
    wanted = reachable(needs, lanes, "destination_id", "origin_id")
    ends = lanes[["lane_id", "origin_id", "destination_id"]]
    leaving = ends.merge(comes.rename(columns={"site_id": "origin_id"}), on="origin_id")
    keys = ["destination_id", "product_id"]
    arcs = leaving.merge(wanted.rename(columns={"site_id": "destination_id"}), on=keys)
    return arcs[["lane_id", "product_id"]].sort_values(["lane_id", "product_id"], ignore_index=True)
