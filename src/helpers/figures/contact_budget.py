"""What the contacts of a plan earn at each budget, with the plan's point and price."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from helpers.figures.style import COLOURS, LINES, MARKERS, finish_axes, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from helpers.customers.selection import BudgetCurve

_FLAT = 0.005


def plot_contact_budget(curve: BudgetCurve, ax: Axes | None = None) -> Axes:
    """Draw the expected margin after cost against the budget, with its interval and the price as a slope."""
    axes = new_axes(ax)
    points = curve.points
    axes.plot(points["budget"], points["net"], LINES["forecast"], color=COLOURS["forecast"], label="expected")
    low, high = points["value_low"] - points["cost"], points["value_high"] - points["cost"]
    axes.fill_between(
        points["budget"], low, high, color=COLOURS["forecast"], alpha=0.15, label="if all estimates err alike"
    )
    at = curve.budget if np.isfinite(curve.budget) else curve.cost
    axes.plot(
        [at], [curve.net], MARKERS["action"], color=COLOURS["action"], label="the plan", linestyle="none"
    )
    if curve.price > 0 and at > 0:
        ends = np.array([0.7 * at, 1.3 * at])
        axes.plot(
            ends,
            curve.net + curve.price * (ends - at),
            LINES["limit"],
            color=COLOURS["limit"],
            label=f"{curve.price:,.2f} per unit of budget",
        )
    axes.axhline(0.0, color=COLOURS["actual"], linewidth=0.8)
    axes.legend(loc="upper left", frameon=False, fontsize=8)
    return finish_axes(
        axes, claim_contact_budget(curve), "budget, money", "expected margin after cost, money"
    )


def claim_contact_budget(curve: BudgetCurve) -> str:
    """Return the claim: whether more budget would earn more."""
    if curve.net <= 0:
        return "No contact is expected to earn more than it costs"
    if not np.isfinite(curve.budget):
        return f"Without a limit the plan spends {curve.cost:,.0f} and earns {curve.net:,.0f} after it"
    if curve.price > _FLAT:
        return f"One more unit of budget would earn {curve.price:,.2f} after itself"
    return f"More budget than {curve.budget:,.0f} earns nothing more"


def describe_contact_budget(curve: BudgetCurve) -> str:
    """Return the alt text."""
    said = [f"{row.budget:,.0f}: {row.net:,.0f}" for row in curve.points.itertuples()]
    return (
        "Line chart of expected margin after cost by budget, with its interval. "
        f"Budget and margin: {'; '.join(said)}. {claim_contact_budget(curve)}."
    )
