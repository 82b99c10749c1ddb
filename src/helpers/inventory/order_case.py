"""From the outlook to the order plan's terms: items, options, and the limits that a buyer lives with.

Cumulated demand until the end of week t is, on path k,

    U_k,t = μ[0, a) + D_k[a, t + 1 + δ_k) − θ ℓ_k         a = max(0, t + 1 − (L + R)),   δ_k = L_k − L

Only the last L + R weeks are at risk, since a plan is made anew every week and what sold before has been
seen by then. An order that comes δ weeks late leaves the stock to serve δ weeks more. What is lost (share θ
of the units short, ℓ) before a new order can arrive will not be asked for again.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.contract.case import Case
from helpers.inventory.arguments import Floats
from helpers.inventory.orders.limits import (
    OrderLimits,
    SharedLimit,
    budget,
    handling,
    storage,
    supplier_capacity,
    trucks,
)
from helpers.inventory.orders.problem import OrderItems, OrderOptions
from helpers.inventory.outlook import Outlook, whole_weeks
from helpers.inventory.policy import Policy, at_weeks, cumulate
from helpers.inventory.settings import InventorySettings
from helpers.inventory.supply.offers import PAIR, too_small

POINTS = 20
CLOSED = """
SELECT date_trunc('week', date) AS week FROM calendar WHERE date >= $1 AND isodow(date) <= 5
GROUP BY ALL HAVING bool_and(closed) AND count(*) = 5
"""
CHUNK = 500  # pairs worked at once
SITES = "SELECT site_id, storage_capacity_m3, handling_capacity_units FROM sites"
LANES = """
SELECT s.supplier_id, l.destination_id AS site_id, min(l.lane_id) AS lane_id,
       sum(l.weekly_vehicles) AS vehicles,
       sum(l.weekly_vehicles * l.vehicle_capacity_m3) / sum(l.weekly_vehicles) AS vehicle_volume,
       sum(l.weekly_vehicles * l.vehicle_capacity_kg) / sum(l.weekly_vehicles) AS vehicle_weight
