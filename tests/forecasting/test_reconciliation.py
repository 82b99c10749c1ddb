"""Reconciliation as a setting of the forecast, and the boosted candidate that is asked for."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest

from helpers.errors import ParameterError
from helpers.forecasting import Forecast, ForecastSettings, backtest, forecast_demand
from helpers.forecasting.demand.history import read_history
from helpers.forecasting.demand.known import know, read_background
from helpers.forecasting.hierarchy import RULES, Rule
from helpers.forecasting.trees.boosted import BoostedSettings

LEVELS = (("product_id", "week"), ("site_id", "week"), ("category", "week"), ("week",))


def light(quick: ForecastSettings, **changes: Any) -> ForecastSettings:
    return replace(quick, windows=1, methods=("seasonal_naive", "window_26"), **changes)


@pytest.fixture(scope="module")
def bottom_up(shop_case: Any, quick: ForecastSettings) -> Forecast:
    return forecast_demand(shop_case, light(quick))


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule != "bottom_up"])
def test_each_rule_gives_means_that_are_not_negative_and_add_up_at_every_level(
    shop_case: Any, quick: ForecastSettings, bottom_up: Forecast, rule: Rule
) -> None:
    found = forecast_demand(shop_case, light(quick, reconciliation=rule))
    assert (found.forecast["mean"] >= 0).all()
    for by in LEVELS:
        added = found.forecast.groupby(list(by))["mean"].sum()
        summed = found.sums(*by).set_index(list(by))["mean"]
        pd.testing.assert_series_equal(summed.sort_index(), added.sort_index())
    products = found.by_product().groupby("product_id")["mean"].sum()
    assert products.to_numpy() == pytest.approx(found.forecast.groupby("product_id")["mean"].sum())
    moved = found.forecast["mean"] - bottom_up.forecast["mean"]
    assert moved.abs().max() > 0
    assert found.forecast["mean"].sum() == pytest.approx(bottom_up.forecast["mean"].sum(), rel=0.25)


def test_every_rule_is_one_of_the_setting_and_another_is_refused_by_name() -> None:
    assert get_args(Rule) == RULES
    with pytest.raises(ParameterError, match="reconciliation: unknown 'magic'.*mint_shrink"):
        ForecastSettings(reconciliation="magic")  # type: ignore[arg-type]  # wrong on purpose


def test_boosted_runs_when_asked_for_the_same_each_time_and_stands_in_the_ladder(
    shop_case: Any, quick: ForecastSettings, bottom_up: Forecast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backtest, "BoostedSettings", partial(BoostedSettings, trees=10, leaves=4))
    asked = light(quick)
    asked = replace(asked, methods=(*asked.methods, "boosted"))
    once = forecast_demand(shop_case, asked)
    history, background = read_background(shop_case, read_history(shop_case, asked), asked)
    again = backtest.forecast_all(know(history, background, asked), asked)["boosted"]
    np.testing.assert_array_equal(once.prediction.window.forecasts["boosted"], again)
    assert "boosted" in set(once.ladder["method"])
    assert "boosted" not in set(bottom_up.ladder["method"])
    assert "boosted" not in ForecastSettings().methods
    boosted = once.prediction.window.forecasts["boosted"]
    assert np.nanmin(boosted) >= 0
    assert np.nansum(boosted) == pytest.approx(once.forecast["mean"].sum(), rel=0.4)
