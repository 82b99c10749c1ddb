"""Segments with plain names, by when, how often and for how much a customer bought (RFM).

The first rule that holds gives the name:

    never bought   no order
    lost           no order for more than 364 days
    new            first order within 91 days, and created no earlier than 182 days ago
    sleeping       no order for more than 182 days
    slipping       at least 3 days with an order, the last longer ago than 3 usual gaps and 28 days
    core           in the upper fifth of the others by last year's margin, and in their upper half by orders
    big baskets    in that upper fifth, with fewer orders
    loyal          in the upper half by orders
    occasional     the rest

"The others" are those whom no rule above took, and margins of zero or below are in no upper fifth. The usual
gap is the median between days with an order, and at least 7 days.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

SEGMENTS = (
    *("core", "big baskets", "loyal", "occasional", "new"),
    *("slipping", "sleeping", "lost", "never bought"),
)
LOST_DAYS, SLEEPING_DAYS = 364, 182
NEW_DAYS, NEW_CREATED_DAYS = 91, 182
OVERDUE, LEAST_OVERDUE_DAYS, LEAST_GAP_DAYS, LEAST_ORDERS = 3.0, 28, 7, 3
UPPER_MONEY, UPPER_ORDERS = 0.8, 0.5


def name_segments(rows: pd.DataFrame) -> list[str]:
    """Return the segment of each customer.

    Parameters
    ----------
    rows
        orders, days_since_last_order, tenure_days, order_gap_days, first_order, last_order, last_year_orders,
        last_year_margin; one row per customer.
    """
    since = rows["days_since_last_order"].to_numpy(float)
    first = since + (rows["last_order"] - rows["first_order"]).dt.days.to_numpy(float)
    gap = np.maximum(rows["order_gap_days"].to_numpy(float), LEAST_GAP_DAYS)
    is_new = (first < NEW_DAYS) & ~(rows["tenure_days"].to_numpy(float) > NEW_CREATED_DAYS)
    is_late = (
        (since > OVERDUE * gap) & (since > LEAST_OVERDUE_DAYS) & (rows["orders"].to_numpy() >= LEAST_ORDERS)
    )
    rules = {
        "never bought": ~(rows["orders"].to_numpy(float) > 0),
        "lost": since > LOST_DAYS,
        "new": is_new,
        "sleeping": since > SLEEPING_DAYS,
        "slipping": is_late,
    }
    rest = ~np.logical_or.reduce(list(rules.values()))
    money, orders = (rows[name].to_numpy(float) for name in ("last_year_margin", "last_year_orders"))
    often = orders >= _quantile(orders[rest], UPPER_ORDERS)
    much = (money >= _quantile(money[rest], UPPER_MONEY)) & (money > 0)
    rules |= {"core": much & often, "big baskets": much, "loyal": often}
    return [str(name) for name in np.select(list(rules.values()), list(rules), "occasional")]


def _quantile(values: np.ndarray, share: float) -> float:
    return float(np.quantile(values, share)) if len(values) else 0.0
