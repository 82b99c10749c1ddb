"""Sentences about uplift, made from the result; the page types no number itself."""

from __future__ import annotations

import math
from typing import Any

from helpers.customers.uplift.result import BY_CLASSES, Uplift
from helpers.customers.words import count, percent


def points(share: float) -> str:
    """Return a difference of shares in percentage points, with its sign."""
    return f"{100 * share:+.1f}".replace("-", "\N{MINUS SIGN}")


def say_verdict(uplift: Uplift) -> str:
    """Return whether customers differ in what a message does to them, or what would settle it."""
    test, used = uplift.test, len(uplift.used)
    if not used:
        return "What messages change is not yet knowable: no past campaign has a clean held-out share."
    basis = f"{count(used, 'campaign')} with {count(test.rows, 'row')} of a customer contacted or held out"
    if uplift.verdict == "signal":
        return (
            f"Messages do not work alike on all customers (signal): they differ in {_differ(uplift)}, by "
            f"{basis}. Choosing whom to contact can pay."
        )
    if uplift.verdict == "no signal":
        return (
            f"No signal: {basis}, would mostly have shown a difference of {points(test.gap)} points between "
            "the better and the worse half of customers, and none was found. Choose by cost and by the "
            "average effect."
        )
    more = uplift.campaigns_needed
    return (
        f"Not yet knowable: {basis}, cannot show whether customers differ by {points(test.gap)} points "
        f"between halves. {count(test.rows_needed, 'row')} would: about {count(more, 'campaign')} more of "
        f"the usual size at the usual held-out share, or fewer with {_even_arms(uplift)}."
    )


def _differ(uplift: Uplift) -> str:
    """Say in what customers differ: whether they take the offer, what else they buy, or both."""
    answers, other = "whether they take the offer", "what else they buy afterwards"
    tests = [(uplift.test, answers), *([(uplift.other_test, other)] if uplift.other_test else [])]
    return " and in ".join(words for test, words in tests if test.verdict == "signal") or answers


def _even_arms(uplift: Uplift) -> str:
    """Say what a half held out would spare: rows needed go with 1 / (p(1 − p))."""
    p = float(uplift.rows["treatment_probability"].mean())
    spared = 1 - 4 * p * (1 - p)
    return (
        f"half of the audience held out ({percent(spared)} fewer rows)"
        if spared > 0.01
        else "larger audiences"
    )


def say_method(uplift: Uplift) -> str:
    """Return what predicts the planned campaigns, and what it gains over one effect for all."""
    if not uplift.method:
        return "Nothing predicts the planned campaigns: there is no evidence to learn from."
    row = uplift.comparison.set_index("learner").loc[uplift.method]
    gain, error = float(row["gain"]), float(row["gain_error"])
    name = "Responder classes" if uplift.method == BY_CLASSES else f"The learner {uplift.method}"
    if gain > 1.645 * error:
        return f"{name} predict effects better than one effect for all, judged on customers not seen."
    if gain > 0:
        return (
            f"{name} predict effects a little better than one effect for all, judged on customers not seen, "
            "but not beyond chance."
        )
    return f"{name} predict effects no better than one effect for all: expect little from choosing by it."


def say_effects(uplift: Uplift) -> list[str]:
    """Return one sentence per past campaign: what it changed on average."""
    return [_say_effect(row) for row in uplift.campaigns.to_dict("records")]


def _say_effect(row: dict[Any, Any]) -> str:
    name = f"{row['name']} ({row['campaign_id']}, {row['channel']})"
    if math.isnan(row["effect"]):
        return f"{name}: its effect is not knowable, {row['why_not'] or 'an arm is too small'}."
    sure = "" if row["low"] > 0 or row["high"] < 0 else ", which may be chance"
    used = "" if row["is_used"] else f" Not used: {row['why_not']}."
    return (
        f"{name}: {percent(row['answers_treated'], 1)} of the treated bought what was offered, "
        f"{percent(row['answers_held_out'], 1)} of the held out: {points(row['effect'])} points "
        f"[{points(row['low'])}, {points(row['high'])}]{sure}.{used}"
    )


def say_checks(uplift: Uplift) -> list[str]:
    """Return what the checks of past campaigns found; one sentence where all is well."""
    said = []
    for row in uplift.campaigns.to_dict("records"):
        if not row["is_used"]:
            said.append(f"{row['campaign_id']} is left out: {row['why_not']}.")
        if row["without_consent"]:
            said.append(
                f"{row['campaign_id']} reached {count(row['without_consent'], 'customer')} without consent "
                f"for {row['channel']} as it stands today."
            )
        if row["largest_difference"] > 4 * row["difference_by_chance"]:
            said.append(
                f"{row['campaign_id']}: the arms differ by {row['largest_difference']:.2f} standard "
                "deviations in what was known before, more than chance explains. Ask how the held-out "
                "customers were drawn."
            )
    if said or uplift.campaigns.empty:
        return said
    checked = count(len(uplift.campaigns), "past campaign")
    return [f"Checked for arms, balance and contamination: {checked}, nothing found."]


def say_groups(uplift: Uplift) -> list[str]:
    """Return how many customers are of each kind, and what is known of sleeping dogs."""
    if uplift.classes is None:
        return [note for note in uplift.notes if "groups" in note] or ["The groups are not yet knowable."]
    rows = uplift.groups.set_index("group")
    parts = [
        f"{percent(float(rows['share'][name]))} {words}"
        for name, words in (
            ("persuadable", "answer because of a message"),
            ("sure thing", "buy anyway"),
            ("lost cause", "hardly ever answer"),
            ("sleeping dog", "buy less after one"),
        )
    ]
    said = [
        f"By the model, of the customers in past campaigns {', '.join(parts)}. Of nobody is the kind known "
        "for sure: dark are those more likely than not."
    ]
    return [*said, *say_aftermath(uplift)]


def say_aftermath(uplift: Uplift) -> list[str]:
    """Return what messages do to those better left alone, and how fast answers wear off."""
    if uplift.classes is None:
        return []
    said: list[str] = []
    calm = uplift.classes.calm
    if uplift.has_side_effect:
        said.append(
            f"Customers better left alone keep {percent(calm[0])} of their usual buying days while a "
            f"campaign runs and {percent(calm[1])} in the weeks after it (fitted, no interval); this loss "
            "is counted."
        )
    else:
        said.append(
            "A loss of other purchases after messages is not borne by the evidence and counts as none."
        )
    said.append(
        f"Each further contact within a year leaves {percent(uplift.classes.fatigue)} of the effect (fitted)."
    )
    return said
