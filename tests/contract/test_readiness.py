"""Go, go with care, or stop: each verdict has its reason and what to do."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from helpers.contract import (
    ReadinessSettings,
    assess_case,
    case_from_tables,
    headline_coverage,
    headline_readiness,
)
from helpers.contract.readiness import missing_for, require_for
from helpers.contract.sample import make_sample
from helpers.errors import ContractError, ParameterError
from helpers.figures import describe_order_coverage, plot_order_coverage

Tables = dict[str, pd.DataFrame]
SHORT = ReadinessSettings(full_weeks=2, least_weeks=1)


def verdicts(tables: Tables, settings: ReadinessSettings = SHORT) -> dict[str, str]:
    return assess_case(case_from_tables(tables), settings).summary()


def with_everything(company: Tables) -> Tables:
    products = company["products"].assign(weight_kg=1.0, volume_m3=0.1)
    stock = pd.DataFrame({"date": ["2026-01-18"], "site_id": ["S01"], "product_id": ["A-17"], "on_hand": [3]})
    return {**company, "products": products, "stock": stock}


def test_three_weeks_are_too_few_by_default(company: Tables) -> None:
    readiness = assess_case(case_from_tables(company))
    assert readiness.verdict == "stop"
    assert readiness.decisions["why"].iloc[0] == "2 weeks of history, 104 would be enough"
    assert headline_readiness(readiness)[0].startswith("Stop")


def test_forecast_goes_with_care_without_what_makes_it_better(company: Tables) -> None:
    readiness = assess_case(case_from_tables(company), SHORT)
    first = readiness.decisions.iloc[0]
    assert first["verdict"] == "go with care"
    assert first["why"] == "without stock, promotions, calendar, overrides"
    assert first["to_do"] == "add stock, promotions, calendar, overrides"


def test_missing_table_stops_what_needs_it_and_nothing_else(company: Tables) -> None:
    found = verdicts(company)
    assert found["transport plan"] == "stop"
    assert found["demand forecast"] == "go with care"


def test_stock_count_that_is_stale_stops_the_inventory_plan(company: Tables) -> None:
    terms = pd.DataFrame(
        {"supplier_id": ["X"], "product_id": ["A-17"], "unit_cost": [1.0], "lead_time_days": [3]}
    )
    suppliers = pd.DataFrame({"supplier_id": ["X"], "name": ["X"]})
    tables = {**with_everything(company), "supply_terms": terms, "suppliers": suppliers}
    assert verdicts(tables)["inventory plan"] == "go with care"
    old = tables["stock"].assign(date="2025-12-01")
    readiness = assess_case(case_from_tables({**tables, "stock": old}), SHORT)
    plan = readiness.decisions.set_index("decision").loc["inventory plan"]
    assert plan["verdict"] == "stop"
    assert "49 days older than the last order" in plan["why"]


def test_products_without_cost_stop_what_cannot_count_revenue_instead(company: Tables) -> None:
    customers = pd.DataFrame({"customer_id": ["C1"]})
    orders = company["orders"].assign(customer_id="C1")
    known = {**with_everything(company), "orders": orders, "customers": customers}
    assert verdicts(known)["customer targeting"] == "go with care"
    assert verdicts(known)["order fulfilment"] == "go with care"
    costless = {**known, "products": known["products"].drop(columns="unit_cost")}
    assert verdicts(costless)["customer targeting"] == "go with care"
    assert verdicts(costless)["order fulfilment"] == "stop"


def test_lines_set_aside_move_the_verdict(company: Tables) -> None:
    orders = company["orders"].assign(quantity=[-1, 1, 3, 4, 5, 1])
    strict = ReadinessSettings(full_weeks=2, least_weeks=1, good_share=1.0, least_share=0.9)
    assert verdicts({**company, "orders": orders}, strict)["demand forecast"] == "stop"
    mild = ReadinessSettings(full_weeks=2, least_weeks=1, good_share=1.0, least_share=0.5)
    readiness = assess_case(case_from_tables({**company, "orders": orders}), mild)
    assert readiness.what_if.set_index("decision").loc["demand forecast", "now"] == "go with care"
    shares = {kpi.name: (kpi.numerator, kpi.denominator) for kpi in readiness.kpis}
    assert shares["value under findings"] == (15.0, 171.0)


def test_what_if_mends_what_it_says(company: Tables) -> None:
    readiness = assess_case(case_from_tables(company), SHORT)
    added = readiness.what_if.set_index("decision")["tables_added"]
    assert set(added) == {"go"}


@pytest.mark.parametrize(
    "limits",
    [
        {"full_weeks": 5, "least_weeks": 10},
        {"good_share": 0.5, "least_share": 0.9},
        {"fresh_days": 30, "stale_days": 10},
        {"known_share": 1.5},
    ],
)
def test_limits_that_contradict_each_other_are_refused(limits: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match="contradict each other"):
        ReadinessSettings(**limits)  # type: ignore[arg-type]  # the values are wrong on purpose


def test_weeks_without_orders_are_said(company: Tables) -> None:
    late = company["orders"].assign(order_date=["2026-01-05"] * 4 + ["2026-01-14", "2026-01-29"])
    readiness = assess_case(case_from_tables({**company, "orders": late}), SHORT)
    assert headline_coverage(readiness).startswith("1 of 4 weeks hold no order line")


def test_figure_of_the_coverage_says_what_it_shows() -> None:
    readiness = assess_case(case_from_tables(make_sample(size="tiny").tables))
    axes = plot_order_coverage(readiness)
    assert axes.get_ylabel() == "order lines per week"
    assert axes.get_title(loc="left").replace("\n", " ") == headline_coverage(readiness)
    assert "Order lines per week from" in describe_order_coverage(readiness)


def stocked(company: Tables) -> Tables:
    terms = pd.DataFrame(
        {"supplier_id": ["X"], "product_id": ["A-17"], "unit_cost": [1.0], "lead_time_days": [3]}
    )
    suppliers = pd.DataFrame({"supplier_id": ["X"], "name": ["X"]})
    stock = pd.DataFrame({"date": ["2026-01-18"], "site_id": ["S01"], "product_id": ["A-17"], "on_hand": [3]})
    return {**company, "stock": stock, "supply_terms": terms, "suppliers": suppliers}


def test_page_misses_what_it_cannot_do_without_and_says_all_of_it(company: Tables) -> None:
    page = "2_inventory_plan"
    bare = case_from_tables({**company, "products": company["products"].drop(columns="unit_cost")})
    missing = missing_for(bare, page)
    assert missing == "table stock, table supply_terms, unit_cost of any product"
    with pytest.raises(ContractError, match=f"{page} cannot be made without {missing}"):
        require_for(bare, page)
    assert missing_for(bare, "0_data_check") == ""


def test_page_whose_tables_are_there_misses_nothing(company: Tables) -> None:
    case = case_from_tables(stocked(company))
    assert missing_for(case, "2_inventory_plan") == ""
    require_for(case, "2_inventory_plan")


def test_case_seen_on_an_earlier_day_ends_there_and_has_a_name_of_its_own(company: Tables) -> None:
    case = case_from_tables(company)
    then = case.seen_on(date(2026, 1, 11))
    assert (case.as_of, then.as_of) == (date(2026, 1, 19), date(2026, 1, 11))
    assert then.fingerprint != case.fingerprint
    assert then.fingerprint != case.seen_on(date(2026, 1, 10)).fingerprint
    assert len(then.table("orders")) == len(case.table("orders")), "tables stay whole"
    assert case.seen_on(case.as_of) is case
    assert case.seen_on(date(2027, 1, 1)).fingerprint == case.fingerprint
