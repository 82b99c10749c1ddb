"""Periodic review: at or below s order up to S, the (s, S) policy, exact for whole demand.

With demand D per period of probability f, G(y) = h E[(y − D)⁺] + p E[(D − y)⁺] and the order arriving
before demand:

    m(0) = 1 ÷ (1 − f(0)),    m(j) = Σ_{l=0}^{j} f(l) m(j − l),    M(j) = Σ_{i<j} m(i)
    g(s, S) = ( K + Σ_{j=0}^{S−s−1} m(j) G(S − j) ) ÷ M(S − s)

The search starts at the S that minimises G and moves s down while that pays; then S rises while G(S) stays
below the best cost, and s follows. No other pair can be better.

Source: Zheng and Federgruen (1991), Operations Research 39(4); Snyder and Shen, Fundamentals of Supply
Chain Theory (2nd ed.), section 4.4 (Example 4.7, Algorithm 4.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from helpers.errors import ParameterError
from helpers.inventory.arguments import Floats, find_wrong, refuse
from helpers.inventory.policies.newsvendor import TAIL, check_distribution, is_discrete, newsvendor


@dataclass(frozen=True)
class MinMaxPolicy:
    """At or below `reorder_point`, order up to `order_up_to_level`.

    Parameters
    ----------
    reorder_point
        s, units.
    order_up_to_level
        S, units.
    cost
        g, expected money per period.
    """

    reorder_point: float
    order_up_to_level: float
    cost: float


def min_max_policy(holding_cost: float, stockout_cost: float, fixed_cost: float, demand: Any) -> MinMaxPolicy:
    """Return the optimal (s, S) for a demand in whole units, reviewed every period, without lead time.

    Parameters
    ----------
    holding_cost
        h, money per unit at the end of a period.
    stockout_cost
        p, money per unit back-ordered at the end of a period.
    fixed_cost
        K, money per order.
    demand
        D per period, a frozen discrete distribution of `scipy.stats` on 0, 1, 2, ….

    Returns
    -------
    MinMaxPolicy
        `reorder_point` (s), `order_up_to_level` (S), `cost` (g(s, S)).

    Raises
    ------
    ParameterError
        A cost is not positive, or the demand is not discrete, not whole, negative, or always zero.

    Examples
    --------
    >>> from scipy import stats
    >>> found = min_max_policy(1, 4, 5, stats.poisson(6))
    >>> found.reorder_point, found.order_up_to_level, round(found.cost, 6)
    (4.0, 10.0, 8.034112)
    """
    costs = {"holding_cost": holding_cost, "stockout_cost": stockout_cost, "fixed_cost": fixed_cost}
    refuse("min_max_policy", find_wrong("positive", costs))
    search = _Search(
        fixed_cost,
        holding_cost,
        stockout_cost,
        chances=_whole_chances(demand),
        start=round(newsvendor(holding_cost, stockout_cost, demand).base_stock_level),
    )
    return search.run()


def _whole_chances(demand: Any) -> Floats:
    """Return f(0), f(1), …, to where nothing is left."""
    check_distribution("min_max_policy", demand)
    if not is_discrete(demand):
        raise ParameterError(
            "min_max_policy: 'demand' is continuous. Give a discrete one such as scipy.stats.poisson(6)."
        )
    low, high = demand.support()
    values = np.asarray(getattr(getattr(demand, "dist", demand), "xk", [low]), dtype="float64")
    if low < 0 or (values != np.round(values)).any():
        raise ParameterError(
            "min_max_policy: 'demand' must come in whole units of 0 or more. Round it first."
        )
    last = int(high if np.isfinite(high) else demand.isf(TAIL))
    chances = np.asarray(demand.pmf(np.arange(last + 1)), dtype="float64")
    if chances[0] >= 1:
        raise ParameterError("min_max_policy: 'demand' is always zero. There is nothing to order.")
    return np.asarray(chances / chances.sum())


class _Search:
    """Zheng and Federgruen's search; m, M and G grow as they are asked for."""

    def __init__(self, fixed: float, holding: float, short: float, *, chances: Floats, start: int) -> None:
        self.fixed, self.holding, self.short = fixed, holding, short
        self.chances, self.start = chances, start
        self.mean = float((np.arange(len(chances)) * chances).sum())
        upper = np.append(np.cumsum(chances[::-1])[::-1], 0.0)[1:]  # P(D > x)
        self.losses = np.append(np.cumsum(upper[::-1])[::-1], 0.0)  # E[(D − x)⁺] for x = 0, 1, …
        self.renewals = np.array([1 / (1 - chances[0])])

    def run(self) -> MinMaxPolicy:
        best_up_to, point = self.start, self.start - 1
        while self.cost(point, best_up_to) > self.level_cost(np.array([point]))[0]:
            point -= 1
        best = self.cost(point, best_up_to)
        up_to = best_up_to + 1
        while self.level_cost(np.array([up_to]))[0] <= best:
            if self.cost(point, up_to) < best:
                best_up_to = up_to
                while self.cost(point, best_up_to) <= self.level_cost(np.array([point + 1]))[0]:
                    point += 1
                best = self.cost(point, best_up_to)
            up_to += 1
        return MinMaxPolicy(float(point), float(best_up_to), best)

    def level_cost(self, level: NDArray[np.int64]) -> Floats:
        """G(y)."""
        inside = np.clip(level, 0, len(self.losses) - 1)
        lost = np.where(level < 0, self.mean - level, self.losses[inside])
        return np.asarray(self.holding * (level - self.mean + lost) + self.short * lost)

    def cost(self, point: int, up_to: int) -> float:
        """g(s, S)."""
        renewals = self._renewals(up_to - point)
        visited = self.level_cost(up_to - np.arange(up_to - point))
        return float((self.fixed + renewals @ visited) / renewals.sum())

    def _renewals(self, count: int) -> Floats:
        while len(self.renewals) < count:
            known = len(self.renewals)
            reach = min(known, len(self.chances) - 1)
            recent = self.renewals[known - reach : known][::-1]
            following = self.chances[1 : reach + 1] @ recent / (1 - self.chances[0])
            self.renewals = np.append(self.renewals, following)
        return self.renewals[:count]
