"""Who is about to leave, how surely that is known, and what is at risk."""

from helpers.customers.churn.estimate import estimate_churn
from helpers.customers.churn.headlines import say_churn, say_model, say_risk
from helpers.customers.churn.result import Churn
from helpers.customers.churn.settings import ChurnSettings

__all__ = ["Churn", "ChurnSettings", "estimate_churn", "say_churn", "say_model", "say_risk"]
