"""How goods move: which sites, which flows and loads, which routes, at what cost and carbon."""

from helpers.transport.checks.transport_plan import check_transport_plan
from helpers.transport.emissions import (
    EmissionFactors,
    ShipmentEmissions,
    read_factors,
    recorded_legs,
    shipment_emissions,
)
from helpers.transport.flows import CarbonFrontier, FlowPlan, FlowSettings, Wants, carbon_frontier, plan_flow
from helpers.transport.flows.today import TodayComparison, plan_beside_today
from helpers.transport.last_mile import LastMilePlan, LastMileSettings, plan_last_mile
from helpers.transport.last_mile.check import check_last_mile
from helpers.transport.loads import LoadPlan, pack_loads
from helpers.transport.network import (
    FacilityPlan,
    NetworkChoice,
    NetworkSettings,
    OrlibInstance,
    choose_network,
    locate_facilities,
    read_orlib,
)
from helpers.transport.plan import TransportPlan, plan_transport
from helpers.transport.routes import RouteCase, RoutePlan, Travel, check_routes, plan_routes, read_vrplib

__all__ = [
    "CarbonFrontier",
    "EmissionFactors",
    "FacilityPlan",
    "FlowPlan",
    "FlowSettings",
    "LastMilePlan",
    "LastMileSettings",
    "LoadPlan",
    "NetworkChoice",
    "NetworkSettings",
    "OrlibInstance",
    "RouteCase",
    "RoutePlan",
    "ShipmentEmissions",
    "TodayComparison",
    "TransportPlan",
    "Travel",
    "Wants",
    "carbon_frontier",
    "check_last_mile",
    "check_routes",
    "check_transport_plan",
    "choose_network",
    "locate_facilities",
    "pack_loads",
    "plan_beside_today",
    "plan_flow",
    "plan_last_mile",
    "plan_routes",
    "plan_transport",
    "read_factors",
    "read_orlib",
    "read_vrplib",
    "recorded_legs",
    "shipment_emissions",
]
