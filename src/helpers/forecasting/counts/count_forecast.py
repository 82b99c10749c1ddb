"""Demand that often is zero: a hurdle distribution per series, for one period and for sums of periods.

In each period demand happens with probability p; if so, its size is drawn:

    y = 0                                       with probability 1 - p
    y = u (1 + negative binomial(mean l, variance l + a l^2))      whole units u
    y = gamma(mean m, variance a m^2)                              other amounts

Over the first k periods the number of demands n is beta-binomial with mean k p and concentration c
(the probability itself is uncertain, and stays what it is over the horizon); the sum of n sizes keeps
its family, since negative binomials and gammas of one kind add up:

    P(sum <= x) = sum over n of P(n) F_n(x)     F_n: n + NB(mean n l, n / a)  or  gamma(n / a, a m)

The quantile at q is the least x with P(sum <= x) >= q. As most demand is a few whole units, a stock of
that quantile covers more than q. `stock_targets` therefore offers the one level, common to all series,
at which the mean cover over the series is q: stock is where it covers most for its size.

Source: Snyder, Ord and Beaumont (2012), Forecasting the intermittent demand for slow-moving inventories,
International Journal of Forecasting 28, 485-496 (hurdle and negative binomial forms).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from helpers.errors import ParameterError
from helpers.forecasting.classify import Floats

LARGEST = 0.9999
CHUNK = 2_000_000
TINY = 1e-12


@dataclass(frozen=True, eq=False)
class CountForecast:
    """Forecast distribution of intermittent series.

    Parameters
    ----------
    probability
        Of demand in a period, p, series × horizon.
    size
        Mean size of a demand, m, series × horizon; at least `unit` where demand comes in units.
    scatter
        Relative variance of the sizes, a, per series.
    concentration
        c of the number of demands over the horizon; infinite = periods are independent.
    unit
        Least amount, u; 0 = any amount.
    probabilities
        Of the columns of `quantiles`.
    quantiles
        Series × horizon × probabilities, rising.
    """

    probability: Floats
    size: Floats
    scatter: Floats
    concentration: float
    unit: float
    probabilities: tuple[float, ...]
    quantiles: Floats

    @property
    def mean(self) -> Floats:
        """Expected demand, series × horizon."""
        return self.probability * self.size

    def sum_quantiles(self, periods: int, probabilities: Sequence[float]) -> Floats:
        """Return quantiles of the sum over the first `periods`, series × probabilities.

        Raises
        ------
        ParameterError
            If `periods` is outside the horizon or a probability outside (0, 1).
        """
        self._check(periods, probabilities)
        levels = np.broadcast_to(np.asarray(probabilities), (len(self.scatter), len(probabilities)))
        return self._in_chunks(periods, levels)

    def sum_probability(self, periods: int, amount: Floats) -> Floats:
        """Return P(sum over the first `periods` <= amount); `amount` is series × any number."""
        self._check(periods, (0.5,))
        return _share_upto(self._sums(periods), amount)

    def stock_targets(self, periods: int, cover: float) -> Floats:
        """Return the stock per series with which a share `cover` of series sees no shortage.

        The common level is found by halving; it lies at or below `cover` for counts.
        """
        self._check(periods, (cover,))
        sums, low, high = self._sums(periods), 0.0, cover
        stock = self.sum_quantiles(periods, (cover,))
        if not self.unit:
            return stock[:, 0]
        for _ in range(14):
            level = (low + high) / 2
            trial = self._in_chunks(periods, np.full((len(stock), 1), level))
            if _share_upto(sums, trial).mean() >= cover:
                high, stock = level, trial
            else:
                low = level
        return stock[:, 0]

    def paths(self, count: int, seed: int, rows: Sequence[int] | None = None) -> Floats:
        """Return sample paths, series × count × horizon; those of a series do not depend on `rows`."""
        chosen = range(len(self.scatter)) if rows is None else rows
        return np.stack([self._paths_of(row, count, seed) for row in chosen])

    def _paths_of(self, row: int, count: int, seed: int) -> Floats:
        rng = np.random.default_rng((seed, row))
        chance = self.probability[row]
        if np.isfinite(self.concentration):
            middle = float(np.clip(chance.mean(), TINY, 1 - TINY))
            drawn = rng.beta(self.concentration * middle, self.concentration * (1 - middle), size=(count, 1))
            chance = np.clip(chance * drawn / middle, 0.0, 1.0)
        happens = rng.random((count, len(self.probability[row]))) < chance
        spread = max(float(self.scatter[row]), TINY)
        if not self.unit:
            return np.asarray(happens * rng.gamma(1 / spread, spread * self.size[row], size=happens.shape))
        excess = np.maximum(self.size[row] / self.unit - 1, TINY)
        drawn_rate = rng.gamma(1 / spread, spread * excess, size=happens.shape)
        return np.asarray(happens * self.unit * (1.0 + rng.poisson(drawn_rate)))

    def _in_chunks(self, periods: int, levels: Floats) -> Floats:
        sums, step = self._sums(periods), max(1, CHUNK // (levels.shape[1] * (periods + 1)))
        parts = range(0, len(levels), step)
        return np.concatenate([_quantile(sums.rows(p, p + step), levels[p : p + step]) for p in parts])

    def _sums(self, periods: int) -> _Sums:
        chance = self.probability[:, :periods].mean(axis=1)
        size = self.mean[:, :periods].sum(axis=1) / np.maximum(chance * periods, TINY)
        return _Sums(_number_of_demands(chance, periods, self.concentration), size, self.scatter, self.unit)

    def _check(self, periods: int, probabilities: Sequence[float]) -> None:
        wrong = [p for p in probabilities if not 0 < p < 1]
        if wrong:
            raise ParameterError(f"probability: {wrong[0]} is not between 0 and 1. Give one such as 0.95.")
        if not 1 <= periods <= self.probability.shape[1]:
            message = f"periods: {periods} came. Give a whole number from 1 to {self.probability.shape[1]}."
            raise ParameterError(message)


def marginal_quantiles(
    probability: Floats, size: Floats, scatter: Floats, unit: float, levels: Sequence[float]
) -> Floats:
    """Return the quantiles of single periods, series × horizon × levels; arguments as `CountForecast`."""
    shape = (*probability.shape, len(levels))
    chance = np.broadcast_to(probability[:, :, None], shape)
    found = np.zeros(shape)
    rest = np.asarray(levels) - (1 - chance)
    cells = rest > 0
    mean, spread = (
        np.broadcast_to(values, shape)[cells] for values in (size[:, :, None], scatter[:, None, None])
    )
    found[cells] = _size_quantile(np.clip(rest[cells] / chance[cells], TINY, LARGEST), mean, spread, unit)
    return np.maximum.accumulate(found, axis=2)


@dataclass(frozen=True, eq=False)
class _Sums:
    """Sums over some periods: P(n demands), series × (periods + 1), and the sizes."""

    numbers: Floats
    size: Floats
    scatter: Floats
    unit: float

    def rows(self, start: int, stop: int) -> _Sums:
        part = slice(start, stop)
        return _Sums(self.numbers[part], self.size[part], self.scatter[part], self.unit)


def _number_of_demands(chance: Floats, periods: int, concentration: float) -> Floats:
    """P(n demands in `periods`) per series."""
    from scipy import stats

    count = np.arange(periods + 1)[None, :]
    p = np.clip(chance, TINY, 1 - TINY)[:, None]
    if not np.isfinite(concentration):
        return np.asarray(stats.binom.pmf(count, periods, p))
    return np.asarray(stats.betabinom.pmf(count, periods, concentration * p, concentration * (1 - p)))


def _share_upto(sums: _Sums, amount: Floats) -> Floats:
    """P(sum <= amount), series × amounts."""
    found = np.where(amount >= 0, sums.numbers[:, :1], 0.0)
    for count in range(1, sums.numbers.shape[1]):
        found = found + sums.numbers[:, count, None] * _share_of_sizes(sums, count, amount)
    return found


def _share_of_sizes(sums: _Sums, count: int, amount: Floats) -> Floats:
    """F_n(amount): the sum of `count` sizes."""
    from scipy import special

    spread = np.maximum(sums.scatter, TINY)[:, None]
    if not sums.unit:
        return np.asarray(
            special.gammainc(count / spread, np.maximum(amount, 0) / (spread * sums.size[:, None]))
        )
    units = np.floor(amount / sums.unit + 1e-9) - count
    excess = np.maximum(sums.size[:, None] / sums.unit - 1, TINY)
    share = special.betainc(count / spread, np.maximum(units, 0) + 1, 1 / (1 + spread * excess))
    return np.where(units < 0, 0.0, share)


def _quantile(sums: _Sums, levels: Floats) -> Floats:
    """Least amount with P(sum <= amount) >= level, by halving; to the unit, or to 1e-9 of the highest."""
    step = sums.unit or 0.0
    levels = levels - TINY  # a level that is reached exactly is reached, whatever the rounding
    high = np.maximum(np.broadcast_to(sums.size[:, None], levels.shape) * 2, step)
    while (short := _share_upto(sums, high) < levels).any():
        high = np.where(short, high * 2, high)
    if step:
        high = np.ceil(high / step)
    low = np.full(levels.shape, -1.0)
    for _ in range(int(np.ceil(np.log2(high.max() + 2))) + 1 if step else 45):
        middle = np.floor((low + high) / 2) if step else (low + high) / 2
        enough = _share_upto(sums, middle * (step or 1.0)) >= levels
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return np.maximum(high, 0.0) * (step or 1.0) if step else np.where(high < 1e-9, 0.0, high)


def _size_quantile(levels: Floats, mean: Floats, scatter: Floats, unit: float) -> Floats:
    from scipy import special, stats

    spread: Any = np.maximum(scatter, TINY)
    if not unit:
        return np.asarray(special.gammaincinv(1 / spread, levels) * spread * mean)
    excess = np.maximum(mean / unit - 1, TINY)
    spread = np.maximum(spread, 1e-6)
    return np.asarray(unit * (1 + stats.nbinom.ppf(levels, 1 / spread, 1 / (1 + spread * excess))))
