"""The door for any table of series: what comes out, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.errors import ContractError, ParameterError
from helpers.forecasting import forecast_series


def table(values: Any, name: object = "A", periods: Any = None) -> pd.DataFrame:
    found = range(1, len(values) + 1) if periods is None else periods
    return pd.DataFrame({"series_id": name, "period": found, "demand": values})


def growing(length: int = 24, seed: int = 0, level: float = 100.0) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(seed)
    return np.asarray(level * (1 + 0.02 * np.arange(length)) * np.exp(rng.normal(0, 0.05, length)))


def several(count: int = 5, length: int = 24) -> pd.DataFrame:
    return pd.concat([table(growing(length, seed), f"S{seed}") for seed in range(count)], ignore_index=True)


def values(found: pd.DataFrame) -> np.ndarray[Any, Any]:
    return found.drop(columns=["series_id", "period"]).to_numpy("float64")


def test_every_series_gets_its_horizon_and_columns() -> None:
    found = forecast_series(several(), 6, 4, quantiles=(0.975, 0.05, 0.5))
    assert list(found.columns) == ["series_id", "period", "mean", "q05", "q50", "q975"]
    assert found.groupby("series_id")["period"].agg(list).to_dict() == {
        f"S{number}": list(range(25, 31)) for number in range(5)
    }


def test_quantiles_rise_and_are_never_negative() -> None:
    history = pd.concat([several(), table(np.random.default_rng(1).poisson(0.4, 30), "slow")])
    for effort in ("default", "fast"):
        found = values(forecast_series(history, 8, 4, effort=effort))
        assert np.isfinite(found).all()
        assert (found >= 0).all()
        assert (np.diff(found[:, 1:], axis=1) >= 0).all()


def test_growth_is_carried_on_and_season_comes_back() -> None:
    season = np.tile([0.5, 1.0, 1.5, 1.0], 8)
    found = forecast_series(table(growing(32) * season), 8, 4)["mean"].to_numpy()
    expected = 100 * (1 + 0.02 * np.arange(32, 40)) * season[:8]
    assert np.abs(found / expected - 1).max() < 0.15


def test_permuting_rows_changes_nothing() -> None:
    history = several()
    mixed = history.sample(frac=1.0, random_state=3)
    pd.testing.assert_frame_equal(forecast_series(history, 4, 4), forecast_series(mixed, 4, 4))


def test_scaling_the_units_scales_the_forecast() -> None:
    history = several()
    base = values(forecast_series(history, 6, 4))
    for factor in (1e5, 1e-6, 1e10):
        scaled = values(forecast_series(history.assign(demand=history["demand"] * factor), 6, 4))
        np.testing.assert_allclose(scaled, base * factor, rtol=1e-4)


def test_series_of_other_sizes_in_the_call_do_not_move_the_mean() -> None:
    alone = forecast_series(table(growing(), "S0"), 6, 4)
    crowd = pd.concat(
        [several(), table(growing(seed=9) * 1e12, "huge"), table(growing(seed=8) * 1e-6, "tiny")]
    )
    together = forecast_series(crowd, 6, 4).query("series_id == 'S0'")
    np.testing.assert_allclose(together["mean"], alone["mean"], rtol=1e-6)
    width = [(found["q95"] - found["q05"]).mean() for found in (alone, together)]
    assert 0.7 < width[1] / width[0] < 1.4


def test_result_does_not_depend_on_the_processes_and_repeats_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("helpers.forecasting.series.door.CHUNK", 2)  # several parts from few series
    history = several(5)
    first = forecast_series(history, 4, 4, seed=5)
    pd.testing.assert_frame_equal(first, forecast_series(history, 4, 4, seed=5, n_jobs=2))


@pytest.mark.cluster
def test_workers_of_a_cluster_in_other_processes_give_exactly_equal_results(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With "fast", whose workers need no library to be imported; the default in test_cluster.py."""
    import distributed

    monkeypatch.setattr("helpers.forecasting.series.door.CHUNK", 2)
    history = several(5)
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as local,
        distributed.Client(local) as client,
    ):
        found = forecast_series(history, 4, 4, effort="fast", cluster=client)
    here = forecast_series(history, 4, 4, effort="fast")
    pd.testing.assert_frame_equal(found, here, check_exact=True)


def test_nothing_needs_more_than_one_point() -> None:
    found = forecast_series(table([7.0]), 3, 4)
    np.testing.assert_allclose(values(found), 7.0)
    assert "one period" in " ".join(found.attrs["notes"])


def test_zeros_and_constants_go_on_as_they_are() -> None:
    history = pd.concat([table([0] * 12, "none"), table([4.5] * 12, "same")])
    found = forecast_series(history, 3, 4)
    np.testing.assert_allclose(values(found[found["series_id"] == "none"]), 0.0)
    np.testing.assert_allclose(values(found[found["series_id"] == "same"]), 4.5)
    notes = " ".join(found.attrs["notes"])
    assert "without any demand" in notes
    assert "never change" in notes


