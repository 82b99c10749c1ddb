"""Calibration of the quantiles: whether the stated share of weeks fell below each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from helpers.figures.style import COLOURS, LINES, finish_axes, new_axes, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from helpers.forecasting.result import Forecast

# Held-out shares of some thousand weeks of sister series wander by about this much.
TOLERANCE = 0.03
COLUMNS = ("probability", "share_below", "share_at_most")


def plot_calibration(forecast: Forecast, ax: Axes | None = None) -> Axes:
    """Draw, per stated probability, the shares of actuals below and at most the quantile.

    Demand comes in whole units, so many weeks equal their quantile; a right quantile has the
    diagonal between its two shares.
    """
    rows = forecast.calibration
    axes = new_axes(ax, height=3.8)
    stated = 100 * rows["probability"].astype("float64")
    below, at_most = (100 * rows[name].astype("float64") for name in ("share_below", "share_at_most"))
    axes.plot([0, 100], [0, 100], LINES["limit"], color=COLOURS["limit"], linewidth=1.5)
    axes.vlines(stated, below, at_most, color=COLOURS["forecast"], linewidth=5, alpha=0.85)
    axes.annotate("stated = seen", (30, 30), xytext=(6, -12), textcoords="offset points")
    if len(rows):
        axes.annotate("bar: share of weeks from below the quantile to at most it", (98, 4), ha="right")
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 102)
    return finish_axes(axes, claim_calibration(forecast), "stated probability, %", "held-out weeks, %")


def claim_calibration(forecast: Forecast) -> str:
    """Return the claim: how many quantiles held, and the coverage of the stated interval."""
    rows = forecast.calibration
    coverage = forecast.kpi("coverage").value
    if rows.empty or coverage is None:
        return "Coverage could not be measured"
    held = int(_held(rows).sum())
    stated = percent(forecast.settings.interval)
    return (
        f"{held} of {len(rows)} stated probabilities hold; "
        f"the {stated} interval covered {percent(coverage, 1)} of weeks"
    )


def describe_calibration(forecast: Forecast) -> str:
    """Return the alt text."""
    rows = zip(*(forecast.calibration[name].astype("float64") for name in COLUMNS), strict=True)
    parts = [
        f"{percent(stated)} stated, {percent(below)} below and {percent(at_most)} at most"
        for stated, below, at_most in rows
    ]
    return f"Calibration plot of the quantiles: {'; '.join(parts) if parts else 'nothing was measured'}."


def _held(rows: pd.DataFrame) -> pd.Series:
    low = rows["share_below"] <= rows["probability"] + TOLERANCE
    return low & (rows["share_at_most"] >= rows["probability"] - TOLERANCE)
