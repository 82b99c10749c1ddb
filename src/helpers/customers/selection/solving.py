"""Three ways to solve one selection, each with a proven bound, a gap and prices.

`milp`: the whole-number model over all customers. `lp`: prices from the linear relaxation. `dual`: prices
from the Lagrangian dual. The latter two repair the plan over the core. The prices are always those of the
linear relaxation (or the dual, which is the same number): what one unit more would earn if contacts could be
parted. The bound is always proven at the prices in float64; the whole-number model may prove a lower one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from helpers.customers.number_arrays import is_number
from helpers.customers.selection.classes import ClassPlan, deal, group_classes, solve_classes
from helpers.customers.selection.lagrangian import dual_prices
from helpers.customers.selection.program import CHUNK, Flags, Floats, Programme
from helpers.customers.selection.repair import repaired
from helpers.errors import ParameterError

MILP_PAIRS = 20_000
LP_PAIRS = 200_000
EXACT_PAIRS = 2_000  # pairs up to which the optimum itself is sought
EXACT_GAP = 1e-9
PROVEN = 1e-8  # gap that rounding alone may leave
EXACT_NODES, MILP_NODES = 400, 2_000
METHODS = ("auto", "milp", "lp", "dual")


@dataclass(frozen=True)
class SelectOptions:
    """How to solve: method, relative gap, seconds, seed.

    Raises
    ------
    ParameterError
        For values that cannot be meant, all at once.
    """

    method: str = "auto"
    gap: float = 1e-4
    time_limit: float = 60.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        findings = self.findings()
        if findings:
            raise ParameterError(" ".join(findings))

    def findings(self) -> list[str]:
        """Return what is wrong, in words."""
        said = []
        if self.method not in METHODS:
            said.append(f"'method' is {self.method!r}. Use one of {', '.join(METHODS)}.")
        if not (is_number(self.gap) and 0 <= self.gap < 1):
            said.append(f"'gap' is {self.gap}. Give a share from 0 to below 1.")
        if not (is_number(self.time_limit) and 0.01 <= self.time_limit <= 86_400):
            said.append(f"'time_limit' is {self.time_limit}. Give seconds from 0.01 to 86400.")
        if not (is_number(self.seed) and 0 <= self.seed < 2**31 and int(self.seed) == self.seed):
            said.append(f"'seed' is {self.seed}. Give a whole number from 0.")
        return said


@dataclass(frozen=True, eq=False)
class Chosen:
    """What was chosen: flags (n, k), net value, bound, gap, price per row, method, status, seconds."""

    chosen: Flags
    value: float
    bound: float
    gap: float
    row_prices: Floats
    method: str
    status: str
    seconds: float


def solve_programme(programme: Programme, options: SelectOptions) -> Chosen:
    """Solve a selection by the method that fits its size, or the one asked.

    Parameters
    ----------
    programme
        What may be chosen, and what it uses.
    options
        Method, gap, seconds, seed.
    """
    begun = time.perf_counter()
    method = _method(programme, options.method)
    if not programme.pairs:
        return _empty(programme, method)
    exact = None
    if method == "dual":
        prices = dual_prices(programme, tolerance=_tolerance(options), seed=options.seed)
    else:
        prices = _linear_prices(programme, options)
    bound = programme.bound_at(prices)
    left = max(options.time_limit - (time.perf_counter() - begun), 0.05)
    if method == "milp":
        exact = _exact(programme, options, left)
    if exact is not None:
        taken, proven = exact
        bound = min(bound, proven) if np.isfinite(proven) else bound
    else:
        taken = repaired(programme, prices, bound, gap=options.gap, time_limit=left, seed=options.seed)
    return _result(programme, taken, bound, prices, (method, options.gap, begun))


def _method(programme: Programme, asked: str) -> str:
    if asked != "auto":
        return asked
    if programme.pairs <= MILP_PAIRS:
        return "milp"
    return "lp" if programme.pairs <= LP_PAIRS else "dual"


def _tolerance(options: SelectOptions) -> float:
    return max(min(options.gap / 20, 1e-4), 1e-9)


def _scaled(programme: Programme) -> tuple[Floats, Floats]:
    rows = programme.finite
    return programme.use[rows] / programme.units[:, None], programme.limit[rows] / programme.units


def _linear_prices(programme: Programme, options: SelectOptions) -> Floats:
    """Return the prices of the linear relaxation; of the dual where it was not solved in time."""
    use, limit = _scaled(programme)
    plan = solve_classes(
        group_classes(programme.net, options.seed),
        use,
        limit,
        programme.most,
        whole=False,
        gap=0.0,
        time_limit=options.time_limit,
        seed=options.seed,
    )
    if plan is None or plan.status != "optimal":
        return dual_prices(programme, tolerance=_tolerance(options), seed=options.seed)
    prices = np.zeros(len(programme.limit))
    prices[programme.finite] = plan.row_prices * programme.scale / programme.units
    return prices


def _exact(programme: Programme, options: SelectOptions, seconds: float) -> tuple[Flags, float] | None:
    """Return the plan of the whole-number model and its bound, money; None where there is none in time."""
    use, limit = _scaled(programme)
    classes = group_classes(programme.net, options.seed)
    small = programme.pairs <= EXACT_PAIRS
    plan: ClassPlan | None = solve_classes(
        classes,
        use,
        limit,
        programme.most,
        whole=True,
        gap=min(options.gap, EXACT_GAP) if small else options.gap,
        nodes=EXACT_NODES if small else MILP_NODES,
        time_limit=max(seconds, 0.05),
        seed=options.seed,
    )
    if plan is None:
        return None
    taken = np.zeros(programme.net.shape, dtype=np.bool_)
    deal(classes, plan.counts, taken)
    if not programme.keeps(taken.sum(axis=1).astype(np.float64)):
        return None
    rounded = 1e-6 if programme.net.dtype == np.float32 else 1e-9
    return taken, plan.bound * programme.scale * (1 + rounded)


def _result(
    programme: Programme, taken: Flags, bound: float, prices: Floats, how: tuple[str, float, float]
) -> Chosen:
    method, asked, begun = how
    chosen = np.zeros(programme.value.shape, dtype=np.bool_)
    chosen[programme.customers] = taken.T
    value = 0.0
    for start in range(0, len(chosen), CHUNK):
        part = chosen[start : start + CHUNK]
        value += float(programme.net_of(start, start + CHUNK)[part].sum())
    bound = max(bound, value)
    gap = relative_gap(value, bound)
    status = "optimal" if gap <= PROVEN else "within the gap asked"
    if gap > max(asked, PROVEN):
        status = "stopped early, with a plan"
    return Chosen(chosen, value, bound, gap, prices, method, status, time.perf_counter() - begun)


def _empty(programme: Programme, method: str) -> Chosen:
    nothing = np.zeros(programme.value.shape, dtype=np.bool_)
    return Chosen(nothing, 0.0, 0.0, 0.0, np.zeros(len(programme.limit)), method, "optimal", 0.0)


def relative_gap(value: float, bound: float) -> float:
    """Return (bound − value) ÷ value; 0 where both are 0.

    >>> relative_gap(100.0, 101.0), relative_gap(0.0, 0.0), relative_gap(0.0, 1.0)
    (0.01, 0.0, inf)
    """
    if bound <= value:
        return 0.0
    return (bound - value) / value if value > 0 else np.inf
