"""What was known of each active customer on a past day, and whether they left in the days after it.

A snapshot of day t sees events on days ≤ t only. With the last orders L, usual gap G, horizon H:

    active     ordered on a day in (t − active_days, t]
    G          (Σ gaps + g) ÷ (number of gaps + 1)      g the median over customers: one gap's worth
    overdue    (t − L) ÷ G                              the plain rule
    left       no order in (t, t + H]; known once t + H has passed
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.contract import Case
from helpers.customers.churn.settings import ChurnSettings
from helpers.customers.experience.event_log import EventLog, Floats, Ints, day_number, day_numbers
from helpers.customers.experience.served_orders import read_served_orders
from helpers.customers.experience.shares import nps_sign
from helpers.customers.purchases import Purchases, read_purchases

FEATURES = (
    "overdue",
    "gap_days",
    "days_since",
    "gaps",
    "orders",
    "orders_lately",
    "trend",
    "margin",
    "margin_trend",
    "tenure",
    "lines_per_order",
    "breadth",
    "returns",
    "complaints",
    "late",
    "short",
    "short_lately",
    "nps",
    "contacts",
)
LABELS = ("segment", "channel")

_CATEGORIES = """
SELECT o.customer_id, o.order_date AS date, p.category
FROM orders o JOIN products p USING (product_id)
WHERE o.customer_id IS NOT NULL AND o.status <> 'cancelled' AND o.order_date <= ?
GROUP BY ALL
"""


@dataclass(frozen=True, eq=False)
class Logs:
    """All events of customers, ready to be summed before any day.

    Parameters
    ----------
    people
        customer_id, segment, channel, by number.
    orders
        Days with an order: margin and lines.
    gaps
        Days with an order but the first, with the gap before them.
    others
        Events by feature: returns, complaints, late, short, nps (with the sign), contacts.
    categories
        Days on which a category was bought, per category.
    first_day, last_day
        Days since 1970 that the orders cover.
    money_word, notes
        What money is, and what was assumed of it.
    """

    people: pd.DataFrame
    orders: EventLog
    gaps: EventLog
    others: dict[str, EventLog]
    categories: tuple[EventLog, ...]
    first_day: int
    last_day: int
    money_word: str
    notes: tuple[str, ...]


def read_logs(case: Case, until: dt.date | None = None) -> Logs:
    """Read everything that a snapshot may use, until a day."""
    purchases = read_purchases(case, until)
    people = _people(case, purchases)
    number = pd.Series(np.arange(len(people)), index=people["customer_id"])
    paid = purchases.orders.assign(
        customer=purchases.orders["customer_id"].map(number), day=day_numbers(purchases.orders["date"])
    )
    days = paid.groupby(["customer", "day"], sort=True)[["margin", "lines"]].sum().reset_index()
    gap = days.groupby("customer")["day"].diff()
    who, when = days["customer"].to_numpy(np.int64), days["day"].to_numpy(np.int64)
    again = gap.notna().to_numpy()
    last = day_number(purchases.until)
    return Logs(
        people=people,
        orders=EventLog.of(who, when, days["margin"].to_numpy(float), days["lines"].to_numpy(float)),
        gaps=EventLog.of(who[again], when[again], gap[again].to_numpy(float)),
        others=_others(case, purchases.until, number),
        categories=_categories(case, purchases.until, number),
        first_day=int(when.min()) if len(when) else last,
        last_day=last,
        money_word=purchases.money_word,
        notes=purchases.notes,
    )


def _people(case: Case, purchases: Purchases) -> pd.DataFrame:
    ids = np.unique(purchases.orders["customer_id"].astype(str).to_numpy(dtype=object))
    known = case.table("customers")[["customer_id", "segment", "channel"]]
    people = pd.DataFrame({"customer_id": ids.astype(object)}).merge(known, on="customer_id", how="left")
    return people.fillna({"segment": "not stated", "channel": "not stated"})


def _others(case: Case, until: dt.date, number: pd.Series[int]) -> dict[str, EventLog]:
    """Return the logs of what happened beside orders."""
    served = read_served_orders(case, until)
    cases, orders = served.cases, served.orders
    orders = orders.assign(date=orders["due"] + np.timedelta64(1, "D"))  # known the day after it was due
    contacts = case.table("contacts")
    contacts = contacts.assign(date=contacts["sent_at"])
    sent = contacts[contacts["sent"] & (contacts["date"] <= pd.Timestamp(until))]
    answers = cases[(cases["kind"] == "nps") & cases["score"].notna()]
    return {
        "returns": _log(served.returns, number),
        "complaints": _log(cases[cases["kind"] == "complaint"], number),
        "late": _log(orders[orders["late"]], number),
        "short": _log(orders[orders["short"]], number),
        "nps": _log(answers, number, nps_sign(answers["score"])),
        "contacts": _log(sent, number),
    }


def _log(events: pd.DataFrame, number: pd.Series[int], *amounts: Floats) -> EventLog:
    customer = events["customer_id"].map(number).to_numpy(float)
    known = np.isfinite(customer)
    days = day_numbers(events["date"])
    return EventLog.of(customer[known].astype(np.int64), days[known], *(one[known] for one in amounts))


def _categories(case: Case, until: dt.date, number: pd.Series[int]) -> tuple[EventLog, ...]:
    """Return one log per category; of many categories the most bought."""
    bought = case.query(_CATEGORIES, [until]).astype({"date": "datetime64[ns]"})
    most = bought["category"].value_counts().index[:40]
    return tuple(_log(bought[bought["category"] == name], number) for name in sorted(most))


def snapshot(logs: Logs, day: int, settings: ChurnSettings) -> pd.DataFrame:
    """Return one row per customer active on a day: customer, day, `LABELS`, `FEATURES`, left.

    `left` is nan if not yet known. Counts are logarithms of 1 + the count; nan where a feature has no
    meaning (no answer).
    """
    everyone = np.arange(len(logs.people), dtype=np.int64)
    end = np.full(len(everyone), day + 1, dtype=np.int64)
    is_active = logs.orders.sums(everyone, end - settings.active_days, end) > 0
    customer, end = everyone[is_active], end[is_active]
    left = logs.orders.sums(customer, end, end + settings.horizon_days) == 0
    known = day + settings.horizon_days <= logs.last_day
    labels = logs.people.loc[customer, list(LABELS)]
    return pd.DataFrame(
        {
            "customer": customer,
            "day": day,
            **{name: labels[name].to_numpy(dtype=object) for name in LABELS},
            **_rhythm(logs, customer, end),
            **_size(logs, customer, end, settings),
            **_experience(logs, customer, end, settings),
            "left": left.astype(float) if known else np.nan,
        }
    )


def _rhythm(logs: Logs, customer: Ints, end: Ints) -> dict[str, Floats]:
    """Return how the time since the last order compares to the customer's own gap."""
    start = np.zeros(len(end), dtype=np.int64)
    count, total = (logs.gaps.sums(customer, start, end, amount) for amount in (0, 1))
    own = total[count > 0] / count[count > 0]
    typical = float(np.median(own)) if len(own) else 30.0
    gap = np.maximum((total + typical) / (count + 1), 1.0)
    since = (end - 1 - logs.orders.last_before(customer, end)).astype(float)
    first = logs.orders.first_on_or_after(customer, start)
    return {
        "overdue": np.log((since + 1) / gap),
        "gap_days": np.log(gap),
        "days_since": np.log1p(since),
        "gaps": np.log1p(count),
        "tenure": np.log1p(np.maximum(end - 1 - first, 0)),
    }


