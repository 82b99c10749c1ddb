"""All decisions in one place: a tab each, one scenario across all of them, and scenarios side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from html import escape
from typing import Any

from helpers.errors import ParameterError
from helpers.report import table
from helpers.report.formats import say
from helpers.whatif.controls import Value, complete
from helpers.whatif.decision import Decision
from helpers.whatif.panel import Panel, view_of
from helpers.whatif.panel_style import panel_style
from helpers.whatif.scenario_bar import (
    Compare,
    Comparison,
    SavedScenario,
    ScenarioBar,
    ScenarioStore,
    SideBySide,
)
from helpers.whatif.view import View


class Workbench:
    """What `workbench` returns: displays itself, as tabs where widgets work and as plain HTML elsewhere.

    Parameters
    ----------
    decisions, store, compare
        As for `workbench`.
    """

    def __init__(
        self,
        decisions: Sequence[Decision],
        store: ScenarioStore | None = None,
        compare: Compare | None = None,
    ) -> None:
        if not decisions:
            raise ParameterError("workbench() got no decision. Give at least one.")
        self.decisions, self.store, self.compare = tuple(decisions), store, compare
        self._panels: dict[str, Panel] = {}
        self._waiting: dict[str, Value] = {}  # of decisions whose tab was never opened
        self._box: Any = None

    @property
    def box(self) -> Any:
        """The widgets, made when they are first asked for."""
        if self._box is None:
            self._box = self._lay_out()
        return self._box

    def collect(self) -> dict[str, Value]:
        """Return what differs from the plan, over all decisions."""
        found = dict(self._waiting)
        for panel in self._panels.values():
            found.update(panel.collect())
        return found

    def load(self, settings: Mapping[str, Value]) -> str:
        """Go to a scenario in every decision; a wrong value raises ParameterError and changes nothing."""
        known = {control.name for decision in self.decisions for control in decision.controls}
        for decision in self.decisions:
            complete(decision.controls, self._of(decision, settings))
        for decision in self.decisions:
            if decision.name in self._panels:
                self._panels[decision.name].load(self._of(decision, settings))
        closed = [decision for decision in self.decisions if decision.name not in self._panels]
        self._waiting = {
            name: value for decision in closed for name, value in self._of(decision, settings).items()
        }
        unknown = [name for name in settings if name not in known]
        return f"(Not for the decisions here: {', '.join(unknown)}.)" if unknown else ""

    def open(self, place: int) -> None:
        """Make the panel of a tab that is looked at for the first time."""
        if place >= len(self.decisions) or self.decisions[place].name in self._panels:
            return
        decision = self.decisions[place]
        panel = Panel(decision)
        mine = self._of(decision, self._waiting)
        self._waiting = {name: value for name, value in self._waiting.items() if name not in mine}
        self._panels[decision.name] = panel
        self._tabs.children[place].children = [panel.box]
        if mine:
            panel.load(mine)

    def __repr__(self) -> str:
        return "\n".join(f"{decision.title}: {decision.question}" for decision in self.decisions)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {**view_of(self.box), "text/html": self._plain_html(), "text/plain": repr(self)}

    def _of(self, decision: Decision, settings: Mapping[str, Value]) -> dict[str, Value]:
        mine = {control.name for control in decision.controls}
        return {name: value for name, value in settings.items() if name in mine}

    def _lay_out(self) -> Any:
        import ipywidgets

        titles = [decision.title for decision in self.decisions]
        tabs = [ipywidgets.VBox() for _ in self.decisions]
        summary = self._summary()
        self._tabs = ipywidgets.Tab(
            [*tabs, *summary], titles=[*titles, *(["All scenarios"] if summary else [])]
        )
        self._tabs.selected_index = 0
        self._tabs.observe(lambda change: self.open(change["new"]), names="selected_index")
        bar = [ScenarioBar(self.store, self.collect, self.load).box] if self.store else []
        whole = ipywidgets.VBox([ipywidgets.HTML(panel_style()), *bar, self._tabs])
        whole.add_class("pb-whatif")
        whole.add_class("pb-workbench")
        self.open(0)
        return whole

    def _summary(self) -> list[Any]:
        if self.store is None or self.compare is None:
            return []
        return [_Summary(self.store, partial(self.compare, self.decisions)).box]

    def _plain_html(self) -> str:
        return "".join(_plan_of(decision) for decision in self.decisions)


class _Summary:
    """The last tab: all saved scenarios side by side, over all decisions."""

    def __init__(
        self, store: ScenarioStore, compare: Callable[[Sequence[SavedScenario]], Comparison]
    ) -> None:
        import ipywidgets

        self._told = ipywidgets.HTML()
        side_by_side = SideBySide(store, compare, "Compare all scenarios", self._say)
        row = ipywidgets.HBox([*side_by_side.buttons, self._told])
        row.add_class("pb-buttons")
        self.box = ipywidgets.VBox([row, side_by_side.shown])
        self.box.add_class("pb-result")

    def _say(self, words: str) -> None:
        self._told.value = f'<span role="status" aria-live="polite">{escape(words)}</span>'


def workbench(
    decisions: Sequence[Decision], store: ScenarioStore | None = None, compare: Compare | None = None
) -> Workbench:
    """Return all decisions as one workbench, for the only output of a notebook.

    Parameters
    ----------
    decisions
        A tab each, made when it is first opened.
    store
        Where scenarios are kept; a scenario holds the values of all decisions.
    compare
        `(decisions, scenarios)` → side by side, such as `helpers.whatif.scenarios.compare`; with it and a
        store there is a last tab with all scenarios.
    """
    return Workbench(decisions, store, compare)


def _plan_of(decision: Decision) -> str:
    """The plan of one decision in plain HTML: its sentence and its figures."""
    import pandas as pd

    plan = decision.try_view({})
    lead = f"<h3>{escape(decision.title)}</h3><p><strong>{escape(decision.question)}</strong> "
    if not isinstance(plan, View):
        return f"{lead}{escape(plan.reason)}</p>"
    rows = pd.DataFrame(
        [(kpi.name, say(kpi.value, kpi.definition.unit), kpi.window) for kpi in plan.tiles],
        columns=["name", "value", "window"],
    )
    columns = {"name": "figure", "value": "value", "window": "over"}
    return f"{lead}{escape(plan.sentence)}</p>{table(rows, 'The plan', columns)._repr_html_()}"
