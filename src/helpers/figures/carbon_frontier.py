"""What less carbon costs: the frontier of cost against carbon, with the price of the next tonne."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpers.figures.style import COLOURS, LINES, MARKERS, finish_axes, new_axes, percent

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from helpers.transport import TransportPlan


def plot_carbon_frontier(plan: TransportPlan, ax: Axes | None = None) -> Axes:
    """Draw money above the cheapest plan against carbon below it; the price of a tonne at each point."""
    axes = new_axes(ax)
    points = _points(plan)
    axes.plot(
        100 * points["cut"],
        points["extra_cost"],
        LINES["action"],
        marker=MARKERS["action"],
        color=COLOURS["action"],
        linewidth=1.8,
    )
    for row in points.iloc[1:].to_dict("records"):
        axes.annotate(
            f"{row['abatement_price']:,.0f}/t",
            (100 * row["cut"], row["extra_cost"]),
            xytext=(-6, 5),
            textcoords="offset points",
            ha="right",
            fontsize=8,
        )
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    return finish_axes(
        axes, claim_carbon_frontier(plan), "carbon below the cheapest plan, %", "cost above it, money"
    )


def claim_carbon_frontier(plan: TransportPlan) -> str:
    """Return the claim: what the first and the last step cost."""
    points = _points(plan)
    if len(points) < 2:
        return "The cheapest plan is the cleanest one, too, at the same service"
    first, last = points.iloc[1], points.iloc[-1]
    return (
        f"The first {percent(first['cut'], 1)} less carbon costs up to {first['abatement_price']:,.0f} per "
        f"tonne, {percent(last['cut'], 1)} less up to {last['abatement_price']:,.0f}"
    )


def describe_carbon_frontier(plan: TransportPlan) -> str:
    """Return the alt text."""
    said = [
        f"{percent(row['cut'], 1)} less for {row['extra_cost']:,.0f}, next tonne "
        f"{row['abatement_price']:,.0f}"
        for row in _points(plan).to_dict("records")
    ]
    return f"Line chart of cost against carbon. {'; '.join(said)}. {claim_carbon_frontier(plan)}."


def _points(plan: TransportPlan) -> pd.DataFrame:
    points = plan.frontier.points
    most = float(points["tonnes_co2e"].iloc[0])
    return points.assign(cut=1 - points["tonnes_co2e"] / most if most else 0.0)
