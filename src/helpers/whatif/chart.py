"""A small chart as SVG text, drawn in a millisecond: a slider needs it, and a page can hold a hundred.

A figure of matplotlib takes 130 ms to draw and 20 kB; this one is a frame (grid, axis, legend: the same at
every point of a grid) and marks (a few hundred bytes). Text takes the ink of the page, so one drawing serves
light and dark. The first series is the plan, in grey; the last one is the setting, in colour.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Literal

from helpers.errors import ParameterError
from helpers.figures.style import COLOURS
from helpers.report import say

WIDTH = 640.0
_LEFT_BARS, _LEFT_LINES, _RIGHT, _TOP, _ROW, _FOOT = 190.0, 70.0, 70.0, 8.0, 30.0, 34.0
_HEIGHT_LINES = 250.0
_TICKS = 5
_SERIES = {"plan": COLOURS["actual"], "setting": COLOURS["forecast"], "limit": COLOURS["limit"]}
Role = Literal["plan", "setting", "limit"]


@dataclass(frozen=True)
class Series:
    """Values of one line, or of one bar per label.

    Parameters
    ----------
    name
        Words for the legend.
    values
        One per label.
    role
        `plan` (grey), `setting` (colour) or `limit`.
    """

    name: str
    values: tuple[float, ...]
    role: Role


@dataclass(frozen=True)
class Chart:
    """What is to be drawn.

    Parameters
    ----------
    kind
        `bars`: a row per label; `lines`: labels are points in time.
    title
        The claim, made from the figures.
    labels
        Rows, or points of the x axis.
    series
        The plan first.
    unit
        Unit of the values, as in the KPI definitions, and `axis`, what the values are.
    """

    kind: Literal["bars", "lines"]
    title: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    unit: str
    axis: str

    def __post_init__(self) -> None:
        """Refuse series that do not fit the labels."""
        wrong = [one.name for one in self.series if len(one.values) != len(self.labels)]
        if wrong:
            raise ParameterError(f"Chart '{self.title}': {', '.join(wrong)} has not one value per label.")

    @property
    def alt(self) -> str:
        """The chart in words, for readers who cannot see it."""
        rows = [
            f"{label}: " + ", ".join(f"{one.name} {say(one.values[place], self.unit)}" for one in self.series)
            for place, label in enumerate(self.labels)
        ]
        shown = rows if len(rows) <= 8 else [rows[0], "…", rows[-1]]
        return f"{self.title}. {self.axis}. " + "; ".join(shown) + "."


@dataclass(frozen=True)
class Scale:
    """The bounds of the value axis, and how many rows the frame has room for."""

    low: float
    high: float
    rows: int


@dataclass(frozen=True)
class Drawing:
    """A chart as SVG text: `frame` depends on kind, scale and unit alone, `marks` on the values."""

    frame: str
    marks: str
    width: float
    height: float

    def svg(self, alt: str) -> str:
        """Return the whole picture."""
        return (
            f'<svg class="pb-chart" viewBox="0 0 {self.width:g} {self.height:g}" role="img" '
            f'aria-label="{escape(alt, quote=True)}" xmlns="http://www.w3.org/2000/svg" '
            f'font-size="12" fill="currentColor">{self.frame}<g class="pb-marks">{self.marks}</g></svg>'
        )


def scale_of(charts: Iterable[Chart]) -> Scale:
    """Return one scale that holds all of several charts, so that a moving slider moves only the marks."""
    seen = list(charts)
    values = [value for chart in seen for one in chart.series for value in one.values if math.isfinite(value)]
    low, high = min([0.0, *values]), max([0.0, *values])
    step = _step(low, high)
    return Scale(
        math.floor(low / step + 1e-9) * step,
        math.ceil(high / step - 1e-9) * step or step,
        max((len(chart.labels) for chart in seen), default=1),
    )


def draw(chart: Chart, scale: Scale | None = None) -> Drawing:
    """Return the chart as SVG text, on its own scale or on a common one."""
    scale = scale or scale_of([chart])
    return _draw_bars(chart, scale) if chart.kind == "bars" else _draw_lines(chart, scale)


def _draw_bars(chart: Chart, scale: Scale) -> Drawing:
    height = _TOP + _ROW * scale.rows + _FOOT
    bottom = _TOP + _ROW * scale.rows
    at = _across(scale, _LEFT_BARS, WIDTH - _RIGHT)
    ticks = "".join(
        f'<path d="M{at(tick):.1f} {_TOP:g}V{bottom:g}" stroke="{_SERIES["plan"]}" stroke-opacity=".3"/>'
        f'<text x="{at(tick):.1f}" y="{bottom + 15:g}" text-anchor="middle">'
        f"{escape(_short(tick, chart.unit))}</text>"
        for tick in _ticks(scale)
    )
    marks = "".join(_row_of_bars(chart, place, at) for place in range(len(chart.labels)))
    return Drawing(ticks + _legend(chart, height), marks, WIDTH, height)


def _row_of_bars(chart: Chart, place: int, at: _Axis) -> str:
    """A label, a bar for the setting, and a thin bar for the plan above it."""
    top = _TOP + _ROW * place
    label = chart.labels[place]
    said = label if len(label) <= 28 else label[:27] + "…"
    parts = [
        f'<text x="{_LEFT_BARS - 8:g}" y="{top + 19:g}" text-anchor="end">{escape(said)}'
        + (f"<title>{escape(label)}</title>" if said != label else "")
        + "</text>"
    ]
    for one in chart.series:
        value = one.values[place]
        y, thick = (top + 4, 5) if one.role == "plan" else (top + 11, 13)
        x, end = sorted((at(0.0), at(value)))
        parts.append(
            f'<rect x="{x:.1f}" y="{y:g}" width="{end - x:.1f}" height="{thick}" fill="{_SERIES[one.role]}"/>'
        )
    last = chart.series[-1].values[place]
    end = max(at(0.0), *(at(one.values[place]) for one in chart.series))
    parts.append(f'<text x="{end + 5:.1f}" y="{top + 21:g}">{escape(_short(last, chart.unit))}</text>')
    return "".join(parts)


def _draw_lines(chart: Chart, scale: Scale) -> Drawing:
    bottom = _HEIGHT_LINES - _FOOT - 14
    at = _across(scale, bottom, _TOP)
    wide = _across(Scale(0, max(len(chart.labels) - 1, 1), 1), _LEFT_LINES, WIDTH - _RIGHT)
    grid = "".join(
        f'<path d="M{_LEFT_LINES:g} {at(tick):.1f}H{WIDTH - _RIGHT:g}" stroke="{_SERIES["plan"]}" '
        f'stroke-opacity=".3"/><text x="{_LEFT_LINES - 6:g}" y="{at(tick) + 4:.1f}" text-anchor="end">'
        f"{escape(_short(tick, chart.unit))}</text>"
        for tick in _ticks(scale)
    )
    every = max(1, math.ceil(len(chart.labels) / 6))
    names = "".join(
        f'<text x="{wide(place):.1f}" y="{bottom + 16:g}" text-anchor="middle">{escape(label)}</text>'
        for place, label in enumerate(chart.labels)
        if place % every == 0
    )
    marks = "".join(_line(one, wide, at) for one in chart.series)
    return Drawing(grid + names + _legend(chart, _HEIGHT_LINES), marks, WIDTH, _HEIGHT_LINES)


def _line(one: Series, wide: _Axis, at: _Axis) -> str:
    points = " ".join(f"{wide(x):.1f},{at(value):.1f}" for x, value in enumerate(one.values))
    dash = ' stroke-dasharray="5 4"' if one.role != "setting" else ""
    thick = 2.5 if one.role == "setting" else 2
    return (
        f'<polyline points="{points}" fill="none" stroke="{_SERIES[one.role]}" stroke-width="{thick}"{dash}/>'
    )


def _legend(chart: Chart, height: float) -> str:
    """Names of the series beside what the axis is, along the foot."""
    x, parts = 4.0, []
    for one in chart.series:
        parts.append(
            f'<rect x="{x:g}" y="{height - 11:g}" width="14" height="{5 if one.role == "plan" else 9}" '
            f'fill="{_SERIES[one.role]}"/><text x="{x + 19:g}" y="{height - 3:g}">{escape(one.name)}</text>'
        )
        x += 32 + 6.4 * len(one.name)
    axis = f'<text x="{WIDTH - 4:g}" y="{height - 3:g}" text-anchor="end">{escape(chart.axis)}</text>'
    return "".join(parts) + axis


@dataclass(frozen=True)
class _Axis:
    """Value to place."""

    low: float
    span: float
    start: float
    length: float

    def __call__(self, value: float) -> float:
        return self.start + self.length * (value - self.low) / self.span


def _across(scale: Scale, start: float, end: float) -> _Axis:
    return _Axis(scale.low, (scale.high - scale.low) or 1.0, start, end - start)


def _step(low: float, high: float) -> float:
    """A round step that parts a range into about `_TICKS`."""
    rough = ((high - low) or 1.0) / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    return next(
        factor * power for factor in (1.0, 2.0, 2.5, 5.0, 10.0) if factor * power >= rough * (1 - 1e-9)
    )


def _ticks(scale: Scale) -> list[float]:
    step = _step(scale.low, scale.high)
    return [scale.low + step * k for k in range(round((scale.high - scale.low) / step) + 1)]


def _short(value: float, unit: str) -> str:
    """A value for an axis: thousands as k, millions as m, shares in per cent."""
    if unit == "share":
        return say(value, unit, 0)
    for size, letter in ((1e6, "m"), (1e4, "k")):
        if abs(value) >= size:
            return f"{say(value / (1e6 if letter == 'm' else 1e3), '', 1 if letter == 'm' else 0)}{letter}"
    return say(value, "", 0 if abs(value) >= 10 or float(value).is_integer() else 1)
