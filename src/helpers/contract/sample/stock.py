"""Weekly stock snapshots, and the truth that lies behind the sales: demand, losses, transfers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.contract.sample.arrays import Floats, Ints, SmallFloats
from helpers.contract.sample.assortment import Assortment
from helpers.contract.sample.demand import DemandProcess
from helpers.contract.sample.frames import contract_frame, days
from helpers.contract.sample.network import Network
from helpers.contract.sample.sales import SpecialOrders
from helpers.contract.sample.settings import SampleSize
from helpers.contract.sample.supply import Ledger

BLOCKED_CHANCE = 0.004


def stock_rows(
    ledger: Ledger,
    under_way: Floats,
    active_from: Ints,
    size: SampleSize,
    network: Network,
    assortment: Assortment,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return the table `stock`: every Sunday, every pair from the week it is first bought for."""
    pair, week = np.nonzero(np.arange(size.weeks) >= active_from[:, None])
    on_hand = ledger.on_hand[week, pair]
    is_held = rng.random(len(pair)) < BLOCKED_CHANCE  # set aside for a look, part of on_hand
    free = on_hand - ledger.allocated[week, pair]
    held = np.minimum(free, rng.integers(1, 5, len(pair)))
    return contract_frame(
        "stock",
        {
            "date": size.date(7 * week + 6),
            "site_id": network.site_ids[assortment.pair_site[pair]],
            "product_id": assortment.products["product_id"].to_numpy(dtype=object)[
                assortment.pair_product[pair]
            ],
            "on_hand": on_hand,
            "allocated": ledger.allocated[week, pair],
            "blocked": np.where(is_held, held, 0.0),
            "in_transit": (under_way + ledger.transfer_in_transit)[week, pair],
        },
    )


def demand_truth(
    ledger: Ledger,
    specials: SpecialOrders,
    demand: DemandProcess,
    size: SampleSize,
    network: Network,
    assortment: Assortment,
) -> pd.DataFrame:
    """Return what was truly wanted, by product × site × week on sale.

    Returns
    -------
    pandas.DataFrame
        product_id, site_id, week (Monday), demand_mean (mean of the base demand, units, promotions
        included), demand_units (base demand as drawn), campaign_units (asked for in campaign windows on
        top), special_units (one-off orders), lost_units (of base and campaign; no order line exists),
        in_stock_share (of the selling days before the first line that could not be served).
        The lines in `orders` sum to demand_units + campaign_units + special_units − lost_units.
    """
    special = np.zeros(ledger.on_hand.shape)
    np.add.at(special, (specials.day // 7, specials.pair), specials.units)
    mean = demand.mean[: size.weeks]
    pair, week = np.nonzero(((mean > 0) | (ledger.extra_units > 0)).T)
    at = (week, pair)
    return _pair_rows(pair, week, size, network, assortment).assign(
        demand_mean=_coarse(mean[at]),
        demand_units=ledger.base_units[at].astype(np.float32),
        campaign_units=ledger.extra_units[at].astype(np.float32),
        special_units=special[at].astype(np.float32),
        lost_units=ledger.lost_units[at].astype(np.float32),
        in_stock_share=np.round(ledger.in_stock_share[at], 2).astype(np.float32),
    )


def demand_ahead_truth(
    demand: DemandProcess,
    size: SampleSize,
    network: Network,
    assortment: Assortment,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return the base demand of the weeks after the last one, to judge forecasts by.

    Returns
    -------
    pandas.DataFrame
        product_id, site_id, week, demand_mean, demand_units; approved promotions included.
    """
    units = np.zeros(demand.mean.shape)
    for coming in range(size.weeks, size.all_weeks):
        wanted, quantity = demand.draw_lines(coming, rng)
        units[coming] = np.bincount(wanted, weights=quantity, minlength=assortment.pairs)
    is_ahead = np.arange(size.all_weeks) >= size.weeks
    pair, week = np.nonzero(((demand.mean > 0) & is_ahead[:, None]).T)
    return _pair_rows(pair, week, size, network, assortment).assign(
        demand_mean=_coarse(demand.mean[week, pair]),
        demand_units=units[week, pair].astype(np.float32),
    )


def transfer_truth(
    ledger: Ledger, size: SampleSize, network: Network, assortment: Assortment
) -> pd.DataFrame:
    """Return the transfers from warehouses to stores, which an ERP of this kind does not export.

    Returns
    -------
    pandas.DataFrame
        product_id, origin_id, site_id, sent_week, received_week (Mondays), units. What was sent counts in
        the week of sent_week, what was received in that of received_week.
    """
    pair, units, sent, received = (np.concatenate(parts) for parts in zip(*ledger.transfers, strict=True))
    rows = _pair_rows(pair, sent, size, network, assortment).rename(columns={"week": "sent_week"})
    origin = network.site_ids[assortment.pair_site[assortment.pair_source[pair]]]
    return rows.assign(
        origin_id=origin,
        received_week=days(size.date(7 * received)),
        units=units.astype(np.float32),
    )


def _pair_rows(
    pair: Ints,
    week: Ints,
    size: SampleSize,
    network: Network,
    assortment: Assortment,
) -> pd.DataFrame:
    product_ids = assortment.products["product_id"].to_numpy(dtype=object)
    return pd.DataFrame(
        {
            "product_id": product_ids[assortment.pair_product[pair]],
            "site_id": network.site_ids[assortment.pair_site[pair]],
            "week": days(size.date(7 * week)),
        }
    )


def _coarse(mean: Floats) -> SmallFloats:
    """Round to three significant digits, which is enough to judge by and keeps the file small."""
    digits = 2 - np.floor(np.log10(np.maximum(mean, 1e-6)))
    return np.asarray(np.round(mean * 10**digits) / 10**digits, dtype=np.float32)
