"""How a value is written: one spelling of numbers, units, dates and gaps for the whole suite.

Thousands are parted by commas and decimals by a point, as in Python's `f"{x:,.1f}"`, so that a
sentence and a table agree. A minus is a real minus sign, a share is a percentage, a missing
value is a dash in a table and "not known" in a sentence; neither is ever 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Final

import pandas as pd

from helpers.errors import ParameterError

NOT_KNOWN: Final = "not known"
GAP: Final = "\N{EN DASH}"
_MINUS: Final = "\N{MINUS SIGN}"
_SPACE: Final = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class _Unit:
    """How figures in one unit are written, and how a difference between two of them is."""

    digits: int
    one: str = ""
    many: str = ""
    scale: float = 1.0
    difference: str = ""


_UNITS: Final[Mapping[str, _Unit]] = MappingProxyType(
    {
        "share": _Unit(1, "%", "%", 100.0, "points"),
        "day": _Unit(1, "day", "days"),
        "week": _Unit(0, "week", "weeks"),
        "unit": _Unit(1, "unit", "units"),
        "ratio": _Unit(2),
        "money": _Unit(0),
        "1/year": _Unit(1, "per year", "per year"),
        "money/contact": _Unit(2, "per contact", "per contact"),
        "count": _Unit(0),
        "": _Unit(2),
    }
)

_DIGITS: Final[Mapping[str, int]] = MappingProxyType({"int": 0, "num1": 1, "num2": 2, "pct": 1})
NUMBER_FORMATS: Final = frozenset({*_DIGITS, "money"})
FORMATS: Final = (*_DIGITS, "money", "text", "date", "week", "status")


def say(value: float | None, unit: str = "", digits: int | None = None, *, signed: bool = False) -> str:
    r"""Return a figure with its unit in words, such as `41.3 %` or `12.4 days`.

    Parameters
    ----------
    value
        The figure; `None`, NaN and infinity read "not known".
    unit
        Unit as in the KPI definitions (`share`, `day`, `money`, ...); another text is appended as it is.
    digits
        Decimals; by default what suits the unit.
    signed
        Whether a positive figure gets a plus.

    Examples
    --------
    >>> say(0.4132, "share")
    '41.3\xa0%'
    >>> say(None, "day")
    'not known'
    """
    if not is_known(value):
        return NOT_KNOWN
    form = _UNITS.get(unit, _Unit(1, unit, unit))
    decimals = _digits_of(float(value or 0.0), unit, form.digits) if digits is None else digits
    text = number(float(value or 0.0) * form.scale, decimals, signed=signed)
    if unit == "share" and digits is None:
        text = _not_quite(float(value or 0.0), text)
    word = form.one if text.lstrip(f"+{_MINUS}") == number(1, decimals) else form.many
    return f"{text}{_SPACE}{word}" if word else text


def _digits_of(value: float, unit: str, digits: int) -> int:
    """Return the decimals that suit a unit: nobody reads tenths of thousands of units."""
    return 0 if unit == "unit" and abs(value) >= 1000 else digits


def _not_quite(share: float, text: str) -> str:
    """Return a share that rounds to all or nothing, without being it, as more or less than that."""
    if share < 1 and text == number(100, 1):
        return f"over {number(99.9, 1)}"
    if share > 0 and text == number(0, 1):
        return f"under {number(0.1, 1)}"
    return text


def say_difference(difference: float, unit: str, digits: int | None = None) -> str:
    """Return the size of a difference in words: two shares differ by points, not by per cent."""
    form = _UNITS.get(unit, _Unit(1, unit, unit))
    if not form.difference:
        return say(abs(difference), unit, digits)
    decimals = form.digits if digits is None else digits
    return f"{number(abs(difference) * form.scale, decimals)}{_SPACE}{form.difference}"


def number(value: float, digits: int, *, signed: bool = False) -> str:
    """Return a number with thousands separators and a real minus; a rounded zero has no sign."""
    text = f"{value:,.{digits}f}"
    if not text.strip("-0.,"):
        return text.lstrip("-")
    if text.startswith("-"):
        return _MINUS + text[1:]
    return f"+{text}" if signed else text


def say_cell(value: object, form: str, digits: int | None = None) -> str:
    """Return one table cell as text.

    | format | meaning | example |
    | --- | --- | --- |
    | `text` | as it is | Nordwind GmbH |
    | `status` | a word that gets a colour | late |
    | `int`, `num1`, `num2` | a number with 0, 1 or 2 decimals | 1,240.5 |
    | `money` | currency; the table decides on 0 or 2 decimals for the whole column | 12,400 |
    | `pct` | a share 0 to 1 as a percentage | 41.3 % |
    | `date` | ISO 8601 day | 2026-11-15 |
    | `week` | ISO week of a date, or a week already in words | 2026-W47 |
    """
    check_format(form)
    if not is_known(value):
        return GAP
    if form in NUMBER_FORMATS:
        decimals = _DIGITS.get(form, 0) if digits is None else digits
        plain = float(value)  # type: ignore[arg-type]  # the format says it is a number
        text = number(plain * 100 if form == "pct" else plain, decimals)
        return f"{_not_quite(plain, text)}{_SPACE}%" if form == "pct" else text
    if form in {"date", "week"} and not isinstance(value, str):
        day = pd.Timestamp(value)  # type: ignore[arg-type]  # the format says it is a day
        return f"{day:%G-W%V}" if form == "week" else f"{day:%Y-%m-%d}"
    return str(value)


def check_format(form: str) -> None:
    """Raise `ParameterError` for a format that does not exist."""
    if form not in FORMATS:
        raise ParameterError(f"Format '{form}' is not known. Use one of {', '.join(FORMATS)}.")


def money_digits(values: Iterable[object]) -> int:
    """Return the decimals for a column of money: cents only where no amount reaches a thousand."""
    known = [abs(float(value)) for value in values if is_known(value)]  # type: ignore[arg-type]  # a column of money
    return 0 if not known or max(known) >= 1000 else 2


def is_known(value: object) -> bool:
    """Return whether there is a value at all: not `None`, NaN, NaT or infinite."""
    if value is None or value is pd.NaT or value is pd.NA:
        return False
    try:
        return math.isfinite(value)  # type: ignore[arg-type]  # what is no number raises, and is caught
    except TypeError:
        return True
    except (ValueError, OverflowError):
        return False


def say_day(day: str | date) -> str:
    """Return a day for a reader, such as `15 November 2026`; a text that is no day stays as it is."""
    try:
        parsed = datetime.fromisoformat(day) if isinstance(day, str) else day
    except ValueError:
        return str(day)
    return f"{parsed.day} {parsed:%B %Y}"
