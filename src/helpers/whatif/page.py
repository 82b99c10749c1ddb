"""What a notebook says of its what-ifs: a table, and a panel that explores without a kernel too."""

from __future__ import annotations

from helpers.report import Table, table
from helpers.whatif.compare import compare
from helpers.whatif.decision import Decision
from helpers.whatif.explorer import remember_exploration
from helpers.whatif.panel import WhatIf, show_panel
from helpers.whatif.scenario_table import scenario_table
from helpers.whatif.scenarios import ScenarioStore


def show_scenarios(decision: Decision, title: str) -> Table:
    """Return the plan and each control alone at the ends of its grid, side by side.

    Parameters
    ----------
    decision
        With a plan.
    title
        What the table lists.
    """
    found = scenario_table(decision)
    return table(found.frame, title=title, columns=found.columns, most=30, note=found.note)


def play(decision: Decision) -> WhatIf:
    """Return the panel of a decision, with the scenarios of the client or project that the page belongs to.

    Where there is no kernel, the same output is the explorer of the decision's grid.
    """
    return show_panel(decision, remember_exploration(decision), ScenarioStore.here(), compare)
