"""What serving each customer is worth: a bound on the cost, and prices that say which sites matter.

Relax "each customer is served in full" at prices λ_j. Each site then earns the best it can by itself,

    v_i(λ) = max Σ_j (λ_j − c_ij) x_ij    subject to  Σ_j d_j x_ij ≤ s_i,  0 ≤ x_ij ≤ 1     (a knapsack)
    L(λ)   = Σ_j λ_j + min over the allowed choices y of  Σ_i ρ_i y_i,        ρ_i = f_i − v_i(λ)

and no plan costs less than L(λ), whatever λ. With π the ρ of the last site where the number of sites
binds (else 0), opening a closed site or closing an open one adds at least |ρ_i − π|: where L + |ρ_i − π|
is above the cost of a known plan, the site is decided. The best L equals the relaxation of the model with
strong links (x ≤ y), without ever solving it.

λ is found by the volume algorithm: steps along 1 − Σ_i x̄_ij from the best prices so far, where x̄ is the
running mean of the answers, which also comes near the relaxation's own x.

Source: Barahona and Anbil (2000), The volume algorithm, Mathematical Programming 87; Beasley (1988), An
algorithm for solving large capacitated warehouse location problems, EJOR 33, for the fixing of sites.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from helpers.transport.network.problem import Flags, Floats, LocationProblem

_ITERATIONS = 2000
_PATIENCE = 15  # steps without a better bound before the step shrinks
_SHRINK = 0.75
_SMALLEST = 1e-5


@dataclass(frozen=True, eq=False)
class Prices:
    """Prices with the bound that they prove.

    Parameters
    ----------
    bound
        L(λ), money; no plan costs less.
    price
        λ, money for serving each customer (m,).
    reduced_cost
        ρ − π, money that opening each site adds to the bound (n,); negative where it is open.
    openness
        Running mean of y, 0–1 (n,).
    """

    bound: float
    price: Floats
    reduced_cost: Floats
    openness: Floats


@dataclass(frozen=True, eq=False)
class Answer:
    """What the sites do at given prices: L(λ), x times y, y and ρ − π."""

    bound: float
    shares: Floats
    is_open: Flags
    reduced_cost: Floats


def price_customers(problem: LocationProblem, *, time_limit: float) -> Prices:
    """Return prices whose bound is close to the best one.

    Parameters
    ----------
    problem
        The sites and customers.
    time_limit
        Seconds; the best prices until then.
    """
    ends = time.perf_counter() + time_limit
    price = _first_prices(problem)
    best = answer_prices(problem, price)
    mean, openness = best.shares.copy(), best.is_open.astype(np.float64)
    step, target, fails = 1.0, _target(best.bound), 0
    for _ in range(_ITERATIONS):
        missing = 1.0 - mean.sum(axis=0)
        length = float(missing @ missing)
        if length < 1e-12 or step < _SMALLEST or time.perf_counter() > ends:
            break
        trial = price + step * (target - best.bound) / length * missing
        found = answer_prices(problem, trial)
        weight = _weight(missing, 1.0 - found.shares.sum(axis=0))
        mean += weight * (found.shares - mean)
        openness += weight * (found.is_open - openness)
        if found.bound > best.bound:
            price, best, fails = trial, found, 0
            target = max(target, _target(best.bound))
        else:
            fails += 1
        if fails >= _PATIENCE:
            step, fails = step * _SHRINK, 0
    return Prices(best.bound, price, best.reduced_cost, openness)


def answer_prices(problem: LocationProblem, price: Floats) -> Answer:
    """Return what each site does at prices λ, and the bound L(λ)."""
    profit = price - problem.cost
    shares, earned = _fill_sites(problem, profit)
    rho = problem.fixed_cost - earned
    is_open, last = choose_sites(problem, rho)
    bound = float(price.sum() + rho[is_open].sum())
    return Answer(bound, shares * is_open[:, None], is_open, rho - last)


def choose_sites(problem: LocationProblem, rho: Floats) -> tuple[Flags, float]:
    """Return the cheapest allowed choice, and π: the ρ of the last site where the number binds."""
    is_open = (problem.must_open | (rho < 0)) & problem.may_open
    count = int(is_open.sum())
    if count < problem.fewest:
        spare = np.flatnonzero(~is_open & problem.may_open)
        added = spare[np.argsort(rho[spare], kind="stable")][: problem.fewest - count]
        is_open[added] = True
        return is_open, float(rho[added[-1]])
    if count > problem.most:
        loose = np.flatnonzero(is_open & ~problem.must_open)
        order = loose[np.argsort(rho[loose], kind="stable")]
        kept = order[: len(order) - (count - problem.most)]
        is_open[order] = False
        is_open[kept] = True
        return is_open, float(rho[kept[-1]] if len(kept) else rho[order[0]])
    return is_open, 0.0


def _fill_sites(problem: LocationProblem, profit: Floats) -> tuple[Floats, Floats]:
    """Return the best load of each site by itself: all profitable customers, or the densest that fit."""
    wanted = profit > 0
    shares = wanted.astype(np.float64)
    earned = np.where(wanted, profit, 0.0).sum(axis=1)
    load = wanted @ problem.demand
    for i in np.flatnonzero(load > problem.capacity).tolist():
        customers = np.flatnonzero(wanted[i])
        filled = fill_knapsack(profit[i, customers], problem.demand[customers], problem.capacity[i])
        shares[i, customers] = filled
        earned[i] = filled @ profit[i, customers]
    return shares, earned


def fill_knapsack(profit: Floats, weight: Floats, capacity: float) -> Floats:
    """Return shares 0–1 that earn most within the capacity: the densest first, the last in part.

    >>> fill_knapsack(np.array([6.0, 10.0, 12.0]), np.array([1.0, 2.0, 3.0]), 4.5).round(2).tolist()
    [1.0, 1.0, 0.5]
    """
    with np.errstate(divide="ignore"):
        order = np.argsort(-profit / weight, kind="stable")
    filled = np.cumsum(weight[order])
    room = capacity - (filled - weight[order])
    shares = np.empty(len(profit))
    shares[order] = np.clip(np.where(weight[order] > 0, room / np.maximum(weight[order], 1e-300), 1.0), 0, 1)
    return shares


def _first_prices(problem: LocationProblem) -> Floats:
    """Return each customer's second cheapest lane, the price at which one site has a reason to compete."""
    lanes = np.sort(np.where(problem.allowed, problem.cost, np.inf), axis=0)[:2]
    prices: Floats = np.where(np.isfinite(lanes[-1]), lanes[-1], lanes[0])
    return prices


def _target(bound: float) -> float:
    return bound + 0.05 * abs(bound) + 1.0


def _weight(before: Floats, after: Floats) -> float:
    """Return the weight of the newest answer that brings the running mean nearest to serving everybody."""
    change = before - after
    length = max(float(change @ change), 1e-12)
    return float(np.clip(float(before @ change) / length, 0.01, 0.2))
