"""`mapping.yaml`: a client's own table and column names, mapped onto the contract.

tables:
  orders:
    from: sales_lines            # file, sheet or database table; default: the table's own name
    columns: {order_id: OrderNo, quantity: Qty}
    constants: {site_id: S01}    # the same value in every row
    values:                      # the client's words for the contract's words
      status: {S: shipped, O: open}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from helpers.contract.schema import contract
from helpers.errors import MappingError

FILE_NAME = "mapping.yaml"
PARTS = ("from", "columns", "constants", "values")


@dataclass(frozen=True)
class TableMapping:
    """How one table of the contract is found in the client's data."""

    source: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def read_mapping(path: Path | None) -> dict[str, TableMapping]:
    """Return the mapping of a file by table; empty where `path` is None.

    Raises
    ------
    MappingError
        The file is no YAML, or names tables, columns or parts that the contract does not have;
        all such names are listed at once.
    """
    if path is None:
        return {}
    document = _load(path)
    problems: list[str] = []
    mapping = {
        name: _read_table(name, entry, problems) for name, entry in _tables(path, document, problems).items()
    }
    if problems:
        raise MappingError(f"{path.name}: " + " ".join(problems))
    return mapping


def _load(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise MappingError(f"{path.name} cannot be read as YAML: {' '.join(str(error).split())}") from error


def _tables(path: Path, document: Any, problems: list[str]) -> dict[str, Any]:
    if not isinstance(document, dict) or not isinstance(document.get("tables"), dict):
        raise MappingError(f"{path.name}: expected 'tables:' with one entry per table of the contract.")
    unknown = [str(name) for name in document["tables"] if name not in contract()]
    if unknown:
        problems.append(f"Unknown tables: {', '.join(unknown)}. Known: {', '.join(contract())}.")
    return {name: entry for name, entry in document["tables"].items() if name in contract()}


def _read_table(name: str, entry: Any, problems: list[str]) -> TableMapping:
    entry = {} if entry is None else entry
    if not isinstance(entry, dict):
        problems.append(f"tables.{name}: expected {', '.join(PARTS)}; got {entry!r}.")
        return TableMapping()
    unknown_parts = [str(part) for part in entry if part not in PARTS]
    if unknown_parts:
        problems.append(f"tables.{name}: unknown {', '.join(unknown_parts)}. Known: {', '.join(PARTS)}.")
    parts = {part: _read_part(name, part, entry.get(part), problems) for part in PARTS[1:]}
    values = {
        column: {str(theirs): str(ours) for theirs, ours in words.items()}
        for column, words in parts["values"].items()
        if isinstance(words, dict)
    }
    return TableMapping(
        source=str(entry.get("from") or ""),
        columns={column: str(theirs) for column, theirs in parts["columns"].items()},
        constants={column: str(value) for column, value in parts["constants"].items()},
        values=values,
    )


def _read_part(table: str, part: str, entry: Any, problems: list[str]) -> dict[str, Any]:
    if entry is None:
        return {}
    if not isinstance(entry, dict):
        problems.append(f"tables.{table}.{part}: expected 'column: value' pairs; got {entry!r}.")
        return {}
    unknown = [str(column) for column in entry if column not in contract()[table].column_names]
    if unknown:
        known = ", ".join(contract()[table].column_names)
        problems.append(f"tables.{table}.{part}: not in the contract: {', '.join(unknown)}. Known: {known}.")
    return {str(column): value for column, value in entry.items() if column not in unknown}
