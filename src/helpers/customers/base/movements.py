"""Who moved between segments since the last run."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from helpers.contract import Case
from helpers.customers.base.customer_base import CustomerBase, read_customer_base
from helpers.customers.base.segments import SEGMENTS

RUN_DAYS = 7
UNKNOWN = "not known yet"
GONE = "no longer in the data"
WORSE = ("slipping", "sleeping", "lost")
BETTER = ("core", "big baskets", "loyal", "occasional", "new")


@dataclass(frozen=True, eq=False)
class SegmentMovements:
    """Movements between segments.

    Parameters
    ----------
    table
        One row per pair of segments: from, to, customers, margin (last year's margin now), margin_before,
        moved (whether the names differ); moves first, most money first.
    customers
        customer_id, from, to, margin, margin_before of those who moved.
    before, now
        The two days.
    money_word
        What money is: margin or revenue.
    """

    table: pd.DataFrame
    customers: pd.DataFrame
    before: dt.date
    now: dt.date
    money_word: str

    @property
    def sentence(self) -> str:
        """How many moved, and for the worse, in words."""
        moves = self.table[self.table["moved"]]
        number = int(moves["customers"].sum())
        since = f"since {self.before:%-d %B %Y}"
        if not number:
            return f"No customer changed its segment {since}."
        down = moves[moves["from"].isin(BETTER) & moves["to"].isin(WORSE)]
        back = moves[moves["from"].isin(WORSE) & moves["to"].isin(BETTER)]
        said = f"{number:,} customer{'' if number == 1 else 's'} changed segment {since}"
        return (
            f"{said}: {int(down['customers'].sum()):,} now slipping, sleeping or lost "
            f"({down['margin_before'].sum():,.0f} of yearly {self.money_word}), "
            f"{int(back['customers'].sum()):,} better again ({back['margin'].sum():,.0f})."
        )


def say_movements(movements: SegmentMovements) -> str:
    """Return how many moved, and for the worse, in words."""
    return movements.sentence


def segment_movements(before: CustomerBase, now: CustomerBase) -> SegmentMovements:
    """Compare the segments of two days.

    Parameters
    ----------
    before, now
        The bases of the earlier and the later day.
    """
    names = ["customer_id", "segment", "last_year_margin"]
    rows = before.table[names].merge(
        now.table[names], on="customer_id", how="outer", suffixes=("_before", ""), validate="one_to_one"
    )
    rows = rows.rename(columns={"last_year_margin": "margin", "last_year_margin_before": "margin_before"})
    rows = rows.assign(
        **{"from": rows["segment_before"].fillna(UNKNOWN), "to": rows["segment"].fillna(GONE)},
        margin=rows["margin"].fillna(0.0),
        margin_before=rows["margin_before"].fillna(0.0),
    )
    sums = rows.groupby(["from", "to"], as_index=False).agg(
        customers=("customer_id", "size"), margin=("margin", "sum"), margin_before=("margin_before", "sum")
    )
    sums = sums.assign(moved=sums["from"] != sums["to"])
    table = sums.sort_values(
        ["moved", "margin_before", "customers", "from", "to"], ascending=[False, False, False, True, True]
    )
    moved = rows.loc[rows["from"] != rows["to"], ["customer_id", "from", "to", "margin", "margin_before"]]
    return SegmentMovements(
        table.reset_index(drop=True), moved.reset_index(drop=True), before.until, now.until, now.money_word
    )


def movements_since(case: Case, until: dt.date | None = None, days: int = RUN_DAYS) -> SegmentMovements:
    """Return the movements against the base `days` earlier: by default those since the weekly run before."""
    last = until or case.as_of
    return segment_movements(
        read_customer_base(case, last - dt.timedelta(days=days)), read_customer_base(case, last)
    )


def movement_matrix(movements: SegmentMovements) -> pd.DataFrame:
    """Return customers by segment before (rows) and now (columns), in the order of `SEGMENTS`."""
    wide = movements.table.pivot_table(
        index="from", columns="to", values="customers", aggfunc="sum", fill_value=0
    )
    rows = [name for name in (*SEGMENTS, UNKNOWN) if name in wide.index]
    return wide.loc[rows, [name for name in (*SEGMENTS, GONE) if name in wide.columns]]
