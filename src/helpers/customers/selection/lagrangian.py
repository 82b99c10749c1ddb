"""Prices of the rows from the Lagrangian dual, for any number of customers.

    D(p) = Σ_r p_r b_r + Σ_n (sum of the m largest positive n_nk − P_k),   P_k = Σ_r p_r a_rk

is convex; its subgradient is what the rows have left when every customer takes what is best at these prices,
g_r = b_r − Σ_k a_rk |{n takes k}|. It is minimised over p ≥ 0 by cutting planes within a trust region, which
is moved to a better point and widened, or narrowed where the planes promised too much; first over a sample of
the customers, then over all from where the sample ended.

Source: Geoffrion (1974), "Lagrangean relaxation for integer programming"; Kelley (1960), "The cutting-plane
method for solving convex programs"; Marsten, Hogan and Blankenship (1975), "The boxstep method".
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.customers.selection.program import CHUNK, Flags, Floats, Programme
from helpers.solver import Model, at_least, solve, triples

SAMPLE = 20_000
ROUNDS = 150
KEPT_CUTS = 120
_WIDEST, _NARROWEST = 1e6, 1e-7


@dataclass(frozen=True, eq=False)
class Answer:
    """What all customers take at given prices: their total left value, contacts per offer."""

    left: float
    counts: Floats


@dataclass
class _Cuts:
    """Planes below the dual: height at zero prices, and slopes."""

    heights: list[float] = field(default_factory=list)
    slopes: list[Floats] = field(default_factory=list)

    def add(self, height: float, slope: Floats, at: Floats) -> None:
        self.heights.append(height - float(slope @ at))
        self.slopes.append(slope)
        del self.heights[:-KEPT_CUTS], self.slopes[:-KEPT_CUTS]


@dataclass(frozen=True, eq=False)
class Dual:
    """The dual of a programme in units of one size: prices q = p × units ÷ scale, per customer.

    Parameters
    ----------
    net
        (k, customers), in units of the scale.
    use, limit
        a and b of the finite rows ÷ units.
    most
        Contacts per customer.
    """

    net: NDArray[np.floating]
    use: Floats
    limit: Floats
    most: int

    def __call__(self, q: Floats) -> tuple[float, Floats]:
        """Return D ÷ customers and its slope at `q`."""
        size = max(self.net.shape[1], 1)
        answer = best_answer(self.net, q @ self.use, self.most)
        height = float(q @ self.limit) + answer.left
        return height / size, (self.limit - self.use @ answer.counts) / size


def scaled_dual(programme: Programme) -> Dual:
    """Return the dual of all customers that take part."""
    rows = programme.finite
    use = programme.use[rows] / programme.units[:, None]
    return Dual(programme.net, use, programme.limit[rows] / programme.units, programme.most)


def dual_prices(programme: Programme, *, tolerance: float, seed: int = 0) -> Floats:
    """Return prices of all rows, money per unit, at which the bound is about least.

    Parameters
    ----------
    programme
        What may be chosen.
    tolerance
        Relative distance to the least bound at which the search ends.
    seed
        Of the sample.
    """
    dual = scaled_dual(programme)
    q = np.zeros(len(dual.limit))
    size = dual.net.shape[1]
    if size > 4 * SAMPLE:
        some = np.random.default_rng(seed).choice(size, SAMPLE, replace=False)
        part = Dual(dual.net[:, np.sort(some)], dual.use, dual.limit * SAMPLE / size, dual.most)
        q = minimise(part, q, radius=2.0, tolerance=max(tolerance, 1e-5))
        q = minimise(dual, q, radius=0.02, tolerance=tolerance)
    else:
        q = minimise(dual, q, radius=2.0, tolerance=tolerance)
    prices = np.zeros(len(programme.limit))
    prices[programme.finite] = q * programme.scale / programme.units
    return prices


def minimise(dual: Dual, start: Floats, *, radius: float, tolerance: float) -> Floats:
    """Return the prices with the least dual found from `start`.

    Parameters
    ----------
    dual
        Height and slope at any prices.
    start
        q (r,), 0 or more.
    radius
        First half-width of the trust region.
    tolerance
        Relative.
    """
    if not len(start):
        return start
    cuts, best = _Cuts(), start
    height, slope = dual(best)
    cuts.add(height, slope, best)
    for _ in range(ROUNDS):
        trial, promised = _lowest(cuts, best, radius)
        gain = height - promised
        if gain <= tolerance * abs(height):
            inside = ((np.abs(trial - best) < radius * (1 - 1e-9)) | (trial <= 0)).all()
            if inside or radius >= _WIDEST:
                break
            radius *= 8
            continue
        found, slope = dual(trial)
        cuts.add(found, slope, trial)
        if found < height:
            good = height - found >= 0.5 * gain
            best, height, radius = trial, found, min(radius * (2 if good else 1), _WIDEST)
        else:
            radius = max(radius / 2, _NARROWEST)
    return best


def _lowest(cuts: _Cuts, centre: Floats, radius: float) -> tuple[Floats, float]:
    """Return the lowest point of the planes within the trust region, and its height."""
    slopes, heights = np.array(cuts.slopes), np.array(cuts.heights)
    model = Model("prices of the rows")
    rows = pd.DataFrame({"row": range(len(centre))})
    price = model.add_variables("price", rows, lower=np.maximum(centre - radius, 0), upper=centre + radius)
    level = model.add_variables("level", None, lower=-np.inf)
    planes = np.repeat(np.arange(len(slopes)), len(centre))
    columns = np.tile(price.ids, len(slopes))
    above = triples(np.arange(len(slopes)), np.repeat(level.ids, len(slopes)), 1.0)
    tilt = triples(planes, columns, -slopes.ravel())
    model.add_rows("planes", pd.DataFrame({"plane": range(len(slopes))}), above + tilt, at_least(heights))
    model.add_objective("level", level * 1.0)
    solution = solve(model, time_limit=10, gap=0)
    found = np.maximum(solution.values("price"), 0.0)
    return found, float((heights + slopes @ found).max())


def best_answer(net: NDArray[np.floating], price: Floats, most: int) -> Answer:
    """Return what all customers take at the prices of the offers, ties by the first offer."""
    left, counts = 0.0, np.zeros(len(net))
    at = price.astype(net.dtype)
    for start in range(0, net.shape[1], CHUNK):
        part = net[:, start : start + CHUNK]
        best, taken = _best_of(part, at, most)
        left += best
        counts += taken
    return Answer(left, counts)


def _best_of(net: NDArray[np.floating], price: NDArray[np.floating], most: int) -> tuple[float, Floats]:
    if most == 1:
        best, pick = _first(net, price)
        counts = np.bincount(pick, minlength=len(net) + 1)[1:]
        return float(best.sum(dtype=np.float64)), counts.astype(np.float64)
    taken, left = take_best(net, price, most)
    amount = float(np.where(taken, left, 0).sum(dtype=np.float64))
    return amount, taken.sum(axis=1).astype(np.float64)


def _first(
    net: NDArray[np.floating], price: NDArray[np.floating]
) -> tuple[NDArray[np.floating], NDArray[np.int16]]:
    """Return the largest positive net − price per customer, and 1 + its offer (0: none)."""
    best = np.zeros(net.shape[1], dtype=net.dtype)
    pick = np.zeros(net.shape[1], dtype=np.int16)
    left = np.empty_like(best)
    for k, row in enumerate(net):
        np.subtract(row, price[k], out=left)
        better = left > best
        np.copyto(best, left, where=better)
        np.copyto(pick, k + 1, where=better)
    return best, pick


def take_best(
    net: NDArray[np.floating], price: NDArray[np.floating], most: int
) -> tuple[Flags, NDArray[np.floating]]:
    """Return which offers each customer takes at these prices, and net − price (k, customers)."""
    left = net - price[:, None]
    if most >= len(net):
        return left > 0, left
    taken = np.zeros(net.shape, dtype=np.bool_)
    rest, everyone = left.copy(), np.arange(net.shape[1])
    for _ in range(most):
        pick = rest.argmax(axis=0)
        taken[pick, everyone] |= rest[pick, everyone] > 0
        rest[pick, everyone] = -np.inf
    return taken, left
