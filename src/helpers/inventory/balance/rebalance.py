"""What moves from a site with too much to a sister site where it earns more: a small exact model.

With V_i(k) what the k-th unit at site i is worth (`worth.py`), x_i the stock position after this week's
replenishment, and q_ij the units of a product that move from i to j at cost c_ij each (lane or special trip,
and handling at both sites):

    maximise   Σ_j B_j(Σ_i q_ij) − Σ_i A_i(Σ_j q_ij) − Σ_ij (c_ij q_ij + f y_ij)
               B_j(q) = V_j(x_j + 1) + … + V_j(x_j + q)         what the receiver saves: purchase and margin
               A_i(q) = V_i(x_i) + … + V_i(x_i − q + 1)         what the sender gives up
    so that    Σ_j q_ij ≤ spare_i,  Σ_i q_ij ≤ room_j,  q_ij ≤ M_ij y_ij,  y_ij ∈ {0, 1}

B is concave and A convex, so each is a sum of segments (of single units up to 24, of equal whole lots
beyond); given y the rest is a flow in a network, whole by itself. f is the least gain for which a planner
bothers: no move in the best plan earns less. A sender spares only what is on its shelf, above its level, and
above what its own demand needs in 95 of 100 futures until an order placed now is there, should all that is
coming be a week late. A receiver that buys has room for what it would otherwise have to buy within the plan's
horizon; a store only for what its warehouse could not send. A pair that could do both does one of the two:
y_ij ≤ g_i, y_ki ≤ 1 − g_i.

A greedy choice move by move is not exact here, since the cost hangs on both ends; hence the model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from helpers.errors import SolverError
from helpers.inventory.arguments import Floats, find_wrong, refuse
from helpers.inventory.balance.need import needed_before, waits_for_relief
from helpers.inventory.balance.remaining_demand import DemandCourse
from helpers.inventory.balance.roads import Roads, arrival_dates
from helpers.inventory.balance.transfers import COLUMNS, Transfers
from helpers.inventory.balance.worth import Holdings, Rows, take_stock, worth_of_unit
from helpers.inventory.outlook import Outlook
from helpers.inventory.policy import Policy
from helpers.inventory.settings import InventorySettings
from helpers.inventory.supply.offers import PAIR
from helpers.solver import Model, Variables, at_most, solve, triples

LEAST_GAIN = 10.0
SEGMENTS = 24
SURE = 0.95
LONGEST_WAY = 7.0


@dataclass(frozen=True, eq=False)
class Curves:
    """Worth of the units that a pair may give or take, in segments of whole units.

    Parameters
    ----------
    rows
        Pairs.
    lots
        Units of each segment, rows × segments; 0 where there is none.
    worth
        Mean worth of a unit of each segment, money; never rising for receivers, never falling for senders.
    """

    rows: Rows
    lots: Floats
    worth: Floats

    def total(self, units: Floats) -> Floats:
        """Return the worth of the first `units` of each row, money."""
        start = np.cumsum(self.lots, axis=1) - self.lots
        return np.asarray((np.clip(units[:, None] - start, 0.0, self.lots) * self.worth).sum(axis=1))


def rebalance(
    outlook: Outlook,
    policy: Policy,
    roads: Roads,
    settings: InventorySettings,
    replenishment: Transfers,
    *,
    course: DemandCourse | None = None,
    least_gain: float = LEAST_GAIN,
) -> Transfers:
    """Return the moves between sister sites that earn more than they cost.

    Parameters
    ----------
    outlook, policy
        Pairs, stock, demand and levels.
    roads
        Ways and handling.
    settings
        Horizon, cost of special trips, time limit and gap of the model.
    replenishment
        What leaves the warehouses this week anyway (`plan_replenishment`).
    course
        Seasons behind the forecast; flat without.
    least_gain
        f, money: what a move has to earn to be worth the bother.

    Raises
    ------
    ParameterError
        `least_gain` is below 0.
    SolverError
        The model found no plan within the time limit.

    Examples
    --------
    >>> rebalance(outlook, policy, roads, settings, sent).table          # doctest: +SKIP
    """
    refuse("rebalance", find_wrong("not negative", {"least_gain": least_gain}))
    stock, left = _after_replenishment(take_stock(outlook, policy, course), outlook, replenishment)
    need = need_of_site(outlook, policy, stock, settings)
    unsure = need_of_site(outlook, policy, stock, settings, late_by=1)
    spare, room = spare_units(stock, left, unsure), room_for(outlook, stock, settings)
    senders, receivers = np.flatnonzero(spare > 0), np.flatnonzero(room > 0)
    ways = _ways(stock, senders, receivers, roads, settings)
    involved = ways[ways["transit_days"] <= LONGEST_WAY]
    gives = worth_curves(stock, need, np.unique(involved["sender"]), spare, gives=True)
    takes = worth_curves(stock, need, np.unique(involved["receiver"]), room, gives=False)
    worthwhile = _worthwhile(involved, gives, takes, least_gain)
    moved = best_moves(worthwhile, gives, takes, settings, least_gain)
    notes = _notes(moved, stock)
    return Transfers(_table(moved, outlook, stock), replenishment.unmet.iloc[:0], notes)


def need_of_site(
    outlook: Outlook, policy: Policy, stock: Holdings, settings: InventorySettings, late_by: int = 0
) -> Floats:
    """Return z of each site, the calls of the sites below included, pairs × paths, units.

    A store waits for its warehouse only where that could not send all that was wanted. `late_by` weeks are
    added to the arrival of what is coming.
    """
    wait = waits_for_relief(outlook, settings.review_period)
    served = (outlook.source >= 0) & (stock.position >= stock.level - 1e-9)
    wait = np.where(served[:, None], outlook.lead_times + settings.review_period, wait)
    late = np.zeros((len(stock.pairs), late_by))
    coming = np.hstack([late, outlook.coming])[:, : outlook.weeks]
    return needed_before(policy.demand, wait, stock.on_hand, coming)


def spare_units(stock: Holdings, left: Floats, need: Floats) -> Floats:
    """Return the whole units that each pair can give without running short itself.

    Parameters
    ----------
    stock
        Holdings.
    left
        Free units on the shelf after this week's replenishment, per pair.
    need
        z, pairs × paths.
    """
    untouched = -np.quantile(need, SURE, axis=1, method="higher")
    above = stock.position - stock.level
    return np.floor(np.maximum(np.minimum(np.minimum(left, above), untouched), 0.0) + 1e-9)


def room_for(outlook: Outlook, stock: Holdings, settings: InventorySettings) -> Floats:
    """Return the whole units that each pair would otherwise buy within the horizon, or go without."""
    reach = settings.horizon + outlook.lead_times.mean(axis=1)
    used = np.median(stock.demand.until(reach), axis=1)
    to_buy = np.where(stock.is_ending, used, used + stock.safety) - stock.position
    missing = stock.level - stock.position
    return np.floor(np.maximum(np.where(outlook.source >= 0, missing, to_buy), 0.0) + 1e-9)


def worth_curves(stock: Holdings, need: Floats, rows: Rows, units: Floats, *, gives: bool) -> Curves:
    """Return what the units are worth that these pairs may give (from the last on) or take.

    Parameters
    ----------
    stock
        Holdings.
    need
        z, pairs × paths.
    rows
        Pairs.
    units
        Most units of each pair of the stock.
    gives
        Whether units leave; else they come.
    """
    most = units[rows]
    step = np.arange(SEGMENTS + 1) / SEGMENTS
    # Up to 24 units each segment is one unit; beyond, bounds are rounded to whole units.
    bounds = np.where(most[:, None] <= SEGMENTS, np.arange(SEGMENTS + 1), np.round(most[:, None] * step))
    bounds = np.minimum(bounds, most[:, None])
    lots = np.diff(bounds, axis=1)
    sign = -1.0 if gives else 1.0
    worth = np.zeros_like(lots)
    for number in range(SEGMENTS):
        middle = bounds[:, number] + (lots[:, number] + 1) / 2
        unit = stock.position[rows] + sign * (middle - (1.0 if gives else 0.0))
        worth[:, number] = worth_of_unit(stock, rows, unit, need[rows], lots[:, number])
    ordered = np.maximum.accumulate(worth, axis=1) if gives else np.minimum.accumulate(worth, axis=1)
    return Curves(np.asarray(rows, dtype="int64"), lots, ordered)


def best_moves(
    ways: pd.DataFrame, gives: Curves, takes: Curves, settings: InventorySettings, least_gain: float
) -> pd.DataFrame:
    """Return the ways that are used, with quantity, cost and gain.

    Parameters
    ----------
    ways
        sender, receiver (pairs), move_cost (money per unit), most (units).
    gives, takes
        What senders give up and receivers save.
    settings
        Time limit, gap, seed.
    least_gain
        f, money.

    Raises
    ------
    SolverError
        No plan was found within the time limit.
    """
    if ways.empty:
        return ways.assign(quantity=0.0, cost=0.0, gain=0.0)
    model = _build(ways, gives, takes, least_gain)
    solution = solve(model, time_limit=settings.time_limit, gap=settings.gap, seed=settings.seed)
    if not solution.has_solution:
        raise SolverError(f"rebalance: {solution.sentence} Give more time, or a higher least gain.")
    quantity = np.round(solution.values(model.blocks["move"]))
    moved = ways.assign(quantity=quantity)[quantity > 0]
    moved = _with_gain(moved, gives, takes)
    # Within the solver's gap a move may be left that does not earn its bother.
    return moved[moved["gain"] >= max(least_gain, 1e-6)]


def _build(ways: pd.DataFrame, gives: Curves, takes: Curves, least_gain: float) -> Model:
    model = Model("rebalancing", maximise=True)
    keys = ways[["sender", "receiver"]]
    most = ways["most"].to_numpy(dtype="float64")
    move = model.add_variables("move", keys, upper=most)
    is_used = model.add_variables("is used", keys, upper=1.0, integer=True)
    given, given_worth = _segments(model, "give", "sender", gives, ways)
    taken, taken_worth = _segments(model, "take", "receiver", takes, ways)
    senders = ways[["sender"]].drop_duplicates()
    receivers = ways[["receiver"]].drop_duplicates()
    model.add_rows("what is sent", senders, move - given, at_most(0.0))
    model.add_rows("what is received", receivers, taken - move, at_most(0.0))
    model.add_rows("only on ways that are used", keys, move - is_used * most, at_most(0.0))
    both = senders.rename(columns={"sender": "pair"}).merge(receivers.rename(columns={"receiver": "pair"}))
    if len(both):
        _one_of_two(model, is_used, keys, both)
    model.add_objective("saved at receivers", taken * taken_worth)
    model.add_objective("given up at senders", given * -given_worth)
    model.add_objective("moving", move * -ways["move_cost"].to_numpy(dtype="float64"))
    model.add_objective("least gain of a move", is_used * -least_gain)
    return model


def _one_of_two(model: Model, is_used: Variables, keys: pd.DataFrame, both: pd.DataFrame) -> None:
    """A pair that could give and take does only one of the two."""
    gives = model.add_variables("gives", both, upper=1.0, integer=True)
    index = pd.Index(both["pair"])
    for role, sign, limit in (("sender", -1.0, 0.0), ("receiver", 1.0, 1.0)):
        place = index.get_indexer(pd.Index(keys[role]))
        ways = np.flatnonzero(place >= 0)
        chosen = triples(np.arange(len(ways)), gives.ids[place[ways]], sign)
        used = triples(np.arange(len(ways)), is_used.ids[ways], 1.0)
        model.add_rows(f"a {role} is nothing else", keys.iloc[ways], used + chosen, at_most(limit))


def _segments(
    model: Model, name: str, role: str, curves: Curves, ways: pd.DataFrame
) -> tuple[Variables, Floats]:
    used = np.isin(curves.rows, ways[role].to_numpy())
    at, number = np.nonzero((curves.lots > 0) & used[:, None])
    keys = pd.DataFrame({role: curves.rows[at], "segment": number})
    return model.add_variables(name, keys, upper=curves.lots[at, number]), curves.worth[at, number]


def _with_gain(moved: pd.DataFrame, gives: Curves, takes: Curves) -> pd.DataFrame:
    """Share what each end saves or gives up among its moves by units."""

    def per_unit(role: str, curves: Curves) -> Floats:
        sums = moved.groupby(role)["quantity"].sum().reindex(curves.rows).fillna(0.0).to_numpy()
        mean = np.divide(curves.total(sums), sums, out=np.zeros_like(sums), where=sums > 0)
        return np.asarray(pd.Series(mean, curves.rows).loc[moved[role]].to_numpy(dtype="float64"))

    cost = moved["quantity"] * moved["move_cost"]
    saved = per_unit("receiver", takes) - per_unit("sender", gives)
    return moved.assign(cost=cost, gain=moved["quantity"] * saved - cost)


def _after_replenishment(stock: Holdings, outlook: Outlook, sent: Transfers) -> tuple[Holdings, Floats]:
    """Holdings with what stores get, and what is left on each shelf."""
    keys = pd.MultiIndex.from_frame(outlook.pairs[PAIR])

    def units(site: str) -> Floats:
        by_pair = sent.table.groupby(["product_id", site])["quantity"].sum()
        return np.asarray(by_pair.reindex(keys).fillna(0.0).to_numpy(dtype="float64"))

    got = units("to_site_id")
    fuller = replace(stock, position=stock.position + got, on_hand=stock.on_hand + got)
    return fuller, np.maximum(stock.on_hand - units("from_site_id"), 0.0)


def _ways(
    stock: Holdings, senders: Rows, receivers: Rows, roads: Roads, settings: InventorySettings
) -> pd.DataFrame:
    """Every way from a pair with spare units to a pair of the same product with room."""
    named = stock.pairs[[*PAIR, "weight_kg"]]
    sending = named.iloc[senders].assign(sender=senders).rename(columns={"site_id": "from_site_id"})
    receiving = named.iloc[receivers][PAIR].assign(receiver=receivers)
    ways = sending.merge(receiving.rename(columns={"site_id": "to_site_id"}), on="product_id")
    return roads.price(ways[ways["sender"] != ways["receiver"]], settings)


def _worthwhile(ways: pd.DataFrame, gives: Curves, takes: Curves, least_gain: float) -> pd.DataFrame:
    """The ways that would earn the least gain if they were the only one."""
    sender = np.searchsorted(gives.rows, ways["sender"].to_numpy())
    receiver = np.searchsorted(takes.rows, ways["receiver"].to_numpy())
    cost = ways["move_cost"].to_numpy(dtype="float64")
    most = np.minimum(gives.lots[sender].sum(axis=1), takes.lots[receiver].sum(axis=1))
    ends = np.hstack([np.cumsum(gives.lots, axis=1)[sender], np.cumsum(takes.lots, axis=1)[receiver]])
    best = np.zeros(len(ways))
    given = Curves(sender, gives.lots[sender], gives.worth[sender])
    taken = Curves(receiver, takes.lots[receiver], takes.worth[receiver])
    for units in np.minimum(ends, most[:, None]).T:
        best = np.maximum(best, taken.total(units) - given.total(units) - cost * units)
    return ways.assign(most=most)[best >= max(least_gain, 1e-6)].reset_index(drop=True)


def _notes(moved: pd.DataFrame, stock: Holdings) -> tuple[str, ...]:
    no_weight = int(stock.pairs["weight_kg"].isna().to_numpy()[moved["sender"].to_numpy(dtype="int64")].sum())
    return (f"{no_weight} moves are of products without a weight: their freight is not counted.",) * (
        no_weight > 0
    )


def _table(moved: pd.DataFrame, outlook: Outlook, stock: Holdings) -> pd.DataFrame:
    cost = stock.column("unit_cost")[moved["sender"].to_numpy(dtype="int64")]
    table = moved.assign(
        ship_date=outlook.first_week,
        arrival_date=arrival_dates(outlook.first_week, moved["transit_days"]),
        reason="rebalance",
        value=moved["quantity"] * cost,
    )
    return table.sort_values("gain", ascending=False, ignore_index=True)[COLUMNS]
