"""The rows that all contacts of a plan share: budget, channels, stock.

A channel's capacity holds for the campaigns that run on one day: a row per day on which a campaign of the
channel begins, over all of its campaigns that run then. Stock is in units: a contact uses the mean expected
units of its campaign, so that units ÷ mean = contacts that the stock serves. Where one campaign offers a
category and another a product of it, both use the row of the category.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.customers.selection.audience import Audience
from helpers.customers.selection.program import Floats
from helpers.customers.selection.settings import SelectionSettings

COLUMNS = ["kind", "name", "unit", "limit"]
BUDGET, CHANNEL, STOCK = "budget", "channel", "stock"


def shared_rows(
    audience: Audience, pairs: pd.DataFrame, settings: SelectionSettings
) -> tuple[pd.DataFrame, Floats]:
    """Return the rows (kind, name, unit, limit) and what a contact of each campaign uses (r, k).

    Parameters
    ----------
    audience
        Campaigns and stock.
    pairs
        Open pairs, whose mean expected units a contact uses.
    settings
        Budget, capacities, whether stock limits.
    """
    campaigns = audience.campaigns
    rows: list[tuple[str, str, str, float]] = [(BUDGET, "budget", "money", settings.money)]
    use: list[Floats] = [campaigns["cost"].to_numpy(dtype=np.float64)]
    for channel, capacity in settings.channel_capacity.items():
        for name, inside in _windows(campaigns, channel):
            rows.append((CHANNEL, f"{channel} in {name}", "contacts", float(np.floor(capacity + 1e-9))))
            use.append(inside)
    if settings.limit_by_stock:
        for name, units, taken in _stocks(audience, pairs):
            rows.append((STOCK, name, "units", units))
            use.append(taken)
    return pd.DataFrame(rows, columns=COLUMNS), np.vstack(use)


def _windows(campaigns: pd.DataFrame, channel: str) -> list[tuple[str, Floats]]:
    """Return the groups of campaigns of a channel that run on one day, none within another."""
    own = campaigns[campaigns["channel"] == channel]
    groups = {
        frozenset(own.index[(own["start"] <= day) & (own["end"] >= day)]) for day in own["start"].unique()
    }
    kept = [group for group in groups if not any(group < other for other in groups)]
    found = []
    for group in sorted(kept, key=sorted):
        names = ", ".join(campaigns.loc[sorted(group), "campaign_id"])
        found.append((names, campaigns.index.isin(list(group)).astype(np.float64)))
    return found


def _stocks(audience: Audience, pairs: pd.DataFrame) -> list[tuple[str, float, Floats]]:
    """Return name, free units and mean units per contact of each product and category offered."""
    campaigns = audience.campaigns
    units = audience.available.set_index("campaign_id")["units"]
    mean = campaigns["campaign_id"].map(pairs.groupby("campaign_id")["units"].mean()).fillna(0.0)
    product, category = campaigns["offer_product_id"], campaigns["category"]
    whole = campaigns["offer_category"].where(product.isna())
    groups = [(offer, product == offer, product == offer) for offer in sorted(product.dropna().unique())]
    groups += [(offer, category == offer, whole == offer) for offer in sorted(whole.dropna().unique())]
    found = []
    for offer, users, owners in groups:
        taken = np.where(users, mean.to_numpy(dtype=np.float64), 0.0)
        known = campaigns.loc[owners & campaigns["campaign_id"].isin(units.index), "campaign_id"]
        if len(known) and taken.any():
            found.append((str(offer), float(units[known.iloc[0]]), taken))
    return found
