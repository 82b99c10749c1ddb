"""Named results: figures that a notebook leaves for the manifest, invisible on the page.

They travel in the executed notebook as outputs of an own media type, so that a run needs no
second channel and a notebook opened later still says what it found.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final

import pandas as pd
from IPython import get_ipython
from IPython.display import display

from helpers.contract.kpis import Kpi
from helpers.errors import ParameterError

RECORD_MIME: Final = "application/vnd.planbook.record+json"


def record(name: str, value: object, unit: str, definition: str = "") -> None:
    """Leave a named result for the manifest.

    Parameters
    ----------
    name
        Name that stays the same from run to run.
    value
        A number, text, truth value or `None`; numpy scalars are cast, NaN and infinity become `None`.
    unit
        Unit of the value ("unit", "money", "share", ...).
    definition
        What the value means, in words.
    """
    if not name.strip():
        raise ParameterError("record() got an empty name. Give the result a name that stays the same.")
    _emit({"kind": "value", "name": name, "value": plain(value), "unit": unit, "definition": definition})


def record_kpis(kpis: Iterable[Kpi]) -> None:
    """Leave KPIs for the manifest, each with its two sums, window and direction."""
    for kpi in kpis:
        _emit(kpi_record(kpi))


def kpi_record(kpi: Kpi) -> dict[str, Any]:
    """Return a KPI as a record of JSON-safe values."""
    return {
        "kind": "value",
        "name": kpi.name,
        "value": plain(kpi.value),
        "unit": kpi.definition.unit,
        "better": kpi.definition.better,
        "definition": kpi.definition.definition,
        "window": kpi.window,
        "numerator": plain(kpi.numerator),
        "denominator": plain(kpi.denominator),
        "target": plain(kpi.target),
        "note": kpi.note,
    }


def plain(value: object) -> Any:
    """Return a value that JSON can carry: numpy scalars cast, NaN and infinity as `None`."""
    if hasattr(value, "item") and getattr(value, "size", 1) == 1:
        value = value.item()
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is pd.NaT or value is pd.NA:
        return None
    if hasattr(value, "isoformat"):
        return value.isoformat()
    kind = type(value).__name__
    raise ParameterError(f"record() got a {kind}. Record one number, text, date or truth value.")


def _emit(body: Mapping[str, Any]) -> None:
    """Display one record; outside a notebook there is nobody to read it."""
    if get_ipython() is not None:
        display({RECORD_MIME: dict(body)}, raw=True)  # type: ignore[no-untyped-call]  # IPython has no types
