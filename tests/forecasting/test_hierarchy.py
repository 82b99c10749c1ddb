"""Levels that agree, solved by the library and by a dense formula that can be read."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from helpers.errors import ParameterError
from helpers.forecasting.classify import Floats
from helpers.forecasting.hierarchy import (
    RULES,
    Hierarchy,
    NodeErrors,
    Rule,
    build_hierarchy,
    error_variances,
    forecast_groups,
    group_shapes,
    node_errors,
    reconcile,
)

KEYS = pd.DataFrame(
    {
        "product_id": ["P1", "P1", "P2", "P2", "P3"],
        "category": ["C1", "C1", "C1", "C1", "C2"],
        "site_id": ["A", "B", "A", "B", "A"],
    }
)


@pytest.fixture(scope="module")
def hierarchy() -> Hierarchy:
    return build_hierarchy(KEYS)


@pytest.fixture
def windows(hierarchy: Hierarchy) -> list[NodeErrors]:
    rng = np.random.default_rng(5)
    series, nodes = len(KEYS), hierarchy.nodes
    return [
        node_errors(
            hierarchy,
            rng.poisson(20.0, (series, 13)).astype("float64"),
            rng.uniform(15, 25, (series, 13)),
            rng.uniform(30, 50, (nodes, 13)),
        )
        for _ in range(3)
    ]


def dense_solution(hierarchy: Hierarchy, bottom: Floats, upper: Floats, variance: Floats) -> Floats:
    summing = np.vstack([hierarchy.members.toarray(), np.eye(len(bottom))])
    weights = np.diag(1 / variance)
    base = np.concatenate([upper, bottom])
    return np.asarray(np.linalg.solve(summing.T @ weights @ summing, summing.T @ weights @ base))


def test_nodes_with_one_member_or_the_members_of_another_are_left_out(hierarchy: Hierarchy) -> None:
    named = list(zip(hierarchy.level.tolist(), hierarchy.name.tolist(), strict=True))
    # P3, category C2 and site ... have one member or those of another node
    assert named == [
        ("product", "P1"),
        ("product", "P2"),
        ("category", "C1"),
        ("site", "A"),
        ("site", "B"),
        ("total", "all"),
    ]
    assert hierarchy.members.toarray()[2].tolist() == [1, 1, 1, 1, 0]


def test_a_single_series_has_no_level_above_it() -> None:
    lonely = build_hierarchy(KEYS.head(1))
    assert lonely.nodes == 0
    found = reconcile(lonely, np.ones((1, 2)), np.empty((0, 2)), rule="wls_struct")
    assert found.bottom.tolist() == [[1.0, 1.0]]


def test_beyond_the_limit_the_products_are_left_out_and_told() -> None:
    found = build_hierarchy(KEYS, most_products=2)
    assert "product" not in found.level.tolist()
    assert found.notes == ("3 products: above 2 their own level is not reconciled.",)


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_gives_levels_that_agree_and_no_negative_demand(
    hierarchy: Hierarchy, windows: list[NodeErrors], rule: Rule
) -> None:
    rng = np.random.default_rng(1)
    bottom = rng.uniform(0, 30, (5, 4))
    bottom[4] = 0.0
    upper = rng.uniform(0, 100, (hierarchy.nodes, 4))
    found = reconcile(hierarchy, bottom, upper, rule=rule, windows=windows)
    assert found.rule == rule
    assert (found.bottom >= 0).all()
    np.testing.assert_array_equal(found.bottom[4], 0.0)
    np.testing.assert_allclose(found.upper, hierarchy.members.toarray() @ found.bottom, atol=1e-9)


@pytest.mark.parametrize("rule", ["wls_struct", "wls_var"])
def test_weighted_least_squares_agree_with_the_dense_formula(
    hierarchy: Hierarchy, windows: list[NodeErrors], rule: Rule
) -> None:
    rng = np.random.default_rng(2)
    bottom = rng.uniform(20, 30, (5, 4))
    upper = hierarchy.members @ bottom * rng.uniform(0.95, 1.05, (hierarchy.nodes, 4))
    members = np.concatenate([hierarchy.members.sum(axis=1).A1, np.ones(5)])
    variance = members if rule == "wls_struct" else error_variances(hierarchy, windows)
    found = reconcile(hierarchy, bottom, upper, rule=rule, windows=windows)
    np.testing.assert_allclose(found.bottom, dense_solution(hierarchy, bottom, upper, variance), rtol=1e-4)


def test_forecasts_that_agree_already_are_left_as_they_are(
    hierarchy: Hierarchy, windows: list[NodeErrors]
) -> None:
    bottom = np.random.default_rng(3).uniform(1, 30, (5, 4))
    for rule in RULES:
        found = reconcile(hierarchy, bottom, hierarchy.members @ bottom, rule=rule, windows=windows)
        np.testing.assert_allclose(found.bottom, bottom, rtol=1e-4)


def test_a_node_with_small_errors_pulls_more(hierarchy: Hierarchy) -> None:
    bottom, upper = np.full((5, 13), 10.0), hierarchy.members @ np.full((5, 13), 10.0)
    upper[-1] = 80.0  # the total says 80, the series 50
    error = np.full((hierarchy.nodes + 5, 13), 4.0)
    mean = np.concatenate([upper, bottom])
    sure, unsure = error.copy(), error.copy()
    sure[hierarchy.nodes - 1], unsure[hierarchy.nodes - 1] = 0.5, 40.0
    pulled = [
        reconcile(hierarchy, bottom, upper, rule="wls_var", windows=[NodeErrors(e, mean)]).upper[-1, 0]
        for e in (unsure, sure)
    ]
    assert 50 <= pulled[0] < pulled[1] <= 80


def test_variances_are_drawn_towards_the_level_where_points_are_few(hierarchy: Hierarchy) -> None:
    error = np.full((hierarchy.nodes + 5, 13), 2.0)
    mean = np.full((hierarchy.nodes + 5, 13), 8.0)
    error[-1, 1:] = np.nan  # one point only, four times the error
    error[-1, 0] = 8.0
    mean[-1, 1:] = np.nan
    found = error_variances(hierarchy, [NodeErrors(error, mean)])
    phi = (4 * 13 * 4.0 + 64.0) / (4 * 13 * 8.0 + 8.0)
    assert found[-1] == pytest.approx((64.0 + 13 * phi * 8.0) / (1 + 13))
    assert found[-2] == pytest.approx((4.0 * 13 + 13 * phi * 8.0) / (13 + 13))


def test_a_member_launched_later_is_not_a_rise_of_its_group(hierarchy: Hierarchy) -> None:
    demand = np.full((5, 60), 10.0)
    demand[1, :30] = np.nan
    found = forecast_groups(hierarchy, demand, np.ones((5, 64)), np.ones(5, dtype=bool), 4)
    np.testing.assert_allclose(found, hierarchy.members @ np.full((5, 4), 10.0), rtol=1e-6)


def test_series_off_sale_count_neither_now_nor_before(hierarchy: Hierarchy) -> None:
    demand = np.full((5, 60), 10.0)
    on_sale = np.array([True, False, True, True, True])
    found = forecast_groups(hierarchy, demand, np.ones((5, 64)), on_sale, 4)
    np.testing.assert_allclose(found[-1], 40.0)


def test_the_shape_of_a_group_is_weighted_by_the_level_of_its_members(hierarchy: Hierarchy) -> None:
    shape = np.ones((5, 64))
    shape[0, 60:], shape[1, 60:] = 2.0, 0.5
    demand = np.full((5, 60), 10.0)
    demand[0] = 30.0
    found = group_shapes(hierarchy, demand, shape, np.ones(5, dtype=bool))
    np.testing.assert_allclose(found[0, 60:], (30 * 2.0 + 10 * 0.5) / 40)
    np.testing.assert_allclose(found[:, :60], 1.0)


def test_without_a_backtest_variances_give_way_to_the_structure(hierarchy: Hierarchy) -> None:
    bottom, upper = np.full((5, 2), 10.0), np.full((hierarchy.nodes, 2), 30.0)
    assert reconcile(hierarchy, bottom, upper, rule="wls_var").rule == "wls_struct"


def test_unknown_rules_and_too_many_nodes_are_refused(
    hierarchy: Hierarchy, windows: list[NodeErrors]
) -> None:
    bottom, upper = np.ones((5, 2)), np.ones((hierarchy.nodes, 2))
    with pytest.raises(ParameterError, match="unknown 'ols'"):
        reconcile(hierarchy, bottom, upper, rule="ols")  # type: ignore[arg-type]  # wrong on purpose
    many = pd.concat([KEYS.assign(product_id=KEYS["product_id"] + str(i)) for i in range(401)])
    wide = build_hierarchy(many)
    with pytest.raises(ParameterError, match="Use wls_var above 2,000"):
        reconcile(wide, np.ones((2005, 1)), np.ones((wide.nodes, 1)), rule="mint_shrink", windows=windows)
