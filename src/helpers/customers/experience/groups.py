"""Effects of groups of customers, each drawn towards the others as far as its own evidence is thin.

    d_g = δ_g + noise,   noise ~ N(0, s_g²)
    δ_g ~ (1 − ε) N(μ, τ²) + ε N(μ, w²)          ε = 0.2, w = 0.25 of later buying

Most groups are alike (μ and τ are averaged over a grid by what the other groups say); one in five may be
quite unlike them, because a plain normal prior would draw such a one in only because the others agree.
Mixture as in Mitchell and Beauchamp (1988), "Bayesian variable selection in linear regression", and Stephens
(2017), "False discovery rates: a new deal"; ε and w are chosen beforehand, not fitted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

UNLIKE, WIDE = 0.2, 0.25
PLACES, MEANS, SPREADS = 1201, 41, 15


@dataclass(frozen=True, eq=False)
class Shrunk:
    """What is known of each group's effect after all groups were seen; shapes (groups,)."""

    mean: Floats
    low: Floats
    high: Floats


def shrink(found: Floats, sd: Floats, level: float) -> Shrunk:
    """Shrink the effects of groups towards each other.

    Parameters
    ----------
    found, sd
        Estimate of each group, as a share, and its standard deviation, shape (groups,); nan where a group
        has none.
    level
        Probability of the interval.

    Returns
    -------
    Shrunk
        Posterior mean and limits; of a group without an estimate what the other groups make one expect.

    Examples
    --------
    >>> near = shrink(np.array([-0.02, 0.0, 0.01, -0.3]), np.array([0.01, 0.01, 0.01, 0.05]), 0.95)
    >>> bool(near.mean[3] < -0.2), bool(abs(near.mean[1]) < 0.02)
    (True, True)
    """
    known = np.isfinite(found) & np.isfinite(sd) & (sd > 0)
    if not known.any():
        empty = np.full(len(found), np.nan)
        return Shrunk(empty, empty, empty)
    place = _places(found[known], sd[known])
    prior, total = _priors(place, found[known], sd[known])
    flat = np.ones(len(place))
    like = [_normal(place, found[g], sd[g]) if known[g] else flat for g in range(len(found))]
    chance = np.stack([_without(prior, total, own) * own for own in like])
    chance /= chance.sum(axis=1, keepdims=True)
    below, tail = np.cumsum(chance, axis=1), (1 - level) / 2
    low, high = (np.array([np.interp(part, row, place) for row in below]) for part in (tail, 1 - tail))
    return Shrunk(chance @ place, low, high)


def _places(found: Floats, sd: Floats) -> Floats:
    """Return the grid of effects: wide enough for every estimate, finest around the middle one."""
    middle, finest = float(np.median(found)), float(sd.min()) / 8
    ends = np.array([(found - 4 * sd).min() - WIDE, (found + 4 * sd).max() + WIDE]) - middle
    first, last = np.arcsinh(ends / (20 * finest)).tolist()
    bent = np.linspace(first, last, PLACES)
    return np.asarray(middle + 20 * finest * np.sinh(bent))


def _priors(place: Floats, found: Floats, sd: Floats) -> tuple[Floats, Floats]:
    """Return the prior of each (μ, τ), shape (grid, places), and the log likelihood of all groups."""
    middle, finest = float(np.average(found, weights=sd**-2.0)), float(sd.min())
    means = np.linspace(float(np.quantile(found, 0.1)), float(np.quantile(found, 0.9)), MEANS)
    means = np.r_[means, middle]
    spreads = np.geomspace(finest / 2, max(WIDE / 2, finest), SPREADS)
    mean, spread = (part.ravel()[:, None] for part in np.meshgrid(means, spreads, indexing="ij"))
    step = np.gradient(place)
    shape = (1 - UNLIKE) * _density(place, mean, spread) + UNLIKE * _density(place, mean, WIDE)
    prior = shape * step
    prior /= prior.sum(axis=1, keepdims=True)
    like = np.stack([_normal(place, one, wide) for one, wide in zip(found, sd, strict=True)])
    return prior, np.log(np.maximum(prior @ like.T, 1e-300)).sum(axis=1)


def _without(prior: Floats, total: Floats, own: Floats) -> Floats:
    """Mix the priors by what the other groups say of them (the group's own word comes afterwards)."""
    others = total - np.log(np.maximum(prior @ own, 1e-300))
    weight = np.exp(others - others.max())
    return np.asarray((weight / weight.sum()) @ prior)


def _density(place: Floats, mean: Floats, spread: Floats | float) -> Floats:
    return np.asarray(np.exp(-(((place - mean) / spread) ** 2) / 2) / spread)


def _normal(place: Floats, middle: float, sd: float) -> Floats:
    return np.asarray(np.exp(-(((place - middle) / sd) ** 2) / 2))
