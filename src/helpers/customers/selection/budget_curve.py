"""What each budget would earn: the same audience, chosen anew."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from helpers.customers.selection.plan import ContactPlan, choose_contacts

SHARES = (0.1, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
CURVE_GAP = 1e-3
_FIGURES = ["contacts", "held_out", "cost", "value", "value_low", "value_high", "net"]


@dataclass(frozen=True, eq=False)
class BudgetCurve:
    """What each budget would earn.

    Parameters
    ----------
    points
        budget, contacts, cost, value, value_low, value_high (expected margin before cost), net, gap; by
        budget.
    cost, net
        Of the plan.
    budget
        Of the plan, infinite without a limit.
    price
        What one unit more of the plan's budget would earn, net of itself.
    """

    points: pd.DataFrame
    cost: float
    net: float
    budget: float
    price: float


def trace_budget(plan: ContactPlan, shares: tuple[float, ...] = SHARES) -> BudgetCurve:
    """Choose again at shares of the plan's budget, or of what it spends where it has no limit.

    Parameters
    ----------
    plan
        Its audience, hold-out and all other settings stay.
    shares
        Budgets ÷ the plan's, above 0.
    """
    totals, old = plan.totals, plan.settings
    spent = old.money if np.isfinite(old.money) else float(totals["cost"])
    rows = [{"budget": 0.0, **dict.fromkeys([*_FIGURES, "gap"], 0.0)}]
    for share in shares if spent > 0 else ():
        settings = replace(old, budget=spent * share, gap=max(old.gap, CURVE_GAP))
        same = share == 1.0 and np.isfinite(old.money)
        trial = plan if same else choose_contacts(plan.audience, settings)
        rows.append({"budget": spent * share, **_figures(trial)})
    price = float(plan.limits.loc[plan.limits["kind"] == "budget", "price"].sum())
    points = pd.DataFrame(rows).drop(columns="held_out")
    return BudgetCurve(points, float(totals["cost"]), float(totals["net"]), old.money, price)


def _figures(plan: ContactPlan) -> dict[str, float]:
    return {**{name: float(plan.totals[name]) for name in _FIGURES}, "gap": plan.gap}
