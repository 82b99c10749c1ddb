"""What if: orders may not wait, freight by road gets dearer; solved anew each time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pandas as pd

from helpers.transport.flows.plan import FlowPlan, solve_flow
from helpers.transport.flows.problem import FlowProblem

_DEARER = 1.25
_BY_ROAD = ("road", "parcel")


def flow_scenarios(plan: FlowPlan) -> pd.DataFrame:
    """Return what changes with the plan's settings and prices.

    Returns
    -------
    pandas.DataFrame
        scenario, transport (money for vehicles and freight), total (money), tonnes_co2e, vehicles, served
        (0–1), more_cost (total above the plan's), within (money: the total is known to so much at most).
    """
    changes: dict[str, Callable[[FlowProblem], FlowProblem]] = {
        "Orders leave the week they are ready": _without_waiting,
        "Road freight and vehicles 25 % dearer": _dearer_road,
    }
    rows = [_row("The plan", plan, plan)]
    for name, change in changes.items():
        rows.append(_row(name, solve_flow(change(plan.problem), near=plan), plan))
    return pd.DataFrame(rows)


def _row(name: str, found: FlowPlan, plan: FlowPlan) -> dict[str, object]:
    account = found.account
    return {
        "scenario": name,
        "transport": account.transport_cost,
        "total": found.cost,
        "tonnes_co2e": found.tonnes_co2e,
        "vehicles": float(account.vehicles.loc[account.vehicles["cost"] > 0, "vehicles"].sum()),
        "served": found.served_share,
        "more_cost": found.cost - plan.cost,
        "within": found.gap * found.cost,
    }


def _without_waiting(problem: FlowProblem) -> FlowProblem:
    settings = replace(problem.settings, dispatch_slack_weeks=0)
    return replace(problem, settings=settings, dispatch=problem.dispatch.assign(recent=0.0))


def _dearer_road(problem: FlowProblem) -> FlowProblem:
    by_road = problem.lanes["mode"].isin(_BY_ROAD)
    factor = by_road.map({True: _DEARER, False: 1.0})
    lanes = problem.lanes.assign(fixed_cost=problem.lanes["fixed_cost"] * factor)
    per_move = problem.moves["lane_id"].map(factor.set_axis(problem.lanes["lane_id"]))
    moves = problem.moves.assign(cost=problem.moves["cost"] * per_move)
    return replace(problem, lanes=lanes, moves=moves)
