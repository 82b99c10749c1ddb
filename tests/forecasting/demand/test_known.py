"""What is known at an origin: nothing later, factors that multiply, demand repaired in two passes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.forecasting import eventful_shop as shop
from tests.forecasting.small_shop import QUICK, TinyCase, last_sunday, order_lines

from helpers.forecasting.demand import known as known_module
from helpers.forecasting.demand.history import read_history
from helpers.forecasting.demand.known import LEAST_FACTOR, Known, know, read_background

ORIGIN = 90
PEAKED = 104


def known_at(case: Any, origin: int | None = None) -> Known:
    history, background = read_background(case, read_history(case, QUICK), QUICK)
    return know(history if origin is None else history.until(origin), background, QUICK)


def peaked_season(week: Any) -> Any:
    return 1 + 0.8 * np.cos(2 * np.pi * (week - 13) / QUICK.season_length)


def short_in_the_peak(seed: int = 0) -> tuple[TinyCase, Any]:
    """Twenty products, half of them with too little stock in every peak; and what was wanted."""
    rng = np.random.default_rng(seed)
    week = np.arange(PEAKED)
    wanted = rng.poisson(20 * peaked_season(week), size=(20, PEAKED))
    short = (peaked_season(week) > 1.4) & (np.arange(20) % 2 == 0)[:, None]
    sold = np.where(short, np.minimum(wanted, 20), wanted)
    closing = np.where(short, 20 - sold, 10)
    weekly = order_lines({(f"P{row:02d}", "A"): units for row, units in enumerate(sold)})
    # a line per unit: where lines are large, a stock that is too small for one more counts as empty
    lines = weekly.loc[weekly.index.repeat(weekly["quantity"].astype(int))].assign(quantity=1.0)
    orders = lines.assign(line=lines.groupby(level=0).cumcount() + 1).reset_index(drop=True)
    row, at = np.divmod(np.arange(closing.size), PEAKED)
    stock = pd.DataFrame(
        {
            "product_id": [f"P{number:02d}" for number in row],
            "site_id": "A",
            "date": [shop.monday(int(number)) + np.timedelta64(6, "D") for number in at],
            "on_hand": closing.ravel(),
        }
    )
    return TinyCase({"orders": orders, "stock": stock}, last_sunday(PEAKED)), wanted


def test_changing_the_weeks_after_an_origin_changes_nothing_of_what_is_known_there() -> None:
    case = shop.eventful_case()
    orders = case.table("orders")
    later = (orders["order_date"] >= shop.monday(ORIGIN)).to_numpy()
    other = np.random.default_rng(5).integers(1, 60, len(orders))
    changed = case.replace(
        orders=orders.assign(
            quantity=np.where(later, other, orders["quantity"]),
            unit_price=np.where(later, other / 10.0, orders["unit_price"]),
        )
    )
    mine, theirs = known_at(case, ORIGIN), known_at(changed, ORIGIN)
    assert not np.array_equal(known_at(case).history.demand, known_at(changed).history.demand)
    np.testing.assert_array_equal(mine.history.demand, theirs.history.demand)
    np.testing.assert_array_equal(mine.factors.shape, theirs.factors.shape)
    effects = mine.factors.effects.table, theirs.factors.effects.table
    pd.testing.assert_frame_equal(*effects)


def test_promotions_launches_and_ends_that_are_decided_ahead_are_known() -> None:
    known = known_at(shop.eventful_case())
    ahead = known.factors.effects.factor[:, shop.WEEKS :]
    rows = (known.history.keys["product_id"] == "P0").to_numpy()
    assert (ahead[rows, shop.AHEAD - shop.WEEKS] > 1.5).all()
    assert ahead[~rows].max() < 1.2
    ends = known.history.keys["product_id"].eq("P9").to_numpy()
    assert (known.history.end[ends] == shop.END).all()
    starts = known.history.keys["product_id"].eq("N1").to_numpy()
    assert (known.lives.launch[starts] == shop.LAUNCH).all()


def test_shape_is_the_product_of_its_factors_and_never_zero() -> None:
    factors = known_at(shop.eventful_case()).factors
    product = factors.profile * factors.life.factor * factors.effects.factor
    np.testing.assert_allclose(factors.shape, np.maximum(product, LEAST_FACTOR))
    np.testing.assert_allclose(
        factors.events, np.maximum(factors.life.factor * factors.effects.factor, LEAST_FACTOR)
    )
    assert np.isfinite(factors.shape).all()
    assert factors.shape.min() > 0


def test_repaired_demand_is_never_below_recorded_demand() -> None:
    case, _ = short_in_the_peak()
    known = known_at(case)
    alive = np.isfinite(known.recorded)
    assert (known.history.demand[alive] >= known.recorded[alive]).all()
    assert (known.history.demand > known.recorded).any()
    untouched = ~known.repair.repaired & alive
    np.testing.assert_array_equal(known.history.demand[untouched], known.recorded[untouched])


def test_two_passes_leave_less_bias_where_stock_runs_out_in_the_peak(monkeypatch: pytest.MonkeyPatch) -> None:
    case, wanted = short_in_the_peak()
    bias = {}
    for passes in (1, 2):
        monkeypatch.setattr(known_module, "PASSES", passes)
        known = known_at(case)
        bias[passes] = np.nansum(known.history.demand) / wanted.sum() - 1
    as_recorded = np.nansum(known.recorded) / wanted.sum() - 1
    assert as_recorded < bias[1] < bias[2] < 0.03
    assert abs(bias[2]) < abs(as_recorded) / 2
