"""Space that the expected stock takes at each warehouse in the weeks ahead, beside what there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from helpers.figures.style import COLOURS, LINES, finish_axes, new_axes, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from helpers.inventory.result import InventoryPlan

FULL = 0.98
LABEL_APART = 11  # points between names at the ends of lines
PATTERNS = ("-", "--", "-.", ":")


def plot_storage_ahead(plan: InventoryPlan, ax: Axes | None = None) -> Axes:
    """Draw the share of the storage that is used per site and week."""
    axes = new_axes(ax)
    rows = _rows(plan)
    ends = rows.sort_values("monday").groupby("key")["share"].last().rank(method="first")
    for place, (site, used) in enumerate(rows.groupby("key")):
        shares = 100 * used["share"].to_numpy()
        axes.plot(
            used["monday"].to_numpy(),
            shares,
            PATTERNS[place % len(PATTERNS)],
            color=COLOURS["forecast"],
            linewidth=1.8,
        )
        axes.annotate(
            str(site),
            (used["monday"].iloc[-1], shares[-1]),
            xytext=(4, LABEL_APART * (ends[site] - (len(ends) + 1) / 2)),
            textcoords="offset points",
            color=COLOURS["forecast"],
        )
    if len(rows):
        axes.axhline(100, color=COLOURS["limit"], linestyle=LINES["limit"])
        axes.set_ylim(0, 112)
    return finish_axes(axes, claim_storage_ahead(plan), "week", "space used by expected stock, %")


def claim_storage_ahead(plan: InventoryPlan) -> str:
    """Return the claim: where space runs out, and what more of it is worth."""
    rows = _rows(plan)
    if rows.empty:
        return "No storage limit is known"
    full = rows[rows["share"] >= FULL]
    if full.empty:
        most = rows.sort_values("share").iloc[-1]
        return f"Storage is enough: at most {percent(most['share'])} is used, at {most['key']}"
    dearest = full.sort_values("price").iloc[-1]
    worth = f"; one more m³ there is worth {dearest['price']:,.0f}" if dearest["price"] > 0.5 else ""
    weeks = len(full[full["key"] == dearest["key"]])
    often = f"{weeks} of {rows['week'].nunique()} weeks"
    return f"{dearest['key']} is {percent(FULL)} full or more in {often}{worth}"


def describe_storage_ahead(plan: InventoryPlan) -> str:
    """Return the alt text."""
    parts = [
        f"{site} from {percent(used['share'].min())} to {percent(used['share'].max())}"
        for site, used in _rows(plan).groupby("key")
    ]
    return f"Line chart of the share of storage used per week: {'; '.join(parts) or 'no limit known'}."


def _rows(plan: InventoryPlan) -> pd.DataFrame:
    table = plan.orders.limits
    kept = table[(table["rule"] == "storage") & (table["limit"] > 0)]
    monday = pd.Timestamp(plan.first_week) + pd.to_timedelta(7 * kept["week"], unit="D")
    return kept.assign(share=kept["used"] / kept["limit"], monday=monday)
