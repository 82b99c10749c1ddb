"""Products to suggest to each customer: the best ranked of what is supplied, with chance and margin."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from helpers.contract import Case
from helpers.customers.experience.shares import wilson
from helpers.customers.next_product.allowed import Supply, read_supply, waiting
from helpers.customers.next_product.bought import Bought, Floats, Ints, read_bought
from helpers.customers.next_product.rankers import fit_rankers
from helpers.customers.next_product.result import NextProducts
from helpers.customers.next_product.settings import NextProductSettings
from helpers.customers.next_product.validation import (
    BASELINE,
    BLOCK,
    Flags,
    Tried,
    rate_rankers,
    top_products,
    try_window,
)
from helpers.customers.purchases import read_purchases

STANDS_IN = 0.9  # a substitute's share of the score of the product that is not supplied
COLUMNS = (
    "customer_id",
    "place",
    "product_id",
    "name",
    "category",
    "score",
    "bought_before",
    "instead_of",
    "chance",
    "chance_low",
    "chance_high",
    "expected_margin",
)


def next_products(
    case: Case, settings: NextProductSettings | None = None, until: dt.date | None = None
) -> NextProducts:
    """Suggest products to each customer who bought in the last `history_days`.

    Parameters
    ----------
    case
        Needs orders and products; customers, stock, sites, purchase_orders and receipts where they are there.
    settings
        How many, from what, how tested.
    until
        Last day that is read; by default the last day of the data.

    Returns
    -------
    NextProducts
        Suggestions with the chance of a purchase and its expected margin, and how each way of ranking did
        on days after those it learnt from.
    """
    asked, last = settings or NextProductSettings(), until or case.as_of
    bought, purchases = read_bought(case, asked, last), read_purchases(case, last)
    supply = read_supply(case, bought, last)
    choice, judged = _windows(bought, asked)
    ranker = _best(choice, asked) if choice else BASELINE
    scores = rate_rankers(judged, asked) if judged else pd.DataFrame(columns=["ranker"]).set_index("ranker")
    return NextProducts(
        settings=asked,
        until=last,
        suggestions=_suggestions(bought, supply, ranker, judged, asked),
        ranker=ranker,
        scores=scores,
        customers_tested=len(judged.customer) if judged else 0,
        products=int((supply.everywhere | np.any(supply.by_site, axis=0)).sum()),
        has_stock=supply.has_stock,
        money_word=purchases.money_word,
        notes=(*purchases.notes, *_notes(supply, judged, asked)),
    )


def _windows(bought: Bought, settings: NextProductSettings) -> tuple[Tried | None, Tried | None]:
    """Return the window that the ranker is chosen on and the one it is judged on."""
    if bought.lines.empty:
        return None, None
    first, window = int(bought.lines["day"].min()), settings.window_days
    days = [bought.day - 2 * window, bought.day - window]
    tried = [try_window(bought, day, settings) if day - first >= 2 * window else None for day in days]
    kept = [one if one and len(one.customer) else None for one in tried]
    return kept[0], kept[1]


def _best(tried: Tried, settings: NextProductSettings) -> str:
    rates = rate_rankers(tried, settings)["hit_rate"]
    return str(rates.idxmax())


def _suggestions(
    bought: Bought, supply: Supply, ranker: str, judged: Tried | None, settings: NextProductSettings
) -> pd.DataFrame:
    """Return the table of suggestions."""
    recent = bought.within(settings.history_days)
    active = np.unique(recent.lines["customer"].to_numpy(np.int64))
    if not len(active):
        return pd.DataFrame(columns=list(COLUMNS))
    rankers, blocked = fit_rankers(bought, settings), waiting(bought, settings)
    group = _groups(bought)
    parts = []
    for at in range(0, len(active), BLOCK):
        customer = active[at : at + BLOCK]
        score = np.array(rankers.score(customer)[ranker])
        free = np.asarray(blocked[customer].toarray()) == 0
        supplied = supply.of(customer)
        score, instead = stand_in(score, free, supplied, group)
        found = top_products(score, free & supplied & (score > 0), settings.top)
        parts.append(_rows(customer, found, score, instead))
    table = pd.concat(parts, ignore_index=True)
    return _described(table, bought, ranker, judged, settings)


def _groups(bought: Bought) -> list[Ints]:
    """Return the products of each substitute group of two or more."""
    named = bought.products["substitute_group"]
    groups = named.dropna().groupby(named.dropna()).groups
    return [np.array(list(rows), dtype=np.int64) for rows in groups.values() if len(rows) > 1]


def stand_in(score: Floats, free: Flags, supplied: Flags, groups: list[Ints]) -> tuple[Floats, Ints]:
    """Let the best supplied substitute take the place of a wanted product that is not supplied.

    Parameters
    ----------
    score, free, supplied
        Score, not waiting, can be had; shape (customers, products). `score` is changed where one stands in.
    groups
        Products of each substitute group.

    Returns
    -------
    tuple
        The scores, and the product whose place each takes (−1 if none), both of that shape.
    """
    instead = np.full(score.shape, -1, dtype=np.int64)
    row = np.arange(len(score))
    for members in groups:
        own, here, may = score[:, members], supplied[:, members], free[:, members]
        missing = np.where(~here & may, own, -np.inf)
        wanted = missing.argmax(axis=1)
        heir = np.where(here & may, own, -np.inf).argmax(axis=1)
        lent = STANDS_IN * missing[row, wanted]
        gains = here[row, heir] & may[row, heir] & (lent > own[row, heir])
        at = (row[gains], members[heir[gains]])
        score[at] = lent[gains]
        instead[at] = members[wanted[gains]]
    return score, instead


def _rows(customer: Ints, found: Ints, score: Floats, instead: Ints) -> pd.DataFrame:
    row, place = np.nonzero(found >= 0)
    product = found[row, place]
    return pd.DataFrame(
        {
            "customer": customer[row],
            "place": place + 1,
            "product": product,
            "score": score[row, product],
            "instead": instead[row, product],
        }
    )


def _described(
    table: pd.DataFrame, bought: Bought, ranker: str, judged: Tried | None, settings: NextProductSettings
) -> pd.DataFrame:
    """Add names, whether it was bought before, the chance of a purchase and what it would bring."""
    products, product = bought.products, table["product"].to_numpy(np.int64)
    ids = products["product_id"].to_numpy(dtype=object)
    instead = table["instead"].to_numpy(np.int64)
    chance, low, high = _chances(judged, ranker, settings)
    place = table["place"].to_numpy(np.int64) - 1
    had = bought.times()[table["customer"].to_numpy(np.int64), product]
    return table.assign(
        customer_id=bought.customers["customer_id"].to_numpy(dtype=object)[table["customer"]],
        product_id=ids[product],
        name=products["name"].to_numpy(dtype=object)[product],
        category=products["category"].to_numpy(dtype=object)[product],
        bought_before=np.asarray(had) > 0,
        instead_of=np.array([*ids, None], dtype=object)[instead],  # −1 is the last: None
        chance=chance[place],
        chance_low=low[place],
        chance_high=high[place],
        expected_margin=chance[place] * _money(bought, settings)[table["customer"], product],
    )[list(COLUMNS)]


def _chances(
    judged: Tried | None, ranker: str, settings: NextProductSettings
) -> tuple[Floats, Floats, Floats]:
    """Return how often the suggestion at each place was bought in the window, over all active customers."""
    if judged is None:
        unknown = np.full(settings.top, np.nan)
        return unknown, np.zeros(settings.top), np.ones(settings.top)
    hits, shown = judged.place_hits[ranker], np.full(settings.top, float(judged.place_shown))
    low, high = wilson(hits, shown, settings.interval)
    return hits / shown, low, high


def _money(bought: Bought, settings: NextProductSettings) -> Floats:
    """Return what a purchase brings by customer and product: the product's mean in the customer's segment.

    Few purchases in a segment are drawn towards the product's mean over all, with five purchases' worth.
    """
    lines = bought.within(settings.history_days).lines
    names, segment = np.unique(bought.customers["segment"].to_numpy(dtype=str), return_inverse=True)
    cell = (segment[lines["customer"]], lines["product"].to_numpy(np.int64))
    total, count = (np.zeros((len(names), bought.shape[1])) for _ in range(2))
    np.add.at(total, cell, lines["money"].to_numpy(float))
    np.add.at(count, cell, 1.0)
    mean = total.sum(axis=0) / np.maximum(count.sum(axis=0), 1)
    return np.asarray(((total + 5 * mean) / (count + 5))[segment])


def _notes(supply: Supply, judged: Tried | None, settings: NextProductSettings) -> tuple[str, ...]:
    notes = []
    if not supply.has_stock:
        notes.append(
            "There is no stock: every active product within its dates counts as supplied. Fill the table "
            "stock."
        )
    if judged is None:
        notes.append(
            f"Suggestions are not tested: that takes {4 * settings.window_days} days of purchases by "
            "known customers."
        )
    return tuple(notes)
