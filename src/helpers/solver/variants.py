"""Variants of a solved linear model, each solved from the same place: quick, and the same in any order.

    again = Variants(plan)
    dearer = again.solve(replace(again.base, cost=again.base.cost * 1.1))

Where a `WhatIf` moves limits one after the other, a variant is given whole: other costs, bounds, limits or
coefficients of the same rows and columns. HiGHS gets what differs and starts from the first plan's basis, so
the answer depends on the variant alone and not on what was asked before it, even where several plans are
equally good. PuLP keeps the first model.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from helpers.errors import SolverError
from helpers.solver.flat import Flags, FlatModel, Floats, Found
from helpers.solver.solution import Solution
from helpers.solver.verdict import Verdict, judge


@dataclass(frozen=True, eq=False)
class Variant:
    """How a variant ended, and its values; None where there is no plan. Duals are ∂objective ÷ ∂limit."""

    verdict: Verdict
    found: Found | None

    def require(self) -> Found:
        """Return the values; raises SolverError where there is no plan."""
        if self.found is None:
            raise SolverError(f"The variant has no plan: {self.verdict.status}.")
        return self.found


class Variants:
    """A solved linear model that answers variants of itself.

    Parameters
    ----------
    solution
        A plan without integers; its HiGHS object is used from now on for variants alone.

    Raises
    ------
    SolverError
        There is no plan, it has integers, or a what-if of it is open.
    """

    def __init__(self, solution: Solution) -> None:
        solution.require_unchanged()
        kept = solution.kept
        if kept is None or kept.flat is not solution.model.flat:
            raise SolverError(f"{solution.model.name}: a what-if moved this plan's limits. End it first.")
        if kept.flat.has_integers:
            raise SolverError(f"{solution.model.name}: variants need a plan without integers.")
        self.base = kept.flat
        self.name = solution.model.name
        self._options = solution.options
        self._kept = kept
        self._basis = kept.highs.getBasis()
        self._row_of = kept.flat.row_of

    def start_here(self) -> None:
        """Let further variants start from where the last one ended."""
        self._basis = self._kept.highs.getBasis()

    def solve(self, flat: FlatModel) -> Variant:
        """Solve a variant from the first plan's basis.

        Parameters
        ----------
        flat
            With the rows and columns of the base, in the same places.

        Raises
        ------
        SolverError
            It has other rows, columns or places of coefficients.
        """
        begun = time.perf_counter()
        self._require_same_shape(flat)
        highs = self._kept.highs
        self._write(flat)
        highs.clearSolver()
        highs.setBasis(self._basis)
        highs.setOptionValue("time_limit", highs.getRunTime() + self._options.time_limit)
        return self._read(flat, begun)

    def _require_same_shape(self, flat: FlatModel) -> None:
        base = self.base
        same = (
            flat.maximise == base.maximise
            and len(flat.cost) == len(base.cost)
            and not flat.has_integers
            and np.array_equal(flat.starts, base.starts)
            and np.array_equal(flat.columns, base.columns)
        )
        if not same:
            raise SolverError(f"{self.name}: a variant has the rows and columns of the plan. Solve it anew.")

    def _write(self, flat: FlatModel) -> None:
        """Give HiGHS what differs from what it holds."""
        highs, held = self._kept.highs, self._kept.flat
        at = _places(held.cost != flat.cost)
        highs.changeColsCost(len(at), at, flat.cost[at])
        at = _places((held.lower != flat.lower) | (held.upper != flat.upper))
        highs.changeColsBounds(len(at), at, flat.lower[at], flat.upper[at])
        at = _places((held.row_lower != flat.row_lower) | (held.row_upper != flat.row_upper))
        highs.changeRowsBounds(len(at), at, flat.row_lower[at], flat.row_upper[at])
        for place in np.flatnonzero(held.coefficients != flat.coefficients).tolist():
            row, column = int(self._row_of[place]), int(flat.columns[place])
            highs.changeCoeff(row, column, float(flat.coefficients[place]))
        if held.offset != flat.offset:
            highs.changeObjectiveOffset(float(flat.offset))
        self._kept.flat = flat

    def _read(self, flat: FlatModel, begun: float) -> Variant:
        from helpers.solver.handover import holds_a_plan, run_interruptibly

        highs = self._kept.highs
        run_interruptibly(highs)
        verdict = judge(highs, flat, time.perf_counter() - begun)
        if not holds_a_plan(highs):
            return Variant(verdict, None)
        solution = highs.getSolution()
        values, rows = _array(solution.col_value), _array(solution.row_value)
        if not solution.dual_valid:
            return Variant(verdict, Found(values, rows, None, None))
        return Variant(verdict, Found(values, rows, _array(solution.col_dual), _array(solution.row_dual)))


def _array(values: object) -> Floats:
    return np.array(values, dtype=np.float64)


def _places(differs: Flags) -> npt.NDArray[np.int32]:
    """Return the places where something differs, as HiGHS counts."""
    return np.flatnonzero(differs).astype(np.int32)
