"""Past campaigns as randomised experiments, and the planned ones that are still to be decided.

Everyone in the audience is drawn to be treated with the campaign's probability. Within the window a
customer gives one extra order for what is offered with probability

    p(control) = base of the uplift class
    p(treated) = base + uplift of the class · FATIGUE ^ (contacts in the year before)

and with zero for the silently dead. A treated sleeping dog also buys less of everything for a while.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers.contract.sample.arrays import Flags, Floats, Ints, Texts, numbered, pick
from helpers.contract.sample.assortment import NEVER, Assortment
from helpers.contract.sample.customers import UPLIFT_CLASSES, Customers
from helpers.contract.sample.frames import contract_frame
from helpers.contract.sample.settings import SampleSize

BASE_RESPONSE = np.array([0.04, 0.24, 0.01, 0.24])  # by uplift class
UPLIFT = np.array([0.28, 0.01, 0.005, -0.22])
FATIGUE = 0.75
FATIGUE_WEEKS = 52
WINDOW_WEEKS = 2
DOG_WEEKS = 4
DOG_APPETITE = 0.2  # share of the usual purchases that an annoyed sleeping dog still makes
AUDIENCE_SHARE = 0.95
ACTIVE_WEEKS = 39  # who has not ordered for so long is written to no more


class CampaignPlan(NamedTuple):
    """One campaign by design."""

    name: str
    channel: str
    start: int
    probability: float
    offer: int
    """Category offered; a single product of it where `by_product`."""
    by_product: bool
    discount: float
    cost: float


@dataclass
class CampaignLog:
    """What happened, collected while the simulation runs."""

    campaign: list[Ints] = field(default_factory=list)
    customer: list[Ints] = field(default_factory=list)
    treated: list[Flags] = field(default_factory=list)
    base: list[Floats] = field(default_factory=list)
    effect: list[Floats] = field(default_factory=list)
    earlier_contacts: list[Ints] = field(default_factory=list)


class CampaignOrders(NamedTuple):
    """Extra orders that a campaign window brings in one week."""

    customer: Ints
    pair: Ints
    campaign: Ints
    """Number of the campaign for the treated, -1 for those who would have bought anyway."""


class Campaigns:
    """Runs the campaigns week by week inside the simulation."""

    def __init__(
        self, size: SampleSize, assortment: Assortment, customers: Customers, rng: np.random.Generator
    ) -> None:
        self.size = size
        self.assortment = assortment
        self.customers = customers
        self.rng = rng
        self.plans = _design(size, assortment, rng)
        self.offer_product = _offer_products(self.plans, assortment, rng)
        self.log = CampaignLog()
        self.contacted_in = np.full((customers.count, len(self.plans)), -NEVER, dtype=np.int64)
        self.annoyed_until = np.full(customers.count, -1, dtype=np.int64)
        self.last_seen = np.minimum(customers.birth, 0)
        self._waiting: dict[int, list[CampaignOrders]] = {}

    def orders_in(self, week: int, is_alive: Flags) -> CampaignOrders:
        """Start the campaigns of the week, then return the extra orders that fall into it."""
        for number, plan in enumerate(self.plans):
            if plan.start == week and week < self.size.weeks:
                self._start(number, plan, week, is_alive)
        waiting = self._waiting.pop(week, [])
        if not waiting:
            nothing = np.empty(0, np.int64)
            return CampaignOrders(nothing, nothing, nothing)
        customer, pair, campaign = (np.concatenate(parts) for parts in zip(*waiting, strict=True))
        stayed = is_alive[customer]
        return CampaignOrders(customer[stayed], pair[stayed], campaign[stayed])

    def see(self, week: int, customers: Ints) -> None:
        """Note who has ordered this week."""
        self.last_seen[customers[customers >= 0]] = week

    def appetite(self, week: int) -> Floats:
        """Return what share of the usual purchases each customer makes this week."""
        return np.where(self.annoyed_until >= week, DOG_APPETITE, 1.0)

    def _start(self, number: int, plan: CampaignPlan, week: int, is_alive: Flags) -> None:
        # the reseller cannot see who silently left: the lately dead are in the audience too
        seen = np.maximum(self.last_seen, self.customers.birth)
        known = (self.customers.birth < week) & (seen >= week - ACTIVE_WEEKS)
        known = known & self._consent_for(plan.channel)
        audience = np.flatnonzero(known & (self.rng.random(self.customers.count) < AUDIENCE_SHARE))
        treated = self.rng.random(len(audience)) < plan.probability
        kind = self.customers.uplift_class[audience]
        earlier = (self.contacted_in[audience] >= week - FATIGUE_WEEKS).sum(axis=1)
        can_buy = is_alive[audience].astype(float)
        base = BASE_RESPONSE[kind] * can_buy
        effect = UPLIFT[kind] * FATIGUE**earlier * can_buy
        responds = self.rng.random(len(audience)) < np.clip(base + np.where(treated, effect, 0.0), 0, 1)
        self.contacted_in[audience[treated], number] = week
        dogs = audience[treated & (kind == 3)]
        self.annoyed_until[dogs] = week + DOG_WEEKS - 1
        self._schedule(number, week, audience[responds], treated[responds])
        self.log.campaign.append(np.full(len(audience), number))
        self.log.customer.append(audience)
        self.log.treated.append(treated)
        self.log.base.append(base)
        self.log.effect.append(effect)
        self.log.earlier_contacts.append(earlier)

    def _consent_for(self, channel: str) -> Flags:
        """Post and SMS go out under the consent for e-mail and phone."""
        name = {"sms": "phone", "post": "email"}.get(channel, channel)
        return self.customers.consent[name].to_numpy(bool)

    def _schedule(self, number: int, week: int, buyers: Ints, treated: Flags) -> None:
        """Spread the responses over the window, each for one or two of the offered products."""
        twice = self.rng.random(len(buyers)) < 0.4
        buyer, by_offer = np.r_[buyers, buyers[twice]], np.r_[treated, treated[twice]]
        pair = self._offered_pairs(number, week, self.customers.home[buyer])
        late = self.customers.birth[buyer] % WINDOW_WEEKS  # any fixed split; the same for both lines
        found = pair >= 0
        for offset in range(min(WINDOW_WEEKS, self.size.weeks - week)):
            now = found & (late == offset)
            campaign = np.where(by_offer[now], number, -1)
            self._waiting.setdefault(week + offset, []).append(
                CampaignOrders(buyer[now], pair[now], campaign)
            )

    def _offered_pairs(self, number: int, week: int, home: Ints) -> Ints:
        """Draw an offered product that the home site of each buyer sells; -1 where there is none."""
        product = self.assortment.pair_product
        on_sale = (self.assortment.lives.launch[product] <= week) & (
            self.assortment.lives.end[product] >= week + WINDOW_WEEKS
        )
        offered = self.assortment.category[product] == self.plans[number].offer
        if self.offer_product[number] >= 0:
            offered = product == self.offer_product[number]
        pair = np.full(len(home), -1, dtype=np.int64)
        for site in np.unique(home):
            candidates = np.flatnonzero(on_sale & offered & (self.assortment.pair_site == site))
            if len(candidates):
                here = home == site
                pair[here] = self.rng.choice(candidates, int(here.sum()))
        return pair


def campaign_rows(campaigns: Campaigns, products: pd.DataFrame) -> pd.DataFrame:
    """Return the table `campaigns`."""
    size, plans = campaigns.size, campaigns.plans
    first_day = 7 * np.array([plan.start for plan in plans])
    by_product = campaigns.offer_product >= 0
    category = campaigns.assortment.categories[[plan.offer for plan in plans]]
    return contract_frame(
        "campaigns",
        {
            "campaign_id": _ids(len(plans)),
            "name": np.array([plan.name for plan in plans], dtype=object),
            "channel": np.array([plan.channel for plan in plans], dtype=object),
            "start": size.date(first_day),
            "end": size.date(first_day + 7 * WINDOW_WEEKS - 1),
            "cost_per_contact": np.array([plan.cost for plan in plans]),
            "offer_product_id": pick(
                products["product_id"].to_numpy(dtype=object),
                np.where(by_product, campaigns.offer_product, -1),
            ),
            "offer_category": pick(category, np.where(by_product, -1, np.arange(len(plans)))),
            "offer_discount": np.array([plan.discount for plan in plans]),
            "treatment_probability": np.array([plan.probability for plan in plans]),
            "status": np.where(first_day >= size.days, "planned", "past").astype(object),
        },
    )


def contact_rows(campaigns: Campaigns, orders: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return the table `contacts`: both arms, and who bought what was offered within the window."""
    campaign, customer, treated = _logged(campaigns)
    opened = treated & (rng.random(len(treated)) < 0.38)
    table = campaign_rows(campaigns, campaigns.assortment.products)
    customer_id = campaigns.customers.table["customer_id"].to_numpy(dtype=object)
    starts = table["start"].to_numpy("datetime64[D]")[campaign]
    contacts = contract_frame(
        "contacts",
        {
            "campaign_id": table["campaign_id"].to_numpy(dtype=object)[campaign],
            "customer_id": customer_id[customer],
            "arm": np.where(treated, "treated", "control").astype(object),
            "sent": treated,
            "sent_at": np.where(treated, starts, np.datetime64("NaT", "D")),
            "opened": opened,
            "clicked": opened & (rng.random(len(treated)) < 0.3),
        },
    )
    buyers = _buyers(table, orders, campaigns.assortment.products)
    pairs = pd.MultiIndex.from_frame(contacts[["campaign_id", "customer_id"]])
    return contacts.assign(responded=pairs.isin(buyers))


