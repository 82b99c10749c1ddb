"""The selection as arrays: customers × offers under shared rows.

    maximise    Σ_nk (v_nk − c_k) x_nk
    subject to  Σ_k a_rk Σ_n x_nk ≤ b_r      for each row r (budget, channels, stock)
                Σ_k x_nk ≤ m                  for each customer n
                x_nk ∈ {0, 1}, 0 where the pair is closed

An offer of which a single contact already breaks a row, and a pair that earns no more than it costs, are
never chosen, so they are left out at once. Small problems are kept in float64; large ones in float32, with
the proven bound and the value of the plan summed in float64 from what came.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]
type Flags = NDArray[np.bool_]
type Integers = NDArray[np.int64]

CHUNK = 1 << 16
DOUBLE_PAIRS = 2_000_000  # pairs up to which nets are kept in float64
ROUNDING = 1e-12  # share of the summed amounts that covers float64 rounding in the bound
ROOM = 1e-9  # share of a row by which sums of decimals may be above its limit


@dataclass(frozen=True, eq=False)
class Programme:
    """What may be chosen, and what it uses.

    Parameters
    ----------
    value
        v (n, k): expected margin of a contact before its cost, money.
    cost
        c (k,): money per contact.
    eligible
        (n, k): which pairs are open; None: all.
    use
        a (r, k): what one contact uses of each row.
    limit
        b (r,): how much there is, infinite where a row has no limit.
    most
        m: contacts per customer.
    """

    value: NDArray[np.floating]
    cost: Floats
    eligible: Flags | None
    use: Floats
    limit: Floats
    most: int = 1

    @cached_property
    def fits(self) -> Flags:
        """Offers of which one contact fits into all rows (k,)."""
        room = (self.limit + ROOM * np.abs(self.limit))[:, None]
        return np.asarray((self.use <= room).all(axis=0), dtype=np.bool_)

    @cached_property
    def finite(self) -> Integers:
        """Rows that can bind."""
        return np.flatnonzero(np.isfinite(self.limit))

    @cached_property
    def units(self) -> Floats:
        """Mean use of each finite row by the offers that use it (r,), so that rows are of one size."""
        use = self.use[self.finite]
        users = np.maximum((use > 0).sum(axis=1), 1)
        mean = use.sum(axis=1) / users
        return np.where(mean > 0, mean, 1.0)

    def net_of(self, start: int, stop: int) -> Floats:
        """Return v − c of the customers from `start` to `stop`, −inf where nothing is to be had."""
        with np.errstate(invalid="ignore"):
            net = self.value[start:stop].astype(np.float64) - self.cost
        kept = (net > 0) & self.fits
        if self.eligible is not None:
            kept &= self.eligible[start:stop]
        return np.where(kept, net, -np.inf)

    @cached_property
    def worthwhile(self) -> tuple[Integers, int, float]:
        """Customers with a pair worth choosing, the number of such pairs, and their mean net."""
        kept, pairs, total = [], 0, 0.0
        for start in range(0, len(self.value), CHUNK):
            net = self.net_of(start, start + CHUNK)
            good = net > 0
            kept.append(start + np.flatnonzero(good.any(axis=1)))
            pairs += int(good.sum())
            total += float(np.minimum(net[good], np.finfo(np.float64).max / 1e16).sum())
        customers = np.concatenate([np.zeros(0, dtype=np.int64), *kept])
        return customers, pairs, total / pairs if pairs else 1.0

    @property
    def customers(self) -> Integers:
        """Rows of `value` that take part."""
        return self.worthwhile[0]

    @property
    def pairs(self) -> int:
        """Number of pairs that take part."""
        return self.worthwhile[1]

    @property
    def scale(self) -> float:
        """Money that counts as 1 inside: the mean net of a pair."""
        return self.worthwhile[2]

    @cached_property
    def net(self) -> NDArray[np.floating]:
        """(v − c) ÷ scale of those that take part, (k, customers), −inf where closed."""
        kind = np.float64 if self.pairs <= DOUBLE_PAIRS else np.float32
        net = np.empty((len(self.cost), len(self.customers)), dtype=kind)
        place = 0
        for start in range(0, len(self.value), CHUNK):
            part = self.net_of(start, start + CHUNK)
            part = part[(part > 0).any(axis=1)]
            net[:, place : place + len(part)] = part.T / self.scale
            place += len(part)
        return net

    def used(self, counts: Floats) -> Floats:
        """Return what so many contacts per offer use of each row."""
        return self.use @ counts

    def keeps(self, counts: Floats) -> bool:
        """Whether so many contacts per offer keep every row."""
        room = ROOM * np.maximum(self.units, np.abs(self.limit[self.finite]))
        return bool((self.used(counts)[self.finite] <= self.limit[self.finite] + room).all())

    def bound_at(self, row_prices: Floats) -> float:
        """Return the proven bound at prices ≥ 0 of all rows, in float64.

        D(p) = Σ_r p_r b_r + Σ_n (sum of the m largest positive v_nk − c_k − Σ_r p_r a_rk)

        is at least the value of every plan that keeps the rows (weak duality); what rounding may take off
        is added.
        """
        price = row_prices @ self.use
        own = row_prices[self.finite] @ self.limit[self.finite]
        total = float(own)
        for start in range(0, len(self.value), CHUNK):
            left = np.maximum(self.net_of(start, start + CHUNK) - price, 0.0)
            total += float(_largest(left, self.most).sum())
        return total + ROUNDING * abs(total)


def _largest(left: Floats, most: int) -> Floats:
    """Return the `most` largest of each row."""
    if most >= left.shape[1]:
        return left
    if most == 1:
        return np.asarray(left.max(axis=1, initial=0.0), dtype=np.float64)
    return np.partition(left, left.shape[1] - most, axis=1)[:, -most:]
