"""Whether a past campaign is a clean experiment, and what it did on average.

    effect = ȳ_t − ȳ_c,     standard error √(s_t²/n_t + s_c²/n_c),

by the arm that was drawn, not by the message that left. Sample ratio: χ² of the arms against the probability
of the design (Fabijan et al. 2019, "Diagnosing sample ratio mismatch"). Balance: the largest standardised
difference of a feature, |x̄_t − x̄_c| / s; chance alone gives about √(1/n_t + 1/n_c) for each.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from helpers.contract import Case
from helpers.customers.history import CampaignHistory
from helpers.customers.uplift.settings import UpliftSettings

_Z95 = 1.959964
_BALANCED = (
    "tenure_days",
    "days_since_last_order",
    "orders_before",
    "margin_before",
    "offer_orders_before",
)
_MARKED = """
SELECT DISTINCT campaign_id, customer_id FROM orders
WHERE campaign_id IS NOT NULL AND customer_id IS NOT NULL AND status <> 'cancelled'
    AND order_date <= $until::DATE
"""
COLUMNS = (
    "campaign_id",
    "name",
    "channel",
    "start",
    "customers",
    "treated",
    "held_out",
    "answers_treated",
    "answers_held_out",
    "effect",
    "low",
    "high",
    "margin_effect",
    "margin_low",
    "margin_high",
    "ratio_p",
    "largest_difference",
    "difference_by_chance",
    "held_out_sent",
    "held_out_marked",
    "treated_unsent",
    "without_consent",
    "is_used",
    "why_not",
)


def check_campaigns(case: Case, history: CampaignHistory, settings: UpliftSettings) -> pd.DataFrame:
    """Return one row per past campaign: what it did, and whether it may teach.

    Returns
    -------
    pandas.DataFrame
        campaign_id, name, channel, start; customers, treated, held_out (counts); answers_treated,
        answers_held_out (shares); effect with low and high (95 %); margin_effect with its interval (money per
        contact, all purchases); ratio_p; largest_difference and difference_by_chance (standard deviations);
        held_out_sent, held_out_marked, treated_unsent, without_consent (counts); is_used, why_not.
    """
    past = history.past
    marked = pd.MultiIndex.from_frame(case.query(_MARKED, {"until": history.until}))
    keys = pd.MultiIndex.from_frame(past[["campaign_id", "customer_id"]])
    consent = case.table("customers").set_index("customer_id")
    rows = past.assign(marked=keys.isin(marked))
    facts = history.campaigns.set_index("campaign_id")
    found = [
        _check(part, facts.loc[[str(campaign)]].iloc[0], consent, settings, pd.Timestamp(case.first_day))
        for campaign, part in rows.groupby("campaign_id", sort=False)
    ]
    return pd.DataFrame(found, columns=list(COLUMNS))


def _check(
    rows: pd.DataFrame,
    facts: pd.Series[Any],
    consent: pd.DataFrame,
    settings: UpliftSettings,
    first_day: pd.Timestamp,
) -> dict[str, object]:
    treated = rows["treated"].to_numpy(bool)
    answer = _difference(rows["bought"].to_numpy(np.float64), treated)
    is_complete = rows["is_complete_after"].to_numpy(bool)
    money = _difference(rows["margin"].to_numpy(np.float64), treated)
    if not is_complete.all():
        money = (math.nan, math.nan, math.nan)
    medium = {"sms": "phone", "post": "email"}.get(str(facts["channel"]), str(facts["channel"]))
    agreed = rows["customer_id"].map(consent[f"consent_{medium}"]).eq(True)
    largest, chance = _imbalance(rows, treated)
    counts = {
        "customers": len(rows),
        "treated": int(treated.sum()),
        "held_out": int((~treated).sum()),
        "held_out_sent": int((rows["sent"] & ~treated).sum()),
        "held_out_marked": int((rows["marked"] & ~treated).sum()),
        "treated_unsent": int((~rows["sent"].astype(bool) & treated).sum()),
        "without_consent": int((rows["sent"] & ~agreed).sum()),
    }
    ratio_p = sample_ratio_p(
        counts["treated"], counts["customers"], float(rows["treatment_probability"].iloc[0])
    )
    why = _why_not(counts, ratio_p, bool(rows["is_complete"].all()), settings)
    if rows["start"].iloc[0] < first_day:
        why = "; ".join(filter(None, ["it began before the first order of the data", why]))
    return {
        "campaign_id": rows["campaign_id"].iloc[0],
        "name": facts["name"],
        "channel": facts["channel"],
        "start": rows["start"].iloc[0],
        **counts,
        "answers_treated": _mean(rows["bought"], treated),
        "answers_held_out": _mean(rows["bought"], ~treated),
        **dict(zip(("effect", "low", "high"), answer, strict=True)),
        **dict(zip(("margin_effect", "margin_low", "margin_high"), money, strict=True)),
        "ratio_p": ratio_p,
        "largest_difference": largest,
        "difference_by_chance": chance,
        "is_used": not why,
        "why_not": why,
    }


def sample_ratio_p(treated: int, customers: int, probability: float) -> float:
    """Return the p-value of the arms' sizes under the design; NaN without a probability.

    Examples
    --------
    >>> round(sample_ratio_p(21_387, 42_693, 0.5), 2)
    0.7
    """
    if not 0 < probability < 1 or not customers:
        return math.nan
    z = (treated - customers * probability) / math.sqrt(customers * probability * (1 - probability))
    return math.erfc(abs(z) / math.sqrt(2))


def _why_not(counts: dict[str, int], ratio_p: float, is_complete: bool, settings: UpliftSettings) -> str:
    reached = max(counts["held_out_sent"], counts["held_out_marked"])
    reasons = {
        "its window has not ended": not is_complete,
        "nobody was held out": counts["held_out"] == 0,
        "nobody was treated": counts["treated"] == 0,
        "its treatment probability is not known": math.isnan(ratio_p),
        "its arms do not have the sizes of the design": ratio_p < settings.least_ratio_p,
        "held-out customers were reached": reached > settings.most_contaminated * counts["held_out"],
        "too many messages did not leave": counts["treated_unsent"]
        > settings.most_unsent * counts["treated"],
    }
    return "; ".join(name for name, holds in reasons.items() if holds)


def _difference(y: np.ndarray[Any, np.dtype[np.float64]], treated: Any) -> tuple[float, float, float]:
    """Return the difference of means with its 95 % interval; NaN with an arm below two rows."""
    if min(int(treated.sum()), int((~treated).sum())) < 2:
        return math.nan, math.nan, math.nan
    arms = y[treated], y[~treated]
    value = float(arms[0].mean() - arms[1].mean())
    error = math.sqrt(sum(float(arm.var(ddof=1)) / len(arm) for arm in arms))
    return value, value - _Z95 * error, value + _Z95 * error


def _mean(answers: pd.Series[Any], where: Any) -> float:
    return float(answers[where].mean()) if where.any() else math.nan


def _imbalance(rows: pd.DataFrame, treated: Any) -> tuple[float, float]:
    """Return the largest standardised difference, and the standard error of each."""
    sizes = int(treated.sum()), int((~treated).sum())
    if min(sizes) < 2:
        return math.nan, math.nan
    values = rows[list(_BALANCED)].astype(float)
    spread = values.std().replace(0.0, np.nan)
    differences = ((values[treated].mean() - values[~treated].mean()) / spread).abs()
    return float(differences.fillna(0.0).max()), math.sqrt(1 / sizes[0] + 1 / sizes[1])
