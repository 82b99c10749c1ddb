"""Logistic and Poisson regression with a ridge, by Newton's steps; both small, exact and quick.

    minimise  −ℓ(b, a) + λ/2 · Σ b²        η = a + X b,   X standardised, the constant a not penalised
    step      (XᵀWX + λI) Δ = Xᵀ(y − μ) − λ b

with μ = 1/(1+e^−η), W = μ(1−μ) (logistic) or μ = e^η, W = μ (Poisson, any y ≥ 0; right for a mean of money).
McCullagh and Nelder (1989), "Generalized Linear Models", ch. 2.5; le Cessie and van Houwelingen (1992),
"Ridge estimators in logistic regression".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Family = Literal["logistic", "poisson"]

STEPS = 60
PRECISE = 1e-9


@dataclass(frozen=True, eq=False)
class RidgeModel:
    """A fitted model; `weights` are of the standardised columns, shape (columns,)."""

    family: Family
    centre: Floats
    scale: Floats
    constant: float
    weights: Floats

    def contributions(self, columns: Floats) -> Floats:
        """Return what each column adds to η beside its mean, shape (rows, columns)."""
        return np.asarray((_filled(columns, self.centre) - self.centre) / self.scale * self.weights)

    def predict(self, columns: Floats) -> Floats:
        """Return μ of each row; a value that is missing counts as the mean of its column."""
        return _mean(self.constant + self.contributions(columns).sum(axis=1), self.family)


def fit_ridge(columns: Floats, outcome: Floats, family: Family, ridge: float = 1.0) -> RidgeModel:
    """Fit a ridge regression.

    Parameters
    ----------
    columns
        Features, shape (rows, columns); nan counts as the mean of the column.
    outcome
        0 or 1 (logistic), zero or more (poisson), shape (rows,).
    family
        Which of the two.
    ridge
        λ: weight of the penalty, in rows.

    Examples
    --------
    >>> columns, outcome = np.array([[0.0], [0.0], [1.0], [1.0]]), np.array([1.0, 3.0, 8.0, 8.0])
    >>> model = fit_ridge(columns, outcome, "poisson", 0.0)
    >>> model.predict(np.array([[0.0], [1.0]])).round(6).tolist()
    [2.0, 8.0]
    """
    centre = np.nan_to_num(_nan_mean(columns))
    spread = _filled(columns, centre).std(axis=0)
    scale = np.where(spread > 1e-12, spread, 1.0)
    unit = float(outcome.mean()) or 1.0 if family == "poisson" else 1.0
    table = np.column_stack([np.ones(len(outcome)), (_filled(columns, centre) - centre) / scale])
    found = _newton(table, outcome / unit, family, ridge)
    constant = float(found[0]) + (float(np.log(unit)) if family == "poisson" else 0.0)
    return RidgeModel(family, centre, scale, constant, found[1:])


def _newton(table: Floats, outcome: Floats, family: Family, ridge: float) -> Floats:
    """Take Newton's steps, halved while the objective gets worse."""
    penalty = np.full(table.shape[1], ridge)
    penalty[0] = 1e-9
    found = np.zeros(table.shape[1])
    found[0] = _start(float(outcome.mean()), family)
    best = _objective(table, outcome, family, penalty, found)
    for _ in range(STEPS):
        mean = _mean(table @ found, family)
        weight = mean * (1 - mean) if family == "logistic" else mean
        curve = (table * weight[:, None]).T @ table + np.diag(penalty + 1e-9)
        step = np.linalg.solve(curve, table.T @ (outcome - mean) - penalty * found)
        share, value = 1.0, _objective(table, outcome, family, penalty, found + step)
        while not value <= best + 1e-12 * abs(best) and share > 1e-6:
            share /= 2
            value = _objective(table, outcome, family, penalty, found + share * step)
        found, gained, best = found + share * step, best - value, value
        if abs(gained) <= PRECISE * (1 + abs(best)):
            break
    return found


def _start(mean: float, family: Family) -> float:
    if family == "poisson":
        return float(np.log(max(mean, 1e-9)))
    kept = min(max(mean, 1e-6), 1 - 1e-6)
    return float(np.log(kept / (1 - kept)))


def _mean(linear: Floats, family: Family) -> Floats:
    if family == "poisson":
        return np.asarray(np.exp(np.clip(linear, -30, 30)))
    return np.asarray(1 / (1 + np.exp(-np.clip(linear, -35, 35))))


def _objective(table: Floats, outcome: Floats, family: Family, penalty: Floats, found: Floats) -> float:
    linear = table @ found
    rise = np.logaddexp(0, linear) if family == "logistic" else np.exp(np.clip(linear, -30, 30))
    return float((rise - outcome * linear).sum() + (penalty * found**2).sum() / 2)


def _filled(columns: Floats, centre: Floats) -> Floats:
    return np.where(np.isfinite(columns), columns, centre)


def _nan_mean(columns: Floats) -> Floats:
    """Mean of what is there by column; nan where nothing is."""
    known = np.isfinite(columns)
    count = known.sum(axis=0)
    return np.asarray(np.where(known, columns, 0.0).sum(axis=0) / np.where(count > 0, count, np.nan))
