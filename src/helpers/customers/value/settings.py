"""What the value of customers may be told, checked once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from helpers.errors import ParameterError

_LEAST = {
    "horizon_weeks": 1,
    "holdout_weeks": 1,
    "samples": 20,
    "resamples": 20,
    "seed": 0,
    "least_repeats": 5,
}


@dataclass(frozen=True)
class ValueSettings:
    """Settings of `value_customers`.

    Parameters
    ----------
    horizon_weeks
        Weeks over which the value of a customer is added up.
    discount_rate
        Share per year by which later money counts less.
    holdout_weeks
        Last weeks that are kept from the models to judge them.
    samples
        Draws for the interval of each value.
    resamples
        Resampled sets of customers for the intervals of the calibration.
    interval
        Share of draws inside an interval, 0–1.
    least_repeats
        Least number of customers with a repeat purchase for a model; with fewer there is the plain rule only.
    contact_cost
        Whether what contacts cost, at last year's pace, is taken off the value.
    core_share
        Share of last year's margin that the core customers bring together, 0–1.
    seed
        Seed of all draws.
    """

    horizon_weeks: int = 52
    discount_rate: float = 0.10
    holdout_weeks: int = 26
    samples: int = 200
    resamples: int = 200
    interval: float = 0.9
    least_repeats: int = 30
    contact_cost: bool = True
    core_share: float = 0.5
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse settings that cannot be meant, all at once."""
        findings = [
            f"'{name}' is {getattr(self, name)}. Give a whole number of {least} or more."
            for name, least in _LEAST.items()
            if getattr(self, name) != int(getattr(self, name)) or getattr(self, name) < least
        ]
        findings += [
            f"'{name}' is {getattr(self, name):g}. Give a share between 0 and 1, without them."
            for name in ("interval", "core_share")
            if not 0 < getattr(self, name) < 1
        ]
        if not (np.isfinite(self.discount_rate) and 0 <= self.discount_rate <= 1):
            findings.append(f"'discount_rate' is {self.discount_rate:g}. Give a share per year from 0 to 1.")
        if findings:
            raise ParameterError("ValueSettings: " + " ".join(findings))
