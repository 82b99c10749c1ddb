"""Past weeks planned again: freight and carbon of today's way beside the plan's, block by block."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from helpers.figures.style import COLOURS, finish_axes, new_axes, percent

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from helpers.transport import TransportPlan

BAR = 0.38


def plot_transport_replay(plan: TransportPlan, ax: Axes | None = None) -> Axes:
    """Draw freight of both ways for the past blocks and for the weeks ahead."""
    axes = new_axes(ax)
    rows = _rows(plan)
    place = np.arange(len(rows))
    for shift, name, label, meaning in (
        (-BAR / 2, "today_transport", "today's way", "baseline"),
        (BAR / 2, "plan_transport", "planned", "action"),
    ):
        axes.bar(place + shift, rows[name] / 1000, width=BAR, color=COLOURS[meaning], label=label)
    for at, row in zip(place, rows.to_dict("records"), strict=True):
        saved = 1 - row["plan_transport"] / row["today_transport"] if row["today_transport"] else 0.0
        top = max(row["plan_transport"], row["today_transport"]) / 1000
        words = f"{_signed(-saved)}\nCO2e {_signed(row['plan_tonnes'] / row['today_tonnes'] - 1)}"
        if not row["today_tonnes"]:
            words = _signed(-saved)
        axes.annotate(words, (at, top), ha="center", va="bottom", fontsize=8)
    axes.set_xticks(place, rows["name"].tolist(), fontsize=8)
    axes.margins(y=0.2)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, -0.34), ncols=2, frameon=False, fontsize=8)
    return finish_axes(axes, claim_transport_replay(plan), "", "vehicles and freight, thousand")


def claim_transport_replay(plan: TransportPlan) -> str:
    """Return the claim: how often, and by how much, the planned way was cheaper."""
    past = plan.replay
    if past.empty:
        return "No past weeks could be planned again: their records do not suffice"
    saved = 1 - past["plan_transport"] / past["today_transport"].where(past["today_transport"] > 0)
    won = int((saved > 0).sum())
    if won == len(past):
        return (
            f"Past weeks planned again cost {percent(saved.min())} to {percent(saved.max())} less freight "
            "than today's way"
        )
    return f"Past weeks planned again cost less freight than today's way in {won} of {len(past)} blocks"


def describe_transport_replay(plan: TransportPlan) -> str:
    """Return the alt text."""
    said = [
        f"{row['name']}: {row['today_transport']:,.0f} today, {row['plan_transport']:,.0f} planned"
        for row in _rows(plan).to_dict("records")
    ]
    return f"Bar chart of freight. {'; '.join(said)}. {claim_transport_replay(plan)}."


def _rows(plan: TransportPlan) -> pd.DataFrame:
    """Return the past blocks and the weeks ahead."""
    import pandas as pd

    beside = plan.beside
    ahead = {
        "name": f"ahead, from\n{plan.first_week:%-d %b %Y}",
        "today_transport": beside.today.transport_cost,
        "plan_transport": beside.plan.transport_cost,
        "today_tonnes": beside.today.tonnes_co2e,
        "plan_tonnes": beside.plan.tonnes_co2e,
    }
    past = plan.replay.assign(
        name="from\n" + plan.replay["first_week"].map("{:%-d %b %Y}".format).astype(str)
    )
    both = [part for part in (past[list(ahead)], pd.DataFrame([ahead])) if len(part)]
    return pd.concat(both, ignore_index=True)


def _signed(share: float) -> str:
    return f"{100 * share:+.0f}\N{NO-BREAK SPACE}%".replace("-", "\N{MINUS SIGN}")
