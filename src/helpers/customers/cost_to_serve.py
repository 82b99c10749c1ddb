"""What serving each customer costs, from its own activities, and what is left of its margin.

    cost to serve = Σ activities × rate + freight + messages
    net profit    = margin − margin and credit of returned goods − cost to serve

Freight is that of the shipments where it is recorded, and a rate per delivery where it is not; messages cost
what their campaign says. Returned goods take back their margin, and cost the share of their unit cost that
is not regained by selling them again. All other rates are assumptions until somebody measures them.

The whale curve adds up net profit from the most to the least profitable customer: it climbs above the total,
and the tail takes the rest away again. Source: R. Kaplan, V. Narayanan, "Measuring and managing customer
profitability", J. of Cost Management 15 (2001).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from helpers.contract import Case, Kpi
from helpers.customers.purchases import Purchases, read_purchases
from helpers.customers.value.contact_cost import contact_costs
from helpers.customers.words import percent
from helpers.errors import ParameterError

WINDOW_DAYS = 364

_ORDERED = """
SELECT customer_id, count(DISTINCT order_id) AS orders,
    count(DISTINCT order_id) FILTER (order_type = 'rush') AS rush_orders, count(*) AS lines
FROM orders
WHERE customer_id IS NOT NULL AND status <> 'cancelled' AND order_date <= $until AND order_date > $until -
$days GROUP BY customer_id ORDER BY customer_id
"""
_SHIPPED = """
WITH parcels AS (
    SELECT o.customer_id, s.shipment_id, sum(s.freight_cost) AS freight
    FROM shipments s JOIN orders o ON o.order_id = s.order_id AND o.line = s.order_line
    WHERE o.customer_id IS NOT NULL AND s.ship_date <= $until AND s.ship_date > $until - $days
    GROUP BY ALL
)
SELECT customer_id, count(*) AS deliveries, count(*) FILTER (freight IS NULL) AS unpriced,
    coalesce(sum(freight), 0) AS recorded
FROM parcels GROUP BY customer_id ORDER BY customer_id
"""
_RETURNED = """
WITH sold AS (
    SELECT order_id, product_id, min(customer_id) AS customer_id,
        sum(quantity * unit_price * (1 - coalesce(discount, 0))) / sum(quantity) AS price
    FROM orders WHERE status <> 'cancelled' GROUP BY ALL
)
SELECT coalesce(r.customer_id, s.customer_id) AS customer_id, count(*) AS returns,
    sum(r.quantity * coalesce(s.price, p.list_price)) AS returned_revenue,
    sum(r.quantity * coalesce(p.unit_cost, $cost_share * coalesce(s.price, p.list_price))) AS returned_cost
FROM returns r JOIN products p USING (product_id) LEFT JOIN sold s USING (order_id, product_id)
WHERE r.date <= $until AND r.date > $until - $days AND coalesce(r.customer_id, s.customer_id) IS NOT NULL
GROUP BY ALL ORDER BY ALL
"""
_ASKED = """
SELECT customer_id, count(*) FILTER (kind = 'complaint') AS complaints,
    count(*) FILTER (kind = 'question') AS questions
