"""Rules about persons: consent, suppression, addresses, caps and rest, personal columns."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.customers.checks.contact_exports import LAYOUT, NAMED, PERSONAL
from helpers.customers.checks.contact_tables import (
    KEY,
    NEEDS,
    all_contacts,
    days_apart,
    refused,
    rule_value,
    suppressed_on_day,
    unreachable,
    with_campaign,
)
from helpers.plan_check import PlanRule, Tables, gather, is_empty, missing_columns

EXPORTS = "exports are complete"


def consent_rules() -> tuple[PlanRule, ...]:
    """Return the rules about persons, consent first."""
    return (
        PlanRule("no contact without consent", _without_consent, "contacts"),
        PlanRule("no contact with a suppressed customer", _suppressed, "contacts"),
        PlanRule("no contact without an address", _without_address, "contacts"),
        PlanRule("rest between contacts", _too_soon, "days"),
        PlanRule("contacts within the cap", _above_cap, "contacts"),
        PlanRule("contacts per customer in the plan", _above_most, "contacts"),
        PlanRule("one row per campaign and customer", _twice, "rows"),
        PlanRule("contacts are of planned campaigns, on their channel and days", _misplaced, "contacts"),
        PlanRule("personal data in the contact list alone", _leaks, "cells"),
        PlanRule(EXPORTS, _incomplete, "columns"),
        PlanRule("cells are filled", _unfilled, "cells"),
    )


def _contacts(tables: Tables) -> pd.DataFrame:
    return with_campaign(tables, tables["contact_list"])


def _without_consent(tables: Tables) -> pd.DataFrame:
    """The channel of the campaign counts, and that of the list where it says another."""
    rows = _contacts(tables)
    said = rows.assign(own_channel=rows["channel"])
    return rows.loc[refused(tables, rows) | refused(tables, said), [*KEY, "channel"]].assign(by=1.0)


def _suppressed(tables: Tables) -> pd.DataFrame:
    return suppressed_on_day(tables, _contacts(tables)).assign(by=1.0)


def _without_address(tables: Tables) -> pd.DataFrame:
    rows = _contacts(tables)
    return rows.loc[unreachable(tables, rows), [*KEY, "channel"]].assign(by=1.0)


def _too_soon(tables: Tables) -> pd.DataFrame:
    rows = all_contacts(tables)
    apart = days_apart(rows["day"], rows.groupby("customer_id")["day"].shift())
    short = rule_value(tables, "rest_days") - apart
    broken = rows["is_planned"].to_numpy(dtype=np.bool_) & ~(short <= 0) & ~np.isnan(apart)
    return rows.loc[broken, ["customer_id", "day"]].assign(by=short[broken])


def _above_cap(tables: Tables) -> pd.DataFrame:
    """Contacts in the days up to each planned one, itself included."""
    rows = all_contacts(tables)
    planned = rows.loc[rows["is_planned"], ["customer_id", "day"]].drop_duplicates()
    both = planned.merge(rows[["customer_id", "day"]], on="customer_id", suffixes=("", "_other"))
    age = days_apart(both["day"], both["day_other"])
    inside = both[(age >= 0) & (age < rule_value(tables, "cap_days"))]
    count = inside.groupby(["customer_id", "day"]).size()
    over = (count - rule_value(tables, "cap_contacts")).astype("float64")
    return over[~(over <= 0)].rename("by").reset_index()


def _above_most(tables: Tables) -> pd.DataFrame:
    count = tables["contact_list"].groupby("customer_id").size()
    over = (count - rule_value(tables, "max_contacts_per_customer")).astype("float64")
    return over[~(over <= 0)].rename("by").reset_index()


def _twice(tables: Tables) -> pd.DataFrame:
    found = []
    for name in ("contact_list", "holdout", "suppressed"):
        again = tables[name][tables[name].duplicated(KEY)]
        found.append(again[KEY].assign(export=name, by=1.0))
    chosen = pd.MultiIndex.from_frame(tables["contact_list"][KEY])
    both = tables["suppressed"][pd.MultiIndex.from_frame(tables["suppressed"][KEY]).isin(chosen)]
    return gather([*found, both[KEY].assign(export="contact_list and suppressed", by=1.0)])


def _misplaced(tables: Tables) -> pd.DataFrame:
    rows = _contacts(tables)
    known = rows["own_channel"].notna() & rows["customer_id"].isin(tables["customers"]["customer_id"])
    fits = known & (rows["channel"] == rows["own_channel"]) & rows["channel"].isin(NEEDS)
    days = (rows["day"] >= rows["start"]) & (rows["day"] <= rows["end"])
    paid = np.isclose(rows["cost"], rows["cost_per_contact"], rtol=1e-9)
    return rows.loc[~(fits & days & paid), [*KEY, "channel", "day", "cost"]].assign(by=1.0)


def _leaks(tables: Tables) -> pd.DataFrame:
    """Names and addresses anywhere but in the list, or the address of another channel."""
    customers = tables["customers"]
    personal = {str(cell).strip() for name in PERSONAL for cell in customers[name].dropna()} - {""}
    plain = {str(cell) for name in ("customer_id", "segment") for cell in customers[name].dropna()}
    found: list[pd.DataFrame] = []
    for export in LAYOUT:
        if export != "contact_list" and export in tables:
            found += _personal_cells(tables[export], export, personal - plain)
    rows = _contacts(tables)
    for column in ("email", "phone"):
        needed = rows["own_channel"].map(lambda channel: NEEDS.get(channel, ("", ""))[1])
        extra = rows[(rows[column] != "") & (needed != column)]
        found.append(extra[KEY].assign(column=column, by=1.0))
    return gather(found)


def _personal_cells(table: pd.DataFrame, export: str, personal: set[str]) -> list[pd.DataFrame]:
    text = table.select_dtypes(include=["object", "string"])
    found = [
        pd.DataFrame({"export": [export], "column": [str(name)], "by": [float(count)]})
        for name, count in {name: text[name].astype(str).isin(personal).sum() for name in text}.items()
        if count
    ]
    named = [name for name in ("email", "phone") if name in table]
    return found + [pd.DataFrame({"export": [export], "column": [name], "by": [1.0]}) for name in named]


def _incomplete(tables: Tables) -> pd.DataFrame:
    rows = [missing_columns(tables, LAYOUT)]
    for export, names in NAMED.items():
        there = set(tables[export]["name"]) if export in tables and "name" in tables[export] else set()
        lost = [name for name in names if name not in there]
        rows.append(pd.DataFrame({"export": export, "column": lost, "by": 1.0}))
    return gather(rows)


def _unfilled(tables: Tables) -> pd.DataFrame:
    found = []
    for export, columns in LAYOUT.items():
        for column, kind in columns.items():
            if export in tables and column in tables[export] and not kind.startswith("("):
                empty = int(is_empty(tables[export][column]).sum())
                found.append(pd.DataFrame({"export": [export], "column": [column], "by": [float(empty)]}))
    return gather([frame[frame["by"] > 0] for frame in found])
