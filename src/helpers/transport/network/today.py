"""Who serves whom today."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from helpers.transport.network.demand import NetworkDemand
from helpers.transport.network.lane_rates import PAIR
from helpers.transport.network.problem import Flags, Floats
from helpers.transport.network.serving import LaneArrays


def read_today(
    served: pd.DataFrame, warehouses: list[str], lanes: pd.DataFrame, demand: NetworkDemand, out: LaneArrays
) -> tuple[Floats, tuple[str, ...]]:
    """Return the share of each destination that each warehouse serves (n, m), and notes.

    As recorded; without records from the nearest warehouse that has a lane to it; without a lane from the
    nearest one.

    Parameters
    ----------
    served
        Destinations.
    warehouses
        The n first sites of `out`.
    lanes
        All lanes.
    demand
        With the records.
    out
        Ways from sites to destinations.
    """
    there = served["site_id"].tolist()
    reach = ~np.isnan(out.fixed[: len(warehouses)])
    recorded = np.where(reach, _recorded(demand, warehouses, there), 0.0)
    real = _laned(lanes, warehouses, there) & reach
    known, laned = recorded.sum(axis=0) > 0, real.any(axis=0)
    km = np.where(reach & (real | ~laned), out.km[: len(warehouses)], np.inf)
    shares = np.zeros_like(recorded)
    shares[km.argmin(axis=0), np.arange(len(there))] = 1.0
    shares[:, known] = recorded[:, known] / recorded[:, known].sum(axis=0)
    return shares, tuple(_say_guesses(served, ~known & (real.sum(axis=0) > 1), ~known & ~laned))


def _recorded(demand: NetworkDemand, warehouses: list[str], there: list[str]) -> Floats:
    sold = demand.records.set_index(["origin_id", "site_id"])["units"]
    index = pd.MultiIndex.from_product([warehouses, there], names=["origin_id", "site_id"])
    units: Floats = sold.reindex(index, fill_value=0.0).to_numpy(dtype=np.float64)
    return units.reshape(len(warehouses), len(there))


def _laned(lanes: pd.DataFrame, warehouses: list[str], there: list[str]) -> Flags:
    index = pd.MultiIndex.from_product([warehouses, there], names=PAIR)
    found: Flags = index.isin(pd.MultiIndex.from_frame(lanes[PAIR]))
    return found.reshape(len(warehouses), len(there))


def _say_guesses(served: pd.DataFrame, several: Flags, none: Flags) -> Iterator[str]:
    if several.any():
        yield (
            f"Today: no record says which warehouse serves {', '.join(served.loc[several, 'site_id'])}; the "
            "nearest one with a lane is taken."
        )
    if none.any():
        yield (
            f"Today: no record and no lane for {', '.join(served.loc[none, 'site_id'])}; the nearest "
            "warehouse is taken."
        )
