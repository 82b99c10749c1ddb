"""How goods move: which sites, which flows, which routes."""

from helpers.transport.emissions import (
    EmissionFactors,
    ShipmentEmissions,
    read_factors,
    recorded_legs,
    shipment_emissions,
)
from helpers.transport.flows import CarbonFrontier, FlowPlan, FlowSettings, carbon_frontier, plan_flow
from helpers.transport.network import (
    FacilityPlan,
    NetworkChoice,
    NetworkSettings,
    OrlibInstance,
    choose_network,
    locate_facilities,
    read_orlib,
)
from helpers.transport.routes import RouteCase, RoutePlan, Travel, check_routes, plan_routes, read_vrplib

__all__ = [
    "CarbonFrontier",
    "EmissionFactors",
    "FacilityPlan",
    "FlowPlan",
    "FlowSettings",
    "NetworkChoice",
    "NetworkSettings",
    "OrlibInstance",
    "RouteCase",
    "RoutePlan",
    "ShipmentEmissions",
    "Travel",
    "carbon_frontier",
    "check_routes",
    "choose_network",
    "locate_facilities",
    "plan_flow",
    "plan_routes",
    "read_factors",
    "read_orlib",
    "read_vrplib",
    "recorded_legs",
    "shipment_emissions",
]
