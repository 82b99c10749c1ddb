"""What the measurement of uplift may be told, checked once."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.customers.uplift.learners import BASES, Base
from helpers.errors import ParameterError


@dataclass(frozen=True)
class UpliftSettings:
    """Settings of `measure_uplift` and `contact_worth`.

    Parameters
    ----------
    folds
        Parts that customers are split into, so that each is judged by models that never saw it.
    bases
        Base learners that are tried: `simple`, `boosted`.
    gap
        Difference between the answer rates of the better and the worse half of customers that is worth
        knowing; by default half of the rate of those held out.
    least_ratio_p
        Arms whose sizes fit the design with a smaller p-value than this make a campaign unusable.
    most_contaminated
        Share of held-out customers that may have been reached all the same.
    most_unsent
        Share of treated customers whose message may have failed.
    draws
        Of the bootstrap.
    seed
        Of folds, boosted trees and bootstrap.
    """

    folds: int = 5
    bases: tuple[Base, ...] = BASES
    gap: float | None = None
    least_ratio_p: float = 0.001
    most_contaminated: float = 0.02
    most_unsent: float = 0.2
    draws: int = 200
    seed: int = 0

    def __post_init__(self) -> None:
        found = []
        if self.folds < 2:
            found.append(f"folds must be 2 or more, got {self.folds}.")
        if not self.bases or set(self.bases) - set(BASES):
            found.append(f"bases must be some of {', '.join(BASES)}, got {self.bases}.")
        if self.gap is not None and self.gap <= 0:
            found.append(f"gap must be above zero, got {self.gap}.")
        found += [
            f"{name} must lie between 0 and 1, got {getattr(self, name)}."
            for name in ("least_ratio_p", "most_contaminated", "most_unsent")
            if not 0 <= getattr(self, name) <= 1
        ]
        if self.draws < 1:
            found.append(f"draws must be 1 or more, got {self.draws}.")
        if found:
            raise ParameterError(" ".join(found))
