"""Settings that cannot be meant are refused in words."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from helpers.errors import ParameterError
from helpers.forecasting.settings import ForecastSettings, quantile_column


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"horizon": 0}, "horizon: 0 came"),
        ({"horizon": 2.5}, "whole number"),
        ({"horizon": True}, "whole number"),
        ({"n_jobs": -1}, "n_jobs"),
        ({"interval": 1.0}, "between 0 and 1"),
        ({"quantiles": (0.5, 1.5)}, r"quantiles: 1\.5"),
        ({"methods": ("crystal_ball",)}, "crystal_ball.*Known"),
        ({"kept_apart": ("gift",)}, "gift"),
        ({"cutoff": "week 46"}, "is not a day"),
    ],
)
def test_wrong_setting_is_refused_with_what_came(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        ForecastSettings(**wrong)


def test_quantiles_of_the_interval_are_added_in_order() -> None:
    settings = ForecastSettings(quantiles=(0.7,), interval=0.8)
    assert settings.quantiles == (0.1, 0.5, 0.7, 0.8, 0.9)
    assert list(settings.quantile_columns) == ["q10", "q50", "q70", "q80", "q90"]


def test_baseline_is_always_computed() -> None:
    assert "seasonal_naive" in ForecastSettings(methods=("tsb",)).methods


def test_quantile_columns_do_not_collide() -> None:
    assert [quantile_column(p) for p in (0.05, 0.5, 0.025, 0.975, 0.99)] == [
        "q05",
        "q50",
        "q025",
        "q975",
        "q99",
    ]


def test_earlier_forecast_ends_where_the_later_one_could_know_more() -> None:
    settings = ForecastSettings(horizon=13, windows=5, seed=7)
    earlier = settings.earlier(date(2026, 11, 15))
    assert (earlier.cutoff, earlier.horizon) == ("2026-05-17", 26)
    assert (earlier.windows, earlier.seed) == (2, 7)
    assert len(earlier.methods) < len(settings.methods)


def test_earlier_forecast_counts_back_from_a_cutoff_that_is_set() -> None:
    settings = ForecastSettings(cutoff="2026-03-01", windows=1)
    earlier = settings.earlier(date(2026, 11, 15), weeks=4)
    assert (earlier.cutoff, earlier.horizon, earlier.windows) == ("2026-02-01", 4, 1)
