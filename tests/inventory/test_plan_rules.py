"""Every broken inventory plan is caught, by the rule that was meant, from exports and tables alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

import helpers.inventory.checks.inventory_plan as check
from helpers.contract.case import Case
from helpers.contract.load import case_from_tables
from helpers.inventory.checks.plan_exports import BEFORE, UNTIL, as_laid_out
from helpers.inventory.checks.plan_tables import PlanTables, case_tables
from helpers.plan_check import PlanReport

Exports = dict[str, pd.DataFrame]
WEEKS = [f"2026-{day}" for day in ("01-19", "01-26", "02-02", "02-09")]  # the third is closed
PAIRS = {("A-17", "DC"): 12.0, ("B-20", "DC"): 10.0, ("A-17", "DC2"): 6.0}  # units a week
SUPPLY = {
    ("A-17", "DC"): [21.0, 39.0, 39.0, 39.0],  # 30 on hand, 2 blocked, 4 promised, 3 owed; 18 due later
    ("B-20", "DC"): [40.0] * 4,
    ("A-17", "DC2"): [20.0] * 4,
}
COST = {"A-17": 10.0, "B-20": 4.0}
CHEAPEST = {("A-17", "DC"): 9.0, ("B-20", "DC"): 4.0, ("A-17", "DC2"): 9.0}
VOLUME, WEIGHT = {"A-17": 0.1, "B-20": 0.05}, {"A-17": 2.0, "B-20": 1.0}
ROOM, HANDS, BUDGET, LINE_COST, SHARE = 20.0, 90.0, 500.0, 3.0, 0.9
TRUCK_KG, TRUCK_M3 = 300.0, 10.0


@dataclass(frozen=True)
class Order:
    """One row of the order plan; weeks count from 0."""

    product: str
    site: str
    supplier: str
    week: int
    arrival: int
    units: float
    price: float


ORDERS = (
    Order("A-17", "DC", "S-A", 0, 1, 24.0, 10.0),
    Order("B-20", "DC", "S-A", 0, 1, 20.0, 4.0),
    Order("A-17", "DC2", "S-B", 0, 2, 12.0, 9.5),
    Order("A-17", "DC", "S-A", 1, 2, 60.0, 9.0),  # price break
)


def days(*dates: str) -> pd.DatetimeIndex:
    return pd.to_datetime(list(dates))


def company_tables() -> Exports:
    """Two warehouses and a store, two suppliers: small enough to add up by hand."""
    calendar = pd.DataFrame({"date": pd.date_range("2026-01-19", "2026-02-15")})
    closed = calendar["date"].isin(pd.date_range("2026-02-02", "2026-02-06"))
    return {
        "products": pd.DataFrame(
            {
                "product_id": ["A-17", "B-20"],
                "name": ["Drill", "Saw"],
                "category": "Tools",
                "unit_cost": [10.0, 4.0],
                "list_price": [15.0, 6.0],
                "volume_m3": [0.1, 0.05],
                "weight_kg": [2.0, 1.0],
                "end_date": [None, "2026-02-20"],
            }
        ),
        "sites": pd.DataFrame(
            {
                "site_id": ["DC", "DC2", "S01", "DOCK1", "DOCK2"],
                "name": ["North", "South", "Main street", "Quay 1", "Quay 2"],
                "kind": ["warehouse", "warehouse", "store", "supplier", "supplier"],
                "storage_capacity_m3": [ROOM, ROOM, None, None, None],
                "handling_capacity_units": [HANDS, HANDS, None, None, None],
            }
        ),
        "suppliers": pd.DataFrame(
            {"supplier_id": ["S-A", "S-B"], "name": ["Acme", "Best"], "site_id": ["DOCK1", "DOCK2"]}
        ),
        "supply_terms": pd.DataFrame(
            {
                "supplier_id": ["S-A", "S-A", "S-B", "S-B"],
                "product_id": ["A-17", "B-20", "A-17", "A-17"],
                "site_id": [None, None, "DC2", None],
                "unit_cost": [10.0, 4.0, 9.5, 99.0],
                "lead_time_days": [7.0, 7.0, 13.5, 1.0],
                "minimum_quantity": [12.0, 10.0, 6.0, 500.0],
                "order_multiple": [6.0, 10.0, 6.0, 500.0],
                "minimum_order_value": [150.0, 150.0, None, None],
                "price_break_quantity": [60.0, None, None, None],
                "price_break_cost": [9.0, None, None, None],
                "weekly_capacity": [66.0, None, None, None],
            }
        ),
        "lanes": pd.DataFrame(
            {
                "lane_id": ["L1", "L2"],
                "origin_id": ["DOCK1", "DC"],
                "destination_id": ["DC", "S01"],
                "mode": "road",
                "distance_km": 100.0,
                "transit_days": [3.0, 1.5],
                "weekly_vehicles": [1.0, 1.0],
                "vehicle_capacity_kg": [TRUCK_KG, 30.0],
                "vehicle_capacity_m3": [TRUCK_M3, 5.0],
            }
        ),
        "calendar": calendar.assign(closed=closed),
        "stock": pd.DataFrame(
            {
                "date": "2026-01-18",
                "site_id": ["DC", "DC", "DC2", "S01"],
                "product_id": ["A-17", "B-20", "A-17", "A-17"],
                "on_hand": [30.0, 40.0, 20.0, 5.0],
                "allocated": [4.0, 0.0, 0.0, 0.0],
                "blocked": [2.0, 0.0, 0.0, 0.0],
            }
        ),
        "purchase_orders": pd.DataFrame(
            {
                "po_id": ["OLD1", "OLD2"],
                "line": 1,
                "supplier_id": "S-A",
                "site_id": "DC",
                "product_id": ["A-17", "B-20"],
                "quantity": [24.0, 50.0],
                "order_date": "2026-01-12",
                "due_date": "2026-01-27",
                "status": ["confirmed", "closed"],
            }
        ),
        "receipts": pd.DataFrame(
            {"receipt_id": ["R1"], "po_id": "OLD1", "po_line": 1, "date": "2026-01-16", "quantity": 6.0}
        ),
        "orders": pd.DataFrame(
            {
                "order_id": ["1", "2"],
                "line": 1,
                "order_date": ["2026-01-05", "2026-01-18"],
                "site_id": ["S01", "DC"],
                "product_id": "A-17",
                "quantity": [2, 3],
                "unit_price": 15.0,
                "status": ["shipped", "backorder"],
            }
        ),
    }


@pytest.fixture(scope="module")
def case() -> Case:
    return case_from_tables(company_tables())


@pytest.fixture(scope="module")
def known(case: Case) -> Exports:
    return case_tables(case)


def order_plan(orders: tuple[Order, ...], frozen_weeks: int = 1) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "product_id": order.product,
                "site_id": order.site,
                "supplier_id": order.supplier,
                "order_week": WEEKS[order.week],
                "arrival_week": WEEKS[order.arrival],
                "quantity": order.units,
                "unit_cost": order.price,
                "value": order.units * order.price,
                "is_frozen": order.week < frozen_weeks,
            }
            for order in orders
        ]
    )


def purchase_orders(orders: tuple[Order, ...], frozen_weeks: int = 1) -> pd.DataFrame:
    lead = {"S-A": 7, "S-B": 14}
    rows = []
    for number, order in enumerate(orders):
        if order.week < frozen_weeks:
            day = pd.Timestamp(WEEKS[order.week])
            po_id = f"NEW-{order.supplier}-{order.site}-{order.week}"
            rows.append(
                (po_id, number, order.supplier, order.site, order.product, order.units, order.price, day)
            )
    columns = ["po_id", "line", "supplier_id", "site_id", "product_id", "quantity", "unit_cost", "order_date"]
    frame = pd.DataFrame(rows, columns=columns)
    due = frame["order_date"] + pd.to_timedelta(frame["supplier_id"].map(lead), unit="D")
    return frame.assign(due_date=due, status="proposed")


def outlook_rows(orders: tuple[Order, ...]) -> list[dict[str, object]]:
    """Pair by pair, week by week, point by point."""
    rows: list[dict[str, object]] = []
    for (product, site), rate in PAIRS.items():
        for week in range(4):
            mine = [o.units for o in orders if (o.product, o.site) == (product, site) and o.arrival <= week]
            until = [rate * (week + 1) * (0.5 + k / 20) for k in range(1, 21)]
            before = [rate * week * (0.5 + k / 20) for k in range(1, 21)]
            supply, ordered = SUPPLY[product, site][week], sum(mine)
            x = supply + ordered
            owed = sum(max(d - x, 0.0) for d in until) / 20
            rows.append(
                {
                    "product_id": product,
                    "site_id": site,
                    "week": WEEKS[week],
                    "supply": supply,
                    "ordered": ordered,
                    "expected_stock": sum(max(x - d, 0.0) for d in until) / 20,
                    "expected_short": owed - sum(max(d - x, 0.0) for d in before) / 20,
                    "holding_cost": COST[product] * 0.005,
                    "stockout_cost": COST[product] * 0.5,
                    "volume_m3": VOLUME[product],
                    **dict(zip(UNTIL, until, strict=True)),
                    **dict(zip(BEFORE, before, strict=True)),
                }
            )
    return rows


def limit_rows(orders: tuple[Order, ...], outlook: list[dict[str, object]]) -> pd.DataFrame:
    """Every limit, with what is used of it and how far it is passed."""
    rows: list[tuple[str, str, str, str, str, str, float, float, str]] = []
    rows.append(
        ("budget", "", "", "", "", "", sum(o.units * o.price for o in orders if o.week == 0), BUDGET, "money")
    )
    for site in ("DC", "DC2"):
        for week, day in enumerate(WEEKS):
            held = [r for r in outlook if r["site_id"] == site and r["week"] == day]
            stored = sum(float(str(r["expected_stock"])) * float(str(r["volume_m3"])) for r in held)
            rows.append(("storage", site, "", "", "", day, stored, ROOM, "m³"))
            units = sum(o.units for o in orders if (o.site, o.arrival) == (site, week))
            rows.append(("handling", site, "", "", "", day, units, HANDS, "units"))
    for week, day in enumerate(WEEKS):
        mine = [o for o in orders if o.supplier == "S-A" and o.arrival == week]
        kg, m3 = (sum(o.units * size[o.product] for o in mine) for size in (WEIGHT, VOLUME))
        rows.append(("trucks", "", "", "L1", "", day, kg, TRUCK_KG, "kg"))
        rows.append(("trucks", "", "", "L1", "", day, m3, TRUCK_M3, "m³"))
        units = sum(o.units for o in orders if (o.supplier, o.product, o.week) == ("S-A", "A-17", week))
        rows.append(("supplier capacity", "", "S-A", "", "A-17", day, units, 66.0, "units"))
    firm = sum(o.units * o.price for o in orders if (o.supplier, o.site, o.week) == ("S-A", "DC", 0))
    rows.append(("minimum order value", "DC", "S-A", "", "", WEEKS[0], firm, 150.0, "money"))
    columns = ["rule", "site_id", "supplier_id", "lane_id", "product_id", "week", "used", "limit", "unit"]
    frame = pd.DataFrame(rows, columns=columns).assign(price=0.0)
    is_minimum = frame["rule"] == "minimum order value"
    over = (frame["used"] - frame["limit"]) * np.where(is_minimum, -1.0, 1.0)
    return frame.assign(relaxed_by=over.clip(lower=0.0).where(~is_minimum | (frame["used"] > 0), 0.0))


def money_row(orders: tuple[Order, ...], outlook: list[dict[str, object]]) -> pd.DataFrame:
    def total(cost: str, units: str) -> float:
        return sum(float(str(r[cost])) * float(str(r[units])) for r in outlook)

    parts = {
        "purchase": sum(o.units * o.price for o in orders),
        "ordering": LINE_COST * len(orders),
        "holding": total("holding_cost", "expected_stock"),
        "shortage": total("stockout_cost", "expected_short"),
        "leftover": -sum(
            SHARE * CHEAPEST[str(r["product_id"]), str(r["site_id"])] * float(str(r["expected_stock"]))
            for r in outlook
            if r["week"] == WEEKS[-1]
        ),
    }
    objective = sum(parts.values())
    settings = {
        "line_cost": LINE_COST,
        "salvage_share": SHARE,
        "budget": BUDGET,
        "frozen_weeks": 1,
        "time_limit": 60,
    }
    solved = {"status": "within the gap asked", "gap": 0.01, "objective": objective}
    return pd.DataFrame([{**solved, "bound": objective - 0.01 * abs(objective), **parts, **settings}])


def make_exports(orders: tuple[Order, ...] = ORDERS, unstated: str = "") -> Exports:
    """Return the exports of these orders, added up slowly; `unstated`: a rule that plan_limits leaves out."""
    outlook = outlook_rows(orders)
    limits = limit_rows(orders, outlook)
    return {
        "purchase_orders": purchase_orders(orders),
        "order_plan": order_plan(orders),
        "stock_outlook": pd.DataFrame(outlook),
        "plan_limits": limits[limits["rule"] != unstated],
        "plan_money": money_row(orders, outlook),
        "transfers": pd.DataFrame(
            {
                "product_id": "A-17",
                "from_site_id": ["DC", "DC2"],
                "to_site_id": ["S01", "S01"],
                "lane_id": ["L2", None],
                "ship_date": days("2026-01-20", "2026-01-20"),
                "arrival_date": days("2026-01-21", "2026-01-22"),
                "quantity": [10, 3],
                "reason": ["replenish", "rebalance"],
                "value": [100.0, 30.0],
                "gain": [40.0, 12.0],
                "cost": [5.0, 6.0],
            }
        ),
        "excess": pd.DataFrame(
            {
                "product_id": ["A-17", "B-20"],
                "site_id": ["DC2", "DC"],
                "on_hand": [20.0, 40.0],
                "excess_units": [5.0, 12.5],
                "excess_value": [50.0, 50.0],
                "advice": "sell off",
            }
        ),
        "stockout_risk": pd.DataFrame(
            {
                "product_id": ["A-17", "A-17"],
                "site_id": ["DC", "S01"],
                "expected_short": [2.0, 1.5],
                "unit_margin": [5.0, 5.0],
                "lost_margin": [10.0, 7.5],
                "stockout_probability": [0.3, 0.25],
            }
        ),
    }


def judge(exports: Exports, known: Exports) -> PlanReport:
    typed = {name: as_laid_out(name, frame) for name, frame in exports.items()}
    return check.check_plan_tables(PlanTables({**typed, **known}))


def test_a_plan_that_keeps_all_rules_passes(case: Case) -> None:
    report = check.check_inventory_plan(make_exports(), case)
    assert report.sentence == f"The plan keeps all {len(report.checked)} rules."
    report.require()
