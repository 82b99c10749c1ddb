"""A warehouse, a store, one zone and a few customers: deliveries that can be reckoned by hand.

The checks of the contract take most of a second per case, so these cases answer from memory, unchecked, with
the columns and types of the contract; one test puts such a case beside a checked one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from helpers.contract import Case
from helpers.contract.schema import contract

# The last order is of Sunday, 2026-03-01: the days ahead begin on Monday.
LAST_DAY = "2026-03-01"
USED = (
    *("products", "sites", "lanes", "emission_factors", "customers", "orders", "shipments", "stock"),
    "calendar",
)


def orders(*lines: dict[str, Any]) -> pd.DataFrame:
    """Return a shipped line that sets the last day, and open lines."""
    usual = {
        "line": 1,
        "order_date": "2026-02-28",
        "customer_id": "C1",
        "site_id": "DC",
        "product_id": "BOX",
        "quantity": 4.0,
        "unit_price": 20.0,
        "requested_date": "2026-03-04",
        "status": "open",
    }
    past = {"order_id": "O0", "order_date": LAST_DAY, "status": "shipped"}
    made = [usual | past, *(usual | {"order_id": f"O{k}"} | line for k, line in enumerate(lines, start=1))]
    return pd.DataFrame(made)


def shipments(*rows: tuple[str, str | None]) -> pd.DataFrame:
    """Return shipments of orders over a lane, or of None where they were fetched."""
    return pd.DataFrame(
        {
            "shipment_id": [f"H{k}" for k in range(len(rows))],
            "line": 1,
            "order_id": [order for order, _ in rows],
            "order_line": 1,
            "ship_date": LAST_DAY,
            "quantity": 1.0,
            "lane_id": pd.Series([lane for _, lane in rows], dtype="object"),
            "freight_cost": 3.0,
        }
    )


def tables(*lines: dict[str, Any]) -> dict[str, pd.DataFrame]:
    """Return all tables: a box weighs 10 kg and 0.1 m³; C1 to C4 live around the zone's middle."""
    return {
        "products": pd.DataFrame(
            {
                "product_id": ["BOX", "NUT"],
                "name": ["Box", "Nut"],
                "category": "Goods",
                "unit_cost": 10.0,
                "list_price": 20.0,
                "weight_kg": [10.0, 0.5],
                "volume_m3": [0.1, 0.001],
            }
        ),
        "sites": pd.DataFrame(
            {
                "site_id": ["DC", "SHOP", "ZONE"],
                "name": ["Warehouse", "Shop", "Town"],
                "kind": ["warehouse", "store", "zone"],
                "latitude": [50.0, 50.1, 50.1],
                "longitude": [10.0, 10.1, 10.1],
            }
        ),
        "customers": pd.DataFrame(
            {
                "customer_id": ["C1", "C2", "C3", "C4"],
                "zone_id": "ZONE",
                "latitude": [50.10, 50.11, 50.10, 50.12],
                "longitude": [10.10, 10.10, 10.12, 10.11],
                "tolerance_days": [0.0, 1.0, 2.0, 0.0],
            }
        ),
        "lanes": pd.DataFrame(
            {
                "lane_id": ["L1", "L2"],
                "origin_id": ["DC", "SHOP"],
                "destination_id": "ZONE",
                "mode": "parcel",
                "vehicle_class": "van",
                "distance_km": [20.0, 5.0],
                "transit_days": 1.0,
                "cost_per_kg": 1.0,
                "cost_per_unit": 0.5,
                "vehicle_capacity_kg": 500.0,
                "vehicle_capacity_m3": 5.0,
                "weekly_vehicles": 6.0,
            }
        ),
        "stock": pd.DataFrame(
            {
                "date": LAST_DAY,
                "site_id": ["DC", "DC", "SHOP"],
                "product_id": ["BOX", "NUT", "BOX"],
                "on_hand": [100.0, 1000.0, 100.0],
                "blocked": 0.0,
            }
        ),
        "emission_factors": pd.DataFrame(
            {
                "mode": ["parcel"],
                "vehicle_class": ["van"],
                "year": [2025],
                "gco2e_per_tkm": [800.0],
                "scope": ["WTW"],
                "source": ["by hand"],
            }
        ),
        "orders": orders(*lines),
    }


@dataclass(frozen=True)
class CaseInMemory(Case):
    """A case whose queries go to one database in memory."""

    database: duckdb.DuckDBPyConnection = field(kw_only=True)

    def query(self, sql: str, parameters: list[Any] | dict[str, Any] | None = None) -> pd.DataFrame:
        return self.database.execute(sql, parameters or []).df()

    def has(self, *tables: str) -> bool:
        return all(self.database.execute(f"SELECT count(*) FROM {one}").fetchall()[0][0] for one in tables)


def case_in_memory(tables: Mapping[str, pd.DataFrame]) -> Case:
    """Return a case of these tables; others that the last mile reads have no rows."""
    database = duckdb.connect(":memory:", config={"threads": 1})
    for name in USED:
        table, given = contract()[name], tables.get(name)
        columns = [
            f"CAST({one.name if given is not None and one.name in given else 'NULL'} AS {one.sql_type}) "
            f'AS "{one.name}"'
            for one in table.columns
        ]
        source = "FROM given" if given is not None else "WHERE false"
        database.execute(f'CREATE TABLE "{name}" AS SELECT {", ".join(columns)} {source}')
    day = dt.date.fromisoformat(LAST_DAY)
    return CaseInMemory("tiny", {}, (), day, day, Path(), 0.0, 0.0, database=database)


def case_of(*lines: dict[str, Any], **other: pd.DataFrame) -> Case:
    """Return the case with these open lines, and other tables where given."""
    return case_in_memory({**tables(*lines), **other})
