"""How the table of a staffing plan reads on a page: column to heading and format."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

STAFFING: Mapping[str, str] = MappingProxyType(
    {
        "date": "Day|date",
        "cases": "Cases|num1",
        "cases_high": "On a busy day|int",
        "outbound_calls": "Outbound calls|int",
        "visits": "Visits|int",
        "agents": "Agents present|int",
        "rostered": "On the roster|int",
        "service": "Answered in time|pct",
        "wait_seconds": "Mean wait, s|int",
        "occupancy": "Busy|pct",
        "service_one_fewer": "In time with one fewer|pct",
        "field_staff": "For visits|int",
    }
)
