"""What messages change, from all clean past campaigns together.

Candidates are the meta-learners of `learners` and, where customers were in several campaigns, the responder
classes of `classes`. Each predicts every row without having seen the customer's answer: learners from other
customers; classes with parameters of other customers and this customer's *earlier* campaigns, as in use. They
are compared by mean (ψ − τ̂)². The classes are used unless a learner is better beyond chance, for only they
carry over from campaign to campaign what each customer showed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.contract import Case
from helpers.customers.history import FEATURES, CampaignHistory
from helpers.customers.uplift.answers import Answers, read_answers
from helpers.customers.uplift.checks import check_campaigns
from helpers.customers.uplift.classes import (
    CLASSES,
    DOG,
    ResponderClasses,
    class_posterior,
    earlier_posterior,
    fit_classes,
    row_log_likelihood,
)
from helpers.customers.uplift.estimate import (
    FEWEST_ROWS,
    Z90,
    UpliftEstimate,
    compare_effects,
    estimate_uplift,
)
from helpers.customers.uplift.learners import Base, effect_scores
from helpers.customers.uplift.score import UpliftScore, policy_values, score_uplift
from helpers.customers.uplift.settings import UpliftSettings
from helpers.customers.uplift.signal import (
    LEAST_SHARE,
    LEVEL,
    HeterogeneityTest,
    Verdict,
    judge_heterogeneity,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BY_CLASSES = "responder classes"
CHI2_95 = 5.991  # two parameters
FEWEST_REPEATED = 50  # customers in two campaigns or more
KNOWN = ("alive", "expected", "offer_share")


@dataclass(frozen=True, eq=False)
class Uplift:
    """What past campaigns say about who should get the next message.

    Parameters
    ----------
    campaigns
        Of `check_campaigns`: effect with interval, balance, contamination, whether used.
    rows
        Rows of the campaigns used: campaign_id, customer_id, treated, bought, offer_margin, cost_per_contact,
        treatment_probability, uplift, control_probability, treated_probability (predicted without the row),
        score (ψ).
    comparison
        learner, loss, gain over one effect for all, gain_error; the best first.
    method
        What predicts the planned campaigns: `responder classes`, a learner and its base, or `` where nothing
        can be told.
    test
        Whether customers differ in how they answer, and what would settle it.
    other_test
        The same for what they buy beside the offer, days per campaign; None without classes.
    score
        Qini, AUUC and uplift at k with intervals; None without rows.
    policy
        Of `policy_values`, margin of the offer per customer after contact cost.
    classes, fold_classes
        Responder classes of all customers, and with one fold left out; None and empty where untold.
    customers
        customer_id, one probability per class, group (the likeliest).
    groups
        group, customers (expected number), share, surely (customers with a probability above one half).
    side_evidence
        Twice the log-likelihood that other purchases of sleeping dogs change after a message.
    estimate
        The best meta-learner; None where there was too little for any.
    notes
        What was assumed or could not be done.
    """

    campaigns: pd.DataFrame
    rows: pd.DataFrame
    comparison: pd.DataFrame
    method: str
    test: HeterogeneityTest
    other_test: HeterogeneityTest | None
    score: UpliftScore | None
    policy: pd.DataFrame
    classes: ResponderClasses | None
    fold_classes: tuple[ResponderClasses, ...]
    customers: pd.DataFrame
    groups: pd.DataFrame
    side_evidence: float
    estimate: UpliftEstimate | None
    notes: tuple[str, ...]

    @property
    def verdict(self) -> Verdict:
        """`signal`, `no signal` or `not yet knowable`; two tests share one level of 2.5 %."""
        if self.other_test is None:
            return self.test.verdict
        if min(self.test.p_value, self.other_test.p_value) <= LEVEL / 2:
            return "signal"
        return "no signal" if self.test.rows >= self.test.rows_needed else "not yet knowable"

    @property
    def has_side_effect(self) -> bool:
        """Whether the evidence bears that sleeping dogs buy less of other things after a message."""
        return self.side_evidence > CHI2_95

    @property
    def used(self) -> pd.DataFrame:
        """Campaigns that this rests on."""
        return self.campaigns[self.campaigns["is_used"].astype(bool)]

    @property
    def campaigns_needed(self) -> int:
        """Further campaigns of the usual size that would settle whether customers differ."""
        size = float(self.used["customers"].mean()) if len(self.used) else 0.0
        return self.test.campaigns_needed(size)


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
    if len(past) < FEWEST_ROWS or treated.all() or not treated.any():
        return _nothing(campaigns)
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
    table = past[
        [
            "campaign_id",
            "customer_id",
            "treated",
            "bought",
            "offer_margin",
            "cost_per_contact",
            "treatment_probability",
        ]
    ].assign(uplift=predicted, control_probability=held, treated_probability=treated, score=first.scores)
    # Fixed before looking: the classes where there are any, else the mean of all learners.
    tested = candidates.get(BY_CLASSES, np.mean(list(candidates.values()), axis=0))
    customers = _customers(answers, whole)
    return Uplift(
        campaigns=campaigns,
        rows=table,
        comparison=comparison,
        method=method,
        test=judge_heterogeneity(first.scores, tested, first.fold, group, gap),
        other_test=None if rows is None else _test_other(past, answers, rows.other, first.fold, group),
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
        groups=_groups(customers),
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
        _test_other(past, answers, rows.other, first.fold, group),
    )


def _can_tell_classes(past: pd.DataFrame) -> bool:
    """Classes are told by customers who were seen more than once."""
    return int((past.groupby("customer_id").size() > 1).sum()) >= FEWEST_REPEATED


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


def _test_other(
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
        return pd.DataFrame({"customer_id": [], **{name: [] for name in CLASSES}, "group": []})
    customer, odds = class_posterior(answers, model)
    names = np.array(CLASSES, dtype=object)
    return pd.DataFrame(odds, columns=list(CLASSES)).assign(
        customer_id=customer.astype(object), group=names[odds.argmax(axis=1)]
    )[["customer_id", *CLASSES, "group"]]


def _groups(customers: pd.DataFrame) -> pd.DataFrame:
    odds = customers[list(CLASSES)].astype(float)
    return pd.DataFrame(
        {
            "group": CLASSES,
            "customers": odds.sum().to_numpy(),
            "share": odds.sum().to_numpy() / max(len(odds), 1),
            "surely": (odds > 0.5).sum().to_numpy(),
        }
    )


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


def _nothing(campaigns: pd.DataFrame) -> Uplift:
    """Return what can be said where no campaign may teach."""
    columns = [
        "campaign_id",
        "customer_id",
        "treated",
        "bought",
        "offer_margin",
        "cost_per_contact",
        "treatment_probability",
        "uplift",
        "control_probability",
        "treated_probability",
        "score",
    ]
    customers = _customers(Answers(pd.DataFrame(), np.empty((0, 0)), np.empty((0, 0)), False), None)
    none = np.empty(0)
    return Uplift(
        campaigns=campaigns,
        rows=pd.DataFrame({name: [] for name in columns}),
        comparison=pd.DataFrame({name: [] for name in ("learner", "loss", "gain", "gain_error")}),
        method="",
        other_test=None,
        test=judge_heterogeneity(none, none, none.astype(np.int64), none.astype(np.int64), 0.0),
        score=None,
        policy=policy_values(
            none, none, none, none, control=none, treated_outcome=none, treatment_probability=none
        ),
        classes=None,
        fold_classes=(),
        customers=customers,
        groups=_groups(customers),
        side_evidence=0.0,
        estimate=None,
        notes=("No past campaign has a clean held-out share: what messages change is not yet knowable.",),
    )
