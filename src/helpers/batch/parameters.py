"""Parameters: read from a notebook's parameters cell, checked before any kernel starts.

papermill only warns of a name it does not know and writes values into the notebook as code,
so every value is held here against the literal and the annotation of the parameters cell.
"""

from __future__ import annotations

import ast
import difflib
import io
import json
import tokenize
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import yaml

from helpers.errors import ParameterError

TYPES: dict[str, type] = {"bool": bool, "int": int, "float": float, "str": str, "list": list, "dict": dict}
TAG = "parameters"


@dataclass(frozen=True)
class Parameter:
    """One line of a parameters cell: `horizon: int = 13  # weeks to look ahead`."""

    name: str
    type: str
    default: Any
    help: str

    def accept(self, value: Any) -> Any:
        """Return the value in this parameter's type.

        A text, as the command line gives it, is read as the type asks; anything else must have
        the type already (a whole number is also a number).

        Raises
        ------
        ParameterError
            The value is not of the type.
        """
        wanted = TYPES[self.type]
        parsed = _from_text(value, self.type) if isinstance(value, str) and wanted is not str else value
        if wanted is float and isinstance(parsed, int) and not isinstance(parsed, bool):
            parsed = float(parsed)
        if not isinstance(parsed, wanted) or (wanted is not bool and isinstance(parsed, bool)):
            raise ParameterError(
                f"Parameter '{self.name}' is {self.type} ({self.help}); got {value!r}. "
                f"Example: -p {self.name}={self._example()}"
            )
        return parsed

    def _example(self) -> str:
        return '"{growth: 0.1}"' if self.name == "what_if" else str(self.default)


def read_parameters(cells: Iterable[Mapping[str, Any]]) -> tuple[Parameter, ...]:
    """Return the parameters of a notebook, from the cell that is tagged `parameters`."""
    source = next((_source(cell) for cell in cells if TAG in cell["metadata"].get("tags", [])), "")
    comments = _comments(source)
    return tuple(
        Parameter(
            name=node.target.id,
            type=ast.unparse(node.annotation).partition("[")[0],
            default=ast.literal_eval(node.value),
            help=comments.get(node.lineno, ""),
        )
        for node in ast.parse(source).body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None
    )


def parse_assignments(assignments: Iterable[str]) -> dict[str, str]:
    """Return `-p key=value` texts as a mapping.

    Raises
    ------
    ParameterError
        A text has no `=`, or a name comes twice.
    """
    values: dict[str, str] = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals or not name.strip().isidentifier():
            raise ParameterError(f"-p takes name=value; got {assignment!r}. Example: -p horizon=8")
        if name.strip() in values:
            raise ParameterError(f"Parameter '{name.strip()}' is given twice.")
        values[name.strip()] = value.strip()
    return values


def assign_parameters(
    pages: Mapping[str, tuple[Parameter, ...]],
    values: Mapping[str, Any],
    own: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
) -> dict[str, dict[str, Any]]:
    """Return for each page the values that it takes, checked.

    Parameters
    ----------
    pages
        Page → the parameters that it declares.
    values
        Parameter → value for every page that has it.
    own
        Page → values of that page alone, which those of `values` go over.

    Raises
    ------
    ParameterError
        A name that no page takes, or a value of the wrong type; all of them at once.
    """
    known = {parameter.name for parameters in pages.values() for parameter in parameters}
    problems = [_unknown(name, known) for name in values if name not in known]
    assigned: dict[str, dict[str, Any]] = {}
    for page, parameters in pages.items():
        assigned[page] = {}
        given = {**own.get(page, {}), **values}
        for parameter in parameters:
            if parameter.name not in given:
                continue
            try:
                assigned[page][parameter.name] = parameter.accept(given[parameter.name])
            except ParameterError as error:
                problems.append(str(error))
    if problems:
        raise ParameterError("\n".join(dict.fromkeys(problems)))
    return assigned


def own_values(
    pages: Mapping[str, tuple[Parameter, ...]], own: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Return a client's own values by page, checked.

    Parameters
    ----------
    pages
        Page → the parameters that it declares.
    own
        Parameter → value for every page that has it, or page → {parameter: value}, which goes over that.

    Raises
    ------
    ParameterError
        A name that no page takes, or a value of the wrong type; all of them at once.
    """
    shared = {name: value for name, value in own.items() if name not in pages}
    problems = _problems_of(pages, shared)
    sections = {page: own.get(page) or {} for page in pages}
    for page, section in sections.items():
        if isinstance(section, Mapping):
            problems += _problems_of({page: pages[page]}, section)
        else:
            problems.append(f"{page} is followed by 'parameter: value' lines, set in; got {section!r}.")
    if problems:
        raise ParameterError("\n".join(f"parameters.yaml: {problem}" for problem in problems))
    return assign_parameters(pages, {}, {page: {**shared, **section} for page, section in sections.items()})


def _problems_of(pages: Mapping[str, tuple[Parameter, ...]], values: Mapping[str, Any]) -> list[str]:
    try:
        assign_parameters(pages, values)
    except ParameterError as error:
        return str(error).splitlines()
    return []


def with_values(source: str, values: Mapping[str, Any]) -> str:
    """Return the text of a parameters cell with other values; names, types and help stay as they are."""
    lines = source.splitlines()
    for node in ast.parse(source).body:
        if not (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value):
            continue
        if node.target.id in values and node.value.lineno == node.value.end_lineno:
            line = lines[node.value.lineno - 1].encode()
            before, after = line[: node.value.col_offset], line[node.value.end_col_offset :]
            lines[node.value.lineno - 1] = before.decode() + _literal(values[node.target.id]) + after.decode()
    return "\n".join(lines)


def _literal(value: Any) -> str:
    """Return a value as Python writes it, texts in double quotes as the notebooks have them."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _unknown(name: str, known: set[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    return f"No page takes a parameter '{name}'.{hint} Known: {', '.join(sorted(known))}."


def _from_text(text: str, wanted: str) -> Any:
    """Read a text as a literal; what is none stays text, and is refused by its type."""
    if wanted == "bool":
        return {"true": True, "false": False}.get(text.lower(), text)
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return _from_yaml(text) if wanted == "dict" else text


def _from_yaml(text: str) -> Any:
    """Read `{growth: 0.1}`, which a shell lets pass and a scenario file holds."""
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError):
        return text


def _source(cell: Mapping[str, Any]) -> str:
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def _comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {
        token.start[0]: token.string.lstrip("# ").strip()
        for token in tokens
        if token.type == tokenize.COMMENT
    }
