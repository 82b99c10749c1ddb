"""The grid of supplies on which an item is planned: whole lots, or several where there are too many.

Item i may hold x_j = supply + j g, with g the greatest unit that divides the lots of all its options. Where
the horizon's need is more than `most_lots` of g, g becomes several lots; plans are then the best of whole
steps. Items with the same number of options and the same lots per grid step are planned together, in chunks
that fit the processor's cache.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, reduce
from math import gcd

import numpy as np

from helpers.inventory.arguments import Floats
from helpers.inventory.orders.curves import held_on_grid
from helpers.inventory.orders.problem import ROUNDING, Flags, Integers, OrderItems, OrderOptions, end_values

CELLS = 100_000  # items × grid points of a chunk
_FAR = 2.0  # a price break beyond so many times the horizon's need is left out
_UNIT = 10_000  # lots are told apart to 1/10,000 of a unit


@dataclass(frozen=True, eq=False)
class Steps:
    """Options on the grid: per option the grid points of a lot, and lots of an order.

    Parameters
    ----------
    unit
        g, units per grid point, per item.
    size
        J, grid points per item.
    stride
        Grid points per lot, per option.
    fewest, most
        Lots of an order at least and at most, per option.
    cheap
        Lots from which the price break holds, per option; −1 without one.
    """

    unit: Floats
    size: Integers
    stride: Integers
    fewest: Integers
    most: Integers
    cheap: Integers


NO_LIMIT = 2**31


def lay_grid(items: OrderItems, options: OrderOptions, most_lots: int) -> Steps:
    """Choose the grid of every item."""
    item, lot = options.whole("item"), options.per_option("order_multiple")
    supply, until, _ = items.arrays
    need = np.maximum((until.max(axis=2) - supply).max(axis=1), 0.0)
    unit = _common_unit(item, lot, need, most_lots)
    has_break = options.per_option("break_quantity") <= _FAR * need[item]
    floor = np.maximum(options.per_option("minimum_quantity"), lot)
    reach = np.maximum(floor, np.where(has_break, options.per_option("break_quantity"), 0.0))
    top = need.copy()
    np.maximum.at(top, item, need[item] + reach)
    coarse = _steps_of_lots(item, lot, unit, top, options.per_option("capacity"), most_lots)
    unit = unit * coarse
    stride = np.maximum(np.rint(lot / unit[item]).astype("int64"), 1)
    batch = stride * unit[item]
    fewest = np.maximum(np.ceil(options.per_option("minimum_quantity") / batch - ROUNDING), 1)
    cheap = np.where(has_break, np.ceil(options.per_option("break_quantity") / batch - ROUNDING), -1)
    most = np.minimum(np.floor(options.per_option("capacity") / batch + ROUNDING), NO_LIMIT)
    points = (np.ceil(need[item] / unit[item]) + np.maximum(fewest, cheap) * stride).astype("int64")
    size = np.ones(len(items), dtype="int64")
    np.maximum.at(size, item, points + 1)
    whole = [part.astype("int64") for part in (fewest, most, cheap)]
    return Steps(unit, size, stride, *whole)


def _common_unit(item: Integers, lot: Floats, need: Floats, most_lots: int) -> Floats:
    """Return the greatest unit that divides all lots of an item; one lot of all where that is too fine."""
    unit = np.ones(len(need))
    unit[item] = lot  # one option, or equal lots: the lot itself
    for i in np.unique(item[np.abs(lot - unit[item]) > ROUNDING]).tolist():
        whole = [round(one * _UNIT) for one in lot[item == i].tolist()]
        unit[i] = reduce(gcd, whole) / _UNIT
        together = float(reduce(_lcm, [Fraction(one, _UNIT) for one in whole]))
        if need[i] / unit[i] > most_lots and need[i] / together >= most_lots / 8:
            unit[i] = together
    return unit


def _lcm(one: Fraction, other: Fraction) -> Fraction:
    top = one.numerator * other.denominator
    bottom = other.numerator * one.denominator
    return Fraction(top * bottom // gcd(top, bottom), one.denominator * other.denominator)


def _steps_of_lots(
    item: Integers, lot: Floats, unit: Floats, top: Floats, capacity: Floats, most_lots: int
) -> Floats:
    """Return how many lots make a step: 1 where the need is within `most_lots`."""
    coarse = np.maximum(np.ceil(top / unit / most_lots - ROUNDING), 1.0)
    fits = np.full(len(top), np.inf)
    np.minimum.at(fits, item, np.floor(capacity / lot / 4))  # a weekly capacity holds four steps or more
    divides = np.ones(len(top), dtype="bool")
    np.logical_and.at(divides, item, unit[item] >= lot - ROUNDING)
    return np.where(divides, np.maximum(np.minimum(coarse, fits), 1.0), 1.0)


@dataclass(frozen=True, eq=False)
class Ways:
    """One option of each item of a chunk, arrays over items.

    Parameters
    ----------
    option
        Row among the options.
    stride
        Grid points per lot, the same for all items of the chunk.
    fewest, most, cheap
        Lots, as in `Steps`.
    is_capped
        Whether any item of the chunk has a weekly capacity that matters.
    """

    option: Integers
    stride: int
    fewest: Integers
    most: Integers
    cheap: Integers
    is_capped: bool

    @cached_property
    def fewest_cheap(self) -> Integers:
        """Lots from which an order gets the price break; more than any grid has without one."""
        return np.where(self.cheap > 0, np.maximum(self.fewest, self.cheap), NO_LIMIT)

    def places(self, fewest: Integers, lines: int) -> tuple[Integers, Flags]:
        """Return where on a grid of lots the entry `fewest` lots further on stands.

        It is asked for again at every week and price, so it is kept.

        Parameters
        ----------
        fewest
            `fewest` or `fewest_cheap`.
        lines
            Lots of the grid.

        Returns
        -------
        tuple
            Flat place per entry, lots × stride × items, and whether it lies beyond the grid.
        """
        key = fewest is self.fewest, lines
        if key not in self._places:
            line = np.arange(lines)[:, None, None] + fewest
            part = np.arange(self.stride)[:, None]
            inside = np.minimum(line, lines - 1)
            place = (inside * self.stride + part) * len(fewest) + np.arange(len(fewest))
            beyond = np.broadcast_to(line >= lines, place.shape)
            self._places[key] = place, beyond
        return self._places[key]

    def __getstate__(self) -> dict[str, object]:
        """What can be made again is not kept with a plan on disk."""
        return {name: value for name, value in vars(self).items() if name != "_places"}

    @cached_property
    def _places(self) -> dict[tuple[bool, int], tuple[Integers, Flags]]:
        return {}


@dataclass(frozen=True, eq=False)
class Chunk:
    """Items planned together; curves are T × J × items.

    Parameters
    ----------
    item
        Rows among the items.
    unit
        g, units per grid point.
    ways
        The options, one after the other.
    held, short
        Units at each grid point.
    stage
        h held + p short, and what is left or owed at the end: money at each grid point.
    """

    item: Integers
    unit: Floats
    ways: tuple[Ways, ...]
    held: Floats
    short: Floats
    stage: Floats

    @property
    def size(self) -> int:
        """J."""
        return int(self.held.shape[1])


def cut_chunks(items: OrderItems, options: OrderOptions, steps: Steps) -> tuple[Chunk, ...]:
    """Gather items of one kind and like size, and lay their curves."""
    options_of = _options_of(len(items), options.whole("item"))
    ends = end_values(items, options)
    return tuple(_chunk(items, chosen, options_of, steps, ends) for chosen in _alike(options_of, steps))


def _options_of(count: int, item: Integers) -> list[Integers]:
    order = np.argsort(item, kind="stable")
    starts = np.searchsorted(item[order], np.arange(count + 1))
    return [order[a:b] for a, b in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)]


def _alike(options_of: list[Integers], steps: Steps) -> Iterator[Integers]:
    kinds: dict[tuple[tuple[int, ...], bool], list[int]] = {}
    for i, rows in enumerate(options_of):
        strides = tuple(steps.stride[rows].tolist())
        capped = bool((steps.most[rows] * steps.stride[rows] < steps.size[i]).any())
        kinds.setdefault((strides, capped), []).append(i)
    for members in kinds.values():
        left = np.array(members)[np.argsort(steps.size[members], kind="stable")[::-1]]
        while len(left):
            many = max(1, CELLS // int(steps.size[left[0]]))
            yield np.sort(left[:many])
            left = left[many:]


def _chunk(
    items: OrderItems,
    chosen: Integers,
    options_of: list[Integers],
    steps: Steps,
    ends: tuple[Floats, Floats],
) -> Chunk:
    rows = np.stack([options_of[i] for i in chosen.tolist()])
    strides = [int(steps.stride[one]) for one in rows[0].tolist()]
    size, several = int(steps.size[chosen].max()), reduce(_whole_lcm, strides, 1)
    size = -(-size // several) * several
    unit = steps.unit[chosen]
    supply, until, before = (part[chosen] for part in items.arrays)
    held = held_on_grid(supply, unit, until, size)
    grown = (until.mean(axis=2) - before.mean(axis=2)).T[:, None, :]
    short = grown + held - held_on_grid(supply, unit, before, size)
    stage = items.per_item("holding_cost")[chosen] * held + items.per_item("stockout_cost")[chosen] * short
    worth, owed_cost = (part[chosen] for part in ends)
    last = supply[:, -1] + np.arange(size)[:, None] * unit
    owed = held[-1] - last + until[:, -1].mean(axis=1)
    stage[-1] += owed_cost * owed - worth * held[-1]
    ways = tuple(_ways(rows[:, k], stride, steps, size) for k, stride in enumerate(strides))
    return Chunk(chosen, unit, ways, held, short, stage)


def take_items(chunk: Chunk, wanted: Flags) -> Chunk | None:
    """Return the wanted items of a chunk; nothing where it has none.

    Parameters
    ----------
    wanted
        Per item of all chunks.
    """
    here = np.flatnonzero(wanted[chunk.item])
    if len(here) == len(chunk.item):
        return chunk
    if not len(here):
        return None
    ways = tuple(
        Ways(way.option[here], way.stride, way.fewest[here], way.most[here], way.cheap[here], way.is_capped)
        for way in chunk.ways
    )
    curves = (part[:, :, here] for part in (chunk.held, chunk.short, chunk.stage))
    return Chunk(chunk.item[here], chunk.unit[here], ways, *curves)


def repeat_chunk(chunk: Chunk, count: int, items: int, options: int) -> Chunk:
    """Return a chunk `count` times side by side, the rows of items and options counted on.

    Parameters
    ----------
    items, options
        How many there are in all: what the next copy's rows are further on.
    """
    if count == 1:
        return chunk

    def on(rows: Integers, by: int) -> Integers:
        return np.asarray((rows + by * np.arange(count)[:, None]).ravel())

    ways = tuple(
        Ways(
            option=on(way.option, options),
            stride=way.stride,
            fewest=np.tile(way.fewest, count),
            most=np.tile(way.most, count),
            cheap=np.tile(way.cheap, count),
            is_capped=way.is_capped,
        )
        for way in chunk.ways
    )
    curves = (np.tile(part, (1, 1, count)) for part in (chunk.held, chunk.short, chunk.stage))
    return Chunk(on(chunk.item, items), np.tile(chunk.unit, count), ways, *curves)


def _ways(option: Integers, stride: int, steps: Steps, size: int) -> Ways:
    most = steps.most[option]
    capped = bool((most * stride < size).any())
    return Ways(option, stride, steps.fewest[option], most, steps.cheap[option], capped)


def _whole_lcm(one: int, other: int) -> int:
    return one * other // gcd(one, other)
