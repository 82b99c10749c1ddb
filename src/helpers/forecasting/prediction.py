"""From the methods' forecasts to the chosen one with its quantiles, from any origin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helpers.forecasting.backtest import Window
from helpers.forecasting.classify import Floats
from helpers.forecasting.demand.history import History
from helpers.forecasting.distribution.paths import Dependence, Marginals, draw_paths, fit_dependence
from helpers.forecasting.distribution.quantiles import Spread, Steps, demand_quantiles, doubt_new, fit_spread
from helpers.forecasting.hierarchy import NodeErrors, Rule, build_hierarchy, node_errors, reconcile
from helpers.forecasting.methods import BASELINE, LAUNCH
from helpers.forecasting.select import Selection, select_methods
from helpers.forecasting.settings import ForecastSettings


@dataclass(frozen=True, eq=False)
class Prediction:
    """The chosen forecast from one origin: means and quantiles, how it was chosen, what draws need."""

    window: Window
    selection: Selection
    mean: Floats
    quantiles: Floats
    spread: Spread
    dependence: Dependence
    products: NDArray[np.object_]

    @property
    def methods(self) -> NDArray[np.str_]:
        """Method of each series: the chosen one, or that of its launch while it is new."""
        launched = np.isfinite(self.window.forecasts[LAUNCH]).any(axis=1)
        return np.where(launched, LAUNCH, self.selection.methods).astype(np.str_)

    def draw(self, count: int, seed: int, rows: Sequence[int] | None = None) -> Floats:
        """Return sample paths, series × `count` × horizon, of all series or of `rows`."""
        marginals = Marginals(self.mean, self.spread, self.window.classes, self.products)
        return draw_paths(marginals, self.dependence, count, seed, rows)


def predict(
    history: History, past: Sequence[Window], target: Window, settings: ForecastSettings
) -> Prediction:
    """Choose methods and quantiles on the `past` windows, and apply both to the target window."""
    selection = select_methods(past, target.classes)
    means = [selection.pick(window.forecasts) for window in [*past, target]]
    if settings.reconciliation != "bottom_up":
        means = reconcile_windows(history, [*past, target], means, settings.reconciliation)
    return _predict(history, past, means[:-1], target, selection, means[-1], settings)


def predict_naive(
    history: History, past: Sequence[Window], target: Window, settings: ForecastSettings
) -> Prediction:
    """The seasonal naive, with quantiles by the same recipe."""
    selection = select_methods([], target.classes)
    means = [window.forecasts[BASELINE] for window in past]
    return _predict(history, past, means, target, selection, target.forecasts[BASELINE], settings)


def _predict(
    history: History,
    past: Sequence[Window],
    means: Sequence[Floats],
    target: Window,
    selection: Selection,
    mean: Floats,
    settings: ForecastSettings,
) -> Prediction:
    spread = _spread(history, past, means, target, settings)
    products = history.keys["product_id"].to_numpy()
    dependence = fit_dependence(past, means, spread, products)
    spread = doubt_new(spread, mean, target.classes)
    quantiles = demand_quantiles(mean, spread, target.classes)
    return Prediction(target, selection, mean, quantiles, spread, dependence, products)


def reconcile_windows(
    history: History, windows: Sequence[Window], means: Sequence[Floats], rule: Rule
) -> list[Floats]:
    """Return the means of all windows, the last one the target, agreeing with the nodes' own forecasts."""
    hierarchy = build_hierarchy(history.keys)
    errors: list[NodeErrors] = []
    found: list[Floats] = []
    for window, mean in zip(windows, means, strict=True):
        assert window.upper is not None, "windows are made with the same settings"  # noqa: S101
        bottom = np.nan_to_num(mean)
        agreed = reconcile(hierarchy, bottom, window.upper, rule=rule, windows=errors).bottom
        found.append(np.where(np.isfinite(mean), agreed, np.nan))
        errors.append(node_errors(hierarchy, window.actual, mean, window.upper))
    return found


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
