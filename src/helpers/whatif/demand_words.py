"""What a setting of the demand means, in sentences made from its figures."""

from __future__ import annotations

import math
from dataclasses import dataclass

from helpers.forecasting import DemandChange, DemandLevers
from helpers.forecasting.customer_share import SHARE_WEEKS
from helpers.forecasting.promotions_ahead import PromotionsAhead, is_seen
from helpers.report import say

HOW_TO_READ = (
    "The interval is the forecast's own, measured on past sums; it grows with the square root of demand. "
    "Whether the setting comes true is not in it."
)


@dataclass(frozen=True)
class Outcome:
    """Figures of one setting.

    Parameters
    ----------
    units, planned
        Over all weeks, here and in the plan.
    width
        Upper limit of the interval less `units`; NaN where it was not measured.
    interval
        Its probability.
    weeks
        Weeks ahead.
    value, revenue, margin
        Money; None where it is not known.
    depth_units
        What the change of depth alone adds, with its 90 % limits.
    depth_margin
        What it adds to the margin; None where it is not known.
    unpriced, uncosted
        Products with demand ahead that have no price, or no cost.
    """

    units: float
    planned: float
    width: float
    interval: float
    weeks: int
    value: float | None
    revenue: float | None
    margin: float | None
    depth_units: tuple[float, float, float]
    depth_margin: float | None
    unpriced: int
    uncosted: int

    @property
    def interval_words(self) -> str:
        """The interval of the sum in words."""
        if not math.isfinite(self.width):
            return "the history is too short to give an interval"
        low, high = max(self.units - self.width, 0.0), self.units + self.width
        return f"{say(self.interval, 'share', 0)} interval {low:,.0f} to {high:,.0f}"

    @property
    def against_plan(self) -> str:
        """The difference to the plan in words."""
        change = self.units - self.planned
        if abs(change) < 0.5:
            return "as many as planned"
        share = f" ({say(abs(change) / self.planned, 'share')})" if self.planned > 0 else ""
        return f"{say(abs(change), 'unit', 0)} {'more' if change > 0 else 'fewer'} than planned{share}"


def say_outcome(change: DemandChange, outcome: Outcome) -> tuple[str, str]:
    """Return what the setting does, in one sentence, and in a few words for its chart."""
    wanted = f"{say(outcome.units, 'unit', 0)} over {say(outcome.weeks, 'week')}"
    if not change.words:
        return f"As planned: {wanted} ({outcome.interval_words}).", f"{wanted}, as planned"
    words = change.words[0].upper() + change.words[1:]
    sentence = f"{words}: {wanted} ({outcome.interval_words}), {outcome.against_plan}."
    return sentence, f"{wanted}, {outcome.against_plan}"


def say_notes(levers: DemandLevers, change: DemandChange, outcome: Outcome) -> tuple[str, ...]:
    """Return how to read a setting: what moved it, how sure that is, and what is left out."""
    found = [
        HOW_TO_READ if math.isfinite(outcome.width) else "",
        *(_say_depth(levers.promotions, change, outcome) if change.promotion_depth else ()),
        _say_lost(levers, change) if change.lost_customer else "",
        _say_unknown(outcome.unpriced, "price", "revenue and margin leave")
        if outcome.revenue is not None
        else "",
        _say_unknown(outcome.uncosted, "unit cost", "the margin leaves")
        if outcome.margin is not None
        else "",
    ]
    return tuple(note for note in found if note)


def _say_depth(ahead: PromotionsAhead, change: DemandChange, outcome: Outcome) -> tuple[str, ...]:
    """What the depth alone does, and what that rests on."""
    count = len(ahead.table)
    if not count:
        return ("No approved promotion runs in these weeks: its depth moves nothing.",)
    units, low, high = outcome.depth_units
    runs = f"{count} promotions that run" if count > 1 else "1 promotion that runs"
    money = "" if outcome.depth_margin is None else f", and the margin by {_signed(outcome.depth_margin)}"
    said = (
        f"The depth alone changes demand by {_signed(units)} units (90 % interval "
        f"{_signed(low)} to {_signed(high)}){money}: {runs} in these weeks, with the dip after. What "
        "promotions take from substitutes is held as it is."
    )
    return (said, _say_slope(ahead), _say_beyond(ahead, change.promotion_depth))


def _say_slope(ahead: PromotionsAhead) -> str:
    slope = ahead.slope
    if not slope.rests_on:
        return "No past promotion can be measured: what a deeper discount brings is not yet knowable."
    past = f"{slope.rests_on} past promotions" if slope.rests_on > 1 else "1 past promotion"
    point, low, high = (math.exp(value / 100) - 1 for value in (slope.value, slope.low, slope.high))
    said = (
        f"One point deeper changes what a promotion sells by {say(point, 'share', signed=True)} "
        f"(90 % interval {say(low, 'share', signed=True)} to {say(high, 'share', signed=True)}), "
        f"measured on {past}"
    )
    if slope.deepest - slope.shallowest < 0.005:
        return (
            f"{said}, all at one depth: that a smaller discount brings less is assumed, not measured. "
            "Promotions at different depths would settle it."
        )
    if not slope.is_clear:
        return (
            f"{said}: whether depth matters is not yet knowable. Promotions at more depths would settle it."
        )
    return f"{said}."


def _say_beyond(ahead: PromotionsAhead, points: float) -> str:
    slope = ahead.slope
    beyond = int((~is_seen(slope, ahead.depths(points))).sum()) if slope.rests_on else 0
    if not beyond:
        return ""
    runs = f"{beyond} promotions come" if beyond > 1 else "1 promotion comes"
    return (
        f"{runs} to a discount outside the {say(slope.shallowest, 'share', 0)} to "
        f"{say(slope.deepest, 'share', 0)} of past ones: there the measured slope is only carried on."
    )


def _say_lost(levers: DemandLevers, change: DemandChange) -> str:
    share = levers.share(change.lost_customer)
    head = (
        f"Customer {change.lost_customer}: each product and site loses the customer's share of the units of "
        f"the {SHARE_WEEKS} weeks to {levers.forecast.cutoff}"
    )
    if not share.any():
        return f"{head}; there were none."
    reached = int((share > 0).sum())
    series = f"{reached:,} series lose" if reached > 1 else "1 series loses"
    return (
        f"{head}; {series} something. Money is counted at the mean price of all customers. "
        "Whether others would buy the units instead is not known."
    )


def _say_unknown(count: int, what: str, leave: str) -> str:
    products = f"{count:,} products have" if count > 1 else "1 product has"
    return f"{products} no {what}: {leave} {'them' if count > 1 else 'it'} out." if count else ""


def _signed(value: float) -> str:
    return say(value, "", 0, signed=True)
