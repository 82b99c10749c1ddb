"""A made-up history of campaigns whose true effects are known."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd

from helpers.customers.history import CampaignHistory

UNTIL = dt.date(2026, 6, 30)
SEGMENTS = np.array(["small", "middle", "large"], dtype=object)
USUAL = np.array([5.0, 20.0, 80.0])


def history(
    effects: tuple[float, ...] = (30.0, 0.0, -30.0), customers: int = 600, seed: int = 0
) -> CampaignHistory:
    """Campaigns one month apart; a contact adds `effect` to the margin, 1.0 is its cost."""
    rng = np.random.default_rng(seed)
    ids = [f"K{number:02d}" for number in range(1, len(effects) + 1)]
    parts = [
        _rows(name, number, effect, customers, rng)
        for number, (name, effect) in enumerate(zip(ids, effects, strict=True))
    ]
    past = pd.concat(parts, ignore_index=True) if parts else _rows("K01", 0, 0.0, 1, rng).iloc[:0]
    campaigns = pd.DataFrame(
        {
            "campaign_id": [*ids, "K99"],
            "name": [f"Offer {name}" for name in ids] + ["Next offer"],
            "channel": ["email", "phone", "email"][: len(ids)] + ["email"] * (len(ids) - 3) + ["email"],
            "start": [_start(number) for number in range(len(ids))] + [pd.Timestamp("2026-07-06")],
            "end": [_end(number) for number in range(len(ids))] + [pd.Timestamp("2026-07-19")],
            "cost_per_contact": 1.0,
            "offer_product_id": None,
            "offer_category": "Tools",
            "offer_discount": 0.1,
            "treatment_probability": 0.6,
            "status": ["past"] * len(ids) + ["planned"],
        }
    )
    planned = pd.DataFrame({"campaign_id": "K99", "customer_id": [f"C{n}" for n in range(customers)]})
    return CampaignHistory(campaigns, past, planned, UNTIL)


def with_past(made: CampaignHistory, **columns: bool | float) -> CampaignHistory:
    return replace(made, past=made.past.assign(**columns))


def _start(number: int) -> pd.Timestamp:
    return pd.Timestamp(dt.date(2026, 1 + number % 4, 5))


def _end(number: int) -> pd.Timestamp:
    return pd.Timestamp(dt.date(2026, 1 + number % 4, 18))


def _rows(name: str, number: int, effect: float, customers: int, rng: np.random.Generator) -> pd.DataFrame:
    kind = rng.integers(0, 3, customers)
    before = USUAL[kind] * rng.gamma(4, 0.25, customers)
    treated = rng.random(customers) < 0.6
    margin = before + rng.normal(0, 5, customers) + effect * treated
    bought = rng.random(customers) < 0.1 + 0.1 * treated * (effect > 0)
    return pd.DataFrame(
        {
            "campaign_id": name,
            "customer_id": [f"C{n}" for n in range(customers)],
            "start": _start(number),
            "end": _end(number),
            "treated": treated,
            "sent": treated,
            "responded": bought & treated,
            "cost_per_contact": 1.0,
            "treatment_probability": 0.6,
            "segment": SEGMENTS[kind],
            "campaign_channel": ["email", "phone", "email"][number % 3],
            "margin_before": before * 10,
            "orders_before": rng.poisson(4, customers).astype("float64"),
            "revenue_before": before * 30,
            "offer_orders_before": 0.0,
            "days_since_last_order": np.where(rng.random(customers) < 0.2, np.nan, 30.0),
            "bought": bought,
            "offer_revenue": 30.0 * bought,
            "offer_margin": 10.0 * bought,
            "margin": margin,
            "is_complete": True,
            "is_complete_after": True,
        }
    )