FROM lanes l JOIN suppliers s ON s.site_id = l.origin_id
WHERE l.weekly_vehicles > 0 AND l.vehicle_capacity_m3 > 0 AND l.vehicle_capacity_kg > 0 GROUP BY ALL
ORDER BY ALL
"""


def bought_pairs(outlook: Outlook) -> NDArray[np.int64]:
    """Rows of the pairs that suppliers deliver and that have a cost; none whose only supplier is closed."""
    can = (outlook.source == -1) & ~outlook.cut_off
    return np.flatnonzero(can & (outlook.pairs["unit_cost"].to_numpy() > 0))


def order_items(
    outlook: Outlook, policy: Policy, settings: InventorySettings, rows: NDArray[np.int64]
) -> OrderItems:
    """Return what is planned: supply without new orders, and points of cumulated demand.

    Parameters
    ----------
    rows
        Pairs to plan, of `outlook.pairs`.
    """
    pairs = outlook.pairs.iloc[rows].reset_index(drop=True)
    weeks = settings.horizon
    opening = (pairs["available"] - pairs["backorders"]).to_numpy()
    supply = opening[:, None] + np.cumsum(outlook.coming[rows, :weeks], axis=1)
    parts = [
        demand_points(
            policy.demand[part].astype("float64"),
            outlook.lead_times[part],
            supply[start : start + CHUNK],
            weeks,
            settings,
        )
        for start in range(0, len(rows), CHUNK)
        if len(part := rows[start : start + CHUNK])
    ]
    until, before = (np.concatenate([part[k] for part in parts]) for k in range(2))
    ends = pairs["end_date"].notna() | (pairs["status"] == "eol")
    return OrderItems(
        keys=pairs[PAIR],
        supply=supply,
        demand_until=until,
        demand_before=before,
        holding_cost=pairs["holding_cost"],
        stockout_cost=pairs["stockout_cost"] * policy.table["dial"].to_numpy()[rows],
        volume=pairs["volume_m3"].fillna(0.0),
        weight=pairs["weight_kg"].fillna(0.0),
        salvage_share=np.where(ends, 0.0, 1.0),
    )


def demand_points(
    demand: Floats,
    lead_times: NDArray[np.int64],
    supply: Floats,
    weeks: int,
    settings: InventorySettings,
) -> tuple[Floats, Floats]:
    """Return points of U until the end of each week, and until the end of the week before.

    Parameters
    ----------
    demand
        Sampled demand, pairs × paths × weeks.
    lead_times
        L_k, whole weeks, pairs × paths.
    supply
        Cumulated supply without new orders, pairs × weeks.

    Returns
    -------
    tuple
        pairs × weeks × 20 each: means of twentieths of the sorted paths, units.
    """
    usual = np.rint(lead_times.mean(axis=1)).astype("int64")
    late = lead_times - usual[:, None]
    cumulated = cumulate(demand)
    lost = lost_before_arrival(demand, supply, usual, settings.lost_share)
    mean = cumulated.mean(axis=1)
    reach = usual + settings.review_period
    found = np.empty((2, len(demand), weeks, POINTS))
    for week in range(weeks):
        start = np.maximum(week + 1 - reach, 0)
        seen = at_weeks(cumulated, start[:, None])
        base = np.take_along_axis(mean, start[:, None], axis=1) - seen
        shift = np.where((week >= usual)[:, None], late, 0)
        gone = at_weeks(lost, np.minimum(week, usual)[:, None])
        for place, end in enumerate((week + 1, week)):
            units = base + demand_by(cumulated, np.maximum(end + shift, start[:, None])) - gone
            found[place, :, week] = points_of(np.maximum(units, 0.0))
    until, before = found
    return np.maximum(until, before), before


def lost_before_arrival(
    demand: Floats, supply: Floats, usual: NDArray[np.int64], lost_share: float
) -> Floats:
    """Return the units lost before each week, until a new order can arrive: pairs × paths × (weeks + 1)."""
    weeks = supply.shape[1]
    coming = np.diff(supply, axis=1, prepend=0.0)
    stock = np.zeros(demand.shape[:2])
    lost = np.zeros((*demand.shape[:2], weeks + 1))
    for week in range(weeks):
        stock = stock + coming[:, week, None]
        short = np.maximum(demand[:, :, week] - np.maximum(stock, 0.0), 0.0)
        gone = lost_share * short * (week < usual)[:, None]
        stock = stock - demand[:, :, week] + gone
        lost[:, :, week + 1] = lost[:, :, week] + gone
    return lost


def demand_by(cumulated: Floats, end: NDArray[np.int64]) -> Floats:
    """Return demand before week `end` (pairs × paths); a path goes on with its mean behind its last week."""
    weeks = cumulated.shape[2] - 1
    inside = np.clip(end, 0, weeks)
    reached = at_weeks(cumulated, inside)
    return np.asarray(reached + (end - inside) * cumulated[:, :, -1] / weeks)


def points_of(samples: Floats) -> Floats:
    """Return the means of twentieths of the sorted samples, pairs × 20; the mean of all stays as it is."""
    ordered = np.sort(samples, axis=1)
    count = ordered.shape[1]
    if count % POINTS == 0:
        return np.asarray(ordered.reshape(len(samples), POINTS, -1).mean(axis=2))
    # A sample that lies across the border of two twentieths counts in both, with its parts.
    edge, number = np.arange(POINTS + 1)[:, None] * count / POINTS, np.arange(count)
    overlap = np.minimum(edge[1:], number + 1) - np.maximum(edge[:-1], number)
    return np.asarray(ordered @ (np.maximum(overlap, 0.0) * POINTS / count).T)


def order_options(
    case: Case, outlook: Outlook, settings: InventorySettings, rows: NDArray[np.int64]
) -> OrderOptions:
    """Return who can deliver the pairs, on which terms, and in which weeks orders go out.

    Parameters
    ----------
    case
        Uses the calendar, where there is one: no order in a week without an open working day.
    rows
        Pairs to plan, of `outlook.pairs`.
    """
    keys = outlook.pairs.iloc[rows][PAIR].reset_index(drop=True)
    index = pd.MultiIndex.from_frame(keys)
    offers = outlook.offers
    item = index.get_indexer(pd.MultiIndex.from_frame(offers[PAIR]))
    kept = (item >= 0) & ~offers["is_lane"].to_numpy() & offers["unit_cost"].notna().to_numpy()
    kept &= ~too_small(offers).to_numpy()
    offers, item = offers[kept].reset_index(drop=True), item[kept]
    has_break = offers["price_break_quantity"].notna() & offers["price_break_cost"].notna()
    return OrderOptions(
        keys=offers[["supplier_id"]],
        item=item,
        lead_time=_lead_weeks(outlook, rows[item], offers),
        unit_cost=offers["unit_cost"],
        minimum_quantity=offers["minimum_quantity"],
        order_multiple=offers["order_multiple"],
        break_quantity=np.where(has_break, offers["price_break_quantity"], np.inf),
        break_cost=np.where(has_break, offers["price_break_cost"], offers["unit_cost"]),
        fixed_cost=settings.line_cost,
        capacity=np.where(offers["weekly_capacity"] > 0, offers["weekly_capacity"], np.inf),
        order_weeks=order_weeks(case, outlook, settings),
    )


def order_weeks(case: Case, outlook: Outlook, settings: InventorySettings) -> NDArray[np.bool_]:
    """Return in which weeks orders go out: at reviews, not where Monday to Friday are all closed."""
    starts = outlook.week_starts(settings.horizon)
    is_open = np.arange(settings.horizon) % settings.review_period == 0
    if case.has("calendar"):
        closed = case.query(CLOSED, [starts[0].date()])
        is_open &= ~starts.isin(pd.DatetimeIndex(closed["week"]))
    return np.asarray(is_open)


def _lead_weeks(outlook: Outlook, rows: NDArray[np.int64], offers: pd.DataFrame) -> NDArray[np.int64]:
    """Whole weeks of lead time: of the first offer as it is sampled, of others by their mean."""
    sampled = np.rint(outlook.lead_times[rows].mean(axis=1))
    first = offers["supplier_id"].to_numpy() == outlook.pairs["supplier_id"].to_numpy()[rows]
    return np.where(first, sampled, whole_weeks(offers["lead_time_days"].to_numpy())).astype("int64")


def order_limits(
    case: Case,
    outlook: Outlook,
    policy: Policy,
    settings: InventorySettings,
    rows: NDArray[np.int64],
) -> OrderLimits:
    """Return the limits that orders share, less what is already taken of them.

    Storage holds also what is not bought here; hands also move what goes out and what is already on order.
    What those take beyond a limit leaves nothing, not less.
    """
    shared: list[SharedLimit] = [*_site_limits(case, outlook, policy, settings, rows)]
    shared += _supply_limits(case, outlook, rows)
    least = outlook.offers[~outlook.offers["is_lane"] & (outlook.offers["minimum_order_value"] > 0)]
    highest = least.groupby(["supplier_id", "site_id"])["minimum_order_value"].max()
    minimum = highest.rename("limit").reset_index() if len(highest) else None
    return within_budget(OrderLimits(shared=tuple(shared), minimum_order_value=minimum), settings)


def within_budget(limits: OrderLimits, settings: InventorySettings) -> OrderLimits:
    """Return the limits with the budget of the settings in place of any other; 0 is no limit."""
    shared = [rule for rule in limits.shared if rule.measure != "money"]
    if settings.budget > 0:
        last = settings.frozen_weeks - 1
        table = pd.DataFrame({"first_week": [0], "last_week": [last], "limit": [settings.budget]})
        shared.append(budget(table))
    return OrderLimits(shared=tuple(shared), minimum_order_value=limits.minimum_order_value)


def _site_limits(
    case: Case,
    outlook: Outlook,
    policy: Policy,
    settings: InventorySettings,
    rows: NDArray[np.int64],
) -> list[SharedLimit]:
    """Space and hands per site and week."""
    sites = case.query(SITES)
    pairs, weeks = outlook.pairs, settings.horizon
    bought = pairs.iloc[rows]["site_id"].unique()
    sites = sites[sites["site_id"].isin(bought)].sort_values("site_id", ignore_index=True)
    other = ~np.isin(np.arange(len(pairs)), rows)
    outflow = policy.demand.mean(axis=1)[:, :weeks]
    held = np.maximum(pairs["on_hand"].to_numpy()[:, None] - np.cumsum(outflow, axis=1), 0.0)
    volume = np.nan_to_num(pairs["volume_m3"].to_numpy(dtype="float64"))
    there = _per_site(pairs, sites, held * (volume * other)[:, None])
    moved = _per_site(pairs, sites, outflow + outlook.coming[:, :weeks])
    return [
        rule(_by_week(sites[["site_id"]], np.maximum(capacity - taken, 0.0)))
        for rule, name, taken in (
            (storage, "storage_capacity_m3", there),
            (handling, "handling_capacity_units", moved),
        )
        if np.isfinite(capacity := sites[name].to_numpy(dtype="float64")[:, None]).any()
    ]


def _supply_limits(case: Case, outlook: Outlook, rows: NDArray[np.int64]) -> list[SharedLimit]:
    """Trucks per lane and week, and what a supplier can make of a product in a week."""
    found: list[SharedLimit] = []
    if case.has("lanes", "suppliers"):
        lanes = case.query(LANES).drop(columns="lane_id")
        served = outlook.pairs.iloc[rows][["site_id", "supplier_id"]].drop_duplicates()
        lanes = lanes.merge(served, on=["site_id", "supplier_id"], validate="one_to_one")
        if len(lanes):
            found += trucks(lanes)
    capped = outlook.offers[~outlook.offers["is_lane"] & outlook.offers["weekly_capacity"].notna()]
    keys = ["supplier_id", "product_id"]
    if len(capped):
        highest = capped.groupby(keys)["weekly_capacity"].max()
        found.append(supplier_capacity(highest.rename("limit").reset_index()))
    return found


def supplier_lanes(case: Case) -> pd.DataFrame:
    """Return supplier_id, site_id, lane_id (the first one) of the ways on which suppliers deliver."""
    columns = ["supplier_id", "site_id", "lane_id"]
    if not case.has("lanes", "suppliers"):
        return pd.DataFrame(columns=columns)
    return case.query(LANES)[columns]


def _per_site(pairs: pd.DataFrame, sites: pd.DataFrame, values: Floats) -> Floats:
    """Sum pairs × weeks to sites × weeks."""
    row = pd.Index(sites["site_id"]).get_indexer(pairs["site_id"])
    found = np.zeros((len(sites), values.shape[1]))
    np.add.at(found, row[row >= 0], values[row >= 0])
    return found


def _by_week(keys: pd.DataFrame, limits: Floats) -> pd.DataFrame:
    """One row per key and week with a limit; rows without one are left out."""
    weeks = limits.shape[1]
    table = keys.loc[keys.index.repeat(weeks)].reset_index(drop=True)
    table = table.assign(week=np.tile(np.arange(weeks), len(keys)), limit=limits.ravel())
    known: pd.DataFrame = table[np.isfinite(table["limit"])]
    return known.reset_index(drop=True)
