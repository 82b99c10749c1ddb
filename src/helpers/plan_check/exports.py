"""Exports as a check reads them: the types of their layout, what is missing, findings in words.

A layout is export → column → kind, one of id, date, number, bool; in brackets where the column may be empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.plan_check.check import Tables

type Layout = Mapping[str, Mapping[str, str]]

_BOOLEANS: Final = MappingProxyType(
    {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}
)


def typed(values: pd.Series[Any], kind: str) -> pd.Series[Any]:
    """Return a column with the type of its kind: what cannot be read becomes empty.

    Ids are text, "" where empty; numbers are float64, dates datetime64[ns], booleans 1.0 or 0.0.

    >>> typed(pd.Series(["4", "many"]), "number").tolist()
    [4.0, nan]
    """
    values, kind = values.reset_index(drop=True), kind.strip("()")
    if kind == "id":
        return values.astype(object).where(values.notna(), "").map(_text).astype(object)
    if kind == "date":
        return pd.to_datetime(values, errors="coerce", format="ISO8601").astype("datetime64[ns]")
    if kind == "bool":
        return values.astype(str).str.lower().map(_BOOLEANS).astype("float64")
    return pd.to_numeric(values, errors="coerce").astype("float64")


def is_empty(values: pd.Series[Any]) -> NDArray[np.bool_]:
    """Say which cells are empty, no number or not finite."""
    if pd.api.types.is_float_dtype(values):
        return ~np.isfinite(values.to_numpy("float64"))
    return (values.isna() | (values == "")).to_numpy("bool")


def missing_columns(tables: Tables, layout: Layout) -> pd.DataFrame:
    """Return export, column and `by` of every column of the layout that is not there."""
    rows = [
        (name, column)
        for name, columns in layout.items()
        for column in columns
        if name not in tables or column not in tables[name]
    ]
    return pd.DataFrame(rows, columns=["export", "column"]).assign(by=1.0)


def gather(found: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return the findings of several tables in one: `at` (their keys in words) and `by`."""
    rows = [row for frame in found for row in frame.to_dict("records")]
    at = [", ".join(f"{name} {_said(value)}" for name, value in row.items() if name != "by") for row in rows]
    return pd.DataFrame({"at": at, "by": [float(row["by"]) for row in rows]})


def _said(value: object) -> str:
    return f"{value:%Y-%m-%d}" if isinstance(value, pd.Timestamp) else str(value)


def _text(value: object) -> str:
    """Return an id as text; a whole number without its decimals (a line number that met a gap)."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
