"""The tiny sample with a forecast that is given, not made: one plan of stock for all tests of a worker."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache, cached_property
from unittest.mock import patch

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import helpers.inventory.plan as plan_module
from helpers.contract.case import Case
from helpers.contract.load import case_from_tables
from helpers.contract.sample import make_sample
from helpers.inventory import InventoryPlan, InventorySettings, plan_inventory
from helpers.inventory.comparison import Gain

QUICK = InventorySettings(horizon=5, paths=40, gap=0.02)
FUTURES = 60
GROWTH = 2.0  # demand doubles, and stock is short: there is something to order
KEPT = 0.4  # share of the stock of warehouses that is left
SURPLUS = ("P004", "S01", 60.0)  # what one store has too much of
WEEKLY = """
SELECT product_id, site_id, date_trunc('week', order_date) AS week, sum(quantity)::DOUBLE AS demand
FROM orders WHERE status <> 'cancelled' AND order_date <= $1 GROUP BY ALL ORDER BY ALL
"""


@dataclass(frozen=True)
class GivenForecast:
    """Poisson demand around the weekly mean of what was ordered up to a day."""

    case: Case
    last_day: date
    weeks: int = 6

    @cached_property
    def history(self) -> pd.DataFrame:
        return self.case.query(WEEKLY, [self.last_day])

    @cached_property
    def series(self) -> pd.DataFrame:
        whole = self.history["week"].nunique()
        total: pd.DataFrame = self.history.groupby(["product_id", "site_id"])["demand"].sum().reset_index()
        return total.assign(mean=GROWTH * total["demand"] / whole)

    @property
    def first_week(self) -> date:
        return self.last_day + timedelta(days=1)

    def paths(self, count: int, seed: int = 0, rows: Sequence[int] | None = None) -> NDArray[np.float64]:
        """All series are drawn, so that a series has the same paths whichever rows are asked for."""
        means = self.series["mean"].to_numpy()[:, None, None]
        drawn = np.random.default_rng(seed).poisson(means, (len(means), count, self.weeks)).astype("float64")
        return drawn if rows is None else drawn[list(rows)]


@cache
def sample_tables() -> dict[str, pd.DataFrame]:
    """Return the sample after a raid: little in the warehouse, too much of one product in a store."""
    tables = dict(make_sample(size="tiny").tables)
    stock = tables["stock"]
    product, site, more = SURPLUS
    held = stock["site_id"].str.startswith("DC")
    surplus = (stock["product_id"] == product) & (stock["site_id"] == site)
    on_hand = (stock["on_hand"] * KEPT).round().where(held, stock["on_hand"]) + more * surplus
    return {**tables, "stock": stock.assign(on_hand=on_hand)}


@cache
def case() -> Case:
    return case_from_tables(sample_tables())


@cache
def forecast() -> GivenForecast:
    return GivenForecast(case(), case().as_of)


@cache
def earlier() -> GivenForecast:
    return GivenForecast(case(), case().as_of - timedelta(weeks=6))


def quick_plan(
    of: Case,
    settings: InventorySettings = QUICK,
    *,
    ahead: GivenForecast,
    before: GivenForecast | None = None,
) -> InventoryPlan:
    """Plan with few futures in the comparison: what it measures is coarse, how it is made is not."""
    with patch.object(plan_module, "FUTURES", FUTURES):
        return plan_inventory(of, settings, ahead, before)


@cache
def plan() -> InventoryPlan:
    """Return the plan that all tests look at, its replay of the last six weeks included."""
    return quick_plan(case(), ahead=forecast(), before=earlier())


@cache
def idle_plan() -> InventoryPlan:
    """Return the plan of a shop with nothing to order, no limits, nobody late, and rules that never meet."""
    found = plan()
    apart = Gain(math.nan, math.nan, math.nan, math.nan)
    suppliers = found.outlook.measured.suppliers
    punctual = suppliers.assign(mean_days=suppliers["promised_days"], has_drifted=False)
    return replace(
        found,
        orders=replace(found.orders, orders=found.orders.orders[:0], limits=found.orders.limits[:0]),
        ranked=replace(found.ranked, table=found.ranked.table[:0]),
        outlook=replace(found.outlook, measured=replace(found.outlook.measured, suppliers=punctual)),
        futures=replace(found.futures, stock=apart, lost=apart, frontier=found.futures.frontier[:0]),
        echelons=None,
        replay=None,
    )
