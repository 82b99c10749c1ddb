"""Agents needed per day, as expected and on a busy day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from helpers.figures.style import COLOURS, finish_axes, new_axes, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from helpers.customers.staffing import Staffing


def plot_staffing_need(plan: Staffing, ax: Axes | None = None) -> Axes:
    """Draw agents present per open day as bars, a busy day as a stroke above."""
    from matplotlib.ticker import MaxNLocator

    days = plan.days
    axes = new_axes(ax, height=2.8)
    place = np.arange(len(days))
    axes.bar(place, days["agents"], color=COLOURS["action"], width=0.7, label="agents present")
    axes.plot(
        place,
        days["agents_busy"],
        linestyle="",
        marker="_",
        markersize=9,
        markeredgewidth=2,
        color=COLOURS["limit"],
        label="on a busy day",
    )
    step = max(1, len(days) // 8)
    axes.set_xticks(place[::step], days["date"].dt.strftime("%a %-d %b").tolist()[::step], fontsize=8)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylim(bottom=0)
    if len(days):
        axes.legend(loc="upper left", frameon=False, fontsize=8, ncols=2)
        axes.margins(y=0.3)
    return finish_axes(axes, claim_staffing_need(plan), "open day", "agents at a time")


def claim_staffing_need(plan: Staffing) -> str:
    """Return the claim: how many agents keep the target."""
    settings, most = plan.settings, plan.peak
    if not most:
        return "No calls or cases are expected"
    least = int(plan.days["agents"].min())
    agents = f"{most} agent{'' if most == 1 else 's'}" if least == most else f"{least} to {most} agents"
    share, seconds = percent(settings.target_share), f"{settings.answer_seconds:g}"
    verb = "answers" if most == 1 else "answer"
    return f"{agents} {verb} {share} of calls within {seconds} seconds"


def describe_staffing_need(plan: Staffing) -> str:
    """Return the alt text."""
    said = [f"{row.date:%-d %b}: {row.agents}" for row in plan.days.itertuples()]
    return (
        f"Bars of agents present per open day. {', '.join(said) or 'No days'}. {claim_staffing_need(plan)}."
    )
