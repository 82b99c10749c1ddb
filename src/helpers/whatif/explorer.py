"""A what-if without a kernel: every point of a small grid, computed in the run and shown in the page.

The page moves between the computed points and guesses nothing between them. All words and figures are made
here, so the script of the page only places text.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from helpers.errors import ParameterError
from helpers.memory import remember
from helpers.report.tiles import title_of
from helpers.whatif.chart import Chart, Scale, scale_of
from helpers.whatif.controls import Choice, Control, Settings, Slider, Value
from helpers.whatif.decision import Decision
from helpers.whatif.exploration import Exploration, Stops, place_of
from helpers.whatif.shown import digits_of, show
from helpers.whatif.view import Refusal, View

MOST_POINTS = 200


@dataclass(frozen=True)
class _Asked:
    """What a remembered exploration depends on beside the decision's data."""

    name: str
    words: tuple[str, str]
    controls: tuple[Control, ...]
    grid: tuple[tuple[str, tuple[Value, ...]], ...]
    most_points: int


def explore(decision: Decision, most_points: int = MOST_POINTS) -> Exploration:
    """Compute every point of a decision's grid, and return them as they are shown.

    The grid is walked in its own order with the last control varying fastest, so that each solve starts
    near the one before. A point without a plan keeps its reason.

    Parameters
    ----------
    decision
        Its `grid` names the controls to move and their values.
    most_points
        Points that a page may hold; a larger grid is refused before anything is solved.

    Raises
    ------
    ParameterError
        The grid has more points than that.
    """
    stops = stops_of(decision, most_points)
    found = [decision.try_view(settings) for settings in _walk(stops)]
    views = [one for one in found if isinstance(one, View)]
    base = found[place_of(stops, {})]
    digits, scales = digits_of(views), _scales([view.chart for view in views])
    points = tuple(
        one
        if isinstance(one, Refusal)
        else show(
            one,
            base if isinstance(base, View) and one is not base else None,
            scales[_form(one.chart)],
            digits,
        )
        for one in found
    )
    kpis = views[0].tiles if views else ()
    meanings = tuple((title_of(kpi.name), kpi.definition.definition) for kpi in kpis)
    return Exploration(decision.name, decision.title, decision.question, stops, points, meanings)


def remember_exploration(decision: Decision, most_points: int = MOST_POINTS) -> Exploration:
    """Return `explore(decision, most_points)`, from disk where the same was computed before.

    The decision's fingerprint, words, controls and grid name the result; see `helpers.memory.remember`.
    """
    stops_of(decision, most_points)
    grid = tuple((name, tuple(values)) for name, values in decision.grid.items())
    words = (decision.title, decision.question)
    return remember(
        _explore_asked, decision, _Asked(decision.name, words, decision.controls, grid, most_points)
    )


def _explore_asked(decision: Decision, asked: _Asked) -> Exploration:
    return explore(decision, asked.most_points)


def stops_of(decision: Decision, most_points: int = MOST_POINTS) -> tuple[Stops, ...]:
    """Return the stops of a decision's grid; raises ParameterError where they make too many points."""
    controls = {control.name: control for control in decision.controls}
    stops = tuple(_stops(controls[name], values) for name, values in decision.grid.items())
    count = math.prod(len(one.values) for one in stops)
    if count > most_points:
        sizes = " × ".join(f"{one.name} {len(one.values)}" for one in stops)
        raise ParameterError(
            f"Decision '{decision.name}': its grid has {count:,} points ({sizes}); at most {most_points:,} "
            "are computed for a page. Leave out values or controls of the grid."
        )
    return stops


def _stops(control: Control, values: Sequence[Value]) -> Stops:
    """Return each value once, in the order in which a reader expects them."""
    accepted: list[Value] = list(dict.fromkeys(control.accept(value) for value in values))
    ordered = sorted(accepted, key=lambda value: _rank(control, value))
    return Stops(
        name=control.name,
        label=control.label,
        help=control.help,
        kind="slider"
        if isinstance(control, Slider)
        else "choice"
        if isinstance(control, Choice)
        else "switch",
        values=tuple(ordered),
        words=tuple(control.say(value) for value in ordered),
        plan=ordered.index(control.default),
    )


def _rank(control: Control, value: Value) -> tuple[bool, float]:
    if isinstance(control, Choice):
        return (False, [name for name, _ in control.options].index(str(value)))
    is_free = isinstance(control, Slider) and control.none_at is not None and value == control.none_at
    return (is_free, float(value))


def _walk(stops: Sequence[Stops]) -> Iterator[Settings]:
    names = [one.name for one in stops]
    for values in itertools.product(*(one.values for one in stops)):
        yield dict(zip(names, values, strict=True))


def _form(chart: Chart) -> tuple[str, str]:
    return (chart.kind, chart.unit)


def _scales(charts: Sequence[Chart]) -> dict[tuple[str, str], Scale]:
    """Return one scale for all charts of a form, so that a moving control moves only the marks."""
    forms = dict.fromkeys(map(_form, charts))
    return {form: scale_of(chart for chart in charts if _form(chart) == form) for form in forms}
