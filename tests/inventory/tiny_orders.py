"""Small items to order, and the whole order plan as one integer programme, written in another way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from helpers.inventory.orders.cost import cost_of
from helpers.inventory.orders.problem import OrderItems, OrderOptions
from helpers.solver import Model, at_least, at_most, equals


def items_of(count: int, weeks: int, seed: int = 0, points: int = 4) -> OrderItems:
    drawn = np.random.default_rng(seed)
    mean = drawn.uniform(2, 6, (count, 1, 1))
    shock = np.sort(drawn.normal(0, 2, (count, 1, points)), axis=2)
    week = np.arange(1, weeks + 1)[None, :, None]
    until = np.maximum(np.round(mean * week + shock * np.sqrt(week), 1), 0.0)
    until = np.maximum.accumulate(until, axis=1)
    before = np.concatenate([np.zeros((count, 1, points)), until[:, :-1]], axis=1)
    keys = pd.DataFrame({"product": np.arange(count), "site": np.arange(count) % 2})
    stock = np.round(drawn.uniform(-2, 8, (count, 1)))
    return OrderItems(
        keys,
        np.repeat(stock, weeks, axis=1),
        until,
        before,
        holding_cost=drawn.uniform(0.1, 0.4, count),
        stockout_cost=drawn.uniform(2, 8, count),
        volume=drawn.uniform(0.5, 1.5, count),
        weight=2.0,
    )


def options_of(item: list[int], **terms: Any) -> OrderOptions:
    keys = pd.DataFrame({"supplier": [f"S{k % 2}" for k in range(len(item))]})
    return OrderOptions(keys, item, **{"lead_time": 1, "unit_cost": 3.0, **terms})


def joint_model(
    items: OrderItems,
    options: OrderOptions,
    most: int,
    budget: pd.DataFrame | None = None,
    storage: pd.DataFrame | None = None,
) -> Model:
    """Return the joint model of items with one option each of lead time 1, by levels.

    u_itj in {0, 1}: item i has had j lots by week t. Orders are differences of levels, and the money of a
    level comes from `cost_of` one level at a time.
    """
    count, weeks = len(items), items.weeks
    model = Model("all in one")
    cells = _product(item=range(count), week=range(weeks), lots=range(most + 1))
    at_start = (cells["week"] == 0) & (cells["lots"] > 0)
    level = model.add_variables("level", cells, upper=np.where(at_start, 0.0, 1.0), integer=True)
    pairs = _product(item=range(count), week=range(weeks - 1))
    order = model.add_variables("order", pairs, upper=1.0, integer=True)
    lots = model.add_variables("lots", pairs)
    model.add_rows("one level", _product(item=range(count), week=range(weeks)), level, equals(1.0))
    amount = level * cells["lots"].to_numpy()
    before, after = amount.where(cells["week"] < weeks - 1), amount.relabel(week=cells["week"] - 1)
    model.add_rows("lots", pairs, after - before - lots, equals(0.0))
    model.add_rows("most", pairs, lots - order * float(most), at_most(0.0))
    item = pairs["item"].to_numpy()
    lot, least = options.per_option("order_multiple")[item], options.per_option("minimum_quantity")[item]
    model.add_rows("least", pairs, lots * lot - order * np.maximum(least, lot), at_least(0.0))
    model.add_objective("purchase", lots * (lot * options.per_option("unit_cost")[item]))
    model.add_objective("ordering", order * options.per_option("fixed_cost")[item])
    stock, held = _levels(items, options, most)
    model.add_objective("stock", level * stock.ravel())
    if budget is not None:
        spent = (lots * (lot * options.per_option("unit_cost")[item])).where(
            pairs["week"].isin(budget["week"])
        )
        model.add_rows("budget", budget[["week"]], spent, at_most(budget["limit"].to_numpy()))
    if storage is not None:
        site = items.keys["site"].to_numpy()[cells["item"]]
        stored = (level * (held.ravel() * items.per_item("volume")[cells["item"]])).relabel(site=site)
        model.add_rows("storage", storage[["site", "week"]], stored, at_most(storage["limit"].to_numpy()))
    return model


def _levels(items: OrderItems, options: OrderOptions, most: int) -> tuple[Any, Any]:
    """Return money and stock of every level, items × weeks × levels."""
    count, weeks = len(items), items.weeks
    money, held = np.zeros((count, weeks, most + 1)), np.zeros((count, weeks, most + 1))
    for j in range(most + 1):
        lots = np.zeros((count, weeks))
        raised = np.asarray(items.supply) + j * options.per_option("order_multiple")[:, None]
        cost = cost_of(_with_supply(items, raised), options, lots)
        held[:, :, j] = cost.held
        money[:, :, j] = items.per_item("holding_cost")[:, None] * cost.held
        money[:, :, j] += items.per_item("stockout_cost")[:, None] * cost.short
        money[:, -1, j] += cost.owed - cost.salvage
    return money, held


def _with_supply(items: OrderItems, supply: Any) -> OrderItems:
    return replace(items, supply=supply)


def _product(**parts: range) -> pd.DataFrame:
    return pd.MultiIndex.from_product(list(parts.values()), names=list(parts)).to_frame(index=False)
