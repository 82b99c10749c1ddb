"""Limits that clash are named, with the cheapest way out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.solver.tiny_models import clashing, shelf, two_weeks

from helpers.errors import SolverError
from helpers.solver import Model, at_least, at_most, equals, explain_infeasibility, solve
from helpers.solver.clash import conflicting_rows


def test_the_cheapest_way_out_is_the_one_known() -> None:
    clash = explain_infeasibility(clashing())
    assert (clash.kind, clash.cost, clash.is_proven) == ("infeasible", 40.0, True)
    found = clash.relaxations.iloc[0]
    assert len(clash.relaxations) == 1
    assert found[["rule", "key", "limit", "to", "by", "cost"]].tolist() == [
        *("storage", "DC-North", 80.0, 100.0, 20.0, 40.0)
    ]
    assert clash.sentences == (
        "DC-North stores at most 80 m³ would have to give way by 20 m³, to 100 (cost 40).",
        "They clash with: promised (DC-North): at least 100 units.",
    )


def test_other_prices_give_another_way_out() -> None:
    clash = explain_infeasibility(clashing(), relax={"storage": 10.0, "promised": 1.0})
    assert clash.relaxations["rule"].tolist() == ["promised"]
    assert clash.relaxations["to"].tolist() == [80.0]
    assert clash.cost == pytest.approx(20.0)


def test_the_way_out_is_one() -> None:
    model = clashing()
    found = explain_infeasibility(model).relaxations.iloc[0]
    rule = model.rule(found["rule"])
    rows = rule.table.matching({"site": found["key"]})
    assert solve(model.with_limits(rule, rows, np.array([found["to"]])), time_limit=5, gap=0).has_solution
    less = solve(model.with_limits(rule, rows, np.array([found["to"] - 0.01])), time_limit=5, gap=0)
    assert not less.has_solution


def test_rules_without_a_price_hold_and_are_named_as_the_other_side() -> None:
    """42 can be ordered of 56, and 10 kept of 20: the supplier gives way by 14, the storage by 10."""
    model, _, _ = two_weeks()
    rule = model.rule("flow balance")
    model = model.with_limits(rule, np.array([2]), np.array([40.0]))
    clash = explain_infeasibility(model, relax={"supplier": 1.0, "storage": 5.0})
    by = clash.relaxations.groupby("rule")["by"].sum()
    assert by.to_dict() == pytest.approx({"supplier": 14.0, "storage": 10.0})
    assert "flow balance" in set(clash.against["rule"])
    assert clash.cost == pytest.approx(14 * 1.0 + 10 * 5.0)


def test_where_the_priced_limits_are_not_enough_others_give_way_too() -> None:
    model = Model("stiff")
    buy = model.add_variables("buy", None, upper=10.0)
    model.add_rows("budget", None, buy, at_most(5.0, unit="money", relax_cost=1.0))
    model.add_rows("promise", None, buy, at_least(30.0, unit="units"))
    clash = explain_infeasibility(model)
    by = clash.relaxations.set_index("rule")["by"]
    assert by["promise"] == pytest.approx(20.0)
    assert by["budget"] == pytest.approx(5.0)
    assert any("not enough" in sentence for sentence in clash.sentences)
    assert "bound of buy" in set(clash.against["rule"])


def test_without_any_price_limits_give_way_relative_to_their_size() -> None:
    model = Model("no prices")
    buy = model.add_variables("buy", None, upper=1e6)
    model.add_rows("small", None, buy, at_most(10.0))
    model.add_rows("large", None, buy, at_least(1000.0))
    clash = explain_infeasibility(model)
    assert clash.relaxations["rule"].tolist() == ["large"]
    assert np.isnan(clash.cost)
    assert "cost" not in clash.sentences[0]


def test_switches_that_clash_are_found() -> None:
    """Three suppliers, whole ones only; at most one may be used and 150 are needed of 100 each."""
    model = Model("switches")
    keys = pd.DataFrame({"supplier": ["A", "B", "C"]})
    used = model.add_variables("used", keys, upper=1.0, integer=True)
    model.add_rows("one supplier", None, used, at_most(1.0, relax_cost=50.0))
    model.add_rows("need", None, used * 100.0, at_least(150.0, unit="units", relax_cost=0.4))
    clash = explain_infeasibility(model)
    assert clash.relaxations["rule"].tolist() == ["need"]
    assert clash.cost == pytest.approx(20.0)
    dear = explain_infeasibility(model, relax={"one supplier": 50.0, "need": 4.0})
    assert dear.relaxations["rule"].tolist() == ["one supplier"]


def test_an_irreducible_set_names_rows_that_clash() -> None:
    model = clashing()
    assert conflicting_rows(model.flat, 5.0) == [0, 2]


def test_what_runs_away_is_named() -> None:
    model = Model("greedy", maximise=True)
    keys = pd.DataFrame({"product": ["P1", "P2", "P3"]})
    buy = model.add_variables("buy", keys, upper=[5.0, np.inf, np.inf])
    sell = model.add_variables("sell", keys)
    model.add_rows("flow", keys, buy - sell, equals(0.0))
    model.add_rows("room", None, buy.where([True, False, True]), at_most(100.0))
    model.add_objective("margin", sell * 3.0 - buy * 2.0)
    clash = explain_infeasibility(model)
    assert clash.kind == "unbounded"
    assert clash.sentences == (
        "Nothing limits buy (P2): the money grows without end.",
        "Nothing limits sell (P2): the money grows without end.",
    )


def test_a_model_with_a_plan_has_no_clash() -> None:
    clash = explain_infeasibility(shelf())
    assert (clash.kind, len(clash.relaxations)) == ("feasible", 0)


def test_giving_way_has_to_cost_something() -> None:
    with pytest.raises(SolverError, match="above 0"):
        explain_infeasibility(clashing(), relax={"storage": 0.0})
