"""What a planned promotion would bring, worked out by hand, and the what-if that lets it count."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tests.forecasting import eventful_shop as shop
from tests.forecasting.small_shop import QUICK, TinyCase

from helpers.forecasting import Forecast, forecast_demand, say_planned
from helpers.forecasting.planned import COLUMNS, judge_planned_promotions


@pytest.fixture(scope="module")
def forecast() -> Forecast:
    return shop.eventful_forecast()


@pytest.fixture(scope="module")
def approved() -> Forecast:
    """The company in which P2's plan counts."""
    promotions = shop.eventful_case().table("promotions")
    extra = promotions[promotions["promotion_id"] == "PLAN2"]
    return forecast_demand(shop.eventful_case(), QUICK, extra_promotions=extra)


def plan(forecast: Forecast, name: str) -> pd.Series:
    return forecast.planned[forecast.planned["promotion_id"] == name].iloc[0]


def plan_in(case: TinyCase) -> pd.Series:
    """What becomes of PLAN2 in a variant of the company."""
    table = judge_planned_promotions(case, shop.known_now(case), QUICK)
    return table[table["promotion_id"] == "PLAN2"].iloc[0]


def of_product(forecast: Forecast, *products: str) -> pd.DataFrame:
    rows = forecast.forecast[forecast.forecast["product_id"].isin(products)]
    return rows.pivot_table("statistical_mean", index=["product_id", "site_id"], columns="week")


def test_margin_is_that_of_units_won_less_the_discount_on_those_sold_anyway(forecast: Forecast) -> None:
    found = plan(forecast, "PLAN2")
    won = found["base_units"] * (found["lift"] - 1)
    lost = won - found["units"]
    promoted, full = shop.PRICE * (1 - shop.DEPTH) - shop.COST, shop.PRICE - shop.COST
    by_hand = won * promoted - found["base_units"] * shop.PRICE * shop.DEPTH - lost * full
    assert (promoted, full) == (2.0, 4.0)
    assert found["margin"] == pytest.approx(by_hand)
    assert found["base_units"] == pytest.approx(45, rel=0.15)
    assert lost == pytest.approx(2 * 0.3 * 45, rel=0.5)
    assert found["low_margin"] < found["margin"] < found["high_margin"]


def test_planned_promotions_are_judged_and_not_in_the_forecast(forecast: Forecast) -> None:
    assert set(forecast.planned["promotion_id"]) == {"PLAN2", "PLAN4"}
    rows = forecast.forecast[forecast.forecast["product_id"].isin(["P2", "P3", "P4"])]
    others = rows[rows["week"] >= shop.monday(shop.AHEAD)]
    assert others["promotion"].to_numpy() == pytest.approx(1, abs=0.05)
    assert not set(forecast.coming["what"].str[:4]) & {"PLAN"}


def test_without_price_and_cost_there_are_units_but_no_margin(forecast: Forecast) -> None:
    found = plan(forecast, "PLAN4")
    assert np.isnan([found["margin"], found["low_margin"], found["high_margin"]]).all()
    assert found["units"] > 0
    only = replace(forecast, planned=forecast.planned[forecast.planned["promotion_id"] == "PLAN4"])
    assert say_planned(only) == "Not in the forecast, because only planned: for 1 of 1 it cannot be told."


def test_what_if_moves_the_promoted_product_in_its_week_and_its_dip(
    forecast: Forecast, approved: Forecast
) -> None:
    ratio = of_product(approved, "P2") / of_product(forecast, "P2")
    assert (ratio[shop.monday(shop.AHEAD)] > 1.5).all()
    assert (ratio[[shop.monday(shop.AHEAD + 1), shop.monday(shop.AHEAD + 2)]] < 0.9).all(axis=None)
    assert ratio[shop.monday(shop.WEEKS)].to_numpy() == pytest.approx(1.0)
    units = (of_product(approved, "P2", "P3") - of_product(forecast, "P2", "P3")).sum().sum()
    assert units == pytest.approx(plan(forecast, "PLAN2")["units"], rel=0.15)


def test_what_if_leaves_all_but_the_product_and_its_substitutes_alone(
    forecast: Forecast, approved: Forecast
) -> None:
    others = ["P0", "P1", "P4", "P5", "P6", "P7", "P8", "P9", "N1"]
    pd.testing.assert_frame_equal(of_product(approved, *others), of_product(forecast, *others))


def test_without_past_promotions_the_discount_still_costs_what_is_sold_anyway() -> None:
    case = shop.eventful_case()
    promotions = case.table("promotions")
    only = pd.concat(
        [promotions[promotions["promotion_id"] == "PLAN2"], pd.DataFrame([shop.promotion("OLD", 9, "P?")])]
    )
    found = plan_in(case.replace(promotions=only))
    assert found["lift"] == pytest.approx(1.0)
    assert found["base_units"] == pytest.approx(45, rel=0.15)
    assert found["margin"] == pytest.approx(-found["base_units"] * shop.PRICE * shop.DEPTH)
    assert found["low_units"] < 0 < found["high_units"]


def test_sold_below_cost_the_limits_of_the_margin_stay_in_order() -> None:
    case = shop.eventful_case()
    dear = case.table("products").assign(unit_cost=9.0)
    found = plan_in(case.replace(products=dear))
    assert found["low_margin"] < found["margin"] < found["high_margin"] < 0


def test_a_plan_that_should_have_begun_counts_from_the_first_week_ahead() -> None:
    found = plan_in(shop.moved("PLAN2", shop.WEEKS - 4, shop.WEEKS))
    assert found["start"] == shop.monday(shop.WEEKS)
    assert found["base_units"] == pytest.approx(45, rel=0.15)
    assert found["lift"] > 1.8


def test_no_plans_give_an_empty_table_with_all_columns(shop_forecast: Forecast) -> None:
    assert shop_forecast.planned.empty
    assert list(shop_forecast.planned) == COLUMNS
