"""Experience: what is late and short, what follows, and that nothing is claimed that is not there."""

from __future__ import annotations

import datetime as dt
import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.contract import Case, case_from_tables
from helpers.contract.sample import make_sample
from helpers.customers.experience import ExperienceSettings, measure_experience, say_experience
from helpers.customers.experience.event_log import NEVER, EventLog
from helpers.customers.experience.groups import shrink
from helpers.customers.experience.ridge_glm import fit_ridge
from helpers.customers.experience.served_orders import KINDS, read_served_orders
from helpers.customers.experience.shares import nps_by_customer, nps_interval, wilson
from helpers.errors import ParameterError

DAY = pd.Timestamp("2026-01-01")


def days(*numbers: int) -> list[str]:
    return [f"{DAY + np.timedelta64(number, 'D'):%Y-%m-%d}" for number in numbers]


def small_case(with_shipments: bool = True, **more: pd.DataFrame) -> Case:
    """Five orders: in time, late, short, cancelled, and one whose time has not come."""
    tables: dict[str, Any] = {
        "products": pd.DataFrame(
            {
                "product_id": ["A"],
                "name": ["Anvil"],
                "category": ["x"],
                "unit_cost": [6.0],
                "list_price": [10.0],
            }
        ),
        "sites": pd.DataFrame({"site_id": ["S"], "name": ["Shop"], "kind": ["store"]}),
        "customers": pd.DataFrame({"customer_id": ["C"], "segment": ["trade"], "tolerance_days": [1.0]}),
        "orders": pd.DataFrame(
            {
                "order_id": ["1", "2", "3", "4", "5"],
                "line": 1,
                "order_date": days(0, 1, 2, 3, 30),
                "requested_date": days(2, 3, 4, 5, 40),
                "promised_date": days(3, 4, 5, 6, 40),
                "customer_id": "C",
                "site_id": "S",
                "product_id": "A",
                "quantity": 4.0,
                "unit_price": 10.0,
                "status": ["shipped", "shipped", "shipped", "cancelled", "open"],
            }
        ),
    } | more
    if with_shipments:
        tables["shipments"] = pd.DataFrame(
            {
                "shipment_id": ["a", "b", "c", "d"],
                "line": 1,
                "order_id": ["1", "2", "3", "3"],
                "order_line": 1,
                "ship_date": days(2, 3, 4, 9),
                "delivered_date": days(3, 5, 5, 10),
                "quantity": [4.0, 4.0, 3.0, 1.0],
            }
        )
    return case_from_tables(tables)


def test_tolerance_decides_what_is_late_and_units_what_is_short() -> None:
    orders = read_served_orders(small_case()).orders.set_index("order_id")
    assert orders["is_judged"].tolist() == [True, True, True, True, False]
    assert orders["late"].tolist() == [False, True, False, False, False]
    assert orders["short"].tolist() == [False, False, True, True, False]
    assert orders["broken"].tolist() == [False, True, True, False, False]


def test_what_is_shipped_after_the_day_is_not_seen() -> None:
    seen = read_served_orders(small_case(), dt.date(2026, 1, 3)).orders.set_index("order_id")
    assert not seen["is_judged"].any()
    later = read_served_orders(small_case(), dt.date(2026, 1, 6)).orders.set_index("order_id")
    assert later["is_judged"].to_dict() == {"1": True, "2": True, "3": True, "4": False}


def test_without_shipments_nothing_is_called_late() -> None:
    found = measure_experience(small_case(with_shipments=False))
    assert found.kpis.set_index("kpi").loc["late", "numerator"] == 0
    assert found.kpis.set_index("kpi").loc["short", "numerator"] == 1
    assert np.isnan(found.kpi("complaint"))
    assert any("no shipments" in note for note in found.notes)
    assert "not yet knowable" in " ".join(say_experience(found))


