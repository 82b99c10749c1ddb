"""Flow plans against sums by hand, the balance of every cell, a certificate, prices, the frontier."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.contract import Case, case_from_tables
from helpers.errors import ContractError, ParameterError
from helpers.solver import solve
from helpers.transport import FlowPlan, FlowSettings, carbon_frontier, plan_flow
from helpers.transport.flows.problem import read_problem
from helpers.transport.flows.program import build_flow_model

# A weighs 10 kg and costs 10; road: 2 t at 100 a vehicle, rail: slow, cheap by weight, clean.
LANES = pd.DataFrame(
    {
        "lane_id": ["road", "rail", "store"],
        "origin_id": ["DOCK", "DOCK", "DC"],
        "destination_id": ["DC", "DC", "S01"],
        "mode": ["road", "rail", "road"],
        "vehicle_class": ["van", "train", "van"],
        "distance_km": [500.0, 600.0, 100.0],
        "transit_days": [2.0, 9.0, 1.0],
        "fixed_cost": [100.0, 300.0, 20.0],
        "cost_per_kg": [0.01, 0.0, 0.02],
        "cost_per_unit": [0.0, 0.1, 0.0],
        "vehicle_capacity_kg": [2000.0, 9000.0, 1000.0],
        "vehicle_capacity_m3": [10.0, 90.0, 10.0],
        "weekly_vehicles": [3.0, 2.0, 4.0],
    }
)


def case_of(**changed: pd.DataFrame) -> Case:
    """Return the case, with some tables replaced."""
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
                "site_id": ["DC", "S01", "DOCK"],
                "name": ["Warehouse", "Store", "Dock"],
                "kind": ["warehouse", "store", "supplier"],
                "handling_capacity_units": [500.0, 400.0, None],
                "handling_cost": [0.1, 0.2, None],
                "storage_capacity_m3": [50.0, 20.0, None],
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
                "mode": ["road", "rail", "road"],
                "vehicle_class": ["van", "train", "van"],
                "year": [2025, 2025, 2024],
                "gco2e_per_tkm": [600.0, 30.0, 999.0],
                "scope": ["WTW"] * 3,
                "source": ["made up"] * 3,
            }
        ),
        "orders": pd.DataFrame(
            {
                "order_id": ["1", "2"],
                "line": [1, 1],
                "order_date": ["2026-01-05", "2026-01-18"],
                "site_id": ["S01", "S01"],
                "product_id": ["A", "B"],
                "quantity": [16, 8],
                "unit_price": [40.0, 20.0],
                "status": ["shipped"] * 2,
            }
        ),
    }
    return case_from_tables({**tables, **changed})


def needs_of(*rows: tuple[str, str, int, float]) -> pd.DataFrame:
    """Return needs from (product, site, week from 1, units)."""
    return pd.DataFrame(rows, columns=["product_id", "site_id", "week", "units"])


SHORT = FlowSettings(weeks=3, frozen_weeks=3, gap=0.0, holding_rate=0.52)


@pytest.fixture(scope="module")
def case() -> Case:
    return case_of()


def assert_balanced(plan: FlowPlan) -> None:
    """Walk through every cell and week, as slow and obvious as can be."""
    problem = plan.problem
    week = {day: t for t, day in enumerate(pd.date_range(problem.first_week, periods=99, freq="7D"))}
    stock: dict[tuple[str, str, int], float] = {}
    for site, product, day, units in plan.stock.itertuples(index=False):
        stock[site, product, week[day]] = units
    cells: Any = problem.cells.itertuples()
    for cell in cells:
        here, t = (cell.site_id, cell.product_id), cell.week
        flows = plan.flows[plan.flows["product_id"] == cell.product_id]
        arrives = flows["arrive_week"].map(week) == t
        into = flows.loc[(flows["destination_id"] == cell.site_id) & arrives, "units"].sum()
        leaves = flows["ship_week"].map(week) == t
        out = flows.loc[(flows["origin_id"] == cell.site_id) & leaves, "units"].sum()
        unmet = plan.unmet[(plan.unmet["site_id"] == here[0]) & (plan.unmet["product_id"] == here[1])]
        short = unmet.loc[unmet["week"].map(week) == t, "unmet"].sum()
        before = stock.get((*here, t - 1), 0.0)
        left = before + cell.supply + into + short - cell.need - out
        assert left == pytest.approx(stock.get((*here, t), 0.0), abs=1e-4)


def test_cost_and_carbon_of_one_need_equal_the_sum_by_hand(case: Case) -> None:
    plan = plan_flow(case, SHORT, needs_of(("A", "S01", 1, 100)))
    # 100 anvils of 10 kg in the same week: road 500 km, then 100 km, one van each.
    assert plan.cost == pytest.approx(100 + 1000 * 0.01 + 20 + 1000 * 0.02 + 100 * (0.1 + 0.2))
    assert plan.tonnes_co2e == pytest.approx((500 + 100) * 1.0 * 600 / 1e6)
    assert plan.flows["kg_co2e"].tolist() == pytest.approx([300.0, 60.0])
    assert plan.flows["cost"].tolist() == pytest.approx([110.0, 40.0])
    assert plan.vehicles["vehicles"].tolist() == [1, 1]
    assert plan.vehicles["fill_weight"].tolist() == pytest.approx([0.5, 1.0])
    assert_balanced(plan)


def test_volume_fills_vehicles_too(case: Case) -> None:
    plan = plan_flow(case, SHORT, needs_of(("B", "S01", 1, 150)))
    assert plan.vehicles["vehicles"].tolist() == [2, 2]
    assert plan.vehicles["fill_volume"].tolist() == pytest.approx([0.75, 0.75])


def test_whole_vehicles_only_in_frozen_weeks(case: Case) -> None:
    plan = plan_flow(
        case, replace(SHORT, frozen_weeks=1), needs_of(("A", "S01", 1, 200), ("A", "S01", 3, 50))
    )
    loose = plan.vehicles[~plan.vehicles["whole"]]
    assert loose["vehicles"].sum() > 0
    assert (plan.vehicles.loc[plan.vehicles["whole"], "vehicles"] % 1 == 0).all()
    assert_balanced(plan)


def test_slow_modes_arrive_a_week_later_and_only_where_there_is_time(case: Case) -> None:
    cheap_rail = LANES.assign(fixed_cost=[100.0, 1.0, 20.0])
    plan = plan_flow(case_of(lanes=cheap_rail), SHORT, needs_of(("A", "S01", 1, 200), ("A", "S01", 3, 50)))
    rail = plan.flows[plan.flows["lane_id"] == "rail"]
    assert len(rail) == 1
    assert (rail["arrive_week"] - rail["ship_week"]).dt.days.tolist() == [7]
    assert_balanced(plan)


def test_what_cannot_be_carried_is_unmet_at_its_price(case: Case) -> None:
    plan = plan_flow(case, SHORT, needs_of(("A", "S01", 1, 450)))
    assert plan.unmet["unmet"].tolist() == pytest.approx([50])  # the store handles 400 a week
    assert plan.unmet["cost"].tolist() == pytest.approx([50 * (30 + 10)])
    assert plan.served_share == pytest.approx(400 / 450)


def test_stock_and_orders_on_the_way_come_first() -> None:
    day = "2026-01-18"
    stock = pd.DataFrame({"date": [day], "site_id": ["S01"], "product_id": ["A"], "on_hand": [30.0]})
    orders = pd.DataFrame(
        {
            "po_id": ["1", "2"],
            "line": [1, 1],
            "supplier_id": ["SUP", "SUP"],
            "site_id": ["S01", "S01"],
            "product_id": ["A", "A"],
            "quantity": [20.0, 99.0],
            "order_date": [day, day],
            "due_date": ["2026-01-27", "2026-01-27"],
            "status": ["confirmed", "proposed"],
        }
    )
    case = case_of(stock=stock, purchase_orders=orders)
    plan = plan_flow(case, SHORT, needs_of(("A", "S01", 1, 30), ("A", "S01", 2, 20)))
    assert plan.flows.empty
    assert plan.cost == pytest.approx(0.0)


def test_linear_plan_has_a_dual_certificate(case: Case) -> None:
    settings = replace(SHORT, frozen_weeks=0, carbon_budget=0.15)
    problem = read_problem(case, settings, needs_of(("A", "S01", 2, 300), ("B", "S01", 3, 90)))
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


def test_carbon_budget_binds_and_has_the_price_of_moving_it(case: Case) -> None:
    needs = needs_of(("A", "S01", 3, 300))
    loose = replace(SHORT, frozen_weeks=0)
    dearer_rail = case_of(lanes=LANES.assign(fixed_cost=[100.0, 900.0, 20.0], cost_per_unit=[0.0, 0.9, 0.0]))
    free = plan_flow(dearer_rail, loose, needs)
    budget = 0.6 * free.tonnes_co2e
    tight = plan_flow(dearer_rail, replace(loose, carbon_budget=budget), needs)
    assert tight.tonnes_co2e == pytest.approx(budget)
    assert tight.cost > free.cost
    price = float(tight.limits.set_index("rule")["price"]["carbon budget"])
    more = plan_flow(dearer_rail, replace(loose, carbon_budget=budget + 0.01), needs)
    assert (tight.cost - more.cost) / 0.01 == pytest.approx(price, rel=1e-6)
    # A carbon price above that of the budget shifts as much, or more.
    taxed = plan_flow(dearer_rail, replace(loose, carbon_price=1.01 * price), needs)
    assert taxed.tonnes_co2e <= budget + 1e-9


def test_frontier_costs_more_with_every_cut_and_its_prices_rise() -> None:
    case = case_of(lanes=LANES.assign(fixed_cost=[100.0, 900.0, 20.0], cost_per_unit=[0.0, 0.9, 0.0]))
    needs = needs_of(("A", "S01", 1, 50), ("A", "S01", 3, 150), ("B", "S01", 3, 40))
    frontier = carbon_frontier(case, SHORT, points=4, needs=needs)
    points = frontier.points
    assert points["tonnes_co2e"].is_monotonic_decreasing
    assert points["cost"].is_monotonic_increasing
    assert (np.diff(points["abatement_price"]) >= -1e-6).all()
    assert points["unmet_cost"].to_numpy() == pytest.approx(0.0, abs=1e-3)
    # Between two points the cost rises by no less than the first price, and no more than the second.
    slope = np.diff(points["cost"]) / -np.diff(points["tonnes_co2e"])
    assert (slope[1:] >= points["abatement_price"].to_numpy()[1:-1] * (1 - 1e-6)).all()
    assert (slope <= points["abatement_price"].to_numpy()[1:] * (1 + 1e-6)).all()
    rail = frontier.modes[frontier.modes["mode"] == "rail"]["tonne_km"]
    assert rail.iloc[-1] > rail.iloc[0]
    with pytest.raises(ParameterError, match="'points' is 1"):
        carbon_frontier(case, SHORT, points=1)


def test_scaling_the_currency_scales_the_cost(case: Case) -> None:
    needs = needs_of(("A", "S01", 2, 120), ("B", "S01", 3, 60))
    dear = {
        "lanes": LANES.assign(**{n: LANES[n] * 3 for n in ("fixed_cost", "cost_per_kg", "cost_per_unit")}),
        "products": case.table("products").assign(unit_cost=[30.0, 15.0], list_price=[120.0, 60.0]),
        "sites": case.table("sites").assign(handling_cost=lambda sites: sites["handling_cost"] * 3),
    }
    one, three = plan_flow(case, SHORT, needs), plan_flow(case_of(**dear), SHORT, needs)
    assert three.cost == pytest.approx(3 * one.cost)


def test_needs_stand_in_is_the_mean_of_past_sales_and_says_so(case: Case) -> None:
    plan = plan_flow(case, FlowSettings(weeks=4, frozen_weeks=0, history_weeks=4))
    assert plan.unmet.groupby("product_id")["need"].sum().to_dict() == {"A": 16, "B": 8}
    assert "stand in" in plan.notes[0]


def test_needs_that_cannot_be_used_are_refused_together(case: Case) -> None:
    wrong = needs_of(("A", "S01", 0, 1), ("Z", "S01", 1, 1), ("A", "S99", 1, 1), ("A", "S01", 1, -1))
    with pytest.raises(ParameterError) as caught:
        plan_flow(case, SHORT, wrong)
    for part in ("before the plan", "product is unknown", "site is unknown", "0 or more"):
        assert part in str(caught.value)


def test_settings_and_tables_that_are_missing_are_named_together(company: dict[str, pd.DataFrame]) -> None:
    with pytest.raises(ContractError, match="lanes, supply_terms, suppliers"):
        plan_flow(case_from_tables(company))
    with pytest.raises(ParameterError, match=r"'weeks' is 0.*'unmet_penalty' is 1e\+06"):
        FlowSettings(weeks=0, frozen_weeks=0, unmet_penalty=1e6)
