"""The customer base, its segments and the movements between them, added up by hand."""

from __future__ import annotations

import datetime as dt
import pickle
from functools import cache
from typing import Any

import pandas as pd
import pytest
from tests.customers.many_buyers import UNTIL, case_of, shop, shop_tables

from helpers.contract import Case
from helpers.customers.base.customer_base import CustomerBase, read_customer_base
from helpers.customers.base.movements import movement_matrix, movements_since, segment_movements
from helpers.customers.base.segments import SEGMENTS, name_segments


def ago(days: int) -> str:
    return str(UNTIL - dt.timedelta(days=days))


def tiny(**more: pd.DataFrame) -> dict[str, pd.DataFrame]:
    rows = [
        ("1", 1, "A", 10, 2),
        ("1", 2, "A", 10, 3),
        ("2", 1, "A", 40, 1),
        ("3", 1, "B", 500, 4),
        ("4", 1, None, 5, 5),
    ]
    orders = pd.DataFrame(rows, columns=["order_id", "line", "customer_id", "days", "quantity"]).assign(
        order_date=lambda frame: [ago(days) for days in frame["days"]],
        site_id="S1",
        product_id="P1",
        unit_price=10.0,
        status="shipped",
    )
    customers = pd.DataFrame(
        {
            "customer_id": ["A", "B", "NEVER"],
            "name": ["Anna", None, "Nora"],
            "created": [ago(30), ago(900), ago(3)],
            "email": ["a@example.com", " A@example.com", None],
            "consent_email": [True, True, True],
        }
    )
    tables = {**shop_tables(), "orders": orders.drop(columns="days"), "customers": customers}
    return {**tables, **more}


@cache
def tiny_case() -> Case:
    return case_of(tiny())


@cache
def tiny_base() -> CustomerBase:
    return read_customer_base(tiny_case(), UNTIL)


def test_every_known_customer_has_one_row_added_up_by_hand() -> None:
    base = tiny_base()
    table = base.table.set_index("customer_id")
    assert sorted(table.index) == ["A", "B", "NEVER"]
    row = table.loc["A"]
    assert (row["orders"], row["lines"], row["units"], row["revenue"], row["margin"]) == (2, 3, 6, 60, 24)
    assert (row["days_since_last_order"], row["tenure_days"], row["order_gap_days"]) == (10, 40, 30)
    assert table.loc["NEVER", "orders"] == 0
    assert table.loc["NEVER", "segment"] == "never bought"
    assert table.loc["B", "segment"] == "lost"


def test_no_name_and_no_address_leaves_the_base() -> None:
    text = tiny_base().table.to_csv()
    for personal in ("Anna", "Nora", "example.com"):
        assert personal not in text


def test_quality_is_said_in_words() -> None:
    flags = tiny_base().table.set_index("customer_id")["quality"]
    assert flags["A"] == "mailbox shared with another customer; orders before the day of creation"
    assert flags["B"] == "address without a name; mailbox shared with another customer"
    assert flags["NEVER"] == "consent to e-mail without an address"
    assert tiny_base().flagged()["customers"].tolist() == [2, 1, 1, 1]


def test_anonymous_sales_are_counted_and_stated() -> None:
    base = tiny_base()
    row = base.anonymous.iloc[0]
    assert (row["lines"], row["revenue"]) == (1, 50)
    assert row["share_of_revenue"] == pytest.approx(50 / 150)
    assert "name no customer: 1 (33.3% of revenue)" in base.sentence


def test_returns_cases_contacts_and_suppressions_are_counted_until_the_day() -> None:
    tables = tiny(
        returns=pd.DataFrame(
            {
                "return_id": ["R1", "R2"],
                "order_id": ["1", "2"],
                "product_id": "P1",
                "quantity": [2.0, 1.0],
                "date": [ago(3), ago(1)],
            }
        ),
        service_cases=pd.DataFrame(
            {
                "case_id": ["1", "2", "3"],
                "customer_id": "A",
                "date": ago(2),
                "kind": ["complaint", "nps", "question"],
            }
        ),
        campaigns=pd.DataFrame(
            [
                {
                    "campaign_id": "K",
                    "name": "K",
                    "channel": "email",
                    "start": ago(9),
                    "end": ago(2),
                    "cost_per_contact": 1.0,
                }
            ]
        ),
        contacts=pd.DataFrame(
            {
                "campaign_id": "K",
                "customer_id": ["A", "B"],
                "arm": ["treated", "control"],
                "sent": [True, False],
                "opened": [True, False],
            }
        ),
        suppressions=pd.DataFrame(
            {
                "customer_id": ["A", "B"],
                "channel": ["email", "phone"],
                "start": [ago(5), ago(50)],
                "end": [None, ago(40)],
            }
        ),
    )
    base = read_customer_base(case_of(tables), UNTIL)
    row = base.table.set_index("customer_id").loc["A"]
    names = ["returns", "returned_units", "complaints", "questions", "surveys", "contacts", "opens"]
    assert [row[name] for name in names] == [2, 3, 1, 1, 1, 1, 1]
    assert row["suppressed_channels"] == "email"
    assert base.table["is_suppressed"].tolist() == [True, False, False]


