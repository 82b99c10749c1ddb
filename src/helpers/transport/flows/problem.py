"""A flow problem: the tables from which the model of a flow plan is built."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.contract import Case
from helpers.errors import ContractError, ParameterError
from helpers.transport.flows.dispatch import Dispatch, read_dispatch
from helpers.transport.flows.fillings import refill_weeks
from helpers.transport.flows.needs import first_monday, read_needs
from helpers.transport.flows.network import (
    CELL,
    build_arcs,
    read_docks,
    read_lanes,
    read_products,
    read_stock,
)
from helpers.transport.flows.settings import FlowSettings

KEY = [*CELL, "week"]
WAY = ["origin_id", "site_id", "product_id"]
_TABLES = ("lanes", "supply_terms", "suppliers")
_DOCKS = ("supplier", "plant")
_SITES = [
    *("site_id", "name", "kind", "latitude", "longitude"),
    *("storage_capacity_m3", "handling_capacity_units", "handling_cost"),
]


@dataclass(frozen=True, eq=False)
class FlowProblem:
    """What is to be moved, over which lanes, within which limits. Weeks count from 0.

    Parameters
    ----------
    settings
        As given.
    first_week
        Monday of week 0.
    lanes
        One row per lane, as from `read_lanes`.
    products
        product_id, weight (kg), volume (m³), holding_cost (per week), unmet_cost.
    moves
        lane_id, product_id, week, origin_id, destination_id, arrive, from_dock, most (units), and per unit:
        weight, volume, cost (kg and unit), premium (dearer source), handling, holding on the way, carbon
        (kg).
    cells
        site_id, product_id, week, need, supply (coming of it is on its way), coming, target, below_cost (per
        unit and week), most, holding_cost, holds (whether stock can lie there).
    needs
        product_id, site_id, week, units, unmet_cost.
    sold
        product_id, site_id, sold_at (the site that sells what a zone needs), week, units.
    dispatch
        origin_id, site_id, product_id, week, ready, recent (units ready in the weeks of slack), earlier,
        holding_cost, late_cost; empty where docks give what is pulled.
    sites
        site_id, name, kind, coordinates, refill_weeks (today), storage_capacity_m3, handling_capacity_units,
        handling_cost.
    docks
        site_id, product_id, premium, weekly_capacity: what docks give where nothing is ordered.
    notes
        What was assumed, in words.
    as_read
        The problem before a what-if was applied to it; None where none was.
    """

    settings: FlowSettings
    first_week: dt.date
    lanes: pd.DataFrame
    products: pd.DataFrame
    moves: pd.DataFrame
    cells: pd.DataFrame
    needs: pd.DataFrame
    sold: pd.DataFrame
    dispatch: pd.DataFrame
    sites: pd.DataFrame
    docks: pd.DataFrame
    notes: tuple[str, ...]
    as_read: FlowProblem | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing can be moved."""
        return self.moves.empty


@dataclass(frozen=True, eq=False)
class Wants:
    """What the flow plan is asked for, by other rooms or by hand.

    Parameters
    ----------
    demand
        product_id, site_id, week (a day of it, or 1 for the first), units: what each site sells. With a
        column sold_at, rows that have it are needed at site_id as they stand (a zone), and are not parted.
    orders
        product_id, site_id, supplier_id, arrival_week (day), quantity: orders that will be placed beside
        the open ones. None: docks give what the plan pulls from them.
    orders_hold_open
        Whether `orders` are all there are, open ones included.
    targets
        product_id, site_id, units, and most if wanted: stock to be held at the end of each week, and the most
        that deliveries may fill it up to; both from the inventory plan's levels.
    fingerprint
        Name of the content, for the memory of results.
    """

    demand: pd.DataFrame | None = None
    orders: pd.DataFrame | None = None
    targets: pd.DataFrame | None = None
    orders_hold_open: bool = False
    fingerprint: str = ""


