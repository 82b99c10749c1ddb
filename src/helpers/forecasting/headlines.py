"""Sentences with figures, made from the result; the page types no number itself."""

from __future__ import annotations

import math

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


def say_recommendation(forecast: Forecast) -> list[str]:
    """Return the verdict: how much will sell, whether to trust it, and what to look at."""
    return [say_total(forecast), say_value_added(forecast), say_review(forecast)]


def say_total(forecast: Forecast) -> str:
    """Return the units expected over the horizon, with their interval where it was measured."""
    total = forecast.horizon_total()
    low, high = (total[name] for name in _limits(forecast))
    weeks = forecast.settings.horizon
    head = f"Plan for {total['mean']:,.0f} units over the {weeks} weeks from {forecast.first_week:%-d %B %Y}"
    if not (math.isfinite(low) and math.isfinite(high)):
        return f"{head}; the history is too short to give an interval."
    return (
        f"{head}: between {low:,.0f} and {high:,.0f} with {percent(forecast.settings.interval)} probability."
    )


def say_value_added(forecast: Forecast) -> str:
    """Return what the forecast gains over the seasonal naive on weeks that it had not seen."""
    ours, naive = forecast.kpi("WAPE").value, forecast.baseline_kpi("WAPE").value
    if ours is None or naive is None:
        return f"How well it forecasts is not known: {forecast.kpi('WAPE').note}."
    low, high = forecast.value_added_interval
    beside = (
        f"the error was {percent(ours, 1)} of demand against {percent(naive, 1)} for the same week last year"
    )
    span = f"(difference {_points(naive - ours)}, 90 % interval {_points(low)} to {_points(high)})"
    if low > 0:
        return f"On {forecast.settings.horizon} weeks it had not seen, {beside} {span}."
    if high < 0:
        return f"Do not use it as it is: on weeks it had not seen, {beside} {span}."
    return f"It gains nothing that can be told from chance: on weeks it had not seen, {beside} {span}."


def say_review(forecast: Forecast) -> str:
    """Return how many series need a planner's eye, and the first of them."""
    if forecast.review.empty:
        return "No product stands out for review by hand."
    first = forecast.review.iloc[0]
    count = len(forecast.review)
    series = forecast.forecast[["product_id", "site_id"]].drop_duplicates().shape[0]
    return (
        f"Look at {count:,} of {series:,} product × site pairs by hand, the first {first['product_id']} "
        f"({first['name']}) at {first['site_id']}: {first['reason']}."
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
            f"{percent(naive)} for the same week last year."
        )
    return sentences


def say_selection(forecast: Forecast) -> str:
    """Return how the series are spread over methods."""
    counts = forecast.selection["method"].value_counts()
    named = ", ".join(
        f"{name} {count:,}" for name, count in sorted(counts.items(), key=lambda item: -item[1])
    )
    return f"Methods in use, in series: {named}."


def _limits(forecast: Forecast) -> tuple[str, str]:
    share = forecast.settings.interval
    return quantile_column((1 - share) / 2), quantile_column((1 + share) / 2)


def _points(share: float) -> str:
    return f"{100 * share:.1f} points"
