"""Sentences and scenarios are made from the result and agree with it."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from helpers.contract.kpis import Kpi
from helpers.forecasting import (
    Forecast,
    ForecastSettings,
    forecast_demand,
    say_recommendation,
    say_selection,
    say_trust,
)
from helpers.forecasting.headlines import baseline_words, plain_mean_errors, say_value_added


def with_gain(result: Forecast, ours: float, naive: float, interval: tuple[float, float]) -> Forecast:
    return replace(
        result,
        kpis=(Kpi("WAPE", ours, "w"),),
        baseline_kpis=(Kpi("WAPE", naive, "w"),),
        value_added_interval=interval,
    )


def test_verdict_says_units_gain_and_review(shop_forecast: Forecast) -> None:
    units, gain, review = say_recommendation(shop_forecast)
    assert f"{shop_forecast.horizon_total()['mean']:,.0f} units" in units
    error: Any = shop_forecast.kpi("WAPE").value
    assert f"{100 * error:.1f}" in gain
    assert shop_forecast.review.empty or shop_forecast.review["product_id"].iloc[0] in review


def test_forecast_that_gains_nothing_says_so(shop_forecast: Forecast) -> None:
    assert "gains nothing" in say_value_added(with_gain(shop_forecast, 0.50, 0.51, (-0.02, 0.03)))
    assert "Do not use it" in say_value_added(with_gain(shop_forecast, 0.60, 0.51, (-0.12, -0.03)))
    assert "had not seen" in say_value_added(with_gain(shop_forecast, 0.40, 0.51, (0.08, 0.13)))


def test_forecast_that_is_worse_says_so_first_and_does_not_say_plan(shop_forecast: Forecast) -> None:
    worse = replace(shop_forecast, value_added_interval=(-0.12, -0.03))
    verdict, units, _ = say_recommendation(worse)
    assert verdict.startswith("Do not use it")
    assert "Plan for" not in units


def test_plain_mean_is_the_mean_of_the_weeks_before_the_held_out_window(shop_forecast: Forecast) -> None:
    errors = plain_mean_errors(shop_forecast)
    held, history = shop_forecast.held_out, shop_forecast.history
    known = history[history["week"] < held["origin"].min()]
    gap = 0.0
    for key, rows in held.groupby(["product_id", "site_id"]):
        mine = known[(known["product_id"] == key[0]) & (known["site_id"] == key[1])]
        gap += (rows["actual"] - mine.sort_values("week")["demand"].tail(13).mean()).abs().sum()
    assert errors[13] == pytest.approx(gap / held["actual"].sum())


def test_strong_plain_mean_is_named_in_the_verdict(shop_forecast: Forecast) -> None:
    least = plain_mean_errors(shop_forecast).min()
    said = say_value_added(with_gain(shop_forecast, least + 0.1, least + 0.3, (0.1, 0.3)))
    assert f"but only {100 * least:.1f}" in said
    assert ", and" in say_value_added(with_gain(shop_forecast, least - 0.1, least + 0.3, (0.3, 0.5)))


def test_baseline_is_called_what_it_was(shop_forecast: Forecast) -> None:
    def of(season: int) -> str:
        return baseline_words(replace(shop_forecast, settings=ForecastSettings(season_length=season)))

    assert of(1) == "the last week known"
    assert of(4) == "the same week one season ago"
    assert of(500) == "the mean of the last weeks"


def test_short_history_is_said_and_not_hidden(small: ModuleType, quick: ForecastSettings) -> None:
    case = small.TinyCase({"orders": small.order_lines({("P", "A"): [5, 4, 6]})}, small.last_sunday(3))
    result = forecast_demand(case, quick)
    assert "not known" in say_value_added(result)
    assert "too short" in say_recommendation(result)[0]
    assert "not known" in say_trust(result)[0]


def test_every_series_is_counted_under_one_method(shop_forecast: Forecast) -> None:
    counts = [
        int(word.strip(".,")) for word in say_selection(shop_forecast).split() if word.strip(".,").isdigit()
    ]
    assert sum(counts) == 24
