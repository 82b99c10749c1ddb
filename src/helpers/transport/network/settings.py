"""What the choice of warehouses may be told, checked once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from helpers.errors import ParameterError

WEEKS_PER_YEAR = 52.0


@dataclass(frozen=True)
class NetworkSettings:
    """Settings of `choose_network`.

    Parameters
    ----------
    history_weeks
        Last weeks of orders whose mean is the demand.
    mean_fill
        φ, share of a vehicle's weight and volume that is filled on average, above 0 to 1.
    least_vehicles
        Vehicles a week that come to a store at least, however little they carry.
    capacitated
        Whether the weekly handling capacity of a warehouse is a limit.
    storage_binds
        Whether today's stock, shared out as the flow is, has to fit into the open warehouses.
    single_sourcing
        Whether each store and zone is served from one warehouse only.
    least_saving
        Share of today's cost that a choice has to save to be proposed instead of today's network.
    moves
        Whether other places are tried: a warehouse moved, or one more opened.
    gap, time_limit
        Relative gap at which a solve may stop, and seconds for each.
    seed
        Seed of the solver.
    """

    history_weeks: int = 52
    mean_fill: float = 0.6
    least_vehicles: float = 1.0
    capacitated: bool = True
    storage_binds: bool = False
    single_sourcing: bool = True
    least_saving: float = 0.001
    moves: bool = True
    gap: float = 0.0
    time_limit: float = 10.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse settings that cannot be meant, all at once."""
        findings = []
        for name, least in (("history_weeks", 1), ("seed", 0)):
            value = getattr(self, name)
            if int(value) != value or value < least:
                findings.append(f"'{name}' is {value}. Give a whole number of {least} or more.")
        if not 0 < self.mean_fill <= 1:
            findings.append(f"'mean_fill' is {self.mean_fill:g}. Give a share above 0, 1 at most.")
        for name in ("gap", "least_saving"):
            value = getattr(self, name)
            if not 0 <= value < 1:
                findings.append(f"'{name}' is {value:g}. Give a share from 0 to below 1.")
        if not (np.isfinite(self.least_vehicles) and self.least_vehicles >= 0):
            findings.append(
                f"'least_vehicles' is {self.least_vehicles:g}. Give a finite number of 0 or more."
            )
        if not (np.isfinite(self.time_limit) and self.time_limit > 0):
            findings.append(f"'time_limit' is {self.time_limit:g}. Give finite seconds above 0.")
        if findings:
            raise ParameterError("NetworkSettings: " + " ".join(findings))
