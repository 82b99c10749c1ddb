"""How often each customer buys, and whether it still does, as a distribution over a grid of rates.

While alive a customer buys on λ days a week, at random; it leaves for good at the weekly hazard μ, unseen.
Of x buying days after the first, the last at t of T weeks, the likelihood is

    L(λ, μ) = λˣ / (λ + μ) · [ μ·e^(−(λ+μ)·t) + λ·e^(−(λ+μ)·T) ],

whose second part is that of a living customer (Schmittlein, Morrison and Colombo 1987, "Counting your
customers", equation for known λ and μ). How λ and μ are spread over customers takes no form: weights on a
grid, by EM (Laird 1978, "Nonparametric maximum likelihood estimation of a mixing distribution").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RATES = 24
HAZARDS = np.geomspace(1 / 1000, 1 / 8, 6)  # per week: a stay of two months to twenty years
ROUNDS = 60
FITTED_ON = 5_000  # customers; more do not move the weights
FEWEST_WEEKS = 0.5


@dataclass(frozen=True, eq=False)
class BuyingRates:
    """What is known of each customer's rate on one day.

    Parameters
    ----------
    rate
        λ of the grid, buying days per week; shape (g,).
    weight
        Probability that the customer is alive and has the rate; shape (n, g), the rest is gone.
    """

    rate: Floats
    weight: Floats

    @property
    def alive(self) -> Floats:
        """Probability that each customer still buys; shape (n,)."""
        return np.asarray(self.weight.sum(axis=1))

    @property
    def expected(self) -> Floats:
        """Expected buying days per week, those of the gone being none; shape (n,)."""
        return np.asarray(self.weight @ self.rate)


def buying_rates(repeats: Floats, last: Floats, age: Floats) -> BuyingRates:
    """Return the rates of customers from three numbers each.

    Parameters
    ----------
    repeats
        x, buying days after the first, 0 for who never bought.
    last
        t, weeks from the first day to the last buying day.
    age
        T, weeks from the first day to today; at least t.

    Examples
    --------
    >>> rates = buying_rates(np.array([20.0, 20.0]), np.array([50.0, 10.0]), np.array([51.0, 51.0]))
    >>> bool(rates.alive[0] > 0.9 > 0.1 > rates.alive[1])
    True
    """
    weeks = np.maximum(age, FEWEST_WEEKS)
    rate = _grid(repeats, weeks)
    gone, alive = _likelihood(repeats, last, weeks, rate)
    whole = gone + alive
    step = max(1, -(-len(whole) // FITTED_ON))
    share = _shares(whole[::step])
    both = whole @ share
    posterior = (alive * share) / np.maximum(both, 1e-300)[:, None]
    return BuyingRates(rate, posterior.reshape(len(weeks), RATES, len(HAZARDS)).sum(axis=2))


def _grid(repeats: Floats, weeks: Floats) -> Floats:
    """Span the rates from rarer than anybody could show to half as much again as the busiest."""
    if not len(weeks):
        return np.geomspace(0.01, 1.0, RATES)
    most = float(((repeats + 1) / np.maximum(weeks, 4.0)).max()) * 1.5
    return np.geomspace(min(0.3 / float(weeks.max()), most / 10), most, RATES)


def _likelihood(repeats: Floats, last: Floats, weeks: Floats, rate: Floats) -> tuple[Floats, Floats]:
    """Return the two parts of L on the grid, scaled per customer by its largest value; shape (n, g·h)."""
    lam, mu = (part.ravel()[None, :] for part in np.meshgrid(rate, HAZARDS, indexing="ij"))
    total = lam + mu
    first = repeats[:, None] * np.log(lam) - np.log(total)
    gone = first + np.log(mu) - total * last[:, None]
    alive = first + np.log(lam) - total * weeks[:, None]
    top = np.maximum(gone, alive).max(axis=1, keepdims=True)
    return np.exp(gone - top), np.exp(alive - top)


def _shares(likelihood: Floats) -> Floats:
    """Return the weights of the grid points by EM from equal ones; stopped early, they stay smooth."""
    points = likelihood.shape[1]
    share = np.full(points, 1 / points)
    for _ in range(ROUNDS if len(likelihood) else 0):
        posterior = likelihood * share
        share = (posterior / posterior.sum(axis=1, keepdims=True)).mean(axis=0)
    return share
