"""Sites and flows: against enumeration, published optima, and what must always hold."""

from __future__ import annotations

from functools import cache
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from helpers.errors import ParameterError, SolverError, SourceError
from helpers.solver import Status
from helpers.transport import FacilityPlan, locate_facilities, read_orlib
from helpers.transport.network import locate
from helpers.transport.network.prices import answer_prices, price_customers
from helpers.transport.network.problem import Floats, LocationProblem, read_problem

type Numbers = tuple[Floats, Floats, Floats, Floats]


def company(seed: int, sites: int, customers: int, *, fixed: float, capacity: float) -> Numbers:
    """Sites and customers on a square, cost by demand and distance."""
    drawn = np.random.default_rng(seed)
    demand = drawn.integers(1, 20, customers).astype(float)
    where, there = drawn.uniform(0, 100, (sites, 2)), drawn.uniform(0, 100, (customers, 2))
    distance = np.hypot(*(where[:, None] - there[None]).transpose(2, 0, 1))
    return fixed * drawn.uniform(0.7, 1.3, sites), np.full(sites, capacity), demand, distance * demand


def problem_of(numbers: Numbers) -> LocationProblem:
    return read_problem(*numbers, open_sites=(), closed_sites=(), number_of_sites=None, single_sourcing=False)


def assert_plan_holds(plan: FacilityPlan, numbers: Numbers) -> None:
    fixed, capacity, demand, cost = numbers
    assert plan.shares.sum(axis=0) == pytest.approx(1.0)
    assert plan.flows.sum(axis=0) == pytest.approx(demand)
    assert (plan.flows.sum(axis=1) <= capacity * (1 + 1e-7)).all()
    assert set(np.flatnonzero(plan.flows.any(axis=1))) <= set(plan.open_sites)
    used = plan.shares > 0
    assert plan.cost == pytest.approx(fixed[plan.open_sites].sum() + (cost[used] * plan.shares[used]).sum())
    assert plan.bound <= plan.cost
    assert plan.gap == pytest.approx((plan.cost - plan.bound) / plan.cost, abs=1e-12)


@cache
def cheapest_by_enumeration(seed: int, fixed_cost: float, room: float, sizes: range) -> float:
    """Try every set of six sites; flows by another solver's linear program."""
    from scipy.optimize import linprog

    fixed, capacity, demand, cost = company(seed, 6, 12, fixed=fixed_cost, capacity=room)
    best = np.inf
    for chosen in (list(c) for size in sizes for c in combinations(range(len(fixed)), size)):
        k, m = len(chosen), len(demand)
        if capacity[chosen].sum() < demand.sum():
            continue
        found = linprog(
            cost[chosen].ravel(),
            A_ub=np.kron(np.eye(k), demand),
            b_ub=capacity[chosen],
            A_eq=np.kron(np.ones(k), np.eye(m)),
            b_eq=np.ones(m),
        )
        if found.status == 0:
            best = min(best, found.fun + fixed[chosen].sum())
    return best


@pytest.mark.parametrize(("fixed", "capacity"), [(400.0, 60.0), (150.0, 45.0), (900.0, 1e9)])
@pytest.mark.parametrize("small", [0, 4000])
def test_the_best_of_all_sets_is_found(
    fixed: float, capacity: float, small: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locate, "_SMALL", small)
    numbers = company(1, 6, 12, fixed=fixed, capacity=capacity)
    plan = locate_facilities(*numbers)
    assert plan.status is Status.OPTIMAL
    assert plan.cost == pytest.approx(cheapest_by_enumeration(1, fixed, capacity, range(1, 7)))
    assert_plan_holds(plan, numbers)


@pytest.mark.parametrize(("number", "sizes"), [(2, range(2, 3)), ((4, 5), range(4, 6))])
@pytest.mark.parametrize("small", [0, 4000])
def test_the_number_of_sites_is_kept(
    number: int | tuple[int, int], sizes: range, small: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locate, "_SMALL", small)
    numbers = company(2, 6, 12, fixed=300.0, capacity=90.0)
    plan = locate_facilities(*numbers, number_of_sites=number)
    assert len(plan.open_sites) in sizes
    assert plan.cost == pytest.approx(cheapest_by_enumeration(2, 300.0, 90.0, sizes))


