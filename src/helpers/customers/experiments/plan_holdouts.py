"""The hold-out of each planned campaign, from what past ones showed.

σ is that of the primary outcome after earlier purchases are taken out, and m, τ are the mean and the spread
to be expected of one further campaign; both from past campaigns of the same channel, else of all. Without
any past campaign nothing is known of σ, and the share by default is held out to learn it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.customers.experiments.holdout import Belief, HoldoutDesign, design_holdout
from helpers.customers.experiments.pooling import pool_effects
from helpers.customers.experiments.read_out import ReadOut
from helpers.customers.history import CampaignHistory

DEFAULT_SHARE = 0.2
YEAR = np.timedelta64(364, "D")
COLUMNS = (
    "campaign_id",
    "name",
    "channel",
    "audience",
    "recommended_share",
    "held_out",
    "least_effect",
    "smallest_effect",
    "power",
    "share_needed",
    "campaigns_needed",
    "expected_net",
    "cost",
    "worth",
    "rests_on",
)


@dataclass(frozen=True, eq=False)
class HoldoutPlan:
    """Hold-outs of the planned campaigns.

    Parameters
    ----------
    campaigns
        campaign_id, name, channel, audience (customers), recommended_share, held_out, least_effect and
        smallest_effect (money per contact), power (to show the least effect), share_needed (NaN where half
        is not enough), campaigns_needed (like this one, together), expected_net (per contact), cost (margin
        not earned by holding out), worth (of what is learnt), rests_on (past campaigns of that channel, of
        all channels, or nothing).
    designs
        The shares weighed, by campaign_id; without campaigns whose outcome is not known to vary.
    """

    campaigns: pd.DataFrame
    designs: Mapping[str, HoldoutDesign]


def plan_holdouts(
    history: CampaignHistory,
    read: ReadOut,
    *,
    audience: Mapping[str, int] | None = None,
    beliefs: Mapping[str, Belief] | None = None,
) -> HoldoutPlan:
    """Recommend a hold-out for each planned campaign.

    Parameters
    ----------
    history
        From `read_history`.
    read
        The read-out of the past campaigns; its settings hold power, level and bounds.
    audience
        Customers who may be contacted, by campaign_id (with consent, not at rest); by default the mean
        audience of past campaigns of the channel, else all customers.
    beliefs
        What is expected of the contacts, by campaign_id, where they are chosen otherwise than in the past
        (by uplift); by default what past campaigns of the channel, else of all, let expect.
    """
    planned = history.campaigns[
        history.campaigns["campaign_id"].isin(history.planned["campaign_id"].unique())
    ]
    rows, designs = [], {}
    for campaign in planned.sort_values(["start", "campaign_id"]).to_dict("records"):
        trusted = read.trusted()
        same = trusted.loc[trusted["channel"] == campaign["channel"]]
        past = same if len(same) else trusted
        name = str(campaign["campaign_id"])
        size = int((audience or {}).get(name, _usual(past, history)))
        belief = (beliefs or {}).get(name, _belief(past, read))
        design = _design(campaign["cost_per_contact"], size, past, (read, belief))
        if design is not None:
            designs[name] = design
        rests = campaign["channel"] if len(same) else "all channels" if len(past) else "nothing"
        rows.append(
            (name, campaign["name"], campaign["channel"], size, *_row(design, size, (read, belief)), rests)
        )
    return HoldoutPlan(pd.DataFrame(rows, columns=list(COLUMNS)), designs)


def _usual(past: pd.DataFrame, history: CampaignHistory) -> int:
    if len(past):
        return round(float((past["contacts"] + past["held_out"]).mean()))
    return int(history.planned["customer_id"].nunique())


def _design(
    cost: float, size: int, past: pd.DataFrame, known_so_far: tuple[ReadOut, Belief]
) -> HoldoutDesign | None:
    settings, belief = known_so_far[0].settings, known_so_far[1]
    known = past[past["sd"] > 0]
    if size < 2 or known.empty:
        return None
    weight = known["contacts"] + known["held_out"]
    sd = math.sqrt(float(np.average(known["sd"] ** 2, weights=weight)))
    usual = abs(float(np.average(known["mean_held_out"], weights=weight)))
    least = settings.least_effect or max(cost, settings.least_part * usual)
    return design_holdout(
        size,
        least_effect=max(least, 1e-9),
        sd=sd,
        belief=belief,
        power=settings.power,
        level=settings.level,
        bounds=(settings.least_share, settings.most_share),
    )


def _belief(past: pd.DataFrame, read: ReadOut) -> Belief:
    """Return what is expected of one further campaign, and how many contacts a year brings."""
    pooled = pool_effects(past["net"], past["standard_error"], level=read.settings.level)
    lately = past[past["start"] > past["start"].max() - YEAR]
    spread = math.hypot(pooled.standard_error, pooled.spread)
    return Belief(pooled.effect, spread, float(lately["contacts"].sum()))


def _row(design: HoldoutDesign | None, size: int, known_so_far: tuple[ReadOut, Belief]) -> tuple[float, ...]:
    read, belief = known_so_far
    if design is None:
        share = min(max(DEFAULT_SHARE, read.settings.least_share), read.settings.most_share)
        return (share, round(size * share), *[math.nan] * 8)
    row = design.row
    return (
        design.recommended,
        int(row["held_out"]),
        design.least_effect,
        float(row["smallest_effect"]),
        float(row["power"]),
        design.share_needed,
        design.campaigns_needed,
        belief.effect,
        float(row["cost"]),
        float(row["worth"]),
    )
