"""Today's way of moving the same goods, and what each cause saves on the way from it to the plan.

Today: ordered goods leave when they are ready, over the usual lane. Each week a store is filled up to its
level from its usual warehouse. A zone is served from the site that sold to it, as records show. Nothing
waits to fill a vehicle, nothing changes its mode, lane or origin.

Between today and the plan lie plans that may change one thing more each:

    today → load (the same lanes; what leaves when is free) → mode → lane → site (the plan)

and the difference between neighbours is what the cause saves. The order matters little while the causes touch
different goods, but it is an order: what two causes share counts for the first. All are costed by `account`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.transport.flows.account import Floats, FlowAccount, account, read_grid
from helpers.transport.flows.plan import FlowPlan, solve_flow
from helpers.transport.flows.problem import FlowProblem

Flags = NDArray[np.bool_]
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


def compare_with_today(plan: FlowPlan) -> TodayComparison:
    """Return today's way beside the plan, and what each cause saves.

    The plans between are solved with the plan's own time limit and gap; a cause that offers nothing (no
    second mode, no second lane) saves 0 without a solve.
    """
    problem = plan.problem
    today = account_today(problem)
    same = _today_moves(problem, today)
    allowed = [same, *_wider(problem, same)]
    accounts, gaps = [today], [0.0]
    for number, mask in enumerate(allowed):
        if number and mask.sum() == allowed[number - 1].sum():
            accounts.append(accounts[-1])
            gaps.append(gaps[-1])
            continue
        step = plan if mask.all() else solve_flow(_only(problem, mask, today, fixed=number < len(CAUSES) - 1))
        accounts.append(step.account)
        gaps.append(step.gap)
    accounts[-1], gaps[-1] = plan.account, plan.gap
    return TodayComparison(today, plan.account, _causes(accounts, gaps), _steps(accounts))


def account_today(problem: FlowProblem) -> FlowAccount:
    """Return what today's way leads to."""
    moves, grid = problem.moves, read_grid(problem)
    usual = problem.lanes.set_index("lane_id")["usual"]
    is_usual = moves["lane_id"].map(usual).to_numpy(dtype=bool)
    kind = problem.sites.set_index("site_id")["kind"]
    to_zone = (moves["destination_id"].map(kind) == "zone").to_numpy()
    from_dock = moves["from_dock"].to_numpy()
    refill = is_usual & ~to_zone & ~from_dock & _usual_origin(problem)
    wanted = np.where(from_dock & is_usual, moves["most"], 0.0)
    wanted = np.where(to_zone, _sold_over(problem, is_usual), wanted)
    at, week = grid.destination, moves["week"].to_numpy()
    level = _levels(problem)
    forwarded = _forwarded(problem, wanted, to_zone)

    def decide(t: int, stock: Floats) -> Floats:
        here = np.where(at >= 0, at, 0)
        asked = np.maximum(level[here, t] + forwarded[here, t] - stock[here] - grid.supply[here, t], 0.0)
        fill: Floats = np.where(refill & (week == t), asked, wanted)
        return fill

    return account(problem, decide)


def _levels(problem: FlowProblem) -> Floats:
    """Return units that a store is filled up to before the week's sales, cells × weeks."""
    cells, weeks = problem.cells, problem.settings.weeks
    need = cells["need"].to_numpy().reshape(-1, weeks)
    most = cells["most"].to_numpy().reshape(-1, weeks)
    target = cells["target"].to_numpy().reshape(-1, weeks)
    level: Floats = np.where(np.isfinite(most), np.maximum(most, need), target + need)
    return level


def _forwarded(problem: FlowProblem, wanted: Floats, to_zone: Flags) -> Floats:
    """Return what stores send on to zones, cells × weeks: it has to come to them first."""
    grid = read_grid(problem)
    sent = np.zeros_like(grid.need)
    rows = to_zone & (grid.origin >= 0)
    np.add.at(sent, (grid.origin[rows], problem.moves["week"].to_numpy()[rows]), wanted[rows])
    # A level of the inventory plan covers deliveries from the store already.
    most = problem.cells["most"].to_numpy().reshape(grid.need.shape)
    more: Floats = np.where(np.isfinite(most), np.maximum(sent - most, 0.0), sent)
    return more


def _usual_origin(problem: FlowProblem) -> Flags:
    """Say for each move whether its lane is the nearest of those into its destination."""
    lanes = problem.lanes[~problem.lanes["origin_id"].isin(_docks(problem))]
    order = ["usual", "transit_days", "distance_km", "lane_id"]
    first = lanes.sort_values(order, ascending=[False, True, True, True]).drop_duplicates("destination_id")
    return problem.moves["lane_id"].isin(first["lane_id"]).to_numpy()


def _docks(problem: FlowProblem) -> set[str]:
    return set(problem.sites.loc[problem.sites["kind"].isin(["supplier", "plant"]), "site_id"])


def _sold_over(problem: FlowProblem, is_usual: Flags) -> Floats:
    """Return units that go to zones from the sites that sold them, per move; where no lane does, from any."""
    moves, sold = problem.moves, problem.sold
    ways = moves.loc[is_usual, ["origin_id", "destination_id", "product_id"]].drop_duplicates()
    keys = ["destination_id", "product_id"]
    zones = sold.rename(columns={"site_id": "destination_id", "sold_at": "origin_id"})
    known = zones.merge(ways, on=["origin_id", *keys], how="left", indicator=True)
    first = ways.sort_values(["destination_id", "product_id", "origin_id"]).drop_duplicates(keys)
    other = known[keys].merge(first, on=keys, how="left")["origin_id"].set_axis(known.index)
    known = known.assign(origin_id=known["origin_id"].where(known["_merge"] == "both", other))
    sums = known.groupby(["origin_id", *keys, "week"], as_index=False)[["units"]].sum()
    by_week = ["origin_id", *keys, "week"]
    found = moves[by_week].merge(sums, on=by_week, how="left", validate="many_to_one")["units"].fillna(0.0)
    return np.where(is_usual, found, 0.0)


def _today_moves(problem: FlowProblem, today: FlowAccount) -> Flags:
    """Say for each move whether its lane carries its product today."""
    pairs = pd.MultiIndex.from_frame(today.flows[["lane_id", "product_id"]].drop_duplicates())
    usual = set(problem.lanes.loc[problem.lanes["usual"], "lane_id"])
    moves = problem.moves
    used = pd.MultiIndex.from_frame(moves[["lane_id", "product_id"]]).isin(pairs)
    inner = ~moves["destination_id"].isin(problem.sites.loc[problem.sites["kind"] == "zone", "site_id"])
    return np.asarray(
        used
        | (inner & moves["lane_id"].isin(usual) & _usual_origin(problem) & ~moves["from_dock"])
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


def _only(problem: FlowProblem, mask: Flags, today: FlowAccount, *, fixed: bool) -> FlowProblem:
    """Return the problem with some of its moves; where origins are fixed, zones are served as today."""
    moves = problem.moves[mask]
    if fixed:
        keys = ["lane_id", "product_id", "week"]
        sent = today.flows.rename(columns={"ship_week": "week"})[[*keys, "units"]]
        units = moves[keys].merge(sent, on=keys, how="left", validate="one_to_one")["units"].fillna(0.0)
        zones = set(problem.sites.loc[problem.sites["kind"] == "zone", "site_id"])
        to_zone = moves["destination_id"].isin(zones).to_numpy()
        moves = moves.assign(most=np.where(to_zone, units.to_numpy(), moves["most"]))
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
