"""Rules about the hold-out: nobody in it is contacted, it is large enough, and it was drawn at random."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.customers.checks.contact_tables import KEY, rule_value
from helpers.plan_check import PlanRule, Tables, gather

SIGMAS = 4.5  # a fair draw is beyond in about one of 150,000
ROUNDED = 4.0  # customers by which whole numbers per stratum may be off


def holdout_rules() -> tuple[PlanRule, ...]:
    """Return the rules about the hold-out."""
    return (
        PlanRule("no contact with the hold-out", _contacted, "contacts"),
        PlanRule("hold-out from the open audience", _not_open, "customers"),
        PlanRule("least share held out", _too_few, "customers"),
        PlanRule("hold-out at random", _not_random, "customers"),
        PlanRule("probabilities of the hold-out are those of the draw", _probabilities, "customers"),
        PlanRule("the hold-out is among the suppressed", _not_listed, "customers"),
    )


def _contacted(tables: Tables) -> pd.DataFrame:
    held = pd.MultiIndex.from_frame(tables["holdout"][KEY])
    rows = tables["contact_list"]
    return rows.loc[pd.MultiIndex.from_frame(rows[KEY]).isin(held), KEY].assign(by=1.0)


def _not_open(tables: Tables) -> pd.DataFrame:
    fine = pd.MultiIndex.from_frame(tables["open_pairs"][KEY])
    rows = tables["holdout"]
    return rows.loc[~pd.MultiIndex.from_frame(rows[KEY]).isin(fine), KEY].assign(by=1.0)


def _too_few(tables: Tables) -> pd.DataFrame:
    """A campaign of a single open customer needs none."""
    share = rule_value(tables, "holdout_share")
    counts = tables["open_pairs"].groupby("campaign_id")["is_held"].agg(["size", "sum"])
    needed = (share * counts["size"]).where(counts["size"] > 1, 0.0)
    short = needed - counts["sum"]
    return short[~(short <= 1e-9)].astype("float64").rename("by").reset_index()


def _not_random(tables: Tables) -> pd.DataFrame:
    """Shares by segment and by the customer's channel, and where the held-out stand among the ids."""
    people = tables["customers"][["customer_id", "segment", "channel"]].fillna("not stated")
    rows = tables["open_pairs"].merge(people, on="customer_id", how="left")
    found = [_uneven(rows, name) for name in ("segment", "channel")]
    return gather([*found, _in_order(rows)])


def _uneven(rows: pd.DataFrame, by: str) -> pd.DataFrame:
    """Return the groups whose held-out are beyond the limits of a binomial draw."""
    share = rows.groupby("campaign_id")["is_held"].transform("mean")
    groups = rows.assign(share=share).groupby(["campaign_id", by])
    table = groups.agg(
        size=("is_held", "size"), held=("is_held", "sum"), share=("share", "first")
    ).reset_index()
    expected = table["size"] * table["share"]
    limit = SIGMAS * np.sqrt(expected * (1 - table["share"])) + ROUNDED
    off = (table["held"] - expected).abs() - limit
    return table.loc[off > 0, ["campaign_id", by]].assign(by=off[off > 0])


def _in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the campaigns whose held-out stand together among the ids: mean rank off its expectation."""
    table = rows.assign(rank=rows.groupby("campaign_id")["customer_id"].rank())
    found = []
    for campaign, group in table.groupby("campaign_id"):
        size, held = len(group), int(group["is_held"].sum())
        if not 0 < held < size:
            continue
        mean = float(group.loc[group["is_held"], "rank"].mean())
        spread = np.sqrt((size + 1) * (size - held) / (12 * held))
        off = abs(mean - (size + 1) / 2) - SIGMAS * spread
        if off > 0:
            found.append((campaign, "customer_id in order", off))
    return pd.DataFrame(found, columns=["campaign_id", "what", "by"])


def _probabilities(tables: Tables) -> pd.DataFrame:
    """Held ÷ probability is the size of the stratum: whole, and in all the open audience."""
    held = tables["holdout"]
    strata = held.groupby(["campaign_id", "stratum"])["probability"].agg(["size", "min", "max"])
    sizes = strata["size"] / strata["max"].where(strata["max"] > 0)
    wrong = ~((strata["max"] - strata["min"] <= 1e-9) & ((sizes - sizes.round()).abs() <= 1e-6 * sizes))
    bad = pd.DataFrame(index=strata.index[wrong]).reset_index().assign(by=1.0)
    total = sizes.groupby(level="campaign_id").sum()
    opened = tables["open_pairs"].groupby("campaign_id").size().reindex(total.index).fillna(0)
    off = (total - opened).abs()
    return gather([bad, off[~(off <= 1e-3)].rename("by").reset_index()])


def _not_listed(tables: Tables) -> pd.DataFrame:
    listed = tables["suppressed"]
    held = pd.MultiIndex.from_frame(listed.loc[listed["reason"] == "held out", KEY])
    rows = tables["holdout"]
    return rows.loc[~pd.MultiIndex.from_frame(rows[KEY]).isin(held), KEY].assign(by=1.0)
