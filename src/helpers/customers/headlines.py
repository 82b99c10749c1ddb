"""Sentences with figures, made from the plan; the page types no number itself."""

from __future__ import annotations

import pandas as pd

from helpers.customers.base import say_base, say_movements
from helpers.customers.churn import say_model, say_risk
from helpers.customers.experience import say_experience as say_let_downs
from helpers.customers.experiments import (
    say_expected_waste,
    say_holdouts,
    say_pooled,
    say_ratio,
    say_read_out,
    say_wasted,
)
from helpers.customers.next_product import say_next_products
from helpers.customers.plan import TargetingPlan
from helpers.customers.selection import (
    say_baselines,
    say_campaigns,
    say_holdout,
    say_prices,
    say_suppressed,
    say_total,
)
from helpers.customers.staffing import say_busy_day, say_case_forecast, say_one_fewer
from helpers.customers.staffing import say_staffing as say_agents
from helpers.customers.uplift import say_checks, say_groups, say_verdict
from helpers.customers.value import say_calibration as say_value_test
from helpers.customers.value import say_core_customers, say_value
from helpers.customers.value import say_model as say_value_model
from helpers.customers.value import say_retention as say_cohorts

BASELINE = "everyone allowed"
_UNPROVEN = (
    "A better choice may exist: the bound that was proven lies above the plan by more than the gap asked."
)


def say_recommendation(plan: TargetingPlan) -> list[str]:
    """Return the verdict: whom to contact and what it earns, how sure that is, what customers are worth."""
    said = [
        say_total(plan.contacts),
        say_verdict(plan.uplift),
        say_read_out(plan.read),
        say_value(plan.value),
    ]
    proven = plan.contacts.gap <= plan.settings.selection.gap
    return said if proven else [said[0], _UNPROVEN, *said[1:]]


def say_left_alone(plan: TargetingPlan) -> str:
    """Return the campaigns one by one, and who is left alone and why."""
    return " ".join(
        [*say_campaigns(plan.contacts), say_holdout(plan.contacts), say_suppressed(plan.contacts)]
    )


def say_customers(plan: TargetingPlan) -> str:
    """Return how much hangs on how few, who may leave, and how segments moved."""
    return " ".join(
        [
            say_core_customers(plan.value),
            say_risk(plan.churn),
            say_base(plan.base),
            say_movements(plan.movements),
        ]
    )


def say_limits(plan: TargetingPlan) -> str:
    """Return what one unit more of each limit would earn."""
    return " ".join(say_prices(plan.contacts))


def say_uplift(plan: TargetingPlan) -> str:
    """Return who is moved by messages, and what the checks of the campaigns found."""
    return " ".join([*say_groups(plan.uplift), *say_checks(plan.uplift)])


def say_retention(plan: TargetingPlan) -> str:
    """Return how long customers stay."""
    return say_cohorts(plan.value)


def say_experiments(plan: TargetingPlan) -> str:
    """Return what campaigns earned together, whether arms are sound, and what was wasted."""
    return " ".join([say_pooled(plan.read), say_ratio(plan.read), say_wasted(plan.wasted)])


def say_calibration(plan: TargetingPlan) -> str:
    """Return how well values and chances to leave held on weeks kept aside."""
    return " ".join([say_value_test(plan.value), say_value_model(plan.value), say_model(plan.churn)])


def say_experience(plan: TargetingPlan) -> str:
    """Return how customers were served and what followed."""
    return " ".join(say_let_downs(plan.experience))


def say_waste(plan: TargetingPlan) -> str:
    """Return what the plan gains over simpler rules, and what it is expected to waste."""
    return " ".join([*say_baselines(plan.rules), say_expected_waste(plan.waste)])


def say_staffing(plan: TargetingPlan) -> str:
    """Return the agents that service needs, and what one fewer does."""
    found = plan.staffing
    return " ".join(
        part
        for part in (say_agents(found), say_one_fewer(found), say_busy_day(found), say_case_forecast(found))
        if part
    )


def all_notes(plan: TargetingPlan) -> pd.DataFrame:
    """Return everything that was left out, assumed or is not yet knowable: about, note."""
    notes = {
        "campaigns": (*plan.uplift.notes, *plan.contacts.notes, *plan.read.notes),
        "hold-outs": tuple(say_holdouts(plan.holdouts)),
        "next products": (*say_next_products(plan.products), *plan.products.notes),
        "value": plan.value.notes,
        "cost to serve": plan.costs.notes,
        "leaving": plan.churn.notes,
        "experience": plan.experience.notes,
        "staffing": plan.staffing.notes,
        "customers": (plan.base.anonymous_sentence, *plan.base.notes),
    }
    rows = [(about, note) for about, said in notes.items() for note in dict.fromkeys(said) if note]
    return pd.DataFrame(rows, columns=["about", "note"])
