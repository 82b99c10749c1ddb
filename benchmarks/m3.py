"""Accuracy and seconds of `forecast_series` on M3 quarterly and yearly, beside statsforecast in the same run.

    uv run python benchmarks/m3.py m3_quarterly_yearly.parquet [--effort default fast] [--back 0]
        [--statsforecast theta ets ces] [--split]

The file has series_id, period, demand, is_test; yearly series have 6 test periods, quarterly 8.
`--back 8` forecasts the last 8 periods before the test part instead, from what lies before them,
and is what choices were made on. `--split` also prints both halves of the series (odd, even).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.forecasting import forecast_series

Floats = NDArray[np.float64]
FREQUENCIES = {"quarterly": (8, 4), "yearly": (6, 1)}
LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file")
    parser.add_argument("--effort", nargs="*", default=["default", "fast"])
    parser.add_argument("--statsforecast", nargs="*", default=[], choices=["theta", "ets", "ces"])
    parser.add_argument("--back", type=int, default=0)
    parser.add_argument("--split", action="store_true")
    return parser.parse_args()


def parts(table: pd.DataFrame, horizon: int, back: int) -> tuple[pd.DataFrame, Floats]:
    """Return what is known, and series × horizon of what then happened (NaN beyond `back` periods)."""
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


def direct(name: str, known: pd.DataFrame, horizon: int, season: int) -> pd.DataFrame:
    """The same point method by statsforecast itself."""
    from statsforecast import StatsForecast, models

    build: dict[str, Callable[[int], object]] = {
        "theta": models.DynamicOptimizedTheta,
        "ets": models.AutoETS,
        "ces": models.AutoCES,
    }
    frame = known.rename(columns={"series_id": "unique_id", "period": "ds", "demand": "y"})
    engine = StatsForecast(models=[build[name](season)], freq=1, n_jobs=1)
    found = engine.forecast(df=frame[["unique_id", "ds", "y"]], h=horizon)
    return found.set_axis(["series_id", "period", "mean"], axis=1).sort_values(["series_id", "period"])


def line(label: str, found: pd.DataFrame, actual: Floats, seconds: float, split: bool) -> dict[str, object]:
    mean = found["mean"].to_numpy().reshape(len(actual), -1)[:, : actual.shape[1]]
    row: dict[str, object] = {"method": label, "sMAPE": smape(mean, actual), "seconds": round(seconds, 2)}
    if split:
        row |= {"odd": smape(mean[::2], actual[::2]), "even": smape(mean[1::2], actual[1::2])}
    return row | (quantile_row(found, actual) if "q50" in found else {})


def main() -> None:
    arguments = read_arguments()
    table = pd.read_parquet(arguments.file)
    periods = table[table["is_test"]].groupby("series_id").size()
    for frequency, (horizon, season) in FREQUENCIES.items():
        chosen = table[table["series_id"].isin(periods.index[periods == horizon])]
        known, actual = parts(chosen, horizon, min(arguments.back, horizon))
        rows = []
        for effort in arguments.effort:
            begin = time.perf_counter()
            found = forecast_series(known[["series_id", "period", "demand"]], horizon, season, effort=effort)
            rows.append(line(effort, found, actual, time.perf_counter() - begin, arguments.split))
        for name in arguments.statsforecast:
            begin = time.perf_counter()
            found = direct(name, known, horizon, season)
            rows.append(line(name, found, actual, time.perf_counter() - begin, arguments.split))
        print(f"\n{frequency}: {len(actual)} series, horizon {actual.shape[1]}, season {season}")
        print(pd.DataFrame(rows).set_index("method").to_string(float_format="{:.3f}".format))


if __name__ == "__main__":
    main()
