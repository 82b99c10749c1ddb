"""Good set-ups for `lot_sizes_capacitated` in a few seconds: relax-and-fix, then fix-and-optimise.

Relax-and-fix goes through the periods: those of a window are whole, earlier ones fixed, later ones relaxed;
then the window moves on by less than its width. Fix-and-optimise frees one part of the set-ups at a time,
a window of periods or a few items, and keeps what is cheaper, until no part gains anything.

Source: Stadtler (2003), Operations Research 51(3), for the windows; Helber and Sahling (2010), International
Journal of Production Economics 123(2), for fix-and-optimise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic

import numpy as np

from helpers.inventory.arguments import Floats
from helpers.inventory.policies.lot_model import Flags, LotProblem, SetUpChoice, build_lots
from helpers.solver import solve

WIDTH, STEP = 5, 3  # periods of a window that is whole, and by how many it moves on
FREE_PERIODS, FREE_ITEMS = 4, 4
GAP = 5e-4
LEAST_SECONDS = 0.05
PART = 0.2  # of the time for the search, for one small problem at most


@dataclass(frozen=True, eq=False)
class Found:
    """Set-ups (items × periods) and the cost of the best lots for them."""

    set_ups: Floats
    cost: float


def find_set_ups(problem: LotProblem, known: Floats | None, seconds: float) -> Floats | None:
    """Return the best set-ups found within the time, items × periods of 0 and 1; None where none was.

    Parameters
    ----------
    problem
        Numbers of the instance.
    known
        Set-ups for which there is a plan, if any.
    seconds
        Time for all.
    """
    deadline = monotonic() + seconds
    best = _relax_and_fix(problem, deadline, PART * seconds)
    if known is not None:
        nothing = np.zeros(problem.shape, dtype=np.bool_)
        other = _solve_part(problem, known, nothing, nothing, deadline, PART * seconds)
        best = min((one for one in (best, other) if one is not None), key=lambda one: one.cost, default=None)
    return None if best is None else _fix_and_optimise(problem, best, deadline, PART * seconds).set_ups


def _relax_and_fix(problem: LotProblem, deadline: float, seconds: float) -> Found | None:
    periods = problem.shape[1]
    fixed, start = np.zeros(problem.shape), 0
    while True:
        period = np.broadcast_to(np.arange(periods), problem.shape)
        later = period >= start + WIDTH
        found = _solve_part(problem, fixed, (period >= start) & ~later, later, deadline, seconds)
        if found is None or not later.any():
            return found
        fixed[:, start : start + STEP] = found.set_ups[:, start : start + STEP]
        start += STEP


def _fix_and_optimise(problem: LotProblem, best: Found, deadline: float, seconds: float) -> Found:
    relaxed = np.zeros(problem.shape, dtype=np.bool_)
    shift, before = 0, np.inf
    while best.cost < before and monotonic() < deadline:
        before = best.cost
        for free in _parts(problem.shape, shift):
            found = _solve_part(problem, best.set_ups, free, relaxed, deadline, seconds)
            if found is not None and found.cost < best.cost * (1 - 1e-9):
                best = found
        shift += 1
    return best


def _parts(shape: tuple[int, int], shift: int) -> Iterator[Flags]:
    """Windows of periods that overlap by half, then groups of items, others in each round."""
    items, periods = shape
    for start in range(0, max(periods - FREE_PERIODS, 0) + 1, FREE_PERIODS // 2):
        free = np.zeros(shape, dtype=np.bool_)
        free[:, start : start + FREE_PERIODS] = True
        yield free
    order = np.random.default_rng(shift).permutation(items)
    for group in np.array_split(order, -(-items // FREE_ITEMS)):
        free = np.zeros(shape, dtype=np.bool_)
        free[group] = True
        yield free


def _solve_part(
    problem: LotProblem, values: Floats, free: Flags, relaxed: Flags, deadline: float, seconds: float
) -> Found | None:
    """Solve with set-ups as in `values`, but for those that are free (0 or 1) or relaxed (0 to 1)."""
    left = min(seconds, deadline - monotonic())
    if left < LEAST_SECONDS:
        return None
    loose = free | relaxed
    choice = SetUpChoice(np.where(loose, 0.0, values), np.where(loose, 1.0, values), free)
    lots = build_lots(problem, choice)
    start = {lots.set_up.name: np.where(relaxed, np.nan, values).ravel()}
    has_start = not relaxed.any() and free.any()
    solution = solve(lots.model, time_limit=left, gap=GAP, start=start if has_start else None)
    if not solution.has_solution:
        return None
    set_ups = solution.values(lots.set_up).reshape(problem.shape)
    return Found(np.where(relaxed, set_ups, np.round(set_ups)), solution.objective)
