"""Launches, successors and run-downs: what a product's age says of its demand.

Two shapes are learned, each with one number, from all products that show them:

    ramp after the launch        f_k = 1 - exp(-(k + 1) / tau)           k weeks since the launch
    run-down before the end      f_j = min(1, (j + 1) / R)               j weeks before the end

With the level of a product unknown, its weeks are a multinomial draw with shares proportional to
f_t s_t (s: season), so the level drops out of the likelihood:

    l(tau) = sum over products and weeks of y_t log(f_t s_t / sum_u f_u s_u)

tau (or R) is the best of a grid, and 0, no ramp at all, unless 2 (l(tau) - l(0)) / phi > 2 (Akaike's
price of one number); phi is the dispersion of the weekly sums.
Products that a successor replaces have a run-down of their own. A launch that could follow nobody is
told from an old product by its launch date alone: without it a series starts with its first order.

Source: conditional likelihood of Poisson counts given their total, McCullagh and Nelder (1989),
Generalized Linear Models, 6.4.2; QAIC for overdispersed counts, Lebreton et al. (1992).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.forecasting.classify import Floats
from helpers.forecasting.demand.history import NEVER, DemandCase, History
from helpers.forecasting.demand.supply import KEYS

Ints = NDArray[np.int64]

RAMPS = (0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 18.0)  # tau, weeks
RUN_DOWNS = (0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 16.0, 20.0, 26.0)  # R, weeks
LIKELIER = 2.0
SEEN_WEEKS = 52  # of a life that ends
SETTLED = 5.0  # ramps (tau) after which a launch is over
NOBODY = -1
LISTED_WEEKS = 8  # between a launch and the first order; a longer wait means that the site got it later
RANGED_SHARE = 0.5  # of a category's products: a site that sells so many will get a new one too


@dataclass(frozen=True, eq=False)
class Lives:
    """What is known of the life of each series.

    Parameters
    ----------
    launch
        Week of the launch as a position in the calendar; below zero or `-NEVER` where it is old or unknown.
    predecessor
        Row of the series that this one follows at the same site, or -1.
    replaced
        Whether a successor takes over.
    """

    launch: Ints
    predecessor: Ints
    replaced: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class LifeFactor:
    """The factor of each series and week that its age explains, and the two numbers behind it.

    Parameters
    ----------
    factor
        Series × (weeks + horizon), 1 for a product in mid-life.
    ramp
        tau, weeks; 0 where launches start at full demand or none has been seen.
    run_down, run_down_replaced
        R, weeks, of products that end for good and of those that a successor replaces.
    """

    factor: Floats
    ramp: float
    run_down: float
    run_down_replaced: float


def read_lives(case: DemandCase, history: History) -> Lives:
    """Return launch, predecessor and successor of each series, from the products table."""
    count = len(history.keys)
    if not case.has("products"):
        return Lives(np.full(count, -NEVER), np.full(count, NOBODY), np.zeros(count, dtype=bool))
    columns = ["product_id", "launch_date", "successor_id"]
    products = case.table("products").reindex(columns=columns).drop_duplicates("product_id")
    joined = history.keys[KEYS].merge(products, on="product_id", how="left", validate="many_to_one")
    launch = _positions(joined["launch_date"], history.weeks)
    followed = products.dropna(subset=["successor_id"]).drop_duplicates("successor_id")
    before = joined["product_id"].map(followed.set_index("successor_id")["product_id"])
    rows = pd.MultiIndex.from_frame(history.keys[KEYS])
    predecessor = rows.get_indexer(pd.MultiIndex.from_arrays([before.fillna(""), joined["site_id"]]))
    return Lives(launch, predecessor.astype(np.int64), joined["successor_id"].notna().to_numpy())


def start_at_launch(history: History, lives: Lives) -> History:
    """Return the history in which a series starts with its launch, if its first order came soon after.

    The weeks between are weeks without demand. A series that starts with its first order would seem
    to start at full demand.
    """
    waited = history.start - lives.launch
    moved = (lives.launch >= 0) & (waited > 0) & (waited <= LISTED_WEEKS)
    start = np.where(moved, lives.launch, history.start)
    position = np.arange(history.length)
    silent = (position >= start[:, None]) & (position < history.start[:, None])
    return replace(history, start=start, demand=np.where(silent, 0.0, history.demand))


def add_launches(case: DemandCase, history: History, horizon: int) -> History:
    """Return the history with a row for each launch that has no order yet at a site where it will sell.

    These are products launched lately or within the horizon, at the sites of their predecessor, or
    where half of their category's products are sold. Their rows are zero since the launch, empty before.
    """
    if not case.has("products"):
        return history
    products = _products_to_come(case, history, horizon)
    sites = {
        product: _launch_sites(history, category, before)
        for product, category, before in zip(
            products["product_id"], products["category"], products["before"], strict=True
        )
    }
    pairs = [(product, site) for product, found in sites.items() for site in found]
    if not pairs:
        return history
    added = pd.DataFrame(pairs, columns=KEYS).merge(products, on="product_id", validate="many_to_one")
    return _append(history, added)


def life_factors(history: History, lives: Lives, profile: Floats) -> LifeFactor:
    """Return the factor of age over the history and the horizon.

    Parameters
    ----------
    history
        What was known.
    lives
        Launches and successions of the same series.
    profile
        Season, series × (weeks + horizon).
    """
    position = np.arange(profile.shape[1])
    age = position - lives.launch[:, None]
    left = history.end[:, None] - position
    begins = (lives.launch >= 0) & (lives.predecessor == NOBODY)
    ramp = _likeliest(history, profile, begins & (lives.launch < history.length), age, RAMPS, _ramp)
    ends = history.end < profile.shape[1] + max(RUN_DOWNS)
    kinds = [ends & ~lives.replaced, ends & lives.replaced]
    downs = [_likeliest(history, profile, kind, left, RUN_DOWNS, _run_down) for kind in kinds]
    factor = np.where(
        (lives.launch >= 0)[:, None] & (lives.predecessor == NOBODY)[:, None], _ramp(age, ramp), 1
    )
    for kind, weeks in zip(kinds, downs, strict=True):
        factor[kind] *= _run_down(left[kind], weeks)
    return LifeFactor(factor, ramp, *downs)


def _ramp(age: Ints, tau: float) -> Floats:
    """1 - exp(-(age + 1) / tau); a small value before the launch, so that nothing is divided by zero."""
    grown = 1 - np.exp(-(np.maximum(age, 0) + 1) / tau) if tau > 0 else np.ones(age.shape)
    return np.maximum(grown, 0.02)


def _run_down(left: Ints, weeks: float) -> Floats:
    """(left + 1) / weeks up to 1; a small value after the end."""
    share = (np.maximum(left, 0) + 1) / weeks if weeks > 0 else np.ones(left.shape)
    return np.clip(share, 0.02, 1.0)


def _likeliest(
    history: History,
    profile: Floats,
    rows: NDArray[np.bool_],
    clock: Ints,
    candidates: tuple[float, ...],
    shape: Callable[[Ints, float], Floats],
) -> float:
    """Return the likeliest candidate, or the first (no shape) where the gain could be chance."""
    if not rows.any():
        return candidates[0]
    demand = history.demand[rows][:, -SEEN_WEEKS:]
    season = np.where(np.isfinite(demand), profile[rows][:, : history.length][:, -SEEN_WEEKS:], 0.0)
    ticks = clock[rows][:, : history.length][:, -SEEN_WEEKS:]
    products = np.unique(history.keys["product_id"].to_numpy()[rows], return_inverse=True)[1]
    units = _sum_rows(np.nan_to_num(demand), products)
    # weights: a site counts in its product's shape by what it sells
    mean = np.nansum(demand, axis=1) / np.maximum(season.sum(axis=1), 1e-9)
    found = [
        _log_likelihood(units, _sum_rows(season * mean[:, None] * shape(ticks, value), products))
        for value in candidates
    ]
    best = int(np.argmax([likelihood for likelihood, _ in found]))
    gain = 2 * (found[best][0] - found[0][0]) / found[best][1]
    return candidates[best] if gain > LIKELIER else candidates[0]


def _log_likelihood(units: Floats, expected: Floats) -> tuple[float, float]:
    """Multinomial log-likelihood given each row's total, and the dispersion about its fit."""
    total = expected.sum(axis=1, keepdims=True)
    share = expected / np.where(total > 0, total, 1.0)
    fitted = share * units.sum(axis=1, keepdims=True)
    seen = fitted > 0
    terms = np.where(seen, units * np.log(np.where(seen, share, 1.0)), 0.0)
    squares = np.where(seen, (units - fitted) ** 2 / np.where(seen, fitted, 1.0), 0.0)
    freedom = max(int(seen.sum()) - len(units) - 1, 1)
    return float(terms.sum()), max(float(squares.sum()) / freedom, 1.0)


