"""A season is found where there is one and not made where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from helpers.forecasting.series.seasonal_index import seasonal_indices


def test_clear_season_is_found_for_the_periods_ahead() -> None:
    season = np.array([0.5, 1.0, 1.5, 1.0])
    demand = np.tile(season, 6)[None, :-1] * 200
    found = seasonal_indices(demand, 4)[0]
    # the history ends with place 2 of the season, so the next period is place 3
    np.testing.assert_allclose(found, [1.0, 0.5, 1.0, 1.5], atol=0.02)


def test_index_does_not_depend_on_the_scale() -> None:
    demand = np.random.default_rng(0).gamma(5, 2, size=(3, 40))
    np.testing.assert_allclose(seasonal_indices(demand * 1e6, 4), seasonal_indices(demand, 4), rtol=1e-9)


@pytest.mark.parametrize("season", [4, 7, 12, 52])
def test_noise_is_drawn_towards_no_season(season: int) -> None:
    demand = np.random.default_rng(1).gamma(25, 4, size=(50, 3 * season))
    found = seasonal_indices(demand, season)
    places = demand.reshape(50, 3, season).mean(axis=1)
    plain = places / places.mean(axis=1, keepdims=True)
    assert np.abs(found - 1).mean() < 0.6 * np.abs(plain - 1).mean()


def test_less_than_two_seasons_show_none() -> None:
    demand = np.full((2, 30), np.nan)
    demand[0], demand[1, -7:] = np.tile([1.0, 2.0, 3.0], 10), 4.0
    assert (seasonal_indices(demand, 12)[1] == 1).all()
    assert (seasonal_indices(demand[:, -7:], 4) == 1).all()


def test_series_alone_and_among_longer_ones_has_the_same_index() -> None:
    demand = np.random.default_rng(2).gamma(20, 5, size=(1, 24)) * np.tile([0.6, 1.0, 1.4, 1.0], 6)
    longer = np.vstack([np.hstack([np.full((1, 20), np.nan), demand]), np.ones((1, 44))])
    np.testing.assert_allclose(seasonal_indices(longer, 4)[0], seasonal_indices(demand, 4)[0], rtol=1e-9)
