"""What moves the plan most: each control on its own, at the ends of its grid, everything else as planned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from helpers.report import say
from helpers.report.formats import say_difference
from helpers.whatif.columns import SENSITIVITY
from helpers.whatif.controls import Control, Value
from helpers.whatif.decision import Decision
from helpers.whatif.view import Difference, Refusal, changed_decisions, compare_tiles


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """How far each control moves its decision.

    Parameters
    ----------
    table
        decision, control, to (words), kpi, base, then (words), relative (change ÷ plan of that KPI), verdict
        (`better`, `worse`, `even`), money (Σ |money| of the decisions that change), reason (why there is no
        plan, else empty); most money first. Of the decision's tiles the one is told that suffers most, and
        where none does the one that gains most: what a change costs must not hide behind what it spares.
    """

    table: pd.DataFrame

    @property
    def sentence(self) -> str:
        """What moves most, in one sentence."""
        moved = self.table[self.table["reason"].eq("") & self.table["relative"].gt(0)]
        if moved.empty:
            return "No control moves any figure of its decision."
        first = moved.iloc[0]
        return (
            f"Most money moves with {first['control']} ({first['decision'].lower()}): at {first['to']} "
            f"{first['kpi']} goes from {first['base']} to {first['then']}."
        )

    def refused(self) -> pd.DataFrame:
        """Return the stops without a plan: decision, control, to, reason."""
        rows = self.table[self.table["reason"].ne("")]
        return rows[["decision", "control", "to", "reason"]].reset_index(drop=True)


def measure_sensitivity(decisions: Sequence[Decision]) -> Sensitivity:
    """Move each control of each decision alone, to the ends of its grid (a choice: to every option of it).

    Parameters
    ----------
    decisions
        With a plan each; a control whose grid holds the plan's value alone is left out.
    """
    rows = [_row(decision, *stop) for decision in decisions for stop in stops(decision)]
    table = pd.DataFrame(rows, columns=[*SENSITIVITY, "relative", "reason"])
    by = ["money", "relative", "decision", "control", "to"]
    ascending = [False, False, True, True, True]
    ordered = table.sort_values(by, ascending=ascending, kind="stable", ignore_index=True)
    return Sensitivity(ordered)


def stops(decision: Decision) -> Iterator[tuple[Control, Value]]:
    """Return the values that each control alone is moved to: ends of its grid, options of a choice."""
    for control in decision.controls:
        values = [value for value in decision.grid.get(control.name, ()) if value != control.default]
        numbers = all(isinstance(value, float | int) and not isinstance(value, bool) for value in values)
        ends = sorted({min(values), max(values)}) if values and numbers else values
        yield from ((control, value) for value in ends)


def _row(decision: Decision, control: Control, value: Value) -> dict[str, object]:
    head = {"decision": decision.title, "control": control.label, "to": control.say(value)}
    found = decision.try_view({control.name: value})
    if isinstance(found, Refusal):
        blank = {"kpi": "no plan", "base": "", "then": "", "verdict": "stop", "money": 0.0, "relative": 0.0}
        return {**head, **blank, "reason": found.reason}
    most = max(compare_tiles(decision.base, found), key=_weight)
    changed = changed_decisions(decision.base, found)
    return {
        **head,
        "kpi": most.kpi.name,
        "base": say(most.base.value, most.base.definition.unit),
        "then": _then(most),
        "verdict": {True: "better", False: "worse", None: "even"}[most.is_good],
        "money": float(changed["money"].abs().sum()),
        "relative": _relative(most),
        "reason": "",
    }


def _weight(one: Difference) -> tuple[bool, float]:
    """What is told first: a figure that gets worse, then the larger change."""
    return one.is_good is False, _relative(one)


def _relative(one: Difference) -> float:
    """|change| ÷ |plan|; a figure that was zero and is not any more counts as wholly changed."""
    if not one.change:
        return 0.0
    base = abs(one.base.value or 0.0)
    return abs(one.change) / base if base else 1.0


def _then(one: Difference) -> str:
    value = say(one.kpi.value, one.kpi.definition.unit)
    if not one.change:
        return value
    sign = "+" if one.change > 0 else "\N{MINUS SIGN}"
    return f"{value} ({sign}{say_difference(one.change, one.kpi.definition.unit)})"
