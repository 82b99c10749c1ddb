"""What counts as leaving, and how the chance of it is learnt and tested."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.customers.bounds import refuse_settings


@dataclass(frozen=True)
class ChurnSettings:
    """Settings of `estimate_churn`.

    Parameters
    ----------
    horizon_days
        Days without an order that count as having left.
    active_days
        Days back in which a customer must have ordered to be judged at all.
    reference_days
        Most past days from which leaving is learnt, one horizon apart.
    interval
        Probability of every interval.
    bins
        Groups of equal size in the reliability table.
    draws
        Bootstrap draws, by customer.
    seed
        Of the bootstrap and the boosted trees.

    Raises
    ------
    ParameterError
        A value is out of its bounds; all findings are listed.
    """

    horizon_days: int = 91
    active_days: int = 364
    reference_days: int = 12
    interval: float = 0.9
    bins: int = 10
    draws: int = 200
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be estimated."""
        refuse_settings(
            self,
            {
                "horizon_days": 1,
                "active_days": 1,
                "reference_days": 1,
                "bins": 2,
                "draws": 20,
                "seed": 0,
            },
        )

    @property
    def definition(self) -> str:
        """What it means to leave, in one sentence."""
        return (
            f"A customer who ordered in the last {self.active_days} days counts as leaving if no order "
            f"follows within {self.horizon_days} days of the day."
        )
