"""Chance of leaving as it was stated beside the share that left, on days the model had not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpers.figures.style import COLOURS, LINES, MARKERS, finish_axes, new_axes, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from helpers.customers.churn import Churn


def plot_churn_calibration(churn: Churn, ax: Axes | None = None) -> Axes:
    """Draw stated against seen shares by group of customers, with the interval of what was seen."""
    rows = churn.reliability
    axes = new_axes(ax, height=3.8)
    axes.plot([0, 100], [0, 100], LINES["limit"], color=COLOURS["limit"], linewidth=1.5)
    axes.annotate("stated = seen", (52, 50), xytext=(4, -10), textcoords="offset points")
    stated, seen, low, high = (
        100 * rows[name].astype("float64")
        for name in ("predicted", "observed", "observed_low", "observed_high")
    )
    axes.vlines(stated, low, high, color=COLOURS["forecast"], linewidth=4, alpha=0.5)
    axes.plot(stated, seen, MARKERS["forecast"], color=COLOURS["forecast"], markersize=5, linestyle="none")
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 102)
    return finish_axes(axes, claim_churn_calibration(churn), "stated chance of leaving, %", "left, %")


def claim_churn_calibration(churn: Churn) -> str:
    """Return the claim: in how many groups the stated chance lies inside the interval of what was seen."""
    rows = churn.reliability
    if rows.empty:
        return "Not yet knowable how well the stated chances hold"
    inside = (rows["predicted"] >= rows["observed_low"]) & (rows["predicted"] <= rows["observed_high"])
    widest = float((rows["predicted"] - rows["observed"]).abs().max())
    held = f"{int(inside.sum())} of {len(rows)} groups"
    return f"Stated chances held in {held}, off by {percent(widest, 1)} at most"


def describe_churn_calibration(churn: Churn) -> str:
    """Return the alt text."""
    names = ("predicted", "observed", "observed_low", "observed_high")
    parts = [
        f"{percent(stated, 1)} stated, {percent(seen, 1)} left ({percent(low, 1)} to {percent(high, 1)})"
        for stated, seen, low, high in churn.reliability[list(names)].itertuples(index=False)
    ]
    return (
        f"Calibration plot of the chance of leaving: {'; '.join(parts) or 'nothing was measured'}. "
        f"{claim_churn_calibration(churn)}."
    )
