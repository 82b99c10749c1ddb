"""Sentences about staffing, made from the plan; the page types no number itself."""

from __future__ import annotations

import math

from helpers.customers.staffing.plan import Staffing
from helpers.customers.words import count, percent


def say_staffing(plan: Staffing) -> str:
    """Return how many agents are needed, on what day most, and for which service."""
    days, settings = plan.days, plan.settings
    if days.empty or not plan.peak:
        return "No calls or cases are expected: no agent is needed for them."
    least, most = int(days["agents"].min()), plan.peak
    top = days.loc[days["agents"].idxmax()]
    agents = count(most, "agent") if least == most else f"{least} to {count(most, 'agent')}"
    rostered = int(days["rostered"].max())
    verb = "answers" if most == 1 else "answer"
    head = (
        f"{agents} at a time {verb} {percent(float(days['service'].min()))} of calls or more within "
        f"{settings.answer_seconds:g} seconds in the busiest hour (target {percent(settings.target_share)})"
    )
    where = "" if least == most else f"; most on {top['date']:%A %-d %B %Y}"
    per_day = (
        f"{days['cases'].mean():,.1f} cases and {days['outbound_calls'].mean():,.1f} outbound calls a day"
    )
    return (
        f"{head}{where}. Absences included, roster {count(rostered, 'agent')}. Expected are {per_day} over "
        f"{count(len(days), 'open day')}."
    )


def say_one_fewer(plan: Staffing) -> str:
    """Return what one agent fewer does to service on the day with most agents."""
    if not plan.peak:
        return "There is no agent to do without."
    row = plan.days.loc[plan.days["agents"].idxmax()]
    wait = float(row["wait_one_fewer"])
    if plan.peak == 1:
        return "Without this agent nobody answers."
    head = f"With one agent fewer on {row['date']:%-d %B}, "
    if not math.isfinite(wait):
        return f"{head}calls come faster than they are answered: the queue grows without end."
    fewer, now = percent(float(row["service_one_fewer"])), percent(float(row["service"]))
    waits = f"{wait:,.0f} instead of {row['wait_seconds']:,.0f} seconds"
    return f"{head}{fewer} instead of {now} of calls are answered in time and the mean wait is {waits}."


def say_busy_day(plan: Staffing) -> str:
    """Return whether the plan also holds on a busy day."""
    if not plan.peak:
        return "No busy day is expected."
    short = plan.days[plan.days["agents_busy"] > plan.days["agents"]]
    chance = percent((1 - plan.settings.level) / 2, 1)
    if short.empty:
        return f"The same agents also hold the target on a day so busy that only {chance} are busier."
    return (
        f"On a day so busy that only {chance} are busier, {count(len(short), 'day')} would need up to "
        f"{count(int(short['agents_busy'].max()), 'agent')}."
    )


def say_case_forecast(plan: Staffing) -> str:
    """Return whether the forecast of cases beats the naive mean."""
    if not any(found.days["mean"].sum() for found in plan.forecasts.values()):
        return "There are no cases to forecast."
    gain = plan.gain
    if not math.isfinite(gain):
        return "The history of cases is too short to test a forecast: the mean of all days is used."
    if gain <= 0:
        return "No simple way forecasts cases better than the mean of all days, so that mean is used."
    ways = ", ".join(f"{kind}s by {found.way}" for kind, found in plan.forecasts.items())
    said = f"In a back-test the error per day is {percent(gain, 1)} smaller than with the mean of all days"
    return f"{said} ({ways})."
