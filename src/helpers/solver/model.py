"""A model in the planner's terms: variables over index tables, rules with names, money with names.

    model = Model("order plan")
    order = model.add_variables("order", product_weeks, upper=500.0)
    stock = model.add_variables("stock", product_weeks)
    last_week = stock.relabel(week=stock.keys["week"] + 1)
    model.add_rows("flow balance", product_weeks, last_week + order - stock, equals(demand))
    model.add_rows("storage", weeks, stock * volume, at_most(900.0, unit="m³"))
    model.add_objective("holding", stock * holding_cost)

Everything is kept as arrays and filled into one PuLP problem when it is solved.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from helpers.errors import SolverError
from helpers.solver.expression import Numbers, Operand, Variables, aligned
from helpers.solver.flat import Flags, FlatModel, Floats, Integers, compress_rows, fill_pulp
from helpers.solver.keys import KeysLike, KeyTable
from helpers.solver.limits import Limit, Rule, make_rule

if TYPE_CHECKING:
    import pulp


class Model:
    """A linear model, with integers where said.

    Parameters
    ----------
    name
        Name of the model, for messages and records.
    maximise
        Whether more of the objective is better; otherwise less is.
    """

    def __init__(self, name: str, *, maximise: bool = False) -> None:
        self.name = name
        self.maximise = maximise
        self.blocks: dict[str, Variables] = {}
        self.rules: dict[str, Rule] = {}
        self.money: dict[str, tuple[Integers, Floats, float]] = {}
        self.changes = 0
        self._bounds: list[tuple[Floats, Floats, Flags]] = []
        self._triples: list[tuple[Integers, Integers, Floats]] = []
        self._columns = 0
        self._rows = 0

    def __repr__(self) -> str:
        return f"<model '{self.name}': {self._columns:,} variables, {self._rows:,} rows>"

    def add_variables(
        self,
        name: str,
        keys: KeysLike,
        lower: Numbers = 0.0,
        upper: Numbers = np.inf,
        *,
        integer: bool | npt.ArrayLike = False,
    ) -> Variables:
        """Add one variable per key.

        Parameters
        ----------
        name
            What is decided: "order", "stock".
        keys
            Index table, one row per variable; None for a single one.
        lower, upper
            Bounds, one for all or one per key; infinite where there is none.
        integer
            Whether whole numbers only, for all or per key.

        Raises
        ------
        SolverError
            For a name or key that comes twice, a missing key, bounds that leave nothing.
        """
        if name in self.blocks:
            raise SolverError(f"{self.name}: variables '{name}' were already added. Use another name.")
        table = KeyTable(keys, f"variables '{name}'")
        table.check_unique()
        low = aligned(lower, table, f"lower bound of '{name}'", finite=False)
        high = aligned(upper, table, f"upper bound of '{name}'", finite=False)
        whole = np.broadcast_to(np.asarray(integer, dtype=np.bool_), (len(table),)).copy()
        _check_bounds(table, low, high, whole)
        block = Variables(name, table, self._columns)
        self.blocks[name] = block
        self._bounds.append((low, high, whole))
        self._columns += len(table)
        self._forget()
        return block

    def add_rows(self, rule: str, keys: KeysLike, expression: Operand, limit: Limit) -> Rule:
        """Hold a sum to a limit, once per key.

        Parameters
        ----------
        rule
            Name of the rule as the planner says it: "storage capacity".
        keys
            Index table, one row per limit; None for a single one, such as a budget.
        expression
            The sum. Each part joins the row that has the same values in the columns of `keys`.
        limit
            From `at_most`, `at_least` or `equals`.

        Raises
        ------
        SolverError
            For a name or key that comes twice, or a part of the sum that belongs to no row.
        """
        if rule in self.rules:
            raise SolverError(f"{self.name}: the rule '{rule}' was already added. Use another name.")
        table = KeyTable(keys, f"rule '{rule}'")
        table.check_unique()
        made = make_rule(rule, table, self._rows, limit)
        parts = [term.rows_in(table) for term in expression.terms]
        self._check_columns(rule, parts)
        self._triples.extend((row + self._rows, column, value) for row, column, value in parts)
        self.rules[rule] = made
        self._rows += len(table)
        self._forget()
        return made

    def add_objective(self, name: str, expression: Operand, constant: float = 0.0) -> None:
        """Add money under a name: the coefficients are money per unit of the variables.

        Raises
        ------
        SolverError
            If the name was used before.
        """
        if name in self.money:
            raise SolverError(f"{self.name}: money '{name}' was already added. Use another name.")
        ids = np.concatenate([np.zeros(0, dtype=np.int64), *(term.ids for term in expression.terms)])
        values = np.concatenate([np.zeros(0), *(term.coefficients for term in expression.terms)])
        self._check_columns(name, [(ids, ids, values)])
        self.money[name] = ids, values, float(constant)
        self._forget()

    @cached_property
    def flat(self) -> FlatModel:
        """The model as arrays."""
        lower, upper, integer = _joined(self._bounds, (np.float64, np.float64, np.bool_))
        row, column, value = _joined(self._triples, (np.int64, np.int64, np.float64))
        limits = [rule.bounds for rule in self.rules.values()]
        row_lower, row_upper = _joined(limits, (np.float64, np.float64))
        starts, columns, values = compress_rows(row, column, value, (self._rows, self._columns))
        cost = np.zeros(self._columns)
        for ids, coefficients, _ in self.money.values():
            cost += np.bincount(ids, weights=coefficients, minlength=self._columns)
        return FlatModel(
            cost=cost,
            lower=lower,
            upper=upper,
            integer=integer,
            row_lower=row_lower,
            row_upper=row_upper,
            starts=starts,
            columns=columns,
            coefficients=values,
            offset=sum(constant for _, _, constant in self.money.values()),
            maximise=self.maximise,
        )

    @cached_property
    def problem(self) -> pulp.LpProblem:
        """The PuLP problem that holds the model."""
        return fill_pulp(self.flat)

    def block(self, variables: Variables | str) -> Variables:
        """Return the block of variables called so."""
        name = variables if isinstance(variables, str) else variables.name
        found = self.blocks.get(name)
        if found is None or (isinstance(variables, Variables) and found is not variables):
            known = ", ".join(self.blocks) or "none"
            raise SolverError(f"{self.name}: there are no variables '{name}' here. There are: {known}.")
        return found

    def rule(self, rule: Rule | str) -> Rule:
        """Return the rule called so."""
        name = rule if isinstance(rule, str) else rule.name
        found = self.rules.get(name)
        if found is None or (isinstance(rule, Rule) and found is not rule):
            known = ", ".join(self.rules) or "none"
            raise SolverError(f"{self.name}: there is no rule '{name}' here. There are: {known}.")
        return found

    def with_limits(self, rule: Rule | str, rows: Integers, limits: Floats) -> Model:
        """Return a model like this one, with other limits in some rows of a rule (positions within it)."""
        old = self.rule(rule)
        limit = old.limit.copy()
        limit[rows] = limits
        new = replace(old, limit=limit)
        row_lower, row_upper = self.flat.row_lower.copy(), self.flat.row_upper.copy()
        row_lower[new.part], row_upper[new.part] = new.bounds
        other = copy(self)
        other.blocks, other.money = dict(self.blocks), dict(self.money)
        other.rules = self.rules | {new.name: new}
        other._bounds, other._triples = list(self._bounds), list(self._triples)
        other._forget()
        other.__dict__["flat"] = replace(self.flat, row_lower=row_lower, row_upper=row_upper)
        return other

    def _check_columns(self, name: str, parts: list[tuple[Integers, Integers, Floats]]) -> None:
        for _, column, _ in parts:
            if len(column) and not 0 <= column.min() <= column.max() < self._columns:
                raise SolverError(f"{self.name}: '{name}' uses variables that are not in this model.")

    def _forget(self) -> None:
        """Drop what was made from an earlier state."""
        self.changes += 1
        self.__dict__.pop("flat", None)
        self.__dict__.pop("problem", None)


def _joined(parts: Sequence[tuple[Any, ...]], kinds: tuple[type, ...]) -> tuple[Any, ...]:
    """Return the arrays of all parts, end to end."""
    return tuple(
        np.concatenate([np.zeros(0, dtype=kind), *(part[i] for part in parts)])
        for i, kind in enumerate(kinds)
    )


def _check_bounds(table: KeyTable, low: Floats, high: Floats, whole: Flags) -> None:
    with np.errstate(invalid="ignore"):
        empty = np.where(whole, np.ceil(low - 1e-9) > np.floor(high + 1e-9), low > high)
    empty |= (low == np.inf) | (high == -np.inf)
    if empty.any():
        first = int(np.argmax(empty))
        kind = "whole number" if whole[first] else "number"
        raise SolverError(
            f"{table.owner}: {int(empty.sum())} keys have no {kind} between their bounds (first: "
            f"{table.text(first)}, {low[first]:g} to {high[first]:g})."
        )
