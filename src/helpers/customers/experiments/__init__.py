"""What campaigns earned: read-outs of randomised campaigns, hold-outs, waste, and what was learnt."""

from __future__ import annotations

from helpers.customers.experiments.compare import ArmComparison, Effect, compare_arms, compare_shares
from helpers.customers.experiments.headlines import (
    say_holdouts,
    say_offer,
    say_pooled,
    say_ratio,
    say_read_out,
    say_saved,
    say_wasted,
)
from helpers.customers.experiments.holdout import Belief, HoldoutDesign, design_holdout, holdouts_by_size
from helpers.customers.experiments.looks import ConfidenceSequence, confidence_sequence
from helpers.customers.experiments.plan_holdouts import HoldoutPlan, plan_holdouts
from helpers.customers.experiments.pooling import PooledEffect, ShrunkEffects, pool_effects, shrink_effects
from helpers.customers.experiments.power import customers_needed, holdout_needed, power_of, smallest_effect
from helpers.customers.experiments.read_out import ReadOut, read_out
from helpers.customers.experiments.sample_ratio import SampleRatio, check_sample_ratio
from helpers.customers.experiments.settings import ReadOutSettings
from helpers.customers.experiments.waste import (
    WastedMessages,
    wasted_messages,
)

__all__ = [
    "ArmComparison",
    "Belief",
    "ConfidenceSequence",
    "Effect",
    "HoldoutDesign",
    "HoldoutPlan",
    "PooledEffect",
    "ReadOut",
    "ReadOutSettings",
    "SampleRatio",
    "ShrunkEffects",
    "WastedMessages",
    "check_sample_ratio",
    "compare_arms",
    "compare_shares",
    "confidence_sequence",
    "customers_needed",
    "design_holdout",
    "holdout_needed",
    "holdouts_by_size",
    "plan_holdouts",
    "pool_effects",
    "power_of",
    "read_out",
    "say_holdouts",
    "say_offer",
    "say_pooled",
    "say_ratio",
    "say_read_out",
    "say_saved",
    "say_wasted",
    "shrink_effects",
    "smallest_effect",
    "wasted_messages",
]
