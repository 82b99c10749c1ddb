"""What the rules look at: tables of the case, and pairs of customer and campaign that may be contacted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.contract import Case
from helpers.plan_check import Tables

KEY = ["campaign_id", "customer_id"]
# The check's own copy of what a channel needs: consent, and an address where the contract has one.
NEEDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "email": ("consent_email", "email"),
        "phone": ("consent_phone", "phone"),
        "sms": ("consent_phone", "phone"),
        "visit": ("consent_visit", ""),
        "post": ("consent_email", ""),
    }
)


def case_tables(case: Case, until: dt.date) -> dict[str, pd.DataFrame]:
    """Return customers, planned campaigns, suppressions, contacts of the past and free stock."""
    campaigns, contacts = case.table("campaigns"), case.table("contacts")
    stock = case.table("stock")
    stock = stock[stock["date"] <= pd.Timestamp(until)]
    last = stock[stock["date"] == stock["date"].max()]
    free = last["on_hand"] - last["allocated"].fillna(0) - last["blocked"].fillna(0)
    products = case.table("products")[["product_id", "category"]]
    return {
        "customers": case.table("customers"),
        "campaigns": campaigns[
            (campaigns["status"] == "planned") | (campaigns["start"] > pd.Timestamp(until))
        ].merge(
            products.rename(columns={"product_id": "offer_product_id"}), on="offer_product_id", how="left"
        ),
        "suppressions": case.table("suppressions"),
        "past": _past(contacts, campaigns, until),
        "drawn": _drawn(contacts, campaigns, until),
        "free_stock": last[["product_id"]]
        .assign(units=free.clip(lower=0))
        .merge(products, on="product_id", how="left"),
    }


def _past(contacts: pd.DataFrame, campaigns: pd.DataFrame, until: dt.date) -> pd.DataFrame:
    """Return customer_id, day of the contacts that were made: the arm treated, or sent."""
    made = contacts[(contacts["arm"] == "treated") | contacts["sent"]]
    rows = made.merge(campaigns[["campaign_id", "start"]], on="campaign_id", how="left")
    rows = rows.assign(day=rows["sent_at"].where(rows["sent_at"].notna(), rows["start"]))
    return rows.loc[rows["day"] <= pd.Timestamp(until), ["customer_id", "day"]]


def _drawn(contacts: pd.DataFrame, campaigns: pd.DataFrame, until: dt.date) -> pd.DataFrame:
    """Return the keys of contacts drawn by a day: none of a campaign that has run only since."""
    rows = contacts.merge(campaigns[["campaign_id", "start", "status"]], on="campaign_id", how="left")
    later = (rows["status"] == "past") & (rows["start"] > pd.Timestamp(until))
    is_late = rows["sent_at"].where(rows["sent_at"].notna(), rows["start"].where(later)) > pd.Timestamp(until)
    return rows.loc[~is_late, KEY]


def rule_value(tables: Tables, name: str) -> float:
    """Return a setting of the plan, NaN where it is empty or not there."""
    rows = tables["plan_rules"]
    found = rows.loc[rows["name"] == name, "value"]
    return float(found.iloc[0]) if len(found) else np.nan


def money_of(tables: Tables, name: str) -> float:
    """Return an amount that the plan claims, NaN where it is not there."""
    rows = tables["plan_money"]
    found = rows.loc[rows["name"] == name, "money"]
    return float(found.iloc[0]) if len(found) else np.nan


def with_campaign(tables: Tables, rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows with the campaign's own channel, start, end and cost."""
    columns = ["campaign_id", "channel", "start", "end", "cost_per_contact"]
    own = tables["campaigns"][columns].rename(columns={"channel": "own_channel"})
    return rows.merge(own, on="campaign_id", how="left", validate="many_to_one")


def refused(tables: Tables, rows: pd.DataFrame) -> pd.Series[bool]:
    """Say which rows have no consent for the channel of their campaign."""
    customers = tables["customers"].set_index("customer_id")
    given = pd.Series(data=False, index=rows.index)
    for channel, (consent, _) in NEEDS.items():
        known = rows["customer_id"].map(customers[consent].astype(float)).fillna(0.0) > 0
        given |= (rows["own_channel"] == channel) & known
    return ~given


