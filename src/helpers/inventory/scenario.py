"""What if: another budget for this week's orders, other service targets; the same verbs, called again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from helpers.inventory.order_case import within_budget
from helpers.inventory.orders.limits import budget
from helpers.inventory.orders.plan import OrderSettings, plan_orders
from helpers.inventory.policy import CLASSES, recommend_policy
from helpers.inventory.promise import promise_of
from helpers.inventory.result import InventoryPlan
from helpers.inventory.settings import WEEKS_PER_YEAR, InventorySettings


def budget_scenarios(plan: InventoryPlan, shares: Sequence[float] = (1.0, 0.5, 0.25, 0.0)) -> pd.DataFrame:
    """Return what a smaller budget for the firm orders costs.

    Parameters
    ----------
    plan
        The plan; its settings and limits hold but for the budget.
    shares
        Shares of the plan's firm order value that may be spent.

    Returns
    -------
    pandas.DataFrame
        share, budget, spent (money, firm orders), lines, shortage (expected, money as the plan weighs it),
        more_cost (money of the whole plan above the plan's own), price (what one more unit of budget earns),
        gap.
    """
    frozen, problem = plan.settings.frozen_weeks, plan.orders.problem
    own = within_budget(problem.limits, replace(plan.settings, budget=0.0))
    rows = []
    for share in shares:
        most = share * plan.firm_value
        table = pd.DataFrame({"first_week": [0], "last_week": [frozen - 1], "limit": [most]})
        found = plan_orders(
            problem.items,
            problem.options,
            replace(own, shared=(*own.shared, budget(table))),
            OrderSettings(frozen, plan.settings.gap, plan.settings.time_limit),
            laid=problem,
        )
        firm = found.orders[found.orders["is_frozen"]]
        price = found.limits.loc[found.limits["rule"] == "open-to-buy budget", "price"]
        rows.append(
            {
                "share": share,
                "budget": most,
                "spent": float(firm["value"].sum()),
                "lines": len(firm),
                "shortage": float(found.money["shortage"]),
                "more_cost": found.objective - plan.orders.objective,
                "price": float(price.max()) if len(price) else 0.0,
                "gap": found.gap,
            }
        )
    return pd.DataFrame(rows)


def service_scenarios(
    plan: InventoryPlan, points: Sequence[float] = (-0.02, -0.01, 0.0, 0.01)
) -> pd.DataFrame:
    """Return what other fill rate targets cost and bring in a year.

    Parameters
    ----------
    points
        Added to the target of every ABC class, as shares; kept below 99.9 %.

    Returns
    -------
    pandas.DataFrame
        what, change, fill_rate (promised), stock_value (money, expected), holding_cost, lost_margin (money
        a year),
        total (their sum). The last row is without a target: what money alone would choose.
    """
    settings = plan.settings
    rows = []
    for point in points:
        a, b, c = (_kept(settings.target(name), point) for name in CLASSES)
        moved = replace(settings, aim="fill_rate", fill_rate_a=a, fill_rate_b=b, fill_rate_c=c)
        rows.append(_promised(plan, moved, point))
    rows.append(_promised(plan, replace(settings, aim="economic"), np.nan))
    words = [_points(point) if point else "as planned" for point in points]
    return pd.DataFrame(rows).assign(what=[*words, "no target: money alone"])


def _kept(target: float, change: float) -> float:
    """A moved target, kept between 1 % and 99.9 %, and as it is where nothing moves."""
    return min(max(target + change, 0.01), 0.999) if change else target


def _points(share: float) -> str:
    """A difference of shares in points, the sign as a sign."""
    size = f"{abs(100 * share):.0f}"
    return f"{'+' if share > 0 else chr(0x2212)}{size} point{'' if size == '1' else 's'}"


def _promised(plan: InventoryPlan, settings: InventorySettings, change: float) -> dict[str, float]:
    """Promise of levels under other settings, at its pace over a year."""
    found = promise_of(plan.outlook, recommend_policy(plan.outlook, settings), settings)
    holding, lost = (part * WEEKS_PER_YEAR / found.weeks for part in (found.holding_cost, found.lost_margin))
    return {
        "change": change,
        "fill_rate": found.fill_rate,
        "stock_value": found.stock_value,
        "holding_cost": holding,
        "lost_margin": lost,
        "total": holding + lost,
    }
