"""Past and planned campaigns, customer by customer: who was treated, what they bought, what was known.

A row is a customer in a campaign. What is *before* (`FEATURES`) uses only days before the campaign's start,
so it may explain who answers; what is *after* (`OUTCOMES`) is what the campaign may have changed:

    bought        ordered what was offered between the campaign's first and last day
    offer_margin  margin of those lines
    margin        margin of all lines from the start until `after_days` behind the end

`bought` is read from the orders of both arms, never from `contacts.responded`, which many systems fill for
the treated only; it is taken from there only where a campaign offers nothing that orders could show.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from helpers.contract import Case

AFTER_DAYS = 28
BEFORE_DAYS = 364

KEYS = ("campaign_id", "customer_id")
FEATURES = (
    "segment",
    "customer_channel",
    "campaign_channel",
    "offer_discount",
    "tenure_days",
    "days_since_last_order",
    "orders_before",
    "margin_before",
    "revenue_before",
    "offer_orders_before",
    "treated_before",
    "bought_when_treated",
    "held_out_before",
    "bought_when_held_out",
    "days_since_last_contact",
)
OUTCOMES = ("bought", "offer_revenue", "offer_margin", "margin")

_CUSTOMERS = """
WITH lines AS (
    SELECT
        o.customer_id, o.order_id, o.order_date,
        o.quantity * o.unit_price * (1 - coalesce(o.discount, 0)) AS revenue,
        o.quantity * (o.unit_price * (1 - coalesce(o.discount, 0)) - p.unit_cost) AS margin,
        coalesce(p.product_id = $product OR ($product IS NULL AND p.category = $category), false) AS offered,
        o.order_date < $start AS before,
        o.order_date BETWEEN $first AND $start - 1 AS lately,
        o.order_date BETWEEN $start AND $end AS inside,
        o.order_date BETWEEN $start AND $after AS behind
    FROM orders o JOIN products p USING (product_id)
    WHERE o.customer_id IS NOT NULL AND o.status <> 'cancelled'
        AND o.order_date <= least($after, $until)
)
SELECT
    customer_id,
    min(order_date) FILTER (before) AS first_order,
    max(order_date) FILTER (before) AS last_order,
    count(DISTINCT order_id) FILTER (lately) AS orders_before,
    sum(coalesce(margin, revenue)) FILTER (lately) AS margin_before,
    sum(revenue) FILTER (lately) AS revenue_before,
    count(DISTINCT order_id) FILTER (lately AND offered) AS offer_orders_before,
    bool_or(offered AND inside) AS bought,
    sum(revenue) FILTER (offered AND inside) AS offer_revenue,
    sum(coalesce(margin, revenue)) FILTER (offered AND inside) AS offer_margin,
    sum(coalesce(margin, revenue)) FILTER (behind) AS margin
