"""Which buying model serves these customers best, judged on weeks that it did not see.

Each model is fitted on the days before the last weeks. Its score for a customer is the logarithm of the
density that it gave to what then happened, whether and when the customer bought:

    score = log L(x', tx', T') − log L(x, tx, T),   primed: with the last weeks, same parameters

The higher the better (a proper score: no model can gain by saying what it does not believe).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.customers.value.bg_nbd import fit_bg_nbd, fit_mbg_nbd
from helpers.customers.value.buying_model import BuyingModel
from helpers.customers.value.pareto_nbd import fit_pareto_nbd
from helpers.customers.value.ranks import rank_correlation

type Floats = npt.NDArray[np.float64]
type Fit = Callable[..., BuyingModel]

FITS: dict[str, Fit] = {"BG/NBD": fit_bg_nbd, "MBG/NBD": fit_mbg_nbd, "Pareto/NBD": fit_pareto_nbd}
KNOWS_LEAVING = ("MBG/NBD", "Pareto/NBD")  # whose P(alive) is below 1 for one-time buyers
MOST_ROWS = 50_000  # customers on which the choice is made


@dataclass(frozen=True, eq=False)
class ModelChoice:
    """Which model was chosen and why.

    Parameters
    ----------
    table
        model, score (mean per customer), behind (score of the best − its own), low, high (interval of
        `behind`), bias (predicted ÷ actual orders − 1), rank_correlation, is_chosen, is_at_bound.
    chosen
        Name of the model for values.
    alive
        Name of the model whose probability to be a customer is shown.
    """

    table: pd.DataFrame
    chosen: str
    alive: str

    @property
    def sentence(self) -> str:
        """Which model was chosen and why, in words."""
        if self.table.empty:
            return f"{self.chosen} is used: the history is too short to try the models against each other."
        others = self.table[~self.table["is_chosen"]]
        near = others.loc[others["low"] <= 0, "model"].tolist()
        start = f"{self.chosen} is used: it foresaw the weeks kept from it best"
        if near:
            return f"{start}, though not clearly better than {' and '.join(near)}."
        return f"{start}, clearly better than {' and '.join(others['model'])}."


def choose_model(
    early: pd.DataFrame, late: pd.DataFrame, weeks: float, resamples: int, seed: int
) -> ModelChoice:
    """Return which model scores best.

    Parameters
    ----------
    early, late
        Buying histories without and with the last weeks; customers of `early` are scored.
    weeks
        Length of the last weeks.
    resamples, seed
        Of the interval of each difference, over customers.
    """
    rng = np.random.default_rng(seed)
    both = early.merge(late, on="customer_id", suffixes=("", "_late"), validate="one_to_one")
    if len(both) > MOST_ROWS:
        both = both.iloc[np.sort(rng.choice(len(both), MOST_ROWS, replace=False))]
    before = [both[name].to_numpy(float) for name in ("frequency", "recency", "age")]
    after = [both[f"{name}_late"].to_numpy(float) for name in ("frequency", "recency", "age")]
    models = {name: fit(*before) for name, fit in FITS.items()}
    scores = {name: m.log_density(*after) - m.log_density(*before) for name, m in models.items()}
    best = max(scores, key=lambda name: float(scores[name].mean()))
    actual = after[0] - before[0]
    picks = rng.integers(0, len(both), (resamples, len(both))) if len(both) * resamples <= 2e7 else None
    rows = [
        {
            "model": name,
            "score": scores[name].mean(),
            "behind": (scores[best] - scores[name]).mean(),
            **_interval(scores[best] - scores[name], picks),
            **_errors(model.expected_purchases(weeks, *before), actual),
            "is_chosen": name == best,
            "is_at_bound": model.is_at_bound,
        }
        for name, model in models.items()
    ]
    alive = best if best in KNOWS_LEAVING else max(KNOWS_LEAVING, key=lambda name: float(scores[name].mean()))
    return ModelChoice(pd.DataFrame(rows), best, alive)


def _interval(difference: Floats, picks: npt.NDArray[np.int64] | None) -> dict[str, float]:
    """Return the 95 % interval of a mean: resampled, or normal where there are very many."""
    if picks is None:
        half = 1.96 * float(difference.std()) / np.sqrt(len(difference))
        return {"low": float(difference.mean()) - half, "high": float(difference.mean()) + half}
    means = difference[picks].mean(axis=1)
    return {"low": float(np.quantile(means, 0.025)), "high": float(np.quantile(means, 0.975))}


def _errors(predicted: Floats, actual: Floats) -> dict[str, float]:
    total = float(actual.sum())
    return {
        "bias": float(predicted.sum()) / total - 1 if total else float("nan"),
        "rank_correlation": rank_correlation(predicted, actual),
    }
