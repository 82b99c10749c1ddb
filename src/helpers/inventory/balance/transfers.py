"""What leaves each warehouse for its stores this week, shared out by value where there is too little.

A store wants what takes it to its level of this week, in whole packs of m units:

    n = m · ⌈ (S − x) ÷ m ⌉                       x counts what is on the shelf, on order and on the road

Where the warehouse has all of that and what its own customers want, in 95 of 100 futures, until it gets more,
all is sent.
Elsewhere each free unit goes to whom it earns most,

    p · P(z ≥ y) − h · t(y)           the y-th unit of a store (no more than n) or of own customers

with z the units short until what the warehouse orders now is there (`need.py`; the warehouse's stock left out
of its own z), and t(y) the weeks until the unit is wanted at the mean rate. So where all would lose a sale
without it, the unit goes where it is wanted first: all run out together. A store's unit has to earn its
moving. Gains fall with y, so taking the best next lot again and again is exact where lots are equally large;
where packs differ it is the usual heuristic of the knapsack.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.inventory.arguments import Floats
from helpers.inventory.balance.need import needed_before, shares_of_arrivals, waits_for_relief
from helpers.inventory.balance.remaining_demand import LONGEST
from helpers.inventory.balance.roads import Roads, arrival_dates
from helpers.inventory.balance.worth import Holdings, take_stock
from helpers.inventory.outlook import Outlook
from helpers.inventory.policy import Policy
from helpers.inventory.settings import InventorySettings

COLUMNS = [
    "product_id",
    "from_site_id",
    "to_site_id",
    "lane_id",
    "ship_date",
    "arrival_date",
    "quantity",
    "reason",
    "value",
    "gain",
    "cost",
]
SURE = 0.95
Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Transfers:
    """What leaves one own site for another this week.

    Parameters
    ----------
    table
        product_id, from_site_id, to_site_id, lane_id (empty for a special trip), ship_date, arrival_date,
        quantity (units), reason (`replenish` or `rebalance`), value (money at cost), gain (money expected,
        cost taken off; of a replenishment the margin saved until the warehouse gets more), cost (money).
    unmet
        What stores wanted and did not get: product_id, from_site_id, to_site_id, wanted, sent, missing
        (units), lost_margin (money expected, until the warehouse gets more). Most lost margin first.
    notes
        What was left out or assumed.
    """

    table: pd.DataFrame
    unmet: pd.DataFrame
    notes: tuple[str, ...] = ()

    def summary(self) -> pd.Series:
        """Return the result in a few figures, by name."""
        figures = {
            "transfers": len(self.table),
            "units sent": float(self.table["quantity"].sum()),
            "value sent": float(self.table["value"].sum()),
            "cost of moving": float(self.table["cost"].sum()),
            "expected gain": float(self.table["gain"].sum()),
            "units wanted and not sent": float(self.unmet["missing"].sum()),
        }
        return pd.Series(figures, name="transfers")


def plan_replenishment(
    outlook: Outlook, policy: Policy, roads: Roads, settings: InventorySettings
) -> Transfers:
    """Return what each warehouse sends to the stores it supplies this week.

    Parameters
    ----------
    outlook, policy
        Pairs with their source, opening stock, own demand, and the levels of week 0.
    roads
        Ways and handling.
    settings
        Review period, cost of special trips.

    Examples
    --------
    >>> plan_replenishment(outlook, policy, find_roads(case), settings).table.head()      # doctest: +SKIP
    """
    stock = take_stock(outlook, policy)
    stores = np.flatnonzero(outlook.source >= 0)
    ways = _ways(stock, outlook.source, stores, roads, settings)
    need = need_of_own_customers(outlook, stock, settings)
    wanted = _wanted(stock, policy, stores)
    asks = _asks(stock, outlook.source, stores, wanted, ways["move_cost"])
    sent = _shared_out(stock, outlook.source, stores, wanted, need, asks)
    saved = _saved(stock, stores, sent, need)
    table = _transfers(ways, outlook, sent, saved)
    missing = wanted - sent
    lost = _saved(stock, stores, wanted, need) - saved
    unmet = ways[["product_id", "from_site_id", "to_site_id"]].assign(
        wanted=wanted, sent=sent, missing=missing, lost_margin=lost
    )[missing > 0]
    unmet = unmet.sort_values(["lost_margin", "missing"], ascending=False, ignore_index=True)
    return Transfers(table, unmet)


def need_of_own_customers(outlook: Outlook, stock: Holdings, settings: InventorySettings) -> Floats:
    """Return z of each site's own customers, pairs × paths; that of a sending site without its stock."""
    free = np.where(outlook.source >= 0, stock.on_hand, 0.0)
    wait = waits_for_relief(outlook, settings.review_period)
    return needed_before(outlook.own_demand, wait, free, shares_of_arrivals(outlook))


def _wanted(stock: Holdings, policy: Policy, stores: Rows) -> Floats:
    """n: units up to the level, in whole packs."""
    pack = np.maximum(stock.column("order_multiple")[stores], 1.0)
    least = stock.column("minimum_quantity")[stores]
    gap = np.maximum(stock.level[stores] - stock.position[stores], 0.0)
    at_reorder = stock.position[stores] <= policy.reorder_points[stores, 0] + 1e-9
    asked = np.where((gap > 0) & (at_reorder | (pack <= 1)), np.maximum(gap, least), 0.0)
    return np.asarray(np.ceil(asked / pack - 1e-9) * pack)


