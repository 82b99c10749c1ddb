"""What `estimate_churn` gives."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from helpers.customers.churn.settings import ChurnSettings


@dataclass(frozen=True, eq=False)
class Churn:
    """Chance of leaving of every active customer.

    Parameters
    ----------
    settings
        What was asked; `settings.definition` says what leaving means.
    until
        Last day that was read.
    customers
        One row per active customer, most at risk first: customer_id, segment, channel, probability,
        probability_low, probability_high, days_since_last_order, usual_gap_days, margin_last_year,
        margin_at_risk, margin_at_risk_low, margin_at_risk_high, reason. Chances are nan where nothing
        could be learnt.
    model
        The model with the lowest out-of-time log loss: base, rule, logistic or boosted; empty if none.
    scores
        By model: see `score_models`; without rows where no past day could be judged.
    reliability
        Of the model chosen: see `reliability`.
    days
        day, customers, left (share), is_judged: the past days learnt from.
    money_word
        What money is: margin or revenue.
    notes
        What was assumed or could not be known.
    """

    settings: ChurnSettings
    until: dt.date
    customers: pd.DataFrame
    model: str
    scores: pd.DataFrame
    reliability: pd.DataFrame
    days: pd.DataFrame
    money_word: str
    notes: tuple[str, ...]

    @property
    def margin_at_risk(self) -> float:
        """Σ probability × last year's margin."""
        return float(self.customers["margin_at_risk"].sum())

    @property
    def is_validated(self) -> bool:
        """Whether any past day could be judged by a model that had not seen it."""
        return len(self.scores) > 0

    @property
    def beats_rule(self) -> bool:
        """Whether the model chosen surely saves log loss against the plain rule."""
        return self.is_validated and float(self.scores["gain_over_rule_low"].astype(float)[self.model]) > 0
