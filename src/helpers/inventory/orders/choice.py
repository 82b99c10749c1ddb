"""The choice of one plan per item among those that the prices brought up: whole plans, within every limit.

A plan that keeps all limits comes first, by exchange (`repair`). Then the items whose second plan is nearly
as good at the prices as their first are chosen anew by an integer programme, all others as they are:

    minimise Σ cost_c y_c + Σ relax_r e_r,   Σ_c y_c = 1 per item,   Σ use_rc y_c − e_r ≤ left_r

with z_γ in {0, 1} for the groups of a minimum order value. It starts from the plan by exchange and can only
be better.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.inventory.arguments import Floats
from helpers.inventory.orders.minimum_value import Groups
from helpers.inventory.orders.pricing import build_master
from helpers.inventory.orders.problem import Flags, Integers
from helpers.inventory.orders.repair import Columns, Selection
from helpers.inventory.orders.rounds import Problem
from helpers.solver import Model, Variables, at_least, solve, triples

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_PER_ITEM = 8  # plans of an item that stay in the choice, beside ordering nothing
_WHOLE = 4_000  # plans in the integer programme


@dataclass(frozen=True, eq=False)
class Chosen:
    """The plan.

    Parameters
    ----------
    quantity
        Units per option and order week, m × T.
    used
        What is taken of each shared row.
    money
        Money of the plans and of limits that give way.
    """

    quantity: Floats
    used: Floats
    money: float


def choose_plans(
    problem: Problem, groups: Groups, prices: Floats, *, bound: float, close: float, time_limit: float
) -> Chosen:
    """Choose one plan per item.

    Parameters
    ----------
    problem, groups, prices
        What is planned, how the groups of a minimum order value stand, π.
    bound
        No plan costs less; one that costs as much is not chosen anew.
    close
        Money; an integer programme this near to its bound stops.
    time_limit
        Seconds of the integer programme.
    """
    columns, values = gather_columns(problem, groups, prices)
    selection, is_open = _exchange(problem, columns, values, groups)
    chosen = selection.chosen
    if selection.money > bound + max(close, 1e-9 * abs(bound)):
        chosen = _choose_whole(problem, columns, values, selection, is_open, (close, time_limit))
    rounds = columns.round[chosen]
    quantity = np.zeros((len(problem.options), problem.weeks))
    item = problem.options.whole("item")
    for number in np.unique(rounds).tolist():
        part = groups.rounds[number].quantity.tocoo()
        mine = rounds[item[part.row]] == number
        quantity[part.row[mine], part.col[mine]] = part.data[mine]
    found = Selection(columns, chosen, problem.limit, problem.rows.relax_cost)
    return Chosen(quantity, found.used, found.money)


def gather_columns(problem: Problem, groups: Groups, prices: Floats) -> tuple[Columns, csr_array]:
    """Gather the best different plans of every item at prices; return them and their value per group."""
    from scipy.sparse import vstack

    rounds = groups.rounds
    count = len(problem.items)
    priced = np.stack([one.cost + one.use @ prices for one in rounds])
    rank = priced.copy()
    mark = np.stack([one.mark for one in rounds])
    order = np.argsort(mark, axis=0, kind="stable")
    sorted_marks = np.take_along_axis(mark, order, axis=0)
    again = np.zeros(rank.shape, dtype="bool")
    np.put_along_axis(again, order[1:], sorted_marks[1:] == sorted_marks[:-1], axis=0)
    rank[again] = np.inf
    rank[0] = -np.inf  # ordering nothing stays
    preferred = _first_alike(mark, groups.preferred)
    rank[preferred, np.arange(count)] = -np.inf
    best = np.argsort(rank, axis=0, kind="stable")[: _PER_ITEM + 1]
    keep = np.take_along_axis(rank, best, axis=0) < np.inf
    item = np.broadcast_to(np.arange(count), best.shape)[keep]
    number = best[keep]
    order = np.lexsort((number, item))
    item, number = item[order], number[order]
    place = np.argsort(np.argsort(number * count + item))
    parts = [(k, item[number == k]) for k in np.unique(number).tolist()]
    use = vstack([rounds[k].use[who] for k, who in parts]).tocsr()[place]
    value = vstack([rounds[k].frozen_value[who] for k, who in parts]).tocsr()[place]
    cost = np.stack([one.cost for one in rounds])[number, item]
    nothing = np.flatnonzero(number == 0)
    return Columns(item, number, cost, priced[number, item], use, nothing), value


def _first_alike(marks: np.ndarray[tuple[int, ...], np.dtype[np.uint64]], number: Integers) -> Integers:
    """Return the first round with the same plan as round `number`, per item."""
    wanted = marks[number, np.arange(marks.shape[1])]
    return np.asarray((marks == wanted).argmax(axis=0))


def _exchange(
    problem: Problem, columns: Columns, values: csr_array, groups: Groups
) -> tuple[Selection, Flags]:
    """Return a selection that keeps every limit and every group's minimum, and the groups that are open."""
    is_open = groups.is_open.copy()
    start = _start(columns, groups)
    while True:
        selection = _with_groups(problem, columns, values, start, is_open)
        if selection.repair():
            selection.fill_up()
            return selection, is_open
        start = selection.chosen
        unmet = selection.broken()[len(problem.rows) :] & is_open
        if not unmet.any() and is_open.any():
            # A group's minimum stands in the way of a limit: the limit first, then see whose it was.
            loose = _with_groups(problem, columns, values, start, is_open, holds_minimum=False)
            loose.repair()
            start = loose.chosen
            unmet = is_open & (-loose.used[len(problem.rows) :] < problem.minimum.limit * (1 - 1e-9))
            unmet = unmet if unmet.any() else is_open
        elif not unmet.any():  # nothing but the way there is left: from no order on, every limit is kept
            start = columns.nothing
        is_open = is_open & ~unmet