def _ways(
    stock: Holdings, source: Rows, stores: Rows, roads: Roads, settings: InventorySettings
) -> pd.DataFrame:
    pairs = stock.pairs
    ways = pd.DataFrame(
        {
            "product_id": pairs["product_id"].to_numpy()[stores],
            "from_site_id": pairs["site_id"].to_numpy()[source[stores]],
            "to_site_id": pairs["site_id"].to_numpy()[stores],
            "weight_kg": stock.column("weight_kg")[stores],
            "unit_cost": stock.column("unit_cost")[stores],
        }
    )
    return roads.price(ways, settings)


def _shared_out(
    stock: Holdings, source: Rows, stores: Rows, wanted: Floats, need: Floats, asks: pd.DataFrame
) -> Floats:
    """Units sent to each store."""
    senders = source[stores]
    free = np.floor(np.maximum(stock.on_hand, 0.0) + 1e-9)
    asked = np.bincount(senders, weights=wanted, minlength=len(free))
    reserve = np.ceil(np.maximum(np.quantile(need, SURE, axis=1, method="higher"), 0.0))
    is_short = (asked > 0) & (asked + reserve > free)
    keepers = np.flatnonzero(is_short)
    own = pd.DataFrame({"row": keepers, "sender": keepers, "store": -1, "pack": 1.0, "move_cost": 0.0})
    most = np.minimum(np.ceil(np.maximum(need.max(axis=1), 0.0)), free)
    own = own.assign(units=most[keepers])
    competing = pd.concat([asks[is_short[senders] & (wanted > 0)], own], ignore_index=True)
    sent = np.where(is_short[senders], 0.0, wanted)
    return _take_best(_claims(stock, competing, need), free, sent)


def _asks(stock: Holdings, source: Rows, stores: Rows, wanted: Floats, move_cost: pd.Series) -> pd.DataFrame:
    """What stores ask for: row, sender (pairs), store (place among the stores), units, pack, move_cost."""
    pack = np.maximum(stock.column("order_multiple")[stores], 1.0)
    at = np.arange(len(stores))
    asks = {"row": stores, "sender": source[stores], "store": at, "units": wanted, "pack": pack}
    return pd.DataFrame({**asks, "move_cost": move_cost.to_numpy(dtype="float64")})


def _claims(stock: Holdings, asks: pd.DataFrame, need: Floats) -> pd.DataFrame:
    """One row per lot that is asked for: sender, lot, gain per unit, store (−1 = own customers).

    Lots that do not earn their moving are left out.
    """
    lots = (asks["units"] / asks["pack"]).round().to_numpy(dtype="int64")
    at = np.repeat(np.arange(len(asks)), lots)
    number = np.arange(len(at)) - np.repeat(np.cumsum(lots) - lots, lots)
    row, pack = asks["row"].to_numpy(dtype="int64")[at], asks["pack"].to_numpy()[at]
    ordered = np.sort(need[asks["row"].to_numpy(dtype="int64")], axis=1)
    chance = np.zeros(len(at))
    for place in range(int(pack.max(initial=0))):
        unit = number * pack + place + 1
        chance += np.where(place < pack, _share_at_least(ordered, at, unit), 0.0)
    is_store = asks["store"].to_numpy()[at] >= 0
    held = np.where(is_store, np.maximum(stock.on_hand, 0.0)[row], 0.0)
    wait = (held + (number + 1) * pack) / np.maximum(stock.own_rate[row], 1e-6)
    gain = stock.column("stockout_cost")[row] * chance / pack
    gain = gain - stock.column("holding_cost")[row] * np.minimum(wait, LONGEST)
    claims = asks[["sender", "store", "move_cost"]].iloc[at].assign(lot=pack, gain=gain)
    return claims.query("gain > move_cost")


def _share_at_least(ordered: Floats, at: Rows, unit: Floats) -> Floats:
    """Share of row `at`'s sorted samples that are `unit` or more."""
    paths = ordered.shape[1]
    low, high = np.zeros(len(at), dtype="int64"), np.full(len(at), paths)
    while (low < high).any():
        middle = np.minimum((low + high) // 2, paths - 1)
        below = (ordered[at, middle] < unit - 1e-9) & (low < high)
        high = np.where(below | (low >= high), high, middle)
        low = np.where(below, middle + 1, low)
    return np.asarray(1 - low / paths)


def _take_best(claims: pd.DataFrame, free: Floats, sent: Floats) -> Floats:
    """Serve claims in order of gain while the sender has units; what is kept counts as served."""
    if claims.empty:
        return sent
    is_own = (claims["store"] < 0).to_numpy()
    order = np.lexsort((np.arange(len(claims)), is_own, -claims["gain"].to_numpy()))
    left, out = free.copy(), sent.copy()
    columns = (claims[name].to_numpy()[order] for name in ("sender", "lot", "store"))
    for sender, lot, store in zip(*columns, strict=True):
        if lot <= left[sender]:
            left[sender] -= lot
            if store >= 0:
                out[store] += lot
    return out


def _saved(stock: Holdings, stores: Rows, units: Floats, need: Floats) -> Floats:
    """Margin that these units are expected to save, money."""
    short = np.clip(need[stores], 0.0, units[:, None]).mean(axis=1)
    return np.asarray(stock.column("stockout_cost")[stores] * short)


def _transfers(ways: pd.DataFrame, outlook: Outlook, sent: Floats, saved: Floats) -> pd.DataFrame:
    cost = sent * ways["move_cost"]
    table = ways.assign(
        ship_date=outlook.first_week,
        arrival_date=arrival_dates(outlook.first_week, ways["transit_days"]),
        quantity=sent,
        reason="replenish",
        value=sent * ways["unit_cost"],
        gain=saved - cost,
        cost=cost,
    )[sent > 0]
    order = ["from_site_id", "to_site_id", "value"]
    return table.sort_values(order, ascending=[True, True, False], ignore_index=True)[COLUMNS]
