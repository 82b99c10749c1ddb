"""The customer base: one row per known customer, with what it did and how far it may be reached.

Known is who stands in the table customers by then, or is named by an order. Ids only: no name and no address
leaves this module. Money is that of `helpers.customers.purchases`.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.contract import Case
from helpers.customers.base.quality import quality_flags
from helpers.customers.base.segments import name_segments
from helpers.customers.purchases import Purchases, read_purchases

YEAR_DAYS = 364

BASE = (
    *("customer_id", "group", "channel", "created", "segment"),
    *("orders", "lines", "units", "revenue", "margin", "last_year_orders", "last_year_margin"),
    *("first_order", "last_order", "days_since_last_order", "tenure_days", "order_gap_days"),
    *("returns", "returned_units", "complaints", "questions", "surveys"),
    *("contacts", "opens", "consent_email", "consent_phone", "consent_visit"),
    *("is_suppressed", "suppressed_channels", "quality"),
)
COUNTS = (
    *("orders", "lines", "units", "revenue", "margin", "last_year_orders", "last_year_margin"),
    *("returns", "returned_units", "complaints", "questions", "surveys", "contacts", "opens"),
)

_RETURNS = """
SELECT coalesce(r.customer_id, o.customer_id) AS customer_id,
    count(*) AS returns, sum(r.quantity) AS returned_units
FROM returns r
LEFT JOIN (SELECT order_id, min(customer_id) AS customer_id FROM orders GROUP BY order_id) o USING (order_id)
WHERE r.date <= $until AND coalesce(r.customer_id, o.customer_id) IS NOT NULL
GROUP BY ALL ORDER BY ALL
"""
_CASES = """
SELECT customer_id,
    count(*) FILTER (kind = 'complaint') AS complaints,
    count(*) FILTER (kind = 'question') AS questions,
    count(*) FILTER (kind = 'nps') AS surveys
FROM service_cases WHERE date <= $until GROUP BY customer_id ORDER BY customer_id
"""
_CONTACTS = """
SELECT c.customer_id, count(*) AS contacts, count(*) FILTER (c.opened) AS opens
FROM contacts c JOIN campaigns k USING (campaign_id)
WHERE c.sent AND coalesce(c.sent_at, k.start) <= $until GROUP BY c.customer_id ORDER BY c.customer_id
"""
_CLOSED = """
SELECT customer_id, string_agg(DISTINCT coalesce(channel, 'all'), ', ' ORDER BY coalesce(channel, 'all'))
    AS suppressed_channels
FROM suppressions
WHERE coalesce("start", $until) <= $until AND coalesce("end", $until) >= $until
GROUP BY customer_id ORDER BY customer_id
"""
_ANONYMOUS = """
SELECT count(*) FILTER (customer_id IS NULL) AS lines, count(*) AS all_lines,
    sum(quantity * unit_price * (1 - coalesce(discount, 0))) FILTER (customer_id IS NULL) AS revenue,
    sum(quantity * unit_price * (1 - coalesce(discount, 0))) AS all_revenue
