"""Estimates from few and censored observations: log-normal with censoring, Kaplan–Meier, empirical Bayes.

Each observation is y = log(days ÷ promised days), or only a lower limit c of it (an open order of that age),
with a weight w. With z = (c − m) ÷ s, hazard λ = φ(z) ÷ (1 − Φ(z)) and δ = λ (λ − z), the score equation for
the mean

    Σ_seen w (y − m) ÷ s² + Σ_open w λ ÷ s = 0

is that of ordinary observations m + s λ ÷ δ of weight w δ in place of the open ones. So an open order counts
for as much as it tells: hardly anything when young, as much as a receipt when far overdue.

    s² = ( Σ_seen w (y − m)² + s² Σ_open w (1 + z λ) ) ÷ Σ w        (EM step, iterated)

Kaplan–Meier with weights: S(t) = Π_{y_i ≤ t} (1 − d_i ÷ n_i), d_i weight seen at y_i, n_i weight still under
observation. Empirical Bayes draws the mean of group g to its parent p:

    m_g = ( τ² ȳ_g + v_g m_p ) ÷ ( τ² + v_g ),   v_g = s² ÷ n_g,   posterior variance τ² v_g ÷ (τ² + v_g)
    τ²  = max(0, ( Σ a_g (ȳ_g − ȳ)² − (G − 1) ) ÷ ( Σ a_g − Σ a_g² ÷ Σ a_g )),   a_g = 1 ÷ v_g

Source: Tobin (1958) for the score; Kaplan and Meier (1958); DerSimonian and Laird, Meta-analysis in clinical
trials (1986), equation for τ².
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helpers.inventory.arguments import Floats

Flags = NDArray[np.bool_]
Groups = NDArray[np.int64]
LEAST_SD = 0.02
STEPS = 50


@dataclass(frozen=True, eq=False)
class LogNormalFit:
    """Mean and standard deviation of a censored sample of logs.

    Parameters
    ----------
    mean, sd
        m and s.
    stands, tells
        What each observation stands for, and how much it tells (the open ones as in the module's text).
    """

    mean: float
    sd: float
    stands: Floats
    tells: Floats


@dataclass(frozen=True, eq=False)
class Shrunk:
    """Group means drawn to their parents.

    Parameters
    ----------
    mean, sd
        Posterior mean and standard deviation of each group's mean.
    between_sd
        τ, how much groups truly differ.
    """

    mean: Floats
    sd: Floats
    between_sd: float


def fit_censored(values: Floats, is_open: Flags, weights: Floats) -> LogNormalFit:
    """Fit a normal distribution to logs of which some are only lower limits.

    Parameters
    ----------
    values, is_open, weights
        y or c; whether the value is a lower limit; w ≥ 0. At least one value is seen.

    Examples
    --------
    >>> fit = fit_censored(np.array([0.0, 1.0, 2.0]), np.zeros(3, bool), np.ones(3))
    >>> round(fit.mean, 6)
    1.0
    """
    from scipy import special

    seen = ~is_open
    mean = float(np.average(values[seen], weights=weights[seen]))
    sd = max(float(np.sqrt(np.average((values[seen] - mean) ** 2, weights=weights[seen]))), LEAST_SD)
    stands, tells = values, weights
    for _ in range(STEPS if is_open.any() else 1):
        z = (values - mean) / sd
        hazard = np.exp(-(z**2) / 2 - special.log_ndtr(-z)) / np.sqrt(2 * np.pi)
        told = np.maximum(hazard * (hazard - z), 1e-12)
        stands = np.where(is_open, mean + sd * hazard / told, values)
        tells = np.where(is_open, weights * told, weights)
        square = np.where(is_open, sd**2 * (1 + z * hazard), (values - mean) ** 2)
        mean = float(np.average(stands, weights=tells))
        sd = max(float(np.sqrt(np.average(square, weights=weights))), LEAST_SD)
    return LogNormalFit(mean, sd, stands, tells)


def survival_quantiles(values: Floats, is_open: Flags, weights: Floats, probabilities: Floats) -> Floats:
    """Return the quantiles of the Kaplan–Meier distribution, between observations in a straight line.

    Beyond the last value seen, the log-normal fitted to the same observations takes over.
    """
    from scipy import special

    order = np.lexsort((is_open, values))
    value, is_last, weight = values[order], is_open[order], weights[order]
    under = np.cumsum(weight[::-1])[::-1]
    survival = np.cumprod(np.where(is_last, 1.0, 1.0 - weight / np.maximum(under, 1e-300)))
    seen = np.flatnonzero(~is_last)
    before = np.r_[1.0, survival[seen[:-1]]]
    middle = 1.0 - (before + survival[seen]) / 2  # each step's middle, so that the mean stays where it is
    reached = np.interp(probabilities, middle, value[seen])
    fit = fit_censored(values, is_open, weights)
    beyond = fit.mean + fit.sd * special.ndtri(probabilities)
    is_beyond = (probabilities > 1 - survival[seen[-1]]) & bool(survival[seen[-1]] > 1e-9)
    return np.asarray(np.where(is_beyond, np.maximum(beyond, reached), reached))


def between_variance(mean: Floats, variance: Floats) -> float:
    """Return τ², how much the true means of groups differ (DerSimonian–Laird).

    Parameters
    ----------
    mean, variance
        ȳ_g and v_g of each group.
    """
    if len(mean) < 2:
        return 0.0
    share = 1.0 / variance
    centre = np.average(mean, weights=share)
    excess = float((share * (mean - centre) ** 2).sum()) - (len(mean) - 1)
    return max(0.0, excess / float(share.sum() - (share**2).sum() / share.sum()))


def shrink(mean: Floats, variance: Floats, parent_mean: Floats, parent_sd: Floats, tau: float) -> Shrunk:
    """Draw group means to their parents' means; a group without data (infinite variance) takes the parent's.

    Parameters
    ----------
    mean, variance
        ȳ_g and v_g.
    parent_mean, parent_sd
        m_p and its posterior standard deviation, one per group.
    tau
        τ.
    """
    own = np.isfinite(variance)
    given = np.where(own, variance, 1.0)
    trust = np.where(own, tau**2 / (tau**2 + given), 0.0)
    centre = trust * np.where(own, mean, 0.0) + (1 - trust) * parent_mean
    left = np.where(own, tau**2 * given / (tau**2 + given), tau**2)
    return Shrunk(centre, np.sqrt(left + ((1 - trust) * parent_sd) ** 2), tau)


def group_means(values: Floats, weights: Floats, group: Groups, count: int) -> tuple[Floats, Floats]:
    """Return weighted mean (NaN where empty) and weight of each group 0..count−1."""
    weight = np.bincount(group, weights=weights, minlength=count)
    total = np.bincount(group, weights=weights * values, minlength=count)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(total / weight), weight
