"""The tables, KPIs and notes of a finished forecast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

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
from helpers.forecasting.coming import coming_changes
from helpers.forecasting.demand.history import History
from helpers.forecasting.demand.known import Known
from helpers.forecasting.earlier import as_run, last_day
from helpers.forecasting.methods import CANDIDATES, ENSEMBLE, LAUNCH, MEMBERS
from helpers.forecasting.planned import COLUMNS as PLANNED_COLUMNS
from helpers.forecasting.planners.overrides import COLUMNS as OVERRIDE_COLUMNS
from helpers.forecasting.planners.overrides import Overridden, apply_overrides
from helpers.forecasting.planners.value_added import OverrideValue, judge_overrides
from helpers.forecasting.prediction import Prediction, predict_naive
from helpers.forecasting.result import Forecast
from helpers.forecasting.result_tables import (
    backtest_table,
    forecast_table,
    scored_rows,
    selection_table,
)
from helpers.forecasting.review import Doubt, drift_doubt, override_doubt, percent, review_table
from helpers.forecasting.settings import ForecastSettings
from helpers.forecasting.watch import COLUMNS as CHANGE_COLUMNS
from helpers.forecasting.watch import ForecastRun, changed_forecasts, tracking_signals

MEANINGS = {name: candidate.meaning for name, candidate in CANDIDATES.items()} | {
    ENSEMBLE: "mean of " + ", ".join(MEMBERS)
}
NO_HOLD_OUT = "history too short to hold a window out"
KPI_NAMES = ("WAPE", "bias", "MASE", "pinball", "coverage")


def assemble(  # noqa: PLR0913, PLR0917  # everything that was computed meets here
    known: Known,
    windows: Sequence[Window],
    held: Prediction | None,
    future: Prediction,
    settings: ForecastSettings,
    overrides: pd.DataFrame | None = None,
    before: ForecastRun | None = None,
    planned: pd.DataFrame | None = None,
) -> Forecast:
    """Return the result: all tables, measured on `held`, forecast from `future`.

    Parameters
    ----------
    known
        What is known after the last week.
    windows
        Back-test windows, oldest first.
    held, future
        The prediction of the last window, made without it, and that of the weeks ahead.
    overrides
        The table `overrides`.
    before
        What this forecast said a week ago.
    planned
        What promotions that are only planned would bring.
    """
    history = known.history
    statistical = forecast_table(known, future, settings)
    backtest = backtest_table(history, windows, held, future.selection)
    plan = _with_overrides(known, statistical, backtest, overrides, settings)
    signals = tracking_signals(backtest, history.table()[["product_id", "site_id", "demand"]])
    measured = _measure(history, windows, held, settings)
    seen = (held.window, held.mean) if held else None
    doubts = _doubts(history, plan, signals, settings)
    shape, classes = known.factors.shape, future.window.classes
    return Forecast(
        forecast=plan.table,
        history=history.table(),
        accuracy=measured.accuracy,
        calibration=measured.calibration,
        ladder=measured.ladder,
        selection=selection_table(history, future),
        review=review_table(history, future.mean, seen, shape, classes, doubts),
        backtest=backtest,
        repair=known.repair.total,
        outliers=history.outliers,
        promotions=known.factors.effects.table,
        effects=known.factors.effects.pooled,
        planned=pd.DataFrame(columns=PLANNED_COLUMNS) if planned is None else planned,
        coming=coming_changes(known, plan.table, plan.overridden.applied),
        overridden=plan.overridden,
        override_value=plan.value,
        changes=_changes(known, statistical, overrides, before, settings),
        signals=signals,
        prediction=future,
        series=history.keys[["product_id", "site_id"]].copy(),
        kpis=measured.kpis,
        baseline_kpis=measured.baseline_kpis,
        value_added_interval=measured.interval,
        notes=(*history.notes, *_notes(known, windows, held, settings)),
        settings=settings,
        cutoff=last_day(known),
    )


@dataclass(frozen=True, eq=False)
class _Plan:
    """The forecast after the planners' word, and what their word was worth so far."""

    table: pd.DataFrame
    overridden: Overridden
    value: OverrideValue


