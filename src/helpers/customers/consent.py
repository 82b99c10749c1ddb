"""Who may not be contacted through which channel, and why. No consent, no contact.

| channel | consent needed | address needed |
| --- | --- | --- |
| email | consent_email | email |
| phone | consent_phone | phone |
| sms | consent_phone | phone |
| visit | consent_visit | none in the contract |
| post | consent_email | none in the contract |

The contract holds no consent of its own for text messages and letters. A text message goes to the telephone,
so the consent for calls is asked for; a letter is written advertising, so the one for e-mail is: stricter
than many laws ask, never looser. This is the only place that says so; the plan check has its own copy on
purpose.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd

from helpers.contract import Case
from helpers.errors import ParameterError

CONSENT_OF: Final[Mapping[str, str]] = MappingProxyType(
    {
        "email": "consent_email",
        "phone": "consent_phone",
        "visit": "consent_visit",
        "sms": "consent_phone",
        "post": "consent_email",
    }
)
ADDRESS_OF: Final[Mapping[str, str]] = MappingProxyType({"email": "email", "phone": "phone", "sms": "phone"})
CHANNELS: Final = tuple(CONSENT_OF)
NO_CONSENT, NO_ADDRESS, SUPPRESSED = "no consent", "no address", "suppression list"


def closed_contacts(case: Case, day: dt.date, last: dt.date | None = None) -> pd.DataFrame:
    """Return which customers may not be contacted through which channel.

    Parameters
    ----------
    case
        Needs customers; suppressions where there are any.
    day, last
        Days of the contact; a suppression on any of them closes the channel. One day without `last`.

    Returns
    -------
    pandas.DataFrame
        customer_id, channel, reason (`no consent`, `suppression list`, `no address`), detail (what the
        suppression list says, or which column is missing); one row each, in the order of both keys. What is
        not listed is open.

    Raises
    ------
    ParameterError
        If the last day is before the first.
    """
    last = day if last is None else last
    if last < day:
        raise ParameterError(f"closed_contacts: 'last' is {last}, before 'day' {day}. Turn them round.")
    customers = case.table("customers")
    listed = _suppressed(case.table("suppressions"), pd.Timestamp(day), pd.Timestamp(last))
    parts = [_closed_in(channel, customers, listed) for channel in sorted(CHANNELS)]
    rows = pd.concat(parts, ignore_index=True)
    return rows.sort_values(["customer_id", "channel"], ignore_index=True)


def _suppressed(table: pd.DataFrame, day: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    """Return the rows of the list that hold on one of the days; a blank day is open."""
    begun = table["start"].isna() | (table["start"] <= last)
    running = table["end"].isna() | (table["end"] >= day)
    return table[begun & running]


def _closed_in(channel: str, customers: pd.DataFrame, listed: pd.DataFrame) -> pd.DataFrame:
    """Return customer_id, channel, reason and detail of the customers closed in one channel."""
    here = listed[listed["channel"].isna() | (listed["channel"] == "") | (listed["channel"] == channel)]
    said = here.drop_duplicates("customer_id").set_index("customer_id")["reason"]
    consent, address = CONSENT_OF[channel], ADDRESS_OF.get(channel)
    suppressed = customers["customer_id"].isin(said.index).to_numpy()
    refused = ~customers[consent].fillna(value=False).to_numpy(dtype=np.bool_)
    lost = np.zeros(len(customers), dtype=np.bool_)
    if address is not None:
        lost = ~customers[address].fillna("").astype(str).str.strip().ne("").to_numpy()
    kinds = [suppressed, refused, lost]
    listed_why = customers["customer_id"].map(said).fillna("").to_numpy(dtype=object)
    rows = pd.DataFrame(
        {
            "customer_id": customers["customer_id"],
            "channel": channel,
            "reason": np.select(kinds, [SUPPRESSED, NO_CONSENT, NO_ADDRESS], default=""),
            "detail": np.select(kinds, [listed_why, consent, address or ""], default=""),
        }
    )
    return rows[rows["reason"] != ""]
