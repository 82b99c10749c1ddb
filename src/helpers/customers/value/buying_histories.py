"""Buying histories of a case, in weeks: what the models read.

A purchase is a day on which a customer ordered, however many orders it holds:

    frequency       days with an order after the first
    recency, age    weeks from the first such day to the last, and to the last day that is read
    monetary_value  mean money of the days after the first; 0 where there is none
    order_money     mean money of all of them: the first day says as much of a customer as any other
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from helpers.customers.purchases import Purchases

DAYS_PER_WEEK = 7.0
YEAR_DAYS = 364

HISTORY = (
    *("customer_id", "frequency", "recency", "age", "monetary_value", "order_money"),
    *("first_order", "last_order", "money", "last_year_money", "last_year_orders"),
)


def order_days(purchases: Purchases, until: dt.date | None = None) -> pd.DataFrame:
    """Return one row per customer and day with an order: customer_id, date, money; sorted by both."""
    orders = purchases.orders
    if until is not None:
        orders = orders[orders["date"] <= pd.Timestamp(until)]
    days = orders.groupby(["customer_id", "date"], as_index=False, sort=True)["margin"].sum()
    return days.rename(columns={"margin": "money"})


def buying_histories(days: pd.DataFrame, until: dt.date) -> pd.DataFrame:
    """Return one row per customer who bought by `until`, with the columns `HISTORY`.

    `money` is that of all days, `last_year_money` that of the 364 days to `until`; `last_year_orders` counts
    days with an order.
    """
    last = pd.Timestamp(until)
    seen = days[days["date"] <= last]
    is_late = seen["date"] > last - pd.Timedelta(days=YEAR_DAYS)
    seen = seen.assign(
        late_money=seen["money"].where(is_late, 0.0), late_orders=is_late.astype(float), first=seen["money"]
    )
    rows = seen.groupby("customer_id", sort=True).agg(
        number=("date", "size"),
        first_order=("date", "min"),
        last_order=("date", "max"),
        first=("first", "first"),
        money=("money", "sum"),
        last_year_money=("late_money", "sum"),
        last_year_orders=("late_orders", "sum"),
    )
    repeats = rows["number"].to_numpy(float) - 1
    later = np.divide(
        (rows["money"] - rows["first"]).to_numpy(float), repeats, out=np.zeros(len(rows)), where=repeats > 0
    )
    return (
        rows.assign(
            frequency=repeats,
            recency=(rows["last_order"] - rows["first_order"]).dt.days / DAYS_PER_WEEK,
            age=(last - rows["first_order"]).dt.days / DAYS_PER_WEEK,
            monetary_value=later,
            order_money=rows["money"] / rows["number"],
        )
        .reset_index()[list(HISTORY)]
        .astype({"customer_id": object})
    )
