"""Whether customers differ in what a message does to them: a test, and what would settle it.

With ψ the unbiased score of each row's effect and τ̂ a prediction made without that row, both less their fold
means, the slope of ψ on τ̂ is 1 for a perfect prediction and 0 where customers do not differ,

    slope = Σ τ̂ψ / Σ τ̂²,     z = Σ τ̂ψ / √(Σ_g (Σ_{i∈g} τ̂ψ)²),

g being customers, so that several rows of one are not taken for several (Chernozhukov, Demirer, Duflo and
Fernández-Val 2025, "Generic machine learning inference on heterogeneous treatment effects", best linear
predictor). `signal` needs z above the 97.5 % point. Without it: a difference `gap` between the effects on
the better and the worse half would be seen with 80 % probability from

    n = (z₀.₉₇₅ + z₀.₈)² · 4 · Var ψ / gap²

rows on. With that many and no signal the verdict is `no signal`; with fewer, `not yet knowable`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

Verdict = Literal["signal", "no signal", "not yet knowable"]
LEVEL, POWER = 0.025, 0.8
_Z_LEVEL, _Z_POWER = 1.959964, 0.841621
LEAST_SHARE = 0.5  # of the mean outcome held out: the gap worth knowing by default
FEWEST_ROWS = 40


@dataclass(frozen=True)
class HeterogeneityTest:
    """What the evidence says about differences between customers.

    Parameters
    ----------
    verdict
        `signal`, `no signal` or `not yet knowable`.
    p_value
        One-sided; 1 where nothing could be tested.
    slope, slope_low, slope_high
        Slope of what happened on what was predicted, with its 95 % interval.
    gap
        Difference between the effects on the better and the worse half that is worth knowing.
    rows, rows_needed
        Rows at hand, and from how many on such a gap would be seen with 80 % probability.
    """

    verdict: Verdict
    p_value: float
    slope: float
    slope_low: float
    slope_high: float
    gap: float
    rows: int
    rows_needed: int

    def campaigns_needed(self, rows_each: float) -> int:
        """Return how many campaigns of `rows_each` customers the missing rows are."""
        missing = max(self.rows_needed - self.rows, 0)
        return math.ceil(missing / rows_each) if rows_each > 0 else 0


def judge_heterogeneity(
    scores: Floats,
    predicted: Floats,
    fold: NDArray[np.int64],
    groups: NDArray[np.int64],
    gap: float,
) -> HeterogeneityTest:
    """Test whether predictions find differences, and say what would settle it.

    Parameters
    ----------
    scores
        ψ.
    predicted
        τ̂, each made without its row.
    fold, groups
        Number of the fold, and of the customer, of each row.
    gap
        Difference between halves worth knowing, in units of the outcome.
    """
    rows = len(scores)
    needed = _rows_needed(scores, gap)
    psi, tau = _within(scores, fold), _within(predicted, fold)
    spread = float((tau**2).sum())
    if rows < FEWEST_ROWS or spread <= 1e-12 * max(rows, 1):
        seen: Verdict = "no signal" if rows >= max(needed, FEWEST_ROWS) else "not yet knowable"
        return HeterogeneityTest(seen, 1.0, 0.0, 0.0, 0.0, gap, rows, needed)
    error = math.sqrt(float((np.bincount(groups, tau * psi) ** 2).sum()))
    slope, se = float((tau * psi).sum()) / spread, error / spread
    p_value = 0.5 * math.erfc(slope / max(se, 1e-300) / math.sqrt(2))
    verdict: Verdict = "signal" if p_value <= LEVEL else "no signal" if rows >= needed else "not yet knowable"
    low, high = slope - _Z_LEVEL * se, slope + _Z_LEVEL * se
    return HeterogeneityTest(verdict, p_value, slope, low, high, gap, rows, needed)


def _within(values: Floats, fold: NDArray[np.int64]) -> Floats:
    """Return values less the mean of their fold."""
    count = np.maximum(np.bincount(fold), 1)
    return np.asarray(values - (np.bincount(fold, values) / count)[fold])


def _rows_needed(scores: Floats, gap: float) -> int:
    if len(scores) < 2 or gap <= 0:
        return FEWEST_ROWS
    needed = (_Z_LEVEL + _Z_POWER) ** 2 * 4 * float(scores.var()) / gap**2
    return max(math.ceil(needed), FEWEST_ROWS)
