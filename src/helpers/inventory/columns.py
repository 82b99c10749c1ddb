"""How the tables of an inventory plan read on a page: column to heading and format."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

ORDERS: Mapping[str, str] = MappingProxyType(
    {
        "product_id": "Product",
        "product_name": "Name",
        "site_id": "For",
        "supplier_id": "From",
        "quantity": "Order units|int",
        "value": "Value|money",
        "weeks_of_cover": "Weeks covered now|num1",
        "stockout_probability": "Chance to run out|pct",
        "earned": "Earns by coming now|money",
    }
)
TRANSFERS: Mapping[str, str] = MappingProxyType(
    {
        "product_id": "Product",
        "from_site_id": "From",
        "to_site_id": "To",
        "quantity": "Units|int",
        "reason": "Why",
        "value": "At cost|money",
        "cost": "Cost of moving|money",
        "gain": "Gain|money",
    }
)
RISK: Mapping[str, str] = MappingProxyType(
    {
        "product_id": "Product",
        "site_id": "Site",
        "available": "Available|int",
        "coming": "Coming|int",
        "lead_time_days": "Help comes in, days|int",
        "demand": "Wanted until then|int",
        "stockout_probability": "Chance to run out|pct",
        "lost_margin": "Margin lost|money",
        "customers": "Customers|int",
    }
)
EXCESS: Mapping[str, str] = MappingProxyType(
    {
        "product_id": "Product",
        "product_name": "Name",
        "site_id": "Site",
        "excess_units": "Excess units|int",
        "excess_value": "At cost|money",
        "reason": "Why",
        "advice": "What to do",
    }
)
LIMITS: Mapping[str, str] = MappingProxyType(
    {
        "rule": "Limit",
        "key": "Where",
        "used": "Used|int",
        "limit": "Limit at|int",
        "unit": "Unit",
        "price": "One more is worth|num2",
    }
)
COMPARISON: Mapping[str, str] = MappingProxyType(
    {
        "what": "Measure",
        "recommended": "These levels",
        "incumbent": "Min–max rule",
        "difference": "Difference",
        "range": "90\N{NO-BREAK SPACE}% of futures",
    }
)
PROMISE: Mapping[str, str] = MappingProxyType(
    {
        "group": "Class",
        "series": "Products at a site|int",
        "promised": "Promised|pct",
        "simulated": "Simulated|pct",
        "low": "Low|pct",
        "high": "High|pct",
    }
)
SERVICE: Mapping[str, str] = MappingProxyType(
    {
        "what": "Targets",
        "fill_rate": "Units served|pct",
        "stock_value": "Stock at cost|money",
        "holding_cost": "Holding, a year|money",
        "lost_margin": "Margin lost, a year|money",
        "total": "Both|money",
    }
)
NOTES: Mapping[str, str] = MappingProxyType({"note": "What was left out or assumed"})
