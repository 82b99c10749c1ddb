"""Sample paths of weekly demand whose sums over weeks and over series have the right spread.

A Gaussian copula: the demand of series s in week t is read from its distribution at Phi(z_st), with

    z_st = A + a_t + B_g + b_gt + L_s + e_st       all normal, variances add up to 1

A, a_t: all series (over the whole horizon; week by week); B_g, b_gt: the product g; L_s: the level of the
series; e_st: the rest, with carry-over rho from week to week. The variances come from the back-test by
moments. A count y tells of z only that it lay between Phi^-1 F(y - 1) and Phi^-1 F(y), so with

    w = E[z | y] = (phi(lower) - phi(upper)) / (F(y) - F(y - 1)),     v_s = mean of w^2
    correlation of z between two cells = sum of w w' / sum of v v'    (first Hermite term)

over pairs of one kind: same series k weeks apart, sisters of a product in the same or another week,
other products in the same or another week. Ranks of counts as such would show too little correlation.
What all series share is too small by (n - 1) / n in n windows, since the reading levels were set on them,
and is drawn towards a small prior: a few windows show little of it.

Each factor has a random stream of its own, made from the seed and from what it belongs to, so that the
paths of a series do not depend on which others are drawn, and thousands of series can be drawn in parts.

Source: Cario and Nelson (1997), NORTA; conditional means of ordinal normals: Pearson (1922).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helpers.forecasting.backtest import Window
from helpers.forecasting.classify import Floats
from helpers.forecasting.distribution.quantiles import Spread, calibrated_places
from helpers.forecasting.distribution.reading import read_at

PRIOR_COMMON = 0.02
PRIOR_WINDOWS = 2.0
PRIOR_PAIRS = 50.0
MOST_SHARED = 0.95
CARRIES = np.linspace(0.0, 0.9, 19)


@dataclass(frozen=True)
class Dependence:
    """Shares of the variance of z: `all`, `product` and `series` factors, and the carry-over of the rest.

    `..._level` stays over the horizon, `..._week` is new each week.
    """

    all_level: float = 0.0
    all_week: float = 0.0
    product_level: float = 0.0
    product_week: float = 0.0
    series_level: float = 0.0
    carry: float = 0.0

    @property
    def rest(self) -> float:
        """Share of the variance that belongs to one series and decays with time."""
        shared = self.all_level + self.all_week + self.product_level + self.product_week
        return 1 - shared - self.series_level


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Sums of w w' and of v v' over pairs of one kind; the series' own by distance in weeks."""

    own: Floats
    sisters: Floats
    others: Floats

    def __add__(self, more: _Pairs) -> _Pairs:
        return _Pairs(self.own + more.own, self.sisters + more.sisters, self.others + more.others)


def fit_dependence(
    windows: Sequence[Window], means: Sequence[Floats], spread: Spread, products: NDArray[np.object_]
) -> Dependence:
    """Learn how errors go together from the back-test.

    Parameters
    ----------
    windows, means
        Back-test windows and the chosen forecast in each, series × horizon.
    spread
        The fitted distributions.
    products
        Product of each series.

    Returns
    -------
    Dependence
        Independent weeks and series where there is no window.
    """
    if not windows:
        return Dependence()
    codes = np.unique(products, return_inverse=True)[1]
    scores = [_scores(window, mean, spread) for window, mean in zip(windows, means, strict=True)]
    told = _information(scores)
    pairs = [_pairs(score, told, codes) for score in scores]
    total = sum(pairs[1:], pairs[0])
    count = len(windows)
    inflate = count / max(count - 1, 1)
    weight = count / (count + PRIOR_WINDOWS)
    others = weight * _ratio(total.others, 0.0) * inflate + (1 - weight) * PRIOR_COMMON
    sisters = _ratio(total.sisters, PRIOR_PAIRS)
    own = _ratio(total.own, PRIOR_PAIRS)
    return _split(others, sisters, own[1:])


@dataclass(frozen=True, eq=False)
class Marginals:
    """What each week's demand is drawn from: mean (series × horizon), spread, class, product."""

    mean: Floats
    spread: Spread
    classes: NDArray[np.str_]
    products: NDArray[np.object_]


def draw_paths(
    marginals: Marginals,
    dependence: Dependence,
    count: int,
    seed: int,
    rows: Sequence[int] | None = None,
) -> Floats:
    """Return sample paths, series × paths × horizon; NaN where the mean is.

    Parameters
    ----------
    marginals, dependence
        As fitted, of all series.
    count
        Paths.
    seed
        The same seed gives the same paths, whichever `rows` are drawn with them.
    rows
        Positions of the series to draw; all without it. Draw many series in parts: a part takes
        16 bytes × its series × paths × horizon.
    """
    mean, products = marginals.mean, marginals.products
    chosen = np.arange(len(mean)) if rows is None else np.asarray(rows, dtype=np.int64)
    normal = np.empty((len(chosen), count, mean.shape[1]))
    shared = _factor((seed, 0), count, mean.shape[1], dependence.all_level, dependence.all_week)
    codes = np.unique(products, return_inverse=True)[1]
    for code in np.unique(codes[chosen]):
        level, week = dependence.product_level, dependence.product_week
        together = shared + _factor((seed, 1, int(code)), count, mean.shape[1], level, week)
        for place in np.flatnonzero(codes[chosen] == code):
            normal[place] = together + _own((seed, 2, int(chosen[place])), normal.shape[1:], dependence)
    return read_at(normal, mean[chosen], marginals.spread.rows(chosen), marginals.classes[chosen])


