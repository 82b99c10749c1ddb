"""When to order how much, as small objects with one method: what a simulation asks each week.

With the inventory position x = on_hand + on_order − backorders, before the week's demand, and levels per
series, or per series and week (season):

    (r, Q)   x ≤ r: order n·Q, the least n with x + n·Q > r
    (s, S)   x ≤ s: order S − x
    (R, S)   x < S: order S − x                  R is the calendar of the simulation, not of the rule

or, for a series that supplies others, the same with x summed over it and all of those (`EchelonRule`).
Minimum quantity and order multiple come afterwards, since they are the supplier's and not the rule's.

Source: Zipkin, Foundations of Inventory Management (2000), sections 6.2, 8.3 and 9.4–9.5.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from helpers.errors import ParameterError
from helpers.inventory.arguments import Floats

ROUNDING = 1e-9  # units; sums of fractions differ by as much


@dataclass(frozen=True, eq=False)
class Situation:
    """What the buyer knows at a review.

    Parameters
    ----------
    week
        t, from 0.
    series
        Positions of the series in the case, so that a rule finds its own levels.
    position
        x, units, series × paths.
    sold
        Units sold until the start of each week, cumulated, weeks × series × paths; week 0 stands at
        `weeks_before`.
    weeks_before
        Weeks of sales that are known from before the simulation.
    echelon_position
        x of the series and of all that it supplies, on the road included, units; None = as `position`.
    """

    week: int
    series: NDArray[np.int64]
    position: Floats
    sold: Floats
    weeks_before: int
    echelon_position: Floats | None = None

    def mean_sales(self, until: int, window: int) -> Floats:
        """Return the mean weekly sales of up to `window` weeks before week `until`, series × paths.

        Nothing where no week is known.
        """
        end = self.weeks_before + min(until, self.week)
        start = max(end - window, 0)
        return np.asarray((self.sold[end] - self.sold[start]) / max(end - start, 1))


class ReplenishmentRule(Protocol):
    """A policy: how much to order in a situation."""

    def order(self, situation: Situation) -> Floats:
        """Units wanted, series × paths; zero where nothing is ordered."""
        ...


@dataclass(frozen=True, eq=False)
class FixedQuantityRule:
    """(r, Q): at or below r, order as many Q as bring the position above r.

    Parameters
    ----------
    reorder_point
        r, units; one, one per series, or series × weeks.
    order_quantity
        Q, units, above 0; the same shapes.

    Examples
    --------
    >>> position = np.array([[5.0, 4.0, -9.0]])
    >>> seen = Situation(0, np.array([0]), position, np.zeros((1, 1, 3)), 0)
    >>> FixedQuantityRule(4, 6).order(seen).tolist()
    [[0.0, 6.0, 18.0]]
    """

    reorder_point: ArrayLike
    order_quantity: ArrayLike

    def __post_init__(self) -> None:
        if not (np.asarray(self.order_quantity, dtype="float64") > 0).all():
            raise ParameterError(
                "FixedQuantityRule: 'order_quantity' is not above 0 everywhere. "
                "Give Q > 0, or use UpToRule to order up to a level."
            )

    def order(self, situation: Situation) -> Floats:
        """Units wanted, series × paths."""
        point, quantity = (level_of(x, situation) for x in (self.reorder_point, self.order_quantity))
        lots = np.floor((point - situation.position + ROUNDING) / quantity) + 1
        return np.asarray(np.maximum(lots, 0.0) * quantity)


@dataclass(frozen=True, eq=False)
class MinMaxRule:
    """(s, S): at or below s, order up to S.

    Parameters
    ----------
    reorder_point
        s, units; one, one per series, or series × weeks.
    order_up_to_level
        S, units; the same shapes.
    """

    reorder_point: ArrayLike
    order_up_to_level: ArrayLike

    def order(self, situation: Situation) -> Floats:
        """Units wanted, series × paths."""
        point, up_to = (level_of(x, situation) for x in (self.reorder_point, self.order_up_to_level))
        return up_to_level(situation.position, point, up_to)


@dataclass(frozen=True, eq=False)
class UpToRule:
    """(R, S): at each review, order up to S.

    Parameters
    ----------
    order_up_to_level
        S, units; one, one per series, or series × weeks.
    """

    order_up_to_level: ArrayLike

    def order(self, situation: Situation) -> Floats:
        """Units wanted, series × paths."""
        missing = level_of(self.order_up_to_level, situation) - situation.position
        return np.asarray(np.where(missing > ROUNDING, missing, 0.0))


@dataclass(frozen=True, eq=False)
class EchelonRule:
    """A rule that looks at the echelon: levels are for a series and all that it supplies together.

    Parameters
    ----------
    rule
        With levels of the echelon.

    Examples
    --------
    >>> seen = Situation(0, np.array([0]), np.array([[5.0]]), np.zeros((1, 1, 1)), 0, np.array([[12.0]]))
    >>> EchelonRule(UpToRule(20)).order(seen).tolist()
    [[8.0]]
    """

    rule: ReplenishmentRule

    def order(self, situation: Situation) -> Floats:
        """Units wanted, series × paths."""
        echelon = situation.echelon_position
        return self.rule.order(situation if echelon is None else replace(situation, position=echelon))


def level_of(levels: ArrayLike, situation: Situation) -> Floats:
    """Return the levels of the situation's series in its week, as a column; an empty one is an error."""
    array = np.asarray(levels, dtype="float64")
    if array.ndim == 1:
        array = array[situation.series, None]
    elif array.ndim == 2:
        array = array[situation.series, min(situation.week, array.shape[1] - 1), None]
    if np.isnan(array).any():
        first = situation.series[int(np.isnan(array).argmax()) if array.ndim else 0]
        raise ParameterError(
            f"The rule has an empty level for series {first} in week {situation.week}. Fill it in."
        )
    return np.asarray(array)


def up_to_level(position: Floats, point: Floats, up_to: Floats) -> Floats:
    """Units that bring a position at or below `point` up to `up_to`."""
    missing = np.maximum(up_to - position, 0.0)
    return np.asarray(np.where(position <= point + ROUNDING, missing, 0.0))
