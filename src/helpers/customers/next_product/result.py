"""What `next_products` gives."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from helpers.customers.next_product.settings import NextProductSettings


@dataclass(frozen=True, eq=False)
class NextProducts:
    """Products to suggest to each customer.

    Parameters
    ----------
    settings
        What was asked.
    until
        Last day that was read.
    suggestions
        One row per customer and place: customer_id, place (1 is first), product_id, name, category, score,
        bought_before, instead_of (product that is not supplied and whose place this
        takes; None otherwise), chance (of a purchase in the window), chance_low, chance_high,
        expected_margin (chance × what such a purchase brings).
    ranker
        popularity, own history, co-purchase or blend: chosen on the hold-out window before the last.
    scores
        By ranker on the last hold-out window: see `rate_rankers`; without rows where none could be held out.
    customers_tested
        Customers that the scores rest on.
    products
        Products that could be suggested at all, after `least_buyers` and supply.
    has_stock
        Whether stock was looked at.
    money_word
        What money is: margin or revenue.
    notes
        What was assumed or could not be known.
    """

    settings: NextProductSettings
    until: dt.date
    suggestions: pd.DataFrame
    ranker: str
    scores: pd.DataFrame
    customers_tested: int
    products: int
    has_stock: bool
    money_word: str
    notes: tuple[str, ...]

    @property
    def beats_popularity(self) -> bool:
        """Whether the ranker surely hits more often than popularity within the segment."""
        return len(self.scores) > 0 and self._gain_low(self.ranker) > 0

    @property
    def co_purchase_gains(self) -> bool:
        """Whether co-purchase by itself surely hits more often than popularity."""
        return len(self.scores) > 0 and self._gain_low("co-purchase") > 0

    def _gain_low(self, ranker: str) -> float:
        return float(self.scores["gain_low"].astype(float)[ranker])
