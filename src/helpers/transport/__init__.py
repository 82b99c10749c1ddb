"""How goods move: which sites, which flows, which routes."""

from helpers.transport.emissions import (
    EmissionFactors,
    ShipmentEmissions,
    read_factors,
    recorded_legs,
    shipment_emissions,
)
from helpers.transport.flows import CarbonFrontier, FlowPlan, FlowSettings, carbon_frontier, plan_flow
from helpers.transport.last_mile import LastMilePlan, LastMileSettings, plan_last_mile
from helpers.transport.network import FacilityPlan, OrlibInstance, locate_facilities, read_orlib
from helpers.transport.routes import RouteCase, RoutePlan, Travel, check_routes, plan_routes, read_vrplib

__all__ = [
    "CarbonFrontier",
    "EmissionFactors",
    "FacilityPlan",
    "FlowPlan",
    "FlowSettings",
    "LastMilePlan",
    "LastMileSettings",
    "OrlibInstance",
    "RouteCase",
    "RoutePlan",
    "ShipmentEmissions",
    "Travel",
    "carbon_frontier",
    "check_routes",
    "locate_facilities",
    "plan_flow",
    "plan_last_mile",
    "plan_routes",
    "read_factors",
    "read_orlib",
    "read_vrplib",
    "recorded_legs",
    "shipment_emissions",
]
