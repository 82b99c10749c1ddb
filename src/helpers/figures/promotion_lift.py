"""What past promotions did: the lift of each against its discount, and what its depth makes one expect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.figures.style import COLOURS, LINE, finish_axes, new_axes, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from helpers.forecasting.result import Forecast

    Line = np.ndarray[tuple[int], np.dtype[np.float64]]


def plot_promotion_lift(forecast: Forecast, ax: Axes | None = None) -> Axes:
    """Draw the lift of each past promotion with its interval over the discount, and the pooled line."""
    rows = _rows(forecast)
    axes = new_axes(ax)
    place = 100 * rows["discount"].to_numpy() + _beside(rows["discount"])
    axes.vlines(place, rows["lift_low"], rows["lift_high"], color=LINE, alpha=0.35, linewidth=1.0)
    axes.plot(place, rows["lift"], ".", color=COLOURS["actual"], markersize=6, linestyle="none")
    if not rows.empty:
        depth = np.linspace(0, 1.1 * rows["discount"].max(), 50)
        expected = _expected(forecast, depth)
        axes.plot(100 * depth, expected, color=COLOURS["forecast"], linewidth=2)
        end = (100 * depth[-1], expected[-1])
        axes.annotate("pooled", end, color=COLOURS["forecast"], ha="right", va="bottom")
    axes.axhline(1.0, color=LINE, linewidth=0.8, linestyle=":")
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    return finish_axes(
        axes, claim_promotion_lift(forecast), "discount, % of list price", "lift, times the usual demand"
    )


def claim_promotion_lift(forecast: Forecast) -> str:
    """Return the claim: what a typical discount does."""
    rows = _rows(forecast)
    if rows.empty:
        return "No past promotion to learn from"
    typical = float(rows["discount"].median())
    low, high = rows["lift"].quantile([0.05, 0.95])
    expected = float(_expected(forecast, np.array([typical]))[0])
    return (
        f"A discount of {percent(typical)} sells {expected:.1f} times the usual units; promotions ranged "
        f"from {low:.1f} to {high:.1f}"
    )


def describe_promotion_lift(forecast: Forecast) -> str:
    """Return the alt text."""
    rows = _rows(forecast)
    return (
        f"Scatter of the estimated lift of {len(rows)} past promotions over their discount, each with its "
        f"interval, and the pooled line. {claim_promotion_lift(forecast)}."
    )


def _rows(forecast: Forecast) -> pd.DataFrame:
    """Past promotions of which something was seen."""
    table = forecast.promotions
    return table[table["cells"].astype("float64") > 0].sort_values(["discount", "promotion_id"])


def _expected(forecast: Forecast, depth: Line) -> Line:
    """Lift of a typical promotion: the pooled slope, through the mean of the promotions seen."""
    slope = float(forecast.effects.set_index("effect")["value"]["elasticity to depth"])
    rows = _rows(forecast)
    middle = float((np.log(rows["lift"]) - slope * rows["discount"]).mean())
    return np.asarray(np.exp(middle + slope * depth))


def _beside(discount: pd.Series[float]) -> Line:
    """Spread promotions of one discount a little, in the order of their id, so that none hides another."""
    order = discount.groupby(discount).cumcount().to_numpy()
    count = discount.map(discount.value_counts()).to_numpy()
    return np.asarray((order - (count - 1) / 2) * 3.0 / np.maximum(count, 1))
