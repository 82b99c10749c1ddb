"""Products to look at by hand, ranked by the money that hangs on the doubt.

    bias           held-out sum off by > 25 % and > 2 standard deviations      |sum F - sum A| × value
    changed level  last 8 weeks against 44 before, > 30 % and > 3 sigma    |gap| × horizon × value
    new            less than `new_weeks` of history                           forecast sum × value
    ends           end date within the horizon                                forecast sum × value
    stock-outs     marked in > 20 % of the last 26 weeks         forecast sum × that share × value

Value is the unit cost. The level is compared after dividing out the yearly profile. The money
of a row is that of its largest finding, never their sum.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.forecasting.backtest import Window
from helpers.forecasting.classify import Floats
from helpers.forecasting.history import History

BIAS_SHARE, BIAS_SIGMAS = 0.25, 2.0
LEVEL_SHARE, LEVEL_SIGMAS = 0.30, 3.0
RECENT, BEFORE = 8, 44
STOCKOUT_SHARE, STOCKOUT_WEEKS = 0.20, 26
COLUMNS = ["product_id", "site_id", "name", "reason", "forecast_units", "money_at_stake"]


def review_table(
    history: History,
    mean: Floats,
    held: tuple[Window, Floats] | None,
    profile: Floats,
    classes: NDArray[np.str_],
) -> pd.DataFrame:
    """Return the series to review: product, site, name, reason, forecast units, money at stake."""
    units = np.nansum(mean, axis=1)
    findings = [
        _new(history, classes, units),
        _ends(history, mean, units),
        _changed_level(history, profile, mean.shape[1]),
        _stockouts(history, units),
    ]
    if held is not None:
        findings.insert(0, _biased(history, *held))
    words = np.array([texts for texts, _ in findings], dtype=object)
    money = np.array([stake for _, stake in findings]).max(axis=0) * history.keys["unit_value"].to_numpy()
    rows = history.active & (words != "").any(axis=0)
    reasons = ["; ".join(text for text in column if text) for column in words.T]
    table = history.keys.assign(reason=reasons, forecast_units=units, money_at_stake=money)
    ordered = table[rows].sort_values(
        ["money_at_stake", "product_id", "site_id"], ascending=[False, True, True], kind="stable"
    )
    found: pd.DataFrame = ordered[COLUMNS].reset_index(drop=True)
    return found


def _biased(history: History, window: Window, mean: Floats) -> tuple[list[str], Floats]:
    scored = window.scored
    forecast = np.where(scored, mean, 0.0).sum(axis=1)
    actual = np.where(scored, window.actual, 0.0).sum(axis=1)
    error = forecast - actual
    noise = np.sqrt(np.maximum(window.dispersion * np.maximum(forecast, actual), 1e-12))
    share = error / np.where(actual > 0, actual, 1.0)
    flag = (np.abs(error) > BIAS_SIGMAS * noise) & (np.abs(error) > BIAS_SHARE * actual)
    flag &= history.active
    weeks = scored.sum(axis=1)
    texts = [
        ""
        if not hit
        else f"forecast {percent(abs(part))} too {'high' if part > 0 else 'low'} over the last {count} weeks"
        if sold > 0
        else f"forecast {planned:,.0f}, nothing asked in the last {count} weeks"
        for hit, part, count, sold, planned in zip(flag, share, weeks, actual, forecast, strict=True)
    ]
    return texts, np.where(flag, np.abs(error), 0.0)


def _new(history: History, classes: NDArray[np.str_], units: Floats) -> tuple[list[str], Floats]:
    flag = (classes == "new") & history.active
    weeks = np.isfinite(history.demand).sum(axis=1)
    return [
        f"new: {count} weeks of history" if hit else "" for hit, count in zip(flag, weeks, strict=True)
    ], (np.where(flag, units, 0.0))


def _ends(history: History, mean: Floats, units: Floats) -> tuple[list[str], Floats]:
    flag = history.active & (history.end < history.length + mean.shape[1])
    days = history.keys["end_date"].dt.strftime("%Y-%m-%d").fillna("")
    return [f"ends on {day}" if hit else "" for hit, day in zip(flag, days, strict=True)], (
        np.where(flag, units, 0.0)
    )


def _changed_level(history: History, profile: Floats, horizon: int) -> tuple[list[str], Floats]:
    level = history.demand / profile[:, : history.length]
    recent, before = level[:, -RECENT:], level[:, -(RECENT + BEFORE) : -RECENT]
    if before.shape[1] < RECENT:
        return [""] * len(level), np.zeros(len(level))
    new, _, new_count = _moments(recent)
    old, old_variance, old_count = _moments(before)
    counts = 1 / np.maximum(new_count, 1) + 1 / np.maximum(old_count, 1)
    error = np.sqrt(np.maximum(old_variance, old) * counts)
    gap = new - old
    flag = history.active & (old_count >= RECENT) & (np.abs(gap) > LEVEL_SIGMAS * error)
    flag &= np.abs(gap) > LEVEL_SHARE * old
    share = gap / np.where(old > 0, old, 1.0)
    texts = [
        ""
        if not hit
        else f"demand {'up' if part > 0 else 'down'} {percent(abs(part))} in the last {RECENT} weeks"
        if base > 0
        else "demand came back"
        for hit, part, base in zip(flag, share, old, strict=True)
    ]
    return texts, np.where(flag, np.abs(gap) * horizon, 0.0)


def _stockouts(history: History, units: Floats) -> tuple[list[str], Floats]:
    marked = history.stockout[:, -STOCKOUT_WEEKS:].sum(axis=1)
    share = marked / np.maximum(np.isfinite(history.demand[:, -STOCKOUT_WEEKS:]).sum(axis=1), 1)
    flag = history.active & (share > STOCKOUT_SHARE)
    texts = [
        f"out of stock in {count} recent weeks" if hit else ""
        for hit, count in zip(flag, marked, strict=True)
    ]
    return texts, np.where(flag, units * share, 0.0)


def percent(share: float, digits: int = 0, *, signed: bool = False) -> str:
    """Return a share as a percentage, the sign kept on its line."""
    return f"{100 * share:{'+' if signed else ''}.{digits}f}\N{NO-BREAK SPACE}%"


def _moments(values: Floats) -> tuple[Floats, Floats, Floats]:
    count = np.isfinite(values).sum(axis=1).astype("float64")
    mean = np.nansum(values, axis=1) / np.maximum(count, 1)
    squares = np.nansum((values - mean[:, None]) ** 2, axis=1)
    return mean, squares / np.maximum(count - 1, 1), count
