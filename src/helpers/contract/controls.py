"""What a scenario may change: the names, bounds and meanings of all what-if controls, once for the suite.

The definitions are data (`tables/_controls.csv`). Panels build their sliders from them, scenario files hold
their names, and the batch refuses a wrong one before any notebook starts.
"""

from __future__ import annotations

import csv
import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType

from helpers.errors import ParameterError


@dataclass(frozen=True)
class ControlDefinition:
    """One control.

    Parameters
    ----------
    control, decision, group, label
        Name, the decision that it belongs to, and words for the panel.
    kind
        `number`, `choice` (a text; empty for nothing) or `switch` (yes or no).
    unit
        As in the KPI definitions.
    low, high, step
        Bounds of a number, both allowed, and its step.
    is_change
        Whether the value is a change, written with its sign.
    none_at
        Number that means no limit; None where there is none.
    help
        What it means.
    """

    control: str
    decision: str
    group: str
    label: str
    kind: str
    unit: str
    low: float
    high: float
    step: float
    is_change: bool
    none_at: float | None
    help: str

    def accept(self, value: object) -> float | str | bool:
        """Return the value in the control's kind, or raise ParameterError."""
        if self.kind == "switch" and isinstance(value, bool):
            return value
        if self.kind == "choice" and isinstance(value, str):
            return value
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if self.kind == "number" and is_number and self.low <= float(value) <= self.high:  # type: ignore[arg-type]  # a number, as just tested
            return float(value)  # type: ignore[arg-type]  # a number, as just tested
        wanted = {
            "switch": "true or false",
            "choice": "a text, empty for none",
            "number": f"a number from {self.low:g} to {self.high:g}",
        }
        raise ParameterError(
            f"what_if: '{self.control}' is {value!r} ({self.label}). Give {wanted[self.kind]}."
        )


@cache
def control_definitions() -> Mapping[str, ControlDefinition]:
    """Return all control definitions by name."""
    path = resources.files("helpers.contract") / "tables" / "_controls.csv"
    rows = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    return MappingProxyType({row["control"]: _read(row) for row in rows})


def check_what_if(what_if: Mapping[str, object], decision: str = "") -> dict[str, float | str | bool]:
    """Return the changes checked against the definitions; only those of one decision where it is named.

    Parameters
    ----------
    what_if
        Control → value, as a scenario holds them and a notebook's parameter `what_if` takes them.
    decision
        `demand`, `inventory`, `transport` or `customers`; empty for all.

    Raises
    ------
    ParameterError
        A name that no control has, or a value that it does not take; all at once.
    """
    known = control_definitions()
    problems, found = [], {}
    for name, value in what_if.items():
        if name not in known:
            close = difflib.get_close_matches(str(name), known, n=1)
            hint = f" Did you mean '{close[0]}'?" if close else ""
            problems.append(f"what_if: there is no control '{name}'.{hint} Controls: {', '.join(known)}.")
            continue
        try:
            found[name] = known[name].accept(value)
        except ParameterError as error:
            problems.append(str(error))
    if problems:
        raise ParameterError("\n".join(problems))
    return {name: value for name, value in found.items() if decision in {"", known[name].decision}}


def _read(row: Mapping[str, str]) -> ControlDefinition:
    return ControlDefinition(
        control=row["control"],
        decision=row["decision"],
        group=row["group"],
        label=row["label"],
        kind=row["kind"],
        unit=row["unit"],
        low=float(row["low"] or 0),
        high=float(row["high"] or 0),
        step=float(row["step"] or 0),
        is_change=row["is_change"] == "yes",
        none_at=float(row["none_at"]) if row["none_at"] else None,
        help=row["help"],
    )
