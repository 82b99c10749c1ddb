"""The forecast of sample cases beside what was truly wanted in the weeks after their last one.

    uv run python benchmarks/sample_ahead.py [--seeds 1 2 3 4 5]

The generator keeps the true mean demand and one draw of it for the weeks ahead (`demand_ahead`), approved
promotions, launches and ends included. Bias is against the mean, coverage of the 90 % interval against the
draw. Weeks and series without a forecast count as a forecast of nothing. Planners' overrides are taken out.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import pandas as pd

from helpers.contract.load import case_from_tables
from helpers.contract.sample import make_sample
from helpers.forecasting import ForecastSettings, forecast_demand

KEYS = ["product_id", "site_id", "week"]


def judge(seed: int) -> pd.DataFrame:
    """Return one row per product, site and week ahead: truth, forecast, whether inside."""
    sample = make_sample(seed)
    tables = {name: table for name, table in sample.tables.items() if name != "overrides"}
    begin = time.process_time()
    forecast = forecast_demand(case_from_tables(tables), ForecastSettings()).forecast
    seconds = time.process_time() - begin
    truth = sample.truth["demand_ahead"]
    truth = truth.assign(week=truth["week"].astype("datetime64[ns]"))
    truth = truth[truth["week"] <= forecast["week"].max()]
    columns = [*KEYS, "mean", "low", "high", "demand_class", "method"]
    rows = truth.merge(forecast[columns], on=KEYS, how="left", validate="one_to_one")
    rows = rows.assign(demand_class=rows["demand_class"].fillna("none"), mean=rows["mean"].fillna(0.0))
    inside = (rows["demand_units"] >= rows["low"]) & (rows["demand_units"] <= rows["high"])
    judged: pd.DataFrame = rows.assign(
        seed=seed, inside=inside, has_forecast=rows["low"].notna(), seconds=seconds
    )
    return judged


def summary(rows: pd.DataFrame) -> pd.Series:
    """Return bias, WAPE against the true mean, coverage, units."""
    wanted = rows["demand_mean"].sum()
    return pd.Series(
        {
            "bias": rows["mean"].sum() / wanted - 1,
            "wape of the mean": (rows["mean"] - rows["demand_mean"]).abs().sum() / wanted,
            "wape of the draw": (rows["mean"] - rows["demand_units"]).abs().sum()
            / rows["demand_units"].sum(),
            "best possible": (rows["demand_mean"] - rows["demand_units"]).abs().sum()
            / rows["demand_units"].sum(),
            "coverage": rows.loc[rows["has_forecast"], "inside"].mean(),
            "cells": float(len(rows)),
        }
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    rows = pd.concat([judge(seed) for seed in parser.parse_args().seeds])
    print(rows.groupby("seed")[rows.columns.tolist()].apply(summary).round(4).to_string())
    print(rows.groupby("seed")["seconds"].first().round(1).to_string())
    by_class = rows.groupby(["seed", "demand_class"])[rows.columns.tolist()].apply(summary)
    coverage = by_class.reset_index().pivot_table("coverage", "seed", "demand_class")
    print(coverage.round(3).to_string())
    print(rows.groupby("demand_class")[rows.columns.tolist()].apply(summary).round(4).to_string())
    new = np.where(rows["method"] == "launch", "launch", "other")
    print(rows.groupby(new)[rows.columns.tolist()].apply(summary).round(4).to_string())


if __name__ == "__main__":
    main()
