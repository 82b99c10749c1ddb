"""How right the forecast was on the window that nothing had seen, beside the seasonal naive.

    WAPE     = sum |F - A| / sum A                 bias = sum (F - A) / sum A
    MASE     = sum |F - A| / sum of the in-sample MAE of the seasonal naive, same series and weeks
    pinball  = mean of max(p (A - Q), (p - 1)(A - Q)) over weeks and quantiles
    coverage = share of A between the limits of the stated interval
    FVA      = WAPE of the seasonal naive - WAPE of the forecast

Weeks in which stock ran out have an estimate for A (`repair.py`). An estimate resembles a forecast, so
such weeks would flatter the error: WAPE, MASE, pinball, coverage and FVA are those of the weeks in which
stock lasted (`seen`). The bias is that of all weeks: where stock lasted, demand was lower. Measured
against the sample's hidden truth, this comes closest to the true figures (benchmarks/README.md).

All at product × site × week, sums over sums (Hyndman and Koehler 2006; Gneiting and Raftery
2007). The seasonal naive gets its quantiles by the same recipe as the forecast, so that the
comparison is fair.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.contract.kpis import Kpi, ratio_kpi
from helpers.forecasting.classify import CLASSES, Floats

MEASURES = ("wape", "bias", "mase", "pinball", "coverage")


def score_rows(rows: pd.DataFrame, columns: Mapping[str, float]) -> pd.DataFrame:
    """Return `rows` (actual, mean, scale, low, high, one column per quantile) with their error terms.

    Adds: `error`, `absolute`, `quantile_loss` (mean over the quantiles), `inside`.
    """
    actual = rows["actual"].to_numpy()
    gaps = actual[:, None] - rows[list(columns)].to_numpy()
    probabilities = np.array(list(columns.values()))
    loss = np.maximum(probabilities * gaps, (probabilities - 1) * gaps).mean(axis=1)
    error = rows["mean"].to_numpy() - actual
    inside = (actual >= rows["low"].to_numpy()) & (actual <= rows["high"].to_numpy())
    return rows.assign(error=error, absolute=np.abs(error), quantile_loss=loss, inside=inside)


def measure(scored: pd.DataFrame) -> dict[str, float]:
    """Return WAPE, bias, MASE, pinball and coverage of scored rows; NaN where undefined."""
    seen = scored[scored["seen"]]
    units, scale, count = seen["actual"].sum(), seen["scale"].sum(), len(seen)
    sums = seen[["absolute", "quantile_loss", "inside"]].sum()
    return {
        "wape": _ratio(sums["absolute"], units),
        "bias": _ratio(scored["error"].sum(), scored["actual"].sum()),
        "mase": _ratio(sums["absolute"], scale),
        "pinball": _ratio(sums["quantile_loss"], count),
        "coverage": _ratio(sums["inside"], count),
    }


def accuracy_table(ours: pd.DataFrame, naive: pd.DataFrame) -> pd.DataFrame:
    """Return one row per group: overall, by demand class and by category.

    Columns: level, group, series, units, the five measures, and the same with `naive_` before.
    """
    groups = [("overall", "all", np.ones(len(ours), dtype=bool))]
    known = [name for name in CLASSES if (ours["demand_class"] == name).any()]
    groups += [("demand class", name, (ours["demand_class"] == name).to_numpy()) for name in known]
    categories = sorted(ours["category"].unique())
    groups += [("category", name, (ours["category"] == name).to_numpy()) for name in categories]
    rows = []
    for level, name, chosen in groups:
        part = ours[chosen]
        baseline = {f"naive_{key}": value for key, value in measure(naive[chosen]).items()}
        series = part[["product_id", "site_id"]].drop_duplicates().shape[0]
        head = {"level": level, "group": name, "series": series, "units": part["actual"].sum()}
        rows.append(head | measure(part) | baseline)
    columns = ["level", "group", "series", "units", *MEASURES, *(f"naive_{name}" for name in MEASURES)]
    return pd.DataFrame(rows, columns=columns)


def accuracy_kpis(scored: pd.DataFrame, window: str, target: float) -> tuple[Kpi, ...]:
    """Return WAPE, bias, MASE, pinball and coverage as KPIs with their sums."""
    seen = scored[scored["seen"]]
    units, count = float(seen["actual"].sum()), float(len(seen))
    sums = {name: float(seen[name].sum()) for name in ("absolute", "quantile_loss", "inside")}
    covered = ratio_kpi("coverage", sums["inside"], count, window)
    return (
        ratio_kpi("WAPE", sums["absolute"], units, window),
        ratio_kpi("bias", float(scored["error"].sum()), float(scored["actual"].sum()), window),
        ratio_kpi("MASE", sums["absolute"], float(seen["scale"].sum()), window),
        ratio_kpi("pinball", sums["quantile_loss"], count, window),
        Kpi("coverage", covered.value, window, covered.numerator, count, target, covered.note),
    )


def value_added(
    ours: pd.DataFrame, naive: pd.DataFrame, resamples: int, seed: int
) -> tuple[float, tuple[float, float]]:
    """Return the FVA and its 90 % bootstrap interval over products (sisters err together)."""
    table = pd.DataFrame(
        {
            "product_id": ours["product_id"],
            "gain": naive["absolute"].to_numpy() - ours["absolute"].to_numpy(),
            "units": ours["actual"],
        }
    )[ours["seen"].to_numpy()]
    sums = table.groupby("product_id", sort=True)[["gain", "units"]].sum().to_numpy()
    total = sums.sum(axis=0)
    if not total[1] > 0:
        return float("nan"), (float("nan"), float("nan"))
    draws = np.random.default_rng(seed).integers(0, len(sums), size=(resamples, len(sums)))
    resampled = sums[draws].sum(axis=1)
    usable = resampled[resampled[:, 1] > 0]
    low, high = np.quantile(usable[:, 0] / usable[:, 1], (0.05, 0.95))
    return float(total[0] / total[1]), (float(low), float(high))


def calibration_table(rows: pd.DataFrame, columns: Mapping[str, float]) -> pd.DataFrame:
    """Return per quantile the share of actuals below it and at most it.

    Demand comes in whole units, so a right quantile lies between the two shares. Columns:
    probability, share_below, share_at_most.
    """
    rows = rows[rows["seen"]]
    actual = rows["actual"].to_numpy()
    found = [
        (
            probability,
            float((actual < rows[name].to_numpy()).mean()),
            float((actual <= rows[name].to_numpy()).mean()),
        )
        for name, probability in columns.items()
    ]
    return pd.DataFrame(found, columns=["probability", "share_below", "share_at_most"])


def ladder_table(
    actual: Floats,
    seen: NDArray[np.bool_],
    forecasts: Mapping[str, Floats],
    chosen: Floats,
    meanings: Mapping[str, str],
) -> pd.DataFrame:
    """Return WAPE, bias and root mean squared error of the chosen forecast and of every method.

    Columns: method, meaning, wape, bias, rmse; the best WAPE first.
    """
    every = {"chosen": chosen, **forecasts}
    words = {"chosen": "what this page uses", **meanings}
    rows = [_ladder_row(name, words.get(name, ""), values, actual, seen) for name, values in every.items()]
    return pd.DataFrame(rows).sort_values(["wape", "method"], kind="stable").reset_index(drop=True)


def _ladder_row(
    name: str, meaning: str, forecast: Floats, actual: Floats, seen: NDArray[np.bool_]
) -> dict[str, object]:
    usable = np.isfinite(forecast) & np.isfinite(actual)
    error = (forecast - actual)[usable & seen]
    return {
        "method": name,
        "meaning": meaning,
        "wape": _ratio(np.abs(error).sum(), actual[usable & seen].sum()),
        "bias": _ratio((forecast - actual)[usable].sum(), actual[usable].sum()),
        "rmse": float(np.sqrt((error**2).mean())) if error.size else float("nan"),
    }


def missing_kpis(names: Sequence[str], window: str, why: str) -> tuple[Kpi, ...]:
    """Return KPIs without a value, saying why."""
    return tuple(Kpi(name, None, window, note=why) for name in names)


def _ratio(numerator: float, denominator: float) -> float:
    return float(numerator / denominator) if denominator > 0 else float("nan")
