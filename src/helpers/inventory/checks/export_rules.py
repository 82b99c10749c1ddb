"""Rules that every export keeps on its own: complete, readable, each row once, ids that are known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.inventory.checks.plan_exports import BEFORE, LAYOUT, OPTIONAL, UNTIL
from helpers.inventory.checks.plan_tables import PAIR
from helpers.plan_check import PlanRule, Tables, gather, is_empty, missing_columns, shortfall

_KEYS = {
    "purchase_orders": ["po_id", "line"],
    "stock_outlook": [*PAIR, "week"],
    "excess": PAIR,
    "stockout_risk": PAIR,
}
_POSITIVE = {"purchase_orders": ["quantity"], "order_plan": ["quantity"], "transfers": ["quantity"]}
_NOT_NEGATIVE = {
    "purchase_orders": ["unit_cost"],
    "order_plan": ["unit_cost", "value"],
    "stock_outlook": ["ordered", "expected_stock", "holding_cost", "stockout_cost", "volume_m3"],
    "plan_limits": ["used", "limit", "price", "relaxed_by"],
    "plan_money": ["gap", "purchase", "ordering", "holding", "line_cost", "salvage_share", "budget"],
    "transfers": ["value", "cost"],
    "excess": ["on_hand", "excess_units", "excess_value"],
    "stockout_risk": ["expected_short", "unit_margin", "lost_margin", "stockout_probability"],
}
_REFERENCES = {
    "product_id": ("products", "product_id"),
    "site_id": ("sites", "site_id"),
    "from_site_id": ("sites", "site_id"),
    "to_site_id": ("sites", "site_id"),
    "supplier_id": ("suppliers", "supplier_id"),
    "lane_id": ("lanes", "lane_id"),
}


def export_rules() -> tuple[PlanRule, ...]:
    """Return the rules that need one export at a time."""
    return (
        PlanRule("every export and column is there", lambda tables: missing_columns(tables, LAYOUT)),
        PlanRule("no cell is missing", _missing_cells),
        PlanRule("every row is there once", _doubled_rows),
        PlanRule("only ids of the tables", _unknown_ids),
        PlanRule("no amount below nothing", _negative_amounts),
        PlanRule("demand points in order", _unordered_points, "units"),
    )


def _present(tables: Tables) -> Iterator[tuple[str, pd.DataFrame]]:
    return ((name, tables[name]) for name in LAYOUT if name in tables)


def _missing_cells(tables: Tables) -> pd.DataFrame:
    """Cells that are empty, no number or not finite; `by` counts them."""
    rows = []
    for name, frame in _present(tables):
        kinds = {**LAYOUT[name], **OPTIONAL.get(name, {})}
        for column in [column for column in kinds if column in frame and kinds[column][0] != "("]:
            count = int(is_empty(frame[column]).sum())
            rows.append((name, column, float(count)))
    found = pd.DataFrame(rows, columns=["export", "column", "by"])
    return found[found["by"] > 0]


def _doubled_rows(tables: Tables) -> pd.DataFrame:
    def doubled() -> Iterator[pd.DataFrame]:
        for name, frame in _present(tables):
            keys = _KEYS.get(name, [])
            if keys:
                yield frame.loc[frame.duplicated(keys), keys].assign(export=name, by=1.0)
        rows = len(tables["plan_money"])
        if rows != 1:
            yield pd.DataFrame({"export": ["plan_money"], "rows": [rows], "by": [abs(rows - 1.0)]})

    return gather(doubled())


def _unknown_ids(tables: Tables) -> pd.DataFrame:
    def unknown() -> Iterator[pd.DataFrame]:
        for name, frame in _present(tables):
            for column, (table, key) in _REFERENCES.items():
                known = tables[table][key]
                if table == "suppliers" and known.empty:
                    known = tables["terms"][key]  # suppliers that have terms and no table of their own
                is_known = _is_known(frame, column, known)
                if not is_known.all():
                    ids = pd.DataFrame({"id": frame.loc[~is_known, column].unique()})
                    yield ids.assign(export=name, column=column, by=1.0)

    return gather(unknown())


def _is_known(frame: pd.DataFrame, column: str, known: pd.Series[Any]) -> NDArray[np.bool_]:
    if column not in frame:
        return np.ones(len(frame), dtype="bool")
    return (frame[column].isin(known) | (frame[column] == "")).to_numpy("bool")


def _negative_amounts(tables: Tables) -> pd.DataFrame:
    def negative() -> Iterator[pd.DataFrame]:
        for name, frame in _present(tables):
            for column in [*_POSITIVE.get(name, []), *_NOT_NEGATIVE.get(name, [])]:
                least = 1e-9 if column in _POSITIVE.get(name, []) else -1e-9
                is_low = frame[column] < least
                if not is_low.any():
                    continue
                rows = pd.DataFrame(
                    {"row": frame.index[is_low], "by": (least - frame.loc[is_low, column]).abs()}
                )
                yield rows.assign(export=name, column=column)

    return gather(negative())


def _unordered_points(tables: Tables) -> pd.DataFrame:
    """Demand is not negative, its points rise, and the end of a week is never below its start."""
    outlook = tables["stock_outlook"]
    until, before = outlook[list(UNTIL)].to_numpy("float64"), outlook[list(BEFORE)].to_numpy("float64")
    nothing = np.zeros((len(outlook), 1))
    steps = [np.diff(until, axis=1), np.diff(before, axis=1), until - before, before, nothing]
    least = np.concatenate(steps, axis=1).min(axis=1)
    keys = [*PAIR, "week"]
    return shortfall(outlook[keys].assign(least=least, nothing=0.0), "least", "nothing")[[*keys, "by"]]
