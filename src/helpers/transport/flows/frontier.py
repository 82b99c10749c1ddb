"""Cost against carbon: the least cost at each of several carbon budgets, and the price of the next tonne.

The service is held: unmet needs may cost no more than in the cheapest plan, so carbon falls by other modes,
lanes, sources and weeks and never by leaving needs unmet. Between the carbon C₁ of the cheapest plan and the
least carbon C₀ at which the service can be held, K budgets lie at equal distances; C(k) costs Z(k), and

    abatement price λ(k) = −∂Z ÷ ∂C    money per tonne

is the dual of the budget. Vehicles may be parts of a vehicle in all weeks: only a linear programme has exact
prices, and they never fall as the budget falls (Z is convex in C).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.contract import Case
from helpers.errors import ParameterError
from helpers.solver import Model, Solution, WhatIf, solve
from helpers.transport.flows.problem import FlowProblem, read_problem
from helpers.transport.flows.program import CARBON, build_flow_model
from helpers.transport.flows.settings import FlowSettings

_SLACK = 1e-6


@dataclass(frozen=True, eq=False)
class CarbonFrontier:
    """The least cost at each carbon budget.

    Parameters
    ----------
    points
        budget, tonnes_co2e, cost, extra_cost (above the cheapest plan), abatement_price (money per tonne that
        the next one less costs), unmet_cost; from the cheapest plan to the least carbon.
    modes
        budget, mode, tonne_km, kg_co2e: which modes carry how much at each point.
    notes
        What was assumed, in words.
    """

    points: pd.DataFrame
    modes: pd.DataFrame
    notes: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """The frontier in one sentence, by its first cut and its last point."""
        first, last = self.points.iloc[min(1, len(self.points) - 1)], self.points.iloc[-1]
        start = self.points["tonnes_co2e"].iloc[0]
        cut = 1 - last["tonnes_co2e"] / start if start else 0.0
        return (
            f"From {start:,.2f} t CO2e, the next tonne less costs {first['abatement_price']:,.0f}; "
            f"{cut:.0%} less is possible at the same service, for {last['extra_cost']:,.0f} more."
        )


def carbon_frontier(
    case: Case, settings: FlowSettings | None = None, points: int = 6, needs: pd.DataFrame | None = None
) -> CarbonFrontier:
    """Return cost, carbon, abatement price and modes from the cheapest to the cleanest plan.

    Parameters
    ----------
    case, settings, needs
        As for `plan_flow`; `frozen_weeks` and `carbon_budget` of the settings are not used.
    points
        K, budgets, 2 or more; the first is the cheapest plan.

    Raises
    ------
    ParameterError
        Fewer than two points.
    SolverError
        A point has no proven plan within the time limit.
    """
    if points < 2:
        raise ParameterError(f"carbon_frontier: 'points' is {points}. Give 2 or more.")
    settings = replace(settings or FlowSettings(), frozen_weeks=0, carbon_budget=None)
    problem = read_problem(case, settings, needs)
    cheapest = _solved(build_flow_model(problem), settings)
    most = _tonnes(problem, cheapest)
    unmet = _unmet_cost(problem, cheapest) * (1 + _SLACK) + _SLACK
    least = _solved(build_flow_model(problem, unmet_limit=unmet, only_carbon=True), settings).objective
    budgets = np.linspace(most, least + _SLACK * max(most, 1.0), points)
    model = build_flow_model(problem, carbon_budget=most, unmet_limit=unmet)
    solutions = _swept(_solved(model, settings), budgets)
    rows = [_point(problem, budget, one) for budget, one in zip(budgets.tolist(), solutions, strict=True)]
    table = pd.DataFrame(rows)
    modes = [_modes(problem, budget, one) for budget, one in zip(budgets.tolist(), solutions, strict=True)]
    return CarbonFrontier(
        points=table.assign(extra_cost=table["cost"] - table["cost"].iloc[0]),
        modes=pd.concat(modes, ignore_index=True),
        notes=(*problem.notes, "Frontier: vehicles may be parts of a vehicle; unmet needs are held."),
    )


def _solved(model: Model, settings: FlowSettings) -> Solution:
    solution = solve(model, time_limit=settings.time_limit, gap=0.0, seed=settings.seed)
    solution.require()
    return solution


def _swept(first: Solution, budgets: NDArray[np.float64]) -> list[Solution]:
    """Return the plans at falling budgets, each solved from where the one before stands."""
    with WhatIf(first) as trial:
        moved = [trial.move(CARBON, to=float(budget)) for budget in budgets]
    for solution in moved:
        solution.require()
    return moved


def _tonnes(problem: FlowProblem, solution: Solution) -> float:
    return float(solution.values("ship") @ problem.moves["carbon"]) / 1000


def _unmet_cost(problem: FlowProblem, solution: Solution) -> float:
    return float(solution.values("unmet") @ problem.needs["unmet_cost"])


def _point(problem: FlowProblem, budget: float, solution: Solution) -> dict[str, float]:
    found = solution.require().row_duals
    row = solution.model.rule(CARBON).start
    price = 0.0 if found is None else -float(found[row]) + 0.0
    return {
        "budget": budget,
        "tonnes_co2e": _tonnes(problem, solution),
        "cost": solution.objective,
        "abatement_price": price,
        "unmet_cost": _unmet_cost(problem, solution),
    }


def _modes(problem: FlowProblem, budget: float, solution: Solution) -> pd.DataFrame:
    lanes = problem.lanes[["lane_id", "mode", "distance_km"]]
    moves = problem.moves.merge(lanes, on="lane_id", how="left", validate="many_to_one")
    units = solution.values("ship")
    table = moves[["mode"]].assign(
        tonne_km=units * moves["weight"] * moves["distance_km"] / 1000, kg_co2e=units * moves["carbon"]
    )
    sums = table.groupby("mode", as_index=False)[["tonne_km", "kg_co2e"]].sum()
    return sums.assign(budget=budget)[["budget", "mode", "tonne_km", "kg_co2e"]]
