"""What is served where no new order can be placed: the only supplier is closed.

Levels say what to hold when a supplier delivers. A pair that is cut off, and the sites that it supplies, live
on stock and open orders instead, so their promise is what those serve over the weeks ahead, played on the
sampled futures: the sites below are still sent what they call for, as long as there is something.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.inventory.arguments import Floats
from helpers.inventory.outlook import Outlook
from helpers.inventory.settings import InventorySettings
from helpers.inventory.simulation.case import SimulationCase
from helpers.inventory.simulation.policy_rules import FixedQuantityRule
from helpers.inventory.simulation.simulate import simulate
from helpers.inventory.supply.offers import PAIR


@dataclass(frozen=True, eq=False)
class RunDry:
    """What pairs without new orders serve.

    Parameters
    ----------
    rows
        Pairs that are cut off, or supplied by one that is.
    fill_rate
        Share of the units served from stock over the weeks ahead, 0–1.
    on_hand
        Mean units on hand, goods on the road between sites included.
    """

    rows: NDArray[np.int64]
    fill_rate: Floats
    on_hand: Floats


def fixed_quantity(points: Floats, quantities: Floats) -> FixedQuantityRule:
    """Return levels as a rule: (r, nQ), and where any quantity goes, up to r.

    Parameters
    ----------
    points
        r, pairs × weeks, units.
    quantities
        Q, pairs, units.
    """
    base = quantities <= 0
    return FixedQuantityRule(points - base[:, None], np.where(base, 1.0, quantities))


def without_orders(source: NDArray[np.int64], cut_off: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which pairs are cut off, or get their goods from one that is."""
    found, above = cut_off.copy(), source
    while (above >= 0).any():
        found |= np.where(above >= 0, cut_off[above], False)
        above = np.where(above >= 0, source[above], -1)
    return found


def play_without_orders(
    outlook: Outlook, points: Floats, quantities: Floats, settings: InventorySettings
) -> RunDry:
    """Play the pairs that get no new order from today's stock.

    Parameters
    ----------
    points, quantities
        r, pairs × weeks, and Q, pairs: levels of all pairs, units.
    """
    source = np.maximum(outlook.source, -1)
    rows = np.flatnonzero(without_orders(source, outlook.cut_off))
    if not len(rows):
        return RunDry(rows, np.zeros(0), np.zeros(0))
    pairs = outlook.pairs.iloc[rows]
    above = source[rows]
    case = SimulationCase(
        keys=pairs[PAIR].reset_index(drop=True),
        demand=np.rint(outlook.own_demand[rows]),
        lead_times=outlook.lead_times[rows],
        opening_stock=(pairs["available"] - pairs["backorders"]).to_numpy(),
        open_orders=outlook.coming[rows],
        order_weeks=np.repeat(~outlook.cut_off[rows][:, None], outlook.weeks, axis=1),
        minimum_quantity=pairs["minimum_quantity"].to_numpy(),
        order_multiple=pairs["order_multiple"].to_numpy(),
        lost_share=settings.lost_share,
        source=np.where(above >= 0, np.searchsorted(rows, above), -1),
    )
    found = simulate(case, fixed_quantity(points[rows], quantities[rows]), seed=settings.seed).series
    return RunDry(rows, found["fill_rate"].to_numpy(), found["stock_through_week"].to_numpy())


def promise_without_orders(table: pd.DataFrame, played: RunDry, unit_cost: Floats) -> pd.DataFrame:
    """Return the levels' table with what the pairs without new orders really serve.

    Parameters
    ----------
    table
        `Policy.table`.
    unit_cost
        Money per unit, pairs.
    """
    found = table.copy()
    rows = played.rows
    demand = table["demand"].to_numpy()[rows]
    for name, values in (
        ("fill_rate", played.fill_rate),
        ("expected_on_hand", played.on_hand),
        ("expected_value", played.on_hand * unit_cost[rows]),
        ("expected_short", (1 - played.fill_rate) * demand),
    ):
        column = found[name].to_numpy(dtype="float64").copy()
        column[rows] = values
        found[name] = column
    return found
