"""Cost to serve, added up by hand, and the whale curve."""

from __future__ import annotations

from functools import cache

import pandas as pd
import pytest
from tests.customers.base.test_customer_base import ago, tiny
from tests.customers.many_buyers import UNTIL, case_of, shop, shop_tables

from helpers.contract import Case
from helpers.customers.cost_to_serve import ActivityRates, cost_to_serve
from helpers.errors import ParameterError

RATES = ActivityRates(
    per_order=1,
    per_rush_order=2,
    per_line=3,
    per_delivery=4,
    freight_per_delivery=5,
    per_return=6,
    per_complaint=7,
    per_question=8,
    resold_share=0.5,
)


def activities() -> dict[str, pd.DataFrame]:
    return {
        "shipments": pd.DataFrame(
            {
                "shipment_id": ["H1", "H1", "H2"],
                "line": [1, 2, 1],
                "order_id": ["1", "1", "2"],
                "order_line": [1, 2, 1],
                "ship_date": [ago(9), ago(9), ago(39)],
                "quantity": [2.0, 3.0, 1.0],
                "freight_cost": [1.5, 2.0, None],
            }
        ),
        "returns": pd.DataFrame(
            [{"return_id": "R", "order_id": "1", "product_id": "P1", "quantity": 2.0, "date": ago(4)}]
        ),
        "service_cases": pd.DataFrame(
            {"case_id": ["1", "2"], "customer_id": "A", "date": ago(2), "kind": ["complaint", "question"]}
        ),
        "campaigns": pd.DataFrame(
            [
                {
                    "campaign_id": "K",
                    "name": "K",
                    "channel": "email",
                    "start": ago(9),
                    "end": ago(2),
                    "cost_per_contact": 0.5,
                }
            ]
        ),
        "contacts": pd.DataFrame([{"campaign_id": "K", "customer_id": "A", "arm": "treated", "sent": True}]),
    }


@cache
def active() -> Case:
    return case_of(tiny(**activities()))


def test_the_cost_of_a_customer_is_that_added_up_by_hand() -> None:
    result = cost_to_serve(active(), RATES, UNTIL)
    row = result.table.set_index("customer_id").loc["A"]
    # 2 orders, 3 lines, 2 deliveries, freight 3.5 + 5 assumed, 1 return, a complaint, a question, a message
    want = 2 * 1 + 3 * 3 + 2 * 4 + 3.5 + 5 + 6 + 7 + 8 + 0.5
    assert row["cost_to_serve"] == pytest.approx(want)
    # 2 units back: margin 4 each is taken back, half of the unit cost 6 is lost
    assert (row["returned_margin"], row["returned_loss"]) == (8, 6)
    assert row["net_profit"] == pytest.approx(24 - 8 - 6 - want)
    assert result.activities["cost"].sum() == pytest.approx(want + 14)
    assert result.kpi.value == pytest.approx(want + 14)
    assert any("1 of 2 deliveries" in note for note in result.notes)


def test_an_activity_counts_on_its_own_day() -> None:
    result = cost_to_serve(active(), RATES, UNTIL, window_days=20)
    row = result.table.set_index("customer_id").loc["A"]
    assert (row["orders"], row["lines"], row["deliveries"], row["returns"]) == (1, 2, 1, 1)
    assert "B" not in set(result.table["customer_id"])


def test_the_whale_curve_ends_at_the_total_and_its_peak_is_what_is_profitable() -> None:
    result = cost_to_serve(shop(), ActivityRates(per_order=12.0), UNTIL)
    curve = result.whale["cumulative"]
    assert curve.iloc[-1] == pytest.approx(result.net_profit)
    assert curve.max() == pytest.approx(result.peak)
    assert result.peak - result.lost == pytest.approx(result.net_profit)
    assert result.lost > 0
    rows = result.table[result.table["orders"] > 0]
    at_a_loss = int((rows["net_profit"] < 0).sum())
    assert f"{at_a_loss:,} of {len(rows):,} customers who bought" in result.sentence
    assert result.whale["net_profit"].is_monotonic_decreasing
    assert result.table["extra_cost"].sum() == pytest.approx(0, abs=1e-6)


def test_rates_of_nothing_leave_the_margin() -> None:
    free = ActivityRates(**dict.fromkeys(ActivityRates.__dataclass_fields__, 0.0))
    result = cost_to_serve(shop(), free, UNTIL)
    assert (result.table["net_profit"] == result.table["margin"]).all()
    assert "served at a loss" not in result.sentence


def test_without_costs_returned_goods_take_back_their_revenue() -> None:
    tables = tiny(**activities())
    tables["products"] = tables["products"].drop(columns="unit_cost")
    result = cost_to_serve(case_of(tables), RATES, UNTIL)
    row = result.table.set_index("customer_id").loc["A"]
    assert (row["margin"], row["returned_margin"], row["returned_loss"]) == (60, 20, 0)
    assert any("not a profit" in note for note in result.notes)


def test_no_customer_works_and_wrong_arguments_are_refused() -> None:
    tables = shop_tables()
    nobody = cost_to_serve(case_of({**tables, "orders": tables["orders"].assign(customer_id=None)}))
    assert nobody.table.empty
    assert nobody.sentence == "No customer was served in this window."
    with pytest.raises(ParameterError, match=r"'per_order'.*'resold_share'"):
        ActivityRates(per_order=-1, resold_share=2)
    with pytest.raises(ParameterError, match="window_days"):
        cost_to_serve(shop(), window_days=0)
