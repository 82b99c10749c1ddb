"""A view in words: what an explorer shows of one point, every figure written out, nothing left to compute."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from helpers.report import say
from helpers.report.formats import GAP, is_known, money_digits, number, say_difference
from helpers.report.tiles import title_of
from helpers.whatif.chart import Drawing, Scale, draw
from helpers.whatif.view import Difference, View, changed_decisions, compare_tiles

MOST_ROWS = 6
AS_PLANNED = "as planned"


@dataclass(frozen=True)
class ShownTile:
    """A tile: name, value, the difference to the plan in words, and its tone (`good`, `bad`, `plain`)."""

    name: str
    value: str
    change: str
    tone: str


@dataclass(frozen=True)
class ShownTable:
    """A small table: the first column is text, the others are figures; `below` counts what is left out."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    below: str


@dataclass(frozen=True)
class Shown:
    """One point as it is shown.

    Parameters
    ----------
    sentence, notes
        As in the view; a plan that is not proven best says so in a note.
    tiles, tables
        Tiles beside the plan's; the decisions (those that change, or the plan's own) and the limits.
    claim, alt, drawing
        Title of the chart, the chart in words, and the chart.
    """

    sentence: str
    tiles: tuple[ShownTile, ...]
    tables: tuple[ShownTable, ...]
    claim: str
    alt: str
    drawing: Drawing
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Digits:
    """Decimals of quantities and of money: the same at every point, so that figures can be compared."""

    quantity: int
    money: int


def digits_of(views: Iterable[View]) -> Digits:
    """Return decimals that suit all views: none for whole quantities, cents only where no amount is large."""
    tables = [view.decisions for view in views]
    numbers = [value for table in tables for value in table["quantity"].dropna()]
    amounts = [value for table in tables for value in table["money"]]
    return Digits(0 if all(float(value).is_integer() for value in numbers) else 1, money_digits(amounts))


def show(view: View, base: View | None, scale: Scale, digits: Digits) -> Shown:
    """Return a view in words.

    Parameters
    ----------
    view, base
        The point, and the plan to compare it with; None for the plan itself, or where the data bear none.
    scale
        Of the chart, common to all points.
    digits
        Of the decisions, common to all points.
    """
    compared = compare_tiles(base, view) if base else tuple(Difference(k, k, None, None) for k in view.tiles)
    decisions = _changes(base, view, digits) if base else _top_decisions(view, digits)
    return Shown(
        sentence=view.sentence,
        tiles=tuple(map(_tile, compared)),
        tables=(decisions, _limits(view)),
        claim=view.chart.title,
        alt=view.chart.alt,
        drawing=draw(view.chart, scale),
        notes=(*view.notes, *_how_exact(view)),
    )


def _tile(one: Difference) -> ShownTile:
    kpi = one.kpi
    value = say(kpi.value, kpi.definition.unit, signed=kpi.definition.better == "zero")
    name = title_of(kpi.name)
    if not is_known(kpi.value):
        return ShownTile(name, value, kpi.note, "plain")
    return ShownTile(name, value, *say_change(one))


def say_change(one: Difference) -> tuple[str, str]:
    """Return how a tile differs from the plan's, in words ("▲ 200 better than the plan"), and its tone."""
    if one.change is None or not is_known(one.change):
        return ("", "plain")
    unit = one.kpi.definition.unit
    size = say_difference(one.change, unit)
    if size == say_difference(0.0, unit) or say(one.kpi.value, unit) == say(one.base.value, unit):
        return (AS_PLANNED, "plain")
    arrow, more = ("▲", "more") if one.change > 0 else ("▼", "less")
    tone, word = {True: ("good", "better"), False: ("bad", "worse"), None: ("plain", more)}[one.is_good]
    return (f"{arrow} {size} {word} than the plan", tone)


def _top_decisions(view: View, digits: Digits) -> ShownTable:
    """Return the largest decisions in money, where there is nothing to compare with."""
    size = view.decisions["money"].abs().fillna(0.0)
    order = view.decisions.assign(size=size).sort_values(["size", "decision"], ascending=[False, True])
    rows = tuple(
        (str(row.name), _figure(row.quantity, digits.quantity), _figure(row.money, digits.money))
        for row in _first_rows(order)
    )
    if not rows:
        return ShownTable(view.heading, (), (), "There is nothing to decide.")
    return ShownTable(view.heading, ("Decision", _title(view.unit), "Money"), rows, _rest(len(order), "more"))


def _changes(base: View, view: View, digits: Digits) -> ShownTable:
    """Return the decisions that differ from the plan's, the largest in money first."""
    changed = changed_decisions(base, view)
    title = f"{view.heading}: what changes"
    if changed.empty:
        return ShownTable(title, (), (), "No decision differs from the plan.")
    rows = tuple(
        (
            str(row.name),
            _figure(row.before, digits.quantity),
            _figure(row.now, digits.quantity),
            _figure(row.money, digits.money, signed=True),
        )
        for row in _first_rows(changed)
    )
    heads = ("Decision", f"{_title(view.unit)}, plan", "Here", "Money, change")
    return ShownTable(title, heads, rows, _rest(len(changed), "more that changes", "more that change"))


def _limits(view: View) -> ShownTable:
    """Return the limits that bind, with what one unit more of each would be worth."""
    if view.limits.empty:
        return ShownTable("Limits", (), (), "No limit binds.")
    rows = tuple(
        (
            str(row.limit),
            say(row.used, row.unit),
            say(row.most, row.unit),
            say(row.price, "money", 2) if is_known(row.price) else GAP,
        )
        for row in _first_rows(view.limits)
    )
    heads = ("Limit", "Used", "Most", "One more is worth")
    return ShownTable("Limits that bind", heads, rows, _rest(len(view.limits), "more"))


def _first_rows(table: pd.DataFrame) -> Iterable[Any]:
    return table.head(MOST_ROWS).itertuples(index=False, name="Row")


def _how_exact(view: View) -> Sequence[str]:
    if not view.gap >= 0.0005:
        return ()
    return (f"Solved to within {say(view.gap, 'share')} of the best that can be.",)


def _rest(count: int, one: str, many: str = "") -> str:
    hidden = count - MOST_ROWS
    return f"… and {hidden:,} {one if hidden == 1 else many or one}" if hidden > 0 else ""


def _figure(value: float, digits: int, *, signed: bool = False) -> str:
    return GAP if pd.isna(value) or np.isinf(value) else number(float(value), digits, signed=signed)


def _title(words: str) -> str:
    return words[:1].upper() + words[1:]
