"""Which sites to open and whom each serves: capacitated and uncapacitated facility location.

    minimise    Σ_i f_i y_i + Σ_ij c_ij x_ij
    Σ_i x_ij = 1,   Σ_j d_j x_ij ≤ s_i y_i,   x_ij ≤ y_i,   y_i ∈ {0, 1},  x_ij ≥ 0

Small problems are one MILP. For the others, prices of the customers (`prices`) give a bound and say which
sites and lanes matter; the MILP over those (`core`) carries a relaxed lane per customer in place of all that
was left out, so its bound holds for the whole problem. Where a plan uses such a lane, the lanes of that
customer are added and the MILP is solved again. All flows are recomputed from the open sites.

Source: Cornuejols, Sridharan and Thizy (1991), A comparison of heuristics and relaxations for the capacitated
plant location problem, EJOR 50; Beasley (1988), EJOR 33, whose test problems `read_orlib` reads.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from helpers.errors import SolverError
from helpers.solver import Solution, SolveOptions, Status, explain_infeasibility, solve
from helpers.transport.network.core import (
    Served,
    build_core,
    build_service,
    read_escaped,
    read_open,
    read_service,
    read_single_sources,
)
from helpers.transport.network.prices import Prices, price_customers
from helpers.transport.network.problem import Flags, Floats, LocationProblem, read_problem

_SMALL = 4_000  # lanes up to which the whole problem is one MILP
_PROVEN = 1e-6  # relative; what HiGHS calls proven
_PRICING_SHARE = 0.25  # of the time limit, at most
_LEAST_SECONDS = 0.5
_SHOWN = 5
_LANE_MARGIN = 1.1  # lanes up to so many times the customer's price take part at once
_FIRST_ROOM = 0.001  # share of the bound
_FIRST_SITES = 2.0  # times the sites that open


@dataclass(frozen=True, eq=False)
class FacilityPlan:
    """Open sites with their flows, and how good they are.

    Parameters
    ----------
    open_sites
        Positions of the open sites, rising.
    flows
        Units from site i to customer j (n, m).
    shares
        The same as shares of each customer's demand (n, m).
    cost, site_cost, lane_cost
        Money: in all, for opening sites, for serving.
    bound
        No plan costs less than this.
    gap
        (cost − bound) ÷ cost.
    status
        How the search ended.
    seconds
        Wall-clock.
    seed
        Seed of the solver.
    """

    open_sites: NDArray[np.int64]
    flows: Floats
    shares: Floats
    cost: float
    site_cost: float
    lane_cost: float
    bound: float
    gap: float
    status: Status
    seconds: float
    seed: int

    @property
    def is_proven(self) -> bool:
        """Whether the plan is as good as was asked for."""
        return self.status in {Status.OPTIMAL, Status.WITHIN_GAP}

    @property
    def sentence(self) -> str:
        """The outcome in one sentence."""
        return (
            f"{len(self.open_sites)} of {len(self.flows)} sites open, cost {self.cost:,.0f}: {self.status}, "
            f"at most {self.gap:.2%} from the best."
        )


def locate_facilities(  # noqa: PLR0913 - what is known about the sites, each by name
    fixed_cost: ArrayLike,
    capacity: ArrayLike | None,
    demand: ArrayLike,
    cost: ArrayLike,
    *,
    open_sites: Collection[int] = (),
    closed_sites: Collection[int] = (),
    number_of_sites: int | tuple[int, int] | None = None,
    single_sourcing: bool = False,
    gap: float = 0.0,
    time_limit: float = 60.0,
    seed: int = 0,
) -> FacilityPlan:
    """Choose the sites to open and the flows from them that cost least.

    Parameters
    ----------
    fixed_cost
        f, money per open site: one, or one per site (n,).
    capacity
        s, units per site: one, or one per site; infinite or None = no limit.
    demand
        d, units per customer (m,).
    cost
        c, money for serving all of customer j from site i (n, m); infinite = not allowed.
    open_sites, closed_sites
        Positions of sites that stay open, or must not be opened.
    number_of_sites
        How many sites are open: exactly, or (fewest, most).
    single_sourcing
        Whether each customer is served from one site only.
    gap
        Relative gap at which to stop, 0–1.
    time_limit
        Seconds; afterwards the best plan found is returned with the gap it has.
    seed
        Seed of the solver; same seed, same answer, unless the time limit cuts the run.

    Returns
    -------
    FacilityPlan
        `open_sites`, `flows`, `shares`, `cost`, `bound`, `gap`, `status`, `seconds`.

    Raises
    ------
    ParameterError
        A shape or number is wrong, or plain sums show that no plan exists; all findings at once.
    SolverError
        No plan exists or none was found in time; the message says which limits clash.

    Examples
    --------
    >>> plan = locate_facilities([100, 120], [60, 60], [30, 50], [[30, 90], [60, 50]])
    >>> plan.open_sites.tolist(), plan.cost, plan.flows.tolist()
    ([0, 1], 300.0, [[30.0, 0.0], [0.0, 50.0]])
    """
    begun = time.perf_counter()
    problem = read_problem(
        fixed_cost,
        capacity,
        demand,
        cost,
        open_sites=open_sites,
        closed_sites=closed_sites,
        number_of_sites=number_of_sites,
        single_sourcing=single_sourcing,
    )
    search = _Search(problem, SolveOptions(time_limit, gap, seed), begun)
    search.run()
    return search.plan()


class _Search:
    """The best plan and bound so far, and the rounds that bring them together."""

    def __init__(self, problem: LocationProblem, options: SolveOptions, begun: float) -> None:
        self.problem = problem
        self.options = options
        self.begun = begun
        self.bound = 0.0
        self.best: Served | None = None

    def run(self) -> None:
        """Price, round, and solve cores until the gap or the time is reached."""
        problem = self.problem
        if problem.cost.size <= _SMALL:
            self._solve_core(problem.may_open, problem.must_open, problem.allowed, np.inf)
            return
        prices = price_customers(problem, time_limit=_PRICING_SHARE * self.options.time_limit)
        self.bound = max(self.bound, prices.bound)
        self._serve(_round_sites(problem, prices))
        lanes = problem.allowed & (problem.cost <= _LANE_MARGIN * prices.price)
        room = first_room(problem, prices)
        while not self._is_good() and self._seconds_left() > _LEAST_SECONDS:
            room = min(room, self._most_room(prices))
            escaped = self._solve_core(*undecided_sites(problem, prices, room), lanes, prices.bound + room)
            if not escaped.any() and room >= self._most_room(prices):
                return
            lanes = lanes | (problem.allowed & escaped)
            room = self._most_room(prices)

    def plan(self) -> FacilityPlan:
        """Return the best plan."""
        best, problem = self.best, self.problem
        if best is None:
            raise SolverError(
                f"facility location: no plan was found in {self.options.time_limit:g} s. Allow more time."
            )
        site_cost = float(problem.fixed_cost[best.is_open].sum())
        bound = min(self.bound, best.cost)
        return FacilityPlan(
            open_sites=np.flatnonzero(best.is_open),
            flows=best.shares * problem.demand,
            shares=best.shares,
            cost=best.cost,
            site_cost=site_cost,
            lane_cost=best.cost - site_cost,
            bound=bound,
            gap=self._gap(),
            status=self._status(),
            seconds=time.perf_counter() - self.begun,
            seed=self.options.seed,
        )

    def _solve_core(self, sites: Flags, must_open: Flags, lanes: Flags, others: float) -> Flags:
        """Solve the MILP over these sites and lanes; return the customers that need other lanes.

        `others` is what a plan with other sites costs at least.
        """
        problem, options = self.problem, self.options
        core = build_core(problem, sites, must_open, lanes)
        start = {} if self.best is None else {"open": self.best.is_open[sites].astype(np.float64)}
        left = max(self._seconds_left(), _LEAST_SECONDS)
        found = solve(core.model, time_limit=left, gap=options.gap / 2, seed=options.seed, start=start)
        if found.status is Status.INFEASIBLE and np.isinf(others):
            raise SolverError(_say_clash(problem, left))
        if found.status is Status.INFEASIBLE:
            self.bound = max(self.bound, others)
            return np.zeros(len(problem.demand), dtype=np.bool_)
        self.bound = max(self.bound, min(np.nan_to_num(found.bound), others))
        if not found.has_solution:
            return np.zeros(len(problem.demand), dtype=np.bool_)
        escaped = read_escaped(core, found, len(problem.demand))
        if problem.single_sourcing and not escaped.any():
            self._keep(read_single_sources(core, problem, found))
        else:
            self._serve(read_open(core, found, len(sites)))
        return escaped

    def _serve(self, is_open: Flags) -> None:
        """Serve everybody from these sites, if that can be done."""
        left = max(self._seconds_left(), _LEAST_SECONDS)
        self._keep(serve_customers(self.problem, is_open, time_limit=left, options=self.options))

    def _keep(self, served: Served | None) -> None:
        """Keep a plan if it is the cheapest so far."""
        if served is not None and (self.best is None or served.cost < self.best.cost):
            self.best = served

    def _most_room(self, prices: Prices) -> float:
        """Return how far above the prices' bound a better plan may cost."""
        return np.inf if self.best is None else self.best.cost * (1 + 1e-9) - prices.bound

    def _gap(self) -> float:
        if self.best is None:
            return np.inf
        return max(self.best.cost - self.bound, 0.0) / self.best.cost if self.best.cost else 0.0

    def _is_good(self) -> bool:
        return self._gap() <= max(self.options.gap, _PROVEN)

    def _status(self) -> Status:
        if self._gap() <= _PROVEN:
            return Status.OPTIMAL
        return Status.WITHIN_GAP if self._is_good() else Status.STOPPED_WITH_PLAN

    def _seconds_left(self) -> float:
        return self.options.time_limit - (time.perf_counter() - self.begun)


