"""Flow plans against sums by hand, the balance of every cell, a certificate, prices, the frontier."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.transport.flow_case import LANES, case_of, demand_of, orders_of, stock_of

from helpers.contract import Case, case_from_tables
from helpers.errors import ContractError, ParameterError, SolverError
from helpers.solver import solve
from helpers.transport import FlowPlan, FlowSettings, Wants, carbon_frontier, plan_flow
from helpers.transport.flows.network import usual_lanes
from helpers.transport.flows.problem import read_problem
from helpers.transport.flows.program import build_flow_model

SHORT = FlowSettings(weeks=3, frozen_weeks=3, gap=0.0, holding_rate=0.52)
FIRST, SECOND, THIRD = "2026-01-19", "2026-01-26", "2026-02-02"


@pytest.fixture(scope="module")
def case() -> Case:
    return case_of()


def wants(*rows: tuple[str, str, int, float]) -> Wants:
    return Wants(demand_of(*rows))


def assert_balanced(plan: FlowPlan) -> None:
    """Walk through every cell and week, as slow and obvious as can be."""
    account = plan.account
    stock = {(s, p, t): units for s, p, t, units in account.stock.itertuples(index=False)}
    cells: Any = plan.problem.cells.itertuples()
    for cell in cells:
        flows = account.flows[account.flows["product_id"] == cell.product_id]
        into = flows[(flows["destination_id"] == cell.site_id) & (flows["arrive_week"] == cell.week)]
        out = flows[(flows["origin_id"] == cell.site_id) & (flows["ship_week"] == cell.week)]
        unmet = account.unmet[
            (account.unmet["site_id"] == cell.site_id)
            & (account.unmet["product_id"] == cell.product_id)
            & (account.unmet["week"] == cell.week)
        ]
        before = stock.get((cell.site_id, cell.product_id, cell.week - 1), 0.0)
        left = (
            before + cell.supply + into["units"].sum() + unmet["unmet"].sum() - cell.need - out["units"].sum()
        )
        assert left == pytest.approx(stock.get((cell.site_id, cell.product_id, cell.week), 0.0), abs=1e-6)


def trip(km: float, capacity: float, kg: float) -> float:
    """Carbon of one trip of a vehicle of one's own: 600 g at 60 % load, empty it burns 65 % of full."""
    per_full = km * 600 / 1e6 * 0.6 / (0.65 + 0.35 * 0.6)
    return per_full * (0.65 * capacity + 0.35 * kg)


def test_cost_and_carbon_of_one_need_equal_the_sum_by_hand(case: Case) -> None:
    plan = plan_flow(case, SHORT, wants(("A", "S01", 1, 100)))
    # 100 anvils of 10 kg in the same week: road 500 km, then 100 km, one vehicle each.
    assert plan.cost == pytest.approx(100 + 1000 * 0.01 + 20 + 1000 * 0.02 + 100 * (0.1 + 0.2))
    assert plan.flows["cost"].tolist() == pytest.approx([110.0, 40.0])
    assert plan.flows["kg_co2e"].tolist() == pytest.approx([trip(500, 2000, 1000), trip(100, 1000, 1000)])
    assert plan.vehicles["vehicles"].tolist() == [1, 1]
    assert plan.vehicles["fill_weight"].tolist() == pytest.approx([0.5, 1.0])
    assert plan.account.flows["tonne_km"].tolist() == pytest.approx([500.0, 100.0])
    assert_balanced(plan)


def test_a_vehicle_of_ones_own_at_the_average_load_causes_what_the_factor_says(case: Case) -> None:
    plan = plan_flow(case, SHORT, wants(("A", "S01", 1, 120)))
    # 1,200 kg of 2,000: 60 % load, where the factor holds
    road = plan.flows[plan.flows["lane_id"] == "road"]
    assert road["kg_co2e"].sum() == pytest.approx(500 * 1.2 * 600 / 1000)


def test_volume_fills_vehicles_too(case: Case) -> None:
    plan = plan_flow(case, SHORT, wants(("B", "S01", 1, 150)))
    assert plan.vehicles["vehicles"].tolist() == [2, 2]
    assert plan.vehicles["fill_volume"].tolist() == pytest.approx([0.75, 0.75])


