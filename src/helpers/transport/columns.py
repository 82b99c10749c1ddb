"""How the tables of a transport plan read on a page: column to heading and format."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

DEPARTURES: Mapping[str, str] = MappingProxyType(
    {
        "lane_id": "Lane",
        "origin_id": "From",
        "destination_id": "To",
        "mode": "By",
        "products": "Products|int",
        "units": "Units|int",
        "kg": "kg|int",
        "m3": "m³|num1",
        "fill": "Full|pct",
        "freight_cost": "Freight|money",
    }
)
WAITING: Mapping[str, str] = MappingProxyType(
    {
        "origin_id": "At",
        "site_id": "For",
        "lines": "Products|int",
        "waiting": "Units waiting|int",
        "kg": "kg|int",
        "leaves": "Leaves in the week of|date",
    }
)
STEPS: Mapping[str, str] = MappingProxyType(
    {
        "way": "Way",
        "transport": "Vehicles and freight|money",
        "other": "Handling and holding|money",
        "service": "Short, late, below target|money",
        "total": "Total|money",
        "tonnes_co2e": "t CO2e|num2",
        "vehicles": "Departures|int",
        "served": "There in its week|pct",
    }
)
FRONTIER: Mapping[str, str] = MappingProxyType(
    {
        "cut": "Less carbon|pct",
        "extra_cost": "Costs more|money",
        "abatement_price": "Next tonne costs|money",
    }
)
NETWORK: Mapping[str, str] = MappingProxyType(
    {
        "plan": "Network",
        "cost_per_year": "Cost per year|money",
        "saving_per_year": "Saves per year|money",
        "range": "In the demand of each quarter",
        "tonnes_co2e_per_year": "t CO2e per year|num1",
        "estimated_share": "Over estimated lanes|pct",
    }
)
UNMET: Mapping[str, str] = MappingProxyType(
    {
        "product_id": "Product",
        "site_id": "Where",
        "first_week": "From the week of|date",
        "need": "Wanted|int",
        "unmet": "Not there|int",
        "cost": "Weighs|money",
        "why": "Why",
    }
)
LIMITS: Mapping[str, str] = MappingProxyType(
    {
        "rule": "Limit",
        "key": "Where, week",
        "limit": "At most|num1",
        "unit": "Unit",
        "price": "One more saves|money",
    }
)
NOTES: Mapping[str, str] = MappingProxyType({"note": "Left out or assumed"})
