"""Scenarios side by side: KPIs with their difference to the plan, decisions that changed, what was moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from helpers.contract.kpis import Kpi
from helpers.contract.scenarios import Scenario
from helpers.errors import ParameterError
from helpers.report.formats import GAP, is_known, say, say_difference
from helpers.report.standalone import STANDALONE_STYLE
from helpers.report.tables import Table, table
from helpers.whatif.controls import Settings, Value, moved, say_settings
from helpers.whatif.decision import Decision
from helpers.whatif.view import Difference, Refusal, View, changed_decisions, compare_tiles

PLAN = "the plan"
MOST_CHANGED = 10  # decisions shown per scenario; the export has all
KPI_COLUMNS = ("decision", "kpi", "unit", "scenario", "value", "change", "is_good")
CHANGED_COLUMNS = ("scenario", "decision", "name", "before", "now", "change", "unit", "money")


@dataclass(frozen=True, eq=False)
class Comparison:
    """Scenarios beside the plan.

    Parameters
    ----------
    scenarios
        scenario, note, changes (in words, per decision); the plan first.
    kpis
        decision, kpi, unit, scenario, value, change (to the plan, in the unit), is_good: a row per KPI and
        scenario, the plan first. A scenario without a plan has no value.
    changed
        scenario, decision, name, before, now, change, unit, money (change of money): the decisions that
        differ from the plan's, the largest in money first.
    refusals
        scenario, decision, reason: where there is no plan, in words.
    """

    scenarios: pd.DataFrame
    kpis: pd.DataFrame
    changed: pd.DataFrame
    refusals: pd.DataFrame

    @property
    def names(self) -> tuple[str, ...]:
        """The plan and the scenarios, in the order of the columns."""
        return tuple(self.scenarios["scenario"])

    def tables(self) -> tuple[Table, ...]:
        """Return what the page shows: moved, side by side, decisions, refusals."""
        shown = [
            table(
                self.scenarios,
                "What was changed",
                {"scenario": "Scenario", "changes": "Changed", "note": "Note"},
                most=len(self.scenarios),
            ),
            table(
                self._side_by_side(),
                "Side by side, with the difference to the plan",
                {"decision": "Decision", "kpi": "KPI", **_columns(self.names)},
                most=100,
            ),
        ]
        shown += [self._changed_table(name) for name in self.names[1:] if self._has_changes(name)]
        if len(self.refusals):
            columns = {"scenario": "Scenario", "decision": "Decision", "reason": "Why there is no plan"}
            shown.append(table(self.refusals, "Without a plan", columns, most=len(self.refusals)))
        return tuple(shown)

    def export(self, path: Path) -> Path:
        """Write the comparison as an Excel workbook and return its path.

        Raises
        ------
        ParameterError
            The path does not end in .xlsx, or cannot be written.
        """
        from helpers.whatif.compare_book import write_comparison

        path = Path(path)
        if path.suffix != ".xlsx":
            raise ParameterError(f"A comparison is written as an Excel workbook; got {path.name}, not .xlsx.")
        try:
            return write_comparison(self, path)
        except OSError as error:
            raise ParameterError(f"{path} cannot be written ({error.strerror}).") from error

    def _has_changes(self, scenario: str) -> bool:
        return bool((self.changed["scenario"] == scenario).any())

    def _changed_table(self, scenario: str) -> Table:
        rows = self.changed[self.changed["scenario"] == scenario]
        return table(
            rows,
            f"Decisions that change in {scenario}",
            {
                "name": "Decision",
                "before": "Plan|num1",
                "now": "Scenario|num1",
                "change": "Change|num1",
                "unit": "Unit",
                "money": "Change of money|money",
            },
            most=MOST_CHANGED,
        )

    def _side_by_side(self) -> pd.DataFrame:
        said = self.kpis.assign(
            said=[
                _say(v, c, u, g)
                for v, c, u, g in self.kpis[["value", "change", "unit", "is_good"]].itertuples(index=False)
            ]
        )
        wide = said.pivot_table(
            index=["decision", "kpi"], columns="scenario", values="said", aggfunc="first", sort=False
        )
        wide = wide.reindex(columns=list(self.names)).set_axis(list(_columns(self.names)), axis=1)
        return wide.reset_index()

    def __repr__(self) -> str:
        return "\n\n".join(repr(one) for one in self.tables())

    def _repr_html_(self) -> str:
        body = "".join(one._repr_html_().removeprefix(STANDALONE_STYLE) for one in self.tables())
        return f'{STANDALONE_STYLE}<div class="pb-comparison">{body}</div>'


def _columns(names: Sequence[str]) -> dict[str, str]:
    """Return a key and a heading per scenario; a scenario may be called as a column is."""
    return {f"scenario {place}": name for place, name in enumerate(names)}


def compare(decisions: Sequence[Decision], scenarios: Sequence[Scenario]) -> Comparison:
    """Return scenarios beside the plan, each decision answered by its own pure function.

    Parameters
    ----------
    decisions
        What is played with; each takes those changes of a scenario that are its own. A change that none of
        them has is named as not compared.
    scenarios
        What to compare, in this order; the plan comes first by itself.

    Raises
    ------
    ParameterError
        A name stands twice.
    PlanbookError
        The plan itself has no plan.
    """
    _check(scenarios)
    kpis, changed, refusals = [], [], []
    for decision in decisions:
        base = decision.base
        kpis += [_kpi_row(decision, PLAN, one) for one in compare_tiles(base, base)]
        for scenario in scenarios:
            found = _answer(decision, scenario)
            if isinstance(found, Refusal):
                refusals.append(
                    {"scenario": scenario.name, "decision": decision.title, "reason": found.reason}
                )
                kpis += [_kpi_row(decision, scenario.name, _unknown(one)) for one in base.tiles]
                continue
            kpis += [_kpi_row(decision, scenario.name, one) for one in compare_tiles(base, found)]
            changed.append(_changed_rows(decision, scenario, base, found))
    rows = [one for one in changed if len(one)]
    return Comparison(
        scenarios=pd.DataFrame(
            [
                {"scenario": PLAN, "note": "", "changes": "as planned"},
                *(
                    {"scenario": s.name, "note": s.note, "changes": _say_moved(decisions, s)}
                    for s in scenarios
                ),
            ]
        ),
        kpis=pd.DataFrame(kpis, columns=list(KPI_COLUMNS)),
        changed=pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=list(CHANGED_COLUMNS)),
        refusals=pd.DataFrame(refusals, columns=["scenario", "decision", "reason"]),
    )


def _check(scenarios: Sequence[Scenario]) -> None:
    names = [PLAN, *(scenario.name for scenario in scenarios)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ParameterError(f"Scenarios need names of their own; {', '.join(twice)} stands twice.")


def own_settings(decision: Decision, what_if: Settings) -> dict[str, Value]:
    """Return those changes of a scenario that this decision has a control for."""
    mine = {control.name for control in decision.controls}
    return {name: value for name, value in what_if.items() if name in mine}


def _answer(decision: Decision, scenario: Scenario) -> View | Refusal:
    """Return the view; what this case does not have, such as a supplier of another, is a refusal too."""
    settings = own_settings(decision, scenario.what_if)
    try:
        return decision.try_view(settings)
    except ParameterError as error:
        return Refusal(settings, str(error))


def _say_moved(decisions: Sequence[Decision], scenario: Scenario) -> str:
    parts = []
    for decision in decisions:
        settings = own_settings(decision, scenario.what_if)
        try:
            if moved(decision.controls, settings):
                parts.append(say_settings(decision.controls, settings))
        except ParameterError:
            parts.append(", ".join(f"{name} = {value}" for name, value in settings.items()))
    known = {control.name for decision in decisions for control in decision.controls}
    strange = [f"{name} = {value}" for name, value in scenario.what_if.items() if name not in known]
    if strange:
        parts.append(f"not compared here: {', '.join(strange)}")
    return "; ".join(parts) or "as planned"


def _kpi_row(decision: Decision, scenario: str, one: Difference) -> dict[str, object]:
    return {
        "decision": decision.title,
        "kpi": one.kpi.name,
        "unit": one.kpi.definition.unit,
        "scenario": scenario,
        "value": one.kpi.value,
        "change": None if scenario == PLAN else one.change,
        "is_good": None if scenario == PLAN else one.is_good,
    }


def _unknown(kpi: Kpi) -> Difference:
    return Difference(Kpi(kpi.name, None, kpi.window), kpi, None, None)


def _changed_rows(decision: Decision, scenario: Scenario, base: View, view: View) -> pd.DataFrame:
    rows = changed_decisions(base, view)
    return rows.assign(scenario=scenario.name, decision=decision.title, unit=view.unit)[list(CHANGED_COLUMNS)]


def _say(value: float | None, change: float | None, unit: str, is_good: object) -> str:
    """Return "12,400 (+1,200, worse)": the value, and how it differs from the plan."""
    if value is None or not is_known(value):
        return GAP
    text = say(value, unit)
    if change is None or not is_known(change):
        return text
    moved_by = say_difference(change, unit)
    if moved_by == say_difference(0.0, unit):
        return f"{text} (as planned)"
    word = {True: ", better", False: ", worse"}.get(is_good, "") if isinstance(is_good, bool) else ""
    return f"{text} ({'+' if change > 0 else '\N{MINUS SIGN}'}{moved_by}{word})"
