"""How often stores are filled today, as their stock counts tell: transfers between sites are not recorded.

weeks from one filling to the next = weeks counted ÷ weeks in which the count of any product rose
"""

from __future__ import annotations

import datetime as dt

import pandas as pd

from helpers.contract import Case

COUNTED_WEEKS, LEAST_COUNTS = 26, 8


def refill_weeks(case: Case) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return site_id, refill_weeks (weeks from one filling to the next, 1 or more), and what that rests on.

    A site was filled in a week in which the count of any of its products rose. Where fewer than 8 weeks were
    counted, a week is assumed.
    """
    columns = {"site_id": "object", "refill_weeks": "int64", "filled": "int64", "seen": "int64"}
    found = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()})
    if case.has("stock"):
        start = case.as_of - dt.timedelta(weeks=COUNTED_WEEKS + 1)
        found = case.query(_FILLINGS, [start, case.as_of]).assign(refill_weeks=1)
    told = found[found["seen"] >= LEAST_COUNTS]
    every = (told["seen"] / told["filled"].clip(lower=1)).round().clip(lower=1).astype("int64")
    found["refill_weeks"] = every.reindex(found.index).fillna(1).astype("int64")
    return found, _say_fillings(case, found.loc[told.index])


_FILLINGS = """
WITH counted AS (
    SELECT site_id, date_trunc('week', date) AS week,
           on_hand - lag(on_hand) OVER (PARTITION BY site_id, product_id ORDER BY date) AS rise
    FROM stock WHERE date > ? AND date <= ?
)
SELECT c.site_id, count(DISTINCT c.week) FILTER (c.rise > 0) AS filled, count(DISTINCT c.week) AS seen
FROM counted c JOIN sites s ON s.site_id = c.site_id AND s.kind = 'store'
WHERE c.rise IS NOT NULL GROUP BY ALL ORDER BY ALL
"""


def _say_fillings(case: Case, told: pd.DataFrame) -> tuple[str, ...]:
    stores = int((case.table("sites")["kind"] == "store").sum())
    if not stores:
        return ()
    if len(told) < stores:
        few = stores - len(told)
        return (f"Too few stock counts at {few} of {stores} stores: that they are filled weekly is assumed.",)
    if (told["filled"] == told["seen"]).all():
        weeks = told["seen"].max()
        return (
            f"Counts rose at every store in each of the last {weeks} weeks: today's way fills them weekly.",
        )
    low, high = int(told["refill_weeks"].min()), int(told["refill_weeks"].max())
    return (f"Today's way fills stores every {low} to {high} weeks, as their stock counts rose.",)
