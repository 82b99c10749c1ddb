"""The check of tours and parcels: every route again from the tables of its day, every drop on one way.

It shares no code with the search: `check_routes` walks along each route by itself.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.plan_check import PlanReport
from helpers.transport.last_mile.result import LastMilePlan
from helpers.transport.routes import check_routes

RULES = (
    "routes keep capacities, windows and shifts",
    "every drop goes one way",
    "what goes is what is ready",
    "a drop goes within its days",
)
_DROP = ["day", "site_id", "customer_id"]


def check_last_mile(plan: LastMilePlan) -> PlanReport:
    """Check a last-mile plan from its tables.

    Returns
    -------
    PlanReport
        rule, where, by, unit of what is broken; `require()` raises with all of it.
    """
    found = [*_routes(plan), *_ways(plan), *_ready(plan), *_days(plan)]
    table = pd.DataFrame(found, columns=["rule", "where", "by", "unit"])
    return PlanReport(table, RULES, "")


def _routes(plan: LastMilePlan) -> list[tuple[str, str, float, str]]:
    wrong = [row for search in plan.searches for row in check_routes(search).to_dict("records")]
    return [(RULES[0], f"route {row['route']}, {row['drop']}: {row['words']}", np.nan, "") for row in wrong]


def _ways(plan: LastMilePlan) -> list[tuple[str, str, float, str]]:
    """A stop of a vehicle and a parcel for one drop, or neither."""
    if plan.stops.empty:
        return []
    by_van = plan.routes.rename(columns={"depot": "site_id"})[_DROP].assign(ways=1)
    parts = [part for part in (by_van, plan.parcels[_DROP].assign(ways=1)) if len(part)]
    sums = pd.concat(parts).groupby(_DROP)["ways"].sum() if parts else pd.Series(dtype="int64")
    ways = sums.reindex(pd.MultiIndex.from_frame(plan.stops[_DROP])).fillna(0)
    return [
        (
            RULES[1],
            ", ".join(map(str, key if isinstance(key, tuple) else (key,))),
            float(abs(count - 1)),
            "ways",
        )
        for key, count in ways.items()
        if count != 1
    ]


def _ready(plan: LastMilePlan) -> list[tuple[str, str, float, str]]:
    """Units on the way against units of the lines with a day."""
    if "day" not in plan.lines or plan.stops.empty:
        return []
    ready = float(plan.lines.loc[plan.lines["day"].notna(), "quantity"].sum())
    gone = float(plan.stops["units"].sum())
    return [] if np.isclose(ready, gone) else [(RULES[2], "all drops", abs(ready - gone), "units")]


def _days(plan: LastMilePlan) -> list[tuple[str, str, float, str]]:
    """A drop that leaves after the last day within the customer's slack though a day was left."""
    if plan.stops.empty:
        return []
    first = plan.stops["day"].min()
    late = plan.stops[(plan.stops["day"] > plan.stops["last_day"]) & (plan.stops["day"] > first)]
    return [
        (
            RULES[3],
            f"{row['customer_id']} from {row['site_id']}",
            float((row["day"] - row["last_day"]).days),
            "days",
        )
        for row in late.to_dict("records")
    ]
