"""Lot sizes: against enumeration, and what must always hold."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.errors import ParameterError
from helpers.inventory import (
    economic_order_quantity,
    joint_replenishment,
    lot_sizes,
    lot_sizes_capacitated,
    quantity_discount,
)
from helpers.inventory.policies import capacitated
from helpers.inventory.policies.lot_model import LotProblem, SetUpChoice, build_lots
from helpers.inventory.policies.lot_search import find_set_ups
from helpers.solver import solve

amounts = st.lists(st.integers(0, 60), min_size=1, max_size=7)


def cost_of_orders(ordered: tuple[bool, ...], fixed: float, holding: float, demand: list[int]) -> float:
    """Cost of ordering in the given periods, always as much as is needed until the next one."""
    cost, last = 0.0, -1
    for period, wanted in enumerate(demand):
        if ordered[period]:
            cost, last = cost + fixed, period
        if wanted and last < 0:
            return float("inf")
        cost += holding * wanted * (period - last)
    return cost


@settings(max_examples=40, deadline=None)
@given(demand=amounts, fixed=st.integers(0, 200), holding=st.integers(0, 5))
def test_lot_sizes_equal_enumeration(demand: list[int], fixed: int, holding: int) -> None:
    least = min(
        cost_of_orders(ordered, fixed, holding, demand)
        for ordered in product((False, True), repeat=len(demand))
    )
    plan = lot_sizes(fixed, holding, demand)
    assert plan.cost == pytest.approx(least)
    stock = np.cumsum(plan.order_quantities - demand)
    assert stock.min() >= 0
    assert stock[-1] == pytest.approx(0)
    assert fixed * (plan.order_quantities > 0).sum() + holding * stock.sum() == pytest.approx(plan.cost)


def test_lot_sizes_take_costs_per_period() -> None:
    plan = lot_sizes([10, 1000, 10], [1, 1, 1], [5, 5, 5], [2, 2, 1])
    assert plan.order_quantities.tolist() == [10, 0, 5]
    assert plan.cost == 10 + 20 + 5 + 10 + 5


def test_no_demand_is_no_order() -> None:
    assert lot_sizes(5, 1, [0, 0]).cost == 0


@settings(max_examples=30, deadline=None)
@given(
    shared=st.floats(0.5, 50),
    items=st.lists(
        st.tuples(st.floats(0, 50), st.floats(0.1, 5), st.floats(1, 2000)), min_size=1, max_size=3
    ),
)
def test_joint_replenishment_equals_a_fine_search(
    shared: float, items: list[tuple[float, float, float]]
) -> None:
    own, holding, rates = (np.array(column) for column in zip(*items, strict=True))
    plan = joint_replenishment(shared, own, holding, rates)
    cycles = plan.cycle_time * np.geomspace(0.02, 20, 3000)[:, None]
    ideal = np.sqrt(2 * own / (holding * rates)) / cycles
    multiples = np.maximum(np.floor(0.5 + np.sqrt(0.25 + ideal**2)), 1)
    orders, stock = shared + (own / multiples).sum(axis=1), (holding * rates * multiples).sum(axis=1)
    assert plan.cost <= np.sqrt(2 * orders * stock).min() * (1 + 1e-9)
    orders, stock = shared + (own / plan.multiples).sum(), (holding * rates * plan.multiples).sum()
    assert plan.cost == pytest.approx(orders / plan.cycle_time + stock * plan.cycle_time / 2)


def test_one_product_in_joint_replenishment_has_its_economic_order_quantity() -> None:
    plan = joint_replenishment(6, [2], [0.225], [1300])
    alone = economic_order_quantity(8, 0.225, 1300)
    assert plan.cost == pytest.approx(alone.cost)
    assert plan.cycle_time * 1300 == pytest.approx(alone.order_quantity)


def test_back_orders_and_production_at_once_reduce_to_each_alone() -> None:
    both = economic_order_quantity(8, 0.225, 1300, stockout_cost=5, production_rate=1700)
    patient = economic_order_quantity(8, 0.225, 1300, stockout_cost=1e12, production_rate=1700)
    instant = economic_order_quantity(8, 0.225, 1300, stockout_cost=5, production_rate=1e15)
    assert patient.cost == pytest.approx(33.183979125)
    assert instant.cost == pytest.approx(66.921363551)
    assert both.cost < min(patient.cost, instant.cost)
    assert both.cost * both.order_quantity == pytest.approx(2 * 8 * 1300)


@pytest.mark.parametrize("kind", ["all_units", "incremental"])
def test_quantity_discount_equals_a_fine_search(kind: str) -> None:
    breaks, costs = np.array([0, 300, 700]), np.array([1.0, 0.96, 0.93])
    for fixed in (1.0, 8.0, 40.0):
        found = quantity_discount(fixed, 0.3, 1300, breaks.tolist(), costs.tolist(), kind)
        quantity = np.linspace(1, 3000, 29991)
        region = np.searchsorted(breaks, quantity, side="right") - 1
        paid = costs[region] * quantity
        if kind == "incremental":
            full = np.append(0, np.cumsum(np.diff(breaks) * costs[:-1]))
            paid = full[region] + costs[region] * (quantity - breaks[region])
        per_period = (fixed + paid) * 1300 / quantity + 0.3 * paid / 2
        assert found.cost == pytest.approx(per_period.min(), rel=1e-6)
        assert found.cost <= per_period.min() * (1 + 1e-12)


def trigeiro_like(items: int, periods: int, seed: int, capacity_per_item: float) -> dict[str, object]:
    """Seeded numbers in the form of Trigeiro, Thomas and McClain's instances."""
    drawn = np.random.default_rng(seed)
    demand = drawn.integers(75, 126, (items, periods)).astype("float64")
    demand[:, :4] *= drawn.random((items, min(periods, 4))) >= 0.25
    return {
        "demand": demand,
        "holding_cost": drawn.integers(1, 6, items),
        "setup_time": 10 * drawn.integers(1, 6, items),
        "fixed_cost": 200 * drawn.integers(1, 6, items),
        "capacity": round(capacity_per_item * items),
    }


