"""How often suggestions were bought in the days that followed, for each ranker.

On a past day all rankers see the same lines and choose among the same products (not bought lately unless
due). Of the customers who bought at least one of these in the window:

    hit rate@n = customers who bought one of their n ÷ customers
    recall@n   = Σ products bought among the n ÷ Σ products bought        sum over sum

The ranker is chosen on one window and its rates are stated on the next one, which had no say in the choice.
Intervals draw customers with replacement.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.customers.next_product.allowed import waiting
from helpers.customers.next_product.bought import Bought
from helpers.customers.next_product.rankers import RANKERS, Rankers, fit_rankers
from helpers.customers.next_product.settings import NextProductSettings

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

BLOCK = 512
BASELINE = "popularity"


@dataclass(frozen=True, eq=False)
class Tried:
    """One hold-out window.

    Parameters
    ----------
    customer
        Customers who were active before and bought something they could be suggested.
    hits
        Suggestions bought by ranker, shape (customers,).
    wanted
        Products bought, shape (customers,).
    place_hits, place_shown
        Suggestions bought and shown at each place of the list, by ranker, over all active customers.
    day
        The day that was looked from.
    """

    customer: Ints
    hits: dict[str, Floats]
    wanted: Floats
    place_hits: dict[str, Floats]
    place_shown: int
    day: int


def top_products(score: Floats, allowed: Flags, count: int) -> Ints:
    """Return the products with the largest scores among those allowed, −1 where there are fewer.

    Examples
    --------
    >>> top_products(np.array([[0.1, 0.9, 0.5]]), np.array([[True, False, True]]), 3).tolist()
    [[2, 0, -1]]
    """
    kept = np.where(allowed, score, -np.inf)
    most = min(count, kept.shape[1])
    if most == 0:
        return np.full((len(kept), count), -1, dtype=np.int64)
    part = np.argpartition(-kept, most - 1, axis=1)[:, :most] if most < kept.shape[1] else np.argsort(-kept)
    value = np.take_along_axis(kept, part, axis=1)
    order = np.lexsort((part, -value), axis=1)
    found = np.take_along_axis(part, order, axis=1).astype(np.int64)
    found[~np.isfinite(np.take_along_axis(value, order, axis=1))] = -1
    return np.pad(found, ((0, 0), (0, count - most)), constant_values=-1)


def try_window(bought: Bought, day: int, settings: NextProductSettings) -> Tried:
    """Suggest on a past day and look at what was bought in the window after it."""
    before = bought.until(day)
    after = bought.until(day + settings.window_days).within(settings.window_days)
    rankers, blocked, target = fit_rankers(before, settings), waiting(before, settings), after.times()
    active = np.unique(before.within(settings.history_days).lines["customer"].to_numpy(np.int64))
    sold = np.zeros(bought.shape[1], bool)
    sold[np.unique(before.within(settings.history_days).lines["product"].to_numpy(np.int64))] = True
    parts = [
        _try_block(active[at : at + BLOCK], rankers, (blocked, target), sold, settings)
        for at in range(0, len(active), BLOCK)
    ]
    wanted = np.concatenate([part[0] for part in parts]) if parts else np.zeros(0)
    buys = wanted > 0
    hit = {
        name: np.concatenate([part[1][name] for part in parts] or [np.zeros((0, settings.top))])
        for name in RANKERS
    }
    return Tried(
        customer=active[buys],
        hits={name: table[buys].sum(axis=1) for name, table in hit.items()},
        wanted=wanted[buys],
        place_hits={name: table.sum(axis=0) for name, table in hit.items()},
        place_shown=len(active),
        day=day,
    )


def _try_block(
    customer: Ints, rankers: Rankers, known: tuple[object, object], sold: Flags, settings: NextProductSettings
) -> tuple[Floats, dict[str, Floats]]:
    """Return products wanted, and by ranker 1 where the suggestion at a place was bought."""
    blocked, target = (np.asarray(table[customer].toarray()) > 0 for table in known)  # type: ignore[index]  # sparse
    allowed = ~blocked & sold
    bought = target & allowed
    hits = {}
    for name, score in rankers.score(customer).items():
        found = top_products(score, allowed, settings.top)
        hit = np.take_along_axis(bought, np.maximum(found, 0), axis=1) & (found >= 0)
        hits[name] = hit.astype(float)
    return bought.sum(axis=1).astype(float), hits


def rate_rankers(tried: Tried, settings: NextProductSettings) -> pd.DataFrame:
    """Return hit rate and recall of each ranker, and what it gains over popularity, with intervals.

    Returns
    -------
    pandas.DataFrame
        By ranker: hit_rate, recall, gain (hit rate less that of popularity), each with _low and _high.
    """
    count = len(tried.customer)
    names = [f"{name}{end}" for name in ("hit_rate", "recall", "gain") for end in ("", "_low", "_high")]
    if not count:
        return pd.DataFrame(np.nan, index=pd.Index(RANKERS, name="ranker"), columns=names)
    rng = np.random.default_rng(settings.seed)
    times = np.vstack([np.ones(count), rng.multinomial(count, np.full(count, 1 / count), settings.draws)])
    hits = np.stack([tried.hits[name] for name in RANKERS], axis=1)
    hit_rate = times @ (hits > 0) / count
    recall = (times @ hits) / (times @ tried.wanted)[:, None]
    gain = hit_rate - hit_rate[:, [RANKERS.index(BASELINE)]]
    tail = (1 - settings.interval) / 2
    table: dict[str, Floats] = {}
    for name, draws in (("hit_rate", hit_rate), ("recall", recall), ("gain", gain)):
        low, high = np.quantile(draws[1:], [tail, 1 - tail], axis=0)
        table |= {name: draws[0], f"{name}_low": low, f"{name}_high": high}
    return pd.DataFrame(table, index=pd.Index(RANKERS, name="ranker"))
