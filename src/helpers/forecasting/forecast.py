"""The public verb: from a case to a forecast with its own measure of trust."""

from __future__ import annotations

import pandas as pd

from helpers.forecasting.assemble import assemble
from helpers.forecasting.backtest import Truth, backtest_windows, window_at
from helpers.forecasting.demand.history import DemandCase, read_history
from helpers.forecasting.demand.known import know, read_background
from helpers.forecasting.earlier import forecast_a_week_earlier
from helpers.forecasting.planned import judge_planned_promotions
from helpers.forecasting.prediction import predict
from helpers.forecasting.result import Forecast
from helpers.forecasting.settings import ForecastSettings


def forecast_demand(
    case: DemandCase, settings: ForecastSettings, *, extra_promotions: pd.DataFrame | None = None
) -> Forecast:
    """Forecast weekly demand per product × site, with quantiles and measured accuracy.

    Methods and quantiles are chosen on back-test windows; accuracy is measured on one more
    window that this choice had not seen. The final forecast then uses all windows.

    Parameters
    ----------
    case
        Needs the table orders; uses products and stock where they are there.
    settings
        Horizon, cutoff, season, quantiles, methods.
    extra_promotions
        Promotions in the contract's columns that are to count though they are only planned: a what-if.

    Raises
    ------
    ParameterError
        If the cutoff lies after the data.
    ContractError
        If there is no base demand before the cutoff.
    """
    history, background = read_background(case, read_history(case, settings), settings, extra_promotions)
    now = know(history, background, settings)
    truth = Truth.of(now)
    windows = backtest_windows(history, background, truth, settings)
    held = predict(history, windows[:-1], windows[-1], settings) if windows else None
    future = predict(history, windows, window_at(now, truth, settings), settings)
    overrides = case.table("overrides") if case.has("overrides") else None
    before = forecast_a_week_earlier(history, background, windows, future, overrides, settings)
    planned = judge_planned_promotions(case, now, settings)
    return assemble(now, windows, held, future, settings, overrides, before, planned)
