"""The plan as tables for other systems and for the plan check, which reads nothing else of it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.inventory.order_case import POINTS
from helpers.inventory.orders.limits import LimitRows
from helpers.inventory.orders.problem import end_values
from helpers.inventory.result import InventoryPlan
from helpers.inventory.supply.offers import PAIR

RULES = {
    "open-to-buy budget": "budget",
    "storage": "storage",
    "handling": "handling",
    "supplier capacity": "supplier capacity",
    "trucks, volume": "trucks",
    "trucks, weight": "trucks",
}
KEYS = ["site_id", "supplier_id", "lane_id", "product_id"]


def purchase_orders(plan: InventoryPlan) -> pd.DataFrame:
    """Return the firm orders as lines of the table `purchase_orders`, one order per supplier, site and week.

    Returns
    -------
    pandas.DataFrame
        po_id, line, supplier_id, site_id, product_id, quantity, unit_cost, order_date, due_date (as promised
        by the supplier), status (`proposed`).
    """
    table = plan.firm.sort_values(["supplier_id", "site_id", "order_week", "product_id"], ignore_index=True)
    ordered = pd.Timestamp(plan.first_week) + pd.to_timedelta(7 * table["order_week"], unit="D")
    keys = ["supplier_id", *PAIR]
    promised = table[keys].merge(
        plan.outlook.offers[[*keys, "promised_days"]], on=keys, how="left", validate="many_to_one"
    )["promised_days"]
    order = table.groupby(["supplier_id", "site_id", "order_week"]).ngroup() + 1
    number = order.astype(str).str.zfill(3)
    return pd.DataFrame(
        {
            "po_id": f"PB{plan.first_week:%GW%V}-" + number,
            "line": table.groupby(["supplier_id", "site_id", "order_week"]).cumcount() + 1,
            "supplier_id": table["supplier_id"],
            "site_id": table["site_id"],
            "product_id": table["product_id"],
            "quantity": table["quantity"],
            "unit_cost": table["unit_cost"],
            "order_date": ordered,
            "due_date": ordered + pd.to_timedelta(np.ceil(promised), unit="D"),
            "status": "proposed",
        }
    )


def order_plan(plan: InventoryPlan) -> pd.DataFrame:
    """Return all orders of the horizon, weeks as Mondays."""
    table = plan.orders.orders
    monday = pd.Timestamp(plan.first_week)
    weeks = {
        name: monday + pd.to_timedelta(7 * table[name], unit="D") for name in ("order_week", "arrival_week")
    }
    columns = [
        *PAIR,
        "supplier_id",
        "order_week",
        "arrival_week",
        "quantity",
        "unit_cost",
        "value",
        "is_frozen",
    ]
    return table.assign(**weeks)[columns]


def stock_outlook(plan: InventoryPlan) -> pd.DataFrame:
    """Return per planned pair and week what is expected, with the points of demand that it rests on."""
    items, cost = plan.orders.problem.items, plan.orders.cost
    supply, until, before = items.arrays
    count, weeks = supply.shape
    keys = items.keys.loc[items.keys.index.repeat(weeks)].reset_index(drop=True)
    starts = plan.outlook.week_starts(weeks)
    head = keys.assign(
        week=np.tile(starts, count),
        supply=supply.ravel(),
        ordered=(cost.supply - supply).ravel(),
        expected_stock=cost.held.ravel(),
        expected_short=cost.short.ravel(),
        holding_cost=np.repeat(items.per_item("holding_cost"), weeks),
        stockout_cost=np.repeat(items.per_item("stockout_cost"), weeks),
        volume_m3=np.repeat(items.per_item("volume"), weeks),
        leftover_value=np.repeat(end_values(items, plan.orders.problem.options)[0], weeks),
    )
    points = [
        pd.DataFrame(
            values.reshape(count * weeks, -1),
            columns=[f"{name}_{place:02d}" for place in range(1, POINTS + 1)],
        )
        for name, values in (("until", until), ("before", before))
    ]
    return pd.concat([head, *points], axis=1)


def plan_limits(plan: InventoryPlan) -> pd.DataFrame:
    """Return every shared limit with its use and price, keys in columns of their own."""
    rows, table = plan.orders.problem.rows, plan.orders.limits
    keys = _limit_keys(rows)
    lanes = plan.lanes.set_index(["supplier_id", "site_id"])["lane_id"]
    ways = pd.MultiIndex.from_frame(keys[["supplier_id", "site_id"]])
    has_lane = table["rule"].str.startswith("trucks")
    keys = keys.assign(lane_id=np.where(has_lane, lanes.reindex(ways).to_numpy(), ""))
    monday = pd.Timestamp(plan.first_week)
    found = keys.assign(
        rule=table["rule"].map(RULES),
        measure=table["rule"],
        week=monday + pd.to_timedelta(7 * table["week"], unit="D"),
        last_week=monday + pd.to_timedelta(7 * table["last_week"], unit="D"),
        used=table["used"],
        limit=table["limit"],
        unit=table["unit"],
        price=table["price"],
        relaxed_by=table["gives_way"],
    )
    least = plan.orders.minimum_values
    least = least[least["orders"].astype(bool)].reindex(columns=[*least.columns.union(KEYS, sort=False)])
    minimum = pd.DataFrame(
        {
            "supplier_id": least["supplier_id"],
            "site_id": least["site_id"],
            "rule": "minimum order value",
            "measure": "minimum order value",
            "week": monday + pd.to_timedelta(7 * least["week"], unit="D"),
            "last_week": monday + pd.to_timedelta(7 * least["week"], unit="D"),
            "used": least["value"],
            "limit": least["minimum"],
            "unit": "money",
            "price": 0.0,
            "relaxed_by": 0.0,
        }
    )
    both = [part for part in (found, minimum) if len(part)]
    columns = ["rule", "measure", *KEYS, "week", "last_week", "used", "limit", "unit", "price", "relaxed_by"]
    joined = pd.concat(both, ignore_index=True) if both else found
    return joined.reindex(columns=columns).fillna(dict.fromkeys(KEYS, ""))


def _limit_keys(rows: LimitRows) -> pd.DataFrame:
    """The keys of each limit, empty where it has none of a kind."""
    return rows.table.reindex(columns=KEYS).fillna("").reset_index(drop=True)


def plan_money(plan: InventoryPlan) -> pd.DataFrame:
    """Return status, gap and money of the order plan, one row."""
    money, settings = plan.orders.money, plan.settings
    return pd.DataFrame(
        {
            "status": [str(plan.orders.status)],
            "gap": [plan.orders.gap],
            "objective": [plan.orders.objective],
            "bound": [plan.orders.bound],
            **{
                name: [float(money[name])] for name in ("purchase", "ordering", "holding", "shortage", "owed")
            },
            "leftover": [float(money["salvage"])],
            "giving_way": [float(money["giving way"])],
            "line_cost": [settings.line_cost],
            "salvage_share": [1.0],
            "budget": [settings.budget],
            "closed_supplier": [settings.closed_supplier],
            "frozen_weeks": [settings.frozen_weeks],
            "time_limit": [settings.time_limit],
        }
    )


def check_tables(plan: InventoryPlan) -> dict[str, pd.DataFrame]:
    """Return every export that the plan check reads, by name."""
    return {
        "purchase_orders": purchase_orders(plan),
        "order_plan": order_plan(plan),
        "stock_outlook": stock_outlook(plan),
        "plan_limits": plan_limits(plan),
        "plan_money": plan_money(plan),
        "transfers": plan.transfers,
        "excess": plan.excess.table,
        "stockout_risk": plan.risk.table,
    }


def transport_wants(plan: InventoryPlan, forecast: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return what the transport plan is asked for: demand, orders and target stock.

    Parameters
    ----------
    plan
        The inventory plan.
    forecast
        product_id, site_id, week, mean: the forecast that the plan builds on.

    Returns
    -------
    dict
        demand (product_id, site_id, week, units), orders (as `order_plan`), targets (product_id, site_id,
        units, most): safety stock, and for stores the level up to which deliveries fill.
    """
    levels = plan.levels()
    is_store = levels["echelon"] == "store"
    targets = levels[PAIR].assign(
        units=levels["safety_stock"].clip(lower=0.0),
        most=levels["order_up_to_level"].where(is_store, np.inf),
    )
    demand = forecast[[*PAIR, "week", "mean"]].rename(columns={"mean": "units"})
    return {"demand": demand, "orders": order_plan(plan), "targets": targets}
