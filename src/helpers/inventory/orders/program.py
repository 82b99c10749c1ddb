"""The cheapest orders of every item at given prices of the shared limits: exact, by dynamic programming.

Over weeks of arrival t from the last to the first, with j lots on the grid x_j = supply_t + j g:

    F(j)   = h' held_t(x_j) + p short_t(x_j) + V_t+1(j)
    V_t(j) = min( F(j),  K + min_k e(k) k l + F(j + k l/g) )       over whole lots k ≥ the minimum

for each option in turn that can arrive in week t; e(k) is the unit cost with the price break, and h', e
hold the prices of the limits. Without a weekly capacity the inner minimum is a running minimum from the
right, with one it is a minimum over a window (two overlapping windows of a power of two).

Source: Wagner and Whitin (1958) for the recursion over periods; Scarf (1960) for costs of any shape.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from helpers.inventory.arguments import Floats
from helpers.inventory.orders.grid import Chunk, Ways
from helpers.inventory.orders.problem import Integers


@dataclass(frozen=True, eq=False)
class PricedCosts:
    """Costs of an option in an order week, and of stock in a week, with the prices of limits.

    Parameters
    ----------
    unit, cheap
        Money per unit without and with the price break, m × T (order weeks).
    fixed
        Money per order, m × T; infinite where it may not be ordered.
    space
        Money per unit held, beside h, n × T.
    """

    unit: Floats
    cheap: Floats
    fixed: Floats
    space: Floats


@dataclass(frozen=True, eq=False)
class ItemPlans:
    """One plan per item.

    Parameters
    ----------
    quantity
        Units ordered, m × T (options × order weeks).
    level
        Grid point of the supply by the end of each week, n × T.
    held, short
        Expected units, n × T.
    stage
        Money of holding, shortage and the end, without prices, n.
    value
        Money with prices of the best plan, n: its lower bound.
    """

    quantity: Floats
    level: Integers
    held: Floats
    short: Floats
    stage: Floats
    value: Floats


def best_plans(chunks: tuple[Chunk, ...], lead_time: Integers, costs: PricedCosts) -> ItemPlans:
    """Return the cheapest plan of every item at these costs."""
    count, weeks = costs.space.shape
    plans = ItemPlans(
        quantity=np.zeros_like(costs.unit),
        level=np.zeros((count, weeks), dtype="int64"),
        held=np.zeros((count, weeks)),
        short=np.zeros((count, weeks)),
        stage=np.zeros(count),
        value=np.zeros(count),
    )
    for chunk in chunks:
        kept, value = run_back(chunk, lead_time, costs)
        plans.value[chunk.item] = value[0]
        _run_forward(chunk, kept, lead_time, costs, plans)
    return plans


type Stages = list[list[tuple[Floats, Floats] | None]]


def run_back(chunk: Chunk, lead_time: Integers, costs: PricedCosts) -> tuple[Stages, Floats]:
    """Return F and V of each option's choice (weeks × options; None where it cannot arrive), and V_0."""
    weeks = len(chunk.stage)
    value = np.zeros(chunk.stage.shape[1:])
    kept: Stages = [[None] * len(chunk.ways) for _ in range(weeks)]
    has_price = (costs.space[chunk.item] != 0).any(axis=0)
    for t in reversed(range(weeks)):
        value = value + chunk.stage[t]
        if has_price[t]:
            value += costs.space[chunk.item, t] * chunk.held[t]
        for k in reversed(range(len(chunk.ways))):
            way = chunk.ways[k]
            unit, cheap, fixed = at_arrival(way, t, lead_time, costs)
            if np.isinf(fixed).all():
                continue
            order = _best_order(value, unit * chunk.unit, way, way.fewest)
            if (way.cheap > 0).any():
                cheaper = _best_order(value, cheap * chunk.unit, way, way.fewest_cheap)
                np.minimum(order, cheaper, out=order)
            order += fixed
            kept[t][k] = (value, np.minimum(value, order, out=order))
            value = order
    return kept, value


def at_arrival(
    way: Ways, week: int, lead_time: Integers, costs: PricedCosts
) -> tuple[Floats, Floats, Floats]:
    """Return unit cost, cost after the break and fixed cost of what arrives in a week."""
    ordered = week - lead_time[way.option]
    place = np.maximum(ordered, 0)
    fixed = np.where(ordered >= 0, costs.fixed[way.option, place], np.inf)
    return costs.unit[way.option, place], costs.cheap[way.option, place], fixed


