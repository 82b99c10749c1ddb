"""The customers: how often they buy, when they silently leave, what a shortage does to them.

Purchases follow a process like Pareto/NBD (Schmittlein, Morrison and Colombo 1987, "Counting your
customers"): customer i wants baskets at a rate λ_i ~ Gamma while alive and leaves for good with the
weekly hazard μ_i ~ Gamma, told to nobody. A basket of a site goes to one of its living customers with
probability λ_i ÷ Σ λ, so each is a Poisson buyer whose rate moves with the season.

A shortage makes a customer leave with the probability of the harm group. The groups go against value:
households on the web leave, large accounts grumble and stay.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.contract.sample.arrays import Flags, Floats, Ints, Texts, numbered, only_where, pick
from helpers.contract.sample.frames import contract_frame, days, read_list
from helpers.contract.sample.network import Network
from helpers.contract.sample.settings import SampleSize

SEGMENTS = np.array(["wholesale", "trade", "household"], dtype=object)
SEGMENT_SHARES = (0.14, 0.34, 0.52)
CHANNELS = np.array(["field sales", "counter", "web", "phone"], dtype=object)
CHANNEL_SHARES = ((0.6, 0.0, 0.1, 0.3), (0.1, 0.55, 0.2, 0.15), (0.0, 0.55, 0.45, 0.0))
RATE_MEAN = (1.6, 1.3, 0.45)  # λ, relative, by segment
MOST_EAGER = 5.0
BIG_BASKET_APPETITE = (1.0, 4.0, 0.5)
DISCOUNT = (0.10, 0.05, 0.0)
MEAN_LIFE_WEEKS = 120.0
OLD_SHARE = 0.46  # already customers before the first week

HARM_GROUPS = np.array(["leaves", "neutral", "tolerates"], dtype=object)
LEAVE_PROBABILITY = np.array([0.45, 0.03, 0.0])
UPLIFT_CLASSES = np.array(["persuadable", "sure thing", "lost cause", "sleeping dog"], dtype=object)
ALIVE = 1e9  # week of death of those who live

# numbers that the German regulator keeps free for fiction
FICTION_NUMBERS = ("+49 30 23125 {:03d}", "+49 40 66969 {:03d}", "+49 69 90009 {:03d}", "+49 221 4710 {:03d}")
MAIL_DOMAINS = ("example.com", "example.org", "example.net")
OWNERS = np.array(["A. Brandt", "M. Keller", "T. Okafor", "L. Schäfer"], dtype=object)


@dataclass(frozen=True)
class Customers:
    """What customers truly are; one value per customer, weeks counted from the first."""

    table: pd.DataFrame
    segment: Ints
    home: Ints
    zone: Ints
    rate: Floats
    hazard: Floats
    birth: Ints
    natural_death: Floats
    harm: Ints
    uplift_class: Ints
    is_costly: Flags
    gets_delivery: Floats
    big_appetite: Floats
    discount: Floats
    consent: pd.DataFrame

    @property
    def count(self) -> int:
        """Number of customers."""
        return len(self.segment)


def make_customers(size: SampleSize, network: Network, rng: np.random.Generator) -> Customers:
    """Draw the customers of a sample case."""
    count = size.customers
    segment = rng.permutation(np.searchsorted(np.cumsum(SEGMENT_SHARES) * count, np.arange(count), "right"))
    channel = _draw_by_row(np.array(CHANNEL_SHARES)[segment], rng)
    home, zone = _homes(size, network, segment, rng)
    rate = np.array(RATE_MEAN)[segment] * rng.gamma(1.1, 1 / 1.1, count) + 0.02
    hazard = rng.gamma(1.5, 1 / (1.5 * MEAN_LIFE_WEEKS), count)
    is_old = rng.random(count) < OLD_SHARE
    birth = np.where(is_old, -rng.integers(0, 150, count), rng.integers(0, size.weeks, count))
    death = np.maximum(birth, 0) + rng.exponential(1 / np.maximum(hazard, 1e-5))
    is_costly = _costly(segment, rate, rng)
    rate = np.minimum(np.where(is_costly, 1.6 * rate, rate), MOST_EAGER)
    gets_delivery = np.select([segment == 0, channel == 2, segment == 1], [1.0, 0.95, 0.35], 0.12)
    consent = _consent(segment, rng)
    return Customers(
        table=_customer_rows(size, network, (segment, channel, home, zone, birth), consent, rng),
        segment=segment,
        home=home,
        zone=zone,
        rate=rate,
        hazard=hazard,
        birth=birth,
        natural_death=death,
        harm=_harm_groups(segment, channel, rate, rng),
        uplift_class=_uplift_classes(segment, channel, rng),
        is_costly=is_costly,
        gets_delivery=gets_delivery,
        big_appetite=np.where(is_costly, 0.15, np.array(BIG_BASKET_APPETITE)[segment]),
        discount=np.array(DISCOUNT)[segment],
        consent=consent,
    )


def customer_truth(customers: Customers, death_week: Floats, size: SampleSize) -> pd.DataFrame:
    """Return the hidden truth of each customer after the simulation.

    Parameters
    ----------
    customers
        The customers as drawn.
    death_week
        Week in which each left, whether by nature or after a shortage; beyond the horizon if alive.
    size
        Gives the horizon.

    Returns
    -------
    pandas.DataFrame
        customer_id, segment, alive, death_date, death_cause, purchase_rate (relative), hazard (1/week),
        harm_group, leave_probability (per shortage), uplift_class, costly.
    """
    is_dead = death_week < size.weeks
    by_shortage = is_dead & (death_week < customers.natural_death)
    died = size.date((7 * np.where(is_dead, death_week, 0)).astype(np.int64))
    return pd.DataFrame(
        {
            "customer_id": customers.table["customer_id"],
            "segment": SEGMENTS[customers.segment],
            "alive": ~is_dead,
            "death_date": days(np.where(is_dead, died, np.datetime64("NaT", "D"))),
            "death_cause": only_where(is_dead, np.where(by_shortage, "shortage", "natural").astype(object)),
            "purchase_rate": np.round(customers.rate, 2),
            "hazard": np.round(customers.hazard, 4),
            "harm_group": HARM_GROUPS[customers.harm],
            "leave_probability": LEAVE_PROBABILITY[customers.harm],
            "uplift_class": UPLIFT_CLASSES[customers.uplift_class],
            "costly": customers.is_costly,
        }
    )


def _draw_by_row(shares: Floats, rng: np.random.Generator) -> Ints:
    """Draw one column per row with the row's probabilities."""
    edges = np.cumsum(shares, axis=1)
    drawn = (rng.random(len(shares))[:, None] * edges[:, -1:] > edges).sum(axis=1)
    return np.asarray(drawn, dtype=np.int64)


