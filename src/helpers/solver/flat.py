"""A model as flat arrays, and the same model inside PuLP.

    minimise or maximise   c x + c₀
    subject to             row_lower ≤ A x ≤ row_upper,   lower ≤ x ≤ upper,   x integer where said

A is stored row by row: row i has the columns `columns[starts[i]:starts[i+1]]`, rising, each once.
Every row has one finite limit, or two that are equal; PuLP knows no others.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pulp

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class FlatModel:
    """A linear model with n columns, m rows and k coefficients.

    Parameters
    ----------
    cost, offset
        c (n,), money per unit; c₀, money.
    lower, upper, integer
        Bounds and kind of each column (n,); infinite where there is none.
    row_lower, row_upper
        Limits of each row (m,).
    starts, columns, coefficients
        A by rows: (m + 1,), (k,), (k,).
    maximise
        Whether more is better.
    """

    cost: Floats
    lower: Floats
    upper: Floats
    integer: Flags
    row_lower: Floats
    row_upper: Floats
    starts: Integers
    columns: Integers
    coefficients: Floats
    offset: float = 0.0
    maximise: bool = False

    @property
    def has_integers(self) -> bool:
        """Whether any column must be a whole number."""
        return bool(self.integer.any())

    @property
    def row_of(self) -> Integers:
        """Row of each coefficient (k,)."""
        return np.repeat(np.arange(len(self.row_lower)), np.diff(self.starts))


@dataclass(frozen=True, eq=False)
class Found:
    """Raw values of a run: per column (n,) and row (m,); duals are None where there are none.

    Duals are ∂objective ÷ ∂limit, for minimising and maximising alike.
    """

    columns: Floats
    rows: Floats
    column_duals: Floats | None
    row_duals: Floats | None


@contextmanager
def without_cyclic_collection() -> Iterator[None]:
    """Keep Python from searching for cycles among objects that are being made and all needed."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def compress_rows(row: Integers, column: Integers, coefficient: Floats, shape: tuple[int, int]) -> Any:
    """Return starts, columns, coefficients of the triples; triples of one place are added up.

    The result does not depend on the order of the triples, but for the last digits of sums.

    >>> starts, columns, values = compress_rows(
    ...     np.array([1, 0, 1]), np.array([0, 1, 0]), np.array([2.0, 5.0, 3.0]), (2, 2))
    >>> starts.tolist(), columns.tolist(), values.tolist()
    ([0, 1, 2], [1, 0], [5.0, 5.0])
    """
    rows, columns = shape
    place = row * columns + column
    if np.any(place[1:] <= place[:-1]):
        order = np.argsort(place, kind="stable")
        place, coefficient = place[order], coefficient[order]
        first = np.flatnonzero(np.diff(place, prepend=-1))
        if len(first) < len(place):
            place, coefficient = place[first], np.add.reduceat(coefficient, first)
    row, column = np.divmod(place, max(columns, 1))
    starts = np.zeros(rows + 1, dtype=np.int64)
    np.cumsum(np.bincount(row, minlength=rows), out=starts[1:])
    return starts, column, coefficient


def fill_pulp(flat: FlatModel, name: str = "planbook") -> pulp.LpProblem:
    """Return a PuLP problem that holds the model; columns are named x0, x1 and so on, rows r0, r1."""
    import pulp

    problem = pulp.LpProblem(name, pulp.LpMaximize if flat.maximise else pulp.LpMinimize)
    with without_cyclic_collection():
        _fill_variables(flat, problem.toRustModel())
        _fill_objective(flat, problem.toRustModel())
        _fill_rows(flat, problem.toRustModel())
    return problem


