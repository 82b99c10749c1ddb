"""How goods move: which sites, which flows, which routes."""

from helpers.transport.network import FacilityPlan, OrlibInstance, locate_facilities, read_orlib

__all__ = ["FacilityPlan", "OrlibInstance", "locate_facilities", "read_orlib"]
