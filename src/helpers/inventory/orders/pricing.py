"""Prices of the shared limits, by column generation.

The master chooses shares of the plans found so far, for groups of items g and rounds k:

    minimise    Σ cost_gk y_gk + Σ relax_r e_r
    Σ_k y_gk = 1                                   one plan per group
    Σ use_r,gk y_gk − e_r ≤ limit_r                the shared limits; their duals are the prices π

Each round plans every item at π, which adds a column per group and proves bound(π). Up to `_GROUPS` items
each are a group of their own and the master is exact; beyond, items are gathered, because a master with a
row per item takes longer than all the planning. Prices are drawn toward the best ones so far, as those of
the first masters swing.

Source: Dantzig and Wolfe (1960); Wentges (1997), International Transactions in Operational Research 4(2), for
the smoothing; Manne (1958) for lot sizes as columns.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.errors import SolverError
from helpers.inventory.arguments import Floats
from helpers.inventory.orders.problem import Flags, Integers
from helpers.inventory.orders.rounds import Problem, Round, play_nothing, play_round, play_rounds
from helpers.solver import Model, at_most, equals, solve, triples

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_GROUPS = 500
_SMOOTHING = 0.5
_VARIED, _VARIED_ITEMS = 24, 12_000
_OLD, _NEW = 8, 3  # columns of a group that stay in the master: best at prices, and newest


@dataclass(frozen=True, eq=False)
class Priced:
    """Prices, the bound that they prove, and all plans met on the way.

    Parameters
    ----------
    prices
        π, money per unit of each row.
    bound
        No plan within the limits costs less.
    preferred
        Round per item, so that all together take of the limits about what the last master does.
    rounds
        All rounds; the first orders nothing.
    count
        Rounds until the prices were found.
    master_cost
        Money of the last master: what shares of plans could reach; NaN where no limit binds.
    master_seconds
        Seconds in the masters.
    """

    prices: Floats
    bound: float
    preferred: Integers
    rounds: list[Round]
    count: int
    master_cost: float
    master_seconds: float


def find_prices(problem: Problem, *, close: float, most_rounds: int, deadline: float) -> Priced:
    """Find prices at which the items, each planned alone, share the limits best.

    Parameters
    ----------
    problem
        What is planned.
    close
        Relative distance of master and bound at which to stop.
    most_rounds
        Rounds at most.
    deadline
        `time.perf_counter()` at which to stop.
    """
    rounds = [play_nothing(problem), play_round(problem, np.zeros(len(problem.rows)))]
    prices, bound, seconds, master_cost = np.zeros(len(problem.rows)), rounds[1].bound, 0.0, np.nan
    preferred = np.ones(len(problem.items), dtype="int64")
    violated = over_limit(problem, rounds[1])
    group, smoothing = _group(problem), _SMOOTHING
    while violated.any() and len(rounds) < most_rounds and time.perf_counter() < deadline:
        begun = time.perf_counter()
        master = _solve_master(problem, rounds, group, np.flatnonzero(violated), prices)
        master_cost, duals = master.cost, master.prices
        seconds += time.perf_counter() - begun
        tried = smoothing * prices + (1 - smoothing) * duals
        found = play_round(problem, tried)
        rounds.append(found)
        grown = over_limit(problem, found) & ~violated
        violated |= grown
        if found.bound > bound:
            bound, prices, smoothing = found.bound, tried, _SMOOTHING
        else:
            smoothing /= 2
        preferred = _spread(group, master)
        if not grown.any() and master_cost - bound <= close * abs(master_cost):
            break
    return Priced(prices, bound, preferred, rounds, len(rounds) - 1, master_cost, seconds)


def vary(problem: Problem, prices: Floats) -> list[Round]:
    """Return plans at other prices near these: few items may need more to choose from, many have enough."""
    if not prices.any():
        return []
    drawn = np.random.default_rng(1)
    many = min(_VARIED, _VARIED_ITEMS // len(problem.items))
    return play_rounds(problem, [prices * drawn.uniform(0.0, 2.0, len(prices)) for _ in range(many)])


def over_limit(problem: Problem, found: Round) -> Flags:
    """Return which rows a round breaks."""
    used = np.asarray(found.use.sum(axis=0)).ravel()
    return np.asarray(used > problem.limit + 1e-9 * np.maximum(1.0, np.abs(problem.limit)))


def _group(problem: Problem) -> Integers:
    """Gather items into groups; those that share storage rows stand together."""
    count = len(problem.items)
    if count <= _GROUPS:
        return np.arange(count)
    first = [part.row_of[:, 0] for part in problem.rows.rules if part.rule.measure == "stored"]
    order = np.lexsort([np.arange(count), *first])
    group = np.empty(count, dtype="int64")
    group[order] = np.arange(count) * _GROUPS // count
    return group


@dataclass(frozen=True, eq=False)
class _Master:
    """A solved master: money, prices of all rows, and the share of each column (group, round)."""

    cost: float
    prices: Floats
    columns: pd.DataFrame
    share: Floats


def _solve_master(
    problem: Problem, rounds: list[Round], group: Integers, rows: Integers, prices: Floats
) -> _Master:
    """Return the best shares of the plans so far; of older rounds only each group's best at prices."""
    from scipy.sparse import coo_array

    count = int(group.max()) + 1
    gather = coo_array((np.ones(len(group)), (group, np.arange(len(group))))).tocsr()
    cost = np.stack([np.bincount(group, one.cost, count) for one in rounds])
    uses = [gather @ one.use for one in rounds]
    keep = _worth_keeping(cost + np.stack([use @ prices for use in uses]))
    number, who = np.nonzero(keep)
    columns = pd.DataFrame({"group": who, "round": number})
    parts = [use[mine][:, rows] for use, mine in zip(uses, keep, strict=True) if mine.any()]
    model, _ = build_master(problem, columns, cost[number, who], parts, rows, whole=False)
    solution = solve(model, time_limit=120.0, gap=0.0)
    duals = solution.require().row_duals
    if duals is None:
        raise SolverError(f"{solution.sentence} There are no prices. Plan fewer items at once.")
    found = np.zeros(len(problem.rows))
    found[rows] = np.clip(-duals[model.rule("shared limit").part], 0.0, problem.rows.relax_cost[rows])
    return _Master(solution.objective, found, columns, solution.values("plan"))