def test_whole_vehicles_only_in_frozen_weeks(case: Case) -> None:
    settings = replace(SHORT, frozen_weeks=1)
    plan = plan_flow(case, settings, wants(("A", "S01", 1, 200), ("A", "S01", 3, 50)))
    assert (plan.vehicles.loc[plan.vehicles["whole"], "vehicles"] % 1 == 0).all()
    assert plan.vehicles.loc[~plan.vehicles["whole"], "vehicles"].sum() > 0
    assert plan.cost == pytest.approx(plan.verdict.objective)
    assert_balanced(plan)


def test_slow_modes_arrive_a_week_later_and_only_where_there_is_time(case: Case) -> None:
    asked = wants(("A", "S01", 1, 200), ("A", "S01", 3, 50))
    plan = plan_flow(case, replace(SHORT, carbon_price=1_000.0), asked)
    rail = plan.flows[plan.flows["lane_id"] == "rail"]
    assert (rail["arrive_week"] - rail["ship_week"]).dt.days.tolist() == [7]
    assert_balanced(plan)


def test_what_cannot_be_carried_is_unmet_at_its_price(case: Case) -> None:
    plan = plan_flow(case, SHORT, wants(("A", "S01", 1, 450)))
    assert plan.unmet["unmet"].tolist() == pytest.approx([50])  # the store handles 400 a week
    assert plan.unmet["cost"].tolist() == pytest.approx([50 * (30 + 10)])
    assert plan.served_share == pytest.approx(400 / 450)
    priced = plan.limits[(plan.limits["rule"] == "handling") & (plan.limits["price"] > 0)]
    assert priced["key"].str.contains("S01").any()


def test_stock_and_orders_on_the_way_come_first() -> None:
    orders = pd.DataFrame(
        {
            "po_id": ["1", "2"],
            "line": [1, 1],
            "supplier_id": ["SUP", "SUP"],
            "site_id": ["S01", "S01"],
            "product_id": ["A", "A"],
            "quantity": [20.0, 99.0],
            "order_date": ["2026-01-18"] * 2,
            "due_date": ["2026-01-27"] * 2,
            "status": ["confirmed", "proposed"],
        }
    )
    case = case_of(stock=stock_of(("S01", "A", 30)), purchase_orders=orders)
    plan = plan_flow(case, SHORT, wants(("A", "S01", 1, 30), ("A", "S01", 2, 20)))
    assert plan.flows.empty
    assert plan.cost == pytest.approx(0.0)


def test_ordered_goods_wait_for_a_fuller_vehicle_no_longer_than_they_may(case: Case) -> None:
    orders = orders_of(("A", FIRST, 20), ("A", SECOND, 20), ("A", THIRD, 20))
    one = plan_flow(case, replace(SHORT, dispatch_slack_weeks=2), Wants(demand_of(), orders))
    assert one.account.vehicles["week"].tolist() == [
        2
    ]  # all in the last week, when nothing may wait any more
    tight = plan_flow(case, replace(SHORT, dispatch_slack_weeks=0), Wants(demand_of(), orders))
    assert tight.account.vehicles["week"].tolist() == [0, 1, 2]
    assert one.waiting["waiting"].tolist() == [20, 40]
    assert tight.waiting.empty
    assert_balanced(one)


def test_an_order_that_has_left_is_on_its_way_and_another_is_moved() -> None:
    orders = pd.DataFrame(
        {
            "po_id": ["1", "2"],
            "line": [1, 1],
            "supplier_id": ["SUP", "SUP"],
            "site_id": ["DC", "DC"],
            "product_id": ["A", "A"],
            "quantity": [20.0, 30.0],
            "order_date": ["2026-01-10"] * 2,
            "due_date": [
                "2026-01-20",
                "2026-01-22",
            ],  # two days on the road: left on 18, leaves on 20 January
            "status": ["confirmed"] * 2,
        }
    )
    problem = read_problem(case_of(purchase_orders=orders), SHORT, Wants(demand_of(), orders_of()))
    assert problem.cells.groupby("site_id")["supply"].sum().to_dict() == {"DC": 20.0}
    assert problem.dispatch.loc[problem.dispatch["ready"] > 0, ["week", "ready"]].to_numpy().tolist() == [
        [0, 30]
    ]
    assert any("1 open order line" in note for note in problem.notes)


