"""What a read-out may be told, checked once."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.customers.history import AFTER_DAYS
from helpers.errors import ParameterError

PRIMARY = ("margin", "offer_margin")
BEFORE = ("margin_before", "orders_before", "revenue_before", "offer_orders_before", "days_since_last_order")


@dataclass(frozen=True)
class ReadOutSettings:
    """Settings of `read_out`, `wasted_messages` and `plan_holdouts`.

    Parameters
    ----------
    primary
        Outcome that decides the verdict, chosen before any result is seen. `margin`, of everything until
        `after_days` behind the end, counts also what is bought less elsewhere or later; `offer_margin`, of
        the offered lines in the window, is far sharper but blind to that.
    level, power
        Probability of the intervals; chance that an experiment shows the least interesting effect.
    before
        Columns of the history that are known before and taken out of the outcome (CUPED); the first ones
        only where customers are few.
    after_days
        As in `read_history`, days.
    group
        Column of the history within whose values waste is measured; numbers are cut into thirds.
    least_in_arm
        Customers per arm below which a group is put together with others.
    least_effect
        Least interesting effect per contact, money; by default the larger of the cost per contact and
        `least_part` of what a held-out customer brings.
    least_part
        See `least_effect`.
    least_share, most_share
        Bounds of the share held out.
    seed
        Of the draws behind the intervals of waste.
    """

    primary: str = "margin"
    level: float = 0.95
    power: float = 0.8
    before: tuple[str, ...] = BEFORE
    after_days: int = AFTER_DAYS
    group: str = "segment"
    least_in_arm: int = 15
    least_effect: float | None = None
    least_part: float = 0.1
    least_share: float = 0.05
    most_share: float = 0.5
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse settings out of bounds, all at once."""
        wrong = [
            f"{name} is {value}: it must {rule}"
            for name, value, holds, rule in (
                ("primary", self.primary, self.primary in PRIMARY, f"be one of {', '.join(PRIMARY)}"),
                ("level", self.level, 0 < self.level < 1, "lie in (0, 1)"),
                ("power", self.power, 0 < self.power < 1, "lie in (0, 1)"),
                ("after_days", self.after_days, self.after_days >= 0, "not be negative"),
                ("least_in_arm", self.least_in_arm, self.least_in_arm >= 2, "be 2 or more"),
                ("least_effect", self.least_effect, (self.least_effect or 1) > 0, "be above 0 or None"),
                ("least_part", self.least_part, self.least_part > 0, "be above 0"),
                (
                    "least_share, most_share",
                    (self.least_share, self.most_share),
                    0 < self.least_share <= self.most_share <= 0.5,
                    "rise within (0, 0.5]",
                ),
            )
            if not holds
        ]
        if wrong:
            raise ParameterError(f"Read-out: {'; '.join(wrong)}.")
