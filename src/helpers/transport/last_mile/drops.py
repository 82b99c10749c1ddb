"""From ready lines to drops: one per customer, site and day, with its place, load and parcel price."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.transport.last_mile.days import CUSTOMER, ZONE
from helpers.transport.last_mile.lanes import parcel_cost
from helpers.transport.last_mile.lines import READY, count_of
from helpers.transport.last_mile.settings import LastMileSettings
from helpers.transport.last_mile.windows import Days

_PLACE = ["latitude", "longitude"]
_LANE = [
    *("lane_id", "distance_km", "transit_days", "factor"),
    *("cost_per_kg", "cost_per_unit", "has_parcel"),
]


def locate_lines(lines: pd.DataFrame, lanes: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the lines with a place each where one is known, and notes.

    A customer without coordinates stands where its zone does. Ready lines without a lane from their site to
    their zone, or without any place, get the state `no lane` or `no place`.
    """
    columns = [*ZONE, "zone_latitude", "zone_longitude", "site_latitude", "site_longitude"]
    joined = lines.merge(lanes[columns].assign(has_lane=True), on=ZONE, how="left", validate="many_to_one")
    joined.index = lines.index
    ready = joined["state"] == READY
    is_lost = joined[_PLACE].isna().any(axis=1)
    borrowed = joined.loc[ready & is_lost & joined["zone_latitude"].notna(), "customer_id"].nunique()
    for name in _PLACE:
        joined[name] = joined[name].where(~is_lost, joined[f"zone_{name}"]).astype("float64")
    no_lane = ready & joined["has_lane"].isna()
    no_place = ready & ~no_lane & joined[[*_PLACE, "site_latitude", "site_longitude"]].isna().any(axis=1)
    lane_words = "No lane leads from " + joined["site_id"] + " to " + joined["zone_id"].fillna("") + "."
    place_words = "The customer and its zone, or the site, have no coordinates."
    joined["state"] = joined["state"].mask(no_lane, "no lane").mask(no_place, "no place")
    joined["reason"] = joined["reason"].mask(no_lane, lane_words).mask(no_place, place_words)
    notes = (
        (f"{count_of(borrowed, 'customer')} without coordinates: the zone's stand in.",) if borrowed else ()
    )
    return joined[[*lines.columns]], notes


def gather_drops(
    lines: pd.DataFrame, lanes: pd.DataFrame, days: Days, settings: LastMileSettings
) -> pd.DataFrame:
    """Return one row per customer, site and day.

    Returns
    -------
    DataFrame
        site_id, zone_id, customer_id, day (date), order_ids, lines, units, kg, m3, latitude, longitude,
        last_day, parcel_cost, parcel_kg_co2e, parcel_arrives, and columns of the lane.
    """
    table = lines.groupby([*CUSTOMER, "day"], as_index=False).agg(
        order_ids=("order_id", lambda ids: ", ".join(dict.fromkeys(ids))),
        lines=("line", "size"),
        units=("quantity", "sum"),
        kg=("kg", "sum"),
        m3=("m3", "sum"),
        latitude=("latitude", "first"),
        longitude=("longitude", "first"),
        last=("last", "min"),
    )
    table = table.merge(lanes[[*ZONE, *_LANE]], on=ZONE, how="left", validate="many_to_one")
    dates = days.astype("datetime64[ns]")
    day = dates[table["day"].to_numpy(np.int64)]
    transit = np.ceil(table["transit_days"].fillna(0.0).to_numpy()).astype("timedelta64[D]")
    return table.assign(
        day=day,
        last_day=dates[np.minimum(table["last"].to_numpy(np.int64), len(days) - 1)],
        parcel_cost=parcel_cost(table, settings.parcel_rate),
        parcel_kg_co2e=table["distance_km"] * table["kg"] / 1000 * table["factor"] / 1000,
        parcel_arrives=day + transit,
    ).drop(columns=["last", "distance_km", "transit_days", "factor"])
