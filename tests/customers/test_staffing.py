"""Erlang C against published figures and a slow recursion; staffing of a small service desk."""

from __future__ import annotations

import datetime as dt
import math
import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.contract.load import case_from_tables
from helpers.customers.staffing import (
    Staffing,
    StaffingSettings,
    agents_needed,
    erlang_c,
    forecast_cases,
    plan_staffing,
    say_busy_day,
    say_case_forecast,
    say_one_fewer,
    say_staffing,
)
from helpers.customers.staffing.columns import STAFFING
from helpers.errors import ParameterError

UNTIL = dt.date(2026, 6, 28)  # a Sunday


def slow_waiting(load: float, agents: int) -> float:
    """Erlang C by the textbook's recursion of Erlang B."""
    blocked = 1.0
    for number in range(1, agents + 1):
        blocked = load * blocked / (number + load * blocked)
    return blocked / (1 - load / agents * (1 - blocked))


def test_pyworkforce_example_is_reproduced() -> None:
    found = agents_needed(200, 3, target_share=0.8, answer_seconds=20, shrinkage=0.3, max_occupancy=0.85)
    assert (found.present, found.rostered) == (14, 20)
    assert found.service == pytest.approx(0.8883500191794669, abs=1e-12)
    assert found.waiting_probability == pytest.approx(0.1741319335950498, abs=1e-12)
    assert found.occupancy == pytest.approx(10 / 14)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.01, 3000), st.integers(1, 200))
def test_chance_to_wait_equals_the_recursion(load: float, spare: int) -> None:
    agents = math.floor(load) + spare
    found = erlang_c(load * 20, 3, agents, 20)
    assert float(found.waiting_probability) == pytest.approx(slow_waiting(load, agents), rel=1e-7, abs=1e-12)


def test_thousands_of_agents_and_a_queue_without_end() -> None:
    found = erlang_c(60 * 50_000, 1, [49_999, 50_000, 50_001, 50_300])
    assert found.service[:2].tolist() == [0.0, 0.0]
    assert np.isinf(found.wait_seconds[:2]).all()
    assert float(found.waiting_probability[3]) == pytest.approx(slow_waiting(50_000, 50_300), rel=1e-6)
    idle = erlang_c(0, 3, [0, 2])
    assert idle.occupancy.tolist() == [0.0, 0.0]
    assert float(idle.service[1]) == 1.0


@settings(max_examples=40, deadline=None)
@given(st.floats(0.1, 5000), st.floats(0.5, 20), st.floats(0.05, 0.99), st.floats(0, 120))
def test_staff_is_the_smallest_that_keeps_both_targets(
    calls: float, minutes: float, share: float, seconds: float
) -> None:
    found = agents_needed(calls, minutes, target_share=share, answer_seconds=seconds)
    assert found.service >= share
    assert found.occupancy <= 0.85 + 1e-9
    fewer = erlang_c(calls, minutes, found.present - 1, seconds)
    assert float(fewer.service) < share or calls * minutes / 60 > 0.85 * (found.present - 1)
    assert found.rostered >= found.present / 0.7 - 1e-6


def test_bad_numbers_are_refused() -> None:
    for wrong in ({"target_share": 1.0}, {"shrinkage": 1.0}, {"max_occupancy": 0.0}):
        with pytest.raises(ParameterError, match="agents_needed"):
            agents_needed(10, 3, **wrong)
    with pytest.raises(ParameterError, match="erlang_c"):
        erlang_c(-1, 3, 2)
    with pytest.raises(ParameterError, match="erlangs"):
        agents_needed(1e12, 60)
    with pytest.raises(ParameterError, match=r"minutes per call.*open_hours is 30"):
        StaffingSettings(call_minutes=0, open_hours=30)


def days_of(rate: np.ndarray, seed: int = 0) -> pd.Series:
    """Return the dates of random cases with a mean per day, ending on `UNTIL`."""
    count = np.random.default_rng(seed).poisson(rate)
    dates = pd.date_range(end=pd.Timestamp(UNTIL), periods=len(rate))
    return pd.Series(dates.repeat(count))


def test_weekdays_are_found_and_beat_the_naive_mean() -> None:
    rate = np.tile([40.0, 20, 20, 20, 20, 2, 2], 60)
    found = forecast_cases(days_of(rate), UNTIL - dt.timedelta(days=419), UNTIL, 28, 0.9)
    assert found.way.startswith("weekdays")
    assert found.gain > 0.3
    assert found.days["mean"].to_numpy() == pytest.approx(rate[:28], rel=0.25, abs=1.5)
    assert found.inside == pytest.approx(0.92, abs=0.06)


def test_even_cases_keep_the_naive_mean_and_claim_no_gain() -> None:
    found = forecast_cases(days_of(np.full(400, 3.0)), UNTIL - dt.timedelta(days=399), UNTIL, 28, 0.9)
    assert found.gain < 0.02
    assert found.days["mean"].mean() == pytest.approx(3, abs=0.4)
    assert 0.85 <= found.inside <= 1


def test_a_trend_goes_on_and_the_future_is_not_read() -> None:
    rate = np.linspace(5, 60, 364)
    dates = days_of(rate)
    found = forecast_cases(dates, UNTIL - dt.timedelta(days=363), UNTIL, 14, 0.9)
    assert found.days["mean"].mean() == pytest.approx(61, rel=0.15)
    early = UNTIL - dt.timedelta(days=60)
    known = forecast_cases(dates, UNTIL - dt.timedelta(days=363), early, 14, 0.9)
    cut = dates[dates <= pd.Timestamp(early)]
    again = forecast_cases(cut, UNTIL - dt.timedelta(days=363), early, 14, 0.9)
    pd.testing.assert_frame_equal(known.days, again.days)


