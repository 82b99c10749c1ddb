"""What inventory plans lose in worlds that they were not made for: what regret is computed from.

A plan is the levels that other fill-rate targets, lead times or costs would give. A future is another growth
of demand, another lead time, a supplier that closes. The levels of the one are played in the other, week by
week over sampled demand (`helpers.inventory.expected_loss`), on paths that no level was set on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from helpers.contract import Case
from helpers.forecasting import Forecast
from helpers.inventory import InventoryPlan, expected_loss, recommend_policy
from helpers.inventory.arguments import Floats
from helpers.inventory.outlook import draw_demand
from helpers.inventory.policy import Policy
from helpers.whatif.controls import Settings
from helpers.whatif.decision import fingerprint_of
from helpers.whatif.demand import demand_under
from helpers.whatif.inventory import inventory_under

PLAYED_ANEW = 7  # added to the seed: futures that no level was set on


@dataclass(frozen=True, eq=False)
class InventoryLosses:
    """Loss of the levels of one setting in the world of another: margin lost, holding and ordering, money.

    Parameters
    ----------
    case, plan, forecast
        What levels and futures are made from.
    """

    case: Case
    plan: InventoryPlan
    forecast: Forecast
    _levels: dict[str, Policy] = field(default_factory=dict, init=False, repr=False)
    _demand: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

    def __call__(self, plan: Settings, future: Settings) -> float:
        """Return the mean loss over the horizon, money; raises PlanbookError for unknown settings."""
        return float(self.paths(plan, future).mean())

    def paths(self, plan: Settings, future: Settings) -> Floats:
        """Return the loss on each sampled path, money; every plan meets the same demand and deliveries."""
        world = inventory_under(self.plan.settings, future)
        outlook = self.plan.outlook.under(world)
        return expected_loss(self._policy(plan), outlook, world, demand=self._demand_of(future)).paths

    @property
    def fingerprint(self) -> str:
        """Name of the data and plans behind it."""
        parts = (self.case.fingerprint, self.plan.fingerprint, self.forecast.fingerprint)
        return fingerprint_of(*parts)

    @cached_property
    def weeks(self) -> int:
        """Over how many weeks losses are counted."""
        return self.plan.outlook.weeks

    def _policy(self, plan: Settings) -> Policy:
        """Levels that were set for the world as the plan sees it."""
        settings = inventory_under(self.plan.settings, plan)
        key = repr(settings)
        if key not in self._levels:
            self._levels[key] = recommend_policy(self.plan.outlook.under(settings), settings)
        return self._levels[key]

    def _demand_of(self, future: Settings) -> Any:
        """Demand of a future, pairs × paths × weeks; the same random numbers for every future."""
        changed = demand_under(self.forecast, future, self.case)
        if changed.fingerprint not in self._demand:
            settings = self.plan.settings
            pairs = self.plan.outlook.pairs
            drawn = draw_demand(pairs, changed, settings.paths, settings.seed + PLAYED_ANEW)
            self._demand[changed.fingerprint] = drawn
        return self._demand[changed.fingerprint]
