"""Exponential smoothing averaged over many settings, instead of one best setting: `trend_average`.

Each draw j holds the parameters of one local and global trend model; all draws run over all
series at once. With z the series divided by its mean, l its level, b its local trend:

    mu_t  = l_(t-1) + gamma l_(t-1)^rho + lambda b_(t-1)          forecast of one step
    l_t   = alpha z_t + (1 - alpha) mu_t
    b_t   = beta (l_t - l_(t-1)) + (1 - beta) b_(t-1)
    |e_t| = |z_t - mu_t| = s mu_t^tau × Laplace                     errors grow with the level
    w_j   ~ likelihood_j^T                                        T < 1: tempered
    mean  = sum_j w_j mu_j                                        h steps: the same recursion, e = 0
    sd^2  = sum_j w_j (s_j^2 mu_j^(2 tau) g_jh + (mu_j - mean)^2)   noise of the draw + disagreement
    g_jh  = 1 + sum_(i<h) c_ji^2                                  c_ji: what a shock adds i steps on

The priors are wide and the same for all series, so a series' forecast does not depend on others:
alpha, beta, lambda, rho, tau uniform; gamma = KAPPA × (mean step of z) × Student's t with 3
degrees. Tempering stands for the parameters that no draw meets exactly and for a past that is
not repeated. The same pass gives honest past forecasts: at an origin only what came before it
has moved l, b and w. Beside one optimised model this is steadier on short series (figures:
benchmarks/README.md).

Source of the model: Smyl, Bergmeir, Dokumentov, Long, Wibowo and Schmidt (2025), Local and
global trend Bayesian exponential smoothing models, International Journal of Forecasting 41;
they sample the posterior, we weight draws from the prior. Computed in single precision.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helpers.forecasting.classify import Floats

Singles = NDArray[np.float32]

KAPPA = 0.2
TEMPER, REMEMBERED = 0.6, 60.0
SMALLEST = np.float32(1e-3)
# Weighs as half a step with an error of a fifth: a series of two points must not look certain.
PRIOR_STEPS, PRIOR_ERROR = 0.5, 0.2
LAPLACE_SD = 1.3  # sd ÷ mean absolute error; 1.25 for a normal, 1.41 for a Laplace distribution
LARGEST_STEP = 0.3
FEWEST_KNOWN = 4


@dataclass(frozen=True, eq=False)
class Smoothed:
    """Forecast of each series with its spread, and how past forecasts of the same kind erred.

    `mean`, `sd`: series × horizon. `past_error`: origins × series × horizon, (actual - mean) ÷ sd
    of forecasts made earlier, NaN where there was none.
    """

    mean: Floats
    sd: Floats
    past_error: Floats


@dataclass(frozen=True, eq=False)
class _Draws:
    alpha: Singles
    beta: Singles
    lam: Singles
    rho: Singles
    tau: Singles
    gamma: Singles

    @classmethod
    def sample(cls, count: int, seed: int) -> _Draws:
        from scipy import special

        points = _even_points(count, 6, seed)
        bounds = ((0.02, 1.0), (0.02, 0.7), (0.0, 1.0), (-0.5, 1.0), (0.0, 1.0))
        uniform = [low + (high - low) * points[:, place] for place, (low, high) in enumerate(bounds)]
        alpha, beta, lam, rho, tau = (values.astype(np.float32) for values in uniform)
        gamma = (KAPPA * special.stdtrit(3, points[:, 5])).astype(np.float32)
        return cls(alpha, beta, lam, rho, tau, gamma)

    def shock(self, horizon: int) -> Singles:
        """Return g, draws × horizon: variance at each step ÷ variance of one step (gamma left out)."""
        level, trend = self.alpha.copy(), self.alpha * self.beta
        found = np.ones((len(level), horizon), dtype=np.float32)
        for step in range(1, horizon):
            later = level + self.lam * trend
            found[:, step] = found[:, step - 1] + later**2
            trend = self.beta * (later - level) + (1 - self.beta) * trend
            level = later
        return found


def _even_points(count: int, dimensions: int, seed: int) -> Floats:
    """Points that fill the unit cube evenly: steps of the powers of the generalised golden ratio.

    A hundred of them serve as well as three hundred independent ones. Source: Roberts (2018), The
    unreasonable effectiveness of quasirandom sequences.
    """
    ratio = 2.0
    for _ in range(60):  # the root of ratio^(dimensions + 1) = ratio + 1
        ratio = (1 + ratio) ** (1 / (dimensions + 1))
    steps = ratio ** -np.arange(1.0, dimensions + 1)
    begin = np.random.default_rng(seed).uniform(size=dimensions)
    found: Floats = (begin + np.arange(1, count + 1)[:, None] * steps) % 1.0
    return found


class _Filter:
    """Level, trend and fit of all draws on all series; series sorted by their start."""

    def __init__(self, draws: _Draws, scaled: Floats) -> None:
        self.draws = draws
        self.known = np.isfinite(scaled).sum(axis=1)
        shape = (len(scaled), len(draws.alpha))
        self.level, self.trend, self.misfit, self.jacobian = (np.zeros(shape, np.float32) for _ in range(4))
        steps = np.abs(np.diff(scaled, axis=1))
        moves = np.nansum(steps, axis=1) / np.maximum(np.isfinite(steps).sum(axis=1), 1)
        step = np.clip(moves, 1e-3, LARGEST_STEP).astype(np.float32)
        self.growth = step[:, None] * draws.gamma
        self.steps = np.zeros(len(scaled))

    def ahead(self, level: Singles, trend: Singles, rows: slice) -> Singles:
        """Forecast of one step."""
        grown = self.growth[rows] * np.exp(self.draws.rho * np.log(level))
        found: Singles = np.maximum(level + grown + self.draws.lam * trend, SMALLEST)
        return found

    def update(self, demand: Singles, rows: slice) -> None:
        """Take in one period of the series that have begun."""
        draws, level, trend = self.draws, self.level[rows], self.trend[rows]
        mean = self.ahead(level, trend, rows)
        log_size = draws.tau * np.log(mean)
        self.misfit[rows] += np.abs(demand[:, None] - mean) * np.exp(-log_size)
        self.jacobian[rows] += log_size
        now = np.maximum(mean + draws.alpha * (demand[:, None] - mean), SMALLEST)
        self.trend[rows] = trend + draws.beta * (now - level - trend)
        self.level[rows] = now
        self.steps[rows] += 1

    def begin(self, demand: Singles, rows: slice) -> None:
        """Set the level of series whose first period this is."""
        self.level[rows] = np.maximum(demand, SMALLEST)[:, None]

    def predict(self, rows: slice, horizon: int, shock: Singles) -> tuple[Floats, Floats]:
        """Return mean and sd, series × horizon, from what has been taken in."""
        weights, error = self._weights(rows)
        level, trend = self.level[rows], self.trend[rows]
        mean, sd = np.empty((len(level), horizon)), np.empty((len(level), horizon))
        for step in range(horizon):
            later = self.ahead(level, trend, rows)
            trend = trend + self.draws.beta * (later - level - trend)
            level = later
            mean[:, step] = np.einsum("sj,sj->s", weights, later)
            noise = (error * np.exp(self.draws.tau * np.log(later))) ** 2 * shock[:, step]
            apart = (later - mean[:, step, None].astype(np.float32)) ** 2
            sd[:, step] = np.sqrt(np.einsum("sj,sj->s", weights, noise + apart))
        return mean, sd

    def _weights(self, rows: slice) -> tuple[Singles, Singles]:
        """Weights of the draws per series (sum 1), and the sd of one step at level one."""
        steps = self.steps[rows, None]
        size = (self.misfit[rows] + PRIOR_STEPS * PRIOR_ERROR) / (steps + PRIOR_STEPS)
        fit = -steps * np.log(size) - self.jacobian[rows]
        power = TEMPER / np.maximum(steps / REMEMBERED, 1.0)
        weights = np.exp(power * (fit - fit.max(axis=1, keepdims=True)))
        weights /= weights.sum(axis=1, keepdims=True)
        return weights.astype(np.float32), (LAPLACE_SD * size).astype(np.float32)


def trend_average(demand: Floats, horizon: int, *, draws: int = 300, seed: int = 0) -> Smoothed:
    """Forecast many series by averaged smoothing.

    Parameters
    ----------
    demand
        Series × periods, positive on the whole (mean above zero), without season; aligned at the
        last period, NaN before the start of a series only.
    horizon
        Periods.
    draws
        Settings to average over; more is steadier, and time grows with it.
    seed
        Of the draws.
    """
    known = np.isfinite(demand).sum(axis=1)
    order = np.argsort(-known, kind="stable")
    scale = np.nanmean(demand, axis=1)
    scaled = (demand / scale[:, None])[order]
    begun = np.searchsorted(-known[order], -np.arange(demand.shape[1] + 1, -1, -1), side="right")
    found = _run(scaled, begun, horizon, _Draws.sample(draws, seed))
    back = np.argsort(order, kind="stable")
    size = scale[:, None]
    return Smoothed(found.mean[back] * size, found.sd[back] * size, found.past_error[:, back])


def _run(scaled: Floats, begun: NDArray[np.intp], horizon: int, draws: _Draws) -> Smoothed:
    """`begun[t + 1]` series, the first ones, have begun at period t."""
    series, periods = scaled.shape
    filtered, shock = _Filter(draws, scaled), draws.shock(horizon)
    origins = {periods - back: place for place, back in enumerate(_looks_back(horizon))}
    past = np.full((len(origins), series, horizon), np.nan)
    single = scaled.astype(np.float32)
    for period in range(periods):
        old, new = slice(0, begun[period]), slice(begun[period], begun[period + 1])
        if period in origins:
            rows = slice(0, begun[max(period - FEWEST_KNOWN + 1, 0)])
            mean, sd = filtered.predict(rows, horizon, shock)
            seen = scaled[rows, period : period + horizon]
            width = seen.shape[1]
            past[origins[period], rows, :width] = (seen - mean[:, :width]) / sd[:, :width]
        filtered.update(single[old, period], old)
        filtered.begin(single[new, period], new)
    mean, sd = filtered.predict(slice(0, series), horizon, shock)
    return Smoothed(mean, sd, past)


def _looks_back(horizon: int) -> list[int]:
    """How many periods before the end past forecasts are made: half, one and one and a half horizons."""
    return sorted({-(-horizon // 2), horizon, -(-3 * horizon // 2)})
