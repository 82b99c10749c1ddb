"""The same audience under other settings, and what each budget would earn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from helpers.customers.selection.bundles import has_few_bundles
from helpers.customers.selection.plan import ContactPlan, choose_contacts
from helpers.customers.selection.settings import SelectionSettings

SHARES = (0.1, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
HOLDOUTS = (0.05, 0.15, 0.30)
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


def compare_scenarios(plan: ContactPlan) -> pd.DataFrame:
    """Choose again under other budgets, caps, hold-outs, stock and calls.

    Returns
    -------
    pandas.DataFrame
        scenario, contacts, held_out, cost, value, value_low, value_high, net, gap, change (of net, against
        the plan). The first row is the plan.
    """
    rows = [_row("the plan", plan)]
    for name, settings in _others(plan):
        rows.append(_row(name, choose_contacts(plan.audience, settings)))
    table = pd.DataFrame(rows)
    return table.assign(change=table["net"] - table["net"].iloc[0])


def _others(plan: ContactPlan) -> Iterator[tuple[str, SelectionSettings]]:
    """Return the settings that differ from the plan's where they can make a difference."""
    old = plan.settings
    spent = old.money if np.isfinite(old.money) else float(plan.totals["cost"])
    if spent > 0:
        half = "half the budget" if np.isfinite(old.money) else "half of what the plan spends"
        yield half, replace(old, budget=spent / 2)
        if np.isfinite(old.money):
            yield "half as much budget again", replace(old, budget=spent * 1.5)
            yield "no limit of budget", replace(old, budget=None)
    for channel, capacity in old.channel_capacity.items():
        if capacity and np.isfinite(capacity):
            wider = {**old.channel_capacity, channel: 2 * capacity}
            yield f"twice the contacts by {channel}", replace(old, channel_capacity=wider)
    more = replace(old, max_contacts_per_customer=old.max_contacts_per_customer + 1)
    if has_few_bundles(plan.audience.campaigns, more):
        yield "one contact more per customer", more
    yield "no rest between contacts", replace(old, rest_days=0)
    for share in HOLDOUTS:
        if abs(share - old.holdout_share) > 1e-9:
            yield f"{100 * share:.0f} % held out", replace(old, holdout_share=share)
    if old.limit_by_stock and (plan.limits["kind"] == "stock").any():
        yield "stock without limit", replace(old, limit_by_stock=False)


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


def _row(name: str, plan: ContactPlan) -> dict[str, object]:
    return {"scenario": name, **_figures(plan)}


def _figures(plan: ContactPlan) -> dict[str, float]:
    return {**{name: float(plan.totals[name]) for name in _FIGURES}, "gap": plan.gap}
