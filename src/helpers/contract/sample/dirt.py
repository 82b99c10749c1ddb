"""A few dirty rows, as every export has them, each listed in the truth.

Dirt is added below the clean rows, so nothing else in the case hangs on it; and it is typed dirt, since
a Parquet file cannot hold a word in a number column.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from helpers.contract.schema import contract

FAR_FUTURE = pd.Timestamp("2062-11-15")
LONG_AGO = pd.Timestamp("1901-03-01")


class Dirt(NamedTuple):
    """One dirty row: a clean row of the table with some values spoilt."""

    table: str
    fault: str
    spoilt: Mapping[str, Any]


ORDER_DIRT = (
    Dirt("orders", "dangling product", {"product_id": "P999X"}),
    Dirt("orders", "dangling product", {"product_id": "OLD-0815"}),
    Dirt("orders", "negative quantity", {"quantity": -4.0}),
    Dirt("orders", "negative quantity", {"quantity": -1.0}),
    Dirt("orders", "zero quantity", {"quantity": 0.0}),
    Dirt("orders", "impossible date", {"order_date": FAR_FUTURE}),
    Dirt("orders", "impossible date", {"order_date": LONG_AGO}),
    Dirt("orders", "discount above 1", {"discount": 1.5}),
    Dirt("orders", "missing required value", {"site_id": None}),
    Dirt("orders", "missing required value", {"order_date": pd.NaT}),
)
STOCK_DIRT = (
    Dirt("stock", "dangling product", {"product_id": "P999X"}),
    Dirt("stock", "negative quantity", {"on_hand": -3.0, "date": pd.Timestamp("2026-11-14")}),
    Dirt("stock", "impossible date", {"date": FAR_FUTURE}),
)
CUSTOMER_DIRT = (
    Dirt("customers", "missing required value", {"customer_id": None}),
    Dirt("customers", "impossible value", {"customer_id": "C90001", "latitude": 512.0}),
)
SHIPMENT_DIRT = (
    Dirt("shipments", "dangling order", {"order_id": "O9999999"}),
    Dirt("shipments", "negative quantity", {"quantity": -2.0}),
)
NEW_KEYS = {"orders": ("order_id", "O99999{}"), "shipments": ("shipment_id", "H99999{}")}


def soil(
    tables: Mapping[str, pd.DataFrame], rng: np.random.Generator
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Return the tables with dirty rows, and the truth about them.

    Parameters
    ----------
    tables
        The clean tables.
    rng
        Generator of the topic.

    Returns
    -------
    tuple
        The tables, and a frame with table, row (position in the table), key (values joined by |) and fault.
    """
    extras: dict[str, list[pd.DataFrame]] = {}
    found: list[dict[str, object]] = []

    def add(name: str, fault: str, row: pd.DataFrame) -> None:
        place = len(tables[name]) + len(extras.setdefault(name, []))
        extras[name].append(row)
        found.append({"table": name, "row": place, "key": _key_text(row, name), "fault": fault})

    for number, dirt in enumerate((*ORDER_DIRT, *STOCK_DIRT, *CUSTOMER_DIRT, *SHIPMENT_DIRT)):
        add(dirt.table, dirt.fault, _spoil(tables[dirt.table], dirt, number, rng))
    for name in ("orders", "stock", "customers"):
        add(name, "duplicate key", _duplicate(tables[name], name, rng))
    soiled = {name: _below(tables[name], rows) for name, rows in extras.items()}
    return dict(tables) | soiled, pd.DataFrame(found)


def _spoil(table: pd.DataFrame, dirt: Dirt, number: int, rng: np.random.Generator) -> pd.DataFrame:
    row = table.iloc[[int(rng.integers(len(table)))]]
    values = dict(dirt.spoilt)
    if dirt.table in NEW_KEYS:
        column, form = NEW_KEYS[dirt.table]
        values = {column: form.format(number), "line": 1} | values
    return row.assign(
        **{
            name: pd.Series([value], index=row.index).astype(row[name].dtype)
            for name, value in values.items()
        }
    )


def _duplicate(table: pd.DataFrame, name: str, rng: np.random.Generator) -> pd.DataFrame:
    """Repeat a row under its own key with another figure; an order line that nothing else refers to."""
    candidates = table[table["status"] == "cancelled"] if name == "orders" else table
    row = candidates.iloc[[int(rng.integers(len(candidates) // 2))]]
    changed = {"orders": "quantity", "stock": "on_hand"}.get(name)
    return (
        row.assign(**{changed: row[changed] + 1}) if changed else row.assign(email="second.entry@example.com")
    )


def _below(table: pd.DataFrame, rows: list[pd.DataFrame]) -> pd.DataFrame:
    """Put rows below a table without letting their gaps change a type."""
    parts = [table, *rows]
    return pd.DataFrame(
        {
            name: pd.Series(
                np.concatenate([part[name].to_numpy() for part in parts]), dtype=table[name].dtype
            )
            for name in table.columns
        }
    )


def _key_text(row: pd.DataFrame, name: str) -> str:
    return "|".join(_text(row[column].iloc[0]) for column in contract()[name].key)


def _text(value: Any) -> str:
    if value is None or value is pd.NaT:
        return ""
    return str(value.date()) if isinstance(value, pd.Timestamp) else str(value)
