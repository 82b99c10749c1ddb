"""Today's way, causes, loads, records and the sentences of the page, on a company small enough to add up."""

from __future__ import annotations

import datetime as dt
import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tests.transport.flow_case import AS_OF, case_of, demand_of, orders_of, stock_of

from helpers import figures
from helpers.contract import Case
from helpers.transport import (
    FlowSettings,
    TransportPlan,
    Wants,
    exports,
    headlines,
    pack_loads,
    plan_flow,
    plan_transport,
)
from helpers.transport.flows.problem import read_problem
from helpers.transport.flows.todays_way import account_today, with_same_end
from helpers.transport.plan import explain_unmet
from helpers.transport.recorded import read_recorded, replay_weeks

SETTINGS = FlowSettings(weeks=3, frozen_weeks=3, gap=0.0)
TARGETS = pd.DataFrame(
    {"product_id": ["A", "A"], "site_id": ["DC", "S01"], "units": [10.0, 20.0], "most": [np.inf, 50.0]}
)
DEMAND = demand_of(("A", "S01", 1, 20), ("A", "S01", 2, 20), ("A", "S01", 3, 20), ("B", "S01", 3, 5))
ORDERS = orders_of(("A", "2026-01-19", 30), ("A", "2026-01-28", 30), ("B", "2026-01-28", 5))


def day(back: int) -> str:
    return (dt.date.fromisoformat(AS_OF) - dt.timedelta(days=back)).isoformat()


@pytest.fixture(scope="module")
def case() -> Case:
    """Return a case with three weeks of records."""
    backs = [19, 12, 5]
    orders = pd.DataFrame(
        {
            "order_id": [f"O{back}" for back in backs],
            "line": 1,
            "order_date": [day(back) for back in backs],
            "customer_id": ["C1", "C2", "C1"],
            "site_id": "S01",
            "product_id": "A",
            "quantity": [10.0, 12.0, 8.0],
            "unit_price": 40.0,
            "status": "shipped",
        }
    )
    last = orders.iloc[-1:].assign(order_id="O0", order_date=AS_OF, product_id="B", quantity=1.0)
    shipments = pd.DataFrame(
        {
            "shipment_id": [f"H{back}" for back in backs],
            "line": 1,
            "order_id": orders["order_id"],
            "order_line": 1,
            "ship_date": orders["order_date"],
            "quantity": orders["quantity"],
            "lane_id": ["van", "van", None],
            "freight_cost": [30.0, 40.0, None],
        }
    )
    bought = pd.DataFrame(
        {
            "po_id": ["P1"],
            "line": [1],
            "supplier_id": ["SUP"],
            "site_id": ["DC"],
            "product_id": ["A"],
            "quantity": [40.0],
            "order_date": [day(25)],
            "due_date": [day(11)],
            "status": ["closed"],
        }
    )
    received = pd.DataFrame(
        {"receipt_id": ["R1"], "po_id": ["P1"], "po_line": [1], "date": [day(11)], "quantity": [40.0]}
    )
    counts = pd.concat(
        [stock_of(("S01", "A", 30), ("DC", "A", 40)).assign(date=day(22)), stock_of(("S01", "A", 30))]
    )
    return case_of(
        orders=pd.concat([orders, last], ignore_index=True),
        shipments=shipments,
        purchase_orders=bought,
        receipts=received,
        stock=counts,
    )


@pytest.fixture(scope="module")
def plan(case: Case) -> TransportPlan:
    return plan_transport(case, SETTINGS, Wants(DEMAND, ORDERS, TARGETS))


def test_todays_way_fills_the_store_each_week_and_sends_orders_when_ready(case: Case) -> None:
    today = account_today(read_problem(case, SETTINGS, Wants(DEMAND, ORDERS, TARGETS)))
    dock = today.flows[today.flows["origin_id"] == "DOCK"]
    assert dock.groupby("ship_week")["units"].sum().to_dict() == {0: 30, 1: 35}
    assert today.vehicles[today.vehicles["lane_id"] == "store"]["week"].tolist() == [0, 1, 2]
    ends = today.stock[(today.stock["site_id"] == "S01") & (today.stock["product_id"] == "A")]
    assert (ends["units"] <= 50).all()