def test_kpis_are_sums_over_sums() -> None:
    found = measure_experience(small_case())
    row = found.kpis.set_index("kpi").to_dict("index")["let down"]
    assert (row["numerator"], row["denominator"], row["value"]) == (3, 4, 0.75)
    own = found.customers[["judged", "short", "late", "let_down"]]
    assert own.to_numpy().tolist() == [[4, 2, 1, 0.75]]


def test_windows_are_summed_as_a_loop_would() -> None:
    rng = np.random.default_rng(0)
    customer, day, money = rng.integers(0, 5, 200), rng.integers(0, 60, 200), rng.normal(size=200)
    log = EventLog.of(customer, day, money)
    who, first = rng.integers(0, 6, 50), rng.integers(0, 60, 50)
    slow = [
        money[(customer == c) & (day >= a) & (day < a + 9)].sum() for c, a in zip(who, first, strict=True)
    ]
    assert log.sums(who, first, first + 9, 1) == pytest.approx(slow, abs=1e-9)
    last = [max(day[(customer == c) & (day < a)], default=NEVER) for c, a in zip(who, first, strict=True)]
    assert log.last_before(who, first).tolist() == last


def test_ridge_equals_scikit_learn() -> None:
    from sklearn.linear_model import LogisticRegression, PoissonRegressor

    rng = np.random.default_rng(1)
    columns = rng.normal(size=(300, 3))
    columns = (columns - columns.mean(axis=0)) / columns.std(axis=0)
    won = (rng.random(300) < 1 / (1 + np.exp(-columns[:, 0]))).astype(float)
    logistic = LogisticRegression(C=0.5, tol=1e-10, max_iter=500).fit(columns, won)
    assert fit_ridge(columns, won, "logistic", 2.0).predict(columns) == pytest.approx(
        logistic.predict_proba(columns)[:, 1], abs=1e-6
    )
    money = rng.gamma(1.0, np.exp(columns[:, 1]))
    poisson = PoissonRegressor(alpha=0.0, tol=1e-10, max_iter=500).fit(columns, money)
    assert fit_ridge(columns, money, "poisson", 0.0).predict(columns) == pytest.approx(
        poisson.predict(columns), rel=1e-4
    )


def test_wilson_reproduces_published_limits() -> None:
    # Newcombe (1998), "Two-sided confidence intervals for the single proportion", table I, method 3
    low, high = wilson(np.array([81.0, 15.0, 0.0, 1.0]), np.array([263.0, 148.0, 20.0, 29.0]), 0.95)
    assert low.round(4).tolist() == [0.2553, 0.0624, 0.0, 0.0061]
    assert high.round(4).tolist() == [0.3662, 0.1605, 0.1611, 0.1718]


def test_few_answers_are_drawn_towards_the_segment() -> None:
    answers = pd.DataFrame({"customer_id": ["a"] + ["b"] * 40, "score": [0.0] + [10.0] * 40})
    found = nps_by_customer(answers, pd.Series({"a": "s", "b": "s"}), 0.9)
    nps, wide = found["nps"].astype(float), (found["nps_high"] - found["nps_low"]).astype(float)
    assert 0.5 < nps["a"] < 0.9 < nps["b"]
    assert wide["a"] > 2 * wide["b"]
    assert nps_interval(np.array([]), 0.9)[1:] == (-1.0, 1.0)


def test_a_group_that_is_surely_unlike_the_others_keeps_its_effect() -> None:
    found = shrink(
        np.array([0.0, 0.01, -0.01, -0.3, np.nan]), np.array([0.01, 0.01, 0.01, 0.05, np.nan]), 0.95
    )
    assert found.mean[3] < -0.22
    assert abs(found.mean[:3]).max() < 0.01
    assert (found.low <= found.mean).all()
    assert (found.mean <= found.high).all()
    assert found.high[4] - found.low[4] > found.high[0] - found.low[0]
    assert np.isnan(shrink(np.array([np.nan]), np.array([np.nan]), 0.9).mean).all()


