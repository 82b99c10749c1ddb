"""What `measure_experience` gives."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from helpers.customers.experience.settings import ExperienceSettings

CAVEAT = (
    "These are associations, adjusted for what each customer bought before, for the order, segment and "
    "channel; they were not randomised."
)


@dataclass(frozen=True, eq=False)
class Experience:
    """How customers were served, and what followed.

    Parameters
    ----------
    settings
        What was asked.
    until
        Last day that was read.
    customers
        One row per customer with an order in the window: customer_id, segment, channel, orders, judged,
        short, late, broken, returned, complaints, let_down (share of judged orders that were short or late)
        with let_down_low and let_down_high, answers, nps, nps_low, nps_high.
    kpis
        kpi, value, low, high, numerator, denominator over all customers in the window.
    nps
        segment (and `all`), answers, nps, nps_low, nps_high.
    effects
        One row per kind of let-down, outcome and group; see `judge_effects`.
    shares
        Share of later buying lost per short order by group, shrunk; see `share_lost`.
    harm
        Expected loss per short order of each customer; see `harm_by_customer`.
    money_word
        What money is: margin or revenue.
    notes
        What was assumed or could not be known.
    """

    settings: ExperienceSettings
    until: dt.date
    customers: pd.DataFrame
    kpis: pd.DataFrame
    nps: pd.DataFrame
    effects: pd.DataFrame
    shares: pd.DataFrame
    harm: pd.DataFrame
    money_word: str
    notes: tuple[str, ...]

    def overall(self, outcome: str = "orders_again") -> pd.DataFrame:
        """Return the effect of each kind over all customers."""
        rows = self.effects
        return rows[(rows["group"] == "all") & (rows["outcome"] == outcome)].reset_index(drop=True)

    def kpi(self, name: str) -> float:
        """Return the value of one KPI; nan where nothing was counted."""
        return float(self.kpis.set_index("kpi")["value"].astype(float)[name])
