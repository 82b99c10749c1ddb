"""The incumbent's min–max policy, and suppliers that keep their word more or less.

Reviewed every Monday at a warehouse and every Saturday at a store, per product:

    if inventory_position ≤ s: order S − inventory_position, rounded up to packs
    s = f · (L + c_safety)        S = s + f · c_order

with f the mean weekly outflow of the last quarter (refreshed once a quarter, blind to season and
promotions: that is why it runs short) and L the promised lead time in weeks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.contract.sample.arrays import Flags, Floats, Ints
from helpers.contract.sample.assortment import Assortment
from helpers.contract.sample.demand import DemandProcess
from helpers.contract.sample.settings import SampleSize

QUARTER = 13
SAFETY_WEEKS = (3.8, 2.2)  # warehouse, store
ORDER_WEEKS = (3.0, 2.5)
LAST_ORDER_WEEKS = 2  # before the end of sale nothing more is bought

LATENESS = np.array([1.00, 1.40, 1.05, 1.00, 1.05, 1.08])  # true mean ÷ promised lead time, by supplier
DRIFT = np.array([0.0, 0.0, 0.0, 0.8, 0.0, 0.0])  # added to it over the whole history
SPREAD = np.array([0.08, 0.22, 0.12, 0.12, 0.12, 0.10])  # standard deviation ÷ promised lead time
PART_CHANCE = np.array([0.04, 0.06, 0.60, 0.05, 0.05, 0.05])
SHUT_SUPPLIER = 4
SHUT_FROM_SHARE = 0.6
SHUT_WEEKS = 7
REJECT_CHANCE = 0.015


@dataclass(frozen=True)
class Deliveries:
    """What suppliers will bring for one batch of order lines; one value per receipt."""

    line: Ints
    day: Ints
    quantity: Floats
    rejected: Floats


class Policy:
    """Min and max levels of every pair."""

    def __init__(
        self,
        size: SampleSize,
        assortment: Assortment,
        demand: DemandProcess,
        rng: np.random.Generator,
    ) -> None:
        product = assortment.pair_product
        self.is_store = assortment.pair_source >= 0
        lead_days = assortment.lead_time_days[assortment.supplier][product]
        self.lead_weeks = np.where(self.is_store, 1.0, lead_days / 7)
        self.terms_case = assortment.column("units_per_case")[product]
        far = assortment.supplier[product] == 5
        self.minimum_quantity = np.where(far, 4, 2) * self.terms_case
        self.launch = assortment.lives.launch[product]
        self.end = assortment.lives.end[product]
        early = np.where(self.is_store, 2, np.ceil(self.lead_weeks) + 3).astype(np.int64)
        self.active_from = np.where(self.launch >= 0, np.maximum(self.launch - early, 0), 0)
        self.guess = _buyers_guess(size, assortment, demand) * rng.lognormal(0, 0.25, assortment.pairs)
        self.minimum = np.zeros(assortment.pairs)
        self.maximum = np.zeros(assortment.pairs)
        self.set_levels(0, np.zeros((0, assortment.pairs)))

    def set_levels(self, week: int, outflow: Floats) -> None:
        """Set s and S from the outflow so far (weeks × pairs); young products go by the buyer's guess."""
        has_history = week - np.maximum(self.launch, 0) >= QUARTER
        recent = outflow[-QUARTER:].mean(axis=0) if len(outflow) else self.guess
        flow = np.where(has_history, recent, self.guess)
        store = self.is_store.astype(np.int64)
        safety, order = np.array(SAFETY_WEEKS)[store], np.array(ORDER_WEEKS)[store]
        floor = np.where(self.is_store, 1.0, 2.0)
        self.minimum = np.maximum(np.ceil(flow * (self.lead_weeks + safety)), floor)
        self.maximum = self.minimum + np.maximum(np.ceil(flow * order), 1.0)

    def needs(self, week: int, position: Floats) -> Floats:
        """Return the units that each pair asks for."""
        is_bought = (week >= self.active_from) & (week <= self.end - LAST_ORDER_WEEKS)
        return np.where(is_bought & (position <= self.minimum), self.maximum - position, 0.0)

    def in_packs(self, needs: Floats) -> Floats:
        """Round needs up to the supplier's packs and minimum."""
        packed = np.ceil(np.maximum(needs, self.minimum_quantity) / self.terms_case) * self.terms_case
        return np.where(needs > 0, packed, 0.0)


