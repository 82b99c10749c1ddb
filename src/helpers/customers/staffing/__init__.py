"""Agents for the service that customers are to have: expected calls and cases, Erlang C, and a roster."""

from __future__ import annotations

from helpers.customers.staffing.cases import CaseForecast, forecast_cases
from helpers.customers.staffing.erlang import AgentsNeeded, QueueService, agents_needed, erlang_c
from helpers.customers.staffing.headlines import say_busy_day, say_case_forecast, say_one_fewer, say_staffing
from helpers.customers.staffing.plan import Staffing, plan_staffing
from helpers.customers.staffing.settings import StaffingSettings

__all__ = [
    "AgentsNeeded",
    "CaseForecast",
    "QueueService",
    "Staffing",
    "StaffingSettings",
    "agents_needed",
    "erlang_c",
    "forecast_cases",
    "plan_staffing",
    "say_busy_day",
    "say_case_forecast",
    "say_one_fewer",
    "say_staffing",
]
