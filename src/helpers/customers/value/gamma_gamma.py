"""Gamma–gamma: what a customer spends per purchase, from what it spent so far.

    spend of one purchase ~ Gamma(p, ν),  ν ~ Gamma(q, v) differs between customers
    log L = log Γ(px+q) − log Γ(px) − log Γ(q) + q·log v + (px−1)·log m + px·log x − (px+q)·log(x·m + v)
    E[mean spend | x, m] = p (v + x·m) / (p·x + q − 1)

with x purchases of mean spend m > 0. The expectation is a weighted mean of m and of all customers' mean
p·v/(q−1), and linear in m; so it also serves customers whose mean is zero or below, who cannot take part in
the fit.

Source: P. Fader, B. Hardie, "The gamma-gamma model of monetary value" (2013), eq. (1a) and (5).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import digamma, gammaln

from helpers.customers.value.arguments import ArrayLike, read_money
from helpers.customers.value.maximum import draw_thetas, maximise
from helpers.errors import ParameterError

type Floats = npt.NDArray[np.float64]

ROUGH_ROWS = 20_000


@dataclass(frozen=True, eq=False)
class GammaGamma:
    """A fitted gamma–gamma model.

    Parameters
    ----------
    p, q, v
        p: shape of one customer's spends; q, v: shape and rate of ν among customers, v in money.
    log_likelihood
        Σ log L of the customers that it was fitted on.
    covariance
        Of log(p, q, v), by Laplace; shape (3, 3).
    customers, left_out
        Customers with repeat purchases that were fitted, and those left out as their mean is not above 0.
    is_at_bound
        Whether a parameter ran to the bound of the search: the data do not pin it down.
    """

    p: float
    q: float
    v: float
    log_likelihood: float
    covariance: Floats
    customers: int
    left_out: int
    is_at_bound: bool = False

    @property
    def mean_spend(self) -> float:
        """p·v/(q−1), the mean of all customers; infinite where q ≤ 1."""
        return self.p * self.v / (self.q - 1) if self.q > 1 else float("inf")

    def expected_value(self, frequency: ArrayLike, monetary_value: ArrayLike) -> Floats:
        """Return the expected mean spend per purchase of each customer, money.

        Parameters
        ----------
        frequency
            x, purchases that `monetary_value` is the mean of; where it is 0, all customers' mean is given.
        monetary_value
            m, mean spend.
        """
        x, m = read_money(frequency, monetary_value)
        return np.asarray(self.p * (self.v + x * m) / np.maximum(self.p * x + self.q - 1, 1e-9))

    def draw_totals(
        self, orders: npt.NDArray[np.int64], x: Floats, m: Floats, rng: np.random.Generator
    ) -> Floats:
        """Return one draw of what each customer spends in its next `orders` purchases.

        ν ~ Gamma(q + p·x, v + x·m) is what its history says, and the sum of n purchases is Gamma(p·n, ν). A
        mean below zero is drawn as zero and moved down by what that changes in the expectation.
        """
        positive = np.maximum(m, 0.0)
        rate = np.maximum(rng.gamma(self.q + self.p * x), 1e-12) / (self.v + x * positive)
        drawn = rng.gamma(np.maximum(self.p * orders, 1e-12)) / rate
        below = self.p * x * (m - positive) / np.maximum(self.p * x + self.q - 1, 1e-9)
        return np.asarray(np.where(orders > 0, drawn + orders * below, 0.0))

    def draw_parameters(self, number: int, rng: np.random.Generator) -> list[GammaGamma]:
        """Return the model with other parameters that the data also allow (Laplace), q above 1."""
        drawn = np.exp(draw_thetas(np.log([self.p, self.q, self.v]), self.covariance, number, rng))
        least = min(self.q, 1.05)
        return [replace(self, p=float(p), q=float(max(q, least)), v=float(v)) for p, q, v in drawn]


def fit_gamma_gamma(frequency: ArrayLike, monetary_value: ArrayLike) -> GammaGamma:
    """Fit the gamma–gamma model by maximum likelihood.

    Parameters
    ----------
    frequency
        x, purchases per customer that the mean is taken over.
    monetary_value
        m, mean money of them. Customers without purchases, or with a mean of 0 or below, are left out.

    Raises
    ------
    ParameterError
        No customer is left, or values cannot be meant.

    Examples
    --------
    >>> spend = fit_gamma_gamma([2, 1, 7, 1, 5, 0], [22.35, 11.77, 73.74, 11.77, 25.55, 0])
    >>> bool(spend.expected_value([7], [73.74])[0] > spend.expected_value([1], [11.77])[0])
    True
    """
    x, m = read_money(frequency, monetary_value)
    fits = (x > 0) & (m > 0)
    if not fits.any():
        raise ParameterError(
            f"None of {len(x):,} customers has a repeat purchase with money above 0. "
            "Give at least one, or use the mean of all purchases."
        )
    scale = float(np.median(m[fits]))
    score = _GammaGammaScore(x[fits], m[fits] / scale)
    rough = score
    if len(score.x) > 2 * ROUGH_ROWS:
        some = np.random.default_rng(0).choice(len(score.x), ROUGH_ROWS, replace=False)
        rough = _GammaGammaScore(score.x[some], score.m[some])
    starts = np.log([[3.0, 3.0, 1.0], [1.0, 1.5, 1.0], [20.0, 20.0, 1.0]])
    peak = maximise(score, rough, starts.tolist(), float(fits.sum()))
    p, q, v = (float(value) for value in np.exp(peak.theta))
    value = peak.value - float(fits.sum()) * float(np.log(scale))
    left_out = int((x > 0).sum() - fits.sum())
    return GammaGamma(p, q, v * scale, value, peak.covariance, int(fits.sum()), left_out, peak.is_at_bound)


@dataclass(frozen=True, eq=False)
class _GammaGammaScore:
    """θ = log(p, q, v) → (Σ log L, its gradient)."""

    x: Floats
    m: Floats

    def __call__(self, theta: Floats) -> tuple[float, Floats]:
        p, q, v = np.exp(theta)
        x, m = self.x, self.m
        n = len(x)
        counts, place = np.unique(x, return_inverse=True)
        number = np.bincount(place)
        shape = p * counts
        sums = np.log(x * m + v)
        value = number @ (gammaln(shape + q) - gammaln(shape)) + n * (q * theta[2] - gammaln(q))
        value += ((p * x - 1) * np.log(m) + p * x * np.log(x) - (p * x + q) * sums).sum()
        slope = np.array(
            [
                number @ (counts * (digamma(shape + q) - digamma(shape)))
                + (x * (np.log(m) + np.log(x) - sums)).sum(),
                number @ digamma(shape + q) + n * (theta[2] - digamma(q)) - sums.sum(),
                n * q / v - ((p * x + q) / (x * m + v)).sum(),
            ]
        )
        return float(value), slope * (p, q, v)