def _factor(stream: tuple[int, ...], count: int, horizon: int, level: float, week: float) -> Floats:
    """Paths × horizon: a level that stays plus news of each week."""
    rng = np.random.default_rng(stream)
    stays = np.sqrt(level) * rng.standard_normal((count, 1))
    return np.asarray(stays + np.sqrt(week) * rng.standard_normal((count, horizon)))


def _own(stream: tuple[int, ...], shape: tuple[int, ...], dependence: Dependence) -> Floats:
    rng = np.random.default_rng(stream)
    stays = np.sqrt(dependence.series_level) * rng.standard_normal((shape[0], 1))
    noise = rng.standard_normal(shape)
    if dependence.carry > 0:
        news = np.sqrt(1 - dependence.carry**2)
        for week in range(1, shape[1]):
            noise[:, week] = dependence.carry * noise[:, week - 1] + news * noise[:, week]
    return np.asarray(stays + np.sqrt(dependence.rest) * noise)


def _scores(window: Window, mean: Floats, spread: Spread) -> Floats:
    """The w of each cell, series × horizon; NaN where not scored or nothing is expected."""
    from scipy import special

    below, upto = calibrated_places(window, mean, spread)
    width = np.maximum(upto - below, 1e-9)
    lower, upper = special.ndtri(np.clip(below, 0, 1)), special.ndtri(np.clip(below + width, 0, 1))
    score = (_density(lower) - _density(upper)) / width
    return np.asarray(np.where(np.nan_to_num(mean) > 0, score, np.nan))


def _density(value: Floats) -> Floats:
    return np.asarray(np.exp(-(value**2) / 2) / np.sqrt(2 * np.pi))


def _information(scores: Sequence[Floats]) -> Floats:
    """The v of each series, drawn towards that of all series."""
    square = np.sum([(np.nan_to_num(score) ** 2).sum(axis=1) for score in scores], axis=0)
    number = np.sum([np.isfinite(score).sum(axis=1) for score in scores], axis=0)
    common = square.sum() / max(number.sum(), 1)
    return np.asarray((square + 13 * common) / (number + 13))


def _pairs(score: Floats, told: Floats, codes: NDArray[np.int64]) -> _Pairs:
    """Sums over pairs of cells of one window.

    The rows of the result: weeks apart, or same week and other week; the columns: w w' and v v'.
    """
    w = np.nan_to_num(score)
    v = np.where(np.isfinite(score), told[:, None], 0.0)
    own = np.array([[_lagged(x, lag) for x in (w, v)] for lag in range(w.shape[1])])
    groups = np.array([_same_and_other(_grouped(x, codes)) for x in (w, v)]).T
    everything = np.array([_same_and_other(x.sum(axis=0, keepdims=True)) for x in (w, v)]).T
    alone = np.array([_same_and_other(x) for x in (w, v)]).T
    return _Pairs(own, groups - alone, everything - groups)


def _lagged(values: Floats, lag: int) -> float:
    return float((values[:, lag:] * values[:, : values.shape[1] - lag]).sum())


def _grouped(values: Floats, codes: NDArray[np.int64]) -> Floats:
    sums = np.zeros((codes.max() + 1, values.shape[1]))
    np.add.at(sums, codes, values)
    return sums


def _same_and_other(values: Floats) -> tuple[float, float]:
    """Sum of products of a row with itself, in the same week and in other weeks."""
    same = float((values**2).sum())
    return same, float((values.sum(axis=1) ** 2).sum()) - same


def _ratio(sums: Floats, prior: float) -> Floats:
    """Correlations, drawn to zero where there are few pairs."""
    return np.asarray(sums[:, 0] / np.maximum(sums[:, 1] + prior, 1e-12))


def _split(others: Floats, sisters: Floats, own: Floats) -> Dependence:
    """From correlations (same week, other week; the series' own by weeks apart) to variances."""
    all_level = float(np.clip(others[1], 0, MOST_SHARED))
    all_week = float(np.clip(others[0] - all_level, 0, MOST_SHARED - all_level))
    left = MOST_SHARED - all_level - all_week
    product_level = float(np.clip(sisters[1] - all_level, 0, left))
    product_week = float(np.clip(sisters[0] - all_level - all_week - product_level, 0, left - product_level))
    left = left - product_level - product_week
    base = all_level + product_level
    best = (np.inf, 0.0, 0.0)
    lags = np.arange(1, len(own) + 1)
    weight = lags[::-1].astype("float64")
    for carry in CARRIES:
        decay = carry**lags
        rest = left + 1 - MOST_SHARED
        # own = base + level + (rest - level) decay, solved for the level by weighted least squares
        slope, gap = 1 - decay, own - base - rest * decay
        level = float(np.clip((weight * slope * gap).sum() / max((weight * slope**2).sum(), 1e-12), 0, left))
        error = float((weight * (gap - level * slope) ** 2).sum())
        if error < best[0] - 1e-12:
            best = (error, level, float(carry))
    return Dependence(all_level, all_week, product_level, product_week, best[1], best[2])
