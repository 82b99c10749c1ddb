"""What the exports of a contact plan hold: a contract between the page that writes them and the check.

Export, column, kind; a kind in brackets may be empty in a row. Further columns are kept and looked at only
for what is personal.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import pandas as pd

from helpers.plan_check import typed

LAYOUT: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "contact_list": {
            **dict.fromkeys(("campaign_id", "customer_id", "channel"), "id"),
            "day": "date",
            **dict.fromkeys(("cost", "value", "value_low", "value_high", "net", "units"), "number"),
            "reason": "id",
            **dict.fromkeys(("name", "email", "phone"), "(id)"),
        },
        "holdout": {
            **dict.fromkeys(("campaign_id", "customer_id", "stratum"), "id"),
            "probability": "number",
            "would_be_chosen": "bool",
        },
        "suppressed": {
            **dict.fromkeys(("campaign_id", "customer_id", "reason"), "id"),
            "detail": "(id)",
        },
        "contact_limits": {
            **dict.fromkeys(("kind", "name", "unit"), "id"),
            "limit": "(number)",
            "used": "number",
            "price": "number",
        },
        "plan_money": {"name": "id", "money": "(number)", "text": "(id)"},
        "plan_rules": {"name": "id", "value": "(number)"},
    }
)
PERSONAL: Final = ("name", "email", "phone")
MONEY: Final = ("value", "value_low", "value_high", "cost", "net")
RULES: Final = (
    *("budget", "max_contacts_per_customer", "cap_contacts", "cap_days", "rest_days"),
    *("holdout_share", "limit_by_stock", "gap"),
)
NAMED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"plan_money": (*MONEY, "bound", "gap", "status"), "plan_rules": RULES}
)


def as_laid_out(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Return an export with the types of its layout: what cannot be read becomes empty.

    >>> as_laid_out("plan_rules", pd.DataFrame({"name": ["budget"], "value": ["40"]})).to_dict("records")
    [{'name': 'budget', 'value': 40.0}]
    """
    read = {column: typed(frame[column], kind) for column, kind in LAYOUT[name].items() if column in frame}
    return frame.reset_index(drop=True).assign(**read)
