"""Rules that look across rows and tables: one function per rule, all run, all findings together.

Each function adds the cells that break its rule to `flags` (see `stage.py`). Rows that an
earlier rule has set aside take no further part.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from itertools import pairwise
from statistics import median

import duckdb

from helpers.contract.schema import Reference, Table, contract
from helpers.contract.sources.raw import quote

# A blank site means every site here: emptying an unknown one would widen the row to all of them.
BLANK_MEANS_ALL = frozenset({("promotions", "site_id")})

WEEK = dt.timedelta(days=7)
GRACE_DAYS = 7
SHORTEST_LONG_GAP_DAYS = 28
SMALL_SHARE = 0.01
FEWEST_GAPS = 8
QUIET_SHARE = 0.1
# Orders begin with the window; counts, purchase orders and receipts may reach back before it.
EARLY_DAYS = {"orders": 31}
USUAL_EARLY_DAYS = 366

# (table, earlier column, later column): the later may not come before the earlier.
DATE_ORDER = (
    ("promotions", "start", "end"),
    ("campaigns", "start", "end"),
    ("products", "launch_date", "end_date"),
    ("orders", "order_date", "requested_date"),
    ("orders", "order_date", "promised_date"),
    ("shipments", "ship_date", "delivered_date"),
    ("partner_feed", "period_start", "period_end"),
)


@dataclass(frozen=True)
class Window:
    """First and last day that the events of a case reach."""

    first_day: dt.date
    last_day: dt.date


def check_tables(
    tables: Iterable[str], connection: duckdb.DuckDBPyConnection, known: frozenset[str] = frozenset()
) -> Window | None:
    """Run every cross-row rule on the staged tables, referenced tables first; return the window.

    `known` are tables that are only looked up (already checked) and not judged again.
    """
    names = frozenset(tables)
    window = find_window(names | known, connection)
    for name in reading_order(names):
        table = contract()[name]
        _flag_outside(table, window, connection)
        _flag_date_order(table, connection)
        for reference in table.references:
            if reference.table != name:
                _flag_dangling(table, reference, names | known, connection)
        _flag_duplicates(table, connection)
        # Which rows of the table itself are good is known only now.
        for reference in table.references:
            if reference.table == name:
                _flag_dangling(table, reference, names | known, connection)
    return window


def reading_order(names: frozenset[str]) -> tuple[str, ...]:
    """Return tables so that each comes after those it refers to."""
    graph = {
        name: sorted({r.table for r in contract()[name].references} & names - {name})
        for name in contract()
        if name in names
    }
    return tuple(TopologicalSorter(graph).static_order())


def good_rows(table: str) -> str:
    """SQL condition for the rows of a staged table that no rule has set aside."""
    return f"_row NOT IN (SELECT row_number FROM flags WHERE tbl = '{table}' AND action = 'quarantined')"


def find_window(names: frozenset[str], connection: duckdb.DuckDBPyConnection) -> Window | None:
    """Return the days that orders (or else stock) really cover.

    A mistyped year must not stretch the history by decades, so stray days do not count (see
    `main_span`). Today's date is never asked: the same data give the same answer on any day.
    """
    source = next(((t, c) for t, c in (("orders", "order_date"), ("stock", "date")) if t in names), None)
    if source is None:
        return None
    days = connection.execute(
        f"SELECT {source[1]}, count(*) FROM stage_{source[0]} "
        f"WHERE {source[1]} IS NOT NULL AND {good_rows(source[0])} GROUP BY 1 ORDER BY 1"
    ).fetchall()
    if not days:
        return None
    first, last = main_span(days)
    if "stock" in names and source[0] == "orders":
        last = _reach_of_stock(last, connection)
    return Window(first, last)


def main_span(days: Sequence[tuple[dt.date, int]]) -> tuple[dt.date, dt.date]:
    """Return the first and the last day that belong together; `days` are (day, rows), in order.

    Two rules cut stray days off the ends: a stretch apart from the rest, by more than any usual
    gap, with under 1 % of the rows; and, in what is left, weeks with under a tenth of the usual
    rows that no busy week adjoins.
    """
    stretch = _main_stretch(days)
    weeks = Counter[dt.date]()
    for day, rows in stretch:
        weeks[day - dt.timedelta(days=day.weekday())] += rows
    enough = QUIET_SHARE * median(weeks.values())
    busy = [week for week, rows in weeks.items() if rows >= enough]
    first, last = min(busy), max(busy)
    while first - WEEK in weeks:
        first -= WEEK
    while last + WEEK in weeks:
        last += WEEK
    inside = [day for day, _ in stretch if first <= day < last + WEEK]
    return inside[0], inside[-1]


def _main_stretch(days: Sequence[tuple[dt.date, int]]) -> Sequence[tuple[dt.date, int]]:
    gaps = sorted((later[0] - day[0]).days for day, later in pairwise(days))
    # With a handful of days there is no usual gap to speak of.
    usual = gaps[int(0.9 * (len(gaps) - 1))] if len(gaps) >= FEWEST_GAPS else 0
    long_gap = max(SHORTEST_LONG_GAP_DAYS, 3 * usual)
    stretches = [[days[0]]]
    for day, later in pairwise(days):
        if (later[0] - day[0]).days > long_gap:
            stretches.append([])
        stretches[-1].append(later)
    rows = [sum(count for _, count in stretch) for stretch in stretches]
    least = min(SMALL_SHARE * sum(rows), max(rows))
    kept = [index for index, count in enumerate(rows) if count >= least]
    return [day for stretch in stretches[kept[0] : kept[-1] + 1] for day in stretch]


def _reach_of_stock(last: dt.date, connection: duckdb.DuckDBPyConnection) -> dt.date:
    """The count at the close of the last week belongs to the window of the orders."""
    row = connection.execute(
        "SELECT max(date) FROM stage_stock WHERE date <= ?", [last + dt.timedelta(days=GRACE_DAYS)]
    ).fetchone()
    return max(last, row[0]) if row and row[0] else last


def _flag_outside(table: Table, window: Window | None, connection: duckdb.DuckDBPyConnection) -> None:
    """Events that are said to have happened must lie inside the window of the data."""
    if window is None:
        return
    late = window.last_day + dt.timedelta(days=GRACE_DAYS)
    early = window.first_day - dt.timedelta(days=EARLY_DAYS.get(table.name, USUAL_EARLY_DAYS))
    for column in table.columns:
        if column.rule != "past" or table.kind == "master":
            continue
        _flag(
            table,
            column.name,
            f"{quote(column.name)} > DATE '{late}'",
            "lies in the future (after the last day of the orders)",
            "Correct the date; the data end on " + window.last_day.isoformat() + ".",
            connection,
        )
        _flag(
            table,
            column.name,
            f"{quote(column.name)} < DATE '{early}'",
            "lies long before the first orders",
            "Correct the date; the data begin on " + window.first_day.isoformat() + ".",
            connection,
        )


def _flag_date_order(table: Table, connection: duckdb.DuckDBPyConnection) -> None:
    for name, earlier, later in DATE_ORDER:
        if name != table.name:
            continue
        action = "blanked" if table.kind == "master" or name == "orders" else "quarantined"
        _flag(
            table,
            later,
            f"{quote(later)} < {quote(earlier)}",
            f"comes before {earlier}",
            "Correct one of the two dates.",
            connection,
            action,
        )


def _flag_dangling(
    table: Table, reference: Reference, names: frozenset[str], connection: duckdb.DuckDBPyConnection
) -> None:
    """A reference must be found among the good rows of its table, where that table is there."""
    if reference.table not in names:
        return
    present = " AND ".join(f"{quote(column)} IS NOT NULL" for column in reference.columns)
    same = " AND ".join(
        f"target.{quote(theirs)} = stage_{table.name}.{quote(ours)}"
        for ours, theirs in zip(reference.columns, reference.target_columns, strict=True)
    )
    good = good_rows(reference.table)
    found = f"SELECT 1 FROM (SELECT * FROM stage_{reference.table} WHERE {good}) target WHERE {same}"
    column = table[reference.columns[0]]
    needed = column.required or column.key or (table.name, column.name) in BLANK_MEANS_ALL
    _flag(
        table,
        reference.columns[0],
        f"{present} AND NOT EXISTS ({found})",
        f"is not among the good rows of {reference.table}",
        f"Add it to {reference.table}, or correct the code.",
        connection,
        "quarantined" if needed else "blanked",
    )


def _flag_duplicates(table: Table, connection: duckdb.DuckDBPyConnection) -> None:
    """The first row with a key stays; later ones are set aside.

    Only rows whose key hashes to a value seen twice are compared in full, which keeps ten
    million order lines within a small memory.
    """
    keys = ", ".join(f"coalesce(CAST({quote(key)} AS VARCHAR), '')" for key in table.key)
    stage = f"stage_{table.name}"
    good = good_rows(table.name)
    twice = (
        f"SELECT h FROM (SELECT hash({keys}) AS h FROM {stage} WHERE {good}) GROUP BY h HAVING count(*) > 1"
    )
    shown = " || ' / ' || ".join(f"coalesce(CAST({quote(key)} AS VARCHAR), '')" for key in table.key)
    connection.execute(
        f"INSERT INTO flags SELECT ?, _row, ?, ?, shown, 'quarantined', ? FROM ("
        f"SELECT _row, {shown} AS shown, row_number() OVER (PARTITION BY {keys} ORDER BY _row) AS n "
        f"FROM {stage} WHERE {good} AND hash({keys}) IN ({twice})) WHERE n > 1",
        [
            table.name,
            table.key[0],
            f"the key ({', '.join(table.key)}) stands in an earlier row",
            "Remove the duplicates; the first row was kept.",
        ],
    )


def _flag(
    table: Table,
    column: str,
    condition: str,
    rule: str,
    advice: str,
    connection: duckdb.DuckDBPyConnection,
    action: str = "quarantined",
) -> None:
    connection.execute(
        f"INSERT INTO flags SELECT ?, _row, ?, ?, CAST({quote(column)} AS VARCHAR), ?, ? "
        f"FROM stage_{table.name} WHERE ({condition}) AND {good_rows(table.name)}",
        [table.name, column, rule, action, advice],
    )
