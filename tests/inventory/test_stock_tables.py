"""Positions, classes, KPIs, demand over the lead time and stock-out risk, by hand on two products."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from helpers.contract.case import Case
from helpers.contract.load import case_from_tables
from helpers.errors import ParameterError
from helpers.inventory.checks.plan_tables import case_tables
from helpers.inventory.stock.classes import (
    ClassSettings,
    abc_classes,
    classify,
    coefficient_of_variation,
    season_of,
    xyz_classes,
)
from helpers.inventory.stock.kpis import stock_kpis
from helpers.inventory.stock.stockout_risk import shortage, stockout_risk
from helpers.inventory.supply.deliveries import delivery_lines
from helpers.inventory.supply.lead_time_paths import demand_over_lead_time
from helpers.inventory.supply.positions import positions


@pytest.fixture
def stocked(company: dict[str, pd.DataFrame]) -> Case:
    """The company on 2026-01-19: two counts of A-17, two open purchase lines, two units owed of B-20."""
    orders = company["orders"].assign(
        customer_id=["C1", "C1", "C2", "C1", "C2", "C3"], status=["shipped"] * 4 + ["backorder", "shipped"]
    )
    stock = pd.DataFrame(
        {
            "date": ["2026-01-11", "2026-01-18"],
            "site_id": "S01",
            "product_id": "A-17",
            "on_hand": [30.0, 20.0],
            "allocated": [0.0, 4.0],
            "blocked": [0.0, 1.0],
            "in_transit": [0.0, 15.0],
        }
    )
    bought = pd.DataFrame(
        {
            "po_id": ["P1", "P2", "P3"],
            "line": 1,
            "supplier_id": "S-A",
            "site_id": "S01",
            "product_id": ["A-17", "A-17", "B-20"],
            "quantity": [10.0, 8.0, 6.0],
            "order_date": "2026-01-05",
            "due_date": ["2026-01-12", "2026-01-25", "2026-01-30"],
            "status": ["confirmed", "confirmed", "proposed"],
        }
    )
    receipts = pd.DataFrame(
        {"receipt_id": ["R1"], "po_id": ["P1"], "po_line": [1], "date": ["2026-01-13"], "quantity": [6.0]}
    )
    shipments = pd.DataFrame(
        {
            "shipment_id": ["H1"],
            "line": [1],
            "order_id": ["4"],
            "order_line": [1],
            "ship_date": ["2026-01-15"],
            "quantity": [3.0],
        }
    )
    customers = pd.DataFrame({"customer_id": ["C1", "C2", "C3"], "name": ["Ada", "Bo", "Cy"]})
    suppliers = pd.DataFrame({"supplier_id": ["S-A"], "name": ["Acme"]})
    return case_from_tables(
        {
            **company,
            "orders": orders,
            "stock": stock,
            "purchase_orders": bought,
            "receipts": receipts,
            "shipments": shipments,
            "customers": customers,
            "suppliers": suppliers,
        }
    )


KEYS = pd.DataFrame({"product_id": ["A-17", "B-20"], "site_id": ["S01", "S01"]})


def test_position_adds_up_by_hand(stocked: Case) -> None:
    table = positions(stocked).table.set_index("product_id")
    drill = table.loc["A-17"]
    assert (drill["on_order"], drill["overdue"], drill["transfers_coming"]) == (12.0, 4.0, 3.0)
    assert (drill["available"], drill["inventory_position"], drill["stock_value"]) == (15.0, 34.0, 200.0)
    assert (table.loc["B-20", "backorders"], table.loc["B-20", "inventory_position"]) == (2.0, -2.0)


def test_late_lines_come_from_tomorrow_on_and_weekend_lines_serve_the_next_week(stocked: Case) -> None:
    # The cutoff is Monday the 19th: overdue units and transfers on day 1, the line due on day 6 in week 1.
    assert positions(stocked).arrivals(KEYS, 3).tolist() == [[7.0, 8.0, 0.0], [0.0, 0.0, 0.0]]


def test_position_counts_every_open_unit_once(stocked: Case) -> None:
    opening = positions(stocked)
    table = opening.table
    assert opening.coming["units"].sum() == (table["on_order"] + table["transfers_coming"]).sum()


def test_kpis_follow_their_definitions_by_hand(stocked: Case) -> None:
    daily = KEYS.assign(daily_demand=[0.5, 0.5])
    found = stock_kpis(stocked, daily)
    scale = 364 / 15  # the orders cover fifteen days
    cost, margin = 10 * 10 + 1 * 4, 10 * 5 + 1 * 2  # ten drills and one saw shipped
    assert found.stock_value == 200.0
    assert found.kpi("days of supply").value == pytest.approx(20.0)
    assert found.kpi("inventory turns").value == pytest.approx(cost * scale / 250)
    assert found.kpi("GMROI").value == pytest.approx(margin * scale / 250)
    drill = found.by("product_id").set_index("product_id").loc["A-17"]
    assert drill["turns"] == pytest.approx(100 * scale / 250)
    assert stock_kpis(stocked).kpi("days of supply").value is None


def test_pair_that_crosses_a_limit_is_in_the_better_class() -> None:
    letters, before = abc_classes(np.array([80.0, 10.0, 6.0, 4.0, 0.0, -5.0]))
    assert letters.tolist() == ["A", "B", "B", "C", "C", "C"]
    assert before[:4].tolist() == pytest.approx([0.0, 0.8, 0.9, 0.96])


def test_abc_does_not_depend_on_the_currency_or_the_order_of_rows() -> None:
    rng = np.random.default_rng(0)
    money, order = rng.lognormal(3, 2, 400), rng.permutation(400)
    letters = abc_classes(money)[0]
    assert (abc_classes(7.3 * money)[0] == letters).all()
    assert (abc_classes(money[order])[0] == letters[order]).all()


def test_xyz_limits_belong_to_the_steadier_class() -> None:
    assert xyz_classes(np.array([0.5, 1.0, 1.01, np.nan])).tolist() == ["X", "Y", "Z", "Z"]


def test_variation_counts_from_the_first_demand_on() -> None:
    demand = np.array([[0.0, 0.0, 2.0, 4.0], [0.0, 0.0, 0.0, 0.0], [3.0, 3.0, 3.0, 3.0]])
    found = coefficient_of_variation(demand, np.ones_like(demand))
    assert found[[0, 2]].tolist() == pytest.approx([1 / 3, 0.0])
    assert np.isnan(found[1])


def test_what_is_only_season_is_not_variation() -> None:
    year = 10 + 8 * np.sin(2 * np.pi * np.arange(52) / 52)
    demand = np.tile(year, (3, 2))
    group = np.zeros(3, dtype="int64")
    raw = coefficient_of_variation(demand, np.ones_like(demand))
    adjusted = coefficient_of_variation(demand, season_of(demand, group))
    assert (raw > 0.5).all()
    assert (adjusted < 0.05).all()
    assert (season_of(demand[:, :60], group) == 1).all()


def test_classes_of_the_company_add_up_by_hand(stocked: Case) -> None:
    found = classify(stocked)
    table = found.table.set_index("product_id")
    assert table["margin"].to_dict() == {"A-17": 50.0, "B-20": 12.0}
    assert table["abc"].to_dict() == {"A-17": "A", "B-20": "B"}
    assert found.matrix()["share"].sum() == pytest.approx(1.0)


def test_class_limits_out_of_order_are_refused() -> None:
    with pytest.raises(ParameterError, match="'a_share' is not below 'b_share'"):
        ClassSettings(a_share=0.9, b_share=0.8)


def test_demand_over_lead_time_equals_the_day_by_day_sum() -> None:
    rng = np.random.default_rng(0)
    paths, days = rng.random((7, 5, 6)) * 10, rng.integers(0, 60, (7, 5))
    slow = np.empty((7, 5))
    for row, sample in np.ndindex(7, 5):
        path = paths[row, sample]
        daily = np.r_[np.repeat(path / 7, 7), np.full(60, path.mean() / 7)]
        slow[row, sample] = daily[: days[row, sample] + 7].sum()
    assert np.allclose(demand_over_lead_time(paths, days / 7, 1.0, chunk=3), slow)
    assert np.allclose(demand_over_lead_time(lambda rows: paths[rows], days / 7, 1.0, chunk=2), slow)


def test_lead_times_that_do_not_fit_the_paths_are_refused() -> None:
    with pytest.raises(ParameterError, match="as many series and samples"):
        demand_over_lead_time(np.ones((2, 3, 4)), np.ones((2, 5)))
    with pytest.raises(ParameterError, match="'lead_time' is -1"):
        demand_over_lead_time(np.ones((1, 1, 4)), np.array([[-1.0]]))


def test_shortage_equals_a_slow_walk_through_the_weeks() -> None:
    rng = np.random.default_rng(1)
    paths, span = rng.poisson(5, (6, 8, 5)).astype(float), rng.uniform(0, 6, (6, 8))
    available, arrivals = rng.integers(-5, 20, 6).astype(float), rng.integers(0, 6, (6, 5)).astype(float)
    played = shortage(paths, span, available, arrivals)
    for row, sample in np.ndindex(6, 8):
        stock, short = available[row], 0.0
        for week in range(5):
            wanted = paths[row, sample, week] * min(1.0, max(0.0, span[row, sample] - week))
            stock += arrivals[row, week]
            served = min(wanted, max(0.0, stock))
            stock, short = stock - served, short + wanted - served
        assert played.short[row, sample] == pytest.approx(short)


def test_more_stock_never_raises_the_risk() -> None:
    rng = np.random.default_rng(2)
    paths, span = rng.poisson(5, (20, 50, 6)).astype(float), rng.uniform(1, 5, (20, 50))
    few = shortage(paths, span, np.full(20, 8.0), np.zeros((20, 6)))
    more = shortage(paths, span, np.full(20, 12.0), np.zeros((20, 6)))
    assert (more.short <= few.short).all()
    assert (more.out_by <= few.out_by).all()
    assert (np.diff(few.out_by, axis=1) >= 0).all()


def test_risk_is_ranked_by_money_with_customers_and_first_week(stocked: Case) -> None:
    paths = np.full((2, 4, 5), 10.0)
    paths[1] = 1.0
    found = stockout_risk(stocked, KEYS, paths, np.full((2, 4), 4.0), positions(stocked))
    drill, saw = found.table.iloc[0], found.table.iloc[1]
    # Drill: 15 + 7 for week 1, 8 more from week 2 on: 30 of the 40 wanted. Saw: nothing there, 4 wanted.
    assert (drill["product_id"], drill["expected_short"], drill["lost_margin"]) == ("A-17", 10.0, 50.0)
    assert drill["first_week"] == pd.Timestamp("2026-01-20") + pd.to_timedelta(21, unit="D")
    assert (drill["coming"], drill["demand"], drill["customers"]) == (15.0, 40.0, 3)
    assert (saw["expected_short"], saw["lost_margin"], saw["customers"]) == (4.0, 8.0, 2)
    assert len(found.at_risk()) == 2


def test_pair_without_a_lead_time_is_left_out_and_counted(stocked: Case) -> None:
    spans = np.array([[2.0, 2.0], [np.nan, np.nan]])
    found = stockout_risk(stocked, KEYS, np.ones((2, 2, 3)), spans, positions(stocked))
    assert found.table["product_id"].tolist() == ["A-17"]
    assert found.notes == ("1 pairs have no known lead time and were left out.",)
    assert not len(found.at_risk())


def test_closed_line_is_open_when_seen_from_a_day_before_its_receipt(stocked: Case) -> None:
    bought = stocked.table("purchase_orders").assign(status=["closed", "closed", "proposed"])
    case = stocked.replace(purchase_orders=bought)
    now = delivery_lines(case).set_index("po_id")
    assert now["status"].to_dict() == {"P1": "closed", "P2": "closed"}
    then = delivery_lines(case.seen_on(date(2026, 1, 12))).set_index("po_id")
    assert then["status"].to_dict() == {"P1": "confirmed", "P2": "closed"}, "P2 was never received"
    assert (then.loc["P1", "received"], then.loc["P1", "open_units"]) == (0.0, 10.0)
    assert not then.loc["P1", "is_finished"]
    assert delivery_lines(case.seen_on(date(2026, 1, 13))).set_index("po_id").loc["P1", "is_finished"]


def test_plan_check_counts_the_same_open_units_on_an_earlier_day(stocked: Case) -> None:
    bought = stocked.table("purchase_orders").assign(status=["closed", "confirmed", "proposed"])
    case = stocked.replace(purchase_orders=bought).seen_on(date(2026, 1, 12))
    assert case_tables(case)["open_orders"]["open_units"].sum() == 18.0
    assert positions(case).table["on_order"].sum() == 18.0


def test_line_that_is_owed_later_is_not_owed_on_an_earlier_day(stocked: Case) -> None:
    then = stocked.seen_on(date(2026, 1, 13))  # B-20 was ordered on the 14th
    assert positions(stocked).table["backorders"].sum() == 2.0
    assert positions(then).table["backorders"].sum() == 0.0
    assert case_tables(then)["backorders"].empty
