"""When to produce or order how much of many items that share a capacity, with set-up times.

Items i, periods s ≤ t; y_is in {0, 1} a set-up, z_ist the share of the demand d_it that is made in s,
o_s overtime:

    minimise    Σ K_i y_is + Σ (H_i(s, t) + c_i) d_it z_ist + Σ v o_s,   H_i(s, t) = h_is + … + h_i,t−1
    Σ_s z_ist = 1                                     demand is served in full
    z_ist ≤ y_is                                      nothing without a set-up
    Σ_i ( b_i y_is + a_i Σ_t d_it z_ist ) ≤ C_s + o_s        set-ups and units fit the capacity
    Σ_{s≤t} Σ_i b_i y_is ≤ Σ_{s≤t} ( C_s − Σ_i a_i d_is )     without overtime: implied, but rounded down

with set-up times b_i and unit times a_i. Written in shares (facility location), without the capacity rows the
relaxation of each item is whole by itself, which makes the bound strong: the same one that all (l, S)
cuts give. What a short try does not prove first gets a good plan by search (`lot_search`), and then the rest
of the time. The tighter the capacity, the wider the gap that is left: read it before the plan.

Source: Trigeiro, Thomas and McClain (1989), Management Science 35(3); Krarup and Bilde (1977) for the shares;
Pochet and Wolsey, Production Planning by Mixed Integer Programming (2006), section 7.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from helpers.errors import ParameterError, PlanbookError
from helpers.inventory.arguments import Floats, as_periods, find_wrong, refuse
from helpers.inventory.policies.lot_model import WHOLE, LotModel, LotProblem, build_lots
from helpers.inventory.policies.lot_search import find_set_ups
from helpers.solver import Solution, Status, solve

FIRST_TRY, SEARCH, LEAST_LEFT = 0.05, 0.3, 0.05  # of the time limit


@dataclass(frozen=True, eq=False)
class CapacitatedPlan:
    """Lots of many items under a shared capacity.

    Parameters
    ----------
    order_quantities
        Units, items × periods.
    set_ups
        Whether the item is set up, items × periods.
    stock
        Units at the end of the period, items × periods.
    overtime
        Capacity beyond the given one, per period; zero without an overtime cost.
    cost
        Money over the horizon.
    bound
        No plan costs less than this.
    gap
        (cost − bound) ÷ cost.
    is_proven
        Whether the gap asked for was reached within the time limit.
    """

    order_quantities: Floats
    set_ups: np.ndarray[Any, np.dtype[np.bool_]]
    stock: Floats
    overtime: Floats
    cost: float
    bound: float
    gap: float
    is_proven: bool


def lot_sizes_capacitated(  # noqa: PLR0913 - the columns of the instance, each by name
    fixed_cost: ArrayLike,
    holding_cost: ArrayLike,
    demand: ArrayLike,
    capacity: ArrayLike,
    *,
    unit_time: ArrayLike = 1.0,
    setup_time: ArrayLike = 0.0,
    overtime_cost: float | None = None,
    gap: float = 1e-3,
    time_limit: float = 60.0,
) -> CapacitatedPlan:
    """Return the cheapest lots that serve a known demand in full within a shared capacity.

    Parameters
    ----------
    fixed_cost
        K, money per set-up; one, one per item, or items × periods.
    holding_cost
        h, money per unit at the end of a period; the same shapes.
    demand
        d, units, items × periods. There is no initial stock: take it off the first demands.
    capacity
        C, in units of time; one, or one per period.
    unit_time, setup_time
        a and b, time per unit and per set-up; one, or one per item.
    overtime_cost
        v, money per unit of time beyond the capacity; None = none is allowed.
    gap
        Proven relative distance from the optimum at which to stop.
    time_limit
        Seconds; afterwards the best plan found is returned with the gap it has.

    Returns
    -------
    CapacitatedPlan
        `order_quantities`, `set_ups`, `stock` (items × periods), `overtime`, `cost`, `bound`, `gap`,
        `is_proven`.

    Raises
    ------
    ParameterError
        A number is negative or a shape does not match; or no plan exists within the capacity.
    PlanbookError
        No plan was found within the time limit.

    Examples
    --------
    >>> plan = lot_sizes_capacitated([500, 500], 2, [[90, 120, 80, 70]] * 2, 600)
    >>> plan.cost, plan.order_quantities[0].tolist()
    (2760.0, [210.0, 0.0, 150.0, 0.0])
    """
    problem = _read_arguments(
        {"fixed_cost": fixed_cost, "holding_cost": holding_cost},
        demand,
        capacity,
        {"unit_time": unit_time, "setup_time": setup_time},
        overtime_cost,
    )
    lots = build_lots(problem)
    solution, bound = solve_lots(lots, problem, gap, time_limit)
    return read_lots(lots, problem, solution, bound, gap)


def _read_arguments(
    costs: dict[str, ArrayLike],
    demand: ArrayLike,
    capacity: ArrayLike,
    times: dict[str, ArrayLike],
    overtime_cost: float | None,
) -> LotProblem:
    needed = np.asarray(demand, dtype="float64")
    if needed.ndim != 2 or not needed.size:
        raise ParameterError(
            f"lot_sizes_capacitated: 'demand' has the shape {needed.shape}. Give items × periods."
        )
    items, periods = needed.shape
    per_item = {name: _repeat(name, value, (items, 1)) for name, value in times.items()}
    per_cell = {name: _repeat(name, value, (items, periods)) for name, value in costs.items()}
    per_period = as_periods("capacity", capacity, periods)
    values: dict[str, ArrayLike | None] = {"demand": needed, "capacity": per_period}
    values |= {"overtime_cost": overtime_cost}
    refuse("lot_sizes_capacitated", find_wrong("not negative", {**values, **per_item, **per_cell}))
    return LotProblem(
        demand=needed,
        fixed_cost=per_cell["fixed_cost"],
        holding_cost=per_cell["holding_cost"],
        unit_time=per_item["unit_time"][:, 0],
        setup_time=per_item["setup_time"][:, 0],
        capacity=per_period,
        overtime_cost=overtime_cost,
    )


def _repeat(name: str, value: ArrayLike, shape: tuple[int, int]) -> Floats:
    array = np.asarray(value, dtype="float64")
    if array.shape in {(1,), (shape[0],)}:
        array = array[:, None]
    if array.shape not in {(), (shape[0], 1), shape}:
        raise ParameterError(
            f"lot_sizes_capacitated: '{name}' has the shape {array.shape}. "
            f"Give one number, one per item ({shape[0]}), or the shape {shape}."
        )
    return np.broadcast_to(array, shape).copy()


def solve_lots(lots: LotModel, problem: LotProblem, gap: float, time_limit: float) -> tuple[Solution, float]:
    """Solve, and return the solution and the best bound proven; refuse what has no plan.

    What a short try does not prove gets a plan by search first: where the capacity is tight, HiGHS
    alone finds worse ones.
    """
    deadline = monotonic() + time_limit
    solution = solve(lots.model, time_limit=FIRST_TRY * time_limit, gap=gap)
    bound = solution.bound
    if not solution.is_proven and solution.status is not Status.INFEASIBLE:
        known = solution.values(lots.set_up).reshape(problem.shape) if solution.has_solution else None
        set_ups = find_set_ups(problem, known, SEARCH * time_limit)
        start = None if set_ups is None else {lots.set_up.name: set_ups.ravel()}
        left = max(deadline - monotonic(), LEAST_LEFT * time_limit)
        solution = solve(lots.model, time_limit=left, gap=gap, start=start)
    if solution.has_solution:
        return solution, float(np.nanmax([bound, solution.bound, 0.0]))
    if solution.status is Status.INFEASIBLE:
        raise ParameterError(
            "lot_sizes_capacitated: no plan serves the demand within the capacity. "
            "Give an 'overtime_cost' to see which period needs how much more."
        )
    raise PlanbookError(
        f"lot_sizes_capacitated: no plan was found in {time_limit:g} seconds. "
        "Allow more time, or fewer items."
    )


def read_lots(
    lots: LotModel, problem: LotProblem, solution: Solution, bound: float, gap: float
) -> CapacitatedPlan:
    """Read the lots, and recompute the cost from them."""
    item, made, served = (lots.share.keys[name].to_numpy() for name in ("item", "period", "served"))
    quantities = np.zeros(problem.shape)
    np.add.at(quantities, (item, made), problem.demand[item, served] * solution.values(lots.share))
    quantities[quantities < WHOLE] = 0.0
    stock = np.maximum(np.cumsum(quantities - problem.demand, axis=1), 0.0)
    used = problem.unit_time @ quantities + problem.setup_time @ (quantities > 0)
    overtime = np.maximum(used - problem.capacity, 0.0)
    overtime[overtime < WHOLE] = 0.0
    cost = float(
        (problem.fixed_cost * (quantities > 0)).sum()
        + (problem.holding_cost * stock).sum()
        + (problem.overtime_cost or 0.0) * overtime.sum()
    )
    reached = max(cost - bound, 0.0) / cost if cost else 0.0
    return CapacitatedPlan(
        order_quantities=quantities,
        set_ups=quantities > 0,
        stock=stock,
        overtime=overtime,
        cost=round(cost, 6),
        bound=min(bound, cost),
        gap=reached,
        is_proven=solution.is_proven or reached <= gap,
    )
