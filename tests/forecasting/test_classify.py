"""Demand classes against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from helpers.forecasting.classify import demand_classes, demand_intervals, size_variations

NAN = np.nan


def test_interval_is_weeks_over_weeks_with_demand_within_the_life_of_the_series() -> None:
    demand = np.array([[NAN, NAN, 2.0, 0.0, 0.0, 4.0], [1.0, 1, 1, 1, 1, 1], [0.0, 0, 0, 0, 0, 0]])
    assert demand_intervals(demand).tolist() == [2.0, 1.0, np.inf]


def test_size_variation_counts_only_weeks_with_demand() -> None:
    # sizes 2 and 4: mean 3, sd 1, (1/3)^2; one size: no variation
    demand = np.array([[0.0, 2, 0, 4], [0.0, 0, 0, 7.0]])
    assert size_variations(demand) == pytest.approx([1 / 9, 0.0])


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ([5.0, 6, 5, 6, 5, 6, 5, 6], "smooth"),
        ([1.0, 30, 1, 1, 1, 40, 1, 1], "erratic"),
        ([0.0, 5, 0, 5, 0, 5, 0, 5], "intermittent"),
        ([0.0, 1, 0, 40, 0, 1, 0, 1], "lumpy"),
        ([0.0] * 8, "intermittent"),
        ([NAN] * 6 + [5.0, 5], "new"),
    ],
)
def test_class_follows_syntetos_boylan_and_croston(row: list[float], expected: str) -> None:
    assert demand_classes(np.array([row]), new_weeks=4).tolist() == [expected]


def test_limits_belong_to_the_upper_class() -> None:
    # 132 weeks, 100 with demand: ADI is exactly 1.32
    row = np.array([[1.0] * 100 + [0.0] * 32])
    assert demand_intervals(row)[0] == 1.32
    assert demand_classes(row, new_weeks=1).tolist() == ["intermittent"]
