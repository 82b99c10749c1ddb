"""Two arms as arrays, checked once: what was measured, who was treated, what was known before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from helpers.errors import ParameterError

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Arms:
    """Outcomes of both arms.

    Parameters
    ----------
    outcome
        y[n], in the unit of the outcome.
    treated
        Whether each unit was treated, [n].
    weight
        w[n] > 0; all one where none were given.
    before
        x[n, k], known before the experiment; k = 0 where nothing was given.
    """

    outcome: Floats
    treated: Flags
    weight: Floats
    before: Floats


def read_arms(
    outcome: ArrayLike, treated: ArrayLike, before: ArrayLike | None, weights: ArrayLike | None
) -> Arms:
    """Check the arrays and return them in one length.

    A missing value of `before` is filled with the column's mean over both arms, and a column says where it
    was missing: both arms are filled alike, so nothing is biased.

    Raises
    ------
    ParameterError
        Lengths that differ, an outcome that is not finite, arms other than 0 and 1, weights not above 0.
    """
    y = np.asarray(outcome, dtype="float64").ravel()
    arm = np.asarray(treated).ravel()
    w = np.ones(len(y)) if weights is None else np.asarray(weights, dtype="float64").ravel()
    x = np.empty((len(y), 0)) if before is None else np.asarray(before, dtype="float64")
    x = x[:, None] if x.ndim == 1 else x
    found = [
        f"{name} has {len(array):,} values, outcome has {len(y):,}. Pass one per unit."
        for name, array in (("treated", arm), ("weights", w), ("before", x))
        if len(array) != len(y)
    ]
    found += [
        f"{name} has {int(wrong.sum()):,} values that {what} (first: row {int(wrong.argmax())}). {hint}"
        for name, wrong, what, hint in (
            ("outcome", ~np.isfinite(y), "are not finite", "Leave these units out of both arms."),
            ("treated", ~np.isin(arm, (0, 1)), "are neither 0 nor 1", "Pass True for treated units."),
            ("weights", ~(np.isfinite(w) & (w > 0)), "are not above 0", "Leave these units out."),
        )
        if wrong.any()
    ]
    if found:
        raise ParameterError(" ".join(found))
    return Arms(y, arm.astype(bool), w, _filled(x))


def _filled(x: Floats) -> Floats:
    """Return x without gaps, and a column of 0 and 1 for each that had some."""
    x = np.where(np.isfinite(x), x, np.nan)
    gap = np.isnan(x)
    known = np.maximum((~gap).sum(axis=0), 1)
    mean = np.where(gap, 0.0, x).sum(axis=0) / known
    has_gap = gap.any(axis=0)
    return np.hstack([np.where(gap, mean, x), gap[:, has_gap].astype("float64")])
