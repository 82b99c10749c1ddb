"""What customers will bring: buying models, margin per order, lifetime value, retention, core customers."""

from helpers.customers.value.bg_nbd import BgNbd, MbgNbd, fit_bg_nbd, fit_mbg_nbd
from helpers.customers.value.core_customers import with_leaving
from helpers.customers.value.customer_value import (
    CustomerValue,
    say_calibration,
    say_core_customers,
    say_model,
    say_retention,
    say_value,
    value_customers,
)
from helpers.customers.value.gamma_gamma import GammaGamma, fit_gamma_gamma
from helpers.customers.value.lifetime import lifetime_value
from helpers.customers.value.pareto_nbd import ParetoNbd, fit_pareto_nbd
from helpers.customers.value.settings import ValueSettings

__all__ = [
    "BgNbd",
    "CustomerValue",
    "GammaGamma",
    "MbgNbd",
    "ParetoNbd",
    "ValueSettings",
    "fit_bg_nbd",
    "fit_gamma_gamma",
    "fit_mbg_nbd",
    "fit_pareto_nbd",
    "lifetime_value",
    "say_calibration",
    "say_core_customers",
    "say_model",
    "say_retention",
    "say_value",
    "value_customers",
    "with_leaving",
]
