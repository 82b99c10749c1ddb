"""What the selection may be told, checked once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from helpers.customers.consent import CHANNELS
from helpers.errors import ParameterError

STRATA = ("segment", "value")
_WHOLE = {"max_contacts_per_customer": 1, "cap_contacts": 0, "cap_days": 1, "rest_days": 0, "seed": 0}
_LARGEST = {"gap": 0.5, "holdout_share": 0.9}
_MOST_MARGIN = 10.0


@dataclass(frozen=True)
class SelectionSettings:
    """Settings of `plan_contacts`.

    Parameters
    ----------
    budget
        Money for all contacts of the plan; 0 or None: no limit.
    channel_capacity
        Channel to the contacts that it can make in a campaign's window. Campaigns of one channel whose
        windows share a day share it. A channel that is not named has no limit.
    max_contacts_per_customer
        Contacts per customer in this plan.
    cap_contacts, cap_days
        Contacts per customer in any so many days, past and planned.
    rest_days
        Days from one contact of a customer to the next.
    holdout_share
        Least share of the open audience of each campaign that is held out at random.
    strata
        What the hold-out is balanced by within a campaign: `segment`, `value` (thirds of expected value).
    limit_by_stock
        Whether an offer goes to no more customers than its stock serves.
    least_value
        Expected margin after cost that a contact has to bring, money.
    margin_change
        Share by which the margin of what a contact sells is higher or lower than measured, above −1;
        discounts and costs of contacts stay.
    gap, time_limit
        Relative gap at which the solver may end, and seconds.
    seed
        Of the hold-out, and of the order among customers that are worth the same.

    Raises
    ------
    ParameterError
        For settings that cannot be meant, all findings at once.
    """

    budget: float | None = None
    channel_capacity: Mapping[str, float] = field(default_factory=dict)
    max_contacts_per_customer: int = 2
    cap_contacts: int = 6
    cap_days: int = 364
    rest_days: int = 14
    holdout_share: float = 0.15
    strata: tuple[str, ...] = STRATA
    limit_by_stock: bool = True
    least_value: float = 0.0
    margin_change: float = 0.0
    gap: float = 1e-4
    time_limit: float = 20.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse settings that cannot be meant, all at once."""
        findings = [*self._wrong_counts(), *self._wrong_amounts(), *self._wrong_channels()]
        unknown = [name for name in self.strata if name not in STRATA]
        if unknown:
            findings.append(f"'strata' names {', '.join(map(repr, unknown))}. Use {' and '.join(STRATA)}.")
        if findings:
            raise ParameterError("SelectionSettings: " + " ".join(findings))
        object.__setattr__(self, "channel_capacity", dict(sorted(self.channel_capacity.items())))
        object.__setattr__(self, "strata", tuple(self.strata))

    @property
    def money(self) -> float:
        """The budget, infinite where there is no limit."""
        return float(self.budget) if self.budget else np.inf

    def _wrong_counts(self) -> list[str]:
        values = {name: getattr(self, name) for name in _WHOLE}
        return [
            f"'{name}' is {value}. Give a whole number of {_WHOLE[name]} or more."
            for name, value in values.items()
            if not np.isfinite(value) or int(value) != value or value < _WHOLE[name]
        ]

    def _wrong_amounts(self) -> list[str]:
        said = []
        if self.budget is not None and not 0 <= self.budget < np.inf:
            said.append(f"'budget' is {self.budget:g}. Give money of 0 or more; 0 means no limit.")
        for name, most in _LARGEST.items():
            if not 0 <= getattr(self, name) <= most:
                said.append(f"'{name}' is {getattr(self, name):g}. Give a share from 0 to {most:g}.")
        if not 0 <= self.least_value < np.inf:
            said.append(f"'least_value' is {self.least_value:g}. Give money of 0 or more.")
        if not -1 < self.margin_change <= _MOST_MARGIN:
            said.append(
                f"'margin_change' is {self.margin_change:g}. Give a share above -1, to {_MOST_MARGIN:g}."
            )
        if not 0.1 <= self.time_limit <= 86_400:
            said.append(f"'time_limit' is {self.time_limit:g}. Give seconds from 0.1 to 86400.")
        return said

    def _wrong_channels(self) -> list[str]:
        said = []
        for name, capacity in self.channel_capacity.items():
            if name not in CHANNELS:
                said.append(f"'channel_capacity' names {name!r}. Channels are {', '.join(CHANNELS)}.")
            if not capacity >= 0:
                said.append(f"'channel_capacity' of {name} is {capacity}. Give 0 or more contacts.")
        return said
