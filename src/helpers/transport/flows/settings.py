"""What a flow plan may be told, checked once."""

from __future__ import annotations

from dataclasses import dataclass, replace

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
    later_rate
        Share by which a unit that is unmet, or below its target, counts less with each week that it lies
        ahead: more can still be ordered or moved by then. Above `below_target_rate`, else the plan would turn
        customers away to keep its targets.
    below_target_rate
        Cost of a unit that stock lies below its target for a week, share of what an unmet unit costs.
    end_target_rate
        The same for stock that lies below what today's way leaves in a store after the last week.
    least_served
        Least share of the needs that must be there in their weeks, 0–1; 0: none.
    dispatch_slack_weeks
        Weeks for which ordered goods may wait at the dock, to fill a vehicle.
    overflow_cost
        Cost of storing above a site's capacity, money per m³ and week.
    carbon_price
        Money per tonne of CO2e, added to the cost.
    carbon_budget
        Most tonnes of CO2e over all weeks; None: no limit.
    fuel_change
        What-if: share by which fuel is dearer or cheaper than today, -1 or more.
    fuel_share
        Share of what freight by road and parcel costs that is fuel, 0–1. An assumption: carriers in the
        United States report about a fifth to two fifths of their marginal cost, as fuel is cheap or dear
        (ATRI, An Analysis of the Operational Costs of Trucking; 38 % in 2013).
    capacity_change
        What-if: share by which every lane has more or fewer vehicles per week, -1 or more.
    closed_site
        What-if: a site from and to which nothing goes in the weeks of the plan; empty for none.
    average_load
        Share of their weight capacity that vehicles carry where the emission factors hold.
    empty_share
        Fuel of an empty vehicle ÷ fuel of a full one. 0.65 and an average load of 0.6 fit the factors of
        the UK Government for lorries with 50 % and 100 % load, and on average (2025).
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
    later_rate: float = 0.1
    below_target_rate: float = 0.05
    end_target_rate: float = 0.5
    least_served: float = 0.0
    dispatch_slack_weeks: int = 2
    overflow_cost: float = 50.0
    carbon_price: float = 0.0
    carbon_budget: float | None = None
    fuel_change: float = 0.0
    fuel_share: float = 0.3
    capacity_change: float = 0.0
    closed_site: str = ""
    average_load: float = 0.6
    empty_share: float = 0.65
    gap: float = 0.005
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

    @property
    def has_levers(self) -> bool:
        """Whether a what-if changes prices of fuel, vehicles or sites."""
        return bool(self.fuel_change or self.capacity_change or self.closed_site)

    def as_planned(self) -> FlowSettings:
        """Return the settings without what-ifs of fuel, vehicles and sites."""
        return replace(self, fuel_change=0.0, capacity_change=0.0, closed_site="")

    @property
    def full_load_ratio(self) -> float:
        """Carbon per tonne-km of a full vehicle ÷ that of one with the average load."""
        return self.average_load / (self.empty_share + (1 - self.empty_share) * self.average_load)


def _wrong_counts(settings: FlowSettings) -> list[str]:
    least = {"weeks": 1, "frozen_weeks": 0, "history_weeks": 1, "dispatch_slack_weeks": 0, "seed": 0}
    values = {name: getattr(settings, name) for name in least}
    return [
        f"'{name}' is {value}. Give a whole number of {least[name]} or more."
        for name, value in values.items()
        if int(value) != value or value < least[name]
    ]


def _wrong_amounts(settings: FlowSettings) -> list[str]:
    rates = ("holding_rate", "below_target_rate", "end_target_rate")
    names = ("same_week_days", "overflow_cost", "carbon_price", *rates)
    values = {name: float(getattr(settings, name)) for name in names}
    values["carbon_budget"] = settings.carbon_budget or 0.0
    findings = [
        f"'{name}' is {value:g}. Give a finite number of 0 or more."
        for name, value in values.items()
        if not (np.isfinite(value) and value >= 0)
    ]
    for name in ("fuel_change", "capacity_change"):
        change = float(getattr(settings, name))
        if not (np.isfinite(change) and change >= -1):
            findings.append(f"'{name}' is {change:g}. Give a share of -1 or more, 0.2 for a fifth more.")
    shares = ("fuel_share", "least_served", "empty_share", "average_load", "later_rate")
    findings += [
        f"'{name}' is {getattr(settings, name):g}. Give a share between 0 and 1."
        for name in shares
        if not 0 <= getattr(settings, name) <= 1
    ]
    if settings.below_target_rate > settings.later_rate:
        findings.append(
            f"'below_target_rate' is {settings.below_target_rate:g}, 'later_rate' {settings.later_rate:g}. "
            "Give no more for targets: the plan would turn customers away now to hold stock for later ones."
        )
    if settings.average_load == 0:
        findings.append(
            "'average_load' is 0. Give a share above 0: emission factors hold for loaded vehicles."
        )
    if not 0 <= settings.unmet_penalty < _MOST_PENALTY:
        findings.append(
            f"'unmet_penalty' is {settings.unmet_penalty:g}. Give 0 to below "
            f"{_MOST_PENALTY:g}: higher prices drown the rest of the cost."
        )
    return findings
