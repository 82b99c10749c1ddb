"""Next products: only what is supplied and not bought lately, tested on later days."""

from __future__ import annotations

import datetime as dt
import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from helpers.contract import Case, case_from_tables
from helpers.contract.sample import make_sample
from helpers.customers.next_product import NextProducts, NextProductSettings, next_products, say_next_products
from helpers.customers.next_product.bought import read_bought
from helpers.customers.next_product.rankers import by_basket, by_customer, fit_rankers
from helpers.customers.next_product.suggest import stand_in
from helpers.customers.next_product.validation import top_products
from helpers.errors import ParameterError

QUICK = NextProductSettings(least_buyers=2, draws=20)


@pytest.fixture(scope="module")
def case() -> Case:
    return case_from_tables(dict(make_sample(0, "tiny").tables))


@pytest.fixture(scope="module")
def found(case: Case) -> NextProducts:
    return next_products(case, QUICK)


def pairs_case(**more: pd.DataFrame) -> Case:
    """Customers who buy A always buy B with it; C is bought by the others; all buy weekly."""
    rng = np.random.default_rng(0)
    rows = []
    for week in range(20):
        for k in range(30):
            wanted = ["A", "B"] if k % 2 else ["C", "D"]
            rows += [(f"c{k:02d}", 7 * week, name) for name in wanted if rng.random() < 0.7]
    table = pd.DataFrame(rows, columns=["customer_id", "day", "product_id"])
    dates = pd.Timestamp("2026-01-05") + pd.to_timedelta(table["day"], unit="D")
    names = ["A", "B", "C", "D"]
    tables: dict[str, Any] = {
        "products": pd.DataFrame(
            {"product_id": names, "name": names, "category": "x", "unit_cost": 6.0, "list_price": 10.0}
        ).assign(substitute_group=["g", "g", "h", "h"], status="active"),
        "sites": pd.DataFrame(
            {"site_id": ["S", "W"], "name": ["Shop", "House"], "kind": ["store", "warehouse"]}
        ),
        "customers": pd.DataFrame(
            {"customer_id": sorted(table["customer_id"].unique()), "home_site_id": "S"}
        ),
        "orders": table.assign(
            order_id=table["customer_id"] + "-" + table["day"].astype(str),
            line=table.groupby(["customer_id", "day"]).cumcount() + 1,
            order_date=dates.dt.strftime("%Y-%m-%d"),
            site_id="S",
            quantity=1.0,
            unit_price=10.0,
            status="shipped",
        ).drop(columns="day"),
    } | more
    return case_from_tables(tables)


def stock(**units: float) -> pd.DataFrame:
    rows = [
        {"date": "2026-05-01", "site_id": "S", "product_id": name, "on_hand": n} for name, n in units.items()
    ]
    return pd.DataFrame(rows)


def test_only_what_is_supplied_is_suggested() -> None:
    found = next_products(
        pairs_case(stock=stock(A=5, C=5, D=0)), NextProductSettings(least_buyers=2, draws=20)
    )
    assert set(found.suggestions["product_id"]) <= {"A", "C"}
    assert found.has_stock
    assert found.products == 2


def test_a_substitute_stands_in_for_what_is_out_of_stock() -> None:
    score, supplied = np.array([[0.1, 1.0, 0.3], [0.95, 1.0, 0.3]]), np.array([[True, False, True]] * 2)
    found, instead = stand_in(score, np.ones((2, 3), bool), supplied, [np.array([0, 1])])
    assert found[:, 0].tolist() == [0.9, 0.95]  # the second customer wants the substitute itself more
    assert instead[:, 0].tolist() == [1, -1]
    assert (instead[:, 1:] == -1).all()


def test_without_stock_all_active_products_count_and_it_is_said() -> None:
    case = pairs_case()
    ended = case.table("products").assign(status=["active", "eol", "active", "active"])
    found = next_products(case.replace(products=ended), QUICK)
    assert "B" not in set(found.suggestions["product_id"])
    assert "There is no stock" in " ".join(say_next_products(found))


