"""The arrays of a prediction as long tables, one row per product, site and week."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.forecasting.backtest import Window
from helpers.forecasting.classify import Floats
from helpers.forecasting.demand.history import History
from helpers.forecasting.demand.known import Known
from helpers.forecasting.distribution.quantiles import interval_limits
from helpers.forecasting.methods import BASELINE, ENSEMBLE
from helpers.forecasting.prediction import Prediction
from helpers.forecasting.select import Selection
from helpers.forecasting.settings import ForecastSettings

NO_BACKTEST = pd.DataFrame(
    {
        **{name: pd.Series(dtype="datetime64[ns]") for name in ("origin", "week")},
        **{name: pd.Series(dtype="object") for name in ("product_id", "site_id", "category")},
        **{name: pd.Series(dtype="float64") for name in ("actual", "mean", "naive")},
        "lead": pd.Series(dtype="int64"),
        **{name: pd.Series(dtype="bool") for name in ("seen", "held_out")},
    }
)


def forecast_table(known: Known, future: Prediction, settings: ForecastSettings) -> pd.DataFrame:
    """Return the forecast of every series and week ahead.

    Columns: product_id, site_id, category, week, lead, mean, low, high, quantiles, promotion (factor of
    promotions and holidays, 1 = none), method, demand_class, unit_value.
    """
    history = known.history
    series, step = np.nonzero(np.isfinite(future.mean))
    effect = known.factors.effects.factor[:, history.length :]
    return pd.DataFrame(
        {
            **_labels(history, series),
            "week": history.future_weeks(settings.horizon)[step],
            "lead": step + 1,
            **_cells(future, series, step, settings),
            "promotion": np.round(effect[series, step], 6),
            "method": future.methods[series].astype(object),
            "demand_class": future.window.classes[series].astype(object),
            "unit_value": history.keys["unit_value"].to_numpy()[series],
        }
    )


def scored_rows(history: History, prediction: Prediction, settings: ForecastSettings) -> pd.DataFrame:
    """Return forecast and actual of the cells that are scored, with class and scale."""
    window = prediction.window
    series, step = np.nonzero(window.scored)
    return pd.DataFrame(
        {
            **_labels(history, series),
            "demand_class": window.classes[series].astype(object),
            "actual": window.actual[series, step],
            "seen": window.seen[series, step],
            "scale": window.scale[series],
            **_cells(prediction, series, step, settings),
        }
    )


def backtest_table(
    history: History, windows: Sequence[Window], held: Prediction | None, selection: Selection
) -> pd.DataFrame:
    """Return all windows in long form; the held-out one with the forecast that had not seen it."""
    parts = [_backtest_rows(history, window, selection, held) for window in windows]
    return pd.concat(parts, ignore_index=True) if parts else NO_BACKTEST.copy()


def selection_table(history: History, future: Prediction) -> pd.DataFrame:
    """Return the method of each series on sale, why, and its loss beside that of the ensemble."""
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
            "method": future.methods[rows].astype(object),
            "reason": selection.reasons[rows].astype(object),
            "loss": chosen[rows],
            "ensemble_loss": ensemble[rows],
        }
    )


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
            "seen": window.seen[series, step],
            "mean": mean[series, step],
            "naive": window.forecasts[BASELINE][series, step],
            "held_out": is_held,
        }
    )
