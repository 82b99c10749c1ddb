"""How the tables of a forecast read on a page: column to heading and format (see `helpers.report.table`)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

REVIEW: Mapping[str, str] = MappingProxyType(
    {
        "product_id": "Product",
        "name": "Name",
        "site_id": "Site",
        "reason": "Why",
        "forecast_units": "Forecast units|int",
        "money_at_stake": "Money at stake|money",
    }
)
COMING: Mapping[str, str] = MappingProxyType(
    {
        "week": "From|week",
        "product_id": "Product",
        "name": "Name",
        "sites": "Sites|int",
        "what": "What",
        "units": "Units|int",
        "money": "At unit cost|money",
    }
)
LADDER: Mapping[str, str] = MappingProxyType(
    {"method": "Method", "meaning": "What it does", "wape": "Error (WAPE)|pct", "bias": "Bias|pct"}
)
CHANGES: Mapping[str, str] = MappingProxyType(
    {
        "product_id": "Product",
        "site_id": "Site",
        "before_units": "A week ago|int",
        "now_units": "Now|int",
        "reason": "Why",
        "money": "Money moved|money",
    }
)
PLANNED: Mapping[str, str] = MappingProxyType(
    {
        "promotion_id": "Promotion",
        "product_id": "Product",
        "name": "Name",
        "start": "From|date",
        "discount": "Discount|pct",
        "units": "Units won|int",
        "margin": "Margin won|int",
        "low_margin": "Low|int",
        "high_margin": "High|int",
    }
)
REPAIR: Mapping[str, str] = MappingProxyType(
    {
        "estimate": "Demand of the history",
        "units": "Units|int",
        "ratio": "Against recorded|pct",
        "low": "Low, units|int",
        "high": "High, units|int",
    }
)
NOTES: Mapping[str, str] = MappingProxyType({"note": "What"})
