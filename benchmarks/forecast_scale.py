"""Seconds and peak memory of `forecast_series` on made weekly series, and the cost of the door itself.

    uv run python benchmarks/forecast_scale.py [--series 1000 3000 10000 30000] [--weeks 156]
        [--horizon 13] [--effort fast] [--jobs 1] [--cluster ADDRESS] [--door 200]

Every size runs in a process of its own, so that peak memory is its own. `--door N` compares N
series with StatsForecast(...).forecast of the same two methods (theta, complex smoothing) on the
same prepared series, one process, in the same run.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time

import numpy as np
import pandas as pd

from helpers.forecasting import forecast_series

SEASON = 52


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--series", nargs="*", type=int, default=[1000, 3000, 10_000, 30_000])
    parser.add_argument("--weeks", type=int, default=156)
    parser.add_argument("--horizon", type=int, default=13)
    parser.add_argument("--effort", default="fast")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--cluster", default="")
    parser.add_argument("--door", type=int, default=0)
    return parser.parse_args()


def made_history(series: int, weeks: int, seed: int = 0) -> pd.DataFrame:
    """Weekly demand with season, trend and noise; levels from 30 to 3,000."""
    rng = np.random.default_rng(seed)
    level = np.exp(rng.uniform(np.log(30), np.log(3000), (series, 1)))
    time_line = np.arange(weeks)
    season = 1 + 0.3 * np.sin(2 * np.pi * (time_line / SEASON + rng.uniform(0, 1, (series, 1))))
    trend = 1 + rng.normal(0, 0.002, (series, 1)) * time_line
    demand = rng.poisson(np.maximum(level * season * trend, 1))
    periods = pd.date_range("2022-01-03", periods=weeks, freq="W-MON")
    return pd.DataFrame(
        {
            "series_id": np.repeat([f"S{number:06}" for number in range(series)], weeks),
            "period": np.tile(periods, series),
            "demand": demand.ravel(),
        }
    )


def measure(job: tuple[int, argparse.Namespace]) -> dict[str, float]:
    series, arguments = job
    history = made_history(series, arguments.weeks)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin, used = time.perf_counter(), time.process_time()
    found = forecast_series(
        history,
        arguments.horizon,
        SEASON,
        effort=arguments.effort,
        n_jobs=arguments.jobs,
        cluster=arguments.cluster or None,
    )
    seconds, own = time.perf_counter() - begin, time.process_time() - used
    assert len(found) == series * arguments.horizon
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "series": series,
        "seconds": seconds,
        "cpu seconds": own,
        "ms per series": 1000 * seconds / series,
        "peak GB": peak / 2**20,
        "before GB": before / 2**20,
    }


def compare_door(series: int, weeks: int, horizon: int) -> None:
    """Time of the door ÷ time of statsforecast with the same methods (no season, so both see the same)."""
    from statsforecast import StatsForecast, models

    history = made_history(series, weeks)
    frame = history.set_axis(["unique_id", "ds", "y"], axis=1).astype({"y": "float64"})
    engine = StatsForecast(
        models=[models.DynamicOptimizedTheta(season_length=1), models.AutoCES(season_length=1)],
        freq="W-MON",
        n_jobs=1,
    )
    forecast_series(history.head(weeks), horizon, 1)  # imports
    rows = []
    for _ in range(3):
        begin = time.process_time()
        engine.forecast(df=frame, h=horizon)
        middle = time.process_time()
        forecast_series(history, horizon, 1)
        rows.append((middle - begin, time.process_time() - middle))
    direct, door = np.median(np.array(rows), axis=0)
    print(
        f"{series} series: statsforecast {direct:.2f} s, door {door:.2f} s, ratio {door / direct:.2f} (CPU)"
    )


def main() -> None:
    arguments = read_arguments()
    if arguments.door:
        compare_door(arguments.door, arguments.weeks, arguments.horizon)
    for series in arguments.series:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            row = pool.apply(measure, ((series, arguments),))
        print(pd.DataFrame([row]).to_string(index=False, float_format="{:.2f}".format), flush=True)


if __name__ == "__main__":
    main()
