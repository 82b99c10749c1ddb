"""Which sites to open, and whom each serves."""

from helpers.transport.network.choice import NetworkChoice, choose_network
from helpers.transport.network.locate import FacilityPlan, locate_facilities
from helpers.transport.network.orlib import OrlibInstance, read_orlib
from helpers.transport.network.settings import NetworkSettings

__all__ = [
    "FacilityPlan",
    "NetworkChoice",
    "NetworkSettings",
    "OrlibInstance",
    "choose_network",
    "locate_facilities",
    "read_orlib",
]
