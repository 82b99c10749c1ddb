"""Which goods move on which lane, in which week and how many vehicles: `plan_flow`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.contract import Case
from helpers.solver import Solution, prices, solve
from helpers.transport.flows.problem import FlowProblem, read_problem
from helpers.transport.flows.program import build_flow_model, vehicle_weeks
from helpers.transport.flows.settings import FlowSettings

_TINY = 1e-6
_LIMITS = ("handling", "storage", "dock capacity", "carbon budget")


@dataclass(frozen=True, eq=False)
class FlowPlan:
    """A flow plan. Weeks are Mondays; a frozen week has whole vehicles, a later one may have parts.

    Parameters
    ----------
    flows
        lane_id, product_id, origin_id, destination_id, ship_week, arrive_week, units, kg, m3, cost (freight
        by weight and piece plus the share, by the fuller of weight and volume, in the vehicles), kg_co2e.
    vehicles
        lane_id, week, vehicles, whole (of a frozen week), kg, m3, fill_weight, fill_volume (0–1), cost.
    stock
        site_id, product_id, week, units at the end of the week.
    unmet
        product_id, site_id, week, need, unmet, cost.
    limits
        Limits with their prices, dearest first, as from `helpers.solver.prices`: vehicles, handling,
        storage, docks, and the carbon budget in money per tonne.
    money
        name, money.
    cost, tonnes_co2e
        Σ money; tonnes over all flows.
    problem, solution
        What was solved, and how it ended (status, gap, bound, seconds, sentence).
    notes
        What was assumed, in words.
    """

    flows: pd.DataFrame
    vehicles: pd.DataFrame
    stock: pd.DataFrame
    unmet: pd.DataFrame
    limits: pd.DataFrame
    money: pd.DataFrame
    cost: float
    tonnes_co2e: float
    problem: FlowProblem
    solution: Solution
    notes: tuple[str, ...]

    @property
    def status(self) -> str:
        """How the solve ended, in words."""
        return str(self.solution.status)

    @property
    def gap(self) -> float:
        """Relative distance from the best plan at most."""
        return self.solution.gap

    @property
    def bound(self) -> float:
        """No plan costs less."""
        return self.solution.bound

    @property
    def seconds(self) -> float:
        """Of the solve."""
        return self.solution.seconds

    @property
    def served_share(self) -> float:
        """Units that are there in their week ÷ units needed."""
        need = float(self.unmet["need"].sum())
        return 1.0 - float(self.unmet["unmet"].sum()) / need if need else 1.0

    @property
    def sentence(self) -> str:
        """The plan in one sentence."""
        return (
            f"{self.flows['units'].sum():,.0f} units move over {self.flows['lane_id'].nunique()} lanes in "
            f"{self.problem.settings.weeks} weeks for {self.cost:,.0f}, with {self.tonnes_co2e:,.2f} t CO2e; "
            f"{self.served_share:.1%} of the need is there in its week. {self.solution.sentence}"
        )


def plan_flow(
    case: Case, settings: FlowSettings | None = None, needs: pd.DataFrame | None = None
) -> FlowPlan:
    """Plan the flow of goods from docks over warehouses to stores.

    Parameters
    ----------
    case
        With products, sites, lanes, suppliers, supply_terms; stock, purchase_orders, receipts and
        emission_factors where they are there. Delivery zones are not planned: their sales leave from the
        site that serves them.
    settings
        Weeks, prices and limits.
    needs
        product_id, site_id, week (any day of the week, or 1 for the first), units: what must be there in the
        week. Without it, mean past sales stand in, and a note says so.

    Returns
    -------
    FlowPlan
        Tables, totals, prices of limits, and how far from the best the plan is at most.

    Raises
    ------
    ContractError
        A table that the plan needs is absent, or a mode has no emission factor.
    ParameterError
        The needs cannot be used.
    SolverError
        No plan was found within the time limit.
    """
    problem = read_problem(case, settings or FlowSettings(), needs)
    return solve_flow(problem)


def solve_flow(problem: FlowProblem) -> FlowPlan:
    """Solve a flow problem and read the plan."""
    settings = problem.settings
    model = build_flow_model(problem)
    solution = solve(model, time_limit=settings.time_limit, gap=settings.gap, seed=settings.seed)
    return read_plan(problem, solution)


def read_plan(problem: FlowProblem, solution: Solution) -> FlowPlan:
    """Read the tables of a plan from a solution."""
    moves = problem.moves.assign(units=solution.values("ship"))
    moves = moves[moves["units"] > _TINY]
    vehicles = _read_vehicles(problem, solution, moves)
    money = solution.money()
    return FlowPlan(
        flows=_read_flows(problem, moves, vehicles),
        vehicles=_dated(problem, vehicles[vehicles["vehicles"] > _TINY], "week"),
        stock=_read_stock(problem, solution),
        unmet=_read_unmet(problem, solution),
        limits=_read_limits(solution),
        money=money,
        cost=float(money["money"].sum()),
        tonnes_co2e=float((moves["units"] * moves["carbon"]).sum()) / 1000,
        problem=problem,
        solution=solution,
        notes=problem.notes,
    )


def _dated(problem: FlowProblem, table: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Return the table with the Mondays of the weeks in place of their numbers."""
    start = np.datetime64(problem.first_week, "ns")
    days = {name: start + table[name].to_numpy() * np.timedelta64(7, "D") for name in columns}
    return table.assign(**days).reset_index(drop=True)


