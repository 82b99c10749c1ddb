"""Watching a forecast in use: does it drift, and what changed since the last run, and why.

Tracking signal of a series over its last n back-test weeks, with errors e = F - A:

    T = sum e / scale         alarm where |T| > LIMIT
    scale = max(MAD sqrt(n), sqrt(2 / pi) sqrt(sum F max(q - F, 0)))
    MAD = mean |e|            q = sum D^2 / sum D over the history D

Errors that are chance alone cancel, so the sum grows with sqrt(n) and T does not depend on n. The
second scale is what a series with rare, large demands must be allowed: a run of weeks without any
has small errors, all of one sign, and is no news. On stationary counts forecast by the mean of the
last 26 weeks `LIMIT` raises a false alarm for 1 series in 200, and for 3 in 100 of the lumpiest (0.5
to 20 units a week, variance 1.2 to 8 times the mean; measured by `benchmarks/tracking_signal.py`).

A change of the forecast is the difference in the weeks that both runs forecast,

    moved = sum over weeks |F_now - F_before|        money = moved × unit value

with every reason that the tables can show; the first is the main one.

Source of the signal: Brown (1962), Smoothing, Forecasting and Prediction of Discrete Time Series,
with the sum scaled by sqrt(n).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

SERIES = ["product_id", "site_id"]
KEYS = [*SERIES, "week"]
WEEKS = 26
FEWEST_WEEKS = 8
LIMIT = 3.5
LEAST_SHARE = 0.05
LEAST_RESTATED = 0.5  # of the units moved: less does not explain the change
LEAST_EFFECT = 0.05  # of a promotion's factor: less is its estimate that moved, not the promotion
SMALLEST = 1e-9
NOT_SETTINGS = ("cutoff", "n_jobs", "seed", "bootstrap")
COLUMNS = [*SERIES, "before_units", "now_units", "change_units", "moved_units", "money", "cause", "reason"]


@dataclass(frozen=True, eq=False)
class ForecastRun:
    """What one run of the forecast left behind.

    Parameters
    ----------
    forecast
        Columns product_id, site_id, week, mean; where there are: low, high, method, unit_value,
        override (units, NaN = none), promotion (factor, 1 = none).
    history
        Columns product_id, site_id, week, demand (as repaired); empty where it was not kept.
    settings
        Name to value.
    """

    forecast: pd.DataFrame
    history: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=[*KEYS, "demand"]))
    settings: Mapping[str, object] = field(default_factory=dict)


def tracking_signals(
    backtest: pd.DataFrame, history: pd.DataFrame | None = None, weeks: int = WEEKS
) -> pd.DataFrame:
    """Return the tracking signal of each series over its last back-test weeks.

    Parameters
    ----------
    backtest
        Columns origin, product_id, site_id, week, actual, mean.
    history
        Columns product_id, site_id, demand: shows how large the demands of a series are; without
        it the back-test's actuals do.
    weeks
        Most weeks to look at, n.

    Returns
    -------
    DataFrame
        product_id, site_id, weeks, cumulative_error (units; above 0 = forecast too high), scale,
        signal (NaN below `FEWEST_WEEKS`), alarm; sorted by series.
    """
    newest = backtest.sort_values([*KEYS, "origin"], kind="stable").drop_duplicates(KEYS, keep="last")
    last = newest.groupby(SERIES, sort=True).tail(weeks)
    past = newest.rename(columns={"actual": "demand"}) if history is None else history
    error, mean = last["mean"] - last["actual"], last["mean"]
    room = mean * (_typical_size(last, past) - mean).clip(lower=0.0)
    cells = last[SERIES].assign(weeks=1, cumulative_error=error, absolute=error.abs(), room=room)
    found = cells.groupby(SERIES, sort=True).sum().reset_index()
    seen = found["absolute"] / np.sqrt(found["weeks"])
    scale = np.maximum(seen, np.sqrt(2 / np.pi * found["room"]))
    signal = (found["cumulative_error"] / scale.where(scale > 0)).fillna(0.0)
    signal = signal.where(found["weeks"] >= FEWEST_WEEKS)
    kept = found.drop(columns=["absolute", "room"])
    return kept.assign(scale=scale, signal=signal, alarm=signal.abs() > LIMIT)


def changed_forecasts(
    now: ForecastRun, before: ForecastRun, least_share: float = LEAST_SHARE
) -> pd.DataFrame:
    """Return the series whose forecast changed, most money first, each with its reasons.

    Parameters
    ----------
    now, before
        Two runs. Only the weeks that both forecast are compared; the history of `now` tells what
        was asked in between.
    least_share
        A series is listed where it moved by more than this share of the larger forecast.

    Returns
    -------
    DataFrame
        product_id, site_id, before_units, now_units, change_units, moved_units, money, cause (the
        main reason in a word), reason (all of them, with figures).
    """
    pairs = _overlap(now.forecast, before.forecast)
    table = _moves(pairs)
    size = table[["before_units", "now_units"]].max(axis=1)
    table = table[table["moved_units"] > np.maximum(least_share * size, SMALLEST)].reset_index(drop=True)
    causes = {
        "launch or end": _life(table),
        "override": _overrides(table, pairs),
        "promotion": _promotions(table, pairs),
        "history repaired": _repairs(table, now, before),
        "new demand": _surprises(table, now, before),
        "method": _methods(table, pairs),
        "settings": _settings(table, now, before),
    }
    words = np.array(list(causes.values()), dtype=object).reshape(len(causes), len(table))
    names = np.array(list(causes), dtype=object)
    first = (words != "").argmax(axis=0) if len(table) else np.zeros(0, dtype=int)
    known = (words != "").any(axis=0)
    reason = ["; ".join(text for text in column if text) for column in words.T]
    other = "the level moved with new demand inside its interval, or with its sisters"
    table = table.assign(
        cause=np.where(known, names[first], "level"),
        reason=np.where(known, np.array(reason, dtype=object), other),
    )
    ordered = table.sort_values(["money", *SERIES], ascending=[False, True, True], kind="stable")
    return ordered[COLUMNS].reset_index(drop=True)


def money_by_cause(changes: pd.DataFrame) -> pd.DataFrame:
    """Return cause, series, change_units and money of `changed_forecasts`, most money first."""
    sums = changes.groupby("cause", sort=True).agg(
        series=("product_id", "size"), change_units=("change_units", "sum"), money=("money", "sum")
    )
    return sums.sort_values(["money", "series"], ascending=False, kind="stable").reset_index()


def _typical_size(rows: pd.DataFrame, past: pd.DataFrame) -> NDArray[np.float64]:
    """Return q of each row's series: the mean demand as a unit of it sees it; 0 without any."""
    demand = past["demand"].astype("float64")
    sums = past[SERIES].assign(one=demand, two=demand**2).groupby(SERIES, sort=True)[["one", "two"]].sum()
    size = (sums["two"] / sums["one"].where(sums["one"] > 0)).rename("size")
    return rows[SERIES].join(size, on=SERIES)["size"].fillna(0.0).to_numpy("float64")


