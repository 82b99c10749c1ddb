"""What every buying model can say of a customer: the door through which the rest of the room uses it."""

from __future__ import annotations

from typing import Protocol, Self

import numpy as np
import numpy.typing as npt

from helpers.customers.value.arguments import ArrayLike, Histories
from helpers.customers.value.maximum import Peak

type Floats = npt.NDArray[np.float64]
type Ints = npt.NDArray[np.int64]

ROUGH_ROWS = 20_000  # rows on which the search begins where there are more


class BuyingModel(Protocol):
    """A fitted model of who buys when, and who has left."""

    @property
    def name(self) -> str:
        """Name in the literature."""

    @property
    def log_likelihood(self) -> float:
        """Σ log L of the customers that it was fitted on, in their unit of time."""

    @property
    def is_at_bound(self) -> bool:
        """Whether the data do not pin down all parameters."""

    def expected_purchases(
        self, t: ArrayLike, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike
    ) -> Floats:
        """Return the expected purchases in the next `t`, given what each customer did."""

    def probability_alive(self, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """Return the probability that each is still a customer."""

    def median_wait(self, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """Return the time by which each, if still a customer, has bought again with probability ½."""

    def log_density(self, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """Return log L of each customer."""

    def draw_purchases(
        self, t: float, frequency: Floats, recency: Floats, age: Floats, rng: np.random.Generator
    ) -> Ints:
        """Return one draw of each customer's purchases in the next `t`."""

    def draw_parameters(self, number: int, rng: np.random.Generator) -> list[Self]:
        """Return the model with other parameters that the data also allow (Laplace)."""


def typical_age(histories: Histories) -> float:
    """Return the age by which time is scaled, so that parameters are of one size in any unit."""
    positive = histories.t[histories.t > 0]
    return float(np.median(positive)) if len(positive) else 1.0


def some_rows(histories: Histories) -> Histories:
    """Return the rows for the first search: all, or a drawn part of very many."""
    if len(histories) <= 2 * ROUGH_ROWS:
        return histories
    drawn = np.random.default_rng(0).choice(len(histories), ROUGH_ROWS, replace=False)
    return histories.rows(np.sort(drawn).astype(np.int64))


def unscaled_value(peak: Peak, histories: Histories, scale: float) -> float:
    """Return the log-likelihood in the unit of time that came, after a fit in scaled time."""
    return peak.value + float(histories.weight @ histories.x) * float(np.log(scale))


def median_wait_while_alive(r: float, alpha: float, x: Floats, t: Floats) -> Floats:
    """Return the median of the time to the next purchase, λ ~ Gamma(r + x, α + T).

    P(wait > w) = ((α+T)/(α+T+w))^(r+x), so w = (α+T)·(2^(1/(r+x)) − 1).
    """
    with np.errstate(over="ignore"):
        return np.asarray((alpha + t) * np.expm1(np.log(2.0) / (r + x)))