def read_problem(case: Case, settings: FlowSettings, wants: Wants | None = None) -> FlowProblem:
    """Read a flow problem from a case.

    Raises
    ------
    ContractError
        A table that a flow plan needs is absent; all at once.
    ParameterError
        What is wanted cannot be used.
    """
    absent = [name for name in _TABLES if not case.has(name)]
    if absent:
        raise ContractError(f"plan_flow: {case.name} has no rows in {', '.join(absent)}. Add these tables.")
    wants = wants or Wants()
    pulls = wants.orders is None
    monday = first_monday(case)
    sold, need_notes = read_needs(case, settings, wants.demand)
    lanes, lane_notes = read_lanes(case, settings)
    products, product_notes = read_products(case, settings)
    docks, dock_notes = read_docks(case)
    sites = case.table("sites")
    filled, fill_notes = refill_weeks(case)
    moved = read_dispatch(case, lanes, monday, settings.weeks, wants.orders, hold_open=wants.orders_hold_open)
    held = _supply(case, moved, sites)
    coming = moved.coming.rename(columns={"units": "coming"})
    targets = _targets(wants.targets, sites)
    wanted = pd.concat([part[CELL] for part in (sold, targets) if len(part)] or [sold[CELL]])
    arcs = _build_arcs(lanes, docks, held, wanted.drop_duplicates(), moved, pulls)
    needs = sold.groupby(["product_id", "site_id", "week"], as_index=False)[["units"]].sum()
    cells = _build_cells(arcs.merge(lanes, on="lane_id"), held, needs, targets, settings.weeks)
    cells = cells.merge(coming, on=KEY, how="left", validate="one_to_one").fillna({"coming": 0.0})
    cells = cells.assign(holds=~cells["site_id"].isin(sites.loc[sites["kind"] == "zone", "site_id"]))
    cells = cells.merge(products[["product_id", "holding_cost", "unmet_cost"]], on="product_id", how="left")
    weight = settings.below_target_rate * (1 - settings.later_rate) ** cells["week"]
    cells = cells.assign(below_cost=weight * cells["unmet_cost"]).drop(columns="unmet_cost")
    dispatch = _build_dispatch(moved, products, settings)
    moves = _build_moves(arcs, lanes, products, docks.iloc[: len(docks) if pulls else 0], sites, settings)
    moves = moves.assign(most=most_moved(moves, cells, dispatch))
    return FlowProblem(
        settings=settings,
        first_week=monday,
        lanes=lanes,
        products=products,
        moves=moves[moves["most"] > 0].reset_index(drop=True),
        cells=cells,
        needs=_priced(needs, products, settings),
        sold=sold,
        dispatch=dispatch,
        sites=sites[_SITES]
        .merge(filled[["site_id", "refill_weeks"]], on="site_id", how="left")
        .fillna({"refill_weeks": 1.0}),
        docks=docks if pulls else docks.iloc[:0],
        notes=(
            *need_notes,
            *lane_notes,
            *product_notes,
            *dock_notes,
            *moved.notes,
            *fill_notes,
            *_say_pull(pulls),
        ),
    )


def _priced(needs: pd.DataFrame, products: pd.DataFrame, settings: FlowSettings) -> pd.DataFrame:
    """Return the needs with what a unit costs that is not there in its week: less, the later the week."""
    table = needs.merge(products[["product_id", "unmet_cost"]], on="product_id", validate="many_to_one")
    return table.assign(unmet_cost=table["unmet_cost"] * (1 - settings.later_rate) ** table["week"])


def _say_pull(pulls: bool) -> tuple[str, ...]:
    said = "Docks give from the first week on what the plan pulls: lead times before dispatch are not in it."
    return (said,) if pulls else ()


def _supply(case: Case, moved: Dispatch, sites: pd.DataFrame) -> pd.DataFrame:
    """Return site_id, product_id, week, units: stock today (week 0) and what is on its way, by week."""
    inner = sites.loc[~sites["kind"].isin(["zone", *_DOCKS]), "site_id"]
    parts = [part for part in (read_stock(case), moved.coming) if len(part)]
    table = pd.concat(parts, ignore_index=True) if parts else moved.coming
    sums = table[table["site_id"].isin(inner)].groupby(KEY, as_index=False)[["units"]].sum()
    return sums[sums["units"] > 0].reset_index(drop=True)


