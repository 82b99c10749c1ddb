"""From the methods' forecasts to the chosen one with its quantiles, from any origin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from helpers.forecasting.backtest import Window
from helpers.forecasting.classify import Floats
from helpers.forecasting.history import History
from helpers.forecasting.methods import BASELINE
from helpers.forecasting.quantiles import Spread, Steps, demand_quantiles, fit_spread
from helpers.forecasting.select import Selection, select_methods
from helpers.forecasting.settings import ForecastSettings


@dataclass(frozen=True, eq=False)
class Prediction:
    """The chosen forecast from one origin: means and quantiles, and how it was chosen."""

    window: Window
    selection: Selection
    mean: Floats
    quantiles: Floats


def predict(
    history: History, past: Sequence[Window], target: Window, settings: ForecastSettings
) -> Prediction:
    """Choose methods and quantiles on the `past` windows, and apply both to the target window."""
    selection = select_methods(past, target.classes)
    mean = selection.pick(target.forecasts)
    means = [selection.pick(window.forecasts) for window in past]
    quantiles = demand_quantiles(mean, _spread(history, past, means, target, settings), target.classes)
    return Prediction(target, selection, mean, quantiles)


def predict_naive(
    history: History, past: Sequence[Window], target: Window, settings: ForecastSettings
) -> Prediction:
    """The seasonal naive, with quantiles by the same recipe."""
    selection = select_methods([], target.classes)
    means = [window.forecasts[BASELINE] for window in past]
    mean = target.forecasts[BASELINE]
    quantiles = demand_quantiles(mean, _spread(history, past, means, target, settings), target.classes)
    return Prediction(target, selection, mean, quantiles)


def _spread(
    history: History,
    past: Sequence[Window],
    means: Sequence[Floats],
    target: Window,
    settings: ForecastSettings,
) -> Spread:
    return fit_spread(past, means, target, settings.quantiles, _steps(history.demand[:, : target.origin]))


def _steps(demand: Floats) -> Steps:
    """Return per series whether its demand comes in whole units, and the least that was ever asked."""
    seen = np.nan_to_num(demand)
    least = np.where(seen > 0, seen, np.inf).min(axis=1, initial=np.inf)
    return Steps((seen == np.floor(seen)).all(axis=1), np.where(np.isfinite(least), least, 1.0))
