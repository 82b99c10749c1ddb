"""The tables that the rules look at: the exports, the case's own tables, and what follows from both.

What follows is computed here once, from first principles, when a rule first asks for it, so that a missing
column breaks the rules that need it and no others. Weeks count from 0 in `t`:

    lag   = ⌈ max(transit_days − same_week_days, 0) ÷ 7 ⌉                      weeks
    h_p   = holding_rate ÷ 52 · unit_cost
    lost_p = (list_price − unit_cost)⁺ + unmet_penalty · unit_cost             money per unit
    e_l   = km_l · factor_l ÷ 10⁶                                             kgCO2e per kg, shared vehicles
    own   : e_l · r · (1 − φ) per kg and e_l · r · φ · W per vehicle,  r = ā ÷ (φ + (1 − φ) ā)

What-ifs: freight of road and parcel lanes · (1 + fuel_share · fuel_change); vehicles per week · (1 +
capacity_change), where they are whole to the nearest whole number, halves up.

A road lane has its own vehicles where a vehicle costs at least as much as its full load does by weight.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from helpers.contract.case import Case
from helpers.plan_check import Maker, Tables

CELL: Final = ["site_id", "product_id"]
WAY: Final = ["origin_id", "site_id", "product_id"]
TRIP: Final = ["lane_id", "week"]
QUERIES: Final = {
    "products": "SELECT product_id, unit_cost, list_price, weight_kg, volume_m3 FROM products",
    "sites": """
SELECT site_id, kind, storage_capacity_m3, handling_capacity_units,
       coalesce(handling_cost, 0)::DOUBLE AS handling_cost FROM sites""",
    "lanes": """
SELECT lane_id, origin_id, destination_id, mode, coalesce(vehicle_class, '') AS vehicle_class,
       distance_km::DOUBLE AS distance_km, transit_days::DOUBLE AS transit_days,
       coalesce(fixed_cost, 0)::DOUBLE AS fixed_cost, coalesce(cost_per_kg, 0)::DOUBLE AS cost_per_kg,
       coalesce(cost_per_unit, 0)::DOUBLE AS cost_per_unit, vehicle_capacity_kg::DOUBLE AS room_kg,
       vehicle_capacity_m3::DOUBLE AS room_m3, weekly_vehicles::DOUBLE AS weekly_vehicles FROM lanes""",
    "docks": """
SELECT s.site_id AS origin_id, t.product_id, min(t.unit_cost)::DOUBLE AS unit_cost,
       sum(coalesce(t.weekly_capacity::DOUBLE, 'Infinity'::DOUBLE)) AS weekly_capacity
FROM supply_terms t JOIN suppliers s USING (supplier_id) WHERE s.site_id IS NOT NULL GROUP BY ALL""",
    "counted": """
SELECT site_id, product_id, arg_max(
    greatest(on_hand - coalesce(allocated, 0) - coalesce(blocked, 0), 0), date
)::DOUBLE AS counted FROM stock WHERE date <= $as_of GROUP BY ALL""",
    "open_orders": """
SELECT p.site_id, p.product_id, sum(greatest(p.quantity - coalesce(r.units, 0), 0))::DOUBLE AS open_units
FROM purchase_orders p LEFT JOIN (
    SELECT po_id, po_line, sum(quantity) AS units FROM receipts WHERE date <= $as_of GROUP BY ALL
) r ON r.po_id = p.po_id AND r.po_line = p.line
WHERE p.status IN ('approved', 'confirmed') AND p.order_date <= $as_of GROUP BY ALL""",
    "factors": """
SELECT mode, coalesce(vehicle_class, '') AS vehicle_class,
       arg_max(gco2e_per_tkm, year)::DOUBLE AS factor
