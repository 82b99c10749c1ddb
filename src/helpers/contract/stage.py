"""Types and row rules: a raw table becomes a staged one, and each fault a row of `flags`.

A staged table `stage_<table>` has the contract's columns in the contract's types, the row
number `_row`, and for each column `_fault_<column>`: NULL where the cell is good, else the
code of the first rule it breaks, a colon, and the raw value. One pass over the data.

`flags` has one row per offending cell: table, row, column, rule, value, action, advice.
"""

from __future__ import annotations

import datetime as dt

import duckdb

from helpers.contract.findings import NOT_SHOWN
from helpers.contract.schema import Column, Table, contract
from helpers.contract.sources.raw import RawTable, literal, quote

FIRST_DAY = dt.date(1990, 1, 1)
LAST_DAY = dt.date(2100, 12, 31)
LARGEST = 1e12
LONGEST_TEXT = 2_000

TRUE_WORDS = ("true", "t", "yes", "y", "1", "1.0")
FALSE_WORDS = ("false", "f", "no", "n", "0", "0.0")

# Code of a row rule → its words and what to do about it.
ROW_RULES = {
    "missing": ("a needed value is missing", "Fill it in."),
    "number": ("is not a number", "Write numbers with a decimal point and without thousands separators."),
    "whole": ("is not a whole number", "Write it without decimals."),
    "date": ("is not a date", "Write dates as YYYY-MM-DD."),
    "boolean": ("is neither true nor false", "Write true or false."),
    "finite": ("is not a usable number (not finite, or beyond a million millions)", "Correct the value."),
    "range": (f"is an impossible date (before {FIRST_DAY} or after {LAST_DAY})", "Correct the date."),
    "long": (f"is longer than {LONGEST_TEXT:,} characters", "Look for a stray quote in the export."),
    "rule": ("breaks the rule '{rule}'", "{rule_advice}"),
    "broken": ("holds a line break", "Look for a stray quote in the export."),
    "lines": ("spans several lines", "Look for a stray quote in the export: it can swallow whole rows."),
    "formula": ("looks like a spreadsheet formula", "It is kept as text and neutralised in every export."),
}