def test_a_base_of_an_earlier_day_does_not_know_what_came_later() -> None:
    base = read_customer_base(tiny_case(), UNTIL - dt.timedelta(days=20))
    table = base.table.set_index("customer_id")
    assert sorted(table.index) == ["A", "B"]
    assert table.loc["A", "orders"] == 1


def one(**values: Any) -> pd.DataFrame:
    usual = {
        "orders": 10.0,
        "days_since_last_order": 5.0,
        "tenure_days": 700.0,
        "order_gap_days": 14.0,
        "span": 600,
        "last_year_orders": 8.0,
        "last_year_margin": 100.0,
    }
    row = usual | values
    last = pd.Timestamp(UNTIL) - dt.timedelta(days=int(row["days_since_last_order"]))
    return pd.DataFrame(
        [row | {"last_order": last, "first_order": last - dt.timedelta(days=int(row["span"]))}]
    )


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({}, "core"),
        ({"last_year_margin": -1.0}, "loyal"),
        ({"days_since_last_order": 43.0}, "slipping"),
        ({"days_since_last_order": 42.0}, "core"),
        ({"days_since_last_order": 43.0, "orders": 2.0}, "core"),
        ({"days_since_last_order": 183.0}, "sleeping"),
        ({"days_since_last_order": 365.0}, "lost"),
        ({"span": 20, "tenure_days": 25.0}, "new"),
        ({"span": 20, "tenure_days": 900.0}, "core"),
        ({"orders": 0.0}, "never bought"),
    ],
)
def test_the_first_rule_that_holds_gives_the_name(values: dict[str, float], name: str) -> None:
    assert name_segments(one(**values)) == [name]


def test_upper_parts_are_those_of_the_customers_who_are_active() -> None:
    rows = pd.concat(
        [one(last_year_margin=float(n), last_year_orders=float(n % 2) * 9 + 1) for n in range(1, 11)],
        ignore_index=True,
    )
    assert name_segments(rows)[8:] == ["core", "big baskets"]
    assert set(name_segments(rows)[:8]) == {"loyal", "occasional"}


def test_movements_account_for_every_customer() -> None:
    now, before = (read_customer_base(shop(), UNTIL - dt.timedelta(days=days)) for days in (0, 60))
    moves = segment_movements(before, now)
    assert moves.table["customers"].sum() == len(now.table)
    assert moves.table["margin"].sum() == pytest.approx(now.table["last_year_margin"].sum())
    assert moves.table["margin_before"].sum() == pytest.approx(before.table["last_year_margin"].sum())
    matrix = movement_matrix(moves)
    counts = now.table["segment"].value_counts()
    assert all(matrix[name].sum() == counts[name] for name in matrix.columns)
    assert set(matrix.columns) <= set(SEGMENTS)
    assert len(moves.customers) == moves.table.loc[moves.table["moved"], "customers"].sum()


def test_the_run_before_is_seven_days_ago_and_standing_still_is_said() -> None:
    moves = movements_since(shop(), UNTIL)
    assert moves.before == UNTIL - dt.timedelta(days=7)
    now = read_customer_base(shop(), UNTIL)
    assert segment_movements(now, now).sentence.startswith("No customer changed")
    assert pickle.loads(pickle.dumps(moves)).sentence == moves.sentence


def test_no_customer_at_all_works() -> None:
    tables = tiny()
    tables["orders"] = tables["orders"].assign(customer_id=None)
    del tables["customers"]
    base = read_customer_base(case_of(tables), UNTIL)
    assert base.table.empty
    assert "No customer is known" in base.sentence
    assert segment_movements(base, base).table.empty
