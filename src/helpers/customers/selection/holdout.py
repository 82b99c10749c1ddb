"""The randomised hold-out: who is left alone so that the campaign can be read afterwards.

Drawn from the open audience *before* anything is selected, so that who is held out depends on nothing but the
stratum and the draw; the assignment probability is the same for all of a stratum and is recorded. Selecting
first and drawing from the chosen would need a new draw whenever a price moves. Those held out who would have
been chosen at the same prices are marked: they are the comparison group of the treated.

Within a campaign customers are sorted by a hash of (seed, campaign, customer), and of each stratum of n the
first h are held out:

    h = ⌈share · n⌉,   probability = h ÷ n

so that each campaign keeps at least the share asked. Strata too small for one in their share are merged, per
campaign; a campaign of a single open customer has no hold-out, since there would be nobody to treat.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.customers.selection.program import Floats

KEY = ["campaign_id", "customer_id"]
SMALL = "others"
LEAST_STRATUM = 20
_TINY = 1e-9
_THIRDS = np.array(["low value", "middle value", "high value"], dtype=object)


def draw_holdout(pairs: pd.DataFrame, *, share: float, strata: tuple[str, ...], seed: int) -> pd.DataFrame:
    """Draw the hold-out of every campaign.

    Parameters
    ----------
    pairs
        Open pairs: campaign_id, customer_id, segment, value.
    share
        Least share per campaign, 0–1.
    strata
        What the draw is balanced by: `segment`, `value`.
    seed
        Of the draw.

    Returns
    -------
    pandas.DataFrame
        `pairs` in its order, with stratum, probability (of being held out) and is_held.
    """
    table = pairs.assign(stratum=_strata(pairs, strata, share), draw=seeded_order(pairs, seed))
    groups = table.groupby(["campaign_id", "stratum"])["draw"]
    size = groups.transform("size").to_numpy(dtype=np.float64)
    held = np.where(size > 1, np.ceil(share * size - _TINY), 0.0)
    rank = groups.rank(method="first").to_numpy(dtype=np.float64)
    probability = np.divide(held, size, out=np.zeros(len(table)), where=size > 0)
    return table.assign(probability=probability, is_held=rank <= held).drop(columns="draw")


def seeded_order(pairs: pd.DataFrame, seed: int) -> Floats:
    """Return a number in 0–1 per row that depends on seed, campaign and customer alone."""
    text = pairs["campaign_id"].astype(str) + "\x1f" + pairs["customer_id"].astype(str)
    key = f"{seed:016d}"[-16:]
    hashed = pd.util.hash_array(text.to_numpy(dtype=object), hash_key=key, categorize=False)
    return (hashed >> np.uint64(11)).astype(np.float64) / 2.0**53


def _strata(pairs: pd.DataFrame, strata: tuple[str, ...], share: float) -> pd.Series[str]:
    """Return the stratum of each row in words; small ones of a campaign are one."""
    parts = []
    if "segment" in strata:
        parts.append(pairs["segment"].astype(str))
    if "value" in strata:
        ranks = pairs.groupby("campaign_id")["value"].rank(pct=True, method="average").fillna(1.0)
        third = np.clip(np.ceil(3 * ranks - _TINY).to_numpy(dtype=np.int64) - 1, 0, 2)
        parts.append(pd.Series(_THIRDS[third], index=pairs.index))
    if not parts:
        return pd.Series("all", index=pairs.index, dtype=object)
    said = parts[0]
    for more in parts[1:]:
        said = said + ", " + more
    least = max(LEAST_STRATUM, int(np.ceil(1 / share)) if share > 0 else 1)
    size = said.groupby([pairs["campaign_id"], said]).transform("size")
    merged = said.where(size >= least, SMALL)
    # A rest of one joins the largest stratum: alone it could not be parted.
    alone = merged.groupby([pairs["campaign_id"], merged]).transform("size") == 1
    largest = said.groupby(pairs["campaign_id"]).transform(lambda names: names.mode().iloc[0])
    return merged.mask(alone & (merged == SMALL), largest).astype(object)
