"""Quantiles of weekly demand: a count distribution, recalibrated on the back-test.

For a series with forecast mean mu and dispersion phi (variance ÷ mean):

    phi_s = (sum (y - mu)^2 / mu over the windows + K phi0_s) / (points + K)
    y ~ negative binomial(mean mu, variance phi mu)     counts, phi > 1, mu <= LARGE
    y ~ gamma(mean mu, variance phi mu), rounded        counts, phi <= 1, mu <= LARGE
    y ~ gamma(mean mu, variance phi mu)                 otherwise

phi0_s is the in-sample dispersion. The distribution is a shape, not a promise: for each
demand class the level L at which a quantile is read is moved until it was right in the past.
For counts "y is at most the quantile read at L" is the same as F(y - 1) < L, and "y is below
it" the same as F(y) < L. So

    p >= 0.5    L = p-quantile of F(y - 1) over the class: a share p was at most the quantile
    p <  0.5    L = p-quantile of F(y) over the class's weeks with F(0) < p: a share p was below

A series whose demand is no whole number (gallons, metres) keeps the gamma; what would be less than
half the least amount ever asked is zero there, since a week without demand is nothing at all.

Draws need another reading: levels that make each quantile right one by one pull counts towards the
middle. With the share v between F(y - 1) and F(y) spread evenly over that step (the non-randomised
probability integral transform of Czado, Gneiting and Held 2009), G is the mean of those over the class,
and a draw reads the distribution at the u-quantile of G.

The phi used here leaves the scored window out. Where zero is likelier than p, the quantile is
zero and nothing can lie below it. The stated interval is therefore one-sided there: with
interval 0.9, from q05 to q95, but from zero to q90 where q05 is zero. Otherwise the interval
of an intermittent item would cover 95 % and be wider than it says.

Source: conformal recalibration of distributions, e.g. Chernozhukov, Wuethrich and Zhu (2021),
PNAS 118(48); negative binomial for intermittent demand: Syntetos and Boylan (2006).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from helpers.forecasting.backtest import Window
from helpers.forecasting.classify import CLASSES, Floats
from helpers.forecasting.distribution.demand_distribution import percent_points, shapes_of, share_upto

PRIOR_POINTS = 52.0  # weeks behind the in-sample dispersion
LEVEL_DOUBT = 0.5  # relative standard deviation of the level of a new series
FEWEST_POINTS = 300
LOWEST_DISPERSION = 1e-4
_TAIL = np.array([0.0, 0.001, 0.005, 0.01, 0.025])
DRAWN = np.concatenate([_TAIL, np.linspace(0.05, 0.95, 19), 1 - _TAIL[::-1]])
NARROWEST = 1e-4


@dataclass(frozen=True, eq=False)
class Steps:
    """In which steps demand comes, per series: whole units or not, and the least amount ever asked."""

    counts: NDArray[np.bool_]
    least: Floats


@dataclass(frozen=True, eq=False)
class Spread:
    """How far actuals scatter: dispersion per series, and reading levels per demand class.

    `levels` has one entry per quantile; `draws` one per probability in `DRAWN`, empty = as they are.
    """

    dispersion: Floats
    levels: dict[str, Floats]
    steps: Steps
    draws: dict[str, Floats] = field(default_factory=dict)

    def rows(self, chosen: NDArray[np.int64]) -> Spread:
        """Return the spread of some series."""
        steps = Steps(self.steps.counts[chosen], self.steps.least[chosen])
        return replace(self, dispersion=self.dispersion[chosen], steps=steps)

    def draw_levels(self, name: str) -> Floats:
        """Return the levels at `DRAWN` of a demand class, strictly rising."""
        found = np.maximum.accumulate(self.draws.get(name, DRAWN))
        return np.asarray((found + 1e-9 * DRAWN) / (1 + 1e-9))


def fit_spread(
    windows: Sequence[Window],
    means: Sequence[Floats],
    current: Window,
    probabilities: Sequence[float],
    steps: Steps,
) -> Spread:
    """Learn dispersion and reading levels from the errors of the chosen forecasts.

    Parameters
    ----------
    windows, means
        Back-test windows and the chosen forecast in each, series × horizon.
    current
        The window to be forecast; gives the in-sample dispersion, and classes for fallbacks.
    probabilities
        Of the quantiles.
    steps
        In which steps the demand of each series comes.
    """
    wanted = np.asarray(probabilities, dtype="float64")
    sums = [_dispersion_sums(window, mean) for window, mean in zip(windows, means, strict=True)]
    all_squares = sum((squares for squares, _ in sums), np.zeros(len(current.classes)))
    all_points = sum((points for _, points in sums), np.zeros(len(current.classes)))
    dispersion = _combine(all_squares, all_points, current.dispersion)
    places, labels = [np.empty((0, 3))], [np.empty(0, dtype=np.str_)]
    for window, mean, (squares, points) in zip(windows, means, sums, strict=True):
        without = _combine(all_squares - squares, all_points - points, window.dispersion)
        places.append(_places(window, mean, without, steps.counts))
        labels.append(np.broadcast_to(window.classes[:, None], mean.shape)[window.scored])
    place, label = np.concatenate(places), np.concatenate(labels)
    levels = _reading_levels(place, label, wanted)
    pooled = _draw_levels(place, DRAWN)
    draws = {name: _draw_levels(place[label == name], pooled) for name in CLASSES}
    return Spread(dispersion, levels, steps, draws)


def demand_quantiles(mean: Floats, spread: Spread, classes: NDArray[np.str_]) -> Floats:
    """Return series × horizon × quantiles, rising along the last axis; NaN where `mean` is."""
    levels = np.stack([spread.levels[name] for name in classes])
    shape = (*mean.shape, levels.shape[1])
    wide_mean = np.broadcast_to(mean[:, :, None], shape)
    wide_levels = np.broadcast_to(levels[:, None, :], shape)
    wide_dispersion = np.broadcast_to(spread.dispersion[:, None, None], shape)
    counts = np.broadcast_to(spread.steps.counts[:, None, None], shape)
    found = percent_points(wide_levels, wide_mean, wide_dispersion, counts)
    found[found < spread.steps.least[:, None, None] / 2] = 0.0
    return np.asarray(np.maximum.accumulate(found, axis=2))


def doubt_new(spread: Spread, mean: Floats, classes: NDArray[np.str_]) -> Spread:
    """Widen the spread of new series, whose level is itself a guess: variance phi mu + (doubt mu)^2."""
    known = np.isfinite(mean)
    level = np.where(known, mean, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    wider = spread.dispersion + LEVEL_DOUBT**2 * level
    return replace(spread, dispersion=np.where(classes == "new", wider, spread.dispersion))


def calibrated_places(window: Window, mean: Floats, spread: Spread) -> tuple[Floats, Floats]:
    """Return G(F(y - 1)) and G(F(y)) of each cell, series × horizon; NaN where not scored."""
    places = _places(window, mean, spread.dispersion, spread.steps.counts)
    labels = np.broadcast_to(window.classes[:, None], mean.shape)[window.scored]
    below, upto = np.full(mean.shape, np.nan), np.full(mean.shape, np.nan)
    for name in np.unique(labels):
        levels, cells = spread.draw_levels(str(name)), labels == name
        places[cells, :2] = np.interp(places[cells, :2], levels, DRAWN)
    below[window.scored], upto[window.scored] = places[:, 0], places[:, 1]
    return below, upto


def interval_limits(
    quantiles: Floats, probabilities: Sequence[float], interval: float
) -> tuple[Floats, Floats]:
    """Return lower and upper limit of the stated interval, one-sided where the lower one is zero.

    `quantiles` is series × horizon × quantiles; `probabilities` holds (1 ± interval) ÷ 2 and
    `interval` itself.
    """
    low, one_sided, high = (
        quantiles[:, :, int(np.argmin(np.abs(np.asarray(probabilities) - wanted)))]
        for wanted in ((1 - interval) / 2, interval, (1 + interval) / 2)
    )
    return low, np.where(low > 0, high, one_sided)


def _dispersion_sums(window: Window, mean: Floats) -> tuple[Floats, Floats]:
    """Per series: sum of squared errors ÷ mean, and how many."""
    usable = window.scored & (np.nan_to_num(mean) > 0)
    squares = np.where(usable, (window.actual - mean) ** 2 / np.where(usable, mean, 1.0), 0.0)
    return squares.sum(axis=1), usable.sum(axis=1).astype("float64")


def _combine(squares: Floats, points: Floats, prior: Floats) -> Floats:
    return np.maximum((squares + PRIOR_POINTS * prior) / (points + PRIOR_POINTS), LOWEST_DISPERSION)


def _reading_levels(places: Floats, labels: NDArray[np.str_], wanted: Floats) -> dict[str, Floats]:
    """Levels per class; all classes together where a class is thin, as wanted where all are."""
    pooled = _levels(places, wanted, wanted)
    return {name: _levels(places[labels == name], wanted, pooled) for name in CLASSES}


def _levels(places: Floats, wanted: Floats, fallback: Floats) -> Floats:
    """Levels from places with the columns F(y - 1), F(y), F(0)."""
    found = fallback.copy()
    for position, probability in enumerate(wanted):
        lower = probability < 0.5
        chosen = places[places[:, 2] < probability, 1] if lower else places[:, 0]
        if len(chosen) >= FEWEST_POINTS:
            found[position] = np.quantile(chosen, probability, method="higher")
    return np.clip(np.maximum.accumulate(found), 0.0005, 0.9995)


def _draw_levels(places: Floats, fallback: Floats) -> Floats:
    """Quantiles at `DRAWN` of G, the mean of the uniform distributions between F(y - 1) and F(y)."""
    if len(places) < FEWEST_POINTS:
        return fallback
    width = np.maximum(places[:, 1] - places[:, 0], NARROWEST)
    ends = np.concatenate([places[:, 0], places[:, 0] + width])
    order = np.argsort(ends, kind="stable")
    slope = np.cumsum(np.concatenate([1 / width, -1 / width])[order])
    reached = np.concatenate([[0.0], np.cumsum(slope[:-1] * np.diff(ends[order]))]) / len(places)
    found = np.clip(np.interp(DRAWN, reached, ends[order]), 0.0, 1.0)
    found[[0, -1]] = 0.0, 1.0
    return np.asarray(found)


def _places(window: Window, mean: Floats, dispersion: Floats, counts: NDArray[np.bool_]) -> Floats:
    """Where each scored actual lies in its forecast distribution: F(y - 1), F(y), F(0)."""
    scored = window.scored
    actual, expected = window.actual[scored], mean[scored]
    phi = np.broadcast_to(dispersion[:, None], mean.shape)[scored]
    shapes = shapes_of(expected, phi, np.broadcast_to(counts[:, None], mean.shape)[scored])
    step = np.where(shapes.smooth, 0.0, 1.0)
    below, upto = (share_upto(value, expected, phi, shapes) for value in (actual - step, actual))
    zero = share_upto(np.zeros_like(actual), expected, phi, shapes)
    return np.column_stack([below, upto, np.where(shapes.smooth, 0.0, zero)])
