"""Which goods move on which lane, in which week, and at what carbon."""

from helpers.transport.flows.frontier import CarbonFrontier, carbon_frontier
from helpers.transport.flows.plan import FlowPlan, plan_flow
from helpers.transport.flows.problem import FlowProblem, read_problem
from helpers.transport.flows.settings import FlowSettings

__all__ = [
    "CarbonFrontier",
    "FlowPlan",
    "FlowProblem",
    "FlowSettings",
    "carbon_frontier",
    "plan_flow",
    "read_problem",
]
