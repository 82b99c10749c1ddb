"""Accuracy and CPU seconds of `forecast_series` on M3 quarterly and yearly, beside statsforecast.

    uv run python benchmarks/m3.py m3_quarterly_yearly.parquet [--effort default fast] [--back 0]
        [--statsforecast theta ets ces] [--split]

The file has series_id, period, demand, is_test; yearly series have 6 test periods, quarterly 8.
`--back 1 2 3` forecasts from 1, 2 and 3 periods before the test part what lies between, at most a
horizon, and prints the mean of these origins; choices were made on such origins only. A series takes
part where at least 8 (yearly) or 12 (quarterly) periods are left. `--split` also prints both halves
of the series (odd, even).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.forecasting import forecast_series
from helpers.forecasting.series.door import EFFORTS

Floats = NDArray[np.float64]
FREQUENCIES = {"quarterly": (8, 4, 12), "yearly": (6, 1, 8)}  # horizon, season, fewest periods
LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file")
    parser.add_argument("--effort", nargs="*", default=["default", "fast"])
    parser.add_argument("--statsforecast", nargs="*", default=[], choices=["theta", "ets", "ces"])
    parser.add_argument("--back", nargs="*", type=int, default=[0])
    parser.add_argument("--split", action="store_true")
    return parser.parse_args()


def parts(table: pd.DataFrame, horizon: int, back: int, fewest: int) -> tuple[pd.DataFrame, Floats]:
    """Return what is known, and series × steps of what then happened (`back` steps at most, but for 0)."""
    length = (~table["is_test"]).groupby(table["series_id"]).transform("sum")
    table = table[length - back >= fewest]
    known = table[~table["is_test"]]
    left = known.groupby("series_id").cumcount(ascending=False)
    test = table[table["is_test"]] if back == 0 else known[left < back]
    step = test.groupby("series_id").cumcount()
    actual = test.assign(step=step)[step < horizon].pivot_table(
        index="series_id", columns="step", values="demand"
    )
    return known if back == 0 else known[left >= back], actual.to_numpy()


def smape(mean: Floats, actual: Floats) -> float:
    error = np.abs(mean - actual) / (np.abs(mean) + np.abs(actual))
    return float(200 * np.nanmean(np.nanmean(error, axis=1)))


def quantile_row(found: pd.DataFrame, actual: Floats) -> dict[str, float]:
    """Weighted quantile loss (by series size), coverage of 90 % and 50 %, share below the median."""
    width = actual.shape[1]
    columns = ["q05", "q10", "q25", "q50", "q75", "q90", "q95"]
    values = np.stack([found[name].to_numpy().reshape(len(actual), -1)[:, :width] for name in columns], -1)
    gap = actual[:, :, None] - values
    loss = np.maximum(np.array(LEVELS) * gap, (np.array(LEVELS) - 1) * gap)
    size = np.nansum(np.abs(actual), axis=1)
    inside = {
        f"{high - low:.0%}": float(
            np.mean((actual >= values[:, :, place]) & (actual <= values[:, :, -1 - place]))
        )
        for place, low, high in ((0, 0.05, 0.95), (2, 0.25, 0.75))
    }
    weighted = 2 * np.nansum(loss, axis=(1, 2)) / len(LEVELS) / size
    return {"WQL": float(weighted.mean()), **inside, "below q50": float(np.mean(actual < values[:, :, 3]))}


def direct(name: str, history: pd.DataFrame, horizon: int, season: int) -> pd.DataFrame:
    """The same point method by statsforecast itself."""
    from statsforecast import StatsForecast, models

    build: dict[str, Callable[[int], object]] = {
        "theta": models.DynamicOptimizedTheta,
        "ets": models.AutoETS,
        "ces": models.AutoCES,
    }
    frame = history.rename(columns={"series_id": "unique_id", "period": "ds", "demand": "y"})
    engine = StatsForecast(models=[build[name](season)], freq=1, n_jobs=1)
    found = engine.forecast(df=frame[["unique_id", "ds", "y"]], h=horizon)
    return found.set_axis(["series_id", "period", "mean"], axis=1).sort_values(["series_id", "period"])


def line(found: pd.DataFrame, actual: Floats, seconds: float, split: bool) -> dict[str, float]:
    mean = found["mean"].to_numpy().reshape(len(actual), -1)[:, : actual.shape[1]]
    row = {"sMAPE": smape(mean, actual), "CPU s": seconds}
    if split:
        row |= {"odd": smape(mean[::2], actual[::2]), "even": smape(mean[1::2], actual[1::2])}
    return row | (quantile_row(found, actual) if "q50" in found else {})


def measure(known: pd.DataFrame, frequency: str, method: str) -> tuple[pd.DataFrame, float]:
    """Forecast of one method, and its CPU seconds after a first call on few series (imports)."""
    horizon, season, _ = FREQUENCIES[frequency]
    if method in EFFORTS:
        table = known[["series_id", "period", "demand"]]
        run = partial(forecast_series, horizon=horizon, season_length=season, effort=method)
    else:
        table, run = known, partial(direct, method, horizon=horizon, season=season)
    run(table[table["series_id"] == table["series_id"].iloc[0]])
    begin = time.process_time()
    return run(table), time.process_time() - begin


def main() -> None:
    arguments = read_arguments()
    table = pd.read_parquet(arguments.file)
    periods = table[table["is_test"]].groupby("series_id").size()
    for frequency, (horizon, season, fewest) in FREQUENCIES.items():
        chosen = table[table["series_id"].isin(periods.index[periods == horizon])]
        rows = []
        for back in arguments.back:
            known, actual = parts(chosen, horizon, back, fewest)
            for method in (*arguments.effort, *arguments.statsforecast):
                found, seconds = measure(known, frequency, method)
                measured = line(found, actual, seconds, arguments.split)
                rows.append({"method": method, "series": len(actual), **measured})
        print(f"\n{frequency}: horizon {horizon}, season {season}, mean of origins {arguments.back}")
        shown = pd.DataFrame(rows).groupby("method", sort=False).mean()
        print(shown.to_string(float_format="{:.3f}".format), flush=True)


if __name__ == "__main__":
    main()
