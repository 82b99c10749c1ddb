"""Selection resists noise and yields to what is clear."""

from __future__ import annotations

import numpy as np

from helpers.forecasting.backtest import Window
from helpers.forecasting.select import select_methods

SERIES, WEEKS = 40, 13


def windows(bias: dict[str, float], rows: slice = slice(None), count: int = 3, seed: int = 0) -> list[Window]:
    """Three windows in which a method errs by noise, and by `bias` on some series."""
    rng = np.random.default_rng(seed)
    found = []
    for origin in range(count):
        actual = rng.poisson(20.0, size=(SERIES, WEEKS)).astype("float64")
        forecasts = {}
        for name in ("seasonal_naive", "ets", "ensemble"):
            forecasts[name] = 20 + rng.normal(0, 0.5, size=(SERIES, WEEKS))
            forecasts[name][rows] += bias.get(name, 0.0)
        classes = np.full(SERIES, "smooth")
        seen = np.ones(actual.shape, dtype=bool)
        found.append(Window(origin, forecasts, actual, seen, classes, np.ones(SERIES), np.ones(SERIES)))
    return found


CLASSES = np.full(SERIES, "smooth")


def test_noise_alone_leaves_the_ensemble() -> None:
    """In 40 draws a fair rule may be fooled now and then, but not by more than its two standard errors."""
    fooled = sum(
        (select_methods(windows({}, seed=seed), CLASSES).methods != "ensemble").mean() for seed in range(40)
    )
    assert fooled <= 4


def test_method_that_is_better_for_the_class_takes_the_class() -> None:
    selection = select_methods(windows({"ensemble": 4.0, "seasonal_naive": 4.0}), CLASSES)
    assert selection.by_class["smooth"] == "ets"
    assert (selection.methods == "ets").all()


def test_series_for_which_another_method_is_always_better_gets_it() -> None:
    bias = {"ensemble": 15.0, "seasonal_naive": 15.0}
    selection = select_methods(windows(bias, rows=slice(0, 1)), CLASSES)
    assert selection.methods[0] == "ets"
    assert (selection.methods[1:] == "ensemble").mean() >= 0.95


def test_without_windows_everything_is_the_ensemble() -> None:
    selection = select_methods([], CLASSES)
    assert set(selection.methods) == {"ensemble"}
    assert "no window" in selection.reasons[0]


def test_series_without_demand_keeps_the_choice_of_its_class() -> None:
    found = windows({})
    for window in found:
        window.actual[0] = 0.0
    selection = select_methods(found, CLASSES)
    assert selection.methods[0] == selection.by_class["smooth"]
    assert np.isnan(selection.losses.iloc[0]).all()
