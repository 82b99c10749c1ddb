"""PuLP's HiGHS solver with a quick way in and out.

PuLP's own class asks the model variable by variable; this one passes flat arrays in one call and
reads the values back in one go. It also judges what came: a value is written into the PuLP problem
only where HiGHS found a feasible point. Otherwise every variable becomes NaN, so that nobody reads
the zeros that PuLP's own class leaves there. A model with integers has no prices: none are written.

Imports PuLP, so import this module inside the verb that solves.
"""

from __future__ import annotations

import time
from typing import Any

import pulp  # loads the library of highspy in its own way, so it has to come first

# isort: split
import highspy
import numpy as np

from helpers.solver.flat import FlatModel, Found, read_pulp, without_cyclic_collection
from helpers.solver.options import SolveOptions

_FEASIBLE = 2  # kSolutionStatusFeasible
_ROW_WISE = 2  # MatrixFormat.kRowwise
_POLL_SECONDS = 0.1

_threads_of_this_process: list[int] = []


class QuickHiGHS(pulp.HiGHS):
    """HiGHS for PuLP: same answers as `pulp.HiGHS`, less work before and after.

    Parameters
    ----------
    options
        What was asked.
    flat
        The model as arrays, where the caller has them; otherwise they are read from PuLP.
    start
        Values to begin from, NaN where none is given (n,); for models with integers.
    """

    def __init__(
        self, options: SolveOptions, flat: FlatModel | None = None, start: np.ndarray | None = None
    ) -> None:
        more: dict[str, Any] = dict(options.more)
        super().__init__(
            msg=False,
            timeLimit=options.time_limit,
            gapRel=options.gap,
            threads=options.threads,
            random_seed=options.seed,
            **more,
        )
        self.flat = flat
        self.start = start
        self.found: Found | None = None

    def createAndConfigureSolver(self, lp: Any) -> None:  # noqa: N802 (PuLP's name)
        """Make the HiGHS object; another number of threads than before restarts its scheduler."""
        if _threads_of_this_process != [self.threads]:
            if _threads_of_this_process:
                highspy.Highs.resetGlobalScheduler(True)
            _threads_of_this_process[:] = [self.threads]
        super().createAndConfigureSolver(lp)

    def buildSolverModel(self, lp: Any) -> None:  # noqa: N802 (PuLP's name)
        """Pass the whole model in one call."""
        if self.flat is None:
            self.flat = read_pulp(lp)
        pass_model(lp.solverModel, self.flat)
        if self.start is not None:
            given = np.flatnonzero(np.isfinite(self.start)).astype(np.int32)
            lp.solverModel.setSolution(len(given), given, self.start[given])

    def callSolver(self, lp: Any) -> None:  # noqa: N802 (PuLP's name)
        """Run; Ctrl-C stops HiGHS at once rather than at the time limit."""
        run_interruptibly(lp.solverModel)

    def findSolutionValues(self, lp: Any) -> tuple[int, bool]:  # noqa: N802 (PuLP's name)
        """Read all values in one go, and say the status as PuLP's own class would."""
        highs = lp.solverModel
        self.found = read_values(lp, self.flat or read_pulp(lp), highs)
        status = _STATUS.get(highs.getModelStatus(), pulp.LpSolveStatus.Undefined)
        return status, self.found is not None

    def buildStats(  # noqa: N802 (PuLP's name)
        self,
        lp: Any,
        status: int,
        has_solution: bool,
        *,
        start: tuple[float, float],
        best_bound: float | None = None,
    ) -> Any:
        """Describe the solve without making an object for each variable and row."""
        core = lp.toRustModel()
        return pulp.LpSolveStats(
            solver=self.name,
            status=pulp.LpSolveStatus(status),
            has_solution=has_solution,
            time=time.time() - start[0],
            objective=lp.solverModel.getObjectiveValue() if has_solution else None,
            best_bound=best_bound,
            num_variables=core.num_variables,
            num_constraints=core.num_constraints,
            is_mip=core.is_mip(),
            solver_options=self.toDict(),
        )


def new_highs() -> Any:
    """Return a silent HiGHS object."""
    highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]  # highspy has no types
    highs.setOptionValue("output_flag", False)
    return highs


