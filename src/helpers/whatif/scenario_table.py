"""The static scenario table of a page: the plan, then one change at a time, from the panel's own views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from helpers.contract.kpis import Kpi
from helpers.report.tiles import title_of
from helpers.whatif.controls import Settings, say_settings
from helpers.whatif.decision import Decision
from helpers.whatif.sensitivity import stops
from helpers.whatif.view import Refusal, View, changed_decisions

_FORMATS = {"share": "pct", "money": "money", "count": "int", "unit": "int"}
_CHANGED = "changed"


@dataclass(frozen=True, eq=False)
class ScenarioTable:
    """Settings side by side, ready for `helpers.report.table`.

    Parameters
    ----------
    frame
        setting (words), one column per tile, changed (Σ |money| of decisions that differ from the plan's).
        The first row is the plan.
    columns
        Column → "Heading|format".
    note
        Settings without a plan, and why; then how to read the rest.
    """

    frame: pd.DataFrame
    columns: Mapping[str, str]
    note: str


def scenario_table(decision: Decision, settings: Sequence[Settings] | None = None) -> ScenarioTable:
    """Return what settings lead to, side by side.

    Parameters
    ----------
    decision
        With a plan.
    settings
        What is tried; by default each control alone at the ends of its grid.
    """
    tried = [{control.name: value} for control, value in stops(decision)] if settings is None else settings
    found = [(say_settings(decision.controls, one), decision.try_view(one)) for one in tried]
    rows = [_row("as planned", decision.base, decision.base)]
    rows += [_row(words, view, decision.base) for words, view in found if isinstance(view, View)]
    refused = [f"No plan with {words}: {view.reason}" for words, view in found if isinstance(view, Refusal)]
    columns = {"setting": "If", **{kpi.name: _heading(kpi) for kpi in decision.base.tiles}}
    columns[_CHANGED] = "Decisions changed|money"
    frame = pd.DataFrame(rows, columns=list(columns))
    return ScenarioTable(frame, columns, " ".join([*refused, *decision.base.notes]))


def _row(words: str, view: View, base: View) -> dict[str, object]:
    changed = float(changed_decisions(base, view)["money"].abs().sum())
    return {"setting": words, **{kpi.name: kpi.value for kpi in view.tiles}, _CHANGED: changed}


def _heading(kpi: Kpi) -> str:
    unit = kpi.definition.unit
    form = _FORMATS.get(unit, "num1")
    named = title_of(kpi.name)
    return f"{named}|{form}" if unit in {*_FORMATS, "ratio", ""} else f"{named}, {unit}|{form}"
