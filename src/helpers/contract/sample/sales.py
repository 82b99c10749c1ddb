"""Order lines as the ERP would hold them: the simulation's lines and the special orders, dated and priced.

Special orders are bought to order and cross-docked, so they never touch the stock: each has its own
purchase order, and leaves on the day it arrives.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.contract.sample.arrays import Dates, Flags, Floats, Ints, Texts, pick, position_in_group
from helpers.contract.sample.assortment import NEVER, YEARLY_PRICE_RISE
from helpers.contract.sample.campaigns import campaign_ids
from helpers.contract.sample.frames import contract_frame
from helpers.contract.sample.replenishment import Suppliers
from helpers.contract.sample.settings import SampleSize
from helpers.contract.sample.supply import BACKORDER, LOST, OPEN, SHIPPED, Ledger
from helpers.contract.sample.world import World

STATUS = np.array(["shipped", "open", "backorder", "cancelled"], dtype=object)
ORDER_TYPES = np.array(["stock", "rush", "special"], dtype=object)
SPECIAL_TIMES = (8, 20)  # a special order is this many usual lines large
STORE_PROMISE_DAYS = 7  # what is told to a customer whose line is back-ordered
WAREHOUSE_PROMISE_DAYS = 14


@dataclass(frozen=True)
class SpecialOrders:
    """Large one-off orders; one value per order."""

    pair: Ints
    customer: Ints
    units: Floats
    day: Ints
    arrival: Ints

    @property
    def count(self) -> int:
        """Number of special orders."""
        return len(self.pair)


@dataclass(frozen=True)
class SoldLines:
    """All recorded order lines in the order of the table, and where each line of the ledger went."""

    pair: Ints
    quantity: Floats
    day: Ints
    customer: Ints
    order: Ints
    line: Ints
    fate: Ints
    was_short: Flags
    campaign: Ints
    kind: Ints
    is_delivered: Flags
    row_of: Ints
    """Row by number of the ledger's line, specials after them; -1 for a lost line."""


