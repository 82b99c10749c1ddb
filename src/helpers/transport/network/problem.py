"""What there is to locate, checked before anything is solved.

Sites i, customers j; f_i fixed cost, s_i capacity, d_j demand, c_ij the cost of serving all of customer j
from site i (infinite where that lane is not allowed).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from helpers.errors import ParameterError

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
_SHOWN = 5


@dataclass(frozen=True, eq=False)
class LocationProblem:
    """The numbers of a location problem with n sites and m customers.

    Parameters
    ----------
    fixed_cost
        f, money per open site (n,).
    capacity
        s, units per site (n,); at most the total demand, which is as good as no limit.
    demand
        d, units per customer (m,).
    cost
        c, money for serving all of customer j from site i (n, m); infinite = not allowed.
    must_open, may_open
        What was decided beforehand (n,).
    fewest, most
        Limits of the number of open sites.
    single_sourcing
        Whether each customer is served from one site only.
    """

    fixed_cost: Floats
    capacity: Floats
    demand: Floats
    cost: Floats
    must_open: Flags
    may_open: Flags
    fewest: int
    most: int
    single_sourcing: bool

    @property
    def allowed(self) -> Flags:
        """Lanes that may be used (n, m)."""
        allowed: Flags = np.isfinite(self.cost) & self.may_open[:, None]
        return allowed

    @property
    def is_capacitated(self) -> Flags:
        """Sites that cannot serve everybody (n,)."""
        return self.capacity < self.demand.sum()


def read_problem(  # noqa: PLR0913 - the arguments of the public verb, each by name
    fixed_cost: ArrayLike,
    capacity: ArrayLike | None,
    demand: ArrayLike,
    cost: ArrayLike,
    *,
    open_sites: Collection[int],
    closed_sites: Collection[int],
    number_of_sites: int | tuple[int, int] | None,
    single_sourcing: bool,
) -> LocationProblem:
    """Return the problem, or raise one ParameterError with all that is wrong with the numbers."""
    lanes = np.array(cost, dtype=np.float64)
    if lanes.ndim != 2 or not lanes.size:
        raise ParameterError(
            f"locate_facilities: 'cost' has the shape {lanes.shape}. Give sites × customers."
        )
    sites, customers = lanes.shape
    findings: list[str] = []
    fixed = _read("fixed_cost", fixed_cost, sites, findings)
    wanted = _read("demand", demand, customers, findings)
    room = _read("capacity", np.inf if capacity is None else capacity, sites, findings, finite=False)
    if np.isnan(lanes).any() or (lanes < 0).any():
        i, j = np.argwhere(np.isnan(lanes) | (lanes < 0))[0]
        findings.append(
            f"'cost' is {lanes[i, j]:g} from site {i} to customer {j}. Give 0 or more, infinite where closed."
        )
    must, may = _decided(open_sites, closed_sites, sites, findings)
    fewest, most = _counts(number_of_sites, must, may, findings)
    _refuse(findings)
    problem = LocationProblem(
        fixed, np.minimum(room, wanted.sum()), wanted, lanes, must, may, fewest, most, single_sourcing
    )
    _refuse(find_shortages(problem))
    return problem


def find_shortages(problem: LocationProblem) -> list[str]:
    """Say why no choice of sites can serve everybody, as far as plain sums can tell."""
    found = []
    total = problem.demand.sum()
    room = np.sort(problem.capacity[problem.may_open])[::-1][: problem.most]
    if room.sum() < total * (1 - 1e-12):
        found.append(
            f"The demand of {total:,.6g} is above the capacity of {room.sum():,.6g} that the {len(room)} "
            f"largest allowed sites have together: {total - room.sum():,.6g} too much. Allow more sites or "
            "capacity, or less demand."
        )
    alone = np.flatnonzero(~problem.allowed.any(axis=0))
    if len(alone):
        found.append(
            f"{_customers(alone)} no allowed lane (all costs are infinite). Add a lane, or leave out."
        )
    if problem.single_sourcing:
        most = np.where(problem.allowed, problem.capacity[:, None], 0.0).max(axis=0)
        large = np.flatnonzero((most < problem.demand) & problem.allowed.any(axis=0))
        if len(large):
            found.append(
                f"{_customers(large)} more demand than any one site's capacity. Allow several sources."
            )
    return found


def _customers(which: NDArray[np.int64]) -> str:
    shown = ", ".join(str(one) for one in which[:_SHOWN].tolist())
    more = f" and {len(which) - _SHOWN} more" if len(which) > _SHOWN else ""
    return f"Customer {shown} has" if len(which) == 1 else f"Customers {shown}{more} have"


def _read(name: str, value: ArrayLike, length: int, findings: list[str], *, finite: bool = True) -> Floats:
    array = np.asarray(value, dtype=np.float64)
    if array.shape not in {(), (length,)}:
        findings.append(
            f"'{name}' has the shape {array.shape} for {length}. Give one number, or one for each."
        )
        return np.zeros(length)
    array = np.broadcast_to(array, (length,)).copy()
    wrong = np.isnan(array) | (array < 0) | (finite & np.isinf(array))
    if wrong.any():
        first = int(np.argmax(wrong))
        findings.append(f"'{name}' is {array[first]:g} at position {first}. Give a number of 0 or more.")
    return array


def _decided(
    opened: Collection[int], closed: Collection[int], sites: int, findings: list[str]
) -> tuple[Flags, Flags]:
    unknown = sorted((set(opened) | set(closed)) - set(range(sites)))
    both = sorted(set(opened) & set(closed))
    if unknown:
        findings.append(f"Sites {unknown} do not exist. Number them 0 … {sites - 1}.")
    if both:
        findings.append(f"Sites {both} are to be open and closed. Choose one.")
    must, may = np.zeros(sites, dtype=np.bool_), np.ones(sites, dtype=np.bool_)
    must[[one for one in opened if one not in unknown]] = True
    may[[one for one in closed if one not in unknown]] = False
    return must, may


def _counts(
    number: int | tuple[int, int] | None, must: Flags, may: Flags, findings: list[str]
) -> tuple[int, int]:
    if number is None:
        fewest, most = 0, len(may)
    else:
        fewest, most = number if isinstance(number, tuple) else (int(number), int(number))
    if fewest > most or most < max(1, int(must.sum())) or fewest > int(may.sum()):
        findings.append(
            f"Between {fewest} and {most} sites cannot be opened where {must.sum()} must and {may.sum()} may "
            "be open."
        )
    return fewest, min(most, int(may.sum()))


def _refuse(findings: list[str]) -> None:
    if findings:
        raise ParameterError("locate_facilities: " + " ".join(findings))
