"""Every broken transport plan is caught, by the rule that was meant, from exports and tables alone."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.contract import Case, case_from_tables
from helpers.errors import PlanCheckError
from helpers.plan_check import PlanReport, Tables, check_plan
from helpers.transport import FlowSettings, Wants, checks, pack_loads, plan_flow
from helpers.transport.checks.plan_exports import LAYOUT
from helpers.transport.checks.transport_plan import (
    check_plan_tables,
    check_transport_plan,
    known_tables,
    plan_tables,
    transport_plan_rules,
)
from helpers.transport.exports import check_tables

Exports = dict[str, pd.DataFrame]
Change = Callable[[Exports], None]
TODAY = "2026-01-18"  # a Sunday
MONDAYS = [pd.Timestamp(day) for day in ("2026-01-19", "2026-01-26", "2026-02-02")]

LANES = pd.DataFrame(
    {
        "lane_id": ["road", "rail", "store", "parcel"],
        "origin_id": ["DOCK", "DOCK", "DC", "DC"],
        "destination_id": ["DC", "DC", "S01", "Z01"],
        "mode": ["road", "rail", "road", "parcel"],
        "vehicle_class": ["van", "train", "lorry", None],  # no factor for lorries: the mean of the mode
        "distance_km": [500.0, 600.0, 100.0, 120.0],
        "transit_days": [2.0, 9.0, 1.0, 1.0],
        "fixed_cost": [100.0, 300.0, 20.0, None],
        "cost_per_kg": [0.01, 0.0, 0.02, 0.4],
        "cost_per_unit": [0.0, 0.1, 0.0, 0.9],
        "vehicle_capacity_kg": [2000.0, 9000.0, 500.0, None],
        "vehicle_capacity_m3": [10.0, 90.0, 10.0, None],
        "weekly_vehicles": [3.0, 2.0, 4.0, None],
    }
)


def base_tables() -> dict[str, Any]:
    """A dock, a warehouse, a store and a zone: small enough to add up by hand."""
    return {
        "products": pd.DataFrame(
            {
                "product_id": ["A", "B", "C"],
                "name": ["Anvil", "Balloon", "Candle"],
                "category": "x",
                "unit_cost": [10.0, 5.0, 6.0],
                "list_price": [40.0, 20.0, None],  # C counts with the median price
                "weight_kg": [10.0, 0.5, None],
                "volume_m3": [0.01, 0.1, 0.02],
            }
        ),
        "sites": pd.DataFrame(
            {
                "site_id": ["DC", "S01", "Z01", "DOCK"],
                "name": ["Warehouse", "Store", "Zone", "Dock"],
                "kind": ["warehouse", "store", "zone", "supplier"],
                "handling_capacity_units": [500.0, 400.0, None, None],
                "handling_cost": [0.1, 0.2, None, None],
                "storage_capacity_m3": [0.3, 20.0, None, None],
            }
        ),
        "suppliers": pd.DataFrame({"supplier_id": ["SUP"], "name": ["Supplier"], "site_id": ["DOCK"]}),
        "supply_terms": pd.DataFrame(
            {
                "supplier_id": "SUP",
                "product_id": ["A", "B", "C"],
                "unit_cost": [10.0, 5.0, 6.0],
                "lead_time_days": 3.0,
                "weekly_capacity": [60.0, None, None],
            }
        ),
        "lanes": LANES,
        "orders": pd.DataFrame(
            {
                "order_id": ["1"],
                "line": [1],
                "order_date": [TODAY],
                "site_id": ["S01"],
                "product_id": ["A"],
                "quantity": [16],
                "unit_price": [40.0],
                "status": ["shipped"],
            }
        ),
    }


def full_tables() -> dict[str, Any]:
    """With stock, open orders (one of them received in part) and emission factors."""
    return {
        **base_tables(),
        "stock": pd.DataFrame(
            {
                "date": TODAY,
                "site_id": ["DC", "DC", "S01"],
                "product_id": ["A", "B", "A"],
                "on_hand": [80.0, 45.0, 12.0],
                "allocated": [5.0, None, 20.0],
                "blocked": [3.0, None, None],
            }
        ),
        "purchase_orders": pd.DataFrame(
            {
                "po_id": ["P1", "P2", "P3"],
                "line": 1,
                "supplier_id": "SUP",
                "site_id": "DC",
                "product_id": ["A", "C", "B"],
                "quantity": [30.0, 40.0, 99.0],
                "order_date": "2026-01-12",
                "due_date": ["2026-01-20", "2026-01-28", "2026-01-28"],  # A is on its way
                "status": ["confirmed", "approved", "proposed"],
            }
        ),
        "receipts": pd.DataFrame(
            {
                "receipt_id": ["R1"],
                "line": 1,
                "po_id": ["P1"],
                "po_line": 1,
                "date": ["2026-01-17"],
                "quantity": [10.0],
            }
        ),
        "emission_factors": pd.DataFrame(
            {
                "mode": ["road", "road", "rail", "parcel", "road"],
                "vehicle_class": ["van", "van", "train", "bike", "truck"],
                "year": [2025, 2024, 2025, 2025, 2025],
                "gco2e_per_tkm": [600.0, 999.0, 30.0, 800.0, 200.0],
                "scope": ["WTW"] * 5,
                "source": ["made up"] * 5,
            }
        ),
    }


ORDERS = pd.DataFrame(
    {
        "product_id": ["A", "B", "C"],
        "site_id": "DC",
        "supplier_id": "SUP",
        "arrival_week": [MONDAYS[0], MONDAYS[1], MONDAYS[1]],
        "quantity": [60.0, 50.0, 30.0],
    }
).astype({"arrival_week": "datetime64[us]"})  # as open orders are read: pandas warns where units of time meet
DEMAND = pd.DataFrame(
    [
        *(("A", "S01", week, units) for week, units in zip(MONDAYS, (40.4, 50.3, 30.3), strict=True)),
        *(("B", "S01", week, 25.0) for week in MONDAYS),
        *(("C", "S01", week, 15.0) for week in MONDAYS),
        *(("A", "Z01", week, 6.0) for week in MONDAYS),
    ],
    columns=["product_id", "site_id", "week", "units"],
).assign(sold_at=lambda rows: rows["site_id"].where(rows["site_id"] != "Z01", "DC"))
TARGETS = pd.DataFrame(
    {
        "product_id": ["A", "A", "B", "C"],
        "site_id": ["DC", "S01", "S01", "S01"],
        "units": [40.2, 20.0, 10.0, 8.0],
        "most": [np.inf, 75.0, 45.0, 30.0],
    }
)
SETTINGS = FlowSettings(
    weeks=3,
    frozen_weeks=2,
    gap=0.0,
    dispatch_slack_weeks=1,
    least_served=0.5,
    carbon_price=20.0,
    carbon_budget=5.0,
)


def exports_of(case: Case, settings: FlowSettings, wants: Wants) -> Exports:
    plan = plan_flow(case, settings, wants)
    return check_tables(plan, pack_loads(plan))


@pytest.fixture(scope="module")
def case() -> Case:
    return case_from_tables(full_tables())


@pytest.fixture(scope="module")
def planned(case: Case) -> Exports:
    return exports_of(case, SETTINGS, Wants(demand=DEMAND, orders=ORDERS, targets=TARGETS))


@pytest.fixture
def exports(planned: Exports) -> Exports:
    return {name: frame.copy() for name, frame in planned.items()}


@pytest.fixture(scope="module")
def known(case: Case) -> Tables:
    """What the rules need beside the exports: read once, since every broken plan is held against it."""
    return known_tables(case, orders=ORDERS, demand=DEMAND, targets=TARGETS)


def checked(exports: Exports, known: Tables) -> PlanReport:
    return check_plan_tables(plan_tables(exports, known), docks_give=False)


def is_broken(name: str, exports: Exports, known: Tables) -> bool:
    """Whether a rule is broken, as the whole check would find it."""
    rule = [rule for rule in transport_plan_rules() if rule.name == name]
    return not check_plan(rule, plan_tables(exports, known), status="optimal").passed


def broken_rules(report: PlanReport) -> set[str]:
    return set(report.findings["rule"])


def test_the_plan_has_something_of_everything(planned: Exports) -> None:
    money = planned["plan_money"].set_index("name")["money"]
    paid = ["vehicles", "freight by weight and piece", "handling", "holding", "holding at docks"]
    assert (money[[*paid, "overflow storage", "unmet needs", "stock below target", "carbon price"]] > 0).all()
    assert planned["vehicles"]["whole"].nunique() == 2
    assert (planned["flow_dispatch"]["waiting"] > 0).any()
    assert len(planned["loads"])
    assert (planned["flow_stock"]["unmet"] > 0).any()


def test_a_plan_as_exported_keeps_all_rules(planned: Exports, case: Case) -> None:
    report = check_transport_plan(planned, case, orders=ORDERS, demand=DEMAND, targets=TARGETS)
    assert report.passed, report.sentence
    assert report.checked == tuple(rule.name for rule in transport_plan_rules())


def test_exports_read_back_from_text_keep_all_rules(planned: Exports, known: Tables) -> None:
    texts = {name: frame.to_csv(index=False) for name, frame in planned.items()}
    read = {name: pd.read_csv(StringIO(text), dtype=str) for name, text in texts.items()}
    assert checked(read, known).sentence == checked(planned, known).sentence


def test_order_of_rows_does_not_matter(planned: Exports, known: Tables) -> None:
    turned = {name: frame[::-1] for name, frame in planned.items()}
    assert checked(turned, known).passed


def add(export: str, column: str, by: float, where: str = "", *, rows: int = 1) -> Change:
    """Return a change that adds to a column in the first rows that a query finds."""

    def change(exports: Exports) -> None:
        frame = exports[export]
        found = (frame.query(where) if where else frame).index[:rows]
        assert len(found), f"no row of {export} where {where}"
        exports[export] = frame.astype({column: "float64"}) if column != "week" else frame
        exports[export].loc[found, column] += by

    return change


def put(export: str, column: str, value: Any, where: str = "") -> Change:
    """Return a change that puts a value into a column of the first row that a query finds."""

    def change(exports: Exports) -> None:
        frame = exports[export].astype({column: "object"})
        found = (frame.query(where) if where else frame).index[:1]
        assert len(found), f"no row of {export} where {where}"
        frame.loc[found, column] = value
        exports[export] = frame

    return change


def rule(name: str, value: float) -> Change:
    """Return a change of a setting."""
    return put("plan_rules", "value", value, f"name == '{name}'")


def closed(site: str) -> Change:
    """Return a change that says a site is closed which the plan uses."""
    return put("plan_rules", "text", site, "name == 'closed_site'")


def drop(export: str, where: str) -> Change:
    """Return a change that leaves out the first row that a query finds."""

    def change(exports: Exports) -> None:
        frame = exports[export]
        exports[export] = frame.drop(frame.query(where).index[0])

    return change


def double(exports: Exports) -> None:
    exports["carbon"] = pd.concat([exports["carbon"], exports["carbon"].iloc[:1]])


def no_column(exports: Exports) -> None:
    exports["shipping_plan"] = exports["shipping_plan"].drop(columns="freight_cost")


WEEK = pd.Timedelta(7, "D")
CHANGES: dict[str, tuple[Change, ...]] = {
    "every export and column is there": (no_column,),
    "every money line and setting is there": (
        drop("plan_money", "name == 'handling'"),
        drop("plan_rules", "name == 'overflow_cost'"),
    ),
    "no cell is missing": (
        put("vehicles", "kg", np.nan),
        put("shipping_plan", "lane_id", None),
        rule("later_rate", np.nan),
        put("plan_money", "money", np.nan, "name == 'bound'"),
    ),
    "every row is there once": (double,),
    "only ids of the tables": (put("flow_stock", "product_id", "X"), put("loads", "lane_id", "X")),
    "no amount below nothing": (add("shipping_plan", "units", -999.0), add("flow_stock", "unmet", -9.0)),
    "whole units are shipped in frozen weeks": (add("shipping_plan", "units", 0.5),),
    "flows go over lanes as they are": (
        put("shipping_plan", "mode", "air"),
        put("carbon", "origin_id", "S01"),
        put("shipping_plan", "destination_id", "S01", "lane_id == 'road'"),
    ),
    "weeks lie within the plan": (
        put("shipping_plan", "ship_week", MONDAYS[0] - WEEK),
        put("shipping_plan", "ship_week", MONDAYS[2] + WEEK),
        put("shipping_plan", "ship_week", MONDAYS[0] + pd.Timedelta(1, "D")),
        put("shipping_plan", "arrive_week", MONDAYS[2] + WEEK, "lane_id == 'store'"),
    ),
    "goods arrive after the lane's weeks": (put("shipping_plan", "arrive_week", MONDAYS[1] + WEEK),),
    "frozen is said in frozen weeks": (put("shipping_plan", "is_frozen", False),),
    "weight as in products": (add("shipping_plan", "kg", 1.0), add("shipping_plan", "units", 1.0)),
    "volume as in products": (add("shipping_plan", "m3", 0.1), add("shipping_plan", "units", 1.0)),
    "nothing moves at a closed site": (closed("DC"), closed("Z01")),
    "a closed site serves nobody": (closed("S01"),),
    "orders leave or wait": (
        add("flow_dispatch", "waiting", 1.0),
        add("shipping_plan", "units", -1.0, "lane_id == 'road'"),
    ),
    "orders are late where they wait too long": (add("flow_dispatch", "late", 1.0),),
    "nothing leaves a dock that was not ready": (
        add("shipping_plan", "units", 200.0, "lane_id == 'road'"),
        drop("flow_dispatch", "ready > 0 and waiting == 0"),
    ),
    "every place has all weeks": (
        drop("flow_stock", "site_id == 'Z01'"),
        put("flow_stock", "week", MONDAYS[0] - WEEK, "site_id == 'S01'"),
        drop("flow_dispatch", "ready == 0"),
    ),
    "flows end where stock is counted": (
        lambda exports: exports.update(flow_stock=exports["flow_stock"].query("site_id != 'Z01'")),
    ),
    "stock balances": (
        add("flow_stock", "units", 1.0),
        add("flow_stock", "need", 1.0),
        add("flow_stock", "supply", -1.0, "supply > 0"),
        add("shipping_plan", "units", 1.0, "lane_id == 'store'"),
    ),
    "zones hold no stock": (add("flow_stock", "units", 1.0, "site_id == 'Z01'"),),
    "no more is unmet than needed": (add("flow_stock", "unmet", 99.0),),
    "opening supply is there": (add("flow_stock", "supply", -1.0, "product_id == 'B' and supply > 0"),),
    "supply is stock and orders": (
        add("flow_stock", "supply", 40.0, "site_id == 'DC'"),
        add("flow_dispatch", "ready", 40.0),
    ),
    "least served is kept": (rule("least_served", 0.999),),
    "price below target as settled": (
        add("flow_stock", "below_cost", 0.5, "target > 0"),
        rule("below_target_rate", 0.06),
    ),
    "needs are the demand": (add("flow_stock", "need", -9.0, "need > 9"),),
    "target stock is as given or more": (
        add("flow_stock", "target", -1.0, "target > 0"),
        add("flow_stock", "target", 1.0),
        add("flow_stock", "target", -50.0, "week == week.max() and target > 0"),
    ),
    "vehicles carry what moves": (
        add("vehicles", "vehicles", -1.0, "whole"),
        drop("vehicles", "whole"),
    ),
    "weight and volume of vehicles as shipped": (
        add("vehicles", "kg", 1.0),
        add("vehicles", "m3", 0.1),
        drop("vehicles", "whole == False"),
    ),
    "vehicles are whole where said": (add("vehicles", "vehicles", 0.5, "whole"),),
    "whole is said in frozen weeks": (
        put("vehicles", "whole", False, "whole"),
        put("vehicles", "whole", True, "whole == False"),
    ),
    "lanes have the vehicles": (
        add("vehicles", "vehicles", 5.0, "lane_id == 'store'"),
        rule("capacity_change", -0.9),
    ),
    "sites can receive what arrives": (add("shipping_plan", "units", 600.0, "lane_id == 'store'"),),
    "fill is load by room": (add("vehicles", "fill_weight", 0.1), add("vehicles", "fill_volume", 0.1)),
    "cost of vehicles as in lanes": (add("vehicles", "cost", 1.0), rule("fuel_change", 0.1)),
    "carbon of vehicles as in factors": (add("vehicles", "kg_co2e", 1.0),),
    "loads fit their vehicles": (add("loads", "units", 500.0),),
    "loads weigh what they hold": (
        add("loads", "kg", 1.0),
        add("loads", "m3", 0.1),
        add("loads", "fill_weight", 0.1),
        add("loads", "fill_volume", 0.1),
    ),
    "loads add up to the shipping plan": (
        add("loads", "units", -1.0),
        drop("loads", "units > 0"),
    ),
    "as many loads as vehicles": (
        put("loads", "load_id", "one-more", "lane_id == 'store'"),
        add("vehicles", "vehicles", 1.0, "whole"),
    ),
    "carbon by lane and week as in factors": (
        add("carbon", "kg_co2e", 1.0),
        add("carbon", "tonne_km", 1.0),
        add("carbon", "gco2e_per_tkm", 1.0),
        drop("carbon", "kg_co2e > 0"),
        rule("empty_share", 0.6),
    ),
    "carbon of flows adds up": (add("shipping_plan", "kg_co2e", 1.0),),
    "tonnes of carbon add up": (add("plan_money", "money", 0.001, "name == 'tonnes_co2e'"),),
    "carbon budget is kept": (rule("carbon_budget", 0.001),),
    "money lines as they follow from tables": tuple(
        add("plan_money", "money", 0.01, f"name == '{name}'")
        for name in (
            "vehicles",
            "freight by weight and piece",
            "handling",
            "dearer sources",
            "holding on the way",
            "holding",
            "holding at docks",
            "overflow storage",
            "unmet needs",
            "stock below target",
            "orders left waiting",
            "carbon price",
        )
    ),
    "freight of flows adds up": (add("shipping_plan", "freight_cost", 0.1),),
    "cost is the sum of its lines": (add("plan_money", "money", 1.0, "name == 'cost'"),),
    "bound is no more than the cost": (add("plan_money", "money", 9999.0, "name == 'bound'"),),
    "gap is cost less bound by cost": (add("plan_money", "money", 0.01, "name == 'gap'"),),
}


def test_every_rule_has_a_broken_plan() -> None:
    assert set(CHANGES) == {rule.name for rule in transport_plan_rules()}


@pytest.mark.parametrize("name", CHANGES)
def test_a_broken_plan_is_caught_by_the_rule_that_was_meant(
    name: str, planned: Exports, known: Tables
) -> None:
    for number, change in enumerate(CHANGES[name]):
        exports = {export: frame.copy() for export, frame in planned.items()}
        change(exports)
        assert is_broken(name, exports, known), f"change {number}"


@pytest.mark.parametrize(
    "levers",
    [
        {"fuel_change": 0.4, "fuel_share": 0.25},
        {"capacity_change": -0.8},
        {"closed_site": "S01", "least_served": 0.0},
        {"closed_site": "DC", "capacity_change": 0.5, "fuel_change": -0.3, "least_served": 0.0},
    ],
    ids=", ".join,
)
def test_a_plan_under_a_what_if_keeps_all_rules(
    levers: dict[str, Any], case: Case, known: Tables, planned: Exports
) -> None:
    exports = exports_of(case, replace(SETTINGS, **levers), Wants(DEMAND, ORDERS, TARGETS))
    report = checked(exports, known)
    assert report.passed, report.sentence
    costs = [tables["plan_money"].set_index("name")["money"]["cost"] for tables in (exports, planned)]
    assert costs[0] != pytest.approx(costs[1], rel=1e-6)


@pytest.mark.parametrize("export", LAYOUT)
def test_an_export_that_is_not_there_is_named(export: str, exports: Exports, known: Tables) -> None:
    del exports[export]
    assert is_broken("every export and column is there", exports, known)


def test_a_plan_without_exports_is_refused_and_does_not_crash(known: Tables) -> None:
    report = checked({}, known)
    assert "not stated" in report.status_problem
    with pytest.raises(PlanCheckError, match="every export and column is there"):
        report.require()


def test_the_whole_check_finds_what_one_rule_does(exports: Exports, known: Tables) -> None:
    CHANGES["stock balances"][0](exports)
    assert "stock balances" in broken_rules(checked(exports, known))


def test_a_plan_without_a_solution_may_not_be_used(exports: Exports, known: Tables) -> None:
    put("plan_money", "text", "infeasible", "name == 'status'")(exports)
    report = checked(exports, known)
    assert report.findings.empty
    assert not report.passed
    assert "infeasible" in report.sentence


def test_a_cost_that_tables_do_not_give_is_named(exports: Exports, known: Tables) -> None:
    add("plan_money", "money", 5.0, "name in ('cost', 'handling')", rows=2)(exports)
    assert {"money as claimed", "money lines as they follow from tables"} <= broken_rules(
        checked(exports, known)
    )


@pytest.fixture(scope="module")
def bare() -> Case:
    """A case without stock, purchase orders, receipts, shipments and emission factors."""
    return case_from_tables(base_tables())


@pytest.fixture(scope="module")
def pulled(bare: Case) -> Exports:
    return exports_of(bare, FlowSettings(weeks=2, frozen_weeks=2, gap=0.0), Wants(demand=DEMAND))


def test_docks_that_give_what_is_pulled_keep_all_rules(pulled: Exports, bare: Case) -> None:
    report = check_transport_plan(pulled, bare, demand=DEMAND)
    assert report.passed, report.sentence
    assert len(pulled["shipping_plan"])
    assert pulled["flow_dispatch"].empty


def test_docks_that_give_more_than_they_can_are_caught(pulled: Exports, bare: Case) -> None:
    exports = {name: frame.copy() for name, frame in pulled.items()}
    add("shipping_plan", "units", 61.0, "lane_id in ('road', 'rail') and product_id == 'A'")(exports)
    assert "docks give what they can" in broken_rules(check_transport_plan(exports, bare, demand=DEMAND))


def test_without_demand_and_targets_no_rule_asks_for_them(pulled: Exports, bare: Case) -> None:
    report = check_transport_plan(pulled, bare)
    assert report.passed, report.sentence
    assert not {"needs are the demand", "target stock is as given or more"} & set(report.checked)


def test_two_docks_are_told_apart_by_their_price() -> None:
    tables = base_tables()
    more = {"supplier_id": ["DEAR"], "name": ["Dear"], "site_id": ["DOCK2"]}
    tables["suppliers"] = pd.concat([tables["suppliers"], pd.DataFrame(more)])
    dock = {"site_id": ["DOCK2"], "name": ["Dock"], "kind": ["supplier"]}
    tables["sites"] = pd.concat([tables["sites"], pd.DataFrame(dock)])
    dear = tables["supply_terms"].assign(supplier_id="DEAR", unit_cost=[12.0, 5.0, 6.0])
    tables["supply_terms"] = pd.concat([tables["supply_terms"], dear])
    lane = LANES.iloc[:1].assign(lane_id="road2", origin_id="DOCK2")
    case = case_from_tables({**tables, "lanes": pd.concat([LANES, lane])})
    # The cheap dock gives 60 a week; 90 are needed.
    wanted = pd.DataFrame({"product_id": ["A"], "site_id": ["S01"], "week": [1], "units": [90.0]})
    exports = exports_of(case, FlowSettings(weeks=1, frozen_weeks=1, gap=0.0), Wants(demand=wanted))
    money = exports["plan_money"].set_index("name")["money"]
    assert money["dearer sources"] == pytest.approx(30 * 2.0)
    report = check_transport_plan(exports, case, demand=wanted)
    assert report.passed, report.sentence


def test_the_check_shares_no_code_with_what_plans() -> None:
    allowed = ("helpers.plan_check", "helpers.contract", "helpers.errors", "helpers.transport.checks")
    for path in Path(checks.__file__).parent.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        named = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
        named += [name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names]
        assert all(name.startswith(allowed) for name in named if name.startswith("helpers")), path
