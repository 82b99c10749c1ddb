"""BG/NBD and MBG/NBD: fitted by maximum likelihood (formulas: `beta_geometric`)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from helpers.customers.value.arguments import ArrayLike, Histories, compress, read_histories, read_times
from helpers.customers.value.beta_geometric import (
    BetaGeometricScore,
    expected_while_alive,
    log_density,
    log_odds_gone,
)
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

LEAST_CHANCE = 1e-12  # of leaving, in draws


@dataclass(frozen=True, eq=False)
class _BetaGeometric:
    """What both models share.

    Parameters
    ----------
    r, alpha
        Shape and rate of the purchase rates λ among customers; alpha in the unit of time.
    a, b
        Of the probability p to leave after a purchase.
    log_likelihood
        Σ log L of the customers that it was fitted on.
    covariance
        Of log(r, alpha, a, b), by Laplace; shape (4, 4).
    is_at_bound
        Whether a parameter ran to the bound of the search: the data do not pin it down.
    """

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float
    covariance: Floats
    is_at_bound: bool = False

    shift: ClassVar[int]
    name: ClassVar[str]

    def expected_purchases(
        self, t: ArrayLike, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike
    ) -> Floats:
        """Return the expected purchases in (T, T + t] of each customer, given its history.

        Parameters
        ----------
        t
            Time ahead, one number or one per customer; 0 or more.
        frequency, recency, age
            x, tx and T of each customer, in the unit of time of the fit.

        Raises
        ------
        ParameterError
            A value cannot be meant (`read_histories`).
        """
        rows = read_histories(frequency, recency, age)
        ahead = read_times(t, len(rows))
        ab = np.array([self.a, self.b])
        stays = expit(-log_odds_gone(rows, self.shift, self.r, self.alpha, self.a, self.b))
        return np.asarray(stays * expected_while_alive(ahead, rows, self.shift, self.r, self.alpha, ab))

    def probability_alive(self, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """Return P(alive at T) of each customer, 0–1.

        Never rank by that of BG/NBD: it is 1 for everyone who bought once, however long ago.
        """
        rows = read_histories(frequency, recency, age)
        odds = log_odds_gone(rows, self.shift, self.r, self.alpha, self.a, self.b)
        return np.asarray(expit(-odds))

    def median_wait(self, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """Return the time by which each, if still a customer, has bought again with probability ½."""
        rows = read_histories(frequency, recency, age)
        return median_wait_while_alive(self.r, self.alpha, rows.x, rows.t)

    def log_density(self, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """Return log L of each customer."""
        rows = read_histories(frequency, recency, age)
        return log_density(rows, self.shift, self.r, self.alpha, self.a, self.b)

    def draw_purchases(
        self, t: float, frequency: Floats, recency: Floats, age: Floats, rng: np.random.Generator
    ) -> Ints:
        """Return one draw of each customer's purchases in (T, T + t].

        Drawn are whether it is alive, λ ~ Gamma(r + x, α + T) and p ~ Beta(a, b + d); it then buys as often
        as a Poisson process does, but no more often than until it leaves.
        """
        rows = Histories(frequency, recency, age, np.ones(len(frequency)))
        odds = log_odds_gone(rows, self.shift, self.r, self.alpha, self.a, self.b)
        rate = rng.gamma(self.r + rows.x) / (self.alpha + rows.t)
        leaving = np.clip(rng.beta(self.a, self.b + rows.x + self.shift), LEAST_CHANCE, 1.0)
        bought = np.minimum(rng.poisson(rate * t), rng.geometric(leaving))
        return np.asarray(np.where(rng.random(len(rows)) < expit(-odds), bought, 0), np.int64)

    def draw_parameters(self, number: int, rng: np.random.Generator) -> list[Self]:
        """Return the model with other parameters that the data also allow (Laplace)."""
        here = np.log([self.r, self.alpha, self.a, self.b])
        drawn = np.exp(draw_thetas(here, self.covariance, number, rng))
        return [
            replace(self, r=float(r), alpha=float(alpha), a=float(a), b=float(b)) for r, alpha, a, b in drawn
        ]

    @classmethod
    def _fit(cls, histories: Histories) -> Self:
        scale = 1 / typical_age(histories)
        rows = compress(histories.scaled(scale))
        part = some_rows(rows)
        score = BetaGeometricScore(rows, cls.shift)
        rough = score if part is rows else BetaGeometricScore(part, cls.shift)
        mean = max(float(rows.weight @ rows.x) / rows.customers, 0.01)
        starts = np.log([[0.5, 0.5 / mean, 0.8, 2.5], [1.0, 1.0 / mean, 0.5, 10.0]])
        peak = maximise(score, rough, starts.tolist(), rows.customers)
        r, alpha, a, b = (float(value) for value in np.exp(peak.theta))
        value = unscaled_value(peak, rows, scale)
        return cls(r, alpha / scale, a, b, value, peak.covariance, peak.is_at_bound)


class BgNbd(_BetaGeometric):
    """A fitted BG/NBD; what it holds stands with `_BetaGeometric`."""

    shift = 0
    name = "BG/NBD"


class MbgNbd(_BetaGeometric):
    """A fitted MBG/NBD: a customer may leave after the first purchase too."""

    shift = 1
    name = "MBG/NBD"


def fit_bg_nbd(frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> BgNbd:
    """Fit BG/NBD by maximum likelihood.

    Parameters
    ----------
    frequency
        x, repeat purchases of each customer.
    recency
        tx, its age at the last purchase; 0 where it bought once. Any unit of time.
    age
        T, time since its first purchase, in the same unit.

    Returns
    -------
    BgNbd
        r, alpha, a, b, log_likelihood; `expected_purchases`, `probability_alive`.

    Raises
    ------
    ParameterError
        There is no customer, or values cannot be meant.

    Examples
    --------
    >>> model = fit_bg_nbd([2, 1, 0, 0, 7, 1], [30.4, 1.7, 0, 0, 29.4, 5], [38.9] * 6)
    >>> model.expected_purchases(39, [0, 7], [0, 29.4], 38.9).round(1)
    array([0.5, 6.5])
    """
    return BgNbd._fit(_some_customers(read_histories(frequency, recency, age)))


def fit_mbg_nbd(frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> MbgNbd:
    """Fit MBG/NBD by maximum likelihood; arguments and errors as for `fit_bg_nbd`."""
    return MbgNbd._fit(_some_customers(read_histories(frequency, recency, age)))


def _some_customers(histories: Histories) -> Histories:
    if not len(histories):
        raise ParameterError("There is no customer to fit on. Give at least one buying history.")
    return histories
