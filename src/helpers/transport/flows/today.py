"""Today's way of moving the same goods, and what each cause saves on the way from it to the plan.

Today (see `todays_way`): ordered goods leave when they are ready, over the usual lane. Each week a store is
filled up to its level from its usual warehouse. A zone is served from the site that sold to it, as records
show. Nothing waits to fill a vehicle, nothing changes its mode, lane or origin.

Between today and the plan lie plans that may change one thing more each:

    today → load (the same lanes; what leaves when is free) → mode → lane → site (the plan)

and the difference between neighbours is what the cause saves. The order matters little while the causes touch
different goods, but it is an order: what two causes share counts for the first. All are costed by `account`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from helpers.errors import SolverError
from helpers.transport.flows.account import FlowAccount
from helpers.transport.flows.plan import FlowPlan, solve_flow
from helpers.transport.flows.problem import FlowProblem
from helpers.transport.flows.todays_way import Flags, account_today, usual_refills

CAUSES = ("load", "mode", "lane", "site")


@dataclass(frozen=True, eq=False)
class TodayComparison:
    """Today's way beside the plan.

    Parameters
    ----------
    today, plan
        Their accounts.
    causes
        cause, transport (money for vehicles and freight saved), total (money saved in all, with handling,
        holding, unmet needs and stock below target), tonnes_co2e (saved), gap (of the plan after it).
    steps
        way, transport, other (handling and holding), service (unmet needs, stock below target, late orders),
        total, tonnes_co2e, vehicles, served: of today, after each cause, and of the plan.
    """

    today: FlowAccount
    plan: FlowAccount
    causes: pd.DataFrame
    steps: pd.DataFrame

    @property
    def saved(self) -> float:
        """Share of today's whole cost that the plan saves; below 0 where it costs more."""
        return 1.0 - self.plan.cost / self.today.cost if self.today.cost else 0.0

    @property
    def saved_transport(self) -> float:
        """Share of today's money for vehicles and freight that the plan saves."""
        before = self.today.transport_cost
        return 1.0 - self.plan.transport_cost / before if before else 0.0

    @property
    def saved_carbon(self) -> float:
        """Share of today's carbon that the plan saves."""
        before = self.today.tonnes_co2e
        return 1.0 - self.plan.tonnes_co2e / before if before else 0.0


def plan_beside_today(problem: FlowProblem) -> tuple[FlowPlan, TodayComparison]:
    """Return the plan, and today's way beside it with what each cause saves.

    Each plan on the way is searched from the one before and, since it may do all that one may, is never
    worse: where the search finds nothing better, the plan before stands, with the bound of the wider
    problem. A cause that offers nothing (no second mode, no second lane) saves 0 without a solve.
    """
    today = account_today(problem)
    same = _today_moves(problem, today)
    allowed = [same, *_wider(problem, same)]
    accounts, gaps = [today], [0.0]
    plan: FlowPlan | None = None
    for number, mask in enumerate(allowed):
        is_last = number == len(CAUSES) - 1
        if plan is None or is_last or mask.sum() > allowed[number - 1].sum():
            part = problem if is_last else _only(problem, mask, today)
            plan = _no_worse(solve_flow(part, near=plan), plan)
        accounts.append(plan.account)
        gaps.append(plan.gap)
    if plan is None:  # there is at least one cause
        raise SolverError("plan_beside_today: there is no cause to plan by.")
    return plan, TodayComparison(today, plan.account, _causes(accounts, gaps), _steps(accounts))


def _no_worse(found: FlowPlan, before: FlowPlan | None) -> FlowPlan:
    """Return the plan that was found, or the one before where that is cheaper, as a plan of this problem."""
    if before is None or found.cost <= before.cost:
        return found
    return replace(found, account=before.account)


def _today_moves(problem: FlowProblem, today: FlowAccount) -> Flags:
    """Say for each move whether its lane carries its product today."""
    pairs = pd.MultiIndex.from_frame(today.flows[["lane_id", "product_id"]].drop_duplicates())
    usual = set(problem.lanes.loc[problem.lanes["usual"], "lane_id"])
    moves = problem.moves
    used = pd.MultiIndex.from_frame(moves[["lane_id", "product_id"]]).isin(pairs)
    inner = ~moves["destination_id"].isin(problem.sites.loc[problem.sites["kind"] == "zone", "site_id"])
    return np.asarray(
        used
        | (inner & moves["lane_id"].isin(usual) & usual_refills(problem) & ~moves["from_dock"])
        | (moves["from_dock"] & moves["lane_id"].isin(usual)),
        dtype=np.bool_,
    )


def _wider(problem: FlowProblem, same: Flags) -> list[Flags]:
    """Return the moves that are allowed after mode, lane and site may change too."""
    moves = problem.moves
    lanes = problem.lanes.set_index("lane_id")
    mode = moves["lane_id"].map(lanes["mode"])
    ends = ["origin_id", "destination_id", "product_id"]
    of_today = moves[ends].assign(mode=mode)[same].drop_duplicates()
    between = pd.MultiIndex.from_frame(moves[ends]).isin(pd.MultiIndex.from_frame(of_today[ends]))
    alike = pd.MultiIndex.from_frame(moves[ends].assign(mode=mode)).isin(pd.MultiIndex.from_frame(of_today))
    other_mode = same | (between & ~alike)
    return [other_mode, same | between, np.ones(len(moves), dtype=np.bool_)]


def _only(problem: FlowProblem, mask: Flags, today: FlowAccount) -> FlowProblem:
    """Return the problem with some of its moves; zones are served from where they are today."""
    moves = problem.moves[mask]
    keys = ["lane_id", "product_id", "week"]
    sent = today.flows.rename(columns={"ship_week": "week"})[[*keys, "units"]]
    units = moves[keys].merge(sent, on=keys, how="left", validate="one_to_one")["units"].fillna(0.0)
    zones = set(problem.sites.loc[problem.sites["kind"] == "zone", "site_id"])
    to_zone = moves["destination_id"].isin(zones).to_numpy()
    moves = moves.assign(most=np.where(to_zone, units.to_numpy(), moves["most"]))
    moves = moves[moves["most"] > 0]
    return replace(problem, moves=moves.reset_index(drop=True))


def _totals(one: FlowAccount) -> dict[str, float]:
    money = one.money.set_index("name")["money"]
    service = float(money[["unmet needs", "stock below target", "orders left waiting"]].sum())
    transport = one.transport_cost
    return {
        "transport": transport,
        "other": one.cost - transport - service - float(money["carbon price"]),
        "service": service,
        "total": one.cost,
        "tonnes_co2e": one.tonnes_co2e,
        "vehicles": float(one.vehicles.loc[one.vehicles["cost"] > 0, "vehicles"].sum()),
        "served": one.served_share,
    }


def _steps(accounts: list[FlowAccount]) -> pd.DataFrame:
    names = ["today", *(f"{cause} too" if number else cause for number, cause in enumerate(CAUSES))]
    names[-1] = "the plan"
    return pd.DataFrame([{"way": name, **_totals(one)} for name, one in zip(names, accounts, strict=True)])


def _causes(accounts: list[FlowAccount], gaps: list[float]) -> pd.DataFrame:
    totals = pd.DataFrame([_totals(one) for one in accounts])
    saved = -totals[["transport", "total", "tonnes_co2e"]].diff().iloc[1:]
    return saved.assign(cause=CAUSES, gap=gaps[1:])[
        ["cause", "transport", "total", "tonnes_co2e", "gap"]
    ].reset_index(drop=True)
