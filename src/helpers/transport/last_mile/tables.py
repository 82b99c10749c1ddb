"""The tables of a last-mile plan, put together from its sites and days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.transport.last_mile.days import ZONE
from helpers.transport.last_mile.lines import READY
from helpers.transport.last_mile.result import BESIDE, PARCELS, ROUTES, STOPS, TOURS, WAITING
from helpers.transport.last_mile.tours import SiteDay, load_share
from helpers.transport.last_mile.windows import Days


@dataclass(frozen=True, eq=False)
class PlanTables:
    """Tables as in `LastMilePlan`."""

    stops: pd.DataFrame
    routes: pd.DataFrame
    tours: pd.DataFrame
    parcels: pd.DataFrame
    waiting: pd.DataFrame


def gather_tables(done: list[SiteDay], lanes: pd.DataFrame, lines: pd.DataFrame, days: Days) -> PlanTables:
    """Return the tables over all sites and days."""
    tours, routes = _tours_and_routes(done, lanes)
    by_parcel = _joined([one.by_parcel for one in done])
    waiting = _joined([one.waiting for one in done])
    by_van = _joined([one.stops for one in done])
    stops = _joined(
        [
            by_van.assign(way="van", cost=by_van["cost_share"])[list(STOPS)],
            by_parcel.assign(way="parcel", cost=by_parcel["parcel_cost"])[list(STOPS)],
        ]
    )
    stops = stops.sort_values(["day", "site_id", "zone_id", "customer_id"])
    names = {"parcel_cost": "cost", "parcel_kg_co2e": "kg_co2e", "parcel_arrives": "arrives"}
    return PlanTables(
        stops=stops.reset_index(drop=True),
        routes=routes,
        tours=tours,
        parcels=by_parcel.rename(columns=names)[list(PARCELS)],
        waiting=_waiting(lines, waiting, days),
    )


def _joined(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the tables one below the other; those without rows give their columns alone."""
    full = [table for table in tables if len(table)]
    return pd.concat(full, ignore_index=True) if full else tables[0].reset_index(drop=True)


def _tours_and_routes(done: list[SiteDay], lanes: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    tours, routes, made = [], [], 0
    for one in done:
        day = one.search.case.drops["day"].iloc[0]
        number = dict(zip(one.tours["route"], range(made + 1, made + 1 + len(one.tours)), strict=True))
        made += len(one.tours)
        depot = one.search.case.depots.iloc[0]
        tour = one.tours.assign(
            day=day,
            latitude=depot["latitude"],
            longitude=depot["longitude"],
            fill=load_share(one.tours, one.search.case.vehicles),
            kg_co2e=one.tours["distance_km"] * _carbon_per_km(one.tours, lanes),
            departs=_clock(day, one.tours["departs"]),
            returns=_clock(day, one.tours["returns"]),
        )
        tours.append(tour.rename(columns={"drops": "stops"}).assign(route=tour["route"].map(number)))
        names = {"kg": "weight_kg", "m3": "volume_m3", "site_id": "depot"}
        stop = one.stops.assign(
            route=one.stops["route"].map(number),
            arrives=_clock(day, one.stops["arrives"]),
            leaves=_clock(day, one.stops["leaves"]),
        )
        routes.append(stop.rename(columns=names))
    return _joined(tours)[list(TOURS)], _joined(routes)[list(ROUTES)]


def _carbon_per_km(tours: pd.DataFrame, lanes: pd.DataFrame) -> pd.Series:
    lane = tours["vehicle"].str.rsplit(", ", n=1).str[-1]
    return lane.map(lanes.set_index("lane_id")["kg_co2e_per_km"]).astype("float64")


def _clock(day: pd.Timestamp, minutes: pd.Series) -> np.ndarray[tuple[int], np.dtype[np.datetime64]]:
    """Return minutes of the day as times, to the second."""
    seconds = np.round(60 * minutes.to_numpy(np.float64)).astype("timedelta64[s]")
    return (np.datetime64(day, "s") + seconds).astype("datetime64[ns]")


def dates_of(days: Days, numbers: pd.Series) -> np.ndarray[tuple[int], np.dtype[np.datetime64]]:
    """Return the dates of working days by number; NaT where there is none."""
    known = numbers.notna().to_numpy()
    found = np.full(len(numbers), np.datetime64("NaT", "ns"))
    found[known] = days[numbers[known].to_numpy(np.int64)]
    return found


def _waiting(lines: pd.DataFrame, refused: pd.DataFrame, days: Days) -> pd.DataFrame:
    """Return the lines that are to be brought and are not, each with its reason."""
    kept = lines_that_wait(lines)
    if refused.empty:
        return kept
    keys = [*ZONE, "customer_id", "day"]
    dated = lines.drop(columns="reason").assign(day=dates_of(days, lines["day"]))
    more = dated.merge(refused[[*keys, "reason"]], on=keys).assign(kind="no vehicle")
    return _joined([kept, more[list(WAITING)]])


def lines_that_wait(lines: pd.DataFrame) -> pd.DataFrame:
    """Return the lines that are to be brought and are not ready."""
    kept = lines[~lines["state"].isin([READY, "fetched"])].rename(columns={"state": "kind"})
    return kept[list(WAITING)].reset_index(drop=True)


def put_beside(drops: pd.DataFrame, tables: PlanTables) -> pd.DataFrame:
    """Return what the plan and its parts cost beside sending everything by parcel."""
    stops, tours, parcels = tables.stops, tables.tours, tables.parcels
    km = float(tours["distance_km"].sum())
    cost = (float(tours["cost"].sum()), float(parcels["cost"].sum()))
    carbon = (tours["kg_co2e"].sum(skipna=False), parcels["kg_co2e"].sum(skipna=False))
    by_parcel = drops[["parcel_cost", "parcel_kg_co2e"]].sum(skipna=False)
    rows = [
        ("all by parcel", by_parcel["parcel_cost"], by_parcel["parcel_kg_co2e"], len(drops), 0.0),
        ("this plan", sum(cost), sum(carbon), len(stops), km),
        ("its vehicles", cost[0], carbon[0], int(tours["stops"].sum()), km),
        ("its parcels", cost[1], carbon[1], len(parcels), 0.0),
    ]
    return pd.DataFrame(rows, columns=list(BESIDE))
