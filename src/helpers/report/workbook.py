"""One Excel workbook per run, built from its exports: contents first, then a sheet per export.

openpyxl makes the workbook, its styles and headers. The rows below the headers are put into the
sheets as XML of our own, since openpyxl takes about 50 µs per cell and a forecast has a million.
The same exports give the same bytes: times are fixed, inside the workbook and in its archive.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from html import escape
from itertools import islice
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
_END_OF_ROWS: Final = b"</sheetData>"
_DAY_ZERO: Final = datetime(1899, 12, 30, tzinfo=UTC).replace(tzinfo=None)  # Excel's calendar
_MOST_CHARACTERS: Final = 32_767  # of one cell in Excel
_MOST_ROWS: Final = 1_048_575
_NUMBER_FORMATS: Final = {
    "int": "#,##0",
    "number": "#,##0.00",
    "date": "yyyy-mm-dd",
    "datetime": "yyyy-mm-dd hh:mm",
    "bool": "General",
    "text": "General",
}
_SHARE_FORMAT: Final = "0.0%"
_MEASURED_ROWS: Final = 200  # that the width of a text column is taken from
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
    found = [read_export(exports_dir, path.stem) for path in sorted(exports_dir.glob("*.csv"))]
    exports = [one for one in found if one.in_workbook]
    if not exports:
        return None
    book = Workbook(write_only=True)
    book.properties.title, book.properties.creator = neutral(title), "planbook"
    book.properties.created = _EPOCH
    sheets = _sheet_names(exports)
    _write_contents(book, exports, sheets, title)
    rows: dict[str, bytes] = {}
    for place, item in enumerate(exports, 2):
        path = exports_dir / f"{item.name}.csv"
        widths = _widths(item.columns, _read_rows(path))
        styles = _write_header(book, item, sheets[item.name], widths)
        lines = _read_rows(path)
        rows[f"xl/worksheets/sheet{place}.xml"] = _rows_xml(lines, item.columns, styles)
    write_atomically(target, _archive_bytes(book, rows))
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


def _write_header(book: Workbook, item: Export, name: str, widths: Sequence[float]) -> list[int]:
    """Write a sheet up to its rows (frozen header, units, filters, widths); return the columns' styles."""
    sheet = book.create_sheet(name)
    sheet.freeze_panes = "A2"
    shown = min(item.rows, _MOST_ROWS)
    sheet.auto_filter.ref = f"A1:{get_column_letter(max(len(item.columns), 1))}{shown + 1}"
    for place, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(place)].width = width
    sheet.append([_header(sheet, f"{c.name} ({c.unit})" if c.unit else c.name) for c in item.columns])
    return [_style(sheet, column) for column in item.columns]


def _style(sheet: Any, column: ExportColumn) -> int:
    """Return the number under which the workbook keeps the format of a column."""
    cell = WriteOnlyCell(sheet)
    is_share = column.kind == "number" and column.unit == "share"
    cell.number_format = _SHARE_FORMAT if is_share else _NUMBER_FORMATS[column.kind]
    return int(cell.style_id)


def _rows_xml(lines: Iterable[list[str]], columns: Sequence[ExportColumn], styles: Sequence[int]) -> bytes:
    """Return the rows below the header as XML of a sheet."""
    letters = [get_column_letter(place) for place in range(1, len(columns) + 1)]
    plan = [
        (letter, style, column.kind) for letter, style, column in zip(letters, styles, columns, strict=True)
    ]

    def row(number: int, line: list[str]) -> str:
        cells = (
            f'<c r="{letter}{number}" s="{style}"{_cell_xml(text, kind)}'
            for text, (letter, style, kind) in zip(line, plan, strict=True)
        )
        return f'<row r="{number}">{"".join(cells)}</row>'

    return "".join(row(number, line) for number, line in enumerate(islice(lines, _MOST_ROWS), 2)).encode()


def _cell_xml(text: str, kind: str) -> str:
    """Return the rest of a cell from the text of the CSV; text stays text, whatever it holds."""
    if not text:
        return "/>"
    if kind == "text":
        return f' t="inlineStr"><is><t xml:space="preserve">{escape(text[:_MOST_CHARACTERS])}</t></is></c>'
    if kind == "bool":
        return f' t="b"><v>{int(text == "true")}</v></c>'
    if kind in {"date", "datetime"}:
        moment = datetime.fromisoformat(text).replace(tzinfo=None)
        return f"><v>{(moment - _DAY_ZERO) / timedelta(days=1)!r}</v></c>"
    return f"><v>{float(text)!r}</v></c>" if kind == "number" else f"><v>{int(text)}</v></c>"


def _read_rows(path: Path) -> Iterator[list[str]]:
    """Yield the rows of an export below its header."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(file)
        next(lines, None)
        yield from lines


def _widths(columns: Sequence[ExportColumn], lines: Iterable[list[str]]) -> list[float]:
    """Return column widths from headings, and for text from the first rows."""
    longest = [0] * len(columns)
    for line in islice(lines, _MEASURED_ROWS):
        longest = [max(most, len(text)) for most, text in zip(longest, line, strict=True)]
    return [_width(column, most) for column, most in zip(columns, longest, strict=True)]


def _width(column: ExportColumn, longest: int) -> float:
    """Return a column width from its heading, and from its longest text."""
    heading = len(column.name) + (len(column.unit) + 3 if column.unit else 0)
    needed = max(longest + 2 if column.kind == "text" else 0, 12)
    return float(min(max(heading / 1.4 + 4, needed), 60))


def _header(sheet: Any, text: str) -> Any:
    cell = _string(sheet, text)
    cell.font, cell.fill, cell.alignment = _HEADER_FONT, _HEADER_FILL, _HEADER_ALIGNMENT
    return cell


def _string(sheet: Any, text: str) -> Any:
    """Return a cell that is text whatever it holds: openpyxl would take `=` for a formula."""
    cell = WriteOnlyCell(sheet, neutral(text))
    cell.data_type = "s"
    return cell


def _archive_bytes(book: Workbook, rows: Mapping[str, bytes]) -> bytes:
    """Return the workbook with the rows in their sheets and all its times fixed."""
    saved, fixed = io.BytesIO(), io.BytesIO()
    book.save(saved)
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename == "docProps/core.xml":
                content = _STAMP.sub(rb"\g<1>2000-01-01T00:00:00Z\g<3>", content)
            content = content.replace(_END_OF_ROWS, rows.get(entry.filename, b"") + _END_OF_ROWS, 1)
            target.writestr(zipfile.ZipInfo(entry.filename, _ZIP_TIME), content, zipfile.ZIP_DEFLATED)
    return fixed.getvalue()
