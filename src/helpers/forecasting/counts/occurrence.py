"""How likely demand is in each coming period and how much it is, learned over rolling origins.

The formulas stand in `intermittent.py`. An origin is the number of periods known; features of origin t
use nothing after it. The targets of an origin are the mean demand and the share of periods with demand
in each of up to four blocks of the horizon.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from helpers.forecasting.classify import Floats
from helpers.forecasting.counts.pooled_trees import NO_FACTOR, Factor, fit_factor
from helpers.forecasting.counts.shared_season import shared_season
from helpers.forecasting.counts.sizes import mean_sizes, size_scatter

FORGETTING = (0.6, 0.85, 0.96, 1.0)
DISCOUNT, PRIOR_PERIODS = 0.95, 12.0
ORIGINS, BLOCKS = 16, 4
MOST_SERIES, SERIES_IN_LEAF, ROWS_IN_LEAF = 3_000, 8, 300
FEWEST_PERIODS = 12
HIGHEST = 0.99
CONCENTRATIONS = np.geomspace(3.0, 1000.0, 20)


@dataclass(frozen=True, eq=False)
class Rates:
    """Probability of demand and mean size, series × horizon; scatter of sizes; concentration."""

    probability: Floats
    size: Floats
    scatter: Floats
    concentration: float


@dataclass(frozen=True, eq=False)
class _Known:
    """What an origin knows: features, and the empirical-Bayes start, per series."""

    features: Floats
    chance: Floats
    mean: Floats


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows to learn from: features with the lead, starts, targets, periods in the block."""

    features: Floats
    chance: Floats
    mean: Floats
    share: Floats
    demand: Floats
    periods: Floats


@dataclass(frozen=True, eq=False)
class _Factors:
    """Learned factors on the start."""

    chance: Factor
    mean: Factor

    def apply(self, features: Floats) -> tuple[Floats, Floats]:
        return self.chance.apply(features), self.mean.apply(features)


def demand_rates(demand: Floats, horizon: int, unit: float, season_length: int, seed: int) -> Rates:
    """Return the forecast rates of each series; arguments as `forecast_intermittent`."""
    length = demand.shape[1]
    blocks = _blocks(horizon)
    season = shared_season(demand, horizon, season_length)
    known = _known(demand, length, season)
    chance, mean = np.empty((len(demand), horizon)), np.empty((len(demand), horizon))
    learners = _some_series(len(demand), seed)
    factors, concentration = _learn(demand[learners], season, horizon, blocks, seed)
    for start, stop in blocks:
        features = _with_lead(known.features, start, stop)
        on_chance, on_mean = factors.apply(features)
        ahead = season[length + start : length + stop]
        chance[:, start:stop] = np.clip(np.outer(known.chance * on_chance, ahead), 0.0, HIGHEST)
        mean[:, start:stop] = np.outer(known.mean * on_mean, ahead)
    size = mean / np.maximum(chance, 1e-12)
    if unit:
        size = np.maximum(size, unit)
    scatter = size_scatter(demand, mean_sizes(demand), unit)
    return Rates(chance, size, scatter, concentration)


def _blocks(horizon: int) -> list[tuple[int, int]]:
    edges = np.unique(np.linspace(0, horizon, min(BLOCKS, horizon) + 1).round().astype(int)).tolist()
    return list(pairwise(edges))


def _some_series(count: int, seed: int) -> NDArray[np.int64]:
    if count <= MOST_SERIES:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, MOST_SERIES, replace=False))


def _known(demand: Floats, origin: int, season: Floats) -> _Known:
    """What is known after `origin` periods; demand out of season counts for more."""
    seen = demand[:, :origin]
    alive = np.isfinite(seen)
    happened = np.nan_to_num(seen) > 0
    ages = np.arange(origin)[::-1]
    number = happened.sum(axis=1)
    plain = happened / season[:origin]
    shares = [_weighted_share(plain, alive, rate**ages) for rate in FORGETTING]
    everywhere = plain.sum() / max(alive.sum(), 1)
    weight = DISCOUNT**ages
    chance = (PRIOR_PERIODS * everywhere + plain @ weight) / (PRIOR_PERIODS + alive @ weight)
    size = mean_sizes(seen)
    middle = np.median(size[number > 0]) if number.any() else 1.0
    features = np.column_stack([*shares, *_times(happened), number, size / middle, _last_size(seen, size)])
    return _Known(features, chance, chance * size)


