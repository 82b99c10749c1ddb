"""The one verb that solves."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from helpers.errors import SolverError
from helpers.solver.expression import Variables, aligned
from helpers.solver.flat import FlatModel, Floats, Found, fill_pulp
from helpers.solver.model import Model
from helpers.solver.options import SolveOptions
from helpers.solver.solution import Kept, Solution
from helpers.solver.verdict import Status, Verdict, judge

if TYPE_CHECKING:
    import pulp

type Option = bool | int | float | str


def solve(
    model: Model,
    *,
    time_limit: float,
    gap: float,
    seed: int = 0,
    threads: int = 1,
    start: Mapping[str, Floats] | None = None,
    more: Mapping[str, Option] | None = None,
) -> Solution:
    """Solve a model with HiGHS through PuLP and judge the outcome.

    Parameters
    ----------
    model
        What to solve.
    time_limit
        Seconds, always given: the run ends then, with or without a plan.
    gap
        Relative gap at which a plan with integers is good enough, 0–1.
    seed, threads
        Same seed and threads, same answer, unless the time limit cuts the run.
    start
        Values of integer variables to begin from, by block; NaN where there is none. Only whole
        numbers are handed over: a full start is refused if one row is off in the sixth digit.
    more
        Further options of HiGHS by name; one that does not exist is refused.

    Returns
    -------
    Solution
        Status, bound and gap; values only where there is a plan.

    Raises
    ------
    ParameterError
        For an option out of bounds or unknown.

    Examples
    --------
    >>> import pandas as pd
    >>> from helpers.solver import Model, at_least, solve
    >>> model = Model("two suppliers")
    >>> buy = model.add_variables("buy", pd.DataFrame({"supplier": ["SKU-7", "SKU_7"]}), upper=8.0)
    >>> _ = model.add_rows("demand", None, buy, at_least(10.0))
    >>> model.add_objective("purchase", buy * [2.0, 3.0])
    >>> plan = solve(model, time_limit=10, gap=0)
    >>> plan.objective, plan.values(buy).tolist()
    (22.0, [8.0, 2.0])
    """
    options = SolveOptions(time_limit, gap, seed, threads, more or {})
    run = run_flat(model.flat, options, problem=model.problem, start=_start_values(model, start))
    kept = Kept(run.highs, model.flat)
    return Solution(model, options, run.verdict, solver_name(), run.found, model.changes, kept)


@dataclass(frozen=True, eq=False)
class Run:
    """A finished run: the judged outcome, the values, and the HiGHS object that holds the model."""

    verdict: Verdict
    found: Found | None
    highs: Any


def run_flat(
    flat: FlatModel,
    options: SolveOptions,
    *,
    problem: pulp.LpProblem | None = None,
    start: Floats | None = None,
) -> Run:
    """Solve arrays through PuLP; `problem` is the PuLP problem that already holds them."""
    from helpers.solver.handover import QuickHiGHS

    begun = time.perf_counter()
    problem = fill_pulp(flat) if problem is None else problem
    solver = QuickHiGHS(options, flat, start)
    problem.solve(solver)
    highs: Any = problem.solverModel
    verdict = judge(highs, flat, time.perf_counter() - begun)
    if highs.getModelStatus().name == "kUnboundedOrInfeasible":
        verdict = _told_apart(highs, flat, options, begun)
    return Run(verdict, solver.found, highs)


def _told_apart(highs: Any, flat: FlatModel, options: SolveOptions, begun: float) -> Verdict:
    """Decide "unbounded or infeasible" by asking for any plan at all, money aside."""
    columns = np.arange(len(flat.cost), dtype=np.int32)
    highs.changeColsCost(len(columns), columns, np.zeros(len(columns)))
    highs.setOptionValue("time_limit", highs.getRunTime() + options.time_limit)
    highs.run()
    status = {"kOptimal": Status.UNBOUNDED, "kInfeasible": Status.INFEASIBLE}.get(
        highs.getModelStatus().name, Status.FAILED
    )
    return Verdict(status, "", np.nan, np.nan, np.inf, time.perf_counter() - begun)


@cache
def solver_name() -> str:
    """Return name and version of the solver and of the way to it."""
    from importlib.metadata import version

    return f"HiGHS {version('highspy')} through PuLP {version('pulp')}"


def _start_values(model: Model, start: Mapping[str, Floats] | None) -> Floats | None:
    if not start:
        return None
    values = np.full(len(model.flat.cost), np.nan)
    for name, given in start.items():
        block: Variables = model.block(name)
        numbers = np.asarray(given, dtype=np.float64)
        if numbers.shape != (len(block),):
            raise SolverError(f"start of '{name}': {numbers.size} values for {len(block)} variables.")
        filled = aligned(np.nan_to_num(numbers), block.table, f"start of '{name}'")
        values[block.part] = np.where(np.isnan(numbers), np.nan, np.round(filled))
    values[~model.flat.integer] = np.nan
    return values
