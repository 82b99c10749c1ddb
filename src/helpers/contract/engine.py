"""DuckDB with a bounded memory, and the scratch folder in which a case is built."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
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
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY_LIMIT,
        "threads": THREADS,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "temp_directory": str(scratch or cases_folder()),
    }
    with duckdb.connect(str(database or ":memory:"), config=settings) as connection:
        # A long query would draw a bar into the output of a notebook.
        connection.execute("SET enable_progress_bar = false")
        yield connection