class Suppliers:
    """Draws when, in how many parts, and how well suppliers deliver."""

    def __init__(
        self, size: SampleSize, assortment: Assortment, is_open: Flags, rng: np.random.Generator
    ) -> None:
        self.size = size
        self.promised = assortment.lead_time_days
        self.rng = rng
        self.receiving_day = _next_working_day(is_open)
        start = int(SHUT_FROM_SHARE * size.weeks)
        self.shut_days = (7 * start, 7 * (start + SHUT_WEEKS))

    def deliver(self, order_day: int, supplier: Ints, order: Ints, quantity: Floats) -> Deliveries:
        """Draw the receipts for order lines; the lines of one purchase order travel together."""
        orders, own = np.unique(order, return_inverse=True)
        noise = self.rng.normal(size=len(orders))[own]
        age = min(order_day / self.size.days, 1.0)
        days = LATENESS[supplier] + DRIFT[supplier] * age + SPREAD[supplier] * noise
        first = order_day + np.maximum(np.rint(self.promised[supplier] * days), 2).astype(np.int64)
        line, day, part = self._split(supplier, first, quantity)
        day = self.arrival_day(supplier[line], day)
        is_bad = self.rng.random(len(line)) < REJECT_CHANCE
        share = self.rng.uniform(0.05, 0.3, len(line))
        return Deliveries(line, day, part, np.where(is_bad, np.ceil(part * share), 0.0))

    def truth(self) -> pd.DataFrame:
        """Return the true lead time distribution of each supplier.

        Returns
        -------
        pandas.DataFrame
            supplier_id, promised_days, mean_days_start, mean_days_end, sd_days, part_chance, shut_from,
            shut_to (first and last closed day). Means hold before weekends, holidays and the shut-down.
        """
        count = len(self.promised)
        shut = np.arange(count) == SHUT_SUPPLIER
        first, last = self.size.date(np.array(self.shut_days) - [0, 1]).astype("datetime64[ns]")
        return pd.DataFrame(
            {
                "supplier_id": [f"SUP{number + 1}" for number in range(count)],
                "promised_days": self.promised,
                "mean_days_start": np.round(self.promised * LATENESS, 1),
                "mean_days_end": np.round(self.promised * (LATENESS + DRIFT), 1),
                "sd_days": np.round(self.promised * SPREAD, 1),
                "part_chance": PART_CHANCE,
                "shut_from": pd.Series([first if is_shut else pd.NaT for is_shut in shut]),
                "shut_to": pd.Series([last if is_shut else pd.NaT for is_shut in shut]),
            }
        )

    def _split(self, supplier: Ints, first: Ints, quantity: Floats) -> tuple[Ints, Ints, Floats]:
        """Cut some lines into two or three receipts, the rest coming one to two weeks apart."""
        count = len(supplier)
        in_parts = (self.rng.random(count) < PART_CHANCE[supplier]) & (quantity > 3)
        one = np.where(in_parts, np.rint(quantity * self.rng.uniform(0.4, 0.7, count)), quantity)
        has_third = in_parts & (self.rng.random(count) < 0.35)
        two = np.where(has_third, np.floor((quantity - one) / 2), quantity - one)
        three = quantity - one - two
        gap = self.rng.integers(5, 15, count)
        line = np.tile(np.arange(count), 3)
        day = np.r_[first, first + gap, first + 2 * gap]
        part = np.r_[one, two, three]
        kept = part > 0
        return line[kept], day[kept], part[kept]

    def arrival_day(self, supplier: Ints, day: Ints) -> Ints:
        """Return the days moved to working days, and behind the shut-down of the supplier that has one."""
        start, stop = self.shut_days
        day = self.receiving_day[day]
        is_shut = (supplier == SHUT_SUPPLIER) & (day >= start) & (day < stop)
        return self.receiving_day[np.where(is_shut, stop + self.rng.integers(0, 12, len(day)), day)]


def _next_working_day(is_open: Flags) -> Ints:
    """Return for each day the next one on which goods are received (Monday to Friday, open)."""
    flags = np.concatenate([is_open, np.tile([[True] * 6 + [False]], (60, 1))])
    flags[:, 5] = False
    flags = flags.ravel()
    following = np.where(flags, np.arange(len(flags)), len(flags) - 3)
    return np.asarray(np.minimum.accumulate(following[::-1])[::-1], dtype=np.int64)


def _buyers_guess(size: SampleSize, assortment: Assortment, demand: DemandProcess) -> Floats:
    """Return the weekly outflow a buyer expects before there is history; warehouses feed stores too."""
    start = np.maximum(assortment.lives.launch[assortment.pair_product], 0)
    window = np.minimum(start[None, :] + np.arange(QUARTER)[:, None], size.all_weeks - 1)
    own = np.take_along_axis(demand.mean, window, axis=0).mean(axis=0)
    total = own.copy()
    store = np.flatnonzero(assortment.pair_source >= 0)
    np.add.at(total, assortment.pair_source[store], own[store])
    return total
