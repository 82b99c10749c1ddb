"""Why a drop cannot be on any route, in words, before anything is planned.

A drop d can be served by a vehicle v alone on the road, or by none: its load must fit, v must reach it
before its window closes and be back in time, and the way there and back must keep v's limits:

    t = max(s_v, opens of depot) + m(depot, d) ≤ closes_d
    max(t, opens_d) + service_d + m(d, depot) ≤ end of shift, closes of depot
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.transport.routes.case import RouteCase

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
_TOLERANCE = 1e-9


def find_unservable(case: RouteCase) -> pd.Series:
    """Return the reason per drop that no vehicle can serve, by position of the drop."""
    checks = [*_loads(case), *_times(case)]
    obstacles = np.array([broken for broken, _ in checks])  # kinds × drops × vehicles
    hopeless = np.flatnonzero(obstacles.any(axis=0).all(axis=1))
    words = {int(d): _say(obstacles[:, d], [text for _, text in checks], case, int(d)) for d in hopeless}
    return pd.Series(words, dtype="object")


def _loads(case: RouteCase) -> list[tuple[Flags, str]]:
    drops, vehicles = case.drops, case.vehicles
    kinds = (
        (
            "weight_kg",
            "pickup_kg",
            "capacity_kg",
            "too heavy, {weight:,.6g} kg where {name} takes {capacity_kg:,.6g}",
        ),
        (
            "volume_m3",
            "pickup_m3",
            "capacity_m3",
            "too large, {volume:,.6g} m³ where {name} takes {capacity_m3:,.6g}",
        ),
    )
    return [
        (
            drops[[out, back]].to_numpy().max(axis=1)[:, None] > vehicles[room].to_numpy() + _TOLERANCE,
            text,
        )
        for out, back, room, text in kinds
    ]


def _times(case: RouteCase) -> list[tuple[Flags, str]]:
    trip = SingleTrips(case)
    drops, vehicles = case.drops, case.vehicles
    late = trip.arrival > drops["closes"].to_numpy()[:, None] + _TOLERANCE
    home = trip.back > trip.must_be_back + _TOLERANCE
    long = trip.minutes > vehicles["max_minutes"].to_numpy() + _TOLERANCE
    far = trip.kilometres > vehicles["max_km"].to_numpy() + _TOLERANCE
    return [
        (late, "its window closes at {closes} and {name} arrives at {arrival} at the earliest"),
        (home & ~late, "{name} would be back at {back}, after its shift or the depot ends at {must_be_back}"),
        (long & ~late, "the way there and back takes {name} {minutes:,.0f} minutes of {max_minutes:,.0f}"),
        (far, "the way there and back is {kilometres:,.1f} km, {name} may go {max_km:,.1f} km"),
    ]


class SingleTrips:
    """Every vehicle to every drop and back, alone, as early as can be (drops × vehicles)."""

    def __init__(self, case: RouteCase) -> None:
        place = case.place_of(np.arange(len(case.drops)))
        vehicles, depots, drops = case.vehicles, case.depots, case.drops
        leaves = np.maximum(vehicles["shift_start"], depots["opens"].to_numpy()[case.start]).to_numpy()
        out = case.minutes[case.profile, case.start][:, place].T
        home = case.minutes[case.profile, :, case.end][:, place].T
        self.arrival: Floats = leaves + out
        begins = np.maximum(self.arrival, drops["opens"].to_numpy()[:, None])
        service = drops["service_minutes"].to_numpy()[:, None]
        self.back: Floats = begins + service + home
        self.minutes: Floats = out + service + home
        self.must_be_back: Floats = np.minimum(
            vehicles["shift_end"].to_numpy(), depots["closes"].to_numpy()[case.end]
        ) + np.zeros_like(out)
        self.kilometres: Floats = (
            case.distance_km[np.ix_(case.start, place)].T + case.distance_km[np.ix_(place, case.end)]
        )


def _say(broken: Flags, texts: list[str], case: RouteCase, drop: int) -> str:
    """Say what stands against one drop: a kind that holds for every vehicle once, else per vehicle."""
    everywhere = np.flatnonzero(broken.all(axis=1))
    if len(everywhere):
        vehicle = _best_vehicle(case, drop, int(everywhere[0]))
        return "For every vehicle: " + _fill(texts[everywhere[0]], case, drop, vehicle) + "."
    first = np.argmax(broken, axis=0)
    said = dict.fromkeys(_fill(texts[kind], case, drop, v) for v, kind in enumerate(first.tolist()))
    return "No vehicle can: " + "; ".join(said) + "."


def _best_vehicle(case: RouteCase, drop: int, kind: int) -> int:
    """Return the vehicle that comes nearest to what is asked."""
    trip = SingleTrips(case)
    nearness = (
        -case.vehicles["capacity_kg"].to_numpy(),
        -case.vehicles["capacity_m3"].to_numpy(),
        trip.arrival[drop],
        (trip.back - trip.must_be_back)[drop],
        trip.minutes[drop] - case.vehicles["max_minutes"].to_numpy(),
        trip.kilometres[drop] - case.vehicles["max_km"].to_numpy(),
    )
    return int(np.argmin(nearness[kind]))


def _fill(text: str, case: RouteCase, drop: int, vehicle: int) -> str:
    trip = SingleTrips(case)
    stop, car = case.drops.iloc[drop], case.vehicles.iloc[vehicle]
    return text.format(
        name=car["vehicle"],
        weight=max(stop["weight_kg"], stop["pickup_kg"]),
        volume=max(stop["volume_m3"], stop["pickup_m3"]),
        capacity_kg=car["capacity_kg"],
        capacity_m3=car["capacity_m3"],
        closes=say_clock(stop["closes"]),
        arrival=say_clock(trip.arrival[drop, vehicle]),
        back=say_clock(trip.back[drop, vehicle]),
        must_be_back=say_clock(trip.must_be_back[drop, vehicle]),
        minutes=trip.minutes[drop, vehicle],
        max_minutes=car["max_minutes"],
        kilometres=trip.kilometres[drop, vehicle],
        max_km=car["max_km"],
    )


def say_clock(minutes: float) -> str:
    """Return minutes of the day as a clock shows them.

    >>> say_clock(495.4), say_clock(1500)
    ('08:15', '25:00')
    """
    whole = round(float(minutes))
    return f"{whole // 60:02d}:{whole % 60:02d}"
