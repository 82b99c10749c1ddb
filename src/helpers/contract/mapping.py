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

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from reprlib import repr as short
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
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_Words)  # noqa: S506 - a SafeLoader
    except (OSError, UnicodeDecodeError, RecursionError, yaml.YAMLError) as error:
        raise MappingError(f"{path.name} cannot be read as YAML: {' '.join(str(error).split())}") from error


class _Words(yaml.SafeLoader):
    """YAML in which 007, on and 2026-01-05 are the words that were written, and a key stands once."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - as PyYAML declares it
        letter: [(tag, form) for tag, form in forms if tag == "tag:yaml.org,2002:null"]
        for letter, forms in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = Counter(key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode))
        twice = [key for key, count in keys.items() if count > 1]
        if twice:
            raise yaml.YAMLError(f"{', '.join(twice)} stands twice, from line {node.start_mark.line + 1} on")
        return super().construct_mapping(node, deep)


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
        problems.append(f"tables.{name}: expected {', '.join(PARTS)}; got {short(entry)}.")
        return TableMapping()
    unknown_parts = [str(part) for part in entry if part not in PARTS]
    if unknown_parts:
        problems.append(f"tables.{name}: unknown {', '.join(unknown_parts)}. Known: {', '.join(PARTS)}.")
    parts = {part: _read_part(name, part, entry.get(part), problems) for part in PARTS[1:]}
    values = {
        column: _read_words(f"tables.{name}.values.{column}", words, problems)
        for column, words in parts["values"].items()
    }
    return TableMapping(
        source=_read_words(f"tables.{name}", {"from": entry.get("from") or ""}, problems).get("from", ""),
        columns=_read_words(f"tables.{name}.columns", parts["columns"], problems),
        constants=_read_words(f"tables.{name}.constants", parts["constants"], problems),
        values=values,
    )


def _read_words(where: str, entry: Any, problems: list[str]) -> dict[str, str]:
    if not isinstance(entry, dict):
        problems.append(f"{where}: expected 'yours: ours' pairs; got {short(entry)}.")
        return {}
    odd = [key for key, word in entry.items() if not isinstance(key, str) or not isinstance(word, str)]
    problems += [f"{where}.{key}: expected one word; got {short(entry[key])}." for key in odd]
    return {key: word for key, word in entry.items() if key not in odd}


def _read_part(table: str, part: str, entry: Any, problems: list[str]) -> dict[str, Any]:
    if entry is None:
        return {}
    if not isinstance(entry, dict):
        problems.append(f"tables.{table}.{part}: expected 'column: value' pairs; got {short(entry)}.")
        return {}
    unknown = [str(column) for column in entry if column not in contract()[table].column_names]
    if unknown:
        known = ", ".join(contract()[table].column_names)
        problems.append(f"tables.{table}.{part}: not in the contract: {', '.join(unknown)}. Known: {known}.")
    return {str(column): value for column, value in entry.items() if column not in unknown}
