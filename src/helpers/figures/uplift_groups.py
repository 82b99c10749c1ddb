"""How many customers answer because of a message, anyway, never, or are put off by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from helpers.figures.style import COLOURS, LINE, finish_axes, new_axes, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from helpers.customers.uplift.result import Uplift

COLOUR = {"persuadable": "action", "sure thing": "forecast", "lost cause": "actual", "sleeping dog": "limit"}


def plot_uplift_groups(uplift: Uplift, ax: Axes | None = None) -> Axes:
    """Draw the expected number of customers per group; the dark part is more likely so than not."""
    rows = uplift.groups
    axes = new_axes(ax, 2.6)
    place = np.arange(len(rows))
    colours = [COLOURS[COLOUR[name]] for name in rows["group"]]
    axes.barh(place, rows["customers"], color=colours, alpha=0.35, height=0.6)
    sure = np.minimum(rows["surely"].to_numpy(float), rows["customers"].to_numpy(float))
    axes.barh(place, sure, color=colours, height=0.6)
    for at, number, share in zip(place, rows["customers"], rows["share"], strict=True):
        axes.annotate(
            f" {percent(float(share))}", (float(number), float(at)), va="center", fontsize=8, color="black"
        )
    axes.set_yticks(place, rows["group"].tolist())
    axes.invert_yaxis()
    axes.axvline(0.0, color=LINE, linewidth=0.8)
    axes.margins(x=0.1)
    return finish_axes(axes, claim_uplift_groups(uplift), "customers, dark: more likely so than not", "")


def claim_uplift_groups(uplift: Uplift) -> str:
    """Return the claim: how many are worth a message, and how many are better left alone."""
    if uplift.classes is None:
        return "Who answers because of a message is not yet knowable"
    rows = uplift.groups.set_index("group")
    moved, put_off = (int(rows["surely"][name]) for name in ("persuadable", "sleeping dog"))
    total = float(rows["customers"].sum())
    verbs = ["answers" if moved == 1 else "answer", "is" if put_off == 1 else "are"]
    return (
        f"Of {total:,.0f} customers {moved:,} probably {verbs[0]} because of a message; "
        f"{put_off:,} {verbs[1]} probably better left alone"
    )


def describe_uplift_groups(uplift: Uplift) -> str:
    """Return the alt text."""
    said = [f"{row.group} {row.customers:,.0f}" for row in uplift.groups.itertuples()]
    return f"Bar chart of customers per group: {', '.join(said)}. {claim_uplift_groups(uplift)}."
