"""Boosted trees that learn a factor on a start estimate: Poisson deviance with the start as offset.

    target ~ start × g(features),  weight periods       fitted as target / start with weight start × periods

Features are put into bins of equal numbers first: the trees would otherwise search weighted quantiles
for their own bins, which takes three quarters of the time. With few rows the factor is one number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from helpers.forecasting.classify import Floats

BINS = 48
ITERATIONS, RATE, LEAVES = 80, 0.05, 8
FEWEST_LEAVES = 3


@dataclass(frozen=True, eq=False)
class Factor:
    """A learned factor: bin edges per feature, the trees (None = there are none) and the common factor."""

    edges: list[Floats]
    trees: Any
    common: float

    def apply(self, features: Floats) -> Floats:
        """Return the factor of each row."""
        if self.trees is None:
            return np.full(len(features), self.common)
        return np.asarray(self.trees.predict(_binned(features, self.edges)))


NO_FACTOR = Factor([], None, 1.0)


def fit_factor(
    features: Floats, target: Floats, start: Floats, periods: Floats, rows_in_leaf: int, seed: int
) -> Factor:
    """Learn the factor; all arguments have one entry per row, `start` is above zero."""
    common = float((target * periods).sum() / (start * periods).sum())
    if len(target) < FEWEST_LEAVES * rows_in_leaf or common <= 0:
        return Factor([], None, common)
    from sklearn.ensemble import (
        HistGradientBoostingRegressor,
    )

    edges = [_edges(column) for column in features.T]
    trees = HistGradientBoostingRegressor(
        loss="poisson",
        max_iter=ITERATIONS,
        learning_rate=RATE,
        max_leaf_nodes=LEAVES,
        min_samples_leaf=rows_in_leaf,
        early_stopping=False,
        random_state=seed,
    )
    trees.fit(_binned(features, edges), target / start, sample_weight=start * periods)
    return Factor(edges, trees, common)


def _edges(column: Floats) -> Floats:
    known = column[np.isfinite(column)]
    if not len(known):
        return np.empty(0)
    return np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1], method="lower"))


def _binned(features: Floats, edges: list[Floats]) -> Floats:
    """Number of the bin of each value; NaN stays NaN."""
    columns = [
        np.where(np.isfinite(column), np.searchsorted(edge, column, side="right"), np.nan)
        for column, edge in zip(features.T, edges, strict=True)
    ]
    return np.column_stack(columns)
