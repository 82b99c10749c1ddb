"""How the tables of the workbench are headed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

PLANS: Mapping[str, str] = {
    "plan": "Plan",
    "worst_regret": "Greatest regret|money",
    "worst_future": "Regretted most if",
    "expected_loss": "Expected loss|money",
    "worst_loss": "Greatest loss|money",
}
SENSITIVITY: Mapping[str, str] = {
    "decision": "Decision",
    "control": "What moves",
    "to": "To",
    "kpi": "Figure that suffers most, or gains",
    "base": "In the plan",
    "then": "Then",
    "verdict": "Better or worse",
    "money": "Decisions changed|money",
}
REFUSED: Mapping[str, str] = {
    "decision": "Decision",
    "control": "What moves",
    "to": "To",
    "reason": "Why there is no plan",
}
NOTES: Mapping[str, str] = {"note": "Note"}
SAY_LOSS = "Loss: margin of units short, holding and ordering over the weeks of the plan. Regret: see Method."


@dataclass(frozen=True, eq=False)
class Wide:
    """A table of plans × futures, ready for `helpers.report.table`."""

    frame: pd.DataFrame
    columns: Mapping[str, str]


def wide(table: pd.DataFrame) -> Wide:
    """Return plans in rows and futures in columns, headed by the futures' own names."""
    keys = {name: f"future_{place}" for place, name in enumerate(table.columns, 1)}
    frame = table.rename(columns=keys).rename_axis("plan").reset_index()
    return Wide(frame, {"plan": "Plan", **{key: f"{name}|money" for name, key in keys.items()}})
