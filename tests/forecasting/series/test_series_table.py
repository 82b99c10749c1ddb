"""A table of series as one row of numbers: order, gaps and lengths."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.forecasting.series.series_table import read_series


def rows(name: str, periods: list[int], demand: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"series_id": name, "period": periods, "demand": demand})


def test_series_lie_behind_each_other_in_the_order_of_their_names_and_periods() -> None:
    table = read_series(
        pd.concat([rows("B", [2, 1, 3], [8.5, 7.5, 9.5]), rows("A", [4, 5], [10.5, 11.5])]), 1
    )
    assert table.ids.tolist() == ["A", "B"]
    np.testing.assert_array_equal(table.demand, [10.5, 11.5, 7.5, 8.5, 9.5])
    np.testing.assert_array_equal(table.lengths, [2, 3])


def test_grid_is_aligned_at_the_last_period() -> None:
    table = read_series(pd.concat([rows("A", [1, 2, 3], [1.5, 2.5, 3.5]), rows("B", [2, 3], [8.5, 9.5])]), 1)
    np.testing.assert_array_equal(table.grid(np.array([1, 0])), [[np.nan, 8.5, 9.5], [1.5, 2.5, 3.5]])


def test_gap_of_an_amount_is_a_line_and_gap_of_a_count_is_nothing() -> None:
    amount = rows("A", [1, 2, 4, 5], [10.5, 12.5, 16.5, 18.5])
    count = rows("B", [1, 2, 4, 5], [1.0, 0.0, 3.0, 2.0])
    table = read_series(pd.concat([amount, count]), 1)
    np.testing.assert_allclose(table.demand, [10.5, 12.5, 14.5, 16.5, 18.5, 1, 0, 0, 3, 2])
    assert any("straight line" in note for note in table.notes)
    assert any("zero demand" in note for note in table.notes)
