"""Sentences about leaving customers, made from the result; the page types no number itself."""

from __future__ import annotations

import math

from helpers.customers.churn.result import Churn

_NAMES = {
    "base": "the share that left before, the same for all",
    "rule": "the plain rule (days since the last order ÷ the usual gap)",
    "logistic": "logistic regression",
    "boosted": "boosted trees",
}


def say_churn(found: Churn) -> list[str]:
    """Return the definition, what is at risk, how well it is known, and what is gained over the rule."""
    return [found.settings.definition, say_risk(found), say_model(found), *found.notes]


def say_risk(found: Churn) -> str:
    """Return how many are expected to leave, and the money at risk."""
    rows = found.customers
    if rows.empty:
        return "No customer is active."
    count = f"{len(rows):,} active {'customer' if len(rows) == 1 else 'customers'}"
    if rows["probability"].isna().all():
        return f"How many of {count} will leave is not yet knowable."
    low, high = (float(rows[f"margin_at_risk_{end}"].sum()) for end in ("low", "high"))
    whole, settings = found.margin_at_risk, found.settings
    return (
        f"Of {count} (an order in {settings.active_days} days), {rows['probability'].sum():,.0f} are "
        f"expected to order nothing in the next {settings.horizon_days}; last year's {found.money_word}, "
        f"weighted with that chance: {whole:,.0f} ({low:,.0f} to {high:,.0f})."
    )


def say_model(found: Churn) -> str:
    """Return which model was chosen by what, and what it gains over the plain rule."""
    if not found.is_validated:
        return "No model could be tested on a later day, so nothing is claimed of its chances."
    row = found.scores.loc[found.model]
    judged = int(found.days["is_judged"].sum())
    day = "1 later day" if judged == 1 else f"{judged} later days"
    auc = f", AUC {row['auc']:.3f} ({row['auc_low']:.3f} to {row['auc_high']:.3f})"
    head = (
        f"Leaving, tested on {day} than those learnt from: best by log loss is {_NAMES[found.model]}"
        f"{auc if math.isfinite(row['auc_low']) else ''}, log loss {row['log_loss']:.3f}."
    )
    return f"{head} {_say_gain(found)}"


def _say_gain(found: Churn) -> str:
    row, rule = found.scores.loc[found.model], found.scores.loc["rule"]
    if found.model == "base":
        return "No model gains anything over giving all customers the same chance."
    if found.model == "rule":
        return "No model gains anything over it."
    limits = f"{row['gain_over_rule_low']:.3f} to {row['gain_over_rule_high']:.3f}"
    auc = f" (AUC {rule['auc']:.3f})" if math.isfinite(rule["auc"]) else ""
    words = f"Against the plain rule{auc} it saves {row['gain_over_rule']:.3f} of log loss"
    if found.beats_rule:
        return f"{words} ({limits})."
    return f"{words} ({limits}), which may be chance: the rule serves as well."
