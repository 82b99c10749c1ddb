"""Meta-learners: how models of an outcome become a model of what treatment changes.

With μ₀, μ₁ models of the outcome by arm, p the known probability of treatment and t the arm:

    S    one model of (x, t, x·t): τ = μ(x, 1) − μ(x, 0)
    T    one model per arm: τ = μ₁ − μ₀
    X    models of y − μ₀(x) among the treated (τ₁) and μ₁(x) − y among the held out (τ₀):
         τ = p·τ₀ + (1 − p)·τ₁
    DR   a model of ψ = μ₁ − μ₀ + (t − p)/(p(1 − p))·(y − μ_t), with μ from other rows

(Künzel, Sekhon, Bickel and Yu 2019, "Metalearners for estimating heterogeneous treatment effects"; Kennedy
2023, "Towards optimal doubly robust estimation of heterogeneous causal effects".) The base is `simple`
(logistic regression, or ridge) or `boosted` (trees, shallow and shrunk for a few thousand rows).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LearnerName = Literal["S", "T", "X", "DR"]
Base = Literal["simple", "boosted"]
LEARNERS: tuple[LearnerName, ...] = ("S", "T", "X", "DR")
BASES: tuple[Base, ...] = ("simple", "boosted")

LOGISTIC_STRENGTH = 0.3
RIDGE_STRENGTHS = (1.0, 10.0, 100.0, 1_000.0, 10_000.0)
FEWEST = 8  # rows below which a model is the mean


@dataclass(frozen=True, eq=False)
class OutcomeModel:
    """A fitted model of one outcome; `model` is None where the mean has to do."""

    model: Any
    mean: float
    is_binary: bool

    def predict(self, x: Floats) -> Floats:
        """Return the expected outcome; shape (rows,)."""
        if self.model is None or not len(x):
            return np.full(len(x), self.mean)
        values = self.model.predict_proba(x)[:, 1] if self.is_binary else self.model.predict(x)
        return np.asarray(values, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class EffectModel:
    """Two models of the outcome and, where the learner has them, models of the effect itself."""

    learner: LearnerName
    outcome: tuple[OutcomeModel, ...]
    effect: tuple[OutcomeModel, ...]

    def arms(self, x: Floats) -> tuple[Floats, Floats]:
        """Return the expected outcome held out and treated."""
        if self.learner == "S":
            return self.outcome[0].predict(_with_arm(x, 0.0)), self.outcome[0].predict(_with_arm(x, 1.0))
        return self.outcome[0].predict(x), self.outcome[1].predict(x)

    def uplift(self, x: Floats, probability: Floats) -> Floats:
        """Return τ."""
        if self.learner == "X":
            held, treated = (model.predict(x) for model in self.effect)
            return probability * held + (1 - probability) * treated
        if self.learner == "DR":
            return self.effect[0].predict(x)
        control, treated = self.arms(x)
        return treated - control


def fit_outcome(x: Floats, y: Floats, base: Base, *, is_binary: bool, seed: int) -> OutcomeModel:
    """Fit one model of an outcome; the mean where rows or outcomes are too few."""
    mean = float(y.mean()) if len(y) else 0.0
    few = min(int((y > 0).sum()), int((y <= 0).sum())) if is_binary else len(y)
    if few < FEWEST or not x.shape[1] or (not is_binary and np.ptp(y) == 0):
        return OutcomeModel(None, mean, is_binary)
    model = _base_model(base, len(y), is_binary=is_binary, seed=seed)
    return OutcomeModel(model.fit(x, y), mean, is_binary)


def _base_model(base: Base, rows: int, *, is_binary: bool, seed: int) -> Any:
    if base == "simple":
        from sklearn.linear_model import LogisticRegression, RidgeCV

        return (
            LogisticRegression(C=LOGISTIC_STRENGTH, max_iter=1000)
            if is_binary
            else RidgeCV(alphas=RIDGE_STRENGTHS)
        )
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    kind = HistGradientBoostingClassifier if is_binary else HistGradientBoostingRegressor
    return kind(
        max_iter=50,
        learning_rate=0.06,
        max_leaf_nodes=6,
        min_samples_leaf=max(20, rows // 40),
        l2_regularization=10.0,
        early_stopping=False,
        random_state=seed,
    )


def fit_effect(
    learner: LearnerName, base: Base, x: Floats, t: NDArray[np.bool_], y: Floats, p: Floats, seed: int
) -> EffectModel:
    """Fit one meta-learner.

    Parameters
    ----------
    learner, base
        Names as above.
    x, t, y, p
        Encoded features, arm, outcome and known probability of treatment of each row.
    seed
        Of the boosted trees and of the halves that DR learns its outcome models on.
    """
    is_binary = bool(np.isin(y, (0.0, 1.0)).all())
    if learner == "S":
        whole = fit_outcome(_with_arm(x, t.astype(float)), y, base, is_binary=is_binary, seed=seed)
        return EffectModel(learner, (whole,), ())
    outcome = _by_arm(x, t, y, base, is_binary=is_binary, seed=seed)
    if learner == "T":
        return EffectModel(learner, outcome, ())
    if learner == "X":
        imputed = (outcome[1].predict(x[~t]) - y[~t], y[t] - outcome[0].predict(x[t]))
        effect = tuple(
            fit_outcome(x[rows], values, base, is_binary=False, seed=seed)
            for rows, values in zip((~t, t), imputed, strict=True)
        )
        return EffectModel(learner, outcome, effect)
    scores = _scores_of_halves(x, t, y, p, base, is_binary=is_binary, seed=seed)
    return EffectModel(learner, outcome, (fit_outcome(x, scores, base, is_binary=False, seed=seed),))


def effect_scores(t: NDArray[np.bool_], y: Floats, p: Floats, control: Floats, treated: Floats) -> Floats:
    """Return ψ: each row's unbiased, noisy reading of its effect."""
    own = np.where(t, treated, control)
    return treated - control + (t - p) / (p * (1 - p)) * (y - own)


def _by_arm(
    x: Floats, t: NDArray[np.bool_], y: Floats, base: Base, *, is_binary: bool, seed: int
) -> tuple[OutcomeModel, OutcomeModel]:
    held, treated = (fit_outcome(x[rows], y[rows], base, is_binary=is_binary, seed=seed) for rows in (~t, t))
    return held, treated


def _scores_of_halves(
    x: Floats, t: NDArray[np.bool_], y: Floats, p: Floats, base: Base, *, is_binary: bool, seed: int
) -> Floats:
    half = np.random.default_rng(seed).permutation(len(y)) % 2 == 0
    scores = np.zeros(len(y))
    for rows in (half, ~half):
        models = _by_arm(x[~rows], t[~rows], y[~rows], base, is_binary=is_binary, seed=seed)
        control, treated = (model.predict(x[rows]) for model in models)
        scores[rows] = effect_scores(t[rows], y[rows], p[rows], control, treated)
    return scores


def _with_arm(x: Floats, arm: Floats | float) -> Floats:
    """Add the arm and its products with the features."""
    column = np.broadcast_to(np.asarray(arm, dtype=np.float64), (len(x),))[:, None] - 0.5
    return np.hstack([x, column, column * x])
