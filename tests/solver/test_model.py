"""Models say what the formula says; keys are kept apart; what cannot be meant is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.solver.tiny_models import assert_same, shelf, two_weeks

from helpers.errors import SolverError
from helpers.solver import Model, at_least, at_most, equals, prices, solve, triples


def test_flow_balance_over_weeks_costs_what_the_hand_says() -> None:
    """Early is cheap: week 1 orders all it may (14), week 2 fills the storage (10), week 3 the rest."""
    model, order, stock = two_weeks()
    plan = solve(model, time_limit=10, gap=0)
    ordered = plan.table(order, stock).groupby("week")[["order", "stock"]].sum()
    assert ordered["order"].tolist() == pytest.approx([14, 10, 12])
    assert ordered["stock"].tolist() == pytest.approx([7, 10, 0])
    assert plan.objective == pytest.approx(14 * 1 + 10 * 2 + 12 * 3 + 17 * 0.5)
    assert plan.money().set_index("name")["money"].to_dict() == pytest.approx(
        {"purchase": 70, "holding": 8.5}
    )


def test_products_whose_names_pulp_would_merge_stay_apart() -> None:
    model, order, _ = two_weeks()
    plan = solve(model, time_limit=10, gap=0)
    by_product = plan.table(order).groupby("product")["order"].sum()
    assert by_product.to_dict() == pytest.approx({"SKU-7": 30.0, "SKU_7": 6.0})
    names = [v.name for v in model.problem.variables()]
    assert len(set(names)) == len(names) == 12


def test_pulp_holds_the_same_model_as_the_arrays() -> None:
    from helpers.solver.flat import read_pulp

    model, _, _ = two_weeks()
    assert_same(model.flat, read_pulp(model.problem))


def test_order_of_the_rows_of_a_table_changes_nothing() -> None:
    rng = np.random.default_rng(5)
    keys = pd.DataFrame({"site": list("ABCD") * 3, "week": np.repeat([1, 2, 3], 4)})
    keys = keys.assign(cost=rng.uniform(1, 2, 12), need=rng.uniform(1, 9, 12))
    answers = []
    for table in (keys, keys.sample(frac=1.0, random_state=1)):
        model = Model("permuted")
        buy = model.add_variables("buy", table[["site", "week"]], upper=40.0)
        model.add_rows("need", table[["week", "site"]], buy, at_least(table["need"]))
        model.add_rows("total", pd.DataFrame({"week": table["week"].unique()}), buy, at_least(30.0))
        model.add_objective("cost", buy * table["cost"])
        plan = solve(model, time_limit=10, gap=0)
        answers.append(plan.table(buy).set_index(["site", "week"])["buy"].sort_index())
    np.testing.assert_allclose(answers[0], answers[1], atol=1e-9)


def test_scaling_the_currency_scales_the_cost() -> None:
    costs = []
    for rate in (1.0, 7.0):
        model = Model("currency")
        buy = model.add_variables("buy", pd.Index(["a", "b"], name="product"), upper=9.0)
        model.add_rows("need", None, buy, at_least(12.0))
        model.add_objective("cost", buy * [2.0 * rate, 3.0 * rate])
        costs.append(solve(model, time_limit=10, gap=0).objective)
    assert costs[1] == pytest.approx(7 * costs[0])


def test_lots_link_orders_to_whole_packs() -> None:
    keys = pd.DataFrame({"product": ["a", "b"]})
    model = Model("packs")
    order = model.add_variables("order", keys, upper=100.0)
    lots = model.add_variables("lots", keys, upper=[2.0, 9.0], integer=True)
    model.add_rows("whole packs", keys, order - lots * [6.0, 4.0], equals(0.0))
    model.add_rows("need", keys, order, at_least([7.0, 7.0]))
    model.add_objective("purchase", order * 1.0)
    plan = solve(model, time_limit=10, gap=0)
    assert plan.values(order).tolist() == [12.0, 8.0]
    assert plan.values("lots").tolist() == [2.0, 2.0]


def test_only_some_variables_may_be_whole() -> None:
    keys = pd.DataFrame({"week": [1, 2]})
    model = Model("frozen week")
    order = model.add_variables("order", keys, upper=9.0, integer=keys["week"] == 1)
    model.add_rows("need", keys, order, at_least(2.5))
    model.add_objective("purchase", order * 1.0)
    assert solve(model, time_limit=10, gap=0).values(order).tolist() == [3.0, 2.5]


def test_a_curve_is_cut_by_its_tangents() -> None:
    """Shortage max(0, 10 − y, 16 − 2 y) at y = 5 is 6, and at 8 it is 2."""
    keys = pd.DataFrame({"product": ["a", "b"]})
    cuts = keys.merge(pd.DataFrame({"segment": [1, 2]}), how="cross")
    slope, intercept = np.tile([1.0, 2.0], 2), np.tile([10.0, 16.0], 2)
    model = Model("curve")
    level = model.add_variables("level", keys, lower=[5.0, 8.0], upper=[5.0, 8.0])
    shortage = model.add_variables("shortage", keys)
    model.add_rows("expected shortage", cuts, shortage.at(cuts) + level.at(cuts) * slope, at_least(intercept))
    model.add_objective("lost margin", shortage * 1.0)
    assert solve(model, time_limit=10, gap=0).values(shortage).tolist() == [6.0, 2.0]


def test_triples_build_the_same_rows_as_keys() -> None:
    model, order, stock = two_weeks()
    other = Model("orders")
    again = other.add_variables("order", order.keys, upper=20.0)
    kept = other.add_variables("stock", stock.keys, upper=100.0)
    each = np.arange(6)
    before = each[each % 3 > 0]
    balance = triples(before, kept.ids[before - 1], 1.0) + triples(each, again.ids, 1.0)
    balance = balance - triples(each, kept.ids, np.ones(6))
    other.add_rows("flow balance", order.keys, balance, equals(model.rules["flow balance"].limit))
    for rule, block in (("storage", kept), ("supplier", again)):
        weeks = model.rules[rule].table.frame
        other.add_rows(rule, weeks, triples(each % 3, block.ids, 1.0), at_most(model.rules[rule].limit))
    other.add_objective("purchase", again * np.tile([1.0, 2.0, 3.0], 2))
    other.add_objective("holding", 0.5 * kept)
    assert_same(model.flat, other.flat)


def test_numpy_and_pandas_numbers_are_taken_on_either_side() -> None:
    keys = pd.DataFrame({"product": ["a", "b"]}, index=[7, 9])
    model = Model("scalars")
    buy = model.add_variables("buy", keys, lower=np.float32(1.0), upper=np.int64(5), integer=np.bool_(False))
    series = pd.Series([1, 2], index=[7, 9])
    model.add_rows("all", None, np.array([1, 2]) * buy, at_most(np.int64(8)))
    model.add_rows("each", keys, series * buy, at_least(np.int32(2)))
    model.add_objective("gain", np.float64(2.0) * buy, constant=np.float64(1.0))
    assert solve(model, time_limit=5, gap=np.float64(0)).objective == pytest.approx(7.0)


def test_several_terms_of_one_variable_add_up() -> None:
    model = Model("sum")
    buy = model.add_variables("buy", None, upper=9.0)
    model.add_rows("need", None, buy + buy - 0.5 * buy, at_least(3.0))
    model.add_objective("purchase", buy * 1.0)
    model.add_objective("freight", buy * 2.0)
    plan = solve(model, time_limit=5, gap=0)
    assert (plan.objective, plan.values(buy).tolist()) == (6.0, [2.0])


KEYS = pd.DataFrame({"product": ["a", "b"]})


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda m, _x: m.add_variables("x", KEYS), "already added"),
        (lambda m, x: m.add_rows("r", KEYS, x, at_most(1.0)), "already added"),
        (lambda m, x: m.add_objective("o", x * 1.0), "already added"),
        (lambda m, _x: m.add_variables("y", pd.DataFrame({"product": ["a", "a"]})), "the key a comes twice"),
        (lambda m, _x: m.add_variables("y", pd.DataFrame({"product": ["a", None]})), "is empty in row 1"),
        (lambda m, _x: m.add_variables("y", KEYS, lower=2.0, upper=[3.0, 1.0]), "first: b, 2 to 1"),
        (lambda m, _x: m.add_variables("y", KEYS, 0.2, 0.8, integer=True), "no whole number"),
        (lambda m, _x: m.add_variables("y", KEYS, lower=np.nan), "no usable numbers"),
        (lambda m, _x: m.add_variables("y", KEYS, lower=[1.0, 2.0, 3.0]), "3 numbers for 2 keys"),
        (lambda m, x: m.add_rows("s", KEYS, x, at_most(np.inf)), "no usable numbers"),
        (lambda m, x: m.add_rows("s", KEYS, x * [1.0, np.nan], at_most(1.0)), "no usable numbers"),
        (lambda m, x: m.add_rows("s", KEYS.iloc[:1], x, at_most(1.0)), "belong to no row"),
        (lambda m, x: m.add_rows("s", pd.DataFrame({"week": [1]}), x, at_most(1.0)), "no key column 'week'"),
        (lambda _m, x: x.at(pd.DataFrame({"product": ["c"]})), "nothing for c"),
        (lambda _m, x: x * pd.Series([1.0, 2.0], index=[5, 6]), "another index"),
        (lambda _m, x: x.where([True]), "1 flags for 2 parts"),
        (lambda m, _x: m.add_rows("s", KEYS, triples([0, 2], [0, 1], 1.0), at_most(1.0)), "outside 0 … 1"),
        (
            lambda m, _x: m.add_rows("s", KEYS, triples([0, 1], [0, 99], 1.0), at_most(1.0)),
            "not in this model",
        ),
        (lambda m, _x: m.rule("storage"), "There are: r"),
        (lambda m, _x: m.block("stock"), "There are: x"),
        (lambda m, _x: solve(m, time_limit=5, gap=0).values(Model("n").add_variables("x", KEYS)), "not"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(build: Any, words: str) -> None:
    model = Model("small")
    x = model.add_variables("x", KEYS, upper=1.0)
    model.add_rows("r", KEYS, x, at_most(1.0))
    model.add_objective("o", x * 1.0)
    with pytest.raises(SolverError, match=words if words != "not" else "no variables 'x' here"):
        build(model, x)


def test_a_refused_rule_leaves_the_model_as_it_was() -> None:
    model = shelf()
    before = solve(model, time_limit=5, gap=0).objective
    with pytest.raises(SolverError):
        model.add_rows("wrong", pd.DataFrame({"product": ["chair"]}), model.block("sell"), at_most(0.0))
    assert solve(model, time_limit=5, gap=0).objective == before


def test_a_model_changed_after_the_solve_has_no_prices() -> None:
    model = shelf()
    plan = solve(model, time_limit=5, gap=0)
    model.add_rows("more", None, model.block("sell"), at_most(5.0))
    with pytest.raises(SolverError, match="changed after this solve"):
        prices(plan)
    assert plan.objective == pytest.approx(760.0)


def test_an_empty_model_and_an_empty_table_are_solved() -> None:
    assert solve(Model("nothing"), time_limit=5, gap=0).objective == 0.0
    model = Model("no keys")
    none = model.add_variables("none", KEYS.iloc[:0])
    model.add_rows("limit", KEYS.iloc[:0], none, at_most(1.0))
    model.add_objective("fixed", none * 1.0, constant=3.0)
    plan = solve(model, time_limit=5, gap=0)
    assert (plan.objective, len(plan.values(none))) == (3.0, 0)


def test_labels_of_another_length_are_refused_rather_than_aligned() -> None:
    model = Model("labels")
    keys = pd.DataFrame({"lane": ["a", "b", "c"]})
    ship = model.add_variables("ship", keys)
    kept = np.array([False, True, True])
    right = ship.relabel(lane=keys["lane"] + "!").where(kept)
    model.add_rows("right", pd.DataFrame({"lane": ["b!", "c!"]}), right, at_most(1.0))
    assert model.flat.columns.tolist() == [1, 2]
    with pytest.raises(SolverError, match="3 values of 'lane' for 2 parts"):
        ship.where(kept).relabel(lane=keys["lane"])
