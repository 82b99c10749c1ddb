"""The verb: no look into the future, order does not matter, odd series get an answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from helpers.forecasting import Forecast, ForecastSettings, forecast_demand

KEYS = ["product_id", "site_id", "week"]


def assert_forecast_sound(result: Forecast) -> None:
    """What holds for every forecast."""
    table, settings = result.forecast, result.settings
    numbers = table[["mean", "low", "high", *settings.quantile_columns]].to_numpy()
    assert np.isfinite(numbers).all()
    assert (numbers >= 0).all()
    assert (np.diff(table[list(settings.quantile_columns)].to_numpy(), axis=1) >= 0).all()
    assert (table["low"] <= table["high"]).all()
    assert not table.duplicated(KEYS).any()
    assert (table.groupby(["product_id", "site_id"]).size() == settings.horizon).all()
    assert table["week"].min().date() == result.first_week


def test_forecast_is_sound_and_complete(shop_forecast: Forecast) -> None:
    assert_forecast_sound(shop_forecast)
    assert shop_forecast.forecast[["product_id", "site_id"]].drop_duplicates().shape[0] == 24


def test_two_calls_and_two_processes_give_the_same(
    shop_case: Any, shop_forecast: Forecast, quick: ForecastSettings
) -> None:
    again = forecast_demand(shop_case, replace(quick, n_jobs=2))
    for name in ("forecast", "accuracy", "selection", "review", "backtest", "calibration", "ladder"):
        assert_frame_equal(getattr(again, name), getattr(shop_forecast, name))
    assert again.kpis == shop_forecast.kpis
    assert again.value_added_interval == shop_forecast.value_added_interval


def test_order_of_the_lines_changes_nothing(
    shop_case: Any, shop_forecast: Forecast, quick: ForecastSettings
) -> None:
    shuffled = shop_case.replace(orders=shop_case.table("orders").sample(frac=1.0, random_state=1))
    assert_frame_equal(forecast_demand(shuffled, quick).forecast, shop_forecast.forecast)


def test_forecast_does_not_see_beyond_its_cutoff(shop_case: Any, quick: ForecastSettings) -> None:
    orders = shop_case.table("orders")
    cutoff = orders["order_date"].max().date() - timedelta(days=70)
    settings = replace(quick, cutoff=cutoff.isoformat(), windows=1)
    later = orders["order_date"] > pd.Timestamp(cutoff)
    changed = orders.assign(quantity=np.where(later, orders["quantity"] * 100 + 7, orders["quantity"]))
    before, after = (forecast_demand(shop_case.replace(orders=o), settings) for o in (orders, changed))
    assert_frame_equal(before.forecast, after.forecast)
    assert before.kpis == after.kpis


def test_held_out_window_changes_neither_its_forecast_nor_its_quantiles(
    shop_case: Any, shop_forecast: Forecast, quick: ForecastSettings
) -> None:
    orders = shop_case.table("orders")
    first = shop_forecast.held_out["week"].min()
    changed = orders.assign(
        quantity=np.where(orders["order_date"] >= first, orders["quantity"] + 50, orders["quantity"])
    )
    other = forecast_demand(shop_case.replace(orders=changed), quick)
    columns = ["product_id", "site_id", "week", "mean", "naive"]
    assert_frame_equal(other.held_out[columns], shop_forecast.held_out[columns])


def test_ten_times_the_quantity_is_ten_times_the_mean(
    shop_case: Any, shop_forecast: Forecast, quick: ForecastSettings
) -> None:
    orders = shop_case.table("orders")
    scaled = forecast_demand(shop_case.replace(orders=orders.assign(quantity=orders["quantity"] * 10)), quick)
    expected = 10 * shop_forecast.forecast["mean"].to_numpy()
    # The smoothing optimisers stop at their own tolerance.
    assert scaled.forecast["mean"].to_numpy() == pytest.approx(expected, rel=1e-3, abs=1e-6)
    assert scaled.kpi("WAPE").value == pytest.approx(shop_forecast.kpi("WAPE").value, rel=1e-3)


def test_season_that_is_there_is_found_and_beats_the_seasonal_naive(shop_forecast: Forecast) -> None:
    ours: Any = shop_forecast.kpi("WAPE").value
    naive: Any = shop_forecast.baseline_kpi("WAPE").value
    assert ours < naive
    assert shop_forecast.kpi("FVA").value == pytest.approx(naive - ours)


@pytest.mark.parametrize(
    "demand",
    [
        pytest.param([7], id="one point"),
        pytest.param([7, 3, 5], id="three points"),
        pytest.param([5] * 60, id="constant"),
        pytest.param([1] + [0] * 59, id="one sale long ago"),
        pytest.param([0, 0, 0, 9] * 15, id="every fourth week"),
        pytest.param([3e8, 1e8, 2e8, 5e8] * 15, id="huge"),
        pytest.param([0.25, 0.5, 1.75] * 20, id="fractions"),
        pytest.param([2, 4] * 4, id="horizon longer than the history"),
    ],
)
def test_odd_series_gets_an_answer(small: ModuleType, quick: ForecastSettings, demand: list[float]) -> None:
    case = small.TinyCase({"orders": small.order_lines({("P", "A"): demand})}, small.last_sunday(len(demand)))
    result = forecast_demand(case, replace(quick, horizon=10))
    assert_forecast_sound(result)
    assert result.notes
    assert result.summary()["series forecast"] == 1
    assert len(result.total()) == len(result.by_product()) == 10


def test_constant_demand_is_forecast_as_it_is(small: ModuleType, quick: ForecastSettings) -> None:
    case = small.TinyCase({"orders": small.order_lines({("P", "A"): [5] * 80})}, small.last_sunday(80))
    result = forecast_demand(case, quick)
    assert result.forecast["mean"].to_numpy() == pytest.approx(5.0)
    assert result.kpi("WAPE").value == pytest.approx(0.0, abs=1e-9)


def test_short_history_says_that_accuracy_is_not_measured(small: ModuleType, quick: ForecastSettings) -> None:
    case = small.TinyCase({"orders": small.order_lines({("P", "A"): [5, 4, 6]})}, small.last_sunday(3))
    result = forecast_demand(case, quick)
    assert result.kpi("WAPE").value is None
    assert "Accuracy is not measured" in " ".join(result.notes)


def test_product_runs_down_to_zero_at_its_end_date(shop_case: Any, quick: ForecastSettings) -> None:
    end = pd.Timestamp(shop_case.as_of + timedelta(days=9))
    products = shop_case.table("products")
    ends = [end if name == "P00" else pd.NaT for name in products["product_id"]]
    result = forecast_demand(shop_case.replace(products=products.assign(end_date=ends)), quick)
    mine = result.forecast[result.forecast["product_id"] == "P00"]
    assert (mine.loc[mine["week"] > end, "mean"] == 0).all()
    assert (mine.loc[mine["week"] <= end, "mean"] > 0).all()
    assert result.review.loc[result.review["product_id"] == "P00", "reason"].str.contains("ends on").all()


def test_sums_add_up_at_every_level(shop_forecast: Forecast) -> None:
    total = shop_forecast.forecast["mean"].sum()
    assert shop_forecast.total()["mean"].sum() == pytest.approx(total)
    assert shop_forecast.by_product()["mean"].sum() == pytest.approx(total)
    assert shop_forecast.horizon_total()["mean"] == pytest.approx(total)
    assert (shop_forecast.total()["q05"] < shop_forecast.total()["mean"]).all()


def test_interval_of_a_sum_is_narrower_than_the_sum_of_intervals(shop_forecast: Forecast) -> None:
    added = shop_forecast.forecast.groupby("week")[["q05", "q95"]].sum()
    total = shop_forecast.total().set_index("week")
    assert ((total["q95"] - total["q05"]) < (added["q95"] - added["q05"])).all()
