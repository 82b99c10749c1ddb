"""Which goods move on which lane, in which week and how many vehicles: `plan_flow`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.contract import Case
from helpers.errors import SolverError
from helpers.solver import Model, Solution, Status, explain_infeasibility, prices, solve
from helpers.solver.verdict import Verdict
from helpers.transport.flows.account import FlowAccount, account
from helpers.transport.flows.levers import problem_under
from helpers.transport.flows.problem import FlowProblem, Wants
from helpers.transport.flows.program import CARBON, SERVICE, build_flow_model, vehicle_weeks
from helpers.transport.flows.settings import FlowSettings

LIMITS = ("vehicles", "handling", "storage", "dock capacity", CARBON, SERVICE)


@dataclass(frozen=True, eq=False)
class FlowPlan:
    """A flow plan. Weeks are Mondays; a frozen week has whole vehicles, a later one may have parts.

    Parameters
    ----------
    account
        Flows, vehicles, stock, unmet needs, waiting orders, money and carbon, recomputed from whole units.
    limits
        Limits with their prices, dearest first, as from `helpers.solver.prices`.
    problem
        What was solved.
    verdict, solved
        How the solve ended: status, bound, seconds; and in one sentence.
    notes
        What was assumed, in words.
    """

    account: FlowAccount
    limits: pd.DataFrame
    problem: FlowProblem
    verdict: Verdict
    solved: str
    notes: tuple[str, ...]

    @property
    def flows(self) -> pd.DataFrame:
        """As in `FlowAccount`, weeks as Mondays."""
        return _dated(self.problem, self.account.flows, "ship_week", "arrive_week")

    @property
    def vehicles(self) -> pd.DataFrame:
        """As in `FlowAccount`, weeks as Mondays."""
        return _dated(self.problem, self.account.vehicles, "week")

    @property
    def stock(self) -> pd.DataFrame:
        """As in `FlowAccount`, weeks as Mondays."""
        return _dated(self.problem, self.account.stock, "week")

    @property
    def unmet(self) -> pd.DataFrame:
        """As in `FlowAccount`, weeks as Mondays."""
        return _dated(self.problem, self.account.unmet, "week")

    @property
    def waiting(self) -> pd.DataFrame:
        """As in `FlowAccount`, weeks as Mondays."""
        return _dated(self.problem, self.account.waiting, "week")

    @property
    def money(self) -> pd.DataFrame:
        """Name and money."""
        return self.account.money

    @property
    def cost(self) -> float:
        """Σ money."""
        return self.account.cost

    @property
    def tonnes_co2e(self) -> float:
        """Over all flows."""
        return self.account.tonnes_co2e

    @property
    def served_share(self) -> float:
        """Units that are there in their week ÷ units needed."""
        return self.account.served_share

    @property
    def status(self) -> str:
        """How the solve ended, in words."""
        return str(self.verdict.status)

    @property
    def bound(self) -> float:
        """No plan costs less."""
        return self.verdict.bound

    @property
    def gap(self) -> float:
        """(cost in whole units − bound) ÷ cost: how far the plan is from the best at most."""
        return max(self.cost - self.bound, 0.0) / abs(self.cost) if self.cost else 0.0

    @property
    def seconds(self) -> float:
        """Of the solve."""
        return self.verdict.seconds

    @property
    def sentence(self) -> str:
        """The plan in one sentence."""
        used = self.account.flows
        return (
            f"{used['units'].sum():,.0f} units move over {used['lane_id'].nunique()} lanes in "
            f"{self.problem.settings.weeks} weeks for {self.cost:,.0f}, with {self.tonnes_co2e:,.2f} t CO2e; "
            f"{self.served_share:.1%} of the need is there in its week. {self.solved}"
        )


def plan_flow(case: Case, settings: FlowSettings | None = None, wants: Wants | None = None) -> FlowPlan:
    """Plan the flow of goods from docks over warehouses to stores and delivery zones.

    Parameters
    ----------
    case
        With products, sites, lanes, suppliers, supply_terms; stock, purchase_orders, receipts, shipments and
        emission_factors where they are there.
    settings
        Weeks, prices and limits.
    wants
        Demand, planned orders and target stock. Without them mean past sales stand in and docks give what is
        pulled; a note says so.

    Returns
    -------
    FlowPlan
        Tables, totals, prices of limits, and how far from the best the plan is at most.

    Raises
    ------
    ContractError
        A table that the plan needs is absent, or a mode has no emission factor.
    ParameterError
        What is wanted cannot be used.
    SolverError
        No plan was found within the time limit, or limits contradict each other: then which, and what is the
        least that has to give way.
    """
    return solve_flow(problem_under(case, settings or FlowSettings(), wants))


def solve_flow(
    problem: FlowProblem, *, most_service_cost: float | None = None, near: FlowPlan | None = None
) -> FlowPlan:
    """Solve a flow problem and read the plan.

    Parameters
    ----------
    problem
        What is to be moved.
    most_service_cost
        Most money of unmet needs and the like; None: no limit.
    near
        A plan whose vehicles the search begins from.
    """
    settings = problem.settings
    model = build_flow_model(problem, most_service_cost=most_service_cost)
    solution = solve(
        model,
        time_limit=settings.time_limit,
        gap=settings.gap,
        seed=settings.seed,
        start=None if near is None else {"vehicles": _vehicles_of(near, problem)},
    )
    if not solution.has_solution:
        _refuse(model, solution)
    return read_plan(problem, solution)


def _vehicles_of(plan: FlowPlan, problem: FlowProblem) -> NDArray[np.float64]:
    """Return the plan's vehicles in the order of another problem's, 0 where it has none."""
    keys = ["lane_id", "week"]
    mine = vehicle_weeks(problem)[keys]
    table = mine.merge(plan.account.vehicles[[*keys, "vehicles"]], on=keys, how="left")
    return np.asarray(table["vehicles"].fillna(0.0), dtype=np.float64)


def _refuse(model: Model, solution: Solution) -> None:
    """Say which limits clash and the cheapest way out, where that is why there is no plan."""
    limits = {name: 1.0 for name in (CARBON, SERVICE) if name in model.rules}
    if solution.status is Status.INFEASIBLE and limits:
        clash = explain_infeasibility(model, relax=limits)
        raise SolverError(f"plan_flow: no plan keeps all limits. {' '.join(clash.sentences)}")
    solution.require()


def read_plan(problem: FlowProblem, solution: Solution) -> FlowPlan:
    """Read a plan from a solution, in whole units, and account for it."""
    found = account(problem, np.asarray(solution.values("ship"), dtype=np.float64))
    ruled = [name for name in LIMITS if name in solution.model.rules]
    return FlowPlan(
        found, prices(solution, ruled), problem, solution.verdict, solution.sentence, problem.notes
    )


def _dated(problem: FlowProblem, table: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Return the table with the Mondays of the weeks in place of their numbers."""
    start = np.datetime64(problem.first_week, "ns")
    days = {name: start + table[name].to_numpy() * np.timedelta64(7, "D") for name in columns}
    return table.assign(**days).reset_index(drop=True)
