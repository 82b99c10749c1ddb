"""Purchase orders and receipts: those of the policy, and those bought for special orders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.contract.sample.arrays import Floats, Ints, Texts, numbered, position_in_group
from helpers.contract.sample.assortment import Assortment
from helpers.contract.sample.frames import contract_frame
from helpers.contract.sample.network import Network
from helpers.contract.sample.sales import SpecialOrders
from helpers.contract.sample.settings import SampleSize
from helpers.contract.sample.supply import Ledger, open_day
from helpers.contract.sample.world import World


@dataclass(frozen=True)
class Bought:
    """Purchase lines, and the receipts that serve them (those to come included)."""

    pair: Ints
    quantity: Floats
    day: Ints
    order: Ints
    line: Ints
    receipt_of: Ints
    receipt_day: Ints
    receipt_units: Floats
    receipt_rejected: Floats


def collect_purchases(ledger: Ledger, specials: SpecialOrders, world: World) -> Bought:
    """Return the purchase lines numbered by day, site and supplier, with their receipts."""
    size, assortment = world.size, world.assortment
    week = np.concatenate([entry[2] for entry in ledger.purchases])
    first_open = np.array([open_day(world.is_open[number], 0) for number in range(size.weeks)])
    pair = np.concatenate([*(entry[0] for entry in ledger.purchases), specials.pair])
    quantity = np.concatenate([*(entry[1] for entry in ledger.purchases), specials.units])
    day = np.r_[7 * week + first_open[week], specials.day]
    supplier = assortment.supplier[assortment.pair_product[pair]]
    apart = np.r_[np.zeros(len(week), np.int64), 1 + np.arange(specials.count)]
    order = np.lexsort((pair, apart, supplier, assortment.pair_site[pair], day))
    key = np.stack([day, assortment.pair_site[pair], supplier, apart])[:, order]
    number = np.cumsum(np.r_[True, (key[:, 1:] != key[:, :-1]).any(axis=0)]) - 1
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    receipt_line, receipt_day, units, rejected = _receipts(ledger, specials, len(week))
    by_day = np.lexsort((place[receipt_line], receipt_day))
    return Bought(
        pair=pair[order],
        quantity=quantity[order],
        day=day[order].astype(np.int64),
        order=number.astype(np.int64),
        line=position_in_group(number.astype(np.int64)) + 1,
        receipt_of=place[receipt_line][by_day],
        receipt_day=receipt_day[by_day],
        receipt_units=units[by_day],
        receipt_rejected=rejected[by_day],
    )


def purchase_rows(bought: Bought, size: SampleSize, network: Network, assortment: Assortment) -> pd.DataFrame:
    """Return the table `purchase_orders`."""
    product = assortment.pair_product[bought.pair]
    supplier = assortment.supplier[product]
    due = bought.day + assortment.lead_time_days[supplier].astype(np.int64)
    came = bought.receipt_day < size.days
    received = np.bincount(
        bought.receipt_of[came], weights=bought.receipt_units[came], minlength=len(bought.pair)
    )
    is_fresh = bought.day >= size.days - 7
    status = np.select([received >= bought.quantity, is_fresh], ["closed", "approved"], "confirmed")
    first = np.full(len(bought.pair), np.iinfo(np.int64).max)
    np.minimum.at(first, bought.receipt_of, bought.receipt_day)
    # suppliers own up to half of the delay that is coming
    confirmed = size.date(due + np.clip((first - due) // 2, 0, None))
    return contract_frame(
        "purchase_orders",
        {
            "po_id": _po_ids(bought),
            "line": bought.line,
            "supplier_id": network.suppliers["supplier_id"].to_numpy(dtype=object)[supplier],
            "site_id": network.site_ids[assortment.pair_site[bought.pair]],
            "product_id": assortment.products["product_id"].to_numpy(dtype=object)[product],
            "quantity": bought.quantity,
            "unit_cost": _unit_cost(bought, assortment),
            "order_date": size.date(bought.day),
            "due_date": size.date(due),
            "confirmed_date": np.where(status == "approved", np.datetime64("NaT", "D"), confirmed),
            "status": status.astype(object),
        },
    )


def receipt_rows(bought: Bought, size: SampleSize) -> pd.DataFrame:
    """Return the table `receipts` up to the last day; what comes later stays open."""
    came = bought.receipt_day < size.days
    line = bought.receipt_of[came]
    return contract_frame(
        "receipts",
        {
            "receipt_id": numbered("R", len(line), 6),
            "po_id": _po_ids(bought)[line],
            "po_line": bought.line[line],
            "date": size.date(bought.receipt_day[came]),
            "quantity": bought.receipt_units[came],
            "rejected_quantity": bought.receipt_rejected[came],
        },
    )


def units_under_way(bought: Bought, size: SampleSize, assortment: Assortment) -> Floats:
    """Return what suppliers have dispatched and not yet brought, at each Sunday close (weeks × pairs).

    Goods leave the supplier in the last third of the promised lead time.
    """
    pair = bought.pair[bought.receipt_of]
    travel = np.ceil(assortment.lead_time_days[assortment.supplier[assortment.pair_product[pair]]] / 3)
    left = np.maximum(bought.receipt_day - travel.astype(np.int64), bought.day[bought.receipt_of])
    start = np.clip(left // 7, 0, size.weeks)
    stop = np.clip(bought.receipt_day // 7, 0, size.weeks)
    change = np.zeros((size.weeks + 1, assortment.pairs))
    np.add.at(change, (start, pair), bought.receipt_units)
    np.add.at(change, (stop, pair), -bought.receipt_units)
    return np.asarray(np.cumsum(change, axis=0)[: size.weeks], dtype=np.float64)


def _receipts(
    ledger: Ledger, specials: SpecialOrders, policy_lines: int
) -> tuple[Ints, Ints, Floats, Floats]:
    line, day, units, rejected = (np.concatenate(parts) for parts in zip(*ledger.receipts, strict=True))
    own = policy_lines + np.arange(specials.count)
    return (
        np.r_[line, own],
        np.r_[day, specials.arrival],
        np.r_[units, specials.units],
        np.r_[rejected, np.zeros(specials.count)],
    )


def _po_ids(bought: Bought) -> Texts:
    return numbered("PO", int(bought.order[-1]) + 1, 5)[bought.order]


def _unit_cost(bought: Bought, assortment: Assortment) -> Floats:
    """Return the price paid: the break price from the break quantity on."""
    first = assortment.supply_terms[assortment.supply_terms["priority"] == 1].set_index("product_id")
    first = first.loc[assortment.products["product_id"]]
    product = assortment.pair_product[bought.pair]
    cost = first["unit_cost"].to_numpy(float)[product]
    break_from = first["price_break_quantity"].to_numpy(float)[product]
    break_cost = first["price_break_cost"].to_numpy(float)[product]
    return np.where(bought.quantity >= break_from, break_cost, cost)
