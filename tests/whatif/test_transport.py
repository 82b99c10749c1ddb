"""The what-if of transport: the linear plan under the levers, in words, money and service."""

from __future__ import annotations

import pickle
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pandas as pd
import pytest
from tests.transport.test_levers import SETTINGS, WANTS, case, problem

from helpers.errors import ParameterError
from helpers.transport import FlowSettings, TransportPlan
from helpers.transport.flows.levers import under
from helpers.transport.flows.plan import solve_flow
from helpers.transport.flows.problem import FlowProblem
from helpers.whatif import Decision, Refusal, changed_decisions
from helpers.whatif.transport import transport_under, transport_what_if

__all__ = ["case", "problem"]


def made_of(problem: FlowProblem) -> TransportPlan:
    """Return the parts of a transport plan that the what-if reads."""
    parts = SimpleNamespace(
        flow=SimpleNamespace(problem=problem),
        settings=problem.settings,
        first_week=pd.Timestamp(problem.first_week),
        fingerprint="made-by-hand",
    )
    return cast("TransportPlan", parts)


@pytest.fixture(scope="module")
def decision(problem: FlowProblem) -> Decision:
    return transport_what_if(made_of(problem))


def test_at_defaults_the_view_is_the_linear_plan(problem: FlowProblem, decision: Decision) -> None:
    found, view = solve_flow(problem).account, decision.base
    assert view.value("freight cost") == pytest.approx(found.transport_cost)
    assert view.value("transport emissions") == pytest.approx(found.tonnes_co2e)
    assert view.value("needs met in their week") == pytest.approx(found.served_share)
    assert view.decisions["money"].sum() == pytest.approx(found.transport_cost)
    assert view.decisions["quantity"].sum() == pytest.approx(found.flows["kg"].sum())
    assert "as planned" in view.sentence
    assert view.gap == 0


@pytest.mark.parametrize(
    "moved",
    [{"fuel_change": 0.5}, {"carbon_price": 500.0}, {"closed_site": "S01"}, {"dispatch_slack_weeks": 0.0}],
    ids=str,
)
def test_a_view_is_the_flow_plan_under_the_same_settings(
    moved: dict[str, Any], problem: FlowProblem, decision: Decision
) -> None:
    heavy = solve_flow(under(problem, transport_under(SETTINGS, moved))).account
    view = decision.view(moved)
    assert view.value("freight cost") == pytest.approx(heavy.transport_cost)
    assert view.value("needs met in their week") == pytest.approx(heavy.served_share)
    assert sum(view.chart.series[1].values) == pytest.approx(heavy.transport_cost)


def test_a_closed_site_is_on_no_lane_and_said_in_the_notes(decision: Decision) -> None:
    view = decision.view({"closed_site": "S01"})
    assert not view.decisions["name"].str.contains("Store").any()
    assert any("Store is closed" in note for note in view.notes)
    assert "fewer than planned" in view.sentence
    before = changed_decisions(decision.base, view)
    assert (before.loc[before["name"].str.contains("Store"), "now"] == 0).all()


def test_limits_are_named_in_words_with_their_price(decision: Decision) -> None:
    limits = decision.view({"capacity_change": -0.8}).limits
    assert limits["limit"].iloc[0].startswith("vehicles: ")
    assert " → " in limits["limit"].iloc[0]
    assert "week of" in limits["limit"].iloc[0]
    assert limits["used"].iloc[0] == pytest.approx(limits["most"].iloc[0])
    assert limits["price"].iloc[0] > 0


def test_a_setting_without_a_plan_is_refused_in_words(problem: FlowProblem) -> None:
    strict = replace(problem, settings=replace(SETTINGS, least_served=0.6))
    found = transport_what_if(made_of(strict)).try_view({"closed_site": "S01"})
    assert isinstance(found, Refusal)
    assert "no plan keeps all limits" in found.reason
    assert "units unmet" in found.reason


def test_sites_are_chosen_by_name_and_an_unknown_one_is_refused(decision: Decision) -> None:
    options = dict(next(one for one in decision.controls if one.name == "closed_site").options)  # type: ignore[union-attr]  # a choice
    assert options == {"": "none", "DC": "Warehouse", "S01": "Store"}
    with pytest.raises(ParameterError, match="'DV'.*Give one of '', 'DC'"):
        decision.view({"closed_site": "DV"})


def test_a_plan_made_under_a_scenario_is_where_its_controls_stand(problem: FlowProblem) -> None:
    levers = {"fuel_change": 0.3, "closed_site": "S01"}
    shut = under(problem, transport_under(SETTINGS, levers))
    decision = transport_what_if(made_of(shut))
    assert {one.name: one.default for one in decision.controls}["closed_site"] == "S01"
    assert decision.base.value("freight cost") == pytest.approx(solve_flow(shut).account.transport_cost)
    opened = decision.view({"fuel_change": 0.0, "closed_site": ""})
    assert opened.value("freight cost") == pytest.approx(solve_flow(problem).account.transport_cost)


def test_levers_of_other_decisions_are_left_alone() -> None:
    found = transport_under(FlowSettings(), {"growth": 0.1, "fuel_change": 0.2, "dispatch_slack_weeks": 3.0})
    assert found == FlowSettings(fuel_change=0.2, dispatch_slack_weeks=3)
    assert transport_under(FlowSettings(), {}) == FlowSettings()
    with pytest.raises(ParameterError, match="'fuel_change' is 9"):
        transport_under(FlowSettings(), {"fuel_change": 9})


def test_views_can_be_remembered_on_disk(decision: Decision) -> None:
    view = pickle.loads(pickle.dumps(decision.base.decisions))
    assert view.equals(decision.base.decisions)


def test_the_grid_of_the_explorer_is_small(decision: Decision) -> None:
    points = 1
    for values in decision.grid.values():
        points *= len(values)
    assert 16 <= points <= 60
    assert WANTS.orders is not None
