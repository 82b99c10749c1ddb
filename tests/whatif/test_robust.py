"""The plan that hurts least, against losses that can be added up by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pytest

from helpers.errors import ParameterError
from helpers.whatif.controls import Settings
from helpers.whatif.losses import InventoryLosses
from helpers.whatif.robust import AS_PLANNED, RobustTargets, TargetGrid, robust_targets

RATES = (0.98, 0.96, 0.93)


@dataclass(frozen=True)
class HandMade:
    """Loses 1,000 per point of class A below what the future asks, 100 per point above; noise per path."""

    asked: float
    weeks: int = 13
    noise: float = 1.0

    @property
    def fingerprint(self) -> str:
        return f"hand {self.asked} {self.noise}"

    def paths(self, plan: Settings, future: Settings) -> Any:
        rate = float(plan["fill_rate_a"])
        short = 100 * (self.asked + 0.1 * float(future["growth"]) - rate)
        loss = 1000 * max(short, 0.0) + 100 * max(-short, 0.0) + 50 * float(future["lead_time_change"])
        return loss + self.noise * np.arange(20) * (1 if rate == RATES[0] else 0.5)


def tried(asked: float, moves: tuple[float, ...] = (-0.01, 0.01), noise: float = 1.0) -> RobustTargets:
    losses = cast("InventoryLosses", HandMade(asked, noise=noise))
    return robust_targets(losses, RATES, moves, (-0.1, 0.1), (0.5,))


def test_every_plan_meets_every_future() -> None:
    found = tried(0.98, noise=0.0)
    assert found.regret.losses.shape == (3, 6)
    assert list(found.regret.losses.index) == ["targets 1 point lower", AS_PLANNED, "targets 1 point higher"]
    assert found.regret.losses.loc[AS_PLANNED, "demand +10\N{NO-BREAK SPACE}%"] == pytest.approx(1000)
    assert found.regret.losses.loc["targets 1 point higher", "as expected"] == pytest.approx(100)


def test_the_plan_that_hurts_least_is_told_with_what_it_gains_and_how_sure_that_is() -> None:
    found = tried(0.98)
    # Higher targets never lose more than 200; those of the plan lose 1,000 if demand grows.
    assert found.regret.least_regret == "targets 1 point higher"
    slow = [0.5 * k for k in range(20)]
    means = (np.array([100, 0, 1000]) - np.array([200, 100, 0])).mean() + np.array(slow)
    assert found.gain == pytest.approx(means.mean())
    width = 1.645 * means.std(ddof=1) / np.sqrt(20)
    assert (found.gain_low, found.gain_high) == pytest.approx((found.gain - width, found.gain + width))
    said = " ".join(found.sentences())
    assert said.startswith("Raise all service targets by 1 point: of 3 plans over 6 futures of 13 weeks")
    assert "No higher targets were tried" in said
    assert found.tiles[0].value == pytest.approx(200, abs=10)
    assert found.baseline_tiles[0].value == pytest.approx(1000, abs=10)


def test_the_plan_as_it_is_is_kept_where_nothing_tried_is_better() -> None:
    found = tried(0.97, noise=0.0)
    assert found.regret.least_regret == AS_PLANNED
    assert found.sentences()[0].startswith("Keep the service targets")
    assert found.gain == 0
    assert "both sides" in found.sentences()[-1]


def test_targets_stay_within_what_their_control_takes() -> None:
    plans = TargetGrid(RATES, (0.05,), (), ()).plans()
    assert plans["targets 5 points higher"] == {
        "fill_rate_a": 0.999,
        "fill_rate_b": 0.999,
        "fill_rate_c": pytest.approx(0.98),
    }
    assert plans[AS_PLANNED] == dict(zip(("fill_rate_a", "fill_rate_b", "fill_rate_c"), RATES, strict=True))


def test_anything_but_three_rates_is_refused() -> None:
    with pytest.raises(ParameterError, match="2 fill rates came"):
        robust_targets(cast("InventoryLosses", HandMade(0.9)), (0.9, 0.8), (), (), ())
