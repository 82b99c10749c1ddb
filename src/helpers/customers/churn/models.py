"""Four ways to the chance of leaving, from the plainest up; each gives a probability and its drivers.

    base       the share that left before
    rule       logistic in `overdue` alone: days since the last order ÷ own usual gap
    logistic   logistic regression with a ridge on all features
    boosted    LightGBM, few small trees, for small samples (Ke et al. 2017)

`drivers` are what each feature adds to the log odds: weight × (value − mean) for the first three, TreeSHAP
(Lundberg et al. 2020) for the boosted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.customers.churn.snapshots import FEATURES, LABELS
from helpers.customers.experience.ridge_glm import RidgeModel, fit_ridge

Floats = NDArray[np.float64]

MODELS = ("base", "rule", "logistic", "boosted")
RIDGE = 10.0
LEAST_ROWS = 60  # for the boosted trees
_TREES = {
    "n_estimators": 120,
    "learning_rate": 0.04,
    "num_leaves": 7,
    "min_child_samples": 40,
    "subsample": 0.8,
    "subsample_freq": 1,
    "colsample_bytree": 0.7,
    "reg_lambda": 5.0,
}


class Chance(Protocol):
    """A fitted model."""

    def predict(self, rows: pd.DataFrame) -> Floats:
        """Return the chance of leaving of each row."""

    def drivers(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return what each feature adds to the log odds; columns of `FEATURES` and `LABELS`."""


@dataclass(frozen=True, eq=False)
class Linear:
    """A constant, the rule, or the logistic regression; `names` are its features."""

    model: RidgeModel
    names: tuple[str, ...]
    levels: tuple[tuple[str, str], ...]

    def predict(self, rows: pd.DataFrame) -> Floats:
        """Return the chance of leaving of each row."""
        return self.model.predict(_columns(rows, self.names, self.levels))

    def drivers(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return what each feature adds to the log odds."""
        parts = self.model.contributions(_columns(rows, self.names, self.levels))
        owners = [*self.names, *(label for label, _ in self.levels)]
        return _gathered(parts, owners, rows)


@dataclass(frozen=True, eq=False)
class Boosted:
    """Gradient-boosted trees."""

    booster: Any
    levels: tuple[tuple[str, str], ...]

    def predict(self, rows: pd.DataFrame) -> Floats:
        """Return the chance of leaving of each row."""
        return np.asarray(self.booster.predict(_columns(rows, FEATURES, self.levels)), dtype=np.float64)

    def drivers(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return what each feature adds to the log odds."""
        table = _columns(rows, FEATURES, self.levels)
        parts = np.asarray(self.booster.predict(table, pred_contrib=True))[:, :-1]
        return _gathered(parts, [*FEATURES, *(label for label, _ in self.levels)], rows)


def fit_chance(name: str, rows: pd.DataFrame, seed: int) -> Chance:
    """Fit one of `MODELS` on snapshots whose outcome is known.

    Parameters
    ----------
    name
        One of `MODELS`. The boosted one needs `LEAST_ROWS` rows of both outcomes; with fewer the
        logistic regression takes its place.
    rows
        From `snapshot`, with `left`.
    seed
        Of the trees.
    """
    left = rows["left"].to_numpy(float)
    if name == "boosted" and len(rows) >= LEAST_ROWS and 0 < left.mean() < 1:
        return _fit_trees(rows, left, seed)
    names = {"base": (), "rule": ("overdue",)}.get(name, FEATURES)
    levels = _levels(rows) if names == FEATURES else ()
    ridge = RIDGE if names == FEATURES else 1.0
    return Linear(fit_ridge(_columns(rows, names, levels), left, "logistic", ridge), names, levels)


def _fit_trees(rows: pd.DataFrame, left: Floats, seed: int) -> Boosted:
    import lightgbm

    levels = _levels(rows)
    data = lightgbm.Dataset(_columns(rows, FEATURES, levels), left, params={"verbose": -1})
    fixed = {"objective": "binary", "verbose": -1, "num_threads": 1, "deterministic": True, "seed": seed}
    options = {name: value for name, value in _TREES.items() if name != "n_estimators"}
    booster = lightgbm.train({**options, **fixed}, data, num_boost_round=int(_TREES["n_estimators"]))
    return Boosted(booster, levels)


def _levels(rows: pd.DataFrame) -> tuple[tuple[str, str], ...]:
    return tuple((label, str(value)) for label in LABELS for value in sorted(rows[label].unique())[1:])


def _columns(rows: pd.DataFrame, names: tuple[str, ...], levels: tuple[tuple[str, str], ...]) -> Floats:
    numbers = rows[list(names)].to_numpy(float)
    marks = [(rows[label] == value).to_numpy(float) for label, value in levels]
    return np.column_stack([numbers, *marks]) if marks else numbers


def _gathered(parts: Floats, owners: list[str], rows: pd.DataFrame) -> pd.DataFrame:
    """Add up the parts of the levels of one label."""
    table = {name: parts[:, [owner == name for owner in owners]].sum(axis=1) for name in (*FEATURES, *LABELS)}
    return pd.DataFrame(table, index=rows.index)
