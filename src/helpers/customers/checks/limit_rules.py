"""Rules about limits and money: budget, channels, stock, sums, bound and gap."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.customers.checks.contact_exports import MONEY
from helpers.customers.checks.contact_tables import KEY, money_of, rule_value
from helpers.plan_check import PlanRule, Tables, difference, excess, gather


def limit_rules() -> tuple[PlanRule, ...]:
    """Return the rules about limits and money."""
    return (
        PlanRule("within the budget", _over_budget, "money"),
        PlanRule("within the capacity of each channel", _over_capacity, "contacts"),
        PlanRule("within the stock of each offer", _over_stock, "units"),
        PlanRule("limits are used as claimed", _use_as_claimed, ""),
        PlanRule("net is value less cost", _net_of_row, "money"),
        PlanRule("every interval holds its value", _interval, "money"),
        PlanRule("every contact is worth its cost", _loss, "money"),
        PlanRule("sums as claimed", _sums, "money"),
        PlanRule("the bound is not below the plan", _bound, "money"),
        PlanRule("the gap is that of the bound", _gap, ""),
    )


def _over_budget(tables: Tables) -> pd.DataFrame:
    spent = pd.DataFrame(
        {"spent": [tables["contact_list"]["cost"].sum()], "budget": [rule_value(tables, "budget")]}
    )
    return excess(spent.dropna(subset=["budget"]), "spent", "budget")


def _over_capacity(tables: Tables) -> pd.DataFrame:
    """Contacts of all campaigns of the channel that run on a day, on every day on which one begins."""
    counts = tables["contact_list"].groupby("campaign_id").size()
    campaigns = tables["campaigns"]
    campaigns = campaigns.assign(made=campaigns["campaign_id"].map(counts).fillna(0.0))
    rules = tables["plan_rules"]
    found = []
    for name, capacity in rules.set_index("name")["value"].items():
        channel = str(name).removeprefix("capacity ")
        if channel == str(name):
            continue
        own = campaigns[campaigns["channel"] == channel]
        for day in own["start"].unique():
            made = float(own.loc[(own["start"] <= day) & (own["end"] >= day), "made"].sum())
            found.append((channel, day, made, float(capacity)))
    return excess(
        pd.DataFrame(found, columns=["channel", "day", "contacts", "capacity"]), "contacts", "capacity"
    )


def _stock_use(tables: Tables) -> pd.DataFrame:
    """Return offer, used and free units of each product and category offered."""
    campaigns, free = tables["campaigns"], tables["free_stock"]
    taken = tables["contact_list"].groupby("campaign_id")["units"].sum()
    campaigns = campaigns.assign(taken=campaigns["campaign_id"].map(taken).fillna(0.0))
    of_product = campaigns["offer_product_id"].notna()
    whole = campaigns["category"].where(of_product, campaigns["offer_category"])
    rows = []
    for offer in sorted(campaigns.loc[of_product, "offer_product_id"].unique()):
        used = campaigns.loc[campaigns["offer_product_id"] == offer, "taken"].sum()
        rows.append((offer, float(used), float(free.loc[free["product_id"] == offer, "units"].sum())))
    for offer in sorted(campaigns.loc[~of_product, "offer_category"].dropna().unique()):
        used = campaigns.loc[whole == offer, "taken"].sum()
        rows.append((offer, float(used), float(free.loc[free["category"] == offer, "units"].sum())))
    return pd.DataFrame(rows, columns=["offer", "used", "free"])


def _over_stock(tables: Tables) -> pd.DataFrame:
    limited = rule_value(tables, "limit_by_stock") > 0 and len(tables["free_stock"]) > 0
    table = _stock_use(tables)
    return excess(table if limited else table.head(0), "used", "free")


def _use_as_claimed(tables: Tables) -> pd.DataFrame:
    """Every limit holds its use; those of budget and stock are recomputed."""
    limits = tables["contact_limits"]
    known = limits[np.isfinite(limits["limit"])]
    spent = limits[limits["kind"] == "budget"].assign(made=tables["contact_list"]["cost"].sum())
    stock = limits[limits["kind"] == "stock"].merge(
        _stock_use(tables).rename(columns={"offer": "name", "used": "made"}), on="name", how="left"
    )
    columns = ["kind", "name", "used"]
    return gather(
        [
            excess(known[[*columns, "limit"]], "used", "limit"),
            difference(spent[[*columns, "made"]], "used", "made"),
            difference(stock[[*columns, "made"]], "used", "made"),
            difference(stock[["name", "limit", "free"]], "limit", "free"),
        ]
    )


def _net_of_row(tables: Tables) -> pd.DataFrame:
    rows = tables["contact_list"]
    return difference(rows[[*KEY, "net"]].assign(expected=rows["value"] - rows["cost"]), "net", "expected")


def _interval(tables: Tables) -> pd.DataFrame:
    rows = tables["contact_list"][[*KEY, "value_low", "value", "value_high"]]
    return gather([excess(rows, "value_low", "value"), excess(rows, "value", "value_high")])


def _loss(tables: Tables) -> pd.DataFrame:
    rows = tables["contact_list"][[*KEY, "cost", "value"]]
    return excess(rows, "cost", "value")


def _sums(tables: Tables) -> pd.DataFrame:
    rows = tables["contact_list"]
    claimed = [money_of(tables, name) for name in MONEY]
    table = pd.DataFrame({"name": MONEY, "claimed": claimed, "made": [rows[name].sum() for name in MONEY]})
    return difference(table, "claimed", "made")


def _bound(tables: Tables) -> pd.DataFrame:
    rows = tables["contact_list"]
    net = float(rows["value"].sum() - rows["cost"].sum())
    return excess(pd.DataFrame({"net": [net], "bound": [money_of(tables, "bound")]}), "net", "bound")


def _gap(tables: Tables) -> pd.DataFrame:
    rows = tables["contact_list"]
    net, bound = float(rows["value"].sum() - rows["cost"].sum()), money_of(tables, "bound")
    gap = max(bound - net, 0.0) / net if net > 0 else (0.0 if bound <= 0 else np.inf)
    table = pd.DataFrame({"gap": [money_of(tables, "gap")], "made": [gap]})
    same = np.isinf(gap) and np.isinf(table["gap"].iloc[0])
    return table.head(0).assign(by=0.0) if same else difference(table, "gap", "made")