def _sum_rows(values: Floats, codes: Ints) -> Floats:
    found = np.zeros((int(codes.max()) + 1, values.shape[1]))
    np.add.at(found, codes, values)
    return found


def _positions(days: pd.Series, weeks: pd.DatetimeIndex) -> Ints:
    first = weeks.to_numpy()[0].astype("datetime64[D]")
    known = pd.to_datetime(days).fillna(pd.Timestamp(first)).to_numpy("datetime64[D]")
    apart = (known - first).astype("int64")
    return np.where(days.isna(), -NEVER, np.floor_divide(apart, 7)).astype(np.int64)


def _products_to_come(case: DemandCase, history: History, horizon: int) -> pd.DataFrame:
    """Products without an order that launch up to the end of the horizon, with the product before them."""
    columns = ["product_id", "name", "category", "unit_cost", "list_price", "launch_date", "end_date"]
    products = case.table("products").reindex(columns=[*columns, "successor_id"])
    products = products.drop_duplicates("product_id")
    followed = products.dropna(subset=["successor_id"]).drop_duplicates("successor_id")
    before = products["product_id"].map(followed.set_index("successor_id")["product_id"])
    start = _positions(products["launch_date"], history.weeks)
    sold = products["product_id"].isin(history.keys["product_id"]).to_numpy()
    coming = (start >= 0) & (start < history.length + horizon) & ~sold
    cost, price = (products[name].astype("float64") for name in ("unit_cost", "list_price"))
    completed = products.assign(
        name=products["name"].fillna(products["product_id"]),
        category=products["category"].fillna("unknown").astype(str),
        unit_value=cost.fillna(price).fillna(0.0),
        start=start,
        end=np.where(products["end_date"].isna(), NEVER, _positions(products["end_date"], history.weeks)),
        before=before.fillna(""),
    )
    return completed[coming]


