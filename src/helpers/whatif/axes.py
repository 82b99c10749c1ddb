"""What a sweep moves, read from the command line: `fill_rate=0.9:0.99:0.01`, `budget=20000,40000`."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from helpers.contract.controls import ControlDefinition, control_definitions
from helpers.errors import ParameterError
from helpers.whatif.controls import NOBODY, Value

EXAMPLES = "Examples: fill_rate=0.9:0.99:0.01 or budget=20000,40000"
MOST_VALUES = 1_000


@dataclass(frozen=True)
class Axis:
    """One thing that is moved.

    Parameters
    ----------
    name
        Of the column: a control, or what several of them are called together (`fill_rate`).
    controls
        The controls that take the value.
    steps
        The values, in the order given, without doubles.
    """

    name: str
    controls: tuple[str, ...]
    steps: tuple[Value, ...]


def read_axes(specs: Sequence[str], option: str = "--over") -> tuple[Axis, ...]:
    """Return the axes of several texts `name=start:stop:step` (both ends) or `name=value,value`.

    Parameters
    ----------
    specs
        As they were typed.
    option
        What they were typed behind, for the words of an error.

    Raises
    ------
    ParameterError
        A text that cannot be read, a name that no control has, a value that it does not take; all at once.
    """
    axes, problems = [], []
    for spec in specs:
        try:
            axes.append(_read_axis(spec))
        except ParameterError as error:
            problems += [f"{option} {spec}: {line}" for line in str(error).splitlines()]
    names = [axis.name for axis in axes]
    problems += [f"{option}: '{n}' is given twice." for n in sorted({n for n in names if names.count(n) > 1})]
    if problems:
        raise ParameterError("\n".join([*problems, EXAMPLES]))
    return tuple(axes)


def decision_of(axes: Sequence[Axis]) -> str:
    """Return the one decision that all axes belong to.

    Raises
    ------
    ParameterError
        They belong to several.
    """
    known = control_definitions()
    of = {axis.name: known[axis.controls[0]].decision for axis in axes}
    if len(set(of.values())) > 1:
        said = ", ".join(f"{name} to {decision}" for name, decision in of.items())
        raise ParameterError(
            f"A sweep plans one decision; {said}. Name it with --decision, or give what may happen to you, "
            "and is not decided, with --futures."
        )
    return next(iter(of.values()))


def _read_axis(spec: str) -> Axis:
    name, equals, text = (part.strip() for part in spec.partition("="))
    if not (equals and name and text):
        raise ParameterError("takes a control and its values.")
    controls = _controls(name)
    values = _values(text, controls[0])
    problems = []
    for value in dict.fromkeys((values[0], values[-1])) if _is_range(text) else values:
        for control in controls:
            try:
                control.accept(value)
            except ParameterError as error:
                problems.append(str(error).removeprefix("what_if: "))
    if problems:
        raise ParameterError("\n".join(dict.fromkeys(problems)))
    return Axis(name, tuple(control.control for control in controls), tuple(dict.fromkeys(values)))


def _controls(name: str) -> tuple[ControlDefinition, ...]:
    """Return the control of a name, or those that it stands for: fill_rate for fill_rate_a, _b and _c."""
    known = control_definitions()
    if name in known:
        return (known[name],)
    together = tuple(
        known[one] for one in known if one.rpartition("_")[0] == name and len(one) == len(name) + 2
    )
    if together:
        return together
    close = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    raise ParameterError(f"there is no control '{name}'.{hint} Controls: fill_rate, {', '.join(known)}.")


def _values(text: str, control: ControlDefinition) -> tuple[Value, ...]:
    if control.kind == "number" and _is_range(text):
        return _range(text)
    read: Mapping[str, Callable[[str], Value]] = {"number": _number, "switch": _yes_or_no, "choice": _word}
    return tuple(read[control.kind](part.strip()) for part in text.split(","))


def _is_range(text: str) -> bool:
    return ":" in text


def _range(text: str) -> tuple[float, ...]:
    """Return start, start + step, ..., up to and with stop."""
    parts = text.split(":")
    if len(parts) != 3:
        raise ParameterError(f"a range is start:stop:step; got {text!r}.")
    start, stop, step = (_number(part.strip()) for part in parts)
    if step <= 0 or stop < start:
        raise ParameterError(f"a range rises from start to stop by a step above 0; got {text!r}.")
    count = math.floor((stop - start) / step + 1e-9) + 1
    if count > MOST_VALUES:
        raise ParameterError(f"{text!r} is {count:,} values; at most {MOST_VALUES:,}. Take a larger step.")
    return tuple(round(start + place * step, 10) for place in range(count))


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ParameterError(f"{text!r} is no number.") from None
    if not math.isfinite(value):
        raise ParameterError(f"{text!r} is no number that can be planned with.")
    return value


def _yes_or_no(text: str) -> bool:
    words = {"true": True, "yes": True, "false": False, "no": False}
    if text.lower() not in words:
        raise ParameterError(f"{text!r} is neither true nor false.")
    return words[text.lower()]


def _word(text: str) -> str:
    return NOBODY if text.lower() in {"", "none"} else text
