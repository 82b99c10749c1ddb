"""On which day each customer is served: drops together where their windows meet, tours on few days.

y_gd = 1 if the lines g (of one customer, site and window) come on day d; s_cd = 1 if customer c is visited on
day d; t_zd tours from a site to a zone on day d, u_zd of them above the vehicles that there are:

    minimise  Σ tour_z t_zd + 2 Σ tour_z u_zd + Σ stop_z s_cd + ε Σ d y_gd

    each group comes once    Σ_d y_gd = 1,  d within its window
    visits                   y_gd ≤ s_cd
    weight, volume, time     Σ kg_g y_gd ≤ W_z t_zd      Σ m3_g y_gd ≤ M_z t_zd      Σ s_cd ≤ N_z t_zd
    vehicles                 t_zd − u_zd ≤ V_z

A tour costs its start and the way to the middle of the zone's drops and back, a stop its minutes and the mean
way from that middle; N_z is how many stops a shift leaves time for, 0 where the zone is out of a shift's
reach: then its drops count as stops and need no tour. Where each line on its first day needs one stop per
customer and one tour per zone, nothing is better, and nothing is solved. Tours are reckoned so to choose days
alone; the routes are searched afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.solver import Model, Solution, at_least, at_most, equals, solve
from helpers.transport.last_mile.settings import LastMileSettings
from helpers.transport.routes.distances import distances_between

ZONE = ["site_id", "zone_id"]
CUSTOMER = [*ZONE, "customer_id"]
_GROUP = [*CUSTOMER, "first", "last"]
_OVER = 2.0  # tours' cost, once more for those above the vehicles that there are
_SOONER = 1e-3  # of a stop's cost, per day and group: sooner where nothing else is lost
_MILP_SECONDS = 10.0
_MILP_GAP = 1e-4


@dataclass(frozen=True, eq=False)
class DayChoice:
    """Chosen days.

    Parameters
    ----------
    lines
        The lines with day (number of the working day).
    days
        way (as wanted, as soon as possible, chosen), day (number), lines, stops, tours (reckoned), over
        (tours above the vehicles), kg.
    solution
        How the choice ended; None where the first days are best without a search.
    """

    lines: pd.DataFrame
    days: pd.DataFrame
    solution: Solution | None

    @property
    def is_proven(self) -> bool:
        """Whether no choice is better, but for the gap asked for."""
        return self.solution is None or self.solution.is_proven


def choose_days(lines: pd.DataFrame, lanes: pd.DataFrame, settings: LastMileSettings) -> DayChoice:
    """Choose the day of each line.

    Parameters
    ----------
    lines
        Ready lines: site_id, zone_id, customer_id, latitude, longitude, kg, m3, first, last, wanted.
    lanes
        From `read_lanes`.
    settings
        Costs, shift, days.
    """
    zones = reckon_zones(lines, lanes, settings)
    groups = lines.groupby(_GROUP, as_index=False)[["kg", "m3"]].sum()
    groups = groups.assign(group=np.arange(len(groups)))
    solution = None if _first_days_are_best(lines, zones) else _solve(groups, zones, settings)
    chosen = groups.assign(day=groups["first"])[["group", "day"]]
    if solution is not None:
        table = solution.table("comes")
        chosen = table.loc[table["comes"] > 0.5, ["group", "day"]]
    day = groups.merge(chosen, on="group", validate="one_to_one")[[*_GROUP, "day"]]
    done = lines.merge(day, on=_GROUP, how="left", validate="many_to_one")
    done.index = lines.index
    ways = {"as wanted": done["wanted"], "as soon as possible": done["first"], "chosen": done["day"]}
    tables = [count_days(done.assign(day=days), zones).assign(way=way) for way, days in ways.items()]
    columns = ["way", "day", "lines", "stops", "tours", "over", "kg"]
    return DayChoice(done, pd.concat(tables, ignore_index=True)[columns], solution)


def reckon_zones(lines: pd.DataFrame, lanes: pd.DataFrame, settings: LastMileSettings) -> pd.DataFrame:
    """Return per site and zone: capacity_kg, capacity_m3, vehicles, tour_cost, stop_cost, most_stops."""
    places = lines.drop_duplicates(CUSTOMER)
    middle = places.groupby(ZONE, as_index=False)[["latitude", "longitude"]].mean()
    zones = middle.merge(lanes.drop(columns=["latitude", "longitude"], errors="ignore"), on=ZONE)
    km = settings.road_factor * _paired_km(
        zones[["latitude", "longitude"]], zones[["site_latitude", "site_longitude"]]
    )
    beside = places.merge(middle, on=ZONE, suffixes=("", "_middle"))
    away = _paired_km(beside[["latitude", "longitude"]], beside[["latitude_middle", "longitude_middle"]])
    mean = beside.assign(away=settings.road_factor * away).groupby(ZONE)["away"].mean()
    leg = mean.reindex(pd.MultiIndex.from_frame(zones[ZONE])).to_numpy()
    per_stop = settings.minutes_per_stop / 60 + leg / settings.speed_kmh
    hours = 2 * km / settings.speed_kmh
    left = np.maximum(settings.shift_hours - hours, 0.0)
    most = np.where(left > 0, np.maximum(np.floor(left / np.maximum(per_stop, 1e-6)), 0.0), 0.0)
    return zones[ZONE].assign(
        capacity_kg=zones["vehicle_capacity_kg"],
        capacity_m3=zones["vehicle_capacity_m3"],
        vehicles=zones["vehicles"],
        tour_cost=settings.cost_per_route + 2 * km * settings.cost_per_km + hours * settings.cost_per_hour,
        stop_cost=per_stop * settings.cost_per_hour + leg * settings.cost_per_km,
        most_stops=np.minimum(most, 1e4),
    )


def _paired_km(one: pd.DataFrame, other: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    pairs = zip(one.to_numpy(), other.to_numpy(), strict=True)
    return np.array([distances_between([a[0], b[0]], [a[1], b[1]])[0, 1] for a, b in pairs])


def count_days(lines: pd.DataFrame, zones: pd.DataFrame) -> pd.DataFrame:
    """Return day, lines, stops, tours, over (tours above the vehicles) and kg, with each line on its `day`.

    Tours per site, zone and day: as many as weight, volume and stops ask for, at least one; none where the
    zone is out of reach.
    """
    cells = lines.groupby([*ZONE, "day"], as_index=False).agg(
        lines=("kg", "size"), stops=("customer_id", "nunique"), kg=("kg", "sum"), m3=("m3", "sum")
    )
    cells = cells.merge(zones, on=ZONE, validate="many_to_one")
    most = cells["most_stops"].where(cells["most_stops"] > 0)
    asked = pd.concat(
        [
            cells["kg"] / cells["capacity_kg"],
            cells["m3"] / cells["capacity_m3"],
            cells["stops"] / most,
        ],
        axis=1,
    )
    tours = np.ceil(asked.max(axis=1).clip(lower=1e-9) - 1e-9).where(most.notna(), 0.0)
    cells = cells.assign(tours=tours, over=(tours - cells["vehicles"]).clip(lower=0.0))
    return cells.groupby("day", as_index=False)[["lines", "stops", "tours", "over", "kg"]].sum()


def _first_days_are_best(lines: pd.DataFrame, zones: pd.DataFrame) -> bool:
    """Say whether each line on its first day needs one stop per customer and one tour per zone in reach.

    No choice needs less, and none is sooner.
    """
    sums = count_days(lines.assign(day=lines["first"]), zones)[["stops", "tours", "over"]].sum()
    stops, tours = len(lines[CUSTOMER].drop_duplicates()), int((zones["most_stops"] > 0).sum())
    return bool(sums["stops"] == stops and sums["tours"] == tours and sums["over"] == 0)


def _solve(groups: pd.DataFrame, zones: pd.DataFrame, settings: LastMileSettings) -> Solution:
    model = Model("days of delivery")
    choices = _choices(groups, settings.days)
    cells = choices[[*ZONE, "day"]].drop_duplicates().merge(_bounded(zones, groups), on=ZONE)
    keys = cells[[*ZONE, "day"]]
    comes = model.add_variables("comes", choices[["group", "day"]], upper=1.0, integer=True)
    visit = model.add_variables("visit", choices[[*CUSTOMER, "day"]].drop_duplicates(), upper=1.0)
    tour = model.add_variables("tour", keys, integer=True)
    over = model.add_variables("over", keys)
    model.add_rows("each group comes once", groups[["group"]], comes, equals(1.0))
    place = {name: choices[name] for name in (*ZONE, "day")}
    visited = visit.at(choices[[*CUSTOMER, "day"]]).relabel(group=choices["group"].to_numpy())
    model.add_rows("visits", choices[["group", "day"]], visited - comes, at_least(0.0))
    load = comes.relabel(**place)
    for rule, amount, room in (
        ("weight", load * choices["kg"].to_numpy(), "capacity_kg"),
        ("volume", load * choices["m3"].to_numpy(), "capacity_m3"),
        ("time", visit, "most_stops"),
    ):
        model.add_rows(rule, keys, tour * cells[room].to_numpy() - amount, at_least(0.0))
    model.add_rows("vehicles", keys, tour - over, at_most(cells["vehicles"].to_numpy()))
    _add_money(model, choices, cells)
    return solve(model, time_limit=min(_MILP_SECONDS, settings.time_limit), gap=_MILP_GAP, seed=settings.seed)


def _bounded(zones: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """Return the zones with no limit above what there is at all; a zone out of reach costs no tour."""
    reached = zones["most_stops"] > 0
    stops = float(len(groups))
    return zones.assign(
        capacity_kg=zones["capacity_kg"].clip(upper=max(float(groups["kg"].sum()), 1.0)),
        capacity_m3=zones["capacity_m3"].clip(upper=max(float(groups["m3"].sum()), 1.0)),
        vehicles=zones["vehicles"].clip(upper=stops).where(reached, stops),
        most_stops=zones["most_stops"].clip(upper=stops).where(reached, stops),
        tour_cost=zones["tour_cost"].where(reached, 0.0),
    )


def _choices(groups: pd.DataFrame, days: int) -> pd.DataFrame:
    """Return one row per group and day within its window."""
    pairs = groups.merge(pd.DataFrame({"day": np.arange(days)}), how="cross")
    return pairs[pairs["day"].between(pairs["first"], pairs["last"])].reset_index(drop=True)


def _add_money(model: Model, choices: pd.DataFrame, cells: pd.DataFrame) -> None:
    tour_cost = cells["tour_cost"].to_numpy()
    visits = model.block("visit").keys[ZONE]
    of_zone = cells.drop_duplicates(ZONE)[[*ZONE, "stop_cost"]]
    stop = visits.merge(of_zone, on=ZONE, how="left", validate="many_to_one")["stop_cost"].to_numpy()
    sooner = _SOONER * float(stop.mean()) * choices["day"].to_numpy(np.float64)
    model.add_objective("tours", model.block("tour") * tour_cost)
    model.add_objective("tours above the vehicles", model.block("over") * (_OVER * tour_cost))
    model.add_objective("stops", model.block("visit") * stop)
    model.add_objective("sooner", model.block("comes") * sooner)
