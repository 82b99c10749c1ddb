"""Cohort retention: of those who first bought in a period, the share that buys again in each later one.

A cohort is a quarter of the calendar; ages count 91 days from each customer's own first order. A share is
there only once every customer of the cohort has lived through that age, so an unfinished period never looks
like a loss. Customers created before the data begin, or with their first order in the first 91 days of the
data, may have been customers already: they are a cohort of their own, and take no part in the curve.

    retention KPI = (customers at the end − new ones) ÷ customers at the start

A customer is counted at a day if it ordered in the window of days up to it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.contract import Kpi, ratio_kpi
from helpers.customers.words import percent

AGE_DAYS = 91
WINDOW_DAYS = 182
EARLIER = "before"
Z = 1.96
LEAST_COHORT = 20  # customers in a cohort that a sentence speaks of


@dataclass(frozen=True, eq=False)
class Retention:
    """Cohort retention and the KPI.

    Parameters
    ----------
    cohorts
        One row per cohort and age: cohort (such as 2025-Q1, or "before": may be older than the data), age
        (periods of 91 days since the first order, from 1), customers, active, share, low, high (95 %,
        Wilson).
    curve
        All new customers together, by age: age, customers, active, share, low, high.
    kpi
        Retention over the last window.
    came_back
        Customers in the KPI's numerator who were not customers at the start.
    window_days
        Activity window of the KPI, days.
    """

    cohorts: pd.DataFrame
    curve: pd.DataFrame
    kpi: Kpi
    came_back: int
    window_days: int

    @property
    def sentence(self) -> str:
        """What the curve and the KPI say, in words."""
        return " ".join(part for part in (self._say_curve(), self._say_kpi()) if part)

    def _say_curve(self) -> str:
        known = self.curve[self.curve["customers"] >= LEAST_COHORT]
        if known.empty:
            return "Not yet knowable how many new customers stay: too few have been here for two quarters."
        first, last = known.iloc[0], known.iloc[-1]
        start = f"Of {first['customers']:,.0f} new customers {_share(first)} buy in their second quarter"
        if len(known) == 1:
            return f"{start}."
        return (
            f"{start}, and of those long enough here {_share(last)} in the {_ordinal(int(last['age']) + 1)}."
        )

    def _say_kpi(self) -> str:
        if self.kpi.value is None:
            return "Retention needs two windows of orders, and there are not."
        stayed, start = (self.kpi.numerator or 0.0) - self.came_back, self.kpi.denominator or 0.0
        head = (
            f"Of {start:,.0f} customers at the start of the last {self.window_days} days {stayed:,.0f} "
            f"bought again ({percent(stayed / start if start else float('nan'))})"
        )
        if not self.came_back:
            return f"{head}, which is the retention."
        return (
            f"{head}; with the {self.came_back:,} who came back after a pause, retention is "
            f"{percent(self.kpi.value)}."
        )


def measure_retention(
    days: pd.DataFrame,
    until: dt.date,
    created: pd.Series | None = None,
    first_day: dt.date | None = None,
    window_days: int = WINDOW_DAYS,
) -> Retention:
    """Return cohort retention until a day.

    Parameters
    ----------
    days
        customer_id, date of every day with an order.
    until
        Last day that is read.
    created
        First known day by customer_id, where it is known.
    first_day
        First day of the data; by default that of the orders.
    window_days
        Days without an order after which somebody no longer counts as a customer.
    """
    seen = days.loc[days["date"] <= pd.Timestamp(until), ["customer_id", "date"]]
    begins = pd.Timestamp(first_day) if first_day is not None else seen["date"].min()
    rows = _ages(seen)
    first = rows.groupby("customer_id")["first"].first()
    cohort = first.dt.year.astype(str) + "-Q" + first.dt.quarter.astype(str)
    was_here = first < begins + dt.timedelta(days=AGE_DAYS)
    if created is not None and len(first):
        was_here |= created.reindex(first.index).lt(begins).to_numpy(bool)
    cohort = cohort.mask(was_here, EARLIER)
    whole = (pd.Timestamp(until) - first).dt.days + 1
    table = _table(rows, cohort, whole, pooled=False)
    curve = _table(rows, cohort[cohort != EARLIER], whole, pooled=True)
    kpi, back = _kpi(seen, pd.Timestamp(until), begins, window_days)
    return Retention(table, curve.drop(columns="cohort"), kpi, back, window_days)


def _ages(seen: pd.DataFrame) -> pd.DataFrame:
    """Return one row per customer and age at which it bought."""
    first = seen.groupby("customer_id")["date"].transform("min")
    age = (seen["date"] - first).dt.days // AGE_DAYS
    return seen.assign(first=first, age=age)[["customer_id", "first", "age"]].drop_duplicates()


def _table(rows: pd.DataFrame, cohort: pd.Series, whole: pd.Series, *, pooled: bool) -> pd.DataFrame:
    """Return shares by cohort and age; pooled: all in one, each age from those who lived through it."""
    label = pd.Series("all", index=cohort.index, dtype=object) if pooled else cohort
    members = pd.DataFrame({"cohort": label, "whole": whole.reindex(cohort.index) // AGE_DAYS})
    found = []
    for name, part in members.groupby("cohort", sort=True):
        mixed = pooled or name == EARLIER
        most = int(part["whole"].max() if mixed else part["whole"].min()) - 1
        mine = rows[rows["customer_id"].isin(part.index)]
        for age in range(1, most + 1):
            able = part.index[part["whole"] > age]
            active = int((mine["age"].eq(age) & mine["customer_id"].isin(able)).sum())
            found.append((str(name), age, len(able), active))
    table = pd.DataFrame(found, columns=["cohort", "age", "customers", "active"])
    return _with_interval(table.astype({"age": int, "customers": int, "active": int, "cohort": object}))


def _with_interval(table: pd.DataFrame) -> pd.DataFrame:
    """Add share, low and high (Wilson, JASA 22, 1927)."""
    n = table["customers"].to_numpy(float)
    share = table["active"].to_numpy(float) / np.maximum(n, 1)
    middle = (share + Z**2 / (2 * np.maximum(n, 1))) / (1 + Z**2 / np.maximum(n, 1))
    half = Z * np.sqrt(share * (1 - share) / np.maximum(n, 1) + (Z / (2 * np.maximum(n, 1))) ** 2)
    half = half / (1 + Z**2 / np.maximum(n, 1))
    return table.assign(share=share, low=middle - half, high=middle + half)


def _kpi(seen: pd.DataFrame, until: pd.Timestamp, begins: pd.Timestamp, window: int) -> tuple[Kpi, int]:
    start = until - dt.timedelta(days=window)
    words = f"the {window} days to {until:%Y-%m-%d}; a customer ordered within {window} days"
    if seen.empty or start - dt.timedelta(days=window) < begins - dt.timedelta(days=1):
        return Kpi("retention", None, words, note="the data do not hold two such windows"), 0
    now = set(seen.loc[seen["date"] > start, "customer_id"])
    old = seen[seen["date"] <= start]
    before = set(old.loc[old["date"] > start - dt.timedelta(days=window), "customer_id"])
    known = now & set(old["customer_id"])
    return ratio_kpi("retention", float(len(known)), float(len(before)), words), len(known - before)


def _share(row: pd.Series) -> str:
    return f"{percent(row['share'])} ({percent(row['low'])} to {percent(row['high'])})"


def _ordinal(number: int) -> str:
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"
