"""What planners changed: one who knows something, one who always hopes, one who only adds noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers.contract.sample.arrays import Floats, Ints
from helpers.contract.sample.assortment import Assortment
from helpers.contract.sample.demand import DemandProcess
from helpers.contract.sample.frames import contract_frame, days
from helpers.contract.sample.network import Network
from helpers.contract.sample.settings import SampleSize

PAST_WEEKS = 26
COMING_WEEKS = 4


class Planner(NamedTuple):
    """How one planner judges: quantity = (mean + insight · (truth − mean)) · (1 + bias) · noise."""

    author: str
    share: float
    insight: float
    bias: float
    noise: float
    quality: str
    reasons: tuple[str, ...]


PLANNERS = (
    Planner(
        "A. Brandt", 0.4, 0.75, 0.0, 0.05, "adds value", ("customer project", "leaflet page", "trade fair")
    ),
    Planner("M. Keller", 0.4, 0.0, 0.4, 0.10, "biased upwards", ("target", "gut feeling", "sales push")),
    Planner("T. Okafor", 0.2, 0.0, 0.0, 0.5, "noise", ("weather", "rounding")),
)


@dataclass(frozen=True)
class Overrides:
    """The table, and the quality of each row."""

    table: pd.DataFrame
    truth: pd.DataFrame


def make_overrides(
    units: Floats,
    demand: DemandProcess,
    size: SampleSize,
    network: Network,
    assortment: Assortment,
    rng: np.random.Generator,
) -> Overrides:
    """Return the planners' changes of the last half year and of the coming weeks.

    Parameters
    ----------
    units
        True base demand, past and ahead (weeks × pairs).
    demand
        Its mean.
    size, network, assortment
        The case.
    rng
        Generator of the topic.
    """
    pair, week = _cells(size, assortment, demand, rng)
    who = rng.choice(len(PLANNERS), len(pair), p=[planner.share for planner in PLANNERS])
    insight, bias, noise = (
        np.array([getattr(planner, name) for planner in PLANNERS])[who]
        for name in ("insight", "bias", "noise")
    )
    mean, truth = demand.mean[week, pair], units[week, pair]
    quantity = (mean + insight * (truth - mean)) * (1 + bias) * rng.lognormal(0, noise)
    reason = [PLANNERS[number].reasons[rng.integers(len(PLANNERS[number].reasons))] for number in who]
    monday = size.date(7 * week)
    # changes are made one to three weeks ahead, and never after the last day of data
    made_on = size.date(np.minimum(7 * week - rng.integers(3, 21, len(pair)), size.days - 3))
    author = np.array([planner.author for planner in PLANNERS], dtype=object)[who]
    table = contract_frame(
        "overrides",
        {
            "product_id": assortment.products["product_id"].to_numpy(dtype=object)[
                assortment.pair_product[pair]
            ],
            "site_id": network.site_ids[assortment.pair_site[pair]],
            "week": monday,
            "author": author,
            "quantity": np.rint(quantity),
            "reason": np.array(reason, dtype=object),
            "made_on": made_on,
        },
    )
    quality = np.array([planner.quality for planner in PLANNERS], dtype=object)[who]
    judged = table[["product_id", "site_id", "author"]].assign(
        week=days(monday), quality=quality, demand_mean=np.round(mean, 2), demand_units=truth
    )
    return Overrides(table, judged)


def _cells(
    size: SampleSize, assortment: Assortment, demand: DemandProcess, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Draw distinct product × site × weeks, the larger ones more often; planners look at money."""
    start, stop = size.weeks - PAST_WEEKS, size.weeks + COMING_WEEKS
    window = demand.mean[start:stop]
    chance = np.where(assortment.pattern[assortment.pair_product] < 2, window, 0.0).ravel()
    drawn = rng.choice(len(chance), size.overrides, replace=False, p=chance / chance.sum())
    week, pair = np.divmod(np.sort(drawn), assortment.pairs)
    return pair.astype(np.int64), (week + start).astype(np.int64)
