"""The order plan: what to order from whom, for which site and week, within the limits that all share.

    find_prices      π of the shared limits and the bound that they prove     (`pricing`, `rounds`, `program`)
    settle_groups    which groups of a minimum order value order              (`minimum_value`)
    choose_plans     one whole plan per item that keeps every limit           (`choice`, `repair`)
    gap = (objective − bound) ÷ |objective|

Where no shared limit binds, every item's own best plan is the answer and is proven. All quantities are
whole lots in all weeks (whole steps of several lots where a horizon needs more than `most_lots`: objective
and bound are then those of plans in such steps).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from helpers.errors import ParameterError
from helpers.inventory.arguments import Floats
from helpers.inventory.orders.choice import Chosen, choose_plans
from helpers.inventory.orders.cost import PlanCost, cost_of, value_of
from helpers.inventory.orders.limits import OrderLimits, match_limits, match_minimum
from helpers.inventory.orders.minimum_value import Groups, settle_groups
from helpers.inventory.orders.pricing import Priced, find_prices, vary
from helpers.inventory.orders.problem import Flags, OrderItems, OrderOptions, check_together
from helpers.inventory.orders.rounds import Problem, lay_problem, play_nothing
from helpers.inventory.orders.tables import limits_table, minimum_table, orders_table, outlook_table
from helpers.solver import Model, Status, at_most, explain_infeasibility
from helpers.solver.limits import say_number
from helpers.solver.verdict import relative_gap

_CLOSE = 10  # parts of the gap asked: a choice within one of them is not made anew


@dataclass(frozen=True)
class OrderSettings:
    """How to plan.

    Parameters
    ----------
    frozen_weeks
        First weeks whose orders go out as planned: they keep the minimum order value, and are marked.
    gap
        Relative gap that is good enough, 0–1.
    time_limit
        Seconds for prices and choice; when it ends the run, the same call may give another plan.
    most_rounds
        Rounds of prices at most.
    most_lots
        Grid points per item; where a horizon needs more lots, several make a step.

    Raises
    ------
    ParameterError
        A number is out of its bounds.
    """

    frozen_weeks: int = 1
    gap: float = 0.01
    time_limit: float = 120.0
    most_rounds: int = 60
    most_lots: int = 128

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        bounds = (
            ("frozen_weeks", 0, 1000),
            ("gap", 0, 1),
            ("time_limit", 0.1, 86_400),
            ("most_rounds", 2, 10_000),
            ("most_lots", 8, 100_000),
        )
        found = [
            f"'{name}' is {getattr(self, name):g}. Give a number from {low:g} to {high:g}."
            for name, low, high in bounds
            if not low <= getattr(self, name) <= high
        ]
        if found:
            raise ParameterError("OrderSettings: " + " ".join(found))


@dataclass(frozen=True, eq=False)
class OrderPlan:
    """What to order, what it costs and how sure that is.

    Parameters
    ----------
    orders
        Keys of item and option, order_week, arrival_week, quantity, unit_cost, value, fixed_cost,
        is_frozen; one line per order.
    outlook
        Keys of the item, week, supply (cumulated), expected_stock, expected_short: one line per item and
        week.
    limits
        rule, key, week, last_week, used, limit, unit, price (money that one more unit is worth), gives_way
        (by how much the limit is passed, because it must be or because that is cheaper at its price).
    minimum_values
        Per group and frozen week: key, week, value, minimum, and whether it orders.
    money
        Money by part: purchase, ordering, holding, shortage, owed, salvage, giving way; they sum to
        `objective`.
    cost
        The same per item, with supply and stock per week.
    quantities
        Units per option and order week, m × T.
    prices
        π, money per unit of each line of `limits`.
    objective, bound, gap
        Money of the plan, what no plan on the grid can do better than, and their relative distance.
    status
        optimal, within the gap asked, or stopped early, with a plan.
    seconds, master_seconds
        Wall-clock in all, and of the masters that price the limits.
    rounds
        Rounds of prices.
    clashes
        One sentence per limit that no plan can keep: it is taken as far as it must give way.
    problem
        Grid and limits, for `ranked_purchases`.
    """

    orders: pd.DataFrame
    outlook: pd.DataFrame
    limits: pd.DataFrame
    minimum_values: pd.DataFrame
    money: pd.Series
    cost: PlanCost
    quantities: Floats
    prices: Floats
    objective: float
    bound: float
    gap: float
    status: Status
    seconds: float
    master_seconds: float
    rounds: int
    clashes: tuple[str, ...]
    problem: Problem = field(repr=False)

    @property
    def sentence(self) -> str:
        """The plan in one sentence."""
        spent = say_number(round(float(self.orders["value"].sum())))
        head = f"{len(self.orders):,} order lines for {spent}"
        if self.status is Status.OPTIMAL:
            head += f", the cheapest plan, proven in {self.seconds:.1f} s."
        else:
            head += f", at most {max(self.gap, 1e-4):.2%} above the cheapest plan ({self.seconds:.1f} s)."
        if self.clashes:
            head += f" {len(self.clashes)} limits cannot be kept by any plan."
        binding = self.limits[self.limits["price"] > 1e-9].sort_values("price", ascending=False)
        if len(binding):
            first = binding.iloc[0]
            where = f"{first['key']}, " if first["key"] else ""
            head += f" {len(binding)} limits bind; dearest: one more {first['unit']} of {first['rule']} "
            head += f"({where}week {first['week']}) is worth {say_number(round(first['price'], 2))}."
        return head


def plan_orders(
    items: OrderItems,
    options: OrderOptions,
    limits: OrderLimits | None = None,
    settings: OrderSettings | None = None,
    *,
    laid: Problem | None = None,
) -> OrderPlan:
    """Return the cheapest orders within the shared limits, with bound, gap and prices.

    Parameters
    ----------
    items
        n items (product × site) over T weeks.
    options
        m ways to get them.
    limits
        What the items share; none without.
    settings
        Frozen weeks, gap, time limit.
    laid
        The problem of an earlier plan of the same items and options, other limits: its grid is used again.

    Returns
    -------
    OrderPlan
        Orders, outlook, limits with prices, money; always a plan, also where limits clash: `clashes` then
        says which gave way.

    Raises
    ------
    ParameterError
        Items, options and limits do not fit together.

    Examples
    --------
    >>> points = np.array([[[4.0], [8.0], [12.0]]])
    >>> items = OrderItems(pd.DataFrame({"product": ["A"]}), [[5, 5, 5]], points, points - 4.0, 0.1, 10.0)
    >>> options = OrderOptions(pd.DataFrame({"supplier": ["X"]}), [0], 1, 2.0, order_multiple=4)
    >>> plan = plan_orders(items, options)
    >>> plan.orders[["order_week", "arrival_week", "quantity"]].values.tolist(), str(plan.status)
    ([[0.0, 1.0, 4.0], [1.0, 2.0, 4.0]], 'optimal')
    """
    begun = time.perf_counter()
    limits, settings = limits or OrderLimits(), settings or OrderSettings()
    check_together(items, options)
    problem, clashes = _lay(items, options, limits, settings, laid)
    deadline = begun + settings.time_limit * 0.7
    priced = find_prices(
        problem, close=settings.gap / 50, most_rounds=settings.most_rounds, deadline=deadline
    )
    groups = settle_groups(problem, priced.prices, priced.rounds, priced.preferred)
    chosen = _choose(problem, groups, priced, settings, begun)
    return _read(problem, priced, chosen.quantity, clashes, settings, begun)


def _choose(
    problem: Problem, groups: Groups, priced: Priced, settings: OrderSettings, begun: float
) -> Chosen:
    """Choose among the plans that the prices brought up; where that is not close enough, among more."""
    close = settings.gap / _CLOSE * abs(priced.bound)

    def choose(among: Groups) -> Chosen:
        left = min(begun + settings.time_limit - time.perf_counter(), 0.2 * settings.time_limit)
        return choose_plans(problem, among, priced.prices, bound=priced.bound, close=close, time_limit=left)

    first = choose(groups)
    if first.money - priced.bound <= close or time.perf_counter() > begun + 0.9 * settings.time_limit:
        return first
    more = vary(problem, priced.prices)
    second = choose(replace(groups, rounds=[*groups.rounds, *more])) if more else first
    return second if second.money < first.money else first


def _lay(
    items: OrderItems,
    options: OrderOptions,
    limits: OrderLimits,
    settings: OrderSettings,
    laid: Problem | None,
) -> tuple[Problem, tuple[str, ...]]:
    """Lay the problem; take limits that no plan can keep as far as they must give way."""
    rows = match_limits(items, options, limits)
    table = limits.minimum_order_value
    frozen = min(settings.frozen_weeks, items.weeks)
    none = OrderLimits()
    minimum = (
        match_limits(items, options, none) if table is None else match_minimum(items, options, table, frozen)
    )
    if laid is None or laid.items is not items or laid.options is not options:
        problem = lay_problem(items, options, rows, minimum, settings.most_lots)
    else:
        problem = laid.with_rows(rows, minimum)
    least = np.asarray(play_nothing(problem).use.sum(axis=0)).ravel()
    full = np.isinf(rows.relax_cost) & (least > rows.limit + 1e-9 * np.maximum(1.0, np.abs(rows.limit)))
    if not full.any():
        return problem, ()
    kept = np.where(full, least, rows.limit)
    return replace(problem, limit=kept), _say_clashes(problem, least, full)


def _say_clashes(problem: Problem, least: Floats, full: Flags) -> tuple[str, ...]:
    """Say by how much each limit must give way even if nothing is ordered."""
    model = Model("order plan")
    for name, part in problem.rows.table[full].groupby("rule", sort=False):
        keys = part[["key", "week", "last_week"]]
        place = part.index.to_numpy()
        taken = model.add_variables(f"{name}: taken without any new order", keys, least[place], least[place])
        words = f"{name} ({{key}}; week {{week}}): at most {{limit}} {{unit}}"
        limit = at_most(problem.rows.limit[place], unit=str(part["unit"].iloc[0]), words=words)
        model.add_rows(str(name), keys, taken, limit)
    found = explain_infeasibility(model).relaxations
    return tuple(f"{words[:-1]}: stock and open orders alone take that much." for words in found["words"])


def _read(
    problem: Problem,
    priced: Priced,
    quantity: Floats,
    clashes: tuple[str, ...],
    settings: OrderSettings,
    begun: float,
) -> OrderPlan:
    items, options = problem.items, problem.options
    cost = cost_of(items, options, quantity)
    limits = limits_table(problem, quantity, cost.held, priced.prices)
    relax = problem.rows.relax_cost
    beyond = np.maximum(limits["used"].to_numpy("float64") - problem.rows.limit, 0.0)
    giving_way = float((beyond[np.isfinite(relax)] * relax[np.isfinite(relax)]).sum())
    objective = cost.total + giving_way
    bound = min(priced.bound, objective)
    gap = relative_gap(objective, bound)
    return OrderPlan(
        orders=orders_table(problem, quantity, value_of(options, quantity), settings.frozen_weeks),
        outlook=outlook_table(items, cost),
        limits=limits,
        minimum_values=minimum_table(problem, quantity, cost.held),
        money=pd.concat([cost.parts, pd.Series({"giving way": giving_way})]).rename("money"),
        cost=cost,
        quantities=quantity,
        prices=priced.prices,
        objective=objective,
        bound=bound,
        gap=gap,
        status=_status(gap, settings.gap),
        seconds=time.perf_counter() - begun,
        master_seconds=priced.master_seconds,
        rounds=priced.count,
        clashes=clashes,
        problem=problem,
    )


def _status(gap: float, asked: float) -> Status:
    if gap <= 1e-6:
        return Status.OPTIMAL
    return Status.WITHIN_GAP if gap <= asked else Status.STOPPED_WITH_PLAN
