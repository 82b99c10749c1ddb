"""Base stock for a chain of stages, each fed by the next one upstream: the serial system.

Stage 1 serves the customer, stage N is fed from outside. With echelon holding costs h_j, lead times
L_j, stockout cost p, D_j the demand during L_j, and x the echelon inventory level (all stock at stage j
and below, less back-orders):

    C̲_0(x) = (p + Σ h_i) x⁻
    Ĉ_j(x) = h_j x + C̲_{j−1}(x)
    C_j(y) = E[ Ĉ_j(y − D_j) ],    S_j = argmin C_j,    C̲_j(x) = C_j( min(S_j, x) )

and C_N(S_N) is the least cost per period. Orders up to echelon base-stock levels S_j are optimal. Each
S_j lies between two newsvendor levels of the demand over L_1 + … + L_j:

    F⁻¹( (p + Σ_{i>j} h_i) ÷ (p + Σ_i h_i) )  ≤  S_j  ≤  F⁻¹( (p + Σ_{i>j} h_i) ÷ (p + Σ_{i≥j} h_i) )

Poisson demand is computed on the whole numbers, to rounding. Normal demand is computed on a grid, with
a piecewise linear function between its points whose expectation is exact: about six digits of the cost.

Source: Clark and Scarf (1960), Management Science 6(4); Chen and Zheng (1994), Management Science
40(11); Shang and Song (2003), Management Science 49(5), for the bounds; Snyder and Shen, Fundamentals
of Supply Chain Theory (2nd ed.), section 6.2 (Example 6.1, equations 6.13–6.17 and 6.31).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from helpers.errors import ParameterError
from helpers.inventory.arguments import Floats, find_wrong, refuse
from helpers.inventory.policies.lead_time_demand import NormalDemand, PoissonDemand

POINTS_PER_SD = 400  # of the least varying stage
MOST_POINTS = 200_000
REACH = 10.0  # standard deviations on either side
TAIL = 1e-15


@dataclass(frozen=True, eq=False)
class SerialPolicy:
    """Base-stock levels of a serial system, the stage next to the customer first.

    Parameters
    ----------
    echelon_base_stock_levels
        S_j, units at stage j and below.
    local_base_stock_levels
        S_j − S_{j−1} after no level exceeds one further upstream, units at stage j.
    lower_bounds, upper_bounds
        Newsvendor levels around S_j, units.
    cost
        C_N(S_N), money per period, without the holding cost of stock under way to stage 1.
    """

    echelon_base_stock_levels: Floats
    local_base_stock_levels: Floats
    lower_bounds: Floats
    upper_bounds: Floats
    cost: float


@dataclass(frozen=True, eq=False)
class _Weights:
    """Chance of each step of the grid, the first one `before` steps to the left of the middle."""

    values: Floats
    before: int


def serial_base_stock(
    echelon_holding_costs: ArrayLike,
    lead_times: ArrayLike,
    stockout_cost: float,
    demand_mean: float,
    demand_sd: float | None = None,
) -> SerialPolicy:
    """Return the optimal base-stock levels of a serial system.

    Parameters
    ----------
    echelon_holding_costs
        h_j, money per unit per period: what the stage adds to the holding cost; customer's stage first.
    lead_times
        L_j, periods from the stage above.
    stockout_cost
        p, money per unit back-ordered per period.
    demand_mean
        λ, units per period.
    demand_sd
        σ, units per period, for normal demand; None = Poisson demand.

    Returns
    -------
    SerialPolicy
        N levels of each kind, and the cost.

    Raises
    ------
    ParameterError
        A number is out of bounds or the lengths differ.

    Examples
    --------
    >>> policy = serial_base_stock([3, 2, 2], [1, 1, 2], 37.12, demand_mean=5, demand_sd=1)
    >>> policy.echelon_base_stock_levels.round(2), round(policy.cost, 2)
    (array([ 6.49, 12.02, 22.71]), 47.66)
    """
    holding, times = _stages(echelon_holding_costs, lead_times)
    positive: dict[str, ArrayLike | None] = {
        "holding costs": holding,
        "stockout_cost": stockout_cost,
        "demand_mean": demand_mean,
    }
    refuse(
        "serial_base_stock",
        find_wrong("positive", positive | {"demand_sd": demand_sd})
        + find_wrong("not negative", {"lead_times": times}),
    )
    penalty = stockout_cost + holding.sum()
    if demand_sd is None:
        levels, cost = _poisson_levels(holding, demand_mean * times, penalty)
        whole: PoissonDemand | NormalDemand = PoissonDemand(demand_mean * np.cumsum(times))
    else:
        levels, cost = _normal_levels(holding, demand_mean * times, demand_sd * np.sqrt(times), penalty)
        whole = NormalDemand(demand_mean * np.cumsum(times), demand_sd * np.sqrt(np.cumsum(times)))
    above = stockout_cost + np.append(np.cumsum(holding[::-1])[::-1][1:], 0.0)
    nested = np.minimum.accumulate(levels[::-1])[::-1]
    return SerialPolicy(
        echelon_base_stock_levels=levels,
        local_base_stock_levels=np.diff(nested, prepend=0.0),
        lower_bounds=whole.quantile(above / penalty),
        upper_bounds=whole.quantile(above / (above + holding)),
        cost=cost,
    )


def _stages(holding: ArrayLike, times: ArrayLike) -> tuple[Floats, Floats]:
    costs, lengths = (np.atleast_1d(np.asarray(values, dtype="float64")) for values in (holding, times))
    if costs.shape != lengths.shape or costs.ndim != 1 or not len(costs):
        raise ParameterError(
            f"serial_base_stock: {costs.size} holding costs for {lengths.size} lead times. "
            "Give one of each per stage."
        )
    return costs, lengths


def _normal_levels(holding: Floats, means: Floats, sds: Floats, penalty: float) -> tuple[Floats, float]:
    """Recursion on a grid of u = x − mean demand of the stages below."""
    total = float(np.sqrt((sds**2).sum()))
    if total == 0:
        return np.cumsum(means), float((holding * (np.cumsum(means) - means)).sum())
    step = max(sds[sds > 0].min() / POINTS_PER_SD, 2 * REACH * total / MOST_POINTS)
    half = int(np.ceil(REACH * total / step))
    grid = step * np.arange(-half, half + 1)
    kept, below = penalty * np.maximum(-grid, 0.0), 0.0
    levels, least = np.empty(len(holding)), 0.0
    for stage, (cost, mean, sd) in enumerate(zip(holding, means, sds, strict=True)):
        expected = _expect(cost * (grid + below) + kept, _normal_weights(sd, step))
        best, place, least = _lowest(expected)
        below += mean
        levels[stage] = below + grid[0] + step * place
        kept = expected.copy()
        kept[best:] = least
    return levels, least


def _poisson_levels(holding: Floats, means: Floats, penalty: float) -> tuple[Floats, float]:
    """Recursion on the whole numbers from −1, below which every function is a straight line."""
    top = int(PoissonDemand([means.sum()]).quantile(np.array([1 - 1e-12]))[0]) + 10
    grid = np.arange(-1.0, top + 1)
    kept = penalty * np.maximum(-grid, 0.0)
    levels, least = np.empty(len(holding)), 0.0
    for stage, (cost, mean) in enumerate(zip(holding, means, strict=True)):
        expected = _expect(cost * grid + kept, _poisson_weights(mean))
        best = int(np.argmin(expected))
        levels[stage], least = grid[best], float(expected[best])
        kept = expected.copy()
        kept[best:] = least
    return levels, least


def _normal_weights(sd: float, step: float) -> _Weights:
    """Weights that make the expectation of a piecewise linear function exact."""
    if sd == 0:
        return _Weights(np.ones(1), 0)
    half = int(np.ceil(REACH * sd / step))
    places: Floats = step * np.arange(-half - 1.0, half + 2.0)
    losses = NormalDemand(np.zeros(len(places)), sd).loss(places)
    weights = (losses[:-2] - 2 * losses[1:-1] + losses[2:]) / step
    return _Weights(weights / weights.sum(), half)


def _poisson_weights(mean: float) -> _Weights:
    from scipy import stats

    last = int(stats.poisson.isf(TAIL, mean)) if mean > 0 else 0
    weights = stats.poisson.pmf(np.arange(last + 1), mean)
    return _Weights(weights / weights.sum(), 0)


def _expect(values: Floats, weights: _Weights) -> Floats:
    """E[f(y − D)] at each grid point; f goes on as a straight line at both ends."""
    from scipy import signal

    left, right = len(weights.values) - 1 - weights.before, weights.before
    before = values[0] + (values[0] - values[1]) * np.arange(left, 0, -1)
    after = values[-1] + (values[-1] - values[-2]) * np.arange(1, right + 1)
    padded = np.concatenate([before, values, after])
    return np.asarray(signal.convolve(padded, weights.values, mode="valid"))


def _lowest(values: Floats) -> tuple[int, float, float]:
    """Lowest point of a smooth function on a grid: nearest index, place between points, value there."""
    best = int(np.clip(np.argmin(values), 1, len(values) - 2))
    left, middle, right = values[best - 1 : best + 2]
    bend = left - 2 * middle + right
    shift = 0.5 * (left - right) / bend if bend > 0 else 0.0
    return best, best + float(shift), float(middle - 0.25 * (left - right) * shift)
