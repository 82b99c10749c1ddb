"""What if demand grows or shrinks: the same forecast under another level.

A growth g scales every mean by 1 + g; the spread of a sum follows `aggregate.py`, so a limit
grows with the square root: limit(p) = F (1 + g) + (limit0(p) - F) sqrt(1 + g).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers.errors import ParameterError
from helpers.forecasting.result import Forecast
from helpers.forecasting.settings import quantile_column


def growth_scenarios(forecast: Forecast, growth: Sequence[float] = (-0.1, 0.0, 0.1)) -> pd.DataFrame:
    """Return demand over the whole horizon under each growth.

    Parameters
    ----------
    forecast
        The forecast as it is.
    growth
        Relative changes of all demand, above -1; 0.1 = ten per cent more.

    Returns
    -------
    DataFrame
        growth (share), units, low_units, high_units (limits of the stated interval of the sum),
        value (units at unit cost), value_change (against the forecast as it is).
    """
    if any(not -1 < change < 10 for change in growth):
        raise ParameterError(f"growth: {tuple(growth)} came. Give shares above -1 and below 10, such as 0.1.")
    total = forecast.horizon_total()
    share = forecast.settings.interval
    low, high = (float(total[quantile_column((1 + sign * share) / 2)]) for sign in (-1, 1))
    mean = float(total["mean"])
    factor = 1 + np.asarray(growth, dtype="float64")
    value = float((forecast.forecast["mean"] * forecast.forecast["unit_value"]).sum())
    return pd.DataFrame(
        {
            "growth": factor - 1,
            "units": mean * factor,
            "low_units": np.maximum(mean * factor + (low - mean) * np.sqrt(factor), 0.0),
            "high_units": mean * factor + (high - mean) * np.sqrt(factor),
            "value": value * factor,
            "value_change": value * (factor - 1),
        }
    )
