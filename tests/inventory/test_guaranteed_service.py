"""Safety stock in a network: the book's trees, enumeration, and what a better promise costs."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers.errors import ParameterError
from helpers.inventory import guaranteed_service
from helpers.inventory.policies.stages import read_network

COLUMNS = (
    "stage",
    "processing_time",
    "holding_cost",
    "demand_sd",
    "safety_factor",
    "external_inbound_time",
    "max_service_time",
)
Row = tuple[float | str | None, ...]


def tables(rows: list[Row], arcs: list[tuple[int, int]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    return pd.DataFrame(rows, columns=COLUMNS), pd.DataFrame(arcs, columns=["from_stage", "to_stage"])


EXAMPLE_6_5 = tables(
    [
        (1, 2, 1, None, 1, 1, None),
        (3, 1, 2, None, 1, None, None),
        (2, 1, 3, 1, 1, None, 0),
        (4, 1, 3, 1, 1, None, 1),
    ],
    [(1, 3), (3, 2), (3, 4)],
)
Z95 = float(stats.norm.ppf(0.95))
FIGURE_6_14 = tables(
    [
        (1, 2, 0.01, None, Z95, None, None),
        (2, 3, 0.03, None, Z95, None, None),
        (3, 2, 0.04, None, Z95, None, None),
        (4, 4, 0.06, None, Z95, None, None),
        (5, 2, 0.12, None, Z95, None, None),
        (6, 3, 0.13, None, Z95, None, None),
        (7, 6, 0.20, None, Z95, None, None),
        (8, 4, 0.08, None, Z95, None, None),
        (9, 3, 0.04, None, Z95, None, None),
        (10, 2, 0.50, 10, Z95, None, 2),
    ],
    [(1, 2), (2, 3), (3, 5), (4, 5), (5, 6), (6, 10), (7, 10), (8, 10), (9, 10)],
)
PROBLEM_6_7 = tables(
    [(3, 1, 2, None, 4, 1, None), (2, 1, 3, None, 4, None, None), (1, 2, 4, 10, 4, None, 0)],
    [(3, 2), (2, 1)],
)
PROBLEM_6_9 = tables(
    [
        (1, 7, 44 / 365, 4.1, 4, None, 3),
        (2, 7, 28 / 365, 6.2, 4, None, 3),
        (3, 21, 18 / 365, None, 4, None, None),
        (4, 3, 1 / 365, None, 4, None, None),
        (5, 8, 4 / 365, None, 4, None, None),
        (6, 2, 1.5 / 365, None, 4, None, None),
    ],
    [(3, 1), (3, 2), (4, 3), (5, 3), (6, 5)],
)
Z98 = float(stats.norm.ppf(0.98))
PROBLEM_6_8 = tables(
    [
        (1, 5, 5.73, 15.8, Z98, None, 3),
        (2, 10, 4.56, None, Z98, None, None),
        (3, 2, 3.04, None, Z98, None, None),
        (4, 15, 2.93, None, Z98, None, None),
        (5, 8, 2.47, None, Z98, None, None),
        (6, 5, 2.37, None, Z98, None, None),
        (7, 9, 1.15, None, Z98, None, None),
        (8, 5, 1.10, None, Z98, None, None),
        (9, 1, 0.98, None, Z98, None, None),
        (10, 5, 0.87, None, Z98, 7, None),
    ],
    [(j + 1, j) for j in range(1, 10)],
)
DIAMOND = (
    tables(
        [
            ("source", 4, 1, None, 1, 2, None),
            ("left", 3, 2, None, 1, None, None),
            ("right", 1, 3, None, 1, None, None),
            ("shop", 2, 7, 5, 1, None, 0),
            ("web", 1, 4, 3, 1, None, 1),
        ],
        [],
    )[0],
    pd.DataFrame(
        [("source", "left"), ("source", "right"), ("left", "shop"), ("right", "shop"), ("right", "web")],
        columns=["from_stage", "to_stage"],
    ),
)


def enumerate_least_cost(stages: pd.DataFrame, arcs: pd.DataFrame) -> float:
    """Cost of the best of all whole service times."""
    network = read_network(stages, arcs)
    most = np.minimum(network.most_service, network.longest_replenishment).astype(int)
    least = np.inf
    for times in product(*(range(limit + 1) for limit in most)):
        service = np.array(times, dtype="float64")
        if (network.inbound_times(service) + network.processing >= service).all():
            least = min(least, network.cost(service))
    return least


@pytest.mark.parametrize(
    ("instance", "cost"),
    [
        pytest.param(EXAMPLE_6_5, 8.277916868, id="example 6.5"),
        pytest.param(FIGURE_6_14, 18.82400447, id="figure 6.14"),
        pytest.param(PROBLEM_6_7, 357.7708764, id="problem 6.7"),
        pytest.param(PROBLEM_6_8, 1378.302037, id="problem 6.8"),
        pytest.param(PROBLEM_6_9, 15.64953025, id="problem 6.9"),
    ],
)
def test_trees_of_the_book(instance: tuple[pd.DataFrame, pd.DataFrame], cost: float) -> None:
    found = guaranteed_service(*instance)
    assert found.cost == pytest.approx(cost, rel=1e-6)
    assert found.is_proven
    assert found.gap <= 1e-6


def test_service_times_of_example_6_5() -> None:
    found = guaranteed_service(*EXAMPLE_6_5)
    assert found.service_times.to_dict() == {1: 0, 3: 0, 2: 0, 4: 1}
    costs = EXAMPLE_6_5[0].set_index("stage")["holding_cost"]
    assert (found.safety_stock * costs).sum() == pytest.approx(found.cost)


def test_general_network_equals_enumeration() -> None:
    assert guaranteed_service(*DIAMOND).cost == pytest.approx(enumerate_least_cost(*DIAMOND), rel=1e-6)


def test_times_on_a_finer_grid_only_change_the_unit() -> None:
    stages, arcs = DIAMOND
    times = ["processing_time", "external_inbound_time", "max_service_time"]
    scaled = stages.assign(**{column: stages[column].astype("float64") / 4 for column in times})
    whole, quarter = guaranteed_service(stages, arcs), guaranteed_service(scaled, arcs)
    assert quarter.cost == pytest.approx(whole.cost / 2, rel=1e-6)
    assert (quarter.service_times * 4).to_list() == pytest.approx(whole.service_times.to_list())


def test_a_quicker_promise_never_costs_less() -> None:
    stages, arcs = DIAMOND
    costs = [
        guaranteed_service(stages.assign(max_service_time=[np.nan] * 3 + [wait] * 2), arcs).cost
        for wait in (0, 2, 4, 8, 100)
    ]
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] == pytest.approx(0, abs=1e-9)


def test_order_of_the_rows_does_not_matter() -> None:
    stages, arcs = DIAMOND
    shuffled = guaranteed_service(stages.sample(frac=1, random_state=3), arcs.iloc[::-1])
    assert shuffled.cost == pytest.approx(guaranteed_service(stages, arcs).cost)


def test_demand_of_inner_stages_is_pooled_and_a_missing_factor_comes_from_downstream() -> None:
    stages, arcs = tables(
        [(1, 1, 1, None, None, None, None), (2, 1, 1, 3, 2.0, None, 0), (3, 1, 1, 4, 1.5, None, 0)],
        [(1, 2), (1, 3)],
    )
    assert read_network(stages, arcs).demand_bounds.tolist() == pytest.approx([2 * 5, 2 * 3, 1.5 * 4])


def test_columns_that_may_be_empty_may_be_missing() -> None:
    stages, arcs = EXAMPLE_6_5
    assert guaranteed_service(stages.drop(columns="safety_factor"), arcs).cost == pytest.approx(8.277917)


def test_bad_tables_are_refused_with_all_findings() -> None:
    stages, arcs = EXAMPLE_6_5
    broken = stages.assign(processing_time=[-1, 1, np.nan, 1])
    with pytest.raises(ParameterError, match="'processing_time' is empty for stage 2.*is -1.*0 or more"):
        guaranteed_service(broken, arcs)
    with pytest.raises(ParameterError, match="names the stage 9"):
        guaranteed_service(stages, pd.DataFrame({"from_stage": [9], "to_stage": [1]}))
    with pytest.raises(ParameterError, match="go in a circle"):
        guaranteed_service(stages, pd.DataFrame({"from_stage": [1, 3], "to_stage": [3, 1]}))
    with pytest.raises(ParameterError, match="no column holding_cost"):
        guaranteed_service(stages.drop(columns="holding_cost"), arcs)
