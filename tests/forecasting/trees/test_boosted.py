from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from tests.forecasting.small_shop import shop

from helpers.errors import ParameterError
from helpers.forecasting import ForecastSettings
from helpers.forecasting.demand.history import read_history
from helpers.forecasting.trees.boosted import BoostedSettings, boosted_level, forecast_boosted
from helpers.forecasting.trees.features import Panel

QUICK = BoostedSettings(trees=40, leaves=8, smallest_leaf=20, learning_rate=0.2)
HORIZON = 4


def promoted_panel(seed: int = 0, series: int = 30, periods: int = 70) -> tuple[Panel, Any]:
    """Demand doubles with a promotion; returns the panel and the true mean of the horizon."""
    rng = np.random.default_rng(seed)
    size = rng.lognormal(2.5, 0.5, series)[:, None]
    flag = (rng.random((series, periods + HORIZON)) < 0.25).astype("float64")
    mean = size * (1 + 2 * flag)
    demand = rng.poisson(mean[:, :periods]).astype("float64")
    panel = Panel(demand, {"flag": flag}, {"site": np.arange(series) % 3}, season_length=13)
    return panel, mean[:, periods:]


def relative_error(found: Any, truth: Any) -> float:
    return float(np.abs(found - truth).sum() / truth.sum())


def test_a_planned_promotion_is_forecast() -> None:
    panel, truth = promoted_panel()
    told = forecast_boosted(panel, HORIZON, QUICK)
    untold = forecast_boosted(replace(panel, known={}), HORIZON, QUICK)
    assert relative_error(told.point, truth) < 0.12
    assert relative_error(untold.point, truth) > 0.35
    assert told.rows > 3_000


def test_the_same_seed_gives_the_same_forecast_and_rows_may_come_in_any_order() -> None:
    panel, truth = promoted_panel()
    once, again = (forecast_boosted(panel, HORIZON, QUICK).point for _ in range(2))
    np.testing.assert_array_equal(once, again)
    order = np.random.default_rng(1).permutation(len(truth))
    mixed = Panel(
        panel.demand[order],
        {"flag": panel.known["flag"][order]},
        {"site": panel.fixed["site"][order]},
        season_length=13,
    )
    # The trees draw rows by place, so another order is another draw: as right, not the same digits.
    shuffled = forecast_boosted(mixed, HORIZON, QUICK).point
    assert relative_error(shuffled, truth[order]) < 0.12


@pytest.mark.parametrize("factor", [1e-3, 1e5])
def test_the_unit_of_demand_scales_the_forecast(factor: float) -> None:
    panel, _ = promoted_panel()
    small = forecast_boosted(panel, HORIZON, QUICK).point
    large = forecast_boosted(replace(panel, demand=panel.demand * factor), HORIZON, QUICK).point
    assert relative_error(large / factor, small) < 0.01


def test_mean_median_and_relative_are_what_they_say() -> None:
    rng = np.random.default_rng(3)
    demand = 100 * rng.lognormal(0.0, 0.8, (60, 80))
    panel = Panel(demand, season_length=1)
    found = {
        target: float(forecast_boosted(panel, 2, replace(QUICK, target=target, trees=20)).point.mean())
        for target in ("mean", "median", "relative")
    }
    # A log-normal of sigma 0.8: mean exp(0.32), median 1, least percentage error exp(-0.64).
    assert found["mean"] == pytest.approx(100 * np.exp(0.32), rel=0.06)
    assert found["median"] == pytest.approx(100, rel=0.08)
    assert found["relative"] == pytest.approx(100 * np.exp(-0.64), rel=0.12)


def test_quantiles_rise_and_cover() -> None:
    panel, truth = promoted_panel()
    levels = (0.1, 0.5, 0.9)
    found = forecast_boosted(panel, HORIZON, replace(QUICK, quantiles=levels)).quantiles
    assert found.shape == (*truth.shape, 3)
    assert (np.diff(found, axis=2) >= 0).all()
    drawn = np.random.default_rng(9).poisson(truth)
    shares = [(drawn <= found[:, :, position]).mean() for position in range(3)]
    assert all(low < high for low, high in pairwise(shares))
    assert 0.05 < shares[0] < 0.25
    assert 0.8 < shares[2] < 0.97


