"""Sentences with figures, made from the plan; the page types no number itself."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.customers.selection.plan import ContactPlan

_BY = {
    "email": "by e-mail",
    "phone": "by phone",
    "visit": "by visit",
    "sms": "by text message",
    "post": "by post",
}
_PRICED = 1e-6


def money(value: float) -> str:
    """Return money: whole, or with two decimals below 100.

    >>> money(1234.4), money(-3.456)
    ('1,234', '−3.46')
    """
    text = f"{value:,.2f}" if 0.005 <= abs(value) < 100 else f"{value:,.0f}"
    return (
        text.replace("-0", "0", 1)
        if float(text.replace(",", "")) == 0
        else text.replace("-", "\N{MINUS SIGN}")
    )


def percent(share: float, digits: int = 0) -> str:
    """Return a share as a percentage."""
    return f"{100 * share:.{digits}f}\N{NO-BREAK SPACE}%".replace("-", "\N{MINUS SIGN}")


def count(number: float, what: str) -> str:
    """Return a number with its noun."""
    return f"{number:,.0f} {what}{'' if round(number) == 1 else 's'}"


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
    return (
        f"Make {contacts} with {who} for {money(totals['cost'])}: expected to earn "
        f"{money(totals['net'])} after that cost, between {money(low)} and {money(high)} if all "
        "estimates err the same way."
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
        f"[{money(low)} to {money(high)}] after {money(row['cost'])} of cost."
    )


def say_prices(plan: ContactPlan) -> list[str]:
    """Return what one unit more of each full limit would earn, dearest first; the rest in one sentence."""
    limits = plan.limits[np.isfinite(plan.limits["limit"])]
    priced = limits[limits["price"] > _PRICED].sort_values("price", ascending=False)
    said = [_say_price(row) for _, row in priced.iterrows()]
    loose = len(limits) - len(priced)
    if loose:
        verb = "earns" if loose == 1 else "earn"
        said.append(
            f"More of {count(loose, 'other limit') if priced.size else count(loose, 'limit')} {verb} nothing."
        )
    return said or ["No limit was set, so there is nothing to price."]


def _say_price(row: pd.Series) -> str:
    if row["kind"] == "budget":
        more = money(row["price"])
        return (
            f"One more unit of budget would bring {money(1 + row['price'])} of margin, {more} after itself."
        )
    if row["kind"] == "channel":
        return f"One more contact by {row['name']} would earn {money(row['price'])} after its cost."
    return f"One more unit of stock of {row['name']} would earn {money(row['price'])} through contacts."


def say_baselines(table: pd.DataFrame) -> list[str]:
    """Return how the plan stands beside simpler rules, from `compare_baselines`."""
    mine = table.iloc[0]
    said = []
    for _, row in table.iloc[1:].iterrows():
        wasted = f"{percent(row['wasted_rate'])} of them below their cost" if row["contacts"] else "none"
        rule = row["rule"][:1].upper() + row["rule"][1:]
        head = f"{rule}: {count(row['contacts'], 'contact')} ({wasted}), net {money(row['net'])}"
        gain = mine["net"] - row["net"]
        least = max(0.005 * abs(mine["net"]), 0.005)
        if gain > least:
            said.append(f"{head}; the plan is expected to earn {money(gain)} more.")
        else:
            said.append(f"{head}; the plan gains nothing over it.")
    return said


def say_suppressed(plan: ContactPlan) -> str:
    """Return how many are not contacted, by reason."""
    counts = plan.pairs.loc[~plan.pairs["is_chosen"], "reason"].value_counts()
    if counts.empty:
        return "Nobody with an expected worth is left out."
    listed = ", ".join(f"{words} {number:,}" for words, number in counts.items())
    return f"{count(counts.sum(), 'possible contact')} not made: {listed}."


def say_holdout(plan: ContactPlan) -> str:
    """Return who is held out and what they are for."""
    held = plan.holdout
    if held.empty:
        return "Nobody is held out: what these campaigns change will not be knowable."
    wished = int(held["would_be_chosen"].sum())
    verb = "is" if len(held) == 1 else "are"
    return (
        f"{count(len(held), 'possible contact')} {verb} held out at random; {wished:,} of them would have "
        "been made and are what the contacted are compared with."
    )
