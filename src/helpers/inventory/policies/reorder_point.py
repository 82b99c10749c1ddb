"""Continuous review: order Q as soon as the inventory position falls to r, the (r, Q) policy.

Normal demand, with a stockout cost p per unit short (expected-inventory-level approximation). With lead-time
demand D ~ N(λL, σ²L), its distribution F and n(r) = E[(D − r)⁺]:

    g(r, Q) = h (r − λL + Q/2) + Kλ/Q + pλ n(r)/Q
    r = F⁻¹(1 − Qh ÷ (pλ)),    Q = √( 2λ (K + p n(r)) ÷ h )

Poisson demand, with a stockout cost p per unit short **per period** (exact). With D ~ Poisson(λL) and
G(y) = h E[(y − D)⁺] + p E[(D − y)⁺]:

    g(r, Q) = ( Kλ + Σ_{y = r+1}^{r+Q} G(y) ) ÷ Q

G is convex, so the best Q levels for a given Q are the Q cheapest; levels are added as long as the
next one costs less than the average.

Source: Snyder and Shen, Fundamentals of Supply Chain Theory (2nd ed.), section 5.3 (equations
5.16–5.18, Algorithm 5.1) and section 5.5; Federgruen and Zheng (1992), Operations Research 40(4).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, sqrt

import numpy as np

from helpers.errors import ParameterError
from helpers.inventory.arguments import Floats, find_wrong, refuse

STEPS = 1000
TOLERANCE = 1e-12  # of r and Q, relative


@dataclass(frozen=True)
class ReorderPointPolicy:
    """Order `order_quantity` when the inventory position is at or below `reorder_point`.

    Parameters
    ----------
    reorder_point
        r, units.
    order_quantity
        Q, units.
    cost
        g, expected money per period.
    """

    reorder_point: float
    order_quantity: float
    cost: float


def reorder_point_policy(
    holding_cost: float,
    stockout_cost: float,
    fixed_cost: float,
    demand_mean: float,
    demand_sd: float,
    lead_time: float,
) -> ReorderPointPolicy:
    """Return reorder point and order quantity for normal demand (expected-inventory-level approximation).

    Parameters
    ----------
    holding_cost
        h, money per unit per period.
    stockout_cost
        p, money per unit short.
    fixed_cost
        K, money per order.
    demand_mean, demand_sd
        λ and σ, units per period.
    lead_time
        L, periods.

    Returns
    -------
    ReorderPointPolicy
        `reorder_point` (r), `order_quantity` (Q), `cost` (g(r, Q)).

    Raises
    ------
    ParameterError
        A number is out of bounds, or being short is so cheap that no stock would be held at all.

    Examples
    --------
    >>> found = reorder_point_policy(0.225, 7.5, 8, 1300, 150, 1 / 12)
    >>> round(found.reorder_point, 6), round(found.order_quantity, 6), round(found.cost, 5)
    (213.970442, 318.590181, 95.45114)
    """
    positive = {"holding_cost": holding_cost, "stockout_cost": stockout_cost, "fixed_cost": fixed_cost}
    refuse(
        "reorder_point_policy",
        find_wrong("positive", positive | {"demand_mean": demand_mean})
        + find_wrong("not negative", {"demand_sd": demand_sd, "lead_time": lead_time}),
    )
    mean, sd = demand_mean * lead_time, demand_sd * sqrt(lead_time)
    point, quantity = mean, sqrt(2 * fixed_cost * demand_mean / holding_cost)
    short = 0.0
    for _ in range(STEPS):
        before = (point, quantity)
        point, short = _best_point(quantity * holding_cost / (stockout_cost * demand_mean), mean, sd)
        quantity = sqrt(2 * demand_mean * (fixed_cost + stockout_cost * short) / holding_cost)
        if np.allclose(before, (point, quantity), rtol=TOLERANCE, atol=TOLERANCE):
            break
    cost = (
        holding_cost * (point - mean + quantity / 2)
        + fixed_cost * demand_mean / quantity
        + stockout_cost * demand_mean * short / quantity
    )
    return ReorderPointPolicy(point, quantity, cost)


def _best_point(stockout_chance: float, mean: float, sd: float) -> tuple[float, float]:
    """Return r and n(r) of normal lead-time demand for a chance of a stock-out per cycle."""
    from scipy import special

    if stockout_chance >= 1:
        raise ParameterError(
            "reorder_point_policy: 'stockout_cost' is so low against 'holding_cost' that holding a unit "
            "for a cycle costs more than being short of it. Raise the stockout cost, or do not stock it."
        )
    z = float(special.ndtri(1 - stockout_chance))
    density = np.exp(-(z**2) / 2) / sqrt(2 * np.pi)
    return mean + z * sd, float(sd * (density - z * stockout_chance))


def reorder_point_policy_poisson(
    holding_cost: float, stockout_cost: float, fixed_cost: float, demand_rate: float, lead_time: float
) -> ReorderPointPolicy:
    """Return the optimal reorder point and order quantity for Poisson demand.

    Parameters
    ----------
    holding_cost
        h, money per unit per period.
    stockout_cost
        p, money per unit short per period.
    fixed_cost
        K, money per order.
    demand_rate
        λ, units per period.
    lead_time
        L, periods.

    Returns
    -------
    ReorderPointPolicy
        `reorder_point` (r), `order_quantity` (Q), both whole, and `cost` (g(r, Q)).

    Raises
    ------
    ParameterError
        A number is out of bounds.

    Examples
    --------
    >>> found = reorder_point_policy_poisson(20, 150, 100, 1.5, 2)
    >>> found.reorder_point, found.order_quantity, round(found.cost, 6)
    (3.0, 5.0, 107.923581)
    """
    positive = {"holding_cost": holding_cost, "stockout_cost": stockout_cost, "fixed_cost": fixed_cost}
    refuse(
        "reorder_point_policy_poisson",
        find_wrong("positive", positive | {"demand_rate": demand_rate})
        + find_wrong("not negative", {"lead_time": lead_time}),
    )
    # With back-orders at p per unit and period, the deterministic Q and the spread of D bound the window.
    mean = demand_rate * lead_time
    certain = sqrt(2 * fixed_cost * demand_rate * (1 / holding_cost + 1 / stockout_cost))
    reach = ceil(10 + 2 * certain + 10 * sqrt(mean + 1))
    while True:
        levels = np.arange(floor(mean) - reach, ceil(mean) + reach + 1, dtype="float64")
        costs = _level_costs(levels, mean, holding_cost, stockout_cost)
        cheapest = np.argsort(costs, kind="stable")
        average = (fixed_cost * demand_rate + np.cumsum(costs[cheapest])) / np.arange(1, len(levels) + 1)
        best = int(np.argmin(average))
        if average[best] < min(costs[0], costs[-1]):  # else a cheaper level may lie outside
            break
        reach *= 2
    point = levels[cheapest[: best + 1]].min() - 1
    return ReorderPointPolicy(float(point), float(best + 1), float(average[best]))


def _level_costs(level: Floats, mean: float, holding_cost: float, stockout_cost: float) -> Floats:
    """G(y) of Poisson lead-time demand."""
    from helpers.inventory.policies.lead_time_demand import PoissonDemand

    short = PoissonDemand(np.full(len(level), mean)).loss(level)
    return holding_cost * (level - mean + short) + stockout_cost * short
