"""Order lines per week, to see whether the history reaches without a gap."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pandas as pd

from helpers.contract.headlines import headline_coverage
from helpers.figures.style import COLOURS, LINES, finish_axes, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from helpers.contract import Readiness


def plot_order_coverage(readiness: Readiness, ax: Axes | None = None) -> Axes:
    """Draw order lines per week and their median; a week without any falls to zero."""
    axes = new_axes(ax, height=2.6)
    lines = _every_week(readiness)
    axes.fill_between(lines.index, lines.to_numpy(), color=COLOURS["actual"], alpha=0.25, linewidth=0)
    axes.plot(lines.index, lines.to_numpy(), color=COLOURS["actual"], linewidth=1.2)
    median = float(lines.median())
    axes.axhline(median, color=COLOURS["baseline"], linestyle=LINES["baseline"], linewidth=1)
    axes.annotate("median", (lines.index[0], median), xytext=(2, 4), textcoords="offset points", fontsize=9)
    axes.set_ylim(bottom=0)
    return finish_axes(axes, headline_coverage(readiness), "week", "order lines per week")


def describe_order_coverage(readiness: Readiness) -> str:
    """Return the alt text: span, usual level, lowest and highest week."""
    lines = _every_week(readiness)
    return (
        f"Order lines per week from {lines.index[0]:%Y-%m-%d} to {lines.index[-1]:%Y-%m-%d}: "
        f"median {lines.median():,.0f}, lowest {lines.min():,.0f} in the week of "
        f"{lines.idxmin():%Y-%m-%d}, highest {lines.max():,.0f} in the week of {lines.idxmax():%Y-%m-%d}."
    )


def _every_week(readiness: Readiness) -> pd.Series[float]:
    """Return lines by Monday; the first and the last week count only where they are whole."""
    weekly = readiness.weekly.set_index("week")["lines"]
    weeks = pd.date_range(weekly.index.min(), weekly.index.max(), freq="W-MON")
    filled = weekly.reindex(weeks, fill_value=0).astype(float)
    first, last = readiness.first_day, readiness.as_of - dt.timedelta(days=6)
    whole = filled[pd.Timestamp(first) : pd.Timestamp(last)]
    return whole if len(whole) else filled
