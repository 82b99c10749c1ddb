"""Vans for the drops of one site and day, with the parcel price of each drop as its prize.

A drop whose parcel is cheaper than what it adds to the tours goes by parcel. A tour that costs no less than
the parcels of all its drops is not driven: the search may leave such a one where it ends early.

    cost share of a drop = tour cost · c_d / Σ c of its tour,  c_d = cost of serving d on a tour of its own

Carbon of a tour: km × kg CO2e per vehicle-km of its class.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.transport.last_mile.settings import LastMileSettings
from helpers.transport.routes import RoutePlan, plan_routes

MINUTES = 60.0
_NO_LOSS = 1e-9


@dataclass(frozen=True, eq=False)
class SiteDay:
    """One site's drops of one day, and how they go.

    Parameters
    ----------
    search
        The plan of routes as it was found.
    stops
        Rows of driven tours: the search's stops with depot, day, weight_kg … and cost_share.
    tours
        The search's routes that are driven, with parcel_cost, kg_co2e.
    by_parcel
        The drops that go by parcel, with why.
    waiting
        Drops that neither can take, with reason.
    """

    search: RoutePlan
    stops: pd.DataFrame
    tours: pd.DataFrame
    by_parcel: pd.DataFrame
    waiting: pd.DataFrame


def plan_site_day(
    drops: pd.DataFrame, lanes: pd.DataFrame, settings: LastMileSettings, time_limit: float
) -> SiteDay:
    """Plan the tours of one site and day.

    Parameters
    ----------
    drops
        customer_id, latitude, longitude, kg, m3, parcel_cost, day, site_id.
    lanes
        Lanes of the site to its zones.
    settings
        Costs, shift, search.
    time_limit
        Seconds.
    """
    search = plan_routes(
        drops.rename(columns={"customer_id": "drop", "kg": "weight_kg", "m3": "volume_m3"}).assign(
            service_minutes=settings.minutes_per_stop,
            prize=np.nan if settings.prefer_vehicles else drops["parcel_cost"],
        ),
        fleet_of(lanes, len(drops), settings),
        _depot_of(lanes),
        travel=settings.travel,
        iterations=settings.iterations,
        time_limit=time_limit,
        seed=settings.seed,
    )
    tours = search.routes.merge(
        search.stops.merge(drops, left_on="drop", right_on="customer_id")
        .groupby("route")["parcel_cost"]
        .agg(lambda one: one.sum(skipna=False))  # a drop that no parcel carrier takes makes the sum unknown
        .reset_index(),
        on="route",
    )
    driven = settings.prefer_vehicles | ~(tours["cost"] >= tours["parcel_cost"] - _NO_LOSS)
    tours = tours[driven].reset_index(drop=True)
    stops = search.stops[search.stops["route"].isin(tours["route"])]
    stops = stops.merge(drops, left_on="drop", right_on="customer_id", validate="one_to_one")
    stops = stops.sort_values(["route", "sequence"]).reset_index(drop=True)
    left, waiting = _left(search, drops, stops)
    return SiteDay(search, stops.assign(cost_share=_cost_shares(search, stops)), tours, left, waiting)


def fleet_of(lanes: pd.DataFrame, drops: int, settings: LastMileSettings) -> pd.DataFrame:
    """Return a site's vehicles, one kind per lane."""
    begins = MINUTES * settings.shift_start
    return pd.DataFrame(
        {
            "vehicle": lanes["vehicle_class"].fillna("vehicle") + ", " + lanes["lane_id"],
            "available": lanes["vehicles"].clip(upper=drops).astype(int),
            "depot": lanes["site_id"],
            "capacity_kg": lanes["vehicle_capacity_kg"],
            "capacity_m3": lanes["vehicle_capacity_m3"],
            "fixed_cost": settings.cost_per_route,
            "cost_per_km": settings.cost_per_km,
            "cost_per_hour": settings.cost_per_hour,
            "shift_start": begins,
            "shift_end": begins + MINUTES * settings.shift_hours,
        }
    )


def _depot_of(lanes: pd.DataFrame) -> pd.DataFrame:
    names = {"site_id": "depot", "site_latitude": "latitude", "site_longitude": "longitude"}
    return lanes[list(names)].rename(columns=names).head(1)


def _cost_shares(search: RoutePlan, stops: pd.DataFrame) -> pd.Series:
    """Return each stop's part of its tour's cost, by what it would cost on a tour of its own."""
    case = search.case
    place = case.place_of(pd.Index(case.drops["drop"]).get_indexer(pd.Index(stops["drop"])))
    rate = search.routes.merge(case.vehicles, on="vehicle", suffixes=("", "_of_kind")).set_index("route")
    rate = rate.loc[stops["route"]].reset_index()
    km = case.distance_km[0, place] + case.distance_km[place, 0]
    hours = (case.minutes[0][0, place] + case.minutes[0][place, 0]) / MINUTES
    hours = hours + case.drops["service_minutes"].to_numpy()[place - len(case.depots)] / MINUTES
    alone = rate["fixed_cost"] + km * rate["cost_per_km"] + hours * rate["cost_per_hour"]
    total = alone.groupby(rate["route"]).transform("sum")
    share = (alone / total).where(total > 0, 1 / alone.groupby(rate["route"]).transform("size"))
    return pd.Series((share * rate["cost"]).to_numpy(), index=stops.index)


def _left(search: RoutePlan, drops: pd.DataFrame, stops: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the drops that go by parcel, and those that nobody takes, with the reason."""
    said = search.left_out.set_index("drop")["reason"].astype("object")
    said = said.str.replace("Its prize of", "Its parcel for", regex=False)
    left = drops[~drops["customer_id"].isin(stops["drop"])]
    dear = "The tour that would serve it costs no less than the parcels of its drops."
    left = left.assign(reason=left["customer_id"].map(said).fillna(dear))
    alone = left["parcel_cost"].isna()
    return left[~alone].reset_index(drop=True), left[alone].reset_index(drop=True)


def load_share(tours: pd.DataFrame, vehicles: pd.DataFrame) -> pd.Series:
    """Return the fuller of weight and volume per tour, 0–1; 0 where neither is limited."""
    room = tours[["vehicle"]].merge(vehicles.drop_duplicates("vehicle"), on="vehicle", how="left")
    by_weight = tours["peak_kg"].to_numpy() / room["capacity_kg"].to_numpy()
    by_volume = tours["peak_m3"].to_numpy() / room["capacity_m3"].to_numpy()
    return pd.Series(np.fmax(by_weight, by_volume), index=tours.index)
