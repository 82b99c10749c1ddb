"""Customers who buy and leave as the models say, and a shop that can be added up by hand."""

from __future__ import annotations

import datetime as dt
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.contract import Case
from helpers.contract.load import case_from_tables

type Floats = npt.NDArray[np.float64]

UNTIL = dt.date(2026, 6, 30)


def buyers(number: int, seed: int = 0, *, first_chance: bool = False) -> tuple[Floats, Floats, Floats]:
    """Frequency, recency and age of customers drawn one purchase at a time: slow and obvious."""
    rng = np.random.default_rng(seed)
    x, last, age = np.zeros(number), np.zeros(number), rng.uniform(20, 60, number)
    rate, leaving = rng.gamma(0.8, 1 / 6.0, number), rng.beta(0.8, 2.5, number)
    for place in range(number):
        now, alive = 0.0, not (first_chance and rng.random() < leaving[place])
        while alive:
            now += rng.exponential(1 / rate[place])
            if now > age[place]:
                break
            x[place], last[place] = x[place] + 1, now
            alive = rng.random() >= leaving[place]
    return x, last, age


@cache
def shop_tables(customers: int = 120, seed: int = 0) -> dict[str, pd.DataFrame]:
    """A shop with buyers of many kinds over two years."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(customers):
        rate, leaves, pays = rng.gamma(1.0, 1 / 25), rng.exponential(500), rng.gamma(4, 10)
        day = float(rng.integers(0, 600))
        end = min(730.0, day + leaves)
        while day < end:
            rows.append((f"C{number:03d}", int(day), 1 + rng.poisson(pays / 20)))
            day += rng.exponential(1 / rate) + 1
    first = np.datetime64(UNTIL) - np.timedelta64(730, "D")
    who, when, units = (np.array(column) for column in zip(*rows, strict=True))
    orders = pd.DataFrame(
        {
            "order_id": [f"O{place:05d}" for place in range(len(rows))],
            "line": 1,
            "order_date": first + when.astype("timedelta64[D]"),
            "customer_id": who,
            "site_id": "S1",
            "product_id": "P1",
            "quantity": units.astype(float),
            "unit_price": 10.0,
            "status": "shipped",
        }
    )
    products = {
        "product_id": "P1",
        "name": "Screw",
        "category": "Tools",
        "unit_cost": 6.0,
        "list_price": 10.0,
    }
    return {
        "products": pd.DataFrame([products]),
        "sites": pd.DataFrame([{"site_id": "S1", "name": "Shop", "kind": "store"}]),
        "customers": pd.DataFrame({"customer_id": [f"C{number:03d}" for number in range(customers)]}),
        "orders": orders,
    }


def case_of(tables: dict[str, pd.DataFrame]) -> Case:
    return case_from_tables(tables)


@cache
def shop() -> Case:
    return case_of(shop_tables())
