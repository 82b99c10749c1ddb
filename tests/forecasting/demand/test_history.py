"""Weekly demand from order lines, against sums that can be done in the head."""

from __future__ import annotations

from datetime import date, timedelta
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.errors import ContractError, ParameterError
from helpers.forecasting.demand.history import read_history
from helpers.forecasting.settings import ForecastSettings

PLAIN = ForecastSettings()


def one_series(small: ModuleType, demand: list[float], **tables: pd.DataFrame) -> Any:
    orders = small.order_lines({("P", "A"): demand})
    return small.TinyCase({"orders": orders, **tables}, small.last_sunday(len(demand)))


def product(**changes: object) -> pd.DataFrame:
    row = {"product_id": "P", "name": "Pin", "category": "C", "unit_cost": 2.0, "launch_date": pd.NaT}
    return pd.DataFrame([{**row, "end_date": pd.NaT, **changes}])


def test_weeks_without_orders_are_zero_between_first_order_and_cutoff(small: ModuleType) -> None:
    history = read_history(one_series(small, [0, 3, 0, 0, 5, 0]), PLAIN)
    # The calendar itself begins with the first order.
    assert history.demand.tolist() == [[3, 0, 0, 5, 0]]
    assert history.weeks[0].date() == small.FIRST_MONDAY + timedelta(days=7)


def test_monday_and_sunday_fall_into_one_week(small: ModuleType) -> None:
    orders = small.order_lines({("P", "A"): [1, 1]})
    orders["order_date"] = [pd.Timestamp(2024, 1, 1), pd.Timestamp(2024, 1, 7)]
    history = read_history(small.TinyCase({"orders": orders}, date(2024, 1, 7)), PLAIN)
    assert history.demand.tolist() == [[2]]


def test_week_that_is_not_over_does_not_count(small: ModuleType) -> None:
    case = one_series(small, [4, 4, 4]).replace(as_of=small.last_sunday(3) - timedelta(days=1))
    assert read_history(case, PLAIN).demand.tolist() == [[4, 4]]


def test_cutoff_ends_the_history_and_may_not_lie_in_the_future(small: ModuleType) -> None:
    case = one_series(small, [1, 2, 3, 4])
    assert read_history(case, ForecastSettings(cutoff="2024-01-20")).demand.tolist() == [[1, 2]]
    with pytest.raises(ParameterError, match="after the last day of the data"):
        read_history(case, ForecastSettings(cutoff="2030-01-01"))


def test_cancelled_and_special_lines_are_counted_but_are_not_demand(small: ModuleType) -> None:
    orders = small.order_lines({("P", "A"): [5, 6, 7, 8]}).assign(
        status=["shipped", "cancelled", "backorder", "open"], order_type=["stock", "stock", "special", None]
    )
    history = read_history(small.TinyCase({"orders": orders}, small.last_sunday(4)), PLAIN)
    assert history.demand.tolist() == [[5, 0, 0, 8]]
    assert history.cancelled.tolist() == [[0, 6, 0, 0]]
    assert history.apart.tolist() == [[0, 0, 7, 0]]
    assert "1 cancelled order lines (6 units)" in " ".join(history.notes)
    kept = ForecastSettings(count_cancelled=True, kept_apart=())
    all_in = read_history(small.TinyCase({"orders": orders}, small.last_sunday(4)), kept)
    assert all_in.demand.tolist() == [[5, 6, 7, 8]]


def test_series_starts_with_its_launch_and_ends_with_its_end_date(small: ModuleType) -> None:
    table = product(launch_date=pd.Timestamp(2024, 1, 10), end_date=pd.Timestamp(2024, 1, 24))
    history = read_history(one_series(small, [1, 2, 3, 4, 5], products=table), PLAIN)
    assert np.nan_to_num(history.demand, nan=-1).tolist() == [[-1, 2, 3, 4, -1]]
    assert history.active.tolist() == [False]
    assert "6 units were asked before launch" in " ".join(history.notes)


def test_weeks_that_open_or_close_empty_are_marked(small: ModuleType) -> None:
    sundays = [pd.Timestamp(small.last_sunday(week)) for week in range(1, 6)]
    stock = pd.DataFrame({"date": sundays, "site_id": "A", "product_id": "P", "on_hand": [5.0, 0, 4, 3, 2]})
    history = read_history(one_series(small, [1, 1, 1, 1, 1], stock=stock), PLAIN)
    assert history.stockout.tolist() == [[False, True, True, False, False]]


def test_without_products_and_stock_there_is_still_a_history(small: ModuleType) -> None:
    history = read_history(one_series(small, [1, 2]), PLAIN)
    assert history.keys[["name", "category", "unit_value"]].to_numpy().tolist() == [["P", "all", 1.0]]
    assert "No table stock" in " ".join(history.notes)


def test_no_demand_at_all_is_a_clear_error(small: ModuleType) -> None:
    case = one_series(small, [1, 2])
    cancelled = case.replace(orders=case.table("orders").assign(status="cancelled"))
    with pytest.raises(ContractError, match="no line of base demand"):
        read_history(cancelled, PLAIN)


def test_history_agrees_with_a_loop_over_the_lines(shop_case: Any) -> None:
    history = read_history(shop_case, PLAIN).table().set_index(["product_id", "site_id", "week"])["demand"]
    slow: dict[tuple[str, str, pd.Timestamp], float] = {}
    for row in shop_case.table("orders").itertuples():
        day = row.order_date.date()
        key = (row.product_id, row.site_id, pd.Timestamp(day - timedelta(days=day.weekday())))
        slow[key] = slow.get(key, 0.0) + row.quantity
    assert history[history > 0].to_dict() == slow
