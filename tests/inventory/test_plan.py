"""The week's plan on a small company: it keeps its own check, follows its data, and says what is missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from tests.inventory import planned_shop as shop

from helpers.contract.load import case_from_tables
from helpers.errors import ContractError, ParameterError
from helpers.inventory import (
    InventoryPlan,
    InventorySettings,
    check_inventory_plan,
    exports,
    headlines,
    look_ahead,
    plan_inventory,
    service_scenarios,
)
from helpers.inventory.checks.inventory_plan import check_plan_tables, plan_tables
from helpers.inventory.checks.plan_tables import case_tables
from helpers.inventory.plan import order

Tables = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def plan() -> InventoryPlan:
    return shop.plan()


@pytest.fixture(scope="module")
def known() -> Tables:
    return dict(case_tables(shop.case()))


def test_plan_of_a_shop_that_is_short_orders_and_moves(plan: InventoryPlan) -> None:
    assert len(plan.firm) >= 2
    assert len(plan.transfers) >= 1
    assert plan.orders.gap <= plan.settings.gap


def test_finished_plan_keeps_every_rule_of_the_check(plan: InventoryPlan, known: Tables) -> None:
    report = check_plan_tables(plan_tables(exports.check_tables(plan), known))
    report.require()
    assert len(report.checked) > 50


def more(table: str, column: str, by: float) -> Callable[[Tables], Tables]:
    def change(tables: Tables) -> Tables:
        frame = tables[table].copy()
        row = int(np.argmax(frame[column].to_numpy()))
        frame[column] = frame[column].astype("float64")
        frame.loc[frame.index[row], column] += by
        return {**tables, table: frame}

    return change


@pytest.mark.parametrize(
    "change",
    [
        more("purchase_orders", "quantity", 1.0),
        more("order_plan", "value", 5.0),
        more("stock_outlook", "expected_stock", 3.0),
        more("plan_limits", "used", 2.0),
        more("plan_money", "purchase", 10.0),
        more("transfers", "quantity", 1000.0),
        more("excess", "excess_value", 9.0),
        more("stockout_risk", "lost_margin", 9.0),
        lambda tables: {**tables, "purchase_orders": tables["purchase_orders"].iloc[1:]},
        lambda tables: {name: frame for name, frame in tables.items() if name != "transfers"},
    ],
)
def test_export_that_was_changed_is_caught(
    plan: InventoryPlan, known: Tables, change: Callable[[Tables], Tables]
) -> None:
    report = check_plan_tables(plan_tables(change(exports.check_tables(plan)), known))
    assert len(report.findings)


def test_proposed_orders_are_rows_that_the_contract_takes(plan: InventoryPlan) -> None:
    case, proposed = shop.case(), exports.purchase_orders(plan)
    assert not proposed.duplicated(["po_id", "line"]).any()
    assert (proposed["order_date"] == pd.Timestamp(plan.first_week)).all()
    assert (proposed["due_date"] > proposed["order_date"]).all()
    assert float((proposed["quantity"] * proposed["unit_cost"]).sum()) == pytest.approx(plan.firm_value)
    before = case.table("purchase_orders")
    columns = list(proposed.columns)
    after = case.replace(purchase_orders=pd.concat([before[columns], proposed], ignore_index=True))
    assert len(after.table("purchase_orders")) == len(before) + len(proposed)
    assert (
        after.table("purchase_orders")
        .set_index("po_id")
        .loc[proposed["po_id"], "status"]
        .eq("proposed")
        .all()
    )


def test_transfers_move_what_is_there_and_the_best_comes_first(plan: InventoryPlan) -> None:
    moved = plan.transfers
    there = plan.outlook.pairs.set_index(["product_id", "site_id"])["available"]
    sent = moved.groupby(["product_id", "from_site_id"])["quantity"].sum()
    assert (sent <= there.reindex(sent.index).to_numpy()).all()
    assert moved["gain"].is_monotonic_decreasing
    assert (moved["from_site_id"] != moved["to_site_id"]).all()


def test_next_orders_are_the_firm_ones_with_names(plan: InventoryPlan) -> None:
    shown = plan.next_orders()
    assert sorted(shown["product_id"]) == sorted(plan.firm["product_id"])
    assert shown["product_name"].notna().all()
    assert shown["earned"].is_monotonic_decreasing
    assert shown["value"].sum() == pytest.approx(plan.firm_value)


def test_summary_tiles_and_levels_agree_with_the_tables(plan: InventoryPlan) -> None:
    summary = plan.summary()
    assert summary["order value proposed"] == plan.firm["value"].sum()
    assert summary["units to transfer"] == plan.transfers["quantity"].sum()
    tiles = {tile.name: tile.value for tile in plan.tiles}
    assert tiles["orders proposed"] == plan.firm_value
    assert tiles["stock at cost"] == plan.outlook.pairs["stock_value"].sum()
    assert len(plan.levels()) == len(plan.outlook.pairs)


def test_notes_hold_what_every_part_left_out(plan: InventoryPlan) -> None:
    assert {*plan.outlook.notes, *plan.risk.notes, *plan.balance.notes} == set(plan.notes)
    assert plan.notes_table()["note"].tolist() == list(plan.notes)
    clashing = replace(plan, orders=replace(plan.orders, clashes=("Storage is full.",)))
    assert clashing.notes[-1] == "Storage is full."


def test_same_seed_gives_the_same_plan(plan: InventoryPlan) -> None:
    again = shop.quick_plan(shop.case(), ahead=shop.forecast())
    assert again.fingerprint == plan.fingerprint
    pd.testing.assert_frame_equal(again.orders.orders, plan.orders.orders)
    pd.testing.assert_frame_equal(again.policy.table, plan.policy.table)
    pd.testing.assert_frame_equal(again.futures.frontier, plan.futures.frontier)
    pd.testing.assert_frame_equal(again.transfers, plan.transfers)
    assert again.replay is None


def test_another_seed_draws_other_futures(plan: InventoryPlan) -> None:
    other = replace(shop.QUICK, seed=1)
    drawn = look_ahead(shop.case(), shop.forecast(), other, measured=plan.outlook.measured)
    assert not np.array_equal(drawn.own_demand, plan.outlook.own_demand)
    assert not np.array_equal(drawn.lead_times, plan.outlook.lead_times)
    assert replace(plan, settings=other).fingerprint != plan.fingerprint


def test_smaller_budget_is_kept_with_minimum_order_values_and_never_costs_less(plan: InventoryPlan) -> None:
    least = plan.orders.minimum_values["minimum"].min()
    slack = plan.settings.gap * abs(plan.orders.objective)
    costs = [plan.orders.objective]
    for share in (0.5, 0.25):
        money = share * plan.firm_value
        found = order(shop.case(), plan.outlook, plan.policy, replace(plan.settings, budget=money))
        spent = float(found.orders.loc[found.orders["is_frozen"], "value"].sum())
        assert spent == 0.0 or least <= spent <= money + 1e-6
        costs.append(found.objective)
    assert (np.diff(costs) >= -slack).all()


def test_higher_target_takes_more_stock_and_loses_less(plan: InventoryPlan) -> None:
    table = service_scenarios(plan, points=(-0.05, 0.0, 0.015))
    assert table["what"].tolist() == ["−5 points", "as planned", "+2 points", "no target: money alone"]
    with_target = table.iloc[:3]
    assert with_target["fill_rate"].is_monotonic_increasing
    assert with_target["stock_value"].is_monotonic_increasing
    assert with_target["lost_margin"].is_monotonic_decreasing
    assert table["total"].to_numpy() == pytest.approx(
        (table["holding_cost"] + table["lost_margin"]).to_numpy()
    )


def test_case_without_stock_or_terms_is_refused_with_what_is_missing() -> None:
    tables = {name: frame for name, frame in shop.sample_tables().items() if name != "stock"}
    with pytest.raises(ContractError, match="2_inventory_plan cannot be made without table stock"):
        plan_inventory(case_from_tables(tables), InventorySettings(), shop.forecast())


def test_plan_longer_than_the_forecast_is_refused() -> None:
    with pytest.raises(ParameterError, match="the plan has 7 weeks, the forecast 6"):
        plan_inventory(shop.case(), replace(shop.QUICK, horizon=7), shop.forecast())


def test_forecast_of_an_earlier_day_gives_the_plan_of_that_day() -> None:
    case, then = shop.case(), shop.earlier()
    plan = shop.quick_plan(case, ahead=then)
    assert (plan.cutoff, plan.first_week) == (then.last_day, then.last_day + timedelta(days=1))
    assert plan.orders.orders["order_week"].min() >= 0
    assert exports.purchase_orders(plan)["order_date"].eq(pd.Timestamp(plan.first_week)).all()
    check_inventory_plan(exports.check_tables(plan), case.seen_on(plan.cutoff)).require()


def test_odd_bare_shop_is_planned_and_keeps_its_check() -> None:
    """No lanes, past orders or suppliers; a comma in the name of the warehouse; goods that come at once."""
    tables = shop.sample_tables()
    gone = ("lanes", "purchase_orders", "receipts", "calendar", "emission_factors", "suppliers")
    kind = tables["sites"].set_index("kind")["site_id"]
    bare = {
        name: frame.replace({str(kind["warehouse"]): "DC, =1"})
        for name, frame in tables.items()
        if name not in gone
    }
    bare["supply_terms"] = bare["supply_terms"].assign(lead_time_days=0.0)
    case = case_from_tables(bare)
    forecast = replace(shop.forecast(), case=case)
    plan = shop.quick_plan(case, ahead=forecast)
    assert plan.echelons is None
    assert plan.lanes.empty
    assert "DC, =1" in set(exports.plan_limits(plan)["site_id"])
    assert any("purchase_orders" in note for note in plan.notes)
    assert not plan.outlook.pairs["is_lane"].any()
    stock = case.table("stock")
    on_the_way = stock.loc[stock["date"] == pd.Timestamp(case.as_of), "in_transit"].sum()
    assert plan.outlook.coming.sum() == on_the_way
    check_inventory_plan(exports.check_tables(plan), case).require()


def test_limits_that_leave_nothing_are_said_and_too_small_suppliers_left_out() -> None:
    tables = dict(shop.sample_tables())
    tables["sites"] = tables["sites"].assign(storage_capacity_m3=0.05)
    offered = tables["supply_terms"]
    few = offered["minimum_quantity"].where(offered.index > 0, 1.0)  # a tenth of the smallest order for one
    tables["supply_terms"] = offered.assign(weekly_capacity=few.where(offered.index > 0, 0.1))
    case = case_from_tables(tables)
    plan = shop.quick_plan(case, ahead=replace(shop.forecast(), case=case))
    assert plan.firm.empty
    assert plan.orders.clashes
    assert "Limits leave no room" in headlines.say_orders(plan)
    assert any("below their smallest order" in note for note in plan.notes)
    check_inventory_plan(exports.check_tables(plan), case).require()
