"""A shop with three planned campaigns and customers drawn from a seed; its cases answer from memory."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from helpers.contract import Case
from helpers.contract.schema import contract

LAST_DAY = dt.date(2026, 3, 1)


@dataclass(frozen=True)
class ShopCase(Case):
    """A case whose tables are given frames, with the columns of the contract."""

    frames: dict[str, pd.DataFrame] = field(kw_only=True)
    made: dict[str, pd.DataFrame] = field(kw_only=True, default_factory=dict)

    def table(self, name: str) -> pd.DataFrame:
        if name not in self.made:
            given = self.frames.get(name, pd.DataFrame())
            columns = contract()[name].columns
            table = {one.name: _column(given, one.name, one.type) for one in columns}
            self.made[name] = pd.DataFrame(table, index=range(len(given)))
        return self.made[name].copy()

    def query(self, sql: str, parameters: list[Any] | dict[str, Any] | None = None) -> pd.DataFrame:
        with duckdb.connect(":memory:", config={"threads": 1}) as database:
            for name in ("stock", "products"):
                database.register(name, self.table(name))
            return database.execute(sql, parameters or []).df()

    def has(self, *tables: str) -> bool:
        return all(len(self.frames.get(name, ())) for name in tables)

    def with_tables(self, **tables: pd.DataFrame) -> ShopCase:
        return replace(self, frames={**self.frames, **tables}, made={})


def _column(given: pd.DataFrame, name: str, kind: str) -> pd.Series[Any]:
    values = given[name] if name in given else pd.Series(None, index=range(len(given)), dtype=object)
    if kind == "date":
        return pd.to_datetime(values).astype("datetime64[ns]")
    if kind == "boolean":
        return values.eq(True).astype(bool)
    if kind in {"number", "integer"}:
        return values.astype("float64")
    cells = [cell if known else None for cell, known in zip(values, values.notna(), strict=True)]
    return pd.Series(cells, index=values.index, dtype=object)


def campaigns() -> pd.DataFrame:
    """Two planned e-mails in overlapping windows, a call ten days later, one campaign of the past."""
    return pd.DataFrame(
        {
            "campaign_id": ["P1", "K1", "K2", "K3"],
            "name": ["Past", "Tools", "Paint", "Calls"],
            "channel": ["email", "email", "email", "phone"],
            "start": ["2026-02-02", "2026-03-02", "2026-03-05", "2026-03-15"],
            "end": ["2026-02-15", "2026-03-08", "2026-03-12", "2026-03-22"],
            "cost_per_contact": [0.1, 0.1, 0.1, 2.0],
            "offer_product_id": [None, "SAW", None, None],
            "offer_category": [None, None, "Paint", "Tools"],
            "status": ["past", "planned", "planned", "planned"],
        }
    )


def shop(customers: int = 60, seed: int = 0, **tables: pd.DataFrame) -> ShopCase:
    """Return a case with random consents, addresses, suppressions and past contacts."""
    rng = np.random.default_rng(seed)
    ids = [f"C{k:04d}" for k in range(customers)]
    people = pd.DataFrame(
        {
            "customer_id": ids,
            "name": [f"Person {k}" for k in range(customers)],
            "segment": rng.choice(["home", "trade"], customers),
            "channel": rng.choice(["web", "counter"], customers),
            "consent_email": rng.random(customers) < 0.8,
            "consent_phone": rng.random(customers) < 0.6,
            "consent_visit": rng.random(customers) < 0.3,
            "email": [f"{k}@example.com" if rng.random() < 0.9 else None for k in ids],
            "phone": [f"+49 30 23125 {k}" if rng.random() < 0.9 else None for k in ids],
        }
    )
    shut = rng.random(customers) < 0.1
    suppressions = pd.DataFrame(
        {
            "customer_id": np.array(ids, dtype=object)[shut],
            "channel": rng.choice(np.array([None, "email", "phone"], dtype=object), int(shut.sum())),
            "start": "2026-01-01",
            "reason": "objection",
        }
    )
    met = rng.random(customers) < 0.3
    contacts = pd.DataFrame(
        {
            "campaign_id": "P1",
            "customer_id": np.array(ids, dtype=object)[met],
            "arm": rng.choice(["treated", "control"], int(met.sum())),
        }
    ).assign(sent=lambda table: table["arm"] == "treated")
    products = pd.DataFrame({"product_id": ["SAW", "RED"], "category": ["Tools", "Paint"]})
    stock = pd.DataFrame(
        {
            "date": ["2026-02-20", "2026-03-01", "2026-03-01"],
            "site_id": "S1",
            "product_id": ["SAW", "SAW", "RED"],
            "on_hand": [900.0, 6.0, 40.0],
            "allocated": [0.0, 1.0, 0.0],
        }
    )
    frames = {
        "customers": people,
        "campaigns": campaigns(),
        "suppressions": suppressions,
        "contacts": contacts,
        "products": products,
        "stock": stock,
        **tables,
    }
    return ShopCase("shop", {}, (), LAST_DAY, LAST_DAY, Path(), 0.0, 0.0, frames=frames)


def worth(case: ShopCase, seed: int = 0) -> pd.DataFrame:
    """Return an expected worth for every customer in every planned campaign."""
    rng = np.random.default_rng(seed + 1)
    planned = pd.DataFrame({"campaign_id": ["K1", "K2", "K3"], "level": [1.0, 1.5, 4.0]})
    table = planned.merge(case.table("customers")[["customer_id"]], how="cross")
    value = np.round(rng.gamma(1.5, 1.0, len(table)) * table["level"] - 0.5, 3)
    return pd.DataFrame(
        {
            "campaign_id": table["campaign_id"],
            "customer_id": table["customer_id"],
            "value": value,
            "value_low": value - 1,
            "value_high": value + 1,
            "units": 0.4,
            "reason": "bought it before",
        }
    )
