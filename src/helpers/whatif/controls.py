"""What a what-if may move: sliders, choices and switches, with units, bounds and the plan's own values.

A setting of a what-if is a plain mapping from the names of controls to numbers, words or yes and no, so that
the same mapping is a slider's state, a line of a scenario file and a point of a grid.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from helpers.contract.controls import control_definitions
from helpers.errors import ParameterError
from helpers.report import say

Value = float | str | bool
Settings = Mapping[str, Value]
NOBODY = ""  # the choice that changes nothing: no customer lost, no site closed


@dataclass(frozen=True)
class Slider:
    """A number between bounds.

    Parameters
    ----------
    name
        Key of the setting, such as `fill_rate_a`.
    label, group
        Words for the panel, and the heading that it stands under.
    unit
        As in the KPI definitions: `share`, `money`, `week`, ...
    low, high, step
        Bounds, both allowed, and the step between two values.
    default
        The plan's own value, inside the bounds.
    help
        What it means, in one sentence.
    is_change
        Whether the value is a change (+10 %), to be written with its sign.
    none_at
        Value that means "no limit" or "off", said so instead of the number; None where there is none.
    """

    name: str
    label: str
    group: str
    unit: str
    low: float
    high: float
    step: float
    default: float
    help: str
    is_change: bool = False
    none_at: float | None = None

    def __post_init__(self) -> None:
        """Refuse bounds that hold no value."""
        if not (self.low < self.high and self.step > 0 and self.low <= self.default <= self.high):
            raise ParameterError(
                f"Slider '{self.name}': {self.low:g} to {self.high:g} by {self.step:g} with default "
                f"{self.default:g}. Give low < high, step > 0 and a default inside."
            )

    def accept(self, value: Value) -> float:
        """Return the value as a number, or raise ParameterError: no number, or outside the bounds."""
        number = _as_number(value)
        if number is None or not self.low <= number <= self.high:
            raise ParameterError(
                f"'{self.name}' is {value!r} ({self.label}). "
                f"Give a number from {self.low:g} to {self.high:g}."
            )
        return number

    def say(self, value: Value) -> str:
        """Return the value in words, with its unit."""
        number = self.accept(value)
        if self.none_at is not None and number == self.none_at:
            return "no limit"
        return say(number, self.unit, self._digits, signed=self.is_change)

    @property
    def _digits(self) -> int | None:
        """Decimals that tell two steps apart."""
        if self.unit == "share" and self.step >= 0.01:
            return 0
        return 2 if self.unit == "money" and self.step < 1 else None


@dataclass(frozen=True)
class Choice:
    """One of several words; the empty one changes nothing.

    Parameters
    ----------
    options
        Value and words of each, `NOBODY` among them where nothing needs to be chosen.
    default
        The plan's own value.
    """

    name: str
    label: str
    group: str
    options: tuple[tuple[str, str], ...]
    default: str
    help: str

    def __post_init__(self) -> None:
        """Refuse a default that cannot be chosen."""
        self.accept(self.default)

    def accept(self, value: Value) -> str:
        """Return the value, or raise ParameterError: not one of the options."""
        known = [name for name, _ in self.options]
        if not isinstance(value, str) or value not in known:
            close = difflib.get_close_matches(str(value), known, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            listed = ", ".join(repr(name) for name in known[:12])
            raise ParameterError(f"'{self.name}' is {value!r} ({self.label}). Give one of {listed}.{hint}")
        return value

    def say(self, value: Value) -> str:
        """Return the value in words."""
        return dict(self.options)[self.accept(value)]


@dataclass(frozen=True)
class Switch:
    """Yes or no."""

    name: str
    label: str
    group: str
    default: bool
    help: str

    def accept(self, value: Value) -> bool:
        """Return the value, or raise ParameterError: neither yes nor no."""
        if not isinstance(value, bool):
            raise ParameterError(f"'{self.name}' is {value!r} ({self.label}). Give true or false.")
        return value

    def say(self, value: Value) -> str:
        """Return the value in words."""
        return "yes" if self.accept(value) else "no"


Control = Slider | Choice | Switch


def defaults(controls: Sequence[Control]) -> dict[str, Value]:
    """Return the plan's own values."""
    return {control.name: control.default for control in controls}


def complete(controls: Sequence[Control], settings: Settings) -> dict[str, Value]:
    """Return the settings checked, with the plan's own values for those that are not named.

    Raises
    ------
    ParameterError
        A name that no control has, or a value that its control does not take; all at once.
    """
    known = {control.name: control for control in controls}
    problems, found = [], defaults(controls)
    for name, value in settings.items():
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean '{close[0]}'?" if close else ""
            problems.append(f"There is no control '{name}'.{hint} Controls: {', '.join(known)}.")
            continue
        try:
            found[name] = known[name].accept(value)
        except ParameterError as error:
            problems.append(str(error))
    if problems:
        raise ParameterError("\n".join(problems))
    return found


def moved(controls: Sequence[Control], settings: Settings) -> dict[str, Value]:
    """Return the settings that differ from the plan's own values: what a scenario has to keep."""
    whole = complete(controls, settings)
    return {
        control.name: whole[control.name] for control in controls if whole[control.name] != control.default
    }


def say_settings(controls: Sequence[Control], settings: Settings) -> str:
    """Return in words what differs from the plan, such as "growth of demand +10 %"; else "as planned"."""
    changed = moved(controls, settings)
    words = [
        f"{control.label} {control.say(changed[control.name])}"
        for control in controls
        if control.name in changed
    ]
    return ", ".join(words) or "as planned"


def _as_number(value: Value) -> float | None:
    if isinstance(value, bool | str) or not math.isfinite(value):
        return None
    return float(value)


def slider(name: str, default: float, low: float | None = None, high: float | None = None) -> Slider:
    """Return the slider that the suite's definitions describe, at the plan's value.

    Parameters
    ----------
    name
        In `contract/tables/_controls.csv`.
    default
        The plan's own value.
    low, high
        Narrower bounds for this case; those of the definition where not given.
    """
    known = control_definitions()[name]
    return Slider(
        name=name,
        label=known.label,
        group=known.group,
        unit=known.unit,
        low=min(known.low if low is None else low, default),
        high=max(known.high if high is None else high, default),
        step=known.step,
        default=default,
        help=known.help,
        is_change=known.is_change,
        none_at=known.none_at,
    )


def choice(name: str, options: Sequence[tuple[str, str]], nobody: str = "none") -> Choice:
    """Return the choice that the suite's definitions describe; `nobody` are the words for no change."""
    known = control_definitions()[name]
    return Choice(name, known.label, known.group, ((NOBODY, nobody), *options), NOBODY, known.help)


def switch(name: str, *, default: bool) -> Switch:
    """Return the switch that the suite's definitions describe."""
    known = control_definitions()[name]
    return Switch(name, known.label, known.group, default, known.help)