def test_a_short_history_uses_the_mean_and_none_expects_nothing() -> None:
    short = forecast_cases(days_of(np.full(20, 2.0)), UNTIL - dt.timedelta(days=19), UNTIL, 7, 0.9)
    assert short.way == "mean of all days"
    assert math.isnan(short.error)
    none = forecast_cases(pd.Series([], dtype="datetime64[ns]"), UNTIL, UNTIL, 7, 0.9)
    assert none.days["high"].sum() == 0


@pytest.fixture(scope="module")
def desk_tables() -> dict[str, pd.DataFrame]:
    """Sixty questions and ten complaints a day, fewer at weekends; nine months."""
    questions = days_of(np.tile([60.0, 60, 60, 60, 60, 20, 0], 40))
    complaints = days_of(np.tile([10.0, 10, 10, 10, 10, 5, 0], 40), 1)
    dates = pd.concat([questions, complaints], ignore_index=True)
    kinds = ["question"] * len(questions) + ["complaint"] * len(complaints)
    frame = pd.DataFrame(
        {"date": dates, "kind": kinds, "customer_id": "C1", "score": np.nan, "order_id": None}
    )
    return {
        "products": pd.DataFrame(
            {
                "product_id": ["A"],
                "name": ["Drill"],
                "category": ["Tools"],
                "unit_cost": [1.0],
                "list_price": [2.0],
            }
        ),
        "sites": pd.DataFrame({"site_id": ["S1"], "name": ["Main"], "kind": ["store"]}),
        "customers": pd.DataFrame({"customer_id": ["C1"]}),
        "orders": pd.DataFrame(
            {
                "order_id": ["1"],
                "line": [1],
                "order_date": [UNTIL.isoformat()],
                "site_id": ["S1"],
                "customer_id": ["C1"],
                "product_id": ["A"],
                "quantity": [1],
                "unit_price": [2.0],
                "status": ["shipped"],
            }
        ),
        "service_cases": frame.assign(case_id=[str(number) for number in range(len(frame))]),
        "calendar": pd.DataFrame({"date": ["2026-07-01"], "holiday": ["Fair"], "closed": [True]}),
    }


@pytest.fixture(scope="module")
def desk(desk_tables: dict[str, pd.DataFrame]) -> Staffing:
    calls = pd.DataFrame(
        {"date": pd.to_datetime(["2026-06-30", "2026-07-01", "2026-07-06"]), "contacts": [120, 60, 9]}
    ).assign(channel=["phone", "phone", "visit"])
    return plan_staffing(case_from_tables(desk_tables), StaffingSettings(horizon_days=14), calls)


def test_each_open_day_has_its_agents_and_closed_days_are_carried(desk: Staffing) -> None:
    days = desk.days.set_index("date")
    assert pd.Timestamp("2026-07-01") not in days.index
    assert pd.Timestamp("2026-07-05") not in days.index
    assert days.loc["2026-07-02", "outbound_calls"] == 60
    assert days.loc["2026-07-02", "cases"] == pytest.approx(140, rel=0.15)
    assert days["outbound_calls"].sum() == 180
    assert days.loc["2026-07-06", "field_staff"] == math.ceil(9 * 60 / (9 * 60 * 0.85))


def test_agents_of_a_day_follow_from_its_calls(desk: Staffing) -> None:
    row = desk.days.set_index("date").loc["2026-06-30"]
    work = 6 * float(row["question"]) + 15 * float(row["complaint"]) + 5 * 120
    contacts = float(row["cases"]) + 120
    rate = contacts / 9 * 1.5
    slow = agents_needed(rate, work / contacts)
    assert (row["agents"], row["rostered"]) == (slow.present, slow.rostered)
    assert row["service_one_fewer"] < row["service"]
    assert row["service"] >= 0.8
    assert row["agents_busy"] >= row["agents"]
    fewer = erlang_c(rate, work / contacts, slow.present - 1, 20)
    assert row["service_one_fewer"] == pytest.approx(float(fewer.service))


def test_staffing_is_said_from_the_plan(desk: Staffing) -> None:
    assert str(desk.peak) in say_staffing(desk)
    assert "one agent fewer" in say_one_fewer(desk)
    lone = replace(desk, days=desk.days.assign(agents=1))
    assert say_one_fewer(lone) == "Without this agent nobody answers."
    assert "busy" in say_busy_day(desk)
    assert "smaller" in say_case_forecast(desk)
    assert set(STAFFING) <= set(desk.days)
    assert pickle.loads(pickle.dumps(desk)).peak == desk.peak


def test_no_cases_and_no_calls_need_nobody(desk_tables: dict[str, pd.DataFrame]) -> None:
    bare = {name: table for name, table in desk_tables.items() if name != "service_cases"}
    none = plan_staffing(case_from_tables(bare))
    assert none.peak == 0
    assert "no agent is needed" in say_staffing(none)
    assert any("no service cases" in note for note in none.notes)
    assert "nan" not in say_case_forecast(none) + say_one_fewer(none) + say_busy_day(none)
    with pytest.raises(ParameterError, match="planned_calls"):
        plan_staffing(case_from_tables(bare), planned_calls=pd.DataFrame({"date": ["2026-07-01"]}))
