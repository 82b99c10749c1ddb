"""What a flow plan may be told, checked once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from helpers.errors import ParameterError

WEEKS_PER_YEAR = 52.0
_MOST_PENALTY = 1e4


@dataclass(frozen=True)
class FlowSettings:
    """Settings of `plan_flow`.

    Parameters
    ----------
    weeks
        T, weeks of the plan; the first begins after the last day of the data.
    frozen_weeks
        First weeks in which vehicles are whole; later ones may be parts of a vehicle.
    same_week_days
        Longest transit, days, with which goods still arrive in the week in which they leave. Every further
        begun seven days take one week more.
    history_weeks
        Past weeks whose mean sales stand in for needs where none are given.
    holding_rate
        Cost of holding stock, on hand or on the way, share of its value per year.
    unmet_penalty
        Cost of a unit that is not there in its week, beside its margin, in unit costs.
    overflow_cost
        Cost of storing above a site's capacity, money per m³ and week.
    carbon_price
        Money per tonne of CO2e, added to the cost.
    carbon_budget
        Most tonnes of CO2e over all weeks; None: no limit.
    gap, time_limit
        Relative gap at which the plan may stop, and seconds.
    seed
        Seed of the solver.
    """

    weeks: int = 8
    frozen_weeks: int = 2
    same_week_days: float = 3.0
    history_weeks: int = 8
    holding_rate: float = 0.25
    unmet_penalty: float = 1.0
    overflow_cost: float = 50.0
    carbon_price: float = 0.0
    carbon_budget: float | None = None
    gap: float = 0.01
    time_limit: float = 20.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse settings that cannot be meant, all at once."""
        findings = [*_wrong_counts(self), *_wrong_amounts(self)]
        if self.frozen_weeks > self.weeks:
            findings.append(f"'frozen_weeks' is {self.frozen_weeks}, 'weeks' {self.weeks}. Freeze no more.")
        if findings:
            raise ParameterError("FlowSettings: " + " ".join(findings))

    @property
    def weekly_holding_rate(self) -> float:
        """Cost of holding stock for a week, share of its value."""
        return self.holding_rate / WEEKS_PER_YEAR


def _wrong_counts(settings: FlowSettings) -> list[str]:
    least = {"weeks": 1, "frozen_weeks": 0, "history_weeks": 1, "seed": 0}
    values = {name: getattr(settings, name) for name in least}
    return [
        f"'{name}' is {value}. Give a whole number of {least[name]} or more."
        for name, value in values.items()
        if int(value) != value or value < least[name]
    ]


def _wrong_amounts(settings: FlowSettings) -> list[str]:
    names = ("same_week_days", "holding_rate", "overflow_cost", "carbon_price")
    values = {name: float(getattr(settings, name)) for name in names}
    values["carbon_budget"] = settings.carbon_budget or 0.0
    findings = [
        f"'{name}' is {value:g}. Give a finite number of 0 or more."
        for name, value in values.items()
        if not (np.isfinite(value) and value >= 0)
    ]
    if not 0 <= settings.unmet_penalty < _MOST_PENALTY:
        findings.append(
            f"'unmet_penalty' is {settings.unmet_penalty:g}. Give 0 to below "
            f"{_MOST_PENALTY:g}: higher prices drown the rest of the cost."
        )
    return findings
