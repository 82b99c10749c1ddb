"""One plan per item that keeps every shared limit, by exchange of single plans.

Repair: while a limit is broken, exchange the plan of an item for one that takes less of the broken limits,
the least money (at prices) per share of a limit first. Ordering nothing takes the least of every upper
limit, so it ends. Fill up: exchange for cheaper plans that still fit, the largest gain first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from helpers.inventory.arguments import Floats
from helpers.inventory.orders.problem import Flags, Integers

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_PASSES = 30
_FILLS = 6
_CLOSE = 1e-9


@dataclass(frozen=True, eq=False)
class Columns:
    """Plans to choose from.

    Parameters
    ----------
    item, round
        Whose plan, and the round it comes from, per column; each item's columns stand together.
    cost, priced
        Money without and with prices of the limits, per column.
    use
        What a column takes, columns × rows.
    nothing
        Column per item that orders nothing.
    """

    item: Integers
    round: Integers
    cost: Floats
    priced: Floats
    use: csr_array
    nothing: Integers


class Selection:
    """One column per item, and what all take together.

    Parameters
    ----------
    columns
        The plans.
    chosen
        Column per item.
    limit
        Per row of `columns.use`.
    relax_cost
        Money per unit beyond a limit; infinite: never.
    """

    def __init__(self, columns: Columns, chosen: Integers, limit: Floats, relax_cost: Floats) -> None:
        self.columns, self.limit, self.relax_cost = columns, limit, relax_cost
        self.chosen = chosen.copy()
        self.is_hard = np.isinf(relax_cost)
        self.money_beyond = np.where(self.is_hard, 0.0, relax_cost)
        self.slackness = _CLOSE * np.maximum(1.0, np.abs(limit))
        self.used = self._sum()

    def _sum(self) -> Floats:
        return np.asarray(self.columns.use[self.chosen].sum(axis=0)).ravel()

    @property
    def money(self) -> float:
        """Money of the plans and of limits that give way at a price."""
        beyond = np.maximum(self.used - self.limit, 0.0)
        return float(self.columns.cost[self.chosen].sum() + self.money_beyond @ beyond)

    def broken(self, used: Floats | None = None) -> Flags:
        """Return which hard limits are broken."""
        over = (self.used if used is None else used) - self.limit
        return np.asarray(self.is_hard & (over > self.slackness))

    def repair(self) -> bool:
        """Exchange plans until every hard limit is kept; return whether that was reached."""
        for _ in range(_PASSES):
            broken = self.broken()
            if not broken.any():
                return True
            if not self._repair_once(broken):
                return False
        return not self.broken().any()

    def fill_up(self) -> None:
        """Exchange plans for cheaper ones as long as one fits."""
        item, cost = self.columns.item, self.columns.cost
        for _ in range(_FILLS):
            gain = cost[self.chosen][item] - cost
            better = np.flatnonzero(gain > 1e-9)
            done = False
            for column in better[np.argsort(-gain[better], kind="stable")].tolist():
                done |= self._exchange_if_cheaper(column)
            self.used = self._sum()
            if not done:
                return

    def _repair_once(self, broken: Flags) -> bool:
        """Exchange one plan each, cheapest relief first, until nothing is broken."""
        columns = self.columns
        weight = np.where(broken, 1.0 / np.maximum(np.abs(self.limit), 1.0), 0.0)
        taken = columns.use @ weight
        relief = taken[self.chosen][columns.item] - taken
        extra = columns.priced - columns.priced[self.chosen][columns.item]
        helps = np.flatnonzero(relief > 1e-12)
        order = helps[np.lexsort((helps, extra[helps] / relief[helps]))]
        moved: set[int] = set()
        for column in order.tolist():
            item = int(columns.item[column])
            if item not in moved and self._exchange_if_lighter(column):
                moved.add(item)
                if not self.broken().any():
                    break
        self.used = self._sum()
        return bool(moved)

    def _exchange_if_lighter(self, column: int) -> bool:
        """Exchange if the broken limits are relieved and no other is broken."""
        rows, change = self._change(column)
        before = np.maximum(self.used[rows] - self.limit[rows], 0.0)[self.is_hard[rows]]
        after = np.maximum(self.used[rows] + change - self.limit[rows], 0.0)[self.is_hard[rows]]
        newly = (after > before) & (after > self.slackness[rows][self.is_hard[rows]])
        if newly.any() or not (after < before).any():
            return False
        return self._exchange(column, rows, change)

    def _exchange_if_cheaper(self, column: int) -> bool:
        old = self.chosen[self.columns.item[column]]
        rows, change = self._change(column)
        now = self.used[rows] + change
        over = now - self.limit[rows]
        if (self.is_hard[rows] & (change > 0) & (over > self.slackness[rows])).any():
            return False
        before = np.maximum(self.used[rows] - self.limit[rows], 0.0)
        beyond = float(self.money_beyond[rows] @ (np.maximum(over, 0.0) - before))
        if self.columns.cost[column] - self.columns.cost[old] + beyond >= -1e-9:
            return False
        return self._exchange(column, rows, change)

    def _change(self, column: int) -> tuple[Integers, Floats]:
        """Return the rows that an exchange touches, and by how much."""
        use, old = self.columns.use, int(self.chosen[self.columns.item[column]])
        new_part = slice(use.indptr[column], use.indptr[column + 1])
        old_part = slice(use.indptr[old], use.indptr[old + 1])
        both = np.concatenate([use.indices[new_part], use.indices[old_part]])
        amount = np.concatenate([use.data[new_part], -use.data[old_part]])
        rows, place = np.unique(both, return_inverse=True)
        return rows.astype("int64"), np.bincount(place, amount, len(rows))

    def _exchange(self, column: int, rows: Integers, change: Floats) -> bool:
        self.used[rows] += change
        self.chosen[self.columns.item[column]] = column
        return True
