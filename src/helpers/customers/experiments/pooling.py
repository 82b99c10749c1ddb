"""Effects of several campaigns (or groups) taken together.

    e_i ~ N(θ_i, s_i²),   θ_i ~ N(μ, τ²)

`pool_effects`: weights w_i = 1/(s_i² + τ²) with τ² of DerSimonian and Laird; from three campaigns on the
interval is that of Knapp and Hartung with k − 1 degrees of freedom, never narrower than the plain one.
`shrink_effects`: each θ_i given all e, the posterior with flat priors on μ and on τ over a grid: an effect
that is measured badly goes to the mean of the others, one that is measured well stays.

Sources: DerSimonian, Laird, Controlled Clinical Trials 1986; Knapp, Hartung, Statistics in Medicine 2003;
Gelman et al., Bayesian Data Analysis, 3rd ed., eq. 5.17–5.21.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from helpers.customers.experiments.arms import Floats
from helpers.errors import ParameterError

GRID = 200
DRAWS = 4000


@dataclass(frozen=True)
class PooledEffect:
    """Mean effect over campaigns.

    Parameters
    ----------
    campaigns
        Campaigns with an interval of their own, k.
    effect, standard_error, low, high
        μ with its interval; NaN without campaigns.
    spread
        τ: standard deviation of the true effects between campaigns.
    p_same
        p-value of all true effects being equal (Cochran's Q); NaN for one campaign.
    next_low, next_high
        Interval in which the true effect of one further campaign of this kind is expected.
    """

    campaigns: int
    effect: float
    standard_error: float
    low: float
    high: float
    spread: float
    p_same: float
    next_low: float
    next_high: float

    @property
    def is_knowable(self) -> bool:
        """Whether there is an interval at all."""
        return math.isfinite(self.low)


@dataclass(frozen=True, eq=False)
class ShrunkEffects:
    """Effects after each has borrowed from the others.

    Parameters
    ----------
    mean, low, high
        Posterior of θ[k].
    draws
        Draws from the joint posterior, [DRAWS, k].
    """

    mean: Floats
    low: Floats
    high: Floats
    draws: Floats


def pool_effects(effects: ArrayLike, standard_errors: ArrayLike, *, level: float = 0.95) -> PooledEffect:
    """Return the mean effect of campaigns that may differ.

    Parameters
    ----------
    effects, standard_errors
        e[k] and s[k]; rows with a missing number, or s not above 0, are left out.
    level
        Probability of the intervals.

    Raises
    ------
    ParameterError
        Arrays of two lengths.

    Examples
    --------
    >>> pooled = pool_effects([1.0, 3.0], [1.0, 1.0])
    >>> round(pooled.effect, 1), round(pooled.low, 2), round(pooled.high, 2)
    (2.0, 0.04, 3.96)
    """
    from scipy import stats

    e, s = _known(effects, standard_errors)
    k = len(e)
    if not k:
        return PooledEffect(0, *[math.nan] * 8)
    q, tau2 = _between(e, s)
    w = 1 / (s**2 + tau2)
    mean = float(w @ e / w.sum())
    error = float(1 / math.sqrt(w.sum()))
    quantile = float(stats.norm.ppf((1 + level) / 2))
    if k > 2:
        error *= max(1.0, math.sqrt(float(w @ (e - mean) ** 2) / (k - 1)))
        quantile = float(stats.t.ppf((1 + level) / 2, k - 1))
    half, ahead = quantile * error, quantile * math.hypot(error, math.sqrt(tau2))
    p_same = float(stats.chi2.sf(q, k - 1)) if k > 1 else math.nan
    return PooledEffect(
        k, mean, error, mean - half, mean + half, math.sqrt(tau2), p_same, mean - ahead, mean + ahead
    )


def shrink_effects(
    effects: ArrayLike, standard_errors: ArrayLike, *, level: float = 0.95, seed: int = 0
) -> ShrunkEffects:
    """Return the posterior of each effect given all of them.

    Parameters
    ----------
    effects, standard_errors
        e[k] and s[k] > 0, all finite. A single effect stays as it is.
    level, seed
        Probability of the intervals; seed of the draws.

    Raises
    ------
    ParameterError
        Arrays of two lengths, or a number that is missing.
    """
    e, s = _known(effects, standard_errors)
    if len(e) != np.size(effects):
        raise ParameterError(
            "shrink_effects: an effect or its standard error is missing. Leave such rows out."
        )
    rng = np.random.default_rng(seed)
    k = len(e)
    if k < 2:
        draws = e + s * rng.standard_normal((DRAWS, k))
    else:
        tau = _draw_spread(e, s, rng)[:, None]
        w = 1 / (s**2 + tau**2)
        mu = (w @ e / w.sum(axis=1) + rng.standard_normal(DRAWS) / np.sqrt(w.sum(axis=1)))[:, None]
        kept = tau**2 / (tau**2 + s**2)
        draws = mu + kept * (e - mu) + np.sqrt(kept) * s * rng.standard_normal((DRAWS, k))
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return ShrunkEffects(draws.mean(axis=0), low, high, draws)


def _known(effects: ArrayLike, standard_errors: ArrayLike) -> tuple[Floats, Floats]:
    e, s = (np.asarray(array, dtype="float64").ravel() for array in (effects, standard_errors))
    if len(e) != len(s):
        raise ParameterError(f"{len(e)} effects, but {len(s)} standard errors. Pass one per effect.")
    known = np.isfinite(e) & np.isfinite(s) & (s > 0)
    return e[known], s[known]


def _between(e: Floats, s: Floats) -> tuple[float, float]:
    """Return Cochran's Q and the variance τ² between campaigns."""
    w = 1 / s**2
    q = float(w @ (e - w @ e / w.sum()) ** 2)
    below = float(w.sum() - (w**2).sum() / w.sum())
    return q, max(0.0, (q - (len(e) - 1)) / below) if below > 0 else 0.0


def _draw_spread(e: Floats, s: Floats, rng: np.random.Generator) -> Floats:
    """Draw τ from its posterior over an even grid from 0 to far beyond what the effects show."""
    grid = np.linspace(0, 3 * float(e.std(ddof=1) + s.min()), GRID)
    v = s**2 + grid[:, None] ** 2
    total = (1 / v).sum(axis=1)
    mu = (e / v).sum(axis=1) / total
    log = -0.5 * (np.log(v) + (e - mu[:, None]) ** 2 / v).sum(axis=1) - 0.5 * np.log(total)
    chance = np.exp(log - log.max())
    return np.asarray(rng.choice(grid, DRAWS, p=chance / chance.sum()), dtype="float64")