def test_capacitated_lots_keep_every_limit_and_their_cost_adds_up() -> None:
    given_numbers = trigeiro_like(5, 8, seed=4, capacity_per_item=150)
    plan = lot_sizes_capacitated(**given_numbers)  # type: ignore[arg-type]  # numbers by name, of several types
    demand, holding = np.asarray(given_numbers["demand"]), np.asarray(given_numbers["holding_cost"])
    used = plan.order_quantities.sum(axis=0) + np.asarray(given_numbers["setup_time"]) @ plan.set_ups
    assert (used <= np.asarray(given_numbers["capacity"]) + 1e-6).all()
    assert np.cumsum(plan.order_quantities - demand, axis=1).min() >= -1e-6
    assert not plan.order_quantities[~plan.set_ups].any()
    fixed = np.asarray(given_numbers["fixed_cost"]) @ plan.set_ups.sum(axis=1)
    assert plan.cost == pytest.approx(fixed + holding @ plan.stock.sum(axis=1))
    assert plan.is_proven
    assert plan.bound <= plan.cost <= plan.bound * 1.0011


def test_capacity_that_is_never_short_leaves_each_item_its_own_plan() -> None:
    numbers = trigeiro_like(4, 9, seed=5, capacity_per_item=5000)
    plan = lot_sizes_capacitated(**numbers, gap=1e-9)  # type: ignore[arg-type]  # numbers by name, of several types
    columns = (np.asarray(numbers[name]) for name in ("fixed_cost", "holding_cost", "demand"))
    alone = sum(lot_sizes(*row).cost for row in zip(*columns, strict=True))
    assert plan.cost == pytest.approx(alone)


def test_tight_capacity_costs_what_enumeration_says() -> None:
    """Two items, three periods: the LP of every set-up pattern."""
    from scipy import optimize

    demand = np.array([[20.0, 30, 10], [0, 25, 40]])
    fixed, holding, time, capacity = np.array([50.0, 70]), np.array([1.0, 2]), np.array([5.0, 8]), 60.0
    least = np.inf
    for pattern in product((0, 1), repeat=6):
        on = np.array(pattern).reshape(2, 3)
        # Stock at the end of period t is the sum of lots up to t less demand up to t.
        later = np.kron(np.eye(2), -np.tril(np.ones((3, 3))))
        room = capacity - time @ on
        found = optimize.linprog(
            np.repeat(holding, 3) * np.tile([3, 2, 1], 2),
            A_ub=np.vstack([later, np.tile(np.eye(3), 2)]),
            b_ub=np.concatenate([-np.cumsum(demand, axis=1).ravel(), room]),
            bounds=[(0, 1000 * float(flag)) for flag in on.ravel()],
        )
        if found.status == 0:
            carried = (holding * np.cumsum(demand, axis=1).sum(axis=1)).sum()
            least = min(least, fixed @ on.sum(axis=1) + found.fun - carried)
    plan = lot_sizes_capacitated(fixed, holding, demand, capacity, setup_time=time, gap=1e-9)
    assert plan.cost == pytest.approx(least)


