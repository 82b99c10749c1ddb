"""Limits of a rule: how much, in which unit, in whose words, and what giving way would cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from helpers.solver.expression import Numbers, aligned
from helpers.solver.flat import Floats
from helpers.solver.keys import KeyTable


@dataclass(frozen=True, eq=False)
class Limit:
    """What the sum of a rule is held to; made by `at_most`, `at_least` or `equals`.

    Parameters
    ----------
    kind
        `at most`, `at least` or `exactly`.
    values
        The limit, one for all rows or one per row.
    unit
        Unit of the limit, for prices and sentences.
    words
        Sentence for the planner with `{limit}`, `{unit}` and the key columns in braces, such as
        "{site} stores {limit} {unit} in {week}". Empty: rule name and key.
    relax_cost
        Money per unit by which the limit may give way when limits clash; None: it never gives way.
    """

    kind: str
    values: Numbers
    unit: str = ""
    words: str = ""
    relax_cost: Numbers | None = None


def at_most(values: Numbers, *, unit: str = "", words: str = "", relax_cost: Numbers | None = None) -> Limit:
    """Return an upper limit."""
    return Limit("at most", values, unit, words, relax_cost)


def at_least(values: Numbers, *, unit: str = "", words: str = "", relax_cost: Numbers | None = None) -> Limit:
    """Return a lower limit."""
    return Limit("at least", values, unit, words, relax_cost)


def equals(values: Numbers, *, unit: str = "", words: str = "", relax_cost: Numbers | None = None) -> Limit:
    """Return an exact balance."""
    return Limit("exactly", values, unit, words, relax_cost)


@dataclass(frozen=True, eq=False)
class Rule:
    """A family of rows with one meaning; made by `Model.add_rows`.

    Parameters
    ----------
    name
        Name of the rule, as the planner says it.
    table
        Keys, one row per limit.
    start
        First row within the model.
    kind, limit
        `at most`, `at least` or `exactly`; the limit per row.
    unit, words
        As in `Limit`.
    relax_cost
        Money per unit of giving way, per row; None: never.
    """

    name: str
    table: KeyTable
    start: int
    kind: str
    limit: Floats
    unit: str
    words: str
    relax_cost: Floats | None

    def __len__(self) -> int:
        return len(self.table)

    @property
    def part(self) -> slice:
        """Where the rule stands among the model's rows."""
        return slice(self.start, self.start + len(self))

    @property
    def bounds(self) -> tuple[Floats, Floats]:
        """Lower and upper limit of each row."""
        lower = np.full(len(self), -np.inf) if self.kind == "at most" else self.limit
        upper = np.full(len(self), np.inf) if self.kind == "at least" else self.limit
        return lower, upper

    def say(self, row: int) -> str:
        """Return the limit of a row in the planner's words."""
        amount = say_number(self.limit[row])
        if self.words:
            keys = {column: self.table.frame[column].iloc[row] for column in self.table.columns}
            return self.words.format(limit=amount, unit=self.unit, **keys)
        key = self.table.text(row)
        return f"{self.name}{f' ({key})' if key else ''}: {self.kind} {amount} {self.unit}".rstrip()


def make_rule(name: str, table: KeyTable, start: int, limit: Limit) -> Rule:
    """Return the rule that holds the rows from `start` on to `limit`."""
    cost = limit.relax_cost
    return Rule(
        name=name,
        table=table,
        start=start,
        kind=limit.kind,
        limit=aligned(limit.values, table, f"limit of '{name}'"),
        unit=limit.unit,
        words=limit.words,
        relax_cost=None if cost is None else aligned(cost, table, f"relax_cost of '{name}'"),
    )


def say_number(value: float) -> str:
    """Return a number with thousands separators and at most four significant decimals.

    >>> say_number(12345.0), say_number(0.123456), say_number(-0.0)
    ('12,345', '0.1235', '0')
    """
    if abs(value - round(value)) < 1e-6 * max(1.0, abs(value)):
        return f"{round(value):,}"
    return f"{value:,.2f}" if abs(value) >= 1 else f"{value:.4g}"
