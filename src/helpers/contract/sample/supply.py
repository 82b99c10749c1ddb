"""The weekly simulation: two echelons under the incumbent's policy, and customers who notice.

One week, in this order (so that the ledger of any pair closes from the tables alone):

1. receipts of Monday and Tuesday, and transfers sent last Saturday, come in;
2. waiting back-orders ship, oldest first;
3. warehouses review and order from suppliers;
4. the week's lines are served in the order of their days; what cannot be served is lost (no order
   line), back-ordered, or cancelled; disappointed customers may leave for good;
5. receipts of Wednesday to Friday come in;
6. stores review, warehouses send transfers;
7. Sunday close.

    on_hand[t] = on_hand[t−1] + accepted receipts + transfers in − transfers out − shipped
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from helpers.contract.sample.arrays import Flags, Floats, Ints, running_sum_by_group
from helpers.contract.sample.baskets import Market, WantedLines, want
from helpers.contract.sample.customers import LEAVE_PROBABILITY
from helpers.contract.sample.replenishment import QUARTER, Policy, Suppliers
from helpers.contract.sample.world import World

SHIPPED, OPEN, BACKORDER, CANCELLED, LOST = range(5)
# chance that an unserved line is lost, cancelled or else back-ordered: cash sale, store, warehouse
LOST_CHANCE = np.array([0.92, 0.55, 0.30])
CANCELLED_CHANCE = np.array([0.08, 0.10, 0.10])
LATE_TRANSFER_CHANCE = 0.04
SPARE_WEEKS = 60  # room behind the horizon for deliveries still to come
BACKORDER_DAY = 2


@dataclass
class Ledger:
    """What the simulation writes down: lists of one array per week, and arrays weeks × pairs."""

    on_hand: Floats
    allocated: Floats
    transfer_in_transit: Floats
    base_units: Floats
    extra_units: Floats
    lost_units: Floats
    in_stock_share: Floats
    outflow: Floats
    lines: list[WantedLines] = field(default_factory=list)
    fate: list[Ints] = field(default_factory=list)
    line_week: list[Ints] = field(default_factory=list)
    basket: list[Ints] = field(default_factory=list)
    shipped: list[tuple[Ints, Floats, Ints]] = field(default_factory=list)
    """Line, units, day."""
    transfers: list[tuple[Ints, Floats, Ints, Ints]] = field(default_factory=list)
    """Pair of the store, units, week sent, week received."""
    purchases: list[tuple[Ints, Floats, Ints]] = field(default_factory=list)
    """Pair, units, week."""
    receipts: list[tuple[Ints, Ints, Floats, Floats]] = field(default_factory=list)
    """Purchase line, day, units, rejected units."""


def empty_ledger(weeks: int, pairs: int) -> Ledger:
    """Return a ledger in which nothing has happened yet."""
    blank = np.zeros((8, weeks, pairs))
    return Ledger(blank[0], blank[1], blank[2], blank[3], blank[4], blank[5], blank[6], blank[7])


class Service(NamedTuple):
    """How the lines of a week were served."""

    shipped: Floats
    fate: Ints


class Simulation:
    """State of the stock and of the customers, moved on week by week."""

    def __init__(
        self,
        world: World,
        demand_rng: np.random.Generator,
        selling_rng: np.random.Generator,
        supply_rng: np.random.Generator,
    ) -> None:
        size, assortment = world.size, world.assortment
        self.world, self.size, self.assortment, self.is_open = world, size, assortment, world.is_open
        self.customers, self.campaigns = world.customers, world.campaigns
        self.demand_rng, self.selling_rng = demand_rng, selling_rng
        self.policy = Policy(size, assortment, world.demand, supply_rng)
        self.suppliers = Suppliers(size, assortment, world.is_open, supply_rng)
        pairs, horizon = assortment.pairs, size.weeks + SPARE_WEEKS
        started = self.policy.active_from == 0
        fill = self.selling_rng.uniform(0.7, 1.0, pairs)
        self.on_hand = np.where(started & (self.policy.launch < 0), np.rint(fill * self.policy.maximum), 0.0)
        self.opening = self.on_hand.copy()
        self.on_order = np.zeros(pairs)
        self.arriving = np.zeros((2, horizon, pairs))  # accepted units, early and late in the week
        self.arriving_gross = np.zeros((horizon, pairs))
        self.transfers_due = np.zeros((horizon, pairs))
        self.waiting_line = np.empty(0, np.int64)
        self.waiting_pair = np.empty(0, np.int64)
        self.waiting_units = np.empty(0)
        self.death_week = world.customers.natural_death.copy()
        self.lines_so_far = 0
        self.baskets_so_far = 0
        self.purchases_so_far = 0
        self.ledger = empty_ledger(size.weeks, pairs)

    def run(self) -> Ledger:
        """Play all weeks and return the ledger."""
        for week in range(self.size.weeks):
            if week and week % QUARTER == 0:
                self.policy.set_levels(week, self.ledger.outflow[:week])
            self._receive(week, late=False)
            self._ship_waiting(week)
            self._buy(week)
            self._sell(week)
            self._receive(week, late=True)
            self._send_transfers(week)
            self._close(week)
        return self.ledger

    def _receive(self, week: int, late: bool) -> None:
        self.on_hand += self.arriving[int(late), week]
        if not late:
            self.on_hand += self.transfers_due[week]
            self.on_order -= self.arriving_gross[week] + self.transfers_due[week]

    def _ship_waiting(self, week: int) -> None:
        shipped = serve_parts(self.waiting_pair, self.waiting_units, self.on_hand)
        sent = shipped > 0
        day = 7 * week + open_day(self.is_open[week], BACKORDER_DAY)
        line = self.waiting_line[sent]
        self.ledger.shipped.append((line, shipped[sent], np.full(len(line), day)))
        self._take_out(self.waiting_pair, shipped)
        left = self.waiting_units - shipped
        self._set_waiting(self.waiting_line, self.waiting_pair, left)

    def _set_waiting(self, line: Ints, pair: Ints, units: Floats) -> None:
        """Keep what is still owed, by pair and within it the oldest first."""
        owed = np.flatnonzero(units > 0)
        owed = owed[np.lexsort((line[owed], pair[owed]))]
        self.waiting_line, self.waiting_pair, self.waiting_units = line[owed], pair[owed], units[owed]

    def _take_out(self, pair: Ints, units: Floats) -> None:
        self.on_hand -= np.bincount(pair, weights=units, minlength=len(self.on_hand))

    def _backorders(self) -> Floats:
        return np.bincount(self.waiting_pair, weights=self.waiting_units, minlength=len(self.on_hand))

    def _buy(self, week: int) -> None:
        """Order for the warehouses; small orders wait until they reach the supplier's minimum value."""
        position = self.on_hand + self.on_order - self._backorders()
        needs = np.where(self.policy.is_store, 0.0, self.policy.needs(week, position))
        quantity = self.policy.in_packs(needs)
        pair = np.flatnonzero(quantity)
        product = self.assortment.pair_product[pair]
        supplier = self.assortment.supplier[product]
        order = self.assortment.pair_site[pair] * 100 + supplier
        value = quantity[pair] * self.assortment.column("unit_cost")[product]
        enough = np.bincount(order, weights=value)[order] >= self.assortment.minimum_order_value[supplier]
        pair, supplier, order = pair[enough], supplier[enough], order[enough]
        units = quantity[pair]
        self.on_order[pair] += units
        self.ledger.purchases.append((pair, units, np.full(len(pair), week)))
        order_day = 7 * week + open_day(self.is_open[week], 0)
        coming = self.suppliers.deliver(order_day, supplier, order, units)
        self.ledger.receipts.append(
            (coming.line + self.purchases_so_far, coming.day, coming.quantity, coming.rejected)
        )
        self.purchases_so_far += len(pair)
        arrival = np.minimum(coming.day // 7, len(self.arriving_gross) - 2)
        late = (coming.day % 7 > 1).astype(np.int64)
        np.add.at(self.arriving, (late, arrival, pair[coming.line]), coming.quantity - coming.rejected)
        # what comes later in this week leaves on_order only at the next review: position counts it once
        np.add.at(self.arriving_gross, (arrival + late, pair[coming.line]), coming.quantity)

    def _sell(self, week: int) -> None:
        lines = self._wanted(week)
        lost_chance, cancelled_chance = self._disappointment(lines)
        luck = self.selling_rng.random(len(lines.pair))
        fate = np.where(luck < lost_chance, LOST, BACKORDER)
        fate = np.where((luck >= lost_chance) & (luck < lost_chance + cancelled_chance), CANCELLED, fate)
        reachable = self.on_hand - self._backorders().clip(max=self.on_hand)
        shipped = serve_in_turn(lines.pair, lines.quantity, reachable, fate == BACKORDER)
        service = Service(shipped, np.where(shipped == lines.quantity, SHIPPED, fate))
        service = self._leave_open(week, lines, service)
        self._take_out(lines.pair, service.shipped)
        self._write_down(week, lines, service, reachable)
        self._disappoint(week, lines, service)

    def _wanted(self, week: int) -> WantedLines:
        is_alive = (self.customers.birth <= week) & (self.death_week > week)
        asked = self.campaigns.orders_in(week, is_alive)
        weight = self.customers.rate * is_alive * self.campaigns.appetite(week)
        base = self.world.demand.draw_lines(week, self.demand_rng)
        extra = self.world.demand.draw_units(asked.pair, self.selling_rng)
        market = Market(self.world.network, self.assortment.pair_site, self.customers, weight)
        return want(base, (asked, extra), market, self.is_open[week], self.selling_rng)

    def _disappointment(self, lines: WantedLines) -> tuple[Floats, Floats]:
        at_warehouse = self.assortment.pair_site[lines.pair] < self.world.network.warehouses
        kind = np.where(lines.customer < 0, 0, np.where(at_warehouse, 2, 1))
        return LOST_CHANCE[kind], CANCELLED_CHANCE[kind]

    def _leave_open(self, week: int, lines: WantedLines, service: Service) -> Service:
        """Deliveries asked for at the end of the last week have not left yet."""
        if week < self.size.weeks - 1:
            return service
        is_late = lines.is_delivered & (lines.day >= 4) & (service.fate == SHIPPED)
        held = np.bincount(
            lines.pair[is_late], weights=lines.quantity[is_late], minlength=self.assortment.pairs
        )
        self.ledger.allocated[week] += held
        return Service(np.where(is_late, 0.0, service.shipped), np.where(is_late, OPEN, service.fate))

    def _write_down(self, week: int, lines: WantedLines, service: Service, reachable: Floats) -> None:
        number = self.lines_so_far + np.arange(len(lines.pair))
        ledger, pairs = self.ledger, self.assortment.pairs
        sent = service.shipped > 0
        day = ship_days(lines, self.is_open[week])
        ledger.shipped.append((number[sent], service.shipped[sent], 7 * week + day[sent]))
        owed = np.where(service.fate == BACKORDER, lines.quantity - service.shipped, 0.0)
        self._set_waiting(
            np.r_[self.waiting_line, number],
            np.r_[self.waiting_pair, lines.pair],
            np.r_[self.waiting_units, owed],
        )
        is_lost = service.fate == LOST
        base = np.where(lines.is_extra, 0.0, lines.quantity)
        ledger.base_units[week] = np.bincount(lines.pair, weights=base, minlength=pairs)
        ledger.extra_units[week] = np.bincount(lines.pair, weights=lines.quantity - base, minlength=pairs)
        ledger.lost_units[week] = np.bincount(lines.pair, weights=lines.quantity * is_lost, minlength=pairs)
        recorded = np.bincount(lines.pair, weights=lines.quantity * ~is_lost, minlength=pairs)
        ledger.outflow[week] += recorded
        ledger.in_stock_share[week] = _in_stock_share(lines, service, reachable)
        ledger.lines.append(lines)
        ledger.fate.append(service.fate)
        ledger.line_week.append(np.full(len(lines.pair), week))
        ledger.basket.append(self.baskets_so_far + lines.basket)
        self.lines_so_far += len(lines.pair)
        self.baskets_so_far += int(lines.basket.max(initial=-1)) + 1

    def _disappoint(self, week: int, lines: WantedLines, service: Service) -> None:
        """Each customer who met a shortage this week may leave, by harm group."""
        self.campaigns.see(week, lines.customer[service.fate != LOST])
        met = np.unique(lines.customer[(service.fate > OPEN) & (lines.customer >= 0)])
        leaves = self.selling_rng.random(len(met)) < LEAVE_PROBABILITY[self.customers.harm[met]]
        gone = met[leaves]
        self.death_week[gone] = np.minimum(self.death_week[gone], week + 1)

    def _send_transfers(self, week: int) -> None:
        """Send stores what they ask for while it lasts, in random order of the stores."""
        position = self.on_hand + self.on_order - self._backorders()
        needs = np.where(self.policy.is_store, self.policy.needs(week + 1, position), 0.0)
        pair = np.flatnonzero(needs)
        source = self.assortment.pair_source[pair]
        order = np.lexsort((self.selling_rng.random(len(pair)), source))
        pair, source = pair[order], source[order]
        free = self.on_hand - self.ledger.allocated[week]
        units = serve_parts(source, needs[pair], free)
        sent = units > 0
        pair, source, units = pair[sent], source[sent], units[sent]
        delay = 1 + (self.selling_rng.random(len(pair)) < LATE_TRANSFER_CHANCE)
        self._take_out(source, units)
        self.on_order[pair] += units
        np.add.at(self.transfers_due, (week + delay, pair), units)
        np.add.at(self.ledger.outflow[week], source, units)
        self.ledger.transfers.append((pair, units, np.full(len(pair), week), week + delay))

    def _close(self, week: int) -> None:
        self.ledger.on_hand[week] = self.on_hand
        promised = self.ledger.allocated[week] + self._backorders()
        self.ledger.allocated[week] = np.minimum(self.on_hand, promised)
        store = self.policy.is_store
        self.ledger.transfer_in_transit[week, store] = self.on_order[store]


def serve_parts(pair: Ints, wanted: Floats, on_hand: Floats) -> Floats:
    """Serve sorted requests from the stock of their pair, the last one in part."""
    before = running_sum_by_group(pair, wanted) - wanted
    return np.clip(on_hand[pair] - before, 0.0, wanted)


def serve_in_turn(pair: Ints, wanted: Floats, on_hand: Floats, can_split: Flags) -> Floats:
    """Serve sorted lines from the stock of their pair, whole lines where they cannot be split.

    A line that is too large is passed over, and a later smaller one may still be served.

    Parameters
    ----------
    pair, wanted, can_split
        One value per line, sorted by pair and time.
    on_hand
        Units by pair.

    Returns
    -------
    numpy.ndarray
        Units shipped per line.
    """
    shipped = np.zeros(len(pair))
    left = on_hand.copy()
    waiting = np.arange(len(pair))
    while len(waiting):
        group, units = pair[waiting], wanted[waiting]
        reached = running_sum_by_group(group, units)
        fits = reached <= left[group]
        short = np.flatnonzero(~fits)
        first_short = short[np.r_[True, group[short][1:] != group[short][:-1]]] if len(short) else short
        shipped[waiting[fits]] = units[fits]
        left = left - np.bincount(group[fits], weights=units[fits], minlength=len(left))
        split = first_short[can_split[waiting[first_short]]]
        shipped[waiting[split]] = left[group[split]]
        left[group[split]] = 0.0
        fits[first_short] = True  # decided
        waiting = waiting[~fits & (left[group] > 0)]
    return shipped


def open_day(is_open: Flags, day: int) -> int:
    """Return the first open day of the week from `day` on, else the last one before it."""
    later = [d for d in range(day, 6) if is_open[d]]
    earlier = [d for d in range(day) if is_open[d]]
    return later[0] if later else (earlier[-1] if earlier else day)


def ship_days(lines: WantedLines, is_open: Flags) -> Ints:
    """Return the weekday each line leaves: at once if carried home or in a rush, else the next open day.

    Nothing leaves after the week it was asked for in, so the weekly ledger closes.
    """
    following = np.array([max(open_day(is_open, min(d + 1, 5)), d) for d in range(7)])
    return np.where(lines.is_delivered & ~lines.is_rush, following[lines.day], lines.day)


def _in_stock_share(lines: WantedLines, service: Service, reachable: Floats) -> Floats:
    """Return by pair the share of the six selling days before the first line that could not be served."""
    share = np.where(reachable > 0, 1.0, 0.0)
    missed = service.fate > OPEN
    first = np.full(len(reachable), 6)
    np.minimum.at(first, lines.pair[missed], lines.day[missed])
    return np.minimum(share, first / 6)
