"""Intervals of values: what may come, drawn many times.

Each draw takes other parameters that the data also allow (Laplace), and with them for every customer whether
it is still one, how often it buys, and what those purchases bring. So the interval of a customer holds its
own luck and our not knowing; that of the sum holds mostly the latter, since luck evens out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from helpers.customers.value.buying_model import BuyingModel
from helpers.customers.value.gamma_gamma import GammaGamma
from helpers.customers.value.settings import ValueSettings

type Floats = npt.NDArray[np.float64]

BLOCK = 20_000  # customers that are drawn at once


@dataclass(frozen=True, eq=False)
class ValueDraws:
    """Intervals of the values.

    Parameters
    ----------
    low, high
        Of each customer.
    total_low, total_high
        Of the sum.
    """

    low: Floats
    high: Floats
    total_low: float
    total_high: float


def draw_values(
    model: BuyingModel,
    spend: GammaGamma,
    histories: pd.DataFrame,
    discount: Floats,
    settings: ValueSettings,
) -> ValueDraws:
    """Return intervals of what customers bring within the horizon.

    Parameters
    ----------
    model, spend
        Fitted models.
    histories
        Buying histories of the customers.
    discount
        Mean discount factor of each customer's purchases.
    settings
        Horizon, number of draws, share of them inside the interval, and seed.
    """
    samples, horizon = settings.samples, float(settings.horizon_weeks)
    rng = np.random.default_rng(settings.seed)
    models, spends = model.draw_parameters(samples, rng), spend.draw_parameters(samples, rng)
    columns = [histories[name].to_numpy(float) for name in ("frequency", "recency", "age", "order_money")]
    tails = ((1 - settings.interval) / 2, (1 + settings.interval) / 2)
    low, high = np.zeros(len(histories)), np.zeros(len(histories))
    totals = np.zeros(samples)
    for start in range(0, len(histories), BLOCK):
        some = slice(start, start + BLOCK)
        x, tx, t, money = (column[some] for column in columns)
        drawn = np.empty((samples, len(x)))
        for place, (buys, pays) in enumerate(zip(models, spends, strict=True)):
            orders = buys.draw_purchases(horizon, x, tx, t, rng)
            drawn[place] = pays.draw_totals(orders, x + 1, money, rng) * discount[some]
        low[some], high[some] = np.quantile(drawn, tails, axis=0)
        totals += drawn.sum(axis=1)
    bounds = np.quantile(totals, tails)
    return ValueDraws(low, high, float(bounds[0]), float(bounds[1]))
