"""One round: the best plan of every item at prices π of the shared limits, and the bound that it proves.

e_o,s = c_o (1 + π of its money rows) + Σ a_r,o,s π_r        unit cost with prices
h'_i,t = h_i + volume_i π_r                                  holding cost with the price of storage
bound(π) = Σ_i min_plan ( cost_i + π · use_i ) − π · limit   for every π ≥ 0 (Lagrange)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from helpers.inventory.arguments import Floats
from helpers.inventory.orders.cost import use_of, value_of
from helpers.inventory.orders.grid import CELLS, Chunk, Steps, cut_chunks, lay_grid, repeat_chunk, take_items
from helpers.inventory.orders.limits import LimitRows, OrderLimits
from helpers.inventory.orders.problem import Flags, OrderItems, OrderOptions
from helpers.inventory.orders.program import ItemPlans, PricedCosts, best_plans

if TYPE_CHECKING:
    from scipy.sparse import csr_array

type Base = tuple[PricedCosts, ItemPlans]


@dataclass(frozen=True, eq=False)
class Round:
    """One plan per item.

    Parameters
    ----------
    cost
        Money per item without prices, n.
    use
        What each item takes of each row, n × rows.
    quantity
        Units per option and order week, m × T, sparse.
    frozen_value
        Money ordered per item and group of the minimum order value, n × groups, sparse.
    mark
        One number per item that tells plans apart, n.
    bound
        No plan within the limits costs less; −∞ where the round was not made for a bound.
    """

    cost: Floats
    use: csr_array
    quantity: csr_array
    frozen_value: csr_array
    mark: NDArray[np.uint64]
    bound: float


@dataclass(frozen=True, eq=False)
class Problem:
    """Everything that a round needs, laid once.

    Parameters
    ----------
    items, options
        n items, m options.
    rows
        Shared limits.
    minimum
        Groups of the minimum order value in the frozen weeks.
    limit
        Limits as planned with: raised to what is taken without any order where that is more.
    steps, chunks
        The grid.
    """

    items: OrderItems
    options: OrderOptions
    rows: LimitRows
    minimum: LimitRows
    limit: Floats
    steps: Steps
    chunks: tuple[Chunk, ...]

    @property
    def limits(self) -> OrderLimits:
        """The limits that the rows were laid from."""
        shared = tuple(part.rule for part in self.rows.rules)
        tables = [part.rule.table.drop(columns="week").drop_duplicates() for part in self.minimum.rules]
        return OrderLimits(shared, tables[0] if tables else None)

    def with_rows(self, rows: LimitRows, minimum: LimitRows) -> Problem:
        """Return the same grid under other limits; what it gives without prices is the same."""
        found = replace(self, rows=rows, minimum=minimum, limit=rows.limit)
        if "free" in vars(self):
            vars(found)["free"] = self.free
        return found

    @property
    def weeks(self) -> int:
        """T."""
        return self.items.weeks

    @cached_property
    def open_weeks(self) -> Flags:
        """Whether an order of a week is allowed, m × T."""
        return self.options.open_weeks(self.weeks)

    @cached_property
    def free(self) -> Base:
        """Costs without prices, and the best plans at them."""
        costs = priced_costs(self, np.zeros(len(self.rows)))
        return costs, best_plans(self.chunks, self.options.whole("lead_time"), costs)

    @cached_property
    def marks(self) -> NDArray[np.uint64]:
        """Random numbers that tell plans apart, m × T."""
        drawn = np.random.default_rng(7)
        return drawn.integers(1, 2**63, (len(self.options), self.weeks), dtype="uint64")


def lay_problem(
    items: OrderItems, options: OrderOptions, rows: LimitRows, minimum: LimitRows, most_lots: int
) -> Problem:
    """Lay grid and curves."""
    steps = lay_grid(items, options, most_lots)
    chunks = cut_chunks(items, options, steps)
    return Problem(items, options, rows, minimum, rows.limit, steps, chunks)


def priced_costs(
    problem: Problem, prices: Floats, discount: Floats | None = None, closed: Flags | None = None
) -> PricedCosts:
    """Return the costs at these prices.

    Parameters
    ----------
    prices
        π, money per unit of each row.
    discount
        Share of the money of an order that is waived, m × T (fills a minimum order value).
    closed
        Weeks in which an option may not be ordered beside its calendar, m × T.
    """
    items, options = problem.items, problem.options
    item = options.whole("item")
    markup = np.zeros((len(options), problem.weeks)) if discount is None else -discount
    beside, space = np.zeros_like(markup), np.zeros((len(items), problem.weeks))
    padded = np.append(prices, 0.0)  # row −1 costs nothing
    for part in problem.rows.rules:
        price, measure = padded[part.row_of], part.rule.measure
        if measure == "stored":
            space += items.per_item("volume")[:, None] * price
        elif measure == "money":
            markup = markup + price
        else:
            size = np.ones(len(options)) if measure == "units" else items.per_item(measure)[item]
            beside += size[:, None] * price
    may = problem.open_weeks if closed is None else problem.open_weeks & ~closed
    return PricedCosts(
        unit=options.per_option("unit_cost")[:, None] * (1 + markup) + beside,
        cheap=options.per_option("break_cost")[:, None] * (1 + markup) + beside,
        fixed=np.where(may, options.per_option("fixed_cost")[:, None], np.inf),
        space=space,
    )


def plans_at(problem: Problem, prices: Floats) -> Base:
    """Return costs and best plans at these prices, from which rounds at nearly the same costs start."""
    costs = priced_costs(problem, prices)
    return costs, _plans_at(problem, [costs], problem.free)[0]


def play_round(
    problem: Problem,
    prices: Floats,
    discount: Floats | None = None,
    closed: Flags | None = None,
    *,
    base: Base | None = None,
) -> Round:
    """Return the best plans at these prices; without discount and closed weeks they prove a bound."""
    is_bound = discount is None and closed is None
    [plans] = _plans_at(problem, [priced_costs(problem, prices, discount, closed)], base or problem.free)
    return _round(problem, plans, prices, is_bound=is_bound)


def play_rounds(
    problem: Problem,
    prices: Sequence[Floats],
    discounts: Sequence[Floats] | None = None,
    *,
    base: Base | None = None,
) -> list[Round]:
    """Return what `play_round` gives at each of several prices, those together that fit the cache.

    Items do not see each other, so n items at k prices are planned as k n items: the same plans, in fewer and
    wider steps.

    Parameters
    ----------
    prices
        π per round.
    discounts
        As of `play_round`, per round; none without.
    base
        Costs and their best plans that only few items leave; without it those at no prices.
    """
    base = base or problem.free
    waived: list[Floats | None] = [None] * len(prices) if discounts is None else list(discounts)
    costs = [priced_costs(problem, price, waive) for price, waive in zip(prices, waived, strict=True)]
    plans: list[ItemPlans] = []
    while len(plans) < len(costs):
        many = _fitting(problem, costs[len(plans)], base)
        plans += _plans_at(problem, costs[len(plans) : len(plans) + many], base)
    return [
        _round(problem, plan, price, is_bound=waive is None)
        for plan, price, waive in zip(plans, prices, waived, strict=True)
    ]


def _fitting(problem: Problem, costs: PricedCosts, base: Base) -> int:
    """Return how many rounds like this one fit the cache together."""
    changes = may_change(problem, *base, costs)
    widest = max((chunk.size * int(changes[chunk.item].sum()) for chunk in problem.chunks), default=0)
    return max(1, CELLS // max(widest, 1))


def _round(problem: Problem, plans: ItemPlans, prices: Floats, *, is_bound: bool) -> Round:
    bound = float(plans.value.sum() - prices @ problem.limit) if is_bound else -np.inf
    return make_round(problem, plans.quantity, plans.held, plans.stage, bound)


def _plans_at(problem: Problem, costs: Sequence[PricedCosts], known: Base) -> list[ItemPlans]:
    """Return the best plans at each of several costs, computed side by side, for items that may change."""
    free, base = known
    changes = np.logical_or.reduce([may_change(problem, free, base, one) for one in costs])
    chunks = [part for chunk in problem.chunks if (part := take_items(chunk, changes)) is not None]
    count, items, options = len(costs), len(problem.items), len(problem.options)
    repeated = tuple(repeat_chunk(chunk, count, items, options) for chunk in chunks)
    names = ("unit", "cheap", "fixed", "space")
    stacked = PricedCosts(*(np.vstack([getattr(one, name) for one in costs]) for name in names))
    whole = best_plans(repeated, np.tile(problem.options.whole("lead_time"), count), stacked)
    mine = changes[problem.options.whole("item")]
    per_item = ("level", "held", "short", "stage", "value")
    found = []
    for k in range(count):
        quantity = whole.quantity[k * options : (k + 1) * options]
        parts = {name: getattr(whole, name)[k * items : (k + 1) * items] for name in per_item}
        quantity[~mine] = base.quantity[~mine]
        for name, part in parts.items():
            part[~changes] = getattr(base, name)[~changes]
        found.append(ItemPlans(quantity=quantity, **parts))
    return found


def may_change(problem: Problem, free: PricedCosts, base: ItemPlans, costs: PricedCosts) -> Flags:
    """Return which items may have another best plan at these costs than at those of `free`.

    Where nothing is cheaper, and what the plan orders and holds costs what it did, every other plan costs at
    least what it did: the plan stays, ties included.
    """
    ordered = base.quantity > 0
    option = np.zeros(len(ordered), dtype="bool")
    for name in ("unit", "cheap", "fixed"):
        now, before = getattr(costs, name), getattr(free, name)
        option |= ((now < before) | (ordered & (now != before))).any(axis=1)
    found = (costs.space != free.space).any(axis=1)
    found[problem.options.whole("item")[option]] = True
    return np.asarray(found)


def make_round(problem: Problem, quantity: Floats, held: Floats, stage: Floats, bound: float) -> Round:
    """Gather what one plan per item costs and takes."""
    from scipy.sparse import csr_array

    options, count = problem.options, len(problem.items)
    item = options.whole("item")
    placed = (quantity > 0).sum(axis=1) * options.per_option("fixed_cost")
    bought = np.bincount(item, value_of(options, quantity).sum(axis=1) + placed, count)
    mark = np.zeros(count, dtype="uint64")
    option, week = np.nonzero(quantity)
    amount = np.rint(quantity[option, week] * 1000).astype("uint64")
    np.add.at(mark, item[option], problem.marks[option, week] * amount)
    return Round(
        cost=bought + stage,
        use=use_of(problem.items, options, problem.rows, quantity, held),
        quantity=csr_array(quantity),
        frozen_value=use_of(problem.items, options, problem.minimum, quantity, held),
        mark=mark,
        bound=bound,
    )


def play_nothing(problem: Problem) -> Round:
    """Return the plan without any order: it takes the least of every limit."""
    count, weeks = len(problem.items), problem.weeks
    held, stage = np.zeros((count, weeks)), np.zeros(count)
    for chunk in problem.chunks:
        held[chunk.item] = chunk.held[:, 0].T
        stage[chunk.item] = chunk.stage[:, 0].sum(axis=0)
    return make_round(problem, np.zeros((len(problem.options), weeks)), held, stage, -np.inf)
