"""History repair and promotion effects against the hidden truth of sample cases, several seeds.

    uv run python benchmarks/sample_truth.py [--seeds 0 1 2 3 4] [--size default] [--harsh] [--season-only]

`--harsh` lets the incumbent hold less safety stock and more of what runs short be lost. Printed per seed:
bias of demand as recorded, from in-stock weeks only, and repaired (overall, warehouses and stores, by
demand class, in marked weeks); share of the lost units inside the weeks repaired; promotion effects
against their truth beside the naive ratio to the week before; and WAPE and bias of one simple forecast
against the truth and against each choice of actuals.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from helpers.contract.load import case_from_tables
from helpers.contract.sample import make_sample, replenishment, supply
from helpers.forecasting.classify import Floats, demand_classes
from helpers.forecasting.demand.drivers import Drivers, read_drivers
from helpers.forecasting.demand.history import History, read_history
from helpers.forecasting.demand.promotions import estimate_effects
from helpers.forecasting.demand.repair import RepairedHistory, repair_in_passes
from helpers.forecasting.demand.season import yearly_profiles
from helpers.forecasting.demand.supply import to_grid
from helpers.forecasting.settings import ForecastSettings

HORIZON = 13
SETTINGS = ForecastSettings()


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument("--size", default="default")
    parser.add_argument("--harsh", action="store_true")
    parser.add_argument("--season-only", action="store_true")
    return parser.parse_args()


def make_harsh() -> None:
    """Less safety stock, and shortages that are mostly lost."""
    replenishment.SAFETY_WEEKS = (2.2, 1.2)
    supply.LOST_CHANCE = np.array([0.92, 0.8, 0.6])


def shape_of(history: History, drivers: Drivers | None) -> Floats:
    """Season, and promotions where drivers are given (season learned again without them)."""
    season = yearly_profiles(history, HORIZON, 52)
    if drivers is None:
        return season
    known = drivers.until(history.length, HORIZON)
    factor = estimate_effects(history, known, season).factor
    without = replace(history, demand=history.demand / factor[:, : history.length])
    season = yearly_profiles(without, HORIZON, 52)
    return season * estimate_effects(history, known, season).factor


def bias(units: Floats, wanted: Floats, where: Any) -> float:
    return float(units[where].sum() / wanted[where].sum() - 1)


def repair_line(history: History, repaired: RepairedHistory, wanted: Floats) -> dict[str, float]:
    alive = np.isfinite(history.demand)
    recorded, units = np.nan_to_num(history.demand), np.nan_to_num(repaired.history.demand)
    totals = repaired.total.set_index("estimate")[["units", "low", "high"]].to_numpy("float64")
    lost = np.where(alive, wanted - recorded, 0.0)
    warehouse = history.keys["site_id"].str.startswith("DC").to_numpy()[:, None]
    classes = demand_classes(wanted * np.where(alive, 1, np.nan), SETTINGS.new_weeks)
    whole = float(wanted[alive].sum())
    line = {
        "recorded": bias(recorded, wanted, alive),
        "in stock only": float(totals[1, 0]) / whole - 1,
        "repaired": bias(units, wanted, alive),
        "interval low": float(totals[2, 1]) / whole - 1,
        "interval high": float(totals[2, 2]) / whole - 1,
        "warehouses": bias(units, wanted, alive & warehouse),
        "stores": bias(units, wanted, alive & ~warehouse),
        "marked recorded": bias(recorded, wanted, history.stockout),
        "marked repaired": bias(units, wanted, history.stockout),
        "lost in marked": float(lost[history.stockout].sum() / lost.sum()),
        "lost in repaired": float(lost[repaired.repaired].sum() / lost.sum()),
        "weeks repaired": float(repaired.repaired[alive].mean()),
    }
    for name in ("smooth", "erratic", "intermittent", "lumpy"):
        line[name] = bias(units, wanted, alive & (classes == name)[:, None])
    return line


def promotion_line(
    history: History, drivers: Drivers, shape: Floats, truth: pd.DataFrame
) -> dict[str, float]:
    effects = estimate_effects(history, drivers, shape)
    table = effects.table.merge(
        truth.drop(columns=["product_id", "start"]), on="promotion_id", suffixes=("", "_true")
    )
    past, ahead = table[table["cells"] > 0], table[table["applied_ahead"]]
    naive = naive_lift(history, drivers)[effects.table["cells"].to_numpy() > 0]
    error = np.log(past["lift"] / past["lift_true"])
    naive_error = np.log(naive / past["lift_true"].to_numpy())
    line = {
        "log lift bias": float(error.mean()),
        "log lift rmse": float(np.sqrt((error**2).mean())),
        "naive rmse": float(np.sqrt(np.nanmean(naive_error**2))),
        "ahead rmse": float(np.sqrt((np.log(ahead["lift"] / ahead["lift_true"]) ** 2).mean())),
        "dip bias": float((past["dip"] - past["dip_true"]).mean()),
        "cannibalisation bias": float((past["cannibalisation"] - past["cannibalisation_true"]).mean()),
    }
    for name in ("lift", "dip", "cannibalisation"):
        inside = past[f"{name}_true"].between(past[f"{name}_low"], past[f"{name}_high"])
        line[f"{name} coverage"] = float(inside.mean())
    return line


def naive_lift(history: History, drivers: Drivers) -> Floats:
    """First promoted week ÷ the week before, summed over the series; half a unit against zeros."""
    running = drivers.promotion[:, : history.length]
    ratios = np.full(len(drivers.promotions), np.nan)
    demand = np.nan_to_num(history.demand)
    for number in range(len(ratios)):
        series, week = np.nonzero(running == number)
        if len(week) and week.min() > 0:
            rows = series[week == week.min()]
            before, during = demand[rows, week.min() - 1].sum(), demand[rows, week.min()].sum()
            ratios[number] = (during + 0.5) / (before + 0.5)
    return ratios


def scoring_line(repaired: RepairedHistory, history: History, wanted: Floats) -> dict[str, float]:
    """One simple forecast of the last quarter, scored against the truth and each choice of actuals."""
    origin = history.length - HORIZON
    known = repaired.history.until(origin)
    season = yearly_profiles(known, HORIZON, 52)
    level = np.nanmean((known.demand / season[:, :origin])[:, -26:], axis=1)
    forecast = level[:, None] * season[:, origin:]
    alive = np.isfinite(history.demand[:, origin:]) & np.isfinite(forecast)
    unmarked = alive & ~history.stockout[:, origin:]
    choices = {
        "truth": (wanted[:, origin:], alive),
        "recorded": (history.demand[:, origin:], alive),
        "unmarked": (history.demand[:, origin:], unmarked),
        "repaired": (repaired.history.demand[:, origin:], alive),
    }
    line = {}
    for name, (actual, where) in choices.items():
        line[f"WAPE {name}"] = float(np.abs(forecast - actual)[where].sum() / actual[where].sum())
        line[f"bias {name}"] = bias(forecast, actual, where)
    return line


def measure(seed: int, size: str, season_only: bool) -> dict[str, float]:
    sample = make_sample(seed, size)
    dirt = sample.truth["dirt"].groupby("table")["row"].agg(list).to_dict()
    clean = {name: frame.drop(index=dirt.get(name, [])) for name, frame in sample.tables.items()}
    case = case_from_tables(clean, f"sample {seed}")
    history = read_history(case, SETTINGS)
    drivers = read_drivers(case, history, HORIZON)
    truth = sample.truth["demand"]
    truth = truth.assign(units=truth["demand_units"] + truth["campaign_units"])
    wanted = to_grid(truth, "units", history.keys, history.weeks)
    begin = time.perf_counter()
    used = None if season_only else drivers
    repaired = repair_in_passes(history, lambda part: shape_of(part, used))
    seconds = time.perf_counter() - begin
    season = yearly_profiles(repaired.history, HORIZON, 52)
    return {
        "series": len(history.keys),
        "one-off lines apart": len(history.outliers),
        "seconds": seconds,
        **repair_line(history, repaired, wanted),
        **promotion_line(repaired.history, drivers, season, sample.truth["lift"]),
        **scoring_line(repaired, history, wanted),
    }


def main() -> None:
    arguments = read_arguments()
    if arguments.harsh:
        make_harsh()
    lines = {seed: measure(seed, arguments.size, arguments.season_only) for seed in arguments.seeds}
    table = pd.DataFrame(lines)
    print(table.assign(mean=table.mean(axis=1)).to_string(float_format="{:.3f}".format))


if __name__ == "__main__":
    main()
