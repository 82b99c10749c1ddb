"""The week's inventory plan: what to hold, buy, move and run down, beside what a buyer would do.

look_ahead        stock, supply, costs, demand that may come
recommend_policy  levels per pair and week
plan_orders       orders within money, space, hands, suppliers and trucks, with prices of these limits
plan_replenishment, rebalance, find_excess, plan_run_down
stockout_risk     what runs out before help can come
compare_on_futures, replay_history     the levels beside the buyer's rule
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Protocol

import numpy as np
import pandas as pd

from helpers.contract.case import Case
from helpers.contract.readiness import require_for
from helpers.inventory.arguments import Floats
from helpers.inventory.balance.balanced_stock import balance_stock
from helpers.inventory.comparison import Comparison, compare_on_futures, replay_history
from helpers.inventory.echelons.compare import EchelonComparison, compare_echelons
from helpers.inventory.order_case import (
    bought_pairs,
    order_items,
    order_limits,
    order_options,
    supplier_lanes,
    within_budget,
)
from helpers.inventory.orders.plan import OrderPlan, OrderSettings, plan_orders
from helpers.inventory.orders.ranking import ranked_purchases
from helpers.inventory.outlook import DemandForecast, Outlook, draw_demand, look_ahead
from helpers.inventory.policy import Policy, recommend_policy
from helpers.inventory.result import InventoryPlan
from helpers.inventory.settings import InventorySettings, check_horizon
from helpers.inventory.stock.classes import classify
from helpers.inventory.stock.kpis import stock_kpis
from helpers.inventory.stock.stockout_risk import StockoutRisk, stockout_risk
from helpers.inventory.supply.lead_times import measure_lead_times
from helpers.inventory.supply.offers import PAIR

PAGE = "2_inventory_plan"
FUTURES = 1000
CHECKED_ANEW = 1  # added to the seed: futures that the levels were not set on
SERVED = 0.95  # chance of no stock-out that the comparison of echelons rests on


class PastForecast(DemandForecast, Protocol):
    """A forecast with the history that it was made from."""

    @property
    def history(self) -> pd.DataFrame:
        """Columns product_id, site_id, week, demand."""
        ...


def plan_inventory(
    case: Case,
    settings: InventorySettings,
    forecast: PastForecast,
    earlier: DemandForecast | None = None,
) -> InventoryPlan:
    """Plan what to hold, buy, move and run down.

    Parameters
    ----------
    case
        The data.
    settings
        Aim, costs, horizon, budget.
    forecast
        Demand of the weeks ahead (`forecast_demand`), with its history.
    earlier
        A forecast made half a year ago, on which the levels are replayed; without it there is no replay.

    Returns
    -------
    InventoryPlan
        Tables, levels, orders with prices of limits, comparison, notes.

    Raises
    ------
    ContractError
        Stock, supply terms or all unit costs are missing.
    ParameterError
        The plan has more weeks than the forecast.

    Examples
    --------
    >>> plan_inventory(case, InventorySettings(), forecast).summary()     # doctest: +SKIP
    """
    require_for(case, PAGE)
    case = case.seen_on(forecast.first_week - timedelta(days=1))
    outlook = look_ahead(case, forecast, settings, measured=measure_lead_times(case))
    check_horizon(settings, outlook.weeks)
    policy = recommend_policy(outlook, settings)
    orders = order(case, outlook, policy, settings)
    balance = balance_stock(case, outlook, policy, settings)
    futures = draw_demand(outlook.pairs, forecast, FUTURES, settings.seed + CHECKED_ANEW)
    return InventoryPlan(
        outlook=outlook,
        policy=policy,
        orders=orders,
        ranked=ranked_purchases(orders, settings.budget or None),
        balance=balance,
        risk=_risk(case, outlook, policy, balance.transfers, settings),
        kpis=stock_kpis(case, _daily_demand(outlook)).kpis,
        classes=classify(case),
        echelons=_echelons(outlook),
        futures=compare_on_futures(outlook, policy, forecast.history, futures, settings),
        replay=_replay(case, settings, forecast, earlier, outlook),
        lanes=supplier_lanes(case),
        settings=settings,
        cutoff=case.as_of,
    )


def order(
    case: Case,
    outlook: Outlook,
    policy: Policy,
    settings: InventorySettings,
    *,
    known: OrderPlan | None = None,
) -> OrderPlan:
    """Plan the orders of all pairs that suppliers deliver.

    Parameters
    ----------
    known
        A plan of the same outlook, levels and settings but for the budget: its grid is used again.
    """
    how = OrderSettings(settings.frozen_weeks, settings.gap, settings.time_limit)
    if known is not None:
        laid = known.problem
        limits = within_budget(laid.limits, settings)
        return plan_orders(laid.items, laid.options, limits, how, laid=laid)
    rows = bought_pairs(outlook)
    return plan_orders(
        order_items(outlook, policy, settings, rows),
        order_options(case, outlook, settings, rows),
        order_limits(case, outlook, policy, settings, rows),
        how,
    )


def _risk(
    case: Case, outlook: Outlook, policy: Policy, transfers: pd.DataFrame, settings: InventorySettings
) -> StockoutRisk:
    """What runs out before an order placed now is there, this week's transfers having come.

    A warehouse's demand holds what stores call from it. A store waits for its next delivery, a pair whose
    only supplier is closed until after the plan.
    """
    came = transfers.rename(columns={"to_site_id": "site_id"})
    arrivals = outlook.coming + _at_pairs(outlook, came)
    days = np.nan_to_num(outlook.sample_lead_times(settings.paths, settings.seed))
    span = days / 7 + np.where(outlook.source >= 0, settings.review_period, 0)[:, None]
    span += np.where(outlook.cut_off, settings.horizon, 0)[:, None]
    known = outlook.source > -2
    return stockout_risk(
        case,
        outlook.pairs[known][PAIR].reset_index(drop=True),
        policy.demand[known].astype("float64"),
        span[known],
        outlook.opening,
        arrivals=arrivals[known],
    )


def _at_pairs(outlook: Outlook, came: pd.DataFrame) -> Floats:
    """Put transfers of this week into week 0 of their pairs, pairs × weeks."""
    index = pd.MultiIndex.from_frame(outlook.pairs[PAIR])
    row = index.get_indexer(pd.MultiIndex.from_frame(came[PAIR]))
    found = np.zeros((len(index), outlook.weeks))
    np.add.at(found[:, 0], row, came["quantity"].to_numpy(dtype="float64"))
    return found


def _daily_demand(outlook: Outlook) -> pd.DataFrame:
    daily = outlook.own_demand.mean(axis=(1, 2)) / 7
    return outlook.pairs[PAIR].assign(daily_demand=daily)


def _echelons(outlook: Outlook) -> EchelonComparison | None:
    """Safety stock of warehouses and stores planned together, beside each site on its own."""
    pairs, source = outlook.pairs, outlook.source
    weekly = outlook.own_demand.std(axis=(1, 2), dtype="float64")
    kept = (source > -2) & (pairs["unit_cost"].to_numpy() > 0) & (weekly > 0)
    kept[source[kept & (source >= 0)]] = True
    below = kept & (source >= 0)
    if not below.any():
        return None
    stages = pd.DataFrame(
        {
            "product": pairs["product_id"],
            "site": pairs["site_id"],
            "lead_time": np.maximum(pairs["lead_time_weeks"], 1 / 7),
            "holding_cost": pairs["holding_cost"],
            "demand_sd": np.where(weekly > 0, weekly, np.nan),
            "cycle_service_level": np.where(weekly > 0, SERVED, np.nan),
        }
    )
    lanes = pairs.loc[below, ["product_id", "supplier_id", "site_id"]]
    return compare_echelons(stages[kept], lanes.set_axis(["product", "from_site", "to_site"], axis=1))


def _replay(
    case: Case,
    settings: InventorySettings,
    forecast: PastForecast,
    earlier: DemandForecast | None,
    outlook: Outlook,
) -> Comparison | None:
    """The levels that an earlier forecast would have given, played over the weeks since.

    The past is as it was: no lead time is changed there and no supplier closed.
    """
    if earlier is None:
        return None
    settings = replace(settings, lead_time_change=0.0, closed_supplier="")
    then = look_ahead(case, earlier, settings, measured=outlook.measured)
    policy = recommend_policy(then, settings)
    weeks = (case.as_of - earlier.first_week + timedelta(days=1)).days // 7
    weeks = min(weeks, then.weeks)
    return replay_history(case, then, policy, forecast.history, settings, weeks=weeks)
