"""Customers come, buy unevenly, leave in silence, and bear shortages in ways that contradict their value."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

YEAR = np.timedelta64(364, "D")


@pytest.fixture(scope="module")
def value(clean_default: dict[str, Any]) -> Any:
    """Revenue and cost drivers by customer."""
    orders = clean_default["orders"]
    money = orders["quantity"] * orders["unit_price"] * (1 - orders["discount"])
    rows = orders.assign(money=money, rush=orders["order_type"] == "rush").groupby("customer_id")
    return rows.agg(
        money=("money", "sum"),
        rush=("rush", "mean"),
        lines=("line", "size"),
        units=("quantity", "mean"),
        first=("order_date", "min"),
        last=("order_date", "max"),
        orders=("order_id", "nunique"),
    )


def test_the_dead_order_nothing_more(default: Any, value: Any) -> None:
    truth = default.truth["customers"].set_index("customer_id")
    dead = truth[~truth["alive"]].join(value, how="inner")
    # the truth dates a death to the Monday of its week at the latest
    assert (dead["last"] <= dead["death_date"] + np.timedelta64(7, "D")).all()
    assert truth["alive"].mean() == pytest.approx(0.5, abs=0.15)


def test_nobody_orders_before_being_known(clean_default: dict[str, Any], value: Any) -> None:
    created = clean_default["customers"].set_index("customer_id")["created"]
    assert (created.reindex(value.index) <= value["first"]).all()


def test_purchase_rates_differ_and_repeat_buyers_dominate(value: Any) -> None:
    assert (value["orders"] > 1).mean() > 0.7
    assert (value["orders"] == 1).mean() > 0.03
    assert value["orders"].std() > value["orders"].mean()


def test_higher_true_rates_order_more(default: Any, value: Any) -> None:
    truth = default.truth["customers"].set_index("customer_id")
    both = truth.join(value, how="inner").query("alive and segment == 'trade'")
    assert both["purchase_rate"].rank().corr(both["orders"].rank()) > 0.5


def test_costly_customers_rank_high_in_revenue_and_cost_more_to_serve(
    default: Any, clean_default: dict[str, Any], value: Any
) -> None:
    truth = default.truth["customers"].set_index("customer_id")
    rows = truth.join(value, how="inner").query("segment != 'household'")
    costly, others = rows[rows["costly"]], rows[~rows["costly"]]
    assert len(costly) >= 25
    assert costly["money"].median() > others["money"].median()
    assert costly["rush"].mean() > 5 * others["rush"].mean()
    returned = clean_default["returns"]["customer_id"].value_counts() / rows["lines"]
    assert returned[costly.index].mean() > 2 * returned.reindex(others.index).fillna(0.0).mean()
    cases = clean_default["service_cases"].query("kind == 'complaint'")["customer_id"].value_counts()
    per_order = (cases / rows["orders"]).reindex(rows.index).fillna(0.0)
    assert per_order[costly.index].mean() > 2 * per_order[others.index].mean()


def test_harm_from_a_shortage_contradicts_value(default: Any, value: Any) -> None:
    rows = default.truth["customers"].set_index("customer_id").join(value, how="inner")
    money = rows.groupby("harm_group")["money"].median()
    assert money["leaves"] < money["neutral"] < money["tolerates"]
    leave = default.truth["customers"].groupby("harm_group")["leave_probability"].first()
    assert leave["leaves"] > leave["neutral"] > leave["tolerates"] == 0


def test_those_who_leave_after_a_shortage_stop_ordering(default: Any, clean_default: dict[str, Any]) -> None:
    """Orders in the twelve weeks after a week with a back-ordered or cancelled line."""
    orders = clean_default["orders"].dropna(subset=["customer_id"])
    wait = orders["promised_date"] - orders["order_date"]
    assert wait.min() >= np.timedelta64(0, "D")
    # a promise of a week or more is what a back-ordered line gets; special orders wait by nature
    is_short = (orders["status"] == "cancelled") | (wait >= np.timedelta64(7, "D"))
    is_short &= (orders["order_date"] < pd.Timestamp("2026-08-01")) & (orders["order_type"] != "special")
    met = orders[is_short].groupby("customer_id")["order_date"].first()
    rows = orders[orders["customer_id"].isin(met.index)]
    since = rows["order_date"] - rows["customer_id"].map(met)
    later = since.between(np.timedelta64(8, "D"), np.timedelta64(92, "D"))
    returned = later.groupby(rows["customer_id"]).any()
    group = default.truth["customers"].set_index("customer_id")["harm_group"]
    share = returned.groupby(group.reindex(returned.index)).agg(["mean", "size"])
    assert share.loc["leaves", "size"] >= 20
    assert share.loc["leaves", "mean"] < share.loc["tolerates", "mean"] - 0.2


def test_consent_is_given_by_some_and_never_all(default: Any) -> None:
    consent = default.tables["customers"][["consent_email", "consent_phone", "consent_visit"]].mean()
    assert consent.between(0.05, 0.9).all()


def test_cases_of_every_kind_carry_scores_only_for_surveys(default: Any) -> None:
    cases = default.tables["service_cases"]
    assert set(cases["kind"]) == {"complaint", "question", "nps"}
    assert (cases["score"].notna() == (cases["kind"] == "nps")).all()
    assert cases["score"].dropna().between(0, 10).all()
