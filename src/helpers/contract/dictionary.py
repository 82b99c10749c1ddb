"""The data dictionary in words, and empty tables to fill in; both made from the contract."""

from __future__ import annotations

import csv
from pathlib import Path

from helpers.contract.schema import Column, Table, contract
from helpers.errors import SourceError

HEADER = """# Data dictionary

Made from the contract in `src/helpers/contract/tables/`; change it there.

Tidy tables that a reseller can export from an ERP and a CRM: UTF-8 CSV (also `.csv.gz`), Parquet,
sheets of one Excel workbook, or tables of one database, all under the table's name. Ids are texts,
dates are written YYYY-MM-DD, there is one currency, and quantities are in the product's base unit.
**Bold** columns identify a row. A row without a needed value is set aside; without an expected one it
is kept, and the figures that stand on it are switched off. Needed to start: products, sites, orders.
A table that is absent switches off what stands on it, and the pages say so. Other names in your system? Put a
`mapping.yaml` beside the data (README, "Your own data").
"""


def data_dictionary() -> str:
    """Return the data dictionary as Markdown, one section per table."""
    return "\n".join([HEADER, *(_section(table) for table in contract().values())])


def write_templates(directory: Path) -> list[Path]:
    """Write one empty CSV file per table, and the dictionary; return the files.

    Raises
    ------
    SourceError
        A file of that name is there already; nothing is written then.
    """
    files = {directory / f"{table.name}.csv": table for table in contract().values()}
    dictionary = directory / "DICTIONARY.md"
    there = [path.name for path in (*files, dictionary) if path.exists()]
    if there:
        raise SourceError(f"{directory} already holds {', '.join(there)}. Give an empty folder.")
    directory.mkdir(parents=True, exist_ok=True)
    for path, table in files.items():
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerow(table.column_names)
    dictionary.write_text(data_dictionary(), encoding="utf-8")
    return [*files, dictionary]


def _section(table: Table) -> str:
    lines = [
        f"## {table.name}\n",
        f"{table.meaning} Used by: {table.feeds}.\n",
        "| column | type | unit | needed | rule | meaning |",
        "| --- | --- | --- | --- | --- | --- |",
        *(_row(column) for column in table.columns),
        "",
    ]
    return "\n".join(lines)


def _row(column: Column) -> str:
    name = f"**{column.name}**" if column.key else column.name
    needed = "yes" if column.required else "expected" if column.expected else ""
    needed = f"default {column.default}" if column.default else needed
    rule = {"past": "not after the data"}.get(column.rule, column.rule)
    reference = f"in {column.references}" if column.references else ""
    rules = "; ".join(part for part in (rule, reference) if part)
    return f"| {name} | {column.type} | {column.unit} | {needed} | {rules} | {column.meaning} |"
