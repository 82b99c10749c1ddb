"""The only door to PuLP: models in the planner's terms, judged solves, prices, clashes, what-ifs."""

from helpers.solver.expression import Expression, Variables, triples
from helpers.solver.limits import Limit, Rule, at_least, at_most, equals
from helpers.solver.model import Model
from helpers.solver.options import SolveOptions
from helpers.solver.solution import Solution
from helpers.solver.solving import solve
from helpers.solver.verdict import Status

__all__ = [
    "Expression",
    "Limit",
    "Model",
    "Rule",
    "Solution",
    "SolveOptions",
    "Status",
    "Variables",
    "at_least",
    "at_most",
    "equals",
    "solve",
    "triples",
]
