"""What-ifs of flows: fuel, vehicles, a closed site, waiting; and the plan that is kept solved for them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.transport.flow_case import LANES, case_of, demand_of, orders_of, stock_of

from helpers.contract import Case
from helpers.errors import ParameterError, SolverError
from helpers.transport import FlowSettings, Wants, plan_flow
from helpers.transport.flows.levers import problem_under, under, weekly_vehicles
from helpers.transport.flows.linear import LinearFlow
from helpers.transport.flows.plan import solve_flow
from helpers.transport.flows.problem import FlowProblem

SETTINGS = FlowSettings(weeks=3, frozen_weeks=0, gap=0.0, dispatch_slack_weeks=1, carbon_price=20.0)
TARGETS = pd.DataFrame(
    {"product_id": ["A", "A"], "site_id": ["DC", "S01"], "units": [10.0, 20.0], "most": [np.inf, 50.0]}
)
DEMAND = demand_of(("A", "S01", 1, 20), ("A", "S01", 2, 90), ("A", "S01", 3, 20), ("B", "S01", 3, 5)).assign(
    sold_at=None
)
ZONE = pd.DataFrame([("B", "Z01", 2, 30.0, "S01")], columns=[*DEMAND.columns])
WANTS = Wants(
    pd.concat([DEMAND.astype({"sold_at": object}), ZONE], ignore_index=True),
    orders_of(("A", "2026-01-19", 190), ("B", "2026-01-19", 20), ("B", "2026-01-28", 55)),
    TARGETS,
)
LEVERS: list[dict[str, Any]] = [
    {},
    {"fuel_change": 0.5},
    {"carbon_price": 500.0, "fuel_change": -1.0},
    {"capacity_change": -0.8},
    {"closed_site": "DC"},
    {"closed_site": "Z01", "capacity_change": 0.5},
    {"dispatch_slack_weeks": 0},
    {"dispatch_slack_weeks": 2, "fuel_change": 0.2},
    {"dispatch_slack_weeks": 4, "closed_site": "S01", "capacity_change": -0.4, "carbon_price": 90.0},
]


@pytest.fixture(scope="module")
def case() -> Case:
    lanes = LANES.assign(weekly_vehicles=[3.0, 2.0, 2.0, 9.0, np.nan])
    return case_of(lanes=lanes, stock=stock_of(("DC", "A", 40), ("S01", "A", 12), ("DC", "B", 9)))


@pytest.fixture(scope="module")
def problem(case: Case) -> FlowProblem:
    return problem_under(case, SETTINGS, WANTS)


@pytest.fixture(scope="module")
def linear(problem: FlowProblem) -> LinearFlow:
    return LinearFlow(problem)


@pytest.mark.parametrize("levers", LEVERS, ids=str)
def test_the_plan_kept_solved_costs_what_a_plan_solved_anew_costs(
    levers: dict[str, Any], problem: FlowProblem, linear: LinearFlow
) -> None:
    settings = replace(SETTINGS, **levers)
    quick, slow = linear.plan(settings), solve_flow(under(problem, settings))
    assert quick.cost == pytest.approx(slow.cost, rel=1e-9)
    assert quick.cost == pytest.approx(slow.bound, rel=1e-9)


@pytest.mark.parametrize("levers", LEVERS[1:3], ids=str)
def test_its_sums_are_those_of_the_account(
    levers: dict[str, Any], problem: FlowProblem, linear: LinearFlow
) -> None:
    settings = replace(SETTINGS, **levers)
    quick, found = linear.plan(settings), solve_flow(under(problem, settings)).account
    assert quick.freight == pytest.approx(found.transport_cost)
    assert quick.kg_co2e == pytest.approx(1000 * found.tonnes_co2e)
    assert quick.tonne_km == pytest.approx(found.flows["tonne_km"].sum())
    assert quick.met / quick.need == pytest.approx(found.served_share)
    by_lane = found.flows.groupby("lane_id")["kg"].sum()
    assert quick.lanes.set_index("lane_id")["kg"].loc[by_lane.index].to_numpy() == pytest.approx(
        by_lane.to_numpy()
    )


def test_an_answer_is_the_same_whatever_was_asked_before(linear: LinearFlow) -> None:
    asked = [replace(SETTINGS, **levers) for levers in LEVERS[1:]]
    first = [linear.plan(one) for one in asked]
    back = [linear.plan(one) for one in asked[::-1]][::-1]
    for one, other in zip(first, back, strict=True):
        assert one.cost == other.cost
        pd.testing.assert_frame_equal(one.lanes, other.lanes)


def test_dearer_fuel_and_fewer_vehicles_never_cost_less(linear: LinearFlow) -> None:
    fuel = [linear.plan(replace(SETTINGS, fuel_change=k / 4)).cost for k in range(-4, 9, 3)]
    assert (np.diff(fuel) >= -1e-6).all()
    assert fuel[-1] > fuel[0]
    room = [linear.plan(replace(SETTINGS, capacity_change=k / 10)).cost for k in range(-10, 11, 4)]
    assert (np.diff(room) <= 1e-6).all()
    assert room[0] > room[-1]


def test_fuel_moves_its_share_of_road_and_parcel_freight_alone(problem: FlowProblem) -> None:
    settings = replace(SETTINGS, fuel_change=0.5, fuel_share=0.4)
    lanes = under(problem, settings).lanes.set_index("lane_id")["fixed_cost"]
    assert lanes.loc[["road", "rail", "store"]].tolist() == pytest.approx([120.0, 300.0, 24.0])
    moves = under(problem, settings).moves
    assert (moves.loc[moves["lane_id"] == "van", "cost"] > 0).all()
    both = moves["cost"].to_numpy() / problem.moves["cost"].to_numpy()
    dearer = (moves["lane_id"] != "rail").to_numpy()
    assert both[dearer] == pytest.approx(1.2)
    assert both[~dearer] == pytest.approx(1.0)


def test_vehicles_stay_whole_and_lanes_without_a_limit_keep_none() -> None:
    lanes = pd.DataFrame({"weekly_vehicles": [1.0, 3.0, 2.5, np.inf]})
    assert weekly_vehicles(lanes, replace(SETTINGS, capacity_change=-0.05)).tolist() == [1, 3, 2.375, np.inf]
    assert weekly_vehicles(lanes, replace(SETTINGS, capacity_change=-0.5)).tolist() == [1, 2, 1.25, np.inf]
    assert weekly_vehicles(lanes, replace(SETTINGS, capacity_change=-1.0)).tolist() == [0, 0, 0, np.inf]


@pytest.mark.parametrize("frozen", [3])
def test_a_closed_store_moves_nothing_keeps_its_stock_and_serves_nobody(
    problem: FlowProblem, frozen: int
) -> None:
    plan = solve_flow(under(problem, replace(SETTINGS, frozen_weeks=frozen, closed_site="S01")))
    flows = plan.account.flows
    assert not ({"S01"} & {*flows["origin_id"], *flows["destination_id"]})
    held = plan.account.stock.query("site_id == 'S01' and product_id == 'A'")["units"]
    assert held.tolist() == [12.0] * 3
    there = plan.account.unmet.query("site_id == 'S01'")
    assert there["unmet"].tolist() == there["need"].tolist()
    assert any("Store is closed" in note for note in plan.notes)


def test_an_unknown_site_is_refused_in_words(case: Case, linear: LinearFlow) -> None:
    settings = replace(SETTINGS, closed_site="S02")
    with pytest.raises(ParameterError, match="'S02', which is no site. Did you mean 'S01'"):
        plan_flow(case, settings, WANTS)
    with pytest.raises(ParameterError, match="no site"):
        linear.plan(settings)


def test_levers_that_cannot_be_meant_are_refused_at_once() -> None:
    with pytest.raises(ParameterError) as caught:
        FlowSettings(fuel_change=-2, capacity_change=float("nan"), fuel_share=1.5)
    assert all(name in str(caught.value) for name in ("fuel_change", "capacity_change", "fuel_share"))


def test_limits_that_clash_are_told_with_the_cheapest_way_out(problem: FlowProblem) -> None:
    linear = LinearFlow(under(problem, replace(SETTINGS, least_served=0.6)))
    with pytest.raises(SolverError, match="no plan keeps all limits"):
        linear.plan(replace(SETTINGS, least_served=0.6, closed_site="S01"))


def test_a_what_if_of_a_what_if_starts_from_the_problem_as_read(problem: FlowProblem) -> None:
    shut = under(problem, replace(SETTINGS, closed_site="DC", fuel_change=0.3))
    opened = under(shut, SETTINGS)
    pd.testing.assert_frame_equal(opened.moves, problem.moves)
    pd.testing.assert_frame_equal(opened.lanes, problem.lanes)
    assert LinearFlow(shut).plan(SETTINGS).cost == pytest.approx(solve_flow(problem).cost)


def test_waiting_changed_later_is_waiting_read_so(case: Case, problem: FlowProblem) -> None:
    settings = replace(SETTINGS, dispatch_slack_weeks=4)
    late, read = under(problem, settings), problem_under(case, settings, WANTS)
    pd.testing.assert_frame_equal(late.moves, read.moves)
    pd.testing.assert_frame_equal(late.dispatch, read.dispatch)


def test_a_full_lane_has_a_price(linear: LinearFlow) -> None:
    limits = linear.plan(replace(SETTINGS, capacity_change=-0.8)).limits
    first = limits.iloc[0]
    assert (first["rule"], first["used"]) == ("vehicles", first["limit"])
    assert first["price"] > 0


def test_nothing_to_move_is_a_plan_too(case: Case) -> None:
    linear = LinearFlow(problem_under(case, SETTINGS, Wants(demand_of(), orders_of())))
    found = linear.plan(replace(SETTINGS, fuel_change=0.5))
    assert (found.freight, found.need, found.tonne_km) == (0.0, 0.0, 0.0)
