"""When to order how much of one product whose demand is known per period (Wagner–Whitin).

With K_t, h_t, c_t, d_t in period t (h_t on what is left at its end), an order in t that lasts through
the period before s costs

    C(t, s) = K_t + Σ_{t ≤ k < s} d_k (c_t + h_t + … + h_{k−1})
    θ_s = min_{t < s} θ_t + C(t, s),    θ_0 = 0

and θ_T is the least cost: some best plan orders only when stock is empty. A span without any demand costs
nothing and needs no order.

Source: Wagner and Whitin (1958), Management Science 5(1); Snyder and Shen, Fundamentals of Supply Chain
Theory (2nd ed.), section 3.7 (Example 3.9).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from helpers.inventory.arguments import Floats, as_periods, find_wrong, refuse


@dataclass(frozen=True, eq=False)
class LotSizes:
    """Orders over a horizon.

    Parameters
    ----------
    order_quantities
        Units ordered per period, one-dimensional.
    cost
        Money over the horizon: fixed, holding and purchase cost.
    """

    order_quantities: Floats
    cost: float


def lot_sizes(
    fixed_cost: ArrayLike, holding_cost: ArrayLike, demand: ArrayLike, unit_cost: ArrayLike = 0.0
) -> LotSizes:
    """Return the cheapest order plan that serves a known demand in full, without initial stock.

    Parameters
    ----------
    fixed_cost
        K_t, money per order.
    holding_cost
        h_t, money per unit in stock at the end of the period.
    demand
        d_t, units per period; its length is the horizon T.
    unit_cost
        c_t, money per unit. Each cost is one number, or one per period.

    Returns
    -------
    LotSizes
        `order_quantities` (T) and `cost`.

    Raises
    ------
    ParameterError
        A number is negative or not finite, or a length does not match.

    Examples
    --------
    >>> plan = lot_sizes(500, 2, [90, 120, 80, 70])
    >>> plan.order_quantities.tolist(), plan.cost
    ([210.0, 0.0, 150.0, 0.0], 1380.0)
    """
    needed = np.atleast_1d(np.asarray(demand, dtype="float64")).ravel()
    periods = len(needed)
    fixed, holding, unit = (
        as_periods(name, value, periods)
        for name, value in (
            ("fixed_cost", fixed_cost),
            ("holding_cost", holding_cost),
            ("unit_cost", unit_cost),
        )
    )
    values = {"fixed_cost": fixed, "holding_cost": holding, "demand": needed, "unit_cost": unit}
    refuse("lot_sizes", find_wrong("not negative", values))
    least, last_order = _shortest_path(_span_costs(fixed, holding, needed, unit))
    quantities = np.zeros(periods)
    end = periods
    while end > 0:
        quantities[last_order[end]] = needed[last_order[end] : end].sum()
        end = last_order[end]
    return LotSizes(quantities, float(least[periods]))


def _span_costs(fixed: Floats, holding: Floats, demand: Floats, unit: Floats) -> Floats:
    """C(t, s − 1): cost of an order in t (row) that lasts through period s − 1 (column); inf below."""
    held = np.concatenate([[0.0], np.cumsum(holding)[:-1]])  # from the start to the beginning of k
    per_unit = unit[:, None] + held[None, :] - held[:, None]
    through = np.triu(np.ones((len(demand), len(demand)), dtype="bool"))
    variable = np.cumsum(np.where(through, per_unit * demand, 0.0), axis=1)
    ordered = np.cumsum(np.where(through, demand, 0.0), axis=1) > 0
    return np.where(through, variable + np.where(ordered, fixed[:, None], 0.0), np.inf)


def _shortest_path(costs: Floats) -> tuple[Floats, list[int]]:
    periods = len(costs)
    least, last_order = np.zeros(periods + 1), [0] * (periods + 1)
    for end in range(1, periods + 1):
        candidates = least[:end] + costs[:end, end - 1]
        last_order[end] = int(np.argmin(candidates))
        least[end] = candidates[last_order[end]]
    return least, last_order
