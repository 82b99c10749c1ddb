"""Sizes of the sample case, its time axis, and one random generator per topic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from helpers.contract.sample.arrays import Dates, Ints, in_days
from helpers.errors import ParameterError

LAST_WEEK = np.datetime64("2026-11-09", "D")  # Monday of 2026-W46, the last week with data
WEEKS_AHEAD = 26  # weeks after the last one whose demand is drawn, to judge forecasts by

TOPICS = (
    "network",
    "assortment",
    "demand",
    "promotions",
    "customers",
    "campaigns",
    "selling",
    "suppliers",
    "service",
    "feeds",
    "overrides",
    "dirt",
    "ahead",
    "specials",
    "suppressions",
)


@dataclass(frozen=True)
class SampleSize:
    """How large a sample case is.

    Parameters
    ----------
    products, warehouses, stores, weeks, customers
        Counts.
    categories
        Categories that the products are spread over.
    store_products
        Products that one store stocks.
    order_lines
        Order lines that the demand is scaled to in expectation.
    promotions
        Past promotions; a tenth of them more are approved or planned for the coming weeks.
    new_products, end_of_life, successors
        Products at the edges of their life; successors are among the new ones.
    special_orders
        Large one-off orders.
    feed_products
        Products that each partner reports on.
    overrides
        Planner overrides over the past half year.
    """

    products: int
    warehouses: int
    stores: int
    weeks: int
    customers: int
    categories: int
    store_products: int
    order_lines: int
    promotions: int
    new_products: int
    end_of_life: int
    successors: int
    special_orders: int
    feed_products: int
    overrides: int

    @property
    def all_weeks(self) -> int:
        """Weeks with data and weeks ahead."""
        return self.weeks + WEEKS_AHEAD

    @property
    def sites(self) -> int:
        """Sites that hold stock."""
        return self.warehouses + self.stores

    @property
    def first_week(self) -> np.datetime64:
        """Monday of the first week."""
        return LAST_WEEK - np.timedelta64(7 * (self.weeks - 1), "D")

    @property
    def days(self) -> int:
        """Days with data."""
        return 7 * self.weeks

    def mondays(self) -> Dates:
        """Return the Mondays of all weeks, those ahead included."""
        return self.date(7 * np.arange(self.all_weeks))

    def date(self, day: Ints) -> Dates:
        """Return the dates of days counted from the first Monday."""
        return self.first_week + in_days(day)

    @property
    def last_day(self) -> np.datetime64:
        """Sunday of the last week with data."""
        return LAST_WEEK + np.timedelta64(6, "D")


SIZES: Mapping[str, SampleSize] = MappingProxyType(
    {
        "tiny": SampleSize(12, 1, 2, 60, 100, 4, 9, 2_400, 10, 2, 2, 1, 6, 6, 60),
        "default": SampleSize(120, 2, 6, 156, 2_000, 8, 46, 115_000, 90, 8, 8, 2, 180, 16, 400),
        "large": SampleSize(600, 4, 20, 156, 20_000, 8, 260, 1_500_000, 450, 24, 24, 6, 1_200, 30, 2_000),
    }
)


def sample_size(name: str) -> SampleSize:
    """Return the size called `name`.

    Raises
    ------
    ParameterError
        Where there is no such size.
    """
    if name not in SIZES:
        raise ParameterError(f"size '{name}' is unknown. Choose one of: {', '.join(SIZES)}.")
    return SIZES[name]


def generators(seed: int) -> Mapping[str, np.random.Generator]:
    """Return one independent generator per topic, so that a change in one leaves the others alone.

    Raises
    ------
    ParameterError
        Where the seed is negative.
    """
    if seed < 0:
        raise ParameterError(f"seed must be zero or more, got {seed}.")
    children = np.random.SeedSequence(seed).spawn(len(TOPICS))
    return {topic: np.random.default_rng(child) for topic, child in zip(TOPICS, children, strict=True)}
