"""Which sites to open, and whom each serves."""

from helpers.transport.network.locate import FacilityPlan, locate_facilities
from helpers.transport.network.orlib import OrlibInstance, read_orlib

__all__ = ["FacilityPlan", "OrlibInstance", "locate_facilities", "read_orlib"]
