"""What a scenario changes, in words: names and units from the suite's definitions of controls."""

from __future__ import annotations

from collections.abc import Mapping

from helpers.contract.controls import ControlDefinition, check_what_if, control_definitions
from helpers.report.formats import say


def say_changes(what_if: Mapping[str, object]) -> tuple[str, ...]:
    """Return each change of a scenario in words, such as "growth of demand +10 %".

    Parameters
    ----------
    what_if
        Control → value, as a scenario file holds them.

    Raises
    ------
    ParameterError
        A name that no control has, or a value that it does not take.
    """
    known = control_definitions()
    return tuple(
        f"{known[name].label} {_say_value(known[name], value)}"
        for name, value in check_what_if(what_if).items()
    )


def _say_value(control: ControlDefinition, value: float | str | bool) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value or "none"
    if control.none_at is not None and value == control.none_at:
        return "no limit"
    digits = 0 if control.unit == "share" and control.step >= 0.01 else None
    return say(value, control.unit, digits, signed=control.is_change)
