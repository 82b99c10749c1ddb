"""How a KPI moved from run to run: the difference in words, and a line the size of a word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from helpers.report.formats import is_known, say, say_difference

_WIDTH: Final = 96
_HEIGHT: Final = 24
_EDGE: Final = 3


def say_since(
    value: float | None,
    before: float | None,
    unit: str,
    better: str,
    target: float | None = None,
    before_run: str = "the run before",
) -> Markup:
    """Return how a KPI moved since the run before, and whether that is good; empty without both.

    Parameters
    ----------
    value, before
        The KPI now and in the run before, in `unit`.
    unit
        Unit as in the KPI definitions.
    better
        Direction that is good: higher, lower, zero or target; another word gives no judgement.
    target
        Value to be near to where the direction is `target`.
    before_run
        What the run before is called.
    """
    if value is None or before is None or not (is_known(value) and is_known(before)):
        return Markup()
    moved = say_difference(value - before, unit)
    if say(value, unit) == say(before, unit) or moved == say_difference(0.0, unit):
        return Markup('<span class="pb-moved">unchanged since {}</span>').format(before_run)
    arrow, plain = ("▲", "more") if value > before else ("▼", "less")
    goal = {"higher": float("inf"), "lower": float("-inf"), "zero": 0.0, "target": target}.get(better)
    tone, word = ("plain", plain) if goal is None else _judged(value, before, goal)
    return Markup('<span class="pb-moved"><span class="pb-{}">{} {} {}</span> than {}</span>').format(
        tone, arrow, moved, word, before_run
    )


def sparkline(values: Sequence[float | None], label: str, unit: str = "") -> Markup:
    """Return a small line of values, oldest first; a gap breaks the line, the last value gets a dot.

    Parameters
    ----------
    values
        The KPI per run.
    label
        What the line shows; the first and last value are added to it for a screen reader.
    unit
        Unit as in the KPI definitions.
    """
    known = [value for value in values if value is not None and is_known(value)]
    if len(known) < 2:
        return Markup()
    points = _points(values, min(known), max(known))
    lines = Markup().join(
        Markup('<polyline points="{}"/>').format(" ".join(f"{x:.1f},{y:.1f}" for x, y in run))
        for run in _unbroken(points)
    )
    x, y = next(point for point in reversed(points) if point)
    said = f"{label}: from {say(known[0], unit)} to {say(known[-1], unit)}"
    dot = Markup('<circle cx="{}" cy="{}" r="2.5"/>').format(f"{x:.1f}", f"{y:.1f}")
    return Markup('<svg class="pb-spark" role="img" aria-label="{}" viewBox="0 0 {} {}">{}{}</svg>').format(
        said, _WIDTH, _HEIGHT, lines, dot
    )


def _judged(value: float, before: float, goal: float) -> tuple[str, str]:
    """Return tone and word for a move towards a goal or away from it."""
    if abs(goal) == float("inf"):
        nearer = (value > before) == (goal > 0)
    else:
        nearer = abs(value - goal) < abs(before - goal)
    return ("good", "better") if nearer else ("bad", "worse")


def _points(values: Sequence[float | None], low: float, high: float) -> list[tuple[float, float] | None]:
    """Return the place of each value in the drawing; a line without movement runs through the middle."""
    step = (_WIDTH - 2 * _EDGE) / max(len(values) - 1, 1)
    span = high - low
    inner = _HEIGHT - 2 * _EDGE
    return [
        (_EDGE + place * step, _HEIGHT / 2 if not span else _HEIGHT - _EDGE - (value - low) / span * inner)
        if value is not None and is_known(value)
        else None
        for place, value in enumerate(values)
    ]


def _unbroken(points: Sequence[tuple[float, float] | None]) -> list[list[tuple[float, float]]]:
    """Return the stretches of at least two neighbouring values."""
    runs: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if point is None:
            runs.append([])
        else:
            runs[-1].append(point)
    return [run for run in runs if len(run) > 1]
