"""Shipments to customers: what left when, on which lane, at what freight, and in what state it came."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.contract.sample.arrays import Floats, Ints, numbered, pick, position_in_group
from helpers.contract.sample.frames import contract_frame
from helpers.contract.sample.sales import SoldLines, SpecialOrders
from helpers.contract.sample.settings import SampleSize
from helpers.contract.sample.supply import Ledger
from helpers.contract.sample.world import World

DAMAGE_CHANCE = 0.006
LATE_DAYS = np.array([0, 1, 2, 4])
LATE_SHARES = (0.84, 0.10, 0.04, 0.02)
RUSH_SURCHARGE = 1.8
BASE_FREIGHT = 1.5  # money per delivered line


def shipment_rows(
    ledger: Ledger,
    specials: SpecialOrders,
    sold: SoldLines,
    orders: pd.DataFrame,
    world: World,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return the table `shipments`, one row per order line and day of dispatch."""
    size, assortment, lanes = world.size, world.assortment, world.network.lanes
    row, units, day = _dispatches(ledger, specials, sold, size)
    lane = _lanes(row, sold, world)
    is_delivered = lane >= 0
    late = rng.choice(LATE_DAYS, len(row), p=LATE_SHARES)
    arrival = day + np.where(is_delivered, lanes["transit_days"].to_numpy(np.int64)[lane] + late, 0)
    arrival = arrival + (is_delivered & (arrival % 7 == 6))
    weight = assortment.column("weight_kg")[assortment.pair_product[sold.pair[row]]] * units
    freight = BASE_FREIGHT + lanes["cost_per_kg"].to_numpy(float)[lane] * weight
    freight = np.round(np.where(sold.kind[row] == 1, RUSH_SURCHARGE, 1.0) * freight, 1)
    is_damaged = is_delivered & (rng.random(len(row)) < DAMAGE_CHANCE)
    group = np.cumsum(np.r_[True, (day[1:] != day[:-1]) | (sold.order[row][1:] != sold.order[row][:-1])]) - 1
    ids = numbered("H", int(group[-1]) + 1, 7 if group[-1] > 899_999 else 6)
    here = np.where(arrival < size.days, size.date(arrival), np.datetime64("NaT", "D"))
    return contract_frame(
        "shipments",
        {
            "shipment_id": ids[group],
            "line": position_in_group(group) + 1,
            "order_id": orders["order_id"].to_numpy(dtype=object)[row],
            "order_line": sold.line[row],
            "ship_date": size.date(day),
            "delivered_date": here,
            "quantity": units,
            "lane_id": pick(lanes["lane_id"].to_numpy(dtype=object), lane),
            "damaged_quantity": np.where(is_damaged, np.minimum(units, rng.integers(1, 3, len(row))), 0.0),
            "freight_cost": np.where(is_delivered, freight, np.nan),
        },
    )


def _dispatches(
    ledger: Ledger, specials: SpecialOrders, sold: SoldLines, size: SampleSize
) -> tuple[Ints, Floats, Ints]:
    """Return row of the order line, units and day of everything that left, by day and order."""
    line = np.concatenate([entry[0] for entry in ledger.shipped])
    units = np.concatenate([entry[1] for entry in ledger.shipped])
    day = np.concatenate([entry[2] for entry in ledger.shipped])
    came = np.flatnonzero(specials.arrival < size.days)
    special_line = len(sold.row_of) - specials.count + came
    row = sold.row_of[np.r_[line, special_line]]
    units, day = np.r_[units, specials.units[came]], np.r_[day, specials.arrival[came]]
    order = np.lexsort((row, day))
    return row[order], units[order], day[order].astype(np.int64)


def _lanes(row: Ints, sold: SoldLines, world: World) -> Ints:
    """Return the lane from the line's site to the customer's zone; -1 if carried home."""
    network, assortment = world.network, world.assortment
    site = assortment.pair_site[sold.pair[row]]
    customer = sold.customer[row]
    table = np.full((len(network.site_ids), len(network.zone_ids)), -1, dtype=np.int64)
    places = {name: number for number, name in enumerate(network.site_ids)}
    zones = {name: number for number, name in enumerate(network.zone_ids)}
    legs = zip(network.lanes["origin_id"], network.lanes["destination_id"], strict=True)
    for number, (origin, destination) in enumerate(legs):
        if origin in places and destination in zones:
            table[places[origin], zones[destination]] = number
    is_sent = sold.is_delivered[row] & (customer >= 0)
    return np.where(is_sent, table[site, world.customers.zone[customer]], -1)
