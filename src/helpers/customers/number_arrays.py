"""Numbers as the doors for arrays are given them, read once, everything that is no number said at once."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from helpers.errors import ParameterError

type Floats = npt.NDArray[np.float64]
type Flags = npt.NDArray[np.bool_]


def read_numbers(**given: Any) -> tuple[Floats, ...]:
    """Return arguments as float64 arrays of their own shapes, gaps as NaN.

    Parameters
    ----------
    given
        Arrays, lists, Series or single numbers by the name of the argument.

    Raises
    ------
    ParameterError
        Texts, dates, complex numbers or rows of different length; all arguments at once.

    Examples
    --------
    >>> read_numbers(age=[3, None])[0].tolist()
    [3.0, nan]
    """
    found: list[Floats] = []
    wrong: list[str] = []
    for name, value in given.items():
        try:
            found.append(_floats(value))
        except (TypeError, ValueError, OverflowError):
            wrong.append(f"'{name}' is not made of numbers. Give numbers, no texts or dates.")
    if wrong:
        raise ParameterError(" ".join(wrong))
    return tuple(found)


def read_flags(name: str, value: Any) -> Flags:
    """Return yes and no as booleans: only true, false, 1 and 0 are taken, a gap is neither.

    Raises
    ------
    ParameterError
        Anything else: a text `no` or a gap would count as yes.

    Examples
    --------
    >>> read_flags("eligible", [1, 0]).tolist()
    [True, False]
    """
    array = np.asarray(value)
    if array.dtype == np.bool_:
        return array
    try:
        numbers = _floats(array)
        fits = bool(((numbers == 0) | (numbers == 1)).all())
    except (TypeError, ValueError, OverflowError):
        fits = False
    if not fits:
        raise ParameterError(
            f"'{name}' holds something else than true and false. Give true or false (1 or 0)."
        )
    return np.asarray(numbers == 1)


def is_number(value: object) -> bool:
    """Whether one number was given: no text, no list, nothing missing; it may be infinite."""
    return isinstance(value, int | float | np.integer | np.floating) and not math.isnan(value)


def _floats(value: Any) -> Floats:
    array = np.asarray(value)
    if array.dtype.kind == "O":
        texts = any(isinstance(item, str | bytes) for item in array.ravel())
        if texts:
            raise TypeError("text")
    elif array.dtype.kind not in "biuf":
        raise TypeError(str(array.dtype))
    return np.asarray(array, dtype=np.float64)
