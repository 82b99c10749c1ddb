"""What levels promise over the weeks ahead: service, stock and money.

Nothing is scaled to a year: a supplier that is closed for some weeks is not closed for a year.
"""

from __future__ import annotations

from dataclasses import dataclass

from helpers.contract.kpis import Kpi, ratio_kpi
from helpers.inventory.outlook import Outlook
from helpers.inventory.policy import Policy
from helpers.inventory.settings import InventorySettings

LEVELS_AHEAD = "levels of the weeks ahead"


@dataclass(frozen=True)
class Promise:
    """What levels promise.

    Parameters
    ----------
    fill_rate
        Share of all demand served from stock, 0–1.
    stock_value
        Expected stock at cost, money.
    holding_cost, lost_margin
        Money within the weeks ahead.
    weeks
        How many weeks those are.
    """

    fill_rate: float
    stock_value: float
    holding_cost: float
    lost_margin: float
    weeks: int

    @property
    def tiles(self) -> tuple[Kpi, ...]:
        """Stock, its cost and the margin lost, as KPIs."""
        return (
            Kpi("expected stock at cost", self.stock_value, LEVELS_AHEAD),
            Kpi("holding cost expected", self.holding_cost, self.window),
            Kpi("margin expected lost", self.lost_margin, self.window),
        )

    @property
    def window(self) -> str:
        """Over what money is counted, in words."""
        return "the week ahead" if self.weeks == 1 else f"the {self.weeks} weeks ahead"


def promise_of(outlook: Outlook, policy: Policy, settings: InventorySettings) -> Promise:
    """Return what the levels promise over the weeks of the outlook."""
    pairs, own = outlook.pairs, outlook.own_demand.mean(axis=(1, 2))
    short = (1 - policy.table["fill_rate"].to_numpy()) * own
    value = float(policy.table["expected_value"].sum())
    return Promise(
        fill_rate=float(1 - short.sum() / max(float(own.sum()), 1e-9)),
        stock_value=value,
        holding_cost=value * settings.weekly_holding_rate * outlook.weeks,
        lost_margin=float((short * pairs["unit_margin"]).sum() * outlook.weeks),
        weeks=outlook.weeks,
    )


def promised_fill_rate(outlook: Outlook, policy: Policy) -> Kpi:
    """Return the share of all demand that the levels promise to serve from stock."""
    own = outlook.own_demand.mean(axis=(1, 2))
    served = float((policy.table["fill_rate"] * own).sum())
    return ratio_kpi("promised fill rate", served, float(own.sum()), LEVELS_AHEAD)
