"""Percentage error of the boosted model on orange juice with known prices, beside the naive.

    uv run python benchmarks/orange_juice.py FILE [--rounds test|tuning] [--trees N] [--all]

FILE holds the weekly sales of the Dominick's orange juice data (R package bayesm) as parquet: store,
brand, week, logmove, price1..price11, deal, feat. Protocol of microsoft/forecasting (retail sales,
OrangeJuice_Pt_3Weeks_Weekly): twelve rounds, training ends in week 135, 137, ... 157, forecast are
the second and third week after it, with prices and promotions of those weeks known; MAPE over all
stores, brands and weeks that are recorded. The naive (last recorded week) is published as 109.67, and
has to come out the same here. `--rounds tuning` uses training ends 111 to 133: choose settings there.
`--all` also forecasts the mean, and forecasts without knowing prices and promotions.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.forecasting.classify import Floats
from helpers.forecasting.trees.boosted import BoostedSettings, forecast_boosted
from helpers.forecasting.trees.features import Ints, Panel

HORIZON = 3
LEADS = (2, 3)
ROUNDS = {"test": range(135, 159, 2), "tuning": range(111, 135, 2)}


@dataclass(frozen=True, eq=False)
class Sales:
    """Series × weeks of units, drivers of the same shape, and the groups of each series."""

    units: Floats
    drivers: Mapping[str, Floats]
    store: Ints
    brand: Ints
    first_week: int

    def panel(self, last_week: int, drivers: Mapping[str, Floats]) -> Panel:
        known = last_week - self.first_week + 1
        return Panel(
            demand=self.units[:, :known],
            known={name: grid[:, : known + HORIZON] for name, grid in drivers.items()},
            fixed={"brand": self.brand, "site": self.store},
            rivals=self.store,
        )

    def actual(self, last_week: int) -> Floats:
        first = last_week - self.first_week + LEADS[0]
        return self.units[:, first : first + len(LEADS)]


def read_sales(path: Path) -> Sales:
    table = pd.read_parquet(path).astype({"store": "int64", "brand": "int64", "week": "int64"})
    prices = table[[f"price{number}" for number in range(1, 12)]].to_numpy("float64")
    own = prices[np.arange(len(table)), table["brand"].to_numpy() - 1]
    table = table.assign(units=np.exp(table["logmove"]), price=np.log(own))
    wide = table.pivot_table(
        index=["store", "brand"], columns="week", values=["units", "price", "deal", "feat"], dropna=False
    )
    grids = {name: wide[name].to_numpy("float64") for name in ("units", "price", "deal", "feat")}
    units = grids.pop("units")
    store, brand = (wide.index.get_level_values(name) for name in ("store", "brand"))
    codes = [np.unique(labels, return_inverse=True)[1] for labels in (store, brand)]
    return Sales(units, grids, codes[0], codes[1], int(wide["units"].columns.min()))


def percentage_errors(forecast: Floats, actual: Floats) -> Floats:
    seen = np.isfinite(forecast) & np.isfinite(actual)
    return 100 * np.abs(forecast[seen] - actual[seen]) / actual[seen]


def naive(sales: Sales, last_week: int) -> Floats:
    last = pd.DataFrame(sales.units[:, : last_week - sales.first_week + 1]).ffill(axis=1).to_numpy()[:, -1]
    return np.repeat(last[:, None], len(LEADS), axis=1)


def run_round(
    sales: Sales, last_week: int, settings: BoostedSettings, *, every_way: bool
) -> dict[str, Floats]:
    """Percentage errors of each way to forecast one round."""
    ways = {
        "naive": naive(sales, last_week),
        "boosted, least percentage error": _boosted(sales, last_week, sales.drivers, settings),
    }
    if every_way:
        plain = replace(settings, target="mean")
        ways["boosted, mean"] = _boosted(sales, last_week, sales.drivers, plain)
        ways["boosted, prices and promotions not known"] = _boosted(sales, last_week, {}, settings)
    actual = sales.actual(last_week)
    return {name: percentage_errors(values, actual) for name, values in ways.items()}


def _boosted(
    sales: Sales, last_week: int, drivers: Mapping[str, Floats], settings: BoostedSettings
) -> Floats:
    found = forecast_boosted(sales.panel(last_week, drivers), HORIZON, settings)
    return found.point[:, LEADS[0] - 1 :]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--rounds", choices=list(ROUNDS), default="test")
    parser.add_argument("--trees", type=int, default=BoostedSettings.trees)
    parser.add_argument("--all", action="store_true")
    arguments = parser.parse_args()
    sales = read_sales(arguments.file)
    settings = BoostedSettings(target="relative", leads=LEADS, trees=arguments.trees)
    begin = time.process_time()
    rounds = [
        run_round(sales, last_week, settings, every_way=arguments.all)
        for last_week in ROUNDS[arguments.rounds]
    ]
    table = {name: np.concatenate([found[name] for found in rounds]) for name in rounds[0]}
    for name, errors in table.items():
        print(f"{name:45s} MAPE {errors.mean():7.2f}   forecasts {len(errors):,}")
    print(f"{time.process_time() - begin:.0f} s of one processor for {len(rounds)} rounds")


if __name__ == "__main__":
    main()
