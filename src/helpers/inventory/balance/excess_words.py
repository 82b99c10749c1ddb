"""Why there is excess and what to do about it, in a planner's words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from helpers.inventory.arguments import Floats
from helpers.inventory.supply.offers import PAIR

FALLEN = 0.8
LEAST_PRICE = 0.005
Pair = tuple[str, str]


def reasons(table: pd.DataFrame, trend: Floats, first_week: pd.Timestamp) -> pd.Series:
    """Return why each pair has excess: the gravest reason of each.

    Parameters
    ----------
    table
        Excess with end_date, weekly_demand, weeks_of_cover, on_order, obsolete_units, excess_units.
    trend
        Demand ahead ÷ demand of the last year; NaN where not known.
    first_week
        Monday of week 0.
    """
    ends = pd.to_datetime(table["end_date"])
    told = [
        (ends < first_week, "end of life: no longer sold"),
        ((table["weekly_demand"] <= 0) & ~np.isfinite(table["weeks_of_cover"]), "no demand"),
        (ends.notna() & (table["obsolete_units"] > 0), "end of life: more than sells before the end"),
        (table["excess_units"] <= table["on_order"], "more on order than needed"),
        (pd.Series(trend, table.index) < FALLEN, "demand fell below what was ordered"),
    ]
    conditions, words = [condition.to_numpy() for condition, _ in told], [word for _, word in told]
    return pd.Series(np.select(conditions, words, "more was bought than sells"), table.index, dtype=object)


def first_steps(lines: pd.DataFrame, moves: pd.DataFrame | None) -> dict[Pair, list[str]]:
    """Return what to cancel and to move away, as sentences per product and site.

    Parameters
    ----------
    lines
        Open lines that are not needed: po_id, line, open_units, not_needed_units, product_id, site_id.
    moves
        Transfers away from these pairs, as of `Transfers.table`; None where none are known.
    """
    steps: dict[Pair, list[str]] = {}
    for line in lines.itertuples(index=False):
        steps.setdefault((str(line.product_id), str(line.site_id)), []).append(_cancel(line))
    for move in () if moves is None else moves[moves["reason"] == "rebalance"].itertuples(index=False):
        steps.setdefault((str(move.product_id), str(move.from_site_id)), []).append(_move(move))
    return steps


def advise(table: pd.DataFrame, lines: pd.DataFrame, moves: pd.DataFrame | None) -> list[str]:
    """Return what to do about each pair's excess, one sentence per step.

    Parameters
    ----------
    table
        Excess with excess_units, obsolete_units, cancel_units, break_even_price, mark_down, run_down_date.
    lines, moves
        As of `first_steps`.
    """
    steps = first_steps(lines, moves)
    moved = pd.Series(0.0, pd.MultiIndex.from_frame(table[PAIR]))
    if moves is not None and len(moves):
        away = moves[moves["reason"] == "rebalance"].groupby(["product_id", "from_site_id"])["quantity"].sum()
        moved = away.reindex(moved.index).fillna(0.0)
    return [
        " ".join(
            ["Stop ordering.", *steps.get((str(row.product_id), str(row.site_id)), []), *_rest(row, gone)]
        )
        for row, gone in zip(table.itertuples(index=False), moved, strict=True)
    ]


def _cancel(row: Any) -> str:
    part = "" if row.not_needed_units >= row.open_units else f"{row.not_needed_units:,.0f} of "
    return f"Cancel or postpone {part}open order {row.po_id} line {row.line} ({row.open_units:,.0f} units)."


def _move(row: Any) -> str:
    trip = "" if row.lane_id else " by special trip"
    return f"Move {row.quantity:,.0f} to {row.to_site_id}{trip}."


def _rest(row: Any, moved: float) -> Iterator[str]:
    """What is left after cancelling and moving: sold off where nobody will want it, else run down."""
    left = row.excess_units - row.cancel_units - moved
    obsolete = min(row.obsolete_units, left)
    price = say_price(row.break_even_price)
    if left < 1:
        return
    if obsolete >= 1:
        off = f" ({row.mark_down:.0%} off)" if row.break_even_price >= LEAST_PRICE else ""
        yield f"Return or sell off {obsolete:,.0f} {price}{off}."
    if left - obsolete >= 1 and pd.notna(row.run_down_date):
        offer = f" (or sell off {price})" if obsolete < 1 else ""
        yield f"Run down {left - obsolete:,.0f} by {row.run_down_date:%Y-%m-%d}{offer}."


def say_price(break_even: float) -> str:
    """Return from which price on a unit is better sold than kept.

    >>> say_price(0.0), say_price(12.5)
    ('at any price', 'at 12.50 or more')
    """
    return "at any price" if break_even < LEAST_PRICE else f"at {break_even:,.2f} or more"