FROM orders WHERE status <> 'cancelled' AND order_date <= $until
"""


@dataclass(frozen=True, eq=False)
class CustomerBase:
    """All known customers.

    Parameters
    ----------
    table
        One row per customer: customer_id, group (your own grouping), channel, created, segment (plain name,
        see `segments`), orders, lines, units, revenue, margin, last_year_orders (days with an order),
        last_year_margin, first_order, last_order, days_since_last_order, tenure_days (since created or the
        first order), order_gap_days (median between days with an order), returns, returned_units, complaints,
        questions, surveys, contacts (messages that left), opens, consent_email, consent_phone, consent_visit,
        is_suppressed (on some channel), suppressed_channels, quality (flags in words, "" where there is
        none).
    anonymous
        lines, share_of_lines, revenue, share_of_revenue of orders that name no customer; one row.
    until
        Last day that is read.
    money_word
        What `margin` holds: margin or revenue.
    notes
        What was assumed, in words.
    """

    table: pd.DataFrame
    anonymous: pd.DataFrame
    until: dt.date
    money_word: str
    notes: tuple[str, ...]

    def segments(self) -> pd.DataFrame:
        """Return one row per segment: segment, customers, last_year_orders, last_year_margin, share."""
        rows = self.table.groupby("segment", sort=False).agg(
            customers=("customer_id", "size"),
            last_year_orders=("last_year_orders", "sum"),
            last_year_margin=("last_year_margin", "sum"),
        )
        total = float(rows["last_year_margin"].sum())
        share = rows["last_year_margin"] / total if total else rows["last_year_margin"] * np.nan
        ranked = rows.assign(share=share).sort_values(["last_year_margin", "customers"], ascending=False)
        return ranked.reset_index()

    def flagged(self) -> pd.DataFrame:
        """Return one row per quality flag: flag, customers."""
        flags = self.table["quality"].str.split("; ").explode()
        counts = flags[flags != ""].value_counts().rename_axis("flag").reset_index(name="customers")
        return counts.sort_values(["customers", "flag"], ascending=[False, True], ignore_index=True)

    @property
    def sentence(self) -> str:
        """How many customers there are and what they bring, in words."""
        if self.table.empty:
            return "No customer is known. Fill the table customers, or name customers in the orders."
        bought, number = int((self.table["orders"] > 0).sum()), len(self.table)
        start = f"{number:,} known customer{'' if number == 1 else 's'}, {bought:,} of them with an order"
        rows = self.segments().head(1)
        share = float(rows["share"].iloc[0])
        if np.isnan(share):
            return f"{start}. {self.anonymous_sentence}".strip()
        return (
            f"{start}; the segment '{rows['segment'].iloc[0]}' has {rows['customers'].iloc[0]:,} of them and "
            f"brings {share:.0%} of last year's {self.money_word}. {self.anonymous_sentence}"
        ).strip()

    @property
    def anonymous_sentence(self) -> str:
        """What part of the sales names no customer, in words."""
        row = self.anonymous.iloc[0]
        if not row["lines"]:
            return "Every order names a customer."
        return (
            f"Order lines that name no customer: {row['lines']:,.0f} "
            f"({row['share_of_revenue']:.1%} of revenue); they count for nobody here."
        )


def say_base(base: CustomerBase) -> str:
    """Return how many customers there are and what they bring, in words."""
    return base.sentence


def read_customer_base(case: Case, until: dt.date | None = None) -> CustomerBase:
    """Read the customer base as it was on a day.

    Parameters
    ----------
    case
        Needs orders and products; reads customers, returns, service_cases, contacts and suppressions where
        they are there. States that carry no date (consent, addresses) are as they are now.
    until
        Last day that is read; by default the last day of the data.
    """
    purchases = read_purchases(case, until)
    last = {"until": purchases.until}
    rows = _known(case, purchases).merge(
        _bought(purchases), on="customer_id", how="left", validate="one_to_one"
    )
    for query in (_RETURNS, _CASES, _CONTACTS, _CLOSED):
        parts = case.query(query, last)
        rows = rows.merge(parts, on="customer_id", how="left", validate="one_to_one")
    rows = rows.fillna(dict.fromkeys(COUNTS, 0.0)).astype(dict.fromkeys(COUNTS, float))
    rows = rows.assign(
        quality=quality_flags(rows),
        is_suppressed=rows["suppressed_channels"].notna(),
        suppressed_channels=rows["suppressed_channels"].fillna(""),
        **_times(rows, pd.Timestamp(purchases.until)),
    )
    table = rows.assign(segment=name_segments(rows))[list(BASE)]
    counted = case.query(_ANONYMOUS, last).fillna(0.0).iloc[0]
    return CustomerBase(table, _anonymous(counted), purchases.until, purchases.money_word, purchases.notes)


def _known(case: Case, purchases: Purchases) -> pd.DataFrame:
    """Return who was known by then, with contact data that only the quality flags read."""
    customers = case.table("customers").rename(columns={"segment": "group"})
    bought = pd.Index(purchases.orders["customer_id"].unique())
    is_there = ~(customers["created"] > pd.Timestamp(purchases.until)) | customers["customer_id"].isin(bought)
    names = ["customer_id", "group", "channel", "created", "name", "email", "phone"]
    consents = ["consent_email", "consent_phone", "consent_visit"]
    listed = customers.loc[is_there, [*names, *consents]]
    others = pd.DataFrame({"customer_id": bought.difference(pd.Index(listed["customer_id"])).astype(object)})
    if others.empty:
        return listed.reset_index(drop=True)
    merged = listed.merge(others, on="customer_id", how="outer", validate="one_to_one")
    return merged.assign(**{name: merged[name].eq(True) for name in consents})


def _bought(purchases: Purchases) -> pd.DataFrame:
    orders = purchases.orders
    lately = orders["date"] > pd.Timestamp(purchases.until) - dt.timedelta(days=YEAR_DAYS)
    rows = orders.assign(last_year_margin=orders["margin"].where(lately, 0.0))
    sums = rows.groupby("customer_id").agg(
        orders=("order_id", "nunique"),
        lines=("lines", "sum"),
        units=("units", "sum"),
        revenue=("revenue", "sum"),
        margin=("margin", "sum"),
        last_year_margin=("last_year_margin", "sum"),
        first_order=("date", "min"),
        last_order=("date", "max"),
    )
    days = orders.assign(lately=lately)[["customer_id", "date", "lately"]].drop_duplicates(
        ["customer_id", "date"]
    )
    days = days.sort_values(["customer_id", "date"])
    gap = days.groupby("customer_id")["date"].diff().dt.days
    return sums.assign(
        last_year_orders=days.groupby("customer_id")["lately"].sum().astype(float),
        order_gap_days=gap.groupby(days["customer_id"]).median().astype(float),
    ).reset_index()


def _times(rows: pd.DataFrame, last: pd.Timestamp) -> dict[str, pd.Series]:
    first = rows[["created", "first_order"]].min(axis=1)
    return {
        "days_since_last_order": (last - rows["last_order"]).dt.days.astype(float),
        "tenure_days": (last - first).dt.days.astype(float),
    }


def _anonymous(counted: pd.Series) -> pd.DataFrame:
    lines, revenue = float(counted["lines"]), float(counted["revenue"])
    return pd.DataFrame(
        {
            "lines": [lines],
            "share_of_lines": [lines / (float(counted["all_lines"]) or 1.0)],
            "revenue": [revenue],
            "share_of_revenue": [revenue / (float(counted["all_revenue"]) or 1.0)],
        }
    )
