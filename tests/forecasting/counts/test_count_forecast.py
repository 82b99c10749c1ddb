"""Sums of intermittent demand against draws, and against cases that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from helpers.errors import ParameterError
from helpers.forecasting.counts.count_forecast import CountForecast, marginal_quantiles

LEVELS = (0.5, 0.8, 0.95)


def forecast(chance: float, size: float, scatter: float, concentration: float, unit: float) -> CountForecast:
    probability, sizes, scatters = np.full((3, 6), chance), np.full((3, 6), size), np.full(3, scatter)
    quantiles = marginal_quantiles(probability, sizes, scatters, unit, LEVELS)
    return CountForecast(probability, sizes, scatters, concentration, unit, LEVELS, quantiles)


def test_demand_of_one_unit_is_binomial() -> None:
    found = forecast(0.5, 1.0, 0.5, np.inf, 1.0)
    assert found.sum_probability(3, np.array([[0, 1, 2, 3]] * 3))[0] == pytest.approx(
        [1 / 8, 4 / 8, 7 / 8, 1]
    )
    assert found.sum_quantiles(3, (0.1, 0.5, 0.6, 0.99))[0].tolist() == [0, 1, 2, 3]
    assert found.quantiles[0, 0].tolist() == [0, 1, 1]


@pytest.mark.parametrize("unit", [0.0, 1.0, 25.0])
@pytest.mark.parametrize("concentration", [4.0, np.inf])
def test_quantiles_of_sums_agree_with_sample_paths(unit: float, concentration: float) -> None:
    """20,000 paths: the share at or below has a standard error below 0.004."""
    found = forecast(0.3, 3.0 * (unit or 1), 0.6, concentration, unit)
    paths = found.paths(20_000, 1)
    assert paths.mean(axis=(1, 2)) == pytest.approx(found.mean[:, 0], rel=0.03)
    for periods in (1, 3, 6):
        amounts = found.sum_quantiles(periods, LEVELS)
        drawn = (paths[:, :, :periods].sum(axis=2)[:, :, None] <= amounts[:, None] + 1e-9).mean(axis=1)
        assert drawn == pytest.approx(found.sum_probability(periods, amounts + 1e-9), abs=0.015)
    assert found.sum_quantiles(1, LEVELS) == pytest.approx(found.quantiles[:, 0], abs=1e-6 * (unit or 1))


def test_paths_of_a_series_do_not_depend_on_the_company() -> None:
    found = forecast(0.3, 3.0, 0.6, 5.0, 1.0)
    assert np.array_equal(found.paths(50, 7)[2], found.paths(50, 7, rows=[2])[0])


def test_stock_targets_cover_what_is_asked_with_less_than_the_quantiles() -> None:
    rng = np.random.default_rng(1)
    probability = np.repeat(rng.uniform(0.02, 0.6, size=(200, 1)), 3, axis=1)
    parts = (probability, np.full((200, 3), 1.8), np.full(200, 0.5))
    found = CountForecast(*parts, 20.0, 1.0, LEVELS, marginal_quantiles(*parts, 1.0, LEVELS))
    stock = found.stock_targets(3, 0.95)
    assert 0.95 <= found.sum_probability(3, stock[:, None]).mean() < 0.96
    assert stock.sum() < found.sum_quantiles(3, (0.95,)).sum()


def test_what_cannot_be_asked_is_refused() -> None:
    found = forecast(0.3, 3.0, 0.6, 5.0, 1.0)
    with pytest.raises(ParameterError, match="periods: 7"):
        found.sum_quantiles(7, LEVELS)
    with pytest.raises(ParameterError, match=r"probability: 1\.5"):
        found.stock_targets(2, 1.5)
