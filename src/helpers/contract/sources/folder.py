"""A folder of CSV, CSV.GZ and Parquet files, one per table, under the table's name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp

import duckdb

from helpers.contract.findings import NOT_SHOWN, Example, Finding
from helpers.contract.mapping import TableMapping
from helpers.contract.schema import contract
from helpers.contract.sources.raw import (
    RawTable,
    Reject,
    literal,
    match_columns,
    match_tables,
    path_literal,
    plain,
    quote,
    say_unmapped,
)
from helpers.contract.sources.text import find_encoding, read_header, split_header, to_utf8
from helpers.errors import SourceError

SUFFIXES = (".parquet", ".csv", ".csv.gz")
MOST_LINE_BYTES = 4_000_000
# Real tables have keys that differ from row to row; this many rows per byte hold nothing.
MOST_ROWS_PER_BYTE = 20
FREE_ROWS = 1_000_000


def read_folder(
    folder: Path, connection: duckdb.DuckDBPyConnection, mapping: dict[str, TableMapping]
) -> tuple[list[RawTable], list[Finding]]:
    """Return the raw tables of a folder; a file that cannot be read becomes a finding."""
    files = _files_by_name(folder)
    found = match_tables(list(files), mapping)
    findings = say_unmapped(found, mapping, folder.name)
    if not found:
        raise SourceError(_nothing_here(folder))
    tables: list[RawTable] = []
    for table, name in found.items():
        first, *others = files[name]
        findings += [_say_ignored(table, other, first) for other in others]
        try:
            raw, more = _read_file(table, first, connection, mapping.get(table, TableMapping()))
        except (SourceError, duckdb.Error) as error:
            findings.append(say_unreadable(table, first.name, error))
            continue
        tables.append(raw)
        findings += more
    return tables, findings


def say_unreadable(table: str, origin: str, error: Exception) -> Finding:
    """Return the finding for a file or sheet that cannot be opened as a table."""
    reason = " ".join(str(error).split("\n")[0].split()).removeprefix(f"{origin} ")
    return Finding(table, "", origin, f"cannot be read: {reason.rstrip('.')}", "stop", 0, "Export it again.")


def _files_by_name(folder: Path) -> dict[str, list[Path]]:
    """Return plain table name → its files, the preferred kind first."""
    files: dict[str, list[Path]] = {}
    for suffix in SUFFIXES:
        for path in sorted(folder.iterdir()):
            if path.is_file() and path.name.lower().endswith(suffix):
                files.setdefault(plain(path.name[: -len(suffix)]), []).append(path)
    return files


def _nothing_here(folder: Path) -> str:
    names = sorted(path.name for path in folder.iterdir())[:8]
    seen = f"It holds: {', '.join(names)}." if names else "It is empty."
    return (
        f"{folder.name}: no table of the contract in this folder. {seen} Expected files such as "
        "products.csv, sites.csv and orders.csv; 'planbook template DIR' writes empty ones."
    )


def _say_ignored(table: str, other: Path, first: Path) -> Finding:
    rule = f"the table is there twice; {first.name} was read"
    return Finding(table, "", other.name, rule, "note", 0, "Remove one of the two files.")


def _read_file(
    table: str, path: Path, connection: duckdb.DuckDBPyConnection, mapping: TableMapping
) -> tuple[RawTable, list[Finding]]:
    reader: Callable[..., tuple[RawTable, list[Finding]]]
    reader = _read_parquet if path.suffix.lower() == ".parquet" else _read_csv
    return reader(table, path, connection, mapping)


def _read_parquet(
    table: str, path: Path, connection: duckdb.DuckDBPyConnection, mapping: TableMapping
) -> tuple[RawTable, list[Finding]]:
    _refuse_hollow(path, connection)
    relation = f"SELECT * FROM read_parquet({path_literal(path)})"
    header = [
        (name, sql_type) for name, sql_type, *_ in connection.execute(f"DESCRIBE {relation}").fetchall()
    ]
    expressions, types, findings = match_columns(contract()[table], path.name, header, mapping)
    return RawTable(table, path.name, relation, expressions, types), findings


def _refuse_hollow(path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    query = f"SELECT num_rows FROM parquet_file_metadata({path_literal(path)})"
    row = connection.execute(query).fetchone()
    rows = int(row[0]) if row else 0
    size = path.stat().st_size
    if rows > FREE_ROWS and rows > MOST_ROWS_PER_BYTE * size:
        raise SourceError(f"{rows:,} rows in {size:,} bytes cannot be a table with a key")


def _read_csv(
    table: str, path: Path, connection: duckdb.DuckDBPyConnection, mapping: TableMapping
) -> tuple[RawTable, list[Finding]]:
    encoding, even = find_encoding(path)
    readable = path
    if encoding != "utf-8" or not even:
        readable = to_utf8(path, encoding, Path(mkdtemp(dir=_scratch(connection))))
    known = _known_headers(table, mapping)
    delimiter, header = split_header(read_header(readable), known)
    expressions, types, findings = match_columns(
        contract()[table], path.name, [(name, "VARCHAR") for name in header if name.strip()], mapping
    )
    findings += _say_text(table, path.name, encoding, delimiter)
    if any(finding.action == "stop" for finding in findings):
        return RawTable(table, path.name, "", expressions, types), findings
    raw_name = f"raw_{table}"
    rejects = _load_csv(raw_name, readable, delimiter, header, connection)
    findings += _say_rejects(table, path.name, rejects)
    relation = f"SELECT * FROM {raw_name}"
    return RawTable(table, path.name, relation, expressions, types, rejects=tuple(rejects)), findings


def _load_csv(
    name: str, path: Path, delimiter: str, header: list[str], connection: duckdb.DuckDBPyConnection
) -> list[Reject]:
    """Make a view over the text file, every column as text; return the lines that do not split."""
    names = _distinct(header)
    columns = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in names)
    compression = "gzip" if path.suffix.lower() == ".gz" else "none"
    relation = (
        f"read_csv({path_literal(path)}, delim={literal(delimiter)}, header=true, auto_detect=false, "
        f"columns={{{columns}}}, quote='\"', escape='\"', nullstr='', compression='{compression}', "
        f"max_line_size={MOST_LINE_BYTES}, store_rejects=true, rejects_limit=0, "
        f"rejects_table='{name}_rejects', rejects_scan='{name}_scans')"
    )
    # One scan into a table: a view would collect its rejects again on every reading.
    selected = ", ".join(quote(column) for column in names)
    connection.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT {selected} FROM {relation}")
    rows = connection.execute(
        "SELECT line, left(text, 500), reason, 1 + length(text) - length(replace(text, chr(10), '')) FROM "
        "(SELECT line, rtrim(any_value(csv_line), chr(10)) AS text, any_value(error_message) AS reason "
        f"FROM {name}_rejects GROUP BY line) ORDER BY line"
    ).fetchall()
    return [Reject(int(line), str(text), str(reason), int(lines or 1)) for line, text, reason, lines in rows]


def _distinct(header: list[str]) -> list[str]:
    """Name nameless and repeated columns by their place; those of the contract stand once by now."""
    seen: set[str] = set()
    names = []
    for number, column in enumerate(header, start=1):
        repeated = not column.strip() or column.lower() in seen
        names.append(f"{column} (column {number})" if repeated else column)
        seen.add(column.lower())
    return names


def _known_headers(table: str, mapping: TableMapping) -> frozenset[str]:
    theirs = {name.strip().lower() for name in mapping.columns.values()}
    return frozenset(contract()[table].column_names) | theirs


def _scratch(connection: duckdb.DuckDBPyConnection) -> str:
    row = connection.execute("SELECT current_setting('temp_directory')").fetchone()
    return str(row[0]) if row else ""


def _say_text(table: str, origin: str, encoding: str, delimiter: str) -> list[Finding]:
    findings = []
    if encoding == "cp1252":
        rule = "the text is not UTF-8 and was read as Windows-1252 (Latin-1)"
        advice = "Check names with accents, or export as UTF-8."
        findings.append(Finding(table, "", origin, rule, "note", 0, advice))
    if delimiter != ",":
        shown = {"\t": "tab"}.get(delimiter, delimiter)
        rule = f"columns are split by '{shown}', not by a comma"
        advice = "It was read so; numbers must have a decimal point."
        findings.append(Finding(table, "", origin, rule, "note", 0, advice))
    return findings


def _shown_line(table: str, reject: Reject) -> str:
    return NOT_SHOWN if contract()[table].is_personal else reject.text[:80]


def _say_rejects(table: str, origin: str, rejects: list[Reject]) -> list[Finding]:
    if not rejects:
        return []
    examples = tuple(Example(r.row, "", _shown_line(table, r)) for r in rejects[:3])
    rule = f"lines do not split into the columns of the header ({rejects[0].reason})"
    advice = "Look for a missing value, a stray quote or a delimiter inside a text."
    lines = sum(reject.lines for reject in rejects)
    return [Finding(table, "", origin, rule, "quarantined", lines, advice, examples)]
