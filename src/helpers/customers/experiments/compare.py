"""Two randomised arms beside each other: the effect with its interval, sharper by what was known before.

    e   = ȳ₁ − ȳ₀,    s² = v₁/n₁ + v₀/n₀,    e ± t · s       with Welch's degrees of freedom
    y*  = y − θ'(x − x̄),   θ = Cov(x)⁻¹ Cov(x, y) over both arms      (CUPED; x is known before)
    saved = 1 − s*² / s²,    ratio = ȳ₁ / ȳ₀ with interval on the scale of its logarithm (delta method)

v is the variance of an arm with n − 1 below; with weights w it is that of w(y − ȳ)·n/Σw, and equal weights
give Welch again. With k > 1 columns before, s*² is multiplied by (N − 2)/(N − 1 − k) for those fitted.
Where nothing varies, or an arm has fewer than two units, there is no interval (NaN): that is no proof.

Sources: Deng, Xu, Kohavi, Walker, Improving the Sensitivity of Online Controlled Experiments by Utilizing
Pre-Experiment Data, WSDM 2013, eq. 4–6; Welch, Biometrika 1947; Deng, Knoblich, Lu, Applying the Delta
Method in Metric Analytics, KDD 2018.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from helpers.customers.experiments.arms import Arms, Flags, Floats, read_arms
from helpers.customers.experiments.sample_ratio import SampleRatio, check_sample_ratio
from helpers.customers.number_arrays import is_number
from helpers.errors import ParameterError


@dataclass(frozen=True)
class Effect:
    """Difference of two means.

    Parameters
    ----------
    mean_treated, mean_held_out
        ȳ₁ and ȳ₀, in the unit of the outcome; adjusted ones where the effect is.
    effect, standard_error, low, high
        e, s and the interval, in the unit of the outcome.
    p_value
        Two-sided, of no effect.
    relative, relative_low, relative_high
        ȳ₁ / ȳ₀ − 1; NaN where a mean is not above 0.
    """

    mean_treated: float
    mean_held_out: float
    effect: float
    standard_error: float
    low: float
    high: float
    p_value: float
    relative: float
    relative_low: float
    relative_high: float

    @property
    def is_knowable(self) -> bool:
        """Whether there is an interval at all."""
        return math.isfinite(self.low)


@dataclass(frozen=True)
class ArmComparison:
    """What two arms showed.

    Parameters
    ----------
    treated, held_out
        Units per arm.
    plain
        Difference of means.
    adjusted
        The same after what was known before is taken out; `None` where nothing was given.
    ratio
        Check of the arms' sizes; `None` where no share was given.
    level
        Probability of the intervals.
    """

    treated: int
    held_out: int
    plain: Effect
    adjusted: Effect | None
    ratio: SampleRatio | None
    level: float

    @property
    def best(self) -> Effect:
        """The adjusted effect where there is one, else the plain one: chosen before any result is seen."""
        return self.adjusted or self.plain

    @property
    def variance_saved(self) -> float:
        """Share of the variance that the adjustment took away; NaN without; below 0 where it harmed."""
        if self.adjusted is None or not self.plain.standard_error > 0:
            return math.nan
        return 1 - (self.adjusted.standard_error / self.plain.standard_error) ** 2


def compare_arms(
    outcome: ArrayLike,
    treated: ArrayLike,
    *,
    before: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    level: float = 0.95,
    expected_share: float | None = None,
) -> ArmComparison:
    """Compare treated and held-out units of one randomised experiment.

    Parameters
    ----------
    outcome
        y[n].
    treated
        1 or True where treated, [n].
    before
        x[n] or x[n, k]: known before the experiment (earlier margin, orders); never what it may change.
    weights
        w[n] > 0, such as 1 ÷ probability of the arm; by default all equal.
    level
        Probability of the intervals, in (0, 1).
    expected_share
        Probability of treatment by design; checked against the sizes where given.

    Raises
    ------
    ParameterError
        Arrays of other lengths, values that are not finite, a level outside (0, 1).

    Examples
    --------
    >>> found = compare_arms([3, 1, 2, 5, 4, 6], [0, 0, 0, 1, 1, 1])
    >>> found.plain.effect, round(found.plain.low, 2), round(found.plain.high, 2)
    (3.0, 0.73, 5.27)
    """
    if not (is_number(level) and 0 < level < 1):
        raise ParameterError(f"level must lie in (0, 1); got {level}. Pass 0.95 for a 95 % interval.")
    arms = read_arms(outcome, treated, before, weights)
    sizes = int(arms.treated.sum()), int((~arms.treated).sum())
    return ArmComparison(
        *sizes,
        plain=_effect(arms.outcome, arms, level),
        adjusted=None if before is None else _adjusted(arms, level),
        ratio=None if expected_share is None else check_sample_ratio(*sizes, expected_share),
        level=level,
    )


def compare_shares(outcome: ArrayLike, treated: ArrayLike, *, level: float = 0.95) -> Effect:
    """Compare two shares by the pooled normal test with continuity correction c = (1/n₁ + 1/n₀) / 2.

    Parameters
    ----------
    outcome
        y[n] of 0 and 1.
    treated, level
        As `compare_arms`.

    Raises
    ------
    ParameterError
        As `compare_arms`; outcomes other than 0 and 1.
    """
    from scipy import stats

    arms = read_arms(outcome, treated, None, None)
    if not np.isin(arms.outcome, (0, 1)).all():
        raise ParameterError("compare_shares: outcome must hold 0 and 1 only. Use compare_arms for amounts.")
    (p1, _, n1), (p0, _, n0) = (_arm(arms.outcome, arms, arms.treated == side) for side in (True, False))
    pooled = (p1 * n1 + p0 * n0) / (n1 + n0) if n1 and n0 else math.nan
    s = math.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n0)) if 0 < pooled < 1 else math.nan
    c, z = (0.5 * (1 / n1 + 1 / n0) if n1 and n0 else math.nan), float(stats.norm.ppf((1 + level) / 2))
    e = p1 - p0
    p_value = float(2 * stats.norm.sf(max(abs(e) - c, 0) / s)) if s > 0 else math.nan
    ratio = p1 / p0 if p0 > 0 and p1 > 0 else math.nan
    spread = math.exp(z * s / pooled + c / p0) if math.isfinite(ratio) else math.nan
    return Effect(
        p1, p0, e, s, e - z * s - c, e + z * s + c, p_value, ratio - 1, ratio / spread - 1, ratio * spread - 1
    )


def residual(arms: Arms) -> Floats:
    """Return y − θ'(x − x̄) with θ of both arms together."""
    if not arms.before.shape[1] or not len(arms.outcome):
        return arms.outcome
    share = arms.weight / arms.weight.sum()
    x = arms.before - share @ arms.before
    scale = np.sqrt(share @ x**2)
    x = x / np.where(scale > 0, scale, 1.0)
    root = np.sqrt(share)
    theta, *_ = np.linalg.lstsq(x * root[:, None], (arms.outcome - share @ arms.outcome) * root, rcond=1e-10)
    return np.asarray(arms.outcome - x @ theta, dtype="float64")