def _launch_sites(history: History, category: str, before: str) -> list[str]:
    """Return the sites where a product without orders will sell."""
    followed = history.keys["product_id"] == before
    if followed.any():
        return sorted(history.keys.loc[followed, "site_id"])
    same = history.keys[history.active & (history.keys["category"] == category).to_numpy()]
    count = same.groupby("site_id", sort=True)["product_id"].nunique()
    return [
        str(site) for site in count.index[count.to_numpy() >= RANGED_SHARE * same["product_id"].nunique()]
    ]


def _append(history: History, added: pd.DataFrame) -> History:
    """Return the history with the added rows, series in the order of their keys."""
    columns = {
        name: np.concatenate([history.keys[name].to_numpy(), added[name].to_numpy()]) for name in history.keys
    }
    keys = pd.DataFrame(columns)
    start, end = (np.r_[getattr(history, name), added[name].to_numpy(np.int64)] for name in ("start", "end"))
    order = keys.sort_values(KEYS, kind="stable").index.to_numpy()
    empty = np.zeros((len(added), history.length))
    alive = np.arange(history.length) >= added["start"].to_numpy()[:, None]
    grids = dict.fromkeys(("apart", "cancelled", "line_squares"), empty)
    grids |= {"demand": np.where(alive, 0.0, np.nan), "stockout": empty.astype(bool)}
    grids |= dict.fromkeys(("supply", "left"), np.full(empty.shape, np.inf))
    there = {name: getattr(history, name) for name in grids if getattr(history, name) is not None}
    parts = {name: np.vstack([grid, grids[name]])[order] for name, grid in there.items()}
    products = added["product_id"].nunique()
    note = f"Products without an order yet: {products:,}, forecast from their launch at {len(added):,} sites."
    return replace(
        history,
        keys=keys.loc[order].reset_index(drop=True),
        start=start[order],
        end=end[order],
        notes=(*history.notes, note),
        **parts,
    )
