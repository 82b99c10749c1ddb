"""Net profit added up from the most to the least profitable customer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from helpers.figures.style import COLOURS, LINES, finish_axes, new_axes, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from helpers.customers.cost_to_serve import CostToServe

FEW = 0.1  # share of customers that the claim speaks of


def plot_whale_curve(result: CostToServe, ax: Axes | None = None) -> Axes:
    """Draw cumulative net profit over the share of customers, with the total as a line."""
    rows = result.whale
    axes = new_axes(ax)
    x = np.concatenate([[0.0], 100 * rows["share_of_customers"].to_numpy(float)])
    y = np.concatenate([[0.0], rows["cumulative"].to_numpy(float)])
    axes.plot(x, y, color=COLOURS["forecast"], linewidth=1.8, label="net profit, added up")
    margin = result.table["margin"].sort_values(ascending=False).cumsum().to_numpy(float)
    axes.plot(
        x,
        np.concatenate([[0.0], margin]),
        color=COLOURS["baseline"],
        linestyle=LINES["baseline"],
        label=f"{result.money_word} before serving",
    )
    axes.axhline(
        result.net_profit, color=COLOURS["limit"], linestyle=LINES["limit"], label="all customers together"
    )
    axes.legend(frameon=False, fontsize=8, loc="lower right")
    return finish_axes(
        axes,
        claim_whale_curve(result),
        "customers, % of all, each line from its largest to its smallest",
        f"money in {result.window_days} days",
    )


def claim_whale_curve(result: CostToServe) -> str:
    """Return the claim: how few bring how much, and what the tail takes away."""
    if result.table.empty:
        return "No customer was served"
    if result.net_profit <= 0:
        return "At these rates, serving all customers takes more than they bring"
    few = max(1, round(FEW * len(result.table)))
    share = float(result.whale["cumulative"].iloc[few - 1]) / result.net_profit
    start = f"{few:,} of {len(result.table):,} customers bring {percent(share)} of the net profit"
    if few == 1:
        start = (
            f"The best of {len(result.table):,} customer{'' if len(result.table) == 1 else 's'} brings "
            + (f"{percent(share)} of the net profit")
        )
    if result.lost > 0:
        return f"{start}; the tail loses {result.lost:,.0f}"
    return f"{start}; none costs more than it brings"


def describe_whale_curve(result: CostToServe) -> str:
    """Return the alt text."""
    curve = result.whale["cumulative"].to_numpy(float)
    points = [
        f"{percent(share)} of customers: {curve[max(0, round(share * len(curve)) - 1)]:,.0f}"
        for share in (0.1, 0.25, 0.5, 0.75, 1.0)
        if len(curve)
    ]
    return (
        "Curve of net profit added up from the most to the least profitable customer. "
        f"{'; '.join(points) or 'Empty'}. {claim_whale_curve(result)}."
    )
