"""How often to order products that share the cost of an order: joint replenishment.

Every T periods an order is placed at the shared cost K; product i joins each m_i-th order at its own
cost k_i. With holding cost h_i and demand rate λ_i:

    g(m, T) = (K + Σ k_i ÷ m_i) ÷ T + T/2 Σ h_i λ_i m_i
    T*(m)   = √( 2 (K + Σ k_i ÷ m_i) ÷ Σ h_i λ_i m_i )

For a given T the best m_i is the whole number with m_i (m_i − 1) ≤ 2 k_i ÷ (h_i λ_i T²) ≤ m_i (m_i +
1). So the best multiples change only where T passes √( 2 k_i ÷ (h_i λ_i m (m + 1)) ), and the optimum
is among the multiples of the spans between those. Every span is looked at from T = ∞ down to

    T_low = K ÷ ( g − Σ √(2 k_i h_i λ_i) ),    g the best cost known

below which K ÷ T alone makes every plan dearer, since no product can cost less than its own lot size. The
result is therefore proven optimal, where Silver's heuristic may stop short.

Source: Goyal (1974), Operational Research Quarterly 25(2), for the enumeration; Silver (1976), Management
Science 22(12), for the heuristic; Snyder and Shen, Fundamentals of Supply Chain Theory (2nd ed.), section 3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from helpers.errors import ParameterError
from helpers.inventory.arguments import Floats, find_wrong, refuse


@dataclass(frozen=True, eq=False)
class JointReplenishment:
    """A cyclic plan for products that are ordered together.

    Parameters
    ----------
    multiples
        m_i: the product joins each m_i-th order; one whole number per product.
    cycle_time
        T, periods between orders.
    cost
        g, money per period.
    """

    multiples: NDArray[np.int64]
    cycle_time: float
    cost: float


def joint_replenishment(
    shared_fixed_cost: float, fixed_costs: ArrayLike, holding_costs: ArrayLike, demand_rates: ArrayLike
) -> JointReplenishment:
    """Return the cheapest cycle and multiples, proven optimal.

    Parameters
    ----------
    shared_fixed_cost
        K, money per order, whatever is in it.
    fixed_costs
        k_i, money per order that the product joins.
    holding_costs
        h_i, money per unit per period.
    demand_rates
        λ_i, units per period.

    Returns
    -------
    JointReplenishment
        `multiples`, `cycle_time`, `cost`.

    Raises
    ------
    ParameterError
        A number is out of bounds or the lengths differ. Without a shared cost there is no joint
        problem: each product has its own order quantity.

    Examples
    --------
    >>> plan = joint_replenishment(600, [120, 840, 300], [160, 20, 50], [1, 1, 1])
    >>> plan.multiples.tolist(), round(plan.cycle_time, 6), round(plan.cost, 6)
    ([1, 3, 1], 3.103164, 837.854403)
    """
    own, holding, rates = (
        np.atleast_1d(np.asarray(values, dtype="float64"))
        for values in (fixed_costs, holding_costs, demand_rates)
    )
    if not len(own) or not own.shape == holding.shape == rates.shape or own.ndim != 1:
        raise ParameterError(
            f"joint_replenishment: {own.size} fixed costs, {holding.size} holding costs and {rates.size} "
            "demand rates. Give one of each per product."
        )
    positive: dict[str, ArrayLike | None] = {
        "shared_fixed_cost": shared_fixed_cost,
        "holding_costs": holding,
        "demand_rates": rates,
    }
    refuse(
        "joint_replenishment",
        find_wrong("positive", positive) + find_wrong("not negative", {"fixed_costs": own}),
    )
    pull = holding * rates
    multiples = _best_multiples(shared_fixed_cost, own, pull)
    orders, stock = shared_fixed_cost + (own / multiples).sum(), (pull * multiples).sum()
    return JointReplenishment(
        multiples, float(np.sqrt(2 * orders / stock)), float(np.sqrt(2 * orders * stock))
    )


def _best_multiples(shared: float, own: Floats, pull: Floats) -> NDArray[np.int64]:
    products, changes = _changes(own, pull, _shortest_cycle(shared, own, pull))
    order = np.argsort(-changes, kind="stable")
    product = products[order]
    # The n-th time that a product comes up, its multiple goes from n to n + 1.
    before = _earlier_appearances(product) + 1.0
    orders = shared + own.sum() + np.cumsum(np.append(0.0, own[product] * (1 / (before + 1) - 1 / before)))
    stock = pull.sum() + np.cumsum(np.append(0.0, pull[product]))
    best = int(np.argmin(orders * stock))
    return 1 + np.bincount(product[:best], minlength=len(own)).astype("int64")


def _shortest_cycle(shared: float, own: Floats, pull: Floats) -> float:
    """T_low; the best cost known is where best multiples and best cycle in turn come to rest."""
    alone = np.sqrt(2 * own * pull).sum()
    best = np.sqrt(2 * (shared + own.sum()) * pull.sum())
    cycle = np.sqrt(2 * (shared + own.sum()) / pull.sum())
    for _ in range(20):
        ideal = np.sqrt(0.25 + 2 * own / (pull * cycle**2))
        multiples = np.maximum(np.round(ideal), 1.0)
        orders, stock = shared + (own / multiples).sum(), (pull * multiples).sum()
        best, cycle = min(best, np.sqrt(2 * orders * stock)), np.sqrt(2 * orders / stock)
    return float(shared / (best - alone)) * (1 - 1e-9)


def _changes(own: Floats, pull: Floats, shortest: float) -> tuple[NDArray[np.int64], Floats]:
    """Which product changes its multiple at which cycle time, down to `shortest`."""
    ratio = 2 * own / (pull * shortest**2)
    counts = np.ceil(np.sqrt(0.25 + ratio) - 0.5).astype("int64")
    products = np.repeat(np.arange(len(own)), counts)
    multiple = _earlier_appearances(products) + 1.0
    return products, np.sqrt(2 * own[products] / (pull[products] * multiple * (multiple + 1)))


def _earlier_appearances(values: NDArray[np.int64]) -> Floats:
    """For each entry, how often its value came before it."""
    order = np.argsort(values, kind="stable")
    ranked = values[order]
    starts = np.searchsorted(ranked, ranked, side="left")
    found = np.empty(len(values))
    found[order] = np.arange(len(values)) - starts
    return found
