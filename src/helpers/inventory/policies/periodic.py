"""Periodic review without a fixed cost: every R periods order up to S, the (R, S) or base-stock policy.

An order placed at a review arrives L periods later and must last until the next one arrives. With D_k ~
N(kμ, kσ²) the demand of k periods, n_k its loss and n̄_k(S) = S − kμ + n_k(S):

    g(S) = 1/R Σ_{k=L+1}^{L+R} ( h n̄_k(S) + p n_k(S) )
    S*   : 1/R Σ_{k=L+1}^{L+R} F_k(S) = p ÷ (p + h)

which for R = 1 is S = μ (L + 1) + z σ √(L + 1).

Source: Snyder and Shen, Fundamentals of Supply Chain Theory (2nd ed.), section 4.3.4 (Example 4.4, equation
4.44); Zipkin, Foundations of Inventory Management (2000), section 9.4, for R > 1.
"""

from __future__ import annotations

import numpy as np

from helpers.errors import ParameterError
from helpers.inventory.arguments import find_wrong, refuse
from helpers.inventory.policies.lead_time_demand import NormalDemand
from helpers.inventory.policies.newsvendor import BaseStock


def base_stock_policy(
    holding_cost: float,
    stockout_cost: float,
    demand_mean: float,
    demand_sd: float,
    lead_time: int,
    review_period: int = 1,
) -> BaseStock:
    """Return the optimal order-up-to level for normal demand and periodic review.

    Parameters
    ----------
    holding_cost, stockout_cost
        h and p, money per unit on hand or back-ordered at the end of a period.
    demand_mean, demand_sd
        μ and σ, units per period.
    lead_time
        L, whole periods.
    review_period
        R, whole periods.

    Returns
    -------
    BaseStock
        `base_stock_level` (S*) and `cost` (g(S*), money per period).

    Raises
    ------
    ParameterError
        A number is out of bounds, or a time is not whole.

    Examples
    --------
    >>> found = base_stock_policy(0.18, 0.70, 50, 8, lead_time=4)
    >>> round(found.base_stock_level, 6), round(found.cost, 6)
    (264.766894, 4.466781)
    """
    _check(holding_cost, stockout_cost, demand_mean, demand_sd, lead_time, review_period)
    from scipy import optimize

    spans = np.arange(lead_time + 1, lead_time + review_period + 1, dtype="float64")
    demand = NormalDemand(demand_mean * spans, demand_sd * np.sqrt(spans))
    ratio = stockout_cost / (stockout_cost + holding_cost)
    ends = demand.quantile(np.full(len(spans), ratio))
    level = float(ends[0])
    if review_period > 1:
        # The mean of the distributions crosses the ratio between the quantiles of the spans.
        level = float(
            optimize.brentq(
                lambda stock: demand.cdf(np.full(len(spans), stock)).mean() - ratio,
                ends.min() - demand_sd,
                ends.max() + demand_sd,
                xtol=1e-12,
            )
        )
    short = float(demand.loss(np.full(len(spans), level)).mean())
    left = level - float(demand.mean.mean()) + short
    return BaseStock(level, holding_cost * left + stockout_cost * short)


def _check(
    holding_cost: float,
    stockout_cost: float,
    demand_mean: float,
    demand_sd: float,
    lead_time: int,
    review_period: int,
) -> None:
    positive = {"holding_cost": holding_cost, "stockout_cost": stockout_cost, "demand_sd": demand_sd}
    refuse(
        "base_stock_policy",
        find_wrong("positive", positive | {"review_period": review_period})
        + find_wrong("not negative", {"demand_mean": demand_mean, "lead_time": lead_time}),
    )
    if lead_time % 1 or review_period % 1:
        raise ParameterError(
            f"base_stock_policy: lead time {lead_time} and review period {review_period} must be whole "
            "periods. Choose shorter periods."
        )
