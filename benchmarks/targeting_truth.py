"""True worth of every possible contact of the planned campaigns of a sample case, for benchmarks only.

    value = p1·(m − d) − p0·m − w,    p1 = p0 + uplift of the class · FATIGUE^earlier,

p0 and p1 are zero for the silently dead; m is the mean margin of an extra order at the customer's usual
discount (its site's products of the offer, mean units per line, mean lines), d what the deeper of both
discounts gives away, and w what an annoyed sleeping dog buys less: its usual weekly margin ·
(1 − DOG_APPETITE) · DOG_WEEKS.

    from targeting_truth import make_world_case, true_contacts
    world = make_world_case(seed)           # case, history and truth of one sample world
    truth = true_contacts(world)            # one row per planned campaign and customer
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from helpers.contract import Case
from helpers.contract.load import case_from_tables
from helpers.contract.sample import campaigns as played
from helpers.contract.sample import make_sample
from helpers.contract.sample.customers import UPLIFT_CLASSES
from helpers.contract.sample.settings import generators, sample_size
from helpers.contract.sample.world import World, make_world
from helpers.customers.history import CampaignHistory, read_history

LINES_PER_ANSWER = 1.4
YEAR_WEEKS = 52


@dataclass(frozen=True, eq=False)
class SampleWorld:
    """A sample case without its dirt, and what is hidden about it."""

    seed: int
    case: Case
    history: CampaignHistory
    truth: dict[str, pd.DataFrame]
    world: World


def make_world_case(seed: int, size: str = "default") -> SampleWorld:
    """Make the sample case of a seed and read its campaigns."""
    sample = make_sample(seed, size)
    dirt = sample.truth["dirt"].groupby("table")["row"].agg(list).to_dict()
    clean = {name: frame.drop(index=dirt.get(name, [])) for name, frame in sample.tables.items()}
    case = case_from_tables(clean, f"sample {seed}")
    world = make_world(sample_size(size), generators(seed))
    return SampleWorld(seed, case, read_history(case), dict(sample.truth), world)


def true_contacts(sample: SampleWorld) -> pd.DataFrame:
    """Return the truth of each planned campaign and customer.

    Returns
    -------
    pandas.DataFrame
        campaign_id, customer_id, uplift_class, is_alive, earlier_contacts, control_probability,
        treated_probability, answer_margin (m), given_away (d), lost_later (w), value (before the cost of
        the contact), cost, may_contact (consent for the channel; suppressions are not looked at).
    """
    customers = _customers(sample)
    parts = [
        _of_campaign(sample, customers, campaign)
        for campaign in sample.history.campaigns.query("status == 'planned'").to_dict("records")
    ]
    return pd.concat(parts, ignore_index=True)


def _of_campaign(sample: SampleWorld, customers: pd.DataFrame, campaign: dict[Any, Any]) -> pd.DataFrame:
    kind = customers["kind"].to_numpy()
    earlier = _earlier(sample, customers, pd.Timestamp(campaign["start"]))
    alive = customers["alive"].to_numpy(float)
    p0 = played.BASE_RESPONSE[kind] * alive
    p1 = np.clip(p0 + played.UPLIFT[kind] * played.FATIGUE**earlier * alive, 0, 1)
    margin, away = _answer_money(sample, customers, campaign)
    lost = np.where(kind == 3, (1 - played.DOG_APPETITE) * played.DOG_WEEKS, 0.0) * customers["weekly_margin"]
    consent = {"sms": "phone", "post": "email"}.get(campaign["channel"], campaign["channel"])
    return pd.DataFrame(
        {
            "campaign_id": campaign["campaign_id"],
            "customer_id": customers["customer_id"],
            "uplift_class": UPLIFT_CLASSES[kind],
            "is_alive": customers["alive"],
            "earlier_contacts": earlier,
            "control_probability": p0,
            "treated_probability": p1,
            "answer_margin": margin,
            "given_away": away,
            "lost_later": lost,
            "value": p1 * (margin - away) - p0 * margin - lost,
            "cost": campaign["cost_per_contact"],
            "may_contact": customers[f"consent_{consent}"].astype(bool),
        }
    )


def _customers(sample: SampleWorld) -> pd.DataFrame:
    """Return what is true of each customer, with the margin of a usual week while alive."""
    truth = sample.truth["customers"].drop(columns="segment")
    rows = sample.case.table("customers").merge(truth, on="customer_id", validate="one_to_one")
    kinds = {name: number for number, name in enumerate(UPLIFT_CLASSES)}
    first = pd.Timestamp(sample.case.as_of) - pd.Timedelta(weeks=YEAR_WEEKS)
    weekly = sample.case.query(
        """SELECT customer_id, sum(quantity * (unit_price * (1 - coalesce(discount, 0)) - unit_cost)) / $weeks
           AS margin FROM orders JOIN products USING (product_id)
           WHERE order_date > $first AND orders.status <> 'cancelled'
             AND coalesce(order_type, 'stock') <> 'special' GROUP BY customer_id""",
        {"weeks": YEAR_WEEKS, "first": first.date()},
    )
    seen = rows["customer_id"].map(weekly.set_index("customer_id")["margin"]).fillna(0.0)
    here = (
        pd.Timestamp(sample.case.as_of) - rows["created"].where(rows["created"] > first, first)
    ).dt.days / 364
    weight = rows["purchase_rate"] * rows["alive"] * here.clip(0, 1)
    group = [rows["segment"], rows["costly"]]
    per_rate = (seen * rows["alive"]).groupby(group).transform("sum") / weight.groupby(group).transform("sum")
    return rows.assign(
        kind=rows["uplift_class"].map(kinds),
        weekly_margin=(per_rate * rows["purchase_rate"] * rows["alive"]).fillna(0.0),
    )


def _earlier(
    sample: SampleWorld, customers: pd.DataFrame, start: pd.Timestamp
) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Count the contacts of the year before."""
    past = sample.history.past
    since = start - pd.Timedelta(weeks=played.FATIGUE_WEEKS)
    counted = past[past["treated"] & (past["start"] >= since)].groupby("customer_id").size()
    return np.asarray(customers["customer_id"].map(counted).fillna(0), dtype=np.int64)


