"""Cost against carbon: the cheapest plan at each price of carbon, from none to a price beyond reason.

    Z(λ) = min  cost + λ · C        with the service held, vehicles whole as in the plan

Between two plans (C₁, cost₁) and (C₂, cost₂) with C₁ > C₂, the price at which they cost the same,

    λ = (cost₂ − cost₁) ÷ (C₁ − C₂),

is asked for next: it finds the plan that lies farthest below the line between the two, or proves, to the gap
of the solve, that none does. So every point is the best plan for a range of carbon prices, and the ends of
the range are the prices of the next tonne less and of the last. Service is held: what unmet needs, stock
below target and late orders cost may not exceed what they cost in the cheapest plan; carbon falls by mode,
load, lane, source and week.

Source: Aneja and Nair (1979), Bicriteria transportation problem, Management Science 25(1).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import pandas as pd

from helpers.contract import Case
from helpers.errors import ParameterError
from helpers.transport.flows.plan import FlowPlan, solve_flow
from helpers.transport.flows.problem import FlowProblem, Wants, read_problem
from helpers.transport.flows.settings import FlowSettings

MOST_PRICE = 5_000.0
_LEAST_STEP = 0.002  # of the distance between the ends; nearer points tell nothing
_SERVICE = ("unmet needs", "stock below target", "orders left waiting")
_SLACK = 1.001


@dataclass(frozen=True, eq=False)
class CarbonFrontier:
    """The cheapest plan at each price of carbon.

    Parameters
    ----------
    points
        tonnes_co2e, cost (without the price of carbon), extra_cost (above the cheapest plan), price_from and
        price_to (money per tonne between which the plan is the best of these), gap; cheapest plan first.
    modes
        point, mode, tonne_km, kg_co2e, vehicles: what carries how much at each point.
    plans
        One per point.
    """

    points: pd.DataFrame
    modes: pd.DataFrame
    plans: tuple[FlowPlan, ...]

    @property
    def sentence(self) -> str:
        """The frontier in one sentence, by its first cut and its last point."""
        first, last = self.points.iloc[0], self.points.iloc[-1]
        if len(self.points) == 1:
            return (
                f"The cheapest plan causes {first['tonnes_co2e']:,.2f} t CO2e; no plan with the same service "
                f"causes less at a price of carbon up to {MOST_PRICE:,.0f} per tonne."
            )
        cut = 1 - last["tonnes_co2e"] / first["tonnes_co2e"] if first["tonnes_co2e"] else 0.0
        return (
            f"The cheapest plan causes {first['tonnes_co2e']:,.2f} t CO2e. The next step down costs "
            f"{first['price_to']:,.0f} per tonne less; {cut:.0%} less is possible at the same service for "
            f"{last['extra_cost']:,.0f} more, the last of it at {last['price_from']:,.0f} per tonne."
        )


def carbon_frontier(
    case: Case, settings: FlowSettings | None = None, wants: Wants | None = None, *, points: int = 6
) -> CarbonFrontier:
    """Return cost, carbon and the price of carbon from the cheapest to the cleanest plan.

    Parameters
    ----------
    case, settings, wants
        As for `plan_flow`; `carbon_price` and `carbon_budget` of the settings are not used.
    points
        Plans solved at most, 2 or more.

    Raises
    ------
    ParameterError
        Fewer than two points.
    SolverError
        A point has no plan within the time limit.
    """
    if points < 2:
        raise ParameterError(f"carbon_frontier: 'points' is {points}. Give 2 or more.")
    settings = replace(settings or FlowSettings(), carbon_price=0.0, carbon_budget=None)
    return trace_frontier(read_problem(case, settings, wants), points)


def trace_frontier(problem: FlowProblem, points: int, cheapest: FlowPlan | None = None) -> CarbonFrontier:
    """Trace the frontier of a problem; `cheapest` is its plan without a price of carbon, if there is one."""
    first = cheapest or solve_flow(problem)
    held = _service_cost(first) * _SLACK + 1.0
    found = [first, _at_price(problem, MOST_PRICE, held, first)]
    asked: set[tuple[int, int]] = set()
    while len(found) < points:
        found = _lower_hull(found)
        pair = _widest(found, asked)
        if pair is None:
            break
        left, right = pair
        asked.add((id(left), id(right)))
        found.append(_at_price(problem, _price_between(left, right), held, left))
    plans = tuple(_lower_hull(found))
    return CarbonFrontier(_points(plans), _modes(plans), plans)


def _at_price(problem: FlowProblem, price: float, held: float, near: FlowPlan) -> FlowPlan:
    settings = replace(problem.settings, carbon_price=price)
    return solve_flow(replace(problem, settings=settings), most_service_cost=held, near=near)


def _service_cost(plan: FlowPlan) -> float:
    return float(plan.money.set_index("name")["money"].reindex(_SERVICE).fillna(0.0).sum())


def _cost(plan: FlowPlan) -> float:
    money = plan.money.set_index("name")["money"]
    return float(money.drop("carbon price").sum())


def _price_between(left: FlowPlan, right: FlowPlan) -> float:
    return (_cost(right) - _cost(left)) / (left.tonnes_co2e - right.tonnes_co2e)


def _lower_hull(plans: list[FlowPlan]) -> list[FlowPlan]:
    """Return the plans that are best at some price of carbon, cheapest (and most carbon) first."""
    hull: list[FlowPlan] = []
    for plan in sorted(plans, key=lambda one: (_cost(one), one.tonnes_co2e)):
        if hull and plan.tonnes_co2e >= hull[-1].tonnes_co2e - 1e-9:
            continue
        while len(hull) > 1 and _price_between(hull[-2], hull[-1]) >= _price_between(hull[-1], plan):
            hull.pop()
        hull.append(plan)
    return hull


def _widest(hull: list[FlowPlan], asked: set[tuple[int, int]]) -> tuple[FlowPlan, FlowPlan] | None:
    """Return the neighbours with the most carbon between them that were not asked about."""
    whole = hull[0].tonnes_co2e - hull[-1].tonnes_co2e
    pairs = [
        (left.tonnes_co2e - right.tonnes_co2e, number)
        for number, (left, right) in enumerate(pairwise(hull))
        if (id(left), id(right)) not in asked and left.tonnes_co2e - right.tonnes_co2e > _LEAST_STEP * whole
    ]
    if not pairs:
        return None
    number = max(pairs)[1]
    return hull[number], hull[number + 1]


def _points(plans: tuple[FlowPlan, ...]) -> pd.DataFrame:
    between = [_price_between(left, right) for left, right in pairwise(plans)]
    costs = [_cost(plan) for plan in plans]
    return pd.DataFrame(
        {
            "tonnes_co2e": [plan.tonnes_co2e for plan in plans],
            "cost": costs,
            "extra_cost": [cost - costs[0] for cost in costs],
            "price_from": [0.0, *between],
            "price_to": [*between, MOST_PRICE],
            "gap": [plan.gap for plan in plans],
        }
    )


def _modes(plans: tuple[FlowPlan, ...]) -> pd.DataFrame:
    parts = []
    for number, plan in enumerate(plans):
        lanes = plan.problem.lanes.set_index("lane_id")["mode"]
        flows, trips = plan.account.flows, plan.account.vehicles
        moved = flows.assign(mode=flows["lane_id"].map(lanes))
        sums = moved.groupby("mode", as_index=False)[["tonne_km", "kg_co2e"]].sum()
        used = trips["vehicles"].groupby(trips["lane_id"].map(lanes)).sum()
        parts.append(sums.assign(point=number, vehicles=sums["mode"].map(used).fillna(0.0)))
    table = pd.concat(parts, ignore_index=True)
    return table[["point", "mode", "tonne_km", "kg_co2e", "vehicles"]]
