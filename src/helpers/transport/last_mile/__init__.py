"""Who is visited on which day and by what: the next deliveries of a reseller."""

from helpers.transport.last_mile.plan import plan_last_mile
from helpers.transport.last_mile.result import LastMilePlan
from helpers.transport.last_mile.settings import LastMileSettings

__all__ = ["LastMilePlan", "LastMileSettings", "plan_last_mile"]
