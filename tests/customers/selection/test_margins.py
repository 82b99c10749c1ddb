"""Margins of what contacts sell, higher or lower: discounts, put-off sales and costs of contacts stay."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.customers.selection import campaign_shop as toy

from helpers.customers.checks import check_contact_plan
from helpers.customers.selection import ContactPlan, SelectionSettings, check_tables, plan_contacts
from helpers.customers.selection.margins import PARTS, with_margin
from helpers.customers.selection.plan import choose_contacts
from helpers.customers.uplift.estimate import Z90
from helpers.customers.uplift.worth import MONEY_SPREAD, OWN_DAYS
from helpers.errors import ParameterError

ASKED = SelectionSettings(rest_days=5, channel_capacity={"phone": 9})


def worth_with_parts(case: toy.ShopCase, seed: int = 0) -> pd.DataFrame:
    """Return a worth for every customer in every planned campaign, with its parts."""
    table = toy.worth(case, seed)
    parts = parts_of(len(table), seed)
    return pd.concat([table.drop(columns=[name for name in parts if name in table]), parts], axis=1)


def parts_of(count: int, seed: int, margin: float = 1.0) -> pd.DataFrame:
    """Return a worth by the formula of `contact_worth` from parts drawn at random, margins times `margin`."""
    rng = np.random.default_rng(seed)
    control, effect = rng.uniform(0, 0.3, count), rng.normal(0.1, 0.1, count)
    low, high = effect - rng.uniform(0.01, 0.1, count), effect + 0.08
    treated = np.clip(control + effect, 0, 1)
    m, d, w = rng.normal(30, 20, count) * margin, rng.uniform(0, 6, count), rng.uniform(0, 0.5, count)
    days = rng.integers(0, 30, count)
    value = treated * (m - d) - control * m - w
    value = np.where(m < 0, np.minimum(value, 0), value)
    by_answer = (high - low) / (2 * Z90) * np.abs(m - d)
    by_money = MONEY_SPREAD / np.sqrt(days + OWN_DAYS) * np.abs(value)
    wide = Z90 * np.hypot(by_answer, by_money)
    drawn = dict(zip(PARTS, (control, treated, low, high, m, d, w), strict=True))
    return pd.DataFrame({**drawn, "value": value, "value_low": value - wide, "value_high": value + wide})


@pytest.fixture(scope="module")
def case() -> toy.ShopCase:
    return toy.shop(120, 3)


@pytest.fixture(scope="module")
def plan(case: toy.ShopCase) -> ContactPlan:
    return plan_contacts(case, ASKED, worth_with_parts(case))


@settings(max_examples=20, deadline=None, derandomize=True)
@given(change=st.floats(-0.95, 3.0), seed=st.integers(0, 50))
def test_values_are_those_of_a_worth_measured_at_such_margins(change: float, seed: int) -> None:
    pairs, expected = parts_of(40, seed), parts_of(40, seed, 1 + change)
    pairs = pairs.assign(cost=0.1, net=pairs["value"] - 0.1)
    found = with_margin(pairs, change)
    # Where the value was near 0, the interval did not say how uncertain money is.
    known = pairs["value"].abs() > 0.01
    assert found["value"].to_numpy() == pytest.approx(expected["value"].to_numpy(), abs=1e-9)
    for name in ("value_low", "value_high"):
        told = expected.loc[known, name].to_numpy()
        assert found.loc[known, name].to_numpy() == pytest.approx(told, rel=1e-5, abs=1e-5)
    assert found["net"].to_numpy() == pytest.approx(expected["value"].to_numpy() - 0.1)


def test_a_discount_is_not_scaled() -> None:
    pairs = pd.DataFrame(
        [[0.2, 0.5, 0.2, 0.4, 10.0, 4.0, 0.0, 1.0, 0.0, 2.0, 0.5]],
        columns=[*PARTS, "value", "value_low", "value_high", "cost"],
    )
    # 0.5 × (20 − 4) − 0.2 × 20 = 4, where value × 2 would be 2.
    assert with_margin(pairs, 1.0)[["value", "net"]].iloc[0].tolist() == pytest.approx([4.0, 3.5])


def test_a_plan_at_other_margins_keeps_every_rule_of_the_check(case: toy.ShopCase, plan: ContactPlan) -> None:
    lower, higher = (choose_contacts(plan.audience, replace(ASKED, margin_change=one)) for one in (-0.4, 0.6))
    assert lower.totals["net"] < plan.totals["net"] < higher.totals["net"]
    check_contact_plan(check_tables(higher), case).require()
    assert any("higher than measured" in note for note in higher.notes)
    assert any("lower than measured" in note for note in lower.notes)


def test_the_audience_keeps_the_measured_worth(plan: ContactPlan) -> None:
    other = choose_contacts(plan.audience, replace(ASKED, margin_change=0.5))
    again = choose_contacts(other.audience, ASKED)
    assert again.totals.to_dict() == plan.totals.to_dict()


def test_no_change_needs_no_parts_and_changes_nothing() -> None:
    case = toy.shop(30, 2)
    plan = plan_contacts(case, ASKED, toy.worth(case))
    assert with_margin(plan.audience.pairs, 0.0) is plan.audience.pairs
    with pytest.raises(ParameterError, match="no column control_probability"):
        choose_contacts(plan.audience, replace(ASKED, margin_change=0.1))


@pytest.mark.parametrize("change", [-1.0, 11.0, float("nan")])
def test_margins_that_cannot_be_meant_are_refused(change: float) -> None:
    with pytest.raises(ParameterError, match="margin_change"):
        SelectionSettings(margin_change=change)


def test_nobody_to_contact_stays_nobody(case: toy.ShopCase) -> None:
    plan = plan_contacts(case, replace(ASKED, margin_change=0.3), worth_with_parts(case).iloc[:0])
    assert plan.totals["contacts"] == 0
