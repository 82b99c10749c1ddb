"""Exports: full tables as CSV, safe to open in a spreadsheet.

UTF-8 with a byte order mark, because Excel reads a CSV without one in the system's code page and
breaks every umlaut; pandas, DuckDB and LibreOffice skip the mark. Text that a spreadsheet would
take for a formula gets a leading apostrophe; numbers are never touched. A small description of
each export (title, columns, units, kinds) is kept in `.about/` for the workbook.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Any, Final

import pandas as pd

from helpers.errors import ParameterError
from helpers.memory import find_desk
from helpers.report.formats import is_known
from helpers.report.standalone import STANDALONE_STYLE

EXPORTS_VARIABLE: Final = "PLANBOOK_EXPORTS"
ABOUT_FOLDER: Final = ".about"
_DEFAULT_FOLDER: Final = Path("reports") / "interactive" / "exports"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]*")
_FORMULA_START: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_UNPRINTABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


@dataclass(frozen=True)
class ExportColumn:
    """One column of an export: kind is text, int, number, date, datetime or bool."""

    name: str
    kind: str
    unit: str = ""


@dataclass(frozen=True)
class Export:
    """A written export that says what it holds."""

    name: str
    title: str
    rows: int
    columns: tuple[ExportColumn, ...]
    in_workbook: bool = True

    @property
    def file(self) -> str:
        """Path of the CSV inside the run's folder."""
        return f"exports/{self.name}.csv"

    def __repr__(self) -> str:
        return f"{self.file}: {self._facts()}"

    def _repr_html_(self) -> str:
        link = f'<span class="pb-file" data-href="{escape(self.file)}">{escape(self.file)}</span>'
        columns = ", ".join(f"{c.name} ({c.unit})" if c.unit else c.name for c in self.columns)
        return (
            f'{STANDALONE_STYLE}<p class="pb-export">{link} <span class="pb-rest">'
            f"{escape(self._facts())}: {escape(columns)}</span></p>"
        )

    def _facts(self) -> str:
        rows = f"{self.rows:,} row" + ("" if self.rows == 1 else "s")
        return f"{rows}, {len(self.columns)} columns"


def export(
    frame: pd.DataFrame, name: str, units: Mapping[str, str], title: str = "", *, in_workbook: bool = True
) -> Export:
    """Write a table to the run's exports.

    Parameters
    ----------
    frame
        The rows; its index is not written.
    name
        File name without ending: small letters, digits, `_` and `-`.
    units
        Column to its unit or meaning, in words.
    title
        What the table lists, for the workbook's contents.
    in_workbook
        Whether the run's workbook, which is handed around, holds it too; not where it names people.

    Raises
    ------
    ParameterError
        For a name that is no file name, or a unit of a column that is not there.
    """
    return export_to(exports_folder(), frame, name, units, title, in_workbook=in_workbook)


def export_to(
    folder: Path,
    frame: pd.DataFrame,
    name: str,
    units: Mapping[str, str],
    title: str = "",
    *,
    in_workbook: bool = True,
) -> Export:
    """Write a table as `export` does, into a folder of one's own: what a command makes outside a run."""
    _check(frame, name, units)
    columns = tuple(ExportColumn(str(c), _kind(frame[c]), units.get(str(c), "")) for c in frame.columns)
    title = title or name.replace("_", " ").capitalize()
    written = Export(name, title, len(frame), columns, in_workbook)
    write_atomically(folder / f"{name}.csv", _csv_bytes(frame, columns))
    about = json.dumps(asdict(written), ensure_ascii=False, indent=1, sort_keys=True)
    write_atomically(folder / ABOUT_FOLDER / f"{name}.json", about.encode())
    return written


def export_all(
    tables: Mapping[str, pd.DataFrame], units: Mapping[str, Mapping[str, str]]
) -> tuple[Export, ...]:
    """Write several tables to the run's exports, each under its name with its units."""
    return tuple(export(table, name, units.get(name, {})) for name, table in tables.items())


