"""A small chart as SVG text, drawn in a millisecond: a slider needs it, and a page can hold a hundred.

A figure of matplotlib takes 130 ms to draw and 20 kB; this one is a frame (grid, axis, legend: the same at
every point of a grid) and marks (a few hundred bytes), both lists of paths and texts. Text takes the ink of
the page, so one drawing serves light and dark. The plan is grey and thin or dashed, the setting in colour.
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
from helpers.report.formats import NOT_KNOWN, number

WIDTH = 480.0  # narrow enough to be read on a phone, and beside tiles on a desk
_EDGE, _TOP, _ROW, _FOOT = 4.0, 22.0, 40.0, 22.0
_LEFT_LINES, _RIGHT_LINES, _HEIGHT_LINES = 52.0, 28.0, 200.0
_ROOM_FOR_VALUE = 58.0
_LETTER = 6.3  # mean width of a letter at font size 12
_LARGE_LETTER = 8.4  # at 16, as a phone shows it
_TICKS = 4
_DUST = 1e-6  # what is left of a sum that is zero
_LEGEND_LINE = 18.0
_SPACE = "\N{NO-BREAK SPACE}"
Role = Literal["plan", "setting", "limit"]
_COLOURS = {"plan": COLOURS["actual"], "setting": COLOURS["forecast"], "limit": COLOURS["limit"]}
_DASHES = {"plan": ' stroke-dasharray="5 4"', "setting": "", "limit": ' stroke-dasharray="2 3"'}


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
    """Bounds of the value axis, how many rows the frame has room for, and the step between ticks."""

    low: float
    high: float
    rows: int
    step: float


@dataclass(frozen=True)
class Shape:
    """A path: areas (`fill-plan`) or a line (`line-plan`) in a role's colour; `line-grid` is the grid."""

    look: str
    path: str

    def svg(self) -> str:
        """Return the path as SVG text."""
        return f'<path class="pb-{self.look}" d="{self.path}" {_LOOKS[self.look]}/>'


@dataclass(frozen=True)
class Word:
    """A text; `anchor` says which end of it stands at x."""

    x: float
    y: float
    text: str
    anchor: Literal["start", "middle", "end"] = "start"

    def svg(self) -> str:
        """Return the text as SVG text."""
        anchor = "" if self.anchor == "start" else f' text-anchor="{self.anchor}"'
        return f'<text x="{self.x:g}" y="{self.y:g}"{anchor}>{escape(self.text)}</text>'


Mark = Shape | Word
_LOOKS = {
    "line-grid": f'fill="none" stroke="{COLOURS["actual"]}" stroke-opacity=".35"',
    **{f"fill-{role}": f'fill="{colour}"' for role, colour in _COLOURS.items()},
    **{
        f"line-{role}": f'fill="none" stroke="{colour}" stroke-width="2.5"{_DASHES[role]}'
        for role, colour in _COLOURS.items()
    },
}


@dataclass(frozen=True)
class Drawing:
    """A chart as marks: `frame` (grid, axis, legend) is the same at every point of a grid, `marks` move."""

    frame: tuple[Mark, ...]
    marks: tuple[Mark, ...]
    width: float
    height: float

    def svg(self, alt: str) -> str:
        """Return the whole picture."""
        return (
            f'<svg class="pb-chart" viewBox="0 0 {self.width:g} {self.height:g}" width="{self.width:g}" '
            f'height="{self.height:g}" style="max-width:100%;height:auto" role="img" '
            f'aria-label="{escape(alt, quote=True)}" xmlns="http://www.w3.org/2000/svg" '
            f'font-size="12" fill="currentColor"><g class="pb-frame">{_joined(self.frame)}</g>'
            f'<g class="pb-marks">{_joined(self.marks)}</g></svg>'
        )


def _joined(marks: Iterable[Mark]) -> str:
    return "".join(mark.svg() for mark in marks)