def test_a_plan_ends_with_what_todays_way_leaves_in_the_store(case: Case, plan: TransportPlan) -> None:
    problem = read_problem(case, SETTINGS, Wants(DEMAND, ORDERS, TARGETS))
    ends = with_same_end(problem).cells.query("week == 2 and site_id == 'S01'").set_index("product_id")
    left = account_today(problem).stock.query("week == 2 and site_id == 'S01'").set_index("product_id")
    assert (ends.loc[left.index, "target"] >= left["units"]).all()
    mine = plan.flow.account.stock.query("week == 2 and site_id == 'S01'").set_index("product_id")["units"]
    assert mine.sum() >= left["units"].sum()
    assert plan.flow.account.waiting.query("week == 2").empty


def test_savings_by_cause_add_up_to_the_whole(plan: TransportPlan) -> None:
    beside = plan.beside
    assert beside.causes["total"].sum() == pytest.approx(beside.today.cost - beside.plan.cost)
    assert beside.causes["tonnes_co2e"].sum() == pytest.approx(
        beside.today.tonnes_co2e - beside.plan.tonnes_co2e
    )
    assert (beside.causes["total"] >= -1e-6).all()
    assert beside.causes.set_index("cause")["total"]["load"] > 0
    assert beside.steps["way"].tolist() == ["today", "load", "mode too", "lane too", "the plan"]


def test_loads_hold_what_the_plan_ships_and_no_more_than_a_vehicle_takes(plan: TransportPlan) -> None:
    loads, lanes = plan.loads, plan.flow.problem.lanes.set_index("lane_id")
    shipped = (
        plan.flow.flows[plan.flow.flows["lane_id"].isin(loads.lines["lane_id"])]
        .groupby(["lane_id", "ship_week", "product_id"])["units"]
        .sum()
    )
    packed = loads.lines.groupby(["lane_id", "ship_week", "product_id"])["units"].sum()
    pd.testing.assert_series_equal(packed, shipped)
    held = loads.loads.set_index("lane_id")
    assert (held["kg"] <= lanes.loc[held.index, "vehicle_capacity_kg"] + 1e-9).all()
    assert (held["m3"] <= lanes.loc[held.index, "vehicle_capacity_m3"] + 1e-9).all()
    assert len(loads.loads) == plan.flow.account.vehicles.query("whole")["vehicles"].sum()


def test_a_second_vehicle_takes_what_the_first_has_no_room_for(case: Case) -> None:
    asked = Wants(demand_of(("A", "S01", 1, 190)), None, None)
    flow = plan_flow(case, SETTINGS, asked)
    loads = pack_loads(flow).loads
    store = loads[loads["lane_id"] == "store"]
    assert store["kg"].max() == 1000.0
    assert store["kg"].tolist() == [1000.0, 600.0]
    assert store["is_partial"].tolist() == [False, True]


def test_what_leaves_now_is_counted_in_vehicles_lanes_and_kg(case: Case, plan: TransportPlan) -> None:
    flow = plan_flow(case, SETTINGS, Wants(demand_of(("A", "S01", 1, 190)), None, None))
    busy = replace(plan, flow=flow, loads=pack_loads(flow))
    said = headlines.say_departures(busy)
    # 160 over the stock of the store: 1,200 kg from the dock (40 lie in the warehouse), 1,600 to the store
    assert said.startswith("In the week of 19 January 2026 send 3 vehicles over 2 lanes with 2,800 kg for ")
    assert said.endswith("; nothing that is ready waits.")


def test_recorded_freight_is_held_against_the_rates_of_its_lane(case: Case) -> None:
    found = read_recorded(case, weeks=8)
    # 22 anvils of 10 kg at 0.3 per kg and 1 per piece
    assert found.lanes[["lane_id", "recorded", "by_rates"]].to_numpy().tolist() == [
        ["van", 70.0, 22 * (3 + 1)]
    ]
    assert found.ratio == pytest.approx(70 / 88)
    assert found.customers["kg_co2e"].sum() == pytest.approx(220 * 10 * 600 / 1e6)
    assert set(found.customers["customer_id"]) == {"C1", "C2"}


