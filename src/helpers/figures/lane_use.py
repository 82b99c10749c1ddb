"""How well vehicles are filled on each lane, in the plan beside today's way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.figures.style import COLOURS, finish_axes, new_axes, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from helpers.transport import TransportPlan

MOST = 16  # lanes that are drawn
BAR, ROW = 0.38, 0.3


def plot_lane_use(plan: TransportPlan, ax: Axes | None = None) -> Axes:
    """Draw departures per lane, the plan above today's way, with the mean fill written beside."""
    rows = _rows(plan)
    axes = new_axes(ax, max(2.4, 1.3 + ROW * len(rows)))
    place = np.arange(len(rows))
    for shift, name, label, meaning in (
        (-BAR / 2, "vehicles", "the plan", "action"),
        (BAR / 2, "today_vehicles", "today", "baseline"),
    ):
        axes.barh(place + shift, rows[name], height=BAR, color=COLOURS[meaning], label=label)
        fill = rows["fill" if name == "vehicles" else "today_fill"]
        for at, value, filled, paid in zip(place + shift, rows[name], fill, rows["by_vehicle"], strict=True):
            if value > 0:
                words = f" {percent(filled)} full" if paid else " shared"
                axes.annotate(words, (float(value), float(at)), va="center", fontsize=7)
    names = rows["lane_id"] + "  " + rows["origin_id"] + " → " + rows["destination_id"]
    axes.set_yticks(place, (names + ", " + rows["mode"]).tolist(), fontsize=8)
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.legend(loc="lower right", frameon=False, fontsize=8)
    return finish_axes(axes, claim_lane_use(plan), "departures in the weeks of the plan", "")


def claim_lane_use(plan: TransportPlan) -> str:
    """Return the claim: how many departures fewer carry the same goods."""
    rows = _all(plan)
    mine, today = float(rows["vehicles"].sum()), float(rows["today_vehicles"].sum())
    if not today:
        return "No vehicle leaves with costs or carbon of its own"
    if round(mine) < round(today):
        return f"{mine:,.0f} departures carry what takes {today:,.0f} today"
    if round(mine) > round(today):
        return f"{mine:,.0f} departures instead of {today:,.0f} today: more, and still cheaper in all"
    return f"{mine:,.0f} departures, as many as today"


def describe_lane_use(plan: TransportPlan) -> str:
    """Return the alt text."""
    said = [
        f"{row.lane_id}: {row.vehicles:,.0f} instead of {row.today_vehicles:,.0f}"
        for row in _rows(plan).itertuples()
    ]
    return f"Bar chart of departures per lane. {'; '.join(said) or 'No lanes'}. {claim_lane_use(plan)}."


def _all(plan: TransportPlan) -> pd.DataFrame:
    """Return the lanes whose vehicles cost or burn something of their own."""
    lanes = plan.flow.problem.lanes
    own = lanes.loc[(lanes["fixed_cost"] > 0) | (lanes["kg_co2e_per_vehicle"] > 0), "lane_id"]
    rows = plan.lane_use()
    return rows[rows["lane_id"].isin(own)].merge(_paid_by_vehicle(lanes), on="lane_id")


def _paid_by_vehicle(lanes: pd.DataFrame) -> pd.DataFrame:
    """Say whether most of what a full vehicle costs is paid per vehicle: the rest of others is shared."""
    by_weight = lanes["cost_per_kg"] * lanes["vehicle_capacity_kg"]
    return lanes[["lane_id"]].assign(by_vehicle=lanes["fixed_cost"] >= by_weight)


def _rows(plan: TransportPlan) -> pd.DataFrame:
    """Return the lanes with the most money at stake, in the order of their names."""
    rows = _all(plan)
    stake = rows[["cost", "today_cost"]].max(axis=1)
    return rows.loc[stake.sort_values(ascending=False).index[:MOST]].sort_values("lane_id", ignore_index=True)
