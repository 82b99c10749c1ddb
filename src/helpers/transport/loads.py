"""Vehicles filled: which units of which product travel in which vehicle of a lane and week.

A vehicle takes units, product by product in the order of their weight per volume, until the next unit would
pass its weight W or its volume M. Heavy and bulky goods alternate, so that neither limit is reached early.

    fill_weight = kg ÷ W,     fill_volume = m³ ÷ M,     partial: both below the share asked
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from helpers.transport.flows.packing import pack_units
from helpers.transport.flows.plan import FlowPlan

FULL = 0.8


@dataclass(frozen=True, eq=False)
class LoadPlan:
    """Loads of the weeks with whole vehicles.

    Parameters
    ----------
    lines
        load_id, lane_id, ship_week, vehicle (1 … n of the lane in the week), product_id, units, kg, m3.
    loads
        load_id, lane_id, origin_id, destination_id, mode, ship_week, vehicle, products, units, kg, m3,
        fill_weight, fill_volume, is_partial, is_paid_whole (most of what a full vehicle costs is paid per
        vehicle; in others the carrier's further customers fill the rest), freight_cost.
    """

    lines: pd.DataFrame
    loads: pd.DataFrame

    @property
    def mean_fill(self) -> float:
        """Mean over loads paid per vehicle of the fuller of weight and volume; NaN without."""
        own = self.loads[self.loads["is_paid_whole"]]
        return float(own[["fill_weight", "fill_volume"]].max(axis=1).mean())


_LINES = {
    "lane_id": "object",
    "ship_week": "datetime64[ns]",
    "vehicle": "int64",
    "product_id": "object",
    "units": "float64",
    "kg": "float64",
    "m3": "float64",
}


def pack_loads(plan: FlowPlan, full: float = FULL) -> LoadPlan:
    """Return the loads of all lanes whose vehicles are counted, in the weeks where they are whole.

    Parameters
    ----------
    plan
        A flow plan.
    full
        Share of weight or volume from which a load is called full.
    """
    lanes = plan.problem.lanes.set_index("lane_id")
    whole = plan.vehicles.loc[plan.vehicles["whole"], ["lane_id", "week"]]
    trips = whole.rename(columns={"week": "ship_week"})
    flows = plan.flows.merge(trips, on=["lane_id", "ship_week"], how="inner")
    parts = [
        _pack(rows, lanes.loc[rows["lane_id"].iloc[0]])
        for _, rows in flows.groupby(["lane_id", "ship_week"], sort=True)
    ]
    lines = pd.concat(parts, ignore_index=True) if parts else _no_lines()
    ids = (
        lines["lane_id"] + "-" + lines["ship_week"].dt.strftime("%GW%V") + "-" + lines["vehicle"].astype(str)
    )
    lines.insert(0, "load_id", ids)
    return LoadPlan(lines, _loads(lines, plan, full))


def _no_lines() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in _LINES.items()})


def _pack(rows: pd.DataFrame, lane: pd.Series) -> pd.DataFrame:
    """Return the lines of one lane and week, vehicle by vehicle."""
    units = rows["units"].to_numpy(dtype="float64")
    weight, volume = rows["kg"].to_numpy() / units, rows["m3"].to_numpy() / units
    room = float(lane["vehicle_capacity_kg"]), float(lane["vehicle_capacity_m3"])
    at, vehicle, packed = pack_units(units, weight, volume, *room)
    return rows.iloc[at][["lane_id", "ship_week", "product_id"]].assign(
        vehicle=vehicle, units=packed, kg=packed * weight[at], m3=packed * volume[at]
    )[list(_LINES)]


def _loads(lines: pd.DataFrame, plan: FlowPlan, full: float) -> pd.DataFrame:
    keys = ["load_id", "lane_id", "ship_week", "vehicle"]
    sums = lines.groupby(keys, as_index=False).agg(
        products=("product_id", "nunique"), units=("units", "sum"), kg=("kg", "sum"), m3=("m3", "sum")
    )
    columns = ["lane_id", "origin_id", "destination_id", "mode", "fixed_cost", "cost_per_kg", "cost_per_unit"]
    lanes = plan.problem.lanes[[*columns, "vehicle_capacity_kg", "vehicle_capacity_m3"]]
    table = sums.merge(lanes, on="lane_id", how="left", validate="many_to_one")
    table = table.assign(
        fill_weight=table["kg"] / table["vehicle_capacity_kg"],
        fill_volume=table["m3"] / table["vehicle_capacity_m3"],
        freight_cost=table["fixed_cost"]
        + table["kg"] * table["cost_per_kg"]
        + table["units"] * table["cost_per_unit"],
    )
    table = table.assign(
        is_paid_whole=table["fixed_cost"] >= table["cost_per_kg"] * table["vehicle_capacity_kg"]
    )
    table = table.assign(is_partial=table[["fill_weight", "fill_volume"]].max(axis=1) < full)
    named = ["load_id", "lane_id", "origin_id", "destination_id", "mode", "ship_week", "vehicle", "products"]
    return table[
        [
            *named,
            "units",
            "kg",
            "m3",
            "fill_weight",
            "fill_volume",
            "is_partial",
            "is_paid_whole",
            "freight_cost",
        ]
    ]
