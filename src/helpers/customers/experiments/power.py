"""What an experiment of a given size can show.

    d = (z_{1−α/2} + z_power) · σ · √( (1 − v) · (1/(N h) + 1/(N (1 − h))) )

d is the smallest effect that is shown with the wanted power, N customers of whom the share h is held out, σ
the standard deviation of the outcome and v the share of variance that earlier purchases explain.
Source: Kohavi, Tang, Xu, Trustworthy Online Controlled Experiments, 2020, ch. 17 (for h = 1/2: 16 σ²/d²).
"""

from __future__ import annotations

import math

from helpers.errors import ParameterError


def smallest_effect(
    customers: float,
    share_held_out: float,
    sd: float,
    *,
    variance_saved: float = 0.0,
    power: float = 0.8,
    level: float = 0.95,
) -> float:
    """Return d, in the unit of `sd`: smaller effects stay hidden more often than `1 − power`.

    Parameters
    ----------
    customers
        N, both arms together.
    share_held_out
        h, in (0, 1).
    sd
        σ of the outcome between customers.
    variance_saved
        v, in [0, 1).
    power, level
        In (0, 1).

    Raises
    ------
    ParameterError
        An argument out of its bounds.

    Examples
    --------
    >>> round(smallest_effect(1600, 0.5, 1.0), 2)
    0.14
    """
    _check(customers=(customers, math.inf), share_held_out=(share_held_out, 1.0), power=(power, 1.0))
    spread = reach(power, level) * sd * math.sqrt(1 - variance_saved)
    return spread / math.sqrt(customers * share_held_out * (1 - share_held_out))


def holdout_needed(
    customers: float,
    sd: float,
    least_effect: float,
    *,
    variance_saved: float = 0.0,
    power: float = 0.8,
    level: float = 0.95,
) -> float:
    """Return the smallest share h that shows `least_effect`; NaN where half held out is not enough.

    Parameters
    ----------
    customers, sd, variance_saved, power, level
        As `smallest_effect`.
    least_effect
        d, above 0.

    Raises
    ------
    ParameterError
        An argument out of its bounds.

    Examples
    --------
    >>> round(holdout_needed(5000, 1.0, 0.14), 2)
    0.09
    """
    _check(customers=(customers, math.inf), least_effect=(least_effect, math.inf), power=(power, 1.0))
    need = (reach(power, level) * sd / least_effect) ** 2 * (1 - variance_saved) / customers
    return (1 - math.sqrt(1 - 4 * need)) / 2 if need <= 0.25 else math.nan


def customers_needed(
    share_held_out: float,
    sd: float,
    least_effect: float,
    *,
    variance_saved: float = 0.0,
    power: float = 0.8,
    level: float = 0.95,
) -> float:
    """Return N that shows `least_effect` with the share h held out; arguments as `holdout_needed`.

    Raises
    ------
    ParameterError
        An argument out of its bounds.
    """
    _check(share_held_out=(share_held_out, 1.0), least_effect=(least_effect, math.inf), power=(power, 1.0))
    spread = (reach(power, level) * sd / least_effect) ** 2 * (1 - variance_saved)
    return spread / (share_held_out * (1 - share_held_out))


def power_of(effect: float, customers: float, share_held_out: float, sd: float, level: float = 0.95) -> float:
    """Return the chance that an effect of this size is shown, by either side of the interval."""
    from scipy import stats

    _check(customers=(customers, math.inf), share_held_out=(share_held_out, 1.0), level=(level, 1.0))
    s = sd / math.sqrt(customers * share_held_out * (1 - share_held_out))
    z = float(stats.norm.ppf((1 + level) / 2))
    far = abs(effect) / s if s > 0 else math.inf
    return float(stats.norm.sf(z - far) + stats.norm.cdf(-z - far))


def reach(power: float, level: float) -> float:
    """Return z_{1−α/2} + z_power."""
    from scipy import stats

    _check(power=(power, 1.0), level=(level, 1.0))
    return float(stats.norm.ppf((1 + level) / 2) + stats.norm.ppf(power))


def _check(**bounds: tuple[float, float]) -> None:
    """Refuse values outside (0, most), all at once."""
    wrong = [
        f"{name} is {value}, not in (0, {most:g})"
        for name, (value, most) in bounds.items()
        if not 0 < value < most
    ]
    if wrong:
        raise ParameterError(f"Design of an experiment: {'; '.join(wrong)}. Pass values inside the bounds.")
