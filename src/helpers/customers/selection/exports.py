"""The contact plan as tables for other systems and for the plan check, which reads nothing else of it.

Names and addresses stand in `contact_list` alone, which holds only open contacts, and there only the address
of the channel. Every other table has ids.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.customers.consent import ADDRESS_OF
from helpers.customers.selection.plan import ContactPlan

PERSONAL = ("name", "email", "phone")


def contact_export(plan: ContactPlan) -> pd.DataFrame:
    """Return the contact list with the name and the address of its channel, for who makes the contacts.

    Returns
    -------
    pandas.DataFrame
        campaign_id, customer_id, channel, day, cost, value, value_low, value_high, net, reason, units (of the
        offer's stock that the contact is reckoned with), name, email (of e-mails alone), phone (of calls and
        text messages alone).
    """
    stock = (plan.limits["kind"] == "stock").to_numpy()
    units = plan.use[stock].max(axis=0, initial=0.0)
    days = plan.audience.campaigns[["campaign_id", "day"]].assign(units=units)
    table = plan.contact_list.merge(days, on="campaign_id", how="left", validate="many_to_one")
    table = table.merge(plan.audience.personal, on="customer_id", how="left", validate="many_to_one")
    needed = table["channel"].map(ADDRESS_OF)
    for column in ("email", "phone"):
        kept = (needed == column).tolist()
        table[column] = [own if mine else None for own, mine in zip(table[column], kept, strict=True)]
    first = ["campaign_id", "customer_id", "channel", "day"]
    return table[[*first, *[name for name in table if name not in first]]]


def check_tables(plan: ContactPlan) -> dict[str, pd.DataFrame]:
    """Return contact_list, holdout, suppressed, contact_limits, plan_money and plan_rules, by name."""
    return {
        "contact_list": contact_export(plan),
        "holdout": plan.holdout,
        "suppressed": plan.suppressed,
        "contact_limits": plan.limits[["kind", "name", "unit", "limit", "used", "price"]],
        "plan_money": plan_money(plan),
        "plan_rules": plan_rules(plan),
    }


def plan_money(plan: ContactPlan) -> pd.DataFrame:
    """Return name, money, text: totals, bound, gap, and the status in words."""
    totals = plan.totals
    named = {name: float(totals[name]) for name in ("value", "value_low", "value_high", "cost", "net")}
    rows = [(name, amount, "") for name, amount in {**named, "bound": plan.bound, "gap": plan.gap}.items()]
    return pd.DataFrame([*rows, ("status", np.nan, plan.status)], columns=["name", "money", "text"])


def plan_rules(plan: ContactPlan) -> pd.DataFrame:
    """Return name, value: the settings that the check holds the plan against."""
    settings = plan.settings
    named: dict[str, float] = {
        "budget": settings.money if np.isfinite(settings.money) else np.nan,
        "max_contacts_per_customer": settings.max_contacts_per_customer,
        "cap_contacts": settings.cap_contacts,
        "cap_days": settings.cap_days,
        "rest_days": settings.rest_days,
        "holdout_share": settings.holdout_share,
        "limit_by_stock": float(settings.limit_by_stock),
        "margin_change": settings.margin_change,
        "gap": settings.gap,
        **{f"capacity {name}": value for name, value in settings.channel_capacity.items()},
    }
    return pd.DataFrame({"name": list(named), "value": list(named.values())}).astype({"value": "float64"})