def test_customers_come_before_the_targets_of_stock() -> None:
    stock = stock_of(("S01", "A", 50))
    targets = pd.DataFrame({"product_id": ["A"], "site_id": ["S01"], "units": [50.0]})
    asked = Wants(demand_of(("A", "S01", 1, 40), ("A", "S01", 3, 40)), orders_of(), targets)
    plan = plan_flow(case_of(stock=stock), SHORT, asked)
    assert plan.account.unmet["unmet"].tolist() == [0.0, 30.0]


def test_what_is_delivered_is_needed_in_its_zone() -> None:
    shipments = pd.DataFrame(
        {
            "shipment_id": ["H1", "H2"],
            "line": [1, 1],
            "order_id": ["1", "2"],
            "order_line": [1, 1],
            "ship_date": ["2026-01-06", "2026-01-18"],
            "quantity": [16.0, 8.0],
            "lane_id": ["van", None],
            "freight_cost": [50.0, None],
        }
    )
    problem = read_problem(
        case_of(shipments=shipments), SHORT, wants(("A", "S01", 1, 36), ("B", "S01", 1, 28))
    )
    # of all products 16 of 24 go to the zone; A: (16 + 20·⅔) ÷ 36, B: (0 + 20·⅔) ÷ 28
    zone = problem.needs[problem.needs["site_id"] == "Z01"].set_index("product_id")["units"]
    assert zone.to_dict() == {"A": round(36 * (16 + 40 / 3) / 36), "B": round(28 * (40 / 3) / 28)}
    assert problem.needs["units"].sum() == 36 + 28
    plan = plan_flow(case_of(shipments=shipments), SHORT, wants(("A", "S01", 1, 36)))
    assert plan.served_share == 1.0
    assert_balanced(plan)


def test_the_usual_lane_is_the_one_shipped_on_else_the_fastest_that_does_not_fly(case: Case) -> None:
    assert usual_lanes(case) == {"road", "store", "van", "parcel"}
    flown = LANES.assign(mode=["air", "rail", "road", "parcel", "parcel"])
    assert "rail" in usual_lanes(case_of(lanes=flown))


def test_linear_plan_has_a_dual_certificate(case: Case) -> None:
    settings = replace(SHORT, frozen_weeks=0, carbon_budget=0.5)
    problem = read_problem(case, settings, wants(("A", "S01", 2, 300), ("B", "S01", 3, 90)))
    model = build_flow_model(problem)
    solution = solve(model, time_limit=10, gap=0)
    found, flat = solution.require(), model.flat
    assert found.row_duals is not None
    rows = np.repeat(np.arange(len(flat.row_lower)), np.diff(flat.starts))
    priced = np.bincount(
        flat.columns, weights=flat.coefficients * found.row_duals[rows], minlength=len(flat.cost)
    )
    reduced = flat.cost - priced
    limit = np.where(found.row_duals > 0, flat.row_lower, flat.row_upper)
    bound = np.where(reduced > 0, flat.lower, flat.upper)
    paid = np.abs(found.row_duals) > 1e-9, np.abs(reduced) > 1e-9
    dual = found.row_duals[paid[0]] @ limit[paid[0]] + reduced[paid[1]] @ bound[paid[1]]
    assert dual == pytest.approx(solution.objective, rel=1e-7)


def test_a_carbon_budget_binds_and_a_price_above_its_own_shifts_as_much(case: Case) -> None:
    asked = wants(("A", "S01", 3, 300))
    loose = replace(SHORT, frozen_weeks=0)
    free = plan_flow(case, loose, asked)
    budget = 0.6 * free.tonnes_co2e
    tight = plan_flow(case, replace(loose, carbon_budget=budget), asked)
    assert tight.tonnes_co2e <= budget * (1 + 1e-3)
    assert tight.cost > free.cost
    price = float(tight.limits.set_index("rule")["price"]["carbon budget"])
    taxed = plan_flow(case, replace(loose, carbon_price=1.05 * price), asked)
    assert taxed.tonnes_co2e <= budget * (1 + 1e-3)


