"""Promotion effects on demand that was made with known ones, and the drivers they are read from."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.forecasting.demand.drivers import Drivers, read_drivers
from helpers.forecasting.demand.history import History, read_history
from helpers.forecasting.demand.promotions import PromotionEffects, estimate_effects
from helpers.forecasting.settings import ForecastSettings

WEEKS, HORIZON, COUNT = 104, 8, 24
LIFT, DIP, SHARED = 2.2, 0.7, 0.8


def monday(small: ModuleType, week: int) -> pd.Timestamp:
    return pd.Timestamp(small.FIRST_MONDAY) + np.timedelta64(7 * week, "D")


def promotion(small: ModuleType, number: int, week: int, product: str, **changes: Any) -> dict[str, Any]:
    start = monday(small, week)
    row = {
        "promotion_id": f"A{number:02d}",
        "product_id": product,
        "site_id": None,
        "start": start,
        "end": start + np.timedelta64(6, "D"),
        "discount": 0.2,
        "mechanics": "leaflet",
        "status": "past" if week < WEEKS else "approved",
    }
    return {**row, **changes}


def promoted_case(small: ModuleType, seed: int = 0) -> Any:
    """Pairs of substitutes; the even one is promoted once in the past, and the first again ahead."""
    rng = np.random.default_rng(seed)
    series, rows = {}, []
    for number in range(COUNT):
        factor = np.ones(WEEKS)
        week = 20 + 3 * (number // 2)
        if number % 2 == 0:
            rows.append(promotion(small, number, week, f"P{number:02d}"))
            factor[week], factor[week + 1 : week + 3] = LIFT, DIP
        else:
            factor[week] = SHARED
        series[f"P{number:02d}", "A"] = rng.poisson(40 * factor)
    rows.append(promotion(small, 90, WEEKS + 2, "P00"))
    rows.append(promotion(small, 91, WEEKS + 3, "P02", status="planned"))
    products = pd.DataFrame(
        {
            "product_id": [f"P{number:02d}" for number in range(COUNT)],
            "category": "C",
            "substitute_group": [f"G{number // 2}" for number in range(COUNT)],
        }
    )
    orders = small.order_lines(series)
    tables = {"orders": orders, "products": products, "promotions": pd.DataFrame(rows)}
    return small.TinyCase(tables, small.last_sunday(WEEKS))


def read_all(case: Any, **extra: Any) -> tuple[History, Drivers]:
    history = read_history(case, ForecastSettings())
    return history, read_drivers(case, history, HORIZON, **extra)


@pytest.fixture(scope="module")
def estimated(small: ModuleType) -> tuple[History, Drivers, PromotionEffects]:
    history, drivers = read_all(promoted_case(small))
    return history, drivers, estimate_effects(history, drivers, np.ones((COUNT, WEEKS + HORIZON)))


def test_effects_that_were_put_in_are_found(
    estimated: tuple[History, Drivers, PromotionEffects],
) -> None:
    table = estimated[2].table
    past = table[table["cells"] > 0]
    assert len(past) == COUNT // 2
    # 12 promotions of 88 units each: the mean log scatters by 4 %.
    assert np.log(past["lift"]).mean() == pytest.approx(np.log(LIFT), abs=0.1)
    assert past["dip"].mean() == pytest.approx(1 - DIP, abs=0.07)
    shared = estimated[2].pooled.set_index("effect").loc["cannibalisation"]
    assert shared["low"] < np.log(SHARED) < shared["high"] < 0
    assert ((past["lift_low"] < LIFT) & (past["lift_high"] > LIFT)).mean() >= 0.75
    net = past["units_won"] - past["units_dip"] - past["units_cannibalised"]
    np.testing.assert_allclose(past["units_net"], net)


def test_approved_promotion_is_applied_ahead_and_planned_one_is_not(
    estimated: tuple[History, Drivers, PromotionEffects],
) -> None:
    history, _, effects = estimated
    ahead = effects.table.set_index("promotion_id")["applied_ahead"]
    assert ahead["A90"]
    assert "A91" not in ahead.index
    first = history.keys.index[history.keys["product_id"] == "P00"][0]
    factor = effects.factor[first, WEEKS:]
    assert factor[2] > 1.5
    assert (factor[3:5] < 0.9).all()
    assert factor[0] == pytest.approx(1.0)
    sister = effects.factor[history.keys.index[history.keys["product_id"] == "P01"][0], WEEKS + 2]
    assert sister < 0.95


def test_what_if_promotion_counts_whatever_its_status(small: ModuleType) -> None:
    extra = pd.DataFrame([promotion(small, 95, WEEKS + 1, "P04", status="planned", site_id="A")])
    _, drivers = read_all(promoted_case(small), extra_promotions=extra)
    assert "A95" in set(drivers.promotions["promotion_id"])
    assert drivers.discount[4, WEEKS + 1] == pytest.approx(0.2)


def test_promotion_of_half_a_week_runs_half_of_it(small: ModuleType) -> None:
    case = promoted_case(small)
    start = monday(small, 30) + np.timedelta64(5, "D")
    row = promotion(small, 1, 30, "P04", start=start, end=start + np.timedelta64(3, "D"))
    case = case.replace(promotions=pd.DataFrame([row]))
    _, drivers = read_all(case)
    assert drivers.running[4, 30:32].tolist() == pytest.approx([2 / 7, 2 / 7])
    assert drivers.after[4, 31:37].tolist() == [0, 1, 2, 3, 4, 0]
    assert drivers.sister[5, 30:32].tolist() == pytest.approx([2 / 7, 2 / 7])
    calendar = pd.DataFrame(
        {"date": [monday(small, 30) + np.timedelta64(6, "D")], "closed": True, "holiday": "Fair"}
    )
    _, with_days = read_all(case.replace(calendar=calendar))
    # Open six days, promoted on the Saturday only.
    assert with_days.running[4, 30] == pytest.approx(1 / 6)
    assert with_days.holiday[0, 29:32].tolist() == [0, 1, 0]


def test_drivers_until_an_origin_hold_no_later_week(small: ModuleType) -> None:
    _, drivers = read_all(promoted_case(small))
    known = drivers.until(50, 6)
    assert known.running.shape == (COUNT, 56)
    assert len(known.weeks) == 56
    assert np.isnan(known.price[:, 50:]).all()


def test_effects_do_not_see_beyond_the_origin(small: ModuleType) -> None:
    case = promoted_case(small)
    history, drivers = read_all(case)
    shape = np.ones((COUNT, 60 + HORIZON))
    one = estimate_effects(history.until(60), drivers.until(60, HORIZON), shape)
    history.demand[:, 60:] = 7.0
    two = estimate_effects(history.until(60), drivers.until(60, HORIZON), shape)
    assert (one.factor == two.factor).all()


def test_without_promotions_and_calendar_nothing_moves(small: ModuleType) -> None:
    case = promoted_case(small)
    del case.tables["promotions"]
    history, drivers = read_all(case)
    effects = estimate_effects(history, drivers, np.ones((COUNT, WEEKS + HORIZON)))
    assert (effects.factor == 1).all()
    assert effects.table.empty
    price = effects.pooled.set_index("effect").loc["price"]
    assert "not knowable" in str(price["meaning"])
