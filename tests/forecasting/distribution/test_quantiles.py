"""Quantiles hold what they say on data whose distribution is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from helpers.forecasting.backtest import Window
from helpers.forecasting.distribution.quantiles import (
    DRAWN,
    Spread,
    Steps,
    _draw_levels,
    calibrated_places,
    demand_quantiles,
    doubt_new,
    fit_spread,
    interval_limits,
)

PROBABILITIES = (0.05, 0.5, 0.9, 0.95)


def window(actual: np.ndarray, mean: np.ndarray, dispersion: float) -> Window:
    return Window(
        origin=100,
        forecasts={"seasonal_naive": mean},
        actual=actual,
        seen=np.ones(actual.shape, dtype=bool),
        classes=np.full(len(mean), "smooth"),
        scale=np.ones(len(mean)),
        dispersion=np.full(len(mean), dispersion),
    )


def draw(mean: np.ndarray, dispersion: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.negative_binomial(mean / (dispersion - 1), 1 / dispersion).astype("float64")


def plain(levels: tuple[float, ...], series: int, dispersion: float, *, counts: bool = True) -> Spread:
    return Spread(np.full(series, dispersion), {"smooth": np.array(levels)}, steps(series, counts=counts))


def steps(series: int, *, counts: bool = True, least: float = 1.0) -> Steps:
    return Steps(np.full(series, counts), np.full(series, least))


def test_counts_follow_the_negative_binomial() -> None:
    found = demand_quantiles(np.array([[6.0]]), plain(PROBABILITIES, 1, 3.0), np.array(["smooth"]))
    assert found[0, 0].tolist() == stats.nbinom.ppf(PROBABILITIES, 3.0, 1 / 3).tolist()


def test_large_and_fractional_demand_follows_the_gamma() -> None:
    found = demand_quantiles(
        np.array([[6.0]]), plain(PROBABILITIES, 1, 2.0, counts=False), np.array(["smooth"])
    )
    assert found[0, 0] == pytest.approx(stats.gamma.ppf(PROBABILITIES, 3.0, scale=2.0))


def test_nothing_expected_gives_zero_and_unknown_stays_unknown() -> None:
    found = demand_quantiles(np.array([[0.0, np.nan]]), plain(PROBABILITIES, 1, 2.0), np.array(["smooth"]))
    assert found[0, 0].tolist() == [0.0] * 4
    assert np.isnan(found[0, 1]).all()


@pytest.mark.parametrize("assumed", [1.5, 4.0, 12.0])
def test_wrong_dispersion_is_corrected_by_the_back_test(assumed: float) -> None:
    """Three seeds; the shares of 12,000 weeks have a standard error below 0.003."""
    for seed in range(3):
        mean = np.random.default_rng(seed).uniform(5, 40, size=(400, 1)) * np.ones((1, 10))
        past = [window(draw(mean, 4.0, seed=10 * seed + k), mean, assumed) for k in range(3)]
        future = window(draw(mean, 4.0, seed=10 * seed + 9), mean, assumed)
        spread = fit_spread(past, [mean] * 3, future, PROBABILITIES, steps(400))
        quantiles = demand_quantiles(mean, spread, future.classes)
        low, high = interval_limits(quantiles, PROBABILITIES, 0.9)
        inside = ((future.actual >= low) & (future.actual <= high)).mean()
        assert 0.88 <= inside <= 0.93
        assert (future.actual <= quantiles[:, :, 3]).mean() == pytest.approx(0.95, abs=0.015)


def test_one_series_in_fractions_does_not_change_the_others() -> None:
    """Gallons beside pieces: the pieces keep their counts, and weeks without fuel lie in its interval."""
    rng = np.random.default_rng(7)
    mean = rng.uniform(0.2, 3.0, size=(600, 10))
    fuel = np.arange(600) < 100

    def week(seed: int) -> np.ndarray:
        pieces = draw(mean, 2.0, seed)
        return np.where(fuel[:, None], pieces * 10.5, pieces)

    expected = np.where(fuel[:, None], mean * 10.5, mean)
    past = [window(week(seed), expected, 2.0) for seed in range(3)]
    future = window(week(99), expected, 2.0)
    mixed = Steps(~fuel, np.where(fuel, 10.5, 1.0))
    quantiles = demand_quantiles(
        expected, fit_spread(past, [expected] * 3, future, PROBABILITIES, mixed), future.classes
    )
    low, high = interval_limits(quantiles, PROBABILITIES, 0.9)
    inside = (future.actual >= low) & (future.actual <= high)
    assert 0.87 <= inside[~fuel].mean() <= 0.95
    assert inside[fuel][future.actual[fuel] == 0].all()


def test_rare_demand_gets_a_one_sided_interval_that_covers_what_it_says() -> None:
    mean = np.random.default_rng(5).uniform(0.1, 1.5, size=(500, 10))
    past = [window(draw(mean, 2.0, seed), mean, 2.0) for seed in range(3)]
    future = window(draw(mean, 2.0, 99), mean, 2.0)
    quantiles = demand_quantiles(
        mean, fit_spread(past, [mean] * 3, future, PROBABILITIES, steps(500)), future.classes
    )
    low, high = interval_limits(quantiles, PROBABILITIES, 0.9)
    assert (low == 0).all()
    assert ((future.actual >= low) & (future.actual <= high)).mean() == pytest.approx(0.9, abs=0.02)


def test_without_windows_the_levels_are_the_probabilities() -> None:
    mean = np.full((3, 2), 10.0)
    spread = fit_spread([], [], window(np.full((3, 2), np.nan), mean, 2.5), PROBABILITIES, steps(500))
    assert spread.levels["smooth"] == pytest.approx(PROBABILITIES)
    assert spread.dispersion == pytest.approx(2.5)


def test_draws_of_a_right_distribution_are_read_as_they_are() -> None:
    """12,000 small counts of known law: neither counts nor rounding pull the levels to the middle."""
    mean = np.random.default_rng(1).uniform(0.3, 3, size=(400, 1)) * np.ones((1, 10))
    past = [window(draw(mean, 2.0, seed), mean, 2.0) for seed in range(3)]
    spread = fit_spread(past, [mean] * 3, past[0], PROBABILITIES, steps(400))
    assert spread.draw_levels("smooth") == pytest.approx(DRAWN, abs=0.015)
    below, upto = calibrated_places(past[0], mean, spread)
    assert ((below + upto) / 2).mean() == pytest.approx(0.5, abs=0.01)


def test_draw_levels_follow_a_slow_second_computation() -> None:
    rng = np.random.default_rng(2)
    below = rng.random(400) * 0.8
    places = np.column_stack([below, below + rng.uniform(0.01, 0.2, 400), below])
    found = _draw_levels(places, DRAWN)
    grid = np.linspace(0, 1, 2_001)
    shares = [np.clip((v - places[:, 0]) / (places[:, 1] - places[:, 0]), 0, 1).mean() for v in grid]
    assert found[1:-1] == pytest.approx(np.interp(DRAWN, shares, grid)[1:-1], abs=1e-3)


def test_new_series_are_doubted_and_others_are_not() -> None:
    spread = plain(PROBABILITIES, 2, 2.0)
    mean = np.array([[8.0, np.nan], [8.0, 8.0]])
    assert doubt_new(spread, mean, np.array(["new", "smooth"])).dispersion.tolist() == [4.0, 2.0]