def _overlap(now: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """Both forecasts side by side in the weeks that both runs reach; `_merge` tells who had the row."""
    names = [*KEYS, "mean", "method", "unit_value", "override", "promotion"]
    weeks = np.intersect1d(now["week"].unique(), before["week"].unique())
    new, old = (part[part["week"].isin(weeks)].reindex(columns=names) for part in (now, before))
    return new.merge(
        old, on=KEYS, how="outer", suffixes=("", "_before"), validate="one_to_one", indicator=True
    )


def _moves(pairs: pd.DataFrame) -> pd.DataFrame:
    """One row per series: units before and now, and the money of the difference."""
    new, old = (pairs[name].astype("float64").fillna(0.0) for name in ("mean", "mean_before"))
    value = pairs["unit_value"].fillna(pairs["unit_value_before"]).astype("float64").fillna(0.0)
    cells = pairs[SERIES].assign(
        before_units=old,
        now_units=new,
        change_units=new - old,
        moved_units=(new - old).abs(),
        money=(new - old).abs() * value,
        added=(pairs["_merge"] == "left_only"),
        gone=(pairs["_merge"] == "right_only"),
    )
    flags = {"added": "all", "gone": "all"}
    sums = dict.fromkeys(["before_units", "now_units", "change_units", "moved_units", "money"], "sum")
    return cells.groupby(SERIES, sort=True).agg(sums | flags).reset_index()


def _life(table: pd.DataFrame) -> NDArray[np.object_]:
    texts = np.where(table["added"], "launched: no forecast before", "")
    return np.where(table["gone"], "ended: no forecast any more", texts).astype(object)


def _overrides(table: pd.DataFrame, pairs: pd.DataFrame) -> NDArray[np.object_]:
    new, old = (pairs[name].astype("float64") for name in ("override", "override_before"))
    changed = (new.notna() != old.notna()) | ((new - old).abs() > SMALLEST)
    kinds = np.select(
        [~changed, old.isna(), new.isna()], ["", "override added", "override removed"], "override changed"
    )
    return _first_words(table, pairs, kinds)


def _promotions(table: pd.DataFrame, pairs: pd.DataFrame) -> NDArray[np.object_]:
    new, old = (pairs[name].astype("float64").fillna(1.0) for name in ("promotion", "promotion_before"))
    changed = (new - old).abs() > LEAST_EFFECT
    kinds = np.select(
        [~changed, old == 1, new == 1], ["", "promotion added", "promotion removed"], "promotion changed"
    )
    return _first_words(table, pairs, kinds)


def _methods(table: pd.DataFrame, pairs: pd.DataFrame) -> NDArray[np.object_]:
    new, old = pairs["method"], pairs["method_before"]
    changed = new.notna() & old.notna() & (new != old)
    return _first_words(
        table, pairs, np.where(changed, "method " + old.astype(str) + " → " + new.astype(str), "")
    )


def _repairs(table: pd.DataFrame, now: ForecastRun, before: ForecastRun) -> NDArray[np.object_]:
    """Past weeks whose demand was restated: a stock-out was repaired, or lines came late."""
    both = now.history[[*KEYS, "demand"]].merge(
        before.history[[*KEYS, "demand"]], on=KEYS, suffixes=("", "_before")
    )
    gap = both["demand"].astype("float64") - both["demand_before"].astype("float64")
    change = _per_series(table, both[SERIES].assign(value=gap), "value")
    weeks = _per_series(table, both[SERIES].assign(value=gap.abs() > SMALLEST), "value")
    enough = np.abs(change) > np.maximum(LEAST_RESTATED * table["moved_units"].to_numpy(), SMALLEST)
    return np.array(
        [
            f"demand of {count:.0f} past weeks restated by {units:+,.0f} units" if count and told else ""
            for units, count, told in zip(change, weeks, enough, strict=True)
        ],
        dtype=object,
    )


def _surprises(table: pd.DataFrame, now: ForecastRun, before: ForecastRun) -> NDArray[np.object_]:
    """Weeks in between in which demand fell outside the interval that was stated for them."""
    if not {"low", "high"} <= set(before.forecast):
        return np.full(len(table), "", dtype=object)
    stated = before.forecast[[*KEYS, "mean", "low", "high"]]
    seen = now.history[[*KEYS, "demand"]].merge(stated, on=KEYS)
    outside = seen[(seen["demand"] < seen["low"]) | (seen["demand"] > seen["high"])]
    texts = outside.groupby(SERIES, sort=True)[["demand", "mean"]].sum()
    count = outside.groupby(SERIES, sort=True).size()
    said = pd.Series(
        [
            f"{asked:,.0f} asked against {expected:,.1f} expected in {weeks} week{'s' if weeks > 1 else ''} "
            "outside the interval"
            for asked, expected, weeks in zip(texts["demand"], texts["mean"], count, strict=True)
        ],
        index=texts.index,
        dtype="object",
    )
    return _aligned(table, said)


def _settings(table: pd.DataFrame, now: ForecastRun, before: ForecastRun) -> NDArray[np.object_]:
    names = sorted({*now.settings, *before.settings} - set(NOT_SETTINGS)) if before.settings else []
    changed = [name for name in names if now.settings.get(name) != before.settings.get(name)]
    said = f"settings changed: {', '.join(changed)}" if changed else ""
    return np.full(len(table), said, dtype=object)


def _first_words(
    table: pd.DataFrame, pairs: pd.DataFrame, words: NDArray[np.str_] | NDArray[np.object_]
) -> NDArray[np.object_]:
    """For each series the words of its first week that has some."""
    said = pairs[KEYS].assign(words=words)
    said = said[(said["words"] != "")].sort_values(KEYS, kind="stable").drop_duplicates(SERIES)
    return _aligned(table, said.set_index(SERIES)["words"])


def _per_series(table: pd.DataFrame, rows: pd.DataFrame, column: str) -> NDArray[np.float64]:
    sums = rows.groupby(SERIES, sort=True)[column].sum().astype("float64")
    found = table[SERIES].join(sums.rename("found"), on=SERIES)["found"]
    return found.fillna(0.0).to_numpy("float64")


def _aligned(table: pd.DataFrame, words: pd.Series[str]) -> NDArray[np.object_]:
    found = table[SERIES].join(words.rename("found"), on=SERIES)["found"]
    return found.fillna("").to_numpy(dtype=object)
