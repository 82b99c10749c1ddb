"""Small companies to forecast for: one table of orders, and what follows from it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from helpers.forecasting import ForecastSettings

FIRST_MONDAY = date(2024, 1, 1)
QUICK = ForecastSettings(horizon=6, season_length=26, bootstrap=50, new_weeks=13)


class TinyCase:
    """A case by shape only: tables in memory, SQL over them."""

    def __init__(self, tables: dict[str, pd.DataFrame], as_of: date | None = None) -> None:
        self.tables = tables
        self.as_of = as_of or tables["orders"]["order_date"].max().date()
        # The shop is open on every weekday, though it sells on Wednesdays.
        first: date = tables["orders"]["order_date"].min().date()
        self.first_day = first - timedelta(days=first.weekday())

    def has(self, name: str) -> bool:
        return name in self.tables

    def table(self, name: str) -> pd.DataFrame:
        return self.tables[name]

    def query(self, sql: str) -> pd.DataFrame:
        with duckdb.connect() as connection:
            for name, frame in self.tables.items():
                connection.register(name, frame)
            return connection.execute(sql).df()

    def replace(self, as_of: date | None = None, **tables: pd.DataFrame) -> TinyCase:
        return TinyCase({**self.tables, **tables}, as_of or self.as_of)


def order_lines(series: dict[tuple[str, str], Any], first: date = FIRST_MONDAY) -> pd.DataFrame:
    """One line per product × site × week with demand, on the Wednesday."""
    rows = [
        (product, site, pd.Timestamp(first + timedelta(days=7 * week + 2)), float(units))
        for (product, site), demand in series.items()
        for week, units in enumerate(demand)
        if units > 0
    ]
    frame = pd.DataFrame(rows, columns=["product_id", "site_id", "order_date", "quantity"])
    return frame.assign(
        order_id=[f"O{i}" for i in range(len(frame))],
        line=1,
        status="shipped",
        order_type="stock",
        unit_price=1.0,
    )


def last_sunday(weeks: int) -> date:
    return FIRST_MONDAY + timedelta(days=7 * weeks - 1)


def shop(weeks: int = 120, seed: int = 0) -> TinyCase:
    """Twelve products at two sites: smooth with a season, erratic, intermittent and lumpy."""
    rng = np.random.default_rng(seed)
    week = np.arange(weeks)
    season = 1 + 0.5 * np.sin(2 * np.pi * week / 26)
    series = {}
    for number in range(12):
        for site, size in (("A", 1.0), ("B", 0.5)):
            mean = size * np.array([20, 8, 0.4, 0.5])[number % 4] * season
            shape = np.array([20, 1, 5, 0.3])[number % 4]
            series[f"P{number:02d}", site] = rng.negative_binomial(shape, shape / (shape + mean))
    products = pd.DataFrame(
        {
            "product_id": [f"P{number:02d}" for number in range(12)],
            "name": [f"Product {number}" for number in range(12)],
            "category": [f"C{number % 3}" for number in range(12)],
            "unit_cost": np.linspace(1.0, 12.0, 12),
        }
    )
    return TinyCase({"orders": order_lines(series), "products": products}, last_sunday(weeks))
