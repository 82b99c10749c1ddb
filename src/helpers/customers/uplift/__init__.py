"""What messages change: uplift per customer, from campaigns with a held-out share."""

from helpers.customers.uplift.estimate import UpliftEstimate, estimate_uplift
from helpers.customers.uplift.measure import measure_uplift
from helpers.customers.uplift.result import Uplift
from helpers.customers.uplift.score import (
    UpliftScore,
    policy_values,
    qini_coefficient,
    score_uplift,
    uplift_at,
)
from helpers.customers.uplift.sentences import (
    say_aftermath,
    say_checks,
    say_effects,
    say_groups,
    say_method,
    say_verdict,
)
from helpers.customers.uplift.settings import UpliftSettings
from helpers.customers.uplift.worth import contact_worth

__all__ = [
    "Uplift",
    "UpliftEstimate",
    "UpliftScore",
    "UpliftSettings",
    "contact_worth",
    "estimate_uplift",
    "measure_uplift",
    "policy_values",
    "qini_coefficient",
    "say_aftermath",
    "say_checks",
    "say_effects",
    "say_groups",
    "say_method",
    "say_verdict",
    "score_uplift",
    "uplift_at",
]
