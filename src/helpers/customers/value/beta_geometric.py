"""The likelihood that BG/NBD and MBG/NBD share.

While alive a customer buys at random with a rate λ ~ Gamma(r, α); after each purchase it leaves with a
probability p ~ Beta(a, b). In BG/NBD this may happen after each repeat purchase, in MBG/NBD after the first
one too. With x repeat purchases, the last at tx, seen until T, a customer had

    d = x + k,  k = 0 (BG/NBD) or 1 (MBG/NBD)

chances to leave, and

    L = Γ(r+x)/Γ(r) · α^r · B(a, b+d)/B(a, b) · [(α+T)^−(r+x) + (d>0) · a/(b+d−1) · (α+tx)^−(r+x)]
    P(alive) = first term of the bracket ÷ bracket
    E[purchases in (T, T+t]] = P(alive) · E[(1 − (1 + p·t/(α+T))^−(r+x)) / p],   p ~ Beta(a, b+d)

The last expectation is the 2F1 of the papers, integrated by Gauss and Jacobi's rule: no cancellation, no
overflow for customers with thousands of orders, and no hole at a = 1.

Sources: P. Fader, B. Hardie, K. Lee, "'Counting your customers' the easy way", Marketing Science 24 (2005),
eq. (6) and (10); E. Batislam, M. Denizel, A. Filiztekin, "Empirical validation and comparison of models for
customer base analysis", Int. J. Research in Marketing 24 (2007).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigh_tridiagonal
from scipy.special import digamma, expit, gammaln

from helpers.customers.value.arguments import Histories

type Floats = npt.NDArray[np.float64]

NODES = 48
BLOCK = 100_000  # rows that are integrated at once


@dataclass(frozen=True, eq=False)
class BetaGeometricScore:
    """θ = log(r, α, a, b) → (Σ log L, its gradient), over weighted histories.

    Parameters
    ----------
    histories
        The rows; gamma functions are taken once per number of purchases, not once per row.
    shift
        k: 0 for BG/NBD, 1 for MBG/NBD.
    """

    histories: Histories
    shift: int

    @cached_property
    def _counts(self) -> tuple[Floats, Floats]:
        """Distinct numbers of purchases, and the customers with each."""
        values, place = np.unique(self.histories.x, return_inverse=True)
        return values, np.bincount(place, weights=self.histories.weight)

    def __call__(self, theta: Floats) -> tuple[float, Floats]:
        """Return the log-likelihood and its gradient over θ."""
        r, alpha, a, b = np.exp(theta)
        value, slope = self._by_count(r, alpha, a, b)
        rows, weight = self.histories, self.histories.weight
        d = rows.x + self.shift
        power = r + rows.x
        log_age, log_last = np.log(alpha + rows.t), np.log(alpha + rows.tx)
        left = np.maximum(b + d - 1, 1e-12)
        odds = np.where(d > 0, np.log(a / left) + power * (log_age - log_last), -np.inf)
        alive = expit(-odds)
        gone = 1 - alive
        value += float(weight @ (np.logaddexp(0.0, odds) - power * log_age))
        slope += [
            -(weight @ (alive * log_age + gone * log_last)),
            -(weight @ (power * (alive / (alpha + rows.t) + gone / (alpha + rows.tx)))),
            weight @ gone / a,
            -(weight @ (gone / left)),
        ]
        return value, slope * (r, alpha, a, b)

    def _by_count(self, r: float, alpha: float, a: float, b: float) -> tuple[float, Floats]:
        """Return the part of ℓ, and of its gradient over r, α, a, b, that needs x alone."""
        x, weight = self._counts
        total = float(weight.sum())
        value = weight @ _by_count(x, self.shift, r, alpha, a, b)
        d = x + self.shift
        shared = total * digamma(a + b) - weight @ digamma(a + b + d)
        slope = [
            weight @ digamma(r + x) + total * (np.log(alpha) - digamma(r)),
            total * r / alpha,
            shared,
            shared + weight @ digamma(b + d) - total * digamma(b),
        ]
        return float(value), np.array(slope)


def log_density(rows: Histories, shift: int, r: float, alpha: float, a: float, b: float) -> Floats:
    """Return log L of each row."""
    power = r + rows.x
    odds = log_odds_gone(rows, shift, r, alpha, a, b)
    counted = _by_count(rows.x, shift, r, alpha, a, b)
    return np.asarray(counted + np.logaddexp(0.0, odds) - power * np.log(alpha + rows.t))


def log_odds_gone(rows: Histories, shift: int, r: float, alpha: float, a: float, b: float) -> Floats:
    """Return log of P(gone) ÷ P(alive) of each row; −inf where a customer had no chance to leave."""
    d = rows.x + shift
    left = np.maximum(b + d - 1, 1e-12)
    ratio = np.log(alpha + rows.t) - np.log(alpha + rows.tx)
    return np.where(d > 0, np.log(a / left) + (r + rows.x) * ratio, -np.inf)


def expected_while_alive(
    t: Floats, rows: Histories, shift: int, r: float, alpha: float, ab: Floats
) -> Floats:
    """Return E[purchases in the next t | alive] of each row; t per row, a and b in `ab`."""
    found = np.empty(len(rows))
    if not len(rows):
        return found
    counts, place = np.unique(rows.x, return_inverse=True)
    order = np.argsort(place, kind="stable")
    ends = np.cumsum(np.bincount(place, minlength=len(counts)))
    for count, end, start in zip(counts, ends, [0, *ends[:-1]], strict=True):
        p, weight = beta_rule(ab[0], ab[1] + count + shift)
        for low in range(start, end, BLOCK):
            some = order[low : min(low + BLOCK, end)]
            speed = np.outer(t[some] / (alpha + rows.t[some]), p)
            left = -np.expm1(-(r + count) * np.log1p(speed))
            found[some] = left @ (weight / p)
    return found


@lru_cache(maxsize=2048)
def beta_rule(a: float, b: float, nodes: int = NODES) -> tuple[Floats, Floats]:
    """Return points in (0, 1) and weights that integrate over Beta(a, b).

    Gauss and Jacobi's rule from its recurrence (Golub and Welsch, Math. Comp. 23, 1969); exact for
    polynomials up to the degree 2·nodes − 1.

    >>> p, weight = beta_rule(0.8, 2.4)
    >>> round(float(weight @ p), 6), 0.8 / 3.2
    (0.25, 0.25)
    """
    n = np.arange(nodes, dtype=float)
    total = 2 * n + a + b
    with np.errstate(invalid="ignore", divide="ignore"):
        middle = (a - b) * (a + b - 2) / ((total - 2) * total)
    middle[0] = (a - b) / (a + b)
    middle = np.where(np.isfinite(middle), middle, 0.0)
    k = n[1:]
    s = 2 * k + a + b - 2
    with np.errstate(invalid="ignore", divide="ignore"):
        off = 4 * k * (k + a - 1) * (k + b - 1) * (k + a + b - 2) / (s**2 * (s + 1) * (s - 1))
    off[0] = 4 * a * b / ((a + b) ** 2 * (a + b + 1))
    points, vectors = eigh_tridiagonal(middle, np.sqrt(off))
    return np.clip((1 + points) / 2, 1e-15, 1.0), vectors[0] ** 2


def _by_count(x: Floats, shift: int, r: float, alpha: float, a: float, b: float) -> Floats:
    d = x + shift
    return np.asarray(
        gammaln(r + x)
        - gammaln(r)
        + r * np.log(alpha)
        + gammaln(a + b)
        + gammaln(b + d)
        - gammaln(b)
        - gammaln(a + b + d)
    )
