"""A last-mile plan: who is visited when and by what, beside sending everything by parcel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.solver.verdict import Verdict
from helpers.transport.last_mile.lines import count_of
from helpers.transport.last_mile.settings import LastMileSettings
from helpers.transport.routes import RoutePlan

STOPS = (
    *("day", "site_id", "zone_id", "customer_id", "order_ids", "lines", "units", "kg", "m3"),
    *("latitude", "longitude", "last_day", "way", "cost", "parcel_cost", "parcel_kg_co2e"),
)
ROUTES = (
    *("route", "day", "vehicle", "depot", "sequence", "customer_id", "order_ids", "latitude", "longitude"),
    *("arrives", "leaves", "leg_km", "weight_kg", "volume_m3", "load_kg", "load_m3", "cost_share"),
)
TOURS = (
    *("route", "day", "vehicle", "depot", "latitude", "longitude", "stops", "departs", "returns"),
    *("distance_km", "peak_kg", "peak_m3", "fill", "cost", "parcel_cost", "kg_co2e"),
)
PARCELS = (
    *("day", "site_id", "zone_id", "lane_id", "customer_id", "order_ids", "units", "kg", "m3", "latitude"),
    *("longitude", "cost", "kg_co2e", "arrives", "last_day", "reason"),
)
WAITING = (
    *("site_id", "customer_id", "order_id", "line", "product_id", "quantity", "requested_date"),
    *("kind", "reason"),
)
DAYS = ("way", "day", "lines", "stops", "tours", "over", "kg")
BESIDE = ("way", "cost", "kg_co2e", "stops", "km")


@dataclass(frozen=True, eq=False)
class LastMilePlan:
    """Deliveries of the next days.

    Parameters
    ----------
    stops
        One row per customer, site and day: what comes, by which way (van, parcel), at what cost, beside
        that of a parcel; last_day is the last one within the customer's slack.
    routes
        One row per stop of a vehicle: route, day, vehicle, depot, sequence, customer_id, order_ids,
        latitude, longitude, arrives, leaves, leg_km (way to it), weight_kg, volume_m3 (what it gets),
        load_kg, load_m3 (on board afterwards), cost_share (of the tour's cost, by what each stop would
        cost on a tour of its own).
    tours
        One row per route: times, km, peak load, fill (fuller of weight and volume, 0–1), cost, parcel_cost
        (what its stops would cost by parcel), kg_co2e; coordinates of the depot.
    parcels
        Stops that go by parcel, with cost, kg_co2e, day of arrival, and why no vehicle takes them.
    waiting
        Open lines that are not delivered within the days: kind (no stock, no zone, no lane, no place, later,
        no vehicle) and reason.
    days
        way (as wanted, as soon as possible, chosen), day, lines, stops, tours, over (tours above the
        vehicles that there are), kg. Tours are reckoned from loads and stops, as if all went by vehicle.
    beside
        way (all by parcel, this plan, its vehicles, its parcels), cost, kg_co2e, stops, km driven by one's
        own vehicles.
    lines
        All open lines with state and, where ready, the chosen day.
    searches
        The plans of routes as they were found, for `check_routes`.
    choice
        How the choice of days ended; None where the first days are best without a search.
    settings
        What was asked.
    seconds, is_cut
        Of everything; whether a time limit ended a search or the choice of days.
    notes
        What was assumed and left out, in words.
    empty_because
        Why there is no delivery; empty where there is one.
    """

    stops: pd.DataFrame
    routes: pd.DataFrame
    tours: pd.DataFrame
    parcels: pd.DataFrame
    waiting: pd.DataFrame
    days: pd.DataFrame
    beside: pd.DataFrame
    lines: pd.DataFrame
    searches: tuple[RoutePlan, ...]
    choice: Verdict | None
    settings: LastMileSettings
    seconds: float
    is_cut: bool
    notes: tuple[str, ...]
    empty_because: str = ""

    @property
    def saving(self) -> float:
        """Money that vehicles save beside sending everything by parcel; NaN where parcels have no price."""
        cost = self.beside.set_index("way")["cost"]
        return float(cost["all by parcel"] - cost["this plan"])

    @property
    def sentence(self) -> str:
        """The plan in a few words."""
        if self.empty_because:
            return self.empty_because
        wait = f" Not delivered yet: {count_of(len(self.waiting), 'line')}." if len(self.waiting) else ""
        return self._say_ways() + wait

    @property
    def days_sentence(self) -> str:
        """What choosing the days does to stops and tours."""
        sums = self.days.groupby("way")[["stops", "tours", "over"]].sum()
        if sums.empty:
            return "There are no days to choose."
        said = {str(way): _say_days(row) for way, row in sums.iterrows()}
        return (
            f"With vehicles for all, each line on the day it is wanted takes {said['as wanted']}; each as "
            f"soon as possible {said['as soon as possible']}; on the chosen days {said['chosen']}."
        )

    def _say_ways(self) -> str:
        deliveries = count_of(len(self.stops), "drop")
        all_by_parcel = self.beside.set_index("way")["cost"]["all by parcel"]
        if self.tours.empty:
            why = "No vehicle can serve any" if self.settings.prefer_vehicles else "No tour found pays"
            return f"{why}: {deliveries} by parcel, for {all_by_parcel:,.0f}."
        tours, km = count_of(len(self.tours), "tour"), self.tours["distance_km"].sum()
        plan = self.beside.set_index("way")["cost"]["this plan"]
        start = (
            f"Vehicles serve {len(self.routes):,} of {deliveries} on {tours} over {km:,.0f} km; with the "
            f"parcels the plan costs {plan:,.0f}"
        )
        if np.isnan(all_by_parcel):
            return f"{start}. Not everything has a parcel price to compare with."
        return f"{start}, where parcels alone cost {all_by_parcel:,.0f}."


def _say_days(row: pd.Series[float]) -> str:
    over = f", {row['over']:,.0f} of them above the vehicles that there are" if row["over"] else ""
    return f"{count_of(int(row['stops']), 'stop')} and {count_of(int(row['tours']), 'tour')}{over}"
