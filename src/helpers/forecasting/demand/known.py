"""Everything that is known at an origin: the demand that was wanted, and the factors that explain it.

    mean[s, t] = level[s, t] × profile[s, t] × life[s, t] × effect[s, t]

    profile  season (`season.py`)              life    ramp and run-down (`lives.py`)
    effect   promotions, holidays (`promotions.py`)

Each factor is learned with the others divided out, and the demand of weeks that ran short is
estimated with all of them (`repair.py`). Stock runs out where season and promotions peak, so the
factors are learned again from the repaired demand, `PASSES` times.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from helpers.forecasting.classify import Floats
from helpers.forecasting.demand.drivers import Drivers, read_drivers
from helpers.forecasting.demand.history import DemandCase, History
from helpers.forecasting.demand.lives import (
    LifeFactor,
    Lives,
    add_launches,
    life_factors,
    read_lives,
    start_at_launch,
)
from helpers.forecasting.demand.promotions import PromotionEffects, estimate_effects
from helpers.forecasting.demand.repair import RepairedHistory, repair_history
from helpers.forecasting.demand.season import yearly_profiles
from helpers.forecasting.settings import ForecastSettings

PASSES = 2
LEAST_FACTOR = 1e-3


@dataclass(frozen=True, eq=False)
class Background:
    """What the tables beside the orders say of each series, over the history and the horizon."""

    drivers: Drivers
    lives: Lives


@dataclass(frozen=True, eq=False)
class Factors:
    """The factors of demand, series × (weeks + horizon)."""

    profile: Floats
    life: LifeFactor
    effects: PromotionEffects

    @property
    def shape(self) -> Floats:
        """Product of all factors."""
        return np.maximum(self.profile * self.life.factor * self.effects.factor, LEAST_FACTOR)

    @property
    def events(self) -> Floats:
        """Product of all factors but the season."""
        return np.maximum(self.life.factor * self.effects.factor, LEAST_FACTOR)


@dataclass(frozen=True, eq=False)
class Known:
    """Demand up to an origin, repaired, with the factors that explain it.

    Parameters
    ----------
    history
        `demand` is what was wanted, `recorded` what the orders say.
    factors
        Over the history and the horizon.
    repair
        What was added where stock ran short.
    lives
        Launches, predecessors and successors.
    drivers
        Promotions and holidays, over the history and the horizon.
    """

    history: History
    factors: Factors
    repair: RepairedHistory
    lives: Lives
    drivers: Drivers

    @property
    def recorded(self) -> Floats:
        """Demand as the orders say, series × weeks."""
        return self.history.demand if self.history.recorded is None else self.history.recorded


def read_background(
    case: DemandCase,
    history: History,
    settings: ForecastSettings,
    extra_promotions: pd.DataFrame | None = None,
) -> tuple[History, Background]:
    """Return the history with the launches that are still to come, and what is known beside it.

    `extra_promotions`, in the contract's columns, count though they are only planned.
    """
    whole = add_launches(case, history, settings.horizon)
    lives = read_lives(case, whole)
    whole = start_at_launch(whole, lives)
    drivers = read_drivers(case, whole, settings.horizon, extra_promotions=extra_promotions)
    return whole, Background(drivers, lives)


def know(history: History, background: Background, settings: ForecastSettings) -> Known:
    """Return what is known after the last week of `history`: nothing later is looked at.

    Promotions, holidays, launches and end dates are decided ahead and count as known.
    """
    drivers = background.drivers.until(history.length, settings.horizon)
    factors = _learn(history, drivers, background.lives, settings, None)
    for turn in range(PASSES):
        repaired = repair_history(history, factors.shape)
        is_last = turn == PASSES - 1
        factors = _learn(repaired.history, drivers, background.lives, settings, factors, is_last)
    return Known(repaired.history, factors, repaired, background.lives, drivers)


def _learn(
    history: History,
    drivers: Drivers,
    lives: Lives,
    settings: ForecastSettings,
    before: Factors | None,
    is_last: bool = False,
) -> Factors:
    """Learn season, then age, then promotions, each with what is known of the others divided out."""
    plain = history
    if before is not None:
        plain = replace(history, demand=history.demand / before.events[:, : history.length])
    profile = yearly_profiles(plain, settings.horizon, settings.season_length)
    life = life_factors(history, lives, profile)
    effects = estimate_effects(history, drivers, profile * life.factor, with_price=is_last)
    return Factors(profile, life, effects)
