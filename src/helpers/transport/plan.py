"""The transport plan of a page: flows and loads, today's way, the price of carbon, what was recorded."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from helpers.contract import Case
from helpers.contract.kpis import Kpi, ratio_kpi
from helpers.transport.flows.account import FlowAccount
from helpers.transport.flows.frontier import CarbonFrontier, trace_frontier
from helpers.transport.flows.levers import problem_under
from helpers.transport.flows.plan import FlowPlan
from helpers.transport.flows.problem import Wants
from helpers.transport.flows.settings import FlowSettings
from helpers.transport.flows.today import TodayComparison, plan_beside_today
from helpers.transport.loads import LoadPlan, pack_loads
from helpers.transport.recorded import RecordedFreight, read_recorded, replay_weeks

REPLAYS = 3


@dataclass(frozen=True, eq=False)
class TransportPlan:
    """What moves when on which lane and in which vehicle, and what that is worth.

    Parameters
    ----------
    flow
        The flow plan.
    loads
        Its vehicles, filled.
    beside
        Today's way on the same needs, and what each cause saves.
    frontier
        Cost against carbon.
    recorded
        Freight and carbon of the recorded shipments.
    replay
        Past weeks planned again, as from `replay_weeks`.
    """

    flow: FlowPlan
    loads: LoadPlan
    beside: TodayComparison
    frontier: CarbonFrontier
    recorded: RecordedFreight
    replay: pd.DataFrame

    @property
    def settings(self) -> FlowSettings:
        """What was asked."""
        return self.flow.problem.settings

    @property
    def first_week(self) -> pd.Timestamp:
        """Monday on which the plan begins."""
        return pd.Timestamp(self.flow.problem.first_week)

    @cached_property
    def fingerprint(self) -> str:
        """Name of the content, for what is built on this plan."""
        rows = pd.util.hash_pandas_object(self.flow.account.flows, index=False).to_numpy().tobytes()
        return hashlib.blake2b(repr(self.settings).encode() + rows, digest_size=8).hexdigest()

    @property
    def tiles(self) -> tuple[Kpi, ...]:
        """The figures of the page's head: money first."""
        span = f"{self.settings.weeks} weeks" if self.settings.weeks != 1 else "1 week"
        window = f"{span} from {self.first_week:%-d %B %Y}"
        loads = self.loads.loads[self.loads.loads["is_paid_whole"]]
        fuller = loads[["fill_weight", "fill_volume"]].max(axis=1)
        counted = f"{len(loads)} loads paid per vehicle, {window}"
        fill = ratio_kpi("mean load fill", float(fuller.sum()), float(len(loads)), counted)
        return (*_kpis(self.flow.account, window), fill)

    @property
    def baseline_tiles(self) -> tuple[Kpi, ...]:
        """Today's way, for the tiles that it has."""
        return _kpis(self.beside.today, "today's way on the same needs")

    def departures(self) -> pd.DataFrame:
        """Return the loads of the first week: what leaves now, the dearest first."""
        loads = self.loads.loads
        now = loads[loads["ship_week"] == self.first_week]
        fill = now[["fill_weight", "fill_volume"]].max(axis=1)
        return now.assign(fill=fill).sort_values(
            ["freight_cost", "load_id"], ascending=[False, True], ignore_index=True
        )

    def waiting(self) -> pd.DataFrame:
        """Return what is ready and waits: origin_id, site_id, lines, waiting, kg, leaves (a week)."""
        account, monday = self.flow.account, self.first_week
        now = account.waiting[account.waiting["week"] == 0]
        weight = self.flow.problem.products.set_index("product_id")["weight"]
        now = now.assign(kg=now["waiting"] * now["product_id"].map(weight))
        sums = now.groupby(["origin_id", "site_id"], as_index=False).agg(
            lines=("product_id", "nunique"), waiting=("waiting", "sum"), kg=("kg", "sum")
        )
        later = account.flows[account.flows["ship_week"] > 0].rename(columns={"destination_id": "site_id"})
        first = later.groupby(["origin_id", "site_id"], as_index=False)["ship_week"].min()
        both = sums.merge(first, on=["origin_id", "site_id"], how="left")
        days = pd.to_timedelta(7 * both["ship_week"], unit="D")
        return both.assign(leaves=monday + days).drop(columns="ship_week")

    def frontier_table(self) -> pd.DataFrame:
        """Return the points of the frontier with `cut`, the share of carbon below the cheapest plan."""
        points = self.frontier.points
        most = float(points["tonnes_co2e"].iloc[0])
        return points.assign(cut=1 - points["tonnes_co2e"] / most if most else 0.0)

    def limits(self) -> pd.DataFrame:
        """Return the limits that cost something, dearest first."""
        table = self.flow.limits
        return table[table["binding"] & (table["price"].abs() > _LEAST_PRICE)].reset_index(drop=True)

    def unmet(self) -> pd.DataFrame:
        """Return what will not be there in its week, summed over weeks, with the reason in words."""
        return explain_unmet(self.flow)

    def lane_use(self) -> pd.DataFrame:
        """Return what each lane carries in the plan and today.

        lane_id, mode, origin_id, destination_id, kg, vehicles, fill (mean over vehicles of the fuller of
        weight and volume), cost, kg_co2e, and the same as today_….
        """
        lanes = self.flow.problem.lanes[["lane_id", "mode", "origin_id", "destination_id"]]
        plan, today = (_use_of(one.flows, one.vehicles) for one in (self.flow.account, self.beside.today))
        both = plan.join(today.add_prefix("today_"), how="outer").fillna(0.0).reset_index()
        return lanes.merge(both, on="lane_id", how="inner", validate="one_to_one")

    def notes_table(self) -> pd.DataFrame:
        """Return the notes as a table with the column note."""
        return pd.DataFrame({"note": self.flow.notes})


