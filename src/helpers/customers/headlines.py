"""Sentences with figures, made from the plan; the page types no number itself.

A caption says what decides, in three sentences at most; what stands behind it is in the notes.
"""

from __future__ import annotations

import pandas as pd

from helpers.customers.base import say_base, say_movements
from helpers.customers.churn import say_model, say_risk
from helpers.customers.experience import CAVEAT, say_each_effect, say_effects, say_service
from helpers.customers.experience import say_groups as say_let_down_groups
from helpers.customers.experiments import (
    say_holdouts,
    say_offer,
    say_pooled,
    say_ratio,
    say_read_out,
    say_saved,
    say_wasted,
)
from helpers.customers.next_product import say_next_products
from helpers.customers.plan import TargetingPlan
from helpers.customers.selection import (
    say_baselines,
    say_campaigns,
    say_everyone,
    say_holdout,
    say_prices,
    say_suppressed,
    say_total,
)
from helpers.customers.staffing import say_busy_day, say_case_forecast, say_one_fewer
from helpers.customers.staffing import say_staffing as say_agents
from helpers.customers.uplift import say_aftermath, say_checks, say_groups, say_verdict
from helpers.customers.value import say_calibration as say_value_test
from helpers.customers.value import say_core_customers, say_value
from helpers.customers.value import say_model as say_value_model
from helpers.customers.value import say_retention as say_cohorts
from helpers.customers.words import count, percent

BASELINE = "everyone allowed"
_UNPROVEN = (
    "A better choice may exist: the bound that was proven lies above the plan by more than the gap asked."
)


def say_recommendation(plan: TargetingPlan) -> list[str]:
    """Return the verdict: whom to contact and what it earns, how sure that is, what customers are worth."""
    proven = plan.contacts.gap <= plan.settings.selection.gap
    said = [
        say_total(plan.contacts),
        "" if proven else _UNPROVEN,
        say_everyone(plan.rules),
        say_verdict(plan.uplift),
        say_read_out(plan.read),
        say_value(plan.value),
    ]
    return [sentence for sentence in said if sentence]


def say_left_alone(plan: TargetingPlan) -> str:
    """Return the campaigns one by one, and who is left alone and why."""
    return " ".join(
        [*say_campaigns(plan.contacts), say_holdout(plan.contacts), say_suppressed(plan.contacts)]
    )


def say_customers(plan: TargetingPlan) -> str:
    """Return how much hangs on how few, who may leave, and how segments moved."""
    return " ".join([say_core_customers(plan.value), say_risk(plan.churn), say_movements(plan.movements)])


def say_limits(plan: TargetingPlan) -> str:
    """Return what one unit more of each limit would earn."""
    return " ".join(say_prices(plan.contacts))


def say_uplift(plan: TargetingPlan) -> str:
    """Return who is moved by messages, and what the checks of the campaigns found."""
    kinds = [sentence for sentence in say_groups(plan.uplift) if sentence not in say_aftermath(plan.uplift)]
    return " ".join([*kinds, *say_checks(plan.uplift)])


def say_retention(plan: TargetingPlan) -> str:
    """Return how long customers stay."""
    return say_cohorts(plan.value)


def say_experiments(plan: TargetingPlan) -> str:
    """Return what campaigns earned together, and what was wasted."""
    return " ".join([say_pooled(plan.read), say_wasted(plan.wasted)])


def say_calibration(plan: TargetingPlan) -> str:
    """Return how well values and chances to leave held on days that were kept aside."""
    return f"{say_value_test(plan.value)} {say_model(plan.churn)}"


def say_experience(plan: TargetingPlan) -> str:
    """Return what followed when customers were let down."""
    found = plan.experience
    groups = [say_let_down_groups(found), CAVEAT] if len(found.shares) else []
    return " ".join([say_effects(found), *groups])


def say_waste(plan: TargetingPlan) -> str:
    """Return what the plan gains over simpler rules, and what it is expected to waste."""
    mine, others = plan.rules.iloc[0], plan.rules.iloc[1:]
    gains = " ".join(say_baselines(plan.rules))
    if not mine["contacts"]:
        return gains
    rates = others["wasted_rate"].dropna()
    beside = f"; of the other rules {percent(rates.min())} to {percent(rates.max())}" if len(rates) else ""
    unsure = plan.read.verdict == "not yet knowable"
    doubt = " All of this is by the model; past campaigns alone cannot show it yet." if unsure else ""
    return (
        f"{gains} Of {count(mine['contacts'], 'contact')} of the plan {percent(mine['wasted_rate'])} are "
        f"expected to change less than they cost{beside}.{doubt}"
    )


def say_staffing(plan: TargetingPlan) -> str:
    """Return the agents that service needs, and what one fewer does."""
    found = plan.staffing
    return " ".join(part for part in (say_agents(found), say_one_fewer(found), say_busy_day(found)) if part)


def say_service_level(plan: TargetingPlan) -> str:
    """Return how orders were served, and each kind of let-down with its figures."""
    return f"{say_service(plan.experience)} {say_each_effect(plan.experience)}".strip()


def say_held_out(plan: TargetingPlan) -> list[str]:
    """Return what this plan holds out, then which hold-outs would teach most."""
    advised = say_holdouts(plan.holdouts)
    if plan.contacts.pairs.empty or plan.holdouts.campaigns.empty:
        return advised
    held, share = len(plan.contacts.holdout), plan.settings.selection.holdout_share
    mine = (
        f"This plan holds out {count(held, 'possible contact')}, {percent(share)} of each campaign's "
        "audience or a little more (holdout_share sets it). The shares advised below are for learning what "
        "contacting everyone brings."
    )
    return [mine, *advised]


def all_notes(plan: TargetingPlan) -> pd.DataFrame:
    """Return everything that was left out, assumed or is not yet knowable: about, note."""
    read, aftermath = plan.read, " ".join(say_aftermath(plan.uplift))
    behind = " ".join(part for part in (say_offer(read), say_saved(read), say_ratio(read)) if part)
    notes = {
        "campaigns": (*plan.uplift.notes, *plan.contacts.notes, *read.notes, behind, aftermath),
        "hold-outs": tuple(say_held_out(plan)),
        "next products": (*say_next_products(plan.products), *plan.products.notes),
        "value": (say_value_model(plan.value), *plan.value.notes),
        "cost to serve": plan.costs.notes,
        "leaving": (plan.churn.settings.definition, *plan.churn.notes),
        "experience": (say_service_level(plan), *plan.experience.notes),
        "staffing": (say_case_forecast(plan.staffing), *plan.staffing.notes),
        "customers": (say_base(plan.base), *plan.base.notes),
    }
    rows = [(about, note) for about, said in notes.items() for note in dict.fromkeys(said) if note]
    return pd.DataFrame(rows, columns=["about", "note"])