def serve_customers(
    problem: LocationProblem, is_open: Flags, *, time_limit: float, options: SolveOptions
) -> Served | None:
    """Return the cheapest flows from the open sites; None where these cannot serve everybody."""
    lanes = np.where(problem.allowed & is_open[:, None], problem.cost, np.inf)
    nearest = np.argmin(lanes, axis=0)
    customers = np.arange(len(nearest))
    if np.isinf(lanes[nearest, customers]).any():
        return None
    load = np.bincount(nearest, weights=problem.demand, minlength=len(is_open))
    if (load <= problem.capacity).all():
        shares = np.zeros_like(lanes)
        shares[nearest, customers] = 1.0
        cost = problem.fixed_cost[is_open].sum() + lanes[nearest, customers].sum()
        return Served(is_open, shares, float(cost))
    model, share = build_service(problem, is_open)
    found: Solution = solve(model, time_limit=time_limit, gap=options.gap / 4, seed=options.seed)
    return read_service(problem, is_open, share, found) if found.has_solution else None


def first_room(problem: LocationProblem, prices: Prices) -> float:
    """Return the room above the bound in which the search begins: a few sites beyond those that open."""
    add = np.sort(np.where(problem.may_open, prices.reduced_cost, np.inf))
    count = min(int(_FIRST_SITES * prices.openness.sum()) + 1, len(add) - 1)
    return max(_FIRST_ROOM * abs(prices.bound), float(add[count]))


