"""Stock against service: the frontier of the recommended levels beside that of the buyer's min–max rule."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from helpers.figures.style import COLOURS, LINES, MARKERS, finish_axes, new_axes, percent

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from helpers.inventory.comparison import Comparison
    from helpers.inventory.result import InventoryPlan

LEAST_FILL = 0.8  # what nobody would plan for is not drawn


def plot_service_cash(plan: InventoryPlan, ax: Axes | None = None) -> Axes:
    """Draw units served against stock at cost for both rules, on the same sampled futures."""
    axes = new_axes(ax)
    for rule, meaning, below in (("recommended", "action", False), ("min–max", "baseline", True)):
        rows = _rows(plan.futures, rule)
        axes.plot(
            rows["stock_value"] / 1000,
            100 * rows["fill_rate"],
            LINES[meaning],
            marker=MARKERS[meaning],
            color=COLOURS[meaning],
            linewidth=1.8,
        )
        if len(rows):
            last = rows.iloc[len(rows) // 2]
            axes.annotate(
                "these levels" if rule == "recommended" else "min–max rule",
                (last["stock_value"] / 1000, 100 * last["fill_rate"]),
                xytext=(8, -14 if below else 10),
                textcoords="offset points",
                color=COLOURS[meaning],
                ha="left" if below else "right",
            )
    return finish_axes(
        axes, claim_service_cash(plan), "mean stock at cost, thousand", "units served from stock, %"
    )


def claim_service_cash(plan: InventoryPlan) -> str:
    """Return the claim: what equal service needs in stock, or equal stock loses in margin."""
    gain, lost = plan.futures.stock, plan.futures.lost
    if math.isfinite(gain.share):
        word = "less" if gain.share >= 0 else "more"
        return (
            f"The same {percent(gain.at, 1)} served takes {percent(abs(gain.share))} {word} stock than the "
            f"min–max rule"
        )
    if math.isfinite(lost.share):
        word = "less" if lost.share >= 0 else "more"
        return f"The same stock loses {percent(abs(lost.share))} {word} margin than with the min–max rule"
    return "The two rules do not reach the same service or stock"


def describe_service_cash(plan: InventoryPlan) -> str:
    """Return the alt text."""
    said = []
    for rule in ("recommended", "min–max"):
        rows = _rows(plan.futures, rule)
        pairs = zip(rows["fill_rate"], rows["stock_value"], strict=True)
        points = [f"{percent(fill, 1)} at {stock:,.0f}" for fill, stock in pairs]
        said.append(f"{rule}: {', '.join(points) or 'nothing to draw'}")
    return (
        f"Line chart of units served against mean stock at cost. {'; '.join(said)}. "
        f"{claim_service_cash(plan)}."
    )


def _rows(found: Comparison, rule: str) -> pd.DataFrame:
    table = found.frontier
    kept = table[(table["rule"] == rule) & (table["fill_rate"] >= LEAST_FILL)]
    return kept.sort_values("stock_value")
