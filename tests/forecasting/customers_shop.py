"""The company of `eventful_shop.py` with customers, prices and discounts on its order lines.

K1 and K2 share all lines of P0 to P4, by turns; K3 and nobody known those of the others; K4 bought in the
first half only, more than a year ago. Every promoted week gives 20 % off.
"""

from __future__ import annotations

from datetime import date
from functools import cache

import numpy as np
import pandas as pd
from tests.forecasting import eventful_shop as shop
from tests.forecasting.small_shop import TinyCase

from helpers.forecasting import Forecast, forecast_demand


class NamedCase(TinyCase):
    """A tiny case with a name for its content."""

    fingerprint = "customers-shop"

    def replace(self, as_of: date | None = None, **tables: pd.DataFrame) -> NamedCase:
        return NamedCase({**self.tables, **tables}, as_of or self.as_of)

    def without(self, *names: str) -> NamedCase:
        return NamedCase({key: value for key, value in self.tables.items() if key not in names}, self.as_of)


@cache
def customers_case() -> NamedCase:
    plain = shop.eventful_case()
    orders = plain.table("orders")
    number = orders["product_id"].str[1:].astype(int)
    turn = np.arange(len(orders)) % 2
    early = orders["order_date"] < shop.monday(shop.WEEKS - 53)
    named = np.select(
        [early & (number == 9), number <= 4],
        ["K4", np.where(turn == 0, "K1", "K2")],
        np.where(turn, "K3", ""),
    )
    promotions = plain.table("promotions")
    past = promotions[promotions["status"] == "past"]
    keys = list(zip(past["product_id"], past["start"] + np.timedelta64(2, "D"), strict=True))
    promoted = pd.MultiIndex.from_frame(orders[["product_id", "order_date"]]).isin(keys)
    table = orders.assign(
        customer_id=pd.Series([name or None for name in named], index=orders.index, dtype="object"),
        unit_price=np.where(number == 3, 8.0, 10.0),
        discount=np.where(promoted, shop.DEPTH, np.where(number == 2, 0.1, 0.0)),
        promotion_id=pd.Series(
            ["A" if inside else None for inside in promoted], index=orders.index, dtype="object"
        ),
    )
    return NamedCase({**plain.tables, "orders": table}, plain.as_of)


@cache
def customers_forecast() -> Forecast:
    return forecast_demand(customers_case(), shop.LIGHT)
