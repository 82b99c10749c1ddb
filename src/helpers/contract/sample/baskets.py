"""From wanted lines to baskets: whose, on which day, delivered or carried home, in a hurry or not."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from helpers.contract.sample.arrays import Flags, Floats, Ints
from helpers.contract.sample.campaigns import CampaignOrders
from helpers.contract.sample.customers import Customers
from helpers.contract.sample.network import Network

NEW_BASKET_CHANCE = 0.47  # so a basket holds about two lines
DAY_WEIGHTS = np.array([0.15, 0.15, 0.16, 0.17, 0.20, 0.17, 0.0])
ANONYMOUS_SHARE = 0.12  # of the baskets in a store
BIG_LINE_STORE = 4.0
BIG_LINE_WAREHOUSE = 15.0
RUSH_CHANCE = 0.02
COSTLY_RUSH_CHANCE = 0.55


@dataclass(frozen=True)
class WantedLines:
    """The lines wanted in one week, one value per line, sorted by pair and day.

    `customer` and `campaign` are -1 where there is none; `basket` counts from 0 within the week.
    """

    pair: Ints
    quantity: Floats
    basket: Ints
    day: Ints
    customer: Ints
    campaign: Ints
    is_extra: Flags
    is_delivered: Flags
    is_rush: Flags

    def take(self, index: Ints) -> WantedLines:
        """Return the lines at `index`."""
        return WantedLines(**{name: values[index] for name, values in vars(self).items()})


@dataclass(frozen=True)
class Market:
    """Who may buy where: sites, the site of each pair, the customers, and how eager each is this week."""

    network: Network
    pair_site: Ints
    customers: Customers
    weight: Floats


def fill_baskets(
    pair: Ints, quantity: Floats, market: Market, rng: np.random.Generator
) -> tuple[Ints, Ints, Ints, Flags]:
    """Group the lines of each site at random.

    Returns
    -------
    tuple
        The order of the lines, the basket of each ordered line, and by basket its site and whether
        it is a big one.
    """
    site = market.pair_site[pair]
    order = np.lexsort((rng.random(len(pair)), site))
    site = site[order]
    first = np.r_[True, site[1:] != site[:-1]][: len(site)]
    starts = first | (rng.random(len(site)) < NEW_BASKET_CHANCE)
    basket = np.cumsum(starts) - 1
    is_warehouse = site < market.network.warehouses
    big_line = quantity[order] >= np.where(is_warehouse, BIG_LINE_WAREHOUSE, BIG_LINE_STORE)
    is_big = np.bincount(basket, weights=big_line) > 0
    return order, basket, site[starts], is_big


def draw_customers(basket_site: Ints, is_big: Flags, market: Market, rng: np.random.Generator) -> Ints:
    """Give each basket to a customer of its site, in proportion to `weight`; -1 is a cash sale.

    Big baskets go to those with an appetite for them.
    """
    chosen = np.full(len(basket_site), -1, dtype=np.int64)
    weight, customers = market.weight, market.customers
    for site in np.unique(basket_site):
        members = np.flatnonzero((customers.home == site) & (weight > 0))
        if not len(members):
            continue
        for big in (False, True):
            baskets = np.flatnonzero((basket_site == site) & (is_big == big))
            appetite = customers.big_appetite[members] if big else 1.0
            edges = np.cumsum(weight[members] * appetite)
            drawn = np.searchsorted(edges, rng.random(len(baskets)) * edges[-1], side="right")
            chosen[baskets] = members[np.minimum(drawn, len(members) - 1)]
    is_cash = (basket_site >= market.network.warehouses) & (rng.random(len(chosen)) < ANONYMOUS_SHARE)
    return np.where(is_cash, -1, chosen)


def draw_days(basket_site: Ints, is_open: Flags, network: Network, rng: np.random.Generator) -> Ints:
    """Draw the weekday (0 is Monday) of each basket; warehouses take orders from Monday to Friday."""
    weight = DAY_WEIGHTS * is_open
    if not weight[:5].any():
        weight = DAY_WEIGHTS  # a week of holidays only; somebody answers the phone
    days = np.empty(len(basket_site), dtype=np.int64)
    is_warehouse = basket_site < network.warehouses
    for mask, chance in ((is_warehouse, np.r_[weight[:5], 0.0, 0.0]), (~is_warehouse, weight)):
        days[mask] = rng.choice(7, int(mask.sum()), p=chance / chance.sum())
    return days


def want(
    drawn: tuple[Ints, Floats],
    extra: tuple[CampaignOrders, Floats],
    market: Market,
    is_open: Flags,
    rng: np.random.Generator,
) -> WantedLines:
    """Return everything wanted in a week, base demand and campaign orders together.

    Parameters
    ----------
    drawn, extra
        Pair and units of the base lines; the campaign orders and their units.
    market
        Who may buy where, and how eagerly this week (zero if gone or not yet there).
    is_open
        Open days of the week, Monday first.
    rng
        Generator of the topic.
    """
    pair, quantity = drawn
    order, basket, basket_site, is_big = fill_baskets(pair, quantity, market, rng)
    basket_customer = draw_customers(basket_site, is_big, market, rng)
    asked, asked_units = extra
    buyers, own = np.unique(asked.customer, return_inverse=True)
    basket_customer = np.r_[basket_customer, buyers]
    basket_site = np.r_[basket_site, market.customers.home[buyers]]
    day = draw_days(basket_site, is_open, market.network, rng)
    is_delivered, is_rush = _service(basket_site, basket_customer, market, rng)
    line_basket = np.r_[basket, own + len(is_big)]
    lines = WantedLines(
        pair=np.r_[pair[order], asked.pair],
        quantity=np.r_[quantity[order], asked_units],
        basket=line_basket,
        day=day[line_basket],
        customer=basket_customer[line_basket],
        campaign=np.r_[np.full(len(pair), -1), asked.campaign],
        is_extra=np.r_[np.zeros(len(pair), bool), np.ones(len(asked.pair), bool)],
        is_delivered=is_delivered[line_basket],
        is_rush=is_rush[line_basket],
    )
    lines = _one_line_per_product(lines, len(market.pair_site))
    return lines.take(np.lexsort((rng.random(len(lines.pair)), lines.day, lines.pair)))


def _one_line_per_product(lines: WantedLines, pairs: int) -> WantedLines:
    """Add up the lines of one basket for the same product, as a till does."""
    _, first, own = np.unique(lines.basket * pairs + lines.pair, return_index=True, return_inverse=True)
    return replace(lines.take(first), quantity=np.bincount(own, weights=lines.quantity))


def _service(
    basket_site: Ints, customer: Ints, market: Market, rng: np.random.Generator
) -> tuple[Flags, Flags]:
    """Return by basket whether it is delivered, and whether in a rush."""
    customers = market.customers
    is_known = customer >= 0
    chance = np.where(is_known, customers.gets_delivery[customer], 0.0)
    is_delivered = (rng.random(len(customer)) < chance) | (basket_site < market.network.warehouses)
    rush = np.where(is_known & customers.is_costly[customer], COSTLY_RUSH_CHANCE, RUSH_CHANCE)
    return is_delivered, is_delivered & (rng.random(len(customer)) < rush)
