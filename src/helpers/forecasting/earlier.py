"""What this forecast would have said a week ago, with the methods of today.

The same data up to one week earlier, the same methods and spread, the overrides known then: so every
difference comes from what the last week brought, not from the choice of methods.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date, timedelta

import pandas as pd

from helpers.forecasting.backtest import FEWEST_WEEKS, Truth, Window, window_at
from helpers.forecasting.demand.history import History
from helpers.forecasting.demand.known import Background, Known, know
from helpers.forecasting.distribution.quantiles import demand_quantiles
from helpers.forecasting.planners.overrides import apply_overrides
from helpers.forecasting.prediction import Prediction, reconcile_windows
from helpers.forecasting.result_tables import forecast_table
from helpers.forecasting.settings import ForecastSettings
from helpers.forecasting.watch import ForecastRun


def forecast_a_week_earlier(
    history: History,
    background: Background,
    windows: Sequence[Window],
    future: Prediction,
    overrides: pd.DataFrame | None,
    settings: ForecastSettings,
) -> ForecastRun | None:
    """Return the run of a week ago; nothing where the history is too short for it.

    `windows` are those of the back-test, to reconcile as today's forecast is.
    """
    if history.length - 1 < FEWEST_WEEKS:
        return None
    known = know(history.until(history.length - 1), background, settings)
    window = window_at(known, Truth.of(known), settings)
    mean = future.selection.pick(window.forecasts)
    if settings.reconciliation != "bottom_up":
        means = [*(future.selection.pick(past.forecasts) for past in windows), mean]
        mean = reconcile_windows(history, [*windows, window], means, settings.reconciliation)[-1]
    quantiles = demand_quantiles(mean, future.spread, window.classes)
    before = replace(future, window=window, mean=mean, quantiles=quantiles)
    return as_run(known, forecast_table(known, before, settings), overrides, settings)


def as_run(
    known: Known, forecast: pd.DataFrame, overrides: pd.DataFrame | None, settings: ForecastSettings
) -> ForecastRun:
    """Return a run to compare: the forecast with the overrides of its day, its history and settings."""
    table = known.history.table()
    if overrides is not None:
        forecast = apply_overrides(forecast, overrides, last_day(known), history=table).forecast
    return ForecastRun(forecast, table, asdict(settings))


def last_day(known: Known) -> date:
    """Return the Sunday of the last known week."""
    day: date = known.history.weeks[-1].date()
    return day + timedelta(days=6)
