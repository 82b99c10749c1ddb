"""How each order was served: late, short, returned, complained of; judged only once its time had passed.

For a line with ordered units q, due day D (requested, else promised) and tolerance d of its customer, days:

    short      units that had left by D + d  <  q, or the line was cancelled
    late       everything had left by D + d, but some of it arrived later
    broken     units that had arrived by the promised day  <  q

An order is short or late where one of its lines is. It is judged when D + d has passed, from what had left
until then: a back order that was delivered since stays short. Where there are no shipments, only lines that
are cancelled or on back order are known to be short, and nothing is known to be late.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from helpers.contract import Case

KINDS = ("short", "late", "returned", "complaint")

_ORDERS = """
WITH lines AS (
    SELECT
        o.order_id, o.line, o.customer_id, o.order_date, o.quantity, o.status, o.promised_date AS promised,
        o.quantity * o.unit_price * (1 - coalesce(o.discount, 0)) AS value,
        coalesce(o.order_type = 'rush', false) AS rush,
        greatest(coalesce(o.requested_date - o.order_date, 0), 0) AS asked_days,
        coalesce(o.requested_date, o.promised_date, o.order_date)
            + CAST(round(coalesce(c.tolerance_days, 0)) AS INTEGER) AS due
    FROM orders o LEFT JOIN customers c USING (customer_id)
    WHERE o.customer_id IS NOT NULL AND o.order_date <= $until
),
sent AS (
    SELECT
        l.order_id, l.line, count(s.order_id) AS shipments,
        coalesce(sum(s.quantity) FILTER (s.ship_date <= l.due), 0) AS left_in_time,
        coalesce(sum(s.quantity) FILTER (coalesce(s.delivered_date, s.ship_date) <= l.due), 0)
            AS came_in_time,
        coalesce(sum(s.quantity) FILTER (coalesce(s.delivered_date, s.ship_date) <= l.promised), 0)
            AS as_promised
    FROM lines l LEFT JOIN shipments s
        ON s.order_id = l.order_id AND s.order_line = l.line AND s.ship_date <= $until
    GROUP BY l.order_id, l.line
),
judged AS (
    SELECT
        l.*, l.due <= $until AND (shipments > 0 OR status IN ('cancelled', 'backorder') OR
            ($has_shipments AND status = 'open')) AS is_judged,
        status = 'cancelled' OR (CASE WHEN $has_shipments THEN left_in_time < quantity - 1e-9
            ELSE status = 'backorder' END) AS line_short,
        $has_shipments AND left_in_time >= quantity - 1e-9 AND came_in_time < quantity - 1e-9 AS line_late,
        $has_shipments AND shipments > 0 AND promised <= $until AS has_promise,
        as_promised < quantity - 1e-9 AS line_broken
    FROM lines l JOIN sent USING (order_id, line)
)
SELECT
    customer_id, order_id, min(order_date) AS date, count(*) AS lines, sum(quantity) AS units,
    sum(value) AS value, avg(CAST(rush AS DOUBLE)) AS rush, avg(asked_days) AS asked_days,
    bool_or(is_judged) AS is_judged, max(due) AS due,
    coalesce(bool_or(line_short AND is_judged), false) AS short,
    coalesce(bool_or(line_late AND is_judged), false) AS late,
    coalesce(bool_or(has_promise), false) AS has_promise,
    coalesce(bool_or(has_promise AND line_broken), false) AS broken
FROM judged
GROUP BY customer_id, order_id
ORDER BY date, order_id, customer_id
"""


@dataclass(frozen=True, eq=False)
class ServedOrders:
    """All orders of known customers and how each was served.

    Parameters
    ----------
    orders
        customer_id, order_id, date, lines, units, value, rush (share of lines), asked_days (from order to the
        day asked for), is_judged, due, short, late, has_promise, broken,
        returned, complaint.
    returns, cases
        customer_id, order_id, date (and kind, score of `cases`), until the last day.
    until
        Last day that is read.
    has_shipments, has_returns, has_cases
        Whether lateness, returns, and complaints and surveys can be known at all.
    """

    orders: pd.DataFrame
    returns: pd.DataFrame
    cases: pd.DataFrame
    until: dt.date
    has_shipments: bool
    has_returns: bool
    has_cases: bool


def read_served_orders(case: Case, until: dt.date | None = None) -> ServedOrders:
    """Read how the orders of known customers were served.

    Parameters
    ----------
    case
        Needs orders; uses shipments, customers, returns and service_cases where they are there.
    until
        Last day that is read; by default the last day of the data.
    """
    last = until or case.as_of
    has_shipments = case.has("shipments")
    orders = case.query(_ORDERS, {"until": last, "has_shipments": has_shipments})
    returns = _events(case, "returns", last)
    cases = _events(case, "service_cases", last)
    complaints = cases.loc[cases["kind"] == "complaint", "order_id"].dropna()
    flags = dict.fromkeys(["is_judged", "short", "late", "has_promise", "broken"], "bool")
    table = orders.astype({"date": "datetime64[ns]", "due": "datetime64[ns]", **flags})
    table = table.assign(
        returned=table["order_id"].isin(returns["order_id"].dropna()),
        complaint=table["order_id"].isin(complaints),
    )
    has = (has_shipments, case.has("returns"), case.has("service_cases"))
    return ServedOrders(table, returns, cases, last, *has)


def _events(case: Case, name: str, until: dt.date) -> pd.DataFrame:
    """Return a table of dated events until a day, with the customer of the order where none is named."""
    frame = case.table(name)
    frame = frame[frame["date"] <= pd.Timestamp(until)]
    if frame["customer_id"].notna().all():
        return frame.reset_index(drop=True)
    owner = case.query("SELECT DISTINCT ON (order_id) order_id, customer_id FROM orders ORDER BY ALL")
    known = frame["order_id"].map(owner.set_index("order_id")["customer_id"])
    return frame.assign(customer_id=frame["customer_id"].fillna(known)).reset_index(drop=True)
