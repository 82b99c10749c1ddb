"""How good each model is on days after those it learnt from: scores, calibration, reliability.

Reference days t_1 < t_2 < … lie one horizon apart, so what followed t_1 … t_{k−1} was known on t_k. Each
model is fitted on those and predicts t_k: no row and no label of a later day is seen. The predictions are
calibrated on out-of-time predictions of earlier days only (Platt 1999):

    logit p' = a + b · logit p          with a ridge towards a = 0, b = 1

    log loss = −mean(y log p + (1 − y) log(1 − p))      Brier = mean (p − y)²
    lift     = share that left among the tenth with the highest p ÷ share that left

Intervals draw customers, not rows, since one customer stands on several days (Efron and Tibshirani 1993).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.customers.churn.models import MODELS, fit_chance
from helpers.customers.churn.settings import ChurnSettings

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CLIP = 1e-4
PRIOR_ROWS = 20.0
SCORES = ("log_loss", "brier", "auc", "lift")


@dataclass(frozen=True)
class Calibration:
    """Platt's two numbers."""

    shift: float = 0.0
    slope: float = 1.0

    def __call__(self, chance: Floats) -> Floats:
        """Return the calibrated chance."""
        return np.asarray(1 / (1 + np.exp(-(self.shift + self.slope * logit(chance)))))


def logit(chance: Floats) -> Floats:
    """Return the log odds, of chances kept within 0.0001 to 0.9999."""
    kept = np.clip(chance, CLIP, 1 - CLIP)
    return np.asarray(np.log(kept / (1 - kept)))


def calibrate(chance: Floats, left: Floats) -> Calibration:
    """Fit Platt's two numbers by Newton's steps, drawn towards no change.

    Examples
    --------
    >>> calibrate(np.array([]), np.array([]))
    Calibration(shift=0.0, slope=1.0)
    """
    found, start = np.array([0.0, 1.0]), np.array([0.0, 1.0])
    if not len(left):
        return Calibration()
    table = np.column_stack([np.ones(len(left)), logit(chance)])
    for _ in range(25):
        mean = 1 / (1 + np.exp(-np.clip(table @ found, -35, 35)))
        curve = (table * (mean * (1 - mean))[:, None]).T @ table + PRIOR_ROWS / 4 * np.eye(2)
        step = np.linalg.solve(curve, table.T @ (left - mean) - PRIOR_ROWS / 4 * (found - start))
        found = found + np.clip(step, -1, 1)
    return Calibration(float(found[0]), float(max(found[1], 0.05)))


def predict_out_of_time(rows: pd.DataFrame, settings: ChurnSettings) -> pd.DataFrame:
    """Predict each reference day but the first from the days before it.

    Parameters
    ----------
    rows
        Snapshots of all reference days, with `left`.
    settings
        Gives the seed.

    Returns
    -------
    pandas.DataFrame
        customer, day, left, one column per model of `MODELS` (calibrated) and `raw_<model>`.
    """
    days = np.unique(rows["day"].to_numpy(np.int64))
    parts = []
    for day in days[1:]:
        earlier, today = rows[rows["day"] < day], rows[rows["day"] == day]
        raw = {f"raw_{name}": fit_chance(name, earlier, settings.seed).predict(today) for name in MODELS}
        parts.append(today[["customer", "day", "left"]].assign(**raw))
    if not parts:
        names = ["customer", "day", "left", *MODELS, *(f"raw_{name}" for name in MODELS)]
        return pd.DataFrame(columns=names, dtype=float)
    table = pd.concat(parts, ignore_index=True)
    calibrated = pd.DataFrame({name: _calibrated(table, name) for name in MODELS})
    return pd.concat([table, calibrated], axis=1)


def _calibrated(table: pd.DataFrame, name: str) -> Floats:
    """Calibrate each day on the out-of-time predictions of the days before it."""
    raw, left, day = (table[column].to_numpy(float) for column in (f"raw_{name}", "left", "day"))
    found = raw.copy()
    for one in np.unique(day):
        before = day < one
        found[day == one] = calibrate(raw[before], left[before])(raw[day == one])
    return found


def score_models(predicted: pd.DataFrame, settings: ChurnSettings) -> pd.DataFrame:
    """Return each model's scores with intervals, and what it gains in log loss over base and rule.

    Returns
    -------
    pandas.DataFrame
        By model: each of `SCORES` with _low and _high, gain_over_rule and gain_over_base with _low and
        _high (log loss saved; positive is better).
    """
    if predicted.empty:
        return pd.DataFrame(columns=["model"]).set_index("model")
    left, customer = predicted["left"].to_numpy(float), predicted["customer"].to_numpy(np.int64)
    chances = {name: predicted[name].to_numpy(float) for name in MODELS}
    whole = _all_scores(chances, left)
    code = np.unique(customer, return_inverse=True)[1].astype(np.int64)
    drawn = [_all_scores(chances, left, weight) for weight in _weights(code, settings)]
    return _with_limits(whole, drawn, settings.interval)


