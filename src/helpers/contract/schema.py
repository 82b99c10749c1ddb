"""The data contract as data: one CSV file per table in `tables/`, read once.

Validation, the data dictionary, the empty templates, the sample generator and the data
check page all read the same files, so a column has one spelling and one meaning.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

SQL_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "id": "VARCHAR",
        "text": "VARCHAR",
        "number": "DOUBLE",
        "integer": "BIGINT",
        "date": "DATE",
        "boolean": "BOOLEAN",
    }
)


@dataclass(frozen=True)
class Column:
    """One column of a table: how it is spelt, typed and judged.

    A row without a `required` value cannot stand. Without an `expected` one it is kept and the
    gap is a finding: a product without a cost still has a demand. A `personal` value stands on no page.
    """

    name: str
    type: str
    unit: str
    key: bool
    required: bool
    expected: bool
    default: str
    rule: str
    references: str
    meaning: str
    personal: bool = False

    @property
    def sql_type(self) -> str:
        """DuckDB type of the checked column."""
        return SQL_TYPES[self.type]

    @property
    def choices(self) -> tuple[str, ...]:
        """Allowed words where the rule lists them, else empty."""
        prefix = "one of "
        if not self.rule.startswith(prefix):
            return ()
        return tuple(word.strip() for word in self.rule.removeprefix(prefix).split(","))


@dataclass(frozen=True)
class Reference:
    """Columns of one table that must be found in the key of another."""

    columns: tuple[str, ...]
    table: str
    target_columns: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """One table of the contract; `feeds` says which figures stand on it."""

    name: str
    kind: str
    feeds: str
    meaning: str
    columns: tuple[Column, ...]

    def __getitem__(self, name: str) -> Column:
        """Return the column called `name`."""
        return next(column for column in self.columns if column.name == name)

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names in the order of the contract."""
        return tuple(column.name for column in self.columns)

    @property
    def key(self) -> tuple[str, ...]:
        """Names of the columns that identify a row."""
        return tuple(column.name for column in self.columns if column.key)

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns that a file must have."""
        return tuple(column.name for column in self.columns if column.required)

    @property
    def is_personal(self) -> bool:
        """Whether a row holds values that may stand on no page."""
        return any(column.personal for column in self.columns)

    @property
    def expected(self) -> tuple[str, ...]:
        """Names of the columns whose absence switches figures off."""
        return tuple(column.name for column in self.columns if column.expected)

    @property
    def references(self) -> tuple[Reference, ...]:
        """Foreign keys of the table."""
        found = (_read_reference(self, column) for column in self.columns)
        return tuple(reference for reference in found if reference)


@cache
def contract() -> Mapping[str, Table]:
    """Return all tables of the contract by name, in the order of the contract.

    Source: `tables/_tables.csv` and one CSV file per table in the same folder.
    """
    index = _read_csv("_tables")
    return MappingProxyType({row["table"]: Table(**_table_fields(row)) for row in index})


def _table_fields(row: Mapping[str, str]) -> dict[str, Any]:
    name = row["table"]
    return {
        "name": name,
        "kind": row["kind"],
        "feeds": row["feeds"],
        "meaning": row["meaning"],
        "columns": _read_columns(name),
    }


def _read_columns(table: str) -> tuple[Column, ...]:
    return tuple(
        Column(
            name=row["column"],
            type=row["type"],
            unit=row["unit"],
            key=row["key"] == "yes",
            required=row["required"] == "yes",
            expected=row["required"] == "expected",
            default=row["default"],
            rule=row["rule"],
            references=row["references"],
            meaning=row["meaning"],
            personal=row.get("personal") == "yes",
        )
        for row in _read_csv(table)
    )


def _read_reference(table: Table, column: Column) -> Reference | None:
    """`products` points at the key of products; `orders(order_id, line)` at a composite key.

    A composite reference is written on its first column and takes the next column of the
    table as its second.
    """
    if not column.references:
        return None
    target, _, composite = column.references.partition("(")
    if not composite:
        return Reference((column.name,), target, (_single_key(target),))
    targets = tuple(name.strip() for name in composite.rstrip(")").split(","))
    start = table.column_names.index(column.name)
    return Reference(table.column_names[start : start + len(targets)], target, targets)


def _single_key(table: str) -> str:
    return next(row["column"] for row in _read_csv(table) if row["key"] == "yes")


def _read_csv(name: str) -> list[dict[str, str]]:
    path = resources.files("helpers.contract") / "tables" / f"{name}.csv"
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
