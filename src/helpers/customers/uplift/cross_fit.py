"""Responder classes judged on customers they were not fitted on, each row by earlier campaigns only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.customers.uplift.answers import Answers
from helpers.customers.uplift.classes import DOG, ResponderClasses, earlier_posterior, fit_classes
from helpers.customers.uplift.learners import effect_scores
from helpers.customers.uplift.signal import LEAST_SHARE, HeterogeneityTest, judge_heterogeneity

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ClassRows:
    """What the classes predict of each row without its answer."""

    uplift: Floats
    control: Floats
    treated: Floats
    other: Floats


def cross_fit_classes(answers: Answers, fold: Ints) -> tuple[tuple[ResponderClasses, ...], ClassRows]:
    """Fit the classes once per fold left out, and predict its rows from the customers' earlier campaigns.

    Parameters
    ----------
    answers
        Rows of past campaigns.
    fold
        Fold of each row; all rows of a customer in one.
    """
    control, treated, other = (np.zeros(len(fold)) for _ in range(3))
    models = []
    for number in np.unique(fold):
        out = fold == number
        model = fit_classes(answers.take(~out))
        models.append(model)
        part = answers.take(out)
        control[out], treated[out] = predict_earlier(part, model)
        other[out] = -earlier_posterior(part, model)[:, DOG] * _days_lost(part, model)
    return tuple(models), ClassRows(treated - control, control, treated, other)


def predict_earlier(answers: Answers, model: ResponderClasses) -> tuple[Floats, Floats]:
    """Return the chance of an answer held out and treated, from earlier campaigns of each customer only."""
    chance = model.answer_probability(answers.rows["contacts_year"].to_numpy(float))
    odds, alive = earlier_posterior(answers, model), answers.rows["alive"].to_numpy(float)
    control, treated = (alive * (odds * part).sum(axis=1) for part in chance)
    return control, treated


def _days_lost(answers: Answers, model: ResponderClasses) -> Floats:
    """Return the buying days beside the offer that a sleeping dog leaves out after a message."""
    rows = answers.rows
    weeks = (1 - model.calm[0]) * rows["weeks_inside"] + (1 - model.calm[1]) * rows["weeks_after"]
    return np.asarray(rows["expected"] * weeks, dtype=np.float64)


def judge_other(
    past: pd.DataFrame, answers: Answers, predicted: Floats, fold: Ints, group: Ints
) -> HeterogeneityTest:
    """Test whether customers differ in what they buy beside the offer, by the scores of `learners`."""
    rows = answers.rows
    days = np.asarray(rows["other_inside"] + rows["other_after"], dtype=np.float64)
    weeks = (1 - rows["offer_share"]) * rows["weeks_inside"] + rows["weeks_after"]
    expected = np.asarray(rows["expected"] * weeks, dtype=np.float64)
    scale = 1 / np.sqrt(expected + 1.0)  # so that busy customers do not drown the others
    t, p = past["treated"].to_numpy(bool), past["treatment_probability"].to_numpy(np.float64)
    scores = effect_scores(t, days * scale, p, expected * scale, expected * scale)
    gap = LEAST_SHARE * float((expected * scale).mean())
    return judge_heterogeneity(scores, predicted * scale, fold, group, gap)
