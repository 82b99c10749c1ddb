"""Scenario files: a name, a note and what is changed; panels save them, the batch runs them.

note: Dollar is up, and Nordwind closes for a month
what_if: {growth: 0.1, closed_supplier: S03}
horizon: 8                     # a notebook's parameter, where one is changed too
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from helpers.contract.controls import check_what_if
from helpers.errors import ParameterError
from helpers.memory import find_desk

SCENARIOS_VARIABLE = "PLANBOOK_SCENARIOS"
MOST_BYTES, MOST_NOTE = 64_000, 500
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")


@dataclass(frozen=True)
class Scenario:
    """One what-if to keep.

    Parameters
    ----------
    name
        File name without ending; letters, digits, - and _.
    note
        What it is about, in the planner's words.
    what_if
        Control → value: what differs from the plan.
    parameters
        Notebook parameter → value, where a scenario changes one.
    """

    name: str
    note: str = ""
    what_if: Mapping[str, float | str | bool] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)


def scenarios_folder() -> Path:
    """Return where scenarios are kept: `PLANBOOK_SCENARIOS`, or `scenarios` of the client or the project."""
    given = os.environ.get(SCENARIOS_VARIABLE)
    return Path(given) if given else find_desk() / "scenarios"


def check_name(name: str) -> str:
    """Return the name of a scenario, or raise ParameterError: it cannot be a file's name everywhere."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ParameterError(
            f"A scenario's name takes letters, digits, - and _, at most 60; got {name!r}. "
            "Example: more-growth"
        )
    return name


def read_scenario(path: Path) -> Scenario:
    """Return the scenario of a file, its changes checked against the definitions of controls.

    Raises
    ------
    ParameterError
        The file cannot be read, or holds a change that no control takes; all such changes at once.
    """
    where = f"scenarios/{path.name}"
    if path.is_dir() or path.stat().st_size > MOST_BYTES:
        raise ParameterError(f"{where} is no scenario: a file of at most {MOST_BYTES // 1000} kB is taken.")
    values = read_lines(path, where)
    if "source" in values:
        raise ParameterError(f"{where}: the source is given by --data, not by a scenario.")
    note, what_if = values.pop("note", "") or "", values.pop("what_if", None) or {}
    if not isinstance(note, str) or len(note) > MOST_NOTE:
        raise ParameterError(f"{where}: note is a text of at most {MOST_NOTE} characters.")
    if not isinstance(what_if, dict):
        raise ParameterError(f"{where}: what_if is a list of 'control: value' lines; got {what_if!r}.")
    try:
        checked = check_what_if({str(name): value for name, value in what_if.items()})
    except ParameterError as error:
        raise ParameterError(f"{where}: {error}") from error
    return Scenario(path.stem, " ".join(note.split()), checked, values)


def read_lines(path: Path, where: str) -> dict[str, Any]:
    """Return a YAML file of `name: value` lines; `where` names it in an error. An empty file is empty.

    Raises
    ------
    ParameterError
        It cannot be read, or holds something else.
    """
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, RecursionError, yaml.YAMLError) as error:
        raise ParameterError(f"{where} cannot be read as YAML: {error}") from error
    if values is not None and not isinstance(values, dict):
        raise ParameterError(f"{where}: expected 'name: value' lines; got {values!r}.")
    return {str(name): value for name, value in (values or {}).items()}


def scenario_text(scenario: Scenario) -> str:
    """Return a scenario as the text of its file."""
    document = {"note": scenario.note, "what_if": dict(scenario.what_if), **scenario.parameters}
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, default_flow_style=False, width=100)
