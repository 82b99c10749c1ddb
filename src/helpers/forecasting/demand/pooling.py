"""Noisy estimates drawn together: a regression, then groups, then each item, each only as far as it is known.

    z_i = x_i β + Σ_levels g_level(i) + u_i + e_i        e_i ~ (0, v_i),  u_i ~ (0, τ²),  g ~ (0, τ²_level)

β by weighted least squares with weights 1 / (v_i + τ²) and a normal prior; τ² and τ²_level are means over
their likelihood (flat in τ), which is never zero: an estimate of zero would state doubt away; g and u
are drawn to zero by τ² / (τ² + variance). An item with v_i infinite gets what its description and its
groups say. Source: Morris (1983), "Parametric empirical Bayes inference", JASA 78, 47-55.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helpers.forecasting.classify import Floats

TURNS = 5
GRID = 60
TINY = 1e-12


@dataclass(frozen=True, eq=False)
class Pooled:
    """Estimates after pooling.

    Parameters
    ----------
    coefficients, covariance
        β and its covariance.
    value, variance
        One per item.
    spread
        Variance between items that neither regression nor groups explain, τ².
    """

    coefficients: Floats
    covariance: Floats
    value: Floats
    variance: Floats
    spread: float


def draw_together(
    z: Floats,
    v: Floats,
    design: Floats,
    prior_sd: Floats,
    levels: Sequence[NDArray[np.int64]] = (),
) -> Pooled:
    """Pool the estimates `z` with variances `v`.

    Parameters
    ----------
    z, v
        One per item; v infinite where an item has no data.
    design
        Items × terms.
    prior_sd
        Standard deviation of the prior of each term, around zero.
    levels
        Group numbers (from 0) of the items, the widest grouping first.
    """
    known = np.isfinite(v)
    if not known.any():
        covariance = np.diag(prior_sd**2)
        doubt = np.einsum("ij,jk,ik->i", design, covariance, design)
        return Pooled(np.zeros(design.shape[1]), covariance, np.zeros(len(z)), doubt, 0.0)
    spread = 0.0
    for _ in range(TURNS):
        beta, covariance = _regress(z[known], v[known] + spread, design[known], prior_sd)
        rest = np.where(known, z - design @ beta, 0.0)
        spread = _between(rest[known], v[known])
    doubt = np.einsum("ij,jk,ik->i", design, covariance, design)
    value, left = design @ beta, spread
    for groups in levels:
        shared, variance, part = _group_effects(rest, v, left, groups, known)
        value, rest, doubt = value + shared, rest - shared, doubt + variance
        left = max(left - part, 0.0)
    trust = np.where(known, left / np.maximum(left + np.where(known, v, 1.0), TINY), 0.0)
    return Pooled(
        beta, covariance, value + trust * rest, left * (1 - trust) + (1 - trust) ** 2 * doubt, spread
    )


def _regress(z: Floats, variance: Floats, design: Floats, prior_sd: Floats) -> tuple[Floats, Floats]:
    weighted = design / np.maximum(variance, TINY)[:, None]
    covariance = np.linalg.pinv(weighted.T @ design + np.diag(1 / prior_sd**2))
    return covariance @ (weighted.T @ z), covariance


def _between(rest: Floats, v: Floats) -> float:
    """Mean of τ² over the likelihood of the residuals, flat in τ."""
    widest = max(3 * float(np.sqrt(np.mean(rest**2))), TINY)
    spread = (np.arange(GRID) / GRID * widest) ** 2
    total = v[None, :] + spread[:, None] + TINY
    likelihood = -0.5 * (np.log(total) + rest**2 / total).sum(axis=1)
    weight = np.exp(likelihood - likelihood.max())
    return float((weight * spread).sum() / weight.sum())


def _group_effects(
    rest: Floats, v: Floats, left: float, groups: NDArray[np.int64], known: NDArray[np.bool_]
) -> tuple[Floats, Floats, float]:
    """Effect of each item's group, its variance, and the variance between groups."""
    weight = np.where(known, 1 / np.maximum(np.where(known, v, 1.0) + left, TINY), 0.0)
    total = np.bincount(groups, weights=weight)
    mean = np.bincount(groups, weights=weight * rest) / np.maximum(total, TINY)
    seen = total > 0
    own = np.where(seen, 1 / np.maximum(total, TINY), np.inf)
    part = min(_between(mean[seen], own[seen]), left) if seen.sum() > 1 else 0.0
    trust = np.where(seen, part / np.maximum(part + np.where(seen, own, 1.0), TINY), 0.0)
    return (trust * mean)[groups], (part * (1 - trust))[groups], part
