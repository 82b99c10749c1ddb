"""Sums of variables that read like the formula and are built as arrays.

    stock.relabel(week=stock.keys["week"] + 1) + arrivals - sales - stock

A term is a list of (key, variable, coefficient). A rule over keys K gathers, for each of its rows,
all parts of a term whose key has that row's values in the columns of K: a rule per site and week
sums the stock over all products by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.errors import SolverError
from helpers.solver.flat import Floats, Integers
from helpers.solver.keys import KeyTable

type Numbers = float | npt.ArrayLike | pd.Series


@dataclass(frozen=True, eq=False)
class Term:
    """Variables with coefficients, each with the key under which rules find it.

    Parameters
    ----------
    table
        Keys, one row per part.
    ids, coefficients
        Column of the model and its coefficient, per part.
    partial
        Whether parts that no row asks for are left out in silence.
    rows
        Row of the rule, per part, where it is given rather than found by key.
    """

    table: KeyTable
    ids: Integers
    coefficients: Floats
    partial: bool = False
    rows: Integers | None = None

    def rows_in(self, keys: KeyTable) -> tuple[Integers, Integers, Floats]:
        """Return row, column and coefficient of each part within a rule over `keys`."""
        if self.rows is not None:
            if len(self.rows) and not 0 <= self.rows.min() <= self.rows.max() < len(keys):
                raise SolverError(f"{keys.owner}: a triple names a row outside 0 … {len(keys) - 1}.")
            return self.rows, self.ids, self.coefficients
        rows = keys.find(self.table)
        found = rows >= 0
        if found.all():
            return rows, self.ids, self.coefficients
        if not self.partial:
            first = self.table.text(int(np.argmin(found)))
            raise SolverError(
                f"{keys.owner}: {int((~found).sum())} parts of {self.table.owner} belong to no row (first: "
                f"{first}). Add their keys, or leave them out with .where(…)."
            )
        return rows[found], self.ids[found], self.coefficients[found]


class Operand:
    """What variables and expressions can do."""

    # NumPy and pandas leave `array * variables` to us instead of multiplying one by one.
    __array_ufunc__ = None
    __pandas_priority__ = 5000
    __hash__ = None  # type: ignore[assignment]  # == makes a rule, so nothing can be a key

    @property
    def terms(self) -> tuple[Term, ...]:
        """The terms of the sum."""
        raise NotImplementedError

    def __add__(self, other: Operand) -> Expression:
        return Expression(self.terms + other.terms)

    def __sub__(self, other: Operand) -> Expression:
        return self + other * -1.0

    def __neg__(self) -> Expression:
        return self * -1.0

    def __mul__(self, factor: Numbers) -> Expression:
        return Expression(tuple(_scaled(term, factor) for term in self.terms))

    __rmul__ = __mul__

    def relabel(self, **columns: Any) -> Expression:
        """Return the same variables under other keys; what then fits no row is left out.

        `stock.relabel(week=stock.keys["week"] + 1)` is last week's stock, seen from each week; the
        last week's has no successor and drops out.
        """
        return Expression(tuple(_relabelled(term, columns) for term in self.terms))

    def where(self, mask: npt.ArrayLike) -> Expression:
        """Return the parts for which `mask` is true."""
        return Expression(tuple(_filtered(term, np.asarray(mask, dtype=np.bool_)) for term in self.terms))

    def at(self, keys: pd.DataFrame, *, missing: str = "refuse") -> Expression:
        """Return one part per row of `keys`, looked up by the columns that the variables are keyed by.

        Repeats a variable over several rows (a cut per segment of a curve, a demand class per
        product). `missing="drop"` leaves out rows for which there is no variable.
        """
        if missing not in {"refuse", "drop"}:
            raise SolverError(f"missing: {missing!r} is not one of 'refuse', 'drop'.")
        table = KeyTable(keys, "the keys looked up")
        return Expression(tuple(_gathered(term, table, drop=missing == "drop") for term in self.terms))


class Expression(Operand):
    """A sum of terms."""

    def __init__(self, terms: tuple[Term, ...]) -> None:
        self._terms = terms

    @property
    def terms(self) -> tuple[Term, ...]:
        """The terms of the sum."""
        return self._terms


class Variables(Operand):
    """A block of variables over an index table; made by `Model.add_variables`.

    Parameters
    ----------
    name
        Name of the block.
    table
        Keys, one row per variable.
    start
        Column of the first variable within the model.
    """

    def __init__(self, name: str, table: KeyTable, start: int) -> None:
        self.name = name
        self.table = table
        self.start = start

    def __len__(self) -> int:
        return len(self.table)

    def __repr__(self) -> str:
        return f"<{len(self)} variables '{self.name}' over {', '.join(self.table.columns) or 'no key'}>"

    @property
    def keys(self) -> pd.DataFrame:
        """The index table, one row per variable, numbered from 0."""
        return self.table.frame

    @property
    def ids(self) -> Integers:
        """Columns of the model, one per variable."""
        return np.arange(self.start, self.start + len(self))

    @property
    def part(self) -> slice:
        """Where the block stands among the model's columns."""
        return slice(self.start, self.start + len(self))

    @property
    def terms(self) -> tuple[Term, ...]:
        """The block as a sum of one term, every coefficient 1."""
        return (Term(self.table, self.ids, np.ones(len(self))),)


