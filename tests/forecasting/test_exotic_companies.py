"""Companies whose tables are missing, empty or odd still get an answer, or a sentence that says why not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.forecasting import eventful_shop as shop
from tests.forecasting.small_shop import TinyCase, last_sunday, order_lines

from helpers.errors import ContractError
from helpers.forecasting import Forecast, forecast_demand, say_coming, say_planned, say_repair

WEEKS = 60


def simple(**tables: pd.DataFrame) -> TinyCase:
    rng = np.random.default_rng(3)
    series = {(f"P{number}", "A"): rng.poisson(10, WEEKS) for number in range(3)}
    return TinyCase({"orders": order_lines(series), **tables}, last_sunday(WEEKS))


@pytest.fixture(scope="module")
def plain() -> Forecast:
    return forecast_demand(simple(), shop.LIGHT)


def sound(found: Forecast) -> Forecast:
    assert len(found.forecast)
    assert np.isfinite(found.forecast[["mean", "low", "high"]].to_numpy("float64")).all()
    assert (found.forecast["mean"] >= 0).all()
    return found


def test_orders_alone_are_enough_and_what_cannot_be_seen_is_said(plain: Forecast) -> None:
    found = sound(plain)
    assert set(found.forecast["category"]) == {"all"}
    assert "No table stock" in " ".join(found.notes)
    assert say_coming(found) == "Nothing is known to change in the weeks ahead."
    assert say_planned(found) == "No promotion is planned that is not decided yet."
    assert say_repair(found) == "No demand is known to have been lost to empty shelves."


def test_empty_tables_say_the_same_as_missing_ones(plain: Forecast) -> None:
    promotions = pd.DataFrame([shop.promotion("A", 9, "P0")]).iloc[:0]
    overrides = pd.DataFrame([shop.override("P0", "A", WEEKS, 5.0)]).iloc[:0]
    untyped = pd.DataFrame(columns=promotions.columns)
    for table in (promotions, untyped):
        found = sound(forecast_demand(simple(promotions=table, overrides=overrides), shop.LIGHT))
        pd.testing.assert_frame_equal(found.forecast, plain.forecast)
        assert found.promotions.empty
        assert found.overridden.applied.empty


def test_override_of_an_unknown_product_is_a_finding_and_one_of_all_sites_counts() -> None:
    rows = [
        shop.override("P0", None, WEEKS, 77.0, made_on=shop.monday(WEEKS - 1)),
        shop.override("P?", "A", WEEKS, 5.0, made_on=shop.monday(WEEKS - 1)),
    ]
    found = sound(forecast_demand(simple(overrides=pd.DataFrame(rows)), shop.LIGHT))
    assert found.overridden.findings[["product_id", "why"]].to_numpy().tolist() == [["P?", "unknown product"]]
    first = found.forecast[(found.forecast["product_id"] == "P0") & (found.forecast["lead"] == 1)]
    assert first["mean"].tolist() == [77.0]
    assert found.coming["product_id"].tolist() == ["P0"]


def test_one_product_is_a_company() -> None:
    demand = np.random.default_rng(0).poisson(8, WEEKS)
    case = TinyCase({"orders": order_lines({("P", "A"): demand})}, last_sunday(WEEKS))
    found = sound(forecast_demand(case, shop.LIGHT))
    assert found.forecast["mean"].mean() == pytest.approx(8, rel=0.3)
    assert found.paths(10).shape == (1, 10, shop.LIGHT.horizon)


def test_only_special_orders_are_refused_in_words() -> None:
    case = simple()
    special = case.replace(orders=case.table("orders").assign(order_type="special"))
    with pytest.raises(ContractError, match="no line of base demand"):
        forecast_demand(special, shop.LIGHT)


@pytest.mark.parametrize("weeks", [3, 12])
def test_a_short_history_is_not_taken_for_a_company_of_new_products(weeks: int) -> None:
    """Younger than `new_weeks`, all series are new by their count of weeks; nobody is left to be like."""
    series = {(f"P{number}", "A"): [10 + number] * weeks for number in range(4)}
    products = pd.DataFrame({"product_id": [f"P{n}" for n in range(4)], "category": "C", "unit_cost": 1.0})
    case = TinyCase({"orders": order_lines(series), "products": products}, last_sunday(weeks))
    found = sound(forecast_demand(case, shop.LIGHT))
    mean = found.forecast.groupby("product_id")["mean"].mean()
    assert mean.to_numpy() == pytest.approx([10, 11, 12, 13], rel=0.05)
    assert found.coming.empty


def test_a_company_that_launched_everything_within_the_history_is_forecast_from_itself() -> None:
    weeks = 10
    series = {(f"P{number}", "A"): [10 + number] * weeks for number in range(4)}
    products = pd.DataFrame({"product_id": [f"P{n}" for n in range(4)], "category": "C", "unit_cost": 1.0})
    launched = products.assign(launch_date=shop.monday(0))
    case = TinyCase({"orders": order_lines(series), "products": launched}, last_sunday(weeks))
    mean = sound(forecast_demand(case, shop.LIGHT)).forecast.groupby("product_id")["mean"].mean()
    assert mean.to_numpy() == pytest.approx([10, 11, 12, 13], rel=0.1)


def test_a_launch_ahead_without_orders_sells_like_its_category_from_its_week() -> None:
    found = shop.eventful_forecast()
    mine = found.forecast[found.forecast["product_id"] == "N1"]
    assert mine["week"].min() == shop.monday(shop.LAUNCH)
    assert set(mine["site_id"]) == {"A", "B"}
    level = mine.groupby("site_id")["mean"].mean()
    assert level.to_numpy() == pytest.approx([30, 15], rel=0.1)
    assert "without an order yet: 1" in " ".join(found.notes)


def test_first_promotion_ever_may_be_a_planned_one() -> None:
    planned = pd.DataFrame([shop.promotion("A", WEEKS + 1, "P0", status="planned")])
    found = forecast_demand(simple(promotions=planned), shop.LIGHT)
    assert found.planned["promotion_id"].tolist() == ["A"]
