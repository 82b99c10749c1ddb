"""Sentences with figures, made from the plan; the page types no number itself."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.customers.selection.plan import ContactPlan
from helpers.customers.words import count, money, percent, span

_BY = {
    "email": "by e-mail",
    "phone": "by phone",
    "visit": "by visit",
    "sms": "by text message",
    "post": "by post",
}
_PRICED = 1e-6
FEW_COMPARED = 30  # would-be contacts in the hold-out below which no comparison of means can be trusted


def say_plan(plan: ContactPlan) -> list[str]:
    """Return the recommendation: campaign by campaign, in all, and first what is not proven."""
    said = [say_total(plan), *say_campaigns(plan), say_holdout(plan)]
    if plan.gap > plan.settings.gap:
        said.insert(
            0, f"A better choice may exist: this one earns at most {percent(plan.gap, 2)} less than the best."
        )
    return said


def say_total(plan: ContactPlan) -> str:
    """Return how many contacts earn what, with the interval."""
    totals = plan.totals
    if plan.pairs.empty:
        return "No planned campaign has a customer with an expected worth: there is nobody to contact."
    if not totals["contacts"]:
        return "Contact nobody: no open contact is expected to earn more than it costs within the limits."
    low, high = totals["value_low"] - totals["cost"], totals["value_high"] - totals["cost"]
    contacts = count(totals["contacts"], "contact")
    who = count(totals["customers"], "customer")
    whom = who if totals["contacts"] == totals["customers"] else f"{who} {contacts} in all"
    return (
        f"Contact {whom}, for {money(totals['cost'])}: expected to earn {money(totals['net'])} after that "
        f"cost ({span(low, high)} if all estimates err the same way)."
    )


def say_campaigns(plan: ContactPlan) -> list[str]:
    """Return one sentence per planned campaign."""
    return [_say_campaign(row) for _, row in plan.by_campaign.iterrows()]


def _say_campaign(row: pd.Series) -> str:
    name = f"{row['campaign_id']} ({row['name']})"
    if not row["contacts"]:
        return f"{name}: contact nobody of the {count(row['open'], 'open customer')}."
    low, high = row["value_low"] - row["cost"], row["value_high"] - row["cost"]
    who = f"{count(row['contacts'], 'customer')} {_BY[row['channel']]}"
    return (
        f"{name}: contact {who} on {row['day']:%-d %B %Y}, expected to earn {money(row['net'])} "
        f"after {money(row['cost'])} of cost ({span(low, high)})."
    )


def say_prices(plan: ContactPlan) -> list[str]:
    """Return what one unit more of each full limit would earn, dearest first; the rest in one sentence."""
    limits = plan.limits[np.isfinite(plan.limits["limit"])]
    priced = limits[limits["price"] > _PRICED].sort_values("price", ascending=False)
    said = [_say_price(row) for _, row in priced.iterrows()]
    loose = len(limits) - len(priced)
    if loose:
        said.append(_say_loose(loose, len(priced)))
    return said or ["No limit was set, so there is nothing to price."]


def _say_loose(loose: int, priced: int) -> str:
    """Return that limits which are not full hold nothing back."""
    if priced:
        others = "the other limit" if loose == 1 else f"the {loose} other limits"
        return f"Widening {others} would earn nothing."
    if loose == 1:
        return "The only limit holds nothing back: widening it would earn nothing."
    return f"No limit holds the plan back: widening any of the {loose} would earn nothing."


def _say_price(row: pd.Series) -> str:
    if row["kind"] == "budget":
        more = money(row["price"])
        return (
            f"One more unit of budget would bring {money(1 + row['price'])} of margin, {more} after itself."
        )
    if row["kind"] == "channel":
        return f"One more contact by {row['name']} would earn {money(row['price'])} after its cost."
    return f"One more unit of stock of {row['name']} would earn {money(row['price'])} through contacts."


def say_everyone(table: pd.DataFrame) -> str:
    """Return what the first of the simpler rules, contacting all who may be, is expected to bring.

    `table` is that of `compare_baselines`; the sentence is empty where there is nothing to compare.
    """
    if len(table) < 2 or not table.iloc[1]["contacts"]:
        return ""
    row = table.iloc[1]
    low, high = row["value_low"] - row["cost"], row["value_high"] - row["cost"]
    verb = "lose" if row["net"] < 0 else "earn"
    ends = (-high, -low) if row["net"] < 0 else (low, high)
    return (
        f"All {count(row['contacts'], 'contact')} that may be made would be expected to {verb} "
        f"{money(abs(row['net']))} ({span(*ends)}), by the same model."
    )


def say_baselines(table: pd.DataFrame) -> list[str]:
    """Return how the plan stands beside simpler rules, from `compare_baselines`; the figures are its own."""
    mine, others = table.iloc[0], table.iloc[1:]
    if others.empty:
        return []
    gains = mine["net"] - others["net"]
    least = max(0.005 * abs(mine["net"]), 0.005)
    beaten, equal = gains[gains > least], others.loc[gains <= least, "rule"].tolist()
    said = []
    if len(beaten):
        low, high = money(beaten.min()), money(beaten.max())
        more = low if low == high else f"{low} to {high}"
        whom = "the simpler rule" if len(beaten) == 1 else f"the {len(beaten)} simpler rules"
        said.append(f"The plan is expected to earn {more} more than {whom}, under the same limits.")
    if equal:
        said.append(f"It gains nothing over {' and '.join(equal)}.")
    return said


def say_suppressed(plan: ContactPlan) -> str:
    """Return how many are not contacted, by reason."""
    counts = plan.pairs.loc[~plan.pairs["is_chosen"], "reason"].value_counts()
    if counts.empty:
        return "Nobody with an expected worth is left out."
    listed = ", ".join(f"{words} {number:,}" for words, number in counts.items())
    return f"Not made are {count(counts.sum(), 'possible contact')}: {listed}."


def say_holdout(plan: ContactPlan) -> str:
    """Return who is held out and what they are for."""
    held = plan.holdout
    if held.empty:
        return "Nobody is held out: what these campaigns change will not be knowable."
    wished, verb = int(held["would_be_chosen"].sum()), "is" if len(held) == 1 else "are"
    head = f"{count(len(held), 'possible contact')} {verb} held out at random"
    if not wished:
        return f"{head}; none of them would have been made, so there is nobody to compare with."
    few = ", too few to show the effect of this plan alone" if wished < FEW_COMPARED else ""
    whom = "this one" if wished == 1 else "these"
    return f"{head}; {wished:,} would have been made: the contacted are compared with {whom}{few}."
