"""Sums of a forecast and their intervals, worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import special

from helpers.forecasting import Forecast
from helpers.forecasting.aggregate import PRIOR_POINTS, sum_forecast
from helpers.forecasting.planners.overrides import spread_override

WEEK = pd.Timestamp("2026-06-01")
KEYS = {"week": WEEK, "lead": 1, "category": "C"}


@pytest.fixture
def forecast() -> pd.DataFrame:
    return pd.DataFrame(
        {"product_id": ["P", "P", "Q"], "site_id": ["A", "B", "A"], "mean": [10.0, 20.0, 70.0], **KEYS}
    )


@pytest.fixture
def backtest(forecast: pd.DataFrame) -> pd.DataFrame:
    rows = [
        forecast.assign(origin=origin, actual=forecast["mean"] + error) for origin, error in ((1, 2), (2, -4))
    ]
    return pd.concat(rows, ignore_index=True)


def test_the_interval_of_the_total_comes_from_errors_of_the_total(
    forecast: pd.DataFrame, backtest: pd.DataFrame
) -> None:
    found = sum_forecast(forecast, backtest, [], {"q95": 0.95}).iloc[0]
    phi = (6**2 / 100 + 12**2 / 100) / 2
    assert found["mean"] == 100.0
    assert found["q95"] == pytest.approx(100 + special.stdtrit(2, 0.95) * np.sqrt(phi * 100))


def test_groups_lend_each_other_points(forecast: pd.DataFrame, backtest: pd.DataFrame) -> None:
    found = sum_forecast(forecast, backtest, ["product_id"], {"q95": 0.95}).set_index("product_id")
    squares = {"P": (4**2 + 8**2) / 30, "Q": (2**2 + 4**2) / 70}
    overall = sum(squares.values()) / 4
    phi = (squares["P"] + PRIOR_POINTS * overall) / (2 + PRIOR_POINTS)
    freedom = 2 + min(PRIOR_POINTS, 2 * (2 - 1))
    limit = 30 + special.stdtrit(freedom, 0.95) * np.sqrt(phi * 30)
    assert found["mean"].tolist() == [30.0, 70.0]
    assert found["q95"].iloc[0] == pytest.approx(limit)


def test_without_a_backtest_there_are_sums_and_no_limits(
    forecast: pd.DataFrame, backtest: pd.DataFrame
) -> None:
    found = sum_forecast(forecast, backtest.head(0), ["product_id", "week"], {"q95": 0.95})
    assert found["mean"].tolist() == [30.0, 70.0]
    assert found["q95"].isna().all()


def test_levels_agree_after_an_override(shop_forecast: Forecast) -> None:
    changed = spread_override(shop_forecast.forecast, 500.0, category="C1", history=shop_forecast.history)
    levels = [["product_id"], ["site_id"], ["category"], ["week"], ["product_id", "week"], []]
    totals = [sum_forecast(changed, shop_forecast.backtest, by, {"q50": 0.5})["mean"].sum() for by in levels]
    np.testing.assert_allclose(totals, changed["mean"].sum(), atol=1e-9)
    by_category = sum_forecast(changed, shop_forecast.backtest, ["category"], {"q50": 0.5})
    assert by_category.set_index("category").loc["C1", "mean"] == pytest.approx(500.0, abs=1e-9)
