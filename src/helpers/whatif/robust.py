"""Which service targets hurt least when the weeks ahead are not as expected.

Plans are levels for other fill-rate targets, set for the world as it is expected. Futures are that world
with other demand and other lead times. Each plan is played in each future; its regret there is what it loses
more than the best of the plans.

Source of the rule: Savage, The theory of statistical decision (1951): the least greatest regret.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from helpers.contract.controls import control_definitions
from helpers.contract.kpis import Kpi
from helpers.errors import ParameterError
from helpers.memory import remember
from helpers.report import say
from helpers.whatif.controls import Settings
from helpers.whatif.losses import InventoryLosses
from helpers.whatif.regret import Regret, regret

AS_PLANNED = "the plan as it is"
AS_EXPECTED = "as expected"
CLASSES = ("a", "b", "c")
NORMAL = 1.645  # half the width of a 90 % interval, in standard errors


@dataclass(frozen=True)
class TargetGrid:
    """Plans and futures that are tried.

    Parameters
    ----------
    fill_rates
        Targets of the plan, classes A, B and C, 0–1.
    moves
        Points by which plans move all three, as shares; 0, the plan as it is, is always there.
    growths, lead_times
        Changes of demand and of lead times in the futures, as shares; 0, as expected, is always there.
    """

    fill_rates: tuple[float, float, float]
    moves: tuple[float, ...]
    growths: tuple[float, ...]
    lead_times: tuple[float, ...]

    def plans(self) -> dict[str, Settings]:
        """Return name → settings of each plan; no target goes beyond the bounds of its control."""
        return {name: self._targets(move) for name, move in self.named_moves().items()}

    def named_moves(self) -> dict[str, float]:
        """Return name → points of each plan, as shares, lowest targets first."""
        return {_plan_name(move): move for move in sorted({0.0, *self.moves})}

    def futures(self) -> dict[str, Settings]:
        """Return name → settings of each future."""
        both = product(sorted({0.0, *self.growths}), sorted({0.0, *self.lead_times}))
        return {
            _future_name(growth, late): {"growth": growth, "lead_time_change": late} for growth, late in both
        }

    def _targets(self, move: float) -> dict[str, float]:
        known = control_definitions()
        found = {}
        for name, rate in zip(CLASSES, self.fill_rates, strict=True):
            bounds = known[f"fill_rate_{name}"]
            moved = min(max(rate + move, bounds.low), bounds.high)
            found[f"fill_rate_{name}"] = moved if move else rate
        return found


@dataclass(frozen=True, eq=False)
class RobustTargets:
    """The plans beside each other, and what the one that hurts least gains over the plan as it is.

    Parameters
    ----------
    regret
        Plans × futures.
    gain, gain_low, gain_high
        Mean loss of the plan as it is − that of the plan that hurts least, over all futures, money, with a
        90 % interval over the sampled paths, which both plans share.
    weeks
        Over which losses are counted.
    moves
        Plan → points by which its targets move, as a share.
    """

    regret: Regret
    gain: float
    gain_low: float
    gain_high: float
    weeks: int
    moves: Mapping[str, float]

    @property
    def tiles(self) -> tuple[Kpi, ...]:
        """Loss and regret of the plan that hurts least."""
        return self._tiles_of(self.regret.least_regret)

    @property
    def baseline_tiles(self) -> tuple[Kpi, ...]:
        """The same of the plan as it is."""
        return self._tiles_of(AS_PLANNED)

    def sentences(self) -> tuple[str, ...]:
        """Return the verdict, and what it gains over the plan as it is."""
        plans, futures = self.regret.regrets.shape
        tried = f"of {plans} plans over {futures} futures of {self.weeks} weeks"
        worst = self.regret.plans.set_index("plan")["worst_regret"]
        most = say(float(worst[self.regret.least_regret]), "money")
        at_most = f"it loses at most {most} more than the best plan for the future that comes"
        if self.regret.least_regret == AS_PLANNED:
            return (f"Keep the service targets: {tried} they hurt least.", _sentence(at_most), self._edge())
        return (
            f"{_order(self.moves[self.regret.least_regret])}: {tried} that hurts least.",
            _sentence(f"{at_most}, the plan as it is up to {say(float(worst[AS_PLANNED]), 'money')}"),
            self._say_gain(),
            self._edge(),
        )

    def _say_gain(self) -> str:
        low, high = say(self.gain_low, "money"), say(self.gain_high, "money")
        more = "gains" if self.gain >= 0 else "costs"
        doubt = "" if self.gain_low > 0 or self.gain_high < 0 else ", which may be chance"
        return (
            f"On the mean of all futures, {self.regret.assumed}, it {more} {say(abs(self.gain), 'money')} "
            f"beside the plan as it is (90 % interval of the gain {low} to {high}{doubt})."
        )

    def _edge(self) -> str:
        """A best plan at the edge of those tried may not be the best there is."""
        move = self.moves[self.regret.least_regret]
        edges = {max(self.moves.values()): "higher", min(self.moves.values()): "lower"}
        if move not in edges or len(self.moves) == 1:
            return "Targets on both sides of it were tried."
        return f"No {edges[move]} targets were tried: they may hurt less still."

    def _tiles_of(self, plan: str) -> tuple[Kpi, ...]:
        row = self.regret.plans.set_index("plan").loc[plan]
        window = f"{self.weeks} weeks, {self.regret.assumed}"
        return (
            Kpi("greatest regret", float(row["worst_regret"]), window),
            Kpi("expected loss", float(row["expected_loss"]), window),
        )


def robust_targets(
    losses: InventoryLosses,
    fill_rates: Sequence[float],
    moves: Sequence[float],
    growths: Sequence[float],
    lead_times: Sequence[float],
) -> RobustTargets:
    """Play every plan in every future, or take it from disk where that was done before.

    Parameters
    ----------
    losses
        Of the inventory plan.
    fill_rates, moves, growths, lead_times
        As in `TargetGrid`.

    Raises
    ------
    ParameterError
        Not three fill rates, or a change that no control takes.
    """
    if len(fill_rates) != len(CLASSES):
        raise ParameterError(f"robust_targets: {len(fill_rates)} fill rates came. Give three: A, B and C.")
    a, b, c = (float(rate) for rate in fill_rates)
    grid = TargetGrid((a, b, c), tuple(moves), tuple(growths), tuple(lead_times))
    return remember(_play, losses, grid)


def _play(losses: InventoryLosses, grid: TargetGrid) -> RobustTargets:
    plans, futures = grid.plans(), grid.futures()
    paths = {
        plan: np.stack([losses.paths(settings, world) for world in futures.values()])
        for plan, settings in plans.items()
    }
    found = regret(_table(paths, futures))
    # The same path of two plans met the same demand and deliveries, so the difference is what chance leaves.
    better = (paths[AS_PLANNED] - paths[found.least_regret]).mean(axis=0)
    error = NORMAL * float(better.std(ddof=1)) / np.sqrt(len(better)) if len(better) > 1 else np.nan
    gain = float(better.mean())
    return RobustTargets(found, gain, gain - error, gain + error, losses.weeks, grid.named_moves())


def _table(paths: Mapping[str, np.ndarray], futures: Mapping[str, Settings]) -> pd.DataFrame:
    means = [one.mean(axis=1) for one in paths.values()]
    return pd.DataFrame(means, index=list(paths), columns=list(futures))


def _plan_name(move: float) -> str:
    if not move:
        return AS_PLANNED
    return f"targets {_points(move)} {'higher' if move > 0 else 'lower'}"


def _order(move: float) -> str:
    return f"{'Raise' if move > 0 else 'Lower'} all service targets by {_points(move)}"


def _points(move: float) -> str:
    size = f"{abs(100 * move):g}"
    return f"{size} {'point' if size == '1' else 'points'}"


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _future_name(growth: float, late: float) -> str:
    parts = [
        f"{what} {say(value, 'share', 0, signed=True)}"
        for what, value in (("demand", growth), ("lead times", late))
        if value
    ]
    return ", ".join(parts) or AS_EXPECTED