def _answer_money(
    sample: SampleWorld, customers: pd.DataFrame, campaign: dict[Any, Any]
) -> tuple[pd.Series[float], pd.Series[float]]:
    """Return margin of an answer at the usual discount, and what the deeper discount gives away."""
    stock, people = sample.world.assortment, sample.world.customers
    product = stock.pair_product
    week = sample.world.size.weeks
    on_sale = (stock.lives.launch[product] <= week) & (stock.lives.end[product] >= week + 2)
    offered = np.isin(
        stock.products["category"].to_numpy(object)[product], [campaign["offer_category"]]
    ) | np.isin(stock.products["product_id"].to_numpy(object)[product], [campaign["offer_product_id"]])
    pairs = np.flatnonzero(on_sale & offered)
    units = LINES_PER_ANSWER * sample.world.demand.line_mean[pairs]
    price, cost = stock.column("list_price")[product[pairs]], stock.column("unit_cost")[product[pairs]]
    site = pd.Index(stock.pair_site[pairs])
    revenue = pd.Series(units * price).groupby(site).mean().reindex(people.home).fillna(0.0).to_numpy()
    costs = pd.Series(units * cost).groupby(site).mean().reindex(people.home).fillna(0.0).to_numpy()
    usual, offer = people.discount, float(campaign["offer_discount"] or 0.0)
    money = pd.DataFrame(
        {
            "customer_id": people.table["customer_id"],
            "margin": revenue * (1 - usual) - costs,
            "away": revenue * (np.maximum(usual, offer) - usual),
        }
    ).set_index("customer_id")
    ids = customers["customer_id"]
    return (
        ids.map(money["margin"]).fillna(0.0).astype(float),
        ids.map(money["away"]).fillna(0.0).astype(float),
    )
