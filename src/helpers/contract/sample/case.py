"""The sample case, put together from its parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from helpers.contract.sample.aftersales import return_rows, service_rows
from helpers.contract.sample.assortment import Assortment, make_assortment
from helpers.contract.sample.campaigns import Campaigns, campaign_rows, campaign_truth, contact_rows
from helpers.contract.sample.customers import Customers, customer_truth, make_customers
from helpers.contract.sample.demand import DemandProcess, make_demand
from helpers.contract.sample.dirt import soil
from helpers.contract.sample.feeds import make_feed
from helpers.contract.sample.holidays import make_calendar, open_days
from helpers.contract.sample.network import Network, make_network
from helpers.contract.sample.overrides import make_overrides
from helpers.contract.sample.promotions import Promotions, make_promotions
from helpers.contract.sample.purchasing import collect_purchases, purchase_rows, receipt_rows, units_under_way
from helpers.contract.sample.sales import collect_lines, draw_specials, order_rows
from helpers.contract.sample.settings import SampleSize, generators, sample_size
from helpers.contract.sample.shipping import shipment_rows
from helpers.contract.sample.stock import demand_ahead_truth, demand_truth, stock_rows, transfer_truth
from helpers.contract.sample.supply import Ledger, Simulation
from helpers.contract.schema import contract


@dataclass(frozen=True)
class Sample:
    """A generated case: the tables of the contract, and the truth that no page may read."""

    tables: Mapping[str, pd.DataFrame]
    truth: Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class World:
    """Everything that is fixed before the first week is played."""

    size: SampleSize
    rng: Mapping[str, np.random.Generator]
    network: Network
    assortment: Assortment
    promotions: Promotions
    demand: DemandProcess
    customers: Customers
    campaigns: Campaigns
    calendar: pd.DataFrame


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
    world = _make_world(generators(seed), sample_size(size))
    simulation = _simulation(world)
    ledger = simulation.run()
    tables, truth = _read_ledger(world, simulation, ledger)
    soiled, dirt = soil(tables, world.rng["dirt"])
    return Sample(
        MappingProxyType({name: soiled[name] for name in contract()}),
        MappingProxyType({**truth, "dirt": dirt}),
    )


def _make_world(rng: Mapping[str, np.random.Generator], size: SampleSize) -> World:
    network = make_network(size, rng["network"])
    assortment = make_assortment(size, network, rng["assortment"])
    promotions = make_promotions(size, network, assortment, rng["promotions"])
    customers = make_customers(size, network, rng["customers"])
    return World(
        size=size,
        rng=rng,
        network=network,
        assortment=assortment,
        promotions=promotions,
        demand=make_demand(size, network, assortment, promotions, rng["demand"]),
        customers=customers,
        campaigns=Campaigns(size, assortment, customers, rng["campaigns"]),
        calendar=make_calendar(size),
    )


def _simulation(world: World) -> Simulation:
    return Simulation(
        world.size,
        world.network,
        world.assortment,
        world.demand,
        world.customers,
        world.campaigns,
        open_days(world.calendar),
        (world.rng["demand"], world.rng["selling"], world.rng["suppliers"]),
    )


def _read_ledger(
    world: World, simulation: Simulation, ledger: Ledger
) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    size, network, assortment, customers = world.size, world.network, world.assortment, world.customers
    rng, place = world.rng, (world.size, world.network, world.assortment)
    specials = draw_specials(
        *place, customers, simulation.suppliers, world.demand.line_mean, rng["specials"]
    )
    sold = collect_lines(ledger, specials, size)
    orders = order_rows(sold, *place, world.promotions, customers, world.campaigns, rng["service"])
    shipments = shipment_rows(ledger, specials, sold, orders, *place, customers, rng["service"])
    bought = collect_purchases(ledger, specials, size, assortment, open_days(world.calendar))
    under_way = units_under_way(bought, size, assortment)
    stock = stock_rows(ledger, under_way, simulation.policy, *place, rng["service"])
    feed = make_feed(orders, shipments, stock, *place, rng["feeds"])
    ahead = demand_ahead_truth(world.demand, *place, rng["ahead"])
    units = _units_by_week(ledger, ahead, world)
    overrides = make_overrides(units, world.demand, *place, rng["overrides"])
    tables = {
        "products": assortment.products,
        "sites": network.sites,
        "suppliers": network.suppliers,
        "supply_terms": assortment.supply_terms,
        "lanes": network.lanes,
        "emission_factors": network.emission_factors,
        "customers": customers.table,
        "orders": orders,
        "shipments": shipments,
        "returns": return_rows(orders, shipments, customers, size, rng["service"]),
        "stock": stock,
        "purchase_orders": purchase_rows(bought, *place),
        "receipts": receipt_rows(bought, size),
        "promotions": world.promotions.table,
        "campaigns": campaign_rows(world.campaigns, assortment.products),
        "contacts": contact_rows(world.campaigns, orders, rng["service"]),
        "service_cases": service_rows(orders, shipments, customers, size, rng["service"]),
        "overrides": overrides.table,
        "partner_feed": feed.table,
        "calendar": world.calendar,
    }
    truth = {
        "demand": demand_truth(ledger, specials, world.demand, *place),
        "demand_ahead": ahead,
        "lift": world.promotions.truth,
        "customers": customer_truth(customers, simulation.death_week, size),
        "campaign_effects": campaign_truth(world.campaigns),
        "feed_faults": feed.faults,
        "lead_times": simulation.suppliers.truth(),
        "overrides": overrides.truth,
        "transfers": transfer_truth(ledger, *place),
    }
    return tables, truth


def _units_by_week(
    ledger: Ledger, ahead: pd.DataFrame, world: World
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return true base demand of all weeks, those ahead included (weeks × pairs)."""
    mean = world.demand.mean
    units = np.zeros(mean.shape)
    units[: world.size.weeks] = ledger.base_units
    is_ahead = np.arange(len(mean)) >= world.size.weeks
    pair, week = np.nonzero(((mean > 0) & is_ahead[:, None]).T)  # the rows of `ahead`, in its order
    units[week, pair] = ahead["demand_units"]
    return units
