"""Policies for one product: against enumeration, simulation and what must always hold."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats

from helpers.errors import ParameterError
from helpers.inventory import (
    base_stock_policy,
    min_max_policy,
    newsvendor,
    reorder_point_policy,
    reorder_point_policy_poisson,
    serial_base_stock,
)

DEMANDS = [
    stats.poisson(3),
    stats.nbinom(2, 0.3),
    stats.binom(9, 0.4),
    stats.rv_discrete(values=([0, 1, 7], [0.5, 0.3, 0.2])),
]


@pytest.mark.parametrize("demand", DEMANDS)
def test_newsvendor_level_is_the_cheapest_of_all(demand: stats.rv_frozen) -> None:
    units = np.arange(200)
    chance = demand.pmf(units)
    costs = [
        1.5 * (chance @ np.maximum(level - units, 0)) + 7 * (chance @ np.maximum(units - level, 0))
        for level in range(60)
    ]
    found = newsvendor(1.5, 7, demand)
    assert found.base_stock_level == np.argmin(costs)
    assert found.cost == pytest.approx(min(costs))


@pytest.mark.parametrize(
    "demand", [stats.expon(scale=20), stats.gamma(0.5, scale=9), stats.uniform(5, 10), stats.lognorm(1.5)]
)
def test_newsvendor_cost_of_skewed_demand_is_the_mean_over_its_quantiles(demand: stats.rv_frozen) -> None:
    found = newsvendor(1, 9, demand)
    short = demand.expect(lambda x: x - found.base_stock_level, lb=found.base_stock_level)
    left = demand.expect(lambda x: found.base_stock_level - x, ub=found.base_stock_level)
    assert found.cost == pytest.approx(left + 9 * short, rel=1e-5)
    assert demand.cdf(found.base_stock_level) == pytest.approx(0.9)


def average_cost(point: int, up_to: int, demand: stats.rv_frozen, costs: tuple[float, float, float]) -> float:
    """Mean cost per period of (s, S) from the stationary chances of the position before demand."""
    holding, short, fixed = costs
    positions = np.arange(point + 1, up_to + 1)
    chance = demand.pmf(np.arange(400))
    moves = np.zeros((len(positions), len(positions)))
    for row, position in enumerate(positions):
        stay = chance[: position - point]
        moves[row, row - np.arange(len(stay))] = stay
        moves[row, -1] += 1 - stay.sum()
    system = np.vstack([moves.T - np.eye(len(positions)), np.ones(len(positions))])
    weights = np.linalg.lstsq(system, np.append(np.zeros(len(positions)), 1), rcond=None)[0]
    units = np.arange(400)
    orders = sum(
        weight * (1 - chance[: position - point].sum())
        for weight, position in zip(weights, positions, strict=True)
    )
    spent = [
        holding * (chance @ np.maximum(position - units, 0))
        + short * (chance @ np.maximum(units - position, 0))
        for position in positions
    ]
    return float(fixed * orders + weights @ spent)


@pytest.mark.parametrize("demand", DEMANDS)
def test_min_max_is_the_cheapest_of_all_pairs(demand: stats.rv_frozen) -> None:
    costs = (1.0, 6.0, 12.0)
    found = min_max_policy(*costs, demand)
    everything = {
        (point, up_to): average_cost(point, up_to, demand, costs)
        for point in range(-3, 12)
        for up_to in range(point + 1, 22)
    }
    assert found.cost == pytest.approx(min(everything.values()))
    pair = (int(found.reorder_point), int(found.order_up_to_level))
    assert everything[pair] == pytest.approx(found.cost)


@pytest.mark.parametrize("demand", [stats.norm(5, 1), stats.randint(-3, 3), stats.binom(3, 0)])
def test_min_max_wants_whole_demand_that_comes(demand: stats.rv_frozen) -> None:
    with pytest.raises(ParameterError, match="continuous|whole units|always zero"):
        min_max_policy(1, 2, 3, demand)


def test_poisson_reorder_point_is_the_cheapest_of_all_pairs() -> None:
    holding, short, fixed, rate, lead_time = 2.0, 25.0, 30.0, 4.0, 1.5
    units = np.arange(120)
    chance = stats.poisson(rate * lead_time).pmf(units)
    level_cost = {
        level: holding * (chance @ np.maximum(level - units, 0))
        + short * (chance @ np.maximum(units - level, 0))
        for level in range(-10, 60)
    }
    least = min(
        (fixed * rate + sum(level_cost[level] for level in range(point + 1, point + quantity + 1))) / quantity
        for point in range(-10, 25)
        for quantity in range(1, 30)
    )
    found = reorder_point_policy_poisson(holding, short, fixed, rate, lead_time)
    assert found.cost == pytest.approx(least)


def test_normal_reorder_point_is_a_minimum_of_its_cost() -> None:
    holding, short, fixed, mean, sd, lead_time = 0.225, 7.5, 8, 1300, 150, 1 / 12
    lead = stats.norm(mean * lead_time, sd * lead_time**0.5)

    def cost(pair: tuple[float, float]) -> float:
        point, quantity = pair
        z = (point - lead.mean()) / lead.std()
        missed = lead.std() * (stats.norm.pdf(z) - z * stats.norm.sf(z))
        return float(
            holding * (point - lead.mean() + quantity / 2) + (fixed + short * missed) * mean / quantity
        )

    found = reorder_point_policy(holding, short, fixed, mean, sd, lead_time)
    searched = optimize.minimize(cost, (200.0, 300.0), method="Nelder-Mead", tol=1e-9)
    assert found.cost == pytest.approx(cost((found.reorder_point, found.order_quantity)), rel=1e-7)
    assert found.cost == pytest.approx(searched.fun, rel=1e-6)


def test_certain_demand_reorders_when_the_lead_time_is_covered() -> None:
    found = reorder_point_policy(0.225, 7.5, 8, 1300, 0, 0.5)
    assert found.reorder_point == 650
    assert found.cost == pytest.approx(68.41052551)


def test_too_cheap_a_stock_out_is_told() -> None:
    with pytest.raises(ParameterError, match="do not stock it"):
        reorder_point_policy(5, 0.001, 8, 100, 10, 1)


def test_longer_review_costs_more_and_equals_a_simulation() -> None:
    weekly, monthly = (base_stock_policy(0.18, 0.7, 50, 8, 2, period) for period in (1, 4))
    assert weekly.cost < monthly.cost
    drawn = np.random.default_rng(0).normal(50, 8, (200_000, 6)).cumsum(axis=1)[:, 2:]
    net = monthly.base_stock_level - drawn
    simulated = (0.18 * np.maximum(net, 0) + 0.7 * np.maximum(-net, 0)).mean()
    assert monthly.cost == pytest.approx(simulated, rel=0.005)


def test_serial_cost_is_what_a_simulation_pays() -> None:
    holding, penalty = [3.0, 2.0, 2.0], 37.12 + 7
    policy = serial_base_stock(holding, [1, 1, 2], 37.12, 5, 1)
    drawn = np.random.default_rng(0)
    first, second, third = policy.echelon_base_stock_levels
    left = third - drawn.normal(10, 2**0.5, 400_000)
    middle = np.minimum(second, left) - drawn.normal(5, 1, 400_000)
    last = np.minimum(first, middle) - drawn.normal(5, 1, 400_000)
    paid = 2 * left + 2 * middle + 3 * last + penalty * np.maximum(-last, 0)
    assert policy.cost == pytest.approx(paid.mean(), abs=4 * paid.std() / 400_000**0.5)


def test_one_stage_is_a_newsvendor_over_its_lead_time() -> None:
    alone = newsvendor(2, 19, stats.norm(12, 3))
    policy = serial_base_stock([2], [4], 19, 3, 1.5)
    assert policy.echelon_base_stock_levels[0] == pytest.approx(alone.base_stock_level, rel=1e-5)
    assert policy.cost == pytest.approx(alone.cost, rel=1e-5)
    whole = newsvendor(2, 19, stats.poisson(12))
    counted = serial_base_stock([2], [4], 19, 3)
    assert counted.echelon_base_stock_levels[0] == whole.base_stock_level
    assert counted.cost == pytest.approx(whole.cost)


def test_poisson_serial_levels_are_the_cheapest_of_all() -> None:
    """Two stages: every pair of echelon levels, its cost summed over both lead-time demands."""
    holding, short, rate, times = [2.0, 1.0], 15.0, 2.0, [1.0, 1.5]
    units = np.arange(40)
    lower, upper = (stats.poisson(rate * time).pmf(units) for time in times)

    def cost(first: int, second: int) -> float:
        arriving = second - units
        at_customer = np.minimum(first, arriving)[:, None] - units[None, :]
        paid = holding[0] * at_customer + (short + 3) * np.maximum(-at_customer, 0)
        return float(upper @ (holding[1] * arriving + paid @ lower))

    least = min(cost(first, second) for first in range(12) for second in range(20))
    policy = serial_base_stock(holding, times, short, rate)
    first, second = policy.echelon_base_stock_levels.astype(int).tolist()
    assert policy.cost == pytest.approx(least)
    assert cost(first, second) == pytest.approx(least)


def test_serial_levels_lie_between_their_bounds() -> None:
    for sd in (None, 3.0):
        policy = serial_base_stock([1, 0.5, 2], [2, 1, 3], 20, 8, sd)
        assert (policy.lower_bounds - 1e-3 <= policy.echelon_base_stock_levels).all()
        assert (policy.echelon_base_stock_levels <= policy.upper_bounds + 1e-3).all()
        assert policy.local_base_stock_levels.sum() == pytest.approx(policy.echelon_base_stock_levels[-1])


def test_a_dearer_currency_only_scales_the_cost() -> None:
    demand = stats.poisson(6)
    for once, hundredfold in [
        (newsvendor(1, 4, demand).cost, newsvendor(100, 400, demand).cost),
        (min_max_policy(1, 4, 5, demand).cost, min_max_policy(100, 400, 500, demand).cost),
        (
            reorder_point_policy_poisson(1, 9, 20, 3, 2).cost,
            reorder_point_policy_poisson(100, 900, 2000, 3, 2).cost,
        ),
    ]:
        assert hundredfold == pytest.approx(100 * once)


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ParameterError, match="'holding_cost' is 0.*'stockout_cost' is -1"):
        newsvendor(0, -1, stats.norm(5, 1))
    with pytest.raises(ParameterError, match="'demand' is a int"):
        newsvendor(1, 1, 5)
    with pytest.raises(ParameterError, match="no finite mean"):
        newsvendor(1, 1, stats.cauchy())
    with pytest.raises(ParameterError, match="whole"):
        base_stock_policy(1, 2, 50, 8, 4, 1.5)  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(ParameterError, match="2 holding costs for 1 lead times"):
        serial_base_stock([1, 2], [1], 5, 4)
