"""CVRPLIB and VRPLIB instances as days of routes.

Conventions of the library: Euclidean distances rounded to whole numbers, one unit of money per unit of
distance, as many vehicles as drops; with time windows, distances cut to one decimal and one unit of time per
unit of distance (kilometres and minutes here). Where rounding would leave nothing of the distances, they are
kept as they are.

Source: Uchoa et al. (2017), New benchmark instances for the capacitated vehicle routing problem, EJOR 257(3).
"""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from helpers.errors import SourceError
from helpers.transport.routes.case import Floats, RouteCase, Travel, read_case

_KINDS = {"CVRP", "VRPTW", "MDVRP", "DCVRP", "VRP"}


def read_vrplib(path: str | PathLike[str]) -> RouteCase:
    """Read an instance with capacities, and time windows and several depots where it has them.

    Parameters
    ----------
    path
        The file, in VRPLIB format or, for `.txt`, in Solomon's.

    Raises
    ------
    SourceError
        The file cannot be read, or asks for what is not supported.

    Notes
    -----
    Drops carry the node numbers of the file less one, as in the library's solutions: the first drop after one
    depot is 1.
    """
    found = _read_file(Path(path))
    kind = str(found.get("type", "CVRP")).strip().upper()
    if kind not in _KINDS:
        raise SourceError(f"{path}: instances of the type {kind} are not supported. Use {sorted(_KINDS)}.")
    try:
        return _as_case(found, str(found.get("name", Path(path).stem)))
    except (KeyError, ValueError, IndexError) as error:
        raise SourceError(f"{path}: not a complete VRPLIB instance ({error!r}).") from error


def _read_file(path: Path) -> dict[str, Any]:
    import vrplib

    form = "solomon" if path.suffix == ".txt" else "vrplib"
    try:
        read: dict[str, Any] = vrplib.read_instance(path, instance_format=form)
    except (OSError, UnicodeDecodeError, ValueError, RuntimeError, IndexError, KeyError) as error:
        raise SourceError(f"{path}: cannot be read as {form} ({error}).") from error
    return read


def _as_case(found: Mapping[str, Any], name: str) -> RouteCase:
    demand = np.asarray(found["demand"], dtype=np.float64)
    depots = np.atleast_1d(np.asarray(found.get("depot", [0]), dtype=np.int64))
    others = np.setdiff1d(np.arange(len(demand)), depots)
    order = np.concatenate([depots, others])
    windows = np.asarray(found.get("time_window", [[0, np.inf]] * len(demand)), dtype=np.float64)
    service = np.broadcast_to(np.asarray(found.get("service_time", 0.0), dtype=np.float64), demand.shape)
    distance = _rounded(np.asarray(found["edge_weight"], dtype=np.float64), timed="time_window" in found)
    drops = pd.DataFrame(
        {
            "drop": others,
            "weight_kg": demand[others],
            "opens": windows[others, 0],
            "closes": windows[others, 1],
            "service_minutes": service[others],
        }
    )
    stations = pd.DataFrame({"depot": depots, "opens": windows[depots, 0], "closes": windows[depots, 1]})
    matrix = distance[np.ix_(order, order)]
    travel = Travel(distance_km=matrix, minutes=matrix)
    return read_case(drops, _fleet(found, depots, len(others)), stations, travel, name)


def _fleet(found: Mapping[str, Any], depots: Any, drops: int) -> pd.DataFrame:
    vehicles = found.get("vehicles", drops)
    return pd.DataFrame(
        {
            "vehicle": [f"vehicle of depot {depot}" for depot in depots],
            "available": int(vehicles) if np.ndim(vehicles) == 0 else drops,
            "depot": depots,
            "capacity_kg": float(found["capacity"]),
            "max_km": float(found.get("distance", np.inf)),
            "shift_end": np.inf,
        }
    )


def _rounded(distance: Floats, *, timed: bool) -> Floats:
    if timed:
        return np.floor(10 * distance + 1e-9) / 10
    whole = np.floor(distance + 0.5)
    return whole if whole.max() >= 1 else distance
