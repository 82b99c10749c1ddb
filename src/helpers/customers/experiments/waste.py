"""The wasted-message account: contacts that earned less than they cost, measured and expected.

    wasted-message rate = contacts with incremental margin ≤ cost ÷ contacts

Measured: nobody can see the effect on one customer, so it is read per group of customers within a campaign
(randomised, with interval), and groups of one channel borrow from each other (`shrink_effects`), each in
proportion to what its customers usually bring, since large customers gain and lose more money. With the
posterior draws θ of each group g of n contacts at cost c:

    rate = E[ Σ n_g · 1(θ_g ≤ c_g) ] / Σ n_g,     kept = Σ over g with E[θ_g] < c_g of n_g (c_g − θ_g)

Expected: of any list of contacts with an expected incremental margin and a cost each.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.contract.kpis import Kpi, ratio_kpi
from helpers.customers.experiments.arms import Floats
from helpers.customers.experiments.pooling import shrink_effects
from helpers.customers.experiments.read_out import compare_campaign
from helpers.customers.experiments.settings import ReadOutSettings
from helpers.customers.history import CampaignHistory
from helpers.errors import ParameterError

OTHERS = "others"
LEAST_SCALE = 0.1
THIRDS = ("lowest third", "middle third", "highest third")
_GROUPS = {
    "campaign_id": "object",
    "channel": "object",
    "group": "object",
    "contacts": "int64",
    "held_out": "int64",
    "cost": "float64",
    "usual": "float64",
    "measured": "float64",
    "standard_error": "float64",
}


@dataclass(frozen=True, eq=False)
class WastedMessages:
    """Measured waste of past campaigns.

    Parameters
    ----------
    groups
        campaign_id, channel, group, contacts, held_out, cost (per contact), usual (mean outcome of
        both arms), measured and standard_error
        (incremental margin per contact as measured), incremental_margin, low, high (after shrinkage),
        chance_wasted (that it does not bring back the cost), net (per contact), kept (money, 0 where the
        group is expected to pay).
    contacts
        Contacts in the groups.
    rate, rate_low, rate_high
        Wasted-message rate with interval; NaN without groups.
    kept, kept_low, kept_high
        Money that would have been kept by not sending to the groups expected to lose.
    left_out
        Contacts of campaigns that could not be read.
    grouped_by
        What the groups are.
    """

    groups: pd.DataFrame
    contacts: int
    rate: float
    rate_low: float
    rate_high: float
    kept: float
    kept_low: float
    kept_high: float
    left_out: int
    grouped_by: str

    @property
    def kpi(self) -> Kpi:
        """Wasted-message rate as measured."""
        campaigns = self.groups["campaign_id"].nunique()
        window = f"{campaigns} campaign{'' if campaigns == 1 else 's'}, by {self.grouped_by}"
        if not math.isfinite(self.rate):
            return Kpi("wasted-message rate", None, window, note="no campaign can be read")
        return ratio_kpi("wasted-message rate", self.rate * self.contacts, self.contacts, window)

    def clear(self) -> pd.DataFrame:
        """Return the groups that surely did not bring back their cost."""
        return self.groups[self.groups["high"] < self.groups["cost"]]


def wasted_messages(
    history: CampaignHistory,
    settings: ReadOutSettings | None = None,
    *,
    group: pd.Series | None = None,
    outcome: str | None = None,
) -> WastedMessages:
    """Measure how many past contacts earned less than they cost.

    Parameters
    ----------
    history
        From `read_history`.
    settings
        Names the column to group by; level; least customers per arm.
    group
        Group of each row of `history.past` instead of that column (RFM segment, propensity); its name is
        used in words. Numbers are cut into thirds within each campaign. It must be known before.
    outcome
        Outcome column; by default the primary one of the settings.

    Raises
    ------
    ParameterError
        A group of another length, or a column that is not there.
    """
    settings = settings or ReadOutSettings()
    labels = _labels(history.past, settings.group if group is None else group)
    rows = pd.DataFrame(
        list(_measure(history.past.assign(_group=labels), settings, outcome or settings.primary)),
        columns=list(_GROUPS),
    ).astype(_GROUPS)
    usable = np.isfinite(rows["measured"]) & (rows["standard_error"] > 0)
    groups, draws = _shrunk(rows[usable].reset_index(drop=True), settings)
    n, cost = groups["contacts"].to_numpy("float64"), groups["cost"].to_numpy("float64")
    total = float(n.sum())
    tails = [(1 - settings.level) / 2, (1 + settings.level) / 2]
    rate = (draws <= cost) @ n / total if total else np.full(1, math.nan)
    kept = (cost - draws) @ np.where(groups["net"] < 0, n, 0.0) if total else np.full(1, math.nan)
    treated = int(history.past["treated"].sum())
    return WastedMessages(
        groups,
        contacts=int(total),
        rate=float(rate.mean()),
        rate_low=float(np.quantile(rate, tails[0])),
        rate_high=float(np.quantile(rate, tails[1])),
        kept=float(kept.mean()),
        kept_low=float(np.quantile(kept, tails[0])),
        kept_high=float(np.quantile(kept, tails[1])),
        left_out=treated - int(total),
        grouped_by=str(labels.name),
    )


def _labels(past: pd.DataFrame, group: pd.Series | str) -> pd.Series:
    """Return a word per row: the value itself, or the third of a number within its campaign."""
    if isinstance(group, str):
        if group not in past:
            raise ParameterError(
                f"wasted_messages: no column '{group}' to group by. Known: {', '.join(map(str, past))}."
            )
        group = past[group]
    if len(group) != len(past):
        raise ParameterError(
            f"wasted_messages: group has {len(group):,} rows, the history {len(past):,}. Pass one per row."
        )
    values = pd.Series(group.to_numpy(), index=past.index, name=group.name or "group")
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        return values.astype(object).where(values.notna(), "not stated").astype(str)
    if values.empty:
        return values.astype(object)
    place = values.groupby(past["campaign_id"]).rank(pct=True, method="average")
    third = np.ceil(place.fillna(0).to_numpy() * 3).clip(0, 3).astype("int64")
    words = np.array(["not stated", *THIRDS], dtype=object)
    return pd.Series(words[third], index=past.index, name=f"thirds of {values.name}")


def _measure(past: pd.DataFrame, settings: ReadOutSettings, outcome: str) -> Iterator[tuple[object, ...]]:
    """Yield each group of each complete campaign with what was measured."""
    done = past["is_complete_after"] if outcome == "margin" else past["is_complete"]
    for campaign_id, rows in past[done.to_numpy(bool)].groupby("campaign_id", sort=False):
        whole = compare_campaign(rows, outcome, settings)
        if whole.ratio is not None and whole.ratio.is_suspect:
            continue
        arms = rows.groupby("_group")["treated"].agg(["sum", "size"])
        few = arms[np.minimum(arms["sum"], arms["size"] - arms["sum"]) < settings.least_in_arm].index
        named = rows["_group"].where(~rows["_group"].isin(few), OTHERS)
        for label, part in rows.groupby(named, sort=True):
            found = compare_campaign(part, outcome, settings)
            first, best = part.iloc[0], found.best
            yield (
                campaign_id,
                first["campaign_channel"],
                label,
                found.treated,
                found.held_out,
                first["cost_per_contact"],
                float(part[outcome].mean()),
                best.effect,
                best.standard_error,
            )


def _scale(part: pd.DataFrame) -> Floats:
    """Return what a customer of each group usually brings, never below a tenth of the channel's mean."""
    usual = part["usual"].abs().to_numpy("float64")
    floor = max(LEAST_SCALE * float(usual.mean()), 1e-9)
    return np.asarray(np.maximum(usual, floor), dtype="float64")


def _shrunk(rows: pd.DataFrame, settings: ReadOutSettings) -> tuple[pd.DataFrame, Floats]:
    """Return the groups after shrinkage within each channel, and the draws behind them."""
    mean, low, high = (np.full(len(rows), math.nan) for _ in range(3))
    draws: Floats = np.empty((1, 0))
    for number, (_, part) in enumerate(rows.groupby("channel", sort=True)):
        at = part.index.to_numpy()
        scale = _scale(part)
        found = shrink_effects(
            part["measured"] / scale,
            part["standard_error"] / scale,
            level=settings.level,
            seed=settings.seed + number,
        )
        if not draws.shape[1]:
            draws = np.empty((len(found.draws), len(rows)))
        draws[:, at] = found.draws * scale
        mean[at], low[at], high[at] = found.mean * scale, found.low * scale, found.high * scale
    cost = rows["cost"].to_numpy("float64")
    chance = (draws <= cost).mean(axis=0) if len(rows) else np.empty(0)
    kept = rows["contacts"].to_numpy("float64") * np.maximum(cost - mean, 0)
    return rows.assign(
        incremental_margin=mean, low=low, high=high, chance_wasted=chance, net=mean - cost, kept=kept
    ), draws
