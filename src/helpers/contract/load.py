"""`load_case(source)`: read, check, set aside what is bad, and keep the rest as a `Case`."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pandas as pd

from helpers.contract.case import CASE_FILE, Case, make_case, open_case
from helpers.contract.check import check_raw_tables, register_frames
from helpers.contract.client import client_around
from helpers.contract.engine import cases_folder, workshop
from helpers.contract.mapping import FILE_NAME, read_mapping
from helpers.contract.sources import is_environment, read_source, resolve_source, source_files
from helpers.errors import MappingError, SourceError

SNAPSHOT_VARIABLE = "PLANBOOK_SNAPSHOT"
CHUNK = 1 << 22


def load_case(source: str | Path, mapping: str | Path | None = None) -> Case:
    """Return the checked case of a source.

    Parameters
    ----------
    source
        A folder of CSV, CSV.GZ or Parquet files, an .xlsx workbook, a DuckDB or SQLite file, or
        `env:NAME` for a database whose URL stands in the environment variable NAME.
    mapping
        A mapping.yaml; without one, the file of that name in or beside the source is taken.

    Raises
    ------
    SourceError, MappingError
        The source or the mapping cannot be read.
    ContractError
        Products, sites or orders are missing or have no good row. All findings are listed.
    """
    snapshot = _snapshot_of(source, mapping)
    if snapshot:
        return open_case(snapshot)
    try:
        mapping_path = _mapping_path(source, mapping)
        kept = cases_folder() / _stamp(source, mapping_path)
    except OSError as error:
        raise SourceError(f"{error.filename or source} cannot be read: {error.strerror}.") from error
    if (kept / CASE_FILE).is_file():
        kept.touch()
        return open_case(kept)
    return _read_case(source, mapping_path, kept)


def case_from_tables(tables: Mapping[str, pd.DataFrame], name: str = "tables") -> Case:
    """Return a case made of data frames, checked like any other source.

    Raises
    ------
    ContractError
        As `load_case`.
    """
    with workshop() as (work, connection):
        raws, findings = register_frames(tables, connection)
        checked = check_raw_tables(raws, findings, work, connection)
        return make_case(name, checked, work, cases_folder() / f"frames-{uuid.uuid4().hex}")


def snapshot_environment(source: str | Path, case: Case) -> dict[str, str]:
    """Return the variables under which `load_case(source)` gives just this case.

    A run reads its source once, so that all its pages see the same data.
    """
    return {SNAPSHOT_VARIABLE: f"{case.folder}|{source}"}


def _snapshot_of(source: str | Path, mapping: str | Path | None) -> Path | None:
    folder, _, frozen_source = os.environ.get(SNAPSHOT_VARIABLE, "").partition("|")
    return Path(folder) if folder and mapping is None and frozen_source == str(source) else None


def _mapping_path(source: str | Path, mapping: str | Path | None) -> Path | None:
    if mapping is not None:
        if not Path(mapping).is_file():
            raise MappingError(f"{mapping}: no such file.")
        return Path(mapping)
    if is_environment(source):
        return None
    path = resolve_source(source)
    beside = (path if path.is_dir() else path.parent) / FILE_NAME
    return beside if beside.is_file() else None


def _stamp(source: str | Path, mapping: Path | None) -> str:
    """Name what the files say now; a database can change at any time and is always read again."""
    if is_environment(source):
        return f"database-{uuid.uuid4().hex}"
    digest = hashlib.blake2b(str(resolve_source(source)).encode(), digest_size=12)
    digest.update(_name(source).encode())
    for path in [*source_files(source), *([mapping] if mapping else [])]:
        digest.update(path.name.encode())
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
    return digest.hexdigest()


def _read_case(source: str | Path, mapping_path: Path | None, target: Path) -> Case:
    name = _name(source)
    with workshop() as (work, connection):
        try:
            raws, findings = read_source(source, connection, read_mapping(mapping_path))
            checked = check_raw_tables(raws, findings, work, connection)
        except (OSError, duckdb.Error) as error:
            raise SourceError(f"{name} cannot be read: {str(error).splitlines()[0]}") from error
        return make_case(name, checked, work, target)


def _name(source: str | Path) -> str:
    if is_environment(source):
        return str(source).removeprefix("env:")
    path = resolve_source(source)
    client = client_around(path)
    return client.name if client else path.name
