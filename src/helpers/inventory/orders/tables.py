"""Tables of an order plan, in the planner's keys."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.inventory.arguments import Floats
from helpers.inventory.orders.cost import PlanCost, use_of
from helpers.inventory.orders.problem import OrderItems
from helpers.inventory.orders.rounds import Problem


def orders_table(problem: Problem, quantity: Floats, value: Floats, frozen_weeks: int) -> pd.DataFrame:
    """Return one line per order, first weeks first."""
    options = problem.options
    week, option = np.nonzero(quantity.T)
    item = options.whole("item")[option]
    keys = [problem.items.keys.iloc[item], options.keys.iloc[option]]
    units = quantity[option, week]
    return pd.concat([part.reset_index(drop=True) for part in keys], axis=1).assign(
        order_week=week,
        arrival_week=week + options.whole("lead_time")[option],
        quantity=units,
        unit_cost=value[option, week] / units,
        value=value[option, week],
        fixed_cost=options.per_option("fixed_cost")[option],
        is_frozen=week < frozen_weeks,
    )


def outlook_table(items: OrderItems, cost: PlanCost) -> pd.DataFrame:
    """Return supply and expected stock per item and week."""
    item = np.repeat(np.arange(len(items)), items.weeks)
    return (
        items.keys.iloc[item]
        .reset_index(drop=True)
        .assign(
            week=np.tile(np.arange(items.weeks), len(items)),
            supply=cost.supply.ravel(),
            expected_stock=cost.held.ravel(),
            expected_short=cost.short.ravel(),
        )
    )


def limits_table(problem: Problem, quantity: Floats, held: Floats, prices: Floats) -> pd.DataFrame:
    """Return what is used of every limit, and what one more unit of it is worth."""
    rows = problem.rows
    used = np.asarray(use_of(problem.items, problem.options, rows, quantity, held).sum(axis=0)).ravel()
    over = used - rows.limit
    passed = np.where(over > 1e-6 * np.maximum(1.0, np.abs(rows.limit)), over, 0.0)
    table = rows.table.assign(used=used, limit=rows.limit, price=prices, gives_way=passed)
    return table[["rule", "key", "week", "last_week", "used", "limit", "unit", "price", "gives_way"]]


def minimum_table(problem: Problem, quantity: Floats, held: Floats) -> pd.DataFrame:
    """Return what each group of a minimum order value comes to."""
    rows = problem.minimum
    value = np.asarray(use_of(problem.items, problem.options, rows, quantity, held).sum(axis=0)).ravel()
    table = rows.table.assign(value=value, minimum=rows.limit, orders=value > 0)
    keys = [column for part in rows.rules for column in part.rule.key_columns]
    return table[["key", "week", "value", "minimum", "orders", *keys]]