def make_flags(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the empty table of offending cells."""
    connection.execute(
        "CREATE TABLE flags (tbl VARCHAR, row_number BIGINT, col VARCHAR, rule VARCHAR, value VARCHAR, "
        "action VARCHAR, advice VARCHAR)"
    )


def stage_table(raw: RawTable, connection: duckdb.DuckDBPyConnection) -> None:
    """Write `stage_<table>` from a raw table and add what its rows break to `flags`."""
    table = contract()[raw.name]
    rows = f"SELECT row_number() OVER () + {raw.first_row - 1} AS _row, * FROM ({raw.relation})"
    raws = ", ".join(
        f"{_raw_text(raw, column)} AS {quote('_raw_' + column.name)}" for column in table.columns
    )
    present = [
        f"{quote('_raw_' + column)} IS NOT NULL" for column in raw.columns if column not in _constants(raw)
    ]
    typed = ", ".join(_typed(column) + f" AS {quote(column.name)}" for column in table.columns)
    faults = ", ".join(
        f"{_fault(column, raw)} AS {quote('_fault_' + column.name)}" for column in table.columns
    )
    # Three layers: raw text, typed value, judgement. DuckDB runs them as one streaming pass.
    connection.execute(
        f"CREATE OR REPLACE TABLE stage_{raw.name} AS "
        f"SELECT _row, {', '.join(quote(name) for name in table.column_names)}, {faults} FROM ("
        f"SELECT _row, {', '.join(quote('_raw_' + name) for name in table.column_names)}, {typed} FROM ("
        f"SELECT _row, {raws} FROM ({rows})) WHERE {' OR '.join(present) or 'true'})"
    )
    _flag_rows(table, connection)


def action_for(table: Table, column: Column, code: str) -> str:
    """Return what happens to a row with this fault.

    A wrong optional cell of a master table empties that cell, since setting the whole product or
    customer aside would take all its orders with it. In a table of events the row is set aside:
    an order line with an unreadable discount would give a wrong revenue.
    """
    if code in {"formula", "lines"}:
        return "note"
    if table.kind == "master" and not (column.required or column.key):
        return "blanked"
    return "quarantined"


def _raw_text(raw: RawTable, column: Column) -> str:
    """SQL for the raw value as trimmed text, NULL where it is blank."""
    if column.name not in raw.columns:
        return "CAST(NULL AS VARCHAR)"
    expression = raw.columns[column.name]
    sql_type = raw.types[column.name]
    if column.type == "id" and (sql_type in {"DOUBLE", "FLOAT"} or sql_type.startswith("DECIMAL")):
        number = f"CAST({expression} AS DOUBLE)"
        whole = f"{number} = floor({number}) AND abs({number}) < 1e15"
        # Frames write a missing number as NaN; it is nobody's name.
        expression = f"CASE WHEN isnan({number}) THEN NULL WHEN {whole} "
        expression += f"THEN CAST(CAST({number} AS BIGINT) AS VARCHAR) "
        expression += f"ELSE CAST({raw.columns[column.name]} AS VARCHAR) END"
    return f"nullif(trim(CAST({expression} AS VARCHAR)), '')"


def _constants(raw: RawTable) -> set[str]:
    return {column for column, expression in raw.columns.items() if expression.startswith("'")}


def _typed(column: Column) -> str:
    text = quote("_raw_" + column.name)
    typed = {
        "id": text,
        "text": text,
        "number": f"TRY_CAST({text} AS DOUBLE)",
        "integer": _whole(text),
        "date": f"TRY_CAST({text} AS DATE)",
        "boolean": _boolean(text),
    }[column.type]
    if not column.default:
        return typed
    return (
        f"CASE WHEN {text} IS NULL THEN CAST({literal(column.default)} AS {column.sql_type}) ELSE {typed} END"
    )


def _whole(text: str) -> str:
    """TRY_CAST to BIGINT would round 1.5 to 2: take the number only where it is whole."""
    number = f"TRY_CAST({text} AS DOUBLE)"
    return f"CASE WHEN {number} = floor({number}) AND abs({number}) < 9e15 THEN CAST({number} AS BIGINT) END"


def _boolean(text: str) -> str:
    true_words = ", ".join(literal(word) for word in TRUE_WORDS)
    false_words = ", ".join(literal(word) for word in FALSE_WORDS)
    true, false = f"lower({text}) IN ({true_words})", f"lower({text}) IN ({false_words})"
    return f"CASE WHEN {true} THEN true WHEN {false} THEN false END"


def _fault(column: Column, raw: RawTable) -> str:
    """SQL for the code of the first rule that a cell breaks and its raw value, or NULL."""
    text, value = quote("_raw_" + column.name), quote(column.name)
    needed = column.required or (column.expected and column.name in raw.columns)
    cases = [("missing", f"{text} IS NULL")] if needed else []
    cases += _type_cases(column, text, value)
    condition = rule_condition(column, value)
    cases += [("rule", f"NOT ({condition})")] if condition else []
    if column.type in {"id", "text"}:
        broken = "broken" if column.type == "id" else "lines"
        cases.append((broken, f"contains({text}, chr(10))"))
        cases.append(("formula", f"left({text}, 1) IN ('=', '@')"))
    whens = " ".join(f"WHEN {test} THEN '{code}:' || coalesce(left({text}, 200), '')" for code, test in cases)
    return f"CASE {whens} END" if whens else "CAST(NULL AS VARCHAR)"


def _type_cases(column: Column, text: str, value: str) -> list[tuple[str, str]]:
    unreadable = f"{text} IS NOT NULL AND {value} IS NULL"
    if column.type == "number":
        return [("number", unreadable), ("finite", f"NOT isfinite({value}) OR abs({value}) > {LARGEST:.0f}")]
    if column.type == "integer":
        return [("whole", unreadable), ("finite", f"abs({value}) > {LARGEST:.0f}")]
    if column.type == "date":
        outside = f"{value} NOT BETWEEN DATE '{FIRST_DAY}' AND DATE '{LAST_DAY}'"
        return [("date", unreadable), ("range", outside)]
    if column.type == "boolean":
        return [("boolean", unreadable)]
    return [("long", f"length({text}) > {LONGEST_TEXT}")]


def rule_condition(column: Column, value: str) -> str:
    """Return the rule of a column as an SQL condition that good values fulfil; '' without a row rule."""
    rule = column.rule
    if not rule or rule == "past":
        return ""
    if column.choices:
        return f"{value} IN ({', '.join(literal(word) for word in column.choices)})"
    if rule.startswith((">", "<")):
        return f"{value} {rule}"
    if ".." in rule:
        low, high = rule.removeprefix("inside ").split("..")
        if rule.startswith("inside "):
            return f"{value} > {float(low)} AND {value} < {float(high)}"
        return f"{value} BETWEEN {float(low)} AND {float(high)}"
    raise ValueError(f"The contract has a rule that nothing understands: {rule!r}.")


def rule_words(column: Column, code: str) -> tuple[str, str]:
    """Return the words of a broken row rule and the advice."""
    words, advice = ROW_RULES[code]
    if code != "rule":
        return words, advice
    return words.format(rule=column.rule), _rule_advice(column)


def _rule_advice(column: Column) -> str:
    if column.name == "quantity" and column.rule == ">0":
        return "Move returns to the table returns and remove lines of zero."
    if column.choices:
        return "Use one of the words, or map yours under 'values' in mapping.yaml."
    return "Correct the value."


def _flag_rows(table: Table, connection: duckdb.DuckDBPyConnection) -> None:
    counts = ", ".join(f"count({quote('_fault_' + name)})" for name in table.column_names)
    found = connection.execute(f"SELECT {counts} FROM stage_{table.name}").fetchone() or ()
    for column, count in zip(table.columns, found, strict=True):
        if count:
            _flag_column(table, column, connection)


def _flag_column(table: Table, column: Column, connection: duckdb.DuckDBPyConnection) -> None:
    fault = quote("_fault_" + column.name)
    codes = [
        code
        for (code,) in connection.execute(
            f"SELECT DISTINCT split_part({fault}, ':', 1) FROM stage_{table.name} WHERE {fault} IS NOT NULL"
        ).fetchall()
    ]
    for code in codes:
        words, advice = rule_words(column, code)
        shown = literal(NOT_SHOWN) if column.personal else f"substr({fault}, {len(code) + 2})"
        connection.execute(
            f"INSERT INTO flags SELECT ?, _row, ?, ?, {shown}, ?, ? FROM stage_{table.name} "
            f"WHERE starts_with({fault}, ?)",
            [
                table.name,
                column.name,
                words,
                action_for(table, column, code),
                advice,
                code + ":",
            ],
        )
