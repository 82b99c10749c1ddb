"""Lanes, docks and products as a flow plan needs them: what can go where, in how many weeks, at which cost.

    lag_l = ⌈ max(transit_days − same_week_days, 0) ÷ 7 ⌉                    weeks

Carbon of a lane whose vehicle is shared with others (parcels, groupage, trains, ships, planes) follows
weight:

    e_l = km_l · factor_l ÷ 10⁶                                              kgCO2e per kg

A vehicle that is ours alone burns most of its fuel whether it is full or not. With φ = fuel empty ÷ fuel
full, and factors that hold for the average load ā, one trip with the load y of a capacity W causes

    km_l · factor_l ÷ 10⁶ · r · (φ W + (1 − φ) y),       r = ā ÷ (φ + (1 − φ) ā)      kgCO2e

which is km · factor · y at the average load. A road lane has its own vehicles where at least half of what a
full vehicle costs is paid per vehicle.

Source: ISO 14083:2023 and GLEC Framework v3 (load of own vehicles as planned, default intensity elsewhere).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.contract import Case
from helpers.transport.emissions import factors_of, read_factors
from helpers.transport.flows.settings import FlowSettings

CELL = ["site_id", "product_id"]
_OWN_SHARE = 0.5
_FILLED = ("vehicle_capacity_kg", "vehicle_capacity_m3", "weekly_vehicles")


def read_lanes(case: Case, settings: FlowSettings) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the lanes with lag, usual (yes or no), costs, limits and carbon, and notes.

    Returns
    -------
    DataFrame
        The lanes of the contract with missing costs 0 and missing limits infinite, and lag (weeks), own
        (vehicles of one's own), usual, factor (gCO2e/t-km), kg_co2e_per_kg and kg_co2e_per_vehicle.
    """
    lanes = case.table("lanes")
    costs = {name: lanes[name].fillna(0.0) for name in ("fixed_cost", "cost_per_kg", "cost_per_unit")}
    limits = {name: lanes[name].fillna(np.inf) for name in _FILLED}
    late = np.maximum(lanes["transit_days"] - settings.same_week_days, 0.0)
    lanes = lanes.assign(**costs, **limits, lag=np.ceil(late / 7).astype("int64"))
    lanes = lanes.assign(usual=lanes["lane_id"].isin(usual_lanes(case)), own=_own_vehicles(lanes))
    lanes, notes = _with_carbon(case, lanes, settings)
    return lanes, notes + _say_usual(lanes)


def usual_lanes(case: Case) -> frozenset[str]:
    """Return one lane for each pair of places: the most shipped on, else the fastest that does not fly."""
    used = pd.DataFrame({"lane_id": pd.Series(dtype="object"), "lines": pd.Series(dtype="float64")})
    if case.has("shipments"):
        used = case.query("SELECT lane_id, count(*)::DOUBLE AS lines FROM shipments GROUP BY ALL")
    lanes = case.table("lanes").merge(used, on="lane_id", how="left").fillna({"lines": 0.0})
    lanes = lanes.assign(flies=lanes["mode"] == "air")
    order = ["lines", "flies", "transit_days", "lane_id"]
    first = lanes.sort_values(order, ascending=[False, True, True, True])
    return frozenset(first.drop_duplicates(["origin_id", "destination_id"])["lane_id"])


def _own_vehicles(lanes: pd.DataFrame) -> pd.Series:
    by_weight = lanes["cost_per_kg"] * lanes["vehicle_capacity_kg"]
    share = lanes["fixed_cost"] / (lanes["fixed_cost"] + by_weight).where(lambda cost: cost > 0)
    return (lanes["mode"] == "road") & (share.fillna(0.0) >= _OWN_SHARE)


