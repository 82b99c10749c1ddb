"""What each customer did in and after each campaign, beside what could be expected of them.

    answered      bought what was offered on an order that carries the campaign (code, link or coupon used)
    bought        ordered what was offered without that mark
    other_inside  buying days without the offer from the campaign's first to its last day
    other_after   the same in the days behind it

Expected are, from days before the start alone, the distribution of the buying rate λ (`rates`) and θ, the
share of a customer's buying days that hold what is offered,

    θ = (own days with it + SHRINK · share of all) / (own days + SHRINK).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.contract import Case
from helpers.customers.history import AFTER_DAYS, CampaignHistory
from helpers.customers.uplift.rates import BuyingRates, buying_rates

Floats = NDArray[np.float64]

SHRINK = 10.0
RECENT_WEEKS = 52
WEEK = 7.0
COUNTS = ("answered", "bought", "other_inside", "other_after")

_DAYS = """
WITH lines AS (
    SELECT
        k.campaign_id, o.customer_id, o.order_date, k."end" AS last_day,
        bool_or(coalesce(p.product_id = k.offer_product_id
            OR (k.offer_product_id IS NULL AND p.category = k.offer_category), false)
            AND NOT coalesce(o.campaign_id = k.campaign_id, false)) AS bought,
        bool_or(coalesce(o.campaign_id = k.campaign_id, false)) AS answered
    FROM campaigns k
    JOIN orders o ON o.order_date BETWEEN k.start AND least(k."end" + $after::INT, $until::DATE)
    JOIN products p ON p.product_id = o.product_id
    WHERE o.customer_id IS NOT NULL AND o.status <> 'cancelled'
    GROUP BY k.campaign_id, o.customer_id, o.order_date, last_day
)
SELECT
    campaign_id, customer_id,
    bool_or(answered) AS answered,
    bool_or(bought AND order_date <= last_day) AS bought,
    count(*) FILTER (order_date <= last_day AND NOT bought AND NOT answered) AS other_inside,
    count(*) FILTER (order_date > last_day) AS other_after
