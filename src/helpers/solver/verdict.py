"""What a run of the solver is worth: status, bound and gap, judged before any value is read.

gap = |objective − bound| ÷ |objective|      (0 where both are 0)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from helpers.solver.flat import FlatModel

_PROVEN = 1e-6


class Status(StrEnum):
    """How a solve ended, in words."""

    OPTIMAL = "optimal"
    WITHIN_GAP = "within the gap asked"
    STOPPED_WITH_PLAN = "stopped early, with a plan"
    STOPPED_WITHOUT_PLAN = "stopped early, without a plan"
    INFEASIBLE = "infeasible: the limits clash"
    UNBOUNDED = "unbounded: nothing limits the money"
    FAILED = "the solver failed"


@dataclass(frozen=True)
class Verdict:
    """Status of a run, why it stopped, and how good the plan is.

    Parameters
    ----------
    status
        How it ended.
    reason
        What stopped it, in words; empty where nothing did.
    objective, bound
        Money; NaN where there is none.
    gap
        Relative distance between both; infinite without a plan or a bound.
    seconds
        Wall-clock of building inside PuLP, solving and reading back.
    """

    status: Status
    reason: str
    objective: float
    bound: float
    gap: float
    seconds: float

    @property
    def has_solution(self) -> bool:
        """Whether there are values that keep every limit."""
        return self.status in {Status.OPTIMAL, Status.WITHIN_GAP, Status.STOPPED_WITH_PLAN}


def judge(highs: Any, flat: FlatModel, seconds: float) -> Verdict:
    """Judge a finished run of HiGHS."""
    from helpers.solver.handover import holds_a_plan

    reason = _REASONS.get(highs.getModelStatus().name, "")
    if not holds_a_plan(highs):
        status = _NO_PLAN.get(highs.getModelStatus().name, Status.FAILED)
        bound = _bound_of(highs, flat, solved=False)
        return Verdict(status, reason, math.nan, bound, math.inf, seconds)
    objective = float(highs.getObjectiveValue()) if len(flat.cost) else flat.offset
    ended = highs.getModelStatus().name in {"kOptimal", "kModelEmpty"}
    bound = _bound_of(highs, flat, solved=ended) if flat.has_integers or not ended else objective
    gap = relative_gap(objective, bound)
    if not ended:
        return Verdict(Status.STOPPED_WITH_PLAN, reason, objective, bound, gap, seconds)
    status = Status.OPTIMAL if gap <= _PROVEN else Status.WITHIN_GAP
    return Verdict(status, reason, objective, bound, gap, seconds)


def relative_gap(objective: float, bound: float) -> float:
    """Return |objective − bound| ÷ |objective|.

    >>> relative_gap(200.0, 190.0), relative_gap(0.0, 0.0), relative_gap(0.0, -1.0)
    (0.05, 0.0, inf)
    """
    distance = abs(objective - bound)
    if math.isnan(distance):
        return math.inf
    if distance <= 1e-9:
        return 0.0
    return distance / abs(objective) if objective else math.inf


def _bound_of(highs: Any, flat: FlatModel, *, solved: bool) -> float:
    """Return the proven bound; a linear model that was stopped has none."""
    if not flat.has_integers and not solved:
        return math.nan
    bound = float(highs.getInfo().mip_dual_bound)
    return bound if math.isfinite(bound) else math.nan


_REASONS = {
    "kTimeLimit": "the time limit",
    "kIterationLimit": "the iteration limit",
    "kSolutionLimit": "the limit of plans or nodes",
    "kMemoryLimit": "the memory limit",
    "kInterrupt": "an interruption",
    "kObjectiveBound": "the objective bound",
    "kObjectiveTarget": "the objective target",
}
_NO_PLAN = {
    "kInfeasible": Status.INFEASIBLE,
    "kUnbounded": Status.UNBOUNDED,
    "kUnboundedOrInfeasible": Status.FAILED,
    **dict.fromkeys(_REASONS, Status.STOPPED_WITHOUT_PLAN),
}