def _with_carbon(
    case: Case, lanes: pd.DataFrame, settings: FlowSettings
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    if not case.has("emission_factors"):
        nothing = lanes.assign(factor=0.0, kg_co2e_per_kg=0.0, kg_co2e_per_vehicle=0.0)
        return nothing, ("Carbon is 0: there is no table emission_factors.",)
    factors = read_factors(case.table("emission_factors"))
    found, lacking = factors_of(lanes, factors)
    by_weight = lanes["distance_km"] * found["factor"] / 1e6
    full = by_weight * settings.full_load_ratio
    per_vehicle = full * settings.empty_share * lanes["vehicle_capacity_kg"]
    own = lanes["own"] & np.isfinite(per_vehicle)
    done = lanes.assign(
        factor=found["factor"],
        kg_co2e_per_kg=by_weight.where(~own, full * (1 - settings.empty_share)),
        kg_co2e_per_vehicle=per_vehicle.where(own, 0.0),
    )
    return done, factors.notes + lacking


def _say_usual(lanes: pd.DataFrame) -> tuple[str, ...]:
    several = lanes.groupby(["origin_id", "destination_id"])["lane_id"].transform("size") > 1
    names = sorted(lanes.loc[several & lanes["usual"], "lane_id"])
    if not names:
        return ()
    return (
        f"Where several lanes join two places, {', '.join(names)} count as today's: most shipped on, or, "
        "where nothing is recorded, the fastest that does not fly.",
    )


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
    no_money = table[["unit_cost", "list_price"]].isna().any(axis=1)
    if no_money.any():
        notes.append(f"{int(no_money.sum())} products have no cost or no price and count with the median.")
    cost = table["unit_cost"].fillna(table["unit_cost"].median()).fillna(0.0)
    price = table["list_price"].fillna(table["list_price"].median()).fillna(0.0)
    margin = (price - cost).clip(lower=0.0)
    done = table[["product_id"]].assign(
        weight=table["weight_kg"],
        volume=table["volume_m3"],
        holding_cost=settings.weekly_holding_rate * cost,
        unmet_cost=margin + settings.unmet_penalty * cost,
    )
    return done, tuple(notes)


def read_docks(case: Case) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return site_id, product_id, premium (unit cost above the cheapest dock's) and weekly_capacity."""
    terms = case.table("supply_terms").drop(columns="site_id")
    suppliers = case.table("suppliers")[["supplier_id", "site_id"]]
    joined = terms.merge(suppliers, on="supplier_id", how="left")
    unknown = sorted(joined.loc[joined["site_id"].isna(), "supplier_id"].unique())
    notes = [f"Suppliers without a site give nothing: {', '.join(unknown)}."] if unknown else []
    docks = joined.dropna(subset=["site_id"]).assign(
        weekly_capacity=lambda known: known["weekly_capacity"].fillna(np.inf)
    )
    sums = docks.groupby(CELL, as_index=False).agg({"unit_cost": "min", "weekly_capacity": "sum"})
    lowest = sums.groupby("product_id")["unit_cost"].transform("min")
    return sums.assign(premium=sums["unit_cost"] - lowest).drop(columns="unit_cost"), tuple(notes)


def read_stock(case: Case) -> pd.DataFrame:
    """Return site_id, product_id, week (0) and units that are free at the last count of each."""
    if not case.has("stock"):
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in _SUPPLY_TYPES.items()})
    stock = case.query(
        """
        SELECT site_id, product_id, 0 AS week,
               arg_max(greatest(on_hand - coalesce(allocated, 0) - coalesce(blocked, 0), 0), date) AS units
        FROM stock WHERE date <= ? GROUP BY ALL ORDER BY ALL
        """,
        [case.as_of],
    )
    return stock.astype(_SUPPLY_TYPES)


_SUPPLY_TYPES = {"site_id": "object", "product_id": "object", "week": "int64", "units": "float64"}


def reachable(start: pd.DataFrame, lanes: pd.DataFrame, tail: str, head: str) -> pd.DataFrame:
    """Return all site × product cells that can be reached from `start` over lanes from `tail` to `head`."""
    seen = fresh = start[CELL].drop_duplicates().reset_index(drop=True)
    roads = lanes[[tail, head]].drop_duplicates().rename(columns={tail: "site_id"})
    while len(fresh):
        found = fresh.merge(roads, on="site_id")[[head, "product_id"]].rename(columns={head: "site_id"})
        grown = pd.concat([seen, found.drop_duplicates()], ignore_index=True).drop_duplicates()
        fresh, seen = grown.iloc[len(seen) :], grown.reset_index(drop=True)
    return seen


def build_arcs(
    lanes: pd.DataFrame, docks: pd.DataFrame, supply: pd.DataFrame, wanted: pd.DataFrame
) -> pd.DataFrame:
    """Return lane_id and product_id wherever goods can come from somewhere and go to a need.

    A product can be on a lane where it can come to the lane's origin (from a dock, from stock, over other
    lanes) and is wanted at or beyond its destination; no other pair becomes a variable.
    """
    source = pd.concat([part[CELL] for part in (docks, supply) if len(part)] or [docks[CELL]])
    comes = reachable(source, lanes, "origin_id", "destination_id")
    asked = reachable(wanted, lanes, "destination_id", "origin_id")
    ends = lanes[["lane_id", "origin_id", "destination_id"]]
    leaving = ends.merge(comes.rename(columns={"site_id": "origin_id"}), on="origin_id")
    keys = ["destination_id", "product_id"]
    arcs = leaving.merge(asked.rename(columns={"site_id": "destination_id"}), on=keys)
    return arcs[["lane_id", "product_id"]].sort_values(["lane_id", "product_id"], ignore_index=True)
