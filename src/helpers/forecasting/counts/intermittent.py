"""Forecasts of intermittent and lumpy series, learned from all series of the call at once.

One series with a handful of demands says little; a thousand of them say how such series go on. So the
start is an empirical-Bayes estimate per series, and what all series show about it is learned on top:

    p0 = (K pi + sum d^j x_{t-j}) / (K + sum d^j)           x = 1 where there was demand, pi: all series
    m0 = p0 × mean size of the series, drawn towards that of all series on the log scale
    p  = p0 g(features),  mean = m0 f(features)             f, g: boosted trees, Poisson deviance

Features: shares of periods with demand at four rates of forgetting, periods since the first and since
the last demand, number of demands, relative sizes, and the lead. They carry what smoothing cannot: parts
that just came up, and parts that fade. The trees see rolling origins of the call's own history and need
several series in each leaf, so a call with few series keeps p0 and m0 up to one common factor.

Sizes scatter with relative variance a (per series, drawn towards all); the number of demands over the
horizon is beta-binomial, its concentration c fitted to the same origins by maximum likelihood.

Source: empirical Bayes for slow movers: Dolgui and Pashkevich (2008); pooled trees: Makridakis, Spiliotis
and Assimakopoulos (2022), M5 accuracy competition, International Journal of Forecasting 38.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from helpers.errors import ParameterError
from helpers.forecasting.classify import Floats
from helpers.forecasting.counts.count_forecast import CountForecast, marginal_quantiles
from helpers.forecasting.counts.occurrence import demand_rates
from helpers.forecasting.counts.sizes import unit_of

__all__ = ["CountForecast", "forecast_intermittent"]


def forecast_intermittent(
    demand: Floats, horizon: int, quantiles: Sequence[float], *, season_length: int = 1, seed: int = 0
) -> CountForecast:
    """Forecast intermittent series, pooled over the series of the call.

    Parameters
    ----------
    demand
        Series × periods, never negative, NaN only before the start of a series.
    horizon
        Periods to forecast.
    quantiles
        Probabilities, rising, each in (0, 1).
    season_length
        Periods in a season that all series share; not used below three seasons.
    seed
        Of the choice of series to learn from, where there are very many.

    Raises
    ------
    ParameterError
        If the shape, a value, the horizon or a probability cannot be meant.
    """
    grid = np.asarray(demand, dtype="float64")
    _check(grid, horizon, quantiles)
    probabilities = tuple(float(probability) for probability in quantiles)
    unit = unit_of(grid)
    rates = demand_rates(grid, horizon, unit, season_length, seed)
    found = marginal_quantiles(rates.probability, rates.size, rates.scatter, unit, probabilities)
    return CountForecast(
        rates.probability, rates.size, rates.scatter, rates.concentration, unit, probabilities, found
    )


def _check(demand: Floats, horizon: int, quantiles: Sequence[float]) -> None:
    problems = []
    if demand.ndim != 2 or not demand.size:
        problems.append(f"demand: shape {demand.shape} came. Give series × periods, at least one of each.")
    elif np.isinf(demand).any() or (np.nan_to_num(demand) < 0).any():
        problems.append("demand: infinite or negative values came. Give amounts from zero on.")
    elif (np.isnan(demand[:, 1:]) & np.isfinite(demand[:, :-1])).any():
        problems.append(
            "demand: gaps after the start of a series came. Fill them, with 0 where nothing was asked."
        )
    if isinstance(horizon, bool) or int(horizon) != horizon or horizon < 1:
        problems.append(f"horizon: {horizon!r} came. Give a whole number from 1 on.")
    if not all(0 < q < 1 for q in quantiles) or list(quantiles) != sorted(quantiles) or not len(quantiles):
        problems.append(f"quantiles: {tuple(quantiles)} came. Give rising probabilities between 0 and 1.")
    if problems:
        raise ParameterError("\n".join(problems))