def _targets(targets: pd.DataFrame | None, sites: pd.DataFrame) -> pd.DataFrame:
    columns = ["product_id", "site_id", "units"]
    if targets is None:
        empty = {"product_id": "object", "site_id": "object", "units": "float64", "most": "float64"}
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in empty.items()})
    lacking = [name for name in columns if name not in targets.columns]
    if lacking:
        raise ParameterError(f"targets: there is no column {', '.join(map(repr, lacking))}. Add it.")
    strange = sorted(set(targets["site_id"]) - set(sites["site_id"]))
    if strange:
        raise ParameterError(f"targets: the sites {', '.join(map(repr, strange))} are unknown. Correct them.")
    whole = targets[columns].assign(units=np.ceil(targets["units"].astype("float64").clip(lower=0.0) - 0.5))
    most = targets["most"].astype("float64") if "most" in targets else np.inf
    return whole.assign(most=np.maximum(most, whole["units"])).reset_index(drop=True)


def _build_arcs(
    lanes: pd.DataFrame,
    docks: pd.DataFrame,
    held: pd.DataFrame,
    wanted: pd.DataFrame,
    moved: Dispatch,
    pulls: bool,
) -> pd.DataFrame:
    """Return lane_id and product_id; from docks what is pulled, or what is ordered from there to there."""
    if pulls:
        return build_arcs(lanes, docks, held, wanted)
    ready = moved.ready[WAY].drop_duplicates()
    inner = lanes[~lanes["origin_id"].isin(docks["site_id"])]
    arcs = build_arcs(inner, ready[CELL], held, wanted)
    inbound = lanes.rename(columns={"destination_id": "site_id"}).merge(ready, on=["origin_id", "site_id"])
    both = [part for part in (arcs, inbound[["lane_id", "product_id"]]) if len(part)]
    table = pd.concat(both or [arcs], ignore_index=True)
    return table.sort_values(["lane_id", "product_id"], ignore_index=True)


def _build_moves(
    arcs: pd.DataFrame,
    lanes: pd.DataFrame,
    products: pd.DataFrame,
    docks: pd.DataFrame,
    sites: pd.DataFrame,
    settings: FlowSettings,
) -> pd.DataFrame:
    """Return one row per lane, product and week of departure; from docks also what arrives after the plan."""
    handling = sites[["site_id", "handling_cost"]].rename(columns={"site_id": "destination_id"})
    premium = docks.rename(columns={"site_id": "origin_id"})[["origin_id", "product_id", "premium"]]
    table = (
        arcs.merge(lanes, on="lane_id", validate="many_to_one")
        .merge(products, on="product_id", validate="many_to_one")
        .merge(handling, on="destination_id", how="left", validate="many_to_one")
        .merge(premium, on=["origin_id", "product_id"], how="left", validate="many_to_one")
    )
    docked = sites.loc[sites["kind"].isin(_DOCKS), "site_id"]
    per_unit = table[["lane_id", "product_id", "origin_id", "destination_id", "weight", "volume"]].assign(
        lag=table["lag"],
        from_dock=table["origin_id"].isin(docked),
        premium=table["premium"].fillna(0.0),
        cost=table["cost_per_kg"] * table["weight"] + table["cost_per_unit"],
        handling=table["handling_cost"].fillna(0.0),
        holding=table["lag"] * table["holding_cost"],
        carbon=table["kg_co2e_per_kg"] * table["weight"],
    )
    moves = per_unit.merge(pd.DataFrame({"week": np.arange(settings.weeks)}), how="cross")
    moves = moves.assign(arrive=moves["week"] + moves["lag"]).drop(columns="lag")
    return moves[(moves["arrive"] < settings.weeks) | moves["from_dock"]].reset_index(drop=True)