def test_weeks_out_of_stock_are_no_examples() -> None:
    panel, truth = promoted_panel()
    empty = np.random.default_rng(5).random(panel.demand.shape) < 0.3
    sold = replace(panel, demand=np.where(empty, 0.0, panel.demand))
    blind = forecast_boosted(sold, HORIZON, QUICK).point.sum()
    aware = forecast_boosted(replace(sold, stockout=empty), HORIZON, QUICK).point.sum()
    assert blind < 0.8 * truth.sum() < aware


def test_leads_that_were_not_asked_for_are_not_forecast() -> None:
    panel, _ = promoted_panel(series=10)
    found = forecast_boosted(panel, HORIZON, replace(QUICK, leads=(2, 3))).point
    assert np.isfinite(found).all(axis=0).tolist() == [False, True, True, False]


@pytest.mark.parametrize(
    ("demand", "expected"),
    [
        (np.zeros((3, 30)), 0.0),
        (np.full((2, 5), 7.0), 7.0),
        (np.full((1, 1), 3.0), 3.0),
        (np.full((30, 60), 4.0), 4.0),
    ],
    ids=["all zeros", "too few to learn", "one point", "constants"],
)
def test_thin_panels_get_their_level(demand: Any, expected: float) -> None:
    found = forecast_boosted(Panel(demand), 3, replace(QUICK, quantiles=(0.5,)))
    assert found.point.shape == (len(demand), 3)
    # The level is drawn a little towards half the usual demand, 1 part in (periods + 1).
    tolerance = expected / (demand.shape[1] + 1) if demand.shape[1] < 26 else expected * 0.03
    np.testing.assert_allclose(found.point, expected, atol=tolerance + 1e-12)


def test_series_without_any_record_get_no_forecast() -> None:
    demand = np.full((3, 20), 2.0)
    demand[1] = np.nan
    found = forecast_boosted(Panel(demand), 2).point
    assert np.isnan(found[1]).all()
    assert np.isfinite(found[[0, 2]]).all()
    assert np.isnan(forecast_boosted(Panel(demand[1:2]), 2).point).all()


def test_settings_that_cannot_be_meant_are_refused_together() -> None:
    with pytest.raises(ParameterError) as told:
        BoostedSettings(target="mode", trees=0, learning_rate=0.0, quantiles=(1.0,), leads=(0,))  # type: ignore[arg-type]  # wrong on purpose
    for word in ("trees", "target", "learning_rate", "quantiles", "leads"):
        assert word in str(told.value)
    with pytest.raises(ParameterError, match="beyond the horizon"):
        forecast_boosted(Panel(np.ones((2, 30))), 3, BoostedSettings(leads=(4,)))


def test_the_level_of_a_history_sees_nothing_after_the_origin() -> None:
    settings = ForecastSettings(horizon=6, season_length=26)
    history = read_history(shop(), settings)
    changed = replace(history, demand=np.where(np.arange(history.length) < 100, history.demand, 1e4))
    found = []
    for source in (history, changed):
        known = source.until(100)
        shape = np.ones((len(known.keys), 106))
        found.append(boosted_level(known, shape, 6, season_length=26))
    np.testing.assert_array_equal(found[0], found[1])
    assert found[0].shape == (len(history.keys), 6)
    seen = np.nanmean(history.demand[:, 60:100], axis=1)
    assert np.corrcoef(found[0].mean(axis=1), seen)[0, 1] > 0.95


def test_a_shape_of_zero_is_no_example_and_drivers_are_used() -> None:
    settings = ForecastSettings(horizon=6, season_length=26)
    history = read_history(shop(), settings)
    shape = np.ones((len(history.keys), history.length + 6))
    shape[:, :10] = 0.0
    plain = boosted_level(history, shape, 6, QUICK, 26)
    assert np.isfinite(plain).all()
    flag = (np.arange(history.length + 6) % 3 == 0) * np.ones((len(history.keys), 1))
    doubled = replace(history, demand=history.demand * (1 + 2 * flag[:, : history.length]))
    told = boosted_level(doubled, shape, 6, QUICK, 26, {"flag": flag}).sum(axis=0)
    on = flag[0, history.length :] > 0
    assert told[on].mean() > 2 * told[~on].mean()
