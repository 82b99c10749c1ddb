"""Values of a shop's customers: what is foreseen, what is said, and what happens with little data."""

from __future__ import annotations

import datetime as dt
import pickle
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from tests.customers.many_buyers import UNTIL, case_of, shop, shop_tables

from helpers.customers.purchases import read_purchases
from helpers.customers.value.buying_histories import buying_histories, money_levels, order_days
from helpers.customers.value.calibration import calibrate
from helpers.customers.value.choice import choose_model
from helpers.customers.value.core_customers import core_customers
from helpers.customers.value.customer_value import (
    CustomerValue,
    say_calibration,
    say_core_customers,
    say_model,
    say_retention,
    say_value,
    value_customers,
)
from helpers.customers.value.ranks import rank_correlation
from helpers.customers.value.retention import measure_retention
from helpers.customers.value.settings import ValueSettings
from helpers.errors import ParameterError

QUICK = ValueSettings(samples=40, resamples=20, least_repeats=20)


@cache
def valued() -> CustomerValue:
    return value_customers(shop(), QUICK)


def days_of(*rows: tuple[str, str, float]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["customer_id", "date", "money"])
    return frame.assign(date=pd.to_datetime(frame["date"])).sort_values(
        ["customer_id", "date"], ignore_index=True
    )


def test_histories_are_those_of_a_loop() -> None:
    days = order_days(read_purchases(shop()))
    table = buying_histories(days, UNTIL).set_index("customer_id")
    for customer, rows in list(days.groupby("customer_id"))[:25]:
        got = table.loc[str(customer)]
        dates, money = rows["date"].tolist(), rows["money"].tolist()
        assert got["frequency"] == len(dates) - 1
        assert got["recency"] == pytest.approx((dates[-1] - dates[0]).days / 7)
        assert got["age"] == pytest.approx((pd.Timestamp(UNTIL) - dates[0]).days / 7)
        assert got["monetary_value"] == pytest.approx(np.mean(money[1:]) if len(money) > 1 else 0.0)


def test_two_orders_of_one_day_are_one_purchase() -> None:
    table = buying_histories(
        days_of(("A", "2026-01-01", 5.0), ("A", "2026-01-15", 7.0)), dt.date(2026, 1, 29)
    )
    row = table.iloc[0]
    assert (row["frequency"], row["recency"], row["age"], row["monetary_value"]) == (1, 2, 4, 7)


def test_nothing_after_the_day_is_used() -> None:
    day = UNTIL - dt.timedelta(days=100)
    orders = shop_tables()["orders"]
    early = case_of({**shop_tables(), "orders": orders[orders["order_date"] <= pd.Timestamp(day)]})
    whole, cut = (value_customers(case, QUICK, until=day).table for case in (shop(), early))
    pd.testing.assert_frame_equal(whole, cut)


def test_values_hang_together() -> None:
    result = valued()
    table = result.table
    assert table["clv"].is_monotonic_decreasing
    assert (table["low"] <= table["high"]).all()
    assert result.total_low < result.total < result.total_high
    assert ((table["probability_alive"] >= 0) & (table["probability_alive"] <= 1)).all()
    assert (table["value"] <= table["expected_orders"] * table["expected_spend"] + 1e-9).all()
    assert (table["next_order"].dropna() > pd.Timestamp(UNTIL)).all()
    assert result.kpi.value == pytest.approx(table["clv"].sum())


def test_two_runs_give_the_same_and_results_can_be_kept() -> None:
    again = value_customers(shop(), QUICK)
    pd.testing.assert_frame_equal(again.table, valued().table)
    pd.testing.assert_frame_equal(again.calibration.errors, valued().calibration.errors)
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(again)).table, again.table)


def test_dearer_prices_scale_the_values() -> None:
    tables = shop_tables()
    tables = tables | {
        "orders": tables["orders"].assign(unit_price=1000.0),
        "products": tables["products"].assign(unit_cost=600.0),
    }
    dear = value_customers(case_of(tables), QUICK).table.set_index("customer_id")["clv"]
    cheap = valued().table.set_index("customer_id")["clv"]
    pd.testing.assert_series_equal(dear / 100, cheap, rtol=2e-3)


def test_the_table_ranks_by_money_and_not_by_being_alive() -> None:
    table = valued().table
    best = table.nlargest(12, "rule_value")["customer_id"]
    assert table["customer_id"].head(40).isin(best).sum() >= 8


