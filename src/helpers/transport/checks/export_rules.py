"""Rules that every export keeps on its own: complete, readable, each row once, nothing below nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from helpers.plan_check import PlanRule, Tables, gather, is_empty, missing_columns, remainder
from helpers.transport.checks.plan_exports import KEYS, LAYOUT, NAMED

_REFERENCES = {
    "product_id": ("products", "product_id"),
    "site_id": ("sites", "site_id"),
    "origin_id": ("sites", "site_id"),
    "destination_id": ("sites", "site_id"),
    "lane_id": ("lanes", "lane_id"),
}


def export_rules() -> tuple[PlanRule, ...]:
    """Return the rules that need one export at a time."""
    return (
        PlanRule("every export and column is there", lambda tables: missing_columns(tables, LAYOUT)),
        PlanRule("every money line and setting is there", _missing_names),
        PlanRule("no cell is missing", _missing_cells),
        PlanRule("every row is there once", _doubled_rows),
        PlanRule("only ids of the tables", _unknown_ids),
        PlanRule("no amount below nothing", _negative_amounts),
        PlanRule("whole units are shipped in frozen weeks", _part_units, "units"),
    )


def _present(tables: Tables) -> Iterator[tuple[str, pd.DataFrame]]:
    return ((name, tables[name]) for name in LAYOUT if name in tables)


def _missing_names(tables: Tables) -> pd.DataFrame:
    rows = [
        (export, name)
        for export, (names, _) in NAMED.items()
        for name in names
        if name not in set(tables[export]["name"])
    ]
    return pd.DataFrame(rows, columns=["export", "name"]).assign(by=1.0)


def _missing_cells(tables: Tables) -> pd.DataFrame:
    """Cells that are empty, no number or not finite; `by` counts them."""
    rows = []
    for name, frame in _present(tables):
        needed = [column for column in frame if LAYOUT[name].get(str(column), "(")[0] != "("]
        rows += [(name, column, float(is_empty(frame[column]).sum())) for column in needed]
    for name, column in (("plan_money", "money"), ("plan_rules", "value")):
        numbers = tables[name].loc[tables[name]["name"] != NAMED[name][1], column]
        rows.append((name, column, float(is_empty(numbers).sum())))
    found = pd.DataFrame(rows, columns=["export", "column", "by"])
    return found[found["by"] > 0]


def _doubled_rows(tables: Tables) -> pd.DataFrame:
    return gather(
        frame.loc[frame.duplicated(KEYS[name]), KEYS[name]].assign(export=name, by=1.0)
        for name, frame in _present(tables)
    )


def _unknown_ids(tables: Tables) -> pd.DataFrame:
    def unknown() -> Iterator[pd.DataFrame]:
        for name, frame in _present(tables):
            for column in [column for column in _REFERENCES if column in frame]:
                table, key = _REFERENCES[column]
                ids = frame.loc[~frame[column].isin(tables[table][key]), column].unique()
                yield pd.DataFrame({"id": ids}).assign(export=name, column=column, by=1.0)

    return gather(unknown())


def _negative_amounts(tables: Tables) -> pd.DataFrame:
    """Shipped units and loads are above 0; other numbers are not below, but a target that asks for none."""

    def negative() -> Iterator[pd.DataFrame]:
        for name, frame in _present(tables):
            numbers = [column for column, kind in LAYOUT[name].items() if kind == "number"]
            for column in [column for column in numbers if column in frame and column != "target"]:
                least = 1e-9 if column == "units" and name != "flow_stock" else -1e-9
                low = frame.loc[frame[column] < least, [*KEYS[name], column]]
                by = (least - low[column]).abs()
                yield low.rename(columns={column: "is"}).assign(export=name, column=column, by=by)

    return gather(negative())


def _part_units(tables: Tables) -> pd.DataFrame:
    rules = tables["plan_rules"].set_index("name")["value"]
    weeks = (tables["shipping_plan"]["ship_week"] - tables["flow_stock"]["week"].min()).dt.days // 7
    rows = tables["shipping_plan"][weeks < rules["frozen_weeks"]].assign(unit=1.0)
    return remainder(rows, "units", "unit")[[*KEYS["shipping_plan"], "units", "by"]]
