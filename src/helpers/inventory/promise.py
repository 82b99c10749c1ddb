"""What levels promise: service, stock and money in a year."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.contract.kpis import Kpi, ratio_kpi
from helpers.inventory.outlook import Outlook
from helpers.inventory.policy import Policy
from helpers.inventory.settings import WEEKS_PER_YEAR, InventorySettings

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
        Money a year.
    """

    fill_rate: float
    stock_value: float
    holding_cost: float
    lost_margin: float

    @property
    def tiles(self) -> tuple[Kpi, ...]:
        """Stock, its cost and the margin lost, as KPIs."""
        return (
            Kpi("expected stock at cost", self.stock_value, LEVELS_AHEAD),
            Kpi("holding cost a year", self.holding_cost, LEVELS_AHEAD),
            Kpi("margin lost a year", self.lost_margin, LEVELS_AHEAD),
        )


def promise_of(outlook: Outlook, policy: Policy, settings: InventorySettings) -> Promise:
    """Return what the levels promise, at the pace of the weeks ahead."""
    pairs, own = outlook.pairs, outlook.own_demand.mean(axis=(1, 2))
    short = (1 - policy.table["fill_rate"].to_numpy()) * own
    value = float(policy.table["expected_value"].sum())
    return Promise(
        fill_rate=float(1 - short.sum() / max(float(own.sum()), 1e-9)),
        stock_value=value,
        holding_cost=value * settings.holding_rate,
        lost_margin=float((short * pairs["unit_margin"]).sum() * WEEKS_PER_YEAR),
    )


def promised_fill_rate(outlook: Outlook, policy: Policy) -> Kpi:
    """Return the share of all demand that the levels promise to serve from stock."""
    own = outlook.own_demand.mean(axis=(1, 2))
    served = float((policy.table["fill_rate"] * own).sum())
    return ratio_kpi("promised fill rate", served, float(own.sum()), LEVELS_AHEAD)
