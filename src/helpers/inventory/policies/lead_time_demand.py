"""Demand over a span of time, for thousands of product × site pairs at once, and its loss functions.

For demand D with distribution F, over the lead time, or over lead time and review period:

    n(x)  = E[(D − x)⁺]                     first-order loss: units short when x are there
    n₂(x) = ∫_x^∞ n(y) dy = E[((D − x)⁺)²] ÷ 2            second-order loss, continuous D
    n₂(x) = Σ_{y>x} n(y)  = E[(D − x)⁺ (D − x − 1)⁺] ÷ 2   the same for D in whole units

so that the mean of n over the stock positions between r and r + Q is (n₂(r) − n₂(r + Q)) ÷ Q. Closed forms
(F̄ = 1 − F, f the density or probability, z = (x − μ) ÷ σ, β = variance ÷ mean − 1, k = μ ÷ β, a and θ
the gamma's shape and scale):

    normal     n = σ (φ(z) − z Φ̄(z))             n₂ = σ²/2 ((1 + z²) Φ̄(z) − z φ(z))
    gamma      n = aθ F̄_{a+1} − x F̄_a            n₂ = ( a (a+1) θ² F̄_{a+2} − 2xaθ F̄_{a+1} + x² F̄_a ) ÷ 2
    Poisson    n = (λ − x) F̄(x) + λ f(x)          n₂ = ( ((λ − x)² + x) F̄(x) + λ (λ − x) f(x) ) ÷ 2
    neg. bin.  n = (kβ − x) F̄(x) + (x + k) β f(x)
               n₂ = ( (k (k+1) β² − 2kβx + x (x+1)) F̄(x) + ((k+1) β − x) (x + k) β f(x) ) ÷ 2

Source: Zipkin, Foundations of Inventory Management (2000), appendix C; Snyder and Shen, Fundamentals of
Supply Chain Theory (2nd ed.), appendix C.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from helpers.errors import ParameterError
from helpers.inventory.arguments import Floats, find_wrong, refuse

FEW_SAMPLES = 10_000_000  # samples of all series among which counting is as quick as searching

Positions = NDArray[np.int64]


class LeadTimeDemand(Protocol):
    """Demand of many series over a span; every method takes and returns one number per series."""

    @property
    def whole(self) -> bool:
        """Whether demand comes in whole units."""
        ...

    @property
    def mean(self) -> Floats:
        """Expected units, μ."""
        ...

    def at(self, chosen: Positions) -> LeadTimeDemand:
        """Only these series."""
        ...

    def cdf(self, level: Floats) -> Floats:
        """F(x): chance that demand is at most x."""
        ...

    def quantile(self, probability: Floats) -> Floats:
        """Least x with F(x) ≥ probability."""
        ...

    def loss(self, level: Floats) -> Floats:
        """n(x), units."""
        ...

    def second_loss(self, level: Floats) -> Floats:
        """n₂(x), units squared."""
        ...


def mean_over(demand_mean: ArrayLike, span: ArrayLike) -> Floats:
    """Return the expected demand over a span of periods, μ·span."""
    return np.asarray(np.asarray(demand_mean, dtype="float64") * np.asarray(span, dtype="float64"))


def sd_over(
    demand_mean: ArrayLike, demand_sd: ArrayLike, span: ArrayLike, span_sd: ArrayLike = 0.0
) -> Floats:
    """Return the standard deviation of demand over a span that may itself vary.

    √(σ² E[span] + μ² Var[span]), with periods independent of each other and of the span.

    Parameters
    ----------
    demand_mean, demand_sd
        μ and σ, units per period.
    span, span_sd
        Mean and standard deviation of the span, periods.
    """
    mean, sd, length, spread = (
        np.asarray(value, dtype="float64") for value in (demand_mean, demand_sd, span, span_sd)
    )
    return np.asarray(np.sqrt(sd**2 * length + (mean * spread) ** 2))


def _columns(name: str, mean: ArrayLike, sd: ArrayLike | None = None) -> tuple[Floats, Floats]:
    means = np.atleast_1d(np.asarray(mean, dtype="float64"))
    sds = np.broadcast_to(np.asarray(0.0 if sd is None else sd, dtype="float64"), means.shape)
    refuse(name, find_wrong("not negative", {"mean": means, "sd": sds}))
    return means, sds


class NormalDemand:
    """Normal demand.

    Parameters
    ----------
    mean, sd
        μ and σ over the span, units, one per series.
    """

    whole = False

    def __init__(self, mean: ArrayLike, sd: ArrayLike) -> None:
        self.mean, spread = _columns("NormalDemand", mean, sd)
        self.sd = np.maximum(spread, 1e-12)

    def at(self, chosen: Positions) -> NormalDemand:
        """Only these series."""
        return NormalDemand(self.mean[chosen], self.sd[chosen])

    def cdf(self, level: Floats) -> Floats:
        """F(x)."""
        from scipy import special

        return np.asarray(special.ndtr((level - self.mean) / self.sd))

    def quantile(self, probability: Floats) -> Floats:
        """F⁻¹."""
        from scipy import special

        return np.asarray(self.mean + self.sd * special.ndtri(probability))

    def loss(self, level: Floats) -> Floats:
        """n(x)."""
        z, density, above = self._standard(level)
        return self.sd * (density - z * above)

    def second_loss(self, level: Floats) -> Floats:
        """n₂(x)."""
        z, density, above = self._standard(level)
        return self.sd**2 / 2 * ((1 + z**2) * above - z * density)

    def _standard(self, level: Floats) -> tuple[Floats, Floats, Floats]:
        from scipy import special

        z = (level - self.mean) / self.sd
        return z, np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi), np.asarray(special.ndtr(-z))


class GammaDemand:
    """Gamma demand: never negative, skewed.

    Parameters
    ----------
    mean, sd
        μ and σ over the span, units, one per series.
    """

    whole = False

    def __init__(self, mean: ArrayLike, sd: ArrayLike) -> None:
        means, spread = _columns("GammaDemand", mean, sd)
        self.mean = np.maximum(means, 1e-12)
        # Beyond this shape the gamma is a spike, and the incomplete gamma function loses its digits.
        self.shape = np.minimum((self.mean / np.maximum(spread, 1e-12)) ** 2, 1e10)
        self.scale = self.mean / self.shape

    def at(self, chosen: Positions) -> GammaDemand:
        """Only these series."""
        return GammaDemand(self.mean[chosen], np.sqrt(self.mean * self.scale)[chosen])

    def cdf(self, level: Floats) -> Floats:
        """F(x)."""
        return 1 - self._above(level, 0)

    def quantile(self, probability: Floats) -> Floats:
        """F⁻¹."""
        from scipy import special

        return np.asarray(special.gammaincinv(self.shape, probability) * self.scale)

    def loss(self, level: Floats) -> Floats:
        """n(x)."""
        return self.mean * self._above(level, 1) - level * self._above(level, 0)

    def second_loss(self, level: Floats) -> Floats:
        """n₂(x)."""
        squares = self.mean * (self.mean + self.scale) * self._above(level, 2)
        return (
            squares - 2 * level * self.mean * self._above(level, 1) + level**2 * self._above(level, 0)
        ) / 2

    def _above(self, level: Floats, more: int) -> Floats:
        from scipy import special

        return np.asarray(special.gammaincc(self.shape + more, np.maximum(level, 0.0) / self.scale))


class PoissonDemand:
    """Poisson demand: single units at a steady rate.

    Parameters
    ----------
    mean
        λ over the span, units, one per series.
    """

    whole = True

    def __init__(self, mean: ArrayLike) -> None:
        self.mean, _ = _columns("PoissonDemand", mean)

    def at(self, chosen: Positions) -> PoissonDemand:
        """Only these series."""
        return PoissonDemand(self.mean[chosen])

    def cdf(self, level: Floats) -> Floats:
        """F(x)."""
        from scipy import special

        return np.where(level < 0, 0.0, special.pdtr(np.maximum(np.floor(level), 0.0), self.mean))

    def quantile(self, probability: Floats) -> Floats:
        """Least whole x with F(x) ≥ probability."""
        return _least_whole(self, np.asarray(probability, dtype="float64"), np.sqrt(self.mean))

    def loss(self, level: Floats) -> Floats:
        """n(x), x whole."""
        above, chance = self._tail(level)
        return (self.mean - level) * above + self.mean * chance

    def second_loss(self, level: Floats) -> Floats:
        """n₂(x), x whole."""
        above, chance = self._tail(level)
        gap = self.mean - level
        return ((gap**2 + level) * above + self.mean * gap * chance) / 2

    def _tail(self, level: Floats) -> tuple[Floats, Floats]:
        from scipy import special

        count = np.maximum(level, 0.0)
        chance = np.exp(special.xlogy(count, self.mean) - self.mean - special.gammaln(count + 1))
        above = special.pdtrc(count, self.mean)
        return np.where(level < 0, 1.0, above), np.where(level < 0, 0.0, chance)


class NegativeBinomialDemand:
    """Negative binomial demand: whole units that come in lumps; Poisson where σ² ≤ μ.

    Parameters
    ----------
    mean, sd
        μ and σ over the span, units, one per series.
    """

    whole = True
    LEAST_LUMPINESS = 1e-4  # of β; below it the distribution is Poisson to four digits of the variance

    def __init__(self, mean: ArrayLike, sd: ArrayLike) -> None:
        self.mean, spread = _columns("NegativeBinomialDemand", mean, sd)
        lumpiness = spread**2 / np.maximum(self.mean, 1e-12) - 1
        self.sd = np.sqrt(self.mean * np.maximum(lumpiness + 1, 1.0))
        self.beta = np.maximum(lumpiness, self.LEAST_LUMPINESS)
        self.size = np.maximum(self.mean, 1e-12) / self.beta

    def at(self, chosen: Positions) -> NegativeBinomialDemand:
        """Only these series."""
        return NegativeBinomialDemand(self.mean[chosen], self.sd[chosen])

    def cdf(self, level: Floats) -> Floats:
        """F(x)."""
        from scipy import special

        count = np.maximum(np.floor(level), 0.0)
        below = special.betainc(self.size, count + 1, 1 / (1 + self.beta))
        return np.where(level < 0, 0.0, below)

    def quantile(self, probability: Floats) -> Floats:
        """Least whole x with F(x) ≥ probability."""
        return _least_whole(self, np.asarray(probability, dtype="float64"), self.sd)

    def loss(self, level: Floats) -> Floats:
        """n(x), x whole."""
        above, chance = self._tail(level)
        return (self.mean - level) * above + (level + self.size) * self.beta * chance

    def second_loss(self, level: Floats) -> Floats:
        """n₂(x), x whole."""
        above, chance = self._tail(level)
        squares = self.mean * (self.mean + self.beta) - 2 * self.mean * level + level * (level + 1)
        edge = ((self.size + 1) * self.beta - level) * (level + self.size) * self.beta
        return (squares * above + edge * chance) / 2

    def _tail(self, level: Floats) -> tuple[Floats, Floats]:
        from scipy import special

        count = np.maximum(level, 0.0)
        log_chance = (
            special.gammaln(count + self.size)
            - special.gammaln(self.size)
            - special.gammaln(count + 1)
            - self.size * np.log1p(self.beta)
            + special.xlogy(count, self.beta / (1 + self.beta))
        )
        above = special.betaincc(self.size, count + 1, 1 / (1 + self.beta))
        return np.where(level < 0, 1.0, above), np.where(level < 0, 0.0, np.exp(log_chance))


@dataclass(frozen=True, eq=False)
class _Sorted:
    """Samples in order, and their totals from each position on, so that a loss is a look-up."""

    values: Floats

    @cached_property
    def sums(self) -> Floats:
        return _totals_from(self.values)

    @cached_property
    def squares(self) -> Floats:
        return _totals_from(self.values**2)


def _totals_from(values: Floats) -> Floats:
    return np.hstack([np.cumsum(values[:, ::-1], axis=1)[:, ::-1], np.zeros((len(values), 1))])


class SampledDemand:
    """Demand given by samples, each equally likely, such as the sample paths of a forecast.

    Parameters
    ----------
    samples
        Units over the span, series × samples.
    whole
        Whether demand comes in whole units; None = when all samples are whole.
    """

    def __init__(self, samples: ArrayLike, *, whole: bool | None = None) -> None:
        array = np.asarray(samples, dtype="float64")
        if array.ndim != 2 or not array.shape[1] or not np.isfinite(array).all():
            raise ParameterError(
                f"SampledDemand: samples have the shape {array.shape}, or not all are numbers. "
                "Give series × samples, at least one sample each, without gaps."
            )
        self.whole = bool((array == np.round(array)).all()) if whole is None else whole
        values = np.sort(array, axis=1)
        self._sorted = _Sorted(values)
        self._rows, self._has_all = np.arange(len(values)), True
        self.mean = values.mean(axis=1)

    def at(self, chosen: Positions) -> SampledDemand:
        """Only these series."""
        found = copy(self)  # shares the sorted samples
        found.mean, found._rows, found._has_all = self.mean[chosen], self._rows[chosen], False
        return found

    def cdf(self, level: Floats) -> Floats:
        """Share of samples that are at most x."""
        return np.asarray(self._position(level) / self._sorted.values.shape[1])

    def quantile(self, probability: Floats) -> Floats:
        """Least sample x with F(x) ≥ probability."""
        count = self._sorted.values.shape[1]
        wanted = np.broadcast_to(np.asarray(probability, dtype="float64"), self.mean.shape)
        # Rounding must not push 0.95 × 1000 to the 951st sample.
        rank = np.clip(np.ceil(np.round(wanted * count, 9)) - 1, 0, count - 1).astype("int64")
        return np.asarray(self._sorted.values[self._rows, rank])

    def loss(self, level: Floats) -> Floats:
        """n(x)."""
        above, total, _ = self._totals(level)
        return np.asarray((total - above * level) / self._sorted.values.shape[1])

    def second_loss(self, level: Floats) -> Floats:
        """n₂(x)."""
        above, total, squares = self._totals(level)
        found = squares - 2 * level * total + above * level**2
        if self.whole:
            found = found - (total - above * level)
        return np.asarray(found / 2 / self._sorted.values.shape[1])

    def _totals(self, level: Floats) -> tuple[Floats, Floats, Floats]:
        """Count, sum and sum of squares of the samples above x."""
        position = self._position(level)
        return (
            (self._sorted.values.shape[1] - position).astype("float64"),
            self._sorted.sums[self._rows, position],
            self._sorted.squares[self._rows, position],
        )

    def _position(self, level: Floats) -> NDArray[np.int64]:
        """How many samples are at most x: counted where there are few, else one binary search for all."""
        values = self._sorted.values
        wanted = np.broadcast_to(np.asarray(level, dtype="float64"), self.mean.shape)
        if self._has_all and values.size <= FEW_SAMPLES:
            return np.asarray(np.count_nonzero(values <= wanted[:, None], axis=1), dtype="int64")
        low = np.zeros(len(self._rows), dtype="int64")
        high = np.full(len(self._rows), values.shape[1], dtype="int64")
        for _ in range(values.shape[1].bit_length()):
            middle = np.minimum((low + high) // 2, values.shape[1] - 1)
            open_, small = low < high, values[self._rows, middle] <= wanted
            low = np.where(open_ & small, middle + 1, low)
            high = np.where(open_ & ~small, middle, high)
        return low


def _least_whole(demand: LeadTimeDemand, probability: Floats, sd: Floats) -> Floats:
    """Bisect for the least whole x with F(x) ≥ probability."""
    wanted = np.broadcast_to(np.minimum(probability, 1 - 1e-12), demand.mean.shape)
    low, high = np.full(demand.mean.shape, -1.0), np.ceil(demand.mean + 10 * sd + 10)
    while (short := demand.cdf(high) < wanted).any():
        high = np.where(short, 2 * high, high)
    while (high - low > 1).any():
        middle = np.floor((low + high) / 2)
        enough = demand.cdf(middle) >= wanted
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return high
