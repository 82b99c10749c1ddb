"""Today's way of moving goods: what is ready leaves, stores are filled up regularly, nothing waits.

Ordered goods leave when they are ready, over the usual lane. As often as its counts rose (see `fillings`), a
store is filled up to its level from its usual warehouse; without a level, to its target and what it sells in
the week. A zone is served from the site that sold to it. What today's way leaves in stores and on docks at
the end is the least that a plan has to leave: else it would save by running them down, and pay after its
last week.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from helpers.transport.flows.account import Floats, FlowAccount, account, read_grid
from helpers.transport.flows.problem import FlowProblem

Flags = NDArray[np.bool_]


def with_same_end(problem: FlowProblem) -> FlowProblem:
    """Return the problem with the end that today's way leads to: no less in stores, no more on docks.

    Where docks give what is pulled there is no today's way, and the problem comes back as it is.
    """
    if problem.dispatch.empty:
        return problem
    last = problem.settings.weeks - 1
    left = account_today(problem).stock
    ends = problem.cells.merge(left, on=["site_id", "product_id", "week"], how="left", validate="one_to_one")
    filled = set(problem.moves.loc[usual_refills(problem), "destination_id"])
    at_end = (ends["week"] == last) & ends["site_id"].isin(filled)
    more = at_end & (ends["units"].fillna(0.0) > ends["target"])
    price = ends["product_id"].map(problem.products.set_index("product_id")["unmet_cost"])
    cells = problem.cells.assign(
        target=ends["target"].where(~more, ends["units"]),
        below_cost=ends["below_cost"].where(~more, problem.settings.end_target_rate * price),
    )
    dispatch = problem.dispatch
    dispatch = dispatch.assign(recent=dispatch["recent"].where(dispatch["week"] < last, 0.0))
    return replace(problem, cells=cells, dispatch=dispatch)


def account_today(problem: FlowProblem) -> FlowAccount:
    """Return what today's way leads to."""
    moves, grid = problem.moves, read_grid(problem)
    usual = problem.lanes.set_index("lane_id")["usual"]
    is_usual = moves["lane_id"].map(usual).to_numpy(dtype=bool)
    kind = problem.sites.set_index("site_id")["kind"]
    to_zone = (moves["destination_id"].map(kind) == "zone").to_numpy()
    from_dock = moves["from_dock"].to_numpy()
    refill = is_usual & ~to_zone & ~from_dock & usual_refills(problem)
    wanted = np.where(from_dock & is_usual, moves["most"], 0.0)
    wanted = np.where(to_zone, _sold_over(problem, is_usual), wanted)
    at, week = grid.destination, moves["week"].to_numpy()
    level = _levels(problem)
    every = problem.sites.set_index("site_id")["refill_weeks"].reindex(moves["destination_id"]).to_numpy()
    forwarded = _forwarded(problem, wanted, to_zone)

    def decide(t: int, stock: Floats) -> Floats:
        here = np.where(at >= 0, at, 0)
        asked = np.maximum(level[here, t] + forwarded[here, t] - stock[here] - grid.supply[here, t], 0.0)
        fill: Floats = np.where(refill & (week == t) & (t % every == 0), asked, wanted)
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


def usual_refills(problem: FlowProblem) -> Flags:
    """Say for each move whether it fills up a store from its usual warehouse, the nearest by days."""
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
