"""The list to review by hand: which series, one row for like sites, the money kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers.forecasting.classify import Floats
from helpers.forecasting.demand.history import NEVER, History
from helpers.forecasting.review import COLUMNS, Doubt, drift_doubt, override_doubt, review_table

WEEKS = 60
VALUE = np.array([2.0, 2.0, 2.0, 5.0, 5.0])
SITES = ["A", "B", "C", "A", "B"]


@pytest.fixture
def history() -> History:
    keys = pd.DataFrame(
        {
            "product_id": ["P", "P", "P", "Q", "Q"],
            "site_id": SITES,
            "name": ["Pen", "Pen", "Pen", "Quill", "Quill"],
            "category": "C",
            "unit_value": VALUE,
            "end_date": pd.Series(pd.NaT, index=range(5), dtype="datetime64[ns]"),
        }
    )
    grid = np.full((5, WEEKS), 10.0)
    return History(
        keys=keys,
        weeks=pd.date_range("2025-01-06", periods=WEEKS, freq="W-MON"),
        demand=grid,
        stockout=np.zeros(grid.shape, dtype=bool),
        apart=0 * grid,
        cancelled=0 * grid,
        start=np.zeros(5, dtype=np.int64),
        end=np.full(5, NEVER),
        notes=(),
    )


def review(history: History, *more: Doubt, classes: list[str] | None = None) -> pd.DataFrame:
    mean: Floats = np.full((5, 4), 10.0)
    labels = np.array(classes or ["smooth"] * 5)
    return review_table(history, mean, None, np.ones((5, WEEKS + 4)), labels, more)


def signals(*values: float) -> pd.DataFrame:
    error = np.array(values)
    keys = pd.DataFrame({"product_id": ["P", "P", "P", "Q", "Q"], "site_id": SITES})
    return keys.assign(weeks=26, cumulative_error=error, signal=np.sign(error) * 5, alarm=error != 0)


def test_a_quiet_history_has_nothing_to_review(history: History) -> None:
    found = review(history)
    assert found.empty
    assert list(found) == COLUMNS


def test_sites_with_the_same_reason_share_a_row_and_the_money_is_kept(history: History) -> None:
    found = review(history, classes=["new"] * 5)
    assert found["site_id"].tolist() == ["all 2 sites", "all 3 sites"]
    assert found["sites"].tolist() == [2, 3]
    assert found["forecast_units"].tolist() == [80.0, 120.0]
    assert found["money_at_stake"].tolist() == [2 * 40 * 5.0, 3 * 40 * 2.0]
    assert found["reason"].tolist() == ["new: 60 weeks of history"] * 2


def test_some_sites_of_a_product_are_named(history: History) -> None:
    found = review(history, classes=["new", "smooth", "new", "new", "smooth"])
    assert found["site_id"].tolist() == ["A", "A, C"]
    assert found["sites"].tolist() == [1, 2]


def test_sites_with_other_reasons_have_their_own_rows(history: History) -> None:
    stockout = history.stockout.copy()
    stockout[0, -20:] = True
    found = review(replace(history, stockout=stockout), classes=["new"] * 3 + ["smooth"] * 2)
    assert found["site_id"].tolist() == ["B, C", "A"]
    assert found["reason"].tolist() == [
        "new: 60 weeks of history",
        "new: 60 weeks of history; out of stock in 20 recent weeks",
    ]
    assert found["money_at_stake"].sum() == pytest.approx(3 * 40 * 2.0)


def test_a_change_of_level_is_told_for_the_sites_together(history: History) -> None:
    demand = history.demand.copy()
    demand[3:, -8:] = 30.0
    found = review(replace(history, demand=demand))
    assert found["reason"].tolist() == ["demand up 200\N{NO-BREAK SPACE}% in the last 8 weeks"]
    assert found["money_at_stake"].tolist() == [2 * 20 * 4 * 5.0]


def test_a_tracking_signal_is_a_reason_and_opposite_drifts_do_not_share_a_row(history: History) -> None:
    doubt = drift_doubt(history, signals(26.0, -52.0, 26.0, 0.0, 0.0), horizon=4)
    found = review(history, doubt)
    assert found["site_id"].tolist() == ["A, C", "B"]
    assert found["money_at_stake"].tolist() == [2 * 4 * 2.0, 2 * 4 * 2.0]
    assert found["reason"].tolist() == [
        "forecast above demand week after week for 26 weeks",
        "forecast below demand week after week for 26 weeks",
    ]


def test_reasons_stand_in_the_order_of_their_money(history: History) -> None:
    drift = drift_doubt(history, signals(2600.0, 0.0, 0.0, 26.0, 0.0), horizon=4)
    found = review(history, drift, classes=["new"] * 5)
    reasons = dict(zip(zip(found["product_id"], found["site_id"], strict=True), found["reason"], strict=True))
    assert reasons["P", "A"].startswith("forecast above demand")
    assert reasons["Q", "A"].startswith("new")


def test_overrides_of_those_who_hurt_are_a_reason(history: History) -> None:
    forecast = pd.DataFrame(
        {
            "product_id": ["P", "P", "Q"],
            "site_id": ["A", "B", "A"],
            "mean": [30.0, 12.0, 20.0],
            "statistical_mean": [10.0, 10.0, 10.0],
            "override_author": ["Hope", "Hope", "Ann"],
        }
    )
    found = review(history, override_doubt(history, forecast, ["Hope"]))
    assert found["reason"].tolist() == ["changed by +22 units by Hope, whose overrides hurt so far"]
    assert found["money_at_stake"].tolist() == [22 * 2.0]
    assert review(history, override_doubt(history, forecast, [])).empty


def test_series_off_sale_are_not_reviewed(history: History) -> None:
    end = np.array([NEVER, NEVER, NEVER, 10, 10])
    found = review(replace(history, end=end), classes=["new"] * 5)
    assert found["product_id"].tolist() == ["P"]


def test_the_total_money_is_that_of_the_single_series(history: History) -> None:
    rng = np.random.default_rng(4)
    stakes = rng.uniform(0, 50, (3, 5))
    sides = rng.integers(-1, 2, (3, 5))
    doubts = [
        Doubt(side.astype(np.int64), np.abs(side) * stake, lambda _: "words")
        for side, stake in zip(sides, stakes, strict=True)
    ]
    single = (np.abs(sides) * stakes * VALUE).max(axis=0).sum()
    found = review(history, *doubts)
    assert found["money_at_stake"].sum() == pytest.approx(single)
    assert found["sites"].sum() == (sides != 0).any(axis=0).sum()
