"""What this week's orders earn, the best next lot first, and where the budget ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from helpers.figures.style import COLOURS, LINES, finish_axes, new_axes, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from helpers.inventory.result import InventoryPlan


def plot_purchase_curve(plan: InventoryPlan, ax: Axes | None = None) -> Axes:
    """Draw money earned by ordering now against money spent, next lots in the order of their ratio."""
    axes = new_axes(ax)
    table = plan.ranked.table
    spent = np.r_[0.0, table["cumulated_spend"]] / 1000
    earned = np.r_[0.0, table["earned"].cumsum()] / 1000
    axes.plot(spent, earned, LINES["action"], color=COLOURS["action"], linewidth=2)
    if plan.settings.budget > 0:
        axes.axvline(plan.settings.budget / 1000, color=COLOURS["limit"], linestyle=LINES["limit"])
        axes.annotate(
            "budget",
            (plan.settings.budget / 1000, 0),
            xytext=(4, 4),
            textcoords="offset points",
            color=COLOURS["limit"],
        )
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    return finish_axes(
        axes,
        claim_purchase_curve(plan),
        "spent on this week's orders, thousand",
        "earned by ordering now, thousand",
    )


def claim_purchase_curve(plan: InventoryPlan) -> str:
    """Return the claim: how much of the gain the first quarter of the money earns."""
    table = plan.ranked.table
    if table.empty:
        return "Nothing ordered this week would earn more than next week"
    quarter = table["spent"].sum() / 4
    spent, earned = (np.r_[0.0, table[name].cumsum()] for name in ("spent", "earned"))
    share = float(np.interp(quarter, spent, earned))
    share /= float(table["earned"].sum())
    return (
        f"The first {quarter:,.0f} of this week's orders earn {percent(share)} of what ordering now can earn"
    )


def describe_purchase_curve(plan: InventoryPlan) -> str:
    """Return the alt text."""
    table = plan.ranked.table
    return (
        f"Line chart of money earned against money spent over {len(table):,} next lots, to "
        f"{table['earned'].sum():,.0f} earned for {table['spent'].sum():,.0f} spent. "
        f"{claim_purchase_curve(plan)}."
    )
