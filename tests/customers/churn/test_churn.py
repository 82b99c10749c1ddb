"""Churn: no look ahead, honest scores, calibrated chances, plain words."""

from __future__ import annotations

import datetime as dt
import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers.contract import Case, case_from_tables
from helpers.contract.sample import make_sample
from helpers.customers.churn import Churn, ChurnSettings, estimate_churn, say_churn
from helpers.customers.churn.snapshots import past_days, read_logs, snapshot
from helpers.customers.churn.validation import calibrate, logit, scores, weighted_auc
from helpers.errors import ParameterError

QUICK = ChurnSettings(horizon_days=42, active_days=182, draws=20, bins=4)


@pytest.fixture(scope="module")
def case() -> Case:
    return case_from_tables(dict(make_sample(0, "tiny").tables))


@pytest.fixture(scope="module")
def churn(case: Case) -> Churn:
    return estimate_churn(case, QUICK)


def orders_of(rows: list[tuple[str, str]]) -> Case:
    """One order of one anvil per customer and day."""
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
        "orders": pd.DataFrame(rows, columns=["customer_id", "order_date"]).assign(
            order_id=[str(k) for k in range(len(rows))],
            line=1,
            site_id="S",
            product_id="A",
            quantity=1.0,
            unit_price=10.0,
            status="shipped",
        ),
        "customers": pd.DataFrame({"customer_id": sorted({row[0] for row in rows})}),
    }
    return case_from_tables(tables)


def test_every_active_customer_has_a_chance_inside_its_interval(churn: Churn) -> None:
    rows = churn.customers
    assert len(rows) > 20
    assert rows["probability"].between(0, 1).all()
    assert (rows["probability_low"] <= rows["probability"]).all()
    assert (rows["probability"] <= rows["probability_high"]).all()
    assert rows["margin_at_risk"].is_monotonic_decreasing
    assert rows["margin_at_risk"].to_numpy() == pytest.approx(
        rows["probability"] * rows["margin_last_year"].clip(lower=0)
    )
    assert rows["reason"].str.len().min() > 10


def test_the_model_with_the_lowest_log_loss_is_chosen(churn: Churn) -> None:
    assert churn.model == churn.scores["log_loss"].idxmin()
    assert churn.scores.loc["rule", "gain_over_rule"] == 0
    said = " ".join(say_churn(churn))
    assert ("may be chance" in said or "gains anything" in said) is not churn.beats_rule
    assert churn.settings.definition in said


def test_two_runs_give_the_same_and_can_be_kept(case: Case, churn: Churn) -> None:
    again = pickle.loads(pickle.dumps(estimate_churn(case, QUICK)))
    pd.testing.assert_frame_equal(again.customers, churn.customers)
    pd.testing.assert_frame_equal(again.scores, churn.scores)


def test_a_snapshot_is_the_same_whatever_comes_after_its_day(case: Case) -> None:
    logs = read_logs(case)
    day = past_days(logs, QUICK)[2]
    until = dt.date(1970, 1, 1) + dt.timedelta(days=day)
    early = read_logs(case, until)
    then, now = snapshot(early, day, QUICK), snapshot(logs, day, QUICK)
    names = [name for name in now.columns if name not in ("left", "customer")]
    ids = [
        frame["customer"].map(source.people["customer_id"]) for frame, source in ((then, early), (now, logs))
    ]
    assert ids[0].tolist() == ids[1].tolist()
    pd.testing.assert_frame_equal(then[names], now[names])
    assert then["left"].isna().all()
    assert now["left"].notna().all()


def test_labels_are_complete_before_the_last_day(case: Case) -> None:
    logs = read_logs(case)
    found = past_days(logs, QUICK)
    assert max(found) + QUICK.horizon_days <= logs.last_day
    assert set(np.diff(found)) == {QUICK.horizon_days}


def test_leaving_is_no_order_within_the_horizon() -> None:
    case = orders_of([("a", "2026-01-01"), ("b", "2026-01-01"), ("b", "2026-02-12"), ("c", "2026-06-01")])
    logs = read_logs(case)
    day = int(np.datetime64("2026-01-01").astype(int))
    rows = snapshot(logs, day, QUICK)
    assert rows["left"].tolist() == [1.0, 0.0]


def test_scores_equal_scikit_learns() -> None:
    from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

    rng = np.random.default_rng(0)
    chance, left = rng.random(200).round(2).clip(0.01, 0.99), (rng.random(200) < 0.4).astype(float)
    weight = rng.integers(0, 4, 200).astype(float)
    loss, brier, auc, lift = scores(chance, left, weight)
    assert loss == pytest.approx(log_loss(left, chance, sample_weight=weight))
    assert brier == pytest.approx(brier_score_loss(left, chance, sample_weight=weight))
    assert auc == pytest.approx(roc_auc_score(left, chance, sample_weight=weight))
    assert scores(left, left, np.ones(200))[3] == pytest.approx(1 / left.mean())
    assert lift > 0


def test_calibration_undoes_overconfidence() -> None:
    rng = np.random.default_rng(0)
    true = rng.random(4000)
    left = (rng.random(4000) < true).astype(float)
    bold = 1 / (1 + np.exp(-2 * logit(true)))
    assert abs(calibrate(bold, left)(bold) - true).mean() < 0.02 < abs(bold - true).mean()


def test_where_leaving_is_pure_chance_no_gain_over_the_base_rate_is_claimed() -> None:
    rng = np.random.default_rng(5)
    chance, left = np.full(500, 0.5), (rng.random(500) < 0.5).astype(float)
    assert weighted_auc(chance, left, np.ones(500)) == 0.5


def test_too_short_a_history_is_said_and_nothing_is_claimed() -> None:
    found = estimate_churn(orders_of([("a", "2026-01-01"), ("a", "2026-01-05"), ("b", "2026-01-06")]))
    assert not found.is_validated
    assert found.customers["probability"].isna().all()
    said = " ".join(say_churn(found))
    assert "not yet knowable" in said
    assert "not yet tested" in said


def test_without_known_customers_nobody_is_active() -> None:
    case = orders_of([("a", "2026-01-01")])
    anonymous = case.replace(orders=case.table("orders").assign(customer_id=None))
    found = estimate_churn(anonymous)
    assert found.customers.empty
    assert "No customer is active" in " ".join(say_churn(found))


def test_all_alike_customers_work() -> None:
    weeks = pd.date_range("2025-01-05", periods=60, freq="7D")
    rows = [(f"c{k}", f"{day:%Y-%m-%d}") for day in weeks for k in range(5)]
    found = estimate_churn(orders_of(rows), QUICK)
    assert (found.customers["probability"] < 0.2).all()


def test_settings_say_all_that_is_wrong_at_once() -> None:
    with pytest.raises(ParameterError, match="horizon_days.*interval"):
        replace(QUICK, horizon_days=0, interval=2.0)