def _best_order(value: Floats, step_cost: Floats, way: Ways, fewest: Integers) -> Floats:
    """Return min_k e k + F(j + k), over lots k from `fewest` on, at every grid point; step_cost per point."""
    size, count = value.shape
    paid = np.arange(size)[:, None] * step_cost
    spent = value + paid
    lots = spent.reshape(size // way.stride, way.stride, count)
    best = _window_min(lots, fewest, way.most) if way.is_capped else _later_min(lots, way, fewest)
    order: Floats = best.reshape(size, count)
    order -= paid
    return order


def _later_min(lots: Floats, way: Ways, fewest: Integers) -> Floats:
    """Return the minimum over all entries at least `fewest` further on; overwrites `lots`."""
    for row in reversed(range(len(lots) - 1)):
        np.minimum(lots[row], lots[row + 1], out=lots[row])
    if (fewest == fewest[0]).all():
        return _shifted(lots, fewest)
    place, beyond = way.places(fewest, len(lots))
    moved = lots.take(place)
    moved[beyond] = np.inf
    return moved


def _shifted(lots: Floats, by: Integers) -> Floats:
    """Return entry q + by_i of each item's line q; infinite beyond the end."""
    first = int(by[0])
    if (by == first).all():
        moved = np.full_like(lots, np.inf)
        if first < len(lots):
            moved[: len(lots) - first] = lots[first:]
        return moved
    rows = np.arange(len(lots))[:, None] + by
    padded = np.concatenate([lots, np.full((1, *lots.shape[1:]), np.inf)])
    rows = np.minimum(rows, len(lots))
    return np.take_along_axis(padded, rows[:, None, :].repeat(lots.shape[1], axis=1), axis=0)


def _window_min(lots: Floats, fewest: Integers, most: Integers) -> Floats:
    """Return the minimum over the entries from `fewest` to `most` further on."""
    width = np.minimum(most, len(lots)) - fewest + 1
    level = np.floor(np.log2(np.maximum(width, 1))).astype("int64")
    found = np.full_like(lots, np.inf)
    table = lots
    for power in range(int(level.max()) + 1):
        here = np.flatnonzero((level == power) & (width > 0))
        if len(here):
            part = table[:, :, here]
            right = np.minimum(most, len(lots))[here] - 2**power + 1
            found[:, :, here] = np.minimum(_shifted(part, fewest[here]), _shifted(part, right))
        table = table.copy()
        reach = 2**power
        if reach < len(table):
            np.minimum(table[:-reach], table[reach:].copy(), out=table[:-reach])
    return found


def _run_forward(
    chunk: Chunk, kept: Stages, lead_time: Integers, costs: PricedCosts, plans: ItemPlans
) -> None:
    """Follow the choices from no order on, and write the plan down."""
    at, here = np.zeros(len(chunk.item), dtype="int64"), np.arange(len(chunk.item))
    stage = np.zeros(len(chunk.item))
    for t, week in enumerate(kept):
        for k, choice in enumerate(week):
            if choice is not None:
                way, (before, after) = chunk.ways[k], choice
                ordered = np.flatnonzero(after[at, here] < before[at, here])
                lots = np.zeros_like(at)
                arriving = at_arrival(way, t, lead_time, costs)
                lots[ordered] = best_lots(before, at, ordered, chunk, way, arriving)
                at = at + lots * way.stride
                option = way.option[ordered]
                units = lots[ordered] * way.stride * chunk.unit[ordered]
                plans.quantity[option, t - lead_time[option]] = units
        plans.level[chunk.item, t] = at
        plans.held[chunk.item, t] = chunk.held[t, at, here]
        plans.short[chunk.item, t] = chunk.short[t, at, here]
        stage += chunk.stage[t, at, here]
    plans.stage[chunk.item] = stage


def best_lots(
    before: Floats, at: Integers, who: Integers, chunk: Chunk, way: Ways, costs: tuple[Floats, Floats, Floats]
) -> Integers:
    """Return the best number of lots for items that order from grid points `at`, where `before` is F."""
    unit, cheap, _ = costs
    found, least = _best_lots(before, at, who, way, unit * chunk.unit, way.fewest)
    if (way.cheap > 0).any():
        fewest = np.where(way.cheap > 0, np.maximum(way.fewest, way.cheap), chunk.size)
        other, lower = _best_lots(before, at, who, way, cheap * chunk.unit, fewest)
        found = np.where(lower < least, other, found)
    return found


def _best_lots(
    before: Floats, at: Integers, who: Integers, way: Ways, step_cost: Floats, fewest: Integers
) -> tuple[Integers, Floats]:
    """Return the best number of lots of some items, and its cost without the fixed one."""
    size, stride = len(before), way.stride
    lots = np.arange(1, (size - 1) // stride + 1)[:, None]
    if not len(lots) or not len(who):
        return np.zeros(len(who), dtype="int64"), np.full(len(who), np.inf)
    place = at[who] + lots * stride
    value = before[np.minimum(place, size - 1), who] + lots * stride * step_cost[who]
    bad = (place >= size) | (lots < fewest[who]) | (lots > way.most[who])
    value[bad] = np.inf
    best = value.argmin(axis=0)
    return best + 1, value[best, np.arange(len(who))]
