"""Pareto/NBD: customers buy at random while alive, and leave at any time.

    λ ~ Gamma(r, α) purchases per time,  lifetime ~ Exponential(μ),  μ ~ Gamma(s, β)

    L = Γ(r+x)/Γ(r) · α^r β^s · [A + B]
    A = (α+T)^−(r+x) (β+T)^−s                                   alive at T
    B = ∫ s (α+τ)^−(r+x) (β+τ)^−(s+1) dτ,  τ from tx to T       left at τ
      = ∫ s (α+τ)^−(r+x) (β+τ)^−(s+1) (g+τ) dy,  g = min(α, β),  y = log((g+τ)/(g+tx))
    P(alive) = A / (A + B)
    E[purchases in (T, T+t]] = P(alive) · (r+x)/(α+T) · (β+T)/(s−1) · (1 − ((β+T)/(β+T+t))^(s−1))

In y, cut off where (α+τ)^−(r+x) has faded, the integrand is smooth: Gauss and Legendre's rule takes the
place of the 2F1 of the papers, without their cancellation.

Source: D. Schmittlein, D. Morrison, R. Colombo, "Counting your customers", Management Science 33 (1987);
P. Fader, B. Hardie, "A note on deriving the Pareto/NBD model" (2005), eq. (19), (24), (32).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from scipy.special import digamma, gammaln

from helpers.customers.value.arguments import ArrayLike, Histories, compress, read_histories, read_times
from helpers.customers.value.buying_model import (
    median_wait_while_alive,
    some_rows,
    typical_age,
    unscaled_value,
)
from helpers.customers.value.maximum import draw_thetas, maximise
from helpers.errors import ParameterError

type Floats = npt.NDArray[np.float64]
type Ints = npt.NDArray[np.int64]

NODES = 16
FADED = 40.0  # logarithm of the fall after which the integrand is nothing
BLOCK = 50_000  # rows that are integrated at once


@dataclass(frozen=True, eq=False)
class ParetoNbd:
    """A fitted Pareto/NBD.

    Parameters
    ----------
    r, alpha
        Shape and rate of the purchase rates among customers; alpha in the unit of time.
    s, beta
        Shape and rate of the rates at which customers leave; beta in the unit of time.
    log_likelihood
        Σ log L of the customers that it was fitted on.
    covariance
        Of log(r, alpha, s, beta), by Laplace; shape (4, 4).
    is_at_bound
        Whether a parameter ran to the bound of the search: the data do not pin it down.
    """

    r: float
    alpha: float
    s: float
    beta: float
    log_likelihood: float
    covariance: Floats
    is_at_bound: bool = False

    name: ClassVar[str] = "Pareto/NBD"

    def expected_purchases(
        self, t: ArrayLike, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike
    ) -> Floats:
        """Return the expected purchases in (T, T + t] of each customer, given its history.

        Parameters and errors as for `BgNbd.expected_purchases`.
        """
        rows = read_histories(frequency, recency, age)
        ahead = read_times(t, len(rows))
        longer = np.log1p(ahead / (self.beta + rows.t))
        power = self.s - 1
        # (1 − e^(−power·longer)) ÷ power, which is `longer` at s = 1
        stay = longer if abs(power) < 1e-9 else -np.expm1(-power * longer) / power
        rate = (self.r + rows.x) / (self.alpha + rows.t)
        return np.asarray(self._alive(rows) * rate * (self.beta + rows.t) * stay)

    def probability_alive(self, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """Return P(alive at T) of each customer, 0–1."""
        return self._alive(read_histories(frequency, recency, age))

    def median_wait(self, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """Return the time by which each, if it stays a customer, has bought again with probability ½."""
        rows = read_histories(frequency, recency, age)
        return median_wait_while_alive(self.r, self.alpha, rows.x, rows.t)

    def log_density(self, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """Return log L of each customer."""
        rows = read_histories(frequency, recency, age)
        stays, left = self._terms(rows)
        shared = gammaln(self.r + rows.x) - gammaln(self.r)
        shared += self.r * np.log(self.alpha) + self.s * np.log(self.beta)
        return np.asarray(shared + np.logaddexp(stays, left))

    def draw_purchases(
        self, t: float, frequency: Floats, recency: Floats, age: Floats, rng: np.random.Generator
    ) -> Ints:
        """Return one draw of each customer's purchases in (T, T + t]."""
        rows = Histories(frequency, recency, age, np.ones(len(frequency)))
        rate = rng.gamma(self.r + rows.x) / (self.alpha + rows.t)
        leaving = np.maximum(rng.gamma(self.s, size=len(rows)) / (self.beta + rows.t), 1e-300)
        lives = np.minimum(rng.exponential(size=len(rows)) / leaving, t)
        bought = rng.poisson(rate * lives)
        return np.asarray(np.where(rng.random(len(rows)) < self._alive(rows), bought, 0), np.int64)

    def draw_parameters(self, number: int, rng: np.random.Generator) -> list[ParetoNbd]:
        """Return the model with other parameters that the data also allow (Laplace)."""
        here = np.log([self.r, self.alpha, self.s, self.beta])
        drawn = np.exp(draw_thetas(here, self.covariance, number, rng))
        return [
            replace(self, r=float(r), alpha=float(alpha), s=float(s), beta=float(beta))
            for r, alpha, s, beta in drawn
        ]

    def _alive(self, rows: Histories) -> Floats:
        stays, left = self._terms(rows)
        return np.asarray(np.exp(stays - np.logaddexp(stays, left)))

    def _terms(self, rows: Histories) -> tuple[Floats, Floats]:
        theta = np.log([self.r, self.alpha, self.s, self.beta])
        stays, left = np.empty(len(rows)), np.empty(len(rows))
        for low in range(0, len(rows), BLOCK):
            some = slice(low, low + BLOCK)
            block = Histories(rows.x[some], rows.tx[some], rows.t[some], rows.weight[some])
            stays[some], left[some] = _log_terms(block, theta)[:2]
        return stays, left