def unreachable(tables: Tables, rows: pd.DataFrame) -> pd.Series[bool]:
    """Say which rows have no address for the channel of their campaign."""
    customers = tables["customers"].set_index("customer_id")
    lost = pd.Series(data=False, index=rows.index)
    for channel, (_, address) in NEEDS.items():
        if address:
            written = rows["customer_id"].map(customers[address]).fillna("").astype(str).str.strip()
            lost |= (rows["own_channel"] == channel) & (written == "")
    return lost


def suppressed_on_day(tables: Tables, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows whose customer is on the suppression list on a day from the contact to the end."""
    both = rows.merge(
        tables["suppressions"].rename(columns={"channel": "shut", "start": "since", "end": "upto"}),
        on="customer_id",
    )
    channel = both["shut"].isna() | (both["shut"] == "") | (both["shut"] == both["own_channel"])
    begun = both["since"].isna() | (both["since"] <= both["end"])
    running = both["upto"].isna() | (both["upto"] >= both["day"])
    return both.loc[channel & begun & running, [*KEY, "day"]].drop_duplicates()


def all_contacts(tables: Tables) -> pd.DataFrame:
    """Return customer_id, day, is_planned of all contacts, past and planned, by customer and day."""
    planned = tables["contact_list"][["customer_id", "day"]].assign(is_planned=True)
    past = tables["past"].assign(is_planned=False)
    rows = pd.concat([part for part in (past, planned) if len(part)] or [planned], ignore_index=True)
    return rows.sort_values(["customer_id", "day"], ignore_index=True)


def open_pairs(tables: Tables) -> pd.DataFrame:
    """Return the pairs of all exports that nothing closes, with is_held: the hold-out is drawn of them."""
    keys = [tables[name][KEY] for name in ("contact_list", "holdout", "suppressed")]
    rows = with_campaign(tables, pd.concat(keys, ignore_index=True).drop_duplicates(KEY))
    later = rows["start"].where(
        rows["start"] > tables["today"]["day"].iloc[0], tables["today"]["next"].iloc[0]
    )
    rows = rows.assign(day=later.where(later <= rows["end"], rows["end"]))
    shut = pd.MultiIndex.from_frame(suppressed_on_day(tables, rows)[KEY])
    drawn = pd.MultiIndex.from_frame(tables["drawn"])
    mine = pd.MultiIndex.from_frame(rows[KEY])
    tired = _tired(tables, rows)
    closed = refused(tables, rows) | unreachable(tables, rows) | mine.isin(shut) | mine.isin(drawn) | tired
    held = pd.MultiIndex.from_frame(tables["holdout"][KEY])
    return rows.assign(is_held=mine.isin(held))[~closed]


def _tired(tables: Tables, rows: pd.DataFrame) -> pd.Series[bool]:
    """Say which customers are resting from past contacts, or at their cap, on the day of the campaign."""
    both = rows[[*KEY, "day"]].reset_index().merge(tables["past"], on="customer_id", suffixes=("", "_past"))
    age = days_apart(both["day"], both["day_past"])
    row, most = both["index"].to_numpy(dtype=np.int64), rule_value(tables, "cap_contacts")
    resting = np.bincount(row[age < rule_value(tables, "rest_days")], minlength=len(rows)) > 0
    recent = np.bincount(row[age < rule_value(tables, "cap_days")], minlength=len(rows))
    tired: NDArray[np.bool_] = resting | (recent + 1 > most)
    return pd.Series(tired.tolist(), index=rows.index, dtype="bool")


def days_apart(later: pd.Series[pd.Timestamp], earlier: pd.Series[pd.Timestamp]) -> NDArray[np.float64]:
    """Return the days from `earlier` to `later`, NaN where one is missing."""
    apart = later.to_numpy("datetime64[D]") - earlier.to_numpy("datetime64[D]")
    return np.where(np.isnat(apart), np.nan, apart.astype(np.float64))
