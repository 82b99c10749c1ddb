"""A limit on the number of series keeps the busiest and says what it left out."""

from __future__ import annotations

import dataclasses
from typing import Any

import pandas as pd
import pytest

from helpers.contract import Case, case_from_tables
from helpers.forecasting import ForecastSettings, forecast_demand


@pytest.fixture(scope="module")
def orders() -> pd.DataFrame:
    """Three products sell 9, 3 and 1 units every week of a year and a half."""
    weeks = pd.date_range("2025-01-06", periods=80, freq="W-MON")
    sold = pd.DataFrame({"product_id": ["P1", "P2", "P3"], "quantity": [9, 3, 1]})
    lines = sold.merge(pd.DataFrame({"order_date": weeks}), how="cross")
    return lines.assign(
        order_id=lines.index.astype(str), line=1, site_id="S01", unit_price=2.0, status="shipped"
    )


def case_of(orders: pd.DataFrame, **products: Any) -> Case:
    named = pd.DataFrame({"product_id": ["P1", "P2", "P3"], "name": "x", "category": "y"})
    sites = pd.DataFrame({"site_id": ["S01"], "name": ["Main"], "kind": ["store"]})
    return case_from_tables({"products": named.assign(**products), "sites": sites, "orders": orders})


def test_the_busiest_are_kept_and_the_rest_is_told(orders: pd.DataFrame) -> None:
    case = case_of(orders, unit_cost=1.0)
    forecast = forecast_demand(case, ForecastSettings(most_series=2, horizon=4))
    assert set(forecast.forecast["product_id"]) == {"P1", "P2"}
    assert forecast.notes[0] == (
        "1 of 3 product × site pairs get no forecast, because most_series is 2: "
        "they sold 8% of the units of the last season."
    )


def test_without_costs_money_is_counted_at_list_price_and_said(orders: pd.DataFrame) -> None:
    case = case_of(orders, list_price=[2.0, 3.0, None])
    forecast = forecast_demand(case, ForecastSettings(horizon=4))
    value = forecast.forecast.groupby("product_id")["unit_value"].first()
    assert value.to_dict() == {"P1": 2.0, "P2": 3.0, "P3": 0.0}
    assert "2 series have no unit cost: their money is counted at list price" in " ".join(forecast.notes)
    assert "1 series have neither cost nor price" in " ".join(forecast.notes)


def test_no_limit_changes_nothing(orders: pd.DataFrame) -> None:
    case, plain = case_of(orders, unit_cost=1.0), ForecastSettings(horizon=4)
    exact = dataclasses.replace(plain, most_series=3)
    one, two = (forecast_demand(case, settings) for settings in (plain, exact))
    pd.testing.assert_frame_equal(one.forecast, two.forecast)
