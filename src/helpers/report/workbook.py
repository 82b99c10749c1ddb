"""One Excel workbook per run, built from its exports: contents first, then a sheet per export.

The same exports give the same bytes: times are fixed, inside the workbook and in its archive.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from helpers.report.exports import Export, ExportColumn, neutral, read_export, write_atomically

_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_ZIP_TIME: Final = (2000, 1, 1, 0, 0, 0)
_STAMP: Final = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:)")
_MOST_ROWS: Final = 1_048_575
_NUMBER_FORMATS: Final = {
    "int": "#,##0",
    "number": "#,##0.00",
    "date": "yyyy-mm-dd",
    "datetime": "yyyy-mm-dd hh:mm",
    "bool": "General",
}
_HEADER_FONT: Final = Font(bold=True)
_HEADER_FILL: Final = PatternFill("solid", fgColor="E9EEF5")
_HEADER_ALIGNMENT: Final = Alignment(wrap_text=True, vertical="top")


def write_workbook(exports_dir: Path, target: Path, title: str) -> Path | None:
    """Write all exports of a run into one workbook.

    Parameters
    ----------
    exports_dir
        Folder that `export` wrote to.
    target
        The `.xlsx` to write.
    title
        Title of the workbook, such as "planbook 2026-W47, case sample".

    Returns
    -------
    Path or None
        The target, or `None` where there is no export to write.
    """
    exports = [read_export(exports_dir, path.stem) for path in sorted(exports_dir.glob("*.csv"))]
    if not exports:
        return None
    book = Workbook(write_only=True)
    book.properties.title, book.properties.creator = neutral(title), "planbook"
    book.properties.created = _EPOCH
    sheets = _sheet_names(exports)
    _write_contents(book, exports, sheets, title)
    for item in exports:
        _write_sheet(book, item, sheets[item.name], exports_dir)
    write_atomically(target, _archive_bytes(book))
    return target


def _sheet_names(exports: list[Export]) -> dict[str, str]:
    """Return a sheet name of at most 31 characters per export, without doubles."""
    names: dict[str, str] = {}
    for item in exports:
        name, number = item.name[:31], 1
        while name in names.values() or name == "contents":
            number += 1
            name = f"{item.name[:28]}_{number}"
        names[item.name] = name
    return names


def _write_contents(book: Workbook, exports: list[Export], sheets: dict[str, str], title: str) -> None:
    """Write the first sheet: which sheet holds what, and every column with its unit."""
    sheet = book.create_sheet("Contents")
    for letter, width in zip("ABCDE", (28, 44, 10, 28, 34), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = "A4"
    sheet.append([_header(sheet, title)])
    sheet.append([])
    sheet.append([_header(sheet, text) for text in ("Sheet", "Meaning", "Rows", "Column", "Unit or meaning")])
    for item in exports:
        first: list[Any] = [_string(sheet, sheets[item.name]), _string(sheet, item.title), item.rows]
        for column in item.columns:
            sheet.append([*first, _string(sheet, column.name), _string(sheet, column.unit)])
            first = [None, None, None]


def _write_sheet(book: Workbook, item: Export, name: str, exports_dir: Path) -> None:
    """Write one export as a sheet with a frozen header, filters, formats and units."""
    sheet = book.create_sheet(name)
    sheet.freeze_panes = "A2"
    shown = min(item.rows, _MOST_ROWS)
    sheet.auto_filter.ref = f"A1:{get_column_letter(max(len(item.columns), 1))}{shown + 1}"
    rows = _read_rows(exports_dir / f"{item.name}.csv")
    for place, column in enumerate(item.columns, 1):
        sheet.column_dimensions[get_column_letter(place)].width = _width(column)
    sheet.append([_header(sheet, f"{c.name} ({c.unit})" if c.unit else c.name) for c in item.columns])
    # One cell per column serves all rows: the sheet is written row by row, and styles cost most of the time.
    cells = [_styled(sheet, column.kind) for column in item.columns]
    for row, _ in zip(rows, range(_MOST_ROWS), strict=False):
        for cell, text, column in zip(cells, row, item.columns, strict=True):
            _fill(cell, text, column.kind)
        sheet.append(cells)


def _read_rows(path: Path) -> Iterator[list[str]]:
    """Yield the rows of an export below its header."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(file)
        next(lines, None)
        yield from lines


def _width(column: ExportColumn) -> float:
    """Return a column width from its heading and kind; text gets room."""
    heading = len(column.name) + (len(column.unit) + 3 if column.unit else 0)
    return float(min(max(heading / 1.4 + 4, 18 if column.kind == "text" else 12), 40))


def _header(sheet: Any, text: str) -> Any:
    cell = _string(sheet, text)
    cell.font, cell.fill, cell.alignment = _HEADER_FONT, _HEADER_FILL, _HEADER_ALIGNMENT
    return cell


def _string(sheet: Any, text: str) -> Any:
    """Return a cell that is text whatever it holds: openpyxl would take `=` for a formula."""
    cell = WriteOnlyCell(sheet, neutral(text))
    cell.data_type = "s"
    return cell


def _styled(sheet: Any, kind: str) -> Any:
    """Return an empty cell in the number format of its kind."""
    cell = WriteOnlyCell(sheet)
    if kind != "text":
        cell.number_format = _NUMBER_FORMATS[kind]
    return cell


def _fill(cell: Any, text: str, kind: str) -> None:
    """Set a cell from the text of the CSV, which is neutral already; text stays text."""
    if not text or kind != "text":
        style = cell.number_format
        cell.value = _typed(text, kind) if text else None
        cell.number_format = style  # openpyxl gives dates a format of its own
        return
    cell.value = text
    cell.data_type = "s"


def _typed(text: str, kind: str) -> object:
    """Return the value of a cell that is not text."""
    if kind == "int":
        return int(float(text)) if "." in text else int(text)
    if kind == "number":
        return float(text)
    if kind == "bool":
        return text == "true"
    return date.fromisoformat(text) if kind == "date" else datetime.fromisoformat(text).replace(tzinfo=None)


def _archive_bytes(book: Workbook) -> bytes:
    """Return the workbook with all its times fixed."""
    saved, fixed = io.BytesIO(), io.BytesIO()
    book.save(saved)
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename == "docProps/core.xml":
                content = _STAMP.sub(rb"\g<1>2000-01-01T00:00:00Z\g<3>", content)
            target.writestr(zipfile.ZipInfo(entry.filename, _ZIP_TIME), content, zipfile.ZIP_DEFLATED)
    return fixed.getvalue()
