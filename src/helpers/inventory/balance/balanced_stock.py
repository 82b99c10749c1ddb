"""Stock in the wrong place, in one call: what to send, move, run down and get rid of this week."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from helpers.contract.case import Case
from helpers.inventory.balance.excess import Excess, find_excess
from helpers.inventory.balance.excess_words import first_steps
from helpers.inventory.balance.rebalance import LEAST_GAIN, rebalance
from helpers.inventory.balance.remaining_demand import demand_course
from helpers.inventory.balance.roads import find_roads
from helpers.inventory.balance.run_down import RunDown, plan_run_down
from helpers.inventory.balance.transfers import Transfers, plan_replenishment
from helpers.inventory.outlook import Outlook
from helpers.inventory.policy import Policy
from helpers.inventory.settings import InventorySettings


@dataclass(frozen=True, eq=False)
class BalancedStock:
    """What to send, to move, to run down and to get rid of.

    Parameters
    ----------
    replenishment
        From warehouses to the stores they supply.
    rebalancing
        Between sister sites.
    excess
        What there is too much of; its advice names the moves.
    run_down
        Products that end.
    """

    replenishment: Transfers
    rebalancing: Transfers
    excess: Excess
    run_down: RunDown

    @property
    def transfers(self) -> pd.DataFrame:
        """All transfers of the week: the columns of `Transfers.table`."""
        parts = [found.table for found in (self.replenishment, self.rebalancing) if len(found.table)]
        return pd.concat(parts, ignore_index=True) if parts else self.replenishment.table

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out or assumed."""
        return (*self.replenishment.notes, *self.rebalancing.notes, *self.run_down.notes)


def balance_stock(
    case: Case,
    outlook: Outlook,
    policy: Policy,
    settings: InventorySettings,
    *,
    least_gain: float = LEAST_GAIN,
) -> BalancedStock:
    """Return the week's transfers, excess and run-down of a case.

    Parameters
    ----------
    case
        Uses lanes, sites, orders and products.
    outlook, policy
        `look_ahead` and `recommend_policy` of the same case.
    settings
        Costs, horizon, slow weeks, limits of the model.
    least_gain
        Money that a move between sister sites has to earn.

    Examples
    --------
    >>> balance_stock(case, outlook, policy, InventorySettings()).excess.summary()      # doctest: +SKIP
    """
    roads, course = find_roads(case), demand_course(case)
    sent = plan_replenishment(outlook, policy, roads, settings)
    moved = rebalance(outlook, policy, roads, settings, sent, course=course, least_gain=least_gain)
    excess = find_excess(outlook, policy, settings, course=course, moves=moved.table)
    steps = first_steps(excess.lines, moved.table)
    ending = plan_run_down(outlook, policy, case, settings, course=course, steps=steps)
    return BalancedStock(sent, moved, excess, ending)
