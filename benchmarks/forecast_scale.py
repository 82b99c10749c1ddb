"""Seconds and peak memory of `forecast_series` on made weekly series, and the cost of the door itself.

    uv run python benchmarks/forecast_scale.py [--series 1000 3000 10000 30000] [--weeks 156]
        [--horizon 13] [--effort fast] [--jobs 1] [--cluster ADDRESS] [--default 300] [--door 300]

Every size runs in a process of its own, so that peak memory is its own, and forecasts ten series
first, so that no import is timed. `--default N` adds N series with effort "default". `--door N`
compares N series with StatsForecast(...).forecast of the same library models (complex smoothing
and damped trend, no season, so that both see the same series), one process, CPU seconds, medians
of five rounds in turn. The models are also timed on series divided by their mean, as the door
gives them: their optimisers take fewer steps or more there, and the door must not be praised for it.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time
from collections.abc import Callable

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
    parser.add_argument("--default", type=int, default=300)
    parser.add_argument("--door", type=int, default=300)
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


def measure(job: tuple[int, str, argparse.Namespace]) -> dict[str, object]:
    series, effort, arguments = job
    where = {"n_jobs": arguments.jobs, "cluster": arguments.cluster or None}
    forecast_series(made_history(10, arguments.weeks), arguments.horizon, SEASON, effort=effort)
    history = made_history(series, arguments.weeks)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin, used = time.perf_counter(), time.process_time()
    found = forecast_series(history, arguments.horizon, SEASON, effort=effort, **where)
    seconds, own = time.perf_counter() - begin, time.process_time() - used
    assert len(found) == series * arguments.horizon
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "series": series,
        "effort": effort,
        "wall s": seconds,
        "CPU s": own,
        "CPU ms per series": 1000 * own / series,
        "GB with the table": before / 2**20,
        "peak GB": peak / 2**20,
    }


def compare_door(series: int, weeks: int, horizon: int) -> None:
    """CPU time of the door ÷ that of statsforecast with the same models on the same series."""
    from statsforecast import StatsForecast, models

    history = made_history(series, weeks)
    frame = history.set_axis(["unique_id", "ds", "y"], axis=1).astype({"y": "float64"})
    scaled = frame.assign(y=frame["y"] / frame.groupby("unique_id")["y"].transform("mean"))
    chosen = [models.AutoCES(1), models.AutoETS(1, model="MAN", damped=True)]
    engine = StatsForecast(models=chosen, freq="W-MON", n_jobs=1)
    runs: dict[str, Callable[[], object]] = {
        "statsforecast": lambda: engine.forecast(df=frame, h=horizon),
        "statsforecast, series of mean one": lambda: engine.forecast(df=scaled, h=horizon),
        "door, default": lambda: forecast_series(history, horizon, 1),
        "door, fast": lambda: forecast_series(history, horizon, 1, effort="fast"),
    }
    spent = np.median([[_cpu(run) for run in runs.values()] for _ in range(6)][1:], axis=0)
    table = pd.DataFrame({"CPU s": spent, "ratio": spent / spent[0]}, index=list(runs))
    print(f"\n{series} series x {weeks} weeks, no season, horizon {horizon}")
    print(table.to_string(float_format="{:.3f}".format), flush=True)


def _cpu(run: Callable[[], object]) -> float:
    begin = time.process_time()
    run()
    return time.process_time() - begin


def main() -> None:
    arguments = read_arguments()
    jobs = [(series, arguments.effort) for series in arguments.series]
    rows = []
    for series, effort in [*jobs, (arguments.default, "default")]:
        if series:
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                rows.append(pool.apply(measure, ((series, effort, arguments),)))
            print(pd.DataFrame(rows[-1:]).to_string(index=False, float_format="{:.2f}".format), flush=True)
    if arguments.door:
        compare_door(arguments.door, arguments.weeks, arguments.horizon)


if __name__ == "__main__":
    main()
