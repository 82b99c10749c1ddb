"""The raw table: a DuckDB relation with the source's columns under the contract's names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from helpers.contract.findings import Finding
from helpers.contract.mapping import TableMapping
from helpers.contract.schema import Table, contract


@dataclass(frozen=True)
class Reject:
    """A line of a text file that could not be split into its columns.

    A quote that is never closed swallows the lines behind it: `lines` counts them all.
    """

    row: int
    text: str
    reason: str
    lines: int = 1


@dataclass(frozen=True)
class RawTable:
    """One table as it stands in the source.

    Parameters
    ----------
    name
        Table of the contract.
    origin
        File, sheet or database table, for messages.
    relation
        SQL that selects the rows in their order.
    columns
        Contract column → SQL expression over the relation that gives its raw value.
    types
        Contract column → DuckDB type of that raw value.
    first_row
        Number of the first data row: 2 in a file with a header, 1 in a database.
    rejects
        Lines of a text file that could not be split.
    """

    name: str
    origin: str
    relation: str
    columns: Mapping[str, str]
    types: Mapping[str, str]
    first_row: int = 2
    rejects: tuple[Reject, ...] = field(default=())


def quote(identifier: str) -> str:
    """Return an SQL identifier in double quotes."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def path_literal(path: Path) -> str:
    """Return a path as an SQL literal that names this one file, whatever stands in its name.

    DuckDB takes `*`, `?` and `[` in a path as a pattern, which could match a neighbour's file.
    """
    return literal(re.sub(r"[*?\[]", r"[\g<0>]", str(path)))


def match_columns(
    table: Table,
    origin: str,
    header: Sequence[tuple[str, str]],
    mapping: TableMapping,
) -> tuple[dict[str, str], dict[str, str], list[Finding]]:
    """Find each column of the contract in a header of (name, SQL type) pairs.

    Headers are compared without regard to case, blanks and hyphens. Returns the SQL expression
    and the SQL type by contract column, and the findings: columns that stand twice, mapped
    columns that are missing, required columns that are missing, and columns that are not used.
    """
    found = {plain(name): (name, sql_type) for name, sql_type in header}
    twice = {name for name, count in Counter(plain(name) for name, _ in header).items() if count > 1}
    expressions: dict[str, str] = {}
    types: dict[str, str] = {}
    absent: list[str] = []
    for column in table.column_names:
        if column in mapping.constants:
            expressions[column], types[column] = literal(mapping.constants[column]), "VARCHAR"
            continue
        theirs = plain(mapping.columns.get(column, column))
        if theirs in found:
            name, types[column] = found[theirs]
            expressions[column] = _translate(quote(name), mapping.values.get(column, {}))
            types[column] = "VARCHAR" if column in mapping.values else types[column]
        elif column in mapping.columns:
            absent.append(f"{column}: {mapping.columns[column]}")
    findings = [
        *_say_twice(table, origin, twice, mapping),
        *_say_nested(table, origin, types),
        *_say_time_zone(table, origin, types),
        *_say_absent(table, origin, absent, header),
        *_say_missing(table, origin, [c for c in table.required if c not in expressions], header),
        *_say_expected(table, origin, [c for c in table.expected if c not in expressions]),
        *_say_unused(table, origin, header, mapping),
    ]
    return expressions, types, findings


def match_tables(names: Sequence[str], mapping: Mapping[str, TableMapping]) -> dict[str, str]:
    """Return contract table → name in the source, for those that are there; the first of equal names."""
    available = {plain(name): name for name in reversed(names)}
    wanted = {table: mapping[table].source if table in mapping else "" for table in contract()}
    found = {table: available.get(plain(theirs or table)) for table, theirs in wanted.items()}
    return {table: name for table, name in found.items() if name is not None}


def say_doubled(found: Mapping[str, str], names: Iterable[str], kind: str) -> list[Finding]:
    """Return a finding for each sheet or table that bears the name of one that was read."""
    return [
        Finding(
            table=table,
            column="",
            origin=f"{kind} '{other}'",
            rule=f"the table is there twice; {kind} '{name}' was read",
            action="note",
            count=0,
            advice="Remove or rename one of the two.",
        )
        for table, name in found.items()
        for other in names
        if plain(other) == plain(name) and other != name
    ]


