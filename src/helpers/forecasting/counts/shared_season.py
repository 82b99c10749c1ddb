"""The season that all series of a call share: one factor per position in the season.

One intermittent series cannot show a season, their sum can. With x_t the number of series that had
demand, n_t the number alive, and g_t its centred mean over one season:

    r_t = (x_t / n_t) / g_t               f_j = 1 + w (mean of r_t at position j - 1)
    w   = 1 - noise / variance of the position means

noise: mean variance of r_t within a position ÷ number of seasons seen. Where the positions do not
differ by more than chance would (F test at 95 %), there is no season.
"""

from __future__ import annotations

import numpy as np

from helpers.forecasting.classify import Floats

FEWEST_SEASONS = 3
FEWEST_RATIOS = 2
LOWEST, HIGHEST = 0.2, 5.0
CLEAR = 0.95


def shared_season(demand: Floats, horizon: int, season_length: int) -> Floats:
    """Return factors with mean 1 over the periods and `horizon` more; ones without a season.

    `demand` is series × periods, NaN before the start of a series.
    """
    length = demand.shape[1]
    flat = np.ones(length + horizon)
    if season_length < 2 or length < FEWEST_SEASONS * season_length:
        return flat
    ratio = _ratio_to_level(demand, season_length)
    position = np.arange(length) % season_length
    seen = np.isfinite(ratio)
    number = np.bincount(position[seen], minlength=season_length)
    if (number < FEWEST_RATIOS).any():
        return flat
    mean = np.bincount(position[seen], weights=ratio[seen], minlength=season_length) / number
    squares = np.bincount(
        position[seen], weights=(ratio[seen] - mean[position[seen]]) ** 2, minlength=season_length
    )
    noise = float((squares / (number - 1) / number).mean())
    variance = float(mean.var(ddof=1))
    if not _is_clear(variance, noise, season_length - 1, int((number - 1).sum())):
        return flat
    weight = 1 - noise / variance
    factor = np.clip(1 + weight * (mean / mean.mean() - 1), LOWEST, HIGHEST)
    return np.asarray(factor[np.arange(length + horizon) % season_length])


def _is_clear(variance: float, noise: float, positions: int, rest: int) -> bool:
    """Tell whether the positions differ by more than chance would in 95 of 100 cases (F test)."""
    from scipy import special

    return variance > max(1.0, float(special.fdtri(positions, rest, CLEAR))) * noise


def _ratio_to_level(demand: Floats, season_length: int) -> Floats:
    """Share of series with demand ÷ its mean over the season around; NaN where nothing is known."""
    alive = np.isfinite(demand).sum(axis=0)
    share = (np.nan_to_num(demand) > 0).sum(axis=0) / np.maximum(alive, 1)
    around = _centred_mean(np.where(alive > 0, share, np.nan), season_length)
    known = np.nan_to_num(around) > 0
    return np.where(known, share / np.where(known, around, 1.0), np.nan)


def _centred_mean(values: Floats, season_length: int) -> Floats:
    """Mean over the season around each period (even lengths: ends at half weight), NaN at the edges."""
    half = season_length // 2
    weight = np.ones(2 * half + 1)
    if season_length % 2 == 0:
        weight[[0, -1]] = 0.5
    middle = np.convolve(values, weight / weight.sum(), "valid")
    return np.pad(middle, half, constant_values=np.nan)
