"""What a panel shows, as HTML: pure functions from views to text, everything from the data escaped."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import pandas as pd

from helpers.report import say, say_cell
from helpers.report.formats import is_known, money_digits, number, say_difference
from helpers.report.tiles import title_of
from helpers.whatif.chart import Chart, Scale, Series, draw, scale_of
from helpers.whatif.controls import Settings
from helpers.whatif.decision import Decision
from helpers.whatif.view import Difference, Refusal, View, changed_decisions, compare_tiles

MOST_CHANGES = 8
_MINUS = "\N{MINUS SIGN}"
_SPACE = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class Failure:
    """A setting that could not be computed for a reason that nobody foresaw."""

    settings: Settings
    reason: str


Found = View | Refusal | Failure


def find(decision: Decision, settings: Settings) -> Found:
    """Return what a setting leads to; whatever goes wrong is words, no traceback."""
    try:
        return decision.try_view(settings)
    except Exception as error:  # the client sits beside: any error is said, none is thrown at them
        return Failure(dict(settings), f"{type(error).__name__}: {error}")


def render_tiles(differences: Sequence[Difference]) -> str:
    """Return the tiles of a view, each beside the plan's."""
    return f'<dl class="pb-kpis">{"".join(_tile(one) for one in differences)}</dl>'


def _tile(one: Difference) -> str:
    kpi = one.kpi
    value = repr(float(kpi.value)) if kpi.value is not None and is_known(kpi.value) else ""
    about = f"{kpi.definition.definition}. {kpi.window}" if kpi.window else kpi.definition.definition
    note = f'<dd class="pb-plain">{escape(kpi.note)}</dd>' if kpi.note and not is_known(kpi.value) else ""
    return (
        f'<div class="pb-kpi" data-kpi="{escape(kpi.name)}" data-value="{value}" title="{escape(about)}">'
        f'<dt>{escape(title_of(kpi.name))}</dt><dd class="pb-figure">{_figure(_say(one, kpi.value))}</dd>'
        f'<dd class="{_tone(one)}">{escape(say_change(one))}</dd>'
        f'<dd class="pb-plain">plan {escape(_say(one, one.base.value))}</dd>{note}</div>'
    )


def _figure(words: str) -> str:
    """A figure with its unit in small letters, which may stand below it where a tile is narrow."""
    figure, space, unit = words.partition(_SPACE)
    is_word = len(unit) > 1  # a per cent sign is none
    return f"{escape(figure)}{space}<small>{escape(unit)}</small>" if is_word else escape(words)


def _say(one: Difference, value: float | None) -> str:
    return say(value, one.kpi.definition.unit, signed=one.kpi.definition.better == "zero")


def _tone(one: Difference) -> str:
    return {True: "pb-better", False: "pb-worse", None: "pb-plain"}[one.is_good]


def say_change(one: Difference) -> str:
    """Return the difference to the plan in words: how much, and whether that is better."""
    if one.change is None:
        return "no comparison"
    if not one.change:
        return "as planned"
    size = say_difference(one.change, one.kpi.definition.unit)
    word = {True: " better", False: " worse", None: ""}[one.is_good]
    if not set(size.split(_SPACE)[0]) & set("123456789"):
        return f"hardly changed,{word}" if word else "hardly changed"
    return f"{'+' if one.change > 0 else _MINUS}{size}{word}"


def render_changes(base: View, view: View) -> str:
    """Return the decisions that differ from the plan's, the largest in money first, with their total."""
    changed = changed_decisions(base, view)
    title = escape(view.heading)
    if changed.empty:
        return f"<h4>{title}</h4><p>No decision differs from the plan.</p>"
    digits = money_digits(changed["money"])
    rows = "".join(_change_row(row, digits) for row in changed.head(MOST_CHANGES).itertuples())
    rest = len(changed) - MOST_CHANGES
    more = f" and {rest:,} more not shown" if rest > 0 else ""
    total = number(float(changed["money"].sum()), digits, signed=True)
    unit = escape(view.unit)
    return (
        f"<h4>{title}: {len(changed):,} differ{'s' if len(changed) == 1 else ''} from the plan</h4>"
        f'<div class="pb-wide" role="region" tabindex="0" aria-label="{title}"><table><thead><tr>'
        f'<th scope="col">what</th><th scope="col">plan, {unit}</th><th scope="col">here, {unit}</th>'
        f'<th scope="col">change in money</th></tr></thead><tbody>{rows}</tbody><tfoot><tr>'
        f'<th scope="row" colspan="3">Total{more}</th><td>{total}</td></tr></tfoot></table></div>'
    )


def _change_row(row: object, digits: int) -> str:
    name, before, now = (getattr(row, key) for key in ("name", "before", "now"))
    money = number(float(row.money), digits, signed=True)  # type: ignore[attr-defined]  # a row of changed_decisions
    return (
        f'<tr><th scope="row">{escape(str(name))}</th><td>{_amount(before)}</td><td>{_amount(now)}</td>'
        f"<td>{money}</td></tr>"
    )