def campaign_truth(campaigns: Campaigns) -> pd.DataFrame:
    """Return, per contact or control, the true chance of an extra order with and without the message.

    Returns
    -------
    pandas.DataFrame
        campaign_id, customer_id, uplift_class, earlier_contacts, control_probability,
        treated_probability (each at the time of the campaign, fatigue included).
    """
    campaign, customer, _ = _logged(campaigns)
    base, effect = np.concatenate(campaigns.log.base), np.concatenate(campaigns.log.effect)
    return pd.DataFrame(
        {
            "campaign_id": _ids(len(campaigns.plans))[campaign],
            "customer_id": campaigns.customers.table["customer_id"].to_numpy(dtype=object)[customer],
            "uplift_class": UPLIFT_CLASSES[campaigns.customers.uplift_class[customer]],
            "earlier_contacts": np.concatenate(campaigns.log.earlier_contacts),
            "control_probability": np.round(base, 4),
            "treated_probability": np.round(np.clip(base + effect, 0, 1), 4),
        }
    )


def campaign_ids(campaigns: Campaigns) -> Texts:
    """Return the ids of all campaigns, past and planned."""
    return _ids(len(campaigns.plans))


def _ids(count: int) -> Texts:
    return numbered("K", count, 2)


def _logged(campaigns: Campaigns) -> tuple[Ints, Ints, Flags]:
    log = campaigns.log
    return np.concatenate(log.campaign), np.concatenate(log.customer), np.concatenate(log.treated)


