"""The tables, KPIs and notes of a finished forecast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.contract.kpis import Kpi
from helpers.forecasting.accuracy import (
    MEASURES,
    accuracy_kpis,
    accuracy_table,
    calibration_table,
    ladder_table,
    missing_kpis,
    score_rows,
    value_added,
)
from helpers.forecasting.backtest import Window
from helpers.forecasting.classify import Floats
from helpers.forecasting.history import History
from helpers.forecasting.known import Known
from helpers.forecasting.methods import BASELINE, CANDIDATES, ENSEMBLE
from helpers.forecasting.prediction import Prediction, predict_naive
from helpers.forecasting.quantiles import interval_limits
from helpers.forecasting.result import Forecast
from helpers.forecasting.review import percent, review_table
from helpers.forecasting.select import Selection
from helpers.forecasting.settings import ForecastSettings

MEANINGS = {name: candidate.meaning for name, candidate in CANDIDATES.items()} | {
    ENSEMBLE: "median of the methods without a season of their own, week by week"
}
NO_HOLD_OUT = "history too short to hold a window out"
NO_BACKTEST = pd.DataFrame(
    {
        **{name: pd.Series(dtype="datetime64[ns]") for name in ("origin", "week")},
        **{name: pd.Series(dtype="object") for name in ("product_id", "site_id", "category")},
        **{name: pd.Series(dtype="float64") for name in ("actual", "mean", "naive")},
        "lead": pd.Series(dtype="int64"),
        "held_out": pd.Series(dtype="bool"),
    }
)
KPI_NAMES = ("WAPE", "bias", "MASE", "pinball", "coverage")


def assemble(
    known: Known,
    windows: Sequence[Window],
    held: Prediction | None,
    future: Prediction,
    settings: ForecastSettings,
) -> Forecast:
    """Return the result: all tables, measured on `held`, forecast from `future`."""
    history = known.history
    table = _forecast_table(history, future, settings)
    backtest = _backtest_table(history, windows, held, future.selection)
    measured = _measure(history, windows, held, settings)
    profile = known.factors.shape
    seen = (held.window, held.mean) if held else None
    cutoff = history.weeks[-1].date() + timedelta(days=6)
    return Forecast(
        forecast=table,
        history=history.table(),
        accuracy=measured.accuracy,
        calibration=measured.calibration,
        ladder=measured.ladder,
        selection=_selection_table(history, future),
        review=review_table(history, future.mean, seen, profile, future.window.classes),
        backtest=backtest,
        kpis=measured.kpis,
        baseline_kpis=measured.baseline_kpis,
        value_added_interval=measured.interval,
        notes=(*history.notes, *_notes(history, windows, held, settings)),
        settings=settings,
        cutoff=cutoff,
    )


@dataclass(frozen=True, eq=False)
class _Measured:
    accuracy: pd.DataFrame
    calibration: pd.DataFrame
    ladder: pd.DataFrame
    kpis: tuple[Kpi, ...]
    baseline_kpis: tuple[Kpi, ...]
    interval: tuple[float, float]


def _measure(
    history: History, windows: Sequence[Window], held: Prediction | None, settings: ForecastSettings
) -> _Measured:
    """Score the held-out window, ours beside the seasonal naive."""
    if held is None or not held.window.scored.any():
        return _not_measured()
    baseline = predict_naive(history, windows[:-1], held.window, settings)
    columns = settings.quantile_columns
    rows, naive_rows = (_scored_rows(history, part, settings) for part in (held, baseline))
    mine, other = (score_rows(part, columns) for part in (rows, naive_rows))
    gain, interval = value_added(mine, other, settings.bootstrap, settings.seed)
    window = _window_words(history, held.window)
    note = f"90 % interval {interval[0]:.3f} to {interval[1]:.3f}"
    added = Kpi("FVA", gain if np.isfinite(gain) else None, window, note=note)
    return _Measured(
        accuracy_table(mine, other),
        calibration_table(rows, columns),
        ladder_table(held.window.actual, held.window.forecasts, held.mean, MEANINGS),
        (*accuracy_kpis(mine, window, settings.interval), added),
        accuracy_kpis(other, window, settings.interval),
        interval,
    )


def _not_measured() -> _Measured:
    """Empty tables with the right columns, and KPIs that say why they have no value."""
    measures = [*MEASURES, *(f"naive_{name}" for name in MEASURES)]
    return _Measured(
        pd.DataFrame(columns=["level", "group", "series", "units", *measures]),
        pd.DataFrame(columns=["probability", "share_below", "share_at_most"]),
        pd.DataFrame(columns=["method", "meaning", "wape", "bias", "rmse"]),
        missing_kpis((*KPI_NAMES, "FVA"), "none", NO_HOLD_OUT),
        missing_kpis(KPI_NAMES, "none", NO_HOLD_OUT),
        (float("nan"), float("nan")),
    )


def _window_words(history: History, window: Window) -> str:
    first, last = history.weeks[window.origin], history.weeks[-1]
    series = int(window.scored.any(axis=1).sum())
    return f"weeks of {first:%Y-%m-%d} to {last:%Y-%m-%d}, {series:,} series"


def _labels(history: History, series: NDArray[np.int64]) -> dict[str, object]:
    return {name: history.keys[name].to_numpy()[series] for name in ("product_id", "site_id", "category")}


def _cells(
    prediction: Prediction, series: NDArray[np.int64], step: NDArray[np.int64], settings: ForecastSettings
) -> dict[str, Floats]:
    """Mean, limits of the stated interval, and quantiles of chosen cells, by column name."""
    limits = interval_limits(prediction.quantiles, settings.quantiles, settings.interval)
    low, high = (limit[series, step] for limit in limits)
    columns = {"mean": prediction.mean[series, step], "low": low, "high": high}
    named = enumerate(settings.quantile_columns)
    return columns | {name: prediction.quantiles[series, step, position] for position, name in named}


def _forecast_table(history: History, future: Prediction, settings: ForecastSettings) -> pd.DataFrame:
    series, step = np.nonzero(np.isfinite(future.mean))
    return pd.DataFrame(
        {
            **_labels(history, series),
            "week": history.future_weeks(settings.horizon)[step],
            "lead": step + 1,
            **_cells(future, series, step, settings),
            "method": future.selection.methods[series].astype(object),
            "demand_class": future.window.classes[series].astype(object),
            "unit_value": history.keys["unit_value"].to_numpy()[series],
        }
    )


def _scored_rows(history: History, prediction: Prediction, settings: ForecastSettings) -> pd.DataFrame:
    window = prediction.window
    series, step = np.nonzero(window.scored)
    return pd.DataFrame(
        {
            **_labels(history, series),
            "demand_class": window.classes[series].astype(object),
            "actual": window.actual[series, step],
            "scale": window.scale[series],
            **_cells(prediction, series, step, settings),
        }
    )


def _backtest_table(
    history: History, windows: Sequence[Window], held: Prediction | None, selection: Selection
) -> pd.DataFrame:
    """All windows in long form; the held-out one with the forecast that had not seen it."""
    parts = [_backtest_rows(history, window, selection, held) for window in windows]
    return pd.concat(parts, ignore_index=True) if parts else NO_BACKTEST.copy()


def _backtest_rows(
    history: History, window: Window, selection: Selection, held: Prediction | None
) -> pd.DataFrame:
    is_held = held is not None and window is held.window
    mean = held.mean if held is not None and is_held else selection.pick(window.forecasts)
    series, step = np.nonzero(window.scored)
    return pd.DataFrame(
        {
            "origin": history.weeks[window.origin],
            **_labels(history, series),
            "week": history.weeks[window.origin + step],
            "lead": step + 1,
            "actual": window.actual[series, step],
            "mean": mean[series, step],
            "naive": window.forecasts[BASELINE][series, step],
            "held_out": is_held,
        }
    )


def _selection_table(history: History, future: Prediction) -> pd.DataFrame:
    selection = future.selection
    rows = np.flatnonzero(history.active)
    losses = selection.losses
    chosen = np.full(len(selection.methods), np.nan)
    for name in losses.columns:
        chosen[selection.methods == name] = losses[name].to_numpy()[selection.methods == name]
    ensemble = losses[ENSEMBLE].to_numpy() if ENSEMBLE in losses else np.full(len(chosen), np.nan)
    return pd.DataFrame(
        {
            "product_id": history.keys["product_id"].to_numpy()[rows],
            "site_id": history.keys["site_id"].to_numpy()[rows],
            "demand_class": future.window.classes[rows].astype(object),
            "method": selection.methods[rows].astype(object),
            "reason": selection.reasons[rows].astype(object),
            "loss": chosen[rows],
            "ensemble_loss": ensemble[rows],
        }
    )


def _notes(
    history: History, windows: Sequence[Window], held: Prediction | None, settings: ForecastSettings
) -> list[str]:
    notes = []
    marked, weeks = int(history.stockout.sum()), int(np.isfinite(history.demand).sum())
    if marked:
        notes.append(
            f"{marked:,} of {weeks:,} product × site × weeks ({percent(marked / weeks, 1)}) opened or closed "
            "without stock. They are kept as recorded, so true demand may be higher."
        )
    if not windows:
        notes.append(f"Accuracy is not measured: {NO_HOLD_OUT}.")
    elif len(windows) <= settings.windows:
        notes.append(
            f"{len(windows) - 1} of {settings.windows} windows to choose methods: the history is short."
        )
    if held is not None:
        unseen = int((history.active & ~held.window.scored.any(axis=1)).sum())
        if unseen:
            notes.append(f"{unseen:,} series began in the held-out window: their accuracy is not measured.")
    if history.length < settings.season_length:
        notes.append(
            "Less than one season of history: the baseline is the mean of the last weeks; no season is seen."
        )
    notes.append("Future promotions and price changes are not in this forecast.")
    return notes
