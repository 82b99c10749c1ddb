"""Where to hold safety stock in a network whose stages promise delivery times: the guaranteed-service model.

Stage j takes T_j to process, is served within the inbound time SI_j and promises the service time S_j
to the stages it feeds. Its stock must bound demand over the net replenishment time x_j = SI_j + T_j −
S_j:

    minimise   Σ_j h_j z_j σ_j √x_j
    SI_j ≥ S_i for each arc (i, j),   SI_j ≥ e_j,   0 ≤ S_j ≤ s_j,   x_j = SI_j + T_j − S_j ≥ 0
    σ_j² = own demand variance + Σ_{(j,k)} σ_k²

with e_j the inbound time from outside and s_j the longest service time allowed. √ is concave, so some
best plan has every time on the grid of the given times, and chords between breakpoints b_1 < … < b_m
lie below it. The MILP

    x_j = Σ_k (b_k w_jk + u_jk),   0 ≤ u_jk ≤ (b_{k+1} − b_k) w_jk,   Σ_k w_jk = 1,   w_jk in {0, 1}

with the chords as cost therefore bounds the least cost from below, and the true cost of its times bounds it
from above. The x_j found become breakpoints, where chords are exact, until the two meet. Trees and
general acyclic networks are solved alike.

Source: Graves and Willems (2000), Manufacturing & Service Operations Management 2(1); Magnanti, Shen, Shu,
Simchi-Levi and Teo (2006), Operations Research Letters 34(2), for general networks; Snyder and Shen,
Fundamentals of Supply Chain Theory (2nd ed.), section 6.3 (Example 6.5).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from time import monotonic
from typing import Any

import numpy as np
import pandas as pd

from helpers.errors import PlanbookError
from helpers.inventory.arguments import Floats
from helpers.inventory.policies.stages import Network, read_network

FIRST_BREAKPOINTS = (0.05, 0.2, 0.5)  # of the longest net replenishment time
MOST_ROUNDS = 50
GRID_ROUNDING = 1e-6


@dataclass(frozen=True, eq=False)
class GuaranteedService:
    """Service times and safety stock of a network.

    Parameters
    ----------
    service_times
        S_j, periods, by stage.
    safety_stock
        z_j σ_j √x_j, units, by stage.
    cost
        Σ h_j × safety stock, money per period.
    bound
        No plan costs less than this.
    gap
        (cost − bound) ÷ cost.
    is_proven
        Whether the gap asked for was reached within the time limit.
    """

    service_times: pd.Series[float]
    safety_stock: pd.Series[float]
    cost: float
    bound: float
    gap: float
    is_proven: bool


def guaranteed_service(
    stages: pd.DataFrame, arcs: pd.DataFrame, *, gap: float = 1e-6, time_limit: float = 60.0
) -> GuaranteedService:
    """Return the service times that need the least money in safety stock.

    Parameters
    ----------
    stages
        Table `stage` (key), `processing_time` (T, periods), `holding_cost` (h, money per unit per period),
        `demand_sd` (units per period; demand from outside at this stage), `safety_factor` (z),
        `external_inbound_time` (e, periods), `max_service_time` (s, periods). Cells may be empty, and
        the last four columns missing: no demand from outside; the largest factor downstream, else 1; 0;
        no limit. A stage with outside demand and no limit may let its customers wait and hold nothing.
    arcs
        Table `from_stage`, `to_stage`; each unit at `to_stage` takes one unit from `from_stage`.
    gap
        Proven relative distance from the optimum at which to stop.
    time_limit
        Seconds; afterwards the best plan found is returned with the gap it has.

    Returns
    -------
    GuaranteedService
        `service_times`, `safety_stock` (by stage), `cost`, `bound`, `gap`, `is_proven`.

    Raises
    ------
    ParameterError
        Columns or stages are missing or doubled, numbers out of bounds, or the arcs go in a circle.
    PlanbookError
        No plan was found within the time limit.

    Examples
    --------
    >>> stages = pd.DataFrame(
    ...     {
    ...         "stage": [1, 3, 2, 4],
    ...         "processing_time": [2, 1, 1, 1],
    ...         "holding_cost": [1, 2, 3, 3],
    ...         "demand_sd": [None, None, 1, 1],
    ...         "safety_factor": [1, 1, 1, 1],
    ...         "external_inbound_time": [1, None, None, None],
    ...         "max_service_time": [None, None, 0, 1],
    ...     }
    ... )
    >>> arcs = pd.DataFrame({"from_stage": [1, 3, 3], "to_stage": [3, 2, 4]})
    >>> round(guaranteed_service(stages, arcs).cost, 6)
    8.277917
    """
    network = read_network(stages, arcs)
    breakpoints = _first_breakpoints(network)
    best, cost, bound = np.zeros(network.size), np.inf, 0.0
    deadline = monotonic() + time_limit
    for _ in range(MOST_ROUNDS):
        model = build_service_times(network, breakpoints)
        # A round need not be proven further than the chords are good for.
        solved = solve_service_times(model, gap / 2, deadline - monotonic())
        if solved is None:
            break
        times = read_service_times(model, network)
        bound = max(bound, solved)
        found = network.cost(times)
        if found < cost:
            best, cost = times, found
        if cost - bound <= gap * cost or monotonic() >= deadline:
            break
        breakpoints = [
            np.union1d(known, [value])
            for known, value in zip(breakpoints, network.net_times(times), strict=True)
        ]
    if not np.isfinite(cost):
        raise PlanbookError(
            f"guaranteed_service: no plan was found in {time_limit:g} seconds. "
            "Allow more time, or split the network."
        )
    return _result(network, best, bound, gap)


def _result(network: Network, times: Floats, bound: float, gap: float) -> GuaranteedService:
    cost = network.cost(times)
    reached = max(cost - bound, 0.0) / cost if cost > 0 else 0.0
    stock = network.demand_bounds * np.sqrt(network.net_times(times))
    return GuaranteedService(
        service_times=pd.Series(times / network.steps_per_period, network.stages, name="service_time"),
        safety_stock=pd.Series(
            stock / np.sqrt(network.steps_per_period), network.stages, name="safety_stock"
        ),
        cost=cost,
        bound=min(bound, cost),
        gap=reached,
        is_proven=reached <= gap * (1 + 1e-9),
    )


def _first_breakpoints(network: Network) -> list[Floats]:
    """Few points on the grid, and the times that result where a stage passes its waiting on or absorbs it."""
    longest = network.longest_replenishment
    wanted = [share * longest for share in FIRST_BREAKPOINTS]
    wanted += [network.processing, longest - np.minimum(network.most_service, longest)]
    columns = np.rint(np.column_stack([np.zeros(network.size), *wanted, longest]))
    return [np.unique(row) for row in columns]


@dataclass(frozen=True, eq=False)
class ServiceTimesModel:
    """The MILP of one round, with the handles that are read back."""

    problem: Any
    service: list[Any]


def build_service_times(network: Network, breakpoints: list[Floats]) -> ServiceTimesModel:
    """Build the MILP of the module docstring for given breakpoints per stage."""
    import pulp

    problem = pulp.LpProblem("guaranteed_service", pulp.LpMinimize)
    most = np.minimum(network.most_service, network.longest_replenishment)
    service = [problem.add_variable(f"S_{j}", 0, float(most[j])) for j in range(network.size)]
    inbound = [
        problem.add_variable(f"SI_{j}", float(network.inbound[j]), float(network.longest_inbound[j]))
        for j in range(network.size)
    ]
    cost: dict[Any, float] = {}
    for j, points in enumerate(breakpoints):
        net = {inbound[j]: 1.0, service[j]: -1.0}
        cost |= _add_chords(problem, f"{j}", points, network.unit_costs[j], net)
        problem += pulp.LpAffineExpression.from_dict(net) == -float(network.processing[j])
    for i, j in network.arcs:
        problem += pulp.LpAffineExpression.from_dict({service[i]: 1.0, inbound[j]: -1.0}) <= 0
    problem += pulp.LpAffineExpression.from_dict(cost)
    return ServiceTimesModel(problem, service)


def _add_chords(
    problem: Any, name: str, points: Floats, unit_cost: float, net: dict[Any, float]
) -> dict[Any, float]:
    """Add w and u of one stage to the problem and to its row of x; return their costs."""
    import pulp

    cost: dict[Any, float] = {}
    chosen = []
    for k, (low, high) in enumerate(pairwise(points.tolist())):
        on = problem.add_variable(f"w_{name}_{k}", 0, 1, cat="Integer")
        beyond = problem.add_variable(f"u_{name}_{k}", 0, float(high - low))
        problem += pulp.LpAffineExpression.from_dict({beyond: 1.0, on: -float(high - low)}) <= 0
        cost[on] = float(unit_cost * np.sqrt(low))
        cost[beyond] = float(unit_cost * (np.sqrt(high) - np.sqrt(low)) / (high - low))
        net[on], net[beyond] = -float(low), -1.0
        chosen.append(on)
    if chosen:
        problem += pulp.lpSum_vars(chosen) == 1
    return cost


def solve_service_times(model: ServiceTimesModel, gap: float, seconds: float) -> float | None:
    """Solve, and return the proven bound; None where there is no solution."""
    import pulp

    if seconds <= 0:
        return None
    stats = model.problem.solve(pulp.HiGHS(msg=False, timeLimit=seconds, gapRel=gap, threads=1))
    return float(stats.best_bound) if stats.has_solution else None


def read_service_times(model: ServiceTimesModel, network: Network) -> Floats:
    """Read S, put on the grid, no longer than what the stage needs."""
    times = np.rint([variable.value() for variable in model.service])
    return network.shorten(np.abs(times))  # −0 reads badly