def test_past_weeks_are_planned_with_what_was_shipped_and_received(case: Case) -> None:
    past = replay_weeks(case, SETTINGS, TARGETS, blocks=1)
    assert len(past) == 1
    row = past.iloc[0]
    assert row["first_week"] == pd.Timestamp(day(20))
    assert row["plan"] <= row["today"] + 1e-6
    assert row["today_served"] == 1.0
    no_records = replay_weeks(case_of(), SETTINGS, TARGETS, blocks=1)
    assert no_records.empty


def test_sentences_and_tables_are_true_for_the_plan(plan: TransportPlan) -> None:
    said = headlines.say_gain(plan)
    assert f"{plan.beside.today.transport_cost:,.0f}" in said
    assert f"{plan.beside.plan.transport_cost:,.0f}" in said
    assert "mean fill" in headlines.say_lanes(plan)
    assert "t CO2e" in headlines.say_carbon(plan)
    assert headlines.say_recorded(plan).startswith(
        "In the last 8 weeks, recorded freight to customers was 0.80"
    )
    assert headlines.say_departures(plan) == "No vehicle has to leave in the week of 19 January 2026."
    assert plan.tiles[0].value == pytest.approx(plan.beside.plan.transport_cost)
    assert plan.waiting()["waiting"].sum() == plan.flow.account.waiting.query("week == 0")["waiting"].sum()


def test_what_is_not_there_is_explained(case: Case) -> None:
    asked = Wants(
        demand_of(("A", "S01", 1, 200), ("B", "S01", 1, 5)), orders_of(("A", "2026-01-19", 30)), None
    )
    flow = plan_flow(case, replace(SETTINGS, weeks=1, frozen_weeks=1), asked)
    table = explain_unmet(flow).set_index("product_id")
    assert table.loc["A", "why"] == "All there is until then, 100 units, is less than the 200 wanted."
    assert table.loc["B", "why"] == "No lane brings it in time."


def test_the_plan_can_be_remembered_and_its_exports_add_up(plan: TransportPlan) -> None:
    again: TransportPlan = pickle.loads(pickle.dumps(plan))
    assert again.fingerprint == plan.fingerprint
    tables = exports.check_tables(again.flow, again.loads)
    shipped = tables["shipping_plan"]
    assert shipped["freight_cost"].sum() == pytest.approx(plan.beside.plan.transport_cost)
    assert shipped["kg_co2e"].sum() == pytest.approx(1000 * plan.flow.tonnes_co2e)
    assert tables["carbon"]["kg_co2e"].sum() == pytest.approx(1000 * plan.flow.tonnes_co2e)


@pytest.mark.parametrize("name", ["flow_map", "lane_use", "carbon_frontier", "transport_replay"])
def test_title_is_the_claim_and_the_words_hold_it(plan: TransportPlan, name: str) -> None:
    axes = getattr(figures, f"plot_{name}")(plan)
    claim = getattr(figures, f"claim_{name}")(plan)
    assert axes.get_title(loc="left").replace("\n", " ") == claim
    assert claim in getattr(figures, f"describe_{name}")(plan)


@pytest.mark.parametrize(("every", "weeks"), [(1, [0, 1, 2]), (2, [0, 2])])
def test_todays_way_fills_a_store_as_often_as_its_counts_rose(every: int, weeks: list[int]) -> None:
    backs = np.arange(70, -1, -7)
    held = [30.0 - 5 * (k % every) if every > 1 else 10.0 + k for k in range(len(backs))]
    counts = pd.DataFrame({"date": [day(int(b)) for b in backs], "site_id": "S01", "product_id": "A"})
    stock = pd.concat([counts.assign(on_hand=held), stock_of(("DC", "A", 200))], ignore_index=True)
    asked = Wants(demand_of(*[("A", "S01", week, 30) for week in (1, 2, 3)]), ORDERS, TARGETS)
    problem = read_problem(case_of(stock=stock), SETTINGS, asked)
    assert problem.sites.set_index("site_id")["refill_weeks"]["S01"] == every
    trips = account_today(problem).vehicles
    assert trips.loc[trips["lane_id"] == "store", "week"].tolist() == weeks
    assert any("weekly" in note or "every" in note for note in problem.notes)
