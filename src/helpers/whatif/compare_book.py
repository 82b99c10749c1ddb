"""A comparison as an Excel workbook: scenarios, KPIs side by side, decisions that changed, refusals."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from helpers.report.exports import neutral, write_atomically
from helpers.report.formats import is_known

_HEADER_FONT: Final = Font(bold=True)
_HEADER_FILL: Final = PatternFill("solid", fgColor="E9EEF5")
_WRAPPED: Final = Alignment(wrap_text=True, vertical="top")
_FORMATS: Final = {"share": "0.0%", "money": "#,##0", "count": "#,##0", "week": "#,##0", "day": "#,##0.0"}
_CHANGES: Final = {"share": "+0.0%;-0.0%;0.0%", "money": "+#,##0;-#,##0;0", "count": "+#,##0;-#,##0;0"}
_PLAIN, _PLAIN_CHANGE = "#,##0.00", "+#,##0.00;-#,##0.00;0.00"
_WIDEST = 60


class Compared(Protocol):
    """What is written: the tables of a `Comparison`, and the names of its columns."""

    @property
    def scenarios(self) -> pd.DataFrame:
        """scenario, note, changes."""

    @property
    def kpis(self) -> pd.DataFrame:
        """decision, kpi, unit, scenario, value, change, is_good."""

    @property
    def changed(self) -> pd.DataFrame:
        """Decisions that differ from the plan's."""

    @property
    def refusals(self) -> pd.DataFrame:
        """scenario, decision, reason."""

    @property
    def names(self) -> tuple[str, ...]:
        """The plan and the scenarios."""


def write_comparison(comparison: Compared, path: Path) -> Path:
    """Write the workbook whole or not at all, and return its path."""
    book = Workbook()
    book.remove(book.active)
    book.properties.creator, book.properties.title = "planbook", "Scenarios compared"
    _write_rows(
        book.create_sheet("Scenarios"),
        ["Scenario", "Changed", "Note"],
        comparison.scenarios[["scenario", "changes", "note"]].to_numpy().tolist(),
    )
    _write_kpis(book.create_sheet("KPIs"), comparison)
    _write_changed(book.create_sheet("Decisions"), comparison.changed)
    if len(comparison.refusals):
        rows = comparison.refusals[["scenario", "decision", "reason"]].to_numpy().tolist()
        _write_rows(book.create_sheet("Without a plan"), ["Scenario", "Decision", "Why"], rows)
    content = io.BytesIO()
    book.save(content)
    write_atomically(path, content.getvalue())
    return path


def _write_kpis(sheet: Any, comparison: Compared) -> None:
    """Write a row per KPI: each scenario's value and its difference to the plan, in the KPI's own format."""
    names = comparison.names
    header = ["Decision", "KPI", "Unit", names[0]]
    for name in names[1:]:
        header += [name, f"{name}: difference to the plan"]
    rows, formats = [], []
    for (decision, kpi), part in comparison.kpis.groupby(["decision", "kpi"], sort=False):
        unit = str(part["unit"].iloc[0])
        found = part.set_index("scenario")
        row: list[Any] = [decision, kpi, "%" if unit == "share" else unit, found["value"][names[0]]]
        form = ["", "", "", _FORMATS.get(unit, _PLAIN)]
        for name in names[1:]:
            row += [found["value"][name], found["change"][name]]
            form += [_FORMATS.get(unit, _PLAIN), _CHANGES.get(unit, _PLAIN_CHANGE)]
        rows.append(row)
        formats.append(form)
    _write_rows(sheet, header, rows, formats)
    sheet.freeze_panes = "D2"


def _write_changed(sheet: Any, changed: pd.DataFrame) -> None:
    header = ["Scenario", "Of", "Decision", "Plan", "Scenario has", "Change", "Unit", "Change of money"]
    rows = changed.to_numpy().tolist()
    form = ["", "", "", "#,##0.0", "#,##0.0", "+#,##0.0;-#,##0.0;0", "", "+#,##0;-#,##0;0"]
    _write_rows(sheet, header, rows, [form] * len(rows))


def _write_rows(
    sheet: Any, header: Sequence[str], rows: Sequence[Sequence[Any]], formats: Sequence[Sequence[str]] = ()
) -> None:
    """Write a sheet with a frozen, filtered header; text stays text, and a gap stays empty."""
    for column, text in enumerate(header, 1):
        cell = _text(sheet.cell(1, column), text)
        cell.font, cell.fill, cell.alignment = _HEADER_FONT, _HEADER_FILL, _WRAPPED
    for place, row in enumerate(rows):
        for column, value in enumerate(row, 1):
            cell = sheet.cell(place + 2, column)
            if isinstance(value, str):
                _text(cell, value)
                cell.alignment = _WRAPPED
            elif is_known(value):
                cell.value = float(value)
                cell.number_format = (formats[place][column - 1] if formats else "") or "General"
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(header))}{len(rows) + 1}"
    for column, text in enumerate(header):
        longest = max([len(str(row[column])) for row in rows if isinstance(row[column], str)], default=0)
        sheet.column_dimensions[get_column_letter(column + 1)].width = min(
            max(longest + 2, len(text) / 1.4 + 4, 12), _WIDEST
        )


def _text(cell: Any, text: str) -> Any:
    """Fill a cell with text that no spreadsheet takes for a formula."""
    cell.value = neutral(text)
    cell.data_type = "s"
    return cell
