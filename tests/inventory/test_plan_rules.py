"""Every broken inventory plan is caught, by the rule that was meant, from exports and tables alone."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import helpers.inventory.checks.inventory_plan as check
from helpers.contract.case import Case
from helpers.contract.load import case_from_tables
from helpers.errors import PlanCheckError
from helpers.inventory.checks.export_rules import export_rules
from helpers.inventory.checks.limit_rules import limit_rules
from helpers.inventory.checks.money_rules import money_rules, recomputed_objective
from helpers.inventory.checks.order_rules import order_rules
from helpers.inventory.checks.plan_exports import BEFORE, LAYOUT, UNTIL, as_laid_out, read_exports
from helpers.inventory.checks.plan_tables import case_tables
from helpers.inventory.checks.stock_list_rules import stock_list_rules
from helpers.inventory.checks.stock_rules import stock_rules
from helpers.plan_check import PlanReport, PlanRule
from helpers.report.exports import write_csv

Exports = dict[str, pd.DataFrame]
Supplies = dict[tuple[str, str], list[float]]
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
    due = frame["order_date"].astype("datetime64[ns]") + pd.to_timedelta(
        frame["supplier_id"].map(lead).astype("float64"), unit="D"
    )
    return frame.assign(due_date=due, status="proposed")


def outlook_rows(orders: tuple[Order, ...], supplies: Supplies) -> list[dict[str, object]]:
    """Pair by pair, week by week, point by point."""
    rows: list[dict[str, object]] = []
    for (product, site), rate in PAIRS.items():
        for week in range(4):
            mine = [o.units for o in orders if (o.product, o.site) == (product, site) and o.arrival <= week]
            until = [rate * (week + 1) * (0.5 + k / 20) for k in range(1, 21)]
            before = [rate * week * (0.5 + k / 20) for k in range(1, 21)]
            supply, ordered = supplies[product, site][week], sum(mine)
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
        mine = [o for o in orders if (o.supplier, o.site, o.arrival) == ("S-A", "DC", week)]
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


def make_exports(orders: tuple[Order, ...] = ORDERS, supplies: Supplies = SUPPLY) -> Exports:
    """Return the exports of these orders, added up slowly."""
    outlook = outlook_rows(orders, supplies)
    limits = limit_rows(orders, outlook)
    return {
        "purchase_orders": purchase_orders(orders),
        "order_plan": order_plan(orders),
        "stock_outlook": pd.DataFrame(outlook),
        "plan_limits": limits,
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
    return check.check_plan_tables(check.plan_tables(exports, known))


def test_a_plan_that_keeps_all_rules_passes(case: Case) -> None:
    report = check.check_inventory_plan(make_exports(), case)
    assert report.sentence == f"The plan keeps all {len(report.checked)} rules."
    report.require()


@dataclass(frozen=True)
class Fault:
    """One thing wrong: cells that are changed, the rule meant, and what its finding says.

    `table` is an export, or a table of the case (after a colon).
    """

    table: str
    row: int
    cells: dict[str, object]
    rule: str
    says: str = ""


def spoil(faults: tuple[Fault, ...], exports: Exports, known: Exports) -> tuple[Exports, Exports]:
    exports, known = dict(exports), dict(known)
    for fault in faults:
        tables = known if fault.table.startswith(":") else exports
        name = fault.table.removeprefix(":")
        frame = tables[name].reset_index(drop=True)
        for column, value in fault.cells.items():
            cells = frame[column].astype(object)
            cells.iloc[fault.row] = value
            frame[column] = (
                cells if name in exports and tables is exports else cells.astype(frame[column].dtype)
            )
        tables[name] = frame
    return exports, known


def broken_rules(report: PlanReport) -> set[str]:
    return set(report.findings["rule"])


def broken_of(rules: tuple[PlanRule, ...], exports: Exports, known: Exports) -> set[str]:
    """Only some of the rules, for haste."""
    tables = check.plan_tables(exports, known)
    return {rule.name for rule in rules if len(rule.broken(tables))}


def assert_caught(faults: tuple[Fault, ...], report: PlanReport) -> None:
    """Each fault by its own rule, and no other rule speaks."""
    said = {name: " | ".join(rows["where"]) for name, rows in report.findings.groupby("rule")}
    assert set(said) == {fault.rule for fault in faults}
    for fault in faults:
        assert fault.says in said[fault.rule]
        assert "could not be checked" not in said[fault.rule]
    with pytest.raises(PlanCheckError, match=faults[0].rule.split(",")[0]):
        report.require()


FIRST, LAST_B = "2026-01-19", 7  # row of product B-20 in the last week
CLAIM = "money as claimed"
OBJECTIVE = float(make_exports()["plan_money"]["objective"].iloc[0])
BATCHES: dict[str, tuple[Fault, ...]] = {
    "orders and lists": (
        Fault("transfers", 0, {"quantity": 9.5, "value": 95.0}, "transfers are of whole units", "9.5"),
        Fault(
            "transfers",
            0,
            {"arrival_date": "2026-01-20"},
            "transfers leave this plan's weeks, arrive after the way",
        ),
        Fault("transfers", 1, {"to_site_id": "DC2"}, "transfers go from one site to another", "DC2"),
        Fault(
            "transfers",
            1,
            {"gain": -1.0},
            "transfers have a known reason, and rebalancing gains",
            "rebalance",
        ),
        Fault("transfers", 1, {"value": 31.0}, "value of transfers at cost", "31"),
        Fault("excess", 0, {"on_hand": 21.0}, "excess list counts the stock that is there", "21"),
        Fault("excess", 1, {"excess_value": 51.0}, "value of excess at cost", "B-20"),
        Fault("stockout_risk", 0, {"stockout_probability": 1.2}, "chances are between 0 and 1", "1.2"),
        Fault("stockout_risk", 0, {"lost_margin": 11.0}, "lost margin is short units times margin", "11.0"),
        Fault("order_plan", 3, {"value": 541.0}, "value is quantity times price", "product_id A-17"),
        Fault(
            "purchase_orders",
            0,
            {"due_date": "2026-01-25"},
            "due after the promised lead time",
            "NEW-S-A-DC-0",
        ),
        Fault("purchase_orders", 2, {"status": "approved"}, "firm orders are proposed", "approved"),
        Fault(
            "purchase_orders", 2, {"po_id": "OLD2"}, "one new order number per supplier, site and day", "OLD2"
        ),
        Fault(
            "plan_money", 0, {"frozen_weeks": 2}, "frozen rows are those of the frozen weeks", "2026-01-26"
        ),
    ),
    "order numbers, lanes, limits and objective": (
        Fault("plan_money", 0, {"objective": OBJECTIVE + 0.01, "gap": 0.0}, CLAIM, "its tables give"),
        Fault("plan_money", 0, {"bound": OBJECTIVE + 1.0}, "no plan is cheaper than its bound"),
        Fault("plan_money", 0, {"gap": 0.5}, "gap as objective and bound give it"),
        Fault("plan_money", 0, {"time_limit": None}, "no cell is missing", "time_limit"),
        Fault(":lanes", 0, {"capacity_m3": 1.0}, "trucks", "m³"),
        Fault("plan_limits", 1, {"limit": np.inf}, "no cell is missing", "limit"),
        Fault("plan_limits", 1, {"unit": "m³"}, "limits are those of the tables", "storage"),
        Fault("transfers", 1, {"lane_id": "L2"}, "lanes of transfers join their sites", "L2"),
        Fault(
            "stockout_risk",
            1,
            {"unit_margin": -5.0, "lost_margin": -7.5},
            "no amount below nothing",
            "unit_margin",
        ),
        Fault("purchase_orders", 2, {"quantity": 18.0}, "firm orders are the frozen rows of the plan", "S-B"),
        Fault(
            "purchase_orders", 2, {"po_id": "NEW-S-A-DC-0"}, "one new order number per supplier, site and day"
        ),
        Fault("purchase_orders", 2, {"due_date": "2026-02-03"}, "due after the promised lead time", "13.5"),
        Fault(
            ":products",
            0,
            {"end_date": "2026-02-01"},
            "nothing arrives after a product's last day",
            "2026-02-02",
        ),
    ),
    "stock and stated limits": (
        Fault("plan_limits", 0, {"rule": "budgets"}, "limits are named as known", "budgets"),
        Fault("plan_limits", 1, {"limit": 21.0}, "limits are those of the tables", "storage"),
        Fault("plan_limits", 2, {"used": 1.0}, "used as the plan uses", "handling"),
        Fault("plan_limits", 3, {"relaxed_by": 1.0}, "relaxed as far as passed", "rule storage"),
        Fault("plan_limits", 4, {"price": -1.0}, "no amount below nothing", "column price"),
        Fault("plan_limits", 4, {"product_id": "Z-99"}, "only ids of the tables", "Z-99"),
        Fault("stock_outlook", 4, {"ordered": 1.0}, "ordered units are those that arrive", "B-20"),
        Fault(
            "stock_outlook", 1, {"expected_stock": 50.0}, "expected stock as the demand points give it", "DC"
        ),
        Fault(
            "stock_outlook", 2, {"expected_short": 1.0}, "expected short as the demand points give it", "DC"
        ),
        Fault("stock_outlook", 3, {"volume_m3": 0.2}, "volume as in products", "2026-02-09"),
        Fault("stock_outlook", 4, {"before_01": -1.0}, "demand points in order", "B-20"),
        Fault(":counted", 0, {"allocated": 0.0}, "opening supply is there", "A-17"),
        Fault(":open_orders", 0, {"open_units": 5.0}, "supply is stock and open orders", "2026-01-26"),
    ),
    "money and transfers": (
        Fault("transfers", 0, {"quantity": 16, "value": 160.0}, "transfers fit their trucks", "kg"),
        Fault(
            "transfers",
            0,
            {"ship_date": "2026-01-18"},
            "transfers leave this plan's weeks, arrive after the way",
        ),
        Fault("transfers", 1, {"quantity": 21, "value": 210.0}, "senders have what they send", "DC2"),
        Fault("transfers", 1, {"reason": "because"}, "transfers have a known reason, and rebalancing gains"),
        Fault(
            "excess", 0, {"excess_units": 21.0, "excess_value": 210.0}, "excess is on hand or on order", "DC2"
        ),
        Fault(
            "excess",
            1,
            {"site_id": "DC2", "product_id": "A-17", "on_hand": 20.0},
            "every row is there once",
            "A-17",
        ),
        Fault("excess", 1, {"excess_value": 125.0}, "every row is there once"),
        Fault("plan_money", 0, {"purchase": 975.0}, "purchase money as the plan gives it", "974"),
        Fault("plan_money", 0, {"ordering": 11.0}, "ordering money as the plan gives it", "12"),
        Fault("plan_money", 0, {"holding": 1.0}, "holding money as the plan gives it"),
        Fault("plan_money", 0, {"shortage": 1.0}, "shortage money as the plan gives it"),
        Fault("plan_money", 0, {"leftover": -1.0}, "leftover money as the plan gives it"),
        Fault("plan_money", 0, {"gap": 0.02}, "gap as objective and bound give it", "0.01"),
        Fault("plan_money", 0, {"status": "optimal"}, "a plan called optimal has no gap", "optimal"),
    ),
}


@pytest.mark.parametrize("batch", BATCHES)
def test_every_changed_cell_is_caught_by_the_rule_meant(batch: str, known: Exports) -> None:
    faults = BATCHES[batch]
    exports, spoilt = spoil(faults, make_exports(), known)
    assert_caught(faults, judge(exports, spoilt))


def test_limits_of_the_tables_are_kept_though_the_plan_is_silent(known: Exports) -> None:
    faults = (
        Fault("plan_money", 0, {"budget": 433.0}, "budget", "used 434"),
        Fault(":sites", 0, {"storage_capacity_m3": 9.0}, "storage", "2026-02-02"),
        Fault(":sites", 0, {"handling_capacity_units": 59.0}, "handling", "used 60"),
        Fault(":terms", 0, {"weekly_capacity": 59.0}, "supplier capacity", "2026-01-26"),
        Fault(":lanes", 0, {"capacity_kg": 119.0}, "trucks", "kg"),
        Fault(":terms", 1, {"minimum_order_value": 321.0}, "minimum order value", "S-A"),
    )
    exports, spoilt = spoil(faults, make_exports(), known)
    assert_caught(faults, judge({**exports, "plan_limits": exports["plan_limits"][:0]}, spoilt))


def test_a_limit_may_give_way_where_the_plan_says_so(known: Exports) -> None:
    exports, spoilt = spoil((Fault(":sites", 0, {"storage_capacity_m3": 9.0}, ""),), make_exports(), known)
    limits = exports["plan_limits"]
    is_room = (limits["rule"] == "storage") & (limits["site_id"] == "DC")
    passed = (limits["used"] - 9.0).clip(lower=0.0)
    stated = limits.assign(
        limit=limits["limit"].where(~is_room, 9.0), relaxed_by=limits["relaxed_by"].where(~is_room, passed)
    )
    assert passed[is_room].max() > 1
    judge({**exports, "plan_limits": stated}, spoilt).require()


def test_orders_that_nobody_accepts_are_caught(known: Exports) -> None:
    orders = (
        Order("A-17", "DC", "S-A", 0, 1, 25.0, 10.0),  # packs of 6
        Order("A-17", "DC2", "S-A", 0, 1, 6.0, 10.0),  # 12 at least
        Order("B-20", "DC", "S-A", 0, 1, 20.0, 4.5),  # agreed for 4
        Order("B-20", "DC", "S-B", 0, 1, 5.0, 4.0),  # never agreed
        *ORDERS[2:],
    )
    report = judge(make_exports(orders), known)
    found = report.findings.groupby("rule")["where"].agg(list).to_dict()
    assert set(found) == {
        "whole packs",
        "minimum quantity",
        "price as agreed",
        "supplier has terms for product and site",
        "minimum order value",  # 60 to DC2, where 150 is the least; that the budget gives way is stated
    }
    # Each in both tables that hold it.
    assert [len(found[name]) for name in ("whole packs", "minimum quantity", "price as agreed")] == [2, 2, 2]


def test_orders_at_the_wrong_time_and_falling_supply_are_caught(known: Exports) -> None:
    orders = (
        *ORDERS,
        Order("B-20", "DC", "S-A", 2, 3, 10.0, 4.0),  # closed
        Order("A-17", "DC2", "S-B", 3, 1, 6.0, 9.5),  # arrives before
        Order("B-20", "DC2", "S-A", 1, 2, 40.0, 4.0),  # nobody looks ahead for this one
    )
    faults = tuple(
        Fault("", 0, {}, rule, says)
        for rule, says in (
            ("no order in a closed week", "2026-02-02"),
            ("arrives no earlier than it is ordered", "S-B"),
            ("orders lie in the weeks of the plan", "B-20"),
            ("supply never falls", "2026-02-02"),
        )
    )
    supplies = {**SUPPLY, ("B-20", "DC"): [40.0, 40.0, 39.0, 39.0]}
    assert_caught(faults, judge(make_exports(orders, supplies), known))


def test_an_order_to_a_supplier_that_is_taken_to_be_closed_is_caught(known: Exports) -> None:
    exports = make_exports()
    rule = "no order to a closed supplier"
    for closed, is_broken in (("S-A", True), ("", False)):
        money = exports["plan_money"].assign(closed_supplier=closed)
        assert (rule in broken_rules(judge({**exports, "plan_money": money}, known))) is is_broken


def test_weeks_that_are_missing_are_caught(known: Exports) -> None:
    exports = make_exports()
    shorter = exports["stock_outlook"].drop(index=[1, LAST_B])
    report = judge({**exports, "stock_outlook": shorter}, known)
    where = report.findings.loc[report.findings["rule"] == "the same weeks for all, without a gap", "where"]
    assert {place.split(",")[0] for place in where} == {"product_id A-17", "product_id B-20"}


def with_money(exports: Exports, **parts: float) -> Exports:
    money = exports["plan_money"].assign(**parts)
    objective = money["objective"] + sum(parts.values())
    return {**exports, "plan_money": money.assign(objective=objective, bound=objective, gap=0.0)}


def test_what_is_owed_at_the_end_counts_where_it_is_stated(known: Exports) -> None:
    orders = ORDERS[1:2]  # A-17 is left to run out
    exports = make_exports(orders)
    owed = 0.0
    for (product, site), price in CHEAPEST.items():
        x = SUPPLY[product, site][3] + (20.0 if product == "B-20" else 0.0)
        until = [PAIRS[product, site] * 4 * (0.5 + k / 20) for k in range(1, 21)]
        owed += price * sum(max(d - x, 0.0) for d in until) / 20
    assert owed > 10
    judge(with_money(exports, owed=owed), known).require()
    more = with_money(exports, owed=owed + 1.0)
    assert broken_of(money_rules(), more, known) == {"owed money as the plan gives it"}


def test_money_for_limits_that_give_way_is_theirs(known: Exports) -> None:
    passed = (
        Fault("plan_limits", 0, {"limit": 400.0, "relaxed_by": 34.0}, ""),
        Fault("plan_money", 0, {"budget": 400.0}, ""),
    )
    exports, _ = spoil(passed, make_exports(), known)
    costs = np.where(exports["plan_limits"]["rule"] == "budget", 2.0, np.nan)
    exports["plan_limits"] = exports["plan_limits"].assign(relax_cost=costs)
    judge(with_money(exports, giving_way=68.0), known).require()
    less = with_money(exports, giving_way=67.0)
    assert broken_of(money_rules(), less, known) == {"giving way money as the plan gives it"}


def test_what_a_unit_left_is_worth_may_be_stated_but_not_above_its_price(known: Exports) -> None:
    exports = make_exports()
    outlook = exports["stock_outlook"]
    worth = [SHARE * CHEAPEST[pair] for pair in zip(outlook["product_id"], outlook["site_id"], strict=True)]
    worth[4] += 0.5
    exports["stock_outlook"] = outlook.assign(leftover_value=worth)
    rules = (*stock_rules(), *money_rules())
    assert broken_of(rules, exports, known) == {"a unit left is worth no more than it costs"}


def test_a_wrong_status_fails_the_plan(known: Exports) -> None:
    exports = make_exports()
    exports["plan_money"] = exports["plan_money"].assign(status="infeasible: the limits clash")
    report = judge(exports, known)
    assert report.findings.empty
    with pytest.raises(PlanCheckError, match="no plan to use"):
        report.require()


def test_exports_that_are_not_there_are_named(known: Exports) -> None:
    report = judge({}, known)
    missing = report.findings[report.findings["rule"] == "every export and column is there"]
    assert len(missing) == sum(len(columns) for columns in LAYOUT.values())
    assert not report.passed
    exports = make_exports()
    exports["plan_money"] = exports["plan_money"].drop(columns="time_limit")
    assert broken_of(export_rules(), exports, known) == {"every export and column is there"}


def test_a_plan_that_orders_nothing_and_moves_nothing_passes(known: Exports) -> None:
    exports = make_exports(())
    empty = {
        name: make_exports()[name][:0] for name in ("order_plan", "purchase_orders", "transfers", "excess")
    }
    judge({**exports, **empty}, known).require()


def test_where_nothing_was_agreed_who_delivered_before_may_deliver_at_cost(known: Exports) -> None:
    orders = (Order("A-17", "DC", "S-A", 0, 1, 7.0, 10.0),)
    lines = pd.DataFrame({"supplier_id": ["S-A"], "product_id": ["A-17"], "site_id": ["DC"]})
    without = {**known, "terms": known["terms"][:0], "bought": lines}
    silent = {"plan_limits": make_exports()["plan_limits"][:0]}
    leftover = {"leftover money as the plan gives it", CLAIM}  # nobody's price is known for the other pairs
    assert broken_rules(judge({**make_exports(orders), **silent}, without)) == leftover
    other = (Order("A-17", "DC", "S-A", 0, 1, 7.0, 11.0), Order("B-20", "DC", "S-A", 0, 1, 7.0, 4.0))
    found = broken_of(order_rules(), make_exports(other), without)
    assert found == {"price as agreed", "supplier has terms for product and site"}


def test_files_say_the_same_as_frames(tmp_path: Path) -> None:
    exports = make_exports()
    for name, frame in exports.items():
        write_csv(frame, tmp_path / f"{name}.csv")
    read = read_exports(tmp_path)
    for name, frame in exports.items():
        pd.testing.assert_frame_equal(as_laid_out(name, read[name]), as_laid_out(name, frame))
    (tmp_path / "transfers.csv").unlink()
    assert "transfers" not in read_exports(tmp_path)


def test_ids_come_back_from_files_as_they_were(tmp_path: Path) -> None:
    ids = ["007", "NA", "-12", "=A1", "'x", "1.0"]
    write_csv(pd.DataFrame({"product_id": ids, "on_hand": 1.5}), tmp_path / "excess.csv")
    read = as_laid_out("excess", read_exports(tmp_path)["excess"])
    assert read["product_id"].tolist() == ids
    assert read["on_hand"].tolist() == [1.5] * 6


def test_the_check_shares_no_code_with_what_plans() -> None:
    allowed = {"helpers.contract.case", "helpers.plan_check"}
    folder = Path(check.__file__).parent
    for path in folder.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        own = {name for name in imported if name.startswith("helpers")}
        assert {name for name in own if not name.startswith("helpers.inventory.checks")} <= allowed


def test_every_rule_has_a_plan_that_breaks_it() -> None:
    text = Path(__file__).read_text(encoding="utf-8").split("def test_every_rule_has")[0]
    names = [rule.name for rule in check.inventory_plan_rules()]
    assert len(set(names)) == len(names)
    assert [name for name in names if f'"{name}"' not in text] == []


# A change of these is no lie that exports and tables could tell, or it changes nothing.
UNSEEN = {
    ("plan_limits", "price"): "what one more unit of a limit is worth only the model knows",
    ("plan_limits", "limit"): "lower than the tables: something else may take part of it",
    ("plan_money", "time_limit"): "a setting",
    ("plan_money", "budget"): "a setting, seen only where plan_limits states it or it is exceeded",
    ("transfers", "gain"): "what a move earns only the model knows; rebalancing must earn something",
    ("transfers", "cost"): "freight is shared in ways that the exports do not say",
    ("stockout_risk", "stockout_probability"): "only the paths know",
    ("stock_outlook", "holding_cost"): "where no stock is expected",
    ("stock_outlook", "stockout_cost"): "where nothing is expected short",
    ("stock_outlook", "before"): "points below the supply have no effect",
}


def numeric_cells() -> list[tuple[str, str]]:
    kinds = [(table, column, kind) for table, columns in LAYOUT.items() for column, kind in columns.items()]
    points = {column for column in (*UNTIL, *BEFORE) if column[-2:] not in {"01", "07", "20"}}
    return [(table, column) for table, column, kind in kinds if kind == "number" and column not in points]


LIKELY = {
    "purchase_orders": (*order_rules(), *limit_rules()),
    "order_plan": order_rules(),
    "stock_outlook": (*stock_rules(), *money_rules()),
    "plan_limits": limit_rules()[-4:],
    "plan_money": (*money_rules(), *order_rules()),
}


def is_seen(name: str, frame: pd.DataFrame, others: Exports) -> bool:
    """Whether any rule, or the claim, speaks; the likely ones are asked first."""
    rest = {table: rows for table, rows in others.items() if table != name}
    tables = check.plan_tables({name: frame}, rest)
    asked = (*LIKELY.get(name, stock_list_rules()), *check.inventory_plan_rules())
    claim = tables["plan_money"]["objective"].to_numpy()[0]
    is_claim_wrong = not np.isclose(recomputed_objective(tables), claim, rtol=1e-6)
    return is_claim_wrong or any(len(rule.broken(tables)) for rule in asked)


def test_any_other_number_is_caught_by_some_rule(known: Exports) -> None:
    random = np.random.default_rng(7)
    typed = {name: as_laid_out(name, frame) for name, frame in make_exports().items()}
    assert {cell for cell in UNSEEN if cell[1] != "before"} <= set(numeric_cells())
    for name, column in numeric_cells():
        if {(name, column), (name, column.split("_")[0])} & set(UNSEEN):
            continue
        frame = typed[name].copy()
        cells = frame[column].to_numpy("float64").copy()
        row = int(random.integers(len(cells)))
        cells[row] += random.choice([-1.0, 1.0]) * max(0.01, abs(cells[row]) * random.uniform(0.001, 0.5))
        assert is_seen(name, frame.assign(**{column: cells}), {**typed, **known}), (name, column, row)
