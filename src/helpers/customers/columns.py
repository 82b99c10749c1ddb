"""How the tables of the page read: column to heading and format."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from helpers.customers.experiments.columns import LEARNING
from helpers.customers.staffing.columns import STAFFING

CONTACTS: Mapping[str, str] = MappingProxyType(
    {
        "campaign_id": "Campaign",
        "customer_id": "Customer",
        "segment": "Segment",
        "channel": "By",
        "cost": "Cost|num2",
        "net": "Earns after cost|num2",
        "net_low": "From|num2",
        "net_high": "To|num2",
        "reason": "Why",
    }
)
CORE: Mapping[str, str] = MappingProxyType(
    {
        "customer_id": "Customer",
        "segment": "Segment",
        "last_year_money": "Last year|money",
        "clv": "Expected next|money",
        "leaves": "No order in a quarter|pct",
        "at_stake": "At stake|money",
        "offer": "Offer next",
        "reason": "Why",
    }
)
RULES: Mapping[str, str] = MappingProxyType(
    {
        "rule": "Contacts chosen by",
        "contacts": "Contacts|int",
        "cost": "Cost|money",
        "net": "Earns after cost|money",
        "wasted_rate": "Expected waste|pct",
        "gain": "The plan earns more by|money",
    }
)
NOTES: Mapping[str, str] = MappingProxyType({"about": "About", "note": "Note"})

__all__ = ["CONTACTS", "CORE", "LEARNING", "NOTES", "RULES", "STAFFING"]
