"""What settings of several parts check alike: whole numbers of at least so much, and a probability."""

from __future__ import annotations

from collections.abc import Mapping

from helpers.errors import ParameterError


def refuse_settings(settings: object, least: Mapping[str, float], probability: str = "interval") -> None:
    """Raise for attributes below their least value and a probability outside (0, 1), all at once.

    Raises
    ------
    ParameterError
        With every finding.
    """
    found = [
        f"'{name}' is {getattr(settings, name)}. Give {low} or more."
        for name, low in least.items()
        if getattr(settings, name) < low
    ]
    chance = getattr(settings, probability)
    if not 0 < chance < 1:
        found.append(f"'{probability}' is {chance}. Give a probability between 0 and 1.")
    if found:
        raise ParameterError(f"{type(settings).__name__}: {' '.join(found)}")
