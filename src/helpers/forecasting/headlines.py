"""Sentences with figures, made from the result; the page types no number itself."""

from __future__ import annotations

import math
from datetime import timedelta

import pandas as pd

from helpers.forecasting.result import Forecast
from helpers.forecasting.review import percent
from helpers.forecasting.settings import quantile_column

WORDS = {
    "smooth": "sells every week in similar amounts",
    "erratic": "sells every week in very different amounts",
    "intermittent": "skips weeks, similar amounts when it sells",
    "lumpy": "skips weeks, very different amounts when it sells",
    "new": "too little history to tell",
}
METHODS = {
    "seasonal_naive": "same week one season ago",
    "seasonal_smoothing": "smoothing of each week of the year",
    "window_13": "13-week mean",
    "window_26": "26-week mean",
    "smoothing": "simple smoothing",
    "ets": "exponential smoothing",
    "theta": "theta",
    "tsb": "Teunter-Syntetos-Babai",
    "imapa": "mean over groupings",
    "product_share": "share of the product's forecast",
    "ensemble": "mean of three methods",
    "boosted": "boosted trees",
    "launch": "launch profile",
}
PLAIN_WEEKS = (13, 26, 52)
LISTED = 15  # rows that a table shows
KEYS = ["product_id", "site_id"]


def say_recommendation(forecast: Forecast) -> list[str]:
    """Return the verdict: how much will sell, whether to trust it, and what to look at.

    A forecast that is worse than its baseline says so first.
    """
    sentences = [say_total(forecast), say_value_added(forecast), say_review(forecast)]
    return [sentences[1], sentences[0], sentences[2]] if _is_worse(forecast) else sentences


def say_total(forecast: Forecast) -> str:
    """Return the units expected over the horizon, with their interval where it was measured."""
    total = forecast.horizon_total()
    low, high = (total[name] for name in _limits(forecast))
    weeks = forecast.settings.horizon
    start = "The forecast says" if _is_worse(forecast) else "Plan for"
    head = f"{start} {total['mean']:,.0f} units over the {weeks} weeks from {forecast.first_week:%-d %B %Y}"
    if not (math.isfinite(low) and math.isfinite(high)):
        return f"{head}; the history is too short to give an interval."
    return (
        f"{head}: between {low:,.0f} and {high:,.0f} with {percent(forecast.settings.interval)} probability."
    )


def say_value_added(forecast: Forecast) -> str:
    """Return what the forecast gains on weeks that it had not seen, over the baseline and a plain mean."""
    ours, naive = forecast.kpi("WAPE").value, forecast.baseline_kpi("WAPE").value
    if ours is None or naive is None:
        return f"How well it forecasts is not known: {forecast.kpi('WAPE').note}."
    low, high = forecast.value_added_interval
    beside = (
        f"the error per product, site and week was {percent(ours, 1)} of demand, against "
        f"{percent(naive, 1)} for {baseline_words(forecast)}"
    )
    span = f"(difference {_points(naive - ours)}, {percent(0.9)} interval {100 * low:.1f} to {_points(high)})"
    said = f"{beside} {span}{_say_plain_mean(forecast, ours)}."
    if low > 0:
        return f"On {forecast.settings.horizon} weeks it had not seen, {said}"
    if high < 0:
        return f"Do not use it as it is: on weeks it had not seen, {said}"
    return f"It gains nothing that can be told from chance: on weeks it had not seen, {said}"


def baseline_words(forecast: Forecast) -> str:
    """Return what the seasonal naive was on the held-out window, in words."""
    season, held = forecast.settings.season_length, forecast.held_out
    known = 0 if held.empty else (held["origin"].min() - forecast.history["week"].min()).days // 7
    if season == 1:
        return "the last week known"
    if known < season:
        return "the mean of the last weeks"
    return "the same week last year" if season == 52 else "the same week one season ago"


