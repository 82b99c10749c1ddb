"""The what-if of customers: counts and money of the plan's own verb, and nobody by name."""

from __future__ import annotations

import itertools
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pandas as pd
import pytest
from tests.customers.selection import campaign_shop as toy
from tests.customers.selection.test_margins import worth_with_parts

from helpers.customers import SelectionSettings, TargetingPlan, TargetingSettings
from helpers.customers.selection import ContactPlan, plan_contacts
from helpers.customers.selection.plan import choose_contacts
from helpers.errors import ParameterError
from helpers.whatif import Decision
from helpers.whatif.customers import customers_under, customers_what_if, selection_under

ASKED = SelectionSettings(channel_capacity={"phone": 9}, rest_days=5)
MOVES: list[dict[str, Any]] = [
    {"contact_budget": 4.0},
    {"margin_change": 0.4},
    {"contacts_a_year": 1.0},
    {"calls": 0.0},
    {"holdout_share": 0.3},
    {"stock_limit": False},
    {"contact_budget": 6.0, "margin_change": -0.5, "calls": 20.0, "holdout_share": 0.0},
]


def targeting(contacts: ContactPlan, worth: pd.DataFrame) -> TargetingPlan:
    """Return the parts of a targeting plan that the what-if reads."""
    return cast("TargetingPlan", SimpleNamespace(contacts=contacts, worth=worth.assign(persuadable=0.7)))


@pytest.fixture(scope="module")
def plan() -> TargetingPlan:
    case = toy.shop(120, 3)
    worth = worth_with_parts(case)
    return targeting(plan_contacts(case, ASKED, worth), worth)


@pytest.fixture(scope="module")
def decision(plan: TargetingPlan) -> Decision:
    return customers_what_if(plan)


def test_at_defaults_the_view_is_the_plan(plan: TargetingPlan, decision: Decision) -> None:
    totals, view = plan.contacts.totals, decision.base
    assert view.value("net margin of contacts") == totals["net"]
    assert view.value("cost of contacts") == totals["cost"]
    assert view.value("contacts made") == totals["contacts"]
    assert view.decisions["money"].sum() == pytest.approx(totals["net"])
    assert view.decisions["quantity"].sum() == totals["contacts"]
    assert view.sentence.endswith("as planned.")
    assert decision.view({"margin_change": 0.0}) is view


@pytest.mark.parametrize("moved", MOVES, ids=str)
def test_a_view_is_the_plan_under_the_same_settings(
    moved: dict[str, Any], plan: TargetingPlan, decision: Decision
) -> None:
    heavy = customers_under(TargetingSettings(selection=ASKED), moved).selection
    found, view = choose_contacts(plan.contacts.audience, heavy), decision.view(moved)
    assert view.value("net margin of contacts") == found.totals["net"]
    assert view.value("contacts made") == found.totals["contacts"]
    assert list(view.chart.series[1].values) == found.by_campaign["net"].tolist()
    assert view.gap == found.gap


def test_a_higher_budget_never_earns_less(decision: Decision) -> None:
    net = [decision.view({"contact_budget": float(budget)}) for budget in (1, 2, 4, 8, 16)]
    earned = [view.value("net margin of contacts") or 0.0 for view in net]
    assert all(more >= less * (1 - 1e-4) for less, more in itertools.pairwise(earned))
    assert earned[-1] > earned[0]
    limits = net[0].limits
    assert limits["limit"].iloc[0] == "budget"
    assert limits["price"].iloc[0] > 0
    assert limits["most"].iloc[0] == 1.0


def test_no_customer_is_named(plan: TargetingPlan, decision: Decision) -> None:
    ids = set(plan.contacts.pairs["customer_id"])
    for moved in MOVES:
        view = decision.view(moved)
        said = " ".join([view.sentence, *view.notes, *view.chart.labels, view.decisions.to_csv()])
        assert not any(name in said for name in ids)
        assert "Person" not in said


def test_levers_reach_the_settings_that_they_name() -> None:
    found = selection_under(
        SelectionSettings(channel_capacity={"phone": 5, "email": 7}),
        {"contact_budget": 0.0, "contacts_a_year": 3.0, "calls": 0.0, "stock_limit": False, "growth": 0.1},
    )
    assert (found.budget, found.cap_contacts, found.limit_by_stock) == (None, 3, False)
    assert found.channel_capacity == {"email": 7}
    assert selection_under(ASKED, {}) == ASKED
    with pytest.raises(ParameterError, match="Did you mean 'holdout_share'"):
        selection_under(ASKED, {"holdout_shar": 0.1})


def test_controls_that_can_change_nothing_are_left_out() -> None:
    case = toy.shop(40, 1).with_tables(stock=pd.DataFrame())
    worth = toy.worth(case)
    closed = replace(ASKED, channel_capacity={"phone": 0.0})
    names = {
        one.name for one in customers_what_if(targeting(plan_contacts(case, closed, worth), worth)).controls
    }
    assert names == {"contact_budget", "contacts_a_year", "holdout_share"}


def test_nobody_to_contact_is_a_view_too(plan: TargetingPlan) -> None:
    case = toy.shop(0, 1)
    worth = worth_with_parts(case)
    decision = customers_what_if(targeting(plan_contacts(case, ASKED, worth), worth))
    view = decision.view({"margin_change": 0.5, "holdout_share": 0.3})
    assert view.decisions.empty
    assert view.value("contacts made") == 0
    assert view.value("wasted-message rate") is None
    assert "Nobody is contacted" in view.sentence


def test_the_grid_of_the_explorer_is_small_and_each_point_answers(decision: Decision) -> None:
    points = 1
    for values in decision.grid.values():
        points *= len(values)
    assert 20 <= points <= 100
    assert decision.fingerprint