def test_limits_that_contradict_each_other_are_named_with_what_has_to_give_way(case: Case) -> None:
    settings = replace(SHORT, carbon_budget=0.01, least_served=1.0)
    with pytest.raises(SolverError, match=r"no plan keeps all limits.*(carbon budget|units served)"):
        plan_flow(case, settings, wants(("A", "S01", 1, 100)))


def test_frontier_costs_more_with_every_cut_and_its_prices_rise(case: Case) -> None:
    asked = wants(("A", "S01", 1, 50), ("A", "S01", 3, 150), ("B", "S01", 3, 40))
    frontier = carbon_frontier(case, SHORT, asked, points=4)
    points = frontier.points
    assert points["tonnes_co2e"].is_monotonic_decreasing
    assert points["cost"].is_monotonic_increasing
    assert (np.diff(points["abatement_price"]) >= -1e-6).all()
    # Between two points the cost rises by no less than the first price, and no more than the second.
    slope = np.diff(points["cost"]) / -np.diff(points["tonnes_co2e"])
    assert (slope[1:] >= points["abatement_price"].to_numpy()[1:-1] * (1 - 1e-3)).all()
    assert (slope <= points["abatement_price"].to_numpy()[1:] * (1 + 1e-3)).all()
    rail = frontier.modes[frontier.modes["mode"] == "rail"]["tonne_km"]
    assert rail.iloc[-1] > rail.iloc[0]
    assert "less carbon costs" in frontier.sentence
    with pytest.raises(ParameterError, match="'points' is 1"):
        carbon_frontier(case, SHORT, points=1)


def test_scaling_the_currency_scales_the_cost(case: Case) -> None:
    asked = wants(("A", "S01", 2, 120), ("B", "S01", 3, 60))
    dear = {
        "lanes": LANES.assign(**{n: LANES[n] * 3 for n in ("fixed_cost", "cost_per_kg", "cost_per_unit")}),
        "products": case.table("products").assign(unit_cost=[30.0, 15.0], list_price=[120.0, 60.0]),
        "sites": case.table("sites").assign(handling_cost=lambda sites: sites["handling_cost"] * 3),
    }
    one, three = plan_flow(case, SHORT, asked), plan_flow(case_of(**dear), SHORT, asked)
    assert three.cost == pytest.approx(3 * one.cost)


def test_needs_stand_in_is_the_mean_of_past_sales_and_says_so(case: Case) -> None:
    plan = plan_flow(case, FlowSettings(weeks=4, frozen_weeks=0, history_weeks=4))
    assert plan.unmet.groupby("product_id")["need"].sum().to_dict() == {"A": 16, "B": 8}
    assert "stand in" in plan.notes[0]


def test_demand_that_cannot_be_used_is_refused_together(case: Case) -> None:
    wrong = wants(("A", "S01", 0, 1), ("Z", "S01", 1, 1), ("A", "S99", 1, 1), ("A", "S01", 1, -1))
    with pytest.raises(ParameterError) as caught:
        plan_flow(case, SHORT, wrong)
    for part in ("before the plan", "product is unknown", "site is unknown", "0 or more"):
        assert part in str(caught.value)


def test_orders_and_targets_that_cannot_be_used_are_refused(case: Case) -> None:
    strange = orders_of(("A", FIRST, 5)).assign(supplier_id="SUP9")
    with pytest.raises(ParameterError, match="'SUP9' are unknown"):
        plan_flow(case, SHORT, Wants(orders=strange))
    with pytest.raises(ParameterError, match="no column 'quantity'"):
        plan_flow(case, SHORT, Wants(orders=strange.drop(columns="quantity")))
    with pytest.raises(ParameterError, match="targets: there is no column 'units'"):
        plan_flow(case, SHORT, Wants(targets=pd.DataFrame({"product_id": ["A"], "site_id": ["S01"]})))


def test_settings_and_tables_that_are_missing_are_named_together(company: dict[str, pd.DataFrame]) -> None:
    with pytest.raises(ContractError, match="lanes, supply_terms, suppliers"):
        plan_flow(case_from_tables(company))
    with pytest.raises(ParameterError, match=r"'weeks' is 0.*'unmet_penalty' is 1e\+06"):
        FlowSettings(weeks=0, frozen_weeks=0, unmet_penalty=1e6)
    with pytest.raises(ParameterError, match="turn customers away"):
        FlowSettings(below_target_rate=0.2)
