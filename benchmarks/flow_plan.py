"""Time, gap and gain of the flow plan on a case, with the inventory plan's orders and levels.

    uv run python benchmarks/flow_plan.py data/sample

Prints per horizon: seconds to read and to solve, gap of the plan in whole units, and, for the horizon with
whole vehicles in all weeks, today's way beside it and past weeks planned again.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np

from helpers.contract import load_case
from helpers.forecasting import ForecastSettings, forecast_demand
from helpers.inventory import InventorySettings, plan_inventory
from helpers.inventory.exports import transport_wants
from helpers.memory import remember
from helpers.solver import solve
from helpers.transport import FlowSettings, Wants, plan_beside_today
from helpers.transport.flows import FlowProblem, read_problem, solve_flow
from helpers.transport.flows.frontier import trace_frontier
from helpers.transport.flows.program import build_flow_model
from helpers.transport.flows.todays_way import with_same_end
from helpers.transport.recorded import replay_weeks

TINY = 1e-9
HORIZONS = ((8, 2, 20.0), (4, 4, 120.0))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", nargs="?", default="data/sample")
    case = load_case(parser.parse_args().source)
    ahead = ForecastSettings(13)
    forecast = remember(forecast_demand, case, ahead)
    before = remember(forecast_demand, case, ahead.earlier(case.as_of))
    inventory = remember(plan_inventory, case, InventorySettings(), forecast, before)
    asked = transport_wants(inventory, forecast.forecast)
    for weeks, frozen, limit in HORIZONS:
        settings = FlowSettings(weeks, frozen, gap=0.01, time_limit=limit)
        begun, used = time.perf_counter(), time.process_time()
        wants = Wants(asked["demand"], asked["orders"], asked["targets"])
        problem = with_same_end(read_problem(case, settings, wants))
        read = time.perf_counter() - begun
        plan = solve_flow(problem)
        print(
            f"{weeks} weeks, {frozen} with whole vehicles: {len(problem.moves):,} flows, read {read:.1f} s, "
            f"solved {plan.seconds:.1f} s ({time.process_time() - used:.1f} CPU s in all), {plan.status}, "
            f"gap of the solve {plan.verdict.gap:.2%}, in whole units {plan.gap:.2%}"
        )
    primal, dual = certificate(problem)
    print(f"linear programme: cost {primal:,.4f}, dual {dual:,.4f}, {abs(primal - dual):.2g} apart")
    begun = time.perf_counter()
    plan, beside = plan_beside_today(problem)
    print(f"plan through the causes: {time.perf_counter() - begun:.1f} s, gap {plan.gap:.2%}")
    print(beside.steps.round(3).to_string())
    begun = time.perf_counter()
    print(trace_frontier(problem).points.round(3).to_string(), f"{time.perf_counter() - begun:.1f} s")
    begun = time.perf_counter()
    print(replay_weeks(case, settings, asked["targets"], 3).round(3).T.to_string())
    print(f"{time.perf_counter() - begun:.1f} s")


def certificate(problem: FlowProblem) -> tuple[float, float]:
    """Return the cost of the linear plan, and what its duals prove, summed over rows and columns."""
    model = build_flow_model(replace(problem, settings=replace(problem.settings, frozen_weeks=0)))
    solution = solve(model, time_limit=60, gap=0)
    found, flat = solution.require(), model.flat
    if found.row_duals is None:
        raise SystemExit("the linear plan has no duals")
    rows = np.repeat(np.arange(len(flat.row_lower)), np.diff(flat.starts))
    paid = np.bincount(
        flat.columns, weights=flat.coefficients * found.row_duals[rows], minlength=len(flat.cost)
    )
    reduced = flat.cost - paid
    limit = np.where(found.row_duals > 0, flat.row_lower, flat.row_upper)
    bound = np.where(reduced > 0, flat.lower, flat.upper)
    row, column = np.abs(found.row_duals) > TINY, np.abs(reduced) > TINY
    proven = found.row_duals[row] @ limit[row] + reduced[column] @ bound[column]
    return solution.objective, float(proven)


if __name__ == "__main__":
    main()
