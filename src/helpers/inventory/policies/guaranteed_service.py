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

import numpy as np
import pandas as pd

from helpers.errors import PlanbookError
from helpers.inventory.arguments import Floats
from helpers.inventory.policies.stages import Network, read_network
from helpers.solver import Expression, Model, Variables, at_most, equals, solve

FIRST_BREAKPOINTS = (0.05, 0.2, 0.5)  # of the longest net replenishment time
MOST_ROUNDS = 50
LEAST_SECONDS = 0.01  # of a round, since a solve needs some


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
        built = build_service_times(network, breakpoints)
        # A round need not be proven further than the chords are good for.
        seconds = max(deadline - monotonic(), LEAST_SECONDS)
        solution = solve(built.model, time_limit=seconds, gap=gap / 2)
        if not solution.has_solution:
            break
        times = read_service_times(solution.values(built.service), network)
        bound = max(bound, solution.bound)
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
    """The MILP of one round, with the variables that are read back: S by stage."""

    model: Model
    service: Variables


def build_service_times(network: Network, breakpoints: list[Floats]) -> ServiceTimesModel:
    """Build the MILP of the module docstring for given breakpoints per stage."""
    model = Model("guaranteed_service")
    stages = pd.DataFrame({"stage": range(network.size)})
    most = np.minimum(network.most_service, network.longest_replenishment)
    service = model.add_variables("service", stages, upper=most)
    inbound = model.add_variables("inbound", stages, network.inbound, network.longest_inbound)
    waiting = inbound - service - _add_chords(model, network, breakpoints)
    model.add_rows("net replenishment time", stages, waiting, equals(-network.processing))
    arcs = np.array(network.arcs, dtype="int64").reshape(-1, 2)
    feeders = service.at(pd.DataFrame({"stage": arcs[:, 0], "arc": range(len(arcs))}))
    fed = inbound.at(pd.DataFrame({"stage": arcs[:, 1], "arc": range(len(arcs))}))
    model.add_rows("promise", pd.DataFrame({"arc": range(len(arcs))}), feeders - fed, at_most(0.0))
    return ServiceTimesModel(model, service)


def _add_chords(model: Model, network: Network, breakpoints: list[Floats]) -> Expression:
    """Add w and u, their rows and their cost, and return x by stage."""
    pieces = pd.DataFrame(
        [
            (j, k, *ends)
            for j, points in enumerate(breakpoints)
            for k, ends in enumerate(pairwise(points.tolist()))
        ],
        columns=["stage", "piece", "low", "high"],
    ).astype({"stage": "int64", "piece": "int64", "low": "float64", "high": "float64"})
    low, high = pieces["low"].to_numpy(), pieces["high"].to_numpy()
    keys, unit_cost = pieces[["stage", "piece"]], network.unit_costs[pieces["stage"]]
    on = model.add_variables("on", keys, upper=1.0, integer=True)
    beyond = model.add_variables("beyond", keys, upper=high - low)
    model.add_rows("one piece", keys[["stage"]].drop_duplicates(), on, equals(1.0))
    model.add_rows("within the piece", keys, beyond - on * (high - low), at_most(0.0))
    model.add_objective("at the start of the piece", on * (unit_cost * np.sqrt(low)))
    slope = unit_cost * (np.sqrt(high) - np.sqrt(low)) / (high - low)
    model.add_objective("within the piece", beyond * slope)
    return on * low + beyond


def read_service_times(service: Floats, network: Network) -> Floats:
    """Put S on the grid, no longer than what the stage needs."""
    return network.shorten(np.abs(np.rint(service)))  # −0 reads badly
