"""What last-mile routes may be told, checked once.

No table of the contract holds what a van of one's own costs or how fast it is, so these are assumptions, to
be replaced by one's own. The costs are round figures in the order of published ones (a van in British towns,
prices of 2022/23: 29 a day, 0.21 per km, a driver's wage of 12 per hour before all that comes on top of it).
Road factor and speed are those of `Travel`. The mean load behind an emission factor per tonne-km is 40 % of
what the vehicle may carry.

Source: Oakey et al. (2025), Table 2 at PMC12378082, for the costs; Defra's greenhouse gas conversion factors,
light goods freight (average load factor of vans, Department for Transport 2005), for the mean load.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from helpers.errors import ParameterError
from helpers.transport.routes import Travel

_DAY_HOURS = 24.0
_WHOLE = {"days": 1, "history_days": 1, "iterations": 1, "seed": 0}
_ABOVE_ZERO = ("shift_hours", "speed_kmh", "road_factor", "parcel_rate", "time_limit")
_FROM_ZERO = ("cost_per_route", "cost_per_km", "cost_per_hour", "minutes_per_stop", "shift_start")


@dataclass(frozen=True)
class LastMileSettings:
    """Settings of `plan_last_mile`.

    Parameters
    ----------
    days
        Working days ahead among which the day of a delivery is chosen.
    history_days
        Past days of shipments that show who has goods delivered and who fetches them.
    early_days
        Days before the requested day at which a delivery may come; None: as soon as the goods are there.
    cost_per_route, cost_per_km, cost_per_hour
        Money: of a vehicle's day, of driving, of the driver's time on the road.
    shift_start, shift_hours
        Hour of the day at which vehicles may leave, and hours after which they are back.
    minutes_per_stop
        Parking, carrying, signing.
    speed_kmh, road_factor
        Mean speed, and kilometres on the road per kilometre as the crow flies.
    prefer_vehicles
        Whether vehicles serve all that they can, also where parcels are cheaper.
    parcel_rate
        Parcel prices in use ÷ the lane's own rates.
    mean_load_share
        Load behind the emission factor of a vehicle class, share of its payload: a vehicle's carbon per km is
        factor × this load, however full it is.
    iterations
        Of the search, per depot and day; what ends it, so that two runs give the same.
    time_limit
        Seconds for all searches together; where it ends one, the plan says so.
    seed
        Seed of the search and of the solver.
    """

    days: int = 5
    history_days: int = 182
    early_days: int | None = None
    cost_per_route: float = 35.0
    cost_per_km: float = 0.30
    cost_per_hour: float = 28.0
    shift_start: float = 7.0
    shift_hours: float = 9.0
    minutes_per_stop: float = 8.0
    speed_kmh: float = 50.0
    road_factor: float = 1.3
    prefer_vehicles: bool = False
    parcel_rate: float = 1.0
    mean_load_share: float = 0.4
    iterations: int = 300
    time_limit: float = 30.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse settings that cannot be meant, all at once."""
        findings = [*_wrong_counts(self), *_wrong_amounts(self)]
        if self.shift_start + self.shift_hours > _DAY_HOURS:
            findings.append(f"The shift ends {self.shift_start + self.shift_hours:g} hours into the day.")
        if not 0 < self.mean_load_share <= 1:
            findings.append(f"'mean_load_share' is {self.mean_load_share:g}. Give a share above 0, up to 1.")
        if findings:
            raise ParameterError("LastMileSettings: " + " ".join(findings))

    @property
    def travel(self) -> Travel:
        """How distances and times come about."""
        return Travel(road_factor=self.road_factor, speed_kmh=self.speed_kmh)


def _wrong_counts(settings: LastMileSettings) -> list[str]:
    least = {**_WHOLE, **({} if settings.early_days is None else {"early_days": 0})}
    values = {name: getattr(settings, name) for name in least}
    return [
        f"'{name}' is {value}. Give a whole number of {least[name]} or more."
        for name, value in values.items()
        if int(value) != value or value < least[name]
    ]


def _wrong_amounts(settings: LastMileSettings) -> list[str]:
    values = {name: float(getattr(settings, name)) for name in (*_ABOVE_ZERO, *_FROM_ZERO)}
    return [
        f"'{name}' is {value:g}. Give a finite number {'above 0' if name in _ABOVE_ZERO else 'of 0 or more'}."
        for name, value in values.items()
        if not np.isfinite(value) or value < 0 or (value == 0 and name in _ABOVE_ZERO)
    ]
