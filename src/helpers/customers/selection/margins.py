"""What contacts would be worth at other margins: discounts, costs of contacts and put-off sales stay.

The value of a contact is p₁·(m − d) − p₀·m − w (see `uplift.worth`). At margins that are higher by δ only m,
the margin of an answer at the usual discount, becomes m·(1 + δ); what the discount gives away, d, and what
put-off customers buy less of other things, w, are other money and stay. So the value is computed anew from
its parts: value × (1 + δ) would also scale the discount.

The interval follows: its part from the answer scales with |m − d|, the one from money with |value|.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.customers.uplift.estimate import Z90
from helpers.errors import ParameterError

Floats = NDArray[np.float64]
PARTS = (
    *("control_probability", "treated_probability", "uplift_low", "uplift_high"),
    *("answer_margin", "given_away", "lost_later"),
)
_TINY = 1e-9


def with_margin(pairs: pd.DataFrame, change: float) -> pd.DataFrame:
    """Return pairs with value, value_low, value_high and net at margins that are higher or lower.

    Parameters
    ----------
    pairs
        With value, value_low, value_high, cost, and the parts of the value where `change` is not 0.
    change
        δ, share; above −1. At 0 the pairs come back as they are.

    Raises
    ------
    ParameterError
        The worth has no parts, so that its discount cannot be told from its margin.
    """
    if not change or pairs.empty:
        return pairs
    lacking = [name for name in PARTS if name not in pairs]
    if lacking:
        raise ParameterError(
            f"'margin_change' is {change:g}, but the worth of contacts has no column {', '.join(lacking)}. "
            "Give the worth as of `contact_worth`, or leave margins as they are."
        )
    control, treated, low, high, margin, given, lost = (
        pairs[name].to_numpy(dtype=np.float64) for name in PARTS
    )
    other = margin * (1 + change)
    value = treated * (other - given) - control * other - lost
    # As in the worth itself: a sale at a loss is no reason to put customers off.
    value = np.where(other < 0, np.minimum(value, 0.0), value)
    answer = (high - low) / (2 * Z90)
    old = pairs[["value", "value_low", "value_high"]].to_numpy(dtype=np.float64)
    money = _money_share(old, answer * np.abs(margin - given)) * np.abs(value)
    wide = Z90 * np.hypot(answer * np.abs(other - given), money)
    return pairs.assign(
        value=value, value_low=value - wide, value_high=value + wide, net=value - pairs["cost"].to_numpy()
    )


def _money_share(old: Floats, by_answer: Floats) -> Floats:
    """Return the standard error of the margin ÷ the margin, as the interval of the value implies it."""
    spread = (old[:, 2] - old[:, 1]) / (2 * Z90)
    by_money = np.sqrt(np.maximum(spread**2 - by_answer**2, 0.0))
    known = np.abs(old[:, 0]) > _TINY
    return np.divide(by_money, np.abs(old[:, 0]), out=np.zeros(len(old)), where=known)
