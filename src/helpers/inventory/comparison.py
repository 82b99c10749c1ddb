"""The recommended levels beside the buyer's min–max rule, on sampled futures and on the weeks that were.

The futures are drawn anew (not those that the levels were set on), and both rules meet the same ones with the
same suppliers. Each rule has a dial (what a unit short costs; weeks of safety), so each draws a frontier of
stock against service from balance. What is gained is read between the frontiers, at equal service or at equal
stock, future by future. The buyer's rule so stands as well as it can be set for these very futures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.contract.case import Case
from helpers.inventory.arguments import Floats
from helpers.inventory.outlook import Outlook
from helpers.inventory.policy import Policy, recommend_policy
from helpers.inventory.settings import InventorySettings
from helpers.inventory.simulation.compare import beside_promise, compare_simulations
from helpers.inventory.simulation.result import Simulation
from helpers.inventory.stage import Stage, rule_of, stage_futures, stage_history

DIALS = (0.06, 0.15, 0.35, 0.8, 2.0, 6.0)  # θ of our frontier
SAFETY = (0.5, 1.5, 3.0, 5.0, 8.0)  # weeks of safety of the buyer's
INTERVAL = (0.05, 0.95)
LEAST_MET = 0.5  # share of futures in which the frontiers meet, below which an interval would mislead
FRONTIER_PATHS = 300  # futures of the frontiers; promise and table take all
REPLAYED_WEEKS = 26
SUPPLIERS = 20  # draws of lead times that the replay of history meets
SHOWN = ["fill_rate", "stock_value", "lost_units", "stockout_cost", "holding_cost", "orders"]


@dataclass(frozen=True)
class Gain:
    """What the recommended levels save beside the buyer's rule.

    Parameters
    ----------
    share
        Share saved, means over the futures; NaN where the frontiers do not meet.
    low, high
        90 % interval over the futures; NaN where the frontiers meet in less than half of them.
    at
        What is held equal: the buyer's fill rate (0–1) or stock value (money).
    """

    share: float
    low: float
    high: float
    at: float


@dataclass(frozen=True, eq=False)
class Comparison:
    """Recommended levels and buyer's rule beside each other.

    Parameters
    ----------
    table
        measure, recommended, incumbent, difference, low, high, relative: from the opening stock, the buyer's
        safety weeks chosen where he comes nearest to the recommended service from balance.
    promise
        group (ABC class), series, promised, simulated, low, high, difference, is_kept: from balance.
    frontier
        rule (`recommended`, `min–max`), dial, fill_rate, stock_value, lost_margin: from balance.
    stock, lost
        Stock value saved at equal fill rate, lost margin saved at equal stock value.
    safety_weeks
        Of the buyer in `table`.
    weeks, paths
        How long and how many futures.
    """

    table: pd.DataFrame
    promise: pd.DataFrame
    frontier: pd.DataFrame
    stock: Gain
    lost: Gain
    safety_weeks: float
    weeks: int
    paths: int


def compare_on_futures(
    outlook: Outlook,
    policy: Policy,
    history: pd.DataFrame,
    futures: NDArray[np.float32],
    settings: InventorySettings,
) -> Comparison:
    """Play both rules over sampled futures.

    Parameters
    ----------
    outlook, policy
        Pairs and levels.
    history
        product_id, site_id, week, demand (units): what the buyer's rule looks back on.
    futures
        Demand of own customers, pairs × paths × weeks, of another seed than the levels were set on.
    settings
        Costs and seed.
    """
    return compare_rules(stage_futures(outlook, policy, history, futures, settings), outlook, policy)


def replay_history(
    case: Case,
    outlook: Outlook,
    policy: Policy,
    history: pd.DataFrame,
    settings: InventorySettings,
    *,
    weeks: int = REPLAYED_WEEKS,
) -> Comparison:
    """Play both rules over the last weeks as they were, lead times drawn as measured.

    Both rules meet the same draws. Lead times, margins and classes are those known today: what was learned of
    suppliers since is in them.

    Parameters
    ----------
    policy
        Levels made from a forecast of the time, which knew nothing of the weeks played.
    history
        product_id, site_id, week, demand (units).
    weeks
        Weeks played; the levels of `policy` start with the first of them.
    """
    stage = stage_history(case, outlook, policy, history, weeks, settings, suppliers=SUPPLIERS)
    return compare_rules(stage, outlook, policy)


def compare_rules(stage: Stage, outlook: Outlook, policy: Policy) -> Comparison:
    """Play both rules on a stage, and read what is gained between their frontiers."""
    ours = rule_of(policy)
    balanced = stage.play_from_balance(ours, policy.reorder_points[:, 0])
    fewer = stage.first(FRONTIER_PATHS)
    fronts = {
        "recommended": [_play_dial(fewer, outlook, dial) for dial in DIALS],
        "min–max": [fewer.play_from_balance(fewer.buyer(k), fewer.buyers_min(k)) for k in SAFETY],
    }
    fills = np.array([found.value("fill_rate") for found in fronts["min–max"]])
    nearest = int(np.abs(fills - balanced.value("fill_rate")).argmin())
    buyer = fronts["min–max"][nearest]
    weeks = np.shape(stage.case.demand)[2]
    return Comparison(
        table=_shown(compare_simulations(stage.play(ours), stage.play(stage.buyer(SAFETY[nearest])))),
        promise=_by_class(beside_promise(balanced, policy.table["fill_rate"].to_numpy())),
        frontier=_frontier(fronts),
        stock=_gain(fronts["recommended"], buyer, "fill_rate", "stock_value"),
        lost=_gain(fronts["recommended"], buyer, "stock_value", "stockout_cost"),
        safety_weeks=SAFETY[nearest],
        weeks=int(weeks),
        paths=len(balanced.paths),
    )


def _by_class(promise: pd.DataFrame) -> pd.DataFrame:
    """A, B, C, and the total last."""
    return promise.sort_values("group", ignore_index=True)


def _play_dial(stage: Stage, outlook: Outlook, dial: float) -> Simulation:
    policy = recommend_policy(outlook, stage.settings, dial=dial)
    return stage.play_from_balance(rule_of(policy), policy.reorder_points[:, 0])


def _gain(front: Sequence[Simulation], other: Simulation, equal: str, saved: str) -> Gain:
    """Return the share of `saved` that the frontier saves where `equal` is the other rule's."""
    level = other.value(equal)
    known, wanted = (np.array([[one.value(name)] for one in front]) for name in (equal, saved))
    share = _share_saved(known, wanted, np.array([level]), np.array([other.value(saved)]))[0]
    known, wanted = (np.stack([_by_path(one, name) for one in front]) for name in (equal, saved))
    theirs = (_by_path(other, name) for name in (equal, saved))
    shares = _share_saved(known, wanted, *theirs)
    seen = shares[np.isfinite(shares)]
    meets = len(seen) >= LEAST_MET * len(shares)
    low, high = np.quantile(seen, INTERVAL) if meets else (np.nan, np.nan)
    return Gain(float(share), float(low), float(high), level)