def say_unmapped(found: Mapping[str, str], mapping: Mapping[str, TableMapping], where: str) -> list[Finding]:
    """Return a finding for each table that the mapping promises and the source does not hold."""
    return [
        Finding(
            table=table,
            column="",
            origin=where,
            rule=f"mapping.yaml reads {table} from '{entry.source or table}', which is not there",
            action="stop",
            count=0,
            advice="Correct tables." + table + ".from in mapping.yaml, or add the data.",
        )
        for table, entry in mapping.items()
        if table not in found
    ]


def plain(name: str) -> str:
    """Return a name as names are compared: without regard to case, blanks and hyphens."""
    return name.strip().lstrip("\ufeff").lower().replace(" ", "_").replace("-", "_")


def _translate(expression: str, words: Mapping[str, str]) -> str:
    if not words:
        return expression
    cases = " ".join(f"WHEN {literal(theirs)} THEN {literal(ours)}" for theirs, ours in words.items())
    text = f"trim(CAST({expression} AS VARCHAR))"
    return f"CASE {text} {cases} ELSE {text} END"


def _say_twice(table: Table, origin: str, twice: set[str], mapping: TableMapping) -> list[Finding]:
    known = [c for c in table.column_names if plain(mapping.columns.get(c, c)) in twice]
    return [
        Finding(table.name, name, origin, "column stands twice", "stop", 0, "Keep one of them.")
        for name in known
        if name not in mapping.constants
    ]


def _say_nested(table: Table, origin: str, types: Mapping[str, str]) -> list[Finding]:
    rule = "holds lists or records ({}), not single values"
    advice = "Export one plain value per cell."
    return [
        Finding(table.name, column, origin, rule.format(sql_type[:60]), "stop", 0, advice)
        for column, sql_type in types.items()
        if sql_type.endswith("]") or sql_type.startswith(("STRUCT(", "MAP(", "UNION("))
    ]


def _say_time_zone(table: Table, origin: str, types: Mapping[str, str]) -> list[Finding]:
    rule, advice = "holds times with a time zone; their day was taken in UTC", "Export plain local dates."
    return [
        Finding(table.name, column, origin, rule, "note", 0, advice)
        for column, sql_type in types.items()
        if sql_type == "TIMESTAMP WITH TIME ZONE" and table[column].type == "date"
    ]


def _say_absent(
    table: Table, origin: str, absent: list[str], header: Sequence[tuple[str, str]]
) -> list[Finding]:
    if not absent:
        return []
    rule = f"mapping.yaml names columns that are not there ({', '.join(absent)})"
    return [Finding(table.name, "", origin, rule, "stop", 0, f"The header reads: {_some(header)}.")]


def _say_missing(
    table: Table, origin: str, missing: list[str], header: Sequence[tuple[str, str]]
) -> list[Finding]:
    if not missing:
        return []
    rule = f"required columns are missing ({', '.join(missing)})"
    advice = f"The header reads: {_some(header)}. Add them, or name yours in mapping.yaml."
    return [Finding(table.name, "", origin, rule, "stop", 0, advice)]


def _say_expected(table: Table, origin: str, missing: list[str]) -> list[Finding]:
    advice = "Figures that stand on it are switched off; add it, or name yours in mapping.yaml."
    return [
        Finding(table.name, column, origin, "the column is missing", "note", 0, advice) for column in missing
    ]


def _say_unused(
    table: Table, origin: str, header: Sequence[tuple[str, str]], mapping: TableMapping
) -> list[Finding]:
    used = {plain(mapping.columns.get(column, column)) for column in table.column_names}
    unused = [(name, sql_type) for name, sql_type in header if plain(name) and plain(name) not in used]
    if not unused:
        return []
    rule = f"{len(unused)} columns are not in the contract ({_some(unused)})"
    return [Finding(table.name, "", origin, rule, "note", 0, "They were left out; no figure uses them.")]


def _some(header: Sequence[tuple[str, str]], most: int = 8) -> str:
    names = [name if len(name) <= 40 else name[:37] + "..." for name, _ in header]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
