"""What is measured of experience, over which days, and how surely."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.customers.bounds import refuse_settings


@dataclass(frozen=True)
class ExperienceSettings:
    """Settings of `measure_experience`.

    Parameters
    ----------
    window_days
        Days behind the last one over which customers are described.
    after_days
        Days after an order in which later buying is counted, and before it for the placebo.
    interval
        Probability of every interval.
    least_events
        Let-downs of a kind below which its effect is not estimated.
    folds
        Parts of the customers for cross-fitting.
    seed
        Deals the customers into folds.

    Raises
    ------
    ParameterError
        A value is out of its bounds; all findings are listed.
    """

    window_days: int = 364
    after_days: int = 91
    interval: float = 0.95
    least_events: int = 20
    folds: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be measured."""
        refuse_settings(
            self,
            {
                "window_days": 1,
                "after_days": 1,
                "least_events": 2,
                "folds": 2,
                "seed": 0,
            },
        )