def scale_of(charts: Iterable[Chart]) -> Scale:
    """Return one scale that holds all of several charts, so that a moving slider moves only the marks."""
    seen = list(charts)
    values = [value for chart in seen for one in chart.series for value in one.values if math.isfinite(value)]
    low, high = min([0.0, *values]), max([0.0, *values])
    if high - low < _DUST:
        low = high = 0.0
    step = _step(low, high)
    return Scale(
        math.floor(low / step + 1e-9) * step,
        math.ceil(high / step - 1e-9) * step or step,
        max((len(chart.labels) for chart in seen), default=1),
        step,
    )


def draw(chart: Chart, scale: Scale | None = None) -> Drawing:
    """Return the chart drawn on its own scale, or on a common one; a value that is not known has no mark."""
    scale = scale or scale_of([chart])
    return _draw_bars(chart, scale) if chart.kind == "bars" else _draw_lines(chart, scale)


def _draw_bars(chart: Chart, scale: Scale) -> Drawing:
    """A row per label: the label above its bars has the whole width, also on a phone."""
    bottom = _TOP + _ROW * scale.rows
    at = _across(scale, _EDGE, WIDTH - _ROOM_FOR_VALUE)
    grid = "".join(
        f"M{_short(at(tick))} {_TOP + _ROW * row + 17:g}v{_ROW - 17:g}"  # not through the labels
        for tick in _ticks(scale)
        for row in range(scale.rows)
    )
    ticks = [Word(round(at(tick)), bottom + 15, text, "middle") for tick, text in _tick_words(chart, scale)]
    if ticks and ticks[0].x < 24:
        ticks[0] = Word(0, ticks[0].y, ticks[0].text)
    legend, height = _legend(chart, bottom + _FOOT)
    bars = (_bars(one, at) for one in chart.series)
    names = (Word(0, _TOP + _ROW * row + 13, _cut(label)) for row, label in enumerate(chart.labels))
    values = (_value(chart, row, at) for row in range(len(chart.labels) if chart.series else 0))
    frame = (Shape("line-grid", grid), *ticks, Word(0, 12, chart.axis), *legend)
    return Drawing(frame, (*names, *(bar for bar in bars if bar.path), *values), WIDTH, height)


def _bars(one: Series, at: _Axis) -> Shape:
    """All bars of one series: the plan's are thin and stand above the setting's; a limit is a line across."""
    drop, thick = {"plan": (18.0, 4.0), "setting": (24.0, 11.0), "limit": (17.0, 20.0)}[one.role]
    parts = []
    for row, value in enumerate(one.values):
        if math.isfinite(value):
            ends = (at(value) - 1.5, at(value) + 1.5) if one.role == "limit" else (at(0.0), at(value))
            x, end = sorted(ends)
            parts.append(
                f"M{_short(x)} {_TOP + _ROW * row + drop:g}h{_short(end - x)}v{thick:g}H{_short(x)}z"
            )
    return Shape(f"fill-{one.role}", "".join(parts))


def _value(chart: Chart, row: int, at: _Axis) -> Word:
    """The value of the setting, behind the longest bar of its row."""
    values = [one.values[row] for one in chart.series]
    end = max(at(value) for value in (0.0, *values) if math.isfinite(value))
    shown = next((one for one in reversed(chart.series) if one.role == "setting"), chart.series[-1])
    return Word(round(end) + 5, _TOP + _ROW * row + 34, say_short(shown.values[row], chart.unit))


def _draw_lines(chart: Chart, scale: Scale) -> Drawing:
    bottom = _HEIGHT_LINES + _TOP + 8
    at = _across(scale, bottom, _TOP + 8)
    wide = _across(Scale(0, max(len(chart.labels) - 1, 1), 1, 1), _LEFT_LINES, WIDTH - _RIGHT_LINES)
    grid = "".join(f"M{_LEFT_LINES:g} {_short(at(tick))}H{WIDTH - _RIGHT_LINES:g}" for tick in _ticks(scale))
    ticks = [
        Word(_LEFT_LINES - 6, round(at(tick) + 4), text, "end") for tick, text in _tick_words(chart, scale)
    ]
    longest = max((len(label) for label in chart.labels), default=1)
    every = max(1, math.ceil(len(chart.labels) * (longest + 2) * _LARGE_LETTER / (WIDTH - _LEFT_LINES)))
    names = [
        Word(round(wide(place)), bottom + 16, label, "middle")
        for place, label in enumerate(chart.labels)
        if place % every == 0
    ]
    legend, height = _legend(chart, bottom + _FOOT)
    frame = (Shape("line-grid", grid), *ticks, *names, Word(0, 12, chart.axis), *legend)
    last = sorted(chart.series, key=lambda one: one.role == "plan")  # its dashes show on an equal line
    lines = (Shape(f"line-{one.role}", _line(one.values, wide, at)) for one in last)
    return Drawing(frame, tuple(line for line in lines if line.path), WIDTH, height)


