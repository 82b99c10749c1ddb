"""Which vehicle visits which drops in which order: last-mile routes.

    minimise    Σ_routes ( fixed + km · cost per km + hours · cost per hour ) + Σ prizes of drops left out

subject to capacities in weight and volume all along the route (deliveries leave with the vehicle, pick-ups
come home with it), time windows, opening hours of the depots, shifts, and each vehicle's longest time and
way. Drops that no vehicle can serve even alone are named before the search; drops with a prize may be left
out; where the required ones do not all fit, the rest is planned and those left out are named.

Source: Wouda, Lan and Kool (2024), INFORMS Journal on Computing 36(4), for the search (PyVRP).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from os import PathLike

import numpy as np
import pandas as pd

from helpers.errors import ParameterError
from helpers.transport.routes.case import RouteCase, Travel, read_case
from helpers.transport.routes.leftover import explain_left_out, shorten_route
from helpers.transport.routes.reasons import find_unservable
from helpers.transport.routes.search import Found, search_routes
from helpers.transport.routes.timing import Road, TimedRoute
from helpers.transport.routes.vrplib_file import read_vrplib

_STOPS = (
    "route",
    "vehicle",
    "sequence",
    "drop",
    "arrives",
    "starts",
    "leaves",
    "leg_km",
    "load_kg",
    "load_m3",
)
_ROUTES = (
    *("route", "vehicle", "depot", "end_depot", "drops", "departs", "returns", "minutes"),
    *("distance_km", "peak_kg", "peak_m3", "cost"),
)
_TABLES_SHARE = 0.15  # of the time limit is kept for the tables, or so many seconds
_TABLES_SECONDS = 1.5
_LEFT_OUT = ("drop", "kind", "prize", "reason")


@dataclass(frozen=True, eq=False)
class RoutePlan:
    """Routes of a day.

    Parameters
    ----------
    stops
        route, vehicle, sequence, drop, arrives, starts, leaves (minutes of the day), leg_km (way to it),
        load_kg, load_m3 (on board afterwards).
    routes
        route, vehicle, depot, end_depot, drops, departs, returns, minutes, distance_km, peak_kg, peak_m3,
        cost.
    left_out
        drop, kind (unservable, prize, no room), prize, reason in words.
    distance_km, minutes, cost
        Over all routes, recomputed from the figures as given.
    lost_prizes
        Money of the prizes of the drops left out.
    seconds, seed, iterations, stopped_by
        How it was searched; the same seed and iterations give the same routes, unless `stopped_by` is the
        time limit.
    case
        The checked day.
    """

    stops: pd.DataFrame
    routes: pd.DataFrame
    left_out: pd.DataFrame
    distance_km: float
    minutes: float
    cost: float
    lost_prizes: float
    seconds: float
    seed: int
    iterations: int
    stopped_by: str
    case: RouteCase

    @property
    def sentence(self) -> str:
        """The plan in one sentence."""
        left = f"; {len(self.left_out)} drops are left out" if len(self.left_out) else ""
        return (
            f"{len(self.routes)} routes serve {len(self.stops)} drops over {self.distance_km:,.0f} km for "
            f"{self.cost:,.0f}{left}."
        )


def plan_routes(
    drops: pd.DataFrame | RouteCase | str | PathLike[str],
    vehicles: pd.DataFrame | None = None,
    depots: pd.DataFrame | None = None,
    *,
    travel: Travel | None = None,
    iterations: int | None = 10_000,
    time_limit: float = 10.0,
    seed: int = 0,
) -> RoutePlan:
    """Plan the routes of a day.

    Parameters
    ----------
    drops
        One row per drop: drop, latitude and longitude (unless a matrix is given), weight_kg, volume_m3 to
        deliver, pickup_kg, pickup_m3 to bring home, opens, closes (minutes of the day between which
        service begins), service_minutes, prize (money; empty = must be served). Only `drop` must be there.
        Or a VRPLIB file, or a case from `read_vrplib`.
    vehicles
        One row per kind: vehicle, available, depot, end_depot, capacity_kg, capacity_m3, fixed_cost (money
        per route), cost_per_km, cost_per_hour, shift_start, shift_end (minutes of the day), max_minutes,
        max_km, speed_kmh. Only `vehicle` must be there, and `depot` where there are several.
    depots
        depot, latitude, longitude, opens, closes.
    travel
        Road factor and speed, or given matrices of distances and times.
    iterations, time_limit
        The search ends with whichever comes first; None = the time limit alone. Seconds.
    seed
        Seed of the search.

    Returns
    -------
    RoutePlan
        Tables `stops`, `routes`, `left_out`, and totals.

    Raises
    ------
    ParameterError
        A table lacks a column or has a number that cannot be; all findings at once.
    SourceError
        The file cannot be read.

    Examples
    --------
    >>> drops = pd.DataFrame({"drop": ["A", "B", "C"], "weight_kg": [40, 70, 900]})
    >>> vans = pd.DataFrame({"vehicle": ["van"], "available": [2], "capacity_kg": [100]})
    >>> km = np.array([[0, 3, 4, 5], [3, 0, 5, 9], [4, 5, 0, 9], [5, 9, 9, 0]])
    >>> plan = plan_routes(drops, vans, pd.DataFrame({"depot": ["DC"]}),
    ...                    travel=Travel(distance_km=km), iterations=50)
    >>> plan.distance_km, plan.left_out["reason"].tolist()
    (14.0, ['For every vehicle: too heavy, 900 kg where van takes 100.'])
    """
    begun = time.perf_counter()
    _check_search(iterations, time_limit, seed)
    case = _read(drops, vehicles, depots, travel)
    unservable = find_unservable(case)
    can = np.ones(len(case.drops), dtype=np.bool_)
    can[unservable.index.to_numpy(dtype=np.int64)] = False
    served = case.only(can)
    if can.any():
        spent = time.perf_counter() - begun + min(_TABLES_SHARE * time_limit, _TABLES_SECONDS)
        left = max(time_limit - spent, 0.0)
        found = search_routes(served, iterations=iterations, time_limit=left, seed=seed)
    else:
        found = Found([], 0, 0.0, "nothing to plan")
    road = Road(served)
    timed = [shorten_route(road, road.time_route(visit.vehicle, visit.drops)) for visit in found.visits]
    routes = [route for route in timed if route is not None]
    left_out = _joined(_unservable_table(case, unservable), explain_left_out(road, routes))
    return _gather(case, served, routes, left_out, found, seed, begun)


def _joined(one: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Return both tables, one below the other; one without rows leaves the types of the other alone."""
    full = [table for table in (one, other) if len(table)]
    return pd.concat(full, ignore_index=True) if full else one.reset_index(drop=True)


