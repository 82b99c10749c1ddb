"""A replenishment rule played week by week over many series and many paths at once.

In week t, with net stock I (on hand less owed), on order O, demand D, lead time L and lost share θ:

    1  review, if t is an order week:   x = I + O;  q = rule(x), raised to minimum and multiple
                                        q arrives at the start of week t + L (L = 0: now);  O ← O + q
    2  receipts a of this week:         I ← I + a,  O ← O − a
    3  demand:                          short u = (D − I⁺)⁺,  lost θ u,  I ← I − D + θ u

What is owed is served first from receipts. Each order draws its own lead time, so that a later order may
overtake an earlier one: an order is its week of arrival, and x counts all of them. A fraction θ of a unit may
be lost: it is an expectation.

Where series supply series (`source`), stores and their warehouse, step 1 goes level by level from the
deepest up: a store asks for q; its warehouse ships what it has left (of I⁺ before this week's receipts,
since trucks leave at the end of the week before), shared out as `echelons.py` says; that arrives after the
store's own L. What is not shipped is not owed, the store asks again. Then the warehouse reviews. What it
sent is part of its outflow, which its rule sees as its sales; its service is counted on its own customers.
Units on the road count as stock of the series that gets them.

A week is short if u > 0 or something is still owed at its end; a cycle runs
from receipt to receipt and is short if a week of it is (where none ends, the open one is the cycle).

Lead times are drawn from a stream per series, for every week, ordered or not: two rules with the same seed
see the same demand and the same suppliers, and the size of the chunks changes nothing.

Source: Zipkin, Foundations of Inventory Management (2000), section 9.4 (sequence of events), 7.4 (order
crossing); Law, Simulation Modeling and Analysis (5th ed.), section 11.2 (common random numbers).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from helpers.errors import ParameterError
from helpers.inventory.arguments import Floats
from helpers.inventory.simulation.case import CaseArrays, SimulationCase, read_case
from helpers.inventory.simulation.echelons import Chunk, Level, chunks, share_out
from helpers.inventory.simulation.policy_rules import ROUNDING, ReplenishmentRule, Situation
from helpers.inventory.simulation.result import Simulation, Tally, quantities_of, weekly_of

CELLS = 60_000  # series × paths played together: the state fits in the processor's cache


def simulate(
    case: SimulationCase,
    rule: ReplenishmentRule,
    *,
    seed: int = 0,
    interval: float = 0.9,
    group: str | None = None,
) -> Simulation:
    """Play a rule over all series and paths of a case.

    Parameters
    ----------
    case
        n series, P paths, T weeks.
    rule
        What to order in a situation.
    seed
        Of the lead times; the same seed gives the same suppliers to every rule.
    interval
        Share of the paths between `low` and `high`, 0–1.
    group
        Column of `case.keys` (such as an ABC class) to report by as well.

    Returns
    -------
    Simulation
        Tables `series`, `groups`, `total`, `paths`, `weeks`.

    Raises
    ------
    ParameterError
        The case has a wrong shape or number, `group` is not a column, or the rule orders a negative or
        empty quantity.

    Examples
    --------
    >>> import pandas as pd
    >>> from helpers.inventory.simulation.policy_rules import UpToRule
    >>> keys = pd.DataFrame({"product_id": ["A"]})
    >>> case = SimulationCase(keys, demand=[[[3, 4, 5]]], lead_times=1, opening_stock=6)
    >>> found = simulate(case, UpToRule(8)).series.iloc[0]
    >>> [float(found[name]) for name in ("demand", "short_units", "orders")]
    [12.0, 1.0, 3.0]
    """
    arrays = read_case(case)
    if not 0 < interval < 1:
        raise ParameterError(f"simulate: 'interval' is {interval:g}. Give a share above 0 and below 1.")
    if group is not None and group not in case.keys.columns:
        raise ParameterError(
            f"simulate: 'keys' has no column {group!r}. Give one of {list(case.keys.columns)}."
        )
    tally = Tally(case.keys, group, arrays, interval)
    series, paths, weeks = arrays.shape
    for chunk in chunks(arrays.source, series, max(1, CELLS // paths)):
        run = _Run(arrays.at(chunk.part), chunk, seed)
        for week in range(weeks):
            run.play(week, rule)
        tally.add(chunk.chosen, run.totals(), run.weekly)
    return tally.read()


def fix_lead_times(case: SimulationCase, seed: int = 0) -> SimulationCase:
    """Return the case with its lead times drawn, n × P × T: many simulations with the same seed go faster."""
    arrays = read_case(case)
    drawn = draw_lead_times(arrays, np.arange(arrays.shape[0]), seed)
    return case if drawn is None else replace(case, lead_times=np.moveaxis(drawn, 0, 2))


@dataclass(eq=False)
class _Terms:
    """Supply terms as columns."""

    minimum: Floats
    multiple: Floats

    def at(self, rows: slice) -> _Terms:
        """Only these series."""
        return _Terms(self.minimum[rows], self.multiple[rows])

    def round_up(self, wanted: Floats) -> Floats:
        """Raise to the minimum, then to the multiple, where anything is wanted."""
        quantity = np.maximum(wanted, self.minimum)
        if self.multiple.any():
            step = np.where(self.multiple > 0, self.multiple, 1.0)
            packed = np.ceil(quantity / step - ROUNDING) * step
            quantity = np.where(self.multiple > 0, packed, quantity)
        return np.where(wanted > 0, quantity, 0.0)


class _Sent:
    """What series sent, and could not send, to those below in a week, and what those have; series × paths."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shipped = np.zeros(shape)
        self.unshipped = np.zeros(shape)
        self.below = np.zeros(shape)