def _worth_keeping(priced: Floats) -> Flags:
    """Return which columns stay: the newest rounds, ordering nothing, and each group's best at prices."""
    keep = priced <= np.partition(priced, min(_OLD, len(priced)) - 1, axis=0)[min(_OLD, len(priced)) - 1]
    keep[0] = keep[-_NEW:] = True
    return np.asarray(keep)


def _spread(group: Integers, master: _Master) -> Integers:
    """Give each item one round, so that a group's items divide over its rounds by their shares."""
    size = np.bincount(group)
    order = np.argsort(group, kind="stable")
    place = np.arange(len(group)) - np.repeat(np.cumsum(size) - size, size)
    offset = np.random.default_rng(0).random(len(size)) if size.max() > 1 else np.full(len(size), 0.5)
    rounds = int(master.columns["round"].max()) + 1
    share = np.zeros((len(size), rounds))
    share[master.columns["group"], master.columns["round"]] = master.share
    reached = np.cumsum(share, axis=1)[group[order]]
    at = (place + offset[group[order]]) / size[group[order]]
    preferred = np.empty(len(group), dtype="int64")
    preferred[order] = np.minimum((reached < at[:, None] * reached[:, -1:]).sum(axis=1), rounds - 1)
    return preferred


def build_master(
    problem: Problem,
    columns: pd.DataFrame,
    cost: Floats,
    uses: list[csr_array],
    rows: Integers,
    *,
    whole: bool,
    limit: Floats | None = None,
) -> tuple[Model, Integers]:
    """Return the model that chooses among plans, and the ids of its columns.

    `columns` has `group` and another key; `uses` are its rows, in parts; `limit` the limits of `rows`.
    """
    from scipy.sparse import vstack

    model = Model("order plan")
    share = model.add_variables("plan", columns, integer=whole, upper=1.0)
    model.add_objective("plans", share * cost)
    groups = pd.DataFrame({"group": np.unique(columns["group"])})
    model.add_rows("one plan each", groups, share, equals(1.0))
    keys = pd.DataFrame({"row": rows})
    use = vstack(uses).tocoo()
    taken = triples(use.col, share.ids[use.row], use.data)
    relax = problem.rows.relax_cost[rows]
    soft = np.flatnonzero(np.isfinite(relax))
    if len(soft):
        beyond = model.add_variables("beyond the limit", keys.iloc[soft])
        model.add_objective("giving way", beyond * relax[soft])
        taken = taken - triples(soft, beyond.ids, 1.0)
    model.add_rows("shared limit", keys, taken, at_most(problem.limit[rows] if limit is None else limit))
    return model, share.ids
