"""What a sequence of drops means for a vehicle: times, loads, distance and cost, in the figures as given.

Left at t_0, the vehicle is at drop k at a_k = b_{k−1} + service_{k−1} + m(k−1, k) and begins at
b_k = max(a_k, opens_k). It leaves as late as it can without losing anything: the first departure is put off
by

    min( Σ_k waits,  min_k ( Σ_{i≤k} waits_i + closes_k − b_k ) )

where b comes from the earliest departure. On board after k: all that is still to be delivered, and all
that was picked up.

Source: Savelsbergh (1992), The vehicle routing problem with time windows: minimizing route duration, ORSA
Journal on Computing 4(2), for the forward time slack.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helpers.transport.routes.case import RouteCase

Floats = NDArray[np.float64]
_TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False)
class TimedRoute:
    """A route with k drops.

    Parameters
    ----------
    vehicle
        Row of `vehicles`.
    drops
        Positions of the drops, in order (k,).
    departs, returns
        Minutes of the day.
    arrives, starts, leaves
        Minutes of the day at each drop (k,).
    legs_km
        Way to each drop, and home (k + 1,).
    load_kg, load_m3
        On board when leaving the depot and after each drop (k + 1,).
    cost
        Money: fixed, per kilometre, per hour on the road.
    is_feasible
        Whether all limits of the vehicle, the depots and the windows are kept.
    """

    vehicle: int
    drops: list[int]
    departs: float
    returns: float
    arrives: Floats
    starts: Floats
    leaves: Floats
    legs_km: Floats
    load_kg: Floats
    load_m3: Floats
    cost: float
    is_feasible: bool

    @property
    def distance_km(self) -> float:
        """Length of the route."""
        return float(self.legs_km.sum())

    @property
    def minutes(self) -> float:
        """Time on the road, service and waiting included."""
        return self.returns - self.departs


class Road:
    """The columns of a day as arrays, for many routes."""

    def __init__(self, case: RouteCase) -> None:
        self.case = case
        columns = ("weight_kg", "volume_m3", "pickup_kg", "pickup_m3", "opens", "closes", "service_minutes")
        self.weight, self.volume, self.pickup_kg, self.pickup_m3, self.opens, self.closes, self.service = (
            case.drops[column].to_numpy() for column in columns
        )
        self.start, self.end = case.start, case.end
        self.vehicles = case.vehicles.to_dict("records")
        depots = case.depots
        self.earliest = np.maximum(
            case.vehicles["shift_start"], depots["opens"].to_numpy()[self.start]
        ).to_numpy()
        self.latest = np.minimum(case.vehicles["shift_end"], depots["closes"].to_numpy()[self.end]).to_numpy()

    def time_route(self, vehicle: int, drops: list[int]) -> TimedRoute:
        """Return times, loads, distance and cost of a vehicle that serves `drops` in this order."""
        places = [int(self.start[vehicle]), *(self.case.place_of(np.array(drops))), int(self.end[vehicle])]
        legs = self.case.distance_km[places[:-1], places[1:]]
        driving = self.case.minutes[self.case.profile[vehicle], places[:-1], places[1:]]
        earliest = self._starts(drops, driving, float(self.earliest[vehicle]))
        departs = float(self.earliest[vehicle]) + self._delay(vehicle, drops, earliest)
        arrives, starts, returns = self._starts(drops, driving, departs)
        load_kg = _on_board(self.weight[drops], self.pickup_kg[drops])
        load_m3 = _on_board(self.volume[drops], self.pickup_m3[drops])
        car = self.vehicles[vehicle]
        cost = (
            car["fixed_cost"]
            + legs.sum() * car["cost_per_km"]
            + (returns - departs) / 60 * car["cost_per_hour"]
        )
        kept = (
            (starts <= self.closes[drops] + _TOLERANCE).all()
            and returns <= self.latest[vehicle] + _TOLERANCE
            and returns - departs <= car["max_minutes"] + _TOLERANCE
            and legs.sum() <= car["max_km"] + _TOLERANCE
            and load_kg.max() <= car["capacity_kg"] + _TOLERANCE
            and load_m3.max() <= car["capacity_m3"] + _TOLERANCE
        )
        leaves = starts + self.service[drops]
        return TimedRoute(
            vehicle,
            drops,
            departs,
            returns,
            arrives,
            starts,
            leaves,
            legs,
            load_kg,
            load_m3,
            float(cost),
            bool(kept),
        )

    def _starts(self, drops: list[int], driving: Floats, departs: float) -> tuple[Floats, Floats, float]:
        """Return arrivals, starts of service, and the minute of return."""
        arrives, starts, now = [], [], departs
        for k, drop in enumerate(drops):
            arrives.append(now + driving[k])
            starts.append(max(arrives[-1], self.opens[drop]))
            now = starts[-1] + self.service[drop]
        return np.array(arrives), np.array(starts), float(now + driving[-1])

    def _delay(self, vehicle: int, drops: list[int], earliest: tuple[Floats, Floats, float]) -> float:
        """Return by how much the departure can be put off without any loss."""
        arrives, starts, returns = earliest
        waited = np.cumsum(starts - arrives)
        slack = np.append(waited + self.closes[drops] - starts, waited[-1] + self.latest[vehicle] - returns)
        return max(0.0, min(float(waited[-1]), float(slack.min())))


def _on_board(delivered: Floats, picked: Floats) -> Floats:
    """Return the load at departure and after each drop.

    >>> _on_board(np.array([3.0, 2.0]), np.array([0.0, 4.0])).tolist()
    [5.0, 2.0, 4.0]
    """
    return delivered.sum() + np.concatenate([[0.0], np.cumsum(picked - delivered)])
