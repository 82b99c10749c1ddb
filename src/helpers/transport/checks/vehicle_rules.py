"""Rules of vehicles, loads and carbon: what moves fits, is counted whole where said, and burns what is said.

On each lane, in each week:

    kg_lt ≤ W_l v_lt,   m3_lt ≤ M_l v_lt,   v_lt ≤ vehicles_l,   kgCO2e_lt = Σ e_l kg_lt + E_l v_lt
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from helpers.plan_check import PlanRule, Tables, difference, excess, gather, remainder
from helpers.transport.checks.plan_tables import TRIP, beside, money, setting, summed

_SIZES = (("kg", "true_kg", "room_kg", "fill_weight"), ("m3", "true_m3", "room_m3", "fill_volume"))
_LOAD = ["load_id", "lane_id", "week"]


def vehicle_rules() -> tuple[PlanRule, ...]:
    """Return the rules of `vehicles`, `loads` and `carbon`."""
    return (
        PlanRule("vehicles carry what moves", _overfull_vehicles, "kg or m³"),
        PlanRule("weight and volume of vehicles as shipped", _other_sizes, "kg or m³"),
        PlanRule("vehicles are whole where said", _part_vehicles, "vehicles"),
        PlanRule("whole is said in frozen weeks", _other_whole),
        PlanRule("lanes have the vehicles", _too_many_vehicles, "vehicles"),
        PlanRule("sites can receive what arrives", _too_much_to_handle, "units"),
        PlanRule("fill is load by room", _other_fill),
        PlanRule("cost of vehicles as in lanes", _as_recomputed("cost", "fixed_cost"), "money"),
        PlanRule("carbon of vehicles as in factors", _as_recomputed("kg_co2e", "e_vehicle"), "kg CO2e"),
        PlanRule("loads fit their vehicles", _overfull_loads, "kg or m³"),
        PlanRule("loads weigh what they hold", _other_loads, "kg, m³ or share"),
        PlanRule("loads add up to the shipping plan", _other_lines, "units"),
        PlanRule("as many loads as vehicles", _other_count, "vehicles"),
        PlanRule("carbon by lane and week as in factors", _other_carbon, "kg CO2e"),
        PlanRule("carbon of flows adds up", _other_shares, "kg CO2e"),
        PlanRule("tonnes of carbon add up", _other_tonnes, "t CO2e"),
        PlanRule("carbon budget is kept", _over_budget, "t CO2e"),
    )


def _overfull_vehicles(tables: Tables) -> pd.DataFrame:
    def overfull() -> Iterator[pd.DataFrame]:
        for unit, load, room, _ in _SIZES:
            rows = tables["trips"][np.isfinite(tables["trips"][room])]
            rows = rows.assign(load=rows[load], room=rows["vehicles"] * rows[room], unit=unit)
            yield excess(rows[[*TRIP, "unit", "load", "room"]], "load", "room")

    return gather(overfull())


def _other_sizes(tables: Tables) -> pd.DataFrame:
    """Of lanes whose vehicles have a size; others need not be listed."""

    def other() -> Iterator[pd.DataFrame]:
        rows = tables["trips"]
        listed = rows[np.isfinite(rows[["room_kg", "room_m3"]]).any(axis=1)]
        for stated, load, _, _ in _SIZES:
            yield difference(listed, stated, load)[[*TRIP, stated, load, "by"]]

    return gather(other())


def _part_vehicles(tables: Tables) -> pd.DataFrame:
    rows = tables["vehicles"]
    return remainder(rows[rows["whole"] == 1].assign(unit=1.0), "vehicles", "unit")[[*TRIP, "vehicles", "by"]]


def _other_whole(tables: Tables) -> pd.DataFrame:
    """Vehicles are whole in frozen weeks, where one costs or burns something of its own."""
    rows = tables["trips"].merge(tables["vehicles"][TRIP], on=TRIP)
    matters = (rows["fixed_cost"] > 0) | (rows["e_vehicle"] > 0)
    due = (matters & (rows["t"] < setting(tables, "frozen_weeks"))).astype("float64")
    return difference(rows.assign(due=due), "whole", "due")[[*TRIP, "whole", "due", "by"]]


def _too_many_vehicles(tables: Tables) -> pd.DataFrame:
    rows = tables["trips"][np.isfinite(tables["trips"]["weekly_vehicles"])]
    return excess(rows, "vehicles", "weekly_vehicles")[[*TRIP, "vehicles", "weekly_vehicles", "by"]]


def _too_much_to_handle(tables: Tables) -> pd.DataFrame:
    """Arrivals beside what orders on the way leave of the capacity: these come whatever is planned."""
    rows = tables["cells"].assign(coming=tables["cells"]["supply"].where(tables["cells"]["t"] > 0, 0.0))
    rows = summed(rows, ["site_id", "week"], came="came", coming="coming")
    limits = tables["sites"][["site_id", "handling_capacity_units"]].dropna()
    rows = rows.merge(limits, on="site_id")
    rows["room"] = (rows["handling_capacity_units"] - rows["coming"]).clip(lower=0.0)
    return excess(rows, "came", "room")[["site_id", "week", "came", "room", "by"]]


def _other_fill(tables: Tables) -> pd.DataFrame:
    def other() -> Iterator[pd.DataFrame]:
        rows = tables["trips"].merge(tables["vehicles"][TRIP], on=TRIP)
        for _, load, room, fill in _SIZES:
            used = (rows["vehicles"] * rows[room]).where(rows["vehicles"] > 0)
            true = rows.assign(true=(rows[load] / used).fillna(0.0))
            yield difference(true, fill, "true")[[*TRIP, fill, "true", "by"]]

    return gather(other())


def _as_recomputed(stated: str, each: str) -> Callable[[Tables], pd.DataFrame]:
    def broken(tables: Tables) -> pd.DataFrame:
        rows = tables["trips"]
        rows = rows.assign(true=rows["vehicles"] * rows[each])
        return difference(rows, stated, "true")[[*TRIP, stated, "true", "by"]]

    return broken


def _lines(tables: Tables) -> pd.DataFrame:
    """The lines of loads with weight and volume as in products, and the room of their vehicles."""
    rows = tables["loads"].rename(columns={"ship_week": "week"})
    rows = rows.merge(tables["goods"], on="product_id", how="left", validate="many_to_one")
    rows = rows.merge(tables["roads"][["lane_id", "room_kg", "room_m3"]], on="lane_id", how="left")
    return rows.assign(true_kg=rows["units"] * rows["weight"], true_m3=rows["units"] * rows["volume"])


def _loads(tables: Tables) -> pd.DataFrame:
    rooms = ["room_kg", "room_m3"]
    sums = _lines(tables).groupby([*_LOAD, *rooms], as_index=False, dropna=False)
    return sums[["units", "true_kg", "true_m3"]].sum()


def _overfull_loads(tables: Tables) -> pd.DataFrame:
    """A single unit that is larger than a vehicle may travel alone."""

    def overfull() -> Iterator[pd.DataFrame]:
        loads = _loads(tables)
        loads = loads[loads["units"] > 1 + 1e-9]
        for _, load, room, _ in _SIZES:
            yield excess(loads, load, room)[[*_LOAD, load, room, "by"]]

    return gather(overfull())


def _other_loads(tables: Tables) -> pd.DataFrame:
    def other() -> Iterator[pd.DataFrame]:
        lines, keys = _lines(tables), ["load_id", "product_id"]
        sums = _loads(tables)[["load_id", "true_kg", "true_m3"]]
        both = lines.merge(sums, on="load_id", suffixes=("", "_in_all"))
        for stated, load, room, fill in _SIZES:
            yield difference(lines, stated, load)[[*keys, stated, load, "by"]]
            filled = both.assign(true=both[f"{load}_in_all"] / both[room])
            yield difference(filled, fill, "true")[[*keys, fill, "true", "by"]]

    return gather(other())


def _whole(tables: Tables) -> pd.DataFrame:
    rows = tables["vehicles"]
    return rows.loc[rows["whole"] == 1, [*TRIP, "vehicles"]]


def _other_lines(tables: Tables) -> pd.DataFrame:
    keys = [*TRIP, "product_id"]
    shipped = summed(tables["flows"].merge(_whole(tables)[TRIP], on=TRIP), keys, shipped="units")
    loaded = summed(tables["loads"].rename(columns={"ship_week": "week"}), keys, loaded="units")
    rows = beside(shipped, loaded, keys, how="outer")
    return difference(rows, "loaded", "shipped")


def _other_count(tables: Tables) -> pd.DataFrame:
    lines = tables["loads"].rename(columns={"ship_week": "week"})
    counted = lines.groupby(TRIP)[["load_id"]].nunique().astype("float64").reset_index()
    rows = beside(_whole(tables), counted.rename(columns={"load_id": "loads"}), TRIP, how="outer")
    return difference(rows, "loads", "vehicles")


def _true_carbon(tables: Tables) -> pd.DataFrame:
    """Lane and week with tonne_km and kg CO2e as they follow from flows, vehicles and factors."""
    rows = tables["trips"][tables["trips"]["units"] > 0]
    return rows[TRIP].assign(
        true_co2e=rows["e_kg"] * rows["true_kg"] + rows["e_vehicle"] * rows["vehicles"],
        true_tonne_km=rows["distance_km"] * rows["true_kg"] / 1000,
    )


def _other_carbon(tables: Tables) -> pd.DataFrame:
    def other() -> Iterator[pd.DataFrame]:
        rows = beside(tables["carbon"], _true_carbon(tables), TRIP, how="outer")
        moved = rows["true_tonne_km"].where(rows["true_tonne_km"] > 0)
        rows = rows.assign(intensity=(1000 * rows["true_co2e"] / moved).fillna(0.0))
        pairs = {"kg_co2e": "true_co2e", "tonne_km": "true_tonne_km", "gco2e_per_tkm": "intensity"}
        for stated, true in pairs.items():
            yield difference(rows, stated, true)[[*TRIP, stated, true, "by"]]

    return gather(other())


def _other_shares(tables: Tables) -> pd.DataFrame:
    """The carbon that the shipping plan gives to products, lane by lane and week by week."""
    rows = summed(tables["flows"], TRIP, shared="kg_co2e")
    rows = beside(rows, _true_carbon(tables), TRIP, how="outer")
    return difference(rows, "shared", "true_co2e")[[*TRIP, "shared", "true_co2e", "by"]]


def _other_tonnes(tables: Tables) -> pd.DataFrame:
    tonnes = _true_carbon(tables)["true_co2e"].sum() / 1000
    return difference(
        pd.DataFrame({"stated": [money(tables, "tonnes_co2e")], "true": [tonnes]}), "stated", "true"
    )


def _over_budget(tables: Tables) -> pd.DataFrame:
    budget = setting(tables, "carbon_budget")
    tonnes = _true_carbon(tables)["true_co2e"].sum() / 1000
    most = np.inf if np.isnan(budget) else budget
    return excess(pd.DataFrame({"tonnes": [tonnes], "budget": [most]}), "tonnes", "budget")