def _read_vehicles(problem: FlowProblem, solution: Solution, moves: pd.DataFrame) -> pd.DataFrame:
    trips = vehicle_weeks(problem).assign(vehicles=solution.values("vehicles"))
    loads = moves.assign(kg=moves["units"] * moves["weight"], m3=moves["units"] * moves["volume"])
    sums = loads.groupby(["lane_id", "week"], as_index=False)[["kg", "m3"]].sum()
    table = trips.merge(sums, on=["lane_id", "week"], how="left").fillna({"kg": 0.0, "m3": 0.0})
    used = table["vehicles"].where(table["vehicles"] > _TINY)
    table = table.assign(
        whole=table["week"] < problem.settings.frozen_weeks,
        fill_weight=table["kg"] / (used * table["vehicle_capacity_kg"]),
        fill_volume=table["m3"] / (used * table["vehicle_capacity_m3"]),
        cost=table["vehicles"] * table["fixed_cost"],
    )
    columns = ["lane_id", "week", "vehicles", "whole", "kg", "m3", "fill_weight", "fill_volume", "cost"]
    return table[columns]


def _read_flows(problem: FlowProblem, moves: pd.DataFrame, vehicles: pd.DataFrame) -> pd.DataFrame:
    by_trip = vehicles[["lane_id", "week", "cost", "kg", "m3", "fill_weight", "fill_volume"]]
    by_trip = by_trip.add_prefix("trip_").rename(columns={"trip_lane_id": "lane_id", "trip_week": "week"})
    table = moves.merge(by_trip, on=["lane_id", "week"], how="left")
    kg, m3 = table["units"] * table["weight"], table["units"] * table["volume"]
    by_weight = table["trip_fill_weight"].fillna(0.0) >= table["trip_fill_volume"].fillna(0.0)
    share = (kg / table["trip_kg"]).where(by_weight, m3 / table["trip_m3"]).fillna(0.0)
    done = table.assign(
        ship_week=table["week"],
        arrive_week=table["arrive"],
        kg=kg,
        m3=m3,
        cost=table["units"] * table["cost"] + share * table["trip_cost"].fillna(0.0),
        kg_co2e=table["units"] * table["carbon"],
    )
    columns = ["lane_id", "product_id", "origin_id", "destination_id", "ship_week", "arrive_week"]
    done = done[[*columns, "units", "kg", "m3", "cost", "kg_co2e"]]
    return _dated(problem, done, "ship_week", "arrive_week")


def _read_stock(problem: FlowProblem, solution: Solution) -> pd.DataFrame:
    table = solution.table("stock").rename(columns={"stock": "units"})
    return _dated(problem, table[table["units"] > _TINY], "week")


def _read_unmet(problem: FlowProblem, solution: Solution) -> pd.DataFrame:
    short = np.where(solution.values("unmet") > _TINY, solution.values("unmet"), 0.0)
    needs = problem.needs
    table = needs[["product_id", "site_id", "week"]].assign(
        need=needs["units"], unmet=short, cost=short * needs["unmet_cost"]
    )
    return _dated(problem, table, "week")


def _read_limits(solution: Solution) -> pd.DataFrame:
    return prices(solution, [name for name in _LIMITS if name in solution.model.rules])