@pytest.mark.parametrize("length", [2, 3, 4, 5, 6, 7, 8, 9])
def test_short_series_and_long_horizons_get_an_answer(length: int) -> None:
    for season in (1, 4, 52):
        found = values(forecast_series(table(growing(length)), 12, season))
        assert np.isfinite(found).all()
        assert (found[:, 0] > 20).all()
        assert (found[:, 0] < 500).all()


def test_missing_periods_of_a_count_are_zero_and_said() -> None:
    seen = table([3, 1, 2, 1, 4, 2], periods=[1, 2, 4, 5, 9, 10])
    told = table([3, 1, 0, 2, 1, 0, 0, 0, 4, 2])
    found, expected = forecast_series(seen, 3, 1), forecast_series(told, 3, 1)
    pd.testing.assert_frame_equal(found, expected)
    assert "4 missing periods in 1 series were counted as zero demand" in " ".join(found.attrs["notes"])


def test_missing_periods_of_an_amount_lie_on_a_line_and_are_said() -> None:
    amount = growing(20)
    amount[[5, 11]] = (amount[[4, 10]] + amount[[6, 12]]) / 2
    seen = table(amount).drop(index=[5, 11])
    found = forecast_series(seen, 3, 1)
    np.testing.assert_allclose(values(found), values(forecast_series(table(amount), 3, 1)), rtol=1e-9)
    assert "straight line" in " ".join(found.attrs["notes"])


def test_negative_demand_is_answered_with_a_note_and_shifts_with_its_zero() -> None:
    below = growing(24) - 150
    found = forecast_series(table(below), 4, 4)
    assert "negative demand" in " ".join(found.attrs["notes"])
    assert np.isfinite(values(found)).all()
    assert (np.diff(values(found)[:, 1:], axis=1) >= 0).all()
    deeper = forecast_series(table(below - 1000), 4, 4)
    np.testing.assert_allclose(values(deeper), values(found) - 1000, rtol=1e-3)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"demand": [1.0, np.nan, 2.0]}, ["missing values", "row 1"]),
        ({"demand": [1.0, np.inf, 2.0]}, ["infinite", "row 1"]),
        ({"demand": [1.0, "many", 2.0]}, ["no number", "'many'"]),
        ({"period": [1, 1, 2]}, ["repeat a series and period", "'A'"]),
        ({"period": [1, pd.Timestamp("2026-01-01"), 3]}, ["numbers among dates"]),
        ({"period": [1.0, 1.5, 2.0]}, ["not whole"]),
        ({"period": [1, None, 2]}, ["'period' has 1 missing"]),
        ({"period": ["soon", "later", "then"]}, ["no period", "'soon'"]),
        ({"series_id": ["A", None, "A"]}, ["'series_id' has 1 missing"]),
        (
            {"period": pd.to_datetime(["2026-01-03", "2026-02-05", "2026-03-02"])},
            ["no regular frequency", "'A'"],
        ),
    ],
)
def test_bad_cells_are_refused_with_their_place(change: dict[str, Any], words: list[str]) -> None:
    history = table([1.0, 2.0, 3.0]).assign(**change)
    with pytest.raises(ContractError) as error:
        forecast_series(history, 2, 1)
    for word in words:
        assert word in str(error.value)


def test_all_findings_come_at_once() -> None:
    history = table([1.0, np.nan, "x", 2.0], periods=[1, 2, 3, 3])
    with pytest.raises(ContractError) as error:
        forecast_series(history, 2, 1)
    for word in ("missing values", "no number", "repeat"):
        assert word in str(error.value)
    with pytest.raises(ParameterError) as wrong:
        forecast_series(history, 0, -1, quantiles=(1.5,), seed=-1, effort="most", n_jobs=0)
    for word in ("horizon", "season_length", "quantiles", "seed", "effort", "n_jobs"):
        assert word in str(wrong.value)


def test_empty_and_incomplete_tables_are_refused() -> None:
    with pytest.raises(ContractError, match="no rows"):
        forecast_series(table([1.0]).iloc[:0], 2, 1)
    with pytest.raises(ContractError, match="missing 'series_id', 'demand'"):
        forecast_series(pd.DataFrame({"period": [1], "quantity": [2]}), 2, 1)
    with pytest.raises(ContractError, match="Give a DataFrame"):
        forecast_series([1, 2, 3], 2, 1)  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize("horizon", [0, -1, 2.5, True, "4"])
def test_horizons_that_cannot_be_meant_are_refused(horizon: Any) -> None:
    with pytest.raises(ParameterError, match="horizon"):
        forecast_series(table([1.0, 2.0]), horizon, 1)


def test_names_may_be_numbers_or_categories() -> None:
    history = several(3)
    text = forecast_series(history, 3, 4)
    category = forecast_series(history.assign(series_id=history["series_id"].astype("category")), 3, 4)
    number = forecast_series(history.assign(series_id=history["series_id"].str[1:].astype(int)), 3, 4)
    assert number["series_id"].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    for found in (category, number):
        np.testing.assert_array_equal(values(found), values(text))


def test_the_history_that_came_is_left_as_it_was() -> None:
    history = several(2).sample(frac=1.0, random_state=0)
    before = history.copy()
    forecast_series(history, 3, 4)
    pd.testing.assert_frame_equal(history, before)