@pytest.mark.parametrize("single_sourcing", [False, True])
def test_prices_and_core_agree_with_the_whole_model(
    single_sourcing: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = company(3, 14, 40, fixed=500.0, capacity=110.0)
    whole = locate_facilities(*numbers, single_sourcing=single_sourcing)
    monkeypatch.setattr(locate, "_SMALL", 0)
    by_prices = locate_facilities(*numbers, single_sourcing=single_sourcing)
    assert by_prices.cost == pytest.approx(whole.cost)
    assert by_prices.status is Status.OPTIMAL
    assert_plan_holds(by_prices, numbers)
    if single_sourcing:
        assert set(np.unique(by_prices.shares)) == {0.0, 1.0}


def test_no_prices_prove_more_than_the_best_plan_costs() -> None:
    numbers = company(4, 12, 40, fixed=400.0, capacity=150.0)
    problem = problem_of(numbers)
    best = locate_facilities(*numbers).cost
    drawn = np.random.default_rng(0)
    bounds = [answer_prices(problem, drawn.uniform(0, 1500, 40)).bound for _ in range(50)]
    found = price_customers(problem, time_limit=5)
    assert max(bounds) <= found.bound <= best * (1 + 1e-9)
    assert found.bound == pytest.approx(best, rel=0.02)


def test_reduced_costs_never_rule_out_a_better_plan() -> None:
    numbers = company(5, 10, 60, fixed=500.0, capacity=200.0)
    prices = price_customers(problem_of(numbers), time_limit=5)
    for site in range(0, 10, 3):
        forced = locate_facilities(*numbers, open_sites=[site]).cost
        assert forced >= prices.bound + max(prices.reduced_cost[site], 0.0) - 1e-6


def test_a_day_with_more_lanes_is_proven() -> None:
    numbers = company(6, 40, 200, fixed=3000.0, capacity=500.0)
    plan = locate_facilities(*numbers)
    assert plan.is_proven
    assert_plan_holds(plan, numbers)


def test_decided_sites_stay_decided() -> None:
    numbers = company(7, 8, 20, fixed=300.0, capacity=120.0)
    free = locate_facilities(*numbers)
    closed = int(free.open_sites[0])
    opened = next(i for i in range(8) if i not in free.open_sites)
    plan = locate_facilities(*numbers, open_sites=[opened], closed_sites=[closed])
    assert opened in plan.open_sites
    assert closed not in plan.open_sites
    assert plan.cost >= free.cost


def test_order_of_sites_and_currency_change_nothing() -> None:
    fixed, capacity, demand, cost = company(8, 8, 20, fixed=300.0, capacity=120.0)
    plan = locate_facilities(fixed, capacity, demand, cost)
    turned = locate_facilities(fixed[::-1], capacity, demand, cost[::-1])
    assert (7 - turned.open_sites)[::-1].tolist() == plan.open_sites.tolist()
    dearer = locate_facilities(100 * fixed, capacity, demand, 100 * cost)
    assert dearer.cost == pytest.approx(100 * plan.cost)


def test_a_lane_without_a_finite_cost_is_not_used() -> None:
    cost = np.array([[1.0, np.inf], [50.0, 2.0]])
    plan = locate_facilities(10.0, None, [5.0, 5.0], cost)
    assert plan.open_sites.tolist() == [0, 1]
    assert plan.flows[0, 1] == 0


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ParameterError) as told:
        locate_facilities([1.0, -2.0], [5.0, 5.0], [3.0], [[1.0, 2.0], [3.0, np.nan]], open_sites=[7])
    words = str(told.value)
    assert "'fixed_cost' is -2 at position 1" in words
    assert "'demand' has the shape (1,) for 2" in words
    assert "'cost' is nan from site 1 to customer 1" in words
    assert "Sites [7] do not exist" in words


def test_demand_above_capacity_is_said_before_the_solver() -> None:
    with pytest.raises(ParameterError, match="demand of 30 is above the capacity of 25 .* 5 too much"):
        locate_facilities([1.0, 1.0], [10.0, 15.0], [20.0, 10.0], np.ones((2, 2)))
    with pytest.raises(ParameterError, match="Customer 0 has more demand than any one site"):
        locate_facilities(1.0, [15.0, 15.0], [20.0, 10.0], np.ones((2, 2)), single_sourcing=True)
    with pytest.raises(ParameterError, match="Customer 1 has no allowed lane"):
        locate_facilities(1.0, None, [20.0, 10.0], [[1.0, np.inf], [1.0, np.inf]])


def test_a_clash_of_lanes_and_capacity_is_said_in_words() -> None:
    cost = [[1.0, 2.0, np.inf], [1.0, 2.0, 3.0]]
    with pytest.raises(SolverError, match=r"customer 2 \(14% short\).*capacity 1"):
        locate_facilities([1.0, 2.0], [10.0, 6.0], [4.0, 4.0, 7.0], cost)


def test_orlib_files_are_read_with_and_without_capacity(tmp_path: Path) -> None:
    file = tmp_path / "cap.txt"
    file.write_text(
        " 2 3\n 5000 7500.\n capacity 0.\n 146\n 10.5 20\n 87\n 1 2\n 9\n 3 4\n", encoding="utf-8"
    )
    found = read_orlib(file)
    assert found.capacity.tolist() == [5000.0, np.inf]
    assert found.fixed_cost.tolist() == [7500.0, 0.0]
    assert found.demand.tolist() == [146.0, 87.0, 9.0]
    assert found.cost.tolist() == [[10.5, 1.0, 3.0], [20.0, 2.0, 4.0]]
    assert read_orlib(file, capacity=8).capacity.tolist() == [8.0, 8.0]


@pytest.mark.parametrize("text", ["2 3 1 2", "two 3", "", "1 1 5 5 x 1"])
def test_a_file_that_is_not_whole_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "cap.txt"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=r"cap\.txt"):
        read_orlib(file)
