"""The only door to PyVRP: a day of routes in whole numbers, searched, and the visits read back.

PyVRP counts in integers. Where all distances (times, loads) of a day are whole numbers they are handed over
as they are; otherwise in metres, seconds, grams and litres, needs rounded up and limits rounded down, so a
plan that keeps the limits in integers keeps them in fact. Money is scaled until its smallest rate has four
digits: rates are off by 0.05 % at most. Everything that is reported is recomputed from the figures as given.

Source: Wouda, Lan and Kool (2024), PyVRP: a high-performance VRP solver package, INFORMS Journal on
Computing 36(4).
"""

from __future__ import annotations

import math
import time
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.transport.routes.case import RouteCase
from helpers.transport.routes.reasons import SingleTrips

if TYPE_CHECKING:
    import pyvrp

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_MOST = np.iinfo(np.int64).max
_SLACK = 1e-9
_FIRST_PENALTY = 10.0  # mean legs
_HISTORY = 100  # plans that a worse one is compared with; a third of PyVRP's own, for searches of seconds
_MOST_PENALTY = 1e4  # times the first
_LOST = 10.0  # times the dearest single trip: what leaving out a required drop costs, where one must be


@dataclass(frozen=True)
class Scale:
    """Integers per kilometre, minute, unit of weight, of volume, and of money."""

    distance: int
    time: int
    weight: int
    volume: int
    money: float

    def per(self, room: str) -> int:
        """Return the integers per unit of weight or volume, by the column that limits it."""
        return self.weight if room == "capacity_kg" else self.volume


@dataclass(frozen=True, eq=False)
class Visits:
    """One route: row of `vehicles`, minute of departure, positions of the drops in order."""

    vehicle: int
    departs: float
    drops: list[int]


@dataclass(frozen=True, eq=False)
class Found:
    """Routes that keep every limit, and how they were found."""

    visits: list[Visits]
    iterations: int
    seconds: float
    stopped_by: str


class Budget:
    """Stops after so many iterations or seconds; at half of either where nothing feasible was found."""

    def __init__(self, iterations: int | None, seconds: float, *, may_give_up: bool) -> None:
        self.iterations = math.inf if iterations is None else iterations
        self.ends = time.perf_counter() + seconds
        self.half = time.perf_counter() + seconds / 2
        self.may_give_up = may_give_up
        self.done = 0
        self.reason = ""

    def __call__(self, best_cost: int) -> bool:
        """Say whether to stop now."""
        now = time.perf_counter()
        if self.done >= self.iterations:
            self.reason = "iterations"
        elif now >= self.ends:
            self.reason = "time limit"
        elif (
            self.may_give_up and best_cost >= _MOST and (self.done >= self.iterations / 2 or now >= self.half)
        ):
            self.reason = "nothing feasible"
        self.done += 1
        return bool(self.reason)