FROM lines
GROUP BY customer_id
"""

_COUNTS = ("orders_before", "margin_before", "revenue_before", "offer_orders_before", *OUTCOMES[1:])


@dataclass(frozen=True, eq=False)
class CampaignHistory:
    """What past campaigns showed, and the same features for the planned ones.

    Parameters
    ----------
    campaigns
        The table `campaigns`, past and planned, that this rests on.
    past
        One row per customer in a past campaign: `KEYS`, start, end, treated, sent, responded,
        cost_per_contact, treatment_probability, `FEATURES`, `OUTCOMES`, is_complete (the window has ended)
        and is_complete_after (so have the `after_days`).
    planned
        One row per customer and planned campaign, with the same columns but those of an arm and an outcome.
    until
        Last day that is read.
    """

    campaigns: pd.DataFrame
    past: pd.DataFrame
    planned: pd.DataFrame
    until: dt.date


def read_history(case: Case, until: dt.date | None = None, after_days: int = AFTER_DAYS) -> CampaignHistory:
    """Read campaigns, contacts and what customers bought before and after.

    Parameters
    ----------
    case
        Needs campaigns, contacts, customers, orders and products; without rows where they are absent.
    until
        Last day that is read; by default the last day of the data.
    after_days
        Days behind a campaign's end in which it may still change what is bought, days.
    """
    last = until or case.as_of
    campaigns, customers = case.table("campaigns"), case.table("customers")
    ran = (campaigns["status"] == "past") & (campaigns["start"] <= pd.Timestamp(last))
    comes = is_to_come(campaigns, last)
    contacts = case.table("contacts").assign(treated=lambda frame: frame["arm"] == "treated")
    arms = contacts[["campaign_id", "customer_id", "treated", "sent", "responded"]]
    past = [
        _rows(case, row, arms[arms["campaign_id"] == row["campaign_id"]], customers, last, after_days)
        for row in campaigns[ran].sort_values(["start", "campaign_id"]).to_dict("records")
    ]
    audience = customers[["customer_id"]].assign(treated=False, sent=False, responded=False)
    planned = [
        _rows(case, row, audience.assign(campaign_id=row["campaign_id"]), customers, last, after_days)
        for row in campaigns[comes].sort_values(["start", "campaign_id"]).to_dict("records")
    ]
    arm_columns = ["treated", "sent", "responded", *OUTCOMES, "is_complete", "is_complete_after"]
    seen = _stack(past)
    return CampaignHistory(
        campaigns=campaigns,
        past=_with_experience(seen, seen),
        planned=_with_experience(_stack(planned), seen).drop(columns=arm_columns),
        until=last,
    )


def is_to_come(campaigns: pd.DataFrame, until: dt.date) -> pd.Series[bool]:
    """Return which campaigns are planned as seen on a day: also those that have run since."""
    is_planned = (campaigns["status"] == "planned") & (campaigns["end"] >= pd.Timestamp(until))
    return is_planned | (campaigns["start"] > pd.Timestamp(until))


def _rows(
    case: Case,
    campaign: Mapping[Any, Any],
    arms: pd.DataFrame,
    customers: pd.DataFrame,
    until: dt.date,
    after_days: int,
) -> pd.DataFrame:
    """Return the rows of one campaign, without what earlier campaigns showed."""
    start, end = (pd.Timestamp(campaign[name]).as_unit("ns") for name in ("start", "end"))
    after = end + dt.timedelta(days=after_days)
    bought = case.query(
        _CUSTOMERS,
        {
            "product": campaign["offer_product_id"],
            "category": campaign["offer_category"],
            "start": start.date(),
            "end": end.date(),
            "after": after.date(),
            "first": (start - dt.timedelta(days=BEFORE_DAYS)).date(),
            "until": until,
        },
    )
    known = customers[["customer_id", "segment", "channel", "created"]].rename(
        columns={"channel": "customer_channel"}
    )
    rows = arms.merge(known, on="customer_id", how="left", validate="one_to_one")
    rows = rows.merge(bought, on="customer_id", how="left", validate="one_to_one")
    rows = rows.fillna(
        dict.fromkeys(_COUNTS, 0.0) | {"segment": "not stated", "customer_channel": "not stated"}
    )
    has_offer = campaign["offer_product_id"] is not None or campaign["offer_category"] is not None
    first_day = rows[["created", "first_order"]].min(axis=1)
    return rows.drop(columns=["created", "first_order", "last_order"]).assign(
        start=start,
        end=end,
        campaign_channel=campaign["channel"],
        cost_per_contact=float(campaign["cost_per_contact"]),
        treatment_probability=campaign["treatment_probability"],
        offer_discount=np.nan_to_num(campaign["offer_discount"]),
        bought=(rows["bought"].eq(True) if has_offer else rows["responded"]).astype(bool),
        tenure_days=(start - first_day).dt.days.clip(lower=0).astype(float),
        days_since_last_order=(start - rows["last_order"]).dt.days.astype(float),
        is_complete=end.date() <= until,
        is_complete_after=after.date() <= until,
    )


def _with_experience(rows: pd.DataFrame, seen: pd.DataFrame) -> pd.DataFrame:
    """Add what each customer did in campaigns that had ended before this one began."""
    keys = list(KEYS)
    columns = ["customer_id", "start", "end", "treated", "bought"]
    pairs = rows[[*keys, "start"]].merge(
        seen[columns].rename(columns={"start": "its_start"}), on="customer_id", how="inner"
    )
    pairs = pairs[pairs["end"] < pairs["start"]]
    pairs = pairs.assign(
        treated_before=pairs["treated"],
        bought_when_treated=pairs["treated"] & pairs["bought"],
        held_out_before=~pairs["treated"],
        bought_when_held_out=~pairs["treated"] & pairs["bought"],
        last_contact=pairs["its_start"].where(pairs["treated"]),
    )
    counts = ["treated_before", "bought_when_treated", "held_out_before", "bought_when_held_out"]
    sums = pairs.groupby(keys)[counts].sum().join(pairs.groupby(keys)["last_contact"].max())
    joined = rows.merge(sums.reset_index(), on=keys, how="left", validate="one_to_one")
    waited = (joined["start"] - joined["last_contact"]).dt.days.astype(float)
    filled = joined.drop(columns="last_contact").fillna(dict.fromkeys(counts, 0))
    return filled.astype(dict.fromkeys(counts, "int64")).assign(days_since_last_contact=waited)[
        [
            *KEYS,
            "start",
            "end",
            "treated",
            "sent",
            "responded",
            "cost_per_contact",
            "treatment_probability",
            *FEATURES,
            *OUTCOMES,
            "is_complete",
            "is_complete_after",
        ]
    ]


def _stack(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of all campaigns in one frame, with all columns even where there is none."""
    filled = [part for part in parts if len(part)]
    if filled:
        return pd.concat(filled, ignore_index=True)
    types: dict[str, Any] = {
        **dict.fromkeys(
            ["campaign_id", "customer_id", "segment", "customer_channel", "campaign_channel"], object
        ),
        **dict.fromkeys(["treated", "sent", "responded", "bought", "is_complete", "is_complete_after"], bool),
        **dict.fromkeys(["start", "end"], "datetime64[ns]"),
        **dict.fromkeys([*_COUNTS, "offer_discount", "tenure_days", "days_since_last_order"], float),
        **dict.fromkeys(["cost_per_contact", "treatment_probability"], float),
    }
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in types.items()})
