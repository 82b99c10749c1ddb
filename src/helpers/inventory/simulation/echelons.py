"""Sites that supply sites: in which order they are asked, and how what is short is shared out.

With source(i) the series that supplies series i (−1 = from outside), a series without source is a root, and
depth(i) is the number of steps to its root. Levels are played from the deepest up. Where the needs q_i of the
series below j exceed what j has on hand, A = I_j⁺, all get the same share of their need, s = A ÷ Σ q:

    shipped_i = s q_i                                      or, in whole units with s = ⌊A⌋ ÷ Σ q,
    shipped_i = min( q_i, ⌊s C_i + u⌋ − ⌊s C_{i−1} + u⌋ )  with C_i = q_1 + ... + q_i, u = frac(0.618... t)

which adds up to ⌊A⌋, is less than one unit off s q_i, and favours no series in the long run, since u moves on
from week to week (systematic sampling). Needs that are not shipped are not owed.

Source: Zipkin, Foundations of Inventory Management (2000), section 8.6 (distribution systems, allocation);
Cochran, Sampling Techniques (3rd ed., 1977), section 8.1 (systematic sampling).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from helpers.inventory.arguments import Floats
from helpers.inventory.simulation.policy_rules import ROUNDING

GOLDEN = (5**0.5 - 1) / 2  # its multiples fill 0–1 evenly

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Level:
    """Series of a chunk that are equally deep.

    Parameters
    ----------
    rows
        Where they stand in the chunk, those of one source side by side.
    sources
        Rows of the series that supply them; none at the top.
    starts
        Where in the level the series of each source begin.
    """

    rows: slice
    sources: Rows
    starts: Rows

    def add_up(self, values: Floats) -> Floats:
        """Sum over the series of each source, sources × paths."""
        return np.asarray(np.add.reduceat(values, self.starts, axis=0))

    def hand_down(self, values: NDArray[Any]) -> NDArray[Any]:
        """Repeat what holds for a source for each of its series."""
        return np.repeat(values, np.diff(self.starts, append=self.rows.stop - self.rows.start), axis=0)


@dataclass(frozen=True, eq=False)
class Chunk:
    """Series that are played together: whole trees, the deepest level first.

    Parameters
    ----------
    chosen
        Numbers of the series in the case.
    levels
        From the deepest up; the last one orders from outside.
    """

    chosen: Rows
    levels: tuple[Level, ...]

    @property
    def supplied(self) -> int:
        """Number of series that have a source; they stand first."""
        return int(self.levels[-1].rows.start)

    @property
    def part(self) -> slice | Rows:
        """What picks these series from an array of the case; a slice, and so a view, where they adjoin."""
        first, last = int(self.chosen[0]), int(self.chosen[-1])
        adjoin = not self.supplied and last - first + 1 == len(self.chosen)
        return slice(first, last + 1) if adjoin else self.chosen


def find_wrong_source(source: Rows) -> list[str]:
    """Return what is wrong with the sources, as sentences."""
    number = np.arange(len(source))
    outside = (source < -1) | (source >= len(source))
    if outside.any():
        row = int(outside.argmax())
        return [
            f"'source' of series {row} is {source[row]}. Give the row of a series, "
            f"0 to {len(source) - 1}, or -1 for an outside supplier."
        ]
    reached = number
    for _ in number:
        reached = np.where(reached >= 0, source[reached], -1)
        if (reached < 0).all():
            return []
    row = int((reached >= 0).argmax())
    return [f"'source' of series {row} leads back to itself. Let every series end at one with -1."]


def chunks(source: Rows | None, series: int, most: int) -> Iterator[Chunk]:
    """Cut a case into chunks of at most `most` series, but never through a tree."""
    if source is None:
        for start in range(0, series, most):
            chosen = np.arange(start, min(start + most, series))
            yield Chunk(chosen, (_top(0, len(chosen)),))
        return
    depth, root = _climb(source)
    by_tree = np.lexsort((np.arange(series), root))
    ends = np.append(np.flatnonzero(np.diff(root[by_tree])) + 1, series).tolist()
    start = 0
    for end, after in zip(ends, [*ends[1:], None], strict=True):
        if after is None or after - start > most:
            yield _chunk(by_tree[start:end], source, depth)
            start = end


def _climb(source: Rows) -> tuple[Rows, Rows]:
    """Depth and root of every series."""
    depth, root = np.zeros_like(source), np.arange(len(source))
    while (source[root] >= 0).any():
        depth += source[root] >= 0
        root = np.where(source[root] >= 0, source[root], root)
    return depth, root


def _chunk(members: Rows, source: Rows, depth: Rows) -> Chunk:
    chosen = members[np.lexsort((members, source[members], -depth[members]))]
    place = dict(zip(chosen.tolist(), range(len(chosen)), strict=True))
    levels, depths = [], depth[chosen]
    for number in range(int(depths[0]), 0, -1):
        start, stop = np.searchsorted(-depths, [-number, -number + 1]).tolist()
        above = source[chosen[start:stop]]
        starts = np.flatnonzero(np.diff(above, prepend=-1))
        sources = np.array([place[row] for row in above[starts].tolist()], dtype="int64")
        levels.append(Level(slice(start, stop), sources, starts))
    top = int(np.searchsorted(-depths, 0))
    return Chunk(chosen, (*levels, _top(top, len(chosen))))


def _top(start: int, stop: int) -> Level:
    none = np.zeros(0, dtype="int64")
    return Level(slice(start, stop), none, none)


def share_out(needs: Floats, available: Floats, level: Level, whole: bool, week: int) -> Floats:
    """Return what each series of a level gets, series × paths.

    Parameters
    ----------
    needs
        q, units, series × paths.
    available
        A, units on hand at each source, sources × paths.
    level
        Which series belong to which source.
    whole
        Whether only whole units are shipped where there is too little.
    week
        t, for the rounding.
    """
    asked = level.add_up(needs)
    is_short = asked > available + ROUNDING
    if not is_short.any():
        return needs
    there = np.floor(available + ROUNDING) if whole else available
    share = level.hand_down(np.where(is_short, there / np.where(is_short, asked, 1.0), 1.0))
    if not whole:
        return np.asarray(needs * share)
    return np.where(level.hand_down(is_short), _in_whole_units(needs, share, level, week), needs)


def _in_whole_units(needs: Floats, share: Floats, level: Level, week: int) -> Floats:
    running = np.zeros((len(needs) + 1, needs.shape[1]))
    np.cumsum(needs, axis=0, out=running[1:])
    before = level.hand_down(running[level.starts])
    offset = week * GOLDEN % 1 + ROUNDING
    upper = np.floor((running[1:] - before) * share + offset)
    lower = np.floor((running[:-1] - before) * share + offset)
    return np.asarray(np.minimum(upper - lower, needs))