def test_too_few_who_came_back_are_valued_by_the_rule_and_it_says_so() -> None:
    result = value_customers(shop(), replace(QUICK, least_repeats=10_000))
    assert result.model is None
    assert (result.table["value"] == result.table["rule_value"]).all()
    assert result.table["probability_alive"].isna().all()
    assert "last year's pace" in say_model(result)
    assert "Not yet knowable" in say_calibration(result)


@pytest.mark.parametrize("customers", [0, 1])
def test_no_customer_and_one_customer_work(customers: int) -> None:
    orders = shop_tables()["orders"]
    named = orders["customer_id"] == orders["customer_id"].iloc[0]
    orders = orders[named] if customers else orders.assign(customer_id=None)
    result = value_customers(case_of({**shop_tables(), "orders": orders}), QUICK)
    assert len(result.table) == customers
    for say in (say_value, say_model, say_calibration, say_retention, say_core_customers):
        assert "nan" not in say(result)
        assert say(result).endswith(".")


def test_money_is_revenue_where_nothing_has_a_cost() -> None:
    tables = shop_tables()
    result = value_customers(
        case_of({**tables, "products": tables["products"].drop(columns="unit_cost")}), QUICK
    )
    assert result.money_word == "revenue"
    assert "revenue" in say_value(result)


def test_contacts_are_taken_off_the_value() -> None:
    campaign = {
        "campaign_id": "K",
        "name": "K",
        "channel": "email",
        "cost_per_contact": 2.0,
        "status": "past",
    }
    days = {"start": UNTIL - dt.timedelta(days=30), "end": UNTIL - dt.timedelta(days=20)}
    best = str(valued().table["customer_id"].iloc[0])
    contact = {"campaign_id": "K", "customer_id": best, "arm": "treated", "sent": True}
    tables = {"campaigns": pd.DataFrame([campaign | days]), "contacts": pd.DataFrame([contact])}
    row = (
        value_customers(case_of({**shop_tables(), **tables}), QUICK).table.set_index("customer_id").loc[best]
    )
    assert row["contact_cost"] == 2.0
    assert row["clv"] == pytest.approx(row["value"] - 2.0)


def test_wrong_settings_are_refused_all_at_once() -> None:
    with pytest.raises(ParameterError, match=r"'horizon_weeks'.*'interval'.*'discount_rate'"):
        ValueSettings(horizon_weeks=0, interval=1.0, discount_rate=2.0)


def test_the_model_that_made_the_data_is_chosen() -> None:
    from tests.customers.many_buyers import buyers

    x, last, age = buyers(1500, first_chance=True)
    # cut 40 weeks off: purchases up to then are redrawn from the uniform order of a Poisson process's times
    rng, cut = np.random.default_rng(0), 15.0
    early_x = np.array(
        [
            np.sum(np.r_[rng.random(max(int(n) - 1, 0)) * tx, tx][: int(n)] <= t - cut) if n else 0
            for n, tx, t in zip(x, last, age, strict=True)
        ],
        float,
    )
    early_last = np.where(early_x > 0, np.minimum(last, age - cut), 0.0)
    names = [f"C{place}" for place in range(len(x))]
    early = pd.DataFrame(
        {"customer_id": names, "frequency": early_x, "recency": early_last, "age": age - cut}
    )
    late = pd.DataFrame({"customer_id": names, "frequency": x, "recency": last, "age": age})
    choice = choose_model(early, late, cut, 50, 0)
    assert choice.table["is_chosen"].sum() == 1
    assert choice.table.loc[choice.table["is_chosen"], "behind"].item() == 0
    assert choice.alive != "BG/NBD"
    assert choice.chosen in choice.sentence


def test_deciles_add_up_and_gains_have_the_right_sign() -> None:
    rng = np.random.default_rng(0)
    actual = rng.gamma(1.0, 50.0, 203)
    frame = pd.DataFrame(
        {"customer_id": [f"C{n}" for n in range(203)], "actual": actual, "rule": rng.permutation(actual)}
    )
    frame = frame.assign(predicted=actual, predicted_orders=1.0, actual_orders=1.0)
    result = calibrate(frame, 26, "margin", 50, 0)
    assert result.deciles["customers"].sum() == 203
    assert result.deciles["share"].sum() == pytest.approx(1)
    assert (result.deciles["actual"] * result.deciles["customers"]).sum() == pytest.approx(actual.sum())
    assert min(result.of("gain")[name] for name in ("rmse", "top_share", "rank_correlation")) > 0
    assert "gains over the plain rule" in result.sentence
    swapped = calibrate(frame.rename(columns={"rule": "predicted", "predicted": "rule"}), 26, "margin", 50, 0)
    assert "gains nothing over the plain rule" in swapped.sentence
    same = calibrate(frame.assign(rule=actual), 26, "margin", 50, 0)
    assert "gains nothing clear" in same.sentence