def _start(columns: Columns, groups: Groups) -> Integers:
    """Return the column of each item's preferred round."""
    marks = np.stack([one.mark for one in groups.rounds])
    preferred = _first_alike(marks, groups.preferred)
    mine = np.flatnonzero(columns.round == preferred[columns.item])
    chosen = columns.nothing.copy()
    chosen[columns.item[mine]] = mine
    return chosen


def _with_groups(
    problem: Problem,
    columns: Columns,
    values: csr_array,
    start: Integers,
    is_open: Flags,
    *,
    holds_minimum: bool = True,
) -> Selection:
    """Write an open group as −value ≤ −M and a closed one as value ≤ 0, beside the shared limits."""
    from scipy.sparse import diags_array, hstack

    sign = np.where(is_open, -1.0, 1.0)
    use = hstack([columns.use, values @ diags_array(sign)]).tocsr() if len(sign) else columns.use
    least = -problem.minimum.limit if holds_minimum else np.zeros(len(sign))
    limit = np.concatenate([problem.limit, np.where(is_open, least, 0.0)])
    relax = np.concatenate([problem.rows.relax_cost, np.full(len(sign), np.inf)])
    return Selection(replace(columns, use=use), start, limit, relax)


def _choose_whole(
    problem: Problem,
    columns: Columns,
    values: csr_array,
    selection: Selection,
    is_open: Flags,
    stop: tuple[float, float],
) -> Integers:
    """Choose anew, by an integer programme, for the items with the closest alternatives."""
    free = _closest(columns, selection.chosen)
    close, time_limit = stop
    if not len(free) or time_limit < 0.5:
        return selection.chosen
    item, chosen = columns.item[free], selection.chosen
    fixed = np.setdiff1d(chosen, free)
    left = problem.limit - np.asarray(columns.use[fixed].sum(axis=0)).ravel()
    keys = pd.DataFrame({"group": item, "column": free})
    rows = _rows_that_matter(columns.use[free], item, left)
    # A hair of room, as the plan by exchange may use a limit to its last digit.
    left = left[rows] + selection.slackness[rows]
    model, _ = build_master(
        problem, keys, columns.cost[free], [columns.use[free][:, rows]], rows, whole=True, limit=left
    )
    begin = {"plan": np.isin(free, chosen).astype("float64")}
    share = model.block("plan")
    already = np.asarray(values[fixed].sum(axis=0)).ravel()
    begin |= _add_groups(model, share, values[free], problem.minimum.limit, already, is_open)
    solution = solve(model, time_limit=time_limit, gap=0.0, start=begin, more={"mip_abs_gap": close})
    if not solution.has_solution:
        return chosen
    taken = free[solution.values(share) > 0.5]
    found = chosen.copy()
    found[columns.item[taken]] = taken
    return found if _is_better(problem, columns, values, found, selection) else chosen


