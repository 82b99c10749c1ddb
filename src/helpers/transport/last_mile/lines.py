"""Which open order lines are to be brought to the customer, and which of them can go.

Orders do not say whether goods are brought or fetched, so the records decide: a line is for delivery where
more than half of the customer's past shipments from that site went over a lane; for a customer without any,
where more than half of the site's did; for a site without any, where it is a warehouse (or a plant or dock).

Stock goes to the open lines of a product at a site by requested day, then day of order; nobody overtakes:

    ready_k:  Σ_{i ≤ k} quantity_i ≤ on_hand − blocked

All open lines take from the stock, fetched ones as well. Quantities are what is left of the line after its
shipments so far.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from helpers.contract import Case

READY = "ready"
_SLACK = 1e-9
_HALF = 0.5

_OPEN = """
    WITH sent AS (
        SELECT order_id, order_line AS line, sum(quantity) AS quantity
        FROM shipments WHERE ship_date <= $1 GROUP BY ALL
    )
    SELECT o.order_id, o.line, o.order_date, o.requested_date, o.customer_id, o.site_id, o.product_id,
           o.quantity - coalesce(sent.quantity, 0) AS quantity,
           c.zone_id, c.latitude, c.longitude, coalesce(c.tolerance_days, 0) AS tolerance_days,
           p.weight_kg, p.volume_m3
    FROM orders o
    LEFT JOIN sent USING (order_id, line)
    LEFT JOIN customers c USING (customer_id)
    LEFT JOIN products p USING (product_id)
    WHERE o.status IN ('open', 'backorder') AND o.order_date <= $1
      AND o.quantity > coalesce(sent.quantity, 0)
    ORDER BY o.requested_date NULLS LAST, o.order_date, o.order_id, o.line
"""
_STOCK = """
    SELECT site_id, product_id, greatest(on_hand - coalesce(blocked, 0), 0) AS free
    FROM stock WHERE date = (SELECT max(date) FROM stock WHERE date <= $1)
"""
_HABIT = """
    SELECT o.customer_id, o.site_id, count(s.lane_id) AS brought, count(*) AS shipments
    FROM shipments s
    JOIN orders o ON o.order_id = s.order_id AND o.line = s.order_line
    WHERE s.ship_date > $2 AND s.ship_date <= $1
    GROUP BY ALL
"""


def read_open_lines(case: Case, history_days: int) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the open lines in the order in which they take stock, and notes.

    Returns
    -------
    DataFrame
        order_id, line, order_date, requested_date, customer_id, site_id, product_id, quantity (left to
        ship), zone_id, latitude, longitude, tolerance_days, kg, m3, is_brought, free (units for this line),
        state (ready, fetched, no zone, no stock), reason.
    """
    lines = case.query(_OPEN, [case.as_of])
    lines = lines.astype({"requested_date": "datetime64[ns]", "order_date": "datetime64[ns]"})
    unknown = int(lines[["weight_kg", "volume_m3"]].isna().any(axis=1).sum())
    lines = lines.assign(
        kg=lines["quantity"] * lines["weight_kg"].fillna(0.0),
        m3=lines["quantity"] * lines["volume_m3"].fillna(0.0),
        is_brought=_are_brought(case, lines, history_days),
        free=_free_stock(case, lines),
    )
    notes = [_note_on_habit(history_days)]
    if not case.has("stock"):
        notes.append("There is no count of stock: every line counts as there.")
    if unknown:
        notes.append(f"Without weight or volume, counted as 0 in loads: {count_of(unknown, 'open line')}.")
    return _with_state(lines.drop(columns=["weight_kg", "volume_m3"])), tuple(notes)


def _are_brought(case: Case, lines: pd.DataFrame, history_days: int) -> pd.Series:
    since = case.as_of - dt.timedelta(days=history_days)
    habit = case.query(_HABIT, [case.as_of, since])
    own = habit.dropna(subset="customer_id")
    own = own.assign(share=own["brought"] / own["shipments"])[["customer_id", "site_id", "share"]]
    share = lines.merge(own, on=["customer_id", "site_id"], how="left", validate="many_to_one")["share"]
    sums = habit.groupby("site_id")[["brought", "shipments"]].sum()
    of_site = lines["site_id"].map(sums["brought"] / sums["shipments"]).astype("float64")
    kind = lines["site_id"].map(case.table("sites").set_index("site_id")["kind"])
    without = kind.isin(["warehouse", "plant", "supplier"]).astype("float64")
    return share.astype("float64").fillna(of_site).fillna(without) > _HALF


def _free_stock(case: Case, lines: pd.DataFrame) -> pd.Series:
    """Return the units that those before it leave for each line; infinite where no stock is known."""
    if not case.has("stock"):
        return pd.Series(np.inf, index=lines.index)
    stock = case.query(_STOCK, [case.as_of])
    pair = ["site_id", "product_id"]
    free = lines[pair].merge(stock, on=pair, how="left", validate="many_to_one")["free"].fillna(0.0)
    before = lines.groupby(pair)["quantity"].cumsum() - lines["quantity"]
    return (free - before).clip(lower=0.0)


def _with_state(lines: pd.DataFrame) -> pd.DataFrame:
    is_short = lines["quantity"] > lines["free"] + _SLACK
    states = [~lines["is_brought"], lines["zone_id"].isna(), is_short]
    state = np.select(states, ["fetched", "no zone", "no stock"], default=READY)
    words = {
        "no zone": "The customer has no delivery zone.",
        "fetched": "The customer's goods from this site are mostly fetched.",
        READY: "",
    }
    reason = pd.Series(state, index=lines.index).map(words)
    short = [
        f"{free:g} of {quantity:g} units are there for it, after the lines before it."
        for free, quantity in zip(lines["free"], lines["quantity"], strict=True)
    ]
    return lines.assign(state=state, reason=reason.where(state != "no stock", pd.Series(short, lines.index)))


def _note_on_habit(history_days: int) -> str:
    return (
        "Orders do not say what is brought and what is fetched. A line counts as brought where more than "
        f"half of the customer's shipments from that site in the last {history_days} days went over a lane; "
        "without any, where more than half of the site's did, or else where the site is no store. Stock goes "
        "to lines by requested day, and goods still to arrive are not counted."
    )


def count_of(number: int, noun: str) -> str:
    """Return a number with its noun.

    >>> count_of(1, "stop"), count_of(1200, "stop")
    ('1 stop', '1,200 stops')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
