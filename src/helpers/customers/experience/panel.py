"""One row per customer and day with an order: what was known before, how it was served, what came after.

A let-down is one of four kinds, each row under the first that fits: short, late, returned, complaint; the
others went smoothly. `features` see only days before `shift` days before the order, so that shift 0 explains
what comes after it and shift `after_days` explains the days just before it, which no let-down of that order
can have changed: the placebo.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.customers.experience.event_log import EventLog, Floats, Ints, day_number, day_numbers
from helpers.customers.experience.served_orders import KINDS, ServedOrders
from helpers.customers.purchases import Purchases

YEAR = 364
SMOOTH = "smooth"
BASKET = ("lines", "units", "value")
ASKED = ("rush", "asked_days")


@dataclass(frozen=True, eq=False)
class Panel:
    """Order days of customers with the logs that their history is read from.

    Parameters
    ----------
    rows
        customer_id, customer (number), day (since 1970), kind, lines, units, value, rush, asked_days,
        segment, channel, group.
    customers
        customer_id by number.
    orders
        Order days with lines and units.
    money
        Margin (or revenue) by day.
    troubles
        Days on which an order was known to be short or late.
    returns
        Days on which goods came back.
    start
        First day of each customer, by number.
    first_day, last_day
        Days since 1970 that the data cover.
    """

    rows: pd.DataFrame
    customers: pd.DataFrame
    orders: EventLog
    money: EventLog
    troubles: EventLog
    returns: EventLog
    start: Ints
    first_day: int
    last_day: int

    def money_between(self, customer: Ints, first: Ints, end: Ints) -> Floats:
        """Return the margin over first ≤ day < end."""
        return self.money.sums(customer, first, end, 1)

    def features(self, rows: pd.DataFrame, shift: int = 0) -> Floats:
        """Return what was known of each row's customer `shift` days before, shape (rows, features)."""
        customer, day = rows["customer"].to_numpy(np.int64), rows["day"].to_numpy(np.int64) - shift
        quarter, year = day - YEAR // 4, day - YEAR
        tenure = np.maximum(day - self.start[customer], 0)
        since = np.minimum(day - self.orders.last_before(customer, day), 2 * YEAR)
        place = 2 * np.pi * rows["day"].to_numpy(float) / 365.25
        basket = [np.log1p(np.maximum(rows[name].to_numpy(float), 0)) for name in (*BASKET, *ASKED)]
        known = [
            np.log1p(since),
            np.log1p(self.orders.sums(customer, quarter, day)),
            np.log1p(self.orders.sums(customer, year, day)),
            np.log1p(np.maximum(self.money_between(customer, quarter, day), 0)),
            np.log1p(np.maximum(self.money_between(customer, year, day), 0)),
            np.log1p(self.troubles.sums(customer, year, day)),
            np.log1p(self.returns.sums(customer, year, day)),
            np.log1p(tenure),
            np.minimum(tenure, YEAR) / YEAR,
            (self.orders.sums(customer, np.full(len(day), 0), day) == 0).astype(float),
        ]
        calendar = [np.sin(place), np.cos(place), rows["day"].to_numpy(float)]
        return np.column_stack([*basket, *known, *calendar, self._labels(rows)])

    def _labels(self, rows: pd.DataFrame) -> Floats:
        """Return one column of 0 and 1 per group but the first."""
        names = np.unique(self.customers["group"].to_numpy(dtype=str))[1:]
        return np.asarray(rows["group"].to_numpy(dtype=str)[:, None] == names[None, :], dtype=np.float64)


def build_panel(served: ServedOrders, purchases: Purchases, customers: pd.DataFrame) -> Panel:
    """Build the panel of all orders that could be judged.

    Parameters
    ----------
    served
        How orders were served.
    purchases
        What was bought, with money.
    customers
        The table of customers, for segment, channel and first day.
    """
    people = _people(served, purchases, customers)
    number = pd.Series(np.arange(len(people)), index=people["customer_id"])
    orders = served.orders.assign(customer=served.orders["customer_id"].map(number))
    paid = purchases.orders
    dates = day_numbers(orders["date"])
    let_down = orders[["short", "late"]].to_numpy(bool).any(axis=1)
    rows = _order_days(orders.assign(day=dates, kind=_kinds(orders)), people)
    who, when = rows["customer"].to_numpy(np.int64), rows["day"].to_numpy(np.int64)
    start = np.full(len(people), day_number(served.until))
    np.minimum.at(start, who, when)
    back = served.returns.assign(customer=served.returns["customer_id"].map(number)).dropna(
        subset=["customer"]
    )
    created = people["created"].fillna(pd.Timestamp(served.until))
    return Panel(
        rows=rows[rows["is_judged"]].reset_index(drop=True),
        customers=people,
        orders=EventLog.of(who, when),
        money=EventLog.of(
            paid["customer_id"].map(number).to_numpy(np.int64),
            day_numbers(paid["date"]),
            paid["margin"].to_numpy(float),
        ),
        troubles=EventLog.of(
            orders["customer"].to_numpy(np.int64)[let_down], day_numbers(orders["due"])[let_down] + 1
        ),
        returns=EventLog.of(back["customer"].to_numpy(np.int64), day_numbers(back["date"])),
        start=np.minimum(start, day_numbers(created)),
        first_day=int(dates.min()) if len(dates) else day_number(served.until),
        last_day=day_number(served.until),
    )


def _people(served: ServedOrders, purchases: Purchases, customers: pd.DataFrame) -> pd.DataFrame:
    """Return every customer who ordered, with segment, channel and their group in words."""
    ids = np.union1d(served.orders["customer_id"].astype(str), purchases.orders["customer_id"].astype(str))
    known = customers[["customer_id", "segment", "channel", "created"]]
    people = pd.DataFrame({"customer_id": ids.astype(object)}).merge(known, on="customer_id", how="left")
    words = people[["segment", "channel"]].fillna("not stated")
    return people.assign(
        segment=words["segment"], channel=words["channel"], group=words["segment"] + ", " + words["channel"]
    )


def _kinds(orders: pd.DataFrame) -> NDArray[np.int64]:
    """Name each order by the first kind that fits."""
    return np.asarray(
        np.select([orders[name].to_numpy(bool) for name in KINDS], list(range(len(KINDS))), len(KINDS))
    )


def _order_days(orders: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """Put the orders of a customer on one day together, under the worst of their kinds."""
    days = (
        orders.groupby(["customer", "day"], sort=True)
        .agg(
            kind=("kind", "min"),
            is_judged=("is_judged", "any"),
            **{name: (name, "sum") for name in BASKET},
            **{name: (name, "mean") for name in ASKED},
        )
        .reset_index()
    )
    names = np.array([*KINDS, SMOOTH], dtype=object)
    about = people.loc[days["customer"], ["customer_id", "segment", "channel", "group"]]
    return days.assign(
        kind=names[days["kind"].to_numpy(np.int64)],
        **{name: about[name].to_numpy(dtype=object) for name in about.columns},
    )
