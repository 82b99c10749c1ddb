"""Who is not to be written to or called, although a consent is on file."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.contract.sample.arrays import only_where
from helpers.contract.sample.customers import Customers
from helpers.contract.sample.frames import contract_frame
from helpers.contract.sample.settings import SampleSize

SHARE = 0.012
REASONS = np.array(["objection", "bounced address", "legal dispute"], dtype=object)
REASON_SHARES = (0.5, 0.4, 0.1)
DISPUTE_DAYS = 180


def suppression_rows(customers: Customers, size: SampleSize, rng: np.random.Generator) -> pd.DataFrame:
    """Return the table `suppressions`: an objection closes all channels, a bounce only e-mail."""
    count = max(2, round(SHARE * customers.count))
    chosen = np.sort(rng.choice(customers.count, count, replace=False))
    reason = rng.choice(len(REASONS), count, p=REASON_SHARES)
    start = size.days - 1 - rng.integers(0, size.days // 2, count)
    end = size.date(start + DISPUTE_DAYS)
    return contract_frame(
        "suppressions",
        {
            "customer_id": customers.table["customer_id"].to_numpy(dtype=object)[chosen],
            "channel": only_where(reason == 1, np.full(count, "email", dtype=object)),
            "start": size.date(start),
            "end": np.where(reason == 2, end, np.datetime64("NaT", "D")),
            "reason": REASONS[reason],
        },
    )