def _adjusted(arms: Arms, level: float) -> Effect:
    total, columns = len(arms.outcome), max(arms.before.shape[1], 1)
    free = total - 1 - columns
    if free <= 0:
        return _effect(np.full(total, np.nan), arms, level)
    return _effect(residual(arms), arms, level, (total - 2) / free)


def _arm(y: Floats, arms: Arms, inside: Flags) -> tuple[float, float, int]:
    """Return mean, variance of the mean and count of one arm; NaN where they cannot be known."""
    n = int(inside.sum())
    if not n:
        return math.nan, math.nan, 0
    w = arms.weight[inside] * n / arms.weight[inside].sum()
    mean = float(np.mean(w * y[inside]))
    if n < 2:
        return mean, math.nan, n
    return mean, float(np.sum((w * (y[inside] - mean)) ** 2) / (n - 1) / n), n


def _effect(y: Floats, arms: Arms, level: float, factor: float = 1.0) -> Effect:
    (mean1, v1, n1), (mean0, v0, n0) = (_arm(y, arms, arms.treated == side) for side in (True, False))
    v1, v0, e = v1 * factor, v0 * factor, mean1 - mean0
    s = math.sqrt(v1 + v0) if v1 + v0 > 0 else math.nan
    half, p_value = _welch(v1, v0, (n1, n0), level, e)
    ratio = mean1 / mean0 if mean0 and mean1 / mean0 > 0 else math.nan
    spread = math.nan
    if math.isfinite(ratio) and math.isfinite(s):
        log_half, _ = _welch(v1 / mean1**2, v0 / mean0**2, (n1, n0), level, 0.0)
        spread = math.exp(min(log_half, 700.0))
    return Effect(
        mean1, mean0, e, s, e - half, e + half, p_value, ratio - 1, ratio / spread - 1, ratio * spread - 1
    )


def _welch(v1: float, v0: float, n: tuple[int, int], level: float, e: float) -> tuple[float, float]:
    """Return half the interval and the p-value, of Student's t with Welch's degrees of freedom."""
    from scipy import stats

    if not v1 + v0 > 0:
        return math.nan, math.nan
    s = math.sqrt(v1 + v0)
    free = (v1 + v0) ** 2 / (v1**2 / (n[0] - 1) + v0**2 / (n[1] - 1))
    return float(stats.t.ppf((1 + level) / 2, free)) * s, float(2 * stats.t.sf(abs(e) / s, free))
