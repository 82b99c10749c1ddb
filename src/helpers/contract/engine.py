"""DuckDB with a bounded memory, and the scratch folder in which a case is built."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import duckdb

from helpers.memory import memory_folder

MEMORY_LIMIT = "2GB"
THREADS = 2


def cases_folder() -> Path:
    """Return the folder in which checked cases are kept."""
    folder = memory_folder() / "cases"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def workshop() -> Iterator[tuple[Path, duckdb.DuckDBPyConnection]]:
    """Give an empty folder beside the kept cases and a connection that may spill to disk there."""
    scratch = Path(tempfile.mkdtemp(prefix=".work-", dir=cases_folder()))
    try:
        tables = scratch / "tables"
        tables.mkdir()
        with connect(scratch / "stage.duckdb", scratch) as connection:
            # The same data give the same days on any machine.
            connection.execute("SET TimeZone = 'UTC'").fetchall()
            yield tables, connection
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def connect(database: Path | None = None, scratch: Path | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open DuckDB, in memory where no file is named; it neither installs nor loads extensions."""
    with _opened(str(database or ":memory:"), str(scratch or cases_folder())) as connection:
        yield connection


@contextmanager
def ask() -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a cursor for a question; opening DuckDB anew would take longer than most questions.

    Temporary views made on it are its own and go with it.
    """
    with _engine(os.getpid(), str(cases_folder())).cursor() as cursor:
        cursor.execute("SET enable_progress_bar = false")
        yield cursor


@cache
def _engine(process: int, scratch: str) -> duckdb.DuckDBPyConnection:
    """One engine in memory per process: a forked child must not use its parent's."""
    del process
    return _opened(":memory:", scratch)


def _opened(database: str, scratch: str) -> duckdb.DuckDBPyConnection:
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY_LIMIT,
        "threads": THREADS,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "temp_directory": scratch,
    }
    connection = duckdb.connect(database, config=settings)
    # A long query would draw a bar into the output of a notebook.
    connection.execute("SET enable_progress_bar = false")
    return connection
