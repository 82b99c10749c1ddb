"""What is to be ordered, from whom, and what it costs: the arrays that an order plan is made from.

Item i is a product at a site, option o a way to get it (a supplier, or another mode of the same one). An
order of q units in week s counts from week s + L_o on. With x the cumulated supply of an item in week t and
P equally likely points D of its cumulated demand until the end of week t (D⁻ until the end of week t − 1):

    held_t(x)  = mean (x − D)⁺
    short_t(x) = mean (D − x)⁺ − mean (D⁻ − x)⁺            units not served in their week
    cost = Σ_o,s ( c_o(q) q + K_o [q > 0] ) + Σ_t ( h held_t + p short_t ) − v held_T + w mean (D_T − x)⁺

v is what a unit left at the end is worth, w what a unit still owed costs: w is the lowest unit cost of the
item (price break included) and v = salvage share × w. With a share of 1 the purchase of a unit nets out:
only when it is bought matters.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from helpers.inventory.arguments import Floats, find_wrong, refuse

Flags = NDArray[np.bool_]
Integers = NDArray[np.int64]
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class OrderItems:
    """Products at sites: what is there, what is wanted, what too much and too little costs.

    Parameters
    ----------
    keys
        n rows that name the items, such as product_id and site_id.
    supply
        Cumulated units by each week without new orders, n × T: on hand plus what is coming, less what is
        owed; may be negative.
    demand_until
        D, units, n × T × P: equally likely points of the cumulated demand until the end of each week.
    demand_before
        D⁻, units, n × T × P: the same until the end of the week before, with the same window of risk.
    holding_cost
        h, money per unit and week; one, or one per item (as all that follow).
    stockout_cost
        p, money per unit not served in its week.
    volume, weight
        m³ and kg per unit.
    salvage_share
        Share of the lowest unit cost that a unit left at the end is worth, 0–1; 0 for products that end.

    Raises
    ------
    ParameterError
        A shape does not match, or a number is out of bounds; all findings at once.
    """

    keys: pd.DataFrame
    supply: ArrayLike
    demand_until: ArrayLike
    demand_before: ArrayLike
    holding_cost: ArrayLike
    stockout_cost: ArrayLike
    volume: ArrayLike = 0.0
    weight: ArrayLike = 0.0
    salvage_share: ArrayLike = 1.0

    def __post_init__(self) -> None:
        """Give every number its full shape, and refuse what cannot be meant."""
        object.__setattr__(self, "keys", self.keys.reset_index(drop=True))
        for name in ("supply", "demand_until", "demand_before"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype="float64"))
        supply, until, before = self.arrays
        count = len(self.keys)
        findings = []
        if supply.ndim != 2 or len(supply) != count or not supply.shape[1]:
            findings.append(f"'supply' has the shape {supply.shape} for {count} items. Give items × weeks.")
        for name, points in (("demand_until", until), ("demand_before", before)):
            if points.ndim != 3 or points.shape[:2] != supply.shape or not points.shape[2]:
                said = f"'{name}' has the shape {points.shape} beside 'supply' {supply.shape}. "
                findings.append(said + "Give items × weeks × points.")
        findings += _fill(self, PER_ITEM, count, "items")
        refuse("OrderItems", findings)
        refuse("OrderItems", _wrong_items(self))

    @property
    def arrays(self) -> tuple[Floats, Floats, Floats]:
        """Supply, demand until and demand before, as arrays."""
        return np.asarray(self.supply), np.asarray(self.demand_until), np.asarray(self.demand_before)

    @property
    def weeks(self) -> int:
        """T."""
        return int(np.shape(self.supply)[1])

    def per_item(self, name: str) -> Floats:
        """Return a cost or size, one per item."""
        return np.asarray(getattr(self, name), dtype="float64")

    def __len__(self) -> int:
        return len(self.keys)


PER_ITEM = ("holding_cost", "stockout_cost", "volume", "weight", "salvage_share")


def _wrong_items(items: OrderItems) -> Iterator[str]:
    supply, until, before = items.arrays
    yield from find_wrong("not negative", {name: items.per_item(name) for name in PER_ITEM})
    if (items.per_item("salvage_share") > 1).any():
        yield "'salvage_share' is above 1. Give a share between 0 and 1."
    if not np.isfinite(supply).all():
        yield "'supply' holds numbers that are not finite. Give units."
    yield from find_wrong("not negative", {"demand_until": until, "demand_before": before})
    sunk = np.sort(until, axis=2) < np.sort(before, axis=2) - 1e-6
    if sunk.any():
        first = items.keys.iloc[int(np.argmax(sunk.any(axis=(1, 2))))].to_dict()
        yield (
            f"'demand_before' is above 'demand_until' for {int(sunk.any(axis=(1, 2)).sum())} items (first: "
            f"{first}). Cumulated demand does not fall: give both with the same window of risk."
        )


@dataclass(frozen=True, eq=False)
class OrderOptions:
    """Ways to get the items: one row per item and supplier or mode.

    Parameters
    ----------
    keys
        m rows that name the options, such as supplier_id and lane; no column may be one of the items'.
    item
        Position of the item among `OrderItems`, per option.
    lead_time
        L, whole weeks: an order of week s counts from week s + L on; one, or one per option (as all that
        follow).
    unit_cost
        c, money per unit.
    minimum_quantity
        Units of the smallest order.
    order_multiple
        Units of a lot; orders are whole lots.
    break_quantity, break_cost
        From so many units on, all units of the order cost `break_cost`; infinite: no break.
    fixed_cost
        K, money per order line.
    capacity
        Units that the option gives in a week; infinite: no limit.
    order_weeks
        Whether it may be ordered, m × T, or T weeks for all.

    Raises
    ------
    ParameterError
        A shape does not match, or a number is out of bounds; all findings at once.
    """

    keys: pd.DataFrame
    item: ArrayLike
    lead_time: ArrayLike
    unit_cost: ArrayLike
    minimum_quantity: ArrayLike = 0.0
    order_multiple: ArrayLike = 1.0
    break_quantity: ArrayLike = np.inf
    break_cost: ArrayLike = 0.0
    fixed_cost: ArrayLike = 0.0
    capacity: ArrayLike = np.inf
    order_weeks: ArrayLike = True

    def __post_init__(self) -> None:
        """Give every number its full shape, and refuse what cannot be meant."""
        object.__setattr__(self, "keys", self.keys.reset_index(drop=True))
        findings = _fill(self, ("item", "lead_time"), len(self.keys), "options", "int64")
        findings += _fill(self, PER_OPTION, len(self.keys), "options")
        refuse("OrderOptions", findings)
        refuse("OrderOptions", _wrong_options(self))
        has_break = np.isfinite(self.per_option("break_quantity"))
        cost = np.where(has_break, self.per_option("break_cost"), self.per_option("unit_cost"))
        object.__setattr__(self, "break_cost", cost)

    def per_option(self, name: str) -> Floats:
        """Return a cost or quantity, one per option."""
        return np.asarray(getattr(self, name), dtype="float64")

    def whole(self, name: str) -> Integers:
        """Return `item` or `lead_time`."""
        return np.asarray(getattr(self, name), dtype="int64")

    def open_weeks(self, weeks: int) -> Flags:
        """Whether an order of a week is allowed and arrives within the horizon, m × T."""
        allowed = np.broadcast_to(np.asarray(self.order_weeks, dtype="bool"), (len(self.keys), weeks))
        return allowed & (np.arange(weeks) + self.whole("lead_time")[:, None] < weeks)

    def __len__(self) -> int:
        return len(self.keys)


PER_OPTION = (
    *("unit_cost", "minimum_quantity", "order_multiple", "break_quantity", "break_cost"),
    *("fixed_cost", "capacity"),
)


def _wrong_options(options: OrderOptions) -> Iterator[str]:
    finite = ("unit_cost", "minimum_quantity", "break_cost", "fixed_cost", "lead_time", "item")
    yield from find_wrong("not negative", {name: options.per_option(name) for name in finite})
    yield from find_wrong("positive", {"order_multiple": options.per_option("order_multiple")})
    for name in ("break_quantity", "capacity"):
        if not (options.per_option(name) > 0).all():
            yield f"'{name}' is not above 0 everywhere. Give units, or infinity for none."
    has_break = np.isfinite(options.per_option("break_quantity"))
    dearer = has_break & (options.per_option("break_cost") > options.per_option("unit_cost"))
    if dearer.any():
        yield f"'break_cost' is above 'unit_cost' in {int(dearer.sum())} options. A break lowers the cost."
    lot = np.maximum(options.per_option("order_multiple"), ROUNDING)
    lots = np.maximum(np.ceil(options.per_option("minimum_quantity") / lot - ROUNDING), 1.0)
    small = options.per_option("capacity") < lots * lot
    if small.any():
        yield (
            f"'capacity' is below the smallest order in {int(small.sum())} options (first: row "
            f"{int(np.argmax(small))}). Nothing could be ordered: leave the option out."
        )


def check_together(items: OrderItems, options: OrderOptions) -> None:
    """Refuse options that belong to no item, or have other weeks or the same names."""
    findings = []
    item = options.whole("item")
    if len(item) and item.max() >= len(items):
        findings.append(f"'item' of the options goes up to {item.max()}, but there are {len(items)} items.")
    shape, wanted = np.shape(options.order_weeks), (len(options), items.weeks)
    if shape not in {(), wanted[1:], wanted}:
        findings.append(f"'order_weeks' has the shape {shape}. Give options × weeks {wanted}.")
    both = items.keys.columns.intersection(options.keys.columns)
    if len(both):
        findings.append(f"Items and options both have the key {list(both)}. Name it once.")
    refuse("plan_orders", findings)


def end_values(items: OrderItems, options: OrderOptions) -> tuple[Floats, Floats]:
    """Return v and w per item: money of a unit left at the end, and of a unit still owed."""
    lowest = np.full(len(items), np.inf)
    np.minimum.at(lowest, options.whole("item"), options.per_option("break_cost"))
    lowest[np.isinf(lowest)] = 0.0
    return items.per_item("salvage_share") * lowest, lowest


def _fill(owner: Any, names: tuple[str, ...], count: int, what: str, kind: str = "float64") -> list[str]:
    """Give each field its full length; return what does not fit."""
    findings = []
    for name in names:
        given = np.asarray(getattr(owner, name))
        if given.shape not in {(), (count,)}:
            findings.append(
                f"'{name}' has the shape {given.shape} for {count} {what}. Give one, or one each."
            )
        elif kind == "int64" and not (np.mod(given, 1) == 0).all():
            findings.append(f"'{name}' holds numbers that are not whole.")
        else:
            object.__setattr__(owner, name, np.broadcast_to(given.astype(kind), (count,)).copy())
    return findings