def _line(values: Iterable[float], wide: _Axis, at: _Axis) -> str:
    """A line through the values that are known; a gap breaks it, and a single value is a short dash."""
    runs: list[list[str]] = [[]]
    for place, value in enumerate(values):
        if math.isfinite(value):
            runs[-1].append(f"{_short(wide(place))} {_short(at(value))}")
        elif runs[-1]:
            runs.append([])
    return "".join("M" + ("L".join(run) if len(run) > 1 else f"{run[0]}h4") for run in runs if run)


def _legend(chart: Chart, top: float) -> tuple[list[Mark], float]:
    """Return the names of the series along the foot, on as many lines as they need, and where they end."""
    x, y, parts = 0.0, top + 10, list[Mark]()
    for one in chart.series:
        wide = 34 + _LETTER * len(one.name)
        if x and x + wide > WIDTH:
            x, y = 0.0, y + _LEGEND_LINE
        parts += [_swatch(chart, one, x, y), Word(x + 22, y + 4, one.name)]
        x = round(x + wide)
    return parts, y + 10


def _swatch(chart: Chart, one: Series, x: float, y: float) -> Shape:
    if chart.kind == "lines":
        return Shape(f"line-{one.role}", f"M{x:g} {y:g}h16")
    wide, thick = {"plan": (16, 4), "setting": (16, 10), "limit": (3, 14)}[one.role]
    left = x + 8 - wide / 2
    return Shape(f"fill-{one.role}", f"M{left:g} {y - thick / 2:g}h{wide}v{thick}H{left:g}z")


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
    return [scale.low + scale.step * k for k in range(round((scale.high - scale.low) / scale.step) + 1)]


def _tick_words(chart: Chart, scale: Scale) -> list[tuple[float, str]]:
    """The ticks with words of one form, exact enough to tell neighbours apart."""
    ticks = _ticks(scale)
    size, letter = _size(max(map(abs, ticks)), chart.unit)
    step = scale.step / size
    digits = next(d for d in range(12) if abs(round(step, d) - step) <= 1e-6 * step)
    zero = "0" if chart.unit != "share" else f"0{letter}"
    return [
        (tick, number(tick / size, digits) + letter if round(tick / size, digits) else zero) for tick in ticks
    ]


def say_short(value: float, unit: str) -> str:
    """Return a value for a mark: three figures, thousands as k, millions as m, shares in per cent."""
    if not math.isfinite(value):
        return NOT_KNOWN
    if unit == "share":
        return say(value, unit)
    size, letter = _size(abs(value), unit)
    figure = abs(value) / size
    plain = float(value).is_integer() and not letter
    digits = 0 if plain or figure >= 99.95 else 1 if figure >= 9.995 else 2
    return number(value / size, digits) + letter


def _size(largest: float, unit: str) -> tuple[float, str]:
    """What values are divided by for short words, and the letter that says so."""
    if unit == "share":
        return 0.01, f"{_SPACE}%"
    return (1e6, "m") if largest >= 1e6 else (1e3, "k") if largest >= 1e4 else (1.0, "")


def _cut(label: str) -> str:
    most = int((WIDTH - _EDGE) / _LETTER)
    return label if len(label) <= most else label[: most - 1] + "…"


def _short(value: float) -> str:
    """A place with at most one decimal."""
    return f"{round(value, 1) + 0.0:g}"
