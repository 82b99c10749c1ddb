"""What the page of customer targeting may be told: one small frozen class per question, gathered here."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from helpers.contract import Case
from helpers.customers.churn import ChurnSettings
from helpers.customers.cost_to_serve import ActivityRates
from helpers.customers.experience import ExperienceSettings
from helpers.customers.experiments import ReadOutSettings
from helpers.customers.next_product import NextProductSettings
from helpers.customers.selection import SelectionSettings
from helpers.customers.staffing import StaffingSettings
from helpers.customers.uplift import UpliftSettings
from helpers.customers.value import ValueSettings
from helpers.errors import ParameterError


@dataclass(frozen=True)
class TargetingSettings:
    """Settings of `plan_targeting`.

    Parameters
    ----------
    cutoff
        Last day that may be used, as 2026-11-15; empty for the last day of the data.
    value, rates, churn, next_product, experience, uplift, read_out, selection, staffing
        Settings of each part.
    """

    cutoff: str = ""
    value: ValueSettings = field(default_factory=ValueSettings)
    rates: ActivityRates = field(default_factory=ActivityRates)
    churn: ChurnSettings = field(default_factory=ChurnSettings)
    next_product: NextProductSettings = field(default_factory=NextProductSettings)
    experience: ExperienceSettings = field(default_factory=ExperienceSettings)
    uplift: UpliftSettings = field(default_factory=UpliftSettings)
    read_out: ReadOutSettings = field(default_factory=ReadOutSettings)
    selection: SelectionSettings = field(default_factory=SelectionSettings)
    staffing: StaffingSettings = field(default_factory=StaffingSettings)

    def __post_init__(self) -> None:
        """Refuse a cutoff that is no day."""
        try:
            dt.date.fromisoformat(self.cutoff or "2000-01-01")
        except ValueError:
            message = f"cutoff: {self.cutoff!r} is not a day. Write it as 2026-11-15, or leave it empty."
            raise ParameterError(message) from None

    def last_day(self, case: Case) -> dt.date:
        """Return the last day that is read of a case."""
        return min(dt.date.fromisoformat(self.cutoff), case.as_of) if self.cutoff else case.as_of
