"""The whole last mile: hand calculations, tables that lack something, and the sample."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.transport.last_mile import tiny_reseller as tiny

from helpers.contract import Case
from helpers.contract.load import case_from_tables
from helpers.transport import (
    LastMilePlan,
    LastMileSettings,
    check_routes,
    plan_last_mile,
    read_factors,
    shipment_emissions,
)
from helpers.transport.last_mile.check import RULES, check_last_mile
from helpers.transport.last_mile.result import ROUTES
from helpers.transport.routes.distances import distances_between

DROP = ["day", "site_id", "customer_id"]
QUICK = LastMileSettings(iterations=30)
FOUR: list[dict[str, Any]] = [{"customer_id": f"C{k}", "quantity": 10.0} for k in (1, 2, 3, 4)]


def plan_of(
    *lines: dict[str, Any], settings: LastMileSettings = QUICK, **other: pd.DataFrame
) -> LastMilePlan:
    return plan_last_mile(tiny.case_of(*lines, **other), settings)


@pytest.fixture(scope="module")
def four() -> LastMilePlan:
    return plan_of(*FOUR)


def way(plan: LastMilePlan, name: str) -> dict[Hashable, Any]:
    return plan.beside.set_index("way").to_dict("index")[name]


def test_a_vehicle_that_is_cheaper_serves_all_and_its_cost_equals_a_hand_calculation(
    four: LastMilePlan,
) -> None:
    plan = four
    # Parcels: 4 × (1.0 × 100 kg + 0.5 × 10 units) = 420.
    assert way(plan, "all by parcel")["cost"] == pytest.approx(420)
    order = plan.routes["customer_id"].map(tiny.tables()["customers"].set_index("customer_id")["latitude"])
    places = pd.concat([plan.tours["latitude"], order, plan.tours["latitude"]]).to_numpy()
    lon = plan.routes["customer_id"].map(tiny.tables()["customers"].set_index("customer_id")["longitude"])
    km = 1.3 * distances_between(places, np.array([10.0, *lon, 10.0]))
    length = sum(km[k, k + 1] for k in range(5))
    cost = 35 + 0.30 * length + 28 * (length / 50 + 4 * 8 / 60)
    assert plan.tours["cost"].tolist() == pytest.approx([cost])
    found = way(plan, "this plan")
    assert (found["cost"], found["stops"], found["km"]) == pytest.approx((cost, 4, length))
    assert way(plan, "this plan")["kg_co2e"] == pytest.approx(0.16 * length)
    assert plan.saving == pytest.approx(420 - cost)
    assert plan.sentence.startswith("Vehicles serve 4 of 4 drops on 1 tour over")


def test_parcels_that_are_cheaper_leave_the_vehicles_at_home() -> None:
    plan = plan_of({"quantity": 1.0})
    assert plan.tours.empty
    assert plan.routes.empty
    assert list(plan.routes.columns) == list(ROUTES)
    assert plan.parcels["cost"].tolist() == [10.5]
    assert plan.parcels["kg_co2e"].tolist() == pytest.approx([20 * 0.010 * 0.8])
    assert any("35 a tour, 0.3 per km, 28 per hour" in note for note in plan.notes)
    assert plan.sentence == "No tour found pays: 1 drop by parcel, for 10."
    assert "Its parcel for 10.50 is no more than" in plan.parcels["reason"][0]


def test_vehicles_go_where_they_are_preferred() -> None:
    plan = plan_of({"quantity": 1.0}, settings=LastMileSettings(iterations=30, prefer_vehicles=True))
    assert len(plan.routes) == 1
    assert plan.saving < 0


def test_a_drop_that_no_vehicle_takes_goes_by_parcel_and_without_a_price_waits() -> None:
    heavy = {"quantity": 60.0}  # 600 kg where a van takes 500
    plan = plan_of(heavy)
    assert "too heavy, 600 kg" in plan.parcels["reason"][0]
    unpriced = tiny.tables()["lanes"].assign(cost_per_kg=np.nan, cost_per_unit=np.nan)
    plan = plan_of(heavy, {"customer_id": "C2"}, lanes=unpriced)
    assert plan.waiting[["order_id", "kind"]].to_numpy().tolist() == [["O1", "no vehicle"]]
    assert "too heavy, 600 kg" in plan.waiting["reason"][0]
    assert plan.routes["customer_id"].tolist() == ["C2"]
    assert np.isnan(plan.saving)
    assert "Not everything has a parcel price" in plan.sentence


def test_each_site_serves_its_own_drops() -> None:
    sent = tiny.shipments(("O0", "L1"), ("O3", "L2"))
    lines: list[dict[str, Any]] = [{"quantity": 30.0}, {"quantity": 30.0, "site_id": "SHOP"}]
    past: dict[str, Any] = {"site_id": "SHOP", "status": "shipped"}
    plan = plan_of(*lines, past, shipments=sent)
    assert plan.routes[["depot", "order_ids"]].to_numpy().tolist() == [["DC", "O1"], ["SHOP", "O2"]]
    assert plan.tours["route"].tolist() == [1, 2]


def test_cost_shares_add_up_and_times_stand_on_the_day(four: LastMilePlan) -> None:
    plan = four
    assert plan.routes["cost_share"].sum() == pytest.approx(plan.tours["cost"].sum())
    assert plan.routes["cost_share"].gt(0).all()
    assert list(plan.routes.columns) == list(ROUTES)
    assert (plan.routes["arrives"].dt.normalize() == plan.routes["day"]).all()
    assert (plan.routes["leaves"] - plan.routes["arrives"]).dt.total_seconds().tolist() == pytest.approx(
        [480] * 4, abs=1
    )
    assert plan.routes["load_kg"].tolist() == pytest.approx([300, 200, 100, 0])
    assert plan.tours["fill"].tolist() == pytest.approx([0.8])  # 400 of 500 kg, 4 of 5 m³


def test_a_search_that_time_ends_is_said() -> None:
    plan = plan_of(*FOUR, settings=LastMileSettings(iterations=10**7, time_limit=0.05))
    assert plan.is_cut
    assert "The time limit ended a search" in plan.notes[-1]


NOTHING: dict[str, tuple[list[dict[str, Any]], dict[str, pd.DataFrame], str]] = {
    "no open line": ([], {}, "no order line is open"),
    "no zones of customers": (
        [{}],
        {"customers": tiny.tables()["customers"].drop(columns="zone_id")},
        "with a delivery zone",
    ),
    "no lane to a zone": (
        [{}],
        {"lanes": tiny.tables()["lanes"].assign(destination_id="SHOP", origin_id="DC").head(1)},
        "no lane leads",
    ),
    "no stock of it": ([{"quantity": 900.0}], {}, "1 wait for stock"),
    "all fetched": ([{"site_id": "SHOP"}], {}, "1 are for customers who fetch"),
    "no working day": (
        [{}],
        {"calendar": pd.DataFrame({"date": pd.date_range("2026-03-02", periods=120), "closed": True})},
        "no working day",
    ),
}


@pytest.mark.parametrize("name", NOTHING)
def test_where_nothing_can_be_delivered_the_plan_is_empty_and_says_why(name: str) -> None:
    lines, other, said = NOTHING[name]
    plan = plan_last_mile(tiny.case_of(*lines, **other), QUICK)
    assert said in plan.sentence
    assert plan.sentence.startswith("There is nothing to deliver")
    assert plan.stops.empty
    assert plan.saving == 0
    assert plan.days_sentence == "There are no days to choose."


@pytest.mark.parametrize("table", ["customers", "lanes"])
def test_without_a_table_that_it_needs_the_plan_is_empty(table: str) -> None:
    tables = {name: frame for name, frame in tiny.tables({}).items() if name != table}
    case: Case = tiny.case_in_memory(tables)
    assert plan_last_mile(case, QUICK).sentence.startswith("There is nothing to deliver")


def test_columns_and_tables_that_are_missing_are_bridged_and_said() -> None:
    dropped = {
        "lanes": ["vehicle_class", "vehicle_capacity_kg", "vehicle_capacity_m3", "weekly_vehicles"],
        "products": ["volume_m3"],
        "customers": ["latitude", "longitude", "tolerance_days"],
        "orders": ["requested_date"],
    }
    tables = {name: table.drop(columns=dropped.get(name, [])) for name, table in tiny.tables(*FOUR).items()}
    del tables["stock"], tables["emission_factors"]
    plan = plan_last_mile(tiny.case_in_memory(tables), QUICK)
    assert len(plan.stops) == 4
    assert plan.beside["kg_co2e"].isna()[:2].all()
    for said in (
        "Without weight or volume, counted as 0 in loads: 4 open lines.",
        "There is no count of stock: every line counts as there.",
        "4 customers without coordinates: the zone's stand in.",
        "Carbon is not known.",
    ):
        assert any(note.startswith(said) for note in plan.notes)


def town() -> Case:
    """Return sixty open lines of forty customers around the zone, from both sites, with little stock."""
    drawn = np.random.default_rng(7)
    customers = pd.DataFrame(
        {
            "customer_id": [f"K{k:02d}" for k in range(40)],
            "zone_id": "ZONE",
            "latitude": 50.1 + drawn.normal(0, 0.05, 40),
            "longitude": 10.1 + drawn.normal(0, 0.08, 40),
            "tolerance_days": drawn.integers(0, 3, 40).astype(float),
        }
    )
    lines = [
        {
            "customer_id": f"K{drawn.integers(40):02d}",
            "site_id": drawn.choice(["DC", "SHOP"]),
            "quantity": float(drawn.integers(1, 9)),
            "requested_date": f"2026-03-{drawn.integers(1, 9):02d}",
        }
        for _ in range(60)
    ]
    past = {"site_id": "SHOP", "status": "shipped"}
    return tiny.case_of(*lines, past, customers=customers, shipments=tiny.shipments(("O61", "L2")))


@pytest.fixture(scope="module")
def case() -> Case:
    return town()


@pytest.fixture(scope="module")
def plan(case: Case) -> LastMilePlan:
    settings = LastMileSettings(iterations=60, early_days=1, parcel_rate=0.6)
    return plan_last_mile(case, settings)


def test_every_ready_line_is_delivered_once_within_its_window(plan: LastMilePlan) -> None:
    ready = plan.lines[plan.lines["state"] == "ready"]
    assert plan.stops["lines"].sum() == len(ready) > 20
    assert not plan.stops.duplicated(["site_id", "customer_id", "day"]).any()
    assert (plan.stops["day"] <= plan.stops["last_day"]).all()
    early = (ready["requested_date"] - ready["day"]).dt.days
    assert early.max() == 1
    assert len(plan.routes) + len(plan.parcels) == len(plan.stops)
    listed = {line for ids in plan.stops["order_ids"] for line in ids.split(", ")}
    assert listed == set(ready["order_id"])
    assert len(plan.waiting) == (~plan.lines["state"].isin(["ready", "fetched"])).sum() > 0


def test_the_routes_keep_every_rule_and_the_money_adds_up(plan: LastMilePlan) -> None:
    assert all(check_routes(search).empty for search in plan.searches)
    assert len(plan.tours) > 1
    assert plan.tours["fill"].between(0, 1 + 1e-9).all()
    assert plan.stops["cost"].sum() == pytest.approx(way(plan, "this plan")["cost"])
    assert plan.stops["parcel_cost"].sum() == pytest.approx(way(plan, "all by parcel")["cost"])
    sums = plan.routes.groupby("route")["cost_share"].sum().to_numpy()
    assert sums == pytest.approx(plan.tours["cost"].to_numpy())
    assert (plan.tours["cost"] < plan.tours["parcel_cost"]).all()
    assert plan.saving > 0


def test_stock_is_not_sold_twice(plan: LastMilePlan) -> None:
    ready = plan.lines[plan.lines["state"] == "ready"]
    assert ready.groupby("site_id")["quantity"].sum().between(60, 100).all()  # 100 boxes at each


def test_carbon_of_parcels_equals_that_of_shipments(case: Case, plan: LastMilePlan) -> None:
    lanes = case.table("lanes")[["lane_id", "distance_km", "mode", "vehicle_class"]]
    legs = plan.parcels.drop(columns="kg_co2e").merge(lanes, on="lane_id").rename(columns={"kg": "weight_kg"})
    known = shipment_emissions(legs, read_factors(case.table("emission_factors")))
    assert known.kg_co2e == pytest.approx(way(plan, "its parcels")["kg_co2e"]) != 0


def test_two_runs_and_a_checked_case_give_the_same(four: LastMilePlan) -> None:
    checked = plan_last_mile(case_from_tables(tiny.tables(*FOUR)), QUICK)
    pd.testing.assert_frame_equal(checked.routes, four.routes)
    pd.testing.assert_frame_equal(checked.beside, four.beside)
    assert not checked.is_cut


def test_the_check_holds_for_the_plan_and_finds_what_is_broken(four: LastMilePlan) -> None:
    check_last_mile(four).require()
    search = four.searches[0]
    heavy = replace(search, stops=search.stops.assign(load_kg=search.stops["load_kg"] + 5000.0))
    parcel = four.parcels.reindex([0]).assign(**{name: four.stops[name].iloc[0] for name in DROP})
    late = four.stops["day"] + np.timedelta64(9, "D")
    broken = {
        "routes keep capacities, windows and shifts": replace(four, searches=(heavy,)),
        "every drop goes one way": replace(four, parcels=parcel),
        "what goes is what is ready": replace(four, stops=four.stops.assign(units=four.stops["units"] * 2)),
        "a drop goes within its days": replace(
            four,
            stops=four.stops.assign(day=late.where(four.stops.index > 0, four.stops["day"])),
        ),
    }
    for rule, plan in broken.items():
        assert rule in set(check_last_mile(plan).findings["rule"]), rule
    assert set(broken) == set(RULES)
