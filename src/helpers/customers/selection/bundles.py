"""What one customer may get together: sets of campaigns that keep caps and rest.

A *bundle* b is a set of planned campaigns; a customer gets at most one bundle, so that caps and rest between
the contacts of a plan hold exactly whatever the solver does:

    |day_k − day_j| ≥ rest_days                            for all k, j in b
    past_nk + |{j in b: 0 ≤ day_k − day_j < cap_days}| ≤ cap   for all k in b

with past_nk the contacts of customer n in the cap_days before the day of campaign k.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, islice

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.customers.selection.audience import Audience
from helpers.customers.selection.program import Flags, Floats, Integers
from helpers.customers.selection.settings import SelectionSettings
from helpers.errors import ParameterError

MOST_BUNDLES = 500
RESTING, CAPPED = "resting", "cap reached"


@dataclass(frozen=True, eq=False)
class Bundles:
    """The sets of campaigns that one customer may get.

    Parameters
    ----------
    member
        (b, k): which campaigns are in the bundle.
    beside
        (b, k): contacts of the bundle within the cap's days up to campaign k, itself included; 0 outside.
    """

    member: Flags
    beside: Integers

    def allowed(self, open_pairs: Flags, past: Integers, cap: int) -> Flags:
        """Return which bundles each customer may get (n, b).

        Parameters
        ----------
        open_pairs
            (n, k).
        past
            (n, k): contacts in the cap's days before each campaign.
        cap
            Contacts in the cap's days.
        """
        fine = np.ones((len(open_pairs), len(self.member)), dtype=np.bool_)
        for number, (inside, count) in enumerate(zip(self.member, self.beside, strict=True)):
            some = np.flatnonzero(inside)
            kept = open_pairs[:, some] & (past[:, some] + count[some] <= cap)
            fine[:, number] = kept.all(axis=1)
        return fine


def make_bundles(campaigns: pd.DataFrame, settings: SelectionSettings) -> Bundles:
    """Return all sets of campaigns that keep rest and cap among themselves.

    Raises
    ------
    ParameterError
        If there are too many sets to list.
    """
    days = _days(campaigns["day"])
    found = list(islice(_sets(days, settings), max(MOST_BUNDLES, len(days)) + 1))
    if len(found) > max(MOST_BUNDLES, len(days)):
        raise ParameterError(
            f"SelectionSettings: {len(days)} planned campaigns with up to "
            f"{settings.max_contacts_per_customer} contacts per customer give more than {MOST_BUNDLES:,} "
            "combinations. Lower 'max_contacts_per_customer', or plan fewer campaigns at once."
        )
    member = np.zeros((len(found), len(days)), dtype=np.bool_)
    for number, some in enumerate(found):
        member[number, list(some)] = True
    since = days[:, None] - days[None, :]
    recent = ((since >= 0) & (since < settings.cap_days)).astype(np.int64)
    beside = np.where(member, member.astype(np.int64) @ recent.T, 0)
    return Bundles(member, beside)


def _sets(days: Integers, settings: SelectionSettings) -> Iterator[tuple[int, ...]]:
    """Return sets of campaigns that keep rest among themselves, the small ones first."""
    apart = np.abs(days[:, None] - days[None, :]) >= settings.rest_days
    for size in range(1, min(settings.max_contacts_per_customer, len(days)) + 1):
        yield from (some for some in combinations(range(len(days)), size) if _rested(some, apart))


def _rested(some: tuple[int, ...], apart: Flags) -> bool:
    return all(apart[a, b] for a, b in combinations(some, 2))


def with_rest_and_cap(audience: Audience, settings: SelectionSettings) -> pd.DataFrame:
    """Return the pairs with `past` (contacts in the cap's days before) and rest and cap among what closes."""
    pairs = audience.pairs
    past, waited = past_contacts(audience, settings.cap_days)
    still = (pairs["closed"] == "").to_numpy()
    resting = still & (waited < settings.rest_days)
    capped = still & ~resting & (past + 1 > settings.cap_contacts)
    closed = np.select([resting, capped], [RESTING, CAPPED], default=pairs["closed"].to_numpy(dtype=object))
    return pairs.assign(past=past, closed=closed)


def past_contacts(audience: Audience, cap_days: int) -> tuple[Integers, Floats]:
    """Return per pair the contacts in the `cap_days` before its day, and the days since the last one."""
    count = np.zeros(len(audience.pairs), dtype=np.int64)
    waited = np.full(len(audience.pairs), np.inf)
    for row in audience.campaigns.to_dict("records"):
        here = (audience.pairs["campaign_id"] == row["campaign_id"]).to_numpy()
        who = audience.pairs.loc[here, "customer_id"]
        age = pd.Series(_days(audience.past["day"]), index=audience.past["customer_id"])
        age = int(_days(pd.Series([row["day"]]))[0]) - age
        recent = age[age < cap_days].groupby(level=0).size()
        count[here] = who.map(recent).fillna(0).to_numpy(dtype=np.int64)
        waited[here] = who.map(age.groupby(level=0).min()).fillna(np.inf).to_numpy(dtype=np.float64)
    return count, waited


def _days(days: pd.Series[pd.Timestamp]) -> NDArray[np.int64]:
    return days.to_numpy("datetime64[D]").astype(np.int64)
