"""What a simulation found: service, stock and money per series, per group and in total, with intervals.

From sums over the weeks counted (per series and path, or over the series of a group and path):

    fill_rate            1 − short ÷ demand                       1 where nothing was wanted
    cycle_service_level  1 − short cycles ÷ cycles
    weeks_in_stock       1 − short weeks ÷ weeks
    stock_units          mean over the weeks of the stock at their ends; `stock_through_week` of the mean
                         of start (after receipts) and end, to be laid beside `expected_on_hand`
    stock_value          c · stock_units
    holding_cost         h · stock at the ends of weeks, summed;   ordering_cost  K · orders
    stockout_cost        p · short units;                          cost           their sum

and where series supply series:

    shipped_units        units sent to the series below
    unshipped_units      units that those below asked for and that were not there (asked again: counted again)
    in_transit_units     mean over the weeks of what is on the road to a series from its source; it is in
                         stock_units, stock_through_week, stock_value and holding_cost of that series

A figure is taken from the sums over all paths (so a rate is a ratio of means); `_low` and `_high` are the
quantiles of the same figure taken path by path: what one future may bring. `standard_error` says how well the
mean over the paths is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.errors import ParameterError
from helpers.inventory.arguments import Floats
from helpers.inventory.simulation.case import CaseArrays

QUANTITIES = (
    "demand", "short", "lost", "orders", "ordered_units", "stock_units", "stock_at_start", "weeks_short",
    "cycles", "cycles_short", "weeks",
)  # fmt: skip
MONEY = ("stock_value", "holding_cost", "ordering_cost", "stockout_cost")
WEEKLY = ("demand", "short", "lost", "ordered_units", "received_units", "stock_units")
BETWEEN_SITES = ("shipped_units", "unshipped_units", "in_transit_units")


@dataclass(frozen=True, eq=False)
class Simulation:
    """What a rule achieved; money columns only where the case has costs.

    Parameters
    ----------
    series
        One row per series: the keys; each measure, with `_low` and `_high`.
    groups
        One row per group (one row if none was asked for): the same.
    total
        One row per measure: `measure, value, low, high, standard_error`.
    paths
        One row per path: each measure over all series. Paths of two rules with the same seed are pairs.
    weeks
        One row per week, the warm-up as well: units over all series, mean over the paths.
    group
        Column of the keys that `groups` is by; None = all in one.
    """

    series: pd.DataFrame
    groups: pd.DataFrame
    total: pd.DataFrame
    paths: pd.DataFrame
    weeks: pd.DataFrame
    group: str | None

    def value(self, measure: str) -> float:
        """Return a measure over all series and paths."""
        found = self.total.loc[self.total["measure"] == measure, "value"]
        if found.empty:
            raise ParameterError(
                f"Simulation: there is no measure {measure!r}. Give one of {self.total['measure'].tolist()}; "
                "measures in money need 'costs' in the case."
            )
        return float(found.iloc[0])

    def summary(self) -> str:
        """One sentence."""
        service = self.total.set_index("measure").loc["fill_rate"]
        return (
            f"{len(self.series):,} series over {len(self.paths):,} paths: {service['value']:.1%} of the "
            f"units served at once ({service['low']:.1%} to {service['high']:.1%}), "
            f"{self.value('stock_units'):,.0f} units in stock."
        )


def measures(sums: Mapping[str, Floats]) -> dict[str, Floats]:
    """Return the measures of the module docstring from sums of any shape."""
    wanted = np.where(sums["demand"] > 0, sums["demand"], 1.0)
    found = {
        "fill_rate": np.asarray(1 - sums["short"] / wanted),
        "cycle_service_level": np.asarray(1 - sums["cycles_short"] / sums["cycles"]),
        "weeks_in_stock": np.asarray(1 - sums["weeks_short"] / sums["weeks"]),
        "demand": sums["demand"],
        "short_units": sums["short"],
        "lost_units": sums["lost"],
        "orders": sums["orders"],
        "ordered_units": sums["ordered_units"],
        "stock_units": sums["stock_units"],
        "stock_through_week": np.asarray((sums["stock_at_start"] + sums["stock_units"]) / 2),
    }
    found |= {name: sums[name] for name in BETWEEN_SITES if name in sums}
    if "stock_value" in sums:
        found |= {name: sums[name] for name in MONEY}
        found["cost"] = sums["holding_cost"] + sums["ordering_cost"] + sums["stockout_cost"]
    return found


def in_money(sums: Mapping[str, Floats], costs: Mapping[str, Floats]) -> dict[str, Floats]:
    """Return stock value and costs from the sums of a chunk, series × paths; nothing without costs."""
    if not costs:
        return {}
    unit, holding, fixed, short = (
        costs[name][:, None] for name in ("unit_cost", "holding_cost", "fixed_cost", "stockout_cost")
    )
    return {
        "stock_value": unit * sums["stock_units"],
        "holding_cost": holding * sums["stock_units"] * sums["weeks"],
        "ordering_cost": fixed * sums["orders"],
        "stockout_cost": short * sums["short"],
    }


class Tally:
    """Adds up chunk by chunk, so that no array of series × paths outlives its chunk."""

    def __init__(self, keys: pd.DataFrame, group: str | None, arrays: CaseArrays, interval: float) -> None:
        _, paths, weeks = arrays.shape
        self.keys, self.group, self.interval = keys.reset_index(drop=True), group, interval
        self.costs = arrays.costs
        self.codes = group_codes(keys, group)
        first = np.unique(self.codes, return_index=True)[1]
        self.names = ["all"] if group is None else self.keys[group].iloc[first].tolist()
        names = (*quantities_of(arrays), *(MONEY if arrays.costs else ()))
        self.sums = {name: np.zeros((len(self.names), paths)) for name in names}
        self.weekly = {name: np.zeros(weeks) for name in weekly_of(arrays)}
        self.parts: list[pd.DataFrame] = []
        self.rows: list[NDArray[np.int64]] = []

    def add(self, chosen: NDArray[np.int64], sums: dict[str, Floats], weekly: dict[str, Floats]) -> None:
        """Add a chunk: its sums, series × paths, and its weeks, weeks × series."""
        sums = sums | in_money(sums, {name: cost[chosen] for name, cost in self.costs.items()})
        self.parts.append(with_interval(sums, self.interval))
        self.rows.append(chosen)
        # A small matrix product adds the series of each group.
        belongs = (self.codes[chosen] == np.arange(len(self.names))[:, None]).astype("float64")
        for name, value in sums.items():
            self.sums[name] += belongs @ value
        for name, value in weekly.items():
            self.weekly[name] += value.sum(axis=1)

    def read(self) -> Simulation:
        """Return the tables."""
        groups = with_interval(self.sums, self.interval)
        groups.insert(0, self.group or "group", self.names)
        everything = {name: value.sum(axis=0, keepdims=True) for name, value in self.sums.items()}
        by_path = pd.DataFrame({name: value[0] for name, value in measures(everything).items()})
        found = pd.concat(self.parts, ignore_index=True)
        in_order = found.iloc[np.argsort(np.concatenate(self.rows))].reset_index(drop=True)
        return Simulation(
            series=pd.concat([self.keys, in_order], axis=1),
            groups=groups,
            total=_long(with_interval(everything, self.interval), by_path),
            paths=by_path.rename_axis("path").reset_index(),
            weeks=pd.DataFrame(self.weekly).rename_axis("week").reset_index(),
            group=self.group,
        )


def quantities_of(arrays: CaseArrays) -> tuple[str, ...]:
    """Return the names of what is summed per series and path."""
    return QUANTITIES if arrays.source is None else (*QUANTITIES, *BETWEEN_SITES)


def weekly_of(arrays: CaseArrays) -> tuple[str, ...]:
    """Return the names of what is told week by week."""
    return WEEKLY if arrays.source is None else (*WEEKLY, *BETWEEN_SITES)


def group_codes(table: pd.DataFrame, group: str | None) -> NDArray[np.intp]:
    """Return the number of each row's group, counted by first appearance; empty is a group of its own."""
    if group is None:
        return np.zeros(len(table), dtype="intp")
    return pd.factorize(table[group].astype("object"), use_na_sentinel=False)[0]


def with_interval(sums: Mapping[str, Floats], interval: float) -> pd.DataFrame:
    """Return one row per row of the sums: each measure over all paths, and its quantiles over the paths."""
    ends = [(1 - interval) / 2, (1 + interval) / 2]
    overall = measures({name: value.mean(axis=1) for name, value in sums.items()})
    columns: dict[str, Floats] = {}
    for name, by_path in measures(sums).items():
        low, high = np.quantile(by_path, ends, axis=1)
        columns |= {name: overall[name], f"{name}_low": low, f"{name}_high": high}
    return pd.DataFrame(columns)


def _long(wide: pd.DataFrame, by_path: pd.DataFrame) -> pd.DataFrame:
    row, names, paths = wide.iloc[0], list(by_path.columns), len(by_path)
    spread = by_path.std(ddof=1) / np.sqrt(paths) if paths > 1 else by_path.iloc[0] * np.nan
    return pd.DataFrame(
        {
            "measure": names,
            "value": row[names].to_numpy(),
            "low": row[[f"{name}_low" for name in names]].to_numpy(),
            "high": row[[f"{name}_high" for name in names]].to_numpy(),
            "standard_error": spread.to_numpy(),
        }
    )
