"""What a global model sees of a series at an origin: own past, season, sisters and known drivers.

A row is (s, o, l): series, last known period, lead; its target period is t = o + l. Nothing after
o is used except drivers that are known ahead. With y the demand, m the season length and

    L[s, o] = (sum of y over the last W known periods + prior) / (their number + 1)   level

the terms are

    r_k     = mean of y over the last k periods / L                                 recent
    q       = mean of y around t - m / mean of y over the season up to o            season
    d[t]    = driver at t; d[t] - d before; d[t] - mean of d; d[t] against rivals   drivers
    a       = sum_u w_u y_u / (L sum_u w_u)                                         analogue
    w_u     = exp(-sum_d ((d[u] - d[t]) / b_d)^2 / 2) g^(o - u),  u <= o

`a` is the demand of past periods whose drivers looked like those of t (a kernel regression,
Nadaraya 1964 and Watson 1964): it tells a tree the series' own answer to a price or promotion.
Every term is a ratio, a log, a flag or a count, so that series of all sizes can share one model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from helpers.errors import ParameterError
from helpers.forecasting.classify import Floats

Ints = NDArray[np.int64]

LEVEL_PERIODS = 26  # W
LAGS = 4
MEANS = (4, 8, 13, 52)
OLDEST = 104.0
MEMORY = 0.98  # g
BANDWIDTH = 0.5  # b_d, in standard deviations of the driver within a series
BLOCK = 20_000


@dataclass(frozen=True, eq=False)
class Panel:
    """Series that one model learns from together.

    Parameters
    ----------
    demand
        Series × periods, units; NaN before the start and where nothing was recorded.
    known
        Drivers known ahead by name: series × (periods + horizon). Prices as logarithms, so that
        differences are relative; flags as 0 and 1. NaN where not known.
    fixed
        What a series belongs to, by name (category, brand, site): whole-number code per series.
    rivals
        Code per series: series of one code compete and their drivers are compared; empty: none do.
    stockout
        Series × periods: demand is understated there, and is no example to learn from. Only right
        where stock ran out for other reasons than demand; otherwise repair the demand instead.
    season_length
        Periods in a season, m; 1 = none.
    weight
        Importance per series, above zero; empty: equal.
    """

    demand: Floats
    known: Mapping[str, Floats] = field(default_factory=dict)
    fixed: Mapping[str, Ints] = field(default_factory=dict)
    rivals: Ints | None = None
    stockout: NDArray[np.bool_] | None = None
    season_length: int = 52
    weight: Floats | None = None

    def check(self, horizon: int) -> None:
        """Refuse a panel whose parts do not fit together, all findings at once.

        Raises
        ------
        ParameterError
            If shapes differ, demand is negative or infinite, or a code is below zero.
        """
        series, periods = self.demand.shape
        wrong = [f"demand: {problem}" for problem in _demand_problems(self.demand)]
        for name, grid in self.known.items():
            if grid.shape != (series, periods + horizon):
                need = f"{series} × {periods + horizon} (series × periods + horizon)"
                wrong.append(f"known[{name!r}]: shape {grid.shape} came, {need} is needed")
        codes = dict(self.fixed) | ({} if self.rivals is None else {"rivals": self.rivals})
        for name, code in codes.items():
            if code.shape != (series,) or (series and code.min() < 0):
                wrong.append(f"{name}: give one code from 0 for each of the {series} series")
        if self.stockout is not None and self.stockout.shape != self.demand.shape:
            wrong.append(f"stockout: shape {self.stockout.shape} came, {self.demand.shape} is needed")
        if self.weight is not None and (self.weight.shape != (series,) or not (self.weight > 0).all()):
            wrong.append(f"weight: give one number above zero for each of the {series} series")
        if wrong:
            raise ParameterError("; ".join(wrong) + ".")


def _demand_problems(demand: Floats) -> list[str]:
    negative, infinite = int((demand < 0).sum()), int(np.isinf(demand).sum())
    found = [(negative, "negative"), (infinite, "infinite")]
    return [f"{count} {word} values; make them zero or NaN" for count, word in found if count]


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of a design: series, origin (last known period) and lead, all of the same length."""

    series: Ints
    origin: Ints
    lead: Ints

    @property
    def target(self) -> Ints:
        """Period that is forecast, t."""
        return self.origin + self.lead


