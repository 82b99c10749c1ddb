"""What levels lose in a future they were not made for: other demand or lead times, a closed supplier.

The levels of one plan meet the stock, demand and suppliers of an outlook, with the two-echelon simulation
behind the comparison. Every plan that meets the same outlook sees the same demand and the same deliveries,
so differences between plans are of the plans.

    loss = margin of the units not served at once + cost of holding + cost of order lines      over the weeks

Who supplies a pair is the future's: a buyer whose supplier closes turns to the next one, with the levels that
he has. A budget limits the orders of a week and no level, so it is not in the loss.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helpers.errors import ParameterError
from helpers.inventory.arguments import Floats
from helpers.inventory.outlook import Outlook
from helpers.inventory.policy import Policy
from helpers.inventory.settings import InventorySettings
from helpers.inventory.simulation.simulate import simulate
from helpers.inventory.stage import case_ahead, rule_of
from helpers.inventory.supply.offers import PAIR

INTERVAL = (0.05, 0.95)


@dataclass(frozen=True, eq=False)
class ExpectedLoss:
    """Money that levels lose over the weeks of a future, means over its sampled paths.

    Parameters
    ----------
    lost_margin, holding_cost, ordering_cost
        Money.
    fill_rate
        Share of the units served at once, 0–1.
    stock_value
        Mean stock at cost, money.
    paths
        Loss per sampled path, money; the same path of two plans meets the same demand and deliveries.
    weeks
        How many weeks.
    """

    lost_margin: float
    holding_cost: float
    ordering_cost: float
    fill_rate: float
    stock_value: float
    paths: Floats
    weeks: int

    @property
    def loss(self) -> float:
        """Margin lost, holding and ordering together, money."""
        return self.lost_margin + self.holding_cost + self.ordering_cost

    @property
    def interval(self) -> tuple[float, float]:
        """Loss that 90 % of the sampled paths lie between, money."""
        low, high = np.quantile(self.paths, INTERVAL)
        return float(low), float(high)

    @property
    def standard_error(self) -> float:
        """How well the mean loss is known, money; NaN with one path."""
        count = len(self.paths)
        return float(self.paths.std(ddof=1) / np.sqrt(count)) if count > 1 else float("nan")


def expected_loss(
    policy: Policy,
    future: Outlook,
    settings: InventorySettings,
    *,
    demand: NDArray[np.float32] | None = None,
) -> ExpectedLoss:
    """Return what the levels of a plan lose when the world is another one.

    Parameters
    ----------
    policy
        Levels of any plan of the same pairs (`recommend_policy`).
    future
        Stock, demand and suppliers that they meet: `look_ahead` with another forecast, or `Outlook.under` of
        settings with other lead times or a closed supplier.
    settings
        Of the future: share of lost sales, cost of an order line, seed of the deliveries. Costs of holding
        and margins are those of `future`.
    demand
        Demand of own customers, pairs × paths × weeks, units; that of the future where not given. Levels that
        were set on the same paths look better on them than they are: draw others (`draw_demand`).

    Raises
    ------
    ParameterError
        Levels and future are not of the same pairs, or demand has another shape.

    Examples
    --------
    >>> expected_loss(plan.policy, plan.outlook.under(shocked), shocked).loss      # doctest: +SKIP
    """
    keys = future.pairs[PAIR].reset_index(drop=True)
    if not keys.equals(policy.table[PAIR].reset_index(drop=True)):
        raise ParameterError(
            f"expected_loss: the levels are for {len(policy.table)} pairs, the future has {len(keys)}, or in "
            "another order. Make both from the same case."
        )
    drawn = future.own_demand if demand is None else demand
    if drawn.ndim != 3 or len(drawn) != len(keys):
        raise ParameterError(
            f"expected_loss: 'demand' has the shape {drawn.shape}. Give {len(keys)} pairs × paths × weeks."
        )
    found = simulate(case_ahead(future, np.rint(drawn), settings), rule_of(policy), seed=settings.seed)
    return ExpectedLoss(
        lost_margin=found.value("stockout_cost"),
        holding_cost=found.value("holding_cost"),
        ordering_cost=found.value("ordering_cost"),
        fill_rate=found.value("fill_rate"),
        stock_value=found.value("stock_value"),
        paths=found.paths["cost"].to_numpy(dtype="float64"),
        weeks=int(drawn.shape[2]),
    )
