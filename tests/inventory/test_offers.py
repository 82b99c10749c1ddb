"""Who supplies what on which terms: one small company, read by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from helpers.contract.case import Case
from helpers.contract.load import case_from_tables
from helpers.inventory.supply.lead_times import LeadTimes, measure_lead_times
from helpers.inventory.supply.offers import find_offers


def bought(*lines: tuple[str, str, str]) -> pd.DataFrame:
    """Open purchase lines of supplier, product and site."""
    return pd.DataFrame(lines, columns=["supplier_id", "product_id", "site_id"]).assign(
        po_id=[f"P{number}" for number in range(len(lines))],
        line=1,
        quantity=10.0,
        order_date="2026-01-12",
        due_date="2026-01-22",
        status="confirmed",
    )


TERMS = pd.DataFrame(
    {
        "supplier_id": ["S-A", "S-A", "S-A", "S-B"],
        "product_id": ["A", "A", "B", "A"],
        "site_id": [None, "W1", None, "W1"],
        "unit_cost": [9.0, 8.0, 3.0, 7.0],
        "lead_time_days": [10.0, 20.0, 10.0, 5.0],
        "minimum_quantity": [40.0, 6.0, 0.0, 1.0],
        "order_multiple": [20.0, 6.0, 0.5, 1.0],
        "minimum_order_value": [500.0, np.nan, np.nan, np.nan],
        "price_break_quantity": [100.0, np.nan, np.nan, np.nan],
        "price_break_cost": [8.5, np.nan, np.nan, np.nan],
        "weekly_capacity": [np.nan, 60.0, np.nan, np.nan],
        "priority": [1.0, 1.0, 1.0, 2.0],
    }
)
COMPANY = {
    "products": pd.DataFrame(
        {
            "product_id": ["A", "B", "C"],
            "name": ["Drill", "Saw", "Vice"],
            "category": "Tools",
            "unit_cost": [10.0, 4.0, 2.5],
            "list_price": 20.0,
        }
    ),
    "sites": pd.DataFrame(
        {"site_id": ["W1", "W2", "S1"], "name": "Place", "kind": ["warehouse", "warehouse", "store"]}
    ),
    "suppliers": pd.DataFrame({"supplier_id": ["S-A", "S-B"], "name": ["Acme", "Bolt"]}),
    "orders": pd.DataFrame(
        {
            "order_id": ["1", "2"],
            "line": 1,
            "order_date": ["2026-01-05", "2026-01-19"],
            "site_id": ["W1", "S1"],
            "product_id": ["A", "B"],
            "quantity": 1.0,
            "unit_price": 20.0,
            "status": "shipped",
        }
    ),
    "purchase_orders": bought(("S-A", "C", "W1"), ("S-A", "A", "W2")),
    "stock": pd.DataFrame(
        {
            "date": "2026-01-18",
            "site_id": ["W1", "W1", "W1", "S1", "S1"],
            "product_id": ["A", "B", "C", "A", "C"],
            "on_hand": 5.0,
        }
    ),
    "lanes": pd.DataFrame(
        {
            "lane_id": ["L1", "L2", "L3"],
            "origin_id": ["W1", "W1", "W1"],
            "destination_id": ["S1", "S1", "W2"],
            "mode": "road",
            "distance_km": 10.0,
            "transit_days": [3.0, 1.0, 1.0],
        }
    ),
}


@pytest.fixture(scope="module")
def case() -> Case:
    return case_from_tables({**COMPANY, "supply_terms": TERMS})


@pytest.fixture(scope="module")
def lead_times(case: Case) -> LeadTimes:
    return measure_lead_times(case)


@pytest.fixture(scope="module")
def offers(case: Case, lead_times: LeadTimes) -> pd.DataFrame:
    return find_offers(case, lead_times)


def offer(offers: pd.DataFrame, *key: str) -> Any:
    """The one offer of product, site and supplier."""
    found = offers[(offers[["product_id", "site_id", "supplier_id"]] == list(key)).all(axis=1)]
    assert len(found) == 1
    return next(found.itertuples())


def test_terms_of_the_site_come_whole_before_those_for_any_site(offers: pd.DataFrame) -> None:
    own, general = offer(offers, "A", "W1", "S-A"), offer(offers, "A", "W2", "S-A")
    assert (own.unit_cost, own.minimum_quantity, own.order_multiple, own.weekly_capacity) == (8, 6, 6, 60)
    # No break, and no minimum value, are taken over from the terms for any site.
    assert (np.isnan(own.price_break_quantity), own.minimum_order_value) == (True, 0.0)
    assert (general.unit_cost, general.minimum_quantity, general.order_multiple) == (9, 40, 20)
    assert (general.price_break_quantity, general.price_break_cost) == (100.0, 8.5)
    assert (general.minimum_order_value, np.isnan(general.weekly_capacity)) == (500.0, True)
    assert (own.promised_days, general.promised_days) == (20.0, 10.0)


def test_the_supplier_that_is_asked_first_stands_first(offers: pd.DataFrame) -> None:
    found = offers[(offers["product_id"] == "A") & (offers["site_id"] == "W1")]
    assert found["supplier_id"].tolist() == ["S-A", "S-B"]
    assert found["priority"].tolist() == [1.0, 2.0]


def test_without_terms_the_unit_cost_holds_and_any_quantity_goes(offers: pd.DataFrame) -> None:
    row = offer(offers, "C", "W1", "S-A")
    assert (row.unit_cost, row.minimum_quantity, row.order_multiple, row.minimum_order_value) == (
        2.5,
        1,
        1,
        0,
    )
    assert np.isnan([row.price_break_quantity, row.price_break_cost, row.weekly_capacity]).all()


def test_nothing_is_sold_in_parts_of_a_unit(offers: pd.DataFrame) -> None:
    row = offer(offers, "B", "W1", "S-A")
    assert (row.minimum_quantity, row.order_multiple) == (1.0, 1.0)


def test_lanes_serve_only_sites_that_no_supplier_serves(offers: pd.DataFrame) -> None:
    lanes = offers[offers["is_lane"]]
    assert lanes[["product_id", "site_id", "supplier_id"]].to_numpy().tolist() == [
        ["A", "S1", "W1"],
        ["C", "S1", "W1"],
    ]
    assert lanes["lead_time_days"].tolist() == pytest.approx([1.0, 1.0])  # the shorter of two
    assert lanes["unit_cost"].tolist() == [10.0, 2.5]  # what the product costs: goods are not bought again


def test_a_company_without_terms_orders_at_the_unit_cost(case: Case, lead_times: LeadTimes) -> None:
    bare = SimpleNamespace(has=lambda *tables: "supply_terms" not in tables, query=case.query)
    found = find_offers(cast(Case, bare), lead_times)
    costs = found["product_id"].map({"A": 10.0, "B": 4.0, "C": 2.5})
    assert found["unit_cost"].tolist() == costs.tolist()
    assert (found[["minimum_quantity", "order_multiple"]] == 1.0).all(axis=None)
    assert found["weekly_capacity"].isna().all()
