"""What each customer bought: one row per order, with its money.

    revenue = Σ quantity × unit price × (1 − discount)
    margin  = revenue − Σ quantity × unit cost

over the lines of an order that are not cancelled. A line without a unit cost gets the mean margin rate of
those that have one; where no product has a cost, money is revenue, and the notes say so.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from helpers.contract import Case

LEAST_KNOWN = 0.5  # share of revenue with a known cost below which money is revenue

_ORDERS = """
WITH lines AS (
    SELECT
        o.customer_id, o.order_id, o.site_id, o.order_date, o.quantity,
        o.quantity * o.unit_price * (1 - coalesce(o.discount, 0)) AS revenue,
        o.quantity * p.unit_cost AS cost
    FROM orders o JOIN products p USING (product_id)
    WHERE o.customer_id IS NOT NULL AND o.status <> 'cancelled' AND o.order_date <= ?
),
rate AS (
    SELECT
        coalesce(sum(revenue) FILTER (cost IS NOT NULL) / nullif(sum(revenue), 0), 0) AS known,
        1 - sum(cost) / nullif(sum(revenue) FILTER (cost IS NOT NULL), 0) AS margin_rate
    FROM lines
)
SELECT
    customer_id, order_id, min(order_date) AS date, min(site_id) AS site_id,
    count(*) AS lines, sum(quantity) AS units, sum(revenue) AS revenue,
    CASE WHEN any_value(known) < ? THEN sum(revenue)
         ELSE sum(revenue - coalesce(cost, revenue * (1 - margin_rate))) END AS margin,
    any_value(known) AS known_cost
FROM lines, rate
GROUP BY customer_id, order_id
ORDER BY date, order_id, customer_id
"""


@dataclass(frozen=True, eq=False)
class Purchases:
    """All orders of known customers until a day.

    Parameters
    ----------
    orders
        customer_id, order_id, date, site_id, lines, units, revenue, margin; in the order of time.
    until
        Last day that is read.
    known_cost
        Share of the revenue whose products have a unit cost.
    """

    orders: pd.DataFrame
    until: dt.date
    known_cost: float

    @property
    def has_margin(self) -> bool:
        """Whether `margin` is a margin; otherwise it is revenue."""
        return self.known_cost >= LEAST_KNOWN

    @property
    def money_word(self) -> str:
        """What `margin` holds, in words."""
        return "margin" if self.has_margin else "revenue"

    @property
    def notes(self) -> tuple[str, ...]:
        """What was assumed about costs."""
        if not self.has_margin:
            return (
                "Too few products have a unit cost: all money of customers is revenue, not margin. "
                "Fill `unit_cost` in the table products.",
            )
        if self.known_cost < 1:
            return ("Lines of products without a unit cost have the mean margin rate of the others.",)
        return ()


def read_purchases(case: Case, until: dt.date | None = None) -> Purchases:
    """Read what known customers bought.

    Parameters
    ----------
    case
        Needs orders and products.
    until
        Last day that is read; by default the last day of the data.

    Returns
    -------
    Purchases
        One row per order; without rows where no order names a customer.
    """
    last = until or case.as_of
    orders = case.query(_ORDERS, [last, LEAST_KNOWN])
    known = float(orders["known_cost"].iloc[0]) if len(orders) else 0.0
    table = orders.drop(columns="known_cost").astype({"date": "datetime64[ns]"})
    return Purchases(table, last, known)
