"""Choosing a method per series without chasing noise.

On weekly product × site series most differences between methods are chance. So the median
ensemble holds the field and a challenger must earn its place, in two steps, on the loss

    L(s, m) = sum of squared errors of method m on series s over the windows
              / sum of squared demand of s over the windows

(squared error, since the mean is what is forecast; an all-zero forecast would win on absolute
error for intermittent items).

1. Per demand class: the challenger with the lowest mean loss replaces the ensemble if it is
   lower by more than two standard errors of the paired difference over the class's series,
   and lower in every window.
2. Per series that sells in most weeks (smooth, erratic): a method replaces the class's choice if it
   was better in every window, in at least `FEWEST_WINDOWS`, and by more than `MARGIN` in all. A series
   that skips weeks shows too few demands in a few windows: there the rule picked by chance.

New series are forecast from their launch (`launches.py`), whatever is chosen. The seasonal naive
may win a series like any other method.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.forecasting.backtest import Window
from helpers.forecasting.classify import CLASSES, Floats
from helpers.forecasting.methods import ENSEMBLE, LAUNCH

HURDLE = 2.0
MARGIN = 0.15
FEWEST_WINDOWS = 3
FEWEST_SERIES = 10


@dataclass(frozen=True, eq=False)
class Selection:
    """The method of each series, with the losses it was chosen on.

    `methods`: names per series; `by_class`: demand class to its choice; `losses`: one row per
    series, one column per method, NaN where nothing could be scored; `reasons` in words.
    """

    methods: NDArray[np.str_]
    by_class: dict[str, str]
    losses: pd.DataFrame
    reasons: NDArray[np.str_]

    def pick(self, forecasts: dict[str, Floats]) -> Floats:
        """Return the chosen method's forecast of each series; that of its launch while it is new."""
        found = np.full_like(forecasts[ENSEMBLE], np.nan)
        for name in np.unique(self.methods):
            rows = self.methods == name
            found[rows] = forecasts[name][rows]
        launch = forecasts.get(LAUNCH, np.full_like(found, np.nan))
        return np.where(np.isfinite(launch), launch, found)


def select_methods(windows: Sequence[Window], classes: NDArray[np.str_]) -> Selection:
    """Choose a method per series from what the windows showed."""
    series = len(classes)
    if not windows:
        reason = np.full(series, "no window to compare methods: the ensemble", dtype=object)
        return Selection(np.full(series, ENSEMBLE), {}, pd.DataFrame(index=range(series)), reason.astype(str))
    names = [name for name in windows[0].forecasts if name != LAUNCH]
    errors = np.stack([[_squared_error(window, name) for name in names] for window in windows])
    size = sum(np.where(window.scored, window.actual**2, 0.0).sum(axis=1) for window in windows)
    shares = np.where(size > 0, errors / np.where(size > 0, size, 1.0), np.nan)
    losses = shares.sum(axis=0).T
    by_class = {name: _class_choice(shares[:, :, classes == name], names) for name in CLASSES}
    holder = np.array([names.index(by_class[name]) for name in classes])
    challenger, wins = _challengers(errors, losses, holder)
    wins &= np.isin(classes, ("smooth", "erratic"))
    chosen = np.where(wins, challenger, holder)
    reasons = np.where(wins, "better in every window by a clear margin", "choice of the demand class")
    table = pd.DataFrame(losses, columns=names)
    return Selection(np.array(names)[chosen], by_class, table, reasons.astype(np.str_))


def _squared_error(window: Window, name: str) -> Floats:
    error = np.where(window.scored, window.forecasts[name] - window.actual, 0.0)
    return (error**2).sum(axis=1)


def _class_choice(shares: Floats, names: list[str]) -> str:
    """The ensemble, unless the best other method beats it by more than chance.

    `shares` is windows × methods × series: the parts of each loss.
    """
    scored = shares[:, :, np.isfinite(shares).all(axis=(0, 1))]
    if scored.shape[2] < FEWEST_SERIES:
        return ENSEMBLE
    best = int(scored.sum(axis=0).mean(axis=1).argmin())
    gains = scored[:, names.index(ENSEMBLE)] - scored[:, best]
    gain = gains.sum(axis=0)
    standard_error = gain.std(ddof=1) / np.sqrt(len(gain))
    clear = gain.mean() > HURDLE * standard_error and (gains.mean(axis=1) > 0).all()
    return names[best] if clear else ENSEMBLE


def _challengers(
    errors: Floats, losses: Floats, holder: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Best other method of each series, and whether it beat the holder always and by the margin."""
    rows = np.arange(len(holder))
    best = np.where(np.isfinite(losses), losses, np.inf).argmin(axis=1)
    held = errors[:, holder, rows]
    other = errors[:, best, rows]
    always = ((other < held).sum(axis=0) == len(errors)) & (len(errors) >= FEWEST_WINDOWS)
    clearly = np.nan_to_num(losses[rows, best]) < (1 - MARGIN) * np.nan_to_num(losses[rows, holder])
    return best, always & clearly