def _weights(code: Ints, settings: ChurnSettings) -> list[Floats]:
    """Draw how often each customer's rows count, for each bootstrap draw."""
    rng, count = np.random.default_rng(settings.seed), int(code.max()) + 1
    times = rng.multinomial(count, np.full(count, 1 / count), size=settings.draws)
    return [row[code].astype(float) for row in times]


def _all_scores(chances: dict[str, Floats], left: Floats, weight: Floats | None = None) -> pd.DataFrame:
    times = np.ones(len(left)) if weight is None else weight
    rows = {name: dict(zip(SCORES, scores(p, left, times), strict=True)) for name, p in chances.items()}
    table = pd.DataFrame(rows).T
    loss = table["log_loss"].astype(float)
    gains = {f"gain_over_{name}": float(loss[name]) - loss for name in ("rule", "base")}
    return table.assign(**gains)


def _with_limits(whole: pd.DataFrame, drawn: list[pd.DataFrame], level: float) -> pd.DataFrame:
    stack, tail = np.stack([table.to_numpy(float) for table in drawn]), (1 - level) / 2
    stack = np.where(np.isfinite(stack), stack, whole.to_numpy(float))
    low, high = np.quantile(stack, [tail, 1 - tail], axis=0)
    limits = {
        f"{name}_{end}": side[:, at]
        for at, name in enumerate(whole.columns)
        for end, side in (("low", low), ("high", high))
    }
    return whole.assign(**limits).rename_axis("model")


def scores(chance: Floats, left: Floats, weight: Floats) -> tuple[float, float, float, float]:
    """Return log loss, Brier, AUC and lift of the top tenth of weighted rows; nan where one is undefined."""
    kept, total = np.clip(chance, CLIP, 1 - CLIP), float(weight.sum())
    if total <= 0:
        return (float("nan"),) * 4
    log_loss = -float((weight * (left * np.log(kept) + (1 - left) * np.log(1 - kept))).sum()) / total
    brier = float((weight * (chance - left) ** 2).sum()) / total
    return log_loss, brier, weighted_auc(chance, left, weight), _lift(chance, left, weight)


def weighted_auc(chance: Floats, left: Floats, weight: Floats) -> float:
    """Return the chance that who left has the higher score than who stayed, ties counting half."""
    value, place = np.unique(chance, return_inverse=True)
    gone = np.bincount(place, weights=weight * left, minlength=len(value))
    stayed = np.bincount(place, weights=weight * (1 - left), minlength=len(value))
    pairs = float(gone.sum() * stayed.sum())
    below = np.cumsum(stayed) - stayed
    return float((gone * (below + stayed / 2)).sum()) / pairs if pairs else float("nan")


def _lift(chance: Floats, left: Floats, weight: Floats) -> float:
    order = np.argsort(-chance, kind="stable")
    before = np.cumsum(weight[order]) - weight[order]
    taken = np.clip(0.1 * weight.sum() - before, 0, weight[order])
    share = float((weight * left).sum() / weight.sum())
    return float((taken * left[order]).sum() / taken.sum() / share) if share > 0 else float("nan")


def reliability(predicted: pd.DataFrame, name: str, settings: ChurnSettings) -> pd.DataFrame:
    """Return predicted beside observed shares in groups of equal size, with intervals by customer.

    Returns
    -------
    pandas.DataFrame
        bin, customers (rows), predicted (mean), observed, observed_low, observed_high.
    """
    columns = ["bin", "customers", "predicted", "observed", "observed_low", "observed_high"]
    if predicted.empty:
        return pd.DataFrame(columns=columns)
    chance, left = predicted[name].to_numpy(float), predicted["left"].to_numpy(float)
    rank = pd.Series(chance).rank(method="average", pct=True).to_numpy()
    place = np.unique(
        np.minimum((rank * settings.bins - 1e-9).astype(np.int64), settings.bins - 1), return_inverse=True
    )[1]
    code = np.unique(predicted["customer"].to_numpy(np.int64), return_inverse=True)[1].astype(np.int64)
    count = np.bincount(place).astype(float)
    draws = [_shares(place, left, weight, len(count)) for weight in _weights(code, settings)]
    tail = (1 - settings.interval) / 2
    low, high = np.nanquantile(np.stack(draws), [tail, 1 - tail], axis=0)
    table = {
        "bin": np.arange(len(count)),
        "customers": count.astype(np.int64),
        "predicted": np.bincount(place, weights=chance) / count,
        "observed": np.bincount(place, weights=left) / count,
        # one more of each kind: a group in which nobody left is not proof that nobody ever does
        "observed_low": np.minimum(low, np.bincount(place, weights=left) / (count + 1)),
        "observed_high": np.maximum(high, (np.bincount(place, weights=left) + 1) / (count + 1)),
    }
    return pd.DataFrame(table)[columns]


def _shares(place: Ints, left: Floats, weight: Floats, bins: int) -> Floats:
    total = np.bincount(place, weights=weight, minlength=bins)
    gone = np.bincount(place, weights=weight * left, minlength=bins)
    return np.asarray(np.divide(gone, total, out=np.full(bins, np.nan), where=total > 0))
