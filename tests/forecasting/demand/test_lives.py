"""Launches ramp up, ends run down, and both are learned from products that show them."""

from __future__ import annotations

from datetime import timedelta
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.forecasting import ForecastSettings
from helpers.forecasting.demand.history import NEVER, read_history
from helpers.forecasting.demand.lives import (
    NOBODY,
    LifeFactor,
    Lives,
    add_launches,
    life_factors,
    read_lives,
    start_at_launch,
)

WEEKS, LAUNCH, END = 110, 80, 105
SETTINGS = ForecastSettings(horizon=6)


def company(small: ModuleType, **dates: dict[str, Any]) -> Any:
    """Ten steady products at two sites; some launch, some end, as the dates say."""
    rng = np.random.default_rng(1)
    week = np.arange(WEEKS)
    series, rows = {}, []
    for number in range(10):
        product = f"P{number}"
        mean = np.full(WEEKS, 30.0)
        if number in (7, 8):
            mean *= np.where(week >= LAUNCH, 1 - np.exp(-(week - LAUNCH + 1) / 6), 0)
        if number == 9:
            mean *= np.clip((END - week + 1) / 12, 0, 1)
        for site in ("A", "B"):
            series[product, site] = rng.poisson(mean)
        rows.append({"product_id": product, "name": product, "category": "C", "unit_cost": 1.0})
    rows.append({"product_id": "N1", "name": "New", "category": "C", "unit_cost": 1.0})
    last_day = monday(small, END) + np.timedelta64(6, "D")
    known = {"launch_date": dict.fromkeys(["P7", "P8"], monday(small, LAUNCH)), "end_date": {"P9": last_day}}
    products = pd.DataFrame(rows)
    for column in ("launch_date", "end_date", "successor_id"):
        products[column] = products["product_id"].map(known.get(column, {}) | dates.get(column, {}))
    days = {"launch_date": "datetime64[ns]", "end_date": "datetime64[ns]"}
    tables = {"orders": small.order_lines(series), "products": products.astype(days)}
    return small.TinyCase(tables, small.last_sunday(WEEKS))


def monday(small: ModuleType, week: int) -> pd.Timestamp:
    return pd.Timestamp(small.FIRST_MONDAY + timedelta(days=7 * week))


def learn(case: Any) -> tuple[Any, Lives, LifeFactor]:
    history = read_history(case, SETTINGS)
    lives = read_lives(case, history)
    history = start_at_launch(history, lives)
    flat = np.ones((len(history.keys), history.length + SETTINGS.horizon))
    return history, lives, life_factors(history, lives, flat)


def test_ramp_and_run_down_of_the_simulation_are_found_again(small: ModuleType) -> None:
    _, _, life = learn(company(small))
    assert 4 <= life.ramp <= 8
    assert 10 <= life.run_down <= 16
    assert life.run_down_replaced == 0


def test_products_in_mid_life_have_the_factor_one(small: ModuleType) -> None:
    history, _, life = learn(company(small))
    old = history.keys["product_id"].isin([f"P{number}" for number in range(7)]).to_numpy()
    assert (life.factor[old] == 1).all()


def test_no_ramp_is_claimed_where_launches_start_at_full_demand(small: ModuleType) -> None:
    early = monday(small, 20)
    case = company(small, launch_date={"P7": early, "P8": early, "P0": early})
    orders = case.table("orders")
    kept = orders[~orders["product_id"].isin(["P7", "P8"])]
    _, _, life = learn(case.replace(orders=kept))
    assert life.ramp == 0


def test_weeks_between_a_launch_and_the_first_order_count_as_weeks_without_demand(small: ModuleType) -> None:
    case = company(small)
    orders = case.table("orders")
    late = (orders["product_id"] == "P7") & (orders["order_date"] < monday(small, LAUNCH + 3))
    history, lives, _ = learn(case.replace(orders=orders[~late]))
    row = int(np.flatnonzero(history.keys["product_id"] == "P7")[0])
    assert lives.launch[row] == LAUNCH
    assert history.start[row] == LAUNCH
    assert history.demand[row, LAUNCH : LAUNCH + 3].tolist() == [0, 0, 0]
    assert np.isnan(history.demand[row, LAUNCH - 1])


def test_a_site_that_got_the_product_much_later_starts_with_its_first_order(small: ModuleType) -> None:
    case = company(small)
    orders = case.table("orders")
    late = (orders["product_id"] == "P7") & (orders["order_date"] < monday(small, LAUNCH + 15))
    history, _, _ = learn(case.replace(orders=orders[~late]))
    row = int(np.flatnonzero(history.keys["product_id"] == "P7")[0])
    assert history.start[row] >= LAUNCH + 15


def test_predecessor_is_the_same_site_of_the_product_that_names_its_successor(small: ModuleType) -> None:
    history, lives, _ = learn(company(small, successor_id={"P9": "P7"}))
    keys = list(history.keys[["product_id", "site_id"]].itertuples(index=False, name=None))
    assert lives.predecessor[keys.index(("P7", "B"))] == keys.index(("P9", "B"))
    assert lives.predecessor[keys.index(("P8", "B"))] == NOBODY
    assert lives.replaced[keys.index(("P9", "A"))]


def test_without_a_products_table_nothing_is_known(small: ModuleType) -> None:
    case = company(small)
    orders_only = small.TinyCase({"orders": case.table("orders")}, case.as_of)
    _, lives, life = learn(orders_only)
    assert (lives.launch == -NEVER).all()
    assert (life.factor == 1).all()


@pytest.mark.parametrize(("offset", "sites"), [(-1, 2), (2, 2), (40, 0)])
def test_launch_without_orders_gets_a_row_per_site_within_the_horizon(
    small: ModuleType, offset: int, sites: int
) -> None:
    case = company(small, launch_date={"N1": monday(small, WEEKS + offset)})
    history = add_launches(case, read_history(case, SETTINGS), SETTINGS.horizon)
    rows = np.flatnonzero(history.keys["product_id"] == "N1")
    assert len(rows) == sites
    if sites:
        assert (history.start[rows] == WEEKS + offset).all()
        assert (np.nan_to_num(history.demand[rows]) == 0).all()
        assert any("without an order yet" in note for note in history.notes)
        assert history.supply is None or np.isinf(history.supply[rows]).all()
        assert history.keys["product_id"].is_monotonic_increasing