def undecided_sites(problem: LocationProblem, prices: Prices, room: float) -> tuple[Flags, Flags]:
    """Return the sites that may and that must be open in any plan that costs less than bound + room."""
    may = problem.may_open & (problem.must_open | (prices.reduced_cost <= room))
    return may, problem.must_open | (may & (prices.reduced_cost < -room))


def _round_sites(problem: LocationProblem, prices: Prices) -> Flags:
    """Open the sites that the prices open most, as many as their number and the demand ask for."""
    order = np.argsort(np.where(problem.must_open, -2.0, -prices.openness), kind="stable")
    order = order[problem.may_open[order]]
    enough = int(np.searchsorted(np.cumsum(problem.capacity[order]), problem.demand.sum() * (1 - 1e-12))) + 1
    wanted = int((prices.openness > 0.5).sum())
    count = min(max(wanted, enough, problem.fewest, int(problem.must_open.sum())), problem.most)
    is_open = np.zeros(len(problem.fixed_cost), dtype=np.bool_)
    is_open[order[:count]] = True
    return is_open


def _say_clash(problem: LocationProblem, seconds: float) -> str:
    """Say who cannot be served in full, and which limits stand against it."""
    core = build_core(problem, problem.may_open, problem.must_open, problem.allowed)
    clash = explain_infeasibility(core.model, relax={"service": 1.0}, time_limit=max(seconds, 1.0))
    short = ", ".join(f"customer {row.key} ({row.by:.0%} short)" for row in clash.relaxations.itertuples())
    against = clash.against.head(_SHOWN)
    limits = ", ".join(f"{row.rule} {row.key}".strip() for row in against.itertuples())
    return f"locate_facilities: no plan serves everybody: {short}. Against it stand: {limits}."
