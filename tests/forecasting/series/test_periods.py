"""Periods go on in the frequency of their series."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.forecasting.series.series_table import read_series


def following(periods: Any, horizon: int = 2, season: int = 1, name: str = "A") -> list[Any]:
    history = pd.DataFrame({"series_id": name, "period": periods, "demand": 1.5})
    return read_series(history, season).periods(horizon).tolist()


@pytest.mark.parametrize(
    ("start", "frequency", "expected"),
    [
        ("2024-01-01", "D", ["2024-01-07", "2024-01-08"]),
        ("2024-01-01", "W-MON", ["2024-02-12", "2024-02-19"]),
        ("2024-01-01", "MS", ["2024-07-01", "2024-08-01"]),
        ("2024-01-31", "ME", ["2024-07-31", "2024-08-31"]),
        ("2023-09-30", "ME", ["2024-03-31", "2024-04-30"]),
        ("2024-01-01", "QS", ["2025-07-01", "2025-10-01"]),
        ("2024-03-31", "QE", ["2025-09-30", "2025-12-31"]),
        ("2020-01-01", "YS", ["2026-01-01", "2027-01-01"]),
        ("2020-12-31", "YE", ["2026-12-31", "2027-12-31"]),
        ("2024-01-01", "h", ["2024-01-01 06:00", "2024-01-01 07:00"]),
    ],
)
def test_dates_go_on(start: str, frequency: str, expected: list[str]) -> None:
    assert following(pd.date_range(start, periods=6, freq=frequency)) == [
        pd.Timestamp(day) for day in expected
    ]


def test_whole_numbers_go_on_by_their_step() -> None:
    assert following([2000, 2005, 2010, 2015]) == [2020, 2025]
    assert following([-2, -1, 0]) == [1, 2]


def test_days_as_text_and_periods_are_dates() -> None:
    assert following(["2024-01-01", "2024-02-01", "2024-03-01"])[0] == pd.Timestamp("2024-04-01")
    assert following(pd.period_range("2024-01", periods=3, freq="M"))[0] == pd.Timestamp("2024-04-01")


def test_time_zone_is_kept() -> None:
    weeks = pd.date_range("2024-03-04", periods=5, freq="W-MON", tz="Europe/Berlin")
    assert following(weeks) == list(pd.date_range("2024-04-08", periods=2, freq="W-MON", tz="Europe/Berlin"))


def test_each_series_has_its_own_frequency() -> None:
    history = pd.concat(
        [
            pd.DataFrame({"series_id": "m", "period": pd.date_range("2024-01-01", periods=5, freq="MS")}),
            pd.DataFrame({"series_id": "w", "period": pd.date_range("2024-01-01", periods=5, freq="W-MON")}),
            pd.DataFrame({"series_id": "y", "period": pd.date_range("2020-01-01", periods=5, freq="YS")}),
        ]
    ).assign(demand=2.5)
    found = read_series(history, 1).periods(1).tolist()
    assert found == [pd.Timestamp(day) for day in ("2024-06-01", "2024-02-05", "2025-01-01")]


def test_slow_series_takes_the_weeks_of_the_table() -> None:
    weeks = pd.date_range("2024-01-01", periods=12, freq="W-MON")
    fast = pd.DataFrame({"series_id": [f"f{i % 3}" for i in range(36)], "period": np.repeat(weeks, 3)})
    slow = pd.DataFrame({"series_id": "slow", "period": weeks[[0, 4, 10]]})
    table = read_series(pd.concat([fast, slow]).assign(demand=3), 52)
    assert table.periods(1).tolist()[-1] == weeks[11]
    assert table.lengths.tolist() == [12, 12, 12, 11]


@pytest.mark.parametrize(("season", "expected"), [(52, "2024-01-08"), (12, "2024-02-01"), (4, "2024-04-01")])
def test_one_date_alone_goes_on_by_its_season(season: int, expected: str) -> None:
    assert following([pd.Timestamp("2024-01-01")], 1, season) == [pd.Timestamp(expected)]
