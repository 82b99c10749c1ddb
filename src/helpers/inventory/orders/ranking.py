"""Every next lot of the first week's orders, by money earned per money spent.

With C(q) the least cost of an item if exactly q units are ordered now, all later orders being the best ones
(from the dynamic programme, at the prices of the limits but for the budget of this week):

    spent(q) = c(q) q,   earned(q) = C(0) − C(q)

Purchase nets out: a unit bought now need not be bought later. A fixed cost or a minimum quantity makes the
first lots earn little alone, so lots are joined until each step of an item earns less per money than the
one before (upper concave envelope of earned over spent). Then ranking by earned ÷ spent and cutting at the
budget is the best use of the budget, but for its last step; the ratio there is what one more unit of budget
is worth.

Source: Everett (1963), Operations Research 11(3), for the ratio as the price of the budget.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.inventory.arguments import Floats
from helpers.inventory.orders.grid import Chunk, Ways
from helpers.inventory.orders.plan import OrderPlan
from helpers.inventory.orders.problem import Integers
from helpers.inventory.orders.program import PricedCosts, run_back
from helpers.inventory.orders.rounds import Problem, priced_costs
from helpers.solver.limits import say_number

_LEAST = 1e-9


@dataclass(frozen=True, eq=False)
class RankedPurchases:
    """The purchase list of the first week, best use of money first.

    Parameters
    ----------
    table
        Keys of item and option; quantity (units of this step), until (units of the item with all steps up to
        this one), spent, earned (money), earned_per_spent, cumulated_spend, in_budget, is_planned (the order
        plan orders this step too).
    budget
        Money for the week; infinite without a budget.
    price
        Money that one more unit of budget earns: the ratio of the first step beyond the line, 0 without one.
    """

    table: pd.DataFrame
    budget: float
    price: float

    @property
    def sentence(self) -> str:
        """The list in one sentence."""
        inside = self.table[self.table["in_budget"]]
        head = f"{len(inside):,} of {len(self.table):,} steps fit"
        if np.isinf(self.budget):
            head = f"{len(inside):,} steps earn money"
        spent, earned = (say_number(round(float(inside[name].sum()))) for name in ("spent", "earned"))
        tail = f" The next unit of budget earns {self.price:.2f}." if np.isfinite(self.budget) else ""
        return f"{head}: {spent} spent now earns {earned}.{tail}"


def ranked_purchases(plan: OrderPlan, budget: float | None = None) -> RankedPurchases:
    """Rank every next lot of the first week.

    Parameters
    ----------
    plan
        An order plan; later weeks are priced as in it.
    budget
        Money for orders of week 0. Without it, what the first budget among the limits leaves for week 0 after
        the plan's orders of its other weeks; infinite where there is none.

    Returns
    -------
    RankedPurchases
        `table`, `budget`, `price`. Each item comes with the one option that earns most now.

    Examples
    --------
    >>> from helpers.inventory.orders.plan import plan_orders
    >>> from helpers.inventory.orders.problem import OrderItems, OrderOptions
    >>> points = np.array([[[4.0], [8.0], [12.0]]])
    >>> items = OrderItems(pd.DataFrame({"product": ["A"]}), [[5, 5, 5]], points, points - 4.0, 0.1, 10.0)
    >>> options = OrderOptions(pd.DataFrame({"supplier": ["X"]}), [0], 1, 2.0, order_multiple=4)
    >>> ranked_purchases(plan_orders(items, options), budget=8.0).table[["quantity", "spent", "earned"]]
       quantity  spent  earned
    0       4.0    8.0    29.9
    """
    problem = plan.problem
    costs, price_now = _costs_now(problem, plan.prices)
    level = _levels(plan)
    parts = [_rank_chunk(problem, chunk, costs, price_now, level) for chunk in problem.chunks]
    steps = (
        pd.concat([pd.DataFrame(columns=_STEPS, dtype="float64"), *parts]) if not parts else pd.concat(parts)
    )
    steps = steps.assign(ratio=steps["earned"] / steps["spent"])
    steps = steps.sort_values(["ratio", "item"], ascending=[False, True], kind="stable", ignore_index=True)
    money = _budget_now(plan) if budget is None else float(budget)
    total = steps["spent"].cumsum()
    inside = (total <= money * (1 + 1e-9)).to_numpy()
    price = 0.0 if inside.all() else float(steps["ratio"].iloc[int(np.argmin(inside))])
    return RankedPurchases(_table(plan, steps, total, inside), money, price)


_STEPS = ["item", "option", "quantity", "until", "spent", "earned"]


def _table(plan: OrderPlan, steps: pd.DataFrame, total: pd.Series, inside: np.ndarray) -> pd.DataFrame:
    items, options = plan.problem.items, plan.problem.options
    option = steps["option"].to_numpy("int64")
    keys = [items.keys.iloc[steps["item"].to_numpy("int64")], options.keys.iloc[option]]
    planned = plan.quantities[option, 0]
    return pd.concat([part.reset_index(drop=True) for part in keys], axis=1).assign(
        quantity=steps["quantity"],
        until=steps["until"],
        spent=steps["spent"],
        earned=steps["earned"],
        earned_per_spent=steps["ratio"],
        cumulated_spend=total,
        in_budget=inside,
        is_planned=steps["until"].to_numpy() <= planned + 1e-6,
    )


def _costs_now(problem: Problem, prices: Floats) -> tuple[PricedCosts, Floats]:
    """Return costs at prices, without the price of budget in week 0, and that price per option."""
    costs = priced_costs(problem, prices)
    padded, now = np.append(prices, 0.0), np.zeros(len(problem.options))
    for part in problem.rows.rules:
        if part.rule.measure == "money":
            now += padded[part.row_of[:, 0]]
    unit, cheap = costs.unit.copy(), costs.cheap.copy()
    unit[:, 0] -= problem.options.per_option("unit_cost") * now
    cheap[:, 0] -= problem.options.per_option("break_cost") * now
    return PricedCosts(unit, cheap, costs.fixed, costs.space), now


def _levels(plan: OrderPlan) -> Integers:
    """Return the grid point that each item reaches by the end of each week in the plan, n × T."""
    supply = np.asarray(plan.problem.items.supply)
    found: Integers = np.rint((plan.cost.supply - supply) / plan.problem.steps.unit[:, None]).astype("int64")
    return found


def _rank_chunk(
    problem: Problem, chunk: Chunk, costs: PricedCosts, price_now: Floats, level: Integers
) -> pd.DataFrame:
    """Return the steps of the best option of every item."""
    kept, _ = run_back(chunk, problem.options.whole("lead_time"), costs)
    best: tuple[Floats, ...] | None = None
    for k, way in enumerate(chunk.ways):
        gains = _gains(problem, chunk, [week[k] for week in kept], way, costs, level)
        worth = np.max(gains[1] - price_now[way.option] * gains[0], axis=0)
        found: tuple[Floats, ...] = (*gains, worth, way.option.astype("float64"))
        best = found if best is None else _better(best, found)
    if best is None:
        return pd.DataFrame(columns=_STEPS, dtype="float64")
    spent, earned, units, _, option = best
    return _envelope(chunk.item, option.astype("int64"), units, spent, earned)


def _better(one: tuple[Floats, ...], other: tuple[Floats, ...]) -> tuple[Floats, ...]:
    take = other[3] > one[3]
    return tuple(np.where(take, b, a) for a, b in zip(one, other, strict=True))


def _gains(
    problem: Problem,
    chunk: Chunk,
    kept: list[tuple[Floats, Floats] | None],
    way: Ways,
    costs: PricedCosts,
    level: Integers,
) -> tuple[Floats, Floats, Floats]:
    """Return spent, earned and units of every order now, grid points × items; earned −∞ where not allowed."""
    options, size = problem.options, chunk.size
    arrival = options.whole("lead_time")[way.option]
    step = np.arange(size)[:, None]
    units = step * chunk.unit
    spent, earned = np.zeros(units.shape), np.where(step == 0, 0.0, -np.inf) + np.zeros(units.shape)
    lots = step // way.stride
    may = (step % way.stride == 0) & (lots >= way.fewest) & (lots <= way.most)
    is_cheap = (way.cheap > 0) & (lots >= way.cheap)
    cost = np.where(
        is_cheap, options.per_option("break_cost")[way.option], options.per_option("unit_cost")[way.option]
    )
    priced = np.where(is_cheap, costs.cheap[way.option, 0], costs.unit[way.option, 0])
    for week in np.unique(arrival).tolist():
        choice = kept[week] if week < len(kept) else None
        if choice is None:
            continue
        here = np.flatnonzero((arrival == week) & np.isfinite(costs.fixed[way.option, 0]))
        at = level[chunk.item[here], week - 1] if week else np.zeros(len(here), dtype="int64")
        later = choice[0][np.minimum(at + step, size - 1), here]
        gain = (
            choice[0][at, here] - later - priced[:, here] * units[:, here] - costs.fixed[way.option[here], 0]
        )
        allowed = may[:, here] & (at + step < size) & (step > 0)
        earned[:, here] = np.where(allowed, gain, earned[:, here])
        spent[:, here] = np.where(allowed, cost[:, here] * units[:, here], 0.0)
    return spent, earned, units


def _envelope(item: Integers, option: Integers, units: Floats, spent: Floats, earned: Floats) -> pd.DataFrame:
    """Return the steps of the upper concave envelope of earned over spent, as long as they earn."""
    active = np.flatnonzero((earned > _LEAST).any(axis=0))
    at = np.zeros(len(item), dtype="int64")
    found = []
    while len(active):
        here = at[active], active
        more = spent[:, active] - spent[here]
        gain = earned[:, active] - earned[here]
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = np.where(more > _LEAST, gain / more, -np.inf)
        to = slope.argmax(axis=0)
        grows = slope[to, np.arange(len(active))] > _LEAST
        active, to = active[grows], to[grows]
        there = to, active
        last = at[active], active
        step = {
            "item": item[active],
            "option": option[active],
            "quantity": units[there] - units[last],
            "until": units[there],
            "spent": spent[there] - spent[last],
            "earned": earned[there] - earned[last],
        }
        found.append(pd.DataFrame(step))
        at[active] = to
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=_STEPS, dtype="float64")


def _budget_now(plan: OrderPlan) -> float:
    """Return what the first budget leaves for week 0 after the plan's orders of its other weeks."""
    rows, prices = plan.problem.rows, plan.orders
    for part in rows.rules:
        if part.rule.measure == "money":
            mine = np.unique(part.row_of[:, 0])
            mine = mine[mine >= 0]
            if len(mine):
                used = plan.limits["used"].to_numpy("float64")[mine].sum()
                now = float(prices.loc[prices["order_week"] == 0, "value"].sum())
                return float(plan.problem.limit[mine].sum() - used + now)
    return float("inf")
