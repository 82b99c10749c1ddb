"""What contacts cost last year, per customer."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from helpers.contract import Case

_COST = """
SELECT c.customer_id, count(*) AS contacts, sum(k.cost_per_contact) AS cost
FROM contacts c JOIN campaigns k USING (campaign_id)
WHERE c.sent AND coalesce(c.sent_at, k.start) <= $until
    AND coalesce(c.sent_at, k.start) > $until - $days
GROUP BY c.customer_id
ORDER BY c.customer_id
"""


def contact_costs(case: Case, until: dt.date, days: int) -> pd.DataFrame:
    """Return messages that left in the last days and what they cost: customer_id, contacts, cost."""
    return case.query(_COST, {"until": until, "days": days})


def yearly_contact_cost(case: Case, until: dt.date) -> pd.Series:
    """Return what contacts of the last 364 days cost, by customer_id."""
    return contact_costs(case, until, 364).set_index("customer_id")["cost"].astype(float)