def draw_specials(
    world: World, suppliers: Suppliers, death_week: Floats, rng: np.random.Generator
) -> SpecialOrders:
    """Draw special orders of wholesale customers at their warehouse, on working days."""
    size, assortment, customers = world.size, world.assortment, world.customers
    buyers = np.flatnonzero((customers.segment == 0) & (customers.birth < size.weeks // 4))
    steady = (assortment.lives.launch < 0) & (assortment.lives.end == NEVER)
    customer = rng.choice(buyers, size.special_orders)
    product = rng.choice(np.flatnonzero(steady), size.special_orders)
    pair = customers.home[customer] * len(steady) + product  # warehouse pairs are laid out site by site
    day = suppliers.receiving_day[np.sort(rng.integers(21, size.days - 3, size.special_orders))]
    units = np.rint(world.demand.line_mean[pair] * rng.uniform(*SPECIAL_TIMES, size.special_orders))
    supplier = assortment.supplier[product]
    lead = assortment.lead_time_days[supplier]
    arrival = day + np.rint(lead * rng.uniform(0.9, 1.3, size.special_orders)).astype(np.int64)
    arrival = suppliers.arrival_day(supplier, arrival)
    kept = np.flatnonzero((customers.birth[customer] <= day // 7) & (death_week[customer] > day // 7))
    return SpecialOrders(pair[kept], customer[kept], units[kept], day[kept], arrival[kept])


def collect_lines(ledger: Ledger, specials: SpecialOrders, size: SampleSize) -> SoldLines:
    """Put all recorded lines in the order of the table: by day, then by order."""
    lines = ledger.lines
    count = specials.count
    pair = np.concatenate([*(part.pair for part in lines), specials.pair])
    week = np.concatenate([*ledger.line_week, specials.day // 7])
    weekday = np.concatenate([*(part.day for part in lines), specials.day % 7])
    baskets = np.concatenate(ledger.basket)
    basket = np.r_[baskets, baskets.max() + 1 + np.arange(count)]
    fate = _final_fate(ledger, specials, size)
    is_rush = np.concatenate([*(part.is_rush for part in lines), np.zeros(count, bool)])
    kind = np.where(is_rush, 1, 0)
    kind[len(kind) - count :] = 2
    day = 7 * week + weekday
    kept = np.flatnonzero(fate != LOST)
    kept = kept[np.lexsort((basket[kept], day[kept]))]
    starts = np.r_[True, basket[kept][1:] != basket[kept][:-1]]
    order = np.cumsum(starts) - 1
    row_of = np.full(len(fate), -1, dtype=np.int64)
    row_of[kept] = np.arange(len(kept))

    def gathered(
        name: str, special: Ints | Floats | Flags
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
        return np.concatenate([*(getattr(part, name) for part in lines), special])[kept]

    return SoldLines(
        pair=pair[kept],
        quantity=gathered("quantity", specials.units).astype(np.float64),
        day=day[kept],
        customer=gathered("customer", specials.customer).astype(np.int64),
        order=order.astype(np.int64),
        line=position_in_group(order) + 1,
        fate=fate[kept],
        was_short=np.r_[np.concatenate(ledger.fate) == BACKORDER, np.zeros(count, bool)][kept],
        campaign=gathered("campaign", np.full(count, -1)).astype(np.int64),
        kind=kind[kept],
        is_delivered=gathered("is_delivered", np.ones(count, bool)).astype(bool),
        row_of=row_of,
    )


def order_rows(sold: SoldLines, world: World, rng: np.random.Generator) -> pd.DataFrame:
    """Return the table `orders`."""
    size, network, assortment = world.size, world.network, world.assortment
    promotions, customers, campaigns = world.promotions, world.customers, world.campaigns
    product, site = assortment.pair_product[sold.pair], assortment.pair_site[sold.pair]
    promotion = np.where(sold.kind == 2, -1, promotions.running[sold.day // 7, sold.pair])
    discount = np.where(sold.customer >= 0, customers.discount[sold.customer], 0.0)
    offers = np.array([plan.discount for plan in campaigns.plans])
    discount = np.maximum(discount, np.where(sold.campaign >= 0, offers[sold.campaign], 0.0))
    discount = np.maximum(discount, np.where(promotion >= 0, promotions.discount[promotion], 0.0))
    order_date = size.date(sold.day)
    requested, promised = _dates(sold, assortment.pair_site[sold.pair] < network.warehouses, rng)
    return contract_frame(
        "orders",
        {
            "order_id": order_ids(sold),
            "line": sold.line,
            "order_date": order_date,
            "customer_id": pick(customers.table["customer_id"].to_numpy(dtype=object), sold.customer),
            "site_id": network.site_ids[site],
            "product_id": assortment.products["product_id"].to_numpy(dtype=object)[product],
            "quantity": sold.quantity,
            "unit_price": _price(assortment.column("list_price")[product], order_date),
            "discount": discount,
            "requested_date": size.date(requested),
            "promised_date": size.date(promised),
            "status": STATUS[sold.fate],
            "order_type": ORDER_TYPES[sold.kind],
            "promotion_id": pick(promotions.table["promotion_id"].to_numpy(dtype=object), promotion),
            "campaign_id": pick(campaign_ids(campaigns), sold.campaign),
        },
    )


def order_ids(sold: SoldLines) -> Texts:
    """Return the order number of each line."""
    width = 6 if sold.order[-1] < 999_999 else 7
    names = [f"O{number:0{width}d}" for number in range(1, int(sold.order[-1]) + 2)]
    return np.array(names, dtype=object)[sold.order]


def _final_fate(ledger: Ledger, specials: SpecialOrders, size: SampleSize) -> Ints:
    """Judge each line by what had left in full when the history ends."""
    fate = np.concatenate(ledger.fate)
    wanted = np.concatenate([part.quantity for part in ledger.lines])
    line = np.concatenate([entry[0] for entry in ledger.shipped])
    units = np.concatenate([entry[1] for entry in ledger.shipped])
    shipped = np.bincount(line, weights=units, minlength=len(fate))
    fate = np.where((fate == BACKORDER) & (shipped >= wanted), SHIPPED, fate)
    special_fate = np.where(specials.arrival < size.days, SHIPPED, OPEN)
    return np.concatenate([fate, special_fate]).astype(np.int64)


def _price(list_price: Floats, order_date: Dates) -> Floats:
    """Prices rose every January up to the list price of the last year."""
    year = order_date.astype("datetime64[Y]").astype(np.int64)
    return np.asarray(np.round(list_price / (1 + YEARLY_PRICE_RISE) ** (year.max() - year), 2), np.float64)


def _dates(sold: SoldLines, at_warehouse: Flags, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Return the day each line was requested for and the day it was promised for."""
    count = int(sold.order[-1]) + 1
    usual = rng.choice([2, 3, 3, 4, 5], count)[sold.order]
    slack = np.where(rng.random(count) < 0.06, rng.integers(1, 4, count), 0)[sold.order]
    wait = np.select([sold.kind == 2, sold.kind == 1, sold.is_delivered], [35, 1, usual], 0)
    requested = _not_sunday(sold.day + wait)
    promised = _not_sunday(requested + np.where(sold.is_delivered, slack, 0))
    longer = np.where(at_warehouse, WAREHOUSE_PROMISE_DAYS, STORE_PROMISE_DAYS)
    promised = np.where(sold.was_short, np.maximum(promised, _not_sunday(sold.day + longer)), promised)
    return requested, promised


def _not_sunday(day: Ints) -> Ints:
    return np.asarray(day + (day % 7 == 6), dtype=np.int64)
