"""Accuracy and seconds of the demand forecast beside each single method, on cases of your choice.

    uv run python benchmarks/forecast_backtest.py CASE [CASE ...] [--horizon 13] [--jobs 1]

A case is anything that `load_case` reads. Accuracy is measured on the held-out weeks only. The
single methods are those of the same run, so a method that wins here was not known to win before.
"""

from __future__ import annotations

import argparse
import time

import pandas as pd

from helpers.contract import load_case
from helpers.forecasting import Forecast, ForecastSettings, forecast_demand


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cases", nargs="+")
    parser.add_argument("--horizon", type=int, default=13)
    parser.add_argument("--season", type=int, default=52)
    parser.add_argument("--jobs", type=int, default=1)
    return parser.parse_args()


def summary_line(source: str, forecast: Forecast, seconds: float) -> dict[str, object]:
    ours = {kpi.name: kpi.value for kpi in forecast.kpis}
    naive = {f"naive {kpi.name}": kpi.value for kpi in forecast.baseline_kpis}
    series = forecast.forecast[["product_id", "site_id"]].drop_duplicates().shape[0]
    return {"case": source, "series": series, "seconds": round(seconds, 1), **ours, **naive}


def main() -> None:
    arguments = read_arguments()
    settings = ForecastSettings(
        horizon=arguments.horizon, season_length=arguments.season, n_jobs=arguments.jobs
    )
    lines, ladders = [], []
    for source in arguments.cases:
        case = load_case(source)
        begin = time.perf_counter()
        forecast = forecast_demand(case, settings)
        lines.append(summary_line(source, forecast, time.perf_counter() - begin))
        ladders.append(forecast.ladder.set_index("method")[["wape", "bias", "rmse"]])
    print(pd.DataFrame(lines).set_index("case").T.to_string(float_format="{:.3f}".format))
    print("\nEach method on the same held-out weeks, mean over the cases")
    mean = pd.concat(ladders).groupby(level=0).mean().sort_values("wape")
    print(mean.to_string(float_format="{:.4f}".format))


if __name__ == "__main__":
    main()
