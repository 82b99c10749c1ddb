"""A company to which everything happens: promotions, substitutes, stock-outs, a launch, an end, overrides.

Weeks are numbered from `small_shop.FIRST_MONDAY`; the history has `WEEKS`, the forecast `QUICK.horizon` more.

    P0, P2, P4, P6   promoted in the past (lift 2.2, dip 0.7 for two weeks); P1, P3, P5, P7 substitutes
    P0   promoted again ahead, in week `AHEAD`           P2   promotion planned ahead, not decided
    P4   planned too, but without price and cost         P9   ends in week `END`
    P5   overridden at A and B, P6 at all, P7 at A      N1   launched in week `LAUNCH`, without orders
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from tests.forecasting.small_shop import FIRST_MONDAY, QUICK, TinyCase, last_sunday, order_lines

from helpers.forecasting import Forecast, forecast_demand
from helpers.forecasting.demand.history import read_history
from helpers.forecasting.demand.known import Known, know, read_background

# Fewer windows and methods, for variants of the company whose accuracy nobody asks for.
LIGHT = replace(QUICK, windows=1, methods=("seasonal_naive", "window_26"))
WEEKS = 100
AHEAD, END, LAUNCH = WEEKS + 1, WEEKS + 3, WEEKS + 2
PROMOTED = (0, 2, 4, 6)
LIFT, DIP, DEPTH = 2.2, 0.7, 0.2
PRICE, COST = 10.0, 6.0


def monday(week: int) -> pd.Timestamp:
    return pd.Timestamp(FIRST_MONDAY) + np.timedelta64(7 * week, "D")


def promotion(name: str, week: int, product: str, **changes: Any) -> dict[str, Any]:
    """One week of 20 % off at all sites."""
    row = {
        "promotion_id": name,
        "product_id": product,
        "site_id": None,
        "start": monday(week),
        "end": monday(week) + np.timedelta64(6, "D"),
        "discount": DEPTH,
        "mechanics": "leaflet",
        "status": "past" if week < WEEKS else "approved",
    }
    return {**row, **changes}


def override(product: str, site: str | None, week: int, quantity: float, **changes: Any) -> dict[str, Any]:
    row = {
        "product_id": product,
        "site_id": site,
        "week": monday(week),
        "author": "Ann",
        "quantity": quantity,
        "reason": "fair",
        "made_on": monday(WEEKS - 2),
    }
    return {**row, **changes}


def eventful(seed: int = 0) -> TinyCase:
    rng = np.random.default_rng(seed)
    series: dict[tuple[str, str], Any] = {}
    promotions = []
    for number in range(10):
        factor = np.ones(WEEKS)
        for turn, week in enumerate((20 + 2 * number, 55 + 3 * number)):
            if number in PROMOTED:
                promotions.append(promotion(f"A{number}{turn}", week, f"P{number}"))
                factor[week], factor[week + 1 : week + 3] = LIFT, DIP
        for site, size in (("A", 30.0), ("B", 15.0)):
            series[f"P{number}", site] = rng.poisson(size * factor)
    promotions += [
        promotion("AHEAD", AHEAD, "P0"),
        promotion("PLAN2", AHEAD, "P2", status="planned"),
        promotion("PLAN4", AHEAD, "P4", status="planned"),
    ]
    tables = {
        "orders": order_lines(series),
        "products": _products(),
        "promotions": pd.DataFrame(promotions),
        "overrides": pd.DataFrame(
            [
                override("P5", "A", WEEKS, 50.0),
                override("P5", "B", WEEKS + 1, 5.0),
                override("P6", None, WEEKS + 1, 90.0, author="Bob", reason=""),
                override("P7", "A", WEEKS + 2, 1.0, reason="sold out"),
                override("P?", None, WEEKS + 1, 90.0),
            ]
        ),
    }
    return TinyCase(tables, last_sunday(WEEKS))


def _products() -> pd.DataFrame:
    names = [f"P{number}" for number in range(10)] + ["N1"]
    table = pd.DataFrame({"product_id": names, "name": [f"Product {name}" for name in names]})
    groups = {name: f"G{int(name[1]) // 2}" for name in names[:8]}
    plain = table["product_id"] != "P4"
    return table.assign(
        category="C",
        substitute_group=table["product_id"].map(groups),
        unit_cost=np.where(plain, COST, np.nan),
        list_price=np.where(plain, PRICE, np.nan),
        launch_date=table["product_id"].map({"N1": monday(LAUNCH)}).astype("datetime64[ns]"),
        end_date=table["product_id"]
        .map({"P9": monday(END) + np.timedelta64(6, "D")})
        .astype("datetime64[ns]"),
    )


def moved(name: str, first: int, last: int) -> TinyCase:
    """The company with a promotion that runs from one week to another instead."""
    table = eventful_case().table("promotions")
    mine = table["promotion_id"] == name
    start = table["start"].where(~mine, monday(first))
    end = table["end"].where(~mine, monday(last) + np.timedelta64(6, "D"))
    return eventful_case().replace(promotions=table.assign(start=start, end=end))


def known_now(case: TinyCase) -> Known:
    """What is known after the last week."""
    history, background = read_background(case, read_history(case, QUICK), QUICK)
    return know(history, background, QUICK)


@cache
def eventful_case() -> TinyCase:
    return eventful()


@cache
def eventful_forecast() -> Forecast:
    return forecast_demand(eventful_case(), QUICK)
