"""Which goods move on which lane, in which week, and at what carbon."""

from helpers.transport.flows.account import FlowAccount, account
from helpers.transport.flows.frontier import CarbonFrontier, carbon_frontier
from helpers.transport.flows.plan import FlowPlan, plan_flow, solve_flow
from helpers.transport.flows.problem import FlowProblem, Wants, read_problem
from helpers.transport.flows.settings import FlowSettings

__all__ = [
    "CarbonFrontier",
    "FlowAccount",
    "FlowPlan",
    "FlowProblem",
    "FlowSettings",
    "Wants",
    "account",
    "carbon_frontier",
    "plan_flow",
    "read_problem",
    "solve_flow",
]