def fit_pareto_nbd(frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> ParetoNbd:
    """Fit Pareto/NBD by maximum likelihood; arguments and errors as for `fit_bg_nbd`.

    Examples
    --------
    >>> model = fit_pareto_nbd([2, 1, 0, 0, 7, 1], [30.4, 1.7, 0, 0, 29.4, 5], [38.9] * 6)
    >>> bool(0 < model.probability_alive(0, 0, 38.9)[0] < 1)
    True
    """
    histories = read_histories(frequency, recency, age)
    if not len(histories):
        raise ParameterError("There is no customer to fit on. Give at least one buying history.")
    scale = 1 / typical_age(histories)
    rows = compress(histories.scaled(scale))
    part = some_rows(rows)
    score = _ParetoScore(rows)
    rough = score if part is rows else _ParetoScore(part)
    mean = max(float(rows.weight @ rows.x) / rows.customers, 0.01)
    starts = np.log([[0.5, 0.5 / mean, 0.6, 0.5], [1.0, 1.0 / mean, 1.0, 3.0]])
    peak = maximise(score, rough, starts.tolist(), rows.customers)
    r, alpha, s, beta = (float(value) for value in np.exp(peak.theta))
    value = unscaled_value(peak, rows, scale)
    return ParetoNbd(r, alpha / scale, s, beta / scale, value, peak.covariance, peak.is_at_bound)


@dataclass(frozen=True, eq=False)
class _ParetoScore:
    """θ = log(r, α, s, β) → (Σ log L, its gradient), over weighted histories."""

    rows: Histories

    @cached_property
    def _counts(self) -> tuple[Floats, Floats]:
        values, place = np.unique(self.rows.x, return_inverse=True)
        return values, np.bincount(place, weights=self.rows.weight)

    def __call__(self, theta: Floats) -> tuple[float, Floats]:
        r, alpha, s, beta = np.exp(theta)
        x, weight = self._counts
        total = float(weight.sum())
        value = float(weight @ (gammaln(r + x) - gammaln(r))) + total * (r * np.log(alpha) + s * np.log(beta))
        slope = np.array(
            [
                weight @ digamma(r + x) + total * (np.log(alpha) - digamma(r)),
                total * r / alpha,
                total * np.log(beta),
                total * s / beta,
            ]
        )
        for low in range(0, len(self.rows), BLOCK):
            some = slice(low, low + BLOCK)
            block = Histories(*(part[some] for part in _parts(self.rows)))
            more, steeper = _block_score(block, theta)
            value, slope = value + more, slope + steeper
        return value, slope * (r, alpha, s, beta)


def _parts(rows: Histories) -> tuple[Floats, Floats, Floats, Floats]:
    return rows.x, rows.tx, rows.t, rows.weight


def _block_score(rows: Histories, theta: Floats) -> tuple[float, Floats]:
    """Return Σ log(A + B) and its gradient over r, α, s, β.

    The gradient of log(A + B) is the mean of the scores of A and of the integrand of B, weighted by what
    each brings.
    """
    r, alpha, s, beta = np.exp(theta)
    stays, left, share, dead_at = _log_terms(rows, theta)
    total = np.logaddexp(stays, left)
    alive = np.exp(stays - total)
    portion = np.exp(left - total)[:, None] * share
    power = r + rows.x
    here, there = np.log(alpha + rows.t), np.log(beta + rows.t)
    slope = [
        -alive * here - (portion * np.log(alpha + dead_at)).sum(axis=1),
        -power * (alive / (alpha + rows.t) + (portion / (alpha + dead_at)).sum(axis=1)),
        -alive * there + (portion * (1 / s - np.log(beta + dead_at))).sum(axis=1),
        -alive * s / (beta + rows.t) - (s + 1) * (portion / (beta + dead_at)).sum(axis=1),
    ]
    return float(rows.weight @ total), np.array([rows.weight @ part for part in slope])


@cache
def _rule() -> tuple[Floats, Floats]:
    return np.polynomial.legendre.leggauss(NODES)


def _log_terms(rows: Histories, theta: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return log A, log B, and of B's integral the shares and the times τ of its points."""
    r, alpha, s, beta = np.exp(theta)
    power = r + rows.x
    stays = -power * np.log(alpha + rows.t) - s * np.log(beta + rows.t)
    points, weights = _rule()
    g = min(alpha, beta)
    first = alpha + rows.tx
    with np.errstate(over="ignore"):
        faded = rows.tx + first * np.expm1(FADED / power)
    reach = np.log((g + np.minimum(rows.t, faded)) / (g + rows.tx))[:, None]
    later = (g + rows.tx)[:, None] * np.exp(reach * (1 + points) / 2)
    dead_at = later - g
    with np.errstate(divide="ignore", invalid="ignore"):
        height = (
            np.log(later * weights / 2 * reach)
            - power[:, None] * np.log(alpha + dead_at)
            - (s + 1) * np.log(beta + dead_at)
        )
        highest = height.max(axis=1)
        share = np.exp(height - highest[:, None])
        area = share.sum(axis=1)
        left = np.log(s) + highest + np.log(area)
        share = np.where(np.isfinite(left)[:, None], share / area[:, None], 0.0)
    left = np.where(np.isfinite(left), left, -np.inf)
    return stays, left, share, dead_at
