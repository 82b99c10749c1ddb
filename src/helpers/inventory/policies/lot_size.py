"""How much to order at once when demand is steady: economic order quantities.

With fixed cost K, holding cost h, demand rate λ, stockout cost p, production rate μ (without one
μ = ∞, without back-orders p = ∞) and ρ = 1 − λ/μ:

    Q* = √( 2Kλ (h + p) ÷ (h ρ p) )
    g* = √( 2Kλ h ρ p ÷ (h + p) )

which is √(2Kλ/h) and √(2Kλh) without either. Of each lot the share h ÷ (h + p) meets back-orders.

Source: Snyder and Shen, Fundamentals of Supply Chain Theory (2nd ed.), sections 3.2 (EOQ, equations
3.4–3.5), 3.5 (planned back-orders) and 3.6 (EPQ).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from helpers.inventory.arguments import find_wrong, refuse


@dataclass(frozen=True)
class LotSize:
    """An order quantity and what it costs.

    Parameters
    ----------
    order_quantity
        Units per order, Q.
    cost
        Money per period, g: fixed, holding and (where allowed) back-order cost; with
        `quantity_discount` also the purchase cost.
    """

    order_quantity: float
    cost: float


def economic_order_quantity(
    fixed_cost: float,
    holding_cost: float,
    demand_rate: float,
    *,
    stockout_cost: float | None = None,
    production_rate: float | None = None,
) -> LotSize:
    """Return the order quantity that balances the cost of ordering against the cost of holding.

    Parameters
    ----------
    fixed_cost
        K, money per order.
    holding_cost
        h, money per unit per period.
    demand_rate
        λ, units per period.
    stockout_cost
        p, money per unit back-ordered per period; None = no back-orders.
    production_rate
        μ, units per period, above λ; None = the whole lot arrives at once.

    Returns
    -------
    LotSize
        `order_quantity` (Q*, units) and `cost` (g*, money per period, without the purchase cost).

    Raises
    ------
    ParameterError
        A number is not positive, or production is no faster than demand.

    Examples
    --------
    >>> found = economic_order_quantity(8, 0.225, 1300)
    >>> round(found.order_quantity, 6), round(found.cost, 6)
    (304.04678, 68.410526)
    """
    refuse("economic_order_quantity", _findings(fixed_cost, holding_cost, demand_rate, stockout_cost))
    rate_findings = find_wrong("positive", {"production_rate": production_rate})
    if production_rate is not None and not rate_findings and production_rate <= demand_rate:
        rate_findings.append(
            f"'production_rate' is {production_rate:g} and 'demand_rate' {demand_rate:g}. "
            "Production must be faster than demand."
        )
    refuse("economic_order_quantity", rate_findings)
    idle_share = 1.0 if production_rate is None else 1 - demand_rate / production_rate
    served_share = 1.0 if stockout_cost is None else stockout_cost / (stockout_cost + holding_cost)
    effective_holding_cost = holding_cost * idle_share * served_share
    return LotSize(
        order_quantity=sqrt(2 * fixed_cost * demand_rate / effective_holding_cost),
        cost=sqrt(2 * fixed_cost * demand_rate * effective_holding_cost),
    )


def _findings(
    fixed_cost: float, holding_cost: float, demand_rate: float, stockout_cost: float | None
) -> list[str]:
    return find_wrong(
        "positive",
        {
            "fixed_cost": fixed_cost,
            "holding_cost": holding_cost,
            "demand_rate": demand_rate,
            "stockout_cost": stockout_cost,
        },
    )
