"""Assumptions of the staffing plan: what the data do not say, checked once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from helpers.errors import ParameterError

KINDS = ("question", "complaint")


def _handling() -> Mapping[str, float]:
    return {"question": 6.0, "complaint": 15.0}


@dataclass(frozen=True)
class StaffingSettings:
    """Settings of `plan_staffing`.

    Parameters
    ----------
    horizon_days
        Days ahead that are staffed.
    handling_minutes
        Minutes per case of each kind of `service_cases` that is answered by hand.
    call_minutes, visit_minutes
        Minutes per outbound call and per visit (travel included) of a campaign.
    open_weekdays
        Days of the week that are staffed, Monday = 0; days that the calendar calls closed are not.
    open_hours
        Hours per open day.
    peak_factor
        Calls of the busiest hour ÷ those of the mean hour.
    target_share, answer_seconds
        Share of calls to be answered within so many seconds, in the busiest hour.
    shrinkage
        Share of paid time that agents are away.
    max_occupancy
        Most of their time that agents may be busy.
    level
        Probability of the interval of cases; its upper end makes the busy day.
    """

    horizon_days: int = 28
    handling_minutes: Mapping[str, float] = field(default_factory=_handling)
    call_minutes: float = 5.0
    visit_minutes: float = 60.0
    open_weekdays: tuple[int, ...] = (0, 1, 2, 3, 4, 5)
    open_hours: float = 9.0
    peak_factor: float = 1.5
    target_share: float = 0.8
    answer_seconds: float = 20.0
    shrinkage: float = 0.3
    max_occupancy: float = 0.85
    level: float = 0.9

    def __post_init__(self) -> None:
        """Refuse settings out of bounds, all at once."""
        minutes = {**self.handling_minutes, "call": self.call_minutes, "visit": self.visit_minutes}
        wrong = [
            f"minutes per {kind} are {value}, not above 0" for kind, value in minutes.items() if value <= 0
        ]
        wrong += [
            f"{name} is {value}: it must {rule}"
            for name, value, holds, rule in (
                ("horizon_days", self.horizon_days, self.horizon_days >= 1, "be 1 or more"),
                (
                    "open_weekdays",
                    self.open_weekdays,
                    bool(self.open_weekdays) and set(self.open_weekdays) <= set(range(7)),
                    "hold numbers from 0 (Monday) to 6",
                ),
                ("open_hours", self.open_hours, 0 < self.open_hours <= 24, "lie in (0, 24]"),
                ("peak_factor", self.peak_factor, self.peak_factor >= 1, "be 1 or more"),
                ("target_share", self.target_share, 0 < self.target_share < 1, "lie in (0, 1)"),
                ("answer_seconds", self.answer_seconds, self.answer_seconds >= 0, "not be negative"),
                ("shrinkage", self.shrinkage, 0 <= self.shrinkage < 1, "lie in [0, 1)"),
                ("max_occupancy", self.max_occupancy, 0 < self.max_occupancy <= 1, "lie in (0, 1]"),
                ("level", self.level, 0 < self.level < 1, "lie in (0, 1)"),
            )
            if not holds
        ]
        if wrong:
            raise ParameterError(f"Staffing: {'; '.join(wrong)}.")
