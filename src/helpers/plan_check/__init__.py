"""Checks of finished plans: rules over exported tables alone, and what the checks of all rooms share.

No room's planning code stands here, so that a check may rest on all of it.
"""

from helpers.plan_check.check import (
    READABLE,
    PlanReport,
    PlanRule,
    Tables,
    check_plan,
    difference,
    excess,
    remainder,
    shortfall,
)
from helpers.plan_check.exports import gather, is_empty, missing_columns, typed
from helpers.plan_check.tables import Maker, PlanTables

__all__ = [
    "READABLE",
    "Maker",
    "PlanReport",
    "PlanRule",
    "PlanTables",
    "Tables",
    "check_plan",
    "difference",
    "excess",
    "gather",
    "is_empty",
    "missing_columns",
    "remainder",
    "shortfall",
    "typed",
]
