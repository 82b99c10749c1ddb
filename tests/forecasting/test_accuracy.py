"""Accuracy measures against a loop that can be read, and figures worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.forecasting import Forecast
from helpers.forecasting.accuracy import calibration_table, measure, score_rows, value_added

QUANTILES = {"q05": 0.05, "q50": 0.5, "q95": 0.95}


@pytest.fixture
def rows() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "product_id": ["P", "P", "Q", "Q"],
            "actual": [10.0, 0.0, 4.0, 6.0],
            "mean": [8.0, 1.0, 4.0, 9.0],
            "scale": [2.0, 2.0, 1.0, 1.0],
            "q05": [5.0, 0.0, 2.0, 7.0],
            "q50": [8.0, 1.0, 4.0, 9.0],
            "q95": [12.0, 3.0, 6.0, 11.0],
            "low": [5.0, 0.0, 2.0, 7.0],
            "high": [12.0, 3.0, 6.0, 11.0],
            "seen": [True, True, True, True],
        }
    )


def test_weeks_that_ran_out_count_for_the_bias_alone(rows: pd.DataFrame) -> None:
    scored = score_rows(rows.assign(seen=[True, True, True, False]), QUANTILES)
    found = measure(scored)
    assert found["wape"] == pytest.approx((2 + 1 + 0) / 14)
    assert found["bias"] == pytest.approx((-2 + 1 + 0 + 3) / 20)
    assert found["coverage"] == 1.0


def test_measures_agree_with_figures_worked_out_by_hand(rows: pd.DataFrame) -> None:
    found = measure(score_rows(rows, QUANTILES))
    assert found["wape"] == pytest.approx((2 + 1 + 0 + 3) / 20)
    assert found["bias"] == pytest.approx((-2 + 1 + 0 + 3) / 20)
    assert found["mase"] == pytest.approx(6 / 6)
    assert found["coverage"] == 0.75


def test_pinball_agrees_with_a_loop(rows: pd.DataFrame) -> None:
    losses = []
    for index in range(len(rows)):
        for name, probability in QUANTILES.items():
            gap = rows["actual"].iloc[index] - rows[name].iloc[index]
            losses.append(max(probability * gap, (probability - 1) * gap))
    assert measure(score_rows(rows, QUANTILES))["pinball"] == pytest.approx(np.mean(losses))


def test_value_added_is_the_difference_of_two_wapes(rows: pd.DataFrame) -> None:
    ours = score_rows(rows, QUANTILES)
    naive = score_rows(rows.assign(mean=0.0), QUANTILES)
    gain, (low, high) = value_added(ours, naive, resamples=200, seed=1)
    assert gain == pytest.approx(20 / 20 - 6 / 20)
    assert low <= gain <= high
    assert value_added(ours, naive, resamples=200, seed=1) == (gain, (low, high))


def test_calibration_counts_below_and_at_most(rows: pd.DataFrame) -> None:
    table = calibration_table(rows, QUANTILES).to_numpy().tolist()
    assert table[0] == [0.05, 0.25, 0.5]
    assert table[2] == [0.95, 1.0, 1.0]


def test_overall_row_of_the_table_is_the_kpi(shop_forecast: Forecast) -> None:
    overall = shop_forecast.accuracy.iloc[0]
    for name in ("WAPE", "bias", "MASE", "pinball", "coverage"):
        assert overall[name.lower()] == pytest.approx(shop_forecast.kpi(name).value)
        assert overall[f"naive_{name.lower()}"] == pytest.approx(shop_forecast.baseline_kpi(name).value)


def test_kpis_agree_with_the_held_out_rows(shop_forecast: Forecast) -> None:
    held = shop_forecast.held_out
    error = (held["mean"] - held["actual"]).abs().sum() / held["actual"].sum()
    naive = (held["naive"] - held["actual"]).abs().sum() / held["actual"].sum()
    assert shop_forecast.kpi("WAPE").value == pytest.approx(error)
    assert shop_forecast.baseline_kpi("WAPE").value == pytest.approx(naive)
    kpi: Any = shop_forecast.kpi("WAPE")
    assert kpi.value == pytest.approx(kpi.numerator / kpi.denominator)


def test_baseline_is_the_demand_of_one_season_ago(shop_forecast: Forecast) -> None:
    season = shop_forecast.settings.season_length
    history = shop_forecast.history.set_index(["product_id", "site_id", "week"])["demand"]
    rows = shop_forecast.held_out.head(50)
    ago = rows["week"] - pd.to_timedelta(np.full(len(rows), 7 * season), unit="D").to_numpy()
    keys = list(zip(rows["product_id"], rows["site_id"], ago, strict=True))
    assert rows["naive"].tolist() == pytest.approx([history[key] for key in keys])
