"""A price is what one more unit of a limit is worth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.solver.tiny_models import shelf, two_weeks

from helpers.errors import SolverError
from helpers.solver import Model, at_least, at_most, prices, solve


def test_one_more_cubic_metre_is_worth_a_lamp() -> None:
    table = prices(solve(shelf(), time_limit=5, gap=0)).set_index("rule")
    assert table.loc["space", "price"] == pytest.approx(10.0)
    assert table.loc["demand", "price"] == pytest.approx(28 - 2 * 10)
    assert (table["method"] == "dual").all()
    assert list(table.loc["space"][["holds_from", "holds_to"]]) == pytest.approx([40.0, 1040.0])


@pytest.mark.parametrize("maximise", [False, True])
def test_signs_are_of_the_planner_for_both_senses(maximise: bool) -> None:
    """Buy for 3 and sell for 5, at least 2, at most 7: room is worth 2, or a promise costs 2."""
    for margin, binding, worth in ((2.0, "room", 2.0), (-2.0, "promise", -2.0)):
        model = Model("signs", maximise=maximise)
        trade = model.add_variables("trade", None, upper=100.0)
        model.add_rows("room", None, trade, at_most(7.0))
        model.add_rows("promise", None, trade, at_least(2.0))
        model.add_objective("money", trade * (margin if maximise else -margin))
        table = prices(solve(model, time_limit=5, gap=0), confirm=True)
        assert table["rule"].iloc[0] == binding
        assert table["price"].tolist() == pytest.approx([worth, 0.0])
        assert table["one_more"].iloc[0] == pytest.approx(worth)
        assert table["method"].iloc[0] == "dual, confirmed"
        assert table["binding"].tolist() == [True, False]


def test_every_price_is_the_slope_of_the_objective() -> None:
    """Against solving each model again with the limit moved by a hundredth, from nothing."""
    model, _, _ = two_weeks()
    plan = solve(model, time_limit=5, gap=0)
    table = prices(plan, ["supplier", "storage"])
    for rule, key, price in table[["rule", "key", "price"]].itertuples(index=False):
        row = np.array([int(key) - 1])
        sides = []
        for step in (0.01, -0.01):
            limit = model.rule(rule).limit[row] + step
            other = solve(model.with_limits(rule, row, limit), time_limit=5, gap=0)
            sides.append(-(other.objective - plan.objective) / step)
        assert min(sides) - 1e-6 <= price <= max(sides) + 1e-6


def test_integers_are_fixed_for_prices_and_the_table_says_so() -> None:
    model = shelf(integer=True, space=61.0)
    plan = solve(model, time_limit=5, gap=0)
    assert plan.require().row_duals is None
    table = prices(plan, confirm=True).set_index("rule")
    assert set(table["method"]) == {"dual, integers fixed; solved again with integers free"}
    assert table.loc["space", "one_more"] == pytest.approx(10.0)
    assert table.loc["demand", "last_one"] == pytest.approx(28 - 2 * 10)


def test_a_mixed_model_has_prices_for_what_stays_open() -> None:
    model = Model("mixed")
    keys = pd.DataFrame({"supplier": ["near", "far"]})
    used = model.add_variables("used", keys, upper=1.0, integer=True)
    buy = model.add_variables("buy", keys, upper=100.0)
    model.add_rows("only if used", keys, buy - used * 60.0, at_most(0.0))
    model.add_rows("need", None, buy, at_least(70.0))
    model.add_objective("fixed", used * 5.0)
    model.add_objective("purchase", buy * [2.0, 3.0])
    table = prices(solve(model, time_limit=5, gap=0), ["need", "only if used"])
    assert table.set_index("rule").loc["need", "price"] == pytest.approx(-3.0)
    near = table[(table["rule"] == "only if used") & (table["key"] == "near")]
    assert near["price"].iloc[0] == pytest.approx(1.0)


def test_both_sides_of_a_degenerate_price_are_given() -> None:
    """60 m³ hold just the 30 chairs that can be sold: one more m³ brings nothing, the last one 14."""
    model = Model("degenerate", maximise=True)
    sell = model.add_variables("sell", None, upper=1000.0)
    model.add_rows("space", None, sell * 2.0, at_most(60.0))
    model.add_rows("demand", None, sell, at_most(30.0))
    model.add_objective("margin", sell * 28.0)
    table = prices(solve(model, time_limit=5, gap=0), confirm=True).set_index("rule")
    assert list(table.loc["space"][["one_more", "last_one"]]) == pytest.approx([0.0, 14.0])
    assert list(table.loc["demand"][["one_more", "last_one"]]) == pytest.approx([0.0, 28.0])
    assert table["method"].str.contains("one side only").all()


def test_without_a_plan_there_are_no_prices() -> None:
    plan = solve(shelf(space=-1.0), time_limit=5, gap=0)
    with pytest.raises(SolverError, match="infeasible"):
        prices(plan)
