"""What the forecast would have said a week ago, and what the last week changed of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.forecasting import eventful_shop as shop
from tests.forecasting.small_shop import TinyCase, last_sunday, order_lines

from helpers.forecasting import Forecast, ForecastSettings, forecast_demand
from helpers.forecasting.backtest import FEWEST_WEEKS
from helpers.forecasting.demand.history import read_history
from helpers.forecasting.demand.known import read_background
from helpers.forecasting.earlier import forecast_a_week_earlier
from helpers.forecasting.watch import COLUMNS, ForecastRun


def run_of_a_week_ago(case: Any, now: Forecast) -> ForecastRun:
    """With the methods of `now`."""
    settings = now.settings
    history, background = read_background(case, read_history(case, settings), settings)
    overrides = case.table("overrides") if case.has("overrides") else None
    found = forecast_a_week_earlier(history, background, [], now.prediction, overrides, settings)
    assert found is not None
    return found


def with_busy_last_week(case: Any, products: list[str]) -> Any:
    orders = case.table("orders")
    last = orders["order_date"] > pd.Timestamp(case.as_of - timedelta(days=7))
    busy = last & orders["product_id"].isin(products)
    return case.replace(
        orders=orders.assign(quantity=np.where(busy, 4 * orders["quantity"], orders["quantity"]))
    )


@pytest.fixture(scope="module")
def forecast() -> Forecast:
    return shop.eventful_forecast()


def test_run_of_a_week_ago_has_history_and_weeks_of_a_cutoff_one_week_earlier(forecast: Forecast) -> None:
    case = shop.eventful_case()
    earlier = run_of_a_week_ago(case, forecast)
    cutoff = (forecast.cutoff - timedelta(days=7)).isoformat()
    asked = forecast_demand(case, replace(shop.LIGHT, cutoff=cutoff))
    assert earlier.forecast["week"].min() == pd.Timestamp(asked.first_week)
    keys = ["product_id", "site_id", "week"]
    pd.testing.assert_frame_equal(earlier.forecast[keys], asked.forecast[keys])
    pd.testing.assert_frame_equal(earlier.history, asked.history)
    columns = ["promotion", "demand_class", "override_author"]
    pd.testing.assert_frame_equal(earlier.forecast[columns], asked.forecast[columns])


def test_last_week_changes_the_changes_but_not_the_run_of_a_week_ago(forecast: Forecast) -> None:
    case = shop.eventful_case()
    busy = with_busy_last_week(case, ["P8"])
    before, after = (run_of_a_week_ago(each, forecast) for each in (case, busy))
    pd.testing.assert_frame_equal(before.forecast, after.forecast)
    changed = forecast_demand(busy, shop.LIGHT).changes
    assert "P8" not in set(forecast.changes["product_id"])
    mine = changed[changed["product_id"] == "P8"]
    assert len(mine)
    assert (mine["cause"] == "new demand").all()
    assert (mine["change_units"] > 0).all()


def test_override_made_within_the_last_week_is_a_change_and_an_older_one_is_none() -> None:
    fresh = [
        shop.override("P5", "A", shop.WEEKS + 1, 90.0, made_on=shop.monday(shop.WEEKS - 1)),
        shop.override("P6", "A", shop.WEEKS + 1, 90.0),
    ]
    changes = forecast_demand(shop.eventful_case().replace(overrides=pd.DataFrame(fresh)), shop.LIGHT).changes
    found = changes[changes["product_id"] == "P5"].iloc[0]
    assert found["cause"] == "override"
    assert "override added" in found["reason"]
    assert "P6" not in set(changes["product_id"])


@pytest.mark.parametrize(("weeks", "is_there"), [(FEWEST_WEEKS, False), (FEWEST_WEEKS + 1, True)])
def test_too_short_a_history_gives_no_changes_and_no_error(
    quick: ForecastSettings, weeks: int, is_there: bool
) -> None:
    case = TinyCase({"orders": order_lines({("P", "A"): [5] * (weeks - 1) + [50]})}, last_sunday(weeks))
    changes = forecast_demand(case, quick).changes
    assert list(changes) == COLUMNS
    assert len(changes) == is_there
