"""What each past campaign earned, and all of them together.

    incremental margin per contact = ȳ₁ − ȳ₀ − cost per contact

y is the primary outcome of the settings (by default all margin until some weeks behind the end), after what
was known before is taken out. Customers are compared as they were drawn, also those whose message did not
leave. A campaign whose window still runs is read with the confidence sequence, which holds at every look.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.contract.kpis import Kpi, ratio_kpi
from helpers.customers.experiments.compare import ArmComparison, compare_arms
from helpers.customers.experiments.learning import learning_log
from helpers.customers.experiments.looks import confidence_sequence
from helpers.customers.experiments.pooling import PooledEffect, pool_effects
from helpers.customers.experiments.settings import ReadOutSettings
from helpers.customers.experiments.verdicts import NOBODY_HELD_OUT, SUSPECT_ARMS, verdict_of
from helpers.customers.history import CampaignHistory

ROWS_PER_COLUMN = 30  # customers for each column that is taken out of the outcome
COLUMNS = (
    "campaign_id",
    "name",
    "channel",
    "start",
    "end",
    "offer",
    "offer_discount",
    "contacts",
    "held_out",
    "held_out_sent",
    "cost_per_contact",
    "ratio_p",
    "is_suspect",
    "is_complete",
    "share_passed",
    "bought_treated",
    "bought_held_out",
    "bought_effect",
    "bought_low",
    "bought_high",
    "plain_net",
    "plain_low",
    "plain_high",
    "net",
    "low",
    "high",
    "standard_error",
    "p_value",
    "mean_held_out",
    "sd",
    "variance_saved",
    "offer_net",
    "offer_low",
    "offer_high",
    "offer_standard_error",
    "offer_sd",
    "verdict",
    "offer_verdict",
)
_TEXT = frozenset({"campaign_id", "name", "channel", "offer", "verdict", "offer_verdict"})
_FLAGS = frozenset({"is_suspect", "is_complete"})
_DATES = frozenset({"start", "end"})
_COUNTS = frozenset({"contacts", "held_out", "held_out_sent"})


@dataclass(frozen=True, eq=False)
class ReadOut:
    """Past campaigns as experiments.

    Parameters
    ----------
    campaigns
        One row per past campaign, in the order of time. contacts and held_out are customers; `net` (money
        per contact, cost taken off) with low, high, standard_error is the primary outcome with earlier
        purchases taken out, `plain_…` without that, `offer_…` of the offered lines only; sd is that of the
        primary outcome between customers after the adjustment; ratio_p is the sample-ratio check; verdict
        is earned, lost, not yet knowable, arms are suspect or nobody held out.
    pooled, pooled_offer
        Mean `net` and `offer_net` over campaigns (random effects).
    channels
        channel, campaigns, contacts, net, low, high, verdict: the same per channel.
    earned, earned_low, earned_high
        Money that all contacts together earned after cost, with interval; of complete campaigns.
    contacts
        Contacts of the campaigns behind `earned`.
    learning
        campaign_id, name, tried, learnt, next; in words.
    settings, notes
        As given; what the reader must know.
    """

    campaigns: pd.DataFrame
    pooled: PooledEffect
    pooled_offer: PooledEffect
    channels: pd.DataFrame
    earned: float
    earned_low: float
    earned_high: float
    contacts: int
    learning: pd.DataFrame
    settings: ReadOutSettings
    notes: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """Verdict of all campaigns together."""
        return verdict_of(self.pooled.low, self.pooled.high)

    @property
    def kpi(self) -> Kpi:
        """Incremental margin per contact over all complete campaigns."""
        window = f"{len(self.trusted())} campaigns"
        if not math.isfinite(self.earned):
            return Kpi("incremental margin per contact", None, window, note="no campaign can be read")
        return ratio_kpi("incremental margin per contact", self.earned, self.contacts, window)

    def trusted(self) -> pd.DataFrame:
        """Return the campaigns that count together: complete, with an interval, arms not suspect."""
        return _trusted(self.campaigns)


def read_out(history: CampaignHistory, settings: ReadOutSettings | None = None) -> ReadOut:
    """Read every past campaign as an experiment, and all together.

    Parameters
    ----------
    history
        From `read_history`.
    settings
        Outcome, level, what is taken out; by default all margin at 95 %.
    """
    settings = settings or ReadOutSettings()
    rows = [_read(part, history, settings) for _, part in history.past.groupby("campaign_id", sort=False)]
    campaigns = _typed(rows).merge(_named(history), on="campaign_id", how="left", validate="one_to_one")
    campaigns = campaigns[list(COLUMNS)].sort_values(["start", "campaign_id"], ignore_index=True)
    counted = _trusted(campaigns)
    error = math.sqrt(float(((counted["contacts"] * counted["standard_error"]) ** 2).sum()))
    earned = float((counted["contacts"] * counted["net"]).sum()) if len(counted) else math.nan
    half = _quantile(settings.level) * error
    return ReadOut(
        campaigns=campaigns,
        pooled=pool_effects(counted["net"], counted["standard_error"], level=settings.level),
        pooled_offer=pool_effects(
            counted["offer_net"], counted["offer_standard_error"], level=settings.level
        ),
        channels=_channels(counted, settings.level),
        earned=earned,
        earned_low=earned - half,
        earned_high=earned + half,
        contacts=int(counted["contacts"].sum()),
        learning=learning_log(campaigns, settings),
        settings=settings,
        notes=_notes(campaigns, settings),
    )


def compare_campaign(part: pd.DataFrame, outcome: str, settings: ReadOutSettings) -> ArmComparison:
    """Compare the arms of one campaign (or of a group in it) on one outcome.

    Parameters
    ----------
    part
        Rows of `CampaignHistory.past` of one campaign.
    outcome
        Column of the outcome.
    settings
        Level and columns to take out.
    """
    columns = list(settings.before)[: max(1, len(part) // ROWS_PER_COLUMN)]
    share = float(part["treatment_probability"].iloc[0]) if len(part) else math.nan
    return compare_arms(
        part[outcome].to_numpy("float64"),
        part["treated"].to_numpy(bool),
        before=part[columns].to_numpy("float64") if columns else None,
        level=settings.level,
        expected_share=share if 0 < share < 1 else None,
    )


def _read(part: pd.DataFrame, history: CampaignHistory, settings: ReadOutSettings) -> Mapping[str, object]:
    """Return the row of one campaign."""
    first = part.iloc[0]
    cost = float(first["cost_per_contact"])
    main, offer, bought = (
        compare_campaign(part, name, settings) for name in (settings.primary, "offer_margin", "bought")
    )
    passed = _share_passed(first, history, settings)
    is_complete = bool(first["is_complete_after" if settings.primary == "margin" else "is_complete"])
    low, high = _bounds(main, 1.0 if is_complete else passed, settings)
    offer_low, offer_high = _bounds(offer, 1.0 if first["is_complete"] else passed, settings)
    best, sizes = main.best, main.treated * main.held_out / max(main.treated + main.held_out, 1)
    suspect = main.ratio is not None and main.ratio.is_suspect
    verdict = NOBODY_HELD_OUT if not main.held_out else verdict_of(low - cost, high - cost)
    return {
        "campaign_id": first["campaign_id"],
        "contacts": main.treated,
        "held_out": main.held_out,
        "held_out_sent": int((part["sent"] & ~part["treated"]).sum()),
        "ratio_p": main.ratio.p_value if main.ratio else math.nan,
        "is_suspect": suspect,
        "is_complete": is_complete,
        "share_passed": passed,
        "bought_treated": bought.plain.mean_treated,
        "bought_held_out": bought.plain.mean_held_out,
        "bought_effect": bought.best.effect,
        "bought_low": bought.best.low,
        "bought_high": bought.best.high,
        "plain_net": main.plain.effect - cost,
        "plain_low": main.plain.low - cost,
        "plain_high": main.plain.high - cost,
        "net": best.effect - cost,
        "low": low - cost,
        "high": high - cost,
        "standard_error": best.standard_error,
        "p_value": best.p_value,
        "mean_held_out": main.plain.mean_held_out,
        "sd": best.standard_error * math.sqrt(sizes),
        "variance_saved": main.variance_saved,
        "offer_net": offer.best.effect - cost,
        "offer_low": offer_low - cost,
        "offer_high": offer_high - cost,
        "offer_standard_error": offer.best.standard_error,
        "offer_sd": offer.best.standard_error * math.sqrt(sizes),
        "verdict": SUSPECT_ARMS if suspect else verdict,
        "offer_verdict": SUSPECT_ARMS if suspect else verdict_of(offer_low - cost, offer_high - cost),
    }


def _bounds(found: ArmComparison, passed: float, settings: ReadOutSettings) -> tuple[float, float]:
    """Return the interval: of one look at the end, or of the sequence while the window runs."""
    best, units = found.best, found.treated + found.held_out
    if passed >= 1 or not best.is_knowable:
        return best.low, best.high
    looks = confidence_sequence(
        best.effect, best.standard_error, units * passed, planned=units, level=settings.level
    )
    return float(looks.low), float(looks.high)


def _share_passed(first: pd.Series, history: CampaignHistory, settings: ReadOutSettings) -> float:
    """Return the share of the window that lies behind."""
    after = settings.after_days if settings.primary == "margin" else 0
    days = (first["end"] - first["start"]).days + 1 + after
    passed = (pd.Timestamp(history.until) - first["start"]).days + 1
    return float(np.clip(passed / max(days, 1), 1 / max(days, 1), 1.0))


def _typed(rows: list[Mapping[str, object]]) -> pd.DataFrame:
    """Return the rows as a frame that has its columns and types also without rows."""
    names = [name for name in COLUMNS if name not in _NAMED]
    kinds = {
        name: "object"
        if name in _TEXT
        else "bool"
        if name in _FLAGS
        else "int64"
        if name in _COUNTS
        else "float64"
        for name in names
    }
    return pd.DataFrame([dict(row) for row in rows], columns=names).astype(kinds)


_NAMED = ("name", "channel", "start", "end", "offer", "offer_discount", "cost_per_contact")


def _named(history: CampaignHistory) -> pd.DataFrame:
    table = history.campaigns
    offer = table["offer_product_id"].astype(object).where(table["offer_product_id"].notna())
    return table.assign(offer=offer.fillna(table["offer_category"]).fillna(""))[["campaign_id", *_NAMED]]


def _trusted(campaigns: pd.DataFrame) -> pd.DataFrame:
    known = np.isfinite(campaigns["low"]) & campaigns["is_complete"] & ~campaigns["is_suspect"]
    trusted: pd.DataFrame = campaigns.loc[known]
    return trusted


def _channels(counted: pd.DataFrame, level: float) -> pd.DataFrame:
    """Return the pooled effect of each channel; one campaign alone stands as it was read."""
    rows = []
    for channel, part in counted.groupby("channel", sort=True):
        pooled = pool_effects(part["net"], part["standard_error"], level=level)
        low, high = (
            (pooled.low, pooled.high) if len(part) > 1 else (part["low"].iloc[0], part["high"].iloc[0])
        )
        row = (channel, len(part), part["contacts"].sum(), pooled.effect, low, high, verdict_of(low, high))
        rows.append(row)
    names = ["channel", "campaigns", "contacts", "net", "low", "high", "verdict"]
    return pd.DataFrame(rows, columns=names)


def _notes(campaigns: pd.DataFrame, settings: ReadOutSettings) -> tuple[str, ...]:
    if campaigns.empty:
        return ("No past campaign: nothing has been tried yet. Fill the tables campaigns and contacts.",)
    what = (
        f"all margin until {settings.after_days} days behind the end; the offer's own margin stands beside it"
        if settings.primary == "margin"
        else "the margin of the offered lines; what is bought less elsewhere or later is not seen"
    )
    said = [f"The verdict rests on {what}."]
    leaked = campaigns.loc[campaigns["held_out_sent"] > 0, "campaign_id"]
    if len(leaked):
        said.append(
            f"Held-out customers got the message in {', '.join(leaked)}: the effect shown is too small."
        )
    early = campaigns.loc[~campaigns["is_complete"], "campaign_id"]
    if len(early):
        said.append(
            f"The window of {', '.join(early)} still runs: its interval is wider, so that it may be "
            "looked at daily, and it is not counted in the totals."
        )
    unstated = campaigns.loc[campaigns["ratio_p"].isna() & (campaigns["held_out"] > 0), "campaign_id"]
    if len(unstated):
        said.append(
            f"No probability of treatment is stated for {', '.join(unstated)}: the sizes of the arms "
            "could not be checked, and whether chance chose the held-out is not known."
        )
    chance = (1 - settings.level) * len(campaigns)
    if len(campaigns) > 2:
        said.append(
            f"Of {len(campaigns)} campaigns without any effect, {chance:.1f} would look clear by chance; the "
            "sum over all is the safer verdict."
        )
    return tuple(said)


def _quantile(level: float) -> float:
    from scipy import stats

    return float(stats.norm.ppf((1 + level) / 2))