def as_problem(numbers: dict[str, object]) -> LotProblem:
    demand = np.asarray(numbers["demand"])
    per_cell = {name: np.asarray(numbers[name], dtype="float64") for name in ("fixed_cost", "holding_cost")}
    return LotProblem(
        demand=demand,
        **{name: np.broadcast_to(value[:, None], demand.shape) for name, value in per_cell.items()},
        unit_time=np.ones(len(demand)),
        setup_time=np.asarray(numbers["setup_time"], dtype="float64"),
        capacity=np.full(demand.shape[1], float(str(numbers["capacity"]))),
        overtime_cost=None,
    )


def test_search_for_set_ups_finds_a_plan_near_the_best_and_none_where_none_is() -> None:
    numbers = trigeiro_like(5, 8, seed=4, capacity_per_item=140)
    plan = lot_sizes_capacitated(**numbers, gap=1e-6)  # type: ignore[arg-type]  # numbers by name, of several types
    problem = as_problem(numbers)
    found = find_set_ups(problem, None, 10.0)
    assert found is not None
    assert set(np.unique(found)) <= {0.0, 1.0}
    fixed = SetUpChoice(found, found, np.ones(found.shape, dtype=np.bool_))
    cost = solve(build_lots(problem, fixed).model, time_limit=5, gap=0).objective
    assert plan.cost * (1 - 1e-6) <= cost <= plan.cost * 1.02
    worst = np.ones(found.shape)
    assert find_set_ups(replace(problem, capacity=problem.capacity * 0.8), worst, 0.5) is None


def test_a_known_plan_is_never_made_worse() -> None:
    numbers = trigeiro_like(4, 6, seed=6, capacity_per_item=150)
    problem = as_problem(numbers)
    best = lot_sizes_capacitated(**numbers, gap=1e-6)  # type: ignore[arg-type]  # numbers by name, of several types
    found = find_set_ups(problem, best.set_ups.astype("float64"), 5.0)
    assert found is not None
    fixed = SetUpChoice(found, found, np.ones(found.shape, dtype=np.bool_))
    assert solve(build_lots(problem, fixed).model, time_limit=5, gap=0).objective <= best.cost * (1 + 1e-6)


def test_plan_by_way_of_the_search_is_the_same_best_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = trigeiro_like(5, 8, seed=4, capacity_per_item=150)
    at_once = lot_sizes_capacitated(**numbers, gap=1e-6)  # type: ignore[arg-type]  # numbers by name, of several types
    monkeypatch.setattr(capacitated, "FIRST_TRY", 1e-4)  # too short for anything
    searched = lot_sizes_capacitated(**numbers, gap=1e-6)  # type: ignore[arg-type]  # numbers by name, of several types
    assert searched.is_proven
    assert searched.cost == pytest.approx(at_once.cost, rel=2e-6)


def test_demand_beyond_capacity_is_refused_or_priced() -> None:
    with pytest.raises(ParameterError, match="no plan serves the demand.*overtime_cost"):
        lot_sizes_capacitated(10, 1, [[5, 50]], 20)
    plan = lot_sizes_capacitated(10, 1, [[5, 50]], 20, overtime_cost=100)
    assert plan.overtime.sum() == pytest.approx(15)
    assert plan.cost == pytest.approx(20 + 15 + 1500)


def test_wrong_numbers_are_refused_all_at_once() -> None:
    with pytest.raises(ParameterError, match="'fixed_cost' is -1.*'demand_rate' is 0"):
        economic_order_quantity(-1, 1, 0)
    with pytest.raises(ParameterError, match="faster than demand"):
        economic_order_quantity(1, 1, 10, production_rate=10)
    with pytest.raises(ParameterError, match="Start at 0 and rise.*must be below.*'kind' is 'both'"):
        quantity_discount(1, 0.1, 10, [5, 2], [1, 2], "both")
    with pytest.raises(ParameterError, match="'demand' is -1 at position 1"):
        lot_sizes(1, 1, [1, -1])
    with pytest.raises(ParameterError, match="'fixed_cost' has the shape"):
        lot_sizes([1, 1], 1, [1, 1, 1])
    with pytest.raises(ParameterError, match="one of each per product"):
        joint_replenishment(1, [1], [1, 1], [1, 1])
    with pytest.raises(ParameterError, match="items × periods"):
        lot_sizes_capacitated(1, 1, [1, 2], 5)
