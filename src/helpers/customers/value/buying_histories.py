"""Buying histories of a case, in weeks: what the models read.

A purchase is a day on which a customer ordered, however many orders it holds:

    frequency       days with an order after the first
    recency, age    weeks from the first such day to the last, and to the last day that is read
    monetary_value  mean money of the days after the first; 0 where there is none
    order_money     mean money of all of them, at the level of the last year (`money_levels`): the first day
    says
                    as much of a customer as any other
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.customers.purchases import Purchases

DAYS_PER_WEEK = 7.0
YEAR_DAYS = 364
LEAST_PAIRS = 30  # customers in both years below which the level is not moved

HISTORY = (
    *("customer_id", "frequency", "recency", "age", "monetary_value", "order_money"),
    *("first_order", "last_order", "money", "last_year_money", "last_year_orders"),
)


def order_days(purchases: Purchases, until: dt.date | None = None) -> pd.DataFrame:
    """Return one row per customer and day with an order: customer_id, date, money; sorted by both."""
    orders = purchases.orders
    if until is not None:
        orders = orders[orders["date"] <= pd.Timestamp(until)]
    days = orders.groupby(["customer_id", "date"], sort=True)["margin"].sum()
    return days.rename("money").reset_index()


def buying_histories(days: pd.DataFrame, until: dt.date) -> pd.DataFrame:
    """Return one row per customer who bought by `until`, with the columns `HISTORY`.

    `money` is that of all days, `last_year_money` that of the 364 days to `until`; `last_year_orders` counts
    days with an order.
    """
    last = pd.Timestamp(until)
    seen = days[days["date"] <= last]
    years = (last - seen["date"]).dt.days.to_numpy() // YEAR_DAYS
    levels = money_levels(days, until)
    is_late = seen["date"] > last - dt.timedelta(days=YEAR_DAYS)
    seen = seen.assign(
        level_money=seen["money"] * levels[years],
        late_money=seen["money"].where(is_late, 0.0),
        late_orders=is_late.astype(float),
        first=seen["money"],
    )
    rows = seen.groupby("customer_id", sort=True).agg(
        number=("date", "size"),
        first_order=("date", "min"),
        last_order=("date", "max"),
        first=("first", "first"),
        money=("money", "sum"),
        level_money=("level_money", "sum"),
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
            order_money=rows["level_money"] / rows["number"],
        )
        .reset_index()[list(HISTORY)]
        .astype({"customer_id": object})
    )


def money_levels(days: pd.DataFrame, until: dt.date) -> npt.NDArray[np.float64]:
    """Return by what money of each year before `until` is multiplied to stand at the level of the last one.

    Years of 364 days, the last one first. From one year to the next the level moves by what the same
    customers brought per day with an order, each weighted by the smaller of its two numbers of such days:

        R = Σ w·m(later) / Σ w·m(earlier)

    taken as 1 where it is not clearly another (1.96 standard errors of the ratio), so noise moves nothing.
    """
    last = pd.Timestamp(until)
    seen = days[days["date"] <= last]
    year = ((last - seen["date"]).dt.days // YEAR_DAYS).rename("year")
    cells = seen.groupby([seen["customer_id"], year])["money"].agg(["sum", "size"]).reset_index()
    numbers = sorted(int(number) for number in cells["year"].unique())
    parts = {number: cells[cells["year"] == number].set_index("customer_id") for number in numbers}
    levels = np.ones(max(parts, default=0) + 1)
    for earlier in range(1, len(levels)):
        levels[earlier] = levels[earlier - 1]
        if earlier in parts and earlier - 1 in parts:
            levels[earlier] *= _ratio(parts[earlier - 1], parts[earlier])
    return levels


def _ratio(later: pd.DataFrame, earlier: pd.DataFrame) -> float:
    both = later.join(earlier, how="inner", lsuffix="_now", rsuffix="_then")
    weight = both[["size_now", "size_then"]].min(axis=1).to_numpy(float)
    now = weight * (both["sum_now"] / both["size_now"]).to_numpy(float)
    then = weight * (both["sum_then"] / both["size_then"]).to_numpy(float)
    if len(both) < LEAST_PAIRS or then.sum() <= 0 or now.sum() <= 0:
        return 1.0
    ratio = float(now.sum() / then.sum())
    error = float(np.sqrt(((now - ratio * then) ** 2).sum()) / then.sum())
    return ratio if abs(ratio - 1) > 1.96 * error else 1.0
