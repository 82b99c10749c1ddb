"""What leads from a site to a zone: the parcel rates and the vehicles of each lane.

    parcel cost of a drop = rate · ( cost_per_kg · kg + cost_per_unit · units )
    carbon of a parcel    = lane km · t · factor        carbon of a vehicle per km = factor · mean load [t]

Where several lanes lead from a site to a zone, the parcel lane counts, then the cheapest by weight. The
vehicles of a site's lanes stand together: each may serve all of the site's zones.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.contract import Case
from helpers.errors import ContractError
from helpers.transport.emissions import factors_of, read_factors
from helpers.transport.last_mile.settings import LastMileSettings

_LANES = """
    SELECT l.*, z.latitude AS zone_latitude, z.longitude AS zone_longitude,
           s.latitude AS site_latitude, s.longitude AS site_longitude
    FROM lanes l
    JOIN sites z ON z.site_id = l.destination_id AND z.kind = 'zone'
    JOIN sites s ON s.site_id = l.origin_id
    ORDER BY l.origin_id, l.destination_id, l.mode <> 'parcel', l.cost_per_kg NULLS LAST, l.lane_id
"""
_PAID = """
    SELECT sum(s.freight_cost) AS paid,
           sum(coalesce(l.cost_per_kg, 0) * s.quantity * coalesce(p.weight_kg, 0)
               + coalesce(l.cost_per_unit, 0) * s.quantity) AS by_rate
    FROM shipments s
    JOIN lanes l USING (lane_id)
    JOIN sites z ON z.site_id = l.destination_id AND z.kind = 'zone'
    JOIN orders o ON o.order_id = s.order_id AND o.line = s.order_line
    JOIN products p USING (product_id)
    WHERE s.freight_cost IS NOT NULL
      AND s.ship_date > CAST($1 AS DATE) - CAST($2 AS INTEGER) AND s.ship_date <= $1
"""


def read_lanes(
    case: Case, settings: LastMileSettings, week_days: int
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return one lane per site and zone, and notes.

    Parameters
    ----------
    case
        With lanes from sites to zones.
    settings
        Mean load.
    week_days
        Working days of a week, over which a lane's weekly vehicles are spread.

    Returns
    -------
    DataFrame
        The lanes' columns with site_id, zone_id, coordinates of both, vehicles (per working day, at least
        1; infinite where no number is known), capacities (infinite where none is known), has_parcel, factor
        (gCO2e per tonne-km; NaN where none is known), kg_co2e_per_km of a vehicle.
    """
    found = case.query(_LANES).rename(columns={"origin_id": "site_id", "destination_id": "zone_id"})
    lanes = found.drop_duplicates(["site_id", "zone_id"]).reset_index(drop=True)
    notes = []
    if len(lanes) < len(found):
        notes.append(f"Of {len(found)} lanes to zones, {len(lanes)} are used: one per site and zone.")
    if lanes.empty:
        return lanes.assign(factor=np.nan), tuple(notes)
    factor, missing = _factors(case, lanes)
    capacity = lanes["vehicle_capacity_kg"]
    has_rate = lanes[["cost_per_kg", "cost_per_unit"]].notna().any(axis=1)
    daily = (lanes["weekly_vehicles"] / max(week_days, 1)).round().clip(lower=1.0)
    lanes = lanes.assign(
        vehicles=daily.fillna(np.inf),
        vehicle_capacity_kg=capacity.fillna(np.inf),
        vehicle_capacity_m3=lanes["vehicle_capacity_m3"].fillna(np.inf),
        has_parcel=has_rate,
        cost_per_kg=lanes["cost_per_kg"].fillna(0.0),
        cost_per_unit=lanes["cost_per_unit"].fillna(0.0),
        factor=factor,
        kg_co2e_per_km=factor * settings.mean_load_share * capacity / 1e6,
    )
    paid = _note_on_rates(case, settings)
    return lanes, (*notes, *missing, *paid)


def _factors(case: Case, lanes: pd.DataFrame) -> tuple[pd.Series, tuple[str, ...]]:
    """Return gCO2e per tonne-km of each lane; without figures where no factor is known."""
    try:
        factors = read_factors(case.table("emission_factors"))
        found, notes = factors_of(lanes, factors)
    except ContractError as missing:
        return pd.Series(np.nan, index=lanes.index), (f"Carbon is not known. {missing}",)
    return found["factor"], (*factors.notes, *notes)


def _note_on_rates(case: Case, settings: LastMileSettings) -> tuple[str, ...]:
    paid = case.query(_PAID, [case.as_of, settings.history_days]).iloc[0]
    if not paid["by_rate"] > 0:
        return ()
    return (
        f"Parcels are priced at {settings.parcel_rate:.4g} × the lanes' rates. The freight recorded in the "
        f"last {settings.history_days} days was {paid['paid'] / paid['by_rate']:.2f} × those rates.",
    )


def parcel_cost(drops: pd.DataFrame, rate: float) -> pd.Series:
    """Return what a parcel carrier asks for each drop; NaN where the lane has no rates.

    Parameters
    ----------
    drops
        kg, units, cost_per_kg, cost_per_unit, has_parcel.
    rate
        Price ÷ the lane's own rates.

    Examples
    --------
    >>> drop = pd.DataFrame({"kg": [10.0], "units": [4], "cost_per_kg": [0.42], "cost_per_unit": [0.9],
    ...                      "has_parcel": [True]})
    >>> parcel_cost(drop, 1.0).round(2).tolist()
    [7.8]
    """
    cost = drops["cost_per_kg"] * drops["kg"] + drops["cost_per_unit"] * drops["units"]
    return (rate * cost).where(drops["has_parcel"])
