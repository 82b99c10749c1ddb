"""What messages change, from all clean past campaigns together.

Candidates are the meta-learners of `learners` and, where customers were in several campaigns, the responder
classes of `classes`. Each predicts every row without having seen the customer's answer: learners from other
customers; classes with parameters of other customers and this customer's *earlier* campaigns, as in use. They
are compared by mean (ψ − τ̂)². The classes are used unless a learner is better beyond chance, for only they
carry over from campaign to campaign what each customer showed.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.contract import Case
from helpers.customers.history import FEATURES, CampaignHistory
from helpers.customers.uplift.answers import Answers, read_answers
from helpers.customers.uplift.checks import check_campaigns
from helpers.customers.uplift.classes import (
    CLASSES,
    ResponderClasses,
    class_posterior,
    fit_classes,
    row_log_likelihood,
)
from helpers.customers.uplift.cross_fit import ClassRows, cross_fit_classes, judge_other
from helpers.customers.uplift.estimate import (
    FEWEST_ROWS,
    Z90,
    UpliftEstimate,
    compare_effects,
    estimate_uplift,
)
from helpers.customers.uplift.learners import Base
from helpers.customers.uplift.result import (
    BY_CLASSES,
    ROWS,
    Uplift,
    count_groups,
    no_customers,
    nothing_to_measure,
)
from helpers.customers.uplift.score import policy_values, score_uplift
from helpers.customers.uplift.settings import UpliftSettings
from helpers.customers.uplift.signal import (
    LEAST_SHARE,
    HeterogeneityTest,
    judge_heterogeneity,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEWEST_REPEATED = 50  # customers in two campaigns or more
KNOWN = ("alive", "expected", "offer_share")


def measure_uplift(history: CampaignHistory, case: Case, settings: UpliftSettings | None = None) -> Uplift:
    """Measure what messages change.

    Parameters
    ----------
    history
        Of `read_history(case)`.
    case
        The same case: orders, consent.
    settings
        See `UpliftSettings`.
    """
    settings = settings or UpliftSettings()
    campaigns = check_campaigns(case, history, settings)
    used = history.past["campaign_id"].isin(campaigns.loc[campaigns["is_used"].astype(bool), "campaign_id"])
    past = history.past[used].reset_index(drop=True)
    treated = past["treated"].to_numpy(bool)
    # Where nobody was seen to buy at all, that is no evidence that messages change nothing.
    is_seen = bool(past["bought"].any())
    if len(past) < FEWEST_ROWS or treated.all() or not treated.any() or not is_seen:
        return nothing_to_measure(campaigns)
    answers = read_answers(case, history).take(used.to_numpy(bool))
    estimates = {base: _estimate(past, answers, base, settings) for base in settings.bases}
    return _assemble(campaigns, past, answers, estimates, settings)


def learner_features(past: pd.DataFrame, answers: Answers) -> pd.DataFrame:
    """Return what the meta-learners see of each row."""
    return pd.concat([past[list(FEATURES)], answers.rows[list(KNOWN)]], axis=1)


def _estimate(past: pd.DataFrame, answers: Answers, base: Base, settings: UpliftSettings) -> UpliftEstimate:
    return estimate_uplift(
        learner_features(past, answers),
        past["treated"],
        past["bought"],
        base=base,
        treatment_probability=past["treatment_probability"],
        folds=settings.folds,
        groups=past["customer_id"],
        gap=settings.gap,
        seed=settings.seed,
    )


def _assemble(
    campaigns: pd.DataFrame,
    past: pd.DataFrame,
    answers: Answers,
    estimates: dict[Base, UpliftEstimate],
    settings: UpliftSettings,
) -> Uplift:
    first = next(iter(estimates.values()))
    group = np.unique(past["customer_id"].to_numpy(str), return_inverse=True)[1]
    candidates = {f"{found.learner} {base}": found.uplift for base, found in estimates.items()}
    whole: ResponderClasses | None = None
    parts: tuple[ResponderClasses, ...] = ()
    rows: ClassRows | None = None
    if _can_tell_classes(past):
        whole = fit_classes(answers)
        parts, rows = cross_fit_classes(answers, first.fold)
        candidates = {BY_CLASSES: rows.uplift, **candidates}
    comparison = compare_effects(first.scores, candidates, first.fold, group)
    method = _choose(first.scores, candidates, group)
    estimate = next(
        (found for base, found in estimates.items() if method == f"{found.learner} {base}"),
        min(estimates.values(), key=lambda found: float(found.choice["loss"].iloc[0])),
    )
    held, treated = (
        (rows.control, rows.treated)
        if rows and method == BY_CLASSES
        else (estimate.control, estimate.treated)
    )
    predicted = candidates[method]
    gap = settings.gap or LEAST_SHARE * float(past.loc[~past["treated"], "bought"].mean())
    table = past[list(ROWS)].assign(
        uplift=predicted, control_probability=held, treated_probability=treated, score=first.scores
    )
    # Fixed before looking: the classes where there are any, else the mean of all learners.
    tested = candidates.get(BY_CLASSES, np.mean(list(candidates.values()), axis=0))
    customers = _customers(answers, whole)
    return Uplift(
        campaigns=campaigns,
        rows=table,
        comparison=comparison,
        method=method,
        test=judge_heterogeneity(first.scores, tested, first.fold, group, gap),
        other_test=None if rows is None else judge_other(past, answers, rows.other, first.fold, group),
        score=score_uplift(
            predicted,
            past["treated"],
            past["bought"],
            treatment_probability=past["treatment_probability"],
            groups=past["customer_id"],
            draws=settings.draws,
            seed=settings.seed,
        ),
        policy=_policy(table),
        classes=whole,
        fold_classes=parts,
        customers=customers,
        groups=count_groups(customers),
        side_evidence=_side_evidence(answers, whole),
        estimate=estimate,
        notes=_notes(past, answers, whole),
    )


def judge_classes(
    past: pd.DataFrame, answers: Answers, settings: UpliftSettings
) -> tuple[HeterogeneityTest, HeterogeneityTest]:
    """Return the tests of differences in answers and in other purchases, by the responder classes alone."""
    base: Base = "simple"
    first = estimate_uplift(
        learner_features(past, answers),
        past["treated"],
        past["bought"],
        learner="T",
        base=base,
        treatment_probability=past["treatment_probability"],
        folds=settings.folds,
        groups=past["customer_id"],
        seed=settings.seed,
    )
    group = np.unique(past["customer_id"].to_numpy(str), return_inverse=True)[1]
    _, rows = cross_fit_classes(answers, first.fold)
    gap = settings.gap or LEAST_SHARE * float(past.loc[~past["treated"], "bought"].mean())
    return (
        judge_heterogeneity(first.scores, rows.uplift, first.fold, group, gap),
        judge_other(past, answers, rows.other, first.fold, group),
    )


def _can_tell_classes(past: pd.DataFrame) -> bool:
    """Classes are told by customers who were seen more than once."""
    return int((past.groupby("customer_id").size() > 1).sum()) >= FEWEST_REPEATED


def _choose(scores: Floats, candidates: dict[str, Floats], group: Ints) -> str:
    """Return the candidate of least error; the classes unless another beats them beyond chance."""
    losses = {name: (scores - uplift) ** 2 for name, uplift in candidates.items()}
    best = min(losses, key=lambda name: float(losses[name].mean()))
    if BY_CLASSES not in losses or best == BY_CLASSES:
        return best
    gain = losses[BY_CLASSES] - losses[best]
    error = float(np.sqrt((np.bincount(group, gain - gain.mean()) ** 2).sum())) / len(gain)
    return best if float(gain.mean()) > Z90 * error else BY_CLASSES


def _side_evidence(answers: Answers, model: ResponderClasses | None) -> float:
    """Return 2·(log-likelihood with ρ, ρ′ − with both one), the rest as fitted."""
    if model is None:
        return 0.0
    calm = replace(model, calm=(1.0, 1.0))
    return 2 * (row_log_likelihood(answers, model) - row_log_likelihood(answers, calm))


def _customers(answers: Answers, model: ResponderClasses | None) -> pd.DataFrame:
    if model is None:
        return no_customers()
    customer, odds = class_posterior(answers, model)
    names = np.array(CLASSES, dtype=object)
    return pd.DataFrame(odds, columns=list(CLASSES)).assign(
        customer_id=customer.astype(object), group=names[odds.argmax(axis=1)]
    )[["customer_id", *CLASSES, "group"]]


def _policy(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what policies would have earned, an answer at the mean margin of its campaign's answers."""
    bought = rows["bought"].astype(bool)
    worth = rows["offer_margin"].where(bought).groupby(rows["campaign_id"]).transform("mean").fillna(0.0)
    return policy_values(
        rows["uplift"] * worth,
        rows["treated"],
        rows["offer_margin"],
        rows["cost_per_contact"],
        control=rows["control_probability"] * worth,
        treated_outcome=rows["treated_probability"] * worth,
        treatment_probability=rows["treatment_probability"],
    )


def _notes(past: pd.DataFrame, answers: Answers, model: ResponderClasses | None) -> tuple[str, ...]:
    notes = []
    if model is None:
        notes.append(
            "Too few customers were in two campaigns or more: the groups of responders are not yet knowable. "
            "They show when the same customers are drawn anew into treated and held out."
        )
    if not answers.carries_mark:
        notes.append(
            "No order carries a campaign: an answer cannot be told from a purchase made anyway. Fill "
            "`campaign_id` in orders where a code, link or coupon is used."
        )
    if len(past["campaign_id"].unique()) == 1:
        notes.append("All evidence is from one campaign: whether it holds for others is not yet knowable.")
    return tuple(notes)