def plain_mean_errors(forecast: Forecast) -> pd.Series[float]:
    """Return the WAPE of plain means of the last weeks on the held-out window, by number of weeks.

    They know no season and no trend, and are often harder to beat than the seasonal naive. They see
    demand as repaired, and are measured, as the forecast is, where stock lasted.
    """
    held, history = forecast.held_out, forecast.history
    held = held[held["seen"].astype(bool)]
    if held.empty or not held["actual"].sum() > 0:
        return pd.Series(dtype="float64")
    origin, units = held["origin"].min().to_pydatetime(), held["actual"].sum()
    errors = {}
    for weeks in PLAIN_WEEKS:
        seen = (history["week"] < origin) & (history["week"] >= origin - timedelta(days=7 * weeks))
        mean = history[seen].groupby(KEYS)["demand"].mean().rename("plain")
        gap = held.join(mean, on=KEYS)["plain"].fillna(0) - held["actual"]
        errors[weeks] = float(gap.abs().sum() / units)
    return pd.Series(errors)


def say_review(forecast: Forecast) -> str:
    """Return how many series need a planner's eye, and the first of them."""
    if forecast.review.empty:
        return "No product stands out for review by hand."
    first = forecast.review.iloc[0]
    count = int(forecast.review["sites"].sum())
    where = first["site_id"]
    series = forecast.forecast[["product_id", "site_id"]].drop_duplicates().shape[0]
    return (
        f"Look at {count:,} of {series:,} product × site pairs by hand{_say_first_rows(forecast.review)}. "
        f"The first is {first['product_id']} ({first['name']}) at {where}: {first['reason']}."
    )


def say_trust(forecast: Forecast) -> list[str]:
    """Return coverage and bias on the held-out window, and which class is forecast worst."""
    coverage, bias = forecast.kpi("coverage").value, forecast.kpi("bias").value
    if coverage is None or bias is None:
        return [f"Coverage and bias are not known: {forecast.kpi('coverage').note}."]
    wanted = forecast.settings.interval
    verdict = (
        "as it should be" if abs(coverage - wanted) <= 0.03 else "not as it should be: read it with care"
    )
    sentences = [
        f"The {percent(wanted)} interval held {percent(coverage, 1)} of weeks it had not seen, {verdict}.",
        f"In all it forecast {percent(abs(bias), 1)} too {'much' if bias > 0 else 'little'}.",
    ]
    classes = forecast.accuracy[forecast.accuracy["level"] == "demand class"].dropna(subset=["wape"])
    if not classes.empty:
        name, ours, naive = classes.sort_values("wape")[["group", "wape", "naive_wape"]].iloc[-1]
        sentences.append(
            f"Hardest is the class {name} ({WORDS[name]}): its error is {percent(ours)} of demand, "
            f"{percent(naive)} for {baseline_words(forecast)}."
        )
    return sentences


def say_selection(forecast: Forecast) -> str:
    """Return how the series are spread over methods."""
    counts = forecast.selection["method"].value_counts()
    named = ", ".join(
        f"{METHODS.get(str(name), name)} {count:,}"
        for name, count in sorted(counts.items(), key=lambda item: -item[1])
    )
    return f"Product × site pairs by method: {named}."


def _is_worse(forecast: Forecast) -> bool:
    """Whether the forecast loses to its baseline by more than chance."""
    return forecast.value_added_interval[1] < 0


def _say_plain_mean(forecast: Forecast, ours: float) -> str:
    errors = plain_mean_errors(forecast)
    if errors.empty:
        return ""
    weeks, least = errors.idxmin(), float(errors.min())
    joined = "and" if ours < least else "but only"
    return f", {joined} {percent(least, 1)} for a plain mean of the last {weeks} weeks"


def _say_first_rows(review: pd.DataFrame) -> str:
    money = review["money_at_stake"]
    if len(review) <= LISTED or not money.sum() > 0:
        return ""
    return (
        f"; the first {LISTED} hold {percent(money.iloc[:LISTED].sum() / money.sum())} of the money at stake"
    )


def _limits(forecast: Forecast) -> tuple[str, str]:
    share = forecast.settings.interval
    return quantile_column((1 - share) / 2), quantile_column((1 + share) / 2)


def _points(share: float) -> str:
    return f"{100 * share:.1f} points"