class _Run:
    """The state of one chunk; arrays are series × paths."""

    def __init__(self, arrays: CaseArrays, chunk: Chunk, seed: int) -> None:
        count, paths, weeks = arrays.shape
        self.arrays, self.chunk, self.supplied = arrays, chunk, chunk.supplied
        self.demand = np.ascontiguousarray(np.moveaxis(arrays.demand, 2, 0), dtype="float64")
        self.net = np.repeat(arrays.opening_stock[:, None], paths, axis=1)
        self.on_order = np.repeat(arrays.open_orders.sum(axis=1)[:, None], paths, axis=1)
        self.lead_times = draw_lead_times(arrays, chunk.chosen, seed)
        self.coming = np.zeros((int(arrays.lead_times.max()) + 1, count, paths))
        self.before = arrays.sales_before.shape[1]
        self.sold = np.zeros((self.before + weeks + 1, count, paths))
        self.sold[1 : self.before + 1] = np.cumsum(arrays.sales_before, axis=1).T[:, :, None]
        self.is_short = np.zeros((count, paths), dtype=bool)
        self.terms = _Terms(arrays.minimum_quantity[:, None], arrays.order_multiple[:, None])
        self.lost_share = arrays.lost_share[:, None]
        self.sums = {name: np.zeros((count, paths)) for name in quantities_of(arrays)}
        self.weekly = {name: np.zeros((weeks, count)) for name in weekly_of(arrays)}

    def play(self, week: int, rule: ReplenishmentRule) -> None:
        """One week: review, receipts, demand."""
        sent = _Sent(self.net.shape) if self.supplied else None
        ordered = self._review(week, rule, sent)
        received = self._receive(week)
        self._close_cycles(week, received)
        at_start = np.maximum(self.net, 0.0)
        demand = self.demand[week]
        short = np.maximum(demand - at_start, 0.0)
        lost = self.lost_share * short
        self.net -= demand - lost
        at_end = np.maximum(self.net, 0.0)
        place = self.before + week
        np.add(self.sold[place], demand - lost, out=self.sold[place + 1])
        week_is_short = (short > ROUNDING) | (self.net < -ROUNDING)
        self.is_short |= week_is_short
        more: dict[str, Floats] = {}
        if sent:
            self.sold[place + 1] += sent.shipped
            more = self._between_sites(sent, at_start, at_end)
        seen = {
            "demand": demand, "short": short, "lost": lost, "ordered_units": ordered,
            "received_units": received, "stock_units": at_end, **more,
        }  # fmt: skip
        for name, value in seen.items():
            self.weekly[name][week] = value.mean(axis=1)
        if week >= self.arrays.warm_up:
            counted = {
                "demand": demand, "short": short, "lost": lost, "orders": ordered > 0,
                "ordered_units": ordered,
                "stock_units": at_end, "stock_at_start": at_start, "weeks_short": week_is_short, **more,
            }  # fmt: skip
            for name, value in counted.items():
                self.sums[name] += value

    def _between_sites(self, sent: _Sent, at_start: Floats, at_end: Floats) -> dict[str, Floats]:
        """Add what is on the road to the stock of who gets it; return what is counted of it."""
        in_transit = np.zeros_like(at_end)
        in_transit[: self.supplied] = self.on_order[: self.supplied]
        at_start += in_transit
        at_end += in_transit
        return {
            "shipped_units": sent.shipped, "unshipped_units": sent.unshipped, "in_transit_units": in_transit
        }  # fmt: skip

    def totals(self) -> dict[str, Floats]:
        """What was counted, series × paths; stock as a mean over the weeks."""
        none = self.sums["cycles"] == 0
        self.sums["cycles"][none] = 1.0
        self.sums["cycles_short"][none] = self.is_short[none]
        weeks = self.arrays.shape[2] - self.arrays.warm_up
        self.sums["weeks"] += weeks
        self.sums["stock_units"] /= weeks
        self.sums["stock_at_start"] /= weeks
        if self.supplied:
            self.sums["in_transit_units"] /= weeks
        return self.sums

    def _review(self, week: int, rule: ReplenishmentRule, sent: _Sent | None) -> Floats:
        ordered = np.zeros_like(self.net)
        if not self.arrays.order_weeks[:, week].any():
            return ordered
        for level in self.chunk.levels:
            rows, below = level.rows, sent.below[level.rows] if sent else None
            wanted = self._ask(week, rule, rows, below)
            if sent and len(level.sources):
                wanted = self._ship(week, level, wanted, sent)
                sent.below[level.sources] = level.add_up(
                    self.net[rows] + self.on_order[rows] + sent.below[rows] + wanted
                )
            ordered[rows] = wanted
            self.on_order[rows] += wanted
        self._send(week, ordered)
        return ordered

    def _ask(self, week: int, rule: ReplenishmentRule, rows: slice, below: Floats | None) -> Floats:
        """What the series of a level want, raised to their terms."""
        position = self.net[rows] + self.on_order[rows]
        echelon = None if below is None else position + below
        chosen, sold = self.chunk.chosen[rows], self.sold[:, rows]
        wanted = rule.order(Situation(week, chosen, position, sold, self.before, echelon))
        if not (np.isfinite(wanted) & (wanted >= 0)).all():
            raise ParameterError(
                f"simulate: the rule orders a negative or empty quantity in week {week}. "
                "Give levels that are numbers for all series."
            )
        may_order = self.arrays.order_weeks[rows, week, None]
        return self.terms.at(rows).round_up(np.broadcast_to(wanted, position.shape) * may_order)

    def _ship(self, week: int, level: Level, needs: Floats, sent: _Sent) -> Floats:
        """Take from the sources what they can send to a level."""
        available = np.maximum(self.net[level.sources], 0.0)
        shipped = share_out(needs, available, level, self.arrays.whole, week)
        leaving = level.add_up(shipped)
        self.net[level.sources] -= leaving
        sent.shipped[level.sources] = leaving
        sent.unshipped[level.sources] = level.add_up(needs) - leaving
        return shipped

    def _send(self, week: int, ordered: Floats) -> None:
        """Put each order into its week of arrival; the weeks go round."""
        slots, cells = len(self.coming), ordered.size
        if self.lead_times is None:
            self.coming[(week + slots - 1) % slots] += ordered
            return
        placed = np.flatnonzero(ordered)
        slot = (week + self.lead_times[week].ravel()[placed]) % slots
        self.coming.reshape(-1)[slot * cells + placed] += ordered.ravel()[placed]

    def _receive(self, week: int) -> Floats:
        slot = self.coming[week % len(self.coming)]
        received: Floats = slot.copy()
        slot[:] = 0.0
        if week < self.arrays.open_orders.shape[1]:
            received += self.arrays.open_orders[:, week, None]
        self.net += received
        self.on_order -= received
        return np.asarray(received)

    def _close_cycles(self, week: int, received: Floats) -> None:
        ends = received > 0
        if week > self.arrays.warm_up:
            self.sums["cycles"] += ends
            self.sums["cycles_short"] += ends & self.is_short
        self.is_short &= ~ends


def draw_lead_times(arrays: CaseArrays, chosen: NDArray[np.int64], seed: int) -> NDArray[np.int64] | None:
    """Return L of an order placed in each week, weeks × series × paths; None where all are the same."""
    times = arrays.lead_times
    if (times == times.max()).all():
        return None
    count, paths, weeks = arrays.shape
    if times.ndim == 3:
        return np.ascontiguousarray(np.moveaxis(times, 2, 0))
    if times.shape[1] == 1:
        return np.broadcast_to(times[None], (weeks, count, paths))
    drawn = np.empty((count, weeks, paths), dtype="int64")
    for row, number in enumerate(chosen.tolist()):
        stream = np.random.Generator(np.random.Philox(key=np.array([seed, number], dtype="uint64")))
        drawn[row] = times[row, stream.integers(times.shape[1], size=(weeks, paths))]
    return np.moveaxis(drawn, 1, 0)
