"""The MILP of `lot_sizes_capacitated`, with the letters of its module; or with part of the set-ups fixed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.inventory.arguments import Floats
from helpers.solver import Model, Variables, at_most, equals

Flags = NDArray[np.bool_]
WHOLE = 1e-6  # units; a smaller lot is rounding


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


@dataclass(frozen=True, eq=False)
class SetUpChoice:
    """What may be chosen for the set-ups y, items × periods: bounds, and whether they must be whole."""

    lower: Floats
    upper: Floats
    whole: Flags


def open_choice(problem: LotProblem) -> SetUpChoice:
    """Return the choice of everything: any set-up, 0 or 1."""
    return SetUpChoice(
        np.zeros(problem.shape), np.ones(problem.shape), np.ones(problem.shape, dtype=np.bool_)
    )


@dataclass(frozen=True, eq=False)
class LotModel:
    """The MILP with the variables that are read back: y by item and period, z also by the period served."""

    model: Model
    set_up: Variables
    share: Variables


def build_lots(problem: LotProblem, choice: SetUpChoice | None = None) -> LotModel:
    """Build the MILP of the module docstring, all set-ups open unless a narrower choice is given."""
    choice = open_choice(problem) if choice is None else choice
    items, periods = problem.shape
    model = Model("lot_sizes_capacitated")
    cells = pd.MultiIndex.from_product([range(items), range(periods)], names=["item", "period"])
    served = cells.to_frame(index=False).rename(columns={"period": "served"})[problem.demand.ravel() > 0]
    shares = served.merge(pd.DataFrame({"period": range(periods)}), how="cross").query("period <= served")
    set_up = model.add_variables(
        "set_up",
        cells.to_frame(index=False),
        choice.lower.ravel(),
        choice.upper.ravel(),
        integer=choice.whole.ravel(),
    )
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