def _build_cells(
    arcs: pd.DataFrame, supply: pd.DataFrame, needs: pd.DataFrame, targets: pd.DataFrame, weeks: int
) -> pd.DataFrame:
    """Return every site, product and week in which something is needed, held or passed on."""
    ends = arcs.rename(columns={"destination_id": "site_id"})
    places = pd.concat([part[CELL] for part in (ends, supply, needs, targets) if len(part)] or [ends[CELL]])
    places = places.drop_duplicates().sort_values(CELL)
    cells = places.merge(pd.DataFrame({"week": np.arange(weeks)}), how="cross")
    cells = cells.merge(needs.rename(columns={"units": "need"}), on=KEY, how="left")
    cells = cells.merge(supply.rename(columns={"units": "supply"}), on=KEY, how="left")
    cells = cells.merge(targets.rename(columns={"units": "target"}), on=CELL, how="left")
    return cells.fillna({"need": 0.0, "supply": 0.0, "target": 0.0, "most": np.inf})


def most_moved(moves: pd.DataFrame, cells: pd.DataFrame, dispatch: pd.DataFrame) -> NDArray[np.float64]:
    """Return the units that one departure can carry at most, as tight as is easily known.

    From a dock: the orders that are ready and may still wait. To a zone: what it needs in the week. To a
    store that passes nothing on: what its level and the need of the week leave room for. Else: all there
    could be.
    """
    total = cells.groupby("product_id")[["need", "supply"]].sum().sum(axis=1)
    aims = cells[cells["week"] == 0].groupby("product_id")["target"].sum()
    ready = dispatch.groupby("product_id")["ready"].sum()
    every = total.add(aims, fill_value=0.0).add(ready, fill_value=0.0)
    most = moves["product_id"].map(every).fillna(0.0).to_numpy()
    here = cells.assign(room=cells["need"] + cells["most"].where(cells["holds"], 0.0))
    here = here.rename(columns={"site_id": "destination_id", "week": "arrive"})
    passed_on = moves["destination_id"].isin(moves["origin_id"])
    keys = ["destination_id", "product_id", "arrive"]
    room = moves[keys].merge(here[[*keys, "room"]], on=keys, how="left")["room"].fillna(np.inf)
    most = np.minimum(most, room.where(~passed_on, np.inf).to_numpy())
    way = dispatch.assign(units=dispatch["recent"] + dispatch["earlier"])
    way = way.rename(columns={"site_id": "destination_id"})
    keys = ["origin_id", "destination_id", "product_id", "week"]
    waiting = moves[keys].merge(way[[*keys, "units"]], on=keys, how="left")["units"].fillna(np.inf)
    tight: NDArray[np.float64] = np.minimum(most, waiting.to_numpy())
    return tight


def _build_dispatch(moved: Dispatch, products: pd.DataFrame, settings: FlowSettings) -> pd.DataFrame:
    """Return what is ready at docks per week, and what may still wait there at its end."""
    ways = moved.ready[WAY].drop_duplicates().sort_values(WAY)
    table = ways.merge(pd.DataFrame({"week": np.arange(settings.weeks)}), how="cross")
    table = table.merge(moved.ready.rename(columns={"units": "ready"}), on=[*WAY, "week"], how="left")
    ready = table["ready"].fillna(0.0).to_numpy(dtype=np.float64)
    recent, earlier = slack_of(ready, settings)
    table = table.assign(ready=ready, recent=recent, earlier=earlier)
    costs = products[["product_id", "holding_cost", "unmet_cost"]]
    table = table.merge(costs, on="product_id", how="left", validate="many_to_one")
    return table.rename(columns={"unmet_cost": "late_cost"})


def slack_of(
    ready: NDArray[np.float64], settings: FlowSettings
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what may still wait at the end of each week, and what must have left by then but not before.

    `ready` holds the units that become ready, order by order, week by week; so do the results.
    """
    until = np.cumsum(ready.reshape(-1, settings.weeks), axis=1)
    slack = settings.dispatch_slack_weeks
    before = np.pad(until, ((0, 0), (slack, 0)))[:, : settings.weeks]
    left = np.pad(before, ((0, 0), (1, 0)))[:, : settings.weeks]
    return (until - before).ravel(), (before - left).ravel()
