"""What one more unit at a site is worth: the money that it saves there, less what it costs to keep it.

Of a pair with stock position x, safety stock s and sampled demand D (`remaining_demand.py`), the k-th unit is
wanted at T(k − s) where that comes before the end E. Then it saves a purchase; where it is the only way not
to lose a sale, it brings the margin too:

    V(k) = c · P( T(k − s) < ∞ ) + p · P( z ≥ k − x ) − h · E[ min(T(k − s), E) ]
    V(k) = (c + p) · P( D(E) ≥ k ) − h · E[ min(T(k), E) ]               the product ends

c is the unit cost, p the cost of a unit short, h the cost of holding a unit for a week. z are the units that
are short before an order placed now could arrive, or less the lowest stock until then (`need.py`): on each
path one unit more saves a sale until all z are saved, one unit fewer loses one once stock gets that low.
V never rises with k, and is 0 at least: what costs more than it brings is given away.
The same V is the break-even price of selling a unit off now, what a sister site gains from it, and what the
sender gives up.

The stock that counts is free of what is promised: x = on_hand − blocked − allocated + on_order +
transfers_coming − backorders. The level S is the policy's of week 0; of a product that ends, no more than the
newsvendor's of all that is still to be wanted, P(D(E) ≤ S) = p ÷ (p + c).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.inventory.arguments import Floats
from helpers.inventory.balance.remaining_demand import (
    LONGEST,
    DemandCourse,
    RemainingDemand,
    remaining_demand,
)
from helpers.inventory.outlook import Outlook
from helpers.inventory.policy import Policy
from helpers.inventory.supply.offers import PAIR

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Holdings:
    """What lies at each pair, what it is for, and the demand that may come.

    Parameters
    ----------
    pairs
        As of `Outlook`.
    demand
        Demand that is still to come.
    position, on_hand
        x, and the part of it that is on the shelf and free (backorders taken off), units.
    level, safety
        S and s, units.
    own_rate
        Mean units a week that the site's own customers want.
    is_ending
        Whether the product has an end date, or nobody wants it any more.
    """

    pairs: pd.DataFrame
    demand: RemainingDemand
    position: Floats
    on_hand: Floats
    level: Floats
    safety: Floats
    own_rate: Floats
    is_ending: NDArray[np.bool_]

    def column(self, name: str) -> Floats:
        """Return a number of each pair."""
        return self.pairs[name].to_numpy(dtype="float64")


def take_stock(outlook: Outlook, policy: Policy, course: DemandCourse | None = None) -> Holdings:
    """Return holdings, levels and remaining demand of every pair.

    Parameters
    ----------
    outlook, policy
        Pairs, opening positions, levels and demand.
    course
        Seasons behind the forecast; flat without.
    """
    demand, pairs = remaining_demand(outlook, policy, course), outlook.pairs
    keys = pd.MultiIndex.from_frame(pairs[PAIR])
    moving = outlook.opening.table.set_index(PAIR)["transfers_coming"].reindex(keys).fillna(0.0).to_numpy()
    on_hand = pairs["available"].to_numpy(dtype="float64") - pairs["backorders"].to_numpy(dtype="float64")
    last = demand.until(LONGEST)
    is_ending = np.isfinite(demand.end) | (last.max(axis=1, initial=0.0) <= 0)
    cost = pairs["unit_cost"].to_numpy(dtype="float64")
    short = pairs["stockout_cost"].to_numpy(dtype="float64")
    ratio = np.divide(short, short + cost, out=np.zeros_like(cost), where=short + cost > 0)
    enough = np.maximum(np.ceil(_quantiles(last, ratio) - 1e-9), 0.0) + 0.0
    level = policy.table["order_up_to_level"].to_numpy(dtype="float64")
    safety = np.maximum(policy.table["safety_stock"].to_numpy(dtype="float64"), 0.0)
    return Holdings(
        pairs=pairs,
        demand=demand,
        position=on_hand + pairs["on_order"].to_numpy(dtype="float64") + moving,
        on_hand=on_hand,
        level=np.where(is_ending, np.minimum(level, enough), level),
        safety=np.where(is_ending, 0.0, safety),
        own_rate=outlook.own_demand.mean(axis=(1, 2), dtype="float64"),
        is_ending=is_ending,
    )


def worth_of_unit(
    stock: Holdings, rows: Rows, unit: Floats, need: Floats, lot: Floats | float = 1.0
) -> Floats:
    """Return V(k) of these pairs, money; or its mean over a lot of units with k in the middle.

    Parameters
    ----------
    stock
        Holdings.
    rows
        Pairs.
    unit
        k, one per pair.
    need
        z of these pairs, pairs × paths, units.
    lot
        Units of the lot, one per pair; the margin is averaged over them, the rest taken at the middle.

    Examples
    --------
    A unit that is wanted for sure in ten weeks and costs 20, at 0.1 a week: 20 − 10 · 0.1 = 19.
    """
    demand, ends = stock.demand.rows(rows), stock.is_ending[rows]
    index = unit - stock.safety[rows]
    time = demand.weeks_until(index)
    is_wanted = np.isfinite(time)
    kept = np.minimum(time, np.minimum(demand.end, LONGEST)[:, None]).mean(axis=1)
    cost, short, hold = (stock.column(name)[rows] for name in ("unit_cost", "stockout_cost", "holding_cost"))
    size = np.broadcast_to(np.maximum(lot, 1.0), unit.shape)
    before = unit - stock.position[rows] - (size + 1) / 2
    share = np.clip((need - before[:, None]) / size[:, None], 0.0, 1.0)
    saved = np.where(ends[:, None], is_wanted, share)
    worth = cost * is_wanted.mean(axis=1) + short * saved.mean(axis=1) - hold * kept
    return np.maximum(worth, 0.0)


def _quantiles(samples: Floats, ratio: Floats) -> Floats:
    """Quantile of each row's samples at its own probability."""
    ordered = np.sort(samples, axis=1)
    at = np.clip(np.ceil(ratio * samples.shape[1] - 1e-9).astype("int64") - 1, 0, samples.shape[1] - 1)
    return np.asarray(np.where(ratio > 0, ordered[np.arange(len(ordered)), at], 0.0))
