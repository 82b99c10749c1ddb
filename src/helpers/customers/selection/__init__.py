"""Who is contacted in the planned campaigns: for arrays, and for a case with consent, caps and hold-out."""

from helpers.customers.selection.arrays import ContactSelection, SelectionPrices, select_contacts
from helpers.customers.selection.audience import Audience, read_audience
from helpers.customers.selection.baselines import baseline_contacts, compare_baselines
from helpers.customers.selection.budget_curve import BudgetCurve, trace_budget
from helpers.customers.selection.exports import check_tables, contact_export
from helpers.customers.selection.holdout import draw_holdout
from helpers.customers.selection.plan import ContactPlan, choose_contacts, plan_contacts
from helpers.customers.selection.sentences import (
    say_baselines,
    say_campaigns,
    say_everyone,
    say_holdout,
    say_plan,
    say_prices,
    say_suppressed,
    say_total,
)
from helpers.customers.selection.settings import SelectionSettings

__all__ = [
    "Audience",
    "BudgetCurve",
    "ContactPlan",
    "ContactSelection",
    "SelectionPrices",
    "SelectionSettings",
    "baseline_contacts",
    "check_tables",
    "choose_contacts",
    "compare_baselines",
    "contact_export",
    "draw_holdout",
    "plan_contacts",
    "read_audience",
    "say_baselines",
    "say_campaigns",
    "say_everyone",
    "say_holdout",
    "say_plan",
    "say_prices",
    "say_suppressed",
    "say_total",
    "select_contacts",
    "trace_budget",
]
