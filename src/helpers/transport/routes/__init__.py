"""Which vehicle visits whom, in which order."""

from helpers.transport.routes.case import RouteCase, Travel
from helpers.transport.routes.check import check_routes
from helpers.transport.routes.plan import RoutePlan, plan_routes
from helpers.transport.routes.vrplib_file import read_vrplib

__all__ = ["RouteCase", "RoutePlan", "Travel", "check_routes", "plan_routes", "read_vrplib"]
