"""Why somebody is not contacted, in words; one reason per campaign and customer, the first that holds."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.customers.selection.program import Flags, Floats, Integers
from helpers.customers.selection.settings import SelectionSettings

HELD, POOR, OTHER = "held out", "value below cost", "another contact is worth more"
BY_ROW = {"budget": "budget", "channel": "channel full", "stock": "stock"}
REASONS = (
    *("suppression list", "no consent", "no address", "already in the campaign"),
    *("resting", "cap reached", HELD, POOR, OTHER),
    *BY_ROW.values(),
)


def why_not(
    pairs: pd.DataFrame,
    campaigns: pd.DataFrame,
    limits: pd.DataFrame,
    use: Floats,
    settings: SelectionSettings,
) -> pd.DataFrame:
    """Add `reason` to the pairs; empty where chosen.

    What the prices speak against is named by the row that costs the contact most; where no row has a price,
    by the one with the least room.
    """
    column = pd.Index(campaigns["campaign_id"]).get_indexer(pairs["campaign_id"])
    poor = (pairs["net"] <= 0) | (pairs["net"] < settings.least_value)
    rows = _row_in_the_way(limits, use)
    kinds = [
        pairs["is_chosen"].to_numpy(dtype=np.bool_),
        (pairs["closed"] != "").to_numpy(),
        pairs["is_held"].to_numpy(dtype=np.bool_),
        poor.to_numpy(),
        _crowded_out(pairs, campaigns, column, settings),
    ]
    closed = pairs["closed"].to_numpy(dtype=object)
    words = [np.full(len(pairs), word, dtype=object) for word in ("", "", HELD, POOR, OTHER)]
    words[1] = closed
    names = np.array([BY_ROW[kind] for kind in limits["kind"]], dtype=object)
    full = names[rows[column]] if len(pairs) else np.zeros(0, dtype=object)
    reason: NDArray[np.object_] = np.select(kinds, words, default=full)
    return pairs.assign(reason=reason)


def _row_in_the_way(limits: pd.DataFrame, use: Floats) -> Integers:
    """Return per campaign the row whose price weighs most on a contact, else the one with the least room."""
    weight = limits["price"].to_numpy(dtype=np.float64)[:, None] * use
    limit, used = (limits[name].to_numpy(dtype=np.float64)[:, None] for name in ("limit", "used"))
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.where(use > 0, (limit - used) / use, np.inf)
    priced = weight.max(axis=0, initial=0.0) > 0
    return np.where(priced, weight.argmax(axis=0), room.argmin(axis=0)).astype(np.int64)


def _crowded_out(
    pairs: pd.DataFrame, campaigns: pd.DataFrame, column: Integers, settings: SelectionSettings
) -> Flags:
    """Return the pairs that the customer's chosen contacts leave no room for: caps or rest."""
    codes, customers = pd.factorize(pairs["customer_id"])
    chosen = np.zeros((len(customers), len(campaigns)))
    chosen[codes, column] = pairs["is_chosen"].to_numpy(dtype=np.float64)
    days = campaigns["day"].to_numpy("datetime64[D]").astype(np.int64)
    near = (np.abs(days[:, None] - days[None, :]) < settings.rest_days).astype(np.float64)
    count = chosen.sum(axis=1)[codes]
    resting = (chosen @ near.T)[codes, column] > 0
    capped = pairs["past"].to_numpy(dtype=np.float64) + count + 1 > settings.cap_contacts
    return (count > 0) & ((count >= settings.max_contacts_per_customer) | resting | capped)
