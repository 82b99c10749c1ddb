"""Three warehouses, four stores, one zone, two docks: small enough to be reckoned by loops."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from helpers.contract.schema import contract

WAREHOUSES, DESTINATIONS, DOCKS = ["W1", "W2", "W3"], ["S1", "S2", "S3", "S4", "Z1"], ["D1", "D2"]
READ = (
    *("products", "sites", "suppliers", "supply_terms", "lanes", "emission_factors"),
    *("customers", "orders", "shipments", "stock"),
)
WEEKS = 8
FIRST = pd.Timestamp("2026-01-05")
# Degrees; a line of stores from west to east, warehouses near S1, S3 and S4.
WHERE = {
    name: (latitude, longitude)
    for name, latitude, longitude in (
        *(("S1", 50.0, 8.0), ("S2", 50.0, 9.0), ("S3", 50.0, 10.0), ("S4", 50.0, 12.0), ("Z1", 50.3, 12.0)),
        *(("W1", 50.2, 8.0), ("W2", 50.2, 10.0), ("W3", 50.2, 12.0), ("D1", 53.0, 8.5), ("D2", 48.0, 11.0)),
    )
}
PRODUCTS = {"A": (2.0, 0.01), "B": (0.5, 0.02)}  # kg, m³
# Lines per week: where sold, product, units, lane that it goes over.
SOLD = [
    *(("S1", "A", 30.0, None), ("S2", "A", 20.0, None), ("S3", "B", 40.0, None), ("S4", "B", 25.0, None)),
    *(("S4", "A", 10.0, "last-mile"), ("W3", "A", 35.0, "W3-Z1")),
]


def kilometres(one: str, other: str) -> float:
    """Distances as the tables say them: a plane of 100 km a degree."""
    (a, b), (c, d) = WHERE[one], WHERE[other]
    return round(100 * float(np.hypot(a - c, b - d)), 1)


def lane(origin: str, destination: str, kind: tuple[str, str], **changed: Any) -> dict[str, Any]:
    km = kilometres(origin, destination)
    return {
        "lane_id": f"{origin}-{destination}",
        "origin_id": origin,
        "destination_id": destination,
        "mode": kind[0],
        "vehicle_class": kind[1],
        "distance_km": km,
        "transit_days": 1.0,
        "fixed_cost": 20.0 + 0.5 * km,
        "cost_per_kg": 0.05,
        "cost_per_unit": 0.1,
        "vehicle_capacity_kg": 500.0,
        "vehicle_capacity_m3": 4.0,
        "weekly_vehicles": 9.0,
    } | changed


def lanes() -> pd.DataFrame:
    """All ways in and out, and one from a store to the zone."""
    rows = [lane(dock, site, ("road", "truck")) for dock in DOCKS for site in WAREHOUSES]
    rows += [lane(site, store, ("road", "van")) for site in WAREHOUSES for store in DESTINATIONS]
    rows.append(lane("S4", "Z1", ("road", "van"), lane_id="last-mile"))
    return pd.DataFrame(rows)


def sites() -> pd.DataFrame:
    kinds = {"W": "warehouse", "S": "store", "Z": "zone", "D": "supplier"}
    names = [*WAREHOUSES, *DESTINATIONS, *DOCKS]
    is_warehouse = np.array([name in WAREHOUSES for name in names])
    return pd.DataFrame(
        {
            "site_id": names,
            "name": [f"Place {name}" for name in names],
            "kind": [kinds[name[0]] for name in names],
            "latitude": [WHERE[name][0] for name in names],
            "longitude": [WHERE[name][1] for name in names],
            "handling_capacity_units": np.where(is_warehouse, 120.0, np.nan),
            "handling_cost": np.where(is_warehouse, 0.2, np.nan),
            "opening_cost": [400.0, 600.0, 500.0, *[np.nan] * 7],
            "storage_capacity_m3": np.where(is_warehouse, 10.0, np.nan),
        }
    )


def orders(growth: float = 0.0) -> pd.DataFrame:
    rows = [
        (f"O{week}-{k}", 1, FIRST + np.timedelta64(7 * week, "D"), site, product, units * (1 + growth * week))
        for week in range(WEEKS)
        for k, (site, product, units, _) in enumerate(SOLD)
    ]
    # The last day of the last week ends the history without selling anything that counts.
    last = FIRST + np.timedelta64(7 * WEEKS - 1, "D")
    rows.append(("O-last", 1, last, "S1", "A", 1.0))
    table = pd.DataFrame(
        rows, columns=["order_id", "line", "order_date", "site_id", "product_id", "quantity"]
    )
    status = np.where(table["order_id"] == "O-last", "cancelled", "shipped")
    return table.assign(unit_price=1.0, status=status, order_type="stock")


def shipments(table: pd.DataFrame) -> pd.DataFrame:
    sent = table[table["status"] == "shipped"].reset_index(drop=True)
    over = {f"-{k}": lane_id for k, (*_, lane_id) in enumerate(SOLD)}
    return pd.DataFrame(
        {
            "shipment_id": "H" + sent["order_id"],
            "line": 1,
            "order_id": sent["order_id"],
            "order_line": 1,
            "ship_date": sent["order_date"],
            "quantity": sent["quantity"],
            "lane_id": sent["order_id"].str.extract(r"(-\d+)$")[0].map(over),
        }
    )


def tables(growth: float = 0.0) -> dict[str, pd.DataFrame]:
    """All tables of the small network; A is cheapest from D1, B comes from D2 alone."""
    sold = orders(growth)
    return {
        "products": pd.DataFrame(
            {
                "product_id": list(PRODUCTS),
                "name": ["Anvil", "Balloon"],
                "category": "x",
                "unit_cost": 5.0,
                "list_price": 9.0,
                "weight_kg": [kg for kg, _ in PRODUCTS.values()],
                "volume_m3": [m3 for _, m3 in PRODUCTS.values()],
            }
        ),
        "sites": sites(),
        "suppliers": pd.DataFrame({"supplier_id": ["P1", "P2"], "name": ["One", "Two"], "site_id": DOCKS}),
        "supply_terms": pd.DataFrame(
            {
                "supplier_id": ["P1", "P2", "P2"],
                "product_id": ["A", "A", "B"],
                "site_id": None,
                "unit_cost": [4.0, 5.0, 5.0],
                "lead_time_days": 7.0,
            }
        ),
        "lanes": lanes(),
        "orders": sold,
        "shipments": shipments(sold),
        "emission_factors": pd.DataFrame(
            {
                "mode": "road",
                "vehicle_class": ["truck", "van"],
                "year": 2025,
                "gco2e_per_tkm": [100.0, 700.0],
                "scope": "WTW",
                "source": "test",
            }
        ),
    }


class FrameCase:
    """A case by shape only, without the checks and files of a real one."""

    name = "frames"

    def __init__(self, frames: dict[str, pd.DataFrame]) -> None:
        self.frames = {
            name: frames.get(name, pd.DataFrame()).reindex(columns=[column.name for column in table.columns])
            for name, table in contract().items()
            if name in READ
        }
        dates = self.frames["orders"]["order_date"]
        self.first_day, self.as_of = dates.min().date(), dates.max().date()

    def has(self, name: str) -> bool:
        return len(self.frames[name]) > 0

    def table(self, name: str) -> pd.DataFrame:
        return self.frames[name].sort_values(list(contract()[name].key), ignore_index=True)

    @cached_property
    def connection(self) -> duckdb.DuckDBPyConnection:
        made = duckdb.connect(config={"threads": 1})
        for name, frame in self.frames.items():
            columns = ", ".join(
                f"CAST({column.name} AS {column.sql_type}) AS {column.name}"
                for column in contract()[name].columns
            )
            made.register("raw", frame)
            made.execute(f"CREATE TABLE {name} AS SELECT {columns} FROM raw")
        return made

    def query(self, sql: str, parameters: list[Any] | None = None) -> pd.DataFrame:
        return self.connection.execute(sql, parameters or []).df()


def case(growth: float = 0.0, **changed: pd.DataFrame | None) -> Any:
    """The small network, with some tables replaced, or left out where None."""
    kept = {**tables(growth), **changed}
    return FrameCase({name: table for name, table in kept.items() if table is not None})
