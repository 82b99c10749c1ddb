"""Erlang C: how long callers wait for one of n agents.

    A = calls per hour · handling minutes / 60                (load, erlangs)
    B = (Aⁿ/n!) / Σ_{i ≤ n} Aⁱ/i!                             (all agents busy, nobody waits: Erlang B)
    C = B / (1 − ρ (1 − B)),   ρ = A / n                      (chance to wait)
    service = 1 − C · exp(−(n − A) · answer / handling)       (answered within `answer` seconds)
    wait    = C · handling / (n − A)

B is taken as the ratio of the Poisson probability to its sum, both from logarithms and the incomplete gamma
function, so thousands of agents are no trouble. With n ≤ A the queue grows without end: service 0, wait ∞.
Source: Gans, Koole, Mandelbaum, Telephone Call Centers, M&SOM 2003, sec. 3.1; Erlang 1917.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from helpers.customers.number_arrays import is_number, read_numbers
from helpers.errors import ParameterError

Floats = NDArray[np.float64]
MOST_AGENTS = 10_000_000


@dataclass(frozen=True, eq=False)
class QueueService:
    """What callers meet; each an array in the shape of the arguments.

    Parameters
    ----------
    waiting_probability
        C: chance to wait at all.
    service
        Share answered within the answer time.
    wait_seconds
        Mean wait of all callers, seconds; inf where the queue grows without end.
    occupancy
        ρ: share of their time that agents are busy, at most 1.
    """

    waiting_probability: Floats
    service: Floats
    wait_seconds: Floats
    occupancy: Floats


@dataclass(frozen=True)
class AgentsNeeded:
    """Smallest staff that keeps the targets.

    Parameters
    ----------
    present, rostered
        Agents on the telephones; agents on the roster, absences included.
    service, wait_seconds, waiting_probability, occupancy
        What that staff gives, as `QueueService`.
    """

    present: int
    rostered: int
    service: float
    wait_seconds: float
    waiting_probability: float
    occupancy: float


def erlang_c(
    calls_per_hour: ArrayLike,
    handling_minutes: ArrayLike,
    agents: ArrayLike,
    answer_seconds: ArrayLike = 20.0,
) -> QueueService:
    """Return what callers meet with a given number of agents.

    Parameters
    ----------
    calls_per_hour
        Calls that arrive, per hour; from 0.
    handling_minutes
        Mean handling time, minutes; above 0.
    agents
        n, from 0.
    answer_seconds
        Answer time that the service is measured by, seconds.

    Raises
    ------
    ParameterError
        A number below its bound or missing.

    Examples
    --------
    >>> round(float(erlang_c(200, 3, 14).service), 4)
    0.8884
    """
    calls, handling, n, answer = _read_queue(calls_per_hour, handling_minutes, agents, answer_seconds)
    load = calls * handling / 60
    stable = n > load
    waits = np.where(stable, _waiting(load, np.where(stable, n, load + 1)), 1.0)
    spare = np.where(stable, n - load, 1.0)
    service = np.where(stable, 1 - waits * np.exp(-spare * answer / (60 * handling)), 0.0)
    idle = load == 0
    return QueueService(
        np.where(idle & stable, 0.0, waits),
        service,
        np.where(stable, waits * 60 * handling / spare, np.inf),
        np.where(n > 0, np.minimum(load / np.maximum(n, 1e-300), 1.0), np.where(idle, 0.0, 1.0)),
    )


def _read_queue(
    calls_per_hour: ArrayLike, handling_minutes: ArrayLike, agents: ArrayLike, answer_seconds: ArrayLike
) -> tuple[Floats, ...]:
    """Return the checked numbers of a queue in one shape, all findings in one error."""
    names = ("calls_per_hour", "handling_minutes", "agents", "answer_seconds")
    given = (calls_per_hour, handling_minutes, agents, answer_seconds)
    read = read_numbers(**dict(zip(names, given, strict=True)))
    said = [
        f"'{name}' is below {least} or no finite number. Give one {words}."
        for name, values, fits, least, words in (
            (names[0], read[0], read[0] >= 0, "0", "from 0"),
            (names[1], read[1], read[1] > 0, "or at 0", "above 0"),
            (names[2], read[2], read[2] >= 0, "0", "from 0"),
            (names[3], read[3], read[3] >= 0, "0", "from 0"),
        )
        if not (fits & np.isfinite(values)).all()
    ]
    try:
        shaped = np.broadcast_arrays(*read)
    except ValueError:
        shapes = ", ".join(f"'{name}' {values.shape}" for name, values in zip(names, read, strict=True))
        said.append(f"The shapes do not fit together: {shapes}. Give one number or one per place.")
    if said:
        raise ParameterError("erlang_c: " + " ".join(said))
    return tuple(shaped)


def _waiting(load: Floats, n: Floats) -> Floats:
    """Return C for n > load."""
    from scipy import special

    log_term = special.xlogy(n, load) - load - special.gammaln(n + 1)
    blocked = np.exp(log_term - np.log(special.gammaincc(n + 1, load)))
    return np.asarray(blocked / (1 - load / n * (1 - blocked)), dtype="float64")


def agents_needed(
    calls_per_hour: float,
    handling_minutes: float,
    *,
    target_share: float = 0.8,
    answer_seconds: float = 20.0,
    shrinkage: float = 0.3,
    max_occupancy: float = 0.85,
) -> AgentsNeeded:
    """Return the smallest number of agents that answers enough calls in time and is not worn out.

    Parameters
    ----------
    calls_per_hour, handling_minutes, answer_seconds
        As `erlang_c`.
    target_share
        Share to be answered within the answer time, in (0, 1).
    shrinkage
        Share of paid time that agents are away (leave, illness, training), in [0, 1).
    max_occupancy
        Most of their time that agents may be busy, in (0, 1].

    Raises
    ------
    ParameterError
        A number out of its bounds, or a load beyond ten million agents.

    Examples
    --------
    >>> found = agents_needed(200, 3, target_share=0.8, answer_seconds=20, shrinkage=0.3)
    >>> found.present, found.rostered
    (14, 20)
    """
    shares = (target_share, shrinkage, max_occupancy)
    inside = all(map(is_number, shares)) and 0 < target_share < 1 and 0 <= shrinkage < 1
    if not (inside and 0 < max_occupancy <= 1):
        raise ParameterError(
            "agents_needed: target_share in (0, 1), shrinkage in [0, 1), max_occupancy in (0, 1]; got "
            f"{target_share}, {shrinkage}, {max_occupancy}."
        )
    single = {"calls_per_hour": calls_per_hour, "handling_minutes": handling_minutes}
    single["answer_seconds"] = answer_seconds
    if wrong := [name for name, value in single.items() if not is_number(value)]:
        raise ParameterError(f"agents_needed: give one number for {', '.join(wrong)}.")
    _read_queue(calls_per_hour, handling_minutes, 0, answer_seconds)
    load = calls_per_hour * handling_minutes / 60
    if not load <= MOST_AGENTS:
        raise ParameterError(
            f"agents_needed: a load of {load:,.0f} erlangs is beyond {MOST_AGENTS:,} agents."
        )
    if load == 0:
        return AgentsNeeded(0, 0, 1.0, 0.0, 0.0, 0.0)
    first = max(math.floor(load) + 1, math.ceil(load / max_occupancy - 1e-9))
    reach = 64 + 8 * math.isqrt(math.ceil(load))
    while True:
        tried = np.arange(first, first + reach)
        met = erlang_c(calls_per_hour, handling_minutes, tried, answer_seconds).service >= target_share
        if met.any():
            break
        first += reach
    present = int(tried[int(met.argmax())])
    found = erlang_c(calls_per_hour, handling_minutes, present, answer_seconds)
    return AgentsNeeded(
        present,
        math.ceil(present / (1 - shrinkage) - 1e-9),
        float(found.service),
        float(found.wait_seconds),
        float(found.waiting_probability),
        float(found.occupancy),
    )
