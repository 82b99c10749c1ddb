"""A plan that keeps every row, from prices: who is sure keeps their choice, the rest is solved.

At good prices nearly every customer's best choice is clear. The *core* are those whose choice would change at
slightly other prices; all others are fixed, and a whole-number model over the classes of the core uses what
they leave of each row. Where too little is left, or the gap is not reached, the core is widened.

Source: Balas and Zemel (1980), "An algorithm for large zero-one knapsack problems" (the core).
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from helpers.customers.selection.classes import Classes, deal, group_classes, solve_classes
from helpers.customers.selection.lagrangian import take_best
from helpers.customers.selection.program import CHUNK, Flags, Floats, Integers, Programme

FIRST_CORE = 2_500
WIDER = 4
MOST_CLASSES = 30_000
LEAST_SECONDS = 0.2
CORE_NODES = 200
MOST_PAIRS = 25_000  # a core that has a plan is not widened beyond


def repaired(
    programme: Programme, row_prices: Floats, bound: float, *, gap: float, time_limit: float, seed: int
) -> Flags:
    """Return the best plan found (k, customers that take part) that keeps every row.

    Parameters
    ----------
    programme
        What may be chosen.
    row_prices
        Prices of all rows, money per unit.
    bound
        Proven bound, money.
    gap
        Relative gap at which to stop.
    time_limit, seed
        Seconds for all models together; of the solver and of the order among equals.
    """
    begun = time.perf_counter()
    price = (row_prices @ programme.use) / programme.scale
    taken, margin = _choices(programme, price)
    best = _trimmed(programme, taken, price)
    size = FIRST_CORE
    while True:
        left = time_limit - (time.perf_counter() - begun)
        if _distance(programme, best, bound) <= gap or left < LEAST_SECONDS:
            return best
        core = _core(margin, size)
        plan = _solve_core(programme, taken, core, gap=gap, time_limit=left, seed=seed)
        if plan is not None and _worth(programme, plan) > _worth(programme, best):
            best = plan
        size *= WIDER
        if size >= WIDER * len(margin) or (plan is not None and size * len(price) > MOST_PAIRS):
            return best


def _choices(programme: Programme, price: Floats) -> tuple[Flags, NDArray[np.floating]]:
    """Return what each customer takes at these prices, and how far it is from another choice."""
    net, most = programme.net, programme.most
    taken = np.empty(net.shape, dtype=np.bool_)
    margin = np.empty(net.shape[1], dtype=net.dtype)
    at = price.astype(net.dtype)
    for start in range(0, net.shape[1], CHUNK):
        part = slice(start, start + CHUNK)
        taken[:, part], left = take_best(net[:, part], at, most)
        margin[part] = _margin(left, most)
    return taken, margin


def _margin(left: NDArray[np.floating], most: int) -> NDArray[np.floating]:
    """Return by how much the last offer taken beats the first not taken, or 0 beats all."""
    ordered = -np.sort(-left.T, axis=1).T
    nearest = np.abs(left).min(axis=0)
    if most >= len(left):
        return nearest
    last, following = ordered[most - 1], np.maximum(ordered[most], 0)
    return np.where(last > 0, last - following, nearest)


def _core(margin: NDArray[np.floating], size: int) -> Flags:
    """Return the customers with the smallest margins, with all that are as close as the last of them."""
    if size >= len(margin):
        return np.ones(len(margin), dtype=np.bool_)
    return np.asarray(margin <= np.partition(margin, size - 1)[size - 1], dtype=np.bool_)


def _solve_core(
    programme: Programme, taken: Flags, core: Flags, *, gap: float, time_limit: float, seed: int
) -> Flags | None:
    """Return the plan with the core solved anew; None where the others leave less than nothing."""
    rows = programme.finite
    fixed = taken & ~core
    counts = fixed.sum(axis=1).astype(np.float64)
    room = (programme.limit - programme.used(counts))[rows] / programme.units
    if (room < 0).any():
        return None
    who = np.flatnonzero(core)
    classes = group_classes(programme.net[:, who], seed)
    if len(classes.size) > MOST_CLASSES:
        return None
    use = programme.use[rows] / programme.units[:, None]
    worth = float(programme.net[fixed].sum(dtype=np.float64))
    plan = solve_classes(
        classes,
        use,
        room,
        programme.most,
        whole=True,
        gap=min(gap / 4, 1.0),
        time_limit=time_limit,
        constant=worth,
        seed=seed,
        nodes=CORE_NODES,
    )
    if plan is None:
        return None
    deal(_renamed(classes, who), plan.counts, fixed)
    return fixed if programme.keeps(fixed.sum(axis=1).astype(np.float64)) else None


def _renamed(classes: Classes, who: Integers) -> Classes:
    return replace(classes, members=who[classes.members])


def _trimmed(programme: Programme, taken: Flags, price: Floats) -> Flags:
    """Return a plan without the least worthwhile contacts of every row that is over its limit."""
    kept = taken.copy()
    for row in programme.finite:
        use, limit = programme.use[row], programme.limit[row]
        if use @ kept.sum(axis=1) <= limit:
            continue
        offer, customer = np.nonzero(kept & (use > 0)[:, None])
        left = (programme.net[offer, customer] - price[offer]) / use[offer]
        order = np.argsort(left, kind="stable")[::-1]
        full = np.cumsum(use[offer[order]]) > limit
        kept[offer[order[full]], customer[order[full]]] = False
    return kept


def _worth(programme: Programme, taken: Flags) -> float:
    return float(programme.net[taken].sum(dtype=np.float64)) * programme.scale


def _distance(programme: Programme, taken: Flags, bound: float) -> float:
    worth = _worth(programme, taken)
    return (bound - worth) / worth if worth > 0 else np.inf
