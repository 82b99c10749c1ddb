"""The learning log: what was tried, what was learnt, what to do next; in words made from the figures."""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import Any

import pandas as pd

from helpers.customers.experiments.power import customers_needed, smallest_effect
from helpers.customers.experiments.settings import ReadOutSettings
from helpers.customers.experiments.verdicts import EARNED, LOST, NOBODY_HELD_OUT, SUSPECT_ARMS
from helpers.customers.experiments.words import count, money, percent, span

COLUMNS = ("campaign_id", "name", "tried", "learnt", "next")
MOST_CAMPAIGNS = 20  # more than anyone will run to settle one question
Row = dict[Hashable, Any]


def learning_log(campaigns: pd.DataFrame, settings: ReadOutSettings) -> pd.DataFrame:
    """Return one row per campaign in words.

    Parameters
    ----------
    campaigns
        `ReadOut.campaigns`.
    settings
        Power and level for what would settle an open question.
    """
    rows = [
        (row["campaign_id"], row["name"], _tried(row), _learnt(row), _next(row, settings))
        for row in campaigns.to_dict("records")
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)


def _tried(row: Row) -> str:
    offer = f" with {percent(row['offer_discount'])} off" if row["offer_discount"] > 0 else ""
    what = f" for {row['offer']}" if row["offer"] else ""
    return (
        f"{str(row['channel']).capitalize()} to {count(row['contacts'], 'customer')}{offer}{what}, at "
        f"{money(row['cost_per_contact'])} each; {count(row['held_out'], 'customer')} held out."
    )


def _learnt(row: Row) -> str:
    if row["verdict"] == NOBODY_HELD_OUT:
        return "Nothing: nobody was held out, so what would have been bought anyway is not known."
    if row["verdict"] == SUSPECT_ARMS:
        return (
            f"Nothing that can be trusted: sizes of the arms this far from the design have a chance of "
            f"{row['ratio_p']:.1g}."
        )
    early = (
        "" if row["is_complete"] else f" (read early, {percent(row['share_passed'])} of the window passed)"
    )
    if not math.isfinite(row["low"]):
        return f"Nothing yet: too few customers, or none bought{early}."
    range_ = f"{money(row['net'])} per contact after cost ({span(row['low'], row['high'])}){early}"
    head = {
        EARNED: f"It earned {range_}.",
        LOST: f"It lost money: {range_}.",
    }.get(row["verdict"], f"Not yet knowable whether it paid: {range_}.")
    return f"{head} {_bought(row)}{_offer(row)}".strip()


def _bought(row: Row) -> str:
    rates = (
        f"{percent(row['bought_treated'])} against {percent(row['bought_held_out'])} of the held-out bought"
    )
    if row["bought_low"] > 0:
        return f"More customers bought the offer: {rates}."
    if row["bought_high"] < 0:
        return f"Fewer customers bought the offer: {rates}."
    return f"No sure change in who bought the offer: {rates}."


def _offer(row: Row) -> str:
    if row["offer_verdict"] == row["verdict"] or row["offer_verdict"] not in (EARNED, LOST):
        return ""
    range_ = span(row["offer_low"], row["offer_high"])
    if row["offer_verdict"] == EARNED:
        return (
            f" The offer alone earned {range_} per contact after cost; what it took from elsewhere is open."
        )
    return f" The offer alone did not bring back its cost: {range_} per contact."


def _next(row: Row, settings: ReadOutSettings) -> str:
    if row["verdict"] == NOBODY_HELD_OUT:
        return "Hold out a random part next time."
    if row["verdict"] == SUSPECT_ARMS:
        return "Find out how the arms were drawn before anything is read from it."
    if not row["is_complete"]:
        return "Wait for the end of the window."
    if row["verdict"] == EARNED:
        return "Repeat it for customers like these, and keep a hold-out to see whether it lasts."
    if row["verdict"] == LOST:
        return "Do not repeat it for everyone; send it only where uplift shows that it pays."
    return _settle(row, settings)


def _settle(row: Row, settings: ReadOutSettings) -> str:
    """Say how many customers would settle it, if the effect is as large as it looks."""
    total = row["contacts"] + row["held_out"]
    if not (row["sd"] > 0 and row["net"] and total and row["contacts"] and row["held_out"]):
        return "Repeat it with a random hold-out among more customers."
    need = customers_needed(
        row["held_out"] / total, row["sd"], abs(row["net"]), power=settings.power, level=settings.level
    )
    shown = smallest_effect(
        total, row["held_out"] / total, row["sd"], power=settings.power, level=settings.level
    )
    sees = f"A campaign of this size and hold-out shows effects from {money(shown)} per contact on"
    if need > MOST_CAMPAIGNS * total:
        return f"{sees}; this one looks far smaller: decide by the sum over campaigns, not by this one."
    more = count(math.ceil(need / total), "campaign")
    return f"{sees}; were this one as large as it looks, {more} like it together would settle it."
