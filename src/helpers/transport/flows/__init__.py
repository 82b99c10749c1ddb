"""Which goods move on which lane, in which week, and at what carbon."""

from helpers.transport.flows.plan import FlowPlan, plan_flow
from helpers.transport.flows.problem import FlowProblem, read_problem
from helpers.transport.flows.settings import FlowSettings

__all__ = ["FlowPlan", "FlowProblem", "FlowSettings", "plan_flow", "read_problem"]