def triples(row: npt.ArrayLike, column: npt.ArrayLike, coefficient: Numbers) -> Expression:
    """Return an expression whose rows are given by position, for those who know the matrix.

    Parameters
    ----------
    row
        Position of the row within its rule (k,).
    column
        Variable, from `Variables.ids` (k,).
    coefficient
        Per part (k,) or one for all.
    """
    rows, ids = np.asarray(row, dtype=np.int64), np.asarray(column, dtype=np.int64)
    if rows.shape != ids.shape:
        raise SolverError(f"triples: {rows.size} rows and {ids.size} columns. Give as many of each.")
    table = KeyTable(pd.DataFrame(index=range(len(rows))), "the triples")
    values = aligned(coefficient, table, "coefficient of the triples")
    return Expression((Term(table, ids, values, rows=rows),))


def aligned(values: Numbers, table: KeyTable, what: str, *, finite: bool = True) -> Floats:
    """Return one number per key, from one for all, an array, or a Series with the keys' index.

    Raises
    ------
    SolverError
        If the length or the index is another, or a number is NaN (or infinite where it must not be).
    """
    if isinstance(values, pd.Series) and not (
        values.index.equals(table.frame.index) or values.index.equals(table.source_index)
    ):
        raise SolverError(f"{what}: the Series has another index than the keys of {table.owner}.")
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.ndim == 0:
        numbers = np.full(len(table), float(numbers))
    if numbers.shape != (len(table),):
        raise SolverError(f"{what}: {numbers.size} numbers for {len(table)} keys of {table.owner}.")
    bad = ~np.isfinite(numbers) if finite else np.isnan(numbers)
    if bad.any():
        first = int(np.argmax(bad))
        raise SolverError(
            f"{what}: {int(bad.sum())} values are no usable numbers (first: {numbers[first]} at "
            f"{table.text(first) or 'row 0'})."
        )
    return numbers


def _scaled(term: Term, factor: Numbers) -> Term:
    numbers = aligned(factor, term.table, f"coefficient of {term.table.owner}")
    return replace(term, coefficients=term.coefficients * numbers)


def _relabelled(term: Term, columns: dict[str, Any]) -> Term:
    for name, values in columns.items():
        # Pandas would align a series by its index, and parts would get the labels of others.
        if isinstance(values, pd.Series) and len(values) != len(term.table):
            raise SolverError(
                f"relabel: {len(values)} values of '{name}' for {len(term.table)} parts of "
                f"{term.table.owner}. Relabel first, then leave parts out with .where(…)."
            )
    table = KeyTable(term.table.frame.assign(**columns), term.table.owner)
    return replace(term, table=table, partial=True)


def _filtered(term: Term, mask: npt.NDArray[np.bool_]) -> Term:
    if mask.shape != (len(term.table),):
        raise SolverError(f"where: {mask.size} flags for {len(term.table)} parts of {term.table.owner}.")
    table = KeyTable(term.table.frame[mask], term.table.owner)
    rows = None if term.rows is None else term.rows[mask]
    return replace(term, table=table, ids=term.ids[mask], coefficients=term.coefficients[mask], rows=rows)


def _gathered(term: Term, keys: KeyTable, *, drop: bool) -> Term:
    place = term.table.find(keys)
    found = place >= 0
    if not (found.all() or drop):
        first = keys.text(int(np.argmin(found)))
        raise SolverError(f"{term.table.owner} has nothing for {first}. Add it, or say missing='drop'.")
    table = keys if found.all() else KeyTable(keys.frame[found], keys.owner)
    table.owner = term.table.owner
    return replace(
        term, table=table, ids=term.ids[place[found]], coefficients=term.coefficients[place[found]]
    )
