"""From estimates to what may be said: intervals, the placebo's judgement, groups shrunk towards each other.

For each kind of let-down, with effect δ and placebo δ₀ (the same before it), standard deviations s and s₀:

    confounded   the interval of δ₀ leaves out zero: the difference was there before
    seen         not confounded, and the intervals of δ and of δ − δ₀ (√(s² + s₀²)) both leave out zero
    not seen     otherwise: what was measured is compatible with no effect

The share lost per group joins money and ordering again, two measurements of one share where those who are
lost are lost whole: weights 1/s². Where the two differ by more than their interval, money alone counts.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.customers.experience.effects import ALL, z_value
from helpers.customers.experience.groups import shrink
from helpers.customers.experience.settings import ExperienceSettings

CONFOUNDED, SEEN, NOT_SEEN = "confounded", "seen", "not seen"
LEAST_CUSTOMERS = 5  # let down in a group, below which it has no estimate of its own
_KEYS = ["kind", "outcome", "group"]


def judge_effects(found: pd.DataFrame, settings: ExperienceSettings) -> pd.DataFrame:
    """Put effect and placebo of each kind, outcome and group side by side, and judge them.

    Parameters
    ----------
    found
        From `estimate_effects`.
    settings
        Gives the interval.

    Returns
    -------
    pandas.DataFrame
        kind, outcome, group, events, customers, expected, change, change_low, change_high, relative,
        relative_low, relative_high, relative_sd, placebo, placebo_low, placebo_high, verdict.
    """
    z = z_value(settings.interval)
    after = found[found["when"] == "after"].drop(columns="when")
    before = found[found["when"] == "before"].set_index(_KEYS)[["relative", "relative_sd"]]
    before = before.rename(columns={"relative": "placebo", "relative_sd": "placebo_sd"})
    rows = after.merge(before.reset_index(), on=_KEYS, how="left", validate="one_to_one")
    rows = rows.assign(relative_sd=_floored(rows))
    for name in ("change", "relative", "placebo"):
        half = z * rows[f"{name}_sd"].astype(float)
        rows = rows.assign(**{f"{name}_low": rows[name] - half, f"{name}_high": rows[name] + half})
    return rows.assign(verdict=_verdicts(rows, z))


def _floored(rows: pd.DataFrame) -> pd.Series[float]:
    """A group in which all ordered again has no spread of its own: one more might not have."""
    count = rows["events"].astype(float)
    lost = (-(rows["change"].astype(float)) * count).clip(lower=0) + 1
    share = (lost / (count + 2)).clip(upper=0.5)
    least = np.sqrt(share * (1 - share) / count) / rows["expected"].astype(float).clip(lower=1e-9)
    is_share = rows["outcome"] == "orders_again"
    own = rows["relative_sd"].astype(float)
    return pd.Series(np.where(is_share & (own < least), least, own), index=rows.index)


def _verdicts(rows: pd.DataFrame, z: float) -> list[str]:
    effect, placebo = rows["relative"].astype(float), rows["placebo"].astype(float)
    gap_sd = np.sqrt(rows["relative_sd"].astype(float) ** 2 + rows["placebo_sd"].astype(float) ** 2)
    was_there = (placebo.abs() > z * rows["placebo_sd"].astype(float)).to_numpy()
    differs = (effect.abs() > z * rows["relative_sd"].astype(float)).to_numpy()
    remains = ((effect - placebo).abs() > z * gap_sd).to_numpy() & (
        np.sign(effect - placebo) == np.sign(effect)
    )
    picked = np.select([was_there, differs & remains], [CONFOUNDED, SEEN], NOT_SEEN)
    return [str(word) for word in picked]


def share_lost(effects: pd.DataFrame, groups: list[str], settings: ExperienceSettings) -> pd.DataFrame:
    """Return the share of later buying lost per short order by group, shrunk.

    Parameters
    ----------
    effects
        From `judge_effects`.
    groups
        All groups of customers, also those that never were let down.
    settings
        Gives the interval.

    Returns
    -------
    pandas.DataFrame
        group, events, customers, own (the group's own estimate), own_sd, share (negative is a loss), low,
        high, is_knowable (the interval leaves out zero), is_confounded (the group ordered more or less
        than was expected before it, too); without rows where no effect was estimated.
    """
    rows = effects[(effects["kind"] == "short") & (effects["group"] != ALL)]
    if rows.empty:
        return _no_shares()
    money, again = (
        rows[rows["outcome"] == name].set_index("group").reindex(groups) for name in ("money", "orders_again")
    )
    own, own_sd = _joined(money, again, z_value(settings.interval))
    few = ~(money["customers"].astype(float).to_numpy() >= LEAST_CUSTOMERS)
    own, own_sd = np.where(few, np.nan, own), np.where(few, np.nan, own_sd)
    if not np.isfinite(own).any():
        return _no_shares()
    shrunk = shrink(own, own_sd, settings.interval)
    return pd.DataFrame(
        {
            "group": groups,
            "events": money["events"].fillna(0).astype("int64").to_numpy(),
            "customers": money["customers"].fillna(0).astype("int64").to_numpy(),
            "own": own,
            "own_sd": own_sd,
            "share": np.clip(shrunk.mean, -1, None),
            "low": np.clip(shrunk.low, -1, None),
            "high": shrunk.high,
            "is_knowable": (shrunk.low > 0) | (shrunk.high < 0),
            "is_confounded": (again["verdict"] == CONFOUNDED).to_numpy(bool),
        }
    )


def _no_shares() -> pd.DataFrame:
    names = ["group", "events", "customers", "own", "own_sd", "share", "low", "high", "is_knowable"]
    return pd.DataFrame(columns=[*names, "is_confounded"])


def _joined(money: pd.DataFrame, again: pd.DataFrame, z: float) -> tuple[np.ndarray, np.ndarray]:
    """Join both measurements of the share by their exactness, or keep money where they disagree."""
    a, b = (frame["relative"].to_numpy(float) for frame in (money, again))
    a_sd, b_sd = (np.maximum(frame["relative_sd"].to_numpy(float), 1e-6) for frame in (money, again))
    weight = a_sd**-2.0 / (a_sd**-2.0 + b_sd**-2.0)
    agrees = np.abs(a - b) <= z * np.sqrt(a_sd**2 + b_sd**2)
    # both come from the same orders: the joint one is taken as no more exact than the better of the two
    return np.where(agrees, weight * a + (1 - weight) * b, a), np.where(agrees, np.minimum(a_sd, b_sd), a_sd)
