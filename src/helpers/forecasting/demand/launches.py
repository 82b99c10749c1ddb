"""The level of a product that is too new to speak for itself.

Before its launch a series is expected to sell like its predecessor at the same site, or, where it
follows nobody, like the mean product of its category at that site. Its own weeks then correct this in
two steps, first for the product over all its sites, then for the site:

    m0_s      level expected of series s          e_s = sum_t m0_s f_st       f: season, promotion, age
    r_p       = (a + sum_s y_s / phi) / (a + sum_s e_s / phi)
    r_s       = (b + y_s / phi) / (b + r_p e_s / phi)
    level_s   = m0_s r_p r_s

y_s are the units asked for so far, phi their dispersion (variance ÷ mean of a week). a and b are the
precisions of gamma distributions with mean 1: how much products of one category differ from each
other, and sites within a product, both measured on the settled products. A successor differs less from
its predecessor than a product from its category: `SUCCESSOR_PRECISION`.

Source: gamma-Poisson empirical Bayes, Clayton and Kaldor (1987), Biometrics 43, 671-681; y / phi counts
overdispersed units as the Poisson units that are worth as much.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from helpers.forecasting.classify import Floats
from helpers.forecasting.demand.history import History
from helpers.forecasting.demand.lives import NOBODY, Lives

Ints = NDArray[np.int64]

LEVEL_WEEKS = 52
SUCCESSOR_PRECISION = 10.0  # standard deviation of the ratio to the predecessor: 0.32
LOWEST_PRECISION, HIGHEST_PRECISION = 0.3, 50.0
LEAST_DISPERSION = 1e-3


def launch_levels(
    history: History, lives: Lives, shape: Floats, dispersion: Floats, new: NDArray[np.bool_]
) -> Floats:
    """Return the level of each new series, NaN for all others.

    Parameters
    ----------
    history
        What was known; series without any week yet are allowed.
    lives
        Predecessors of the same series.
    shape
        Factors of season, promotion and age, series × at least the weeks.
    dispersion
        Variance ÷ mean of a week, per series.
    new
        Series to give a level to; one that was there in the first week is new only if its launch date says
        so. Where none is settled, all that sell stand for what is like it.
    """
    new = new & ~_always_there(history, lives)
    factor = np.where(np.isfinite(history.demand), shape[:, : history.length], 0.0)
    recent = slice(max(history.length - LEVEL_WEEKS, 0), history.length)
    units = np.nansum(history.demand[:, recent], axis=1)
    exposure = factor[:, recent].sum(axis=1)
    level = units / np.where(exposure > 0, exposure, np.inf)
    on_sale = (exposure > 0) & (history.end >= history.length)
    settled = ~new & on_sale
    settled = settled if settled.any() else on_sale
    like = _level_of_like(history, level, settled)
    product_codes = np.unique(history.keys["product_id"].to_numpy(), return_inverse=True)[1]
    between, within = _precisions(level, like, product_codes, settled)
    follows = (lives.predecessor != NOBODY) & (level[lives.predecessor] > 0)
    expected = np.where(follows, level[lives.predecessor], like)
    prior = np.where(follows, SUCCESSOR_PRECISION, between)
    spread = np.maximum(dispersion, LEAST_DISPERSION)
    counts, weight = units / spread, expected * exposure / spread
    product_ratio = _posterior(prior, _over(counts, product_codes, new), _over(weight, product_codes, new))
    site_ratio = _posterior(np.full(len(prior), within), counts, weight * product_ratio)
    return np.where(new, expected * product_ratio * site_ratio, np.nan)


def _always_there(history: History, lives: Lives) -> NDArray[np.bool_]:
    """Whether a series is as old as the data and no launch says otherwise: then the data are young."""
    found: NDArray[np.bool_] = (history.start <= 0) & (lives.launch < 0)
    return found


def _level_of_like(history: History, level: Floats, settled: NDArray[np.bool_]) -> Floats:
    """Mean level of the settled products of the same category at the same site, else the site, else all."""
    site = np.unique(history.keys["site_id"].to_numpy(), return_inverse=True)[1]
    category = np.unique(history.keys["category"].to_numpy(), return_inverse=True)[1]
    overall = float(level[settled].mean()) if settled.any() else 0.0
    by_site = _mean_by(level, site, settled, np.full(len(level), overall))
    return _mean_by(level, site * (int(category.max()) + 1) + category, settled, by_site)


def _mean_by(level: Floats, codes: Ints, settled: NDArray[np.bool_], fallback: Floats) -> Floats:
    total = np.bincount(codes[settled], weights=level[settled], minlength=int(codes.max()) + 1)
    count = np.bincount(codes[settled], minlength=int(codes.max()) + 1)
    return np.where(count[codes] > 0, total[codes] / np.maximum(count[codes], 1), fallback)


def _precisions(
    level: Floats, like: Floats, products: Ints, settled: NDArray[np.bool_]
) -> tuple[float, float]:
    """Gamma precisions of a product within its category, and of a site within its product."""
    usable = settled & (like > 0)
    if not usable.any():
        return LOWEST_PRECISION, 1.0
    ratio = _over(level, products, usable) / np.maximum(_over(like, products, usable), 1e-12)
    first = np.unique(products[usable], return_index=True)[1]
    of_products = ratio[usable][first]
    of_sites = level[usable] / np.maximum(like[usable] * ratio[usable], 1e-12)
    return _precision(of_products), _precision(of_sites)


def _precision(ratios: Floats) -> float:
    spread = float(np.var(ratios)) / max(float(np.mean(ratios)) ** 2, 1e-12)
    return float(np.clip(1 / max(spread, 1e-9), LOWEST_PRECISION, HIGHEST_PRECISION))


def _over(values: Floats, codes: Ints, chosen: NDArray[np.bool_]) -> Floats:
    """Sum over the chosen series of the same product, for each series."""
    return np.bincount(codes[chosen], weights=values[chosen], minlength=int(codes.max()) + 1)[codes]


def _posterior(precision: Floats, counts: Floats, expected: Floats) -> Floats:
    return (precision + counts) / (precision + expected)
