"""Two arms as arrays, checked once: what was measured, who was treated, what was known before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from helpers.customers.number_arrays import read_numbers
from helpers.errors import ParameterError

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

MOST = 1e100  # beyond it squares overflow: no measured amount, a spoilt one


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
    number = np.size(outcome)
    y, arm, w, x = read_numbers(
        outcome=outcome,
        treated=treated,
        weights=np.ones(number) if weights is None else weights,
        before=np.empty((number, 0)) if before is None else before,
    )
    y, arm, w = y.ravel(), arm.ravel(), w.ravel()
    x = np.atleast_1d(x)[:, None] if x.ndim < 2 else x
    wide = [f"before has {x.ndim} dimensions. Pass one column, or units × columns."] if x.ndim > 2 else []
    found = wide + [
        f"{name} has {len(array):,} values, outcome has {len(y):,}. Pass one per unit."
        for name, array in (("treated", arm), ("weights", w), ("before", x))
        if len(array) != len(y)
    ]
    found += [
        f"{name} has {int(wrong.sum()):,} values that {what} (first: row {int(wrong.argmax())}). {hint}"
        for name, wrong, what, hint in (
            ("outcome", ~(np.abs(y) < MOST), "are not finite", "Leave these units out of both arms."),
            ("treated", ~np.isin(arm, (0, 1)), "are neither 0 nor 1", "Pass True for treated units."),
            ("weights", ~((w < MOST) & (w > 0)), "are not above 0", "Leave these units out."),
        )
        if wrong.any()
    ]
    if found:
        raise ParameterError(" ".join(found))
    return Arms(y, arm.astype(bool), w, _filled(x))


def _filled(x: Floats) -> Floats:
    """Return x without gaps, and a column of 0 and 1 for each that had some."""
    x = np.where(np.abs(x) < MOST, x, np.nan)
    gap = np.isnan(x)
    known = np.maximum((~gap).sum(axis=0), 1)
    mean = np.where(gap, 0.0, x).sum(axis=0) / known
    has_gap = gap.any(axis=0)
    return np.hstack([np.where(gap, mean, x), gap[:, has_gap].astype("float64")])
