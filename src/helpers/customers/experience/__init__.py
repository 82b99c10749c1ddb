"""How customers were served, and what let-downs go with afterwards."""

from helpers.customers.experience.headlines import (
    say_each_effect,
    say_effects,
    say_experience,
    say_groups,
    say_service,
)
from helpers.customers.experience.measure import measure_experience
from helpers.customers.experience.result import CAVEAT, Experience
from helpers.customers.experience.settings import ExperienceSettings

__all__ = [
    "CAVEAT",
    "Experience",
    "ExperienceSettings",
    "measure_experience",
    "say_each_effect",
    "say_effects",
    "say_experience",
    "say_groups",
    "say_service",
]
