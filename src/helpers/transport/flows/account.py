"""What flows lead to, by the rules of the plan but without its model: stock, unmet needs, money, carbon.

The weeks are walked through one by one. In each, goods on the way arrive, wanted flows leave as far as there
is stock for them, needs take what is left, and what a need does not find is unmet:

    a = s_{t−1} + supply_t + Σ arriving,     leaving ≤ a,     u_t = max(need_t − (a − leaving), 0)
    vehicles_lt = as many as the units need, packed, in whole weeks, later max(kg ÷ W_l, m³ ÷ M_l, x ÷ most)

Flows are whole units in whole weeks. Where stock does not suffice, the flows out of a cell are cut, the
smallest first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.transport.flows.packing import pack_units
from helpers.transport.flows.problem import WAY, FlowProblem
from helpers.transport.flows.program import vehicle_weeks

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Decide = Callable[[int, Floats], Floats]
_TINY = 1e-6


@dataclass(frozen=True, eq=False)
class FlowAccount:
    """What flows lead to. Weeks count from 0.

    Parameters
    ----------
    flows
        lane_id, product_id, origin_id, destination_id, ship_week, arrive_week, units, kg, m3, cost (freight
        by weight and piece plus the share in the vehicles), kg_co2e (with the share in the vehicles),
        tonne_km.
    vehicles
        lane_id, week, vehicles, whole, kg, m3, fill_weight, fill_volume (0–1), cost, kg_co2e (of the
        vehicles).
    stock
        site_id, product_id, week, units at the end of the week.
    unmet
        product_id, site_id, week, need, unmet, cost.
    waiting
        origin_id, site_id, product_id, week, waiting, late (units), cost.
    money
        name, money.
    cost, tonnes_co2e
        Σ money; tonnes.
    """

    flows: pd.DataFrame
    vehicles: pd.DataFrame
    stock: pd.DataFrame
    unmet: pd.DataFrame
    waiting: pd.DataFrame
    money: pd.DataFrame
    cost: float
    tonnes_co2e: float

    @property
    def transport_cost(self) -> float:
        """Money for vehicles and freight alone."""
        named = self.money.set_index("name")["money"]
        return float(named.reindex(["vehicles", "freight by weight and piece"]).fillna(0.0).sum())

    @property
    def served_share(self) -> float:
        """Units that are there in their week ÷ units needed."""
        need = float(self.unmet["need"].sum())
        return 1.0 - float(self.unmet["unmet"].sum()) / need if need else 1.0


@dataclass(frozen=True, eq=False)
class Grid:
    """The problem as arrays: cells (places × products) by weeks, and which cells each move joins.

    Parameters
    ----------
    keys
        site_id, product_id of each cell, docks with orders apart.
    need, supply, target
        Cells × weeks, units.
    shut
        Whether a cell lies at a closed site, where nobody is served.
    origin, destination
        Cell of each move; −1 where goods come from a dock.
    way
        Position of each move's order among `ways`; −1 where it moves none.
    ways, ready
        origin_id, site_id, product_id of orders; units ready, orders × weeks.
    """

    keys: pd.DataFrame
    need: Floats
    supply: Floats
    target: Floats
    shut: NDArray[np.bool_]
    origin: Integers
    destination: Integers
    way: Integers
    ways: pd.DataFrame
    ready: Floats


def read_grid(problem: FlowProblem) -> Grid:
    """Return the problem as arrays."""
    moves, cells, weeks = problem.moves, problem.cells, problem.settings.weeks
    keys = cells.loc[cells["week"] == 0, ["site_id", "product_id"]].reset_index(drop=True)
    index = pd.MultiIndex.from_frame(keys)
    ways = problem.dispatch.loc[problem.dispatch["week"] == 0, WAY].reset_index(drop=True)
    of_way = moves[["origin_id", "destination_id", "product_id"]].set_axis(WAY, axis=1)
    columns = (cells[name].to_numpy(dtype="float64").reshape(len(keys), weeks) for name in _GRID)
    need, supply, target = columns
    return Grid(
        keys=keys,
        need=need,
        supply=supply,
        target=target,
        shut=(keys["site_id"] == (problem.settings.closed_site or None)).to_numpy(),
        origin=_position(index, moves[["origin_id", "product_id"]]),
        destination=_position(index, moves[["destination_id", "product_id"]]),
        way=_position(pd.MultiIndex.from_frame(ways), of_way),
        ways=ways,
        ready=problem.dispatch["ready"].to_numpy(dtype="float64").reshape(len(ways), weeks),
    )


_GRID = ("need", "supply", "target")


def _position(index: pd.MultiIndex, keys: pd.DataFrame) -> Integers:
    if not len(index):
        return np.full(len(keys), -1, dtype=np.int64)
    return np.asarray(index.get_indexer(pd.MultiIndex.from_frame(keys)), dtype=np.int64)


def account(problem: FlowProblem, wanted: Floats | Decide) -> FlowAccount:
    """Return what flows lead to.

    Parameters
    ----------
    problem
        What was to be moved.
    wanted
        Units per row of `problem.moves`; or a rule that gives them for week t from the stock per cell at its
        beginning (for rows of other weeks it may give anything).
    """
    grid = read_grid(problem)
    while True:
        units, stock, unmet = _walk(problem, grid, wanted)
        moves = problem.moves.assign(units=units)
        moves = moves[units > _TINY].reset_index(drop=True)
        packed = _packed(problem, moves)
        beyond = _beyond(packed)
        if beyond.empty:
            break
        wanted = _without(problem, units, beyond)
    vehicles = _vehicles(problem, moves, packed)
    flows = _flows(problem, moves, vehicles)
    short = _unmet(problem, grid, unmet)
    waiting = _waiting(problem, grid, units)
    left = _melted(grid.keys, stock, "units")
    money = _money(problem, grid, moves, vehicles, stock, short, waiting)
    return FlowAccount(
        flows=flows,
        vehicles=vehicles,
        stock=left[left["units"] > _TINY].reset_index(drop=True),
        unmet=short,
        waiting=waiting[waiting["waiting"] > _TINY].reset_index(drop=True),
        money=money,
        cost=float(money["money"].sum()),
        tonnes_co2e=float(flows["kg_co2e"].sum()) / 1000,
    )


def _walk(problem: FlowProblem, grid: Grid, wanted: Floats | Decide) -> tuple[Floats, Floats, Floats]:
    """Return units of each move, stock and unmet (cells × weeks)."""
    week, arrive = problem.moves["week"].to_numpy(), problem.moves["arrive"].to_numpy()
    units = np.zeros(len(week))
    stock, unmet = np.zeros_like(grid.need), np.zeros_like(grid.need)
    before = np.zeros(len(grid.keys))
    at_dock = np.zeros(len(grid.ways))
    holds = problem.cells.loc[problem.cells["week"] == 0, "holds"].to_numpy()
    for t in range(problem.settings.weeks):
        now = week == t
        wish = wanted(t, before) if callable(wanted) else wanted
        whole = t < problem.settings.frozen_weeks
        units[now] = np.floor(wish[now] + _TINY) if whole else np.maximum(wish[now], 0.0)
        at_dock += grid.ready[:, t]
        _cut(units, now & (grid.way >= 0), grid.way, at_dock)
        base = before + grid.supply[:, t] + _into(grid, units, (arrive == t) & ~now)
        while True:
            there = base + _into(grid, units, now & (arrive == t))
            if not _cut(units, now & (grid.origin >= 0), grid.origin, there):
                break
        ordered = now & (grid.way >= 0)
        at_dock -= np.bincount(grid.way[ordered], units[ordered], minlength=len(at_dock))
        asked = np.where(grid.shut, 0.0, grid.need[:, t])
        left = there - _out_of(grid, units, now) - asked
        unmet[:, t] = np.where(grid.shut, grid.need[:, t], np.maximum(-left, 0.0))
        before = np.where(holds, np.maximum(left, 0.0), 0.0)
        stock[:, t] = before
    return units, stock, unmet


def _into(grid: Grid, units: Floats, rows: NDArray[np.bool_]) -> Floats:
    rows = rows & (grid.destination >= 0)
    return np.bincount(grid.destination[rows], units[rows], minlength=len(grid.keys))


def _out_of(grid: Grid, units: Floats, rows: NDArray[np.bool_]) -> Floats:
    rows = rows & (grid.origin >= 0)
    return np.bincount(grid.origin[rows], units[rows], minlength=len(grid.keys))


def _cut(units: Floats, rows: NDArray[np.bool_], source: Integers, there: Floats) -> bool:
    """Cut flows, the smallest first, until none takes more than its source has; say whether any was cut."""
    at = np.flatnonzero(rows & (units > 0))
    at = at[np.lexsort((-units[at], source[at]))]
    key = source[at]
    until = np.cumsum(units[at])
    first = np.r_[True, key[1:] != key[:-1]] if len(at) else np.zeros(0, dtype=bool)
    offset = np.repeat((until - units[at])[first], np.diff(np.r_[np.flatnonzero(first), len(at)]))
    room = there[key] - (until - offset - units[at])
    is_whole = (units[at] % 1 == 0) & (there[key] % 1 > 0)
    room = np.where(is_whole, np.floor(room + _TINY), room)
    allowed = np.clip(np.minimum(units[at], room), 0.0, None)
    was_cut = bool((allowed < units[at] - _TINY).any())
    units[at] = allowed
    return was_cut


def _packed(problem: FlowProblem, moves: pd.DataFrame) -> pd.DataFrame:
    """Return lane_id, week, product_id, vehicle, units, available where a week needs several vehicles."""
    trips, keys = vehicle_weeks(problem), ["lane_id", "week"]
    limits = ["vehicle_capacity_kg", "vehicle_capacity_m3"]
    whole = trips.loc[trips["whole"], [*keys, *limits, "most"]].rename(columns={"most": "available"})
    rows = moves.merge(whole, on=keys)
    rows = rows.assign(kg=rows["units"] * rows["weight"], m3=rows["units"] * rows["volume"])
    sums = rows.groupby(keys)[["kg", "m3"]].transform("sum")
    several = (sums["kg"] > rows[limits[0]] + _TINY) | (sums["m3"] > rows[limits[1]] + _TINY)
    parts = [_lines_of(part) for _, part in rows[several].groupby(keys, sort=True)]
    if parts:
        return pd.concat(parts, ignore_index=True)
    return rows.iloc[:0][[*keys, "product_id", "units", "available"]].assign(vehicle=0)


def _lines_of(rows: pd.DataFrame) -> pd.DataFrame:
    first = rows.iloc[0]
    row, vehicle, units = pack_units(
        rows["units"].to_numpy(dtype="float64"),
        rows["weight"].to_numpy(dtype="float64"),
        rows["volume"].to_numpy(dtype="float64"),
        float(first["vehicle_capacity_kg"]),
        float(first["vehicle_capacity_m3"]),
    )
    lines = rows.iloc[row][["lane_id", "week", "product_id", "available"]]
    return lines.assign(vehicle=vehicle, units=units)


def _beyond(packed: pd.DataFrame) -> pd.DataFrame:
    """Return lane_id, product_id, week, units that find no vehicle, since units do not divide."""
    over = packed[packed["vehicle"] > packed["available"] + _TINY]
    return over.groupby(["lane_id", "product_id", "week"], as_index=False)[["units"]].sum()


def _without(problem: FlowProblem, units: Floats, beyond: pd.DataFrame) -> Floats:
    keys = ["lane_id", "product_id", "week"]
    less = problem.moves[keys].merge(beyond, on=keys, how="left", validate="one_to_one")["units"].fillna(0.0)
    left: Floats = np.maximum(units - less.to_numpy(), 0.0)
    return left


def _vehicles(problem: FlowProblem, moves: pd.DataFrame, packed: pd.DataFrame) -> pd.DataFrame:
    loads = moves.assign(kg=moves["units"] * moves["weight"], m3=moves["units"] * moves["volume"])
    sums = loads.groupby(["lane_id", "week"], as_index=False)[["kg", "m3"]].sum()
    table = vehicle_weeks(problem).merge(sums, on=["lane_id", "week"], validate="one_to_one")
    by_weight = table["kg"] / table["vehicle_capacity_kg"]
    by_volume = table["m3"] / table["vehicle_capacity_m3"]
    linked = (moves["units"] / moves["most"]).groupby([moves["lane_id"], moves["week"]]).max()
    keys = pd.MultiIndex.from_frame(table[["lane_id", "week"]])
    part = linked.reindex(keys).fillna(0.0).to_numpy() * table["counted"]
    share = np.maximum(by_weight, by_volume)
    counts = packed.groupby(["lane_id", "week"])["vehicle"].max().reindex(keys).fillna(0.0).to_numpy()
    full = np.maximum(np.ceil(share - _TINY), counts)
    used = np.maximum(share, part).where(~table["whole"], full)
    counted = used.where(used > 0)
    table = table.assign(
        vehicles=used,
        fill_weight=(by_weight / counted).fillna(0.0),
        fill_volume=(by_volume / counted).fillna(0.0),
        cost=used * table["fixed_cost"],
        kg_co2e=used * table["kg_co2e_per_vehicle"],
    )
    columns = ["lane_id", "week", "vehicles", "whole", "kg", "m3", "fill_weight", "fill_volume"]
    return table[[*columns, "cost", "kg_co2e"]]


def _flows(problem: FlowProblem, moves: pd.DataFrame, vehicles: pd.DataFrame) -> pd.DataFrame:
    by_trip = vehicles[["lane_id", "week", "cost", "kg_co2e", "kg", "m3", "fill_weight", "fill_volume"]]
    by_trip = by_trip.add_prefix("trip_").rename(columns={"trip_lane_id": "lane_id", "trip_week": "week"})
    table = moves.merge(by_trip, on=["lane_id", "week"], how="left", validate="many_to_one")
    table = table.merge(problem.lanes[["lane_id", "distance_km"]], on="lane_id", validate="many_to_one")
    kg, m3 = table["units"] * table["weight"], table["units"] * table["volume"]
    by_weight = table["trip_fill_weight"].fillna(0.0) >= table["trip_fill_volume"].fillna(0.0)
    whole_kg, whole_m3 = table["trip_kg"].where(lambda x: x > 0), table["trip_m3"].where(lambda x: x > 0)
    share = (kg / whole_kg).where(by_weight, m3 / whole_m3).fillna(0.0)
    done = table.assign(
        ship_week=table["week"],
        arrive_week=table["arrive"],
        kg=kg,
        m3=m3,
        cost=table["units"] * table["cost"] + share * table["trip_cost"].fillna(0.0),
        kg_co2e=table["units"] * table["carbon"] + share * table["trip_kg_co2e"].fillna(0.0),
        tonne_km=kg * table["distance_km"] / 1000,
    )
    columns = ["lane_id", "product_id", "origin_id", "destination_id", "ship_week", "arrive_week"]
    return done[[*columns, "units", "kg", "m3", "cost", "kg_co2e", "tonne_km"]]


def _unmet(problem: FlowProblem, grid: Grid, unmet: Floats) -> pd.DataFrame:
    short = _melted(grid.keys, unmet, "unmet")
    needs = problem.needs.rename(columns={"units": "need"})
    table = needs.merge(short, on=["site_id", "product_id", "week"], how="left", validate="one_to_one")
    table = table.fillna({"unmet": 0.0}).assign(cost=lambda rows: rows["unmet"] * rows["unmet_cost"])
    return table[["product_id", "site_id", "week", "need", "unmet", "cost"]]


def _waiting(problem: FlowProblem, grid: Grid, units: Floats) -> pd.DataFrame:
    moved = np.zeros_like(grid.ready)
    rows = grid.way >= 0
    np.add.at(moved, (grid.way[rows], problem.moves["week"].to_numpy()[rows]), units[rows])
    waits = np.cumsum(grid.ready - moved, axis=1)
    recent = problem.dispatch["recent"].to_numpy().reshape(waits.shape)
    late = np.maximum(waits - recent, 0.0)
    table = problem.dispatch[[*WAY, "week"]].assign(waiting=waits.ravel(), late=late.ravel())
    held = problem.dispatch["holding_cost"] * table["waiting"]
    return table.assign(cost=held + problem.dispatch["late_cost"] * table["late"])


def _melted(keys: pd.DataFrame, values: Floats, name: str) -> pd.DataFrame:
    count, weeks = values.shape
    table = keys.loc[keys.index.repeat(weeks)].reset_index(drop=True)
    return table.assign(week=np.tile(np.arange(weeks), count), **{name: values.ravel()})


def _money(
    problem: FlowProblem,
    grid: Grid,
    moves: pd.DataFrame,
    vehicles: pd.DataFrame,
    stock: Floats,
    short: pd.DataFrame,
    waiting: pd.DataFrame,
) -> pd.DataFrame:
    settings, units = problem.settings, moves["units"]
    products = problem.products.set_index("product_id").loc[grid.keys["product_id"]]
    short_of = np.maximum(grid.target - stock, 0.0)
    below = (short_of * problem.cells["below_cost"].to_numpy().reshape(stock.shape)).sum()
    late = float((problem.dispatch["late_cost"] * waiting["late"]).sum())
    carbon = float((units * moves["carbon"]).sum() + vehicles["kg_co2e"].sum()) / 1000
    parts = {
        "vehicles": vehicles["cost"].sum(),
        "freight by weight and piece": (units * moves["cost"]).sum(),
        "handling": (units * moves["handling"]).sum(),
        "dearer sources": (units * moves["premium"]).sum(),
        "holding on the way": (units * moves["holding"]).sum(),
        "holding": (stock.sum(axis=1) * products["holding_cost"].to_numpy()).sum(),
        "holding at docks": waiting["cost"].sum() - late,
        "overflow storage": settings.overflow_cost * _overflow(problem, grid, stock, products),
        "unmet needs": short["cost"].sum(),
        "stock below target": below,
        "orders left waiting": late,
        "carbon price": settings.carbon_price * carbon,
    }
    return pd.DataFrame({"name": list(parts), "money": [float(value) for value in parts.values()]})


def _overflow(problem: FlowProblem, grid: Grid, stock: Floats, products: pd.DataFrame) -> float:
    volume = stock * products["volume"].to_numpy()[:, None]
    used = pd.DataFrame(volume).groupby(grid.keys["site_id"].to_numpy()).sum()
    room = problem.sites.set_index("site_id")["storage_capacity_m3"].reindex(used.index).fillna(np.inf)
    over = used.to_numpy() - room.to_numpy()[:, None]
    return float(np.maximum(over, 0.0).sum())
