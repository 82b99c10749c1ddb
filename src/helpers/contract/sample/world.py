"""Everything about the reseller that is fixed before the first week is played."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.contract.sample.arrays import Flags
from helpers.contract.sample.assortment import Assortment, make_assortment
from helpers.contract.sample.campaigns import Campaigns
from helpers.contract.sample.customers import Customers, make_customers
from helpers.contract.sample.demand import DemandProcess, make_demand
from helpers.contract.sample.holidays import make_calendar, open_days
from helpers.contract.sample.network import Network, make_network
from helpers.contract.sample.promotions import Promotions, make_promotions
from helpers.contract.sample.settings import SampleSize


@dataclass(frozen=True)
class World:
    """The reseller, its customers and its plans; `is_open` is weeks by 7, Monday first."""

    size: SampleSize
    network: Network
    assortment: Assortment
    promotions: Promotions
    demand: DemandProcess
    customers: Customers
    campaigns: Campaigns
    calendar: pd.DataFrame
    is_open: Flags


def make_world(size: SampleSize, rng: Mapping[str, np.random.Generator]) -> World:
    """Draw the world of a sample case, each part from the generator of its topic."""
    network = make_network(size, rng["network"])
    assortment = make_assortment(size, network, rng["assortment"])
    promotions = make_promotions(size, network, assortment, rng["promotions"])
    customers = make_customers(size, network, rng["customers"])
    calendar = make_calendar(size)
    return World(
        size=size,
        network=network,
        assortment=assortment,
        promotions=promotions,
        demand=make_demand(size, network, assortment, promotions, rng["demand"]),
        customers=customers,
        campaigns=Campaigns(size, assortment, customers, rng["campaigns"]),
        calendar=calendar,
        is_open=open_days(calendar),
    )
