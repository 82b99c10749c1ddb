"""Units into vehicles: heavy and bulky goods in turn, unit by unit, until the next one has no room.

Units do not divide, so that goods of 1.9 vehicles by weight may need three: what is packed is counted.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_TINY = 1e-9


def pack_units(
    units: Floats, weight: Floats, volume: Floats, most_kg: float, most_m3: float
) -> tuple[Integers, Integers, Floats]:
    """Return row, vehicle (from 1) and units of each line of the loads.

    Parameters
    ----------
    units
        Whole units per row (n,).
    weight, volume
        kg and m³ per unit (n,).
    most_kg, most_m3
        What a vehicle takes; infinite = no limit. A unit that is larger than a vehicle gets one of its own.

    Examples
    --------
    >>> row, vehicle, packed = pack_units(
    ...     np.array([3.0]), np.array([300.0]), np.array([0.1]), 500.0, 9.0)
    >>> vehicle.tolist(), packed.tolist()
    ([1, 2, 3], [1.0, 1.0, 1.0])
    """
    found: list[tuple[int, int, float]] = []
    vehicle, kg, m3 = 1, 0.0, 0.0
    for row in _alternating(units, weight, volume).tolist():
        left = float(units[row])
        while left > 0:
            fits = min(_fitting(most_kg - kg, weight[row]), _fitting(most_m3 - m3, volume[row]), left)
            if fits < 1 and kg == m3 == 0.0:
                fits = 1.0
            if fits >= 1:
                found.append((row, vehicle, fits))
                kg, m3, left = kg + fits * weight[row], m3 + fits * volume[row], left - fits
            if left > 0:
                vehicle, kg, m3 = vehicle + 1, 0.0, 0.0
    rows, vehicles, packed = (list(part) for part in zip(*found, strict=True)) if found else ([], [], [])
    return (
        np.array(rows, dtype=np.int64),
        np.array(vehicles, dtype=np.int64),
        np.array(packed, dtype=np.float64),
    )


def _fitting(room: float, per_unit: float) -> float:
    return float(np.floor(room / per_unit + _TINY)) if per_unit > 0 else np.inf


def _alternating(units: Floats, weight: Floats, volume: Floats) -> Integers:
    """Return rows with units: the densest, then the least dense, then the second densest, and so on."""
    rows = np.flatnonzero(units > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        density = np.nan_to_num(weight[rows] / volume[rows], nan=0.0, posinf=np.inf)
    order = rows[np.lexsort((rows, -density))]
    place = np.arange(len(order))
    turn = np.where(place < (len(order) + 1) // 2, 2 * place, 2 * (len(order) - 1 - place) + 1)
    return np.asarray(order[np.argsort(turn, kind="stable")], dtype=np.int64)
