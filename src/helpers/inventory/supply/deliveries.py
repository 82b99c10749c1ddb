"""Purchase lines with their receipts: when goods came, how much of them, and what is still open.

Of a purchase line of Q units, ordered on day 0, with receipts q_1, q_2, ... on days t_1 ≤ t_2 ≤ ...:

    first        = t_1
    nearly_all   = first day t with Σ_{t_k ≤ t} q_k ≥ 0.95 Q; the last receipt where the line is closed short
    last         = last receipt of a finished line

A line is finished when nearly all of Q has come or its status is `closed`. An open line has not come by the
cutoff: its time is at least its age, which is information (it is censored, not missing). Seen from an
earlier day, a line that was received later was not closed yet. Refused units count
as delivered here: they came; that they were bad is a matter of quality. Proposed lines are no orders.
"""

from __future__ import annotations

from typing import Literal

import pandas as pd

from helpers.contract.case import Case

Rule = Literal["first", "nearly_all", "last"]
NEARLY_ALL = 0.95

LINES = """
WITH came AS (
    SELECT po_id, po_line AS line, date, quantity,
           sum(quantity) OVER (PARTITION BY po_id, po_line ORDER BY date, receipt_id) AS so_far
    FROM receipts WHERE date <= $1
), lines AS (
    SELECT po_id, line, supplier_id, site_id, product_id, quantity, order_date, due_date, confirmed_date,
           CASE WHEN status = 'closed' AND (po_id, line) IN (
               SELECT (po_id, po_line) FROM receipts WHERE date > $1
           ) THEN 'confirmed' ELSE status END AS status
    FROM purchase_orders WHERE status <> 'proposed' AND order_date <= $1
), summed AS (
    SELECT l.po_id, l.line, count(c.date) AS receipts, coalesce(sum(c.quantity), 0) AS received,
           min(c.date) AS first_date, max(c.date) AS last_date,
           min(c.date) FILTER (WHERE c.so_far >= $2 * l.quantity) AS nearly_all_date
    FROM lines l LEFT JOIN came c USING (po_id, line) GROUP BY l.po_id, l.line
)
SELECT l.*, s.receipts, s.received, s.first_date, s.nearly_all_date, s.last_date
FROM lines l JOIN summed s USING (po_id, line) ORDER BY l.order_date, l.po_id, l.line
"""
PROMISES = """
SELECT supplier_id, product_id, coalesce(site_id, '') AS site_id, lead_time_days AS promised_days,
       lead_time_sd_days AS promised_sd_days, coalesce(priority, 1) AS priority FROM supply_terms
ORDER BY ALL
"""


def delivery_lines(case: Case) -> pd.DataFrame:
    """Return every purchase line with its receipts up to the case's last day.

    Parameters
    ----------
    case
        Its tables `purchase_orders` and `receipts`; without receipts all lines are open.

    Returns
    -------
    pandas.DataFrame
        po_id, line, supplier_id, site_id, product_id, quantity (units), order_date, due_date,
        confirmed_date, status, receipts (count), received (units), first_days, nearly_all_days,
        last_days (days from order; NaN while not reached), is_finished, age_days (at the cutoff),
        open_units.
    """
    lines = case.query(LINES, [case.as_of, NEARLY_ALL])
    dates = ["order_date", "due_date", "confirmed_date", "first_date", "nearly_all_date", "last_date"]
    lines[dates] = lines[dates].astype("datetime64[ns]")
    closed = lines["status"].eq("closed")
    nearly_all = lines["nearly_all_date"].where(
        lines["nearly_all_date"].notna() | ~closed, lines["last_date"]
    )
    finished = nearly_all.notna() | closed
    return lines.assign(
        first_days=_days(lines["first_date"], lines["order_date"]),
        nearly_all_days=_days(nearly_all, lines["order_date"]),
        last_days=_days(lines["last_date"].where(finished), lines["order_date"]),
        is_finished=finished,
        age_days=_days(pd.Series(pd.Timestamp(case.as_of), lines.index), lines["order_date"]),
        open_units=(lines["quantity"] - lines["received"]).clip(lower=0.0).where(~closed, 0.0),
    ).drop(columns=["first_date", "nearly_all_date", "last_date"])


def promises(case: Case) -> pd.DataFrame:
    """Return supplier_id, product_id, site_id ('' = any), promised_days, promised_sd_days, priority."""
    return case.query(PROMISES)


def with_promise(rows: pd.DataFrame, terms: pd.DataFrame) -> pd.DataFrame:
    """Add `promised_days` from the terms of the site, else of any site; NaN where no terms are known.

    Parameters
    ----------
    rows
        With supplier_id, product_id, site_id.
    terms
        As of `promises`.
    """
    keys = ["supplier_id", "product_id", "site_id"]
    own = rows[keys].merge(terms[[*keys, "promised_days"]], on=keys, how="left", validate="many_to_one")
    anywhere = terms.loc[terms["site_id"] == "", [*keys[:2], "promised_days"]]
    any_site = rows[keys[:2]].merge(anywhere, on=keys[:2], how="left", validate="many_to_one")
    return rows.assign(promised_days=own["promised_days"].fillna(any_site["promised_days"]).to_numpy())


def _days(later: pd.Series, earlier: pd.Series) -> pd.Series:
    return (later - earlier).dt.days.astype("float64")
