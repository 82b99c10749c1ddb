"""Cost against carbon: the least cost at each of several carbon budgets, and the price of the next tonne.

Service is held: what unmet needs, stock below target and late orders cost may not exceed what they cost in
the cheapest plan, so carbon falls by mode, load, lane, source and week and never by leaving needs unmet.
Between the carbon C₁ of the cheapest plan and C₀, where the next tonne costs more than anyone plans for, K
budgets lie at equal distances; the plan at budget C costs Z(C), and

    abatement price λ = −∂Z ÷ ∂C        money per tonne

is the dual of the budget. Vehicles may be parts of one here, x ≤ most · v as in the later weeks of the plan:
only a linear programme has exact prices, which never fall as the budget falls (Z is convex in C). Money
along the line therefore lies a little below that of a plan with whole vehicles; the distances along it are
what counts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.contract import Case
from helpers.errors import ParameterError
from helpers.solver import Model, Solution, WhatIf, solve
from helpers.transport.flows.levers import problem_under
from helpers.transport.flows.problem import FlowProblem, Wants
from helpers.transport.flows.program import CARBON, build_flow_model, vehicle_weeks
from helpers.transport.flows.settings import FlowSettings

MOST_PRICE = 5_000.0
_SERVICE = ("unmet needs", "stock below target", "orders left waiting")
_SLACK = 1e-6
_NEAR = 1e-4  # of the first carbon: less is no cut


@dataclass(frozen=True, eq=False)
class CarbonFrontier:
    """The least cost at each carbon budget.

    Parameters
    ----------
    points
        tonnes_co2e, cost (without a price of carbon), extra_cost (above the cheapest), abatement_price (money
        per tonne that the next one less costs); cheapest first.
    modes
        point, mode, tonne_km, kg_co2e, vehicles: what carries how much at each point.
    seconds
        Of all solves.
    """

    points: pd.DataFrame
    modes: pd.DataFrame
    seconds: float

    @property
    def sentence(self) -> str:
        """The frontier in one sentence, by its first cut and its last point."""
        first, last = self.points.iloc[0], self.points.iloc[-1]
        if len(self.points) == 1:
            return (
                f"No plan with the same service causes less carbon than the cheapest one at up to "
                f"{MOST_PRICE:,.0f} per tonne."
            )
        cut = 1 - last["tonnes_co2e"] / first["tonnes_co2e"]
        half = self.points.iloc[len(self.points) // 2]
        less = 1 - half["tonnes_co2e"] / first["tonnes_co2e"]
        return (
            f"From the cheapest plan, {_percent(less)} less carbon costs {half['extra_cost']:,.0f} more and "
            f"{_percent(cut)} less costs {last['extra_cost']:,.0f} more, at the same service; the tonne "
            f"after that costs over {MOST_PRICE:,.0f}."
        )

    def price_at(self, tonnes: float) -> float:
        """Return the price of the next tonne at a budget between the ends, money per tonne."""
        points = self.points.iloc[::-1]
        return float(np.interp(tonnes, points["tonnes_co2e"], points["abatement_price"]))


def _percent(share: float) -> str:
    return f"{100 * share:.0f}\N{NO-BREAK SPACE}%"


def carbon_frontier(
    case: Case, settings: FlowSettings | None = None, wants: Wants | None = None, *, points: int = 6
) -> CarbonFrontier:
    """Return cost, carbon, abatement price and modes from the cheapest to the cleanest plan.

    Parameters
    ----------
    case, settings, wants
        As for `plan_flow`; `carbon_price` and `carbon_budget` of the settings are not used.
    points
        K, budgets, 2 or more; the first is the cheapest plan.

    Raises
    ------
    ParameterError
        Fewer than two points.
    SolverError
        A point has no proven plan within the time limit.
    """
    return trace_frontier(problem_under(case, settings or FlowSettings(), wants), points)


def trace_frontier(problem: FlowProblem, points: int = 6) -> CarbonFrontier:
    """Trace the frontier of a problem that was read already."""
    if points < 2:
        raise ParameterError(f"carbon_frontier: 'points' is {points}. Give 2 or more.")
    bare = replace(problem.settings, frozen_weeks=0, carbon_price=0.0, carbon_budget=None)
    loose = replace(problem, settings=bare)
    cheapest = _solved(build_flow_model(loose), bare)
    held = _service_cost(cheapest) * (1 + _SLACK) + _SLACK
    dear = replace(bare, carbon_price=MOST_PRICE)
    cleanest = _solved(build_flow_model(replace(loose, settings=dear), most_service_cost=held), dear)
    most, least = _tonnes(loose, cheapest), _tonnes(loose, cleanest)
    seconds = cheapest.seconds + cleanest.seconds
    if most - least <= _NEAR * max(most, _SLACK):
        return CarbonFrontier(_points([cheapest], [most]), _modes(loose, [cheapest]), seconds)
    budgets = np.linspace(most, least, points)
    capped = replace(loose, settings=replace(bare, carbon_budget=most))
    first = _solved(build_flow_model(capped, most_service_cost=held), bare)
    swept = _swept(first, budgets)
    total = seconds + first.seconds + sum(one.seconds for one in swept)
    return CarbonFrontier(_points(swept, budgets.tolist()), _modes(loose, swept), total)


def _solved(model: Model, settings: FlowSettings) -> Solution:
    solution = solve(model, time_limit=settings.time_limit, gap=0.0, seed=settings.seed)
    solution.require()
    return solution


def _swept(first: Solution, budgets: NDArray[np.float64]) -> list[Solution]:
    """Return the plans at falling budgets, each solved from where the one before stands."""
    with WhatIf(first) as trial:
        moved = [trial.move(CARBON, to=float(budget) * (1 + _SLACK)) for budget in budgets]
    for solution in moved:
        solution.require()
    return moved


def _service_cost(solution: Solution) -> float:
    return float(solution.money().set_index("name")["money"].reindex(_SERVICE).fillna(0.0).sum())


def _tonnes(problem: FlowProblem, solution: Solution) -> float:
    by_weight = solution.values("ship") @ problem.moves["carbon"]
    by_trip = solution.values("vehicles") @ vehicle_weeks(problem)["kg_co2e_per_vehicle"]
    return float(by_weight + by_trip) / 1000


def _price(solution: Solution) -> float:
    duals = solution.require().row_duals
    if duals is None or CARBON not in solution.model.rules:
        return 0.0
    return -float(duals[solution.model.rule(CARBON).start]) + 0.0


def _points(solutions: list[Solution], budgets: list[float]) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "tonnes_co2e": budgets,
            "cost": [one.objective for one in solutions],
            "abatement_price": [_price(one) for one in solutions],
        }
    )
    return table.assign(extra_cost=table["cost"] - table["cost"].iloc[0])


def _modes(problem: FlowProblem, solutions: list[Solution]) -> pd.DataFrame:
    mode = problem.lanes.set_index("lane_id")[["mode", "distance_km"]]
    moves, trips = problem.moves, vehicle_weeks(problem)
    parts = []
    for number, solution in enumerate(solutions):
        units, used = solution.values("ship"), solution.values("vehicles")
        of_move = mode.loc[moves["lane_id"]]
        load = pd.DataFrame(
            {
                "mode": of_move["mode"].to_numpy(),
                "tonne_km": units * moves["weight"].to_numpy() * of_move["distance_km"].to_numpy() / 1000,
                "kg_co2e": units * moves["carbon"].to_numpy(),
                "vehicles": 0.0,
            }
        )
        own = pd.DataFrame(
            {
                "mode": mode.loc[trips["lane_id"], "mode"].to_numpy(),
                "tonne_km": 0.0,
                "kg_co2e": used * trips["kg_co2e_per_vehicle"].to_numpy(),
                "vehicles": used * trips["counted"].to_numpy(),
            }
        )
        sums = pd.concat([load, own]).groupby("mode", as_index=False).sum()
        parts.append(sums.assign(point=number))
    table = pd.concat(parts, ignore_index=True)
    return table[["point", "mode", "tonne_km", "kg_co2e", "vehicles"]]
