"""Reorder points for a service target or by cost, for thousands of product × site pairs at once.

The stock is reviewed every R periods (R = 0: all the time). At or below r, an order of Q (or a
multiple) brings the inventory position back above r; an order arrives L periods later. Right after a
review the position is spread evenly over (r, r + Q]; with Q = 0 it always is S = r, the base-stock or
(R, S) policy. With n and n₂ of `lead_time_demand`, N(r) = (n₂(r) − n₂(r + Q)) ÷ Q (for Q = 0: n(r)),
over L and over L + R:

    fill rate, R > 0               1 − (N_{L+R}(r) − N_L(r)) ÷ E[D_R]
    fill rate, R = 0, Q > 0        1 − (n_L(r) − n_L(r + Q)) ÷ Q
    fill rate, R = 0, Q = 0        F_L(S)    (whole units: F_L(S − 1))
    cycle service level            F_{L+R}(r)
    economic: F_{L+R}(r) = p ÷ (p + hτ),   τ = max(R, Q ÷ λ) the periods between orders

The fill rates are exact for back-ordered demand with independent periods that is met from stock at once
(for R = 0: that comes one unit at a time); n(r) − n(r + Q) leaves out what was already short when the
order came, which the simple 1 − n(r) ÷ Q counts twice. The cycle service level is exact for Q = 0 and
for R = 0 without overshoot; with R > 0 and Q > 0 it is a bound from below, since the position at the
last review before an order is above r.

Source: Zipkin, Foundations of Inventory Management (2000), sections 6.2–6.3; Johnson, Lee, Davis and Hall
(1995), Management Science 41(10), for the fill rate of periodic review; Hadley and Whitin (1963), chapter 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from helpers.errors import ParameterError
from helpers.inventory.arguments import Floats, find_wrong, refuse
from helpers.inventory.policies.lead_time_demand import LeadTimeDemand, Positions

Measure = Literal["cycle_service_level", "fill_rate"]
PRECISION = 1e-9  # of a real reorder point, in units of the mean demand + 1


@dataclass(frozen=True, eq=False)
class Exposure:
    """The demand that a stock must meet before the next order can help.

    Parameters
    ----------
    over_lead_time
        D_L, demand over the lead time.
    over_protection
        D_{L+R}, demand over lead time and review period; None = continuous review, R = 0.
    """

    over_lead_time: LeadTimeDemand
    over_protection: LeadTimeDemand | None = None

    def at(self, chosen: Positions) -> Exposure:
        """Only these series."""
        protection = self.over_protection
        return Exposure(self.over_lead_time.at(chosen), None if protection is None else protection.at(chosen))

    @property
    def longest(self) -> LeadTimeDemand:
        """D_{L+R}, or D_L under continuous review."""
        return self.over_lead_time if self.over_protection is None else self.over_protection


@dataclass(frozen=True, eq=False)
class ServicePolicy:
    """Reorder points with what they promise, one number per series.

    Parameters
    ----------
    reorder_point
        r, units; the base-stock level S where the order quantity is 0.
    order_up_to_level
        r + Q, units.
    order_quantity
        Q, units.
    safety_stock
        r − E[D_{L+R}], units.
    cycle_service_level
        Chance of no stock-out in a cycle, 0–1.
    fill_rate
        Share of units served from stock, 0–1.
    expected_on_hand
        Mean stock on hand: under continuous review at any time, else the mean of just after an arrival may
        come and just before the next, units.
    expected_backorders
        The same for units owed.
    """

    reorder_point: Floats
    order_up_to_level: Floats
    order_quantity: Floats
    safety_stock: Floats
    cycle_service_level: Floats
    fill_rate: Floats
    expected_on_hand: Floats
    expected_backorders: Floats


def reorder_points_for_target(
    exposure: Exposure,
    order_quantity: ArrayLike,
    target: ArrayLike,
    measure: Measure,
    *,
    lowest: ArrayLike = 0.0,
) -> ServicePolicy:
    """Return the least reorder points that reach a service target.

    Parameters
    ----------
    exposure
        Demand over the lead time, and over lead time and review period, n series.
    order_quantity
        Q, units, one or n; 0 = base stock (order up to the same level at each review).
    target
        In (0, 1), one or n.
    measure
        `cycle_service_level` or `fill_rate`.
    lowest
        Least reorder point that may be returned, units, one or n. A large Q alone may reach a fill rate.

    Returns
    -------
    ServicePolicy
        n of each; reorder points are whole where demand is.

    Raises
    ------
    ParameterError
        A target is not a share, a quantity is negative (or not whole, for whole demand), or the
        measure is unknown.

    Examples
    --------
    >>> from helpers.inventory.policies.lead_time_demand import PoissonDemand
    >>> found = reorder_points_for_target(Exposure(PoissonDemand([3.0])), 5, 0.95, "fill_rate")
    >>> found.reorder_point, found.fill_rate.round(6)
    (array([5.]), array([0.973153]))
    """
    quantity, floor = _quantities("reorder_points_for_target", exposure, order_quantity, lowest)
    wanted = np.broadcast_to(np.asarray(target, dtype="float64"), quantity.shape)
    findings = find_wrong("a share", {"target": wanted})
    if measure not in {"cycle_service_level", "fill_rate"}:
        findings.append(f"'measure' is {measure!r}. Give cycle_service_level or fill_rate.")
    refuse("reorder_points_for_target", findings)
    if measure == "cycle_service_level":
        point = exposure.longest.quantile(wanted)
    else:
        point = _least_point(exposure, quantity, wanted, floor)
    return service_of(exposure, np.maximum(point, floor), quantity)


def reorder_points_by_cost(
    exposure: Exposure,
    order_quantity: ArrayLike,
    cycle_length: ArrayLike,
    holding_cost: ArrayLike,
    stockout_cost: ArrayLike,
    *,
    lowest: ArrayLike = 0.0,
) -> ServicePolicy:
    """Return the reorder points that balance a unit held for a cycle against a unit short.

    Parameters
    ----------
    exposure, order_quantity, lowest
        As in `reorder_points_for_target`.
    cycle_length
        τ, periods between orders: the larger of R and Q ÷ λ.
    holding_cost
        h, money per unit per period.
    stockout_cost
        p, money per unit short (margin and goodwill).

    Raises
    ------
    ParameterError
        A cost or cycle length is not positive.
    """
    quantity, floor = _quantities("reorder_points_by_cost", exposure, order_quantity, lowest)
    cycle, holding, short = (
        np.broadcast_to(np.asarray(value, dtype="float64"), quantity.shape)
        for value in (cycle_length, holding_cost, stockout_cost)
    )
    values = {"cycle_length": cycle, "holding_cost": holding, "stockout_cost": short}
    refuse("reorder_points_by_cost", find_wrong("positive", values))
    point = exposure.longest.quantile(short / (short + holding * cycle))
    return service_of(exposure, np.maximum(point, floor), quantity)


def service_of(exposure: Exposure, reorder_point: ArrayLike, order_quantity: ArrayLike) -> ServicePolicy:
    """Return what given reorder points promise.

    Parameters
    ----------
    exposure
        Demand over the lead time, and over lead time and review period, n series.
    reorder_point
        r, units, one or n.
    order_quantity
        Q, units, one or n.
    """
    quantity, point = _quantities("service_of", exposure, order_quantity, reorder_point)
    demand = exposure.longest
    spans = [exposure.over_lead_time, demand]
    losses = [_mean_loss(span, point, quantity) for span in spans]
    short = sum(losses) / 2
    position = point + (quantity + (quantity > 0) * demand.whole) / 2
    expected = sum(span.mean for span in spans) / 2
    return ServicePolicy(
        reorder_point=point,
        order_up_to_level=point + quantity,
        order_quantity=quantity,
        safety_stock=point - demand.mean,
        cycle_service_level=demand.cdf(point),
        fill_rate=_fill_rate(exposure, point, quantity, losses),
        expected_on_hand=position - expected + short,
        expected_backorders=np.asarray(short),
    )


def fill_rate_of(exposure: Exposure, reorder_point: ArrayLike, order_quantity: ArrayLike) -> Floats:
    """Return the fill rate that given reorder points promise: that of `service_of`, and nothing else."""
    quantity, point = _quantities("fill_rate_of", exposure, order_quantity, reorder_point)
    return _fill_rate(exposure, point, quantity)


def _quantities(
    function: str, exposure: Exposure, order_quantity: ArrayLike, other: ArrayLike
) -> tuple[Floats, Floats]:
    demand = exposure.longest
    quantity, level = (
        np.broadcast_to(np.asarray(value, dtype="float64"), demand.mean.shape).copy()
        for value in (order_quantity, other)
    )
    findings = find_wrong("not negative", {"order_quantity": quantity})
    if demand.whole and (quantity != np.round(quantity)).any():
        findings.append("'order_quantity' is not whole though demand is. Round it.")
    if exposure.over_lead_time.mean.shape != demand.mean.shape:
        raise ParameterError(
            f"{function}: {len(exposure.over_lead_time.mean)} series over the lead time, "
            f"{len(demand.mean)} over the protection interval. Give the same series."
        )
    refuse(function, findings)
    return quantity, np.ceil(level) if demand.whole else level


def _mean_loss(demand: LeadTimeDemand, point: Floats, quantity: Floats) -> Floats:
    """N(r): units short, the position spread evenly over (r, r + Q]."""
    spread = np.where(quantity > 0, quantity, 1.0)
    over_spread = (demand.second_loss(point) - demand.second_loss(point + quantity)) / spread
    if (quantity > 0).all():
        return np.asarray(over_spread)
    return np.where(quantity > 0, over_spread, demand.loss(point))


def _fill_rate(
    exposure: Exposure, point: Floats, quantity: Floats, losses: list[Floats] | None = None
) -> Floats:
    """Share of units served; `losses` are N(r) over the lead time and over the protection, where known."""
    demand = exposure.over_lead_time
    if exposure.over_protection is None:
        spread = np.where(quantity > 0, quantity, 1.0)
        missed = (demand.loss(point) - demand.loss(point + quantity)) / spread
        at_once = demand.cdf(point - 1) if demand.whole else demand.cdf(point)
        return np.clip(np.where(quantity > 0, 1 - missed, at_once), 0.0, 1.0)
    reviewed = exposure.over_protection.mean - demand.mean
    before, until = losses or [_mean_loss(d, point, quantity) for d in (demand, exposure.over_protection)]
    missed = until - before
    share = missed / np.where(reviewed > 0, reviewed, 1.0)
    return np.clip(np.where(reviewed > 0, 1 - share, 1.0), 0.0, 1.0)


def _least_point(exposure: Exposure, quantity: Floats, target: Floats, lowest: Floats) -> Floats:
    """Search for the least r whose fill rate reaches the target; whole where demand is.

    The logarithm of the share missed is nearly straight in r, so two of three steps interpolate it;
    each third halves.
    """
    demand = exposure.longest
    step = np.ones(len(target)) if demand.whole else PRECISION * (demand.mean + 1)

    def missed(point: Floats, which: Positions) -> Floats:
        """Log of the share missed, over that allowed: ≤ 0 is enough."""
        found = _fill_rate(exposure.at(which), point[which], quantity[which])
        return np.log(np.maximum(1 - found, 1e-15) / (1 - target[which]))

    everything = np.arange(len(target))
    low, high = lowest.copy(), np.maximum(np.ceil(demand.mean), lowest + 1)
    at_low, at_high = missed(low, everything), missed(high, everything)
    while len(short := np.flatnonzero(at_high > 0)):
        low[short], at_low[short] = high[short], at_high[short]
        high[short] += high[short] - lowest[short]
        at_high[short] = missed(high, short)
    high = np.where(at_low <= 0, low, high)
    rounds = 0
    while len(open_ := np.flatnonzero(high - low > step)):
        share = at_low[open_] / (at_low[open_] - at_high[open_]) if rounds % 3 < 2 else 0.5
        middle, width = low.copy(), step[open_]
        between = low[open_] + (high - low)[open_] * share
        between = np.clip(between, low[open_] + width / 2, high[open_] - width / 2)
        # Whole and strictly between the two.
        middle[open_] = (
            np.clip(np.floor(between), low[open_] + 1, high[open_] - 1) if demand.whole else between
        )
        at_middle = missed(middle, open_)
        enough, rest = open_[at_middle <= 0], open_[at_middle > 0]
        high[enough], at_high[enough] = middle[enough], at_middle[at_middle <= 0]
        low[rest], at_low[rest] = middle[rest], at_middle[at_middle > 0]
        rounds += 1
    return high
