"""Frames in the columns, order and types of the contract, and the lists the sample draws from."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import Any

import numpy as np
import pandas as pd

from helpers.contract.schema import Column, contract


def contract_frame(table: str, values: Mapping[str, Any]) -> pd.DataFrame:
    """Return `values` as the contract's table: all columns, in order, typed.

    Parameters
    ----------
    table
        Name in the contract.
    values
        Arrays or single values by column; columns left out are empty.
    """
    definition = contract()[table]
    unknown = set(values) - set(definition.column_names)
    if unknown:
        raise KeyError(f"table '{table}' has no column {sorted(unknown)}")
    length = next(len(value) for value in values.values() if isinstance(value, np.ndarray | pd.Series))
    return pd.DataFrame(
        {column.name: _typed(column, values.get(column.name), length) for column in definition.columns}
    )


def read_list(name: str) -> pd.DataFrame:
    """Return one of the lists of names beside this module."""
    path = resources.files("helpers.contract.sample") / "lists" / f"{name}.csv"
    with path.open("rb") as file:
        return pd.read_csv(file, keep_default_na=False, encoding="utf-8")


def days(values: Any) -> pd.Series:
    """Return days as pandas holds them in the contract's frames (datetime64[ns], midnight)."""
    return pd.Series(np.asarray(values, dtype="datetime64[D]").astype("datetime64[ns]"))


def _typed(column: Column, value: Any, length: int) -> pd.Series:
    if column.type == "date":
        dates = value if value is not None else np.datetime64("NaT", "D")
        return days(np.broadcast_to(np.asarray(dates, dtype="datetime64[D]"), length))
    if column.type == "number":
        numbers = np.asarray(np.nan if value is None else value, dtype=np.float64)
        return pd.Series(np.broadcast_to(numbers, length).copy())
    if column.type == "integer":
        return pd.Series(np.broadcast_to(np.asarray(value, dtype=np.int64), length).copy())
    if column.type == "boolean":
        flags = np.asarray(False if value is None else value, dtype=bool)
        return pd.Series(np.broadcast_to(flags, length).copy())
    texts = np.asarray(value, dtype=object)
    return pd.Series(np.broadcast_to(texts, length).copy(), dtype=object)
