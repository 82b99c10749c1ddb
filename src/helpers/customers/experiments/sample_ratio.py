"""Whether the arms have the sizes that the design asked for (sample-ratio check).

    n treated of N are drawn with probability p:   n ~ Binomial(N, p)

Below `EXACT` units the exact two-sided binomial test, above it the normal one with half a unit of continuity
correction. A p-value below `SUSPECT` means that something other than chance chose who was treated: the
effect is then no proof. The limit is low, since many campaigns are checked.
Source: Fabijan et al., Diagnosing Sample Ratio Mismatch in Online Controlled Experiments, KDD 2019.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from helpers.customers.number_arrays import is_number
from helpers.errors import ParameterError

EXACT = 1000
SUSPECT = 0.001


@dataclass(frozen=True)
class SampleRatio:
    """Sizes of the arms beside the design.

    Parameters
    ----------
    treated, held_out
        Units per arm.
    expected_share
        Probability of treatment by design, p.
    p_value
        Chance of sizes at least as far off where the design was kept; NaN without units.
    """

    treated: int
    held_out: int
    expected_share: float
    p_value: float

    @property
    def is_suspect(self) -> bool:
        """Whether the sizes are too far off to be chance."""
        return self.p_value < SUSPECT


def check_sample_ratio(treated: int, held_out: int, expected_share: float = 0.5) -> SampleRatio:
    """Compare the sizes of the arms with the probability of treatment.

    Parameters
    ----------
    treated, held_out
        Units per arm, counts.
    expected_share
        p, in (0, 1).

    Raises
    ------
    ParameterError
        A share outside (0, 1), a negative count.

    Examples
    --------
    >>> check_sample_ratio(545, 97, 0.85).is_suspect
    False
    """
    if not (is_number(expected_share) and 0 < expected_share < 1) or min(treated, held_out) < 0:
        raise ParameterError(
            f"A sample ratio needs a share in (0, 1) and counts from 0; got share {expected_share}, "
            f"{treated} treated, {held_out} held out. Pass the probability of treatment by design."
        )
    return SampleRatio(
        treated, held_out, expected_share, _p_value(treated, treated + held_out, expected_share)
    )


def _p_value(treated: int, total: int, share: float) -> float:
    from scipy import stats

    if not total:
        return math.nan
    if total < EXACT:
        return float(stats.binomtest(treated, total, share).pvalue)
    off = max(abs(treated - total * share) - 0.5, 0.0)
    return float(2 * stats.norm.sf(off / math.sqrt(total * share * (1 - share))))
