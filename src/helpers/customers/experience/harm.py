"""What one more short order would cost with each customer: for who is served first when stock is scarce.

    harm_i = − δ_g(i) · m(X_i)         money lost in the days after, per short order

m is what a smooth order of this customer's usual basket, placed on the last day, leads to; δ_g the share
lost in the customer's group (`share_lost`). A loss that the evidence does not show is not counted: where
the interval holds zero `is_knowable` is false, and the figure is small or uncertain.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.customers.experience.effects import fit_expected
from helpers.customers.experience.panel import ASKED, BASKET, YEAR, Panel
from helpers.customers.experience.settings import ExperienceSettings

COLUMNS = (
    "customer_id",
    "segment",
    "channel",
    "expected",
    "share",
    "harm",
    "harm_low",
    "harm_high",
    "is_knowable",
)


def harm_by_customer(panel: Panel, shares: pd.DataFrame, settings: ExperienceSettings) -> pd.DataFrame:
    """Return the expected loss per short order of each customer who ordered in the last year.

    Parameters
    ----------
    panel
        Order days.
    shares
        From `share_lost`.
    settings
        Days after.

    Returns
    -------
    pandas.DataFrame
        `COLUMNS`, the dearest first; without rows where no effect could be estimated.
    """
    model = fit_expected(panel, settings)
    rows = _usual_orders(panel)
    if model is None or shares.empty or rows.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    by_group = shares.set_index("group").reindex(rows["group"])
    expected = model.predict(panel.features(rows))
    share, low, high = (by_group[name].to_numpy(float) for name in ("share", "low", "high"))
    table = rows.assign(
        expected=expected,
        share=share,
        harm=-share * expected,
        harm_low=-high * expected,
        harm_high=-low * expected,
        is_knowable=by_group["is_knowable"].to_numpy(bool),
    )
    return table[list(COLUMNS)].sort_values(
        ["harm", "customer_id"], ascending=[False, True], ignore_index=True
    )


def _usual_orders(panel: Panel) -> pd.DataFrame:
    """Return for each customer of the last year an order of the usual size, placed on the last day."""
    rows = panel.rows
    recent = rows[rows["day"] > panel.last_day - YEAR]
    size = [*BASKET, *ASKED]
    usual = recent.groupby("customer")[size].mean().reset_index()
    about = panel.customers.loc[usual["customer"], ["customer_id", "segment", "channel", "group"]]
    return usual.assign(
        day=np.int64(panel.last_day), **{name: about[name].to_numpy(dtype=object) for name in about.columns}
    )