_LEAST_PRICE = 0.005


def plan_transport(case: Case, settings: FlowSettings, wants: Wants | None = None) -> TransportPlan:
    """Plan transport, with all that the page shows beside it.

    Parameters
    ----------
    case
        As for `plan_flow`.
    settings
        Weeks, prices and limits.
    wants
        Demand, planned orders and target stock.

    Raises
    ------
    ContractError, ParameterError, SolverError
        As `plan_flow`.
    """
    problem = problem_under(case, settings, wants)
    flow, beside = plan_beside_today(problem)
    return TransportPlan(
        flow=flow,
        loads=pack_loads(flow),
        beside=beside,
        frontier=trace_frontier(problem),
        recorded=read_recorded(case),
        replay=replay_weeks(case, settings, None if wants is None else wants.targets, REPLAYS),
    )


def _kpis(account: FlowAccount, window: str) -> tuple[Kpi, ...]:
    need = float(account.unmet["need"].sum())
    there = need - float(account.unmet["unmet"].sum())
    grams, tonne_km = 1000 * float(account.flows["kg_co2e"].sum()), float(account.flows["tonne_km"].sum())
    return (
        Kpi("freight cost", account.transport_cost, window),
        Kpi("transport emissions", account.tonnes_co2e, window),
        ratio_kpi("gCO2e per t-km", grams, tonne_km, window),
        ratio_kpi("needs met in their week", there, need, window),
    )


def explain_unmet(flow: FlowPlan) -> pd.DataFrame:
    """Return product_id, site_id, first_week, need, unmet, cost, why; dearest first."""
    short = flow.account.unmet[flow.account.unmet["unmet"] > 0]
    keys = ["site_id", "product_id", "week"]
    names = {"destination_id": "site_id", "week": "leaves", "arrive": "week"}
    into = flow.problem.moves.rename(columns=names)
    ways = into.groupby(keys).size().rename("ways").reset_index()
    table = short.merge(ways, on=keys, how="left").merge(_until(flow), on=["product_id", "week"], how="left")
    scarce = (
        "All there is until then, "
        + table["there"].map("{:,.0f}".format)
        + " units, is less than the "
        + table["wanted"].map("{:,.0f}".format)
        + " wanted."
    )
    shut = table["site_id"] == flow.problem.settings.closed_site
    why = np.select(
        [shut, table["ways"].isna(), table["there"] < table["wanted"]],
        ["The site is closed.", "No lane brings it in time.", scarce],
        default="What there is lies where it is needed too, or its journey costs more than it earns.",
    )
    monday = pd.Timestamp(flow.problem.first_week)
    dated = table.assign(why=why, first_week=monday + pd.to_timedelta(7 * table["week"], unit="D"))
    found = dated.groupby(["product_id", "site_id"], as_index=False).agg(
        first_week=("first_week", "min"),
        need=("need", "sum"),
        unmet=("unmet", "sum"),
        cost=("cost", "sum"),
        why=("why", "first"),
    )
    columns = ["product_id", "site_id", "first_week", "need", "unmet", "cost", "why"]
    order = ["cost", "product_id", "site_id"]
    return found[columns].sort_values(order, ascending=[False, True, True], ignore_index=True)


def _until(flow: FlowPlan) -> pd.DataFrame:
    """Return product_id, week, there (stock and what has come by then), wanted (needs until then)."""
    cells, moves = flow.problem.cells, flow.account.flows
    docks = set(flow.problem.sites.loc[flow.problem.sites["kind"].isin(["supplier", "plant"]), "site_id"])
    come = moves[moves["origin_id"].isin(docks)].rename(columns={"arrive_week": "week"})
    by_week = cells.groupby(["product_id", "week"])[["supply", "need"]].sum()
    brought = come.groupby(["product_id", "week"])["units"].sum().reindex(by_week.index, fill_value=0.0)
    sums = by_week.assign(there=by_week["supply"] + brought, wanted=by_week["need"])
    return sums.groupby(level="product_id")[["there", "wanted"]].cumsum().reset_index()


def _use_of(flows: pd.DataFrame, vehicles: pd.DataFrame) -> pd.DataFrame:
    moved = flows.groupby("lane_id")[["kg", "m3", "cost", "kg_co2e"]].sum()
    fuller = vehicles[["fill_weight", "fill_volume"]].max(axis=1) * vehicles["vehicles"]
    trips = vehicles.assign(filled=fuller).groupby("lane_id")[["vehicles", "filled"]].sum()
    both = moved.join(trips).fillna(0.0)
    return both.assign(fill=both["filled"] / both["vehicles"].where(both["vehicles"] > 0)).drop(
        columns="filled"
    )
