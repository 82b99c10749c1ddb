"""Past and coming promotions, with the lift, post-promotion dip and cannibalisation they truly have.

A promotion on product i multiplies its line rate by `lift` = exp(β · discount) · m while it runs
(m = 1.15 with a display), by 1 − dip in the `DIP_WEEKS` after it, and the rate of every other product
of the same substitute group by 1 − cannibalisation while it runs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.contract.sample.arrays import Floats, Ints, numbered, pick
from helpers.contract.sample.assortment import NEVER, Assortment
from helpers.contract.sample.frames import contract_frame, days
from helpers.contract.sample.network import Network
from helpers.contract.sample.settings import SampleSize

DIP_WEEKS = 2
DISCOUNTS = (0.10, 0.15, 0.20, 0.25, 0.30)
MECHANICS = np.array(["price cut", "leaflet", "display"], dtype=object)


@dataclass(frozen=True)
class Promotions:
    """The promotions, and what they do to each pair in each week.

    `effect` multiplies the line rate (weeks × pairs). `running` holds the number of the promotion
    that a pair is sold under in a week, or -1 (weeks × pairs).
    """

    table: pd.DataFrame
    truth: pd.DataFrame
    effect: Floats
    running: Ints
    discount: Floats


def make_promotions(
    size: SampleSize, network: Network, assortment: Assortment, rng: np.random.Generator
) -> Promotions:
    """Draw the promotions of a sample case and their true effects."""
    plan = _draw_plan(size, assortment, rng)
    count = len(plan)
    site = np.where(rng.random(count) < 0.7, -1, rng.integers(0, size.sites, count))
    mechanics = rng.integers(0, len(MECHANICS), count)
    discount = rng.choice(DISCOUNTS, count)
    lift = np.exp(rng.normal(3.8, 0.6, count) * discount) * np.where(mechanics == 2, 1.15, 1.0)
    truth = pd.DataFrame(
        {
            "promotion_id": numbered("PR", count, 3),
            "lift": np.round(np.clip(lift, 1.2, 4.0), 3),
            "dip": np.round(0.4 * (1 - 1 / np.clip(lift, 1.2, 4.0)), 3),
            "dip_weeks": np.full(count, DIP_WEEKS),
            "cannibalisation": np.round(rng.uniform(0.08, 0.3, count), 3),
        }
    )
    effect, running = _effects(size, assortment, plan, site, truth)
    first_day = 7 * plan["start"].to_numpy(np.int64)
    table = contract_frame(
        "promotions",
        {
            "promotion_id": truth["promotion_id"].to_numpy(dtype=object),
            "product_id": assortment.products["product_id"].to_numpy(dtype=object)[plan["product"]],
            "site_id": pick(network.site_ids, site),
            "start": size.date(first_day),
            "end": size.date(first_day + 7 * plan["weeks"].to_numpy(np.int64) - 1),
            "discount": discount,
            "mechanics": MECHANICS[mechanics],
            "status": plan["status"].to_numpy(dtype=object),
        },
    )
    truth = truth.assign(product_id=table["product_id"], start=days(table["start"]))
    return Promotions(table, truth, effect, running, discount)


def _draw_plan(size: SampleSize, assortment: Assortment, rng: np.random.Generator) -> pd.DataFrame:
    """Draw product, start and length; no product is promoted twice within six weeks."""
    ahead = max(size.promotions // 10, 3)
    can = np.flatnonzero(
        (assortment.pattern < 2) & (assortment.lives.launch < 0) & (assortment.lives.end == NEVER)
    )
    past = np.sort(rng.integers(8, size.weeks - 1, size.promotions))
    coming = size.weeks + np.sort(rng.integers(0, 8, ahead))
    busy = {int(product): -99 for product in can}
    rows = []
    for start in np.r_[past, coming].tolist():
        free = [product for product in busy if busy[product] < start - 6]
        if not free:
            continue
        product, weeks = int(rng.choice(free)), int(rng.integers(1, 3))
        busy[product] = start + weeks
        rows.append((product, start, weeks))
    plan = pd.DataFrame(rows, columns=["product", "start", "weeks"])
    is_past = plan["start"] < size.weeks
    # the last third of the coming ones is only planned: a forecast must not apply it
    is_planned = plan.index >= len(plan) - ahead // 3
    return plan.assign(status=np.select([is_past, is_planned], ["past", "planned"], "approved"))


def _effects(
    size: SampleSize, assortment: Assortment, plan: pd.DataFrame, site: Ints, truth: pd.DataFrame
) -> tuple[Floats, Ints]:
    effect = np.ones((size.all_weeks, assortment.pairs))
    running = np.full((size.all_weeks, assortment.pairs), -1, dtype=np.int64)
    products, starts, lengths = (plan[name].tolist() for name in ("product", "start", "weeks"))
    shapes = truth[["lift", "dip", "cannibalisation"]].to_numpy(float)
    for number in np.flatnonzero(plan["status"] != "planned").tolist():
        # what is only planned is not decided, so it is not in the truth of the weeks ahead
        lift, dip, cannibalisation = shapes[number]
        here = (assortment.pair_site == site[number]) | (site[number] < 0)
        own = here & (assortment.pair_product == products[number])
        family = assortment.family[assortment.pair_product] == assortment.family[products[number]]
        stop = starts[number] + lengths[number]
        during, after = slice(starts[number], stop), slice(stop, stop + DIP_WEEKS)
        effect[during, own] *= lift
        effect[after, own] *= 1 - dip
        effect[during, here & family & ~own] *= 1 - cannibalisation
        running[during, own] = number
    return effect, running
