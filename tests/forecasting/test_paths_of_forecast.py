"""Sample paths that a forecast gives to planning."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from tests.forecasting import eventful_shop as shop
from tests.forecasting.small_shop import QUICK, TinyCase, last_sunday, order_lines

from helpers.forecasting import Forecast, forecast_demand
from helpers.forecasting.classify import Floats
from helpers.forecasting.distribution.paths import Dependence


@pytest.fixture(scope="module")
def forecast() -> Forecast:
    return shop.eventful_forecast()


def mean_grid(forecast: Forecast, column: str = "mean") -> Floats:
    wide = forecast.forecast.pivot_table(column, index=["product_id", "site_id"], columns="lead")
    return wide.reindex(pd.MultiIndex.from_frame(forecast.series)).to_numpy()


def test_paths_are_series_by_count_by_weeks_and_repeat_with_their_seed(forecast: Forecast) -> None:
    paths = forecast.paths(7, seed=3)
    assert paths.shape == (len(forecast.series), 7, QUICK.horizon)
    np.testing.assert_array_equal(paths, forecast.paths(7, seed=3))
    assert not np.array_equal(np.nan_to_num(paths), np.nan_to_num(forecast.paths(7, seed=4)))
    assert np.nanmin(paths) >= 0


def test_drawing_rows_in_parts_gives_the_same_paths(forecast: Forecast) -> None:
    whole = forecast.paths(9, seed=1)
    rows = list(range(len(forecast.series)))
    parts = [forecast.paths(9, seed=1, rows=part) for part in (rows[:5], rows[5:6], rows[6:])]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    np.testing.assert_array_equal(forecast.paths(9, seed=1, rows=[8, 2]), whole[[8, 2]])


def test_mean_over_many_paths_is_near_the_forecast_and_nan_where_there_is_none(forecast: Forecast) -> None:
    paths, mean = forecast.paths(4_000), mean_grid(forecast)
    np.testing.assert_array_equal(np.isnan(paths[:, 0]), np.isnan(mean))
    drawn = paths.mean(axis=1)
    # Paths follow the quantiles as calibrated in the back-test, which need not keep the mean; least so for
    # launches, whose spread is doubted.
    launched = (forecast.series["product_id"] == "N1").to_numpy()
    np.testing.assert_allclose(drawn[~launched], mean[~launched], rtol=0.1, atol=0.2)
    np.testing.assert_allclose(drawn[launched], mean[launched], rtol=0.15)


def test_overridden_weeks_scale_and_the_others_stay(forecast: Forecast) -> None:
    plain = replace(forecast, forecast=forecast.forecast.assign(override=np.nan))
    ratio = mean_grid(forecast) / np.where(
        mean_grid(forecast) > 0, mean_grid(forecast, "statistical_mean"), 1.0
    )
    expected = plain.paths(20) * ratio[:, None, :]
    np.testing.assert_allclose(forecast.paths(20), expected)
    changed = np.abs(np.nan_to_num(ratio[mean_grid(forecast) > 0], nan=1.0) - 1) > 0.3
    assert changed.sum() == 5  # P5 at both sites, P6 at both, P7 at one


def test_a_planner_who_expects_units_where_none_were_forecast_is_heard(forecast: Forecast) -> None:
    table = forecast.forecast
    mine = (table["product_id"] == "P9") & (table["site_id"] == "B") & (table["lead"] == QUICK.horizon)
    assert table.loc[mine, "statistical_mean"].tolist() == [0]
    changed = {name: table[name].where(~mine, 40.0) for name in ("mean", "override")}
    expected = replace(forecast, forecast=table.assign(**changed))
    row = int(np.flatnonzero((forecast.series == ["P9", "B"]).all(axis=1))[0])
    drawn = expected.paths(2_000, rows=[0, row])[1, :, -1]
    assert drawn.mean() == pytest.approx(40, rel=0.02)
    np.testing.assert_array_equal(drawn, expected.paths(2_000)[row, :, -1])


def test_where_levels_drift_sums_over_weeks_spread_wider_than_independent_weeks() -> None:
    rng = np.random.default_rng(2)
    level = 30 * np.exp(np.cumsum(rng.normal(0, 0.12, size=(30, 90)), axis=1))
    demand = rng.poisson(np.clip(level, 3, 300))
    series = {(f"P{row:02d}", "A"): units for row, units in enumerate(demand)}
    case = TinyCase({"orders": order_lines(series)}, last_sunday(90))
    found = forecast_demand(case, replace(QUICK, methods=("seasonal_naive", "window_26", "ets")))
    single = replace(found, prediction=replace(found.prediction, dependence=Dependence()))
    spread, alone = (each.paths(800).sum(axis=2).std(axis=1) for each in (found, single))
    assert np.median(spread / alone) > 1.3


def test_no_week_of_a_path_is_far_beyond_what_was_seen(forecast: Forecast) -> None:
    wild = np.full((len(forecast.series), 3, QUICK.horizon), 1e6)
    bolting = SimpleNamespace(mean=forecast.prediction.mean, draw=lambda *_: wild)
    found = replace(forecast, prediction=cast(Any, bolting)).paths(3)
    largest = forecast.history.groupby(["product_id", "site_id"])["demand"].max()
    seen = largest.reindex(pd.MultiIndex.from_frame(forecast.series)).fillna(0.0).to_numpy()
    expected = np.nan_to_num(forecast.prediction.mean).max(axis=1)
    top = np.maximum(2 * seen, 4 * expected + 4)
    free = np.isnan(mean_grid(forecast, "override")).all(axis=1)
    assert free.sum() > 3
    assert (found[free] == top[free, None, None]).all()
