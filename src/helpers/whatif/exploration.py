"""An exploration: the plan as HTML for any viewer, and all points as data for the script of a report page.

The face is plain HTML, so that it reads well in JupyterLab, in a repository viewer and on paper. The data
block is JSON, which no browser runs; `templates/explorer.js` of the batch builds controls from it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Sequence
from dataclasses import astuple, dataclass
from html import escape
from typing import Any, Final, Literal

from helpers.errors import ParameterError
from helpers.report.standalone import STANDALONE_STYLE
from helpers.whatif.chart import Mark, Shape
from helpers.whatif.controls import Settings, Value
from helpers.whatif.shown import Shown, ShownTable, ShownTile
from helpers.whatif.view import Refusal

PLANNED: Final = "As planned"
REFUSED: Final = "There is no plan at this setting."
COMPUTED: Final = "Each stop was computed in the run; nothing between is guessed."
BACK: Final = "Back to the plan"
_PIECES: Final = re.compile(r"(?<=[:;,.] )")
_NO_MARKUP: Final = {
    ord(letter): f"\\u{ord(letter):04x}" for letter in "<>&\N{LINE SEPARATOR}\N{PARAGRAPH SEPARATOR}"
}


@dataclass(frozen=True)
class Stops:
    """A control as an explorer moves it: the values that were computed, and their words.

    Parameters
    ----------
    name, label, help
        As of the control.
    kind
        `slider`, `choice` or `switch`.
    values, words
        The stops in order; "no limit" stands after the largest number.
    plan
        Place of the plan's own value.
    """

    name: str
    label: str
    help: str
    kind: Literal["slider", "choice", "switch"]
    values: tuple[Value, ...]
    words: tuple[str, ...]
    plan: int


@dataclass(frozen=True)
class Exploration:
    """Every point of a grid in words; it displays itself, and pages of a run make it move.

    Parameters
    ----------
    name, title, question
        Of the decision.
    stops
        One per control that the grid moves.
    points
        One per combination of stops; the stops of the last control vary fastest.
    meanings
        Name and definition of each tile.
    """

    name: str
    title: str
    question: str
    stops: tuple[Stops, ...]
    points: tuple[Shown | Refusal, ...]
    meanings: tuple[tuple[str, str], ...]

    @property
    def base(self) -> Shown | Refusal:
        """The plan itself."""
        return self.at({})

    def at(self, settings: Settings) -> Shown | Refusal:
        """Return what is shown at a setting of the grid; controls that are not named stand as planned.

        Raises
        ------
        ParameterError
            A control that the grid does not move, or a value between its stops: nothing is guessed there.
        """
        moves = {one.name for one in self.stops}
        wrong = [f"'{name}' is not moved by this grid" for name in settings if name not in moves]
        wrong += [
            f"'{one.name}' was not computed at {settings[one.name]!r}; its stops are {', '.join(one.words)}"
            for one in self.stops
            if one.name in settings and settings[one.name] not in one.values
        ]
        if wrong:
            raise ParameterError(f"Exploration '{self.name}': {'; '.join(wrong)}.")
        return self.points[place_of(self.stops, settings)]

    def __repr__(self) -> str:
        base = self.base
        said = base.reason if isinstance(base, Refusal) else base.sentence
        return f"{self.title}: {said} ({len(self.points)} points in the report page)"

    def _repr_html_(self) -> str:
        return explorer_html(self)


def place_of(stops: Sequence[Stops], settings: Settings) -> int:
    """Return the place among the points of a setting of the grid; what is not named stands as planned."""
    place = 0
    for one in stops:
        stop = one.values.index(settings[one.name]) if one.name in settings else one.plan
        place = place * len(one.values) + stop
    return place


def explorer_html(explored: Exploration) -> str:
    """Return an exploration as HTML without ids: the plan, and all points in a block of JSON."""
    title = escape(explored.title)
    return (
        f'{STANDALONE_STYLE}<section class="pb-explorer" aria-label="What if: {title}">'
        f'<p class="pb-question"><strong>What if: {title}</strong> {escape(explored.question)}</p>'
        f'<div class="pb-result">{_point(explored.base)}</div>{_meanings(explored)}'
        f'<p class="pb-rest pb-still">{escape(_still(explored))}</p>'
        f'<script type="application/json" class="pb-grid">{grid_json(explored)}</script></section>'
    )


def grid_json(explored: Exploration) -> str:
    r"""Return all points as compact JSON in which no character can end a script element.

    Every text, and every tile, row and mark made of texts, is written once and then named by its place:

    - `controls`: kind, label, help, stops (words) and the place of the plan's;
    - `texts`: strings; `parts`: tiles `[name, value, change, tone]`, rows of tables `[cell, …]`, frames
      `[width, height, [mark, …]]` and marks, which are paths `[look, path]` or texts `[x, y, anchor, text]`;
    - `points`: the place of a reason in `texts` where there is no plan, else `[sentence, [tile, …],
      [[title, heads, [row, …], below], …], [claim, [piece of alt, …], frame, [mark, …]], [note, …]]`.
    """
    kept = _Kept()
    points = [_packed(point, kept) for point in explored.points]
    data = {
        "words": {"planned": PLANNED, "refused": REFUSED, "computed": COMPUTED, "back": BACK},
        "controls": [
            {"kind": one.kind, "label": one.label, "help": one.help, "stops": one.words, "plan": one.plan}
            for one in explored.stops
        ],
        "texts": list(kept.texts),
        "parts": list(kept.parts),
        "points": points,
    }
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).translate(_NO_MARKUP)


class _Kept:
    """Texts and parts in the order in which they first came."""

    def __init__(self) -> None:
        self.texts: dict[str, int] = {}
        self.parts: dict[Hashable, int] = {}

    def text(self, text: str) -> int:
        """Return the place of a text."""
        return self.texts.setdefault(text, len(self.texts))

    def part(self, *values: Hashable) -> int:
        """Return the place of a part, a list of numbers and places."""
        return self.parts.setdefault(values, len(self.parts))

    def row(self, texts: tuple[str, ...]) -> int:
        """Return the place of a part that is made of texts alone."""
        return self.part(*map(self.text, texts))

    def mark(self, mark: Mark) -> int:
        """Return the place of a mark of a chart."""
        if isinstance(mark, Shape):
            return self.part(self.text(mark.look), self.text(mark.path))
        return self.part(_plain(mark.x), _plain(mark.y), self.text(mark.anchor), self.text(mark.text))


def _plain(place: float) -> float:
    """Return a whole number without its decimal, which would cost two bytes."""
    return int(place) if float(place).is_integer() else place


def _packed(point: Shown | Refusal, kept: _Kept) -> int | list[Any]:
    if isinstance(point, Refusal):
        return kept.text(point.reason)
    drawing = point.drawing
    frame = kept.part(_plain(drawing.width), _plain(drawing.height), tuple(map(kept.mark, drawing.frame)))
    return [
        kept.text(point.sentence),
        [kept.row(astuple(tile)) for tile in point.tiles],
        [
            [kept.text(one.title), kept.row(one.heads), list(map(kept.row, one.rows)), kept.text(one.below)]
            for one in point.tables
        ],
        [
            kept.text(point.claim),
            list(map(kept.text, _PIECES.split(point.alt))),
            frame,
            list(map(kept.mark, drawing.marks)),
        ],
        list(map(kept.text, point.notes)),
    ]


def _point(point: Shown | Refusal) -> str:
    """Return the face of one point; the script of a page builds the same for the others."""
    if isinstance(point, Refusal):
        return f'<p class="pb-point"><strong>{REFUSED}</strong> {escape(point.reason)}</p>'
    tiles = "".join(map(_tile, point.tiles))
    notes = "".join(f"<li>{escape(note)}</li>" for note in point.notes)
    return (
        f'<p class="pb-point"><strong>{PLANNED}</strong> {escape(point.sentence)}</p>'
        f'<dl class="pb-tiles">{tiles}</dl>'
        f'<figure class="pb-picture" style="margin:1em 0"><figcaption>{escape(point.claim)}</figcaption>'
        f"{point.drawing.svg(point.alt)}</figure>"
        f"{''.join(map(_table, point.tables))}" + (f'<ul class="pb-notes">{notes}</ul>' if notes else "")
    )


def _tile(tile: ShownTile) -> str:
    change = f'<dd class="pb-beside">{escape(tile.change)}</dd>' if tile.change else ""
    return (
        f'<div class="pb-tile"><dt>{escape(tile.name)}</dt>'
        f'<dd class="pb-value"><strong>{escape(tile.value)}</strong></dd>{change}</div>'
    )


def _table(table: ShownTable) -> str:
    """Return a table, or only its words where it has no rows; `align` serves viewers that strip styles."""
    below = f'<p class="pb-rest">{escape(table.below)}</p>' if table.below else ""
    title = escape(table.title)
    if not table.rows:
        return f'<figure class="pb-table"><figcaption>{title}</figcaption>{below}</figure>'
    aligned = ['class="pb-t"', *['class="pb-n" align="right"'] * (len(table.heads) - 1)]
    heads = "".join(
        f'<th scope="col" {how}>{escape(head)}</th>' for how, head in zip(aligned, table.heads, strict=True)
    )
    cells = [
        "".join(f"<td {how}>{escape(cell)}</td>" for how, cell in zip(aligned, row, strict=True))
        for row in table.rows
    ]
    rows = "".join(f"<tr>{row}</tr>" for row in cells)
    return (
        f'<figure class="pb-table"><figcaption>{title}</figcaption>'
        f'<div class="pb-scroll" role="region" aria-label="{title}" tabindex="0"><table>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>{below}</figure>"
    )


def _meanings(explored: Exploration) -> str:
    terms = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(meaning)}</dd>" for name, meaning in explored.meanings
    )
    if not terms:
        return ""
    return f'<details class="pb-meaning"><summary>What the figures mean</summary><dl>{terms}</dl></details>'


def _still(explored: Exploration) -> str:
    count = len(explored.points)
    if count == 1:
        return "One point was computed: the plan itself."
    return (
        f"{count:,} points were computed, and this is the plan. In the report page, controls move between "
        "the points; they need scripts."
    )
