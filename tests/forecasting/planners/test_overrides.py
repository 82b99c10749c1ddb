"""Overrides on a forecast of two products at two sites over two weeks, checked by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.errors import ContractError, ParameterError
from helpers.forecasting import Forecast
from helpers.forecasting.planners.overrides import apply_overrides, read_overrides, spread_override

CUTOFF = date(2026, 11, 15)  # a Sunday
WEEKS = pd.to_datetime(["2026-11-16", "2026-11-23"])
FIRST, SECOND = date(2026, 11, 16), date(2026, 11, 23)


@pytest.fixture
def forecast() -> pd.DataFrame:
    keys = pd.MultiIndex.from_product(
        [["P", "Q"], ["A", "B"], WEEKS], names=["product_id", "site_id", "week"]
    )
    table = keys.to_frame(index=False).assign(
        category="C", mean=[30.0, 30, 10, 10, 0, 0, 0, 0], unit_value=1.0
    )
    return table.assign(
        low=table["mean"] / 2, q05=table["mean"] / 2, q50=table["mean"], q95=table["mean"] * 2
    ).assign(high=table["mean"] * 2)


@pytest.fixture
def history() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "product_id": ["Q", "Q", "P", "Z"],
            "site_id": ["A", "B", "C", "A"],
            "demand": [3.0, 1.0, 5.0, 5.0],
        }
    )


def override(**values: Any) -> dict[str, Any]:
    usual = {"product_id": "P", "site_id": "A", "week": FIRST, "author": "Ann", "quantity": 60.0}
    return usual | {"reason": "fair", "made_on": date(2026, 11, 2)} | values


def table(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(list(rows))


def mean_at(found: pd.DataFrame, product: str, site: str, week: date) -> float:
    rows = (
        (found["product_id"] == product) & (found["site_id"] == site) & (found["week"] == pd.Timestamp(week))
    )
    return float(found.loc[rows, "mean"].iloc[0])


def test_an_override_changes_its_row_and_no_other(forecast: pd.DataFrame) -> None:
    found = apply_overrides(forecast, table(override()), CUTOFF)
    assert found.forecast["mean"].tolist() == [60, 30, 10, 10, 0, 0, 0, 0]
    assert found.forecast["statistical_mean"].tolist() == forecast["mean"].tolist()
    first = found.forecast.iloc[0]
    assert (first["override"], first["override_author"], first["override_reason"]) == (60, "Ann", "fair")
    assert found.forecast["override"].isna().sum() == 7
    assert found.applied[["statistical", "change"]].to_numpy().tolist() == [[30.0, 30.0]]
    assert found.findings.empty


def test_quantiles_and_limits_move_with_the_mean(forecast: pd.DataFrame) -> None:
    found = apply_overrides(forecast, table(override()), CUTOFF).forecast.iloc[0]
    assert found[["low", "q05", "q50", "q95", "high"]].tolist() == [30, 30, 60, 120, 120]


def test_where_nothing_was_forecast_quantiles_are_those_of_a_poisson_count(forecast: pd.DataFrame) -> None:
    found = apply_overrides(forecast, table(override(product_id="Q", quantity=4.0)), CUTOFF).forecast.iloc[4]
    # Poisson(4): F(0) = 0.018, F(1) = 0.092, F(3) = 0.433, F(4) = 0.629, F(7) = 0.949, F(8) = 0.979
    assert found[["low", "q05", "q50", "q95", "high"]].tolist() == [1, 1, 4, 8, 8]


def test_a_median_of_zero_cannot_be_scaled_up(forecast: pd.DataFrame) -> None:
    rare = forecast.assign(q05=0.0, low=0.0, q50=0.0)
    found = apply_overrides(rare, table(override(quantity=40.0)), CUTOFF).forecast.iloc[0]
    assert 35 <= found["q50"] <= 41


def test_an_override_of_zero_leaves_nothing(forecast: pd.DataFrame) -> None:
    found = apply_overrides(forecast, table(override(quantity=0.0)), CUTOFF).forecast.iloc[0]
    assert found[["mean", "low", "q05", "q50", "q95", "high"]].tolist() == [0.0] * 6


def test_a_blank_site_is_spread_by_the_forecast(forecast: pd.DataFrame) -> None:
    for blank in (None, np.nan, ""):
        found = apply_overrides(forecast, table(override(site_id=blank, quantity=80.0)), CUTOFF).forecast
        assert mean_at(found, "P", "A", FIRST) == pytest.approx(60)
        assert mean_at(found, "P", "B", FIRST) == pytest.approx(20)


def test_a_blank_site_without_forecast_is_spread_by_recent_demand_else_equally(
    forecast: pd.DataFrame, history: pd.DataFrame
) -> None:
    wanted = table(override(product_id="Q", site_id="", quantity=8.0))
    by_demand = apply_overrides(forecast, wanted, CUTOFF, history=history).forecast
    assert [mean_at(by_demand, "Q", site, FIRST) for site in "AB"] == [6.0, 2.0]
    equally = apply_overrides(forecast, wanted, CUTOFF).forecast
    assert [mean_at(equally, "Q", site, FIRST) for site in "AB"] == [4.0, 4.0]


def test_a_site_stands_and_the_product_takes_what_is_left(forecast: pd.DataFrame) -> None:
    both = table(override(quantity=50.0), override(site_id="", quantity=70.0, made_on=date(2026, 11, 9)))
    found = apply_overrides(forecast, both, CUTOFF)
    assert [mean_at(found.forecast, "P", site, FIRST) for site in "AB"] == [50.0, 20.0]
    assert found.findings.empty


def test_a_conflict_is_told_and_never_negative(forecast: pd.DataFrame) -> None:
    both = table(override(quantity=50.0), override(site_id="", quantity=40.0))
    found = apply_overrides(forecast, both, CUTOFF)
    assert [mean_at(found.forecast, "P", site, FIRST) for site in "AB"] == [50.0, 0.0]
    assert found.findings["why"].tolist() == [
        "the sites' own overrides hold 50 of 40 units: they stand, the rest cannot"
    ]


def test_sites_that_are_all_fixed_leave_no_room_for_the_product(forecast: pd.DataFrame) -> None:
    rows = [
        override(quantity=10.0),
        override(site_id="B", quantity=10.0),
        override(site_id="", quantity=30.0),
    ]
    found = apply_overrides(forecast, table(*rows), CUTOFF)
    assert [mean_at(found.forecast, "P", site, FIRST) for site in "AB"] == [10.0, 10.0]
    assert len(found.findings) == 1
    assert len(found.applied) == 2


def test_the_newest_wins_then_the_alphabet_and_an_unknown_day_loses(forecast: pd.DataFrame) -> None:
    rows = [
        override(author="Cid", quantity=1.0, made_on=None),
        override(author="Bob", quantity=2.0),
        override(author="Ann", quantity=3.0),
        override(author="Zoe", quantity=4.0, made_on=date(2026, 10, 1)),
    ]
    for order in (rows, rows[::-1]):
        found = apply_overrides(forecast, table(*order), CUTOFF)
        assert mean_at(found.forecast, "P", "A", FIRST) == 3.0
        assert set(found.findings["author"]) == {"Bob", "Cid", "Zoe"}
        assert found.findings["why"].str.startswith("a newer override").all()


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"product_id": "X"}, "unknown product"),
        ({"product_id": "Z", "site_id": ""}, "the series has ended"),
        ({"site_id": "C"}, "the series has ended"),
        ({"site_id": "D"}, "the product has no demand at this site"),
        ({"week": date(2026, 11, 9)}, "the week is past"),
        ({"week": date(2027, 11, 8)}, "the week lies beyond the forecast"),
        ({"week": None}, "the week is not a day"),
        ({"made_on": date(2026, 11, 16)}, "made after the cutoff"),
        ({"quantity": -1.0}, "the quantity is not a number of at least 0"),
        ({"quantity": None}, "the quantity is not a number of at least 0"),
    ],
)
def test_what_does_not_count_is_told_with_its_reason(
    forecast: pd.DataFrame, history: pd.DataFrame, values: dict[str, Any], why: str
) -> None:
    found = apply_overrides(forecast, table(override(**values)), CUTOFF, history=history)
    assert found.findings["why"].tolist() == [why]
    assert found.applied.empty
    pd.testing.assert_frame_equal(found.forecast[list(forecast)], forecast)


def test_a_day_within_the_week_means_its_monday(forecast: pd.DataFrame) -> None:
    found = apply_overrides(forecast, table(override(week=date(2026, 11, 22))), CUTOFF)
    assert mean_at(found.forecast, "P", "A", FIRST) == 60.0
    days = pd.to_datetime(read_overrides(table(override(week=date(1965, 3, 7))))["week"])
    assert days.tolist() == [pd.Timestamp("1965-03-01")]


def test_a_table_without_rows_changes_nothing(forecast: pd.DataFrame) -> None:
    found = apply_overrides(forecast, table(override()).head(0), CUTOFF)
    pd.testing.assert_frame_equal(found.forecast[list(forecast)], forecast)
    with pytest.raises(ContractError, match="column quantity is missing"):
        apply_overrides(forecast, table(override()).drop(columns="quantity"), CUTOFF)


@pytest.mark.parametrize(
    "meant",
    [
        {},
        {"product_id": "P"},
        {"site_id": "B"},
        {"category": "C", "weeks": FIRST},
        {"product_id": "P", "site_id": "A", "weeks": [FIRST, SECOND]},
        {"product_id": "Q", "weeks": SECOND},
    ],
)
def test_a_sum_set_at_any_level_is_met_and_all_levels_agree(
    forecast: pd.DataFrame, meant: dict[str, Any]
) -> None:
    found = spread_override(forecast, 123.0, **meant)
    touched = found["override"].notna()
    assert found.loc[touched, "mean"].sum() == pytest.approx(123.0, abs=1e-9)
    assert found.loc[~touched, "mean"].tolist() == forecast.loc[~touched, "mean"].tolist()
    sums = [found.groupby(by)["mean"].sum().sum() for by in ("product_id", "site_id", "category", "week")]
    np.testing.assert_allclose(sums, found["mean"].sum(), atol=1e-9)


def test_spreading_keeps_the_proportions(forecast: pd.DataFrame) -> None:
    found = spread_override(forecast, 160.0)
    assert found["mean"].tolist() == [60, 60, 20, 20, 0, 0, 0, 0]
    again = spread_override(found, 80.0, product_id="P")
    assert again["statistical_mean"].tolist() == forecast["mean"].tolist()
    assert set(again["override_author"]) == {"what-if"}


def test_what_cannot_be_meant_is_refused(forecast: pd.DataFrame) -> None:
    with pytest.raises(ParameterError, match="quantity: -1"):
        spread_override(forecast, -1.0)
    with pytest.raises(ParameterError, match="product_id X"):
        spread_override(forecast, 1.0, product_id="X")
    with pytest.raises(ParameterError, match="2026-11-17 is no Monday"):
        spread_override(forecast, 1.0, weeks=date(2026, 11, 17))


def test_sums_of_the_real_result_agree_after_an_override(shop_forecast: Forecast) -> None:
    first = shop_forecast.first_week
    found = apply_overrides(
        shop_forecast.forecast,
        table(override(product_id="P00", site_id="", week=first, quantity=77.0, made_on=None)),
        shop_forecast.cutoff,
        history=shop_forecast.history,
    )
    week = found.forecast[
        (found.forecast["product_id"] == "P00") & (found.forecast["week"] == pd.Timestamp(first))
    ]
    assert week["mean"].sum() == pytest.approx(77.0, abs=1e-9)
    quantiles = week[[*shop_forecast.settings.quantile_columns]].to_numpy()
    assert (np.diff(quantiles, axis=1) >= 0).all()