FROM emission_factors WHERE scope = 'WTW' GROUP BY ALL""",
}


def case_tables(case: Case) -> dict[str, pd.DataFrame]:
    """Return what the rules need of the case, and `start`: the Monday after its last day."""
    day = f"DATE '{case.as_of:%Y-%m-%d}'"
    found = {name: case.query(sql.replace("$as_of", day)) for name, sql in QUERIES.items()}
    monday = case.as_of + dt.timedelta(days=7 - case.as_of.weekday())
    return {**found, "start": pd.DataFrame({"week": pd.DatetimeIndex([monday]).astype("datetime64[ns]")})}


def setting(tables: Tables, name: str) -> float:
    """Return a number of `plan_rules`; NaN where it is not there."""
    return _named(tables["plan_rules"], name, "value")


def money(tables: Tables, name: str) -> float:
    """Return a number of `plan_money`; NaN where it is not there."""
    return _named(tables["plan_money"], name, "money")


def closed_site(tables: Tables) -> str:
    """Return the site that `plan_rules` says is closed; empty where none is."""
    rules = tables["plan_rules"]
    found = rules.loc[rules["name"] == "closed_site", "text"]
    return str(found.iloc[0]) if len(found) else ""


def _named(table: pd.DataFrame, name: str, column: str) -> float:
    found = table.loc[table["name"] == name, column]
    return float(found.iloc[0]) if len(found) else float("nan")


def week_number(tables: Tables, days: pd.Series[Any]) -> pd.Series[Any]:
    """Return weeks since the start, a float: no whole one where a day is no Monday."""
    return pd.Series((days - tables["start"]["week"].iloc[0]).dt.days.astype("float64") / 7.0)


def summed(table: pd.DataFrame, keys: list[str], **columns: str) -> pd.DataFrame:
    """Return sums by key; `sent="units"` sums units and calls them sent."""
    sums = table.groupby(keys, as_index=False)[list(columns.values())].sum()
    return sums.rename(columns={old: new for new, old in columns.items()})


def beside(table: pd.DataFrame, other: pd.DataFrame, keys: list[str], *, how: Any = "left") -> pd.DataFrame:
    """Return both tables side by side; numbers that one of them lacks are 0."""
    both = table.merge(other, on=keys, how=how)
    numbers = [name for name in both if pd.api.types.is_float_dtype(both[name])]
    return both.fillna(dict.fromkeys(numbers, 0.0))


def _goods(tables: Tables) -> pd.DataFrame:
    """product_id, weight, volume, h (holding per week) and lost (a unit not there in its week)."""
    table = tables["products"]
    numbers = ("unit_cost", "list_price", "weight_kg", "volume_m3")
    filled = {name: table[name].astype("float64") for name in numbers}
    filled = {name: values.fillna(values.median()).fillna(0.0) for name, values in filled.items()}
    cost = filled["unit_cost"]
    margin = (filled["list_price"] - cost).clip(lower=0.0)
    return table[["product_id"]].assign(
        weight=filled["weight_kg"],
        volume=filled["volume_m3"],
        h=setting(tables, "holding_rate") / 52.0 * cost,
        lost=margin + setting(tables, "unmet_penalty") * cost,
    )


def _roads(tables: Tables) -> pd.DataFrame:
    """The lanes with lag, limits (infinite where none), carbon per kg and per vehicle."""
    lanes, factors = tables["lanes"], tables["factors"]
    own_class = lanes.merge(factors, on=["mode", "vehicle_class"], how="left", validate="many_to_one")
    of_mode = lanes["mode"].map(factors.groupby("mode")["factor"].mean()).astype("float64")
    e = lanes["distance_km"] * own_class["factor"].astype("float64").fillna(of_mode).fillna(0.0) / 1e6
    room_kg = lanes["room_kg"].fillna(np.inf)
    by_weight = (lanes["cost_per_kg"] * room_kg).fillna(0.0)
    is_own = (lanes["mode"] == "road") & (lanes["fixed_cost"] > 0) & np.isfinite(room_kg)
    is_own &= lanes["fixed_cost"] >= by_weight
    load, empty = setting(tables, "average_load"), setting(tables, "empty_share")
    full = e * load / (empty + (1 - empty) * load)
    days = (lanes["transit_days"] - setting(tables, "same_week_days")).clip(lower=0.0)
    burns = lanes["mode"].isin(["road", "parcel"]).astype("float64")
    dearer = 1.0 + burns * setting(tables, "fuel_share") * setting(tables, "fuel_change")
    return lanes.assign(
        lag=np.ceil(days / 7),
        room_kg=room_kg,
        room_m3=lanes["room_m3"].fillna(np.inf),
        weekly_vehicles=_vehicles(tables).fillna(np.inf),
        **{name: lanes[name] * dearer for name in ("fixed_cost", "cost_per_kg", "cost_per_unit")},
        e_kg=e.where(~is_own, full * (1 - empty)),
        e_vehicle=(full * empty * room_kg.where(is_own, 0.0)).where(is_own, 0.0),
    )


def _vehicles(tables: Tables) -> pd.Series[float]:
    """Vehicles per week of each lane under the change of capacity; empty where there is no limit."""
    given, change = tables["lanes"]["weekly_vehicles"], setting(tables, "capacity_change")
    changed = given * (1 + change)
    rounded = np.floor(changed + 0.5)
    return given if change == 0 else changed.where(given != np.floor(given), rounded)


def _flows(tables: Tables) -> pd.DataFrame:
    """The shipping plan with what lanes and products say; t and arrive_t are weeks from 0."""
    facts = tables["roads"].drop(columns=["mode", "origin_id", "destination_id"])
    rows = tables["shipping_plan"].merge(facts, on="lane_id", how="left", validate="many_to_one")
    rows = rows.merge(tables["goods"], on="product_id", how="left", validate="many_to_one")
    return rows.assign(
        week=rows["ship_week"],
        t=week_number(tables, rows["ship_week"]),
        arrive_t=week_number(tables, rows["arrive_week"]),
        true_kg=rows["units"] * rows["weight"],
        true_m3=rows["units"] * rows["volume"],
    )


def _trips(tables: Tables) -> pd.DataFrame:
    """Lane and week: vehicles as exported, units, kg and m3 as they follow from the shipping plan."""
    loads = summed(tables["flows"], TRIP, units="units", true_kg="true_kg", true_m3="true_m3")
    rows = beside(tables["vehicles"], loads, TRIP, how="outer")
    facts = tables["roads"].drop(columns=["mode", "origin_id", "destination_id"])
    rows = rows.merge(facts, on="lane_id", how="left", validate="many_to_one")
    return rows.assign(t=week_number(tables, rows["week"]))


def _cells(tables: Tables) -> pd.DataFrame:
    """The stock of each place, product and week with before, came and left."""
    flows, keys = tables["flows"], [*CELL, "week"]
    to = flows.drop(columns=["week"]).rename(columns={"destination_id": "site_id", "arrive_week": "week"})
    away = flows.rename(columns={"origin_id": "site_id"})
    rows = beside(tables["flow_stock"], summed(to, keys, came="units"), keys)
    rows = beside(rows, summed(away, keys, sent="units"), keys).sort_values(keys, ignore_index=True)
    rows = rows.merge(tables["goods"], on="product_id", how="left", validate="many_to_one")
    kinds = tables["sites"].set_index("site_id")["kind"]
    return rows.assign(
        before=rows.groupby(CELL)["units"].shift().fillna(0.0),
        t=week_number(tables, rows["week"]),
        is_zone=rows["site_id"].map(kinds) == "zone",
    )


def _waits(tables: Tables) -> pd.DataFrame:
    """Orders at docks with before, sent, and recent: what may still wait at the end of the week.

    Nothing may wait after the last week.
    """
    keys = [*WAY, "week"]
    sent = tables["flows"].rename(columns={"destination_id": "site_id"})
    rows = beside(tables["flow_dispatch"], summed(sent, keys, sent="units"), keys)
    rows = rows.sort_values(keys, ignore_index=True)
    rows = rows.merge(tables["goods"], on="product_id", how="left", validate="many_to_one")
    until = rows.groupby(WAY)["ready"].cumsum()
    slack = int(setting(tables, "dispatch_slack_weeks"))
    old = until.groupby([rows[name] for name in WAY]).shift(slack).fillna(0.0)
    t = week_number(tables, rows["week"])
    is_last = t == setting(tables, "weeks") - 1
    return rows.assign(
        before=rows.groupby(WAY)["waiting"].shift().fillna(0.0),
        recent=(until - old).where(~is_last, 0.0),
        t=t,
    )


def _pulled(tables: Tables) -> pd.DataFrame:
    """Flows that leave a dock: a place that holds no stock of the product in this plan."""
    held = tables["flow_stock"][CELL].drop_duplicates().assign(held=1.0)
    rows = tables["flows"].merge(held.rename(columns={"site_id": "origin_id"}), how="left")
    return rows[rows["held"].isna()]


FOLLOWING: Final[Mapping[str, Maker]] = {
    "goods": _goods,
    "roads": _roads,
    "flows": _flows,
    "trips": _trips,
    "cells": _cells,
    "waits": _waits,
    "pulled": _pulled,
}
