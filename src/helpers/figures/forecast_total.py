"""Demand so far and the forecast with its band, for all series or for one product × site."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from helpers.figures.style import COLOURS, finish_axes, new_axes, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from helpers.forecasting.result import Forecast

SHOWN_WEEKS = 104
LABEL_WEEKS = 13  # that the label of the actuals must clear


def plot_forecast_total(
    forecast: Forecast, ax: Axes | None = None, product_id: str = "", site_id: str = ""
) -> Axes:
    """Draw weekly demand, the forecast and its interval.

    Parameters
    ----------
    forecast
        The result of `forecast_demand`.
    ax
        Where to draw; by default a new figure.
    product_id, site_id
        One series; by default the sum of all.
    """
    axes = new_axes(ax)
    past, ahead = _tables(forecast, product_id, site_id)
    axes.plot(past.index, past.to_numpy(), color=COLOURS["actual"], linewidth=1.3)
    axes.plot(ahead["week"], ahead["mean"], color=COLOURS["forecast"], linewidth=2.0)
    if ahead["low"].notna().all() and len(ahead):
        axes.fill_between(
            ahead["week"], ahead["low"], ahead["high"], color=COLOURS["forecast"], alpha=0.25, linewidth=0
        )
    if len(ahead) and len(past):
        axes.axvline(ahead["week"].iloc[0], color=COLOURS["actual"], linewidth=0.8, linestyle=":")
        _label(axes, past.index[0], float(past.iloc[:LABEL_WEEKS].max()), "actual", "left")
        label = f"forecast, {percent(forecast.settings.interval)} interval"
        _label(axes, ahead["week"].iloc[-1], float(ahead["low"].fillna(ahead["mean"]).min()), label, "right")
    axes.set_ylim(bottom=0)
    return finish_axes(axes, claim_forecast_total(forecast, product_id, site_id), "week", "units per week")


def claim_forecast_total(forecast: Forecast, product_id: str = "", site_id: str = "") -> str:
    """Return the claim: next weeks against the same weeks a year ago, or the last weeks."""
    past, ahead = _tables(forecast, product_id, site_id)
    horizon, season = len(ahead), forecast.settings.season_length
    what = f"{product_id} at {site_id}" if product_id else "Demand"
    seasoned = len(past) >= season and horizon <= season
    before = past.iloc[len(past) - season :][:horizon] if seasoned else past.iloc[-horizon:]
    since = "the same weeks a year ago" if seasoned else "the last weeks"
    base = float(before.mean()) if len(before) else math.nan
    if not (base > 0 and horizon):
        return f"{what}: {ahead['mean'].sum():,.0f} units expected"
    change = float(ahead["mean"].mean()) / base - 1
    if abs(change) < 0.01:
        return f"{what} stays within 1 % of {since}"
    return f"{what} is expected {percent(abs(change))} {'above' if change > 0 else 'below'} {since}"


def describe_forecast_total(forecast: Forecast, product_id: str = "", site_id: str = "") -> str:
    """Return the alt text."""
    past, ahead = _tables(forecast, product_id, site_id)
    if past.empty or ahead.empty:
        return "Line chart of weekly units; there is nothing to forecast."
    text = (
        f"Line chart of weekly units: {len(past)} past weeks, last {past.iloc[-1]:,.0f}, "
        f"and {len(ahead)} forecast weeks from {ahead['mean'].iloc[0]:,.0f} to {ahead['mean'].iloc[-1]:,.0f}"
    )
    return f"{text}. {claim_forecast_total(forecast, product_id, site_id)}."


def _tables(forecast: Forecast, product_id: str, site_id: str) -> tuple[pd.Series, pd.DataFrame]:
    """Past units by week, and the forecast with low and high."""
    history = forecast.history
    if product_id:
        keys = (forecast.forecast["product_id"] == product_id) & (forecast.forecast["site_id"] == site_id)
        ahead = forecast.forecast.loc[keys, ["week", "mean", "low", "high"]].sort_values("week")
        history = history[(history["product_id"] == product_id) & (history["site_id"] == site_id)]
    else:
        total = forecast.total()
        share = forecast.settings.interval
        names = {probability: name for name, probability in forecast.settings.quantile_columns.items()}
        low, high = (_nearest(names, (1 + sign * share) / 2) for sign in (-1, 1))
        ahead = pd.DataFrame(
            {"week": total["week"], "mean": total["mean"], "low": total[low], "high": total[high]}
        )
    past = history.groupby("week", sort=True)["demand"].sum().iloc[-SHOWN_WEEKS:]
    return past, ahead.reset_index(drop=True)


def _nearest(names: dict[float, str], wanted: float) -> str:
    probabilities = np.array(list(names))
    return names[float(probabilities[np.abs(probabilities - wanted).argmin()])]


def _label(axes: Axes, x: pd.Timestamp, y: float, text: str, side: str) -> None:
    """Write `text` above y at the left, below y at the right, where the band leaves room."""
    place: Any = x  # matplotlib takes dates where its types say numbers
    above = side == "left"
    axes.annotate(
        text,
        (place, y),
        xytext=(0, 5 if above else -5),
        textcoords="offset points",
        ha=side,
        va="bottom" if above else "top",
    )