def _size(logs: Logs, customer: Ints, end: Ints, settings: ChurnSettings) -> dict[str, Floats]:
    """Return how much is bought, and whether it grows."""
    year, half = end - settings.active_days, end - settings.active_days // 2
    orders, margin, lines = (logs.orders.sums(customer, year, end, amount) for amount in (0, 1, 2))
    newer, newer_margin = (logs.orders.sums(customer, half, end, amount) for amount in (0, 1))
    older, older_margin = orders - newer, np.maximum(margin - newer_margin, 0)
    bought = [log.sums(customer, year, end) > 0 for log in logs.categories]
    lately = logs.orders.sums(customer, end - settings.horizon_days, end)
    return {
        "orders": np.log1p(orders),
        "orders_lately": np.log1p(lately),
        "trend": np.log((newer + 0.5) / (older + 0.5)),
        "margin": np.log1p(np.maximum(margin, 0)),
        "margin_trend": np.log((np.maximum(newer_margin, 0) + 10) / (older_margin + 10)),
        "lines_per_order": lines / np.maximum(orders, 1),
        "breadth": np.mean(bought, axis=0) if bought else np.zeros(len(customer)),
    }


def _experience(logs: Logs, customer: Ints, end: Ints, settings: ChurnSettings) -> dict[str, Floats]:
    """Return what went wrong in the last year, what was answered, and how often they were contacted."""
    year, lately = end - settings.active_days, end - settings.horizon_days
    counts = {
        name: np.log1p(logs.others[name].sums(customer, year, end))
        for name in ("returns", "complaints", "late", "short", "contacts")
    }
    answers, sign = (logs.others["nps"].sums(customer, year, end, amount) for amount in (0, 1))
    nps = np.divide(sign, answers, out=np.full(len(sign), np.nan), where=answers > 0)
    return {**counts, "short_lately": np.log1p(logs.others["short"].sums(customer, lately, end)), "nps": nps}


def past_days(logs: Logs, settings: ChurnSettings) -> list[int]:
    """Return the past days whose horizon has ended by the last day, oldest first, one horizon apart.

    Each has at least half a year (or a quarter of the data, if that is less) behind it.
    """
    behind = min(settings.active_days // 2, (logs.last_day - logs.first_day) // 4)
    newest = logs.last_day - settings.horizon_days
    days = [newest - settings.horizon_days * step for step in range(settings.reference_days)]
    return [day for day in reversed(days) if day - logs.first_day >= behind and day > logs.first_day]


def money_last_year(logs: Logs, customer: Ints, settings: ChurnSettings) -> Floats:
    """Return the margin (or revenue) of the last `active_days` until the last day."""
    end = np.full(len(customer), logs.last_day + 1, dtype=np.int64)
    return logs.orders.sums(customer, end - settings.active_days, end, 1)
