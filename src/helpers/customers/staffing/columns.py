"""How the table of a staffing plan reads on a page: column to heading and format."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

STAFFING: Mapping[str, str] = MappingProxyType(
    {
        "date": "Day|date",
        "cases": "Cases|num1",
        "cases_high": "If busy|int",
        "outbound_calls": "Calls out|int",
        "agents": "Agents|int",
        "rostered": "Roster|int",
        "service": "In time|pct",
        "wait_seconds": "Wait, s|int",
        "occupancy": "At work|pct",
        "field_staff": "For visits|int",
    }
)
