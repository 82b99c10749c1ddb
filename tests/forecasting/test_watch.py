"""Tracking signals and changed forecasts, on tables small enough to check by hand."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.forecasting import Forecast
from helpers.forecasting.watch import (
    LIMIT,
    ForecastRun,
    changed_forecasts,
    money_by_cause,
    tracking_signals,
)

MONDAY = date(2026, 6, 1)


def weeks(count: int, first: int = 0) -> list[pd.Timestamp]:
    return [pd.Timestamp(MONDAY + timedelta(days=7 * (first + week))) for week in range(count)]


def backtest(actual: Any, mean: Any) -> pd.DataFrame:
    count = len(actual)
    return pd.DataFrame(
        {
            "origin": weeks(1)[0],
            "product_id": "P",
            "site_id": "A",
            "week": weeks(count),
            "actual": np.asarray(actual, dtype="float64"),
            "mean": np.asarray(mean, dtype="float64"),
        }
    )


def test_the_signal_agrees_with_figures_worked_out_by_hand() -> None:
    found = tracking_signals(backtest([8, 12] * 4 + [4], [10] * 9)).iloc[0]
    # errors 2, -2, ... and 6; q is 848 / 84, hardly above the mean, so the MAD is the larger scale
    assert found["cumulative_error"] == 6.0
    assert found["signal"] == pytest.approx(6 / ((8 * 2 + 6) / 9 * 3))
    assert not found["alarm"]


def test_errors_of_one_side_raise_an_alarm() -> None:
    found = tracking_signals(backtest([15] * 26, [20] * 26)).iloc[0]
    assert found["signal"] == pytest.approx(np.sqrt(26))
    assert found["signal"] > LIMIT
    assert found["alarm"]


def test_weeks_without_a_rare_large_demand_are_no_alarm() -> None:
    rows = backtest([0] * 26, [0.5] * 26)
    history = pd.DataFrame({"product_id": "P", "site_id": "A", "demand": [0.0] * 19 + [10.0]})
    assert tracking_signals(rows, history)["signal"].iloc[0] == pytest.approx(
        13 / np.sqrt(2 / np.pi * 13 * (10 - 0.5))
    )
    assert tracking_signals(rows)["alarm"].iloc[0]


def test_only_the_last_weeks_count_and_the_newest_origin() -> None:
    rows = backtest([0] * 10 + [10] * 26, [10] * 36)
    assert tracking_signals(rows)["signal"].iloc[0] == 0.0
    older = rows.assign(mean=99.0, origin=pd.Timestamp(MONDAY - timedelta(days=7)))
    pd.testing.assert_frame_equal(tracking_signals(pd.concat([rows, older])), tracking_signals(rows))


def test_few_weeks_give_no_signal_and_no_error_gives_none() -> None:
    assert np.isnan(tracking_signals(backtest([1] * 7, [5] * 7))["signal"].iloc[0])
    assert tracking_signals(backtest([5] * 9, [5] * 9))["signal"].iloc[0] == 0.0
    assert tracking_signals(backtest([], [])).empty


def test_the_unit_of_demand_does_not_change_the_signal() -> None:
    rng = np.random.default_rng(0)
    actual, mean = rng.poisson(5, 26), rng.uniform(4, 6, 26)
    found = [tracking_signals(backtest(actual * unit, mean * unit))["signal"].iloc[0] for unit in (1, 0.001)]
    assert found[0] == pytest.approx(found[1])


def test_false_alarms_are_as_rare_as_promised() -> None:
    rng = np.random.default_rng(3)
    series = 1500
    demand = rng.negative_binomial(1.0, 1 / 3, size=(series, 52)).astype("float64")
    rows = pd.DataFrame(
        {
            "origin": 0,
            "product_id": np.repeat(np.arange(series), 26),
            "site_id": "A",
            "week": weeks(26) * series,
            "actual": demand[:, 26:].ravel(),
            "mean": np.column_stack([demand[:, :26].mean(axis=1), demand[:, 13:39].mean(axis=1)])
            .repeat(13, axis=1)
            .ravel(),
        }
    )
    # 1 in 200 is promised; 1.2 % would come by chance in 1 of 10,000 such samples
    assert tracking_signals(rows)["alarm"].mean() < 0.012


def forecast(mean: float, first: int = 0, **columns: Any) -> pd.DataFrame:
    usual: dict[str, Any] = {"low": mean / 2, "high": mean * 2, "method": "ets", "unit_value": 2.0}
    table = pd.DataFrame({"product_id": "P", "site_id": "A", "week": weeks(4, first), "mean": mean})
    return table.assign(**(usual | columns))


def history(*demand: float) -> pd.DataFrame:
    return pd.DataFrame(
        {"product_id": "P", "site_id": "A", "week": weeks(len(demand)), "demand": list(demand)}
    )


def test_only_weeks_that_both_forecast_are_compared() -> None:
    found = changed_forecasts(ForecastRun(forecast(13.0, first=1)), ForecastRun(forecast(10.0))).iloc[0]
    assert found[["before_units", "now_units", "change_units", "moved_units", "money"]].tolist() == [
        30.0,
        39.0,
        9.0,
        9.0,
        18.0,
    ]
    assert found["cause"] == "level"


def test_moves_that_cancel_still_count_and_small_ones_do_not() -> None:
    moved = forecast(10.0).assign(mean=[15.0, 5.0, 10.0, 10.0])
    found = changed_forecasts(ForecastRun(moved), ForecastRun(forecast(10.0))).iloc[0]
    assert found[["change_units", "moved_units"]].tolist() == [0.0, 10.0]
    assert changed_forecasts(ForecastRun(forecast(10.4)), ForecastRun(forecast(10.0))).empty


@pytest.mark.parametrize(
    ("now", "before", "cause", "words"),
    [
        ({"method": "tsb"}, {}, "method", "method ets → tsb"),
        ({"override": 13.0}, {}, "override", "override added"),
        ({}, {"override": 13.0}, "override", "override removed"),
        ({"override": 13.0}, {"override": 10.0}, "override", "override changed"),
        ({"promotion": 1.3}, {"promotion": 1.0}, "promotion", "promotion added"),
        ({"promotion": 1.0}, {"promotion": 1.3}, "promotion", "promotion removed"),
        ({"promotion": 1.3}, {"promotion": 1.6}, "promotion", "promotion changed"),
    ],
)
def test_each_change_has_its_reason(
    now: dict[str, Any], before: dict[str, Any], cause: str, words: str
) -> None:
    found = changed_forecasts(ForecastRun(forecast(13.0, **now)), ForecastRun(forecast(10.0, **before)))
    assert found[["cause", "reason"]].to_numpy().tolist() == [[cause, words]]


def test_new_demand_outside_the_interval_is_told_with_its_figures() -> None:
    now = ForecastRun(forecast(14.0, first=1), history(25.0))
    found = changed_forecasts(now, ForecastRun(forecast(10.0)))
    assert found["cause"].tolist() == ["new demand"]
    assert found["reason"].tolist() == ["25 asked against 10.0 expected in 1 week outside the interval"]
    inside = ForecastRun(forecast(14.0, first=1), history(12.0))
    assert changed_forecasts(inside, ForecastRun(forecast(10.0)))["cause"].tolist() == ["level"]


def test_a_repaired_history_is_a_reason() -> None:
    now = ForecastRun(forecast(14.0, first=3), history(5.0, 9.0, 5.0))
    before = ForecastRun(forecast(10.0, first=2), history(5.0, 2.0))
    found = changed_forecasts(now, before)
    assert found["cause"].tolist() == ["history repaired"]
    assert found["reason"].str.contains(r"demand of 1 past weeks restated by \+7 units").all()


def test_launched_and_ended_series_and_changed_settings() -> None:
    other = forecast(10.0, product_id="Q")
    runs = [ForecastRun(forecast(10.0), settings={"horizon": 4}), ForecastRun(other, settings={"horizon": 5})]
    found = changed_forecasts(runs[0], runs[1])
    assert found["reason"].tolist() == [
        "launched: no forecast before; settings changed: horizon",
        "ended: no forecast any more; settings changed: horizon",
    ]
    assert money_by_cause(found).to_numpy().tolist() == [["launch or end", 2, 0.0, 160.0]]


def test_changes_are_ranked_by_money_whatever_the_order_of_rows() -> None:
    rng = np.random.default_rng(1)
    old = pd.concat([forecast(10.0, product_id=f"P{i}") for i in range(6)], ignore_index=True)
    new = old.assign(mean=old["mean"] * rng.uniform(1.2, 3, len(old)), unit_value=rng.uniform(1, 9, len(old)))
    found = changed_forecasts(ForecastRun(new), ForecastRun(old))
    assert found["money"].is_monotonic_decreasing
    shuffled = changed_forecasts(
        ForecastRun(new.sample(frac=1, random_state=0)), ForecastRun(old.sample(frac=1, random_state=1))
    )
    pd.testing.assert_frame_equal(found, shuffled)


def test_a_run_compared_with_itself_has_changed_nothing(shop_forecast: Forecast) -> None:
    run = ForecastRun(shop_forecast.forecast, shop_forecast.history, vars(shop_forecast.settings))
    assert changed_forecasts(run, run).empty
    assert money_by_cause(changed_forecasts(run, run)).empty