def _by_path(found: Simulation, measure: str) -> Floats:
    return found.paths[measure].to_numpy(dtype="float64")


def _share_saved(known: Floats, wanted: Floats, level: Floats, theirs: Floats) -> Floats:
    """Read `wanted` at `level` on each column's frontier; NaN beyond its ends."""
    order = np.argsort(known, axis=0)
    known, wanted = (np.take_along_axis(one, order, axis=0) for one in (known, wanted))
    found = [
        np.interp(level[path], known[:, path], wanted[:, path], left=np.nan, right=np.nan)
        for path in range(known.shape[1])
    ]
    return np.asarray(1 - np.array(found) / np.where(theirs > 0, theirs, np.nan))


def _frontier(fronts: dict[str, list[Simulation]]) -> pd.DataFrame:
    dials = {"recommended": DIALS, "min–max": SAFETY}
    names = ["fill_rate", "stock_value", "stockout_cost"]
    rows = [
        (name, dial, *(found.value(measure) for measure in names))
        for name, plays in fronts.items()
        for dial, found in zip(dials[name], plays, strict=True)
    ]
    return pd.DataFrame(rows, columns=["rule", "dial", "fill_rate", "stock_value", "lost_margin"])


def _shown(table: pd.DataFrame) -> pd.DataFrame:
    return table.set_index("measure").loc[SHOWN].reset_index()
