"""Uplift of each row from arrays, every row judged by models that never saw it.

The learner is chosen, where none is named, by the error of its out-of-fold effects τ̂ against the unbiased
scores ψ of `learners`, mean (ψ − τ̂)², which ranks learners as their true error does (Schuler et al. 2018, "A
comparison of methods for model selection when estimating individual treatment effects"). The error of one
effect for all stands beside it: where no learner is below that, telling customers apart gains nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from helpers.customers.number_arrays import is_number, read_flags, read_numbers
from helpers.customers.threads import one_thread
from helpers.customers.uplift.encode import Encoder, as_frame
from helpers.customers.uplift.learners import (
    BASES,
    LEARNERS,
    Base,
    EffectModel,
    LearnerName,
    effect_scores,
    fit_effect,
)
from helpers.customers.uplift.signal import LEAST_SHARE, HeterogeneityTest, judge_heterogeneity
from helpers.errors import ParameterError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEWEST_ROWS = 20
MOST = 1e100  # beyond it squares overflow
LEAST = 1e-9  # of a treatment probability: rarer arms cannot be weighed
Z90 = 1.644854


@dataclass(frozen=True, eq=False)
class UpliftEstimate:
    """Uplift per row, predicted by models that never saw it.

    Parameters
    ----------
    uplift, control, treated
        τ̂ and the expected outcome held out and treated; shape (rows,). τ̂ of X and DR is not their difference.
    scores
        ψ, the unbiased and noisy reading of each row's effect.
    fold
        Fold of each row.
    learner, base
        What was used.
    choice
        learner, loss, gain over one effect for all (positive is better), gain_error; the best first.
    test
        Whether rows differ at all.
    encoder, model, fold_models, probability
        What new rows are predicted with.
    """

    uplift: Floats
    control: Floats
    treated: Floats
    scores: Floats
    fold: Ints
    learner: LearnerName
    base: Base
    choice: pd.DataFrame
    test: HeterogeneityTest
    encoder: Encoder
    model: EffectModel
    fold_models: tuple[EffectModel, ...]
    probability: float

    def predict(self, features: pd.DataFrame | ArrayLike) -> Floats:
        """Return τ̂ of new rows with the same features, by a model of all rows."""
        x = self.encoder.apply(as_frame(features))
        return self.model.uplift(x, np.full(len(x), self.probability))

    def predict_interval(self, features: pd.DataFrame | ArrayLike) -> tuple[Floats, Floats]:
        """Return the 90 % interval of τ̂ of new rows: how much it moves when a fold of customers is left out.

        Of the expected effect given the features; single customers differ by more.
        """
        x = self.encoder.apply(as_frame(features))
        p = np.full(len(x), self.probability)
        return jackknife_interval(self.model.uplift(x, p), [model.uplift(x, p) for model in self.fold_models])

    def predict_arms(self, features: pd.DataFrame | ArrayLike) -> tuple[Floats, Floats]:
        """Return the expected outcome of new rows, held out and treated."""
        return self.model.arms(self.encoder.apply(as_frame(features)))


@one_thread()
def estimate_uplift(  # noqa: PLR0913 -- the public door: one argument per choice, all but three by name
    features: pd.DataFrame | ArrayLike,
    treated: ArrayLike,
    outcome: ArrayLike,
    *,
    learner: LearnerName | Literal["best"] = "best",
    base: Base = "simple",
    treatment_probability: ArrayLike | None = None,
    folds: int = 5,
    groups: ArrayLike | None = None,
    gap: float | None = None,
    seed: int = 0,
) -> UpliftEstimate:
    """Estimate what treatment changes, row by row.

    Parameters
    ----------
    features
        One row per customer in a campaign, known before it; numbers, booleans or texts, gaps allowed.
    treated, outcome
        Arm, and what happened: 0 and 1, or a number such as money.
    learner, base
        `S`, `T`, `X`, `DR` or `best`; `simple` or `boosted`.
    treatment_probability
        Known probability of treatment, one or per row, inside 0 and 1; by default the share treated.
    folds
        Parts that rows are split into; at least 2.
    groups
        Rows of one group, such as one customer, stay in one fold.
    gap
        Difference between the effects on the better and the worse half worth knowing; by default half of the
        mean outcome held out.
    seed
        Of the folds and the boosted trees.

    Raises
    ------
    ParameterError
        Lengths that differ, unknown names, missing values, an arm that is empty; all at once.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, treated = rng.normal(size=(4000, 2)), rng.random(4000) < 0.5
    >>> bought = rng.random(4000) < 0.2 + 0.2 * treated * (x[:, 0] > 0)
    >>> estimate = estimate_uplift(x, treated, bought, learner="T", treatment_probability=0.5)
    >>> estimate.test.verdict
    'signal'
    """
    table = as_frame(features)
    t = read_flags("treated", treated).ravel()
    y = read_numbers(outcome=outcome)[0].ravel()
    p = _probability(treatment_probability, t)
    group = _groups(groups, len(table))
    _refuse(
        [*_wrong_lengths(len(table), t, y, p, group), *_wrong_values(t, y, p)],
        [*_wrong_names(learner, base), *_wrong_choices(folds, gap, seed)],
    )
    encoder = Encoder.learn(table)
    trial = _Trial(encoder.apply(table), t, y, p, _folds(group, folds, seed), group, seed)
    scores = _scores(trial)
    names: tuple[LearnerName, ...] = LEARNERS if learner == "best" else (learner,)
    found = {name: _out_of_fold(name, base, trial) for name in names}
    choice = compare_effects(scores, {name: parts.uplift for name, parts in found.items()}, trial.fold, group)
    best: LearnerName = choice["learner"].iloc[0]
    least = LEAST_SHARE * abs(float(y[~t].mean())) if gap is None else gap
    together = np.mean([parts.uplift for parts in found.values()], axis=0)
    return UpliftEstimate(
        uplift=found[best].uplift,
        control=found[best].control,
        treated=found[best].treated,
        scores=scores,
        fold=trial.fold,
        learner=best,
        base=base,
        choice=choice,
        test=judge_heterogeneity(scores, together, trial.fold, group, least),
        encoder=encoder,
        model=fit_effect(best, base, trial.x, t, y, p, seed),
        fold_models=found[best].models,
        probability=float(p.mean()),
    )


@dataclass(frozen=True, eq=False)
class _Trial:
    """Encoded features, arm, outcome, known probability, fold and group of each row."""

    x: Floats
    t: NDArray[np.bool_]
    y: Floats
    p: Floats
    fold: Ints
    group: Ints
    seed: int


@dataclass(frozen=True, eq=False)
class _OutOfFold:
    """τ̂ and the outcome by arm, each row predicted by the other folds, and the models of these."""

    uplift: Floats
    control: Floats
    treated: Floats
    models: tuple[EffectModel, ...]


def jackknife_interval(value: Floats, left_out: list[Floats]) -> tuple[Floats, Floats]:
    """Return the 90 % interval from estimates that each left one fold of customers out."""
    parts = np.array(left_out)
    count = len(parts)
    spread = np.sqrt((count - 1) / count * ((parts - parts.mean(axis=0)) ** 2).sum(axis=0))
    return value - Z90 * spread, value + Z90 * spread


def _out_of_fold(learner: LearnerName, base: Base, trial: _Trial) -> _OutOfFold:
    uplift, control, treated = (np.zeros(len(trial.y)) for _ in range(3))
    models = []
    for number in np.unique(trial.fold):
        out, rest = trial.fold == number, trial.fold != number
        model = fit_effect(
            learner, base, trial.x[rest], trial.t[rest], trial.y[rest], trial.p[rest], trial.seed
        )
        models.append(model)
        uplift[out] = model.uplift(trial.x[out], trial.p[out])
        control[out], treated[out] = model.arms(trial.x[out])
    return _OutOfFold(uplift, control, treated, tuple(models))


def _scores(trial: _Trial) -> Floats:
    """Return ψ with outcome models of the other folds; the same for all learners, so that they compare."""
    found = _out_of_fold("T", "simple", trial)
    return effect_scores(trial.t, trial.y, trial.p, found.control, found.treated)


def compare_effects[Name: str](
    scores: Floats, found: dict[Name, Floats], fold: Ints, group: Ints
) -> pd.DataFrame:
    """Return learner, loss, gain over one effect for all, and its standard error by group; the best first."""
    count, total = np.bincount(fold), np.bincount(fold, scores)
    others = ((total.sum() - total) / np.maximum(count.sum() - count, 1))[fold]
    flat = (scores - others) ** 2
    rows = []
    for name, uplift in found.items():
        loss = (scores - uplift) ** 2
        gain = flat - loss
        error = float(np.sqrt((np.bincount(group, gain - gain.mean()) ** 2).sum())) / len(gain)
        rows.append((name, float(loss.mean()), float(gain.mean()), error))
    table = pd.DataFrame(rows, columns=["learner", "loss", "gain", "gain_error"])
    return table.sort_values("loss", kind="stable", ignore_index=True)


def _probability(given: ArrayLike | None, t: NDArray[np.bool_]) -> Floats:
    if given is None:
        return np.full(len(t), t.mean() if len(t) else 0.5)
    (values,) = read_numbers(treatment_probability=given)
    return np.full(len(t), values) if values.ndim == 0 else values.ravel()


def _groups(given: ArrayLike | None, rows: int) -> Ints:
    if given is None:
        return np.arange(rows, dtype=np.int64)
    return np.unique(np.asarray(given).astype(str).ravel(), return_inverse=True)[1].astype(np.int64)


def _folds(group: Ints, folds: int, seed: int) -> Ints:
    """Deal groups out to folds at random, as evenly as they go."""
    count = int(group.max()) + 1
    dealt = np.random.default_rng(seed).permutation(count) % min(folds, count)
    return np.asarray(dealt[group], dtype=np.int64)


def _wrong_lengths(rows: int, t: NDArray[np.bool_], y: Floats, p: Floats, group: Ints) -> list[str]:
    sizes = {
        "treated": len(t),
        "outcome": len(y),
        "treatment_probability": len(p),
        "groups": len(group),
    }
    return [
        f"{name} has {size} rows, features {rows}. Give one value per row."
        for name, size in sizes.items()
        if size != rows
    ]


def _wrong_values(t: NDArray[np.bool_], y: Floats, p: Floats) -> list[str]:
    found = []
    wrong = ~(np.abs(y) < MOST)
    if wrong.any():
        found.append(f"outcome has {int(wrong.sum())} missing or endless values. Leave these rows out.")
    if not bool(((p >= LEAST) & (p <= 1 - LEAST)).all()):
        found.append("treatment_probability must lie inside 0 and 1; with an empty arm nothing can be told.")
    if len(t) < FEWEST_ROWS or t.all() or not t.any():
        found.append(
            f"uplift needs {FEWEST_ROWS} rows and both arms, got {len(t)} rows, {int(t.sum())} of them "
            "treated. Pool more campaigns."
        )
    return found


def _wrong_choices(folds: int, gap: float | None, seed: int) -> list[str]:
    found = []
    if not (is_number(folds) and 2 <= folds < math.inf and int(folds) == folds):
        found.append(f"folds must be 2 or more and whole, got {folds!r}.")
    if gap is not None and not (is_number(gap) and 0 < gap < math.inf):
        found.append(f"gap must be a finite number above 0 or None, got {gap!r}.")
    if not (is_number(seed) and 0 <= seed < 2**31 and int(seed) == seed):
        found.append(f"seed must be a whole number from 0, got {seed!r}.")
    return found


def _wrong_names(learner: str, base: str) -> list[str]:
    found = []
    if learner not in {*LEARNERS, "best"}:
        found.append(f"learner '{learner}' is unknown. Choose one of: {', '.join(LEARNERS)}, best.")
    if base not in BASES:
        found.append(f"base '{base}' is unknown. Choose one of: {', '.join(BASES)}.")
    return found


def _refuse(*found: list[str]) -> None:
    """Raise everything that is wrong with the arguments at once."""
    said = [finding for findings in found for finding in findings]
    if said:
        raise ParameterError(" ".join(said))
