"""What the exports of a transport plan hold: a contract between the page that writes them and the check.

Export, column, kind, and whether a row may leave it empty. Further columns are kept and not looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import pandas as pd

from helpers.plan_check import typed

# A kind in brackets may be empty in a row.
LAYOUT: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "shipping_plan": {
            **dict.fromkeys(("lane_id", "mode", "origin_id", "destination_id", "product_id"), "id"),
            **dict.fromkeys(("ship_week", "arrive_week"), "date"),
            **dict.fromkeys(("units", "kg", "m3", "freight_cost", "kg_co2e"), "number"),
            "is_frozen": "bool",
        },
        "vehicles": {
            "lane_id": "id",
            "week": "date",
            "whole": "bool",
            **dict.fromkeys(("vehicles", "kg", "m3", "fill_weight", "fill_volume"), "number"),
            **dict.fromkeys(("cost", "kg_co2e"), "number"),
        },
        "loads": {
            **dict.fromkeys(("load_id", "lane_id", "product_id"), "id"),
            "ship_week": "date",
            **dict.fromkeys(("vehicle", "units", "kg", "m3", "fill_weight", "fill_volume"), "number"),
            "is_partial": "bool",
        },
        "flow_stock": {
            **dict.fromkeys(("site_id", "product_id"), "id"),
            "week": "date",
            **dict.fromkeys(("need", "supply", "target", "below_cost", "units", "unmet"), "number"),
        },
        "flow_dispatch": {
            **dict.fromkeys(("origin_id", "site_id", "product_id"), "id"),
            "week": "date",
            **dict.fromkeys(("ready", "waiting", "late"), "number"),
        },
        "plan_money": {"name": "id", "money": "(number)", "text": "(id)"},
        "plan_rules": {"name": "id", "value": "(number)", "text": "(id)"},
        "carbon": {
            **dict.fromkeys(("lane_id", "mode", "origin_id", "destination_id"), "id"),
            "week": "date",
            **dict.fromkeys(("tonne_km", "kg_co2e"), "number"),
            "gco2e_per_tkm": "(number)",
        },
    }
)
KEYS: Final[Mapping[str, list[str]]] = MappingProxyType(
    {
        "shipping_plan": ["lane_id", "product_id", "ship_week"],
        "vehicles": ["lane_id", "week"],
        "loads": ["load_id", "product_id"],
        "flow_stock": ["site_id", "product_id", "week"],
        "flow_dispatch": ["origin_id", "site_id", "product_id", "week"],
        "plan_money": ["name"],
        "plan_rules": ["name"],
        "carbon": ["lane_id", "week"],
    }
)
MONEY: Final = (
    "vehicles",
    "freight by weight and piece",
    "handling",
    "dearer sources",
    "holding on the way",
    "holding",
    "holding at docks",
    "overflow storage",
    "unmet needs",
    "stock below target",
    "orders left waiting",
    "carbon price",
)
SETTINGS: Final = (
    "weeks",
    "frozen_weeks",
    "same_week_days",
    "holding_rate",
    "unmet_penalty",
    "later_rate",
    "below_target_rate",
    "end_target_rate",
    "dispatch_slack_weeks",
    "overflow_cost",
    "carbon_price",
    "carbon_budget",
    "average_load",
    "empty_share",
    "least_served",
    "fuel_change",
    "fuel_share",
    "capacity_change",
    "closed_site",
)
# Names that have to be there, and the one whose number may be empty.
NAMED: Final[Mapping[str, tuple[tuple[str, ...], str]]] = MappingProxyType(
    {
        "plan_money": ((*MONEY, "cost", "bound", "gap", "tonnes_co2e", "status"), "status"),
        "plan_rules": (SETTINGS, "carbon_budget"),
    }
)


def as_laid_out(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Return an export with the types of its layout: what cannot be read becomes empty.

    Ids are text, "" where empty; numbers are float64, dates datetime64[ns], booleans 1.0 or 0.0.

    >>> as_laid_out("plan_rules", pd.DataFrame({"name": ["weeks"], "value": ["4"]})).to_dict("records")
    [{'name': 'weeks', 'value': 4.0}]
    """
    kinds = LAYOUT[name]
    read = {column: typed(frame[column], kind) for column, kind in kinds.items() if column in frame}
    return frame.reset_index(drop=True).assign(**read)
