"""Lifetime value over a horizon: expected purchases × expected money per purchase, discounted.

    value = E[m] · Σ_j (E[X(t_j)] − E[X(t_{j−1})]) · (1 + d)^−((t_{j−1}+t_j)/2 ÷ year)

E[X(t)] are the expected purchases in the next t, E[m] the expected money per purchase, d the discount rate
per year; purchases of a step are discounted to its middle. The horizon is cut into steps of about four weeks.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from helpers.customers.number_arrays import is_number
from helpers.customers.value.arguments import ArrayLike
from helpers.customers.value.buying_model import BuyingModel
from helpers.customers.value.gamma_gamma import GammaGamma
from helpers.errors import ParameterError

type Floats = npt.NDArray[np.float64]

STEPS_PER_YEAR = 13
MOST_YEARS = 200


def lifetime_value(  # noqa: PLR0913 - a door for arrays: each is an argument of its own
    model: BuyingModel,
    spend: GammaGamma,
    frequency: ArrayLike,
    recency: ArrayLike,
    age: ArrayLike,
    monetary_value: ArrayLike,
    *,
    horizon: float = 52.0,
    discount_rate: float = 0.10,
    periods_per_year: float = 52.0,
) -> Floats:
    """Return the discounted money that each customer is expected to bring within the horizon.

    Parameters
    ----------
    model
        From `fit_bg_nbd`, `fit_mbg_nbd` or `fit_pareto_nbd`.
    spend
        From `fit_gamma_gamma`; fitted on margins, the value is margin.
    frequency, recency, age, monetary_value
        x, tx, T and m of each customer, in the unit of time of the fit.
    horizon
        Time ahead, in that unit.
    discount_rate
        d, share per year.
    periods_per_year
        Units of time in a year: 52 where time is in weeks.

    Raises
    ------
    ParameterError
        A value cannot be meant.

    Examples
    --------
    >>> from helpers.customers.value.bg_nbd import fit_bg_nbd
    >>> from helpers.customers.value.gamma_gamma import fit_gamma_gamma
    >>> history = [2, 1, 0, 0, 7, 1], [30.4, 1.7, 0, 0, 29.4, 5], [38.9] * 6
    >>> money = [22.4, 11.8, 0, 0, 73.7, 11.8]
    >>> model, spend = fit_bg_nbd(*history), fit_gamma_gamma(history[0], money)
    >>> value = lifetime_value(model, spend, *history, money, horizon=52)
    >>> int(value.argmax())
    4
    """
    _check(horizon, discount_rate, periods_per_year)
    _check_models(model, spend)
    orders = discounted_purchases(model, frequency, recency, age, (horizon, discount_rate, periods_per_year))
    return orders * spend.expected_value(frequency, monetary_value)


def discounted_purchases(
    model: BuyingModel,
    frequency: ArrayLike,
    recency: ArrayLike,
    age: ArrayLike,
    terms: tuple[float, float, float],
) -> Floats:
    """Return expected purchases, each discounted; `terms`: horizon, rate per year, periods per year."""
    horizon, rate, year = terms
    steps = max(1, int(np.ceil(horizon / year * STEPS_PER_YEAR))) if rate else 1
    times = np.linspace(0.0, horizon, steps + 1)
    factor = (1 + rate) ** -((times[:-1] + times[1:]) / 2 / year)
    # Σ f_j (E_j − E_{j−1}) = f_n E_n + Σ (f_j − f_{j+1}) E_j: each E is needed once
    drop = np.append(factor[:-1] - factor[1:], factor[-1])
    return np.asarray(
        sum(
            share * model.expected_purchases(float(time), frequency, recency, age)
            for share, time in zip(drop, times[1:], strict=True)
        )
    )


def _check(horizon: float, rate: float, year: float) -> None:
    findings = [
        f"'{name}' is {value}. Give a finite number {words}."
        for name, value, least, words in (
            ("horizon", horizon, 0, "above 0"),
            ("discount_rate", rate, -1, "above -1"),
            ("periods_per_year", year, 0, "above 0"),
        )
        if not (is_number(value) and np.isfinite(value) and value > least)
    ]
    if not findings and horizon > MOST_YEARS * year:
        findings = [
            f"'horizon' is {horizon:g}, more than {MOST_YEARS} years of {year:g}. Give a shorter one."
        ]
    if findings:
        raise ParameterError("lifetime_value: " + " ".join(findings))


def _check_models(model: object, spend: object) -> None:
    findings = [
        f"'{name}' is a {type(given).__name__}. Give the result of {door}."
        for name, given, method, door in (
            ("model", model, "expected_purchases", "fit_bg_nbd, fit_mbg_nbd or fit_pareto_nbd"),
            ("spend", spend, "expected_value", "fit_gamma_gamma"),
        )
        if not hasattr(given, method)
    ]
    if findings:
        raise ParameterError("lifetime_value: " + " ".join(findings))
