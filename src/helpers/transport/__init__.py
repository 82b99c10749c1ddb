"""How goods move: which sites, which flows, which routes."""

from helpers.transport.network import FacilityPlan, OrlibInstance, locate_facilities, read_orlib
from helpers.transport.routes import RouteCase, RoutePlan, Travel, check_routes, plan_routes, read_vrplib

__all__ = [
    "FacilityPlan",
    "OrlibInstance",
    "RouteCase",
    "RoutePlan",
    "Travel",
    "check_routes",
    "locate_facilities",
    "plan_routes",
    "read_orlib",
    "read_vrplib",
]
