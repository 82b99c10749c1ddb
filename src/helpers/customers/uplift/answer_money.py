"""What an answer to an offer is worth: units, list revenue, margin, and what the discount gives away.

Per buying day with what is offered, over the last year, with g revenue before discount, c cost, u units,

    m = g·(1 − usual) − c,    d = g·(max(usual, offer) − usual),

each of g, c, u a mean of the customer's own days and DAYS pseudo-days of its segment, this one
leaning on all in the same way; usual is the customer's own discount outside promotions and campaigns,
leaning likewise. Where orders carry campaigns, all money is scaled by what answers were worth ÷ what was
expected of these customers, as an answer may be smaller than a usual purchase. Single days are cut at the
99 % quantile of all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from helpers.contract import Case
from helpers.customers.history import CampaignHistory

DAYS = 5.0
ANSWERS = 30.0  # pseudo-answers that are worth what was expected
CUT = 0.99
YEAR_DAYS = 364
MONEY = ("gross", "cost", "units")

_DAYS = """
SELECT
    o.customer_id, o.order_date, o.campaign_id,
    sum(o.quantity * o.unit_price) AS gross,
    sum(CASE WHEN $has_cost::BOOLEAN
        THEN o.quantity * coalesce(p.unit_cost, o.unit_price * $rate::DOUBLE) ELSE 0 END) AS cost,
    sum(o.quantity) AS units
FROM orders o JOIN products p ON p.product_id = o.product_id
WHERE o.customer_id IS NOT NULL AND o.status <> 'cancelled' AND coalesce(o.order_type, 'stock') <> 'special'
    AND o.order_date BETWEEN $first::DATE AND $until::DATE
    AND (p.product_id = $product OR ($product IS NULL AND ($category IS NULL OR p.category = $category)))
GROUP BY o.customer_id, o.order_date, o.campaign_id
"""

_USUAL = """
SELECT customer_id, sum(quantity * unit_price) AS gross,
    sum(quantity * unit_price * coalesce(discount, 0)) AS given
FROM orders
WHERE customer_id IS NOT NULL AND status <> 'cancelled' AND promotion_id IS NULL AND campaign_id IS NULL
    AND order_date BETWEEN $first::DATE AND $until::DATE
GROUP BY customer_id
"""

_COSTS = """
SELECT sum(o.quantity * p.unit_cost) / nullif(sum(o.quantity * o.unit_price), 0) AS rate
FROM orders o JOIN products p ON p.product_id = o.product_id WHERE p.unit_cost IS NOT NULL
"""


def answer_money(
    case: Case, history: CampaignHistory, campaign: dict[Hashable, Any], rows: pd.DataFrame, *, has_cost: bool
) -> pd.DataFrame:
    """Return what an answer of each customer is worth in one campaign.

    Parameters
    ----------
    case, history
        Orders and products; campaigns of the past, for what answers were worth.
    campaign
        Row of `campaigns`.
    rows
        Its rows of `history.planned`: customer_id, segment.
    has_cost
        Whether margin can be told; else money is revenue.

    Returns
    -------
    pandas.DataFrame
        margin (m), given_away (d), units, days (own buying days behind it); in the order of `rows`.
    """
    first = history.until - dt.timedelta(days=YEAR_DAYS)
    window = {"first": first, "until": history.until}
    days = _days(case, campaign, window, has_cost=has_cost)
    usual_days, answers = days[days["campaign_id"].isna()], days[days["campaign_id"].notna()]
    segment = rows["segment"].astype(str)
    means, count = _leaning(usual_days, rows["customer_id"], segment)
    factor = _answer_factor(answers, means.set_axis(rows["customer_id"], axis=0)["gross"])
    usual = usual_discount(case, history, rows)
    offer = float(np.nan_to_num(campaign["offer_discount"]))
    gross, cost = factor * means["gross"], factor * means["cost"]
    return pd.DataFrame(
        {
            "margin": gross * (1 - usual) - cost,
            "given_away": gross * (np.maximum(usual, offer) - usual),
            "units": factor * means["units"],
            "days": count,
        },
        index=rows.index,
    )


def usual_discount(case: Case, history: CampaignHistory, rows: pd.DataFrame) -> pd.Series[float]:
    """Return each customer's usual discount, share of the list price."""
    first = history.until - dt.timedelta(days=YEAR_DAYS)
    own = case.query(_USUAL, {"first": first, "until": history.until}).set_index("customer_id")
    mine = own.reindex(rows["customer_id"]).fillna(0.0).set_axis(rows.index, axis=0)
    of_all = mine["given"].sum() / max(float(mine["gross"].sum()), 1e-9)
    group = mine.groupby(rows["segment"].astype(str))[["gross", "given"]].transform("sum")
    of_group = (group["given"] / group["gross"].clip(lower=1e-9)).where(group["gross"] > 0, of_all)
    lean = 0.02 * group["gross"] / max(len(rows), 1) + 1e-9
    return ((mine["given"] + lean * of_group) / (mine["gross"] + lean)).clip(0, 1)


def _days(
    case: Case, campaign: dict[Hashable, Any], window: dict[str, Any], *, has_cost: bool
) -> pd.DataFrame:
    """Return the buying days with what is offered."""
    rate = float(np.nan_to_num(case.query(_COSTS)["rate"].iloc[0]))
    asked = {**window, "has_cost": has_cost, "rate": rate}
    product, category = campaign["offer_product_id"], campaign["offer_category"]
    days = case.query(_DAYS, {**asked, "product": product, "category": category})
    for name in MONEY:
        top = float(days[name].quantile(CUT)) if len(days) else 0.0
        days[name] = days[name].clip(upper=top)
    return days


def _leaning(
    days: pd.DataFrame, customers: pd.Series[Any], segment: pd.Series[Any]
) -> tuple[pd.DataFrame, pd.Series[float]]:
    """Return means per buying day that lean on the segment, and the own days behind them."""
    own = days.groupby("customer_id")[list(MONEY)].agg("sum")
    own["days"] = days.groupby("customer_id").size()
    mine = own.reindex(customers).fillna(0.0).set_axis(customers.index, axis=0)
    of_all = mine[list(MONEY)].sum() / max(float(mine["days"].sum()), 1.0)
    group = mine.groupby(segment).transform("sum")
    mean = {name: (group[name] + DAYS * of_all[name]) / (group["days"] + DAYS) for name in MONEY}
    leaning = {name: (mine[name] + DAYS * mean[name]) / (mine["days"] + DAYS) for name in MONEY}
    return pd.DataFrame(leaning), mine["days"]


def _answer_factor(answers: pd.DataFrame, expected: pd.Series[float]) -> float:
    """Return what answers that carry a campaign were worth ÷ what was expected of their customers."""
    known = answers["customer_id"].map(expected).astype(float)
    mean = float(known.mean()) if known.notna().any() else 0.0
    if not mean:
        return 1.0
    seen, of_these = float(answers.loc[known.notna(), "gross"].sum()), float(known.sum())
    return (seen + ANSWERS * mean) / (of_these + ANSWERS * mean)
