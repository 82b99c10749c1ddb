"""Products, their lives, the terms they are bought on, and which site stocks which product."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers.contract.sample.arrays import Floats, Ints, Texts, numbered, pick
from helpers.contract.sample.codes import in_house_codes
from helpers.contract.sample.frames import contract_frame, read_list
from helpers.contract.sample.network import Network
from helpers.contract.sample.settings import SampleSize

PATTERNS = ("smooth", "erratic", "intermittent", "lumpy")
PATTERN_SHARES = (0.34, 0.22, 0.25, 0.19)
NEVER = 10_000  # a week beyond every horizon
YEARLY_PRICE_RISE = 0.025


class Lives(NamedTuple):
    """First and last week of sale by product (week numbers), and who follows whom."""

    launch: Ints
    end: Ints
    successor: Ints


@dataclass(frozen=True)
class Assortment:
    """Products and the pairs product × site, numbered from 0."""

    products: pd.DataFrame
    supply_terms: pd.DataFrame
    categories: Texts
    category: Ints
    family: Ints
    pattern: Ints
    supplier: Ints
    lead_time_days: Floats
    minimum_order_value: Floats
    lives: Lives
    pair_product: Ints
    pair_site: Ints
    pair_source: Ints
    """Pair that a store's pair is replenished from; -1 for a warehouse's pair."""

    @property
    def pairs(self) -> int:
        """Number of pairs product × site."""
        return len(self.pair_product)

    def column(self, name: str) -> Floats:
        """Return a number column of the products as an array."""
        return self.products[name].to_numpy(float)


def make_assortment(size: SampleSize, network: Network, rng: np.random.Generator) -> Assortment:
    """Return the products of a sample case, how they are bought, and where they are stocked."""
    catalogue = _catalogue(size)
    category = catalogue["category_code"].to_numpy(np.int64)
    pattern = _patterns(size.products, rng)
    lives = _lives(size, catalogue["family_code"].to_numpy(np.int64), pattern, rng)
    suppliers = read_list("suppliers")
    supplier = catalogue["supplier"].to_numpy(np.int64) - 1
    products = _product_rows(catalogue, lives, size, rng)
    pair_product, pair_site = _pairs(size, pattern, lives, rng)
    return Assortment(
        products=products,
        supply_terms=_supply_terms(products, catalogue, suppliers),
        categories=catalogue["category"].unique().astype(object),
        category=category,
        family=catalogue["family_code"].to_numpy(np.int64),
        pattern=pattern,
        supplier=supplier,
        lead_time_days=suppliers["lead_time_days"].to_numpy(float),
        minimum_order_value=suppliers["minimum_order_value"].to_numpy(float),
        lives=lives,
        pair_product=pair_product,
        pair_site=pair_site,
        pair_source=_pair_sources(pair_product, pair_site, network),
    )


def _catalogue(size: SampleSize) -> pd.DataFrame:
    """One row per product: its family in its category, and the variant of it."""
    categories = read_list("categories").head(size.categories)
    per_category = size.products // size.categories
    families = read_list("families")
    families = families.assign(place=families.groupby("category").cumcount())
    kept = families[families["place"] < max(per_category // 7, 5 if per_category > 10 else 1)]
    kept = kept.merge(categories.reset_index(names="category_code"), on="category", validate="many_to_one")
    kept = kept.assign(family_code=np.arange(len(kept)))
    rows = kept.assign(variant=kept["variants"].str.split("|")).explode("variant", ignore_index=True)
    rows = rows.assign(turn=rows.groupby("family_code").cumcount())
    rows = rows.sort_values(["category_code", "turn", "place"]).groupby("category_code").head(per_category)
    return rows.sort_values(["category_code", "place", "turn"], ignore_index=True)


def _patterns(count: int, rng: np.random.Generator) -> Ints:
    """Share the demand patterns out exactly, in random order."""
    edges = np.round(np.cumsum(PATTERN_SHARES) * count)
    return rng.permutation(np.searchsorted(edges, np.arange(count), side="right")).astype(np.int64)


def _lives(size: SampleSize, family: Ints, pattern: Ints, rng: np.random.Generator) -> Lives:
    """Draw who is new, who ends and who follows; a successor is the next product of the family."""
    launch = np.full(size.products, -1)
    end = np.full(size.products, NEVER)
    successor = np.full(size.products, -1)
    has_next = np.flatnonzero(family[:-1] == family[1:])
    old = _spaced(has_next[pattern[has_next] < 2], size.successors, rng)
    follow = old + 1
    successor[old], pattern[follow] = follow, pattern[old]
    end[old] = size.weeks - 1 - rng.integers(2, 9, size.successors)
    launch[follow] = end[old] - 1
    free = rng.permutation(np.setdiff1d(np.arange(size.products), np.r_[old, follow]))
    ending = free[: size.end_of_life - size.successors]
    new = free[len(ending) :][: size.new_products - size.successors]
    end[ending] = size.weeks - 1 + np.linspace(-5, 12, len(ending)).round().astype(np.int64)
    launch[new] = size.weeks - np.linspace(18, 5, len(new)).round().astype(np.int64)
    return Lives(launch.astype(np.int64), end.astype(np.int64), successor.astype(np.int64))


def _spaced(candidates: Ints, count: int, rng: np.random.Generator) -> Ints:
    """Draw candidates of which no two are neighbours, so that nobody both follows and ends."""
    chosen: list[int] = []
    for candidate in rng.permutation(candidates).tolist():
        if len(chosen) < count and all(abs(candidate - other) > 1 for other in chosen):
            chosen.append(candidate)
    return np.array(chosen, dtype=np.int64)


def _product_rows(
    catalogue: pd.DataFrame, lives: Lives, size: SampleSize, rng: np.random.Generator
) -> pd.DataFrame:
    count = size.products
    ids = numbered("P", count, 3)
    scale = 1 + 0.18 * catalogue["turn"].to_numpy(float)  # larger variants cost and weigh more
    price = np.round(catalogue["price"].to_numpy(float) * scale, 2)
    is_new, ends = lives.launch >= 0, lives.end < NEVER
    launched = size.date(7 * np.where(is_new, lives.launch, -rng.integers(30, 300, count)))
    ended = np.where(ends, size.date(7 * lives.end + 6), np.datetime64("NaT", "D"))
    return contract_frame(
        "products",
        {
            "product_id": ids,
            "name": (catalogue["family"] + " " + catalogue["variant"]).to_numpy(dtype=object),
            "category": catalogue["category"].to_numpy(dtype=object),
            "unit_cost": np.round(price * rng.uniform(0.52, 0.72, count), 2),
            "list_price": price,
            "gtin": in_house_codes("20", count),
            "base_uom": "unit",
            "weight_kg": np.round(catalogue["weight_kg"] * scale, 2),
            "volume_m3": np.round(catalogue["volume_m3"] * scale, 5),
            "units_per_case": catalogue["units_per_case"],
            "launch_date": launched,
            "end_date": ended,
            "successor_id": pick(ids, lives.successor),
            "substitute_group": np.array([f"G{code + 1:02d}" for code in catalogue["family_code"]], object),
            "status": np.select([is_new, ends], ["new", "eol"], "active").astype(object),
        },
    )


def _supply_terms(products: pd.DataFrame, catalogue: pd.DataFrame, suppliers: pd.DataFrame) -> pd.DataFrame:
    """Everything has a first supplier; every third product a dearer, second one."""
    first = _terms_of(products, catalogue["supplier"], suppliers, priority=1)
    chosen = np.arange(len(products)) % 3 == 0
    second = _terms_of(products[chosen], catalogue["second_supplier"][chosen], suppliers, priority=2)
    return pd.concat([first, second], ignore_index=True)


def _terms_of(
    products: pd.DataFrame, supplier: pd.Series, suppliers: pd.DataFrame, priority: int
) -> pd.DataFrame:
    row = supplier.to_numpy(np.int64) - 1
    cost = np.round(products["unit_cost"].to_numpy(float) * (1 + 0.08 * (priority - 1)), 2)
    case = products["units_per_case"].to_numpy(float)
    lead = suppliers["lead_time_days"].to_numpy(float)[row]
    break_from = np.where(np.arange(len(products)) % 4 == 0, 20 * case, np.nan)
    return contract_frame(
        "supply_terms",
        {
            "supplier_id": numbered("SUP", len(suppliers), 1)[row],
            "product_id": products["product_id"].to_numpy(dtype=object),
            "unit_cost": cost,
            "lead_time_days": lead,
            "lead_time_sd_days": np.round(0.12 * lead, 1),
            "minimum_quantity": np.where(row == 5, 4 * case, 2 * case),
            "order_multiple": case,
            "minimum_order_value": suppliers["minimum_order_value"].to_numpy(float)[row],
            "price_break_quantity": break_from,
            "price_break_cost": np.where(np.isnan(break_from), np.nan, np.round(cost * 0.95, 2)),
            "priority": float(priority),
        },
    )


def _pairs(size: SampleSize, pattern: Ints, lives: Lives, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Warehouses stock everything; stores a choice that favours what sells often.

    A store that stocks a product also stocks its successor, or the demand would have nowhere to go.
    """
    appeal = np.array([1.0, 0.8, 0.45, 0.45])[pattern]
    appeal = np.where(lives.launch >= 0, 1.2, appeal)
    products, sites = [np.tile(np.arange(size.products), size.warehouses)], []
    sites.append(np.repeat(np.arange(size.warehouses), size.products))
    old = np.flatnonzero(lives.successor >= 0)
    for store in range(size.warehouses, size.sites):
        drawn = rng.choice(size.products, size.store_products, replace=False, p=appeal / appeal.sum())
        followed = np.setdiff1d(drawn, lives.successor[old])
        stocked = np.union1d(followed, lives.successor[np.intersect1d(drawn, old)])
        products.append(stocked)
        sites.append(np.full(len(stocked), store))
    return np.concatenate(products).astype(np.int64), np.concatenate(sites).astype(np.int64)


def _pair_sources(pair_product: Ints, pair_site: Ints, network: Network) -> Ints:
    count = int(pair_product.max()) + 1
    own = network.source[pair_site] * count + pair_product  # warehouse pairs are laid out site by site
    return np.where(pair_site < network.warehouses, -1, own).astype(np.int64)