def _fill_variables(flat: FlatModel, core: Any) -> None:
    """Add runs of equal kind in one call each, then the bounds that differ from their run's first."""
    from pulp import _rustcore

    ends = [*(np.flatnonzero(np.diff(flat.integer)) + 1).tolist(), len(flat.cost)]
    start = 0
    for end in ends if len(flat.cost) else []:
        run = slice(start, end)
        low, high = float(flat.lower[start]), float(flat.upper[start])
        kind = _rustcore.Category.Integer if flat.integer[start] else _rustcore.Category.Continuous
        handles = core.add_variables_batch([f"x{i}" for i in range(start, end)], low, high, kind)
        for i in np.flatnonzero(flat.lower[run] != low).tolist():
            handles[i].set_lb(float(flat.lower[start + i]))
        for i in np.flatnonzero(flat.upper[run] != high).tolist():
            handles[i].set_ub(float(flat.upper[start + i]))
        start = end


def _fill_objective(flat: FlatModel, core: Any) -> None:
    from pulp import _rustcore

    used = np.flatnonzero(flat.cost)
    expression = _rustcore.AffineExpr()
    expression.add_term_ids_coeffs(core, used.astype(np.uint64), flat.cost[used])
    expression.set_constant(float(flat.offset))
    core.set_objective(expression)


def _fill_rows(flat: FlatModel, core: Any) -> None:
    from pulp import _rustcore

    new, add = _rustcore.AffineExpr, core.add_constraint
    at_most, at_least, equal = (
        _rustcore.Sense.LessEqual,
        _rustcore.Sense.GreaterEqual,
        _rustcore.Sense.Equal,
    )
    ids = memoryview(flat.columns.astype(np.uint64))
    coefficients = memoryview(np.ascontiguousarray(flat.coefficients))
    starts = flat.starts.tolist()
    limits = zip(flat.row_lower.tolist(), flat.row_upper.tolist(), strict=True)
    for i, (low, high) in enumerate(limits):
        part = slice(starts[i], starts[i + 1])
        row = new()
        row.add_term_ids_coeffs(core, ids[part], coefficients[part])
        row.set_sense(equal if low == high else at_most if low == -np.inf else at_least)
        row.set_constant(-(high if high < np.inf else low))
        row.set_name(f"r{i}")
        add(row)


def read_pulp(problem: pulp.LpProblem) -> FlatModel:
    """Return the flat arrays of any PuLP problem; column i is the variable with the id i."""
    core = problem.toRustModel()
    with without_cyclic_collection():
        variables, rows = core.list_variables(), core.list_constraints()
        terms = [row.items() for row in rows]
        starts = np.zeros(len(rows) + 1, dtype=np.int64)
        np.cumsum([len(items) for items in terms], out=starts[1:])
        columns = np.array([v.id() for items in terms for v, _ in items], dtype=np.int64)
        coefficients = np.array([c for items in terms for _, c in items], dtype=np.float64)
        cost, offset = _read_objective(core, len(variables))
        row_lower, row_upper = _read_limits(rows)
    return FlatModel(
        cost=cost,
        lower=np.array([v.lb for v in variables], dtype=np.float64),
        upper=np.array([v.ub for v in variables], dtype=np.float64),
        integer=np.array([v.is_integer() or v.is_binary() for v in variables], dtype=np.bool_),
        row_lower=row_lower,
        row_upper=row_upper,
        starts=starts,
        columns=columns,
        coefficients=coefficients,
        offset=offset,
        maximise=problem.sense == -1,
    )


def _read_objective(core: Any, columns: int) -> tuple[Floats, float]:
    cost = np.zeros(columns)
    objective = core.get_objective()
    if objective is None:
        return cost, 0.0
    cost[[v.id() for v in objective.keys()]] = objective.values()  # noqa: SIM118 (not a dict)
    return cost, objective.constant


def _read_limits(rows: list[Any]) -> tuple[Floats, Floats]:
    from pulp import _rustcore

    limit = np.array([row.rhs for row in rows], dtype=np.float64)
    senses = [row.sense for row in rows]
    at_most = np.array([sense == _rustcore.Sense.LessEqual for sense in senses], dtype=np.bool_)
    at_least = np.array([sense == _rustcore.Sense.GreaterEqual for sense in senses], dtype=np.bool_)
    return np.where(at_most, -np.inf, limit), np.where(at_least, np.inf, limit)
