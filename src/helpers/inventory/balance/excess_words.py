"""Why there is excess and what to do about it, in a planner's words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from helpers.inventory.arguments import Floats
from helpers.inventory.supply.offers import PAIR

FALLEN = 0.8


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


def advise(table: pd.DataFrame, lines: pd.DataFrame, moves: pd.DataFrame | None) -> list[str]:
    """Return what to do about each pair's excess, one sentence per step.

    Parameters
    ----------
    table
        Excess with excess_units, obsolete_units, cancel_units, break_even_price, mark_down, run_down_date.
    lines
        Open lines that are not needed.
    moves
        Transfers away from these pairs; None where none are known.
    """
    cancels = _by_pair(lines, PAIR, _cancel) if len(lines) else {}
    chosen = None if moves is None else moves[moves["reason"] == "rebalance"]
    away = {} if chosen is None else _by_pair(chosen, ["product_id", "from_site_id"], _move)
    moved = (
        {} if chosen is None else chosen.groupby(["product_id", "from_site_id"])["quantity"].sum().to_dict()
    )
    return [
        " ".join(
            ["Stop ordering.", *cancels.get(key, []), *away.get(key, []), *_rest(row, moved.get(key, 0.0))]
        )
        for row in table.itertuples(index=False)
        for key in [(row.product_id, row.site_id)]
    ]


def _by_pair(rows: pd.DataFrame, keys: list[str], say: Any) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for row in rows.itertuples(index=False):
        found.setdefault((getattr(row, keys[0]), getattr(row, keys[1])), []).append(say(row))
    return found


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
    price = "at any price" if row.break_even_price < 0.005 else f"at {row.break_even_price:,.2f} or more"
    if left < 1:
        return
    if obsolete >= 1:
        yield f"Return or sell off {obsolete:,.0f} {price} ({row.mark_down:.0%} off)."
    if left - obsolete >= 1 and pd.notna(row.run_down_date):
        yield f"Run down {left - obsolete:,.0f} by {row.run_down_date:%Y-%m-%d}"
        yield f"(sell off {price})." if obsolete < 1 else "."
