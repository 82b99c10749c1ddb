"""Pairs put on the stage of a simulation: where they start, who supplies them, and the two rules that play.

From today: stock and open orders as they are. From balance: position at the rule's own reorder point, of
which a lead time's demand is under way, so that the rule itself is seen and not the stock that it inherits.
A product that has hardly sold in 13 weeks has no mean to go by: the buyer's rule then takes the forecast's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.contract.case import Case
from helpers.inventory.arguments import Floats
from helpers.inventory.outlook import Outlook
from helpers.inventory.policy import Policy
from helpers.inventory.run_dry import fixed_quantity, without_orders
from helpers.inventory.settings import InventorySettings
from helpers.inventory.simulation.case import Costs, SimulationCase
from helpers.inventory.simulation.incumbent import BuyersMinMax
from helpers.inventory.simulation.policy_rules import FixedQuantityRule, ReplenishmentRule
from helpers.inventory.simulation.result import Simulation
from helpers.inventory.simulation.simulate import fix_lead_times, simulate
from helpers.inventory.supply.offers import PAIR

SALES_WEEKS = 13
COVER_WEEKS = 2.0
RECEIVED = """
SELECT p.product_id, p.site_id, date_diff('day', $1::DATE, r.date) AS days,
       sum(r.quantity - coalesce(r.rejected_quantity, 0)) AS units
FROM receipts r JOIN purchase_orders p ON p.po_id = r.po_id AND p.line = r.po_line
WHERE p.order_date <= $1 AND r.date > $1 GROUP BY ALL
"""
HELD = """
SELECT product_id, site_id, on_hand - coalesce(blocked, 0) AS units FROM stock
WHERE date = (SELECT max(date) FROM stock WHERE date <= $1)
"""


@dataclass(frozen=True, eq=False)
class Stage:
    """A simulation case with the two rules that play on it.

    Parameters
    ----------
    case
        From today (or from the day that the futures start on).
    outflow
        Past demand with that of the sites below added, pairs × weeks; the last one is the newest.
    promised
        Weeks of lead time that the buyer reckons with.
    expected
        Mean units a week ahead, by the forecast, calls of stores included.
    usual
        Mean weeks of lead time, as measured.
    settings
        Seed.
    """

    case: SimulationCase
    outflow: Floats
    promised: Floats
    expected: Floats
    usual: Floats
    settings: InventorySettings

    @property
    def is_dry(self) -> NDArray[np.bool_]:
        """Which pairs get no new order: their only supplier, or that of the site above, is closed."""
        weeks, source = self.case.order_weeks, self.case.source
        if weeks is None or source is None:
            return np.zeros(len(self.case.keys), dtype="bool")
        return without_orders(np.asarray(source), ~np.asarray(weeks).any(axis=1))

    @property
    def lately(self) -> Floats:
        """Mean weekly outflow of the last quarter."""
        return np.asarray(self.outflow[:, -SALES_WEEKS:].mean(axis=1))

    def first(self, paths: int) -> Stage:
        """Return the stage with the first futures only."""
        demand, times = np.asarray(self.case.demand), np.asarray(self.case.lead_times)
        drawn = times[:, :paths] if times.ndim == demand.ndim else times
        return replace(self, case=replace(self.case, demand=demand[:, :paths], lead_times=drawn))

    def buyer(self, safety_weeks: float) -> BuyersMinMax:
        """Return the buyer's rule with so many weeks of safety."""
        is_new = (self.outflow[:, -SALES_WEEKS:] > 0).sum(axis=1) < 2
        guess = np.ceil(self.expected * (self.promised + safety_weeks))
        return BuyersMinMax(self.promised, safety_weeks, COVER_WEEKS, least=np.where(is_new, guess, 1.0))

    def buyers_min(self, safety_weeks: float) -> Floats:
        """Return the buyer's min today."""
        return np.asarray(np.ceil(self.lately * (self.promised + safety_weeks)))

    def play(self, rule: ReplenishmentRule) -> Simulation:
        """Play a rule from the opening stock."""
        return simulate(self.case, rule, seed=self.settings.seed, group="abc")

    def play_from_balance(self, rule: ReplenishmentRule, point: Floats) -> Simulation:
        """Play a rule from its own balance, position at `point`."""
        weeks = np.shape(self.case.demand)[2]
        flow = np.rint(self.expected)
        lead = np.rint(self.usual).astype("int64")
        under_way = np.where(np.arange(weeks) < lead[:, None], flow[:, None], 0.0)
        stock = np.maximum(np.rint(point) - under_way.sum(axis=1), flow)
        dry = self.is_dry
        if dry.any():  # no balance to start from: what they have is all that there is
            now = self.case.open_orders
            coming = np.zeros_like(under_way) if now is None else np.asarray(now)[:, :weeks]
            stock = np.where(dry, np.asarray(self.case.opening_stock), stock)
            under_way = np.where(dry[:, None], coming, under_way)
        case = replace(self.case, opening_stock=stock, open_orders=under_way)
        return simulate(case, rule, seed=self.settings.seed, group="abc")


def stage_futures(
    outlook: Outlook,
    policy: Policy,
    history: pd.DataFrame,
    futures: NDArray[np.float32],
    settings: InventorySettings,
) -> Stage:
    """Set the stage for sampled futures, from today's stock.

    Parameters
    ----------
    history
        product_id, site_id, week, demand (units): what the buyer's rule looks back on.
    futures
        Demand of own customers, pairs × paths × weeks.
    """
    pairs = outlook.pairs
    opening = (pairs["available"] - pairs["backorders"]).to_numpy()
    past = weekly_demand(outlook, history)
    return _stage(outlook, policy, np.rint(futures), opening, outlook.coming, past, settings)


