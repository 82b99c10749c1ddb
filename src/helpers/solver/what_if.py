"""Move a limit of a solved model and solve again at once, from where the solver stands.

    with WhatIf(plan) as trial:
        more = trial.move("storage capacity", {"site": "DC-North"}, by=100.0)
        more.objective - plan.objective

The limit is changed in the HiGHS model that the plan left behind and in the PuLP problem, so both
agree; at the end both are as before. Each answer carries its own model with the moved limit.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import numpy as np

from helpers.errors import SolverError
from helpers.solver.expression import Numbers
from helpers.solver.flat import Floats, Integers
from helpers.solver.limits import Rule
from helpers.solver.model import Model
from helpers.solver.solution import Solution
from helpers.solver.solving import solver_name
from helpers.solver.verdict import judge


class WhatIf:
    """A solved model whose limits can be moved and moved back.

    Parameters
    ----------
    solution
        A plan; its model must not have been changed since.

    Raises
    ------
    SolverError
        If there is no plan, the model was changed since, or another what-if of the plan is open.
    """

    def __init__(self, solution: Solution) -> None:
        solution.require_unchanged()
        if solution.kept is None or solution.kept.flat is not solution.model.flat:
            raise SolverError(
                f"{solution.model.name}: another what-if moved this plan's limits. End it first."
            )
        self.base = solution
        self.kept = solution.kept
        self.model = solution.model
        self._handles: list[Any] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.reset()

    def move(
        self,
        rule: Rule | str,
        where: Mapping[str, object] | None = None,
        *,
        to: Numbers | None = None,
        by: float | None = None,
    ) -> Solution:
        """Move the limits of a rule, on top of earlier moves, and solve again.

        Parameters
        ----------
        rule
            The rule whose limits move.
        where
            Key parts of the rows that move: {"site": "DC-North"}; all rows without.
        to, by
            New limit (one, or one per moved row), or the change; exactly one of both.

        Returns
        -------
        Solution
            Of the model with the moved limits, under the options of the first solve.

        Raises
        ------
        SolverError
            If no row matches, or not exactly one of `to` and `by` is given.
        """
        found = self.model.rules[self.base.model.rule(rule).name]
        rows, limits = self._target(found, where or {}, to, by)
        return self.move_rows(found, rows, limits)

    def move_rows(self, rule: Rule, rows: Integers, limits: Floats) -> Solution:
        """Move rows given by their position within the rule, and solve again."""
        return self._resolve(self.model.with_limits(rule.name, rows, limits), rule.name, rows)

    def reset(self) -> None:
        """Move every limit back, in HiGHS and in PuLP."""
        for name, rule in self.base.model.rules.items():
            moved = np.flatnonzero(self.model.rules[name].limit != rule.limit)
            if len(moved):
                self._write(rule, moved)
        self.model = self.base.model
        self.kept.flat = self.model.flat

    def _target(
        self, rule: Rule, where: Mapping[str, object], to: Numbers | None, by: float | None
    ) -> tuple[Integers, Floats]:
        rows = rule.table.matching(dict(where))
        if not len(rows):
            raise SolverError(f"rule '{rule.name}' has no row where {dict(where)}.")
        if (to is None) == (by is None):
            raise SolverError("move: say either to= or by=.")
        limits = rule.limit[rows] + by if by is not None else np.asarray(to, dtype=np.float64)
        limits = np.broadcast_to(limits, rows.shape).astype(np.float64)
        if not np.isfinite(limits).all():
            raise SolverError(f"rule '{rule.name}': a limit can only be moved to a finite number.")
        return rows, limits

    def _resolve(self, model: Model, rule: str, rows: Integers) -> Solution:
        begun = time.perf_counter()
        highs, options = self.kept.highs, self.base.options
        self._write(model.rules[rule], rows)
        self.model, self.kept.flat = model, model.flat
        # HiGHS counts the seconds of all runs of one object against its limit.
        highs.setOptionValue("time_limit", highs.getRunTime() + options.time_limit)
        if model.flat.has_integers:
            whole = np.flatnonzero(model.flat.integer).astype(np.int32)
            highs.setSolution(len(whole), whole, np.round(self.base.require().columns[whole]))
        return self._read(model, begun)

    def _read(self, model: Model, begun: float) -> Solution:
        from helpers.solver.handover import read_values, run_interruptibly

        highs = self.kept.highs
        run_interruptibly(highs)
        found = read_values(self.base.model.problem, model.flat, highs)
        verdict = judge(highs, model.flat, time.perf_counter() - begun)
        return Solution(model, self.base.options, verdict, solver_name(), found, model.changes, self.kept)

    def _write(self, rule: Rule, rows: Integers) -> None:
        """Write the limits of `rule` into HiGHS and PuLP."""
        lower, upper = rule.bounds
        places = (rows + rule.start).astype(np.int32)
        self.kept.highs.changeRowsBounds(len(rows), places, lower[rows], upper[rows])
        self._handles = self._handles or self.base.model.problem.toRustModel().list_constraints()
        for place, limit in zip(places.tolist(), rule.limit[rows].tolist(), strict=True):
            self._handles[place].set_rhs(limit)
