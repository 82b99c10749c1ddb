"""An interval that may be looked at as often as wanted: the asymptotic confidence sequence.

    e_t ± s_t · c(t),    c(t) = √( 2 (x + 1)/x · ln( √(x + 1) / α ) ),    x = t ρ²

s_t is the standard error after t units and α = 1 − level. Whoever looks at all t and stops when 0 lies
outside is wrong with probability α at most (for t large). An interval for one look (c = 1.96) is not: 14
looks are wrong about one time in five. ρ is chosen so that the interval is tightest at the planned end t*:

    ρ² = ( −2 ln α + ln(−2 ln α + 1) ) / t*

where it is 1.55 times as wide as that for a single look (level 0.95). Source: Waudby-Smith, Arbour, Sinha,
Kennedy, Ramdas, Time-uniform central limit theory and asymptotic confidence sequences, Annals of
Statistics 2024, Theorem 2.2 (with t σ̂² taken as t² s²) and eq. (13).

Where the same customers go on buying, t counts customers × share of the window that has passed. Sums of one
customer hang together over time more than those of new ones, which gives fewer false alarms, not more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from helpers.customers.experiments.arms import Floats
from helpers.errors import ParameterError


@dataclass(frozen=True, eq=False)
class ConfidenceSequence:
    """Intervals of all looks together.

    Parameters
    ----------
    effect, low, high
        Per look, in the unit of the effect.
    factor
        c(t): how many standard errors the interval reaches to each side.
    width_ratio
        c(t) ÷ the factor of a single look.
    level
        Probability that no look is wrong.
    """

    effect: Floats
    low: Floats
    high: Floats
    factor: Floats
    width_ratio: Floats
    level: float

    @property
    def is_clear(self) -> bool:
        """Whether any look so far excludes 0."""
        return bool(((self.low > 0) | (self.high < 0)).any())


def confidence_sequence(
    effect: ArrayLike, standard_error: ArrayLike, units: ArrayLike, *, planned: float, level: float = 0.95
) -> ConfidenceSequence:
    """Return intervals that hold at every look at once.

    Parameters
    ----------
    effect, standard_error
        e_t and s_t of each look (a number or an array).
    units
        t: units in both arms at each look, above 0.
    planned
        t*: units at the planned end, where the interval is tightest; fixed before the first look.
    level
        1 − α, in (0, 1).

    Raises
    ------
    ParameterError
        A level outside (0, 1), units or `planned` not above 0.

    Examples
    --------
    >>> round(float(confidence_sequence(0.0, 1.0, 1000, planned=1000).width_ratio), 2)
    1.55
    """
    from scipy import stats

    e, s, t = np.broadcast_arrays(
        *(np.asarray(array, dtype="float64") for array in (effect, standard_error, units))
    )
    if not 0 < level < 1 or not planned > 0 or not (t > 0).all():
        raise ParameterError(
            f"A confidence sequence needs a level in (0, 1), units and planned above 0; got level {level}, "
            f"planned {planned}, least units {t.min() if t.size else 'none'}."
        )
    alpha = 1 - level
    x = t * (-2 * np.log(alpha) + np.log(-2 * np.log(alpha) + 1)) / planned
    factor = np.sqrt(2 * (x + 1) / x * (0.5 * np.log1p(x) - np.log(alpha)))
    single = float(stats.norm.ppf((1 + level) / 2))
    return ConfidenceSequence(e, e - factor * s, e + factor * s, factor, factor / single, level)