def _weighted_share(happened: Floats, alive: NDArray[np.bool_], weight: NDArray[Any]) -> Floats:
    return np.asarray((happened @ weight) / np.maximum(alive @ weight, 1e-12))


def _times(happened: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Periods since the first and since the last demand; NaN without any."""
    some = happened.any(axis=1)
    first = np.where(some, happened.shape[1] - happened.argmax(axis=1), np.nan)
    last = np.where(some, happened[:, ::-1].argmax(axis=1), np.nan)
    return first, last


def _last_size(seen: Floats, size: Floats) -> Floats:
    """Size of the last demand ÷ mean size; NaN without any."""
    happened = np.nan_to_num(seen) > 0
    last = seen.shape[1] - 1 - happened[:, ::-1].argmax(axis=1)
    value = np.nan_to_num(seen)[np.arange(len(seen)), last]
    return np.where(value > 0, value / size, np.nan)


def _with_lead(features: Floats, start: int, stop: int) -> Floats:
    return np.column_stack([features, np.full(len(features), (start + stop) / 2)])


def _learn(
    demand: Floats, season: Floats, horizon: int, blocks: list[tuple[int, int]], seed: int
) -> tuple[_Factors, float]:
    length = demand.shape[1]
    first = max(length - 2 * horizon, length // 3, 4)
    if length < FEWEST_PERIODS or first >= length - 1:
        return _Factors(NO_FACTOR, NO_FACTOR), float(CONCENTRATIONS[-1])
    origins = np.unique(np.linspace(first, length - 2, ORIGINS).round().astype(int))
    rows = _concatenate([_rows_of(demand, season, int(origin), blocks) for origin in origins])
    if not len(rows.share) or not rows.demand.sum() > 0:
        return _Factors(NO_FACTOR, NO_FACTOR), float(CONCENTRATIONS[-1])
    leaf = max(ROWS_IN_LEAF, SERIES_IN_LEAF * len(rows.share) // len(demand))
    factors = _Factors(
        fit_factor(rows.features, rows.share, rows.chance, rows.periods, leaf, seed),
        fit_factor(rows.features, rows.demand, rows.mean, rows.periods, leaf, seed),
    )
    return factors, _fit_concentration(rows, factors)


def _rows_of(demand: Floats, season: Floats, origin: int, blocks: list[tuple[int, int]]) -> _Rows:
    known = _known(demand, origin, season)
    use = np.isfinite(demand[:, origin - 1]) & (known.mean > 0)
    parts = []
    for start, stop in blocks:
        first, last = origin + start, min(origin + stop, demand.shape[1])
        if first >= last:
            break
        ahead, factor = demand[use, first:last], float(season[first:last].mean())
        parts.append(
            _Rows(
                features=_with_lead(known.features, start, stop)[use],
                chance=known.chance[use] * factor,
                mean=known.mean[use] * factor,
                share=(ahead > 0).mean(axis=1),
                demand=ahead.mean(axis=1),
                periods=np.full(len(ahead), float(last - first)),
            )
        )
    return _concatenate(parts)


def _concatenate(parts: list[_Rows]) -> _Rows:
    names = ("features", "chance", "mean", "share", "demand", "periods")
    return _Rows(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _fit_concentration(rows: _Rows, factors: _Factors) -> float:
    """Concentration under which the number of demands per block was likeliest."""
    from scipy import special

    use = rows.periods > 1
    if not use.any():
        return float(CONCENTRATIONS[-1])
    on_chance, _ = factors.apply(rows.features[use])
    p = np.clip(rows.chance[use] * on_chance, 1e-6, HIGHEST)
    trials = rows.periods[use]
    hits = np.rint(rows.share[use] * trials)
    likely = [
        (special.betaln(c * p + hits, c * (1 - p) + trials - hits) - special.betaln(c * p, c * (1 - p))).sum()
        for c in CONCENTRATIONS
    ]
    return float(CONCENTRATIONS[int(np.argmax(likely))])