def _buyers(table: pd.DataFrame, orders: pd.DataFrame, products: pd.DataFrame) -> pd.MultiIndex:
    """Return campaign and customer of everyone who ordered what was offered while it was offered."""
    category = orders["product_id"].map(products.set_index("product_id")["category"])
    found = []
    for row in table[table["status"] == "past"].itertuples():
        is_offered = orders["product_id"] == row.offer_product_id
        if row.offer_product_id is None:
            is_offered = category == row.offer_category
        in_window = orders["order_date"].between(row.start, row.end)
        buyers = orders.loc[is_offered & in_window, "customer_id"].dropna().unique()
        found.append(pd.DataFrame({"campaign_id": row.campaign_id, "customer_id": buyers}))
    return pd.MultiIndex.from_frame(pd.concat(found, ignore_index=True).astype(object))


def _design(size: SampleSize, assortment: Assortment, rng: np.random.Generator) -> list[CampaignPlan]:
    """Eight campaigns have run: the first ones held out 40 %, the later ones only 15 %."""
    channels = ("email", "phone", "email", "post", "email", "visit", "email", "phone", "email", "phone")
    costs = {"email": 0.08, "phone": 3.20, "post": 1.10, "visit": 28.0}
    past = np.linspace(0.3, 0.96, 8) * size.weeks
    starts = [*past.round().astype(int).tolist(), size.weeks + 1, size.weeks + 4]
    offers = rng.permutation(np.arange(10) % len(assortment.categories)).tolist()
    return [
        CampaignPlan(
            name=f"{assortment.categories[offer]} {'offer' if number % 2 else 'week'} {number + 1}",
            channel=channel,
            start=start,
            probability=0.6 if number < 4 else 0.85,
            offer=offer,
            by_product=number in (3, 6),
            discount=(0.10, 0.15, 0.20)[number % 3],
            cost=costs[channel],
        )
        for number, (channel, start, offer) in enumerate(zip(channels, starts, offers, strict=True))
    ]


def _offer_products(plans: list[CampaignPlan], assortment: Assortment, rng: np.random.Generator) -> Ints:
    """Draw the product of each campaign that offers a single one, the widest stocked first."""
    stocked = np.bincount(assortment.pair_product, minlength=len(assortment.category))
    steady = (assortment.lives.launch < 0) & (assortment.lives.end == NEVER)
    chosen = np.full(len(plans), -1, dtype=np.int64)
    for number, plan in enumerate(plans):
        if plan.by_product:
            inside = (assortment.category == plan.offer) & steady
            weight = np.where(inside, stocked + rng.random(len(stocked)), 0.0)
            chosen[number] = int(weight.argmax())
    return chosen