FROM lines
GROUP BY campaign_id, customer_id
"""

_FIRSTS = """
SELECT o.customer_id, o.order_date AS date FROM orders o
WHERE o.customer_id IS NOT NULL AND o.status <> 'cancelled' AND o.order_date <= $until::DATE
GROUP BY o.customer_id, o.order_date
"""


@dataclass(frozen=True, eq=False)
class Answers:
    """Customers in campaigns, with what they did (past only) and what could be expected.

    Parameters
    ----------
    rows
        campaign_id, customer_id, start, treated, cell (segment and customer channel), contacts_year,
        weeks_inside, weeks_after, offer_share (θ), alive, expected (buying days per week), and `COUNTS`;
        in the order of the history's rows.
    rate, weight
        Grid of rates and, per row, the probability of being alive with each; shapes (g,), (n, g).
    carries_mark
        Whether orders carry campaigns, so that an answer is told from a purchase made anyway.
    """

    rows: pd.DataFrame
    rate: Floats
    weight: Floats
    carries_mark: bool

    def take(self, mask: NDArray[np.bool_]) -> Answers:
        """Return the rows of the mask."""
        return Answers(
            self.rows[mask].reset_index(drop=True), self.rate[mask], self.weight[mask], self.carries_mark
        )


def read_answers(case: Case, history: CampaignHistory) -> Answers:
    """Return what past campaigns showed, row by row of `history.past`."""
    counts = case.query(_DAYS, {"after": AFTER_DAYS, "until": history.until})
    rows = history.past.drop(columns="bought").merge(
        counts, on=["campaign_id", "customer_id"], how="left", validate="one_to_one"
    )
    flags = {name: rows[name].eq(True) for name in ("answered", "bought")}
    days = {name: rows[name].fillna(0).astype(float) for name in ("other_inside", "other_after")}
    rows = rows.assign(**flags, **days)
    marked = bool((rows["answered"] & rows["treated"]).any())
    if not marked:  # what the history calls bought may rest on `responded`, where nothing is offered
        rows["bought"] = history.past["bought"].to_numpy(bool)
    return _with_rates(case, rows, history, marked=marked)


def read_audience(case: Case, history: CampaignHistory) -> Answers:
    """Return what can be expected of each customer in the planned campaigns, row by row of `planned`."""
    rows = history.planned.assign(
        treated=True, answered=False, bought=False, other_inside=0.0, other_after=0.0
    )
    return _with_rates(case, rows, history, marked=False)


def _with_rates(case: Case, rows: pd.DataFrame, history: CampaignHistory, *, marked: bool) -> Answers:
    days = case.query(_FIRSTS, {"until": history.until}).astype({"date": "datetime64[ns]"})
    created = case.table("customers").set_index("customer_id")["created"]
    parts = {
        start: _rates_on(days, created, ids, pd.Timestamp(str(start)))
        for start, ids in rows.groupby("start")["customer_id"]
    }
    grids, weights = np.empty((len(rows), 0)), np.empty((len(rows), 0))
    for start, rates in parts.items():
        if not grids.shape[1]:
            grids, weights = (np.zeros((len(rows), len(rates.rate))) for _ in range(2))
        here = (rows["start"] == start).to_numpy()
        grids[here], weights[here] = rates.rate, rates.weight
    return Answers(_described(rows, history, grids, weights), grids, weights, marked)


def _rates_on(days: pd.DataFrame, created: pd.Series, ids: pd.Series, start: pd.Timestamp) -> BuyingRates:
    """Return the rates of the customers on a day, from the days before it."""
    known = days[days["date"] < start].groupby("customer_id")["date"].agg(["min", "max", "size"])
    mine = known.reindex(ids)
    first = mine["min"].fillna(ids.map(created).set_axis(mine.index)).fillna(start)
    first = first.where(first < start, start)
    last = mine["max"].fillna(first)
    bought, age = (_weeks(day - first) for day in (last, start))
    return buying_rates(np.asarray(mine["size"].fillna(1), dtype=np.float64) - 1, bought, age)


def _weeks(span: pd.Series) -> Floats:
    return np.asarray(span.dt.days, dtype=np.float64) / WEEK


def _described(rows: pd.DataFrame, history: CampaignHistory, rate: Floats, weight: Floats) -> pd.DataFrame:
    inside = ((rows["end"] - rows["start"]).dt.days + 1) / WEEK
    own, with_offer = rows["orders_before"], rows["offer_orders_before"]
    of_all = rows.groupby("campaign_id")[["orders_before", "offer_orders_before"]].transform("sum")
    share = (of_all["offer_orders_before"] / of_all["orders_before"].clip(lower=1)).clip(0, 1)
    columns = ["campaign_id", "customer_id", "start", "treated", *COUNTS]
    return rows[columns].assign(
        cell=rows["segment"].astype(str) + " | " + rows["customer_channel"].astype(str),
        contacts_year=_contacts_year(rows, history.past),
        weeks_inside=inside.to_numpy(float),
        weeks_after=((pd.Timestamp(history.until) - rows["end"]).dt.days.clip(0, AFTER_DAYS) / WEEK).to_numpy(
            float
        ),
        offer_share=((with_offer + SHRINK * share) / (own + SHRINK)).to_numpy(float),
        alive=weight.sum(axis=1),
        expected=(weight * rate).sum(axis=1),
    )


def _contacts_year(rows: pd.DataFrame, past: pd.DataFrame) -> Floats:
    """Count the contacts of the year before each start."""
    earlier = past.loc[past["treated"], ["customer_id", "start"]].rename(columns={"start": "its_start"})
    pairs = rows[["campaign_id", "customer_id", "start"]].merge(earlier, on="customer_id")
    since = pairs["start"] - pd.to_timedelta(RECENT_WEEKS * 7, unit="D")
    recent = pairs[(pairs["its_start"] < pairs["start"]) & (pairs["its_start"] >= since)]
    counts = recent.groupby(["campaign_id", "customer_id"]).size()
    keys = pd.MultiIndex.from_frame(rows[["campaign_id", "customer_id"]])
    return np.asarray(counts.reindex(keys).fillna(0).to_numpy(float))
