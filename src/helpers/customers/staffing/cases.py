"""Expected cases per day, of one kind, and how far they may be off.

    μ_d = level · weekday[d mod 7] · month[d] · (1 + trend) ^ (d / 7)

Four simple ways, from the naive mean of all days to weekday, month and trend together. Each forecasts blocks
of days that it has not seen; the one with the smallest squared error is taken, unless it gains less than
`LEAST_GAIN` over the naive mean. The interval is that of a negative binomial with the mean μ and the
variance v·μ, v from the same back-test (never below 1, that of chance alone).
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Way = Callable[[Floats, "pd.DatetimeIndex", "pd.DatetimeIndex"], Floats]

NAIVE = "mean of all days"
BLOCKS = 6
LEAST_DAYS = 112  # of history before the first block of the back-test
LATELY = 182
YEAR = 364
LEAST_GAIN = 0.01
MOST_TREND = 0.02  # per week


@dataclass(frozen=True, eq=False)
class CaseForecast:
    """Cases per day ahead.

    Parameters
    ----------
    days
        date, mean, low, high (cases).
    way
        Which simple way was taken, in words.
    error, naive_error
        Root mean squared error per day of this way and of the naive mean in the back-test; NaN without one.
    spread
        v: variance ÷ mean.
    inside
        Share of back-test days inside the interval; NaN without one.
    """

    days: pd.DataFrame
    way: str
    error: float
    naive_error: float
    spread: float
    inside: float

    @property
    def gain(self) -> float:
        """Share of the naive mean's error that is saved; 0 where the naive mean is taken."""
        return 1 - self.error / self.naive_error if self.naive_error > 0 else 0.0


def forecast_cases(
    dates: pd.Series, first: dt.date, until: dt.date, horizon: int, level: float
) -> CaseForecast:
    """Forecast daily cases from the dates of past ones.

    Parameters
    ----------
    dates
        Date of each case; those outside first … until are not used.
    first, until
        First and last day of the history.
    horizon
        Days to forecast.
    level
        Probability of the interval.
    """
    past = pd.date_range(first, until)
    counts = _daily(dates, past)
    ahead = pd.date_range(until + dt.timedelta(days=1), periods=horizon)
    errors, actual, forecasts = _backtest(counts, past, horizon)
    naive = errors.get(NAIVE, math.nan)
    best = min(errors, key=lambda way: errors[way]) if errors else NAIVE
    if errors and errors[best] > (1 - LEAST_GAIN) * naive:
        best = NAIVE
    mean = np.maximum(WAYS[best](counts, past, ahead), 0.0) if len(counts) else np.zeros(horizon)
    spread, inside = 1.0, math.nan
    if errors:
        seen = np.maximum(forecasts[best], 1e-9)
        spread = max(1.0, float(((actual - seen) ** 2).sum() / seen.sum())) if seen.sum() > 1e-6 else 1.0
        low, high = _interval(seen, spread, level)
        inside = float(((actual >= low) & (actual <= high)).mean())
    low, high = _interval(mean, spread, level)
    days = pd.DataFrame({"date": ahead, "mean": mean, "low": low, "high": high})
    return CaseForecast(days, best, errors.get(best, math.nan), naive, spread, inside)


def _daily(dates: pd.Series, past: pd.DatetimeIndex) -> Floats:
    place = (
        (dates.to_numpy("datetime64[D]") - past[:1].to_numpy("datetime64[D]")) if len(past) else np.empty(0)
    )
    number = np.asarray(place).astype("int64")
    number = number[(number >= 0) & (number < len(past))]
    return np.bincount(number, minlength=len(past)).astype("float64")


def _backtest(
    counts: Floats, past: pd.DatetimeIndex, horizon: int
) -> tuple[dict[str, float], Floats, dict[str, Floats]]:
    """Return the error of each way over unseen blocks, what came, and what each way said."""
    blocks = min(BLOCKS, (len(counts) - LEAST_DAYS) // horizon)
    if blocks < 1:
        return {}, np.empty(0), {}
    starts = [len(counts) - horizon * number for number in range(blocks, 0, -1)]
    said = {
        name: np.concatenate([way(counts[:at], past[:at], past[at : at + horizon]) for at in starts])
        for name, way in WAYS.items()
    }
    actual = counts[starts[0] :]
    return {name: float(np.sqrt(np.mean((actual - s) ** 2))) for name, s in said.items()}, actual, said


def _interval(mean: Floats, spread: float, level: float) -> tuple[Floats, Floats]:
    """Return the quantiles of a negative binomial (Poisson where the variance is the mean)."""
    from scipy import stats

    tails = (1 - level) / 2, (1 + level) / 2
    if spread <= 1 + 1e-9:
        low, high = (stats.poisson.ppf(tail, mean) for tail in tails)
    else:
        size = np.maximum(mean, 1e-12) / (spread - 1)
        low, high = (stats.nbinom.ppf(tail, size, 1 / spread) for tail in tails)
    return np.maximum(low, 0.0), np.where(mean > 0, high, 0.0)


def _mean_of_all(counts: Floats, _: pd.DatetimeIndex, ahead: pd.DatetimeIndex) -> Floats:
    return np.full(len(ahead), counts.mean())


def _weekday(counts: Floats, past: pd.DatetimeIndex, ahead: pd.DatetimeIndex) -> Floats:
    """The mean of the last half year, by weekday."""
    level = counts[-LATELY:].mean()
    return np.asarray(level * _profile(counts[-YEAR:], past[-YEAR:].dayofweek, 7, 4.0)[ahead.dayofweek])


def _trend(counts: Floats, past: pd.DatetimeIndex, ahead: pd.DatetimeIndex) -> Floats:
    """By weekday, and moving on by the trend of the last year's weeks."""
    weeks = len(counts[-YEAR:]) // 7
    total = counts[len(counts) - 7 * weeks :].reshape(weeks, 7).sum(axis=1)
    slope = float(np.polyfit(np.arange(weeks), total, 1)[0]) / max(float(total.mean()), 1e-9)
    step = np.clip(slope, -MOST_TREND, MOST_TREND)
    middle = min(LATELY, len(counts)) / 2
    away = (middle + np.arange(1, len(ahead) + 1)) / 7
    return np.asarray(_weekday(counts, past, ahead) * np.maximum(1 + step * away, 0.0), dtype="float64")


def _season(counts: Floats, past: pd.DatetimeIndex, ahead: pd.DatetimeIndex) -> Floats:
    """By weekday and month of the year; months as they were, drawn towards 1."""
    month = _profile(counts, past.month - 1, 12, 60.0)
    lately = counts[-LATELY:].sum() / month[past[-LATELY:].month - 1].sum()
    weekday = _profile(counts[-YEAR:], past[-YEAR:].dayofweek, 7, 4.0)
    return np.asarray(lately * month[ahead.month - 1] * weekday[ahead.dayofweek])


def _profile(counts: Floats, part: pd.Index, parts: int, prior_days: float) -> Floats:
    """Return the mean of each part of the week or year ÷ the mean, drawn towards 1 by some prior days."""
    mean = max(float(counts.mean()), 1e-9)
    days = np.bincount(part, minlength=parts)
    total = np.bincount(part, weights=counts, minlength=parts)
    return np.asarray((total / mean + prior_days) / (days + prior_days), dtype="float64")


WAYS: Mapping[str, Way] = MappingProxyType(
    {
        NAIVE: _mean_of_all,
        "weekdays of the last half year": _weekday,
        "weekdays and trend": _trend,
        "weekdays and months": _season,
    }
)
