"""An Excel workbook: one sheet per table, under the table's name, header in the first row."""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import duckdb
import pyarrow as pa

from helpers.contract.findings import Finding
from helpers.contract.mapping import TableMapping
from helpers.contract.schema import contract
from helpers.contract.sources.raw import RawTable, match_columns, match_tables, say_doubled, say_unmapped
from helpers.errors import SourceError

MOST_EXPANSION = 200
FREE_EXPANSION = 1 << 28
BATCH = 20_000


def read_workbook(
    path: Path, connection: duckdb.DuckDBPyConnection, mapping: dict[str, TableMapping]
) -> tuple[list[RawTable], list[Finding]]:
    """Return the raw tables of a workbook.

    A formula counts with the value that Excel saved beside it; a formula that was never
    computed has none and is shown as text, so a number column refuses it.
    """
    import openpyxl

    _refuse_bomb(path)
    try:
        values = openpyxl.load_workbook(path, read_only=True, data_only=True)
        formulas = openpyxl.load_workbook(path, read_only=True, data_only=False)
    except Exception as error:  # openpyxl raises whatever its XML reader does
        raise SourceError(f"{path.name} cannot be read as a workbook: {error}.") from error
    found = match_tables(values.sheetnames, mapping)
    if not found:
        sheets = ", ".join(values.sheetnames[:8])
        raise SourceError(f"{path.name}: no sheet is named as a table of the contract. Sheets: {sheets}.")
    findings = say_unmapped(found, mapping, path.name) + say_doubled(found, values.sheetnames, "sheet")
    tables: list[RawTable] = []
    for table, sheet in found.items():
        rows = _rows(values[sheet], formulas[sheet])
        entry = mapping.get(table, TableMapping())
        try:
            raw, more = read_rows(table, f"sheet '{sheet}'", rows, connection, entry)
        except (ElementTree.ParseError, KeyError, ValueError) as error:
            raise SourceError(
                f"{path.name}: the sheet '{sheet}' is broken: {error}. Save it again."
            ) from error
        findings += more
        tables += [raw] if raw else []
    values.close()
    formulas.close()
    return tables, findings


def read_rows(
    table: str,
    origin: str,
    rows: Iterator[tuple[Any, ...]],
    connection: duckdb.DuckDBPyConnection,
    mapping: TableMapping,
    first_row: int = 2,
) -> tuple[RawTable | None, list[Finding]]:
    """Load Python rows, the header first, as text into a DuckDB table."""
    header = [str(cell).strip() if cell is not None else "" for cell in next(rows, ())]
    while header and not header[-1]:
        header.pop()
    if not any(header):
        finding = Finding(table, "", origin, "is empty: not even a header", "stop", 0, "Export it again.")
        return None, [finding]
    named = [(name, "VARCHAR") for name in header if name]
    expressions, types, findings = match_columns(contract()[table], origin, named, mapping)
    if any(finding.action == "stop" for finding in findings):
        return RawTable(table, origin, "", expressions, types, first_row), findings
    _load_rows(f"raw_{table}", header, rows, connection)
    return RawTable(table, origin, f"SELECT * FROM raw_{table}", expressions, types, first_row), findings


def cell_text(cell: Any) -> str | None:
    """Return a cell as the text that a CSV export would hold; None for an empty one."""
    if cell is None:
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(sep=" ")
    # A formula over several cells is an object that holds its text.
    return str(getattr(cell, "text", cell))


def _rows(values: Any, formulas: Any) -> Iterator[tuple[Any, ...]]:
    """Yield rows of saved values; where a formula has none, the formula itself."""
    # The size that a sheet states of itself can be wrong, and rows beyond it would be lost.
    values.reset_dimensions()
    formulas.reset_dimensions()
    for saved, written in zip(
        values.iter_rows(values_only=True), formulas.iter_rows(values_only=True), strict=True
    ):
        yield tuple(w if s is None and w is not None else s for s, w in zip(saved, written, strict=True))


def _load_rows(
    name: str, header: list[str], rows: Iterable[tuple[Any, ...]], connection: duckdb.DuckDBPyConnection
) -> None:
    # A nameless column cannot be a column of the contract; it keeps its place under a plain number.
    names = [column or f"column {number}" for number, column in enumerate(header, start=1)]
    schema = pa.schema([(column, pa.string()) for column in names])
    connection.execute(f"DROP TABLE IF EXISTS {name}")
    connection.register("batch", schema.empty_table())
    connection.execute(f"CREATE TABLE {name} AS FROM batch")
    connection.unregister("batch")
    for batch in _batches(rows):
        columns = [list(column) for column in zip_longest(*batch)][: len(names)]
        columns = [[cell_text(cell) for cell in column] for column in columns]
        columns += [[None] * len(batch)] * (len(names) - len(columns))
        connection.register("batch", pa.table(columns, schema=schema))
        connection.execute(f"INSERT INTO {name} FROM batch")
        connection.unregister("batch")


def _batches(rows: Iterable[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    batch: list[tuple[Any, ...]] = []
    for row in rows:
        batch.append(tuple(row))
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _refuse_bomb(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            total = sum(info.file_size for info in archive.infolist())
    except (OSError, zipfile.BadZipFile) as error:
        raise SourceError(f"{path.name} cannot be read as a workbook: {error}.") from error
    if total > max(FREE_EXPANSION, MOST_EXPANSION * path.stat().st_size):
        raise SourceError(f"{path.name} expands to {total:,} bytes and is not read.")
