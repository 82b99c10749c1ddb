"""Order quantities when the supplier sells larger lots at a lower price.

Price c_j holds from the break quantity b_j on (b_0 = 0), i is the holding cost per unit of money
per period, so h_j = i c_j. The cost per period of Q in region j is

    all units      g_j(Q) = c_j λ + Kλ/Q + i c_j Q/2
    incremental    g_j(Q) = c_j λ + i κ_j/2 + (K + κ_j) λ/Q + i c_j Q/2
                   κ_j = Σ_{k<j} (c_k − c_{k+1}) b_{k+1}

g_j is convex, so its best Q in a region is Q_j = √(2 (K + κ_j) λ ÷ (i c_j)) moved to the nearer end of
the region where it lies outside; the best region wins.

Source: Snyder and Shen, Fundamentals of Supply Chain Theory (2nd ed.), section 3.4 (Examples 3.5, 3.6).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from helpers.errors import ParameterError
from helpers.inventory.arguments import Floats, find_wrong, refuse
from helpers.inventory.policies.lot_size import LotSize

KINDS = ("all_units", "incremental")


def quantity_discount(
    fixed_cost: float,
    holding_rate: float,
    demand_rate: float,
    break_quantities: Sequence[float],
    unit_costs: Sequence[float],
    kind: str,
) -> LotSize:
    """Return the cheapest order quantity under a price list with quantity breaks.

    Parameters
    ----------
    fixed_cost
        K, money per order.
    holding_rate
        i, money per unit of money in stock per period.
    demand_rate
        λ, units per period.
    break_quantities
        b_0 = 0 < b_1 < …, units; each is the smallest order at its price.
    unit_costs
        c_0 > c_1 > …, money per unit, one per break quantity.
    kind
        `all_units`: the price holds for the whole order; `incremental`: only for the units beyond
        the break.

    Returns
    -------
    LotSize
        `order_quantity` (Q*) and `cost` (money per period **with** the purchase cost).

    Raises
    ------
    ParameterError
        A number is out of bounds, the price list is not in order, or the kind is unknown.

    Examples
    --------
    >>> quantity_discount(8, 0.3, 1300, [0, 400, 800], [0.75, 0.72, 0.68], "all_units")
    LotSize(order_quantity=800.0, cost=978.6)
    """
    breaks = np.asarray(break_quantities, dtype="float64")
    costs = np.asarray(unit_costs, dtype="float64")
    numbers = {"fixed_cost": fixed_cost, "holding_rate": holding_rate, "demand_rate": demand_rate}
    findings = find_wrong("positive", numbers | {"unit_costs": costs}) + _price_list_findings(breaks, costs)
    if kind not in KINDS:
        findings.append(f"'kind' is {kind!r}. Give one of {', '.join(KINDS)}.")
    refuse("quantity_discount", findings)
    saved = np.zeros(len(costs))
    if kind == "incremental":
        saved[1:] = np.cumsum((costs[:-1] - costs[1:]) * breaks[1:])
    upper = np.append(breaks[1:], np.inf)
    unbounded = np.sqrt(2 * (fixed_cost + saved) * demand_rate / (holding_rate * costs))
    quantities = np.clip(unbounded, breaks, upper)
    per_period = _cost(quantities, fixed_cost, saved, costs, holding_rate, demand_rate)
    if kind == "all_units":  # at the upper end of a region the next price holds already
        per_period = np.where(quantities < upper, per_period, np.inf)
    best = int(np.argmin(per_period))
    return LotSize(float(quantities[best]), round(float(per_period[best]), 12))


def _cost(
    quantity: Floats, fixed_cost: float, saved: Floats, unit_cost: Floats, rate: float, demand: float
) -> Floats:
    return (
        unit_cost * demand
        + rate * saved / 2
        + (fixed_cost + saved) * demand / quantity
        + rate * unit_cost * quantity / 2
    )


def _price_list_findings(breaks: Floats, costs: Floats) -> list[str]:
    if breaks.ndim != 1 or breaks.shape != costs.shape or not len(breaks):
        raise ParameterError(
            f"quantity_discount: {breaks.size} break quantities for {costs.size} unit costs. "
            "Give one price for each break quantity."
        )
    findings = []
    if breaks[0] != 0 or not (np.diff(breaks) > 0).all():
        findings.append(f"'break_quantities' are {breaks.tolist()}. Start at 0 and rise.")
    if not (np.diff(costs) < 0).all():
        findings.append(f"'unit_costs' are {costs.tolist()}. Each price must be below the one before.")
    return findings
