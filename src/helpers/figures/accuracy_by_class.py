"""The forecast's error beside the seasonal naive's, per demand class, on the held-out weeks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.figures.style import COLOURS, LINE, MARKERS, finish_axes, new_axes, percent
from helpers.forecasting.headlines import baseline_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from helpers.forecasting.result import Forecast


def plot_accuracy_by_class(forecast: Forecast, ax: Axes | None = None) -> Axes:
    """Draw the WAPE of forecast and seasonal naive per demand class as two joined dots."""
    rows = _rows(forecast)
    axes = new_axes(ax, height=1.4 + 0.45 * max(len(rows), 1))
    place = np.arange(len(rows))[::-1]
    axes.hlines(place, 100 * rows["wape"], 100 * rows["naive_wape"], color=LINE, alpha=0.6, linewidth=1.5)
    for column, meaning, name in (
        ("wape", "forecast", "forecast"),
        ("naive_wape", "baseline", baseline_words(forecast).removeprefix("the ")),
    ):
        values = 100 * rows[column].to_numpy()
        axes.plot(
            values,
            place,
            MARKERS[meaning],
            color=COLOURS[meaning],
            markersize=8,
            linestyle="none",
            label=name,
        )
        if len(rows):
            axes.annotate(
                name,
                (values[0], place[0]),
                xytext=(0, 9),
                textcoords="offset points",
                ha="right" if meaning == "forecast" else "left",
            )
    axes.set_yticks(place, [f"{row.group} ({row.series:,})" for row in rows.itertuples()])
    axes.set_ylim(-0.6, len(rows) - 0.2)
    axes.set_xlim(left=0)
    x_label, y_label = "error per product, site and week, % of demand (WAPE)", "demand class (series)"
    return finish_axes(axes, claim_accuracy_by_class(forecast), x_label, y_label)


def claim_accuracy_by_class(forecast: Forecast) -> str:
    """Return the claim: in how many classes the forecast beats the seasonal naive."""
    rows = _rows(forecast)
    if rows.empty:
        return "Accuracy could not be measured"
    won = int((rows["wape"] < rows["naive_wape"]).sum())
    counted = f"all {won}" if won == len(rows) else f"{won} of {len(rows)}"
    return f"The forecast beats {baseline_words(forecast)} in {counted} demand classes"


def describe_accuracy_by_class(forecast: Forecast) -> str:
    """Return the alt text."""
    rows = _rows(forecast)
    both = zip(rows["group"], rows["wape"], rows["naive_wape"], strict=True)
    parts = [f"{group} {percent(ours)} against {percent(naive)}" for group, ours, naive in both]
    said = "; ".join(parts) if parts else "no class was measured"
    return f"Dot plot of the error per demand class, forecast against {baseline_words(forecast)}: {said}."


def _rows(forecast: Forecast) -> pd.DataFrame:
    table = forecast.accuracy
    return table[table["level"] == "demand class"].dropna(subset=["wape", "naive_wape"])
