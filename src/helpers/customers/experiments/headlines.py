"""Sentences about experiments, made from their results; the page types no number itself."""

from __future__ import annotations

import math

from helpers.customers.experiments.plan_holdouts import HoldoutPlan
from helpers.customers.experiments.read_out import ReadOut
from helpers.customers.experiments.verdicts import EARNED, LOST, NOBODY_HELD_OUT
from helpers.customers.experiments.waste import WastedMessages
from helpers.customers.words import count, money, percent, span


def say_read_out(read: ReadOut) -> str:
    """Return the verdict over all past campaigns, and how many are clear on their own."""
    total = len(read.campaigns)
    if not total:
        return "No campaign has run yet: what a message brings is not yet knowable."
    if read.campaigns["verdict"].eq(NOBODY_HELD_OUT).all():
        return "Nobody was ever held out: what the campaigns brought is not knowable. Hold out a random part."
    counted = len(read.trusted())
    if not counted:
        return f"None of {count(total, 'past campaign')} can be read yet: what a message brings is not known."
    who = f"Over {count(counted, 'campaign')} the {count(read.contacts, 'contact')}"
    range_ = f"({span(read.earned_low, read.earned_high)})"
    if read.earned_low > 0:
        head = f"{who} earned {money(read.earned)} after cost {range_}."
    elif read.earned_high < 0:
        head = (
            f"{who} lost {money(-read.earned)} after cost {range_}: left alone, these customers brought more."
        )
    else:
        head = (
            f"Whether past contacts paid is not yet knowable: over {count(counted, 'campaign')} the "
            f"{count(read.contacts, 'contact')} brought {money(read.earned)} after cost {range_}."
        )
    return f"{head} {_say_single(read)}"


def _say_single(read: ReadOut) -> str:
    verdicts = read.campaigns["verdict"]
    earned, lost = int((verdicts == EARNED).sum()), int((verdicts == LOST).sum())
    if not earned + lost:
        return "No single campaign is clear on its own."
    rest = len(verdicts) - earned - lost
    opens = "stays" if rest == 1 else "stay"
    return f"On their own, {earned} clearly earned, {lost} clearly lost and {rest} {opens} open."


def say_pooled(read: ReadOut) -> str:
    """Return the mean effect per contact, whether campaigns differ, and what adjustment gained."""
    pooled = read.pooled
    if not pooled.is_knowable:
        return "A mean over campaigns is not yet knowable."
    head = (
        f"A contact of a mean campaign brings {money(pooled.effect)} after cost "
        f"({span(pooled.low, pooled.high)})."
    )
    if pooled.campaigns > 1:
        differ = pooled.p_same < 1 - read.settings.level
        head += (
            f" Campaigns differ more than chance explains: the next one may lie anywhere from "
            f"{money(pooled.next_low)} to {money(pooled.next_high)}."
            if differ
            else " Campaigns do not differ more than chance explains."
        )
    return head


def say_offer(read: ReadOut) -> str:
    """Return what the offered lines alone brought; empty where that is the measure itself or not known."""
    offer = read.pooled_offer
    if read.settings.primary == "offer_margin" or not offer.is_knowable:
        return ""
    return (
        f"The offered lines alone bring {money(offer.effect)} after cost ({span(offer.low, offer.high)}), "
        "which does not see what is bought less elsewhere."
    )


def say_saved(read: ReadOut) -> str:
    """Return how much narrower earlier purchases make the intervals."""
    saved = read.campaigns["variance_saved"].dropna()
    if saved.empty:
        return ""
    middle = float(saved.median())
    if middle < 0.01:
        return "Earlier purchases make the intervals no narrower."
    return f"Taking out earlier purchases saves {percent(middle)} of the variance in the median campaign."


def say_ratio(read: ReadOut) -> str:
    """Return whether the arms have the sizes of the design."""
    if read.campaigns.empty:
        return "No campaign has run yet: there are no arms to check."
    known = read.campaigns[read.campaigns["ratio_p"].notna()]
    if known.empty:
        return "The sizes of the arms could not be checked: no probability of treatment is stated."
    wrong = known.loc[known["is_suspect"], "campaign_id"].tolist()
    if wrong:
        return (
            f"The arms of {', '.join(wrong)} do not have the sizes of the design: no verdict rests on them."
        )
    return f"The arms of {count(len(known), 'campaign')} have the sizes that the design asked for."


def say_wasted(waste: WastedMessages) -> str:
    """Return the measured wasted-message rate and the money that not sending would have kept."""
    if not math.isfinite(waste.rate):
        return "How many messages were wasted is not yet knowable: no past campaign can be read."
    lost = waste.groups[waste.groups["net"] < 0]
    head = (
        f"About {percent(waste.rate)} of {count(waste.contacts, 'past contact')} earned less than they cost "
        f"({percent(waste.rate_low)} to {percent(waste.rate_high)}; read by {waste.grouped_by})."
    )
    if lost.empty:
        return f"{head} No group is expected to lose."
    sure = "" if waste.kept_low > 0 else ", which is not yet sure"
    return (
        f"{head} Leaving out the {count(len(lost), 'group')} expected to lose, known in hindsight, would "
        f"have kept {money(waste.kept)} ({span(waste.kept_low, waste.kept_high)}){sure}."
    )


def say_holdouts(plan: HoldoutPlan) -> list[str]:
    """Return one sentence per planned campaign: the share, its cost, what it shows and teaches."""
    return [_say_holdout(row) for row in plan.campaigns.to_dict("records")] or ["No campaign is planned."]


def _say_holdout(row: dict[object, object]) -> str:
    share, held = float(str(row["recommended_share"])), float(str(row["held_out"]))
    head = (
        f"{row['campaign_id']}, if everyone else were contacted: hold out {percent(share)} of "
        f"{float(str(row['audience'])):,.0f} ({count(held, 'customer')})."
    )
    if row["rests_on"] == "nothing":
        return f"{head} No past campaign says how outcomes vary: this hold-out is there to learn it."
    numbers = {name: float(str(row[name])) for name in ("smallest_effect", "least_effect", "cost", "worth")}
    shows = f" It shows effects from {money(numbers['smallest_effect'])} per contact on"
    if numbers["smallest_effect"] <= numbers["least_effect"]:
        shows += f", small enough for the {money(numbers['least_effect'])} that would matter."
    else:
        more = count(float(str(row["campaigns_needed"])), "campaign")
        shows += f"; the {money(numbers['least_effect'])} that would matter needs {more} like it together."
    cost = numbers["cost"]
    gives_up = (
        f" It gives up {money(cost)} of margin"
        if cost > 0
        else " Contacting everyone is not expected to pay, so holding out gives nothing up"
    )
    return f"{head}{shows}{gives_up}, and what it teaches is worth about {money(numbers['worth'])} in a year."
