"""What an inventory plan may be told, checked once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from helpers.errors import ParameterError
from helpers.inventory.arguments import find_wrong, refuse

Aim = Literal["fill_rate", "economic"]
AIMS = ("fill_rate", "economic")
WEEKS_PER_YEAR = 52.0


@dataclass(frozen=True)
class InventorySettings:
    """Settings of `plan_inventory`.

    Parameters
    ----------
    aim
        `fill_rate`: the least cost at which each ABC class serves its target; `economic`: what a unit short
        costs against what a unit held costs, without a target.
    fill_rate_a, fill_rate_b, fill_rate_c
        Target share of units served from stock per ABC class, 0–1.
    holding_rate
        Cost of holding stock, share of its value per year (capital, space, risk).
    stockout_factor
        Cost of a unit short as a multiple of its margin; above 1 where customers who go without cost more
        than this sale.
    line_cost
        Cost of a purchase order line, money (ordering, receiving, booking).
    lost_share
        Share of the units not served at once that is lost; the rest waits.
    horizon
        Weeks of the order plan, at most those of the forecast.
    frozen_weeks
        First weeks whose orders are proposed as firm.
    review_period
        Weeks between two looks at a pair.
    budget
        Open-to-buy: most money for orders of the frozen weeks; 0 = no limit.
    slow_weeks
        Stock beyond this many weeks of demand (and beyond the order-up-to level) is excess.
    sideways_cost
        Cost of moving goods between sites that no lane joins, money per kg.
    paths
        Sampled futures behind levels, plan and simulation.
    time_limit, gap
        Of the order plan: seconds, and relative gap at which it may stop.
    seed
        Seed of the sampled futures and lead times.
    lead_time_change
        What if: all suppliers' measured lead times longer or shorter by this share, above −1. Ways between
        own sites and open orders stay as they are.
    closed_supplier
        What if: takes no new order in the weeks of the plan, open orders still come; empty for none.
    """

    aim: Aim = "fill_rate"
    fill_rate_a: float = 0.98
    fill_rate_b: float = 0.96
    fill_rate_c: float = 0.93
    holding_rate: float = 0.25
    stockout_factor: float = 1.0
    line_cost: float = 3.0
    lost_share: float = 0.7
    horizon: int = 13
    frozen_weeks: int = 1
    review_period: int = 1
    budget: float = 0.0
    slow_weeks: int = 26
    sideways_cost: float = 0.35
    paths: int = 200
    time_limit: float = 60.0
    gap: float = 0.005
    seed: int = 0
    lead_time_change: float = 0.0
    closed_supplier: str = ""

    def __post_init__(self) -> None:
        """Refuse settings that cannot be meant, all at once."""
        known = self.aim in AIMS
        counts = ("horizon", "frozen_weeks", "review_period", "slow_weeks", "paths")
        refuse(
            "InventorySettings",
            [
                "" if known else f"'aim' is '{self.aim}'. Give one of {', '.join(AIMS)}.",
                *find_wrong("a share", {f"fill_rate_{name}": self.target(name.upper()) for name in "abc"}),
                *find_wrong(
                    "positive",
                    {name: getattr(self, name) for name in ("holding_rate", "stockout_factor", "time_limit")},
                ),
                *find_wrong(
                    "not negative",
                    {name: getattr(self, name) for name in ("line_cost", "budget", "sideways_cost", "gap")},
                ),
                *_find_counts({name: getattr(self, name) for name in counts}),
                "" if 0 <= self.lost_share <= 1 else f"'lost_share' is {self.lost_share:g}. Give 0 to 1.",
                ""
                if _is_whole(self.seed) and self.seed >= 0
                else f"'seed' is {self.seed}. Give a whole number of 0 or more.",
                ""
                if self.frozen_weeks <= self.horizon
                else f"'frozen_weeks' is {self.frozen_weeks}, 'horizon' {self.horizon}. Freeze no more.",
                ""
                if -1 < self.lead_time_change < math.inf
                else f"'lead_time_change' is {self.lead_time_change:g}. Give a share above -1.",
            ],
        )

    def target(self, abc: str) -> float:
        """Target fill rate of an ABC class."""
        return float(getattr(self, f"fill_rate_{abc.lower()}"))

    @property
    def weekly_holding_rate(self) -> float:
        """Cost of holding stock for a week, share of its value."""
        return self.holding_rate / WEEKS_PER_YEAR


def _find_counts(values: dict[str, int]) -> list[str]:
    """Name each count that is not a whole number of 1 or more."""
    wrong = {name: value for name, value in values.items() if not _is_whole(value) or value < 1}
    return [f"'{name}' is {value}. Give a whole number of 1 or more." for name, value in wrong.items()]


def _is_whole(value: float) -> bool:
    """Whether a number is whole; infinity and NaN are not."""
    return float(value).is_integer()


def three_rates(fill_rates: Sequence[float]) -> tuple[float, float, float]:
    """Return the target fill rates of classes A, B and C, and refuse a list of any other length.

    >>> three_rates([0.98, 0.96, 0.93])
    (0.98, 0.96, 0.93)
    """
    if len(fill_rates) != len("ABC"):
        raise ParameterError(
            f"fill_rates: {len(fill_rates)} values came ({list(fill_rates)}). Give three, for classes A, B "
            f"and C."
        )
    a, b, c = (float(rate) for rate in fill_rates)
    return a, b, c


def check_horizon(settings: InventorySettings, weeks: int) -> None:
    """Refuse a plan that is longer than the forecast."""
    if settings.horizon > weeks:
        raise ParameterError(
            f"plan_inventory: the plan has {settings.horizon} weeks, the forecast {weeks}. "
            "Forecast further, or plan fewer weeks."
        )