def test_thin_evidence_is_drawn_in() -> None:
    found = shrink(np.array([0.0, 0.01, -0.01, -0.1]), np.array([0.01, 0.01, 0.01, 0.1]), 0.95)
    assert abs(found.mean[3]) < 0.05


def chance_case(leaves: float, seed: int) -> Case:
    """80 customers in each of two groups order about every 12 days; the first group may leave when short."""
    rng = np.random.default_rng(seed)
    rows = []
    for customer in range(160):
        day = int(rng.integers(0, 12))
        while day < 540:
            is_short = rng.random() < 0.08
            rows.append((f"C{customer:03d}", day, is_short))
            if is_short and customer < 80 and rng.random() < leaves:
                break
            day += 1 + int(rng.exponential(11))
    table = pd.DataFrame(rows, columns=["customer_id", "day", "is_short"]).sort_values("day")
    orders = pd.DataFrame(
        {
            "order_id": [f"O{k}" for k in range(len(table))],
            "line": 1,
            "order_date": days(*table["day"]),
            "customer_id": table["customer_id"].to_numpy(),
            "site_id": "S",
            "product_id": "A",
            "quantity": 1.0,
            "unit_price": 10.0,
            "status": np.where(table["is_short"], "cancelled", "shipped"),
        }
    )
    shipments = pd.DataFrame(
        {
            "shipment_id": orders["order_id"],
            "line": 1,
            "order_id": orders["order_id"],
            "order_line": 1,
            "ship_date": orders["order_date"],
            "quantity": 1.0,
        }
    )[orders["status"] == "shipped"]
    ids = [f"C{k:03d}" for k in range(160)]
    people = pd.DataFrame({"customer_id": ids, "segment": ["shy"] * 80 + ["loyal"] * 80})
    return small_case(with_shipments=False, orders=orders, shipments=shipments, customers=people)


def test_customers_who_leave_after_a_short_order_are_found_and_the_loyal_are_not() -> None:
    found = measure_experience(chance_case(0.5, 3))
    rows = found.shares.set_index("group")
    share, knowable = rows["share"].astype(float), rows["is_knowable"].astype(bool)
    assert share["shy, not stated"] == pytest.approx(-0.5, abs=0.15)
    assert knowable["shy, not stated"]
    assert abs(share["loyal, not stated"]) < 0.03
    harm = found.harm.groupby("segment")["harm"].mean()
    assert harm["shy"] > 5 * abs(harm["loyal"])
    assert "not randomised" in " ".join(say_experience(found))
    assert pickle.loads(pickle.dumps(found)).harm.equals(found.harm)


def test_where_nobody_leaves_no_effect_is_claimed() -> None:
    found = measure_experience(chance_case(0.0, 4))
    assert (found.overall()["verdict"] != "seen").all()
    assert not found.shares["is_knowable"].any()


def test_two_runs_and_later_rows_make_no_difference() -> None:
    case = case_from_tables(dict(make_sample(1, "tiny").tables))
    until = case.as_of - dt.timedelta(days=60)
    one, two = (measure_experience(case, until=until) for _ in range(2))
    pd.testing.assert_frame_equal(one.effects, two.effects)
    orders, ships = case.table("orders"), case.table("shipments")
    day = pd.Timestamp(until)
    cut = case.replace(
        orders=orders[orders["order_date"] <= day],
        shipments=ships[ships["order_id"].isin(orders.loc[orders["order_date"] <= day, "order_id"])],
    )
    pd.testing.assert_frame_equal(one.kpis, measure_experience(cut, until=until).kpis)
    assert set(one.effects["kind"]) <= set(KINDS)


def test_settings_say_all_that_is_wrong_at_once() -> None:
    with pytest.raises(ParameterError, match="after_days.*folds.*interval"):
        ExperienceSettings(after_days=0, folds=1, interval=1.5)
