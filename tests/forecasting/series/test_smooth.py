"""Averaged smoothing against a slow, obvious second computation, and its properties."""

from __future__ import annotations

import numpy as np

from helpers.forecasting.series import smooth
from helpers.forecasting.series.smooth import trend_average


def slow_mean(demand: np.ndarray, horizon: int, draws: int) -> np.ndarray:
    """One series and one draw at a time, in double precision, by the formulas of the module."""
    scale = demand.mean()
    z = demand / scale
    chosen = smooth._Draws.sample(draws, 0)
    step = min(max(np.abs(np.diff(z)).mean(), 1e-3), smooth.LARGEST_STEP)
    fits, paths = [], []
    for alpha, beta, lam, rho, tau, gamma in zip(
        chosen.alpha, chosen.beta, chosen.lam, chosen.rho, chosen.tau, chosen.gamma, strict=True
    ):
        level, trend, misfit, jacobian = float(z[0]), 0.0, 0.0, 0.0
        for value in z[1:]:
            mean = max(level + step * gamma * level**rho + lam * trend, 1e-3)
            misfit += abs(value - mean) / mean**tau
            jacobian += tau * np.log(mean)
            now = max(alpha * value + (1 - alpha) * mean, 1e-3)
            trend = beta * (now - level) + (1 - beta) * trend
            level = now
        steps = len(z) - 1
        size = (misfit + smooth.PRIOR_STEPS * smooth.PRIOR_ERROR) / (steps + smooth.PRIOR_STEPS)
        fits.append(-steps * np.log(size) - jacobian)
        path = []
        for _ in range(horizon):
            later = max(level + step * gamma * level**rho + lam * trend, 1e-3)
            trend = beta * (later - level) + (1 - beta) * trend
            level = later
            path.append(level)
        paths.append(path)
    weights = np.exp(smooth.TEMPER * (np.array(fits) - max(fits)))
    return np.asarray(scale * weights @ np.array(paths) / weights.sum())


def test_it_computes_the_formulas_of_its_docstring() -> None:
    demand = np.random.default_rng(0).gamma(20, 5, size=14) * np.linspace(1, 2, 14)
    fast = trend_average(demand[None], 5, draws=40).mean[0]
    np.testing.assert_allclose(fast, slow_mean(demand, 5, 40), rtol=1e-4)


def test_series_does_not_depend_on_its_neighbours() -> None:
    rng = np.random.default_rng(1)
    demand = np.full((3, 30), np.nan)
    for row, length in enumerate((12, 30, 21)):
        demand[row, -length:] = rng.gamma(20, 5, length)
    together = trend_average(demand, 6, draws=50)
    for row, length in enumerate((12, 30, 21)):
        alone = trend_average(demand[row : row + 1, -length:], 6, draws=50)
        np.testing.assert_allclose(together.mean[row], alone.mean[0], rtol=1e-5)
        np.testing.assert_allclose(together.sd[row], alone.sd[0], rtol=1e-4)


def test_past_forecasts_know_nothing_of_what_came_after() -> None:
    """The scale is the mean of the whole series, so the past is compared with the same mean."""
    rng = np.random.default_rng(2)
    demand = rng.gamma(20, 5, size=(1, 30))
    changed = demand.copy()
    changed[0, -6:] = demand[0, -6:][::-1]
    changed[0, -6:] *= demand[0, -6:].sum() / changed[0, -6:].sum()
    first, second = (trend_average(values, 6, draws=50) for values in (demand, changed))
    same = np.abs(demand[0, -6:] - changed[0, -6:]) < 1e-12
    assert not same.all()
    # origin one horizon back: error = (actual - mean) / sd, with the same mean and sd but for `growth`
    ratio = (first.past_error[1, 0] - second.past_error[1, 0]) / (demand[0, -6:] - changed[0, -6:])
    assert np.nanstd(ratio) < 0.5 * np.nanmean(ratio)


def test_line_is_carried_on_and_noise_widens_the_spread() -> None:
    line = 100 + 5 * np.arange(30.0)
    rng = np.random.default_rng(3)
    found = trend_average(np.vstack([line, line * rng.uniform(0.8, 1.2, 30)]), 4)
    np.testing.assert_allclose(found.mean[0], 100 + 5 * np.arange(30, 34), rtol=0.02)
    assert (found.sd[1] > 2 * found.sd[0]).all()
    assert (np.diff(found.sd, axis=1) > 0).all()
