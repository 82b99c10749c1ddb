"""The only door to PuLP: models in the planner's terms, judged solves, prices, clashes, what-ifs."""

from helpers.solver.clash import Clash, explain_infeasibility
from helpers.solver.expression import Expression, Variables, triples
from helpers.solver.limits import Limit, Rule, at_least, at_most, equals
from helpers.solver.model import Model
from helpers.solver.options import SolveOptions
from helpers.solver.pricing import prices
from helpers.solver.solution import Solution
from helpers.solver.solving import solve
from helpers.solver.variants import Variant, Variants
from helpers.solver.verdict import Status
from helpers.solver.what_if import WhatIf

__all__ = [
    "Clash",
    "Expression",
    "Limit",
    "Model",
    "Rule",
    "Solution",
    "SolveOptions",
    "Status",
    "Variables",
    "Variant",
    "Variants",
    "WhatIf",
    "at_least",
    "at_most",
    "equals",
    "explain_infeasibility",
    "prices",
    "solve",
    "triples",
]
