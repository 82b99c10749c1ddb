"""The page's tables for other systems, beside those of the contact plan; ids only."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pandas as pd

from helpers.customers.headlines import all_notes
from helpers.customers.plan import TargetingPlan

UNITS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "customers": {"clv": "money", "net_profit": "money", "leaves": "share"},
        "segments": {"last_year_margin": "money"},
        "segment_movements": {"margin": "money"},
        "next_products": {"expected_margin": "money"},
        "experience": {"let_down": "share", "nps": "points", "harm": "money"},
        "campaign_effects": {"net": "money per contact"},
        "learning_log": {},
        "wasted_messages": {"net": "money per contact"},
        "uplift_scores": {"value": "as named"},
        "holdout_design": {"worth": "money", "recommended_share": "share"},
        "contact_budget": {"budget": "money", "net": "money"},
        "staffing": {"agents": "people"},
        "targeting_notes": {},
    }
)


def page_tables(plan: TargetingPlan) -> dict[str, pd.DataFrame]:
    """Return the tables by name; `UNITS` says what their figures are."""
    score = plan.uplift.score
    return {
        "customers": plan.customer_rows(),
        "segments": plan.base.segments(),
        "segment_movements": plan.movements.table,
        "next_products": plan.products.suggestions,
        "experience": plan.experience_rows(),
        "campaign_effects": plan.read.campaigns,
        "learning_log": plan.read.learning,
        "wasted_messages": plan.wasted.groups,
        "uplift_scores": pd.DataFrame(columns=["score", "value", "low", "high"])
        if score is None
        else score.table,
        "holdout_design": plan.holdouts.campaigns,
        "contact_budget": plan.curve.points,
        "staffing": plan.staffing.days,
        "targeting_notes": all_notes(plan),
    }
