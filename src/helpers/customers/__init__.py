"""Whom to contact, with what, through which channel, whom to leave alone, and what it is worth."""

from helpers.customers.base import CustomerBase, read_customer_base
from helpers.customers.checks.contact_plan import check_contact_plan
from helpers.customers.churn import Churn, ChurnSettings, estimate_churn
from helpers.customers.cost_to_serve import ActivityRates, CostToServe, cost_to_serve
from helpers.customers.experience import Experience, ExperienceSettings, measure_experience
from helpers.customers.experiments import (
    ArmComparison,
    ReadOut,
    ReadOutSettings,
    check_sample_ratio,
    compare_arms,
    confidence_sequence,
    design_holdout,
    read_out,
    smallest_effect,
    wasted_messages,
)
from helpers.customers.history import CampaignHistory, read_history
from helpers.customers.next_product import NextProducts, NextProductSettings, next_products
from helpers.customers.plan import TargetingPlan, contact_tables, plan_targeting
from helpers.customers.purchases import Purchases, read_purchases
from helpers.customers.selection import (
    ContactPlan,
    ContactSelection,
    SelectionSettings,
    plan_contacts,
    select_contacts,
)
from helpers.customers.settings import TargetingSettings
from helpers.customers.staffing import Staffing, StaffingSettings, agents_needed, erlang_c, plan_staffing
from helpers.customers.uplift import (
    Uplift,
    UpliftEstimate,
    UpliftSettings,
    contact_worth,
    estimate_uplift,
    measure_uplift,
    qini_coefficient,
)
from helpers.customers.value import (
    BgNbd,
    CustomerValue,
    GammaGamma,
    MbgNbd,
    ParetoNbd,
    ValueSettings,
    fit_bg_nbd,
    fit_gamma_gamma,
    fit_mbg_nbd,
    fit_pareto_nbd,
    lifetime_value,
    value_customers,
)

__all__ = [
    "ActivityRates",
    "ArmComparison",
    "BgNbd",
    "CampaignHistory",
    "Churn",
    "ChurnSettings",
    "ContactPlan",
    "ContactSelection",
    "CostToServe",
    "CustomerBase",
    "CustomerValue",
    "Experience",
    "ExperienceSettings",
    "GammaGamma",
    "MbgNbd",
    "NextProductSettings",
    "NextProducts",
    "ParetoNbd",
    "Purchases",
    "ReadOut",
    "ReadOutSettings",
    "SelectionSettings",
    "Staffing",
    "StaffingSettings",
    "TargetingPlan",
    "TargetingSettings",
    "Uplift",
    "UpliftEstimate",
    "UpliftSettings",
    "ValueSettings",
    "agents_needed",
    "check_contact_plan",
    "check_sample_ratio",
    "compare_arms",
    "confidence_sequence",
    "contact_tables",
    "contact_worth",
    "cost_to_serve",
    "design_holdout",
    "erlang_c",
    "estimate_churn",
    "estimate_uplift",
    "fit_bg_nbd",
    "fit_gamma_gamma",
    "fit_mbg_nbd",
    "fit_pareto_nbd",
    "lifetime_value",
    "measure_experience",
    "measure_uplift",
    "next_products",
    "plan_contacts",
    "plan_staffing",
    "plan_targeting",
    "qini_coefficient",
    "read_customer_base",
    "read_history",
    "read_out",
    "read_purchases",
    "select_contacts",
    "smallest_effect",
    "value_customers",
    "wasted_messages",
]