def stage_history(
    case: Case,
    outlook: Outlook,
    policy: Policy,
    history: pd.DataFrame,
    weeks: int,
    settings: InventorySettings,
    *,
    suppliers: int,
) -> Stage:
    """Set the stage for the last weeks as they were: their demand, the stock and open orders before them.

    Parameters
    ----------
    weeks
        Weeks played, up to the end of the history.
    suppliers
        Draws of the lead times; each meets the same demand.
    """
    start = (pd.Timestamp(case.as_of) - timedelta(weeks=weeks)).date()
    past = weekly_demand(outlook, history)
    held = case.query(HELD, [start])
    opening = _at_pairs(outlook, held, held["units"].to_numpy(), np.zeros(len(held), dtype="int64"), 1)[:, 0]
    came = case.query(RECEIVED, [start])
    week = np.maximum((came["days"].to_numpy() + 2) // 7, 0)
    open_orders = _at_pairs(outlook, came, came["units"].to_numpy(), week, weeks)
    demand = np.repeat(np.rint(past[:, None, -weeks:]), suppliers, axis=1)
    return _stage(outlook, policy, demand, opening, open_orders, past[:, :-weeks], settings)


def rule_of(policy: Policy) -> FixedQuantityRule:
    """Return the levels as a rule: (r, nQ), and where any quantity goes, up to r."""
    return fixed_quantity(policy.reorder_points, policy.order_quantities)


def weekly_demand(outlook: Outlook, history: pd.DataFrame, weeks: int = 65) -> Floats:
    """Return the demand of the last weeks at each pair, pairs × weeks."""
    known = pd.DatetimeIndex(np.sort(history["week"].unique())[-weeks:])
    kept = history[history["week"] >= known[0]]
    at = known.get_indexer(pd.DatetimeIndex(kept["week"]))
    return _at_pairs(outlook, kept, kept["demand"].to_numpy(dtype="float64"), at, len(known))


def _order_weeks(outlook: Outlook, weeks: int) -> NDArray[np.bool_] | None:
    """Pairs whose only supplier is closed order nothing."""
    return np.repeat(~outlook.cut_off[:, None], weeks, axis=1) if outlook.cut_off.any() else None


def _at_pairs(
    outlook: Outlook, table: pd.DataFrame, units: Floats, week: NDArray[np.int64], weeks: int
) -> Floats:
    """Put the units of a table at its pairs and weeks; what lies outside is left out."""
    index = pd.MultiIndex.from_frame(outlook.pairs[PAIR])
    row = index.get_indexer(pd.MultiIndex.from_frame(table[PAIR]))
    found = np.zeros((len(index), weeks))
    kept = (row >= 0) & (week >= 0) & (week < weeks)
    np.add.at(found, (row[kept], week[kept]), np.asarray(units, dtype="float64")[kept])
    return found


def _stage(
    outlook: Outlook,
    policy: Policy,
    demand: NDArray[np.floating],
    opening: Floats,
    open_orders: Floats,
    past: Floats,
    settings: InventorySettings,
) -> Stage:
    pairs, source = outlook.pairs, np.maximum(outlook.source, -1)
    outflow = past.copy()
    below = np.flatnonzero(source >= 0)
    np.add.at(outflow, source[below], past[below])
    case = _simulation_case(outlook, demand, opening, open_orders, outflow[:, -SALES_WEEKS:], settings)
    offers = outlook.offers.drop_duplicates(PAIR)[[*PAIR, "promised_days"]]
    promised = pairs[PAIR].merge(offers, on=PAIR, how="left", validate="one_to_one")["promised_days"]
    return Stage(
        case=fix_lead_times(case, settings.seed),
        outflow=outflow,
        promised=promised.fillna(0.0).to_numpy() / 7,
        expected=policy.demand.mean(axis=(1, 2)).astype("float64"),
        usual=outlook.lead_times.mean(axis=1),
        settings=settings,
    )


def case_ahead(outlook: Outlook, demand: NDArray[np.floating], settings: InventorySettings) -> SimulationCase:
    """Return the weeks ahead as a simulation, from today's stock and open orders.

    Parameters
    ----------
    demand
        Demand of own customers, pairs × paths × weeks, whole units.
    """
    opening = (outlook.pairs["available"] - outlook.pairs["backorders"]).to_numpy()
    return _simulation_case(outlook, demand, opening, outlook.coming, np.zeros((len(opening), 1)), settings)


def _simulation_case(
    outlook: Outlook,
    demand: NDArray[np.floating],
    opening: Floats,
    open_orders: Floats,
    sales_before: Floats,
    settings: InventorySettings,
) -> SimulationCase:
    """Pairs with who supplies them, terms and costs."""
    pairs, source = outlook.pairs, np.maximum(outlook.source, -1)
    return SimulationCase(
        keys=pairs[[*PAIR, "abc"]],
        demand=demand,
        lead_times=outlook.lead_times,
        opening_stock=opening,
        open_orders=open_orders,
        minimum_quantity=pairs["minimum_quantity"],
        order_multiple=pairs["order_multiple"],
        lost_share=settings.lost_share,
        order_weeks=_order_weeks(outlook, demand.shape[2]),
        sales_before=sales_before,
        source=source,
        costs=Costs(
            unit_cost=pairs["unit_cost"],
            holding_cost=pairs["holding_cost"],
            fixed_cost=np.where(source >= 0, 0.0, settings.line_cost),
            stockout_cost=pairs["unit_margin"],
        ),
    )