def _homes(size: SampleSize, network: Network, segment: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Wholesale customers are served by the warehouse of their zone, the others by a store."""
    stores = np.arange(size.warehouses, size.sites)
    weight = network.site_size[stores] / network.site_size[stores].sum()
    zone = rng.choice(size.stores, len(segment), p=weight)
    home = np.where(segment == 0, network.zone_of_warehouse[zone], size.warehouses + zone)
    return home.astype(np.int64), zone.astype(np.int64)


def _costly(segment: Ints, rate: Floats, rng: np.random.Generator) -> Flags:
    """Choose frequent buyers who want everything at once, in small lines, and send much of it back."""
    frequent = (segment < 2) & (rate > np.quantile(rate[segment < 2], 0.7))
    return frequent & (rng.random(len(rate)) < 0.16)


def _harm_groups(segment: Ints, channel: Ints, rate: Floats, rng: np.random.Generator) -> Ints:
    leaves = (segment == 2) & (channel == 2) & (rng.random(len(segment)) < 0.85)
    is_large = (segment < 2) & (rate > np.median(rate[segment < 2]))
    tolerates = is_large & (rng.random(len(segment)) < 0.8)
    return np.select([leaves, tolerates], [0, 2], 1).astype(np.int64)


def _uplift_classes(segment: Ints, channel: Ints, rng: np.random.Generator) -> Ints:
    """Classes can be guessed from segment and channel, but only in part."""
    shares = np.array([(0.15, 0.43, 0.24, 0.18), (0.34, 0.24, 0.28, 0.14), (0.25, 0.15, 0.46, 0.14)])[segment]
    by_web = np.array([1.9, 1.0, 0.7, 0.5])
    by_phone = np.array([0.4, 1.0, 1.0, 3.5])
    factor = np.where((channel == 2)[:, None], by_web, np.where((channel == 3)[:, None], by_phone, 1.0))
    return _draw_by_row(shares * factor, rng)


def _consent(segment: Ints, rng: np.random.Generator) -> pd.DataFrame:
    chance = {"email": (0.75, 0.7, 0.6), "phone": (0.7, 0.5, 0.2), "visit": (0.6, 0.2, 0.0)}
    return pd.DataFrame(
        {name: rng.random(len(segment)) < np.array(share)[segment] for name, share in chance.items()}
    )


def _customer_rows(
    size: SampleSize,
    network: Network,
    drawn: tuple[Ints, Ints, Ints, Ints, Ints],
    consent: pd.DataFrame,
    rng: np.random.Generator,
) -> pd.DataFrame:
    segment, channel, home, zone, birth = drawn
    count = len(segment)
    names, mailboxes = _names(segment, rng)
    has_phone = rng.random(count) < np.array([1.0, 0.85, 0.5])[segment]
    at_store = size.warehouses + zone
    created = size.date(7 * birth - rng.integers(0, 15, count))
    has_agreement = (segment == 0) & (rng.random(count) < 0.4)
    return contract_frame(
        "customers",
        {
            "customer_id": numbered("C", count, 5),
            "name": names,
            "segment": SEGMENTS[segment],
            "channel": CHANNELS[channel],
            "home_site_id": network.site_ids[home],
            "zone_id": network.zone_ids[zone],
            "latitude": np.round(network.latitude[at_store] + rng.normal(0, 0.12, count), 2),
            "longitude": np.round(network.longitude[at_store] + rng.normal(0, 0.18, count), 2),
            "created": created,
            "consent_email": consent["email"],
            "consent_phone": consent["phone"],
            "consent_visit": consent["visit"],
            "email": mailboxes,
            "phone": only_where(has_phone, _phones(count)),
            "account_owner": pick(OWNERS, np.where(segment == 0, zone % len(OWNERS), -1)),
            "agreed_fill_rate": np.where(has_agreement, rng.choice([0.92, 0.95, 0.97], count), np.nan),
            "tolerance_days": np.array([0.0, 1.0, 2.0])[segment],
        },
    )


def _names(segment: Ints, rng: np.random.Generator) -> tuple[Texts, Texts]:
    """Invent a person or a firm for each customer, and a mailbox under a domain kept for examples."""
    people = read_list("people")
    count = len(segment)
    given = people["given"].to_numpy(dtype=object)[rng.integers(0, len(people), count)]
    family = people["family"].to_numpy(dtype=object)[rng.integers(0, len(people), count)]
    trade = people["trade"].to_numpy(dtype=object)[rng.integers(0, len(people), count)]
    ending = np.where(segment == 0, " GmbH", "")
    names = np.where(segment == 2, given + " " + family, family + " " + trade + ending.astype(object))
    domain = np.array(MAIL_DOMAINS, dtype=object)[rng.integers(0, len(MAIL_DOMAINS), count)]
    mailboxes = numbered("customer", count, 5) + "@" + domain
    return names.astype(object), mailboxes


def _phones(count: int) -> Texts:
    """Give out the numbers kept for fiction; they repeat where customers outnumber them."""
    return np.array(
        [FICTION_NUMBERS[number // 1000 % 4].format(number % 1000) for number in range(count)], dtype=object
    )
