"""The result of measuring uplift, and what it is where nothing can be told."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.customers.uplift.classes import CLASSES, ResponderClasses
from helpers.customers.uplift.estimate import UpliftEstimate
from helpers.customers.uplift.score import UpliftScore, policy_values
from helpers.customers.uplift.signal import LEVEL, HeterogeneityTest, Verdict, judge_heterogeneity

BY_CLASSES = "responder classes"
CHI2_95 = 5.991  # two parameters
LIKELY = 0.5
ROWS = (
    "campaign_id",
    "customer_id",
    "treated",
    "bought",
    "offer_margin",
    "cost_per_contact",
    "treatment_probability",
)
PREDICTED = ("uplift", "control_probability", "treated_probability", "score")


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


def count_groups(customers: pd.DataFrame) -> pd.DataFrame:
    """Return the expected number of customers per group, and how many are more likely so than not."""
    odds = customers[list(CLASSES)].astype(float)
    return pd.DataFrame(
        {
            "group": CLASSES,
            "customers": odds.sum().to_numpy(),
            "share": odds.sum().to_numpy() / max(len(odds), 1),
            "surely": (odds > 0.5).sum().to_numpy(),
        }
    )


def no_customers() -> pd.DataFrame:
    """Return the table of customers without rows."""
    return pd.DataFrame({"customer_id": [], **{name: [] for name in CLASSES}, "group": []})


def nothing_to_measure(campaigns: pd.DataFrame) -> Uplift:
    """Return what can be said where no campaign may teach."""
    customers = no_customers()
    none = np.empty(0)
    return Uplift(
        campaigns=campaigns,
        rows=pd.DataFrame({name: [] for name in (*ROWS, *PREDICTED)}),
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
        groups=count_groups(customers),
        side_evidence=0.0,
        estimate=None,
        notes=("No past campaign has a clean held-out share: what messages change is not yet knowable.",),
    )
