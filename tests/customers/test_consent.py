"""Who may not be contacted: no consent, on the list, without an address; day by day."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from tests.customers.selection import campaign_shop as toy

from helpers.customers.consent import ADDRESS_OF, CONSENT_OF, closed_contacts
from helpers.errors import ParameterError

DAY = dt.date(2026, 3, 5)


def closed(
    listed: list[tuple[str | None, str | None, str | None]], last: dt.date | None = None
) -> dict[str, str]:
    """Return channel → reason of the one customer with consent to all but visits, and no telephone."""
    people = pd.DataFrame(
        {
            "customer_id": ["C1"],
            "consent_email": True,
            "consent_phone": True,
            "consent_visit": False,
            "email": ["a@example.com"],
            "phone": [" "],
        }
    )
    rows = pd.DataFrame(listed, columns=["channel", "start", "end"]).assign(
        customer_id="C1", reason="objection"
    )
    found = closed_contacts(_case(people, rows), DAY, last)
    return dict(zip(found["channel"], found["reason"], strict=True))


def _case(people: pd.DataFrame, rows: pd.DataFrame) -> toy.ShopCase:
    return toy.shop(1).with_tables(customers=people, suppressions=rows)


def test_every_channel_needs_a_consent() -> None:
    assert CONSENT_OF == {
        "email": "consent_email",
        "phone": "consent_phone",
        "visit": "consent_visit",
        "sms": "consent_phone",
        "post": "consent_email",
    }
    assert ADDRESS_OF == {"email": "email", "phone": "phone", "sms": "phone"}


def test_consent_and_address_close_channels() -> None:
    assert closed([]) == {"phone": "no address", "sms": "no address", "visit": "no consent"}


def test_a_blank_channel_closes_all() -> None:
    assert set(closed([(None, None, None)])) == set(CONSENT_OF)


@pytest.mark.parametrize(
    ("start", "end", "is_closed"),
    [
        (None, None, True),
        ("2026-03-05", "2026-03-05", True),
        ("2026-03-06", None, False),
        (None, "2026-03-04", False),
        (None, "2026-03-05", True),
    ],
)
def test_a_suppression_holds_from_its_first_to_its_last_day(
    start: str | None, end: str | None, *, is_closed: bool
) -> None:
    assert ("email" in closed([("email", start, end)])) is is_closed


def test_a_suppression_on_any_day_of_the_contact_closes() -> None:
    assert "email" in closed([("email", "2026-03-08", None)], dt.date(2026, 3, 8))
    assert "email" not in closed([("email", "2026-03-09", None)], dt.date(2026, 3, 8))


def test_days_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(ParameterError, match="before 'day'"):
        closed([], dt.date(2026, 3, 1))
