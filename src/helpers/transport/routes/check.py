"""Whether a plan of routes holds: every rule judged on the tables alone, whoever made them.

Nothing of the search or of the timing is used: the tables' own times, loads and distances are put
beside the day's figures, stop by stop.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pandas as pd

from helpers.transport.routes.case import RouteCase
from helpers.transport.routes.plan import RoutePlan

_TOLERANCE = 1e-5
_COLUMNS = ("route", "drop", "rule", "words")
type Finding = tuple[int, object, str, str]


def check_routes(plan: RoutePlan) -> pd.DataFrame:
    """Return what is wrong with a plan: route, drop, rule, words; no row where it holds.

    Parameters
    ----------
    plan
        Its tables `stops`, `routes` and `left_out` are judged against its `case`.
    """
    found = [*_check_drops(plan), *_check_fleet(plan)]
    drops = {
        row["drop"]: {**row, "place": plan.case.place_of(i)}
        for i, row in enumerate(_records(plan.case.drops))
    }
    vehicles = {row["vehicle"]: {**row, "row": i} for i, row in enumerate(_records(plan.case.vehicles))}
    for route in _records(plan.routes):
        stops = _records(plan.stops[plan.stops["route"] == route["route"]].sort_values("sequence"))
        car = vehicles.get(route["vehicle"])
        if car is None or any(stop["drop"] not in drops for stop in stops):
            continue
        asked = [drops[stop["drop"]] for stop in stops]
        found.extend(_check_route(plan.case, route, stops, asked, car))
    found.extend(_check_totals(plan))
    return pd.DataFrame(found, columns=list(_COLUMNS))


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _check_drops(plan: RoutePlan) -> Iterator[Finding]:
    """Every drop is on one route once, or named as left out."""
    served, left = Counter(plan.stops["drop"]), Counter(plan.left_out["drop"])
    known = set(plan.case.drops["drop"])
    for drop in [*served, *left]:
        if drop not in known:
            yield 0, drop, "drop known", f"{drop} is not a drop of this day."
    for drop in plan.case.drops["drop"]:
        times = served[drop] + left[drop]
        if times != 1:
            yield 0, drop, "served once", f"{drop} is served or named as left out {times} times."


def _check_fleet(plan: RoutePlan) -> Iterator[Finding]:
    """No more vehicles of a kind are on the road than there are."""
    available = plan.case.vehicles.set_index("vehicle")["available"]
    for vehicle, count in Counter(plan.routes["vehicle"]).items():
        if count > available.get(vehicle, 0):
            words = f"{count} routes use {vehicle}; there are {available.get(vehicle, 0):g}."
            yield 0, None, "vehicles available", words
    strays = set(plan.stops["route"]) - set(plan.routes["route"])
    for route in sorted(strays):
        yield route, None, "route known", f"Route {route} has stops but is no route."


def _check_route(
    case: RouteCase,
    route: dict[str, Any],
    stops: list[dict[str, Any]],
    asked: list[dict[str, Any]],
    car: dict[str, Any],
) -> Iterator[Finding]:
    number = route["route"]
    for drop, rule, words in (
        *_check_way(case, route, stops, asked, car),
        *_check_times(case, route, stops, asked, car),
        *_check_loads(route, stops, asked, car),
    ):
        yield number, drop, rule, words


def _places(case: RouteCase, asked: list[dict[str, Any]], car: dict[str, Any]) -> list[int]:
    return [int(case.start[car["row"]]), *(int(one["place"]) for one in asked), int(case.end[car["row"]])]


def _check_way(
    case: RouteCase,
    route: dict[str, Any],
    stops: list[dict[str, Any]],
    asked: list[dict[str, Any]],
    car: dict[str, Any],
) -> Iterator[tuple[object, str, str]]:
    """Distances and cost are as given, and the way is not too long."""
    places = _places(case, asked, car)
    legs = [float(case.distance_km[a, b]) for a, b in pairwise(places)]
    for stop, leg in zip(stops, legs, strict=False):
        if _differ(stop["leg_km"], leg):
            yield (
                stop["drop"],
                "distance",
                f"The way to {stop['drop']} is {leg:g} km, not {stop['leg_km']:g}.",
            )
    if _differ(route["distance_km"], sum(legs)):
        yield None, "distance", f"The route is {sum(legs):g} km long, not {route['distance_km']:g}."
    if sum(legs) > car["max_km"] + _TOLERANCE:
        yield None, "longest way", f"The route is {sum(legs):g} km long; {car['max_km']:g} are allowed."
    hours = (route["returns"] - route["departs"]) / 60
    cost = car["fixed_cost"] + sum(legs) * car["cost_per_km"] + hours * car["cost_per_hour"]
    if _differ(route["cost"], cost):
        yield None, "cost", f"The route costs {cost:g}, not {route['cost']:g}."


def _check_times(
    case: RouteCase,
    route: dict[str, Any],
    stops: list[dict[str, Any]],
    asked: list[dict[str, Any]],
    car: dict[str, Any],
) -> Iterator[tuple[object, str, str]]:
    """No vehicle is anywhere before it can be; windows, opening hours and shifts hold."""
    minutes, places = case.minutes[case.profile[car["row"]]], _places(case, asked, car)
    now = route["departs"]
    for k, (stop, one) in enumerate(zip(stops, asked, strict=True)):
        name = stop["drop"]
        if stop["arrives"] < now + minutes[places[k], places[k + 1]] - _TOLERANCE:
            yield name, "driving time", f"{name} is reached sooner than can be driven."
        if stop["starts"] < max(stop["arrives"], one["opens"]) - _TOLERANCE:
            yield name, "window", f"Service at {name} begins before arrival or opening."
        if stop["starts"] > one["closes"] + _TOLERANCE:
            yield name, "window", f"Service at {name} begins after its window closes."
        if stop["leaves"] < stop["starts"] + one["service_minutes"] - _TOLERANCE:
            yield name, "service time", f"{name} is left before its service is done."
        now = stop["leaves"]
    start, end = (case.depots.iloc[place] for place in (places[0], places[-1]))
    if route["returns"] < now + minutes[places[-2], places[-1]] - _TOLERANCE:
        yield None, "driving time", "The vehicle is back sooner than can be driven."
    if route["departs"] < max(start["opens"], car["shift_start"]) - _TOLERANCE:
        yield None, "shift", "The vehicle leaves before its shift or the depot begins."
    if route["returns"] > min(end["closes"], car["shift_end"]) + _TOLERANCE:
        yield None, "shift", "The vehicle is back after its shift or the depot ends."
    if route["returns"] - route["departs"] > car["max_minutes"] + _TOLERANCE:
        yield None, "longest time", f"The route takes longer than {car['max_minutes']:g} minutes."


def _check_loads(
    route: dict[str, Any], stops: list[dict[str, Any]], asked: list[dict[str, Any]], car: dict[str, Any]
) -> Iterator[tuple[object, str, str]]:
    """The vehicle is nowhere overloaded, and the loads are as stated."""
    for out, back, stated, room, unit in (
        ("weight_kg", "pickup_kg", "kg", "capacity_kg", "kg"),
        ("volume_m3", "pickup_m3", "m3", "capacity_m3", "m³"),
    ):
        load = peak = sum(one[out] for one in asked)
        for stop, one in zip(stops, asked, strict=True):
            load += one[back] - one[out]
            peak = max(peak, load)
            if _differ(stop[f"load_{stated}"], load):
                yield stop["drop"], "load", f"After {stop['drop']}, {load:g} {unit} are on board."
        if peak > car[room] + _TOLERANCE:
            yield None, "capacity", f"{peak:g} {unit} are on board; {car[room]:g} are allowed."
        if _differ(route[f"peak_{stated}"], peak):
            yield None, "load", f"At most {peak:g} {unit} are on board, not {route[f'peak_{stated}']:g}."


def _check_totals(plan: RoutePlan) -> Iterator[Finding]:
    for name in ("distance_km", "minutes", "cost"):
        total = float(plan.routes[name].sum())
        if _differ(getattr(plan, name), total):
            yield 0, None, "totals", f"The routes' {name} add up to {total:g}, not {getattr(plan, name):g}."


def _differ(stated: float, computed: float) -> bool:
    return not abs(stated - computed) <= _TOLERANCE * max(1.0, abs(computed))
