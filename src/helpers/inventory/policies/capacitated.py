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
cuts give.

Source: Trigeiro, Thomas and McClain (1989), Management Science 35(3); Krarup and Bilde (1977) for the shares;
Pochet and Wolsey, Production Planning by Mixed Integer Programming (2006), section 7.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from helpers.errors import ParameterError, PlanbookError
from helpers.inventory.arguments import Floats, as_periods, find_wrong, refuse
from helpers.solver import Model, Solution, Status, Variables, at_most, equals, solve

WHOLE = 1e-6  # units; a smaller lot is rounding


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


@dataclass(frozen=True, eq=False)
class LotProblem:
    """The numbers of the model, each repeated to its full shape."""

    demand: Floats
    fixed_cost: Floats
    holding_cost: Floats
    unit_time: Floats
    setup_time: Floats
    capacity: Floats
    overtime_cost: float | None

    @property
    def shape(self) -> tuple[int, int]:
        """Items, periods."""
        return self.demand.shape[0], self.demand.shape[1]


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
    return read_lots(lots, problem, solve_lots(lots, gap, time_limit))


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


@dataclass(frozen=True, eq=False)
class LotModel:
    """The MILP with the variables that are read back: y by item and period, z also by the period served."""

    model: Model
    set_up: Variables
    share: Variables


def build_lots(problem: LotProblem) -> LotModel:
    """Build the MILP of the module docstring."""
    items, periods = problem.shape
    model = Model("lot_sizes_capacitated")
    cells = pd.MultiIndex.from_product([range(items), range(periods)], names=["item", "period"])
    served = cells.to_frame(index=False).rename(columns={"period": "served"})[problem.demand.ravel() > 0]
    shares = served.merge(pd.DataFrame({"period": range(periods)}), how="cross").query("period <= served")
    set_up = model.add_variables("set_up", cells.to_frame(index=False), upper=1.0, integer=True)
    share = model.add_variables("share", shares[["item", "period", "served"]], upper=1.0)
    most_overtime = 0.0 if problem.overtime_cost is None else _most_time(problem)
    overtime = model.add_variables("overtime", pd.DataFrame({"period": range(periods)}), upper=most_overtime)
    lots = LotModel(model, set_up, share)
    model.add_rows("demand", served, share, equals(1.0))
    model.add_rows("set-up", share.keys, share - set_up.at(share.keys), at_most(0.0))
    used = set_up * problem.setup_time[set_up.keys["item"]] + share * _share_times(lots, problem)
    model.add_rows("capacity", overtime.keys, used - overtime, at_most(problem.capacity))
    if problem.overtime_cost is None:
        _add_set_up_time_rows(lots, problem)
    model.add_objective("set-ups", set_up * problem.fixed_cost.ravel())
    model.add_objective("holding", share * _share_costs(lots, problem))
    model.add_objective("overtime", overtime * float(problem.overtime_cost or 0.0))
    return lots


def _most_time(problem: LotProblem) -> float:
    return float(problem.unit_time @ problem.demand.sum(axis=1) + problem.setup_time.sum())


def _share_times(lots: LotModel, problem: LotProblem) -> Floats:
    """a_i d_it per share."""
    item, served = (lots.share.keys[name].to_numpy() for name in ("item", "served"))
    times: Floats = problem.unit_time[item] * problem.demand[item, served]
    return times


def _share_costs(lots: LotModel, problem: LotProblem) -> Floats:
    """H_i(s, t) d_it per share."""
    item, made, served = (lots.share.keys[name].to_numpy() for name in ("item", "period", "served"))
    held = np.hstack([np.zeros((problem.shape[0], 1)), np.cumsum(problem.holding_cost, axis=1)])
    costs: Floats = (held[item, served] - held[item, made]) * problem.demand[item, served]
    return costs


def _add_set_up_time_rows(lots: LotModel, problem: LotProblem) -> None:
    """Add what the demand so far leaves of the capacity so far: all the time there is for set-ups.

    The other rows imply it but for rounding down to whole set-up times, yet in this form, with set-ups alone,
    the solver finds cuts.
    """
    step = _common_step(problem.setup_time)
    left = np.cumsum(problem.capacity - problem.unit_time @ problem.demand)
    room = np.floor(left / step + WHOLE) * step if step else left
    # Where nothing is left no plan exists, and the solver says so.
    until = pd.DataFrame({"until": np.flatnonzero(room >= 0)})
    cells = lots.set_up.keys.merge(until, how="cross").query("period <= until")
    time = lots.set_up.at(cells) * problem.setup_time[cells["item"]]
    lots.model.add_rows("set-up time", until, time, at_most(room[until["until"]]))


def _common_step(times: Floats) -> float:
    """Greatest whole number that divides all set-up times; 0 where they are not whole."""
    whole = np.rint(times).astype("int64")
    return float(np.gcd.reduce(whole)) if (times == whole).all() else 0.0


def solve_lots(lots: LotModel, gap: float, time_limit: float) -> Solution:
    """Solve, and refuse what has no plan."""
    solution = solve(lots.model, time_limit=time_limit, gap=gap)
    if solution.has_solution:
        return solution
    if solution.status is Status.INFEASIBLE:
        raise ParameterError(
            "lot_sizes_capacitated: no plan serves the demand within the capacity. "
            "Give an 'overtime_cost' to see which period needs how much more."
        )
    raise PlanbookError(
        f"lot_sizes_capacitated: no plan was found in {time_limit:g} seconds. "
        "Allow more time, or fewer items."
    )


def read_lots(lots: LotModel, problem: LotProblem, solution: Solution) -> CapacitatedPlan:
    """Read the lots, and recompute the cost from them."""
    item, made, served = (lots.share.keys[name].to_numpy() for name in ("item", "period", "served"))
    quantities = np.zeros(problem.shape)
    np.add.at(quantities, (item, made), problem.demand[item, served] * solution.values(lots.share))
    bound = solution.bound
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
    return CapacitatedPlan(
        order_quantities=quantities,
        set_ups=quantities > 0,
        stock=stock,
        overtime=overtime,
        cost=round(cost, 6),
        bound=min(bound, cost),
        gap=max(cost - bound, 0.0) / cost if cost else 0.0,
        is_proven=solution.is_proven,
    )
