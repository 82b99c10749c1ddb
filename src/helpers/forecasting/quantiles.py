"""Quantiles of weekly demand: a count distribution, recalibrated on the back-test.

For a series with forecast mean mu and dispersion phi (variance ÷ mean):

    phi_s = (sum (y - mu)^2 / mu over the windows + K phi0_s) / (points + K)
    y ~ negative binomial(mean mu, variance phi mu)     counts, phi > 1, mu <= LARGE
    y ~ gamma(mean mu, variance phi mu)                 otherwise

phi0_s is the in-sample dispersion. The distribution is a shape, not a promise: for each
demand class the level at which a quantile is read is moved so that the share of past actuals
at or below it was right. With u = F(y - 1) for counts (F(y) for gamma), "y is at most the
quantile read at level L" is the same as u < L; so L is the p-quantile of the class's u. The
phi used for u leaves the scored window out.

A count cannot be calibrated below its share of zeros: where zero is likelier than p, the
quantile is zero. Then fewer actuals than 1 - p lie above the lower limit, and the 90 %
interval of intermittent items covers nearer to 95 % than 90 %.

Source: conformal recalibration of distributions, e.g. Chernozhukov, Wuethrich and Zhu (2021),
PNAS 118(48); negative binomial for intermittent demand: Syntetos and Boylan (2006).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helpers.forecasting.backtest import Window
from helpers.forecasting.classify import CLASSES, Floats

PRIOR_POINTS = 13.0
LARGE = 200.0
FEWEST_POINTS = 300
LOWEST_DISPERSION = 1e-4


@dataclass(frozen=True, eq=False)
class Spread:
    """How far actuals scatter: dispersion per series, and reading levels per demand class."""

    dispersion: Floats
    levels: dict[str, Floats]
    counts: bool


def fit_spread(
    windows: Sequence[Window],
    means: Sequence[Floats],
    current: Window,
    probabilities: Sequence[float],
    counts: bool,
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
    counts
        Whether demand comes in whole units.
    """
    wanted = np.asarray(probabilities, dtype="float64")
    sums = [_dispersion_sums(window, mean) for window, mean in zip(windows, means, strict=True)]
    all_squares = sum((squares for squares, _ in sums), np.zeros(len(current.classes)))
    all_points = sum((points for _, points in sums), np.zeros(len(current.classes)))
    dispersion = _combine(all_squares, all_points, current.dispersion)
    positions, labels = [np.empty(0)], [np.empty(0, dtype=np.str_)]
    for window, mean, (squares, points) in zip(windows, means, sums, strict=True):
        without = _combine(all_squares - squares, all_points - points, window.dispersion)
        grid = _positions(window.actual, mean, without, counts)
        positions.append(grid[window.scored])
        labels.append(np.broadcast_to(window.classes[:, None], grid.shape)[window.scored])
    levels = _reading_levels(np.concatenate(positions), np.concatenate(labels), wanted)
    return Spread(dispersion, levels, counts)


def demand_quantiles(mean: Floats, spread: Spread, classes: NDArray[np.str_]) -> Floats:
    """Return series × horizon × quantiles, rising along the last axis; NaN where `mean` is."""
    levels = np.stack([spread.levels[name] for name in classes])
    shape = (*mean.shape, levels.shape[1])
    wide_mean = np.broadcast_to(mean[:, :, None], shape)
    wide_levels = np.broadcast_to(levels[:, None, :], shape)
    wide_dispersion = np.broadcast_to(spread.dispersion[:, None, None], shape)
    found = _percent_points(wide_levels, wide_mean, wide_dispersion, spread.counts)
    return np.maximum.accumulate(found, axis=2)


def _dispersion_sums(window: Window, mean: Floats) -> tuple[Floats, Floats]:
    """Per series: sum of squared errors ÷ mean, and how many."""
    usable = window.scored & (np.nan_to_num(mean) > 0)
    squares = np.where(usable, (window.actual - mean) ** 2 / np.where(usable, mean, 1.0), 0.0)
    return squares.sum(axis=1), usable.sum(axis=1).astype("float64")


def _combine(squares: Floats, points: Floats, prior: Floats) -> Floats:
    return np.maximum((squares + PRIOR_POINTS * prior) / (points + PRIOR_POINTS), LOWEST_DISPERSION)


def _reading_levels(positions: Floats, labels: NDArray[np.str_], wanted: Floats) -> dict[str, Floats]:
    """Levels per class; all classes together where a class is thin, as wanted where all are."""
    pooled = _levels(positions, wanted) if len(positions) >= FEWEST_POINTS else wanted
    own = {name: positions[labels == name] for name in CLASSES}
    return {
        name: _levels(found, wanted) if len(found) >= FEWEST_POINTS else pooled for name, found in own.items()
    }


def _levels(positions: Floats, wanted: Floats) -> Floats:
    return np.clip(np.quantile(positions, wanted, method="higher"), 0.0005, 0.9995)


def _is_count(mean: Floats, dispersion: Floats, counts: bool) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = counts & (dispersion > 1.001) & (mean <= LARGE) & (mean > 0)
    return found


def _positions(actual: Floats, mean: Floats, dispersion: Floats, counts: bool) -> Floats:
    """Where each actual lies in its forecast distribution, u in the module's words."""
    from scipy import special  # noqa: PLC0415 - 0.7 s to import

    phi = np.broadcast_to(dispersion[:, None], mean.shape)
    count = _is_count(np.nan_to_num(mean), phi, counts)
    smooth = ~count & (np.nan_to_num(mean) > 0)
    found = np.where(np.nan_to_num(actual) > 0, 1.0, 0.0)  # nothing was expected
    size = mean[count] / (phi[count] - 1)
    below = np.nan_to_num(actual[count]) - 1
    found[count] = np.where(
        below >= 0, special.betainc(size, np.maximum(below, 0) + 1, 1 / phi[count]), 0.0
    )
    found[smooth] = special.gammainc(mean[smooth] / phi[smooth], np.nan_to_num(actual[smooth]) / phi[smooth])
    return found


def _percent_points(levels: Floats, mean: Floats, dispersion: Floats, counts: bool) -> Floats:
    from scipy import special, stats  # noqa: PLC0415 - 0.7 s to import

    found = np.where(np.isfinite(mean), 0.0, np.nan)
    count = _is_count(np.nan_to_num(mean), dispersion, counts)
    smooth = ~count & (np.nan_to_num(mean) > 0)
    size = mean[count] / (dispersion[count] - 1)
    found[count] = stats.nbinom.ppf(levels[count], size, 1 / dispersion[count])
    shape = mean[smooth] / dispersion[smooth]
    found[smooth] = special.gammaincinv(shape, levels[smooth]) * dispersion[smooth]
    return np.where(np.isfinite(mean), np.maximum(np.nan_to_num(found), 0.0), np.nan)