class Sums:
    """Running sums of a grid, lines × periods, so that any mean over periods is two look-ups."""

    def __init__(self, values: Floats, counts: Floats) -> None:
        self.values = values
        self.counts = counts

    @classmethod
    def of(cls, grid: Floats) -> Sums:
        """Sums of a grid; NaN counts nothing."""
        return cls(_running(np.nan_to_num(grid)), _running(np.isfinite(grid).astype("float64")))

    def by(self, codes: Ints) -> Sums:
        """Sums over the lines of each code."""
        return Sums(_sum_by(codes, self.values), _sum_by(codes, self.counts))

    def total(self, line: Ints, first: Ints, last: Ints) -> tuple[Floats, Floats]:
        """Sum and number of recorded values over periods first..last."""
        return _between(self.values, line, first, last), _between(self.counts, line, first, last)

    def mean(self, line: Ints, first: Ints, last: Ints) -> Floats:
        """Mean over periods first..last; NaN where nothing is recorded."""
        total, count = self.total(line, first, last)
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)


class Views:
    """A panel seen through running sums, from which the terms of any rows are gathered."""

    def __init__(self, panel: Panel) -> None:
        self.panel = panel
        self.demand = Sums.of(panel.demand)
        self.squares = Sums.of(panel.demand**2)
        self.hits = Sums.of(np.where(np.isfinite(panel.demand), (panel.demand > 0) * 1.0, np.nan))
        self.prior = _usual_half(panel.demand)

    def level(self, rows: Rows) -> Floats:
        """L of each row, above zero."""
        total, count = self.demand.total(rows.series, rows.origin - LEVEL_PERIODS + 1, rows.origin)
        return (total + self.prior) / (count + 1)

    def features(self, rows: Rows) -> dict[str, Floats]:
        """Return the terms of each row by name; NaN where the past is too short."""
        level = self.level(rows)
        found = _recent_terms(self, rows, level) | _season_terms(self, rows, level)
        found |= _group_terms(self, rows)
        for name, grid in self.panel.known.items():
            found |= _driver_terms(name, grid, rows)
            if self.panel.rivals is not None:
                found |= _rival_terms(name, grid, self.panel.rivals, rows)
        if self.panel.known:
            found["analogue"] = _analogues(self.panel, rows) / level
        return found


def _usual_half(demand: Floats) -> float:
    """Half the usual mean demand of a series: what a series without demand is taken to be."""
    count = np.isfinite(demand).sum(axis=1)
    mean = np.nansum(demand, axis=1) / np.maximum(count, 1)
    return float(np.median(mean[mean > 0])) / 2 if (mean > 0).any() else 1.0


def _running(grid: Floats) -> Floats:
    return np.concatenate([np.zeros((len(grid), 1)), np.cumsum(grid, axis=1)], axis=1)


def _between(sums: Floats, line: Ints, first: Ints, last: Ints) -> Floats:
    """Sum over periods first..last; periods outside the grid count nothing."""
    top = sums.shape[1] - 1
    low, high = np.clip(first, 0, top), np.clip(last + 1, 0, top)
    return np.where(high > low, sums[line, high] - sums[line, low], 0.0)


def _sum_by(codes: Ints, grid: Floats) -> Floats:
    found = np.zeros((int(codes.max()) + 1, grid.shape[1]))
    np.add.at(found, codes, grid)
    return found


def _over(upper: Floats, lower: Floats) -> Floats:
    return upper / np.where(lower > 0, lower, np.nan)


def _recent_terms(views: Views, rows: Rows, level: Floats) -> dict[str, Floats]:
    series, origin = rows.series, rows.origin
    found = {"lead": rows.lead.astype("float64"), "log_level": np.log(level)}
    found["age"] = np.minimum(views.demand.total(series, np.zeros_like(origin), origin)[1], OLDEST)
    for lag in range(LAGS):
        found[f"lag_{lag}"] = views.demand.mean(series, origin - lag, origin - lag) / level
    for length in MEANS:
        found[f"mean_{length}"] = views.demand.mean(series, origin - length + 1, origin) / level
    first = origin - LEVEL_PERIODS + 1
    mean = views.demand.mean(series, first, origin)
    found["spread"] = np.sqrt(np.maximum(views.squares.mean(series, first, origin) - mean**2, 0.0)) / level
    found["hits"] = views.hits.mean(series, first, origin)
    return found


def _season_terms(views: Views, rows: Rows, level: Floats) -> dict[str, Floats]:
    season = views.panel.season_length
    if season < 2:
        return {}
    before = rows.target - season
    same = np.where(before <= rows.origin, views.demand.mean(rows.series, before, before), np.nan)
    near = _near_season(views.demand, rows.series, rows, season)
    year = views.demand.mean(rows.series, rows.origin - season + 1, rows.origin)
    period = 365.25 / 7 if season == 52 else float(season)
    return {
        "season_position": np.floor(np.mod(rows.target, period)),
        "season_lag": same / level,
        "season_near": near / level,
        "season_ratio": _over(near, year),
    }


