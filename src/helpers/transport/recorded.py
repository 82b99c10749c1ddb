"""What was recorded, costed by the rules of the plan: freight, carbon per customer, and the weeks that were.

    rate of a lane = recorded freight ÷ (cost_per_kg · kg + cost_per_unit · units)

The last weeks are planned again with what then came: the orders that were shipped in each week, to the zone
and from the site that the shipments name, the goods that were received, the stock that was there on the
first day. Today's way and the plan move the same goods, both by the rules of `account`; only the plan knew
the weeks beforehand, which today's way does not need, since it moves what is there when it is wanted.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import pandas as pd

from helpers.contract import Case
from helpers.transport.emissions import read_factors, recorded_legs, shipment_emissions
from helpers.transport.flows.plan import solve_flow
from helpers.transport.flows.problem import Wants, read_problem
from helpers.transport.flows.settings import FlowSettings
from helpers.transport.flows.todays_way import account_today, with_same_end

_FREIGHT_WEEKS = 8


@dataclass(frozen=True, eq=False)
class RecordedFreight:
    """Recorded shipments of the last weeks over lanes.

    Parameters
    ----------
    lanes
        lane_id, mode, shipments, kg, recorded (money), by_rates (money by the lane's rates), ratio
        (recorded ÷ by rates), kg_co2e.
    customers
        customer_id, shipments, kg, kg_co2e, gco2e_per_tkm; most carbon first.
    weeks
        Weeks that were looked at.
    """

    lanes: pd.DataFrame
    customers: pd.DataFrame
    weeks: int

    @property
    def ratio(self) -> float:
        """Recorded freight ÷ freight by the lanes' rates, over all lanes; NaN without records."""
        rates = float(self.lanes["by_rates"].sum())
        return float(self.lanes["recorded"].sum()) / rates if rates else float("nan")


def read_recorded(case: Case, weeks: int = _FREIGHT_WEEKS) -> RecordedFreight:
    """Return freight and carbon of the shipments of the last weeks; empty tables where none are recorded."""
    columns = ["lane_id", "mode", "shipments", "kg", "recorded", "by_rates", "ratio", "kg_co2e"]
    of_customer = ["customer_id", "shipments", "kg", "kg_co2e", "gco2e_per_tkm"]
    if not case.has("shipments"):
        return RecordedFreight(pd.DataFrame(columns=columns), pd.DataFrame(columns=of_customer), weeks)
    legs = _legs_since(case, weeks)
    by_lane = legs.groupby(["lane_id", "mode"], as_index=False).agg(
        shipments=("shipment_id", "nunique"),
        kg=("weight_kg", "sum"),
        recorded=("freight_cost", "sum"),
        by_rates=("by_rates", "sum"),
        kg_co2e=("kg_co2e", "sum"),
    )
    by_lane = by_lane.assign(ratio=by_lane["recorded"] / by_lane["by_rates"].where(by_lane["by_rates"] > 0))
    sums = legs.groupby("customer_id", as_index=False).agg(
        shipments=("shipment_id", "nunique"),
        kg=("weight_kg", "sum"),
        kg_co2e=("kg_co2e", "sum"),
        tonne_km=("tonne_km", "sum"),
    )
    each = sums.assign(gco2e_per_tkm=1000 * sums["kg_co2e"] / sums["tonne_km"].where(sums["tonne_km"] > 0))
    most = each.sort_values(["kg_co2e", "customer_id"], ascending=[False, True], ignore_index=True)
    return RecordedFreight(by_lane[columns], most[of_customer], weeks)


def _legs_since(case: Case, weeks: int) -> pd.DataFrame:
    legs = recorded_legs(case)
    start = pd.Timestamp(case.as_of - dt.timedelta(weeks=weeks))
    day = pd.to_datetime(legs["ship_date"])
    recent = legs[(day > start) & (day <= pd.Timestamp(case.as_of))].reset_index(drop=True)
    rates = case.table("lanes")[["lane_id", "cost_per_kg", "cost_per_unit"]].fillna(0.0)
    recent = recent.merge(rates, on="lane_id", how="left", validate="many_to_one")
    by_weight = recent["cost_per_kg"] * recent["weight_kg"].fillna(0.0)
    recent = recent.assign(by_rates=by_weight + recent["cost_per_unit"] * recent["quantity"])
    if not case.has("emission_factors"):
        tonne_km = (recent["distance_km"] * recent["weight_kg"] / 1000).fillna(0.0)
        return recent.assign(kg_co2e=0.0, tonne_km=tonne_km)
    return shipment_emissions(recent, read_factors(case.table("emission_factors"))).legs


def replay_weeks(
    case: Case, settings: FlowSettings, targets: pd.DataFrame | None, blocks: int = 2
) -> pd.DataFrame:
    """Plan past weeks again, block by block, beside today's way on the same goods.

    Parameters
    ----------
    case
        With shipments, purchase_orders and receipts; without, there is nothing to replay.
    settings
        As of the plan; its weeks are the length of a block.
    targets
        Target stock, as of the plan.
    blocks
        How many blocks before the last day of the data.

    Returns
    -------
    DataFrame
        first_week, today and plan (money in all), today_transport and plan_transport (vehicles and freight),
        today_tonnes and plan_tonnes (CO2e), today_served and plan_served (0–1), gap; empty where the records
        do not suffice.
    """
    columns = ["first_week", "today", "plan", "today_transport", "plan_transport", "today_tonnes"]
    columns += ["plan_tonnes", "today_served", "plan_served", "gap"]
    if not all(case.has(name) for name in ("shipments", "purchase_orders", "receipts", "stock")):
        return pd.DataFrame(columns=columns)
    past = replace(settings.as_planned(), carbon_budget=None, least_served=0.0)
    rows = []
    for number in range(blocks, 0, -1):
        seen = case.seen_on(case.as_of - dt.timedelta(weeks=number * settings.weeks))
        problem = read_problem(seen, past, _then_wanted(case, seen, settings.weeks, targets))
        problem = with_same_end(problem)
        if problem.is_empty:
            continue
        today, plan = account_today(problem), solve_flow(problem)
        rows.append(
            {
                "first_week": pd.Timestamp(problem.first_week),
                "today": today.cost,
                "plan": plan.cost,
                "today_transport": today.transport_cost,
                "plan_transport": plan.account.transport_cost,
                "today_tonnes": today.tonnes_co2e,
                "plan_tonnes": plan.tonnes_co2e,
                "today_served": today.served_share,
                "plan_served": plan.served_share,
                "gap": plan.gap,
            }
        )
    return pd.DataFrame(rows, columns=columns)


def _then_wanted(case: Case, seen: Case, weeks: int, targets: pd.DataFrame | None) -> Wants:
    """Return what was shipped and received in the weeks after a day."""
    until = seen.as_of + dt.timedelta(weeks=weeks)
    demand = case.query(
        """
        SELECT o.product_id, coalesce(z.site_id, o.site_id) AS site_id, o.site_id AS sold_at,
               s.ship_date AS week, sum(s.quantity)::DOUBLE AS units
        FROM shipments s
        JOIN orders o ON o.order_id = s.order_id AND o.line = s.order_line
        LEFT JOIN lanes l ON l.lane_id = s.lane_id
        LEFT JOIN sites z ON z.site_id = l.destination_id AND z.kind = 'zone'
        WHERE s.ship_date > ? AND s.ship_date <= ? AND s.quantity > 0
        GROUP BY ALL ORDER BY ALL
        """,
        [seen.as_of, until],
    )
    orders = case.query(
        """
        SELECT p.product_id, p.site_id, p.supplier_id, r.date AS arrival_week,
               sum(r.quantity)::DOUBLE AS quantity
        FROM receipts r JOIN purchase_orders p ON p.po_id = r.po_id AND p.line = r.po_line
        WHERE r.date > ? AND r.date <= ? AND r.quantity > 0
        GROUP BY ALL ORDER BY ALL
        """,
        [seen.as_of, until],
    )
    return Wants(demand, orders, targets, orders_hold_open=True)
