"""How well a ranking by uplift finds those whom treatment moves.

Rows in falling order of predicted uplift, ties together; N_t, N_c, Y_t, Y_c the treated and held-out rows and
the sums of their outcomes among the first k. The Qini curve and its coefficient are

    Q(k) = Y_t − Y_c · N_t / N_c,
    Qini = (area under Q − area under the straight line to Q(n)) / (the same for the perfect ranking),

the perfect ranking putting treated rows by falling outcome first and held-out rows with the highest outcomes
last (Radcliffe 2007, "Using control groups to target on predicted lift"; normalised as `qini_auc_score` of
scikit-uplift with negative effects). 0 is random; 1 is out of reach, as no ranking knows the outcomes. On
Hillstrom's women's e-mail and visits a logistic T-learner has .06 by this definition, and three times that
by the one that divides by Q(n) alone.

    AUUC = mean over k/n of (Y_t/N_t − Y_c/N_c)·k/n,      uplift at k = Y_t/N_t − Y_c/N_c of the first k.

Where the probability of treatment p differs between rows, all counts and sums weigh 1/p or 1/(1 − p).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from helpers.customers.uplift.learners import effect_scores

Floats = NDArray[np.float64]

AT = 0.3
DRAWS = 200
LOW, HIGH = 0.05, 0.95
_Z90 = 1.644854


@dataclass(frozen=True, eq=False)
class UpliftScore:
    """Scores of a ranking, each with the 90 % interval of a bootstrap of rows, and the curve.

    Parameters
    ----------
    table
        score (`qini`, `auuc`, `uplift_at`), value, low, high.
    curve
        share of rows, in the order of the ranking; gain per row, low, high; random, the straight line.
    at
        Share of rows of `uplift_at`.
    """

    table: pd.DataFrame
    curve: pd.DataFrame
    at: float

    def value(self, score: str) -> float:
        """Return one score."""
        return float(self.table.set_index("score")["value"][score])


def qini_coefficient(
    uplift: ArrayLike,
    treated: ArrayLike,
    outcome: ArrayLike,
    treatment_probability: ArrayLike | None = None,
) -> float:
    """Return the Qini coefficient as defined above; 0 where there is nothing to rank.

    Examples
    --------
    >>> round(qini_coefficient([4, 3, 2, 1], [1, 0, 1, 0], [1, 0, 0, 1]), 3)
    1.0
    """
    return _Rows.of(uplift, treated, outcome, treatment_probability).qini()


def uplift_at(
    uplift: ArrayLike,
    treated: ArrayLike,
    outcome: ArrayLike,
    at: float = AT,
    treatment_probability: ArrayLike | None = None,
) -> float:
    """Return the effect on the share `at` of rows with the highest predicted uplift; ties count in part."""
    return _Rows.of(uplift, treated, outcome, treatment_probability).effect_at(at)


def area_under_uplift(
    uplift: ArrayLike,
    treated: ArrayLike,
    outcome: ArrayLike,
    treatment_probability: ArrayLike | None = None,
) -> float:
    """Return AUUC, outcome per row."""
    return _Rows.of(uplift, treated, outcome, treatment_probability).auuc()


def score_uplift(  # noqa: PLR0913 -- the public door: one argument per choice, all but three by name
    uplift: ArrayLike,
    treated: ArrayLike,
    outcome: ArrayLike,
    *,
    treatment_probability: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    at: float = AT,
    draws: int = DRAWS,
    seed: int = 0,
) -> UpliftScore:
    """Score a ranking, with intervals.

    Parameters
    ----------
    uplift
        Predicted for each row without having seen it.
    treated, outcome, treatment_probability
        Arm, what happened, and the known probability of treatment.
    groups
        Rows of one group, such as one customer, are drawn together.
    at
        Share of rows for `uplift_at`.
    draws, seed
        Of the bootstrap.
    """
    rows = _Rows.of(uplift, treated, outcome, treatment_probability)
    count = len(rows.uplift)
    own = (
        np.arange(count)
        if groups is None
        else np.unique(np.asarray(groups).astype(str), return_inverse=True)[1]
    )
    order = np.argsort(own, kind="stable")
    starts = np.r_[np.flatnonzero(np.r_[True, np.diff(own[order]) > 0][:count]), count]
    rng = np.random.default_rng(seed)
    grid = np.linspace(0, 1, 51)
    seen, curves = [], []
    for _ in range(draws if count else 0):
        chosen = rng.integers(0, len(starts) - 1, len(starts) - 1)
        lengths = starts[chosen + 1] - starts[chosen]
        inside = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        drawn = rows.take(order[np.repeat(starts[chosen], lengths) + inside])
        seen.append((drawn.qini(), drawn.auuc(), drawn.effect_at(at)))
        curves.append(drawn.gain(grid))
    values = (rows.qini(), rows.auuc(), rows.effect_at(at))
    low, high = np.quantile(seen, [LOW, HIGH], axis=0) if seen else np.zeros((2, 3))
    table = pd.DataFrame({"score": ["qini", "auuc", "uplift_at"], "value": values, "low": low, "high": high})
    gain = rows.gain(grid)
    bounds = np.quantile(curves, [LOW, HIGH], axis=0) if curves else np.vstack([gain, gain])
    curve = pd.DataFrame(
        {"share": grid, "gain": gain, "low": bounds[0], "high": bounds[1], "random": grid * gain[-1]}
    )
    return UpliftScore(table, curve, at)


def policy_values(
    uplift: ArrayLike,
    treated: ArrayLike,
    outcome: ArrayLike,
    cost: ArrayLike,
    *,
    control: ArrayLike,
    treated_outcome: ArrayLike,
    treatment_probability: ArrayLike,
) -> pd.DataFrame:
    """Return what policies earn per row over treating nobody, after the cost of treating.

    Mean of π·(ψ − cost), π being 1 where the policy treats and ψ the unbiased score of the effect.

    Parameters
    ----------
    uplift
        Predicted without having seen the row, in the unit of the outcome.
    cost
        Of treating, in the same unit; one or per row.
    control, treated_outcome
        Expected outcome by arm, predicted without having seen the row.

    Returns
    -------
    pandas.DataFrame
        policy (`uplift above cost`, `all`, `random` with the share of the first, `none`), share, value, low,
        high (90 %).
    """
    tau, paid = np.asarray(uplift, dtype=np.float64), np.asarray(cost, dtype=np.float64)
    t, y = np.asarray(treated).astype(bool), np.asarray(outcome, dtype=np.float64)
    p = np.broadcast_to(np.asarray(treatment_probability, dtype=np.float64), y.shape)
    psi = effect_scores(t, y, p, np.asarray(control, float), np.asarray(treated_outcome, float)) - paid
    chosen = (tau > paid).astype(float)
    share = float(chosen.mean()) if len(y) else 0.0
    rows = []
    for name, weight in (
        ("uplift above cost", chosen),
        ("all", np.ones(len(y))),
        ("random", np.full(len(y), share)),
        ("none", np.zeros(len(y))),
    ):
        earned = weight * psi
        value = float(earned.mean()) if len(y) else 0.0
        error = float(earned.std()) / max(len(y), 1) ** 0.5 if len(y) else 0.0
        rows.append(
            (name, float(weight.mean()) if len(y) else 0.0, value, value - _Z90 * error, value + _Z90 * error)
        )
    return pd.DataFrame(rows, columns=["policy", "share", "value", "low", "high"])


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows to be ranked: predicted uplift, and weights and outcomes by arm."""

    uplift: Floats
    is_treated: NDArray[np.bool_]
    outcome: Floats
    weight: Floats

    @classmethod
    def of(
        cls, uplift: ArrayLike, treated: ArrayLike, outcome: ArrayLike, probability: ArrayLike | None
    ) -> _Rows:
        t = np.asarray(treated).astype(bool)
        weight = np.ones(len(t))
        if probability is not None:
            p = np.broadcast_to(np.asarray(probability, dtype=np.float64), t.shape)
            mean = float(p.mean()) if len(p) else 0.5
            weight = np.where(t, mean / p, (1 - mean) / (1 - p))
        return cls(np.asarray(uplift, dtype=np.float64), t, np.asarray(outcome, dtype=np.float64), weight)

    def take(self, index: NDArray[np.int64]) -> _Rows:
        return _Rows(self.uplift[index], self.is_treated[index], self.outcome[index], self.weight[index])

    def sums(self, by: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        """Return k, N_t, N_c, Y_t, Y_c at the end of each tie, from (0, …) on."""
        order = np.argsort(-by, kind="stable")
        last = np.flatnonzero(np.r_[np.diff(by[order]) != 0, True][: len(by)])
        t, w = self.is_treated[order], self.weight[order]
        parts = (np.ones(len(by)), w * t, w * ~t, w * t * self.outcome[order], w * ~t * self.outcome[order])
        k, nt, nc, yt, yc = (np.r_[0.0, np.cumsum(part)[last]] for part in parts)
        return k, nt, nc, yt, yc

    def area(self, by: Floats) -> float:
        """Return the area between Q and the straight line."""
        k, nt, nc, yt, yc = self.sums(by)
        q = yt - yc * np.divide(nt, nc, out=np.zeros_like(nt), where=nc > 0)
        return float(np.trapezoid(q, k) - k[-1] * q[-1] / 2)

    def qini(self) -> float:
        if not len(self.uplift):
            return 0.0
        perfect = self.area(np.where(self.is_treated, self.outcome, -self.outcome))
        return self.area(self.uplift) / perfect if perfect > 0 else 0.0

    def gain(self, shares: Floats) -> Floats:
        """Return effect of the first rows times their share."""
        if not len(self.uplift):
            return np.zeros(len(shares))
        k, *sums = self.sums(self.uplift)
        nt, nc, yt, yc = (np.interp(shares * k[-1], k, part) for part in sums)
        effect = np.divide(yt, nt, out=np.zeros_like(yt), where=nt > 0)
        effect -= np.divide(yc, nc, out=np.zeros_like(yc), where=nc > 0)
        return np.asarray(effect * shares)

    def auuc(self) -> float:
        grid = np.linspace(0, 1, 201)
        return float(np.trapezoid(self.gain(grid), grid))

    def effect_at(self, at: float) -> float:
        return float(self.gain(np.array([at]))[0] / at) if at > 0 else 0.0