def export_parts(
    frame: pd.DataFrame, name: str, by: str, units: Mapping[str, str], title: str = ""
) -> Export:
    """Write a table to the run's exports, and beside it one file for each value of a column.

    Parameters
    ----------
    frame, name, units, title
        As for `export`.
    by
        Column whose values part the rows: purchase orders go to one supplier each. The files are called
        after it, in small letters.

    Raises
    ------
    ParameterError
        As for `export`, for a column that is not there, or two values that give one file name.
    """
    if by not in frame.columns:
        raise ParameterError(f"Export '{name}' has no column '{by}' to part it by.")
    whole = export(frame, name, units, title)
    files = {value: f"{name}_{_file_part(str(value))}" for value in sorted(frame[by].dropna().unique())}
    if len(set(files.values())) < len(files):
        raise ParameterError(f"Export '{name}': values of '{by}' give one file name twice.")
    for value, file in files.items():
        export(frame[frame[by] == value], file, units, title=f"{whole.title}: {value}")
    return whole


def _file_part(text: str) -> str:
    """Return text in small letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "empty"


def exports_folder() -> Path:
    """Return where exports go: `PLANBOOK_EXPORTS` in a run, else `reports/interactive/exports`."""
    given = os.environ.get(EXPORTS_VARIABLE)
    return Path(given) if given else find_desk() / _DEFAULT_FOLDER


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV outside a run, as safe as an export."""
    columns = tuple(ExportColumn(str(c), _kind(frame[c])) for c in frame.columns)
    write_atomically(path, _csv_bytes(frame, columns))


def read_export(folder: Path, name: str) -> Export:
    """Return the description of an export that was written earlier."""
    about = json.loads((folder / ABOUT_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    columns = tuple(ExportColumn(**column) for column in about["columns"])
    return Export(about["name"], about["title"], about["rows"], columns, about["in_workbook"])


def neutral(text: str) -> str:
    """Return text that no spreadsheet takes for a formula, without characters that no file may hold.

    Examples
    --------
    >>> neutral("=1+1")
    "'=1+1"
    """
    # A lone carriage return is not quoted in a CSV: it would begin a new row there.
    clean = _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return f"'{clean}" if text.lstrip(" \N{NO-BREAK SPACE}").startswith(_FORMULA_START) else clean


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file beside its place and move it there, so that no reader meets half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _check(frame: pd.DataFrame, name: str, units: Mapping[str, str]) -> None:
    """Raise for a name that is no plain file name, doubled columns and units without a column."""
    if not _NAME.fullmatch(name):
        raise ParameterError(f"export() got name '{name}'. Use small letters, digits, '_' and '-' only.")
    if not frame.columns.is_unique:
        doubled = ", ".join(sorted(set(map(str, frame.columns[frame.columns.duplicated()]))))
        raise ParameterError(f"Export '{name}' has column {doubled} twice. Give each column its own name.")
    unknown = sorted(set(units) - set(map(str, frame.columns)))
    if unknown:
        raise ParameterError(f"Export '{name}' gives a unit for {', '.join(unknown)}, which it has not.")


def _kind(values: pd.Series[Any]) -> str:
    """Return the kind of a column, from its type alone."""
    if pd.api.types.is_bool_dtype(values):
        return "bool"
    if pd.api.types.is_integer_dtype(values):
        return "int"
    if pd.api.types.is_numeric_dtype(values):
        return "number"
    if pd.api.types.is_datetime64_any_dtype(values):
        known = values.dropna()
        return "date" if bool((known == known.dt.normalize()).all()) else "datetime"
    return "text"


def _csv_bytes(frame: pd.DataFrame, columns: tuple[ExportColumn, ...]) -> bytes:
    """Return the table as CSV in UTF-8 with a byte order mark."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([neutral(column.name) for column in columns])
    cells = [
        [_text(value, column.kind) for value in frame[name]]
        for name, column in zip(frame, columns, strict=True)
    ]
    writer.writerows(zip(*cells, strict=True))
    return buffer.getvalue().encode("utf-8-sig")


def _text(value: object, kind: str) -> str:
    """Return one cell as text; a gap is empty."""
    if isinstance(value, str):
        return neutral(value)
    if not is_known(value):
        return ""
    if kind == "bool" or isinstance(value, bool):
        return "true" if value else "false"
    if kind == "date":
        return f"{pd.Timestamp(value):%Y-%m-%d}"  # type: ignore[arg-type]  # the kind of the column says it is a day
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    return str(value) if isinstance(value, int | float) or hasattr(value, "dtype") else neutral(str(value))