def holds_a_plan(highs: Any) -> bool:
    """Return whether HiGHS stands at a point that keeps every limit.

    A finite objective is no proof: a simplex that was stopped has one at a point that breaks rows,
    and `pulp.HiGHS` takes it for a solution.
    """
    status = highs.getModelStatus()
    if status in {_HIGHS.kInfeasible, _HIGHS.kUnbounded, _HIGHS.kUnboundedOrInfeasible}:
        return False
    return status == _HIGHS.kModelEmpty or bool(highs.getInfo().primal_solution_status == _FEASIBLE)


def pass_model(highs: Any, flat: FlatModel) -> None:
    """Hand the arrays to HiGHS in one call.

    Raises
    ------
    pulp.PulpError
        If HiGHS refuses the model.
    """
    status = highs.passModel(
        len(flat.cost),
        len(flat.row_lower),
        len(flat.coefficients),
        _ROW_WISE,
        -1 if flat.maximise else 1,
        float(flat.offset),
        flat.cost,
        flat.lower,
        flat.upper,
        flat.row_lower,
        flat.row_upper,
        flat.starts.astype(np.int32),
        flat.columns.astype(np.int32),
        flat.coefficients,
        flat.integer.astype(np.int32),
    )
    if status == highspy.HighsStatus.kError:
        raise pulp.PulpError("HiGHS refuses the model: a bound, limit or coefficient is no number it takes.")


def run_interruptibly(highs: Any) -> None:
    """Run HiGHS in a thread and wait; on Ctrl-C tell it to stop, wait for it, and raise again."""
    highs.HandleKeyboardInterrupt = True
    highs.startSolve()
    try:
        while not highs.wait(_POLL_SECONDS)[0]:
            pass
    except KeyboardInterrupt:
        highs.cancelSolve()
        while not highs.wait(_POLL_SECONDS)[0]:
            pass
        raise
    finally:
        highs.HandleKeyboardInterrupt = False


def read_values(lp: Any, flat: FlatModel, highs: Any) -> Found | None:
    """Read all that HiGHS holds in one go, into PuLP and as arrays; NaN into PuLP without a plan."""
    core = lp.toRustModel()
    with without_cyclic_collection():
        if not holds_a_plan(highs):
            core.set_variable_values([(i, float("nan")) for i in range(len(flat.cost))])
            return None
        solution = highs.getSolution()
        values, activity = solution.col_value, np.array(solution.row_value, dtype=np.float64)
        slack = np.where(flat.row_lower == -np.inf, flat.row_upper - activity, activity - flat.row_lower)
        core.set_variable_values(list(enumerate(values)))
        core.set_constraint_slacks(list(enumerate(slack.tolist())))
        if flat.has_integers or not solution.dual_valid:
            return Found(np.array(values, dtype=np.float64), activity, None, None)
        reduced, prices = solution.col_dual, solution.row_dual
        core.set_variable_djs(list(enumerate(reduced)))
        core.set_constraint_pis(list(enumerate(prices)))
        return Found(np.array(values, dtype=np.float64), activity, np.array(reduced), np.array(prices))


_HIGHS = highspy.HighsModelStatus
_PULP = pulp.LpSolveStatus
_STATUS = {
    _HIGHS.kOptimal: _PULP.Optimal,
    _HIGHS.kModelEmpty: _PULP.Optimal,
    _HIGHS.kInfeasible: _PULP.Infeasible,
    _HIGHS.kUnbounded: _PULP.Unbounded,
    _HIGHS.kUnboundedOrInfeasible: _PULP.Undefined,
    _HIGHS.kObjectiveBound: _PULP.GapLimit,
    _HIGHS.kObjectiveTarget: _PULP.GapLimit,
    _HIGHS.kInterrupt: _PULP.Interrupted,
    _HIGHS.kTimeLimit: _PULP.TimeLimit,
    _HIGHS.kIterationLimit: _PULP.IterationLimit,
    _HIGHS.kSolutionLimit: _PULP.SolutionLimit,
    _HIGHS.kMemoryLimit: _PULP.MemoryLimit,
}