def test_what_was_bought_lately_is_left_out_unless_due(case: Case, found: NextProducts) -> None:
    lines = case.table("orders").merge(found.suggestions, on=["customer_id", "product_id"])
    lines = lines[lines["status"] != "cancelled"]
    days = lines.groupby(["customer_id", "product_id"])["order_date"].agg(["min", "max", "nunique"])
    since = (pd.Timestamp(found.until) - days["max"]).dt.days
    gap = (days["max"] - days["min"]).dt.days / (days["nunique"] - 1).clip(lower=1)
    is_due = (days["nunique"] > 1) & (since >= 0.8 * gap)
    assert ((since >= QUICK.lately_days) | is_due).all()


def test_places_count_up_and_chances_lie_inside_their_interval(found: NextProducts) -> None:
    rows = found.suggestions
    assert rows.groupby("customer_id")["place"].max().le(QUICK.top).all()
    assert not rows.duplicated(["customer_id", "product_id"]).any()
    assert rows["chance"].between(rows["chance_low"], rows["chance_high"]).all()


def test_two_runs_give_the_same_and_can_be_kept(case: Case, found: NextProducts) -> None:
    again = pickle.loads(pickle.dumps(next_products(case, QUICK)))
    pd.testing.assert_frame_equal(again.suggestions, found.suggestions)
    pd.testing.assert_frame_equal(again.scores, found.scores)


def test_nothing_after_the_day_is_used(case: Case) -> None:
    until = case.as_of - dt.timedelta(days=30)
    cut = case.replace(orders=case.table("orders").query("order_date <= @until"))
    one, two = (next_products(source, QUICK, until) for source in (case, cut))
    pd.testing.assert_frame_equal(one.suggestions, two.suggestions)


def test_co_purchase_finds_the_partner() -> None:
    settings = NextProductSettings(least_buyers=2)
    bought = read_bought(pairs_case(), settings)
    likeness = fit_rankers(bought, settings).likeness
    assert likeness[0].argmax() == 1
    assert likeness[2].argmax() == 3
    assert np.diag(likeness).tolist() == [0, 0, 0, 0]


def test_likeness_by_basket_equals_a_loop() -> None:
    marks = (np.random.default_rng(0).random((40, 5)) < 0.4).astype(float)
    found, count = by_basket(sparse.csr_array(marks), 3.0), marks.sum(axis=0)
    for i in range(5):
        for j in range(5):
            both = float((marks[:, i] * marks[:, j]).sum())
            slow = 0.0 if i == j else both / np.sqrt(count[i] * count[j]) * both / (both + 3)
            assert found[i, j] == pytest.approx(slow)


def test_likeness_by_customer_is_the_ridge_regression_of_each_product_on_the_others() -> None:
    x = np.random.default_rng(1).random((30, 4))
    found = by_customer(sparse.csr_array(x), 2.0)
    for j in range(4):
        others = [i for i in range(4) if i != j]
        slow = np.linalg.solve(x[:, others].T @ x[:, others] + 2 * np.eye(3), x[:, others].T @ x[:, j])
        assert found[others, j] == pytest.approx(slow)


def test_top_products_are_those_a_sort_gives() -> None:
    rng = np.random.default_rng(2)
    score, allowed = rng.random((20, 12)), rng.random((20, 12)) < 0.5
    found = top_products(score, allowed, 4)
    for row in range(20):
        best = [k for k in np.argsort(-score[row]) if allowed[row, k]][:4]
        assert [k for k in found[row] if k >= 0] == best


def test_a_successor_inherits_what_was_learnt() -> None:
    case = pairs_case()
    products = case.table("products").assign(successor_id=np.array(["C", None, None, None], dtype=object))
    bought = read_bought(case.replace(products=products), QUICK)
    assert bought.products["product_id"].tolist() == ["B", "C", "D"]


def test_without_customers_nothing_is_suggested() -> None:
    case = pairs_case()
    found = next_products(case.replace(orders=case.table("orders").assign(customer_id=None)), QUICK)
    assert found.suggestions.empty
    assert "No product can be suggested" in " ".join(say_next_products(found))


def test_settings_say_all_that_is_wrong_at_once() -> None:
    with pytest.raises(ParameterError, match="top.*interval"):
        NextProductSettings(top=0, interval=0)
