"""A yearly profile per product, learned from pooled series and shrunk.

One product at one site is too noisy to show its own season. So the profile is learned
from sums, level by level, and each level is drawn towards the level above it:

    y_t / mean(y) = a + b t + f_t' c + noise      f_t: sines and cosines of the year
    c*_g = c_parent + tau2 / (tau2 + s2_g) (c_g - c_parent)

with s2_g the sampling variance of c_g (inflated for autocorrelation) and tau2 the variance
between siblings (method of moments). Levels: all series -> category -> product. The profile
is 1 + f_t' c*, kept within 0.2 and 5. Methods without a season of their own see demand
divided by it. Measured on simulated retailers, this is the largest single gain over the
seasonal naive; a profile per series was worse, one per category slightly worse.

Source of the shrinkage: empirical Bayes, Efron and Morris (1975), JASA 70, 311-319.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helpers.forecasting.classify import Floats
from helpers.forecasting.demand.history import History

HARMONICS = 3
LOWEST, HIGHEST = 0.2, 5.0
# Below one and a half seasons a trend and a season cannot be told apart.
SEASONS_NEEDED = 1.5
WEEKS_IN_YEAR = 365.25 / 7


@dataclass(frozen=True, eq=False)
class _Fit:
    """Seasonal coefficients of one sum of series, with their mean sampling variance."""

    coefficients: Floats
    variance: float


def yearly_profiles(history: History, horizon: int, season_length: int) -> Floats:
    """Return the profile of each series over the history and `horizon` more weeks.

    Shape: series × (weeks + horizon); all ones where the history cannot show a season.
    """
    flat = np.ones((len(history.keys), history.length + horizon))
    terms = fourier_terms(history.length + horizon, season_length)
    top = _fit(history, np.arange(len(flat)), terms, season_length)
    if top is None:
        return flat
    categories = history.keys["category"].to_numpy()
    products = history.keys["product_id"].to_numpy()
    by_category = _fit_groups(history, categories, terms, season_length)
    by_product = _fit_groups(history, products, terms, season_length)
    category_profile = _shrink(by_category, top.coefficients)
    for category in np.unique(categories):
        parent = category_profile.get(category, top.coefficients)
        members = np.unique(products[categories == category])
        children = _shrink({key: by_product[key] for key in members if key in by_product}, parent)
        for product in members:
            rows = products == product
            flat[rows] = np.clip(1 + terms @ children.get(product, parent), LOWEST, HIGHEST)
    return flat


def fourier_terms(length: int, season_length: int) -> Floats:
    """Return sines and cosines of the season, `length` × 2 harmonics (fewer for short seasons)."""
    period = WEEKS_IN_YEAR if season_length == 52 else float(season_length)
    harmonics = range(1, min(HARMONICS, (season_length - 1) // 2) + 1)
    angle = 2 * np.pi * np.arange(length) / period
    waves = [wave(k * angle) for k in harmonics for wave in (np.sin, np.cos)]
    return np.column_stack(waves) if waves else np.zeros((length, 0))


def _fit_groups(
    history: History, labels: NDArray[np.object_], terms: Floats, season_length: int
) -> dict[str, _Fit]:
    order = np.argsort(labels, kind="stable")
    names, first = np.unique(labels[order], return_index=True)
    groups = zip(names, np.split(order, first[1:]), strict=True)
    fits = {name: _fit(history, rows, terms, season_length) for name, rows in groups}
    return {name: fit for name, fit in fits.items() if fit is not None}


def _fit(history: History, rows: NDArray[np.int64], terms: Floats, season_length: int) -> _Fit | None:
    """Least squares of the summed series on level, trend and season."""
    start = int(history.start[rows].min())
    total = np.nansum(history.demand[rows, start:], axis=0)
    weeks = len(total)
    count = terms.shape[1]
    if not count or weeks < SEASONS_NEEDED * season_length or weeks < count + 4 or total.sum() <= 0:
        return None
    trend = (np.arange(weeks) - (weeks - 1) / 2) / season_length
    design = np.column_stack([np.ones(weeks), trend, terms[start : history.length]])
    scaled = total / total.mean()
    inverse = np.linalg.pinv(design.T @ design)
    solution = inverse @ (design.T @ scaled)
    residual = scaled - design @ solution
    squares = float(residual @ residual)
    carry = np.clip((residual[1:] @ residual[:-1]) / squares if squares > 0 else 0.0, 0.0, 0.9)
    noise = squares / (weeks - count - 2) * (1 + carry) / (1 - carry)
    return _Fit(solution[2:], float(noise * np.diag(inverse)[2:].mean()))


def _shrink(fits: dict[str, _Fit], parent: Floats) -> dict[str, Floats]:
    """Draw each group's coefficients towards the parent, the more the noisier they are."""
    if not fits:
        return {}
    apart = [float(np.mean((fit.coefficients - parent) ** 2)) - fit.variance for fit in fits.values()]
    between = max(float(np.mean(apart)), 0.0)
    return {
        name: parent + between / max(between + fit.variance, 1e-12) * (fit.coefficients - parent)
        for name, fit in fits.items()
    }
