"""What is wrong with the record of a customer, in words; it names no address.

A flag says what would have to be cleaned before the customer is contacted or judged.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

SEPARATOR = "; "


def quality_flags(rows: pd.DataFrame) -> list[str]:
    """Return the flags of each customer, joined by "; "; empty where there is none.

    Parameters
    ----------
    rows
        name, email, phone, created, first_order, consent_email, consent_phone; one row per customer.
    """
    email, phone = _filled(rows["email"]), _filled(rows["phone"])
    mailbox = rows["email"].astype("string").str.strip().str.lower()
    flags = {
        "address without a name": ~_filled(rows["name"]) & (email | phone),
        "consent to e-mail without an address": rows["consent_email"].astype(bool) & ~email,
        "consent to calls without a number": rows["consent_phone"].astype(bool) & ~phone,
        "e-mail address that cannot be right": email & ~mailbox.str.contains("@", regex=False).eq(True),
        "mailbox shared with another customer": email & mailbox.duplicated(keep=False).to_numpy(),
        "orders before the day of creation": rows["first_order"].lt(rows["created"]),
    }
    said = np.column_stack([np.where(is_so.to_numpy(bool), flag, "") for flag, is_so in flags.items()])
    return [SEPARATOR.join(flag for flag in row if flag) for row in said]


def _filled(texts: pd.Series) -> pd.Series:
    return texts.astype("string").str.strip().fillna("").ne("")
