"""A small company with a dock, a warehouse, a store and a zone, small enough to add up by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd

from helpers.contract import Case, case_from_tables

# A weighs 10 kg and costs 10; road: 2 t at 100 a vehicle; rail: slow, shared, clean.
LANES = pd.DataFrame(
    {
        "lane_id": ["road", "rail", "store", "van", "parcel"],
        "origin_id": ["DOCK", "DOCK", "DC", "S01", "DC"],
        "destination_id": ["DC", "DC", "S01", "Z01", "Z01"],
        "mode": ["road", "rail", "road", "parcel", "parcel"],
        "vehicle_class": ["van", "train", "van", "van", "van"],
        "distance_km": [500.0, 600.0, 100.0, 10.0, 110.0],
        "transit_days": [2.0, 9.0, 1.0, 1.0, 1.0],
        "fixed_cost": [100.0, 300.0, 20.0, 0.0, 0.0],
        "cost_per_kg": [0.01, 0.1, 0.02, 0.3, 0.5],
        "cost_per_unit": [0.0, 0.1, 0.0, 1.0, 1.0],
        "vehicle_capacity_kg": [2000.0, 9000.0, 1000.0, 500.0, 500.0],
        "vehicle_capacity_m3": [10.0, 90.0, 10.0, 5.0, 5.0],
        "weekly_vehicles": [3.0, 2.0, 4.0, 9.0, 9.0],
    }
)
AS_OF = "2026-01-18"  # a Sunday; the plan begins on Monday, 19 January


def case_of(**changed: pd.DataFrame) -> Case:
    """Return the case, with some tables replaced or added."""
    tables: dict[str, Any] = {
        "products": pd.DataFrame(
            {
                "product_id": ["A", "B"],
                "name": ["Anvil", "Balloon"],
                "category": ["x", "x"],
                "unit_cost": [10.0, 5.0],
                "list_price": [40.0, 20.0],
                "weight_kg": [10.0, 0.5],
                "volume_m3": [0.01, 0.1],
            }
        ),
        "sites": pd.DataFrame(
            {
                "site_id": ["DC", "S01", "DOCK", "Z01"],
                "name": ["Warehouse", "Store", "Dock", "Zone"],
                "kind": ["warehouse", "store", "supplier", "zone"],
                "latitude": [52.0, 53.0, 51.0, 53.1],
                "longitude": [9.0, 10.0, 7.0, 10.1],
                "handling_capacity_units": [500.0, 400.0, None, None],
                "handling_cost": [0.1, 0.2, None, None],
                "storage_capacity_m3": [50.0, 20.0, None, None],
            }
        ),
        "suppliers": pd.DataFrame({"supplier_id": ["SUP"], "name": ["Supplier"], "site_id": ["DOCK"]}),
        "supply_terms": pd.DataFrame(
            {
                "supplier_id": ["SUP", "SUP"],
                "product_id": ["A", "B"],
                "unit_cost": [10.0, 5.0],
                "lead_time_days": [3.0, 3.0],
            }
        ),
        "lanes": LANES,
        "emission_factors": pd.DataFrame(
            {
                "mode": ["road", "rail", "parcel", "road"],
                "vehicle_class": ["van", "train", "van", "van"],
                "year": [2025, 2025, 2025, 2024],
                "gco2e_per_tkm": [600.0, 30.0, 600.0, 999.0],
                "scope": ["WTW"] * 4,
                "source": ["made up"] * 4,
            }
        ),
        "orders": pd.DataFrame(
            {
                "order_id": ["1", "2"],
                "line": [1, 1],
                "order_date": ["2026-01-05", AS_OF],
                "customer_id": ["C1", "C2"],
                "site_id": ["S01", "S01"],
                "product_id": ["A", "B"],
                "quantity": [16, 8],
                "unit_price": [40.0, 20.0],
                "status": ["shipped"] * 2,
            }
        ),
    }
    return case_from_tables({**tables, **changed})


def demand_of(*rows: tuple[str, str, int, float]) -> pd.DataFrame:
    """Return demand from (product, site, week from 1, units)."""
    return pd.DataFrame(rows, columns=["product_id", "site_id", "week", "units"])


def orders_of(*rows: tuple[str, str, float]) -> pd.DataFrame:
    """Return planned orders for the warehouse from (product, day of arrival, units)."""
    table = pd.DataFrame(rows, columns=["product_id", "arrival_week", "quantity"])
    return table.assign(site_id="DC", supplier_id="SUP")


def stock_of(*rows: tuple[str, str, float]) -> pd.DataFrame:
    """Return a stock count of the last day from (site, product, units)."""
    table = pd.DataFrame(rows, columns=["site_id", "product_id", "on_hand"])
    return table.assign(date=AS_OF)
