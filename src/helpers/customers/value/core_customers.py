"""Core customers: those who together bring half of the margin, and what speaks against counting on them.

    dependence  share of our last year's margin that the customer brings
    risk        chance that it is no customer any more, or that its margin falls
    at stake    last year's margin × the larger of: chance to leave, fall of its margin against the half-year
    before

Ranked by what is at stake. The fall compares the last 182 days with the 182 before them, and only counts
beyond what all customers together did in that time, so that a season is no alarm.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from helpers.customers.words import percent

HALF_YEAR = 182
OVERDUE = 3.0  # usual gaps without an order that are called overdue
FELL = 0.3  # fall beyond that of all that is called falling
NOTHING_LEFT = 0.995  # fall from which nothing is bought any more
UNSURE = 0.5  # chance to be a customer below which it is called likely gone

CORE = (
    *("customer_id", "last_year_money", "share", "cumulative_share", "probability_alive", "value"),
    *("days_since_last_order", "usual_gap_days", "half_year_money", "half_year_before", "fall"),
    *("at_stake", "is_at_risk", "reason"),
)


@dataclass(frozen=True, eq=False)
class CoreCustomers:
    """The customers on whom most depends.

    Parameters
    ----------
    table
        One row per core customer, most at stake first: customer_id, last_year_money, share (of ours),
        cumulative_share (from the largest down), probability_alive, value, days_since_last_order,
        usual_gap_days (median between days with an order), half_year_money, half_year_before, fall (0–1),
        at_stake (money), is_at_risk, reason.
    core_share
        Share of last year's money that they bring together at least.
    customers
        Customers with money in the last year.
    money_word
        What money is: margin or revenue.
    """

    table: pd.DataFrame
    core_share: float
    customers: int
    money_word: str

    @property
    def sentence(self) -> str:
        """How much hangs on how few, in words."""
        if self.table.empty:
            return f"No customer brought {self.money_word} in the last year."
        number, brings = len(self.table), float(self.table["share"].sum())
        at_risk = self.table[self.table["is_at_risk"]]
        start = (
            f"{number:,} of {self.customers:,} customers {'brings' if number == 1 else 'bring'} "
            f"{percent(brings)} of the {self.money_word}, the largest alone "
            f"{percent(self.table['share'].max(), 1)}."
        )
        if at_risk.empty:
            return f"{start} None of them shows a sign of leaving."
        shows = "shows" if len(at_risk) == 1 else "show"
        return (
            f"{start} {len(at_risk):,} of them {shows} a sign of leaving or buying less; "
            f"{at_risk['at_stake'].sum():,.0f} a year is at stake there if it goes on like this."
        )


def core_customers(
    histories: pd.DataFrame, days: pd.DataFrame, until: dt.date, core_share: float, money_word: str
) -> CoreCustomers:
    """Return the largest customers and what speaks against counting on them.

    Parameters
    ----------
    histories
        customer_id, last_order, last_year_money, probability_alive (NaN where unknown), value.
    days
        customer_id, date, money of every day with an order.
    until
        Last day that is read.
    core_share
        Share of last year's money that the core customers bring together.
    money_word
        What money is.
    """
    earning = histories[histories["last_year_money"] > 0]
    ranked = earning.sort_values(["last_year_money", "customer_id"], ascending=[False, True])
    total = float(ranked["last_year_money"].sum())
    share = ranked["last_year_money"] / (total or 1.0)
    ranked = ranked.assign(share=share, cumulative_share=share.cumsum())
    core = ranked[(ranked["cumulative_share"] - ranked["share"]) < core_share - 1e-12]
    last = pd.Timestamp(until)
    table = core.merge(_gaps(days, last), on="customer_id", how="left", validate="one_to_one")
    table = table.merge(_halves(days, last), on="customer_id", how="left", validate="one_to_one")
    table = _judged(_with_fall(table, _change_of_all(days, last), last))
    return CoreCustomers(table, core_share, len(earning), money_word)


def with_leaving(core: CoreCustomers, leaving: pd.DataFrame) -> CoreCustomers:
    """Return the core customers judged by a tested chance to leave instead of the buying model's.

    Parameters
    ----------
    core
        From `core_customers`.
    leaving
        customer_id, probability: chance to leave, NaN where it is not known.
    """
    chance = core.table["customer_id"].map(leaving.set_index("customer_id")["probability"])
    alive = (1 - chance).where(chance.notna(), core.table["probability_alive"])
    return replace(core, table=_judged(core.table.assign(probability_alive=alive)))


def _gaps(days: pd.DataFrame, last: pd.Timestamp) -> pd.DataFrame:
    seen = days[days["date"] <= last].sort_values(["customer_id", "date"])
    gap = seen.groupby("customer_id")["date"].diff().dt.days
    return pd.DataFrame({"usual_gap_days": gap.groupby(seen["customer_id"]).median()}).reset_index()


def _halves(days: pd.DataFrame, last: pd.Timestamp) -> pd.DataFrame:
    ago = (last - days["date"]).dt.days
    rows = days.assign(
        half_year_money=days["money"].where(ago.between(0, HALF_YEAR - 1), 0.0),
        half_year_before=days["money"].where(ago.between(HALF_YEAR, 2 * HALF_YEAR - 1), 0.0),
    )
    return rows.groupby("customer_id", as_index=False)[["half_year_money", "half_year_before"]].sum()


def _change_of_all(days: pd.DataFrame, last: pd.Timestamp) -> float:
    """Return money of all in the last half-year ÷ that of the one before; 1 where it is not known."""
    sums = _halves(days, last)[["half_year_money", "half_year_before"]].sum()
    before = float(sums["half_year_before"])
    return float(sums["half_year_money"]) / before if before > 0 else 1.0


def _with_fall(table: pd.DataFrame, change: float, last: pd.Timestamp) -> pd.DataFrame:
    before = table["half_year_before"].to_numpy(float) * max(change, 1e-9)
    now = table["half_year_money"].to_numpy(float)
    fall = np.where(before > 0, 1 - now / np.where(before > 0, before, 1.0), 0.0).clip(0, 1)
    since = (last - table["last_order"]).dt.days.astype(float)
    return table.assign(days_since_last_order=since, fall=fall)


def _judged(table: pd.DataFrame) -> pd.DataFrame:
    """Add what is at stake, whether there is a risk and the reason; most at stake first."""
    gone, fall = 1 - table["probability_alive"].fillna(1.0).to_numpy(float), table["fall"].to_numpy(float)
    gap = table["usual_gap_days"].fillna(np.inf).to_numpy(float).clip(min=7)
    overdue = table["days_since_last_order"].to_numpy(float) > OVERDUE * gap
    table = table.assign(
        at_stake=table["last_year_money"].clip(lower=0) * np.maximum(gone, fall),
        is_overdue=overdue,
        is_at_risk=overdue | (fall > FELL) | (gone > UNSURE),
    )
    table = table.assign(reason=_reasons(table))
    return table.sort_values(["at_stake", "customer_id"], ascending=[False, True])[list(CORE)].reset_index(
        drop=True
    )


def _reasons(table: pd.DataFrame) -> list[str]:
    """Return for each row why it is in the table, in words."""
    return [
        "; ".join([f"{percent(share, 1)} of all money", *_signs(days, gap, fall, alive, is_overdue)])
        for share, days, gap, fall, alive, is_overdue in zip(
            *(table[name] for name in ("share", "days_since_last_order", "usual_gap_days", "fall")),
            *(table[name] for name in ("probability_alive", "is_overdue")),
            strict=True,
        )
    ]


def _signs(since: float, gap: float, fall: float, alive: float, is_overdue: bool) -> list[str]:
    signs = []
    if is_overdue:
        usual = "day" if round(max(gap, 1)) == 1 else f"{max(gap, 1):,.0f} days"
        signs.append(f"no order for {since:,.0f} days, usually every {usual}")
    if fall > NOTHING_LEFT:
        signs.append("bought nothing in the last half-year")
    elif fall > FELL:
        signs.append(f"down {percent(fall)} on the half-year before (trend taken out)")
    if alive < 1 - UNSURE:
        signs.append("likely gone")
    return signs or ["buys as usual"]
