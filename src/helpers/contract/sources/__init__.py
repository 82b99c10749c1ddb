"""Where tables come from: a folder of files, an Excel workbook, a database file or a database URL.

Every source leaves each table as one DuckDB relation of raw columns (`RawTable`); nothing is
typed or judged here. Raw data are only read.
"""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from helpers.contract.findings import Finding
from helpers.contract.mapping import FILE_NAME, TableMapping
from helpers.contract.sources.database import read_database, read_duckdb, read_sqlite
from helpers.contract.sources.folder import read_folder
from helpers.contract.sources.raw import RawTable, Reject
from helpers.contract.sources.workbook import read_workbook
from helpers.errors import SourceError

__all__ = ["RawTable", "Reject", "read_source", "resolve_source", "source_files"]

ENVIRONMENT_PREFIX = "env:"
WORKBOOK_SUFFIXES = (".xlsx", ".xlsm")


def read_source(
    source: str | Path, connection: duckdb.DuckDBPyConnection, mapping: dict[str, TableMapping]
) -> tuple[list[RawTable], list[Finding]]:
    """Return the raw tables of a source, and what was found while opening them.

    Raises
    ------
    SourceError
        The source does not exist, is of no known kind, or is not readable at all.
    """
    if is_environment(source):
        return read_database(_database_url(str(source)), connection, mapping)
    path = resolve_source(source)
    if path.is_dir():
        return read_folder(path, connection, mapping)
    if path.suffix.lower() in WORKBOOK_SUFFIXES:
        return read_workbook(path, connection, mapping)
    return _read_database_file(path, connection, mapping)


def is_environment(source: str | Path) -> bool:
    """Whether the source names an environment variable rather than a path."""
    return str(source).startswith(ENVIRONMENT_PREFIX)


def resolve_source(source: str | Path) -> Path:
    """Return the path of a source; a relative one is looked for here and in the folders above.

    So `data/sample` means the same in the project's root and beside a notebook.
    """
    if "://" in str(source):
        raise SourceError(
            "A database URL holds a password and is not taken as a value. Put it into an environment "
            "variable, say PLANBOOK_DB, and pass env:PLANBOOK_DB."
        )
    here = Path.cwd()
    try:
        path = Path(source).expanduser()
        candidates = [path] if path.is_absolute() else [folder / path for folder in (here, *here.parents)]
        found = next((candidate for candidate in candidates if candidate.exists()), None)
    except (OSError, RuntimeError) as error:
        raise SourceError(f"{str(source)[:200]}: no path that can be followed ({error!s:.120}).") from error
    if found is None or not str(source).strip() or not (found.is_dir() or found.is_file()):
        raise SourceError(
            f"{source}: no such folder or file. Give a folder of CSV or Parquet files, an .xlsx workbook, "
            "a DuckDB or SQLite file, or env:NAME for a database."
        )
    return found


def source_files(source: str | Path) -> list[Path]:
    """Return the files whose bytes decide what a source says; empty for a database URL."""
    if is_environment(source):
        return []
    path = resolve_source(source)
    if path.is_file():
        # A database that is in use keeps its latest rows in a log beside it.
        beside = [path.with_name(f"{path.name}{end}") for end in ("-wal", ".wal")]
        return [path, *(p for p in [path.parent / FILE_NAME, *beside] if p.is_file())]
    return sorted(file for file in path.iterdir() if file.is_file())


def _database_url(source: str) -> str:
    name = source.removeprefix(ENVIRONMENT_PREFIX)
    url = os.environ.get(name, "")
    if not url:
        raise SourceError(f"The environment variable {name} is empty. Put the database URL into it.")
    return url


def _read_database_file(
    path: Path, connection: duckdb.DuckDBPyConnection, mapping: dict[str, TableMapping]
) -> tuple[list[RawTable], list[Finding]]:
    with path.open("rb") as file:
        head = file.read(16)
    if head.startswith(b"SQLite format 3"):
        return read_sqlite(path, connection, mapping)
    if head[8:12] == b"DUCK":
        return read_duckdb(path, connection, mapping)
    raise SourceError(
        f"{path.name}: neither an .xlsx workbook nor a DuckDB or SQLite file. "
        "For CSV or Parquet files give the folder that holds them."
    )
