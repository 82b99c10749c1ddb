"""What planners' overrides were worth: the error of the forecast and of the override, per author."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.figures.style import COLOURS, LINE, MARKERS, finish_axes, new_axes, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from helpers.forecasting.result import Forecast

STEPS = (("statistical_wape", "forecast", "forecast"), ("override_wape", "action", "override"))


def plot_override_value(forecast: Forecast, ax: Axes | None = None) -> Axes:
    """Draw per author the WAPE of the statistical forecast and of the override as two joined dots."""
    rows = _rows(forecast)
    axes = new_axes(ax, height=1.4 + 0.5 * max(len(rows), 1))
    place = np.arange(len(rows))[::-1]
    before, after = (100 * rows[column] for column, _, _ in STEPS)
    axes.hlines(place, before, after, color=LINE, alpha=0.6, linewidth=1.5)
    for column, meaning, name in STEPS:
        axes.plot(100 * rows[column], place, MARKERS[meaning], color=COLOURS[meaning], markersize=8)
        if len(rows):
            at = (float(100 * rows[column].iloc[0]), float(place[0]))
            axes.annotate(name, at, xytext=(0, 9), textcoords="offset points", ha="center")
    labels = [
        f"{group} ({count:,}): {verdict}"
        for group, count, verdict in zip(rows["group"], rows["overrides"], rows["verdict"], strict=True)
    ]
    axes.set_yticks(place, labels)
    axes.set_ylim(-0.6, max(len(rows), 1) - 0.2)
    axes.set_xlim(left=0)
    x_label = "error of the weeks that were changed, % of demand (WAPE)"
    return finish_axes(axes, claim_override_value(forecast), x_label, "author (overrides): verdict")


def claim_override_value(forecast: Forecast) -> str:
    """Return the claim: whose overrides help and whose hurt."""
    rows = _rows(forecast)
    if rows.empty:
        return "No past override can be judged"
    found = {word: list(rows.loc[rows["verdict"] == word, "group"]) for word in ("hurts", "adds value")}
    parts = [
        f"overrides of {' and '.join(names)} {'hurt' if word == 'hurts' else 'add value'}"
        for word, names in found.items()
        if names
    ]
    said = ", ".join(parts) or "no author's overrides can be told from chance"
    return said[0].upper() + said[1:]


def describe_override_value(forecast: Forecast) -> str:
    """Return the alt text."""
    rows = _rows(forecast)
    parts = [
        f"{group} {percent(before)} without and {percent(after)} with the override"
        for group, before, after in zip(
            rows["group"], rows["statistical_wape"], rows["override_wape"], strict=True
        )
    ]
    return f"Dot plot of the error per author: {'; '.join(parts) or 'none could be judged'}."


def _rows(forecast: Forecast) -> pd.DataFrame:
    groups = forecast.override_value.groups
    rows = groups[groups["kind"] == "author"].dropna(subset=["statistical_wape", "override_wape"])
    return rows.sort_values(["override_gain", "group"], kind="stable")
