"""The sample case, put together from its parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from helpers.contract.sample.aftersales import return_rows, service_rows
from helpers.contract.sample.arrays import Floats, Ints
from helpers.contract.sample.campaigns import campaign_rows, campaign_truth, contact_rows
from helpers.contract.sample.customers import customer_truth
from helpers.contract.sample.dirt import soil
from helpers.contract.sample.feeds import make_feed
from helpers.contract.sample.overrides import make_overrides
from helpers.contract.sample.purchasing import collect_purchases, purchase_rows, receipt_rows, units_under_way
from helpers.contract.sample.sales import SpecialOrders, collect_lines, draw_specials, order_rows
from helpers.contract.sample.settings import generators, sample_size
from helpers.contract.sample.shipping import shipment_rows
from helpers.contract.sample.stock import demand_ahead_truth, demand_truth, stock_rows, transfer_truth
from helpers.contract.sample.supply import Ledger, Simulation
from helpers.contract.sample.suppressions import suppression_rows
from helpers.contract.sample.world import World, make_world
from helpers.contract.schema import contract


@dataclass(frozen=True)
class Sample:
    """A generated case: the tables of the contract, and the truth that no page may read."""

    tables: Mapping[str, pd.DataFrame]
    truth: Mapping[str, pd.DataFrame]


def make_sample(seed: int = 0, size: str = "default") -> Sample:
    """Generate the sample case of one believable reseller.

    Parameters
    ----------
    seed
        Zero or more; the same seed and size give the same frames.
    size
        `tiny`, `default` or `large`.

    Returns
    -------
    Sample
        Every table of the contract in the contract's columns, and the hidden truth.

    Raises
    ------
    ParameterError
        Where the size is unknown or the seed negative.

    Examples
    --------
    >>> sample = make_sample(seed=0, size="tiny")
    >>> len(sample.tables["products"])
    12
    """
    rng = generators(seed)
    world = make_world(sample_size(size), rng)
    played = _play(world, rng)
    tables, truth = _tables(played, rng), _truth(played, rng)
    place = (world.size, world.network, world.assortment)
    feed = make_feed(tables["orders"], tables["shipments"], tables["stock"], *place, rng["feeds"])
    units = _units_by_week(played, truth["demand_ahead"])
    overrides = make_overrides(units, world.demand, *place, rng["overrides"])
    tables |= {"partner_feed": feed.table, "overrides": overrides.table}
    soiled, dirt = soil(tables, rng["dirt"])
    truth |= {"feed_faults": feed.faults, "overrides": overrides.truth, "dirt": dirt}
    return Sample(MappingProxyType({name: soiled[name] for name in contract()}), MappingProxyType(truth))


@dataclass(frozen=True)
class Played:
    """The world after its last week."""

    world: World
    ledger: Ledger
    specials: SpecialOrders
    active_from: Ints
    death_week: Floats
    lead_times: pd.DataFrame


def _play(world: World, rng: Mapping[str, np.random.Generator]) -> Played:
    simulation = Simulation(world, rng["demand"], rng["selling"], rng["suppliers"])
    ledger = simulation.run()
    return Played(
        world=world,
        ledger=ledger,
        specials=draw_specials(world, simulation.suppliers, simulation.death_week, rng["specials"]),
        active_from=simulation.policy.active_from,
        death_week=simulation.death_week,
        lead_times=simulation.suppliers.truth(),
    )


def _tables(played: Played, rng: Mapping[str, np.random.Generator]) -> dict[str, pd.DataFrame]:
    """Write the tables of the contract from the world and from what was played in it."""
    world, ledger, service = played.world, played.ledger, rng["service"]
    place = (world.size, world.network, world.assortment)
    sold = collect_lines(ledger, played.specials, world.size)
    orders = order_rows(sold, world, service)
    shipments = shipment_rows(ledger, played.specials, sold, orders, world, service)
    bought = collect_purchases(ledger, played.specials, world)
    under_way = units_under_way(bought, world.size, world.assortment)
    return {
        "products": world.assortment.products,
        "sites": world.network.sites,
        "suppliers": world.network.suppliers,
        "supply_terms": world.assortment.supply_terms,
        "lanes": world.network.lanes,
        "emission_factors": world.network.emission_factors,
        "customers": world.customers.table,
        "orders": orders,
        "shipments": shipments,
        "returns": return_rows(orders, shipments, world.customers, world.size, service),
        "stock": stock_rows(ledger, under_way, played.active_from, *place, service),
        "purchase_orders": purchase_rows(bought, *place),
        "receipts": receipt_rows(bought, world.size),
        "promotions": world.promotions.table,
        "campaigns": campaign_rows(world.campaigns, world.assortment.products),
        "contacts": contact_rows(world.campaigns, orders, service),
        "suppressions": suppression_rows(world.customers, world.size, rng["suppressions"]),
        "service_cases": service_rows(orders, shipments, world.customers, world.size, service),
        "calendar": world.calendar,
    }


def _truth(played: Played, rng: Mapping[str, np.random.Generator]) -> dict[str, pd.DataFrame]:
    """Write down what no page may read."""
    world, ledger = played.world, played.ledger
    place = (world.size, world.network, world.assortment)
    return {
        "demand": demand_truth(ledger, played.specials, world.demand, *place),
        "demand_ahead": demand_ahead_truth(world.demand, *place, rng["ahead"]),
        "lift": world.promotions.truth,
        "customers": customer_truth(world.customers, played.death_week, world.size),
        "campaign_effects": campaign_truth(world.campaigns),
        "lead_times": played.lead_times,
        "transfers": transfer_truth(ledger, *place),
    }


def _units_by_week(played: Played, ahead: pd.DataFrame) -> Floats:
    """Return true base demand of all weeks, those ahead included (weeks by pairs)."""
    mean, weeks = played.world.demand.mean, played.world.size.weeks
    units = np.zeros(mean.shape)
    units[:weeks] = played.ledger.base_units
    is_ahead = np.arange(len(mean)) >= weeks
    pair, week = np.nonzero(((mean > 0) & is_ahead[:, None]).T)  # the rows of `ahead`, in its order
    units[week, pair] = ahead["demand_units"]
    return units