def search_routes(case: RouteCase, *, iterations: int | None, time_limit: float, seed: int) -> Found:
    """Search routes for all required drops; where there are none, for as many of them as can be.

    Parameters
    ----------
    case
        The day, without drops that no vehicle can serve.
    iterations, time_limit
        Whichever ends first; seconds.
    seed
        Same seed and iterations, same routes, unless the time limit ends the search.
    """
    begun = time.perf_counter()
    scale = choose_scale(case)
    budget = Budget(iterations, time_limit, may_give_up=True)
    result = _run(build_data(case, scale), budget, seed)
    done = int(result.num_iterations)
    if not result.is_feasible():
        left = max(time_limit - (time.perf_counter() - begun), time_limit / 4)
        rest = None if iterations is None else max(iterations - done, iterations // 4)
        budget = Budget(rest, left, may_give_up=False)
        result = _run(build_data(case, scale, required=False), budget, seed)
        done += int(result.num_iterations)
    visits = read_visits(result.best, scale)
    return Found(visits, done, time.perf_counter() - begun, budget.reason)


def _run(data: pyvrp.ProblemData, budget: Budget, seed: int) -> pyvrp.Result:
    import pyvrp

    memory = pyvrp.IteratedLocalSearchParams(history_length=_HISTORY)
    params = pyvrp.SolveParams(ils=memory, penalty=_penalties(data))
    with warnings.catch_warnings():  # plans without room are told apart by their status, not by a warning
        warnings.simplefilter("ignore", pyvrp.exceptions.PenaltyBoundWarning)
        return pyvrp.solve(data, budget, seed, collect_stats=False, display=False, params=params)


def _penalties(data: pyvrp.ProblemData) -> pyvrp.PenaltyParams:
    """Return first penalties in proportion to the day's money.

    PyVRP's own are the same number for every day, whatever money, load and time are counted in.
    """
    import pyvrp

    first = first_penalties(data)
    most = _MOST_PENALTY * max(*first[0], *first[1:])

    class Proportional(pyvrp.PenaltyParams):
        def midpoint_penalties(self, data: pyvrp.ProblemData) -> tuple[list[float], float, float]:  # noqa: ARG002
            return first

    return Proportional(max_penalty=most)


def first_penalties(data: pyvrp.ProblemData) -> tuple[list[float], float, float]:
    """Return the price of a unit of load, time and distance too much: that of ten mean legs per mean unit."""
    distance = float(np.mean(np.asarray(data.distance_matrix(0), dtype=np.float64)))
    duration = float(np.mean(np.asarray(data.duration_matrix(0), dtype=np.float64)))
    cars = data.vehicle_types()
    leg = min(c.unit_distance_cost * distance + c.unit_duration_cost * duration for c in cars)
    clients = data.clients()
    loads = [
        float(np.mean([max(one.delivery[k], one.pickup[k]) for one in clients]))
        for k in range(data.num_load_dimensions)
    ]
    price = _FIRST_PENALTY * max(leg, 1.0)
    return [price / max(load, 1.0) for load in loads], price / max(duration, 1.0), price / max(distance, 1.0)


def choose_scale(case: RouteCase) -> Scale:
    """Return the integers per unit that lose nothing, or next to nothing."""
    drops, vehicles, depots = case.drops, case.vehicles, case.depots
    windows = [drops["opens"], drops["closes"], drops["service_minutes"], depots["opens"], depots["closes"]]
    shifts = [vehicles[c] for c in ("shift_start", "shift_end", "max_minutes")]
    distance = 1 if _are_whole(case.distance_km, vehicles["max_km"]) else 1000
    minutes = 1 if _are_whole(case.minutes, *windows, *shifts) else 60
    weight = 1 if _are_whole(drops["weight_kg"], drops["pickup_kg"], vehicles["capacity_kg"]) else 1000
    volume = 1 if _are_whole(drops["volume_m3"], drops["pickup_m3"], vehicles["capacity_m3"]) else 1000
    rates = [vehicles["cost_per_km"] / distance, vehicles["cost_per_hour"] / (60 * minutes)]
    money = [*rates, vehicles["fixed_cost"], drops["prize"].dropna()]
    if _are_whole(*money):
        return Scale(distance, minutes, weight, volume, 1.0)
    smallest = min(rate[rate > 0].min() for rate in rates if (rate > 0).any()) if _any(rates) else 1.0
    return Scale(
        distance, minutes, weight, volume, float(10.0 ** np.clip(np.ceil(3 - np.log10(smallest)), 0, 9))
    )


def _any(rates: list[pd.Series]) -> bool:
    return any(bool((rate > 0).any()) for rate in rates)


def _are_whole(*values: Any) -> bool:
    numbers = np.concatenate([np.ravel(np.asarray(value, dtype=np.float64)) for value in values])
    finite = numbers[np.isfinite(numbers)]
    return bool((finite == np.round(finite)).all())


def build_data(case: RouteCase, scale: Scale, *, required: bool = True) -> pyvrp.ProblemData:
    """Return the day as PyVRP's data; `required=False` lets go of any drop, at a high price."""
    import pyvrp

    places = len(case.depots) + len(case.drops)
    distance: Any = _up(case.distance_km, scale.distance)
    duration: list[Any] = [
        _up(one, scale.time) if _needs_time(case) else 0 * distance for one in case.minutes
    ]
    stations = _window(case.depots, "opens", "closes", scale.time)
    return pyvrp.ProblemData(
        locations=[pyvrp.Location(0.0, 0.0) for _ in range(places)],
        clients=_clients(case, scale, required=required),
        depots=[pyvrp.Depot(i, tw_early=early, tw_late=late) for i, (early, late) in enumerate(stations)],
        vehicle_types=_vehicle_types(case, scale),
        distance_matrices=[distance] * len(case.minutes),
        duration_matrices=duration,
    )


def _needs_time(case: RouteCase) -> bool:
    """Say whether time limits or costs anything."""
    limits = [
        case.drops["closes"],
        case.depots["closes"],
        case.vehicles["shift_end"],
        case.vehicles["max_minutes"],
    ]
    return bool(case.vehicles["cost_per_hour"].gt(0).any() or any(np.isfinite(one).any() for one in limits))


def _clients(case: RouteCase, scale: Scale, *, required: bool) -> list[pyvrp.Client]:
    import pyvrp

    drops = case.drops
    prize = np.round(drops["prize"].fillna(_price_of_loss(case)) * scale.money).astype(np.int64).tolist()
    must = (drops["prize"].isna() & required).tolist()
    columns = zip(
        _by_row([_up(drops[out], scale.per(room)) for out, _, room in _loads_that_count(case)], len(drops)),
        _by_row([_up(drops[back], scale.per(room)) for _, back, room in _loads_that_count(case)], len(drops)),
        _up(drops["service_minutes"], scale.time).tolist(),
        _window(drops, "opens", "closes", scale.time),
        strict=True,
    )
    return [
        pyvrp.Client(
            location=int(case.place_of(i)),
            delivery=delivery,
            pickup=pickup,
            service_duration=service if _needs_time(case) else 0,
            tw_early=window[0],
            tw_late=window[1],
            prize=0 if must[i] else prize[i],
            required=must[i],
        )
        for i, (delivery, pickup, service, window) in enumerate(columns)
    ]


def _vehicle_types(case: RouteCase, scale: Scale) -> list[pyvrp.VehicleType]:
    import pyvrp

    vehicles = case.vehicles
    capacity = [_down(vehicles[room], scale.per(room)) for *_, room in _loads_that_count(case)]
    shifts = _window(vehicles, "shift_start", "shift_end", scale.time)
    columns: dict[str, list[Any]] = {
        "num_available": vehicles["available"].astype(int).tolist(),
        "capacity": _by_row(capacity, len(vehicles)),
        "start_depot": case.start.tolist(),
        "end_depot": case.end.tolist(),
        "fixed_cost": _money(vehicles["fixed_cost"], scale.money),
        "tw_early": [early for early, _ in shifts],
        "tw_late": [late for _, late in shifts],
        "shift_duration": _down(vehicles["max_minutes"], scale.time).tolist(),
        "max_distance": _down(vehicles["max_km"], scale.distance).tolist(),
        "unit_distance_cost": _money(vehicles["cost_per_km"] / scale.distance, scale.money),
        "unit_duration_cost": _money(vehicles["cost_per_hour"] / (60 * scale.time), scale.money),
        "profile": case.profile.tolist(),
    }
    rows = zip(*columns.values(), strict=True)
    return [pyvrp.VehicleType(**dict(zip(columns, row, strict=True))) for row in rows]


def _price_of_loss(case: RouteCase) -> float:
    """Return a price above what serving any one drop costs."""
    if not len(case.drops):
        return 0.0
    trip = SingleTrips(case)
    vehicles = case.vehicles
    cost = trip.kilometres * vehicles["cost_per_km"].to_numpy() + vehicles["fixed_cost"].to_numpy()
    cost = cost + trip.minutes / 60 * vehicles["cost_per_hour"].to_numpy()
    return _LOST * float(cost.max()) + float(case.drops["prize"].fillna(0.0).max()) + 1.0


def _loads_that_count(case: RouteCase) -> list[tuple[str, str, str]]:
    """Return the columns of weight and volume (to deliver, to pick up, room), where there is a limit."""
    kinds = [("weight_kg", "pickup_kg", "capacity_kg"), ("volume_m3", "pickup_m3", "capacity_m3")]
    return [
        (out, back, room)
        for out, back, room in kinds
        if np.isfinite(case.vehicles[room]).any() and case.drops[[out, back]].to_numpy().any()
    ]


def _by_row(columns: list[Integers], rows: int) -> list[list[int]]:
    """Return the columns as one list per row."""
    return np.array(columns, dtype=np.int64).reshape(len(columns), rows).T.tolist()


def _window(table: pd.DataFrame, opens: str, closes: str, scale: int) -> list[tuple[int, int]]:
    early, late = _up(table[opens], scale), _down(table[closes], scale)
    return list(zip(early.tolist(), np.maximum(early, late).tolist(), strict=True))


def _money(values: pd.Series, scale: float) -> list[int]:
    money: list[int] = np.round(values.to_numpy() * scale).astype(np.int64).tolist()
    return money


def _up(values: Any, scale: int) -> Integers:
    return np.ceil(np.asarray(values, dtype=np.float64) * scale - _SLACK).astype(np.int64)


def _down(values: Any, scale: int) -> Integers:
    """Return whole numbers below; without a limit where it is infinite."""
    numbers = np.asarray(values, dtype=np.float64)
    finite = np.where(np.isfinite(numbers), numbers, 0.0)
    return np.where(np.isfinite(numbers), np.floor(finite * scale + _SLACK).astype(np.int64), _MOST)


def read_visits(best: pyvrp.Solution, scale: Scale) -> list[Visits]:
    """Return the routes of PyVRP's best plan, in order of vehicle and departure."""
    visits = [
        Visits(
            int(route.vehicle_type()),
            route.start_time() / scale.time,
            [int(activity.idx) for activity in route if activity.is_client()],
        )
        for route in best.routes()
    ]
    return sorted((v for v in visits if v.drops), key=lambda v: (v.vehicle, v.departs, v.drops))