def _amount(value: float) -> str:
    """A quantity: decimals only where it has some and is small."""
    return say_cell(value, "int" if abs(value) >= 100 or float(value).is_integer() else "num1")


def render_limits(limits: pd.DataFrame) -> str:
    """Return the limits that bind, and what one unit more of each would be worth."""
    if limits.empty:
        return "<h4>Limits that bind</h4><p>No limit binds.</p>"
    rows = "".join(
        f'<tr><th scope="row">{escape(str(row.limit))}</th><td>{escape(_of(row.used, row.unit))}</td>'
        f"<td>{escape(_of(row.most, row.unit))}</td><td>{escape(say(row.price, 'money', 2))}</td></tr>"  # type: ignore[arg-type]  # pandas-stubs types a row's cells as hashables
        for row in limits.itertuples()
    )
    return (
        '<h4>Limits that bind</h4><div class="pb-wide" role="region" tabindex="0" aria-label="Limits">'
        '<table><thead><tr><th scope="col">limit</th><th scope="col">used</th><th scope="col">most</th>'
        f'<th scope="col">one more is worth</th></tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _of(value: object, unit: object) -> str:
    return say(value if isinstance(value, int | float) else None, str(unit))


def render_chart(chart: Chart, scale: Scale | None = None) -> str:
    """Return the picture under its claim."""
    picture = draw(chart, scale).svg(chart.alt)
    return f'<figure class="pb-picture"><figcaption>{escape(chart.title)}</figcaption>{picture}</figure>'


def render_notes(view: View) -> str:
    """Return how to read a view, and how far its plan can be from the best one."""
    notes = "".join(f"<li>{escape(note)}</li>" for note in [*view.notes, *_how_exact(view.gap)])
    return f'<ul class="pb-notes">{notes}</ul>' if notes else ""


def _how_exact(gap: float) -> list[str]:
    if gap <= 0:
        return []
    size = say(gap, "share")
    most = "" if size.startswith("under") else "at most "
    return [f"The best possible plan is {most}{size} better."]


def render_view(base: View | None, view: View, scale: Scale | None = None) -> str:
    """Return tiles, picture, changed decisions, limits and notes of a view beside the plan."""
    tiles = compare_tiles(base, view) if base else [Difference(kpi, kpi, None, None) for kpi in view.tiles]
    changes = render_changes(base, view) if base else ""
    return (
        f"{render_tiles(tiles)}{render_chart(view.chart, scale)}{changes}{render_limits(view.limits)}"
        f"{render_notes(view)}"
    )


def render_found(moved: str, base: View | None, found: Found, scale: Scale | None = None) -> str:
    """Return all that a panel shows of a setting: what was moved and what that does, then the evidence."""
    lead = "As planned" if moved == "as planned" else f"With {moved}"
    said = _without(lead, found.sentence) if isinstance(found, View) else ""
    shown = render_view(base, found, scale) if isinstance(found, View) else render_refusal(found)
    # two settings may read the same (1.5 and 2 both "2"): who waits for an answer needs the exact one
    exact = escape(json.dumps(dict(found.settings)))
    return (
        f'<div class="pb-said" role="status" aria-live="polite" data-settings="{exact}">'
        f"<b>{escape(lead)}.</b> {escape(said)}"
        f"</div>{shown}"
    )


def _without(lead: str, sentence: str) -> str:
    """A sentence that names its setting, as pages need it, without what the lead beside it says already."""
    rest = sentence.removeprefix(f"{lead}: ")
    return rest[:1].upper() + rest[1:]


def render_refusal(found: Refusal | Failure) -> str:
    """Return why there is nothing to show, in words."""
    if isinstance(found, Refusal):
        lead, end = "There is no plan for this setting.", "Undo goes back to the setting before."
    else:
        lead = "This setting could not be computed."
        end = "Nothing was changed. Undo goes back to the setting before."
    lines = "".join(f"<p>{escape(line)}</p>" for line in found.reason.splitlines() if line.strip())
    return f'<div class="pb-refusal" role="alert"><p><b>{lead}</b></p>{lines}<p>{end}</p></div>'


def wider(scale: Scale | None, chart: Chart) -> Scale:
    """Return a scale that holds what it held and one more chart: it grows, and never jumps back."""
    new = scale_of([chart])
    if scale is None:
        return new
    low, high = min(scale.low, new.low), max(scale.high, new.high)
    ends = Series("", (low, high), "plan")
    round_ends = scale_of([Chart(chart.kind, "", ("low", "high"), (ends,), chart.unit, "")])
    return Scale(round_ends.low, round_ends.high, max(scale.rows, new.rows), round_ends.step)
