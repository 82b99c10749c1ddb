"""The flow plan as tables for other systems and for the plan check, which reads nothing else of it."""

from __future__ import annotations

import pandas as pd

from helpers.transport.flows.plan import FlowPlan
from helpers.transport.flows.problem import WAY
from helpers.transport.loads import LoadPlan


def shipping_plan(plan: FlowPlan) -> pd.DataFrame:
    """Return what leaves when over which lane.

    Returns
    -------
    pandas.DataFrame
        lane_id, mode, origin_id, destination_id, product_id, ship_week, arrive_week (Mondays), units, kg, m3,
        freight_cost (with the share in the vehicles), kg_co2e, is_frozen.
    """
    flows = plan.flows.merge(plan.problem.lanes[["lane_id", "mode"]], on="lane_id", validate="many_to_one")
    weeks = (flows["ship_week"] - pd.Timestamp(plan.problem.first_week)).dt.days // 7
    flows = flows.assign(is_frozen=weeks < plan.problem.settings.frozen_weeks, freight_cost=flows["cost"])
    columns = ["lane_id", "mode", "origin_id", "destination_id", "product_id", "ship_week", "arrive_week"]
    order = ["ship_week", "lane_id", "product_id"]
    kept = flows[[*columns, "units", "kg", "m3", "freight_cost", "kg_co2e", "is_frozen"]]
    return kept.sort_values(order, ignore_index=True)


def vehicles(plan: FlowPlan) -> pd.DataFrame:
    """Return lane_id, week, vehicles, whole, kg, m3, fill_weight, fill_volume, cost, kg_co2e."""
    return plan.vehicles.sort_values(["week", "lane_id"], ignore_index=True)


def load_lines(loads: LoadPlan) -> pd.DataFrame:
    """Return the lines of all loads with what each load holds in all."""
    columns = ["load_id", "fill_weight", "fill_volume", "is_partial"]
    return loads.lines.merge(loads.loads[columns], on="load_id", validate="many_to_one")


def carbon(plan: FlowPlan) -> pd.DataFrame:
    """Return lane_id, mode, origin_id, destination_id, week, tonne_km, kg_co2e, gco2e_per_tkm."""
    flows = plan.flows.merge(plan.problem.lanes[["lane_id", "mode"]], on="lane_id", validate="many_to_one")
    keys = ["lane_id", "mode", "origin_id", "destination_id", "ship_week"]
    sums = flows.groupby(keys, as_index=False)[["tonne_km", "kg_co2e"]].sum()
    moved = sums["tonne_km"].where(sums["tonne_km"] > 0)
    return sums.assign(gco2e_per_tkm=1000 * sums["kg_co2e"] / moved).rename(columns={"ship_week": "week"})


def stock(plan: FlowPlan) -> pd.DataFrame:
    """Return site_id, product_id, week, need, supply, target, below_cost, units (left), unmet."""
    cells = plan.problem.cells[["site_id", "product_id", "week", "need", "supply", "target", "below_cost"]]
    keys = ["site_id", "product_id", "week"]
    left = cells.merge(plan.account.stock, on=keys, how="left", validate="one_to_one")
    both = left.merge(plan.account.unmet[[*keys, "unmet"]], on=keys, how="left", validate="one_to_one")
    monday = pd.Timestamp(plan.problem.first_week)
    weeks = monday + pd.to_timedelta(7 * both["week"], unit="D")
    return both.fillna({"units": 0.0, "unmet": 0.0}).assign(week=weeks)


def dispatch(plan: FlowPlan) -> pd.DataFrame:
    """Return origin_id, site_id, product_id, week, ready, waiting, late: orders at docks."""
    table = plan.problem.dispatch[[*WAY, "week", "ready"]]
    waits = plan.account.waiting[[*WAY, "week", "waiting", "late"]]
    both = table.merge(waits, on=[*WAY, "week"], how="left", validate="one_to_one")
    monday = pd.Timestamp(plan.problem.first_week)
    weeks = monday + pd.to_timedelta(7 * both["week"], unit="D")
    return both.fillna({"waiting": 0.0, "late": 0.0}).assign(week=weeks)


def plan_money(plan: FlowPlan) -> pd.DataFrame:
    """Return name and money, then status, bound and gap of the plan in one row more each."""
    rows = plan.money.assign(text="")
    more = pd.DataFrame(
        {
            "name": ["cost", "bound", "gap", "tonnes_co2e", "status"],
            "money": [plan.cost, plan.bound, plan.gap, plan.tonnes_co2e, float("nan")],
            "text": ["", "", "", "", plan.status],
        }
    )
    return pd.concat([rows, more], ignore_index=True)


def plan_rules(plan: FlowPlan) -> pd.DataFrame:
    """Return name, value and text of the settings that the check needs to recompute costs and limits.

    The text of `closed_site` is the site, its value whether there is one.
    """
    settings = plan.problem.settings
    names = [
        "weeks",
        "frozen_weeks",
        "same_week_days",
        "holding_rate",
        "unmet_penalty",
        "later_rate",
        "below_target_rate",
        "end_target_rate",
        "dispatch_slack_weeks",
        "overflow_cost",
        "carbon_price",
        "carbon_budget",
        "average_load",
        "empty_share",
        "least_served",
        "fuel_change",
        "fuel_share",
        "capacity_change",
    ]
    values = [getattr(settings, name) for name in names]
    numbers = [float("nan") if v is None else float(v) for v in values]
    site = settings.closed_site
    return pd.DataFrame(
        {
            "name": [*names, "closed_site"],
            "value": [*numbers, float(bool(site))],
            "text": [*[""] * len(names), site],
        }
    )


def check_tables(plan: FlowPlan, loads: LoadPlan) -> dict[str, pd.DataFrame]:
    """Return all tables that the plan check reads, by name."""
    return {
        "shipping_plan": shipping_plan(plan),
        "vehicles": vehicles(plan),
        "loads": load_lines(loads),
        "flow_stock": stock(plan),
        "flow_dispatch": dispatch(plan),
        "plan_money": plan_money(plan),
        "plan_rules": plan_rules(plan),
        "carbon": carbon(plan),
    }
