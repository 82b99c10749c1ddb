"""Returns and service cases: what went wrong afterwards, and for whom."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.contract.sample.arrays import Dates, Flags, Floats, Texts, in_days, numbered
from helpers.contract.sample.customers import Customers
from helpers.contract.sample.frames import contract_frame
from helpers.contract.sample.settings import SampleSize

RETURN_CHANCE = 0.022
COSTLY_RETURN_CHANCE = 0.13
RETURN_REASONS = np.array(["not needed", "wrong item", "damaged", "defect", "late"], dtype=object)
REASON_SHARES = (0.40, 0.22, 0.14, 0.14, 0.10)
COMPLAINT_CHANCE = {"short": 0.10, "damaged": 0.55, "costly": 0.05, "usual": 0.003}
QUESTIONS_PER_ORDER = 0.006
SURVEYS_PER_CUSTOMER = 0.7


def return_rows(
    orders: pd.DataFrame,
    shipments: pd.DataFrame,
    customers: Customers,
    size: SampleSize,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return the table `returns`; goods that come back are sold off elsewhere, not put into stock."""
    sent = shipments.merge(
        orders[["order_id", "line", "customer_id", "product_id"]],
        left_on=["order_id", "order_line"],
        right_on=["order_id", "line"],
        validate="many_to_one",
    )
    costly = _is_costly(sent["customer_id"], customers)
    back = sent["delivered_date"].to_numpy("datetime64[D]") + in_days(rng.integers(3, 21, len(sent)))
    chance = np.where(costly, COSTLY_RETURN_CHANCE, RETURN_CHANCE)
    chosen = np.flatnonzero((rng.random(len(sent)) < chance) & (back <= size.last_day))
    chosen = chosen[np.argsort(back[chosen], kind="stable")]
    rows = sent.iloc[chosen]
    share = rng.choice([0.25, 0.5, 1.0, 1.0], len(rows))
    return contract_frame(
        "returns",
        {
            "return_id": numbered("B", len(rows), 5),
            "order_id": rows["order_id"].to_numpy(dtype=object),
            "customer_id": rows["customer_id"].to_numpy(dtype=object),
            "product_id": rows["product_id"].to_numpy(dtype=object),
            "quantity": np.ceil(rows["quantity"].to_numpy(float) * share),
            "date": back[chosen],
            "reason": rng.choice(RETURN_REASONS, len(rows), p=REASON_SHARES),
        },
    )


def service_rows(
    orders: pd.DataFrame,
    shipments: pd.DataFrame,
    customers: Customers,
    size: SampleSize,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return the table `service_cases`: complaints, questions, and answers to surveys."""
    own = orders.dropna(subset=["customer_id"]).drop_duplicates("order_id")
    is_complaint = rng.random(len(own)) < _complaint_chance(own, orders, shipments, customers)
    is_question = ~is_complaint & (rng.random(len(own)) < QUESTIONS_PER_ORDER)
    asked = own[is_complaint | is_question]
    kind = np.where(is_complaint, "complaint", "question")[is_complaint | is_question]
    date = asked["order_date"].to_numpy("datetime64[D]") + in_days(rng.integers(1, 12, len(asked)))
    answered, answered_on, score = _surveys(own, customers, rng)
    everything = pd.DataFrame(
        {
            "customer_id": np.r_[asked["customer_id"].to_numpy(dtype=object), answered],
            "date": np.r_[date, answered_on],
            "kind": np.r_[kind.astype(object), np.full(len(answered), "nps", dtype=object)],
            "score": np.r_[np.full(len(asked), np.nan), score],
            "order_id": np.r_[asked["order_id"].to_numpy(dtype=object), np.full(len(answered), None)],
        }
    )
    last_day = pd.Timestamp(size.last_day)
    everything = everything[everything["date"] <= last_day].sort_values("date", kind="stable")
    columns = {name: everything[name].to_numpy() for name in everything.columns}
    return contract_frame("service_cases", {"case_id": numbered("X", len(everything), 5), **columns})


def _is_costly(customer_id: pd.Series, customers: Customers) -> Flags:
    costly = customers.table["customer_id"][customers.is_costly]
    return customer_id.isin(costly).to_numpy(bool)


def _complaint_chance(
    own: pd.DataFrame, orders: pd.DataFrame, shipments: pd.DataFrame, customers: Customers
) -> Floats:
    late = orders["promised_date"] > orders["requested_date"] + np.timedelta64(4, "D")
    is_short = late | orders["status"].isin(["backorder", "cancelled"])
    short = own["order_id"].isin(orders.loc[is_short, "order_id"])
    damaged = own["order_id"].isin(shipments.loc[shipments["damaged_quantity"] > 0, "order_id"])
    costly = _is_costly(own["customer_id"], customers)
    names = ("damaged", "short", "costly")
    chances = [COMPLAINT_CHANCE[name] for name in names]
    return np.select([damaged, short, costly], chances, COMPLAINT_CHANCE["usual"])


def _surveys(
    own: pd.DataFrame, customers: Customers, rng: np.random.Generator
) -> tuple[Texts, Dates, Floats]:
    """Ask buyers a while after an order; those who were let down or are demanding score lower."""
    share = min(SURVEYS_PER_CUSTOMER * customers.count / max(len(own), 1), 0.5)
    asked = own[rng.random(len(own)) < share]
    is_short = (asked["status"] != "shipped").to_numpy(bool)
    costly = _is_costly(asked["customer_id"], customers)
    score = np.rint(rng.normal(8.2, 1.6, len(asked)) - 2.5 * is_short - 1.5 * costly).clip(0, 10)
    wait = in_days(rng.integers(10, 40, len(asked)))
    answered_on: Dates = asked["order_date"].to_numpy("datetime64[D]") + wait
    return asked["customer_id"].to_numpy(dtype=object), answered_on, score
