"""How many products are suggested, from what, and how that is tested."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.customers.bounds import refuse_settings


@dataclass(frozen=True)
class NextProductSettings:
    """Settings of `next_products`.

    Parameters
    ----------
    top
        Products suggested per customer.
    lately_days
        Days in which a product that was bought is not suggested again, unless its next purchase is due.
    window_days
        Days of the hold-out window, and of the chance that is stated.
    history_days
        Days of purchases that are learnt from.
    least_buyers
        Customers who must have bought a product before it is suggested.
    most_products
        Products considered at all, those with the most buyers first.
    shrinkage
        Baskets in common that count as no evidence: a pair's likeness is multiplied by n ÷ (n + shrinkage).
    ridge
        Penalty of the regression of each product on all others, in customers.
    interval
        Probability of every interval.
    draws
        Bootstrap draws, by customer.
    seed
        Of the bootstrap.

    Raises
    ------
    ParameterError
        A value is out of its bounds; all findings are listed.
    """

    top: int = 3
    lately_days: int = 28
    window_days: int = 28
    history_days: int = 364
    least_buyers: int = 20
    most_products: int = 2000
    shrinkage: float = 10.0
    ridge: float = 200.0
    interval: float = 0.9
    draws: int = 200
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be suggested or tested."""
        refuse_settings(
            self,
            {
                "top": 1,
                "lately_days": 0,
                "window_days": 1,
                "history_days": 1,
                "least_buyers": 1,
                "shrinkage": 0,
                "most_products": 1,
                "ridge": 1,
                "draws": 20,
                "seed": 0,
            },
        )