def _closest(columns: Columns, chosen: Integers) -> Integers:
    """Return the columns that the integer programme may choose from: chosen ones and their closest rivals."""
    behind = columns.priced - np.minimum.reduceat(columns.priced, _starts(columns.item))[columns.item]
    rivals = np.ones(len(behind), dtype="bool")
    rivals[chosen] = False
    order = np.flatnonzero(rivals)
    order = order[np.argsort(behind[order], kind="stable")]
    rivals = np.zeros_like(rivals)
    rivals[order[: _WHOLE * 2 // 3]] = True
    moves = np.zeros(len(chosen), dtype="bool")
    moves[columns.item[rivals]] = True
    rivals[chosen[moves]] = True
    return np.flatnonzero(rivals)


def _starts(item: Integers) -> Integers:
    return np.flatnonzero(np.append(True, item[1:] != item[:-1]))


def _rows_that_matter(use: csr_array, item: Integers, left: Floats) -> Integers:
    """Return the rows that some choice could break."""
    starts = _starts(item)
    most = np.zeros(len(left))
    dense = use.todense() if use.shape[0] * use.shape[1] < 4e7 else None
    if dense is None:
        most = np.asarray(use.sum(axis=0)).ravel()
    else:
        most = np.maximum.reduceat(np.asarray(dense), starts, axis=0).sum(axis=0)
    return np.flatnonzero((most > left) & (np.asarray(use.sum(axis=0)).ravel() > 0))


def _add_groups(
    model: Model, share: Variables, values: csr_array, minimum: Floats, already: Floats, is_open: Flags
) -> dict[str, Floats]:
    """Add the minimum order values of the groups in which a free plan orders; return where z starts."""
    part = values.tocoo()
    groups = np.unique(part.col)
    if not len(groups):
        return {}
    keys = pd.DataFrame({"order": groups})
    has_fixed = already[groups] > 1e-9
    opened = model.add_variables("opened", keys, lower=has_fixed.astype("float64"), upper=1.0, integer=True)
    row = np.searchsorted(groups, part.col)
    ordered = triples(row, share.ids[part.row], part.data) - opened * minimum[groups]
    model.add_rows("minimum order value", keys, ordered, at_least(-already[groups] * has_fixed))
    links = pd.DataFrame({"order": part.col, "plan": part.row})
    every = np.arange(len(links))
    linked = triples(every, opened.ids[row], 1.0) - triples(every, share.ids[part.row], 1.0)
    model.add_rows("orders only where opened", links, linked, at_least(0.0))
    return {"opened": is_open[groups].astype("float64")}


def _is_better(
    problem: Problem, columns: Columns, values: csr_array, found: Integers, selection: Selection
) -> bool:
    """Whether other plans keep everything and cost less."""
    worth = np.asarray(values[found].sum(axis=0)).ravel()
    low = (worth > 1e-9) & (worth < problem.minimum.limit * (1 - 1e-9) - 1e-9)
    trial = Selection(columns, found, problem.limit, problem.rows.relax_cost)
    over = trial.used - trial.limit > 2 * trial.slackness
    return bool(trial.money < selection.money and not (low.any() or (over & trial.is_hard).any()))
