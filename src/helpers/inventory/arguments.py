"""Checks of what a public function was given: all findings of one call in one error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from helpers.errors import ParameterError

Floats = NDArray[np.float64]
ADVICE = {
    "positive": "Give a finite number above 0.",
    "not negative": "Give a finite number of 0 or more.",
    "a share": "Give a number above 0 and below 1.",
}


def refuse(function: str, findings: Iterable[str]) -> None:
    """Raise one ParameterError with all findings; nothing happens where there are none."""
    found = [finding for finding in findings if finding]
    if found:
        raise ParameterError(f"{function}: " + " ".join(found))


def find_wrong(rule: str, values: Mapping[str, ArrayLike | None]) -> list[str]:
    """Name each argument that breaks `rule` (positive, not negative, a share), with the first such value."""
    return [finding for name, value in values.items() if (finding := _wrong(rule, name, value))]


def as_periods(name: str, value: ArrayLike, periods: int) -> Floats:
    """Return `value` per period, repeated where it is one number."""
    array = np.asarray(value, dtype="float64")
    if array.shape not in {(), (periods,)}:
        raise ParameterError(
            f"'{name}' has the shape {array.shape} for {periods} periods. Give one number, or one per period."
        )
    return np.broadcast_to(array, (periods,)).copy()


def _wrong(rule: str, name: str, value: ArrayLike | None) -> str:
    if value is None:
        return ""
    array = np.atleast_1d(np.asarray(value, dtype="float64")).ravel()
    good = np.isfinite(array)
    if rule == "positive":
        good &= array > 0
    elif rule == "not negative":
        good &= array >= 0
    else:
        good &= (array > 0) & (array < 1)
    if good.all():
        return ""
    place = f" at position {int(np.argmin(good))}" if len(array) > 1 else ""
    return f"'{name}' is {array[np.argmin(good)]:g}{place}. {ADVICE[rule]}"