def _near_season(sums: Sums, line: Ints, rows: Rows, season: int) -> Floats:
    """Mean of the three periods around the one a season before the target, as far as known."""
    before = rows.target - season
    near = sums.mean(line, before - 1, np.minimum(before + 1, rows.origin))
    return np.where(before <= rows.origin, near, np.nan)


def _group_terms(views: Views, rows: Rows) -> dict[str, Floats]:
    """Codes of each group, and the momentum and season of its sum."""
    found: dict[str, Floats] = {}
    season, half = views.panel.season_length, LEVEL_PERIODS
    everything = np.zeros(len(views.panel.demand), dtype=np.int64)
    for name, codes in {**views.panel.fixed, "all": everything}.items():
        sums, line = views.demand.by(codes), codes[rows.series]
        recent = sums.mean(line, rows.origin - 3, rows.origin)
        found[f"{name}_momentum"] = _over(recent, sums.mean(line, rows.origin - half + 1, rows.origin))
        if season > 1:
            then = sums.mean(line, rows.origin - season - half + 1, rows.origin - season)
            found[f"{name}_season"] = _over(_near_season(sums, line, rows, season), then)
        if name in views.panel.fixed:
            found[name] = line.astype("float64")
    return found


def _driver_terms(name: str, grid: Floats, rows: Rows) -> dict[str, Floats]:
    sums, now = Sums.of(grid), grid[rows.series, rows.target]
    found = {name: now, f"{name}_before": grid[rows.series, rows.target - 1]}
    for lag in range(LAGS):
        found[f"{name}_lag_{lag}"] = now - grid[rows.series, np.maximum(rows.origin - lag, 0)]
    for length in (8, LEVEL_PERIODS):
        found[f"{name}_against_{length}"] = now - sums.mean(
            rows.series, rows.origin - length + 1, rows.origin
        )
    return found


def _rival_terms(name: str, grid: Floats, rivals: Ints, rows: Rows) -> dict[str, Floats]:
    """Mean driver of the others of the group in the target period, and own minus the group's least."""
    seen = np.isfinite(grid)
    count = _sum_by(rivals, seen.astype("float64"))
    total = _sum_by(rivals, np.nan_to_num(grid))
    least = np.full(total.shape, np.inf)
    np.minimum.at(least, rivals, np.where(seen, grid, np.inf))
    line, target = rivals[rows.series], rows.target
    own = grid[rows.series, target]
    others = count[line, target] - np.isfinite(own)
    mean = (total[line, target] - np.nan_to_num(own)) / np.where(others > 0, others, np.nan)
    low = least[line, target]
    return {f"{name}_rivals": mean, f"{name}_least": own - np.where(np.isfinite(low), low, np.nan)}


def _analogues(panel: Panel, rows: Rows) -> Floats:
    """Mean demand of the past periods whose drivers looked like those of the target period."""
    scaled = [_in_bandwidths(grid) for grid in panel.known.values()]
    blocks = range(0, len(rows.series), BLOCK)
    parts = [
        _analogue_block(panel.demand, scaled, _part(rows, slice(begin, begin + BLOCK))) for begin in blocks
    ]
    return np.concatenate([np.empty(0), *parts])


def _part(rows: Rows, block: slice) -> Rows:
    return Rows(rows.series[block], rows.origin[block], rows.lead[block])


def _in_bandwidths(grid: Floats) -> NDArray[np.float32]:
    count = np.maximum(np.isfinite(grid).sum(axis=1, keepdims=True), 1)
    mean = np.nansum(grid, axis=1, keepdims=True) / count
    within = np.nan_to_num(grid - mean)
    spread = float(np.sqrt((within**2).sum() / max(int(np.isfinite(grid).sum()), 1)))
    return (within / (BANDWIDTH * spread) if spread > 0 else within * 0).astype("float32")


def _analogue_block(demand: Floats, scaled: list[NDArray[np.float32]], rows: Rows) -> Floats:
    periods = demand.shape[1]
    past = demand[rows.series]
    apart = np.zeros(past.shape, dtype="float32")
    for grid in scaled:
        apart += (grid[rows.series, :periods] - grid[rows.series, rows.target][:, None]) ** 2
    gone = rows.origin[:, None] - np.arange(periods)
    weight = np.exp(-apart / 2 + (np.log(MEMORY) * gone).astype("float32"))
    weight = np.where(np.isfinite(past) & (gone >= 0), weight, 0.0)
    total = weight.sum(axis=1)
    found = (weight * np.nan_to_num(past)).sum(axis=1)
    return np.where(total > 1e-9, found / np.maximum(total, 1e-9), np.nan)
