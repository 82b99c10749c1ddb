"""Lead times as promised and as kept, per supplier."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.figures.style import COLOURS, LINE, MARKERS, finish_axes, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from helpers.inventory.result import InventoryPlan

LATE_DAYS = 1.0


def plot_lead_times(plan: InventoryPlan, ax: Axes | None = None) -> Axes:
    """Draw per supplier the promised lead time, the mean as measured, and the range of nine in ten."""
    rows = _rows(plan)
    axes = new_axes(ax, height=1.4 + 0.42 * max(len(rows), 1))
    place = np.arange(len(rows))[::-1]
    axes.hlines(place, rows["low"], rows["high"], color=LINE, alpha=0.5, linewidth=5)
    for column, meaning, name in (
        ("promised_days", "baseline", "promised"),
        ("mean_days", "actual", "measured"),
    ):
        marker = MARKERS[meaning] if meaning == "baseline" else "o"
        axes.plot(
            rows[column], place, marker, color=COLOURS[meaning], markersize=8, linestyle="none", label=name
        )
    axes.set_yticks(place, rows["supplier_id"].tolist())
    axes.set_ylim(-0.6, len(rows) - 0.2)
    axes.set_xlim(left=0)
    if len(rows):
        axes.legend(loc="lower right", frameon=False, ncols=2)
    return finish_axes(axes, claim_lead_times(plan), "days from order to receipt", "supplier")


def claim_lead_times(plan: InventoryPlan) -> str:
    """Return the claim: who is furthest behind the promise."""
    rows = _rows(plan)
    late = rows[rows["mean_days"] - rows["promised_days"] > LATE_DAYS]
    if late.empty:
        return "Suppliers keep the lead times that they promise"
    worst = late.iloc[0]
    return (
        f"{len(late)} of {len(rows)} suppliers deliver later than promised; {worst['supplier_id']} by "
        f"{worst['mean_days'] - worst['promised_days']:.0f} days"
    )


def describe_lead_times(plan: InventoryPlan) -> str:
    """Return the alt text."""
    parts = [
        f"{row.supplier_id} promised {row.promised_days:.0f}, measured {row.mean_days:.0f} days "
        f"({row.low:.0f} to {row.high:.0f})"
        for row in _rows(plan).itertuples()
    ]
    return f"Dot plot of lead times per supplier: {'; '.join(parts) or 'none measured'}."


def _rows(plan: InventoryPlan) -> pd.DataFrame:
    """One row per supplier, latest against its promise first."""
    measured = plan.outlook.measured
    table = measured.promised_against_measured().dropna(subset=["mean_days", "promised_days"])
    cells = measured.table[measured.table["source"] != "lane"]
    spread = cells.groupby("supplier_id")[["q05", "q95"]].mean().set_axis(["low", "high"], axis=1)
    return table.merge(spread.reset_index(), on="supplier_id", how="left", validate="one_to_one")
