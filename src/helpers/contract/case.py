"""`Case`: the checked tables of one business, immutable, on disk, named by a fingerprint.

The tables lie as Parquet files in the memory folder. `table()` gives one as a data frame,
`query()` asks DuckDB over all of them without loading them, `replace()` makes a variant.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.contract.check import QUARANTINE_FILE, Checked, TableFile, check_raw_tables, register_frames
from helpers.contract.engine import ask, cases_folder, connect, workshop
from helpers.contract.findings import Finding
from helpers.contract.schema import Table, contract
from helpers.contract.sources.raw import path_literal, quote
from helpers.errors import ContractError

CASE_FILE = "case.json"
CORE_TABLES = ("products", "sites", "orders")


@dataclass(frozen=True)
class Case:
    """The checked data of one business.

    Parameters
    ----------
    name
        What the user calls it: the name of the folder, file or variable.
    files
        The tables that are there, by name.
    findings
        Everything the checks found, gravest first.
    first_day, as_of
        The days that the orders cover; `as_of` is the last one.
    folder
        Where the case is kept.
    seen
        Day on which the data are looked at, where that is before their end (`seen_on`).
    value_read, value_accepted
        Ordered value (Σ |quantity × unit price|) of all readable order lines, and of the good ones.
    """

    name: str
    files: Mapping[str, TableFile]
    findings: tuple[Finding, ...]
    first_day: dt.date
    as_of: dt.date
    folder: Path
    value_read: float
    value_accepted: float
    seen: dt.date | None = None

    @property
    def fingerprint(self) -> str:
        """Name of the content: equal for equal tables, whatever files they came from."""
        parts = [f"{name} {file.fingerprint}" for name, file in sorted(self.files.items())]
        parts += [f"seen on {self.seen}"] if self.seen else []
        return hashlib.blake2b("\n".join(parts).encode(), digest_size=8).hexdigest()

    @property
    def quarantine(self) -> pd.DataFrame:
        """Flagged cells: table_name, row, column_name, rule, value, action, advice, record (JSON)."""
        path = path_literal(self.folder / QUARANTINE_FILE)
        with connect() as connection:
            return connection.execute(f"SELECT * FROM read_parquet({path}) ORDER BY ALL").df()

    def has(self, *tables: str) -> bool:
        """Whether all these tables are there with at least one good row."""
        return all(table in self.files and self.files[table].rows > 0 for table in tables)

    def table(self, name: str) -> pd.DataFrame:
        """Return a table with all columns of the contract; without rows where it is absent.

        Ids and texts are `str` or None, numbers float64, whole numbers int64 (float64 where one
        is missing), dates datetime64[ns], booleans bool. Rows come in the order of the key, and
        each call gives a frame of its own.
        """
        order = ", ".join(quote(key) for key in contract()[name].key)
        frame = self.query(f"SELECT * FROM {quote(name)} ORDER BY {order}")
        return _plain_types(frame, contract()[name])

    def query(self, sql: str, parameters: list[Any] | dict[str, Any] | None = None) -> pd.DataFrame:
        """Return DuckDB's answer to an SQL question over views named as the tables.

        Absent tables are there as views without rows.
        """
        words = set(re.findall(r"\w+", sql.lower()))
        with ask() as connection:
            # Views cost more than most questions: only those that the question names are made.
            for name in words.intersection(contract()):
                connection.execute(f"CREATE TEMP VIEW {quote(name)} AS {self._relation(name)}")
            return connection.execute(sql, parameters or []).df()

    def seen_on(self, day: dt.date) -> Case:
        """Return the case as it is looked at on a day: `as_of` is that day, where the data go further.

        The tables stay whole; what reads them leaves out events after `as_of`. States that were written over
        since (an order line that was open then and is shipped now) are read as they are now.
        """
        return dataclasses.replace(self, as_of=day, seen=day) if day < self.as_of else self

    def replace(self, **tables: pd.DataFrame) -> Case:
        """Return a variant with some tables replaced; the others are shared, not copied.

        Raises
        ------
        ContractError
            A new table breaks the contract; all findings are listed.
        """
        others = {name: file for name, file in self.files.items() if name not in tables}
        with workshop() as (work, connection):
            raws, findings = register_frames(tables, connection)
            checked = check_raw_tables(raws, findings, work, connection, others)
            _refuse_findings(checked, f"The variant of {self.name} breaks the contract")
            folder = keep_folder(work, cases_folder() / f"variant-{uuid.uuid4().hex}")
        new = {name: file.moved(folder) for name, file in checked.files.items()}
        return dataclasses.replace(self, files={**others, **new})

    def _relation(self, name: str) -> str:
        if name in self.files:
            return f"SELECT * FROM read_parquet({path_literal(self.files[name].path)})"
        columns = ", ".join(
            f"CAST(NULL AS {column.sql_type}) AS {quote(column.name)}" for column in contract()[name].columns
        )
        return f"SELECT {columns} WHERE false"


def make_case(name: str, checked: Checked, work: Path, target: Path) -> Case:
    """Write a checked case beside its tables in `work`, move it to `target` and open it there.

    Raises
    ------
    ContractError
        Products, sites or orders are missing or have no good row.
    """
    _refuse_without_core(name, checked)
    if checked.window is None:
        raise ContractError(f"{name}: the orders hold no readable date.")
    document = {
        "name": name,
        "first_day": checked.window.first_day.isoformat(),
        "as_of": checked.window.last_day.isoformat(),
        "value_read": checked.value_read,
        "value_accepted": checked.value_accepted,
        "findings": [finding.to_dict() for finding in checked.findings],
        "files": {
            table: {
                "rows": file.rows,
                "rows_read": file.rows_read,
                "fingerprint": file.fingerprint,
                "origin": file.origin,
            }
            for table, file in checked.files.items()
        },
    }
    (work / CASE_FILE).write_text(json.dumps(document, indent=1, ensure_ascii=False), encoding="utf-8")
    return open_case(keep_folder(work, target))


def open_case(folder: Path) -> Case:
    """Return the case that is kept in a folder."""
    document = json.loads((folder / CASE_FILE).read_text(encoding="utf-8"))
    return Case(
        name=document["name"],
        files={
            table: TableFile(path=folder / f"{table}.parquet", **entry)
            for table, entry in document["files"].items()
        },
        findings=tuple(Finding.from_dict(finding) for finding in document["findings"]),
        first_day=dt.date.fromisoformat(document["first_day"]),
        as_of=dt.date.fromisoformat(document["as_of"]),
        folder=folder,
        value_read=document["value_read"],
        value_accepted=document["value_accepted"],
    )


def keep_folder(work: Path, target: Path) -> Path:
    """Move a finished folder into place; where another process was quicker, its equal is used."""
    try:
        work.rename(target)
    except OSError:
        if not target.is_dir():
            raise
    return target


def _refuse_without_core(name: str, checked: Checked) -> None:
    files = checked.files
    missing = [table for table in CORE_TABLES if table not in files or not files[table].rows]
    if missing:
        what = f"{name}: no decision can stand on these data: no good row in {', '.join(missing)}"
        raise ContractError(f"{what}.{_listed(checked.findings)}")


def _refuse_findings(checked: Checked, what: str) -> None:
    serious = tuple(finding for finding in checked.findings if finding.action != "note")
    if serious:
        raise ContractError(f"{what}:{_listed(serious)}")


def _listed(findings: tuple[Finding, ...]) -> str:
    return "".join(f"\n  - {finding}" for finding in findings)


def _plain_types(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    dates = {column.name: "datetime64[ns]" for column in table.columns if column.type == "date"}
    return frame.astype(dates)
