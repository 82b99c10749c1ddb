"""Limits that many items share: money, space, hands, suppliers and trucks.

A limit is a table: key columns of items or options, the weeks, and how much. Each row r holds

    Σ a_r,o,s q_o,s ≤ limit_r      a = 1 (units), volume, weight, or unit cost as ordered (money)
    Σ volume_i held_t(x_i) ≤ limit_r                                                (storage)

over all options whose keys are those of the row, in order weeks or in weeks of arrival. A row may give way
where `relax_cost` says what a unit beyond it costs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from helpers.errors import ParameterError
from helpers.inventory.arguments import Floats, refuse
from helpers.inventory.orders.problem import Integers, OrderItems, OrderOptions

_WEEKS = ("week", "first_week", "last_week")
_NUMBERS = ("limit", "relax_cost")


@dataclass(frozen=True, eq=False)
class SharedLimit:
    """One family of limits; made by `budget`, `storage`, `handling`, `supplier_capacity`, `trucks`.

    Parameters
    ----------
    name
        What the planner calls it.
    measure
        What is counted: money, units, volume, weight, or stored (volume times stock).
    by_arrival
        Whether its weeks are those of arrival; otherwise those of the order.
    unit
        Unit of the limit.
    table
        Key columns; `week`, or `first_week` and `last_week` (one limit for all weeks between), or neither
        (a limit for each week of the horizon); `limit`; `relax_cost` (money per unit beyond, NaN: never).
    """

    name: str
    measure: str
    by_arrival: bool
    unit: str
    table: pd.DataFrame

    @property
    def key_columns(self) -> list[str]:
        """Columns that say which items or options a row is for."""
        return [column for column in self.table.columns if column not in {*_WEEKS, *_NUMBERS}]


def budget(table: pd.DataFrame, name: str = "open-to-buy budget") -> SharedLimit:
    """Money of orders placed in the weeks of a row."""
    return SharedLimit(name, "money", by_arrival=False, unit="money", table=table)


def storage(table: pd.DataFrame, name: str = "storage") -> SharedLimit:
    """Volume of the expected stock at the end of a week, m³."""
    return SharedLimit(name, "stored", by_arrival=True, unit="m³", table=table)


def handling(table: pd.DataFrame, name: str = "handling") -> SharedLimit:
    """Units that arrive in the weeks of a row."""
    return SharedLimit(name, "units", by_arrival=True, unit="units", table=table)


def supplier_capacity(table: pd.DataFrame, name: str = "supplier capacity") -> SharedLimit:
    """Units ordered in the weeks of a row."""
    return SharedLimit(name, "units", by_arrival=False, unit="units", table=table)


def trucks(table: pd.DataFrame, name: str = "trucks") -> tuple[SharedLimit, SharedLimit]:
    """Return volume and weight that arrive on a lane: vehicles times `vehicle_volume` and `vehicle_weight`.

    `table` has key columns, weeks, and `vehicles`, `vehicle_volume` (m³), `vehicle_weight` (kg).
    """
    keys = table.drop(columns=["vehicles", "vehicle_volume", "vehicle_weight"])
    space = keys.assign(limit=table["vehicles"] * table["vehicle_volume"])
    load = keys.assign(limit=table["vehicles"] * table["vehicle_weight"])
    return (
        SharedLimit(f"{name}, volume", "volume", by_arrival=True, unit="m³", table=space),
        SharedLimit(f"{name}, weight", "weight", by_arrival=True, unit="kg", table=load),
    )


@dataclass(frozen=True, eq=False)
class OrderLimits:
    """All limits that the items share.

    Parameters
    ----------
    shared
        Any number of limits, each with its own name.
    minimum_order_value
        Key columns and `limit` (money): per row and frozen week, what is ordered comes to nothing or to at
        least this. Weeks that are not frozen are planned without it: they are planned again before they are.

    Raises
    ------
    ParameterError
        Two limits of one name, a table without `limit`, a negative `relax_cost`.
    """

    shared: tuple[SharedLimit, ...] = ()
    minimum_order_value: pd.DataFrame | None = None

    def __post_init__(self) -> None:
        """Refuse tables that are not limits."""
        refuse("OrderLimits", _wrong_limits(self))


def _wrong_limits(limits: OrderLimits) -> Iterator[str]:
    names = [rule.name for rule in limits.shared]
    if len(set(names)) < len(names):
        yield f"Two limits have the same name ({', '.join(names)}). Give each its own."
    for rule in limits.shared:
        if (
            "limit" not in rule.table.columns
            or not np.isfinite(rule.table["limit"].to_numpy("float64")).all()
        ):
            yield f"'{rule.name}' needs a finite 'limit' in every row."
        if ("first_week" in rule.table) != ("last_week" in rule.table):
            yield f"'{rule.name}' has only one of 'first_week' and 'last_week'. Give both."
        if "relax_cost" in rule.table and (rule.table["relax_cost"] <= 0).any():
            yield f"'{rule.name}' has a 'relax_cost' that is not above 0. Leave it empty for never."
    table = limits.minimum_order_value
    if table is not None and not ("limit" in table.columns and (table["limit"] >= 0).all()):
        yield "'minimum_order_value' needs a 'limit' of 0 or more in every row."


@dataclass(frozen=True, eq=False)
class RuleRows:
    """Rows of one limit, matched.

    Parameters
    ----------
    rule
        The limit.
    start
        Number of its first row among all rows.
    row_of
        Row (from 0 over all rules) per option and order week, m × T, or per item and week, n × T, for
        storage; −1 where the limit does not apply.
    """

    rule: SharedLimit
    start: int
    row_of: Integers


@dataclass(frozen=True, eq=False)
class LimitRows:
    """Rows of all shared limits.

    Parameters
    ----------
    rules
        Per limit, in order.
    table
        One line per row: rule, key, week, last_week, unit.
    limit
        Per row, in its unit.
    relax_cost
        Money per unit beyond the limit; infinite where it never gives way.
    """

    rules: tuple[RuleRows, ...]
    table: pd.DataFrame
    limit: Floats
    relax_cost: Floats = field(repr=False)

    def __len__(self) -> int:
        return len(self.limit)


def match_limits(items: OrderItems, options: OrderOptions, limits: OrderLimits) -> LimitRows:
    """Find for every option and week the rows that it counts against.

    Raises
    ------
    ParameterError
        A key column that neither items nor options have, a week outside the horizon, or two rows of one limit
        that cover the same.
    """
    rules, tables, amounts, costs = [], [], [], []
    start = 0
    for rule in limits.shared:
        spans = _spans(rule, items.weeks)
        row_of = _rows_of(rule, spans, items, options)
        rules.append(RuleRows(rule, start, np.where(row_of >= 0, row_of + start, -1)))
        tables.append(_describe(rule, spans))
        amounts.append(spans["limit"].to_numpy("float64"))
        relax = spans["relax_cost"] if "relax_cost" in spans else pd.Series(np.inf, spans.index)
        costs.append(relax.fillna(np.inf).to_numpy("float64"))
        start += len(spans)
    columns = ["rule", "key", "week", "last_week", "unit"]
    table = pd.concat(tables, ignore_index=True) if start else pd.DataFrame(columns=columns)
    none = [np.zeros(0)]
    return LimitRows(tuple(rules), table, np.concatenate(amounts or none), np.concatenate(costs or none))


def match_minimum(items: OrderItems, options: OrderOptions, table: pd.DataFrame, frozen: int) -> LimitRows:
    """Find the group of each option and frozen week that must come to nothing or to its minimum."""
    weeks = pd.DataFrame({"week": np.arange(frozen)})
    rule = budget(table.merge(weeks, how="cross"), "minimum order value")
    return match_limits(items, options, OrderLimits((rule,)))


def _spans(rule: SharedLimit, weeks: int) -> pd.DataFrame:
    """Return the table with first and last week of every row; the index says which line it comes from."""
    table = rule.table.reset_index(drop=True)
    if "week" in table:
        table = table.assign(first_week=table["week"], last_week=table["week"])
    elif "first_week" not in table:
        each = np.tile(np.arange(weeks), len(table))
        table = table.loc[table.index.repeat(weeks)].assign(first_week=each, last_week=each)
    outside = (
        (table["first_week"] < 0) | (table["last_week"] >= weeks) | (table["last_week"] < table["first_week"])
    )
    if outside.any():
        first = int(np.argmax(outside.to_numpy()))
        raise ParameterError(
            f"limit '{rule.name}': {int(outside.sum())} rows have weeks outside 0 … {weeks - 1} (first: row "
            f"{first}). Weeks are counted from 0 on."
        )
    return table


def _rows_of(rule: SharedLimit, spans: pd.DataFrame, items: OrderItems, options: OrderOptions) -> Integers:
    """Return the row per option and order week, or per item and week."""
    stored = rule.measure == "stored"
    item = np.arange(len(items)) if stored else options.whole("item")
    members = items.keys.iloc[item].reset_index(drop=True)
    members = members if stored else pd.concat([members, options.keys], axis=1)
    unknown = [column for column in rule.key_columns if column not in members.columns]
    if unknown:
        known = ", ".join(map(str, members.columns))
        raise ParameterError(f"limit '{rule.name}': no key is called {unknown}. There are: {known}.")
    group_of_line, group_of_member = _groups(rule.table, members, rule.key_columns)
    group_of_row = group_of_line[spans.index.to_numpy("int64")]
    row_at = np.full((int(group_of_row.max(initial=-1)) + 2, items.weeks), -1)  # last line: no group
    length = (spans["last_week"] - spans["first_week"] + 1).to_numpy("int64")
    rows = np.repeat(np.arange(len(spans)), length)
    week = np.arange(len(rows)) - np.repeat(np.cumsum(length) - length, length)
    week += spans["first_week"].to_numpy("int64")[rows]
    cell = group_of_row[rows] * items.weeks + week
    if len(np.unique(cell)) < len(cell):
        raise ParameterError(
            f"limit '{rule.name}': two rows cover the same key and week. Give them two names."
        )
    row_at.ravel()[cell] = rows
    if stored or not rule.by_arrival:
        return row_at[group_of_member]
    arrival = np.arange(items.weeks) + options.whole("lead_time")[:, None]
    inside = np.minimum(arrival, items.weeks - 1)
    return np.where(arrival < items.weeks, np.take_along_axis(row_at[group_of_member], inside, axis=1), -1)


def _groups(table: pd.DataFrame, members: pd.DataFrame, columns: list[str]) -> tuple[Integers, Integers]:
    """Number the keys of the lines, and give each member the number of its key; −1 without one."""
    count = len(table)
    code = np.zeros(count + len(members), dtype="int64")
    for column in columns:
        both = pd.concat([table[column].astype("object"), members[column].astype("object")])
        part, values = pd.factorize(both, use_na_sentinel=False)
        # Numbered anew after every column, so that many columns do not pass what an integer holds.
        code = np.unique(code * (len(values) + 1) + part, return_inverse=True)[1]
    known, of_line = np.unique(code[:count], return_inverse=True)
    place = np.searchsorted(known, code[count:])
    found = np.append(known, -1)[place] == code[count:]
    return of_line.astype("int64"), np.where(found, place, -1)


def _describe(rule: SharedLimit, spans: pd.DataFrame) -> pd.DataFrame:
    key = np.full(len(spans), "", dtype="object")
    if rule.key_columns and len(spans):
        parts = [rule.table[column].astype(str).tolist() for column in rule.key_columns]
        words = np.array([", ".join(line) for line in zip(*parts, strict=True)], dtype="object")
        key = words[spans.index.to_numpy("int64")]
    first, last = spans["first_week"].to_numpy("int64"), spans["last_week"].to_numpy("int64")
    named = {"rule": rule.name, "key": key, "week": first, "last_week": last, "unit": rule.unit}
    return pd.DataFrame(named | {column: spans[column].to_numpy() for column in rule.key_columns})
