"""Answers of Snyder and Shen, Fundamentals of Supply Chain Theory (2nd ed.), and of the papers it cites.

The numbers are those of the library that belongs to the book (stockpyl 1.0). Where that library computes on
a coarse grid or with a heuristic, the tolerance says so, or the exact answer stands here.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from helpers.inventory import (
    base_stock_policy,
    economic_order_quantity,
    joint_replenishment,
    lot_sizes,
    min_max_policy,
    newsvendor,
    quantity_discount,
    reorder_point_policy,
    reorder_point_policy_poisson,
    serial_base_stock,
)

SIX = 1e-6  # relative: six digits


def assert_six_digits(found: object, *expected: float) -> None:
    assert found == pytest.approx(list(expected), rel=SIX, abs=1e-9)


@pytest.mark.parametrize(
    ("arguments", "options", "quantity", "cost"),
    [
        pytest.param((8, 0.225, 1300), {}, 304.0467800, 68.41052551, id="example 3.1"),
        pytest.param((2250, 275, 182500), {}, 1728.109845, 475230.2074, id="problem 3.1"),
        pytest.param((8, 0.225, 1300), {"stockout_cost": 5}, 310.8125552, 66.92136355, id="example 3.8"),
        pytest.param((40, 40.05, 2080), {"stockout_cost": 60}, 83.23544813, 1999.148244, id="problem 3.2b"),
        pytest.param((4, 0.08, 80), {"production_rate": 110}, 171.2697677, 3.736794932, id="problem 3.22"),
        pytest.param((8, 0.225, 1300), {"production_rate": 1700}, 626.8084946, 33.18397913, id="section 3.6"),
    ],
)
def test_economic_order_quantity(
    arguments: tuple[float, float, float], options: dict[str, float], quantity: float, cost: float
) -> None:
    found = economic_order_quantity(*arguments, **options)
    assert_six_digits([found.order_quantity, found.cost], quantity, cost)


@pytest.mark.parametrize(
    ("arguments", "kind", "quantity", "cost"),
    [
        pytest.param(
            (8, 0.3, 1300, [0, 400, 800], [0.75, 0.72, 0.68]), "all_units", 800, 978.6, id="example 3.5"
        ),
        pytest.param(
            (2250, 0.25, 182500, [0, 1200, 2400], [1490, 1220, 1100]),
            "all_units",
            2400,
            201251093.75,
            id="problem 3.12, all units",
        ),
        pytest.param(
            (2250, 0.25, 182500, [0, 1200, 2400], [1490, 1220, 1100]),
            "incremental",
            28553.060654284905,
            208678591.67992836,
            id="problem 3.12's prices, incremental",
        ),
        pytest.param(
            (200, 0.2, 1000, [0, 200, 500], [500, 475, 450]), "all_units", 500, 472900, id="docs, all units"
        ),
        pytest.param(
            (150, 0.25, 2400, [0, 300, 600], [100, 90, 80]),
            "incremental",
            1481.8906842,
            222762.8136845,
            id="docs, incremental",
        ),
    ],
)
def test_quantity_discount(
    arguments: tuple[float, float, float, list[float], list[float]], kind: str, quantity: float, cost: float
) -> None:
    found = quantity_discount(*arguments, kind=kind)
    assert_six_digits([found.order_quantity, found.cost], quantity, cost)


@pytest.mark.parametrize(
    ("arguments", "quantities", "cost"),
    [
        pytest.param((500, 2, [90, 120, 80, 70]), [210, 0, 150, 0], 1380, id="example 3.9"),
        pytest.param((120, 0.8, [150, 100, 80, 200]), [150, 180, 0, 200], 424, id="problem 3.27"),
        pytest.param((100, 0.1, [730, 580, 445, 650, 880]), [1310, 0, 1095, 0, 880], 423, id="problem 3.29"),
        pytest.param(
            (100, 0.1, [400, 500, 500, 1100, 900], [3, 1, 4, 6, 6]),
            [400, 3000, 0, 0, 0],
            4940,
            id="changing unit cost",
        ),
    ],
)
def test_lot_sizes(arguments: tuple[object, ...], quantities: list[float], cost: float) -> None:
    plan = lot_sizes(*arguments)  # type: ignore[arg-type]  # arguments of several types
    assert plan.order_quantities.tolist() == quantities
    assert_six_digits([plan.cost], cost)


@pytest.mark.parametrize(
    ("arguments", "multiples", "cost", "silver"),
    [
        pytest.param(
            (10, [1.87, 5.27, 7.94, 8.19, 8.87], [0.2] * 5, [1736, 656, 558, 170, 142]),
            [1, 1, 2, 3, 3],
            218.251586,
            218.686320255,
            id="Silver (1976)",
        ),
        pytest.param(
            (600, [120, 840, 300], [160, 20, 50], [1, 1, 1]),
            [1, 3, 1],
            837.854402626,
            837.854402626,
            id="book",
        ),
        pytest.param(
            (40, [15] * 4, [0.24] * 4, [86000, 12500, 1400, 3000]),
            None,
            None,
            2067.650840930,
            id="Silver, Pyke and Peterson (1998), page 428",
        ),
    ],
)
def test_joint_replenishment_is_at_most_silvers_heuristic(
    arguments: tuple[float, list[float], list[float], list[float]],
    multiples: list[int] | None,
    cost: float | None,
    silver: float,
) -> None:
    plan = joint_replenishment(*arguments)
    assert plan.cost <= silver * (1 + 1e-9)
    if multiples is not None and cost is not None:
        assert plan.multiples.tolist() == multiples
        assert_six_digits([plan.cost], cost)


@pytest.mark.parametrize(
    ("holding", "short", "demand", "level", "cost"),
    [
        pytest.param(0.18, 0.70, stats.norm(50, 8), 56.60395593, 1.997605193, id="example 4.1"),
        pytest.param(43, 79, stats.norm(900, 60), 922.7214038, 2718.196782, id="problem 4.1"),
        pytest.param(0.18, 0.70, stats.norm(250, 8 * 5**0.5), 264.7668944, 4.466781004, id="example 4.4"),
        pytest.param(200, 270, stats.poisson(18), 19, 786.0884409, id="problem 4.8a"),
        pytest.param(
            1, 0.1765, stats.lognorm(0.3, 0, np.exp(6)), 295.6266448, 29.44254351, id="problem 4.8b"
        ),
        pytest.param(
            500000,
            1000000,
            stats.rv_discrete(values=(range(1, 9), [0.25, 0.05, 0.1, 0.2, 0.15, 0.1, 0.1, 0.05])),
            5,
            1225000,
            id="problem 4.7b",
        ),
        pytest.param(0.18, 0.70, stats.poisson(50), 56, 1.797235212, id="example 4.1's numbers, Poisson"),
        pytest.param(1, 4, stats.poisson(6), 8, 3.570106946, id="section 4.3.2.7"),
    ],
)
def test_newsvendor(holding: float, short: float, demand: object, level: float, cost: float) -> None:
    found = newsvendor(holding, short, demand)
    assert_six_digits([found.base_stock_level, found.cost], level, cost)


def test_newsvendor_in_terms_of_price_and_salvage() -> None:
    """Examples 4.2 and problem 4.3(b): price r, cost c, salvage v give h = c − v and p = r − c."""
    for price, unit_cost, salvage, demand, level, profit in [
        (1, 0.3, 0.12, stats.norm(50, 8), 56.60395593, 33.00239481),
        (7, 2.5, 1.5, stats.norm(50, 10), 59.08457869, 210.4768083),
        (1, 0.3, 0.12, stats.poisson(50), 56, 33.20276479),
    ]:
        found = newsvendor(unit_cost - salvage, price - unit_cost, demand)
        earned = (price - unit_cost) * demand.mean() - found.cost
        assert_six_digits([found.base_stock_level, earned], level, profit)


def test_base_stock_policy() -> None:
    found = base_stock_policy(0.18, 0.70, 50, 8, lead_time=4)  # Example 4.4
    assert_six_digits([found.base_stock_level, found.cost], 264.7668944, 4.466781004)


@pytest.mark.parametrize(
    ("arguments", "demand", "expected"),
    [
        pytest.param((1, 4, 5), 6, (4, 10, 8.034111561), id="example 4.7"),
        pytest.param((40, 125, 150), 4, (2, 7, 223.5748296), id="problem 4.31"),
    ],
)
def test_min_max_policy(
    arguments: tuple[float, float, float], demand: float, expected: tuple[float, float, float]
) -> None:
    found = min_max_policy(*arguments, stats.poisson(demand))
    assert_six_digits([found.reorder_point, found.order_up_to_level, found.cost], *expected)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param(
            (0.225, 7.5, 8, 1300, 150, 1 / 12), (213.9704421, 318.5901811, 95.45114022), id="example 5.2"
        ),
        pytest.param(
            (3.1, 45, 50, 800, 40, 4 / 365), (17.97264936, 162.1231617, 531.1189322), id="problem 5.1"
        ),
        pytest.param(
            (3 / 14, 40, 85, 192, 17.4, 3), (644.8385304, 400.7559793, 100.6273949), id="problem 5.3"
        ),
    ],
)
def test_reorder_point_policy(
    arguments: tuple[float, float, float, float, float, float], expected: tuple[float, float, float]
) -> None:
    found = reorder_point_policy(*arguments)
    assert_six_digits([found.reorder_point, found.order_quantity, found.cost], *expected)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param((20, 150, 100, 1.5, 2), (3, 5, 107.9235806), id="example 5.8"),
        pytest.param((4, 28, 4, 12, 0.5), (6, 7, 28.24131284), id="problem 5.2"),
    ],
)
def test_reorder_point_policy_poisson(
    arguments: tuple[float, float, float, float, float], expected: tuple[float, float, float]
) -> None:
    found = reorder_point_policy_poisson(*arguments)
    assert_six_digits([found.reorder_point, found.order_quantity, found.cost], *expected)


def test_serial_system_of_example_6_1() -> None:
    policy = serial_base_stock([3, 2, 2], [1, 1, 2], 37.12, 5, 1)
    assert policy.echelon_base_stock_levels.round(2).tolist() == [6.49, 12.02, 22.71]
    # Mean of Shang and Song's bounds, as the book's heuristic takes them.
    assert_six_digits((policy.lower_bounds + policy.upper_bounds) / 2, 6.490880975, 12.02743472, 22.63403239)


@pytest.mark.parametrize(
    ("holding", "stockout_cost", "levels"),
    [
        pytest.param([0.25] * 4, 9, [8, 13, 18, 22], id="row 1"),
        pytest.param([0.25, 2.5, 2.5, 0.25], 9, [9, 10, 13, 19], id="row 9"),
        pytest.param([0.25] * 4, 99, [11, 17, 22, 27], id="row 17"),
        pytest.param([0.25, 2.5, 2.5, 0.25], 99, [11, 14, 18, 26], id="row 25"),
    ],
)
def test_serial_systems_of_shang_and_song_2003_table_1(
    holding: list[float], stockout_cost: float, levels: list[float]
) -> None:
    policy = serial_base_stock(holding, [0.25] * 4, stockout_cost, 16)
    assert policy.echelon_base_stock_levels.tolist() == levels


@pytest.mark.parametrize(
    ("arguments", "levels", "cost"),
    [
        pytest.param(([1, 1], [1, 1], 15, 100, 15), [123.94, 228.49], 166.27, id="problem 6.1"),
        pytest.param(
            ([2, 2, 1, 1, 1], [0.5] * 5, 24, 64, 8),
            [40.67, 74.34, 109.26, 142.00, 174.43],
            451.73,
            id="problem 6.2a",
        ),
        pytest.param(([5, 2], [8, 3], 24, 20, 4), [171.06, 232.11], 438.24, id="problem 6.16"),
    ],
)
def test_serial_systems_of_chapter_6(
    arguments: tuple[list[float], list[float], float, float, float], levels: list[float], cost: float
) -> None:
    policy = serial_base_stock(*arguments)
    # The book's library stops at a grid of about a tenth of a standard deviation.
    assert policy.echelon_base_stock_levels == pytest.approx(levels, rel=0.005)
    assert policy.cost == pytest.approx(cost, rel=0.0005)
