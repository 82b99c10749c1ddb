"""The yearly profile finds a season that is there, and none where there is none."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

from helpers.forecasting.demand.history import read_history
from helpers.forecasting.demand.season import fourier_terms, yearly_profiles
from helpers.forecasting.settings import ForecastSettings


def profiles(small: ModuleType, swing: float, weeks: int = 156) -> np.ndarray:
    rng = np.random.default_rng(3)
    mean = 12 * (1 + swing * np.sin(2 * np.pi * np.arange(weeks) / (365.25 / 7)))
    series = {(f"P{i}", "A"): rng.poisson(mean) for i in range(8)}
    case = small.TinyCase({"orders": small.order_lines(series)}, small.last_sunday(weeks))
    return yearly_profiles(read_history(case, ForecastSettings()), 13, 52)


def test_profile_follows_the_true_season_into_the_future(small: ModuleType) -> None:
    found = profiles(small, swing=0.5)
    truth = 1 + 0.5 * np.sin(2 * np.pi * np.arange(169) / (365.25 / 7))
    assert found.shape == (8, 169)
    assert np.abs(found - truth).mean() < 0.05


def test_noise_is_shrunk_away(small: ModuleType) -> None:
    assert np.abs(profiles(small, swing=0.0) - 1).max() < 0.08


def test_history_below_one_and_a_half_seasons_has_no_profile(small: ModuleType) -> None:
    assert (profiles(small, swing=0.5, weeks=70) == 1).all()


@pytest.mark.parametrize(("season", "columns"), [(1, 0), (2, 0), (4, 2), (52, 6)])
def test_short_seasons_get_fewer_waves(season: int, columns: int) -> None:
    assert fourier_terms(10, season).shape == (10, columns)