def test_ranks_with_ties_are_those_of_scipy() -> None:
    from scipy.stats import spearmanr

    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 5, 40).astype(float), rng.integers(0, 5, 40).astype(float)
    assert rank_correlation(first, second) == pytest.approx(float(spearmanr(first, second).statistic))
    assert np.isnan(rank_correlation(np.ones(3), np.arange(3.0)))


def test_levels_follow_the_same_customers_and_ignore_noise() -> None:
    rng = np.random.default_rng(0)
    names = [f"C{n:03d}" for n in range(80)]
    rows = [(name, "2025-01-10", 10.0 * pay) for name, pay in zip(names, rng.gamma(5, 1, 80), strict=True)]
    later = [(name, "2026-01-10", 1.2 * money) for name, _, money in rows]
    # Customers who come new and pay much move nothing: only the same customers are compared.
    new = [(f"N{n}", "2026-01-10", 900.0) for n in range(80)]
    assert money_levels(days_of(*rows, *later, *new), dt.date(2026, 6, 1)) == pytest.approx([1.0, 1.2])
    noise = [(name, "2026-01-10", money * float(rng.gamma(1, 1))) for name, _, money in rows]
    assert money_levels(days_of(*rows, *noise), dt.date(2026, 6, 1)) == pytest.approx([1.0, 1.0])


def test_an_error_in_sum_on_the_weeks_kept_aside_stands_beside_the_total() -> None:
    result = value_customers(shop(), QUICK)
    errors = result.calibration.errors.copy()
    for bias, words in ((-0.2, "20\N{NO-BREAK SPACE}% too low in sum"), (0.01, "")):
        errors.loc[errors["measure"] == "bias", "model"] = bias
        said = say_value(replace(result, calibration=replace(result.calibration, errors=errors)))
        assert said.endswith(f"{words}.") if words else "in sum" not in said


def test_retention_counts_whole_ages_only() -> None:
    days = days_of(
        ("A", "2025-04-01", 1.0), ("A", "2025-07-15", 1.0), ("B", "2025-04-02", 1.0), ("C", "2025-12-30", 1.0)
    )
    result = measure_retention(days, dt.date(2026, 1, 31), first_day=dt.date(2024, 12, 1))
    curve = result.curve.set_index("age")
    assert curve["customers"].tolist() == [2, 2]
    assert curve["active"].tolist() == [1, 0]
    assert (curve["low"] <= curve["share"]).all()
    assert set(result.cohorts["cohort"]) == {"2025-Q2"}


def test_retention_is_the_kpi_of_the_contract() -> None:
    days = days_of(
        *[(name, "2025-01-01", 1.0) for name in "AB"],
        ("C", "2024-06-01", 1.0),
        ("A", "2025-07-01", 1.0),
        ("C", "2025-07-01", 1.0),
        ("N", "2025-07-02", 1.0),
    )
    result = measure_retention(days, dt.date(2025, 8, 1), first_day=dt.date(2024, 1, 1))
    assert (result.kpi.numerator, result.kpi.denominator, result.came_back) == (2, 2, 1)
    assert "Of 2 customers at the start" in result.sentence
    assert "1 bought again (50\N{NO-BREAK SPACE}%); with the 1 who came back" in result.sentence


def test_core_customers_bring_half_and_show_what_speaks_against_them() -> None:
    last = pd.Timestamp("2026-06-30")
    rows = [("BIG", str((last - dt.timedelta(days=d)).date()), 100.0) for d in range(100, 360, 10)]
    rows += [("OK", str((last - dt.timedelta(days=d)).date()), 90.0) for d in range(0, 360, 10)]
    rows += [(f"S{n}", str((last - dt.timedelta(days=n)).date()), 60.0) for n in range(30)]
    days = days_of(*rows)
    table = buying_histories(days, last.date()).assign(probability_alive=[0.2] + [1.0] * 31, value=0.0)
    core = core_customers(table, days, last.date(), 0.5, "margin")
    assert core.table["customer_id"].tolist() == ["BIG", "OK"]
    assert core.table["is_at_risk"].tolist() == [True, False]
    assert "no order for 100 days, usually every 10 days" in core.table["reason"][0]
    assert core.table["reason"][1].endswith("buys as usual")
    assert core.table["share"].sum() >= 0.5
