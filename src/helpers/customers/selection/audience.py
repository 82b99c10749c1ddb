"""All customers that a planned campaign could reach, with their worth and what closes them.

Read once from the case; settings have no part in it, so that a scenario is the same audience under other
settings. The day of a campaign's contact is its first day, or the day after the data end where it runs
already. Contacts of the past are those of the arm `treated`, and any that left (`sent`), on the day they left
or else on the first day of their campaign.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.contract import Case
from helpers.customers.consent import closed_contacts
from helpers.customers.history import is_to_come
from helpers.customers.selection.margins import PARTS
from helpers.errors import ParameterError

KEY = ["campaign_id", "customer_id"]
WORTH = ("campaign_id", "customer_id", "value", "value_low", "value_high", "units", "reason")
_NUMBERS = ("value", "value_low", "value_high", "units")


@dataclass(frozen=True, eq=False)
class Audience:
    """Who could be contacted.

    Parameters
    ----------
    campaigns
        Planned campaigns: campaign_id, name, channel, start, end, day (of the contact), cost,
        offer_product_id, offer_category, category (of the offered product, or offered); in the order of days.
    pairs
        One row per campaign and customer with a worth: `KEY`, channel, cost, value, value_low, value_high,
        net (value − cost), units, why (the reason of the worth), segment, closed ("" where open), detail, and
        the parts of the value where the worth has them (see `margins`).
    past
        Contacts until the last day: customer_id, day.
    available
        Units of each campaign's offer that are free: campaign_id, units; a campaign without an offer or a
        table of stock is not listed.
    personal
        customer_id, name, email, phone: for the contact export alone.
    until
        Last day that was read.
    """

    campaigns: pd.DataFrame
    pairs: pd.DataFrame
    past: pd.DataFrame
    available: pd.DataFrame
    personal: pd.DataFrame
    until: dt.date


def read_audience(case: Case, worth: pd.DataFrame, until: dt.date | None = None) -> Audience:
    """Read planned campaigns and everyone with a worth in one of them.

    Parameters
    ----------
    case
        Needs campaigns and customers; contacts, suppressions, stock where there are any.
    worth
        One row per campaign and customer: campaign_id, customer_id, value (expected incremental margin of a
        contact before its cost, money), value_low, value_high (its interval), units (expected units of the
        offer per contact), reason (in words); the parts of the value are kept where they are there.
    until
        Last day that is read; by default the last day of the data.

    Raises
    ------
    ParameterError
        For a worth that does not fit the case, all findings at once.
    """
    last = until or case.as_of
    campaigns = _planned(case.table("campaigns"), case.table("products"), last)
    customers = case.table("customers")
    known = _checked(worth, set(case.table("campaigns")["campaign_id"]), customers["customer_id"])
    known = known[known["campaign_id"].isin(campaigns["campaign_id"])].rename(columns={"reason": "why"})
    pairs = known.merge(
        campaigns[["campaign_id", "channel", "cost"]], on="campaign_id", validate="many_to_one"
    )
    segments = customers[["customer_id", "segment"]].fillna({"segment": "not stated"})
    pairs = pairs.merge(segments, on="customer_id", validate="many_to_one")
    pairs = pairs.assign(net=pairs["value"] - pairs["cost"])
    pairs = _with_closed(pairs.sort_values(KEY, ignore_index=True), campaigns, case)
    return Audience(
        campaigns=campaigns,
        pairs=_with_reached(pairs, case.table("contacts"), case.table("campaigns"), last),
        past=_past(case.table("contacts"), case.table("campaigns"), last),
        available=_available(case, campaigns, last),
        personal=customers[["customer_id", "name", "email", "phone"]],
        until=last,
    )


def _planned(campaigns: pd.DataFrame, products: pd.DataFrame, last: dt.date) -> pd.DataFrame:
    """Return campaigns that are planned and have not ended, with contact day and category."""
    comes = campaigns[is_to_come(campaigns, last)]
    tomorrow = pd.Timestamp(last + dt.timedelta(days=1))
    day = comes["start"].where(comes["start"] > tomorrow, tomorrow)
    day = day.where(day <= comes["end"], comes["end"])
    columns = ["campaign_id", "name", "channel", "start", "end", "day", "cost"]
    own = comes["offer_product_id"].map(products.set_index("product_id")["category"])
    category = own.astype(object).where(own.notna(), comes["offer_category"])
    table = comes.assign(day=day, cost=comes["cost_per_contact"].astype(float), category=category)
    order = [*columns, "offer_product_id", "offer_category", "category"]
    return table[order].sort_values(["day", "campaign_id"], ignore_index=True)


def _checked(worth: pd.DataFrame, campaigns: set[str], customers: pd.Series[str]) -> pd.DataFrame:
    """Return the columns of the worth that count, or raise with all that is wrong."""
    missing = [name for name in WORTH if name not in worth]
    if missing:
        raise ParameterError(f"worth: has no column {', '.join(missing)}. Give {', '.join(WORTH)}.")
    parts = [name for name in PARTS if name in worth]
    table = worth[[*WORTH, *parts]].astype(dict.fromkeys(KEY, object))
    wrong: dict[str, pd.Series[bool]] = {
        "rows of a campaign that the case does not have": ~table["campaign_id"].isin(campaigns),
        "rows of a customer that the case does not have": ~table["customer_id"].isin(customers),
        "rows that come twice": table.duplicated(KEY),
        "rows whose interval does not hold the value": (table["value_low"] > table["value"])
        | (table["value_high"] < table["value"]),
        "rows with negative units": table["units"] < 0,
    }
    for name in _NUMBERS:
        wrong[f"rows without a finite {name}"] = ~pd.Series(
            np.isfinite(table[name].astype(float)), index=table.index
        )
    said = [
        f"{int(rows.sum())} {words} (first: campaign {table.loc[rows, 'campaign_id'].iloc[0]}, customer "
        f"{table.loc[rows, 'customer_id'].iloc[0]})."
        for words, rows in wrong.items()
        if rows.any()
    ]
    if said:
        raise ParameterError("worth: " + " ".join(said) + " Correct the table of expected worth.")
    return table.astype(dict.fromkeys(_NUMBERS, "float64"))


def _with_closed(pairs: pd.DataFrame, campaigns: pd.DataFrame, case: Case) -> pd.DataFrame:
    """Add why a pair is closed by consent, suppression or address on any day of the campaign."""
    parts = []
    for row in campaigns.to_dict("records"):
        closed = closed_contacts(case, row["day"].date(), row["end"].date())
        parts.append(closed[closed["channel"] == row["channel"]].assign(campaign_id=row["campaign_id"]))
    if not parts:
        return pairs.assign(closed="", detail="")
    closed = pd.concat(parts, ignore_index=True).rename(columns={"reason": "closed"})
    joined = pairs.merge(closed[[*KEY, "closed", "detail"]], on=KEY, how="left", validate="one_to_one")
    return joined.fillna({"closed": "", "detail": ""})


def _with_reached(
    pairs: pd.DataFrame, contacts: pd.DataFrame, campaigns: pd.DataFrame, last: dt.date
) -> pd.DataFrame:
    """Close those that a running campaign has already drawn: treated and controls keep their arm."""
    keys = pd.MultiIndex.from_frame(_drawn(contacts, campaigns, last)[KEY])
    reached = pd.MultiIndex.from_frame(pairs[KEY]).isin(keys) & (pairs["closed"] == "").to_numpy()
    return pairs.assign(closed=pairs["closed"].mask(reached, "already in the campaign"))


def _drawn(contacts: pd.DataFrame, campaigns: pd.DataFrame, last: dt.date) -> pd.DataFrame:
    """Return the contacts that were drawn by a day.

    Controls carry no day of sending: theirs count from the start of the campaign, or at once where it is
    still planned. Seen from an earlier day, a campaign that has run since has drawn nobody yet.
    """
    facts = campaigns.set_index("campaign_id")
    has_drawn = (facts["status"] != "past") | (facts["start"] <= pd.Timestamp(last))
    by_campaign = contacts["campaign_id"].map(has_drawn).eq(True)
    sent = contacts["sent_at"]
    return contacts[(sent.isna() & by_campaign) | (sent <= pd.Timestamp(last))]


def _past(contacts: pd.DataFrame, campaigns: pd.DataFrame, last: dt.date) -> pd.DataFrame:
    rows = contacts.merge(campaigns[["campaign_id", "start"]], on="campaign_id", how="left")
    day = rows["sent_at"].fillna(rows["start"])
    reached = ((rows["arm"] == "treated") | rows["sent"]) & (day <= pd.Timestamp(last))
    table = pd.DataFrame({"customer_id": rows["customer_id"], "day": day})
    return table[reached].sort_values(["customer_id", "day"], ignore_index=True)


_FREE = """
SELECT s.product_id, any_value(p.category) AS category,
    sum(greatest(s.on_hand - coalesce(s.allocated, 0) - coalesce(s.blocked, 0), 0)) AS units
FROM stock s JOIN products p USING (product_id)
WHERE s.date = (SELECT max(date) FROM stock WHERE date <= ?)
GROUP BY s.product_id
"""


def _available(case: Case, campaigns: pd.DataFrame, last: dt.date) -> pd.DataFrame:
    """Return campaign_id, units: free stock of the offered product or category over all sites."""
    free = case.query(_FREE, [last]) if case.has("stock") else pd.DataFrame({"product_id": []})
    rows = []
    for row in campaigns.to_dict("records") if len(free) else []:
        if row["offer_product_id"] is not None:
            offered = free["product_id"] == row["offer_product_id"]
        elif row["offer_category"] is not None:
            offered = free["category"] == row["offer_category"]
        else:
            continue
        rows.append((row["campaign_id"], float(free.loc[offered, "units"].sum())))
    return pd.DataFrame(rows, columns=["campaign_id", "units"]).astype({"units": "float64"})
