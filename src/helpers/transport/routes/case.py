"""A day of routes: drops, vehicles, depots, and how far and how long it is between them.

Places are numbered depots first, then drops, in the order of the tables.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from helpers.errors import ParameterError
from helpers.transport.routes.distances import distances_between

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_DAY = 24 * 60.0
# Column → what holds where it is left out; None = must be given.
DROPS: dict[str, str | float | None] = {
    "drop": None,
    "weight_kg": 0.0,
    "volume_m3": 0.0,
    "pickup_kg": 0.0,
    "pickup_m3": 0.0,
    "opens": 0.0,
    "closes": _DAY,
    "service_minutes": 0.0,
    "prize": np.nan,
}
VEHICLES: dict[str, str | float | None] = {
    "vehicle": None,
    "available": 1,
    "depot": None,
    "end_depot": None,
    "capacity_kg": np.inf,
    "capacity_m3": np.inf,
    "fixed_cost": 0.0,
    "cost_per_km": 1.0,
    "cost_per_hour": 0.0,
    "shift_start": 0.0,
    "shift_end": _DAY,
    "max_minutes": np.inf,
    "max_km": np.inf,
    "speed_kmh": np.nan,
}
DEPOTS: dict[str, str | float | None] = {"depot": None, "opens": 0.0, "closes": _DAY}
_MAY_BE_INFINITE = {"capacity_kg", "capacity_m3", "max_minutes", "max_km", "closes", "shift_end"}
_MAY_BE_MISSING = {"prize", "speed_kmh"}
_NAMES = {"drop", "vehicle", "depot", "end_depot"}


@dataclass(frozen=True, eq=False)
class Travel:
    """How distances and times come about.

    Parameters
    ----------
    road_factor
        Kilometres on the road per kilometre as the crow flies.
    speed_kmh
        Average speed, for vehicles that name none.
    distance_km
        Given distances, places × places, instead of those from coordinates.
    minutes
        Given driving times, places × places, the same for all vehicles, instead of distance ÷ speed.
    """

    road_factor: float = 1.3
    speed_kmh: float = 50.0
    distance_km: ArrayLike | None = None
    minutes: ArrayLike | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        for name in ("road_factor", "speed_kmh"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value > 0):
                raise ParameterError(f"travel: '{name}' is {value}. Give a finite number above 0.")


@dataclass(frozen=True, eq=False)
class RouteCase:
    """A checked day of routes; every column of the tables is there.

    Parameters
    ----------
    drops, vehicles, depots
        The tables, with the columns of `DROPS`, `VEHICLES` and `DEPOTS` (times in minutes of the day).
    distance_km
        Places × places.
    minutes
        Driving time per speed profile, profiles × places × places.
    profile
        Profile of each row of `vehicles`.
    name
        Where the day comes from.
    """

    drops: pd.DataFrame
    vehicles: pd.DataFrame
    depots: pd.DataFrame
    distance_km: Floats
    minutes: Floats
    profile: Integers
    name: str = field(default="routes")

    @property
    def start(self) -> Integers:
        """Place at which each row of `vehicles` starts."""
        return _positions(self.depots["depot"], self.vehicles["depot"])

    @property
    def end(self) -> Integers:
        """Place at which each row of `vehicles` ends."""
        return _positions(self.depots["depot"], self.vehicles["end_depot"])

    def place_of(self, drop: Integers | int) -> Integers:
        """Place of a drop, given its position in the table."""
        return np.asarray(drop, dtype=np.int64) + len(self.depots)

    def only(self, which: NDArray[np.bool_]) -> RouteCase:
        """Return the day with these drops only."""
        places = np.concatenate([np.arange(len(self.depots)), self.place_of(np.flatnonzero(which))])
        return RouteCase(
            self.drops[which].reset_index(drop=True),
            self.vehicles,
            self.depots,
            self.distance_km[np.ix_(places, places)],
            self.minutes[:, places][:, :, places],
            self.profile,
            self.name,
        )


def _positions(keys: pd.Series, values: pd.Series) -> Integers:
    return np.asarray(pd.Index(keys).get_indexer(pd.Index(values)), dtype=np.int64)


def read_case(
    drops: pd.DataFrame, vehicles: pd.DataFrame, depots: pd.DataFrame, travel: Travel, name: str = "routes"
) -> RouteCase:
    """Return the day, or raise one ParameterError with all that is wrong with the tables."""
    findings: list[str] = []
    if (
        not len(depots)
        or not len(vehicles)
        or ("available" in vehicles and not vehicles["available"].gt(0).any())
    ):
        raise ParameterError("plan_routes: give at least one depot and one vehicle.")
    only_depot = depots["depot"].iloc[0] if "depot" in depots and len(depots) == 1 else None
    stations = _complete("depots", depots, DEPOTS, findings)
    fleet = vehicles if "depot" in vehicles or only_depot is None else vehicles.assign(depot=only_depot)
    if "end_depot" not in fleet and "depot" in fleet:
        fleet = fleet.assign(end_depot=fleet["depot"])
    fleet = _complete("vehicles", fleet, VEHICLES, findings)
    wanted = _complete("drops", drops, DROPS, findings)
    _refuse(findings)
    fleet = fleet[fleet["available"].ge(1)].reset_index(drop=True)
    known = set(stations["depot"])
    strange = sorted({str(d) for d in [*fleet["depot"], *fleet["end_depot"]] if d not in known})
    if strange:
        findings.append(f"vehicles: the depots {strange} are not in the table of depots.")
    places = len(stations) + len(wanted)
    distance = _distances(stations, wanted, travel, findings)
    speed = fleet["speed_kmh"].fillna(travel.speed_kmh).to_numpy(dtype=np.float64)
    if (speed <= 0).any():
        findings.append("vehicles: 'speed_kmh' has values that are not above 0.")
    _refuse(findings)
    speeds, profile = np.unique(speed, return_inverse=True)
    if travel.minutes is None:
        minutes = distance[None] / speeds[:, None, None] * 60.0
    else:
        minutes = _square("minutes", travel.minutes, places, findings)[None]
        profile = np.zeros(len(fleet), dtype=np.int64)
    _refuse(findings)
    return RouteCase(wanted, fleet, stations, distance, minutes, profile.astype(np.int64), name)


def _complete(
    what: str, table: pd.DataFrame, columns: dict[str, str | float | None], findings: list[str]
) -> pd.DataFrame:
    """Return the table with every column, and find what is missing or wrong."""
    missing = [name for name, default in columns.items() if default is None and name not in table]
    if missing:
        findings.append(f"{what}: the columns {missing} are missing.")
        return table
    table = table.reset_index(drop=True)
    table = table.assign(**{name: value for name, value in columns.items() if name not in table})
    key = next(iter(columns))
    if table[key].isna().any() or table[key].duplicated().any():
        findings.append(f"{what}: '{key}' is empty or comes twice. Give each its own name.")
    for name, default in columns.items():
        if name not in _NAMES:
            filled = (
                table[name] if default is None or name in _MAY_BE_MISSING else table[name].fillna(default)
            )
            table[name] = pd.to_numeric(filled, errors="coerce").astype(np.float64)
            findings.extend(_wrong(what, table[key], table[name]))
    return table


def _wrong(what: str, key: pd.Series, values: pd.Series) -> list[str]:
    bad = values.lt(0) | (np.isinf(values) & (values.name not in _MAY_BE_INFINITE))
    bad |= values.isna() & (values.name not in _MAY_BE_MISSING)
    if not bad.any():
        return []
    first = int(np.argmax(bad))
    return [
        f"{what}: '{values.name}' has {int(bad.sum())} values that cannot be (first: {values.iloc[first]} of "
        f"{key.iloc[first]}). Give a number of 0 or more."
    ]


def _distances(depots: pd.DataFrame, drops: pd.DataFrame, travel: Travel, findings: list[str]) -> Floats:
    places = len(depots) + len(drops)
    if travel.distance_km is not None:
        return _square("distance_km", travel.distance_km, places, findings)
    columns = ["latitude", "longitude"]
    missing = [what for what, t in (("depots", depots), ("drops", drops)) if not set(columns) <= set(t)]
    if missing:
        findings.append(f"{' and '.join(missing)}: give latitude and longitude, or a matrix of distances.")
        return np.zeros((places, places))
    at = pd.concat([depots[columns], drops[columns]]).astype(np.float64)
    outside = at.isna().any(axis=1) | at["latitude"].abs().gt(90) | at["longitude"].abs().gt(180)
    if outside.any():
        findings.append(f"{int(outside.sum())} depots or drops have no usable latitude and longitude.")
    return distances_between(at["latitude"], at["longitude"]) * travel.road_factor


def _square(name: str, values: ArrayLike, places: int, findings: list[str]) -> Floats:
    matrix = np.array(values, dtype=np.float64)
    if matrix.shape != (places, places):
        findings.append(f"'{name}' has the shape {matrix.shape} for {places} places (depots, then drops).")
        return np.zeros((places, places))
    np.fill_diagonal(matrix, 0.0)
    if not (np.isfinite(matrix).all() and (matrix >= 0).all()):
        findings.append(f"'{name}' has values that are not 0 or more.")
    return matrix


def _refuse(findings: list[str]) -> None:
    if findings:
        raise ParameterError("plan_routes: " + " ".join(findings))