FROM service_cases WHERE date <= $until AND date > $until - $days GROUP BY customer_id ORDER BY customer_id
"""


@dataclass(frozen=True)
class ActivityRates:
    """What one activity costs; assumptions in money until they are measured.

    Parameters
    ----------
    per_order, per_rush_order
        Taking an order; what a rush order costs above that.
    per_line
        Picking a line.
    per_delivery
        Packing and handing over a delivery, without freight.
    freight_per_delivery
        Freight of a delivery whose freight is not recorded.
    per_return
        Taking goods back, checking and crediting them.
    per_complaint, per_question
        Handling a case.
    resold_share
        Share of the unit cost that is regained from returned goods, 0–1.
    """

    per_order: float = 3.0
    per_rush_order: float = 6.0
    per_line: float = 0.8
    per_delivery: float = 2.5
    freight_per_delivery: float = 5.0
    per_return: float = 9.0
    per_complaint: float = 18.0
    per_question: float = 6.0
    resold_share: float = 0.7

    def __post_init__(self) -> None:
        """Refuse rates that cannot be meant, all at once."""
        findings = [
            f"'{field.name}' is {getattr(self, field.name)}. Give a finite number of 0 or more."
            for field in fields(self)
            if not (np.isfinite(getattr(self, field.name)) and getattr(self, field.name) >= 0)
        ]
        if self.resold_share > 1:
            findings.append(f"'resold_share' is {self.resold_share:g}. Give a share from 0 to 1.")
        if findings:
            raise ParameterError("ActivityRates: " + " ".join(findings))


@dataclass(frozen=True, eq=False)
class CostToServe:
    """What customers cost and leave.

    Parameters
    ----------
    table
        One row per customer with an activity, highest net profit first: customer_id, revenue, margin;
        numbers of orders, rush_orders, lines, deliveries, returns, complaints, questions, contacts; freight
        and contact_cost (money); returned_margin (margin taken back), returned_loss (cost not regained),
        cost_to_serve, net_profit, cost_share (cost to serve and returns ÷ margin; NaN where the margin is
        not above 0), extra_cost (both above what all customers together cost for the same margin: whose
        habits are dear, whatever they buy).
    activities
        One row per activity: activity, number, rate (NaN where it is recorded), cost, share; freight and
        contacts as recorded.
    whale
        One row per customer in the order of `table`: rank, share_of_customers, net_profit, cumulative.
    rates, until, window_days
        What was asked.
    money_word
        What `margin` holds: margin or revenue.
    notes
        What was assumed, in words.
    """

    table: pd.DataFrame
    activities: pd.DataFrame
    whale: pd.DataFrame
    rates: ActivityRates
    until: dt.date
    window_days: int
    money_word: str
    notes: tuple[str, ...]

    @property
    def net_profit(self) -> float:
        """Σ net profit, money."""
        return float(self.table["net_profit"].sum())

    @property
    def peak(self) -> float:
        """Top of the whale curve, money: the profit that the profitable customers bring."""
        return float(self.table["net_profit"].clip(lower=0).sum())

    @property
    def lost(self) -> float:
        """Money that the customers with a net profit below 0 take away, positive."""
        return -float(self.table["net_profit"].clip(upper=0).sum())

    @property
    def peak_share(self) -> float:
        """Peak ÷ total; NaN where the total is not above 0."""
        return self.peak / self.net_profit if self.net_profit > 0 else float("nan")

    @property
    def kpi(self) -> Kpi:
        """Cost to serve of all customers, returns included."""
        total = float(self.activities["cost"].sum())
        window = f"{self.window_days} days to {self.until:%Y-%m-%d}, {len(self.table):,} customers"
        return Kpi("cost to serve", total if len(self.table) else None, window, note="rates are assumptions")

    @property
    def sentence(self) -> str:
        """What serving takes and where money is lost, in words."""
        if self.table.empty:
            return "No customer was served in this window."
        losing = int((self.table["net_profit"] < 0).sum())
        cost, margin = float(self.activities["cost"].sum()), float(self.table["margin"].sum())
        part = f", {percent(cost / margin)} of the {self.money_word}" if margin > 0 else ""
        start = f"At the assumed rates, serving and returns take {cost:,.0f}{part}; "
        start += f"{self.net_profit:,.0f} is left."
        if not losing:
            return f"{start} No customer costs more than it brings."
        bought = self.table["orders"] > 0
        idle = int(((self.table["net_profit"] < 0) & ~bought).sum())
        busy, buyers = losing - idle, int(bought.sum())
        number = f"{busy:,} of {buyers:,} customers who bought"
        number += f" ({_percent(busy / buyers)}) are served at a loss" if buyers else " are served at a loss"
        without = f"; with {idle:,} who cost something and bought nothing" if idle else ""
        return f"{start} {number}{without}, they lose {self.lost:,.0f} in all."


def say_cost_to_serve(result: CostToServe) -> str:
    """Return what serving takes and where money is lost, in words."""
    return result.sentence


def cost_to_serve(
    case: Case,
    rates: ActivityRates | None = None,
    until: dt.date | None = None,
    window_days: int = WINDOW_DAYS,
) -> CostToServe:
    """Return what each customer cost and left in the last days.

    Parameters
    ----------
    case
        Needs orders and products; reads shipments, returns, service_cases and contacts where they are there.
    rates
        What one activity costs.
    until
        Last day that is read; by default the last day of the data.
    window_days
        Days that are added up; each activity counts on its own day.

    Raises
    ------
    ParameterError
        `window_days` is no whole number above 0.
    """
    if window_days != int(window_days) or window_days < 1:
        raise ParameterError(f"'window_days' is {window_days}. Give a whole number of 1 or more.")
    rates = rates or ActivityRates()
    purchases = read_purchases(case, until)
    rows = _activities(case, purchases, window_days).assign(
        freight=lambda frame: frame["recorded"] + rates.freight_per_delivery * frame["unpriced"],
        returned_margin=lambda frame: frame["returned_revenue"] - frame["returned_cost"],
        returned_loss=lambda frame: (1 - rates.resold_share) * frame["returned_cost"],
    )
    if not purchases.has_margin:
        rows = rows.assign(returned_margin=rows["returned_revenue"], returned_loss=0.0)
    table = _profit(rows, rates)
    return CostToServe(
        table=table,
        activities=_by_activity(rows, rates),
        whale=_whale(table),
        rates=rates,
        until=purchases.until,
        window_days=window_days,
        money_word=purchases.money_word,
        notes=(*purchases.notes, *_notes(rows, purchases)),
    )


def _activities(case: Case, purchases: Purchases, days: int) -> pd.DataFrame:
    """Return one row per customer with money and numbers of the window."""
    orders = purchases.orders
    lately = orders["date"] > pd.Timestamp(purchases.until) - dt.timedelta(days=days)
    rows = orders[lately].groupby("customer_id", as_index=False)[["revenue", "margin"]].sum()
    revenue = float(orders["revenue"].sum())
    window = {"until": purchases.until, "days": days}
    shares = {"cost_share": 1 - float(orders["margin"].sum()) / revenue if revenue else 1.0}
    found = [
        *(case.query(query, window) for query in (_ORDERED, _SHIPPED, _ASKED)),
        case.query(_RETURNED, window | shares),
        contact_costs(case, purchases.until, days).rename(columns={"cost": "contact_cost"}),
    ]
    for part in found:
        rows = rows.merge(part, on="customer_id", how="outer", validate="one_to_one")
    numbers = [name for name in rows.columns if name != "customer_id"]
    return rows.fillna(dict.fromkeys(numbers, 0.0)).astype(dict.fromkeys(numbers, float))


def _priced(rates: ActivityRates) -> dict[str, float]:
    """Return the rate of each activity that has one."""
    return {
        "orders": rates.per_order,
        "rush_orders": rates.per_rush_order,
        "lines": rates.per_line,
        "deliveries": rates.per_delivery,
        "returns": rates.per_return,
        "complaints": rates.per_complaint,
        "questions": rates.per_question,
    }


def _profit(rows: pd.DataFrame, rates: ActivityRates) -> pd.DataFrame:
    priced = _priced(rates)
    cost = rows[list(priced)] @ pd.Series(priced) + rows["freight"] + rows["contact_cost"]
    back = rows["returned_margin"] + rows["returned_loss"]
    share = ((cost + back) / rows["margin"].where(rows["margin"] > 0)).astype(float)
    margin = rows["margin"].clip(lower=0)
    usual = float((cost + back).sum()) / (float(margin.sum()) or 1.0)
    table = rows.assign(
        cost_to_serve=cost,
        net_profit=rows["margin"] - back - cost,
        cost_share=share,
        extra_cost=cost + back - usual * margin,
    )
    table = table.drop(columns=["recorded", "unpriced", "returned_revenue", "returned_cost"])
    return table.sort_values(["net_profit", "customer_id"], ascending=[False, True], ignore_index=True)


def _by_activity(rows: pd.DataFrame, rates: ActivityRates) -> pd.DataFrame:
    priced = _priced(rates)
    found = [(name, rows[name].sum(), rate, rate * rows[name].sum()) for name, rate in priced.items()]
    back = rows["returned_margin"].sum() + rows["returned_loss"].sum()
    found += [
        ("freight", rows["deliveries"].sum(), np.nan, rows["freight"].sum()),
        ("contacts", rows["contacts"].sum(), np.nan, rows["contact_cost"].sum()),
        ("returned goods", rows["returns"].sum(), np.nan, back),
    ]
    table = pd.DataFrame(found, columns=["activity", "number", "rate", "cost"])
    total = float(table["cost"].sum())
    table = table.assign(share=table["cost"] / total if total else np.nan)
    return table.sort_values("cost", ascending=False, kind="stable", ignore_index=True)


def _whale(table: pd.DataFrame) -> pd.DataFrame:
    rank = np.arange(1, len(table) + 1)
    return pd.DataFrame(
        {
            "rank": rank,
            "share_of_customers": rank / max(len(table), 1),
            "net_profit": table["net_profit"],
            "cumulative": table["net_profit"].cumsum(),
        }
    )


def _notes(rows: pd.DataFrame, purchases: Purchases) -> list[str]:
    notes = ["Rates per activity are assumptions; put your own in. Overheads are in nobody's cost."]
    unpriced, all_of_them = float(rows["unpriced"].sum()), float(rows["deliveries"].sum())
    if unpriced:
        notes.append(
            f"{unpriced:,.0f} of {all_of_them:,.0f} deliveries have no freight on record: the rate stands in."
        )
    if not all_of_them:
        notes.append("No shipment is on record: deliveries and freight are missing from the cost.")
    if not purchases.has_margin:
        notes.append("Without unit costs, net profit is revenue less the cost to serve, not a profit.")
    return notes


def _percent(share: float) -> str:
    return f"{percent(share)}" if share >= 0.01 else "less than 1%"
