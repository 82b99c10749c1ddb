"""Judge raw tables: types, row rules, rules across tables; write the good rows, keep the bad ones."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa

from helpers.contract.findings import NOT_SHOWN, Example, Finding, sort_findings
from helpers.contract.mapping import TableMapping
from helpers.contract.rules import Window, check_tables, good_rows
from helpers.contract.schema import contract
from helpers.contract.sources.raw import RawTable, literal, match_columns, path_literal, quote
from helpers.contract.sources.workbook import cell_text
from helpers.contract.stage import make_flags, stage_table
from helpers.errors import ContractError

QUARANTINE_FILE = "quarantine.parquet"


@dataclass(frozen=True)
class TableFile:
    """One checked table on disk, with the rows that were read and those that were good."""

    path: Path
    rows: int
    rows_read: int
    fingerprint: str
    origin: str

    def moved(self, folder: Path) -> TableFile:
        """Return the same table in another folder."""
        return replace(self, path=folder / self.path.name)


@dataclass(frozen=True)
class Checked:
    """What is left of raw tables after all checks."""

    files: Mapping[str, TableFile]
    findings: tuple[Finding, ...]
    window: Window | None
    value_read: float
    value_accepted: float


def check_raw_tables(
    raws: list[RawTable],
    findings: list[Finding],
    work: Path,
    connection: duckdb.DuckDBPyConnection,
    others: Mapping[str, TableFile] | None = None,
) -> Checked:
    """Run all checks and write `<table>.parquet` and the quarantine into `work`.

    Parameters
    ----------
    raws, findings
        What the source gave.
    others
        Tables that were checked before and are only looked up by references.
    """
    others = others or {}
    stopped = {finding.table for finding in findings if finding.action == "stop"}
    usable = [raw for raw in raws if raw.name not in stopped]
    make_flags(connection)
    for name, file in others.items():
        _view_checked(name, file, connection)
    for raw in usable:
        stage_table(raw, connection)
    window = check_tables([raw.name for raw in usable], connection, frozenset(others))
    found = sort_findings(findings + _sum_up_flags(usable, connection))
    files = {raw.name: _write_good_rows(raw, work, connection) for raw in usable}
    _write_quarantine(usable, work, connection)
    read, accepted = _ordered_value(connection) if "orders" in files else (0.0, 0.0)
    return Checked(files, found, window, read, accepted)


def register_frames(
    tables: Mapping[str, pd.DataFrame], connection: duckdb.DuckDBPyConnection
) -> tuple[list[RawTable], list[Finding]]:
    """Return data frames as raw tables; in a frame NaN stands for "missing", as nowhere else."""
    unknown = [name for name in tables if name not in contract()]
    if unknown:
        raise ContractError(f"Unknown tables: {', '.join(unknown)}. Known: {', '.join(contract())}.")
    raws: list[RawTable] = []
    findings: list[Finding] = []
    for name, frame in tables.items():
        connection.register(f"frame_{name}", _as_arrow(frame))
        described = connection.execute(f"DESCRIBE frame_{name}").fetchall()
        header = [(column, sql_type) for column, sql_type, *_ in described]
        expressions, types, more = match_columns(contract()[name], name, header, TableMapping())
        findings += more
        kept = {column: _nan_as_null(expression, types[column]) for column, expression in expressions.items()}
        raws.append(RawTable(name, name, f"SELECT * FROM frame_{name}", kept, types, first_row=1))
    return raws, findings


def _as_arrow(frame: pd.DataFrame) -> pa.Table:
    """Return a frame for DuckDB; a column of mixed objects becomes text."""
    columns = {
        str(name): column.map(cell_text, na_action="ignore") if column.dtype == object else column
        for name, column in frame.items()
    }
    texts = {name for name, column in columns.items() if column.dtype == object}
    return pa.table(
        {
            name: pa.array(column, type=pa.string() if name in texts else None, from_pandas=True)
            for name, column in columns.items()
        }
    )


def _nan_as_null(expression: str, sql_type: str) -> str:
    if sql_type not in {"DOUBLE", "FLOAT"}:
        return expression
    return f"CASE WHEN NOT isnan({expression}) THEN {expression} END"


def _view_checked(name: str, file: TableFile, connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        f"CREATE VIEW stage_{name} AS SELECT file_row_number AS _row, * EXCLUDE (file_row_number) "
        f"FROM read_parquet({path_literal(file.path)}, file_row_number=true)"
    )


def _sum_up_flags(raws: list[RawTable], connection: duckdb.DuckDBPyConnection) -> list[Finding]:
    """Return one finding per table, column and rule, with its first examples."""
    by_name = {raw.name: raw for raw in raws}
    groups = connection.execute(
        "SELECT tbl, col, rule, action, advice, count(*) FROM flags GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return [
        Finding(
            table=table,
            column=column,
            origin=by_name[table].origin,
            rule=rule,
            action=action,
            count=count,
            advice=advice,
            examples=_examples(by_name[table], column, rule, connection),
        )
        for table, column, rule, action, advice, count in groups
    ]


def _examples(
    raw: RawTable, column: str, rule: str, connection: duckdb.DuckDBPyConnection
) -> tuple[Example, ...]:
    rows = connection.execute(
        f"SELECT f.row_number, {_shown_key(raw.name)}, f.value FROM flags f "
        f"JOIN stage_{raw.name} ON _row = f.row_number "
        "WHERE f.tbl = ? AND f.col = ? AND f.rule = ? ORDER BY f.row_number LIMIT 3",
        [raw.name, column, rule],
    ).fetchall()
    return tuple(Example(_row_in_file(raw, row), key, value or "blank") for row, key, value in rows)


def _shown_key(table: str) -> str:
    parts = (f"coalesce(CAST({quote(name)} AS VARCHAR), '')" for name in contract()[table].key)
    return " || ' / ' || ".join(parts)


def _row_in_file(raw: RawTable, row: int) -> int:
    """Count the lines in that did not split, so that the row is the one that an editor shows."""
    for reject in raw.rejects:
        if reject.row > row:
            break
        row += 1
    return row


def _write_good_rows(raw: RawTable, work: Path, connection: duckdb.DuckDBPyConnection) -> TableFile:
    names = contract()[raw.name].column_names
    blanked = {
        column
        for (column,) in connection.execute(
            "SELECT DISTINCT col FROM flags WHERE tbl = ? AND action = 'blanked'", [raw.name]
        ).fetchall()
    }
    selected = ", ".join(_blanked(raw.name, name) if name in blanked else quote(name) for name in names)
    path = work / f"{raw.name}.parquet"
    connection.execute(
        f"COPY (SELECT {selected} FROM stage_{raw.name} WHERE {good_rows(raw.name)}) "
        f"TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd)"
    )
    read = connection.execute(f"SELECT count(*) FROM stage_{raw.name}").fetchone() or (0,)
    rows, fingerprint = _fingerprint(path, names, connection)
    rows_read = int(read[0]) + sum(reject.lines for reject in raw.rejects)
    return TableFile(path, rows, rows_read, fingerprint, raw.origin)


def _blanked(table: str, column: str) -> str:
    cells = f"SELECT row_number FROM flags WHERE tbl = '{table}' AND col = '{column}' AND action = 'blanked'"
    return f"CASE WHEN _row NOT IN ({cells}) THEN {quote(column)} END AS {quote(column)}"


def _fingerprint(
    path: Path, columns: tuple[str, ...], connection: duckdb.DuckDBPyConnection
) -> tuple[int, str]:
    """Return the rows, and a name of the content that does not depend on their order."""
    cells = ", ".join(f"coalesce(CAST({quote(column)} AS VARCHAR), '\\N')" for column in columns)
    ((rows, total),) = connection.execute(
        f"SELECT count(*), coalesce(sum(CAST(md5_number_lower(concat_ws(chr(31), {cells})) AS HUGEINT)), 0) "
        f"FROM read_parquet({path_literal(path)})"
    ).fetchall()
    return int(rows), hashlib.blake2b(f"{columns} {rows} {total}".encode(), digest_size=8).hexdigest()


def _write_quarantine(raws: list[RawTable], work: Path, connection: duckdb.DuckDBPyConnection) -> None:
    """Write every flagged cell with its whole row, and every line that did not split."""
    rejects = [
        (raw.name, r.row, r.reason, r.text, NOT_SHOWN if contract()[raw.name].is_personal else r.text)
        for raw in raws
        for r in raw.rejects
    ]
    names = ("tbl", "row_number", "reason", "line", "shown")
    schema = pa.schema([(n, pa.int64() if n == "row_number" else pa.string()) for n in names])
    columns = [[reject[place] for reject in rejects] for place in range(len(names))]
    connection.register("rejects", pa.table(columns, schema=schema))
    lines = (
        "SELECT tbl, row_number, '', 'does not split into the columns of the header (' || reason || ')', "
        "shown, 'quarantined', 'Look for a missing value or a stray quote.', CAST(to_json(line) AS VARCHAR) "
        "FROM rejects"
    )
    empty = (
        "SELECT NULL::VARCHAR AS table_name, NULL::BIGINT AS row, NULL::VARCHAR AS column_name, "
        "NULL::VARCHAR AS rule, NULL::VARCHAR AS value, NULL::VARCHAR AS action, NULL::VARCHAR AS advice, "
        "NULL::VARCHAR AS record WHERE false"
    )
    parts = [empty, lines, *(_flagged_rows(raw.name) for raw in raws)]
    target = literal(str(work / QUARANTINE_FILE))
    connection.execute(f"COPY ({' UNION ALL '.join(parts)}) TO {target} (FORMAT parquet)")


def _flagged_rows(table: str) -> str:
    packed = ", ".join(f"{quote(name)} := {quote(name)}" for name in contract()[table].column_names)
    return (
        f"SELECT f.tbl, f.row_number, f.col, f.rule, f.value, f.action, f.advice, "
        f"CAST(to_json(struct_pack({packed})) AS VARCHAR) FROM flags f "
        f"JOIN stage_{table} ON _row = f.row_number WHERE f.tbl = '{table}'"
    )


def _ordered_value(connection: duckdb.DuckDBPyConnection) -> tuple[float, float]:
    """Return Σ |quantity × unit price| over the order lines that can be read, and over the good ones."""
    plausible = (
        "isfinite(quantity) AND isfinite(unit_price) AND abs(quantity) < 1e12 AND abs(unit_price) < 1e12"
    )
    value = f"coalesce(sum(abs(quantity * unit_price)) FILTER ({plausible}), 0)"
    row = connection.execute(
        f"SELECT {value}, (SELECT {value} FROM stage_orders WHERE {good_rows('orders')}) FROM stage_orders"
    ).fetchone()
    return (float(row[0]), float(row[1])) if row else (0.0, 0.0)
