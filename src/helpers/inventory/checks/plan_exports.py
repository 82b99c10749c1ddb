"""What the exports of an inventory plan hold, and how they are read back from their CSV files.

The layout is a contract between the page that writes them and the check: export, column, kind, and whether a
row may leave it empty. Further columns are kept and not looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import pandas as pd

from helpers.plan_check import typed

POINTS: Final = 20
UNTIL: Final = tuple(f"until_{point:02d}" for point in range(1, POINTS + 1))
BEFORE: Final = tuple(f"before_{point:02d}" for point in range(1, POINTS + 1))

# A kind in brackets may be empty in a row.
LAYOUT: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "purchase_orders": {
            **dict.fromkeys(("po_id", "line", "supplier_id", "site_id", "product_id"), "id"),
            **dict.fromkeys(("quantity", "unit_cost"), "number"),
            **dict.fromkeys(("order_date", "due_date"), "date"),
            "status": "id",
        },
        "order_plan": {
            **dict.fromkeys(("product_id", "site_id", "supplier_id"), "id"),
            **dict.fromkeys(("order_week", "arrival_week"), "date"),
            **dict.fromkeys(("quantity", "unit_cost", "value"), "number"),
            "is_frozen": "bool",
        },
        "stock_outlook": {
            **dict.fromkeys(("product_id", "site_id"), "id"),
            "week": "date",
            **dict.fromkeys(("supply", "ordered", "expected_stock", "expected_short"), "number"),
            **dict.fromkeys(("holding_cost", "stockout_cost", "volume_m3"), "number"),
            **dict.fromkeys((*UNTIL, *BEFORE), "number"),
        },
        "plan_limits": {
            "rule": "id",
            **dict.fromkeys(("site_id", "supplier_id", "lane_id", "product_id"), "(id)"),
            "week": "(date)",
            **dict.fromkeys(("used", "limit", "price", "relaxed_by"), "number"),
            "unit": "(id)",
        },
        "plan_money": {
            "status": "id",
            **dict.fromkeys(("gap", "objective", "bound", "purchase", "ordering", "holding"), "number"),
            **dict.fromkeys(("shortage", "leftover", "line_cost", "salvage_share", "budget"), "number"),
            **dict.fromkeys(("frozen_weeks", "time_limit"), "number"),
        },
        "transfers": {
            **dict.fromkeys(("product_id", "from_site_id", "to_site_id"), "id"),
            "lane_id": "(id)",
            **dict.fromkeys(("ship_date", "arrival_date"), "date"),
            "reason": "id",
            **dict.fromkeys(("quantity", "value", "gain", "cost"), "number"),
        },
        "excess": {
            **dict.fromkeys(("product_id", "site_id"), "id"),
            **dict.fromkeys(("on_hand", "excess_units", "excess_value"), "number"),
        },
        "stockout_risk": {
            **dict.fromkeys(("product_id", "site_id"), "id"),
            **dict.fromkeys(("expected_short", "unit_margin", "lost_margin"), "number"),
            "stockout_probability": "number",
        },
    }
)
# Columns that need not be there; where they are, they are checked.
OPTIONAL: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "stock_outlook": {"leftover_value": "number"},
        "plan_money": {"owed": "number", "giving_way": "number", "closed_supplier": "(id)"},
        "plan_limits": {"relax_cost": "(number)"},
    }
)
_FORMULA_STARTS: Final = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"


def read_exports(folder: Path) -> dict[str, pd.DataFrame]:
    """Read the exports of an inventory plan from the CSV files of a folder, all cells as text.

    Parameters
    ----------
    folder
        Holds `purchase_orders.csv`, `order_plan.csv`, and so on; a file that is missing is left out, and the
        check says so.

    Returns
    -------
    dict
        Export to its rows; ids keep leading zeros, and the apostrophe before what a spreadsheet would take
        for a formula is taken off.

    Examples
    --------
    >>> read_exports(Path("reports/2026-W47/exports"))["plan_money"]     # doctest: +SKIP
    """
    found = {name: folder / f"{name}.csv" for name in LAYOUT}
    return {name: _read_text(path) for name, path in found.items() if path.is_file()}


def as_laid_out(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Return an export with the types of its layout: what cannot be read becomes empty.

    Ids are text, "" where empty; numbers are float64, dates datetime64[ns], booleans 1.0 or 0.0.

    >>> as_laid_out("excess", pd.DataFrame({"site_id": [None], "on_hand": ["3"]})).to_dict("records")
    [{'site_id': '', 'on_hand': 3.0}]
    """
    kinds = {**LAYOUT[name], **OPTIONAL.get(name, {})}
    read = {column: typed(frame[column], kinds[column]) for column in frame if column in kinds}
    return frame.reset_index(drop=True).assign(**read)


def _read_text(path: Path) -> pd.DataFrame:
    frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    return pd.DataFrame({name: cells.map(_plain) for name, cells in frame.items()})


def _plain(cell: str) -> str:
    rest = cell.removeprefix("'")
    is_guarded = rest != cell and rest.lstrip(" \N{NO-BREAK SPACE}")[:1] in set(_FORMULA_STARTS)
    return rest if is_guarded else cell
