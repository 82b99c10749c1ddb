"""A decision to be played with in JupyterLab: sliders, and beside them what they lead to.

`show_panel(decision)` as the last line of a cell shows the panel where there is a front end for widgets.
Where there is none (a mailed page, a viewer on the web), the same output is plain HTML, of the same view.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from helpers.report import table, tiles
from helpers.whatif.chart import Scale
from helpers.whatif.controls import Settings, Value, defaults, moved, say_settings
from helpers.whatif.decision import Decision
from helpers.whatif.newest import Newest
from helpers.whatif.panel_inputs import Inputs
from helpers.whatif.panel_parts import (
    Failure,
    Found,
    find,
    render_chart,
    render_found,
    render_refusal,
    wider,
)
from helpers.whatif.panel_style import panel_style
from helpers.whatif.scenario_bar import (
    Compare,
    Comparison,
    SavedScenario,
    ScenarioBar,
    ScenarioStore,
    button,
)
from helpers.whatif.trail import Trail
from helpers.whatif.view import Refusal, View

__all__ = ["Panel", "ScenarioStore", "WhatIf", "plain_html", "show_panel"]
WIDGET = "application/vnd.jupyter.widget-view+json"


class Panel:
    """The widgets of one decision. `box` is what is displayed.

    Parameters
    ----------
    decision
        What is played with.
    store
        Where scenarios are kept; without one there is no scenario bar.
    compare
        Puts scenarios side by side; without one the bar has no such button.
    """

    def __init__(
        self, decision: Decision, store: ScenarioStore | None = None, compare: Compare | None = None
    ) -> None:
        import ipywidgets

        self.decision = decision
        plan = find(decision, {})
        self._base = plan if isinstance(plan, View) else None
        self._scale: Scale | None = None
        self.inputs = Inputs(decision.controls, self._ask)
        self._trail = Trail(self.inputs.settings)
        self._answers: Newest[Settings, Found] = Newest(
            lambda settings: find(decision, settings), self._show, self._say_waiting, decision.has_seen
        )
        self._shown, self._wait = ipywidgets.HTML(), ipywidgets.HTML()
        self._wait.add_class("pb-wait")
        self._buttons = {
            name: button(name, about, pressed)
            for name, about, pressed in (
                ("Reset", "back to the plan", self.reset),
                ("Undo", "back to the setting before", self.undo),
                ("Redo", "forth to what was undone", self.redo),
            )
        }
        self._bar = self._make_bar(store, compare)
        self.box = self._lay_out()
        self._show(self.inputs.settings, plan)

    def load(self, settings: Mapping[str, Value]) -> str:
        """Go to a scenario; values of other decisions are left out, and counted in what is returned."""
        names = {control.name for control in self.decision.controls}
        mine = {name: value for name, value in settings.items() if name in names}
        self._go(mine)
        others = len(settings) - len(mine)
        belong = "belongs" if others == 1 else "belong"
        return f"({others} of its values {belong} to other decisions.)" if others else ""

    def collect(self) -> dict[str, Value]:
        """Return what differs from the plan."""
        return moved(self.decision.controls, self.inputs.settings)

    def reset(self, _: object = None) -> None:
        """Go back to the plan."""
        self._go({})

    def undo(self, _: object = None) -> None:
        """Go back to the setting that was shown before."""
        self._go(self._trail.back(self.inputs.settings))

    def redo(self, _: object = None) -> None:
        """Go forth to what was undone."""
        self._go(self._trail.forth())

    def _go(self, settings: Settings) -> None:
        self.inputs.show(settings)
        self._ask()

    def _ask(self) -> None:
        self._answers.ask(self.inputs.settings)

    def _show(self, settings: Settings, found: Found) -> None:
        """Put an answer in the place of the one before: one text, so that no two parts can be out of step."""
        self._shown.value = self._rendered(settings, found)
        self._trail.go(settings)
        self._wait.value = ""
        self._shown.remove_class("pb-busy")
        self._buttons["Reset"].disabled = settings == defaults(self.decision.controls)
        self._buttons["Undo"].disabled = not self._trail.can_go_back
        self._buttons["Redo"].disabled = not self._trail.can_go_forth

    def _rendered(self, settings: Settings, found: Found) -> str:
        said = say_settings(self.decision.controls, settings)
        try:
            if isinstance(found, View):
                self._scale = wider(self._scale, found.chart)
            return render_found(said, self._base, found, self._scale)
        except Exception as error:  # as in `find`: a view that cannot be drawn is said, not thrown
            failure = Failure(settings, f"{type(error).__name__}: {error}")
            return render_found(said, self._base, failure)

    def _say_waiting(self, seconds: int) -> None:
        self._wait.value = f'<span role="status" aria-live="polite">computing … {seconds} s</span>'
        self._shown.add_class("pb-busy")

    def _make_bar(self, store: ScenarioStore | None, compare: Compare | None) -> ScenarioBar | None:
        if store is None:
            return None

        def side_by_side(scenarios: Sequence[SavedScenario]) -> Comparison:
            assert compare is not None  # noqa: S101  # the bar has the button only where there is one
            return compare([self.decision], scenarios)

        return ScenarioBar(store, self.collect, self.load, side_by_side if compare else None)

    def _lay_out(self) -> Any:
        import ipywidgets

        head = ipywidgets.HTML(
            f'{panel_style()}<div class="pb-head"><h3>{escape(self.decision.title)}</h3>'
            f"<p>{escape(self.decision.question)}</p></div>"
        )
        buttons = _boxed(ipywidgets.HBox([*self._buttons.values(), self._wait]), "pb-buttons")
        controls = _boxed(ipywidgets.VBox([buttons, *self.inputs.grouped()]), "pb-controls")
        compared = [self._bar.compared] if self._bar and self._bar.compared else []
        result = _boxed(ipywidgets.VBox([self._shown, *compared]), "pb-result")
        body = _boxed(ipywidgets.Box([controls, result]), "pb-body")
        bar = [self._bar.box] if self._bar else []
        whole = _boxed(ipywidgets.VBox([head, *bar, body]), "pb-whatif")
        return _boxed(whole, f"pb-whatif-{self.decision.name}")


class WhatIf:
    """A decision that displays itself: a panel where widgets work, and plain HTML everywhere else.

    Parameters
    ----------
    decision, store, compare
        As for `Panel`.
    static
        What shows itself where there are no widgets, such as the explorer of a mailed page; by default the
        plan itself in plain HTML.
    """

    def __init__(
        self,
        decision: Decision,
        static: object | None = None,
        store: ScenarioStore | None = None,
        compare: Compare | None = None,
    ) -> None:
        self.decision, self.store, self.compare = decision, store, compare
        self._static = static
        self._plan = decision.try_view({})
        self._panel: Panel | None = None

    @property
    def panel(self) -> Panel:
        """The widgets, made when they are first asked for."""
        if self._panel is None:
            self._panel = Panel(self.decision, self.store, self.compare)
        return self._panel

    def __repr__(self) -> str:
        said = self._plan.sentence if isinstance(self._plan, View) else self._plan.reason
        return f"{self.decision.title}: {self.decision.question} {said}"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        html = getattr(self._static, "_repr_html_", None)
        return {
            **view_of(self.panel.box),
            "text/html": html() if html else plain_html(self.decision, self._plan),
            "text/plain": repr(self),
        }


def show_panel(
    decision: Decision,
    static: object | None = None,
    store: ScenarioStore | None = None,
    compare: Compare | None = None,
) -> WhatIf:
    """Return a decision to be played with, for the last line of a cell.

    Parameters
    ----------
    decision
        What is played with. The plan itself is computed at once, so that an error stops the cell.
    static
        What is shown where there are no widgets: an object with `_repr_html_`.
    store
        Where scenarios are kept; without one there is no scenario bar.
    compare
        `(decisions, scenarios)` → side by side, such as `helpers.whatif.scenarios.compare`.
    """
    return WhatIf(decision, static, store, compare)


def view_of(box: Any) -> dict[str, Any]:
    """Return the part of a mime bundle that shows a widget."""
    return {WIDGET: {"version_major": 2, "version_minor": 0, "model_id": box.model_id}}


def plain_html(decision: Decision, plan: View | Refusal | Failure) -> str:
    """Return the plan of a decision as HTML that needs neither script nor style of ours."""
    if not isinstance(plan, View):
        return render_refusal(plan)
    rows = {"name": "what", "quantity": f"{plan.unit}|num1", "money": "money|money"}
    listed = table(plan.decisions, plan.heading, rows, most=8, sort_by="money", total=["money"])
    return (
        f"<p><strong>{escape(decision.question)}</strong> {escape(plan.sentence)}</p>"
        f"{tiles(plan.tiles)._repr_html_()}{render_chart(plan.chart)}{listed._repr_html_()}"
    )


def _boxed(box: Any, name: str) -> Any:
    box.add_class(name)
    return box
