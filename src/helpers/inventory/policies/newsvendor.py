"""How much to stock once for a demand that is not known: the newsvendor.

With holding cost h, stockout cost p, demand D with distribution F, n(S) = E[(D − S)⁺] and n̄(S) = E[(S
− D)⁺]:

    g(S) = h n̄(S) + p n(S),    n̄(S) = S − E[D] + n(S)
    S*   = the least S with F(S) ≥ p ÷ (p + h)

Source: Snyder and Shen, Fundamentals of Supply Chain Theory (2nd ed.), section 4.3 (equations 4.6, 4.16,
4.26 and 4.32).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from helpers.errors import ParameterError
from helpers.inventory.arguments import Floats, find_wrong, refuse

ROUNDING = 1e-12  # of a cumulative probability that should equal the critical ratio
TAIL = 1e-13


@dataclass(frozen=True)
class BaseStock:
    """A stock level and what it costs.

    Parameters
    ----------
    base_stock_level
        S, units.
    cost
        g, expected money per period.
    """

    base_stock_level: float
    cost: float


def newsvendor(holding_cost: float, stockout_cost: float, demand: Any) -> BaseStock:
    """Return the stock level that balances too much against too little.

    Parameters
    ----------
    holding_cost
        h, money per unit left over.
    stockout_cost
        p, money per unit short.
    demand
        D, a frozen distribution of `scipy.stats`, continuous or discrete (also `rv_discrete(values=…)`).

    Returns
    -------
    BaseStock
        `base_stock_level` (S*) and `cost` (g(S*)).

    Raises
    ------
    ParameterError
        A cost is not positive, or `demand` is no distribution with a finite mean.

    Examples
    --------
    >>> from scipy import stats
    >>> found = newsvendor(0.18, 0.70, stats.norm(50, 8))
    >>> round(found.base_stock_level, 6), round(found.cost, 6)
    (56.603956, 1.997605)
    """
    refuse(
        "newsvendor",
        find_wrong("positive", {"holding_cost": holding_cost, "stockout_cost": stockout_cost}),
    )
    check_distribution("newsvendor", demand)
    ratio = stockout_cost / (stockout_cost + holding_cost)
    level = float(demand.ppf(ratio))
    if is_discrete(demand):
        level = float(demand.ppf(ratio - ROUNDING))
    short = expected_shortage(demand, level)
    left = level - float(demand.mean()) + short
    return BaseStock(level, holding_cost * left + stockout_cost * short)


def is_discrete(demand: Any) -> bool:
    """Whether a scipy distribution, frozen or made from values, is discrete."""
    from scipy import stats

    return isinstance(getattr(demand, "dist", demand), stats.rv_discrete)


def check_distribution(function: str, demand: Any) -> None:
    """Refuse what is no scipy distribution, or has no finite mean."""
    if not all(hasattr(demand, name) for name in ("ppf", "sf", "cdf", "mean")):
        raise ParameterError(
            f"{function}: 'demand' is a {type(demand).__name__}. "
            "Give a frozen distribution such as scipy.stats.norm(50, 8)."
        )
    if not np.isfinite(demand.mean()):
        raise ParameterError(f"{function}: 'demand' has no finite mean. Choose another distribution.")


def expected_shortage(demand: Any, level: float) -> float:
    """n(S) = E[(D − S)⁺] of a scipy distribution, the loss function.

    Parameters
    ----------
    demand
        D, frozen.
    level
        S, units.
    """
    values = getattr(getattr(demand, "dist", demand), "xk", None)
    if values is not None:
        chances = getattr(demand, "dist", demand).pk
        return float((np.maximum(np.asarray(values) - level, 0.0) * chances).sum())
    if is_discrete(demand):
        return _sum_of_tail(demand, level)
    return _integral_of_tail(demand, level)


def _sum_of_tail(demand: Any, level: float) -> float:
    """Sum of P(D > x) for x = S, S + 1, …, S a whole number."""
    last = float(demand.isf(TAIL))
    return float(demand.sf(np.arange(level, last + 1)).sum()) if last >= level else 0.0


def _integral_of_tail(demand: Any, level: float) -> float:
    """Integral of P(D > x) from S on, in pieces so that no piece hides a long tail."""
    from scipy import integrate

    # Decades of the tail, within each of which P(D > x) falls to a tenth.
    chance = float(demand.sf(level))
    if chance <= 0:
        return 0.0
    cuts: Floats = np.append(level, demand.isf(chance * 10.0 ** -np.arange(1, 14)))
    cuts = np.unique(np.maximum(cuts[np.isfinite(cuts)], level))
    # Far out, P(D > x) may be no more than rounding: what counts is the share of the whole.
    fine = 1e-12 * chance * float(cuts[1] - cuts[0]) if len(cuts) > 1 else 0.0
    pieces = [
        integrate.quad(demand.sf, low, high, epsabs=fine, epsrel=1e-11)[0] for low, high in pairwise(cuts)
    ]
    rest = integrate.quad(demand.sf, cuts[-1], np.inf, epsrel=1e-6)[0] if np.isfinite(cuts[-1]) else 0.0
    return float(sum(pieces) + rest)
