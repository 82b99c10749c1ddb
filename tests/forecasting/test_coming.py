"""What comes, one row each, recomputed by hand from the forecast table."""

from __future__ import annotations

import pandas as pd
import pytest
from tests.forecasting import eventful_shop as shop

from helpers.forecasting import Forecast, forecast_demand
from helpers.forecasting.coming import COLUMNS


@pytest.fixture(scope="module")
def forecast() -> Forecast:
    return shop.eventful_forecast()


def row_of(forecast: Forecast, kind: str, product: str) -> pd.Series:
    rows = forecast.coming[(forecast.coming["kind"] == kind) & (forecast.coming["product_id"] == product)]
    assert len(rows) == 1
    return rows.iloc[0]


def weeks_of(forecast: Forecast, *products: str) -> pd.DataFrame:
    return forecast.forecast[forecast.forecast["product_id"].isin(products)]


def test_each_event_has_one_row_and_nothing_else_has(forecast: Forecast) -> None:
    found = forecast.coming[["kind", "product_id", "week", "sites"]].itertuples(index=False, name=None)
    assert set(found) == {
        ("promotion", "P0", shop.monday(shop.AHEAD), 2),
        ("launch", "N1", shop.monday(shop.LAUNCH), 2),
        ("end", "P9", shop.monday(shop.WEEKS), 2),
        ("override", "P5", shop.monday(shop.WEEKS), 2),
        ("override", "P7", shop.monday(shop.WEEKS + 2), 1),
        ("override", "P6", shop.monday(shop.WEEKS + 1), 2),
    }


def test_promotion_counts_what_it_adds_to_the_forecast_and_takes_from_it(forecast: Forecast) -> None:
    rows = weeks_of(forecast, "P0", "P1")
    by_hand = (rows["statistical_mean"] * (1 - 1 / rows["promotion"])).sum()
    found = row_of(forecast, "promotion", "P0")
    assert found["units"] == pytest.approx(by_hand, rel=1e-4)
    assert found["units"] > 0
    assert found["low_units"] < found["units"] < found["high_units"]
    assert "20 % off, leaflet" in found["what"]


def test_launch_and_end_count_the_units_of_their_forecast(forecast: Forecast) -> None:
    for kind, product in (("launch", "N1"), ("end", "P9")):
        assert row_of(forecast, kind, product)["units"] == pytest.approx(
            weeks_of(forecast, product)["mean"].sum()
        )
    after = weeks_of(forecast, "P9")["week"] > shop.monday(shop.END)
    assert (weeks_of(forecast, "P9")["mean"][after] == 0).all()
    assert "ends on 2025-12-28" in row_of(forecast, "end", "P9")["what"]


def test_override_counts_what_the_planner_adds_or_takes_off(forecast: Forecast) -> None:
    for product, author in (("P5", "Ann"), ("P6", "Bob")):
        rows = weeks_of(forecast, product)
        change = (rows["mean"] - rows["statistical_mean"]).sum()
        found = row_of(forecast, "override", product)
        assert found["units"] == pytest.approx(change)
        assert found["what"].startswith(author)
    assert row_of(forecast, "override", "P7")["units"] < 0 < row_of(forecast, "override", "P6")["units"]


def test_money_is_units_at_unit_cost_and_orders_the_rows(forecast: Forecast) -> None:
    assert forecast.coming["money"].to_numpy() == pytest.approx(forecast.coming["units"] * shop.COST)
    assert forecast.coming["money"].abs().is_monotonic_decreasing


def test_a_promotion_that_runs_already_counts_only_the_weeks_ahead() -> None:
    found = forecast_demand(shop.moved("AHEAD", shop.WEEKS - 3, shop.WEEKS), shop.LIGHT)
    rows = weeks_of(found, "P0", "P1")
    by_hand = (rows["statistical_mean"] * (1 - 1 / rows["promotion"])).sum()
    assert row_of(found, "promotion", "P0")["units"] == pytest.approx(by_hand, rel=1e-4)


def test_where_nothing_comes_the_table_is_empty_with_all_its_columns(shop_forecast: Forecast) -> None:
    assert shop_forecast.coming.empty
    assert list(shop_forecast.coming) == COLUMNS
