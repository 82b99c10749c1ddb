"""Days of supply, inventory turns, GMROI and stock value, by the suite's definitions.

    days of supply  = Σ on_hand ÷ Σ mean forecast daily demand
    turns           = cost of goods sold in a year ÷ mean stock at cost
    GMROI           = gross margin of a year ÷ mean stock at cost
    stock at cost   = Σ on_hand · unit_cost per stock date, then the mean over the year's stock dates

Sold is what was not cancelled, open or owed (status `shipped`); cost is the product's unit cost of today.
The year is the last 364 days; a shorter history is scaled up to a year and says so. A pair without a row on
a stock date has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pandas as pd

from helpers.contract.case import Case
from helpers.contract.kpis import Kpi, ratio_kpi

PAIR = ["product_id", "site_id"]
YEAR_DAYS = 364
SOLD = """
SELECT o.product_id, o.site_id, sum(o.quantity * p.unit_cost) AS cost_of_goods,
       sum(o.quantity * (o.unit_price * (1 - coalesce(o.discount, 0)) - p.unit_cost)) AS margin
FROM orders o JOIN products p USING (product_id)
WHERE o.status = 'shipped' AND o.order_date > $1 AND o.order_date <= $2 GROUP BY ALL
"""
HELD = """
WITH year AS (SELECT * FROM stock WHERE date > $1 AND date <= $2)
SELECT s.product_id, s.site_id, sum(s.on_hand * p.unit_cost) / (SELECT count(DISTINCT date) FROM year) AS
mean_value,
       coalesce(sum(s.on_hand) FILTER (WHERE s.date = (SELECT max(date) FROM year)), 0) AS on_hand,
       coalesce(sum(s.on_hand * p.unit_cost) FILTER (WHERE s.date = (SELECT max(date) FROM year)), 0) AS
       stock_value
FROM year s JOIN products p USING (product_id) GROUP BY ALL
"""


@dataclass(frozen=True, eq=False)
class StockKpis:
    """Stock figures of a year.

    Parameters
    ----------
    table
        product_id, site_id, category, on_hand (units), stock_value, mean_value (money at cost),
        cost_of_goods, margin (money per year), daily_demand (units; NaN where no forecast was given).
    kpis
        days of supply, inventory turns and GMROI of all.
    window
        What was measured, in words.
    """

    table: pd.DataFrame
    kpis: tuple[Kpi, ...]
    window: str

    @property
    def stock_value(self) -> float:
        """Stock at cost on the last stock date, money."""
        return float(self.table["stock_value"].sum())

    def kpi(self, name: str) -> Kpi:
        """Return the KPI called `name`."""
        return next(kpi for kpi in self.kpis if kpi.name == name)

    def by(self, *columns: str) -> pd.DataFrame:
        """Return the figures and KPIs per product_id, site_id or category; sums over sums.

        Days of supply of a group cover its pairs with a forecast.
        """
        known = self.table["daily_demand"].notna()
        summed = (
            self.table.assign(covered=self.table["on_hand"].where(known, 0.0))
            .groupby(list(columns))
            .sum(numeric_only=True)
        )
        return (
            summed.assign(
                days_of_supply=summed["covered"] / summed["daily_demand"].where(summed["daily_demand"] > 0),
                turns=summed["cost_of_goods"] / summed["mean_value"].where(summed["mean_value"] > 0),
                gmroi=summed["margin"] / summed["mean_value"].where(summed["mean_value"] > 0),
            )
            .drop(columns="covered")
            .reset_index()
        )


def stock_kpis(case: Case, daily_demand: pd.DataFrame | None = None) -> StockKpis:
    """Measure stock against sales of the last year and demand of the weeks ahead.

    Parameters
    ----------
    case
        Uses stock, orders and products.
    daily_demand
        product_id, site_id, daily_demand (mean forecast, units per day); without it there are no days of
        supply.

    Examples
    --------
    >>> stock_kpis(case).kpi("inventory turns").value                    # doctest: +SKIP
    4.1
    """
    start = pd.Timestamp(case.as_of) - timedelta(days=YEAR_DAYS)
    days = min(YEAR_DAYS, (case.as_of - case.first_day).days + 1)
    sold = case.query(SOLD, [start.date(), case.as_of])
    sold[["cost_of_goods", "margin"]] *= YEAR_DAYS / days
    table = case.query(HELD, [start.date(), case.as_of]).merge(
        sold, on=PAIR, how="outer", validate="one_to_one"
    )
    if daily_demand is None:
        table["daily_demand"] = float("nan")
    else:
        table = table.merge(
            daily_demand[[*PAIR, "daily_demand"]], on=PAIR, how="outer", validate="one_to_one"
        )
    table = table.fillna(
        dict.fromkeys(["on_hand", "stock_value", "mean_value", "cost_of_goods", "margin"], 0.0)
    )
    named = case.query("SELECT product_id, category FROM products")
    table = table.merge(named, on="product_id", how="left", validate="many_to_one")
    table = table.sort_values(PAIR, ignore_index=True)
    window = f"{days} days up to {case.as_of}, {len(table)} product × site pairs"
    if days < YEAR_DAYS:
        window += "; scaled up to a year"
    return StockKpis(table, _kpis(table, window, case), window)


def _kpis(table: pd.DataFrame, window: str, case: Case) -> tuple[Kpi, ...]:
    known = table["daily_demand"].notna()
    mean_value = float(table["mean_value"].sum())
    covered = float(table.loc[known, "on_hand"].sum())
    ahead = f"stock of {case.as_of} against the forecast, {int(known.sum())} pairs"
    return (
        ratio_kpi("days of supply", covered, float(table["daily_demand"].sum()), ahead),
        ratio_kpi("inventory turns", float(table["cost_of_goods"].sum()), mean_value, window),
        ratio_kpi("GMROI", float(table["margin"].sum()), mean_value, window),
    )
