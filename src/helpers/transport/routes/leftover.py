"""Why a drop that a vehicle could serve is on no route: not worth its price, or no room left."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.transport.routes.timing import Road, TimedRoute

_EXPLAINED = 60  # drops whose cheapest place in the plan is looked for


def explain_left_out(road: Road, routes: list[TimedRoute]) -> pd.DataFrame:
    """Return drop, kind, prize and reason of every drop that no route serves."""
    on_route = {drop for route in routes for drop in route.drops}
    missing = [drop for drop in range(len(road.weight)) if drop not in on_route]
    prizes = road.case.drops["prize"].to_numpy()
    rows = []
    for number, drop in enumerate(missing):
        extra = cheapest_extra(road, routes, drop) if number < _EXPLAINED else np.nan
        kind, reason = _say(float(prizes[drop]), extra)
        rows.append((road.case.drops["drop"].iloc[drop], kind, prizes[drop], reason))
    return pd.DataFrame(rows, columns=["drop", "kind", "prize", "reason"])


def shorten_route(road: Road, route: TimedRoute) -> TimedRoute | None:
    """Return the route without as many of its last drops as it takes to keep every limit.

    The search ends with such a route only where no feasible plan came up in its time.
    """
    for length in range(len(route.drops), 0, -1):
        shorter = road.time_route(route.vehicle, route.drops[:length])
        if shorter.is_feasible:
            return shorter
    return None


def cheapest_extra(road: Road, routes: list[TimedRoute], drop: int) -> float:
    """Return the money of the cheapest place for a drop, the other drops kept in order; infinite if none."""
    best = np.inf
    for route in routes:
        for place in range(len(route.drops) + 1):
            trial = road.time_route(route.vehicle, [*route.drops[:place], drop, *route.drops[place:]])
            if trial.is_feasible:
                best = min(best, trial.cost - route.cost)
    used = np.bincount([route.vehicle for route in routes], minlength=len(road.vehicles))
    for vehicle, car in enumerate(road.vehicles):
        if used[vehicle] < car["available"]:
            alone = road.time_route(vehicle, [drop])
            best = min(best, alone.cost if alone.is_feasible else np.inf)
    return float(best)


def _say(prize: float, extra: float) -> tuple[str, str]:
    if np.isnan(extra):
        return "no room" if np.isnan(prize) else "prize", "Left out by the search, with many others."
    if np.isinf(extra):
        return "no room", "No vehicle has load, time and way left for it beside the drops that are planned."
    if np.isnan(prize):
        return "no room", "The search found no place for it; more iterations may."
    word = "no more than" if prize <= extra else "more than"
    hint = "" if prize <= extra else " More iterations may serve it."
    return "prize", f"Its prize of {prize:,.2f} is {word} the {extra:,.2f} that serving it would add.{hint}"
