"""Customers of four kinds in a few campaigns, drawn from the model itself or as a case with orders."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from helpers.contract import Case
from helpers.contract.load import case_from_tables
from helpers.customers.uplift.answers import Answers

CONTROL = np.array([0.05, 0.4, 0.05, 0.4])
TREATED = np.array([0.55, 0.4, 0.05, 0.1])
CALM = (0.2, 0.5)
WEEKS = (2.0, 4.0)


def drawn_answers(customers: int = 700, campaigns: int = 4, seed: int = 0) -> tuple[Answers, np.ndarray]:
    """Return answers drawn from the classes, and the class of each customer."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, 4, customers)
    rate = np.array([0.25, 1.0])[rng.integers(0, 2, customers)]
    parts = []
    for number in range(campaigns):
        treated = rng.random(customers) < 0.6
        chance = np.where(treated, TREATED[kind], CONTROL[kind])
        calm = [np.where(treated & (kind == 3), part, 1.0) for part in CALM]
        yes = rng.random(customers) < chance
        parts.append(
            pd.DataFrame(
                {
                    "campaign_id": f"K{number}",
                    "customer_id": [f"C{place:04d}" for place in range(customers)],
                    "start": pd.Timestamp("2026-01-05") + pd.to_timedelta(60 * number, unit="D"),
                    "treated": treated,
                    "answered": yes & treated,
                    "bought": (yes & ~treated)
                    | (rng.random(customers) < 1 - np.exp(-rate * 0.1 * WEEKS[0] * calm[0])),
                    "other_inside": rng.poisson(rate * 0.9 * WEEKS[0] * calm[0]).astype(float),
                    "other_after": rng.poisson(rate * WEEKS[1] * calm[1]).astype(float),
                    "cell": "trade | web",
                    "contacts_year": 0.0,
                    "weeks_inside": WEEKS[0],
                    "weeks_after": WEEKS[1],
                    "offer_share": 0.1,
                    "alive": 1.0,
                    "expected": rate,
                }
            )
        )
    rows = pd.concat(parts, ignore_index=True)
    grid = np.tile([0.25, 1.0], (len(rows), 1))
    weight = (grid == rows["expected"].to_numpy()[:, None]).astype(float)
    return Answers(rows, grid, weight, carries_mark=True), kind


@cache
def shop() -> Case:
    """Return a case with six past campaigns, one of them spoilt, and a planned one."""
    return case_from_tables(tables(), "shop of uplift")


def tables(customers: int = 160, seed: int = 3) -> dict[str, pd.DataFrame]:
    """Return its tables."""
    rng = np.random.default_rng(seed)
    ids = np.array([f"C{place:03d}" for place in range(customers)], dtype=object)
    kind = np.arange(customers) % 4
    first = pd.Timestamp("2025-01-06")
    starts = [first + pd.to_timedelta(7 * week, unit="D") for week in (40, 46, 52, 58, 64, 70, 80)]
    base = [
        (ids[who], first + pd.to_timedelta(int(day), unit="D"), "B", 1.0, None)
        for who in range(customers)
        for day in np.flatnonzero(rng.random(546) < 1 / 14)
    ]
    contacts, answers = [], []
    for number, start in enumerate(starts[:-1]):
        treated = rng.random(customers) < 0.6
        yes = rng.random(customers) < np.where(treated, TREATED[kind], CONTROL[kind])
        contacts.append(
            pd.DataFrame(
                {
                    "campaign_id": f"K{number}",
                    "customer_id": ids,
                    "arm": np.where(treated, "treated", "control"),
                    "sent": treated | (number == 5),
                }
            )
        )
        answers += [
            (
                ids[who],
                start + pd.to_timedelta(int(who % 10), unit="D"),
                "A",
                2.0,
                f"K{number}" if treated[who] else None,
            )
            for who in np.flatnonzero(yes)
        ]
    orders = pd.DataFrame(
        [*base, *answers], columns=["customer_id", "order_date", "product_id", "quantity", "campaign_id"]
    )
    orders = orders[orders["order_date"] <= pd.Timestamp("2026-07-05")]
    marked = orders["campaign_id"].notna()
    return {
        "products": pd.DataFrame(
            {
                "product_id": ["A", "B"],
                "name": ["Drill", "Saw"],
                "category": ["Tools", "Blades"],
                "unit_cost": [10.0, 4.0],
                "list_price": [20.0, 8.0],
            }
        ),
        "sites": pd.DataFrame({"site_id": ["S1"], "name": ["Main street"], "kind": ["store"]}),
        "customers": pd.DataFrame(
            {
                "customer_id": ids,
                "name": ids,
                "segment": "trade",
                "channel": np.where(kind < 2, "web", "counter"),
                "created": first,
                "consent_email": True,
                "consent_phone": False,
                "consent_visit": False,
            }
        ),
        "orders": orders.assign(
            order_id=np.arange(len(orders)).astype(str),
            line=1,
            site_id="S1",
            status="shipped",
            unit_price=np.where(orders["product_id"] == "A", 20.0, 8.0),
            discount=np.where(marked, 0.1, 0.0),
        ),
        "campaigns": pd.DataFrame(
            {
                "campaign_id": [f"K{number}" for number in range(7)],
                "name": "Week of tools",
                "channel": "email",
                "start": starts,
                "end": [start + pd.to_timedelta(13, unit="D") for start in starts],
                "cost_per_contact": 0.1,
                "offer_category": "Tools",
                "offer_discount": 0.1,
                "treatment_probability": 0.6,
                "status": ["past"] * 6 + ["planned"],
            }
        ),
        "contacts": pd.concat(contacts, ignore_index=True),
    }
