"""What any plan costs, and what it takes of the shared limits, by the rules of the order plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.inventory.arguments import Floats
from helpers.inventory.orders.curves import held_and_short
from helpers.inventory.orders.limits import LimitRows, OrderLimits, match_limits
from helpers.inventory.orders.problem import (
    ROUNDING,
    Integers,
    OrderItems,
    OrderOptions,
    check_together,
    end_values,
)

if TYPE_CHECKING:
    from scipy.sparse import csr_array


@dataclass(frozen=True, eq=False)
class PlanCost:
    """Money of a plan over the horizon, per item.

    Parameters
    ----------
    purchase, ordering, holding, shortage
        Money, n each.
    owed
        What units still owed at the end will cost, n.
    salvage
        What is left at the end is worth, n; taken off.
    supply, held, short
        Cumulated supply, expected stock at the end and expected units not served, per week, n × T.
    """

    purchase: Floats
    ordering: Floats
    holding: Floats
    shortage: Floats
    owed: Floats
    salvage: Floats
    supply: Floats
    held: Floats
    short: Floats

    @property
    def per_item(self) -> Floats:
        """Money per item."""
        return self.purchase + self.ordering + self.holding + self.shortage + self.owed - self.salvage

    @property
    def total(self) -> float:
        """Money of all items."""
        return float(self.per_item.sum())

    @property
    def parts(self) -> pd.Series:
        """Money by part, salvage negative; they sum to the total."""
        names = ("purchase", "ordering", "holding", "shortage", "owed")
        money = {name: float(getattr(self, name).sum()) for name in names}
        return pd.Series({**money, "salvage": -float(self.salvage.sum())}, name="money")


def cost_of(items: OrderItems, options: OrderOptions, quantities: Floats) -> PlanCost:
    """Return what orders cost, whoever made them.

    Parameters
    ----------
    items, options
        n items over T weeks, m options.
    quantities
        Units ordered, m × T by order week; any units, whole lots or not. What arrives after the horizon is
        paid and worth nothing.

    Returns
    -------
    PlanCost
        Money per item and part; supply, held and short per week.

    Examples
    --------
    >>> import pandas as pd
    >>> points = np.array([[[4.0], [8.0]]])
    >>> items = OrderItems(pd.DataFrame({"product": ["A"]}), [[5, 5]], points, points - 4.0, 1.0, 10.0)
    >>> options = OrderOptions(pd.DataFrame({"supplier": ["X"]}), [0], 1, 2.0, fixed_cost=3.0)
    >>> cost_of(items, options, np.array([[5.0, 0.0]])).parts.round(6).to_dict()
    {'purchase': 10.0, 'ordering': 3.0, 'holding': 3.0, 'shortage': 0.0, 'owed': 0.0, 'salvage': -4.0}
    """
    check_together(items, options)
    quantity = np.asarray(quantities, dtype="float64")
    item, count = options.whole("item"), len(items)
    supply, until, before = items.arrays
    supplied = supply + cumulated(quantity, options, count)
    held, short = held_and_short(supplied, until, before)
    worth, owed_cost = end_values(items, options)
    placed = (quantity > 0).sum(axis=1) * options.per_option("fixed_cost")
    return PlanCost(
        purchase=np.bincount(item, value_of(options, quantity).sum(axis=1), count),
        ordering=np.bincount(item, placed, count),
        holding=items.per_item("holding_cost") * held.sum(axis=1),
        shortage=items.per_item("stockout_cost") * short.sum(axis=1),
        owed=owed_cost * (held[:, -1] - supplied[:, -1] + until[:, -1].mean(axis=1)),
        salvage=worth * held[:, -1],
        supply=supplied,
        held=held,
        short=short,
    )


def value_of(options: OrderOptions, quantity: Floats) -> Floats:
    """Return the money of each order, m × T, price breaks taken."""
    breaks = quantity >= options.per_option("break_quantity")[:, None] - ROUNDING
    cheap, unit = options.per_option("break_cost")[:, None], options.per_option("unit_cost")[:, None]
    return np.asarray(quantity * np.where(breaks, cheap, unit))


def cumulated(quantity: Floats, options: OrderOptions, count: int) -> Floats:
    """Return units arrived by the end of each week, n × T."""
    arrived = np.zeros((count, quantity.shape[1]))
    option, week = np.nonzero(quantity)
    at = week + options.whole("lead_time")[option]
    inside = at < quantity.shape[1]
    option, week, at = option[inside], week[inside], at[inside]
    np.add.at(arrived, (options.whole("item")[option], at), quantity[option, week])
    return np.cumsum(arrived, axis=1)


def use_of(
    items: OrderItems, options: OrderOptions, rows: LimitRows, quantity: Floats, held: Floats
) -> csr_array:
    """Return what each item takes of each row, n × rows."""
    from scipy.sparse import coo_array

    parts = [_storage_part(items, part.row_of, held) for part in rows.rules if part.rule.measure == "stored"]
    ordered = np.nonzero(quantity)
    parts += [
        _order_part(items, options, part.row_of, part.rule.measure, quantity, ordered)
        for part in rows.rules
        if part.rule.measure != "stored"
    ]
    item, row, amount = (np.concatenate([one[k] for one in parts] or [np.zeros(0)]) for k in range(3))
    place = (item.astype("int64"), row.astype("int64"))
    found: csr_array = coo_array((amount, place), shape=(len(items), len(rows))).tocsr()
    return found


type _Part = tuple[Integers, Integers, Floats]


def _storage_part(items: OrderItems, row_of: Integers, held: Floats) -> _Part:
    volume = items.per_item("volume")[:, None] * held
    item, week = np.nonzero((row_of >= 0) & (volume > 0))
    return item, row_of[item, week], volume[item, week]


def _order_part(
    items: OrderItems,
    options: OrderOptions,
    row_of: Integers,
    measure: str,
    quantity: Floats,
    ordered: tuple[Integers, ...],
) -> _Part:
    option, week = ordered
    row = row_of[option, week]
    item, amount = options.whole("item")[option], quantity[option, week]
    if measure == "money":
        amount = value_of(options, quantity)[option, week]
    elif measure in {"volume", "weight"}:
        amount = amount * items.per_item(measure)[item]
    counts = row >= 0
    return item[counts], row[counts], amount[counts]


def limits_of(
    items: OrderItems, options: OrderOptions, limits: OrderLimits, quantities: Floats
) -> pd.DataFrame:
    """Return what any plan takes of the shared limits.

    Returns
    -------
    DataFrame
        rule, key, week, last_week, used, limit, unit, over (by how much the limit is broken).
    """
    rows = match_limits(items, options, limits)
    held = cost_of(items, options, quantities).held
    used = np.asarray(use_of(items, options, rows, np.asarray(quantities), held).sum(axis=0)).ravel()
    table = rows.table.assign(used=used, limit=rows.limit, over=np.maximum(used - rows.limit, 0.0))
    return table[["rule", "key", "week", "last_week", "used", "limit", "unit", "over"]]
