"""Tables for reading: few rows, the largest first, the rest counted and in the export.

The markup is a plain HTML table, so that it reads well in any viewer. A page of a run adds
sorting: every number and date carries its raw value in `data-v`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd

from helpers.errors import ParameterError
from helpers.report.formats import NUMBER_FORMATS, check_format, is_known, money_digits, say_cell
from helpers.report.standalone import STANDALONE_STYLE, tone_of


@dataclass(frozen=True)
class _Column:
    """One column as shown: key in the frame, heading and format."""

    key: str
    heading: str
    form: str
    digits: int | None = None

    @property
    def is_number(self) -> bool:
        """Whether the column is aligned and summed as a number."""
        return self.form in NUMBER_FORMATS


@dataclass(frozen=True)
class Table:
    """A table that displays itself."""

    title: str
    columns: tuple[_Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    total_rows: int
    totals: Mapping[str, float]
    note: str = ""
    export: str = ""

    def __repr__(self) -> str:
        lines = [[say_cell(v, c.form, c.digits) for c, v in self._pairs(row)] for row in self.rows]
        body = pd.DataFrame(lines, columns=[column.heading for column in self.columns])
        return f"{self.title}\n{body.to_string(index=False)}" + (f"\n{self._rest()}" if self._rest() else "")

    def _repr_html_(self) -> str:
        title = escape(self.title)
        return (
            f'{STANDALONE_STYLE}<figure class="pb-table"><figcaption>{title}</figcaption>'
            f'<div class="pb-scroll" role="region" aria-label="{title}" tabindex="0"><table>'
            f"<thead><tr>{self._head()}</tr></thead><tbody>{self._body()}</tbody>{self._foot()}</table></div>"
            f"{self._below()}</figure>"
        )

    def _pairs(self, row: tuple[Any, ...]) -> list[tuple[_Column, Any]]:
        return list(zip(self.columns, row, strict=True))

    def _head(self) -> str:
        return "".join(
            f'<th scope="col" {_aligned(column)}>{escape(column.heading)}</th>' for column in self.columns
        )

    def _body(self) -> str:
        if not self.rows:
            return f'<tr><td colspan="{len(self.columns)}">Nothing to list.</td></tr>'
        return "".join(
            f"<tr>{''.join(_cell(column, value) for column, value in self._pairs(row))}</tr>"
            for row in self.rows
        )

    def _foot(self) -> str:
        if not self.totals:
            return ""
        label = "Total" if self.total_rows == len(self.rows) else f"Total of all {self.total_rows:,}"
        cells = [
            _cell(column, self.totals[column.key])
            if column.key in self.totals
            else f"<td {_aligned(column)}></td>"
            for column in self.columns
        ]
        if self.columns[0].key not in self.totals:
            cells[0] = f'<th scope="row" {_aligned(self.columns[0])}>{label}</th>'
        return f"<tfoot><tr>{''.join(cells)}</tr></tfoot>"

    def _below(self) -> str:
        rest = escape(self._rest())
        file = f"exports/{self.export}.csv"
        if self.export:
            link = f'<span class="pb-file" data-href="{escape(file)}">{escape(file)}</span>'
            rest = f"{rest}, in {link}" if rest else f"Also in {link}"
        parts = [part for part in (rest, escape(self.note)) if part]
        return f'<p class="pb-rest">{"<br>".join(parts)}</p>' if parts else ""

    def _rest(self) -> str:
        hidden = self.total_rows - len(self.rows)
        return f"… and {hidden:,} more" if hidden else ""


def table(  # noqa: PLR0913, PLR0917  # one call lays out one table; each part has its name
    frame: pd.DataFrame,
    title: str,
    columns: Mapping[str, str],
    most: int = 15,
    sort_by: str | None = None,
    note: str = "",
    total: Sequence[str] = (),
    export: str = "",
) -> Table:
    """Return a table for the page.

    Parameters
    ----------
    frame
        The rows; its index is not shown.
    title
        What the table lists.
    columns
        Column of the frame to `"Heading|format"`; formats are listed at `say_cell`. Without a
        format the column is `text`.
    most
        Rows shown; the rest is counted.
    sort_by
        Column whose largest values come first (`"-column"`: smallest first). By default the frame's order.
    note
        A line under the table.
    total
        Columns summed over all rows, shown or not.
    export
        Name of the export that holds all rows.

    Raises
    ------
    ParameterError
        For a column that the frame does not have, or a format that does not exist.
    """
    shown_as = [_column(key, text) for key, text in columns.items()]
    _check_columns(frame, [*columns, *total, *([sort_by.lstrip("-")] if sort_by else [])], title)
    ordered = _ordered(frame, sort_by)
    shown = ordered.head(max(most, 0))
    laid_out = tuple(_with_digits(column, frame[column.key]) for column in shown_as)
    rows = tuple(shown[[column.key for column in laid_out]].itertuples(index=False, name=None))
    totals = {key: float(frame[key].sum()) for key in total}
    return Table(title, laid_out, rows, len(frame), totals, note, export)


def _column(key: str, text: str) -> _Column:
    """Return a column from `"Heading|format"`."""
    heading, _, form = text.rpartition("|") if "|" in text else (text, "", "text")
    check_format(form.strip())
    return _Column(key, heading.strip(), form.strip())


def _with_digits(column: _Column, values: pd.Series[Any]) -> _Column:
    """Return the column with decimals that suit all its values, so that they line up."""
    if column.form != "money":
        return column
    return _Column(column.key, column.heading, column.form, money_digits(values))


def _check_columns(frame: pd.DataFrame, wanted: Sequence[str], title: str) -> None:
    """Raise for columns that the frame does not have."""
    missing = [key for key in wanted if key not in frame.columns]
    if missing:
        has = ", ".join(map(str, frame.columns))
        raise ParameterError(f"Table '{title}' asks for column {', '.join(missing)}; the frame has {has}.")


def _ordered(frame: pd.DataFrame, sort_by: str | None) -> pd.DataFrame:
    """Return the frame in the order of the page; equal rows keep their order."""
    if not sort_by:
        return frame
    return frame.sort_values(sort_by.lstrip("-"), ascending=sort_by.startswith("-"), kind="stable")


def _aligned(column: _Column) -> str:
    """Return the attributes that align a column; `align` serves viewers that strip styles."""
    if column.is_number:
        return 'class="pb-n" align="right"'
    return f'class="pb-{"d" if column.form in {"date", "week"} else "t"}"'


def _cell(column: _Column, value: Any) -> str:
    """Return one cell; numbers and dates carry what they sort by."""
    text = escape(say_cell(value, column.form, column.digits))
    if column.form == "status" and is_known(value):
        text = f'<span class="pb-status pb-{tone_of(str(value))}">{text}</span>'
    sort = ""
    if column.is_number:
        sort = f' data-v="{float(value)!r}"' if is_known(value) else ' data-v=""'
    return f"<td {_aligned(column)}{sort}>{text}</td>"