def _with_overrides(
    known: Known,
    statistical: pd.DataFrame,
    backtest: pd.DataFrame,
    overrides: pd.DataFrame | None,
    settings: ForecastSettings,
) -> _Plan:
    table = pd.DataFrame(columns=OVERRIDE_COLUMNS) if overrides is None else overrides
    overridden = apply_overrides(statistical, table, last_day(known), history=known.history.table())
    series = ["product_id", "site_id", "unit_value", "demand_class"]
    value = judge_overrides(
        table, backtest, statistical[series], resamples=4 * settings.bootstrap, seed=settings.seed
    )
    return _Plan(overridden.forecast, overridden, value)


def _doubts(history: History, plan: _Plan, signals: pd.DataFrame, settings: ForecastSettings) -> list[Doubt]:
    hurting = [str(name) for name in plan.value.hurting["group"]]
    return [
        drift_doubt(history, signals, settings.horizon),
        override_doubt(history, plan.table, hurting),
    ]


def _changes(
    known: Known,
    statistical: pd.DataFrame,
    overrides: pd.DataFrame | None,
    before: ForecastRun | None,
    settings: ForecastSettings,
) -> pd.DataFrame:
    if before is None:
        return pd.DataFrame(columns=CHANGE_COLUMNS)
    return changed_forecasts(as_run(known, statistical, overrides, settings), before)


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
    rows, naive_rows = (scored_rows(history, part, settings) for part in (held, baseline))
    mine, other = (score_rows(part, columns) for part in (rows, naive_rows))
    gain, interval = value_added(mine, other, settings.bootstrap, settings.seed)
    window = _window_words(history, held.window)
    note = f"90 % interval {interval[0]:.3f} to {interval[1]:.3f}"
    added = Kpi("FVA", gain if np.isfinite(gain) else None, window, note=note)
    return _Measured(
        accuracy_table(mine, other),
        calibration_table(rows, columns),
        _ladder(held),
        (*accuracy_kpis(mine, window, settings.interval), added),
        accuracy_kpis(other, window, settings.interval),
        interval,
    )


def _ladder(held: Prediction) -> pd.DataFrame:
    """Every method on the cells that all of them forecast: launches have no baseline."""
    window = held.window
    alone = {name: values for name, values in window.forecasts.items() if name != LAUNCH}
    common = np.logical_and.reduce([np.isfinite(values) for values in alone.values()])
    actual = np.where(common & np.isfinite(held.mean), window.actual, np.nan)
    return ladder_table(actual, window.seen, alone, held.mean, MEANINGS)


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


def _notes(
    known: Known, windows: Sequence[Window], held: Prediction | None, settings: ForecastSettings
) -> list[str]:
    history = known.history
    found = [_say_repair(known), _say_life(known)]
    if not windows:
        found.append(f"Accuracy is not measured: {NO_HOLD_OUT}.")
    elif len(windows) <= settings.windows:
        found.append(
            f"{len(windows) - 1} of {settings.windows} windows to choose methods: the history is short."
        )
    if held is not None:
        unseen = int((history.active & ~held.window.scored.any(axis=1)).sum())
        if unseen:
            found.append(f"{unseen:,} series began in the held-out window: their accuracy is not measured.")
    if history.length < settings.season_length:
        found.append(
            "Less than one season of history: the baseline is the mean of the last weeks; no season is seen."
        )
    return [note for note in found if note]


def _say_repair(known: Known) -> str:
    repaired = known.repair.repaired
    weeks = int(np.isfinite(known.history.demand).sum())
    if not repaired.any():
        return ""
    units = known.repair.total["units"]
    return (
        f"{int(repaired.sum()):,} of {weeks:,} product × site × weeks ({percent(repaired.sum() / weeks, 1)}) "
        f"ran short of stock. What was wanted in them is estimated: {units.iloc[2] - units.iloc[0]:,.0f} "
        "units on top of those ordered. Error is measured where stock lasted, bias in all weeks."
    )


def _say_life(known: Known) -> str:
    life = known.factors.life
    said = [
        (life.ramp, f"launches take about {3 * life.ramp:.0f} weeks to reach their level"),
        (life.run_down, f"products sell off over the last {life.run_down:.0f} weeks before their end"),
    ]
    words = "; ".join(text for weeks, text in said if weeks)
    return f"Learned from past launches and ends: {words}." if words else ""