def _read(
    drops: pd.DataFrame | RouteCase | str | PathLike[str],
    vehicles: pd.DataFrame | None,
    depots: pd.DataFrame | None,
    travel: Travel | None,
) -> RouteCase:
    if isinstance(drops, RouteCase):
        return drops
    if not isinstance(drops, pd.DataFrame):
        return read_vrplib(drops)
    if vehicles is None or depots is None:
        raise ParameterError("plan_routes: give the tables of vehicles and depots beside that of drops.")
    return read_case(drops, vehicles, depots, travel or Travel())


def _check_search(iterations: int | None, time_limit: float, seed: int) -> None:
    wrong = []
    if iterations is not None and iterations < 1:
        wrong.append(f"'iterations' is {iterations}. Give 1 or more, or None.")
    if not 0 < time_limit < np.inf:
        wrong.append(f"'time_limit' is {time_limit}. Give seconds above 0.")
    if not 0 <= seed < 2**31:
        wrong.append(f"'seed' is {seed}. Give a number from 0 to 2³¹ − 1.")
    if wrong:
        raise ParameterError("plan_routes: " + " ".join(wrong))


def _unservable_table(case: RouteCase, reasons: pd.Series) -> pd.DataFrame:
    rows = case.drops.loc[reasons.index.to_numpy(dtype=np.int64), ["drop", "prize"]]
    return rows.assign(kind="unservable", reason=reasons.to_numpy())[list(_LEFT_OUT)]


def _gather(
    case: RouteCase,
    served: RouteCase,
    routes: list[TimedRoute],
    left_out: pd.DataFrame,
    found: Found,
    seed: int,
    begun: float,
) -> RoutePlan:
    stops = (
        pd.concat([_stops(served, route, i) for i, route in enumerate(routes, start=1)]) if routes else None
    )
    return RoutePlan(
        stops=pd.DataFrame(columns=list(_STOPS)) if stops is None else stops.reset_index(drop=True),
        routes=pd.DataFrame([_route(served, r, i) for i, r in enumerate(routes, 1)], columns=list(_ROUTES)),
        left_out=left_out,
        distance_km=float(sum(route.distance_km for route in routes)),
        minutes=float(sum(route.minutes for route in routes)),
        cost=float(sum(route.cost for route in routes)),
        lost_prizes=float(left_out["prize"].sum()),
        seconds=time.perf_counter() - begun,
        seed=seed,
        iterations=found.iterations,
        stopped_by=found.stopped_by,
        case=case,
    )


def _stops(case: RouteCase, route: TimedRoute, number: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "route": number,
            "vehicle": case.vehicles["vehicle"].iloc[route.vehicle],
            "sequence": np.arange(1, len(route.drops) + 1),
            "drop": case.drops["drop"].to_numpy()[route.drops],
            "arrives": route.arrives,
            "starts": route.starts,
            "leaves": route.leaves,
            "leg_km": route.legs_km[:-1],
            "load_kg": route.load_kg[1:],
            "load_m3": route.load_m3[1:],
        }
    )


def _route(case: RouteCase, route: TimedRoute, number: int) -> dict[str, object]:
    car = case.vehicles.iloc[route.vehicle]
    return {
        "route": number,
        "vehicle": car["vehicle"],
        "depot": car["depot"],
        "end_depot": car["end_depot"],
        "drops": len(route.drops),
        "departs": route.departs,
        "returns": route.returns,
        "minutes": route.minutes,
        "distance_km": route.distance_km,
        "peak_kg": float(route.load_kg.max()),
        "peak_m3": float(route.load_m3.max()),
        "cost": route.cost,
    }
