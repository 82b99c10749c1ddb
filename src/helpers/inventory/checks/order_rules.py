"""Rules of the orders: what a supplier accepts, when it can come, which orders are firm."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.inventory.checks.plan_tables import OFFER, PAIR, closed_supplier, days_between, monday_of
from helpers.plan_check import PlanRule, Tables, difference, remainder, shortfall

_SAY = ["export", *OFFER, "week"]


def order_rules() -> tuple[PlanRule, ...]:
    """Return the rules of `purchase_orders` and `order_plan`."""
    return (
        PlanRule("supplier has terms for product and site", _without_terms),
        PlanRule("whole packs", _broken_packs, "units"),
        PlanRule("minimum quantity", _below_minimum, "units"),
        PlanRule("price as agreed", _other_price, "money per unit"),
        PlanRule("value is quantity times price", _other_value, "money"),
        PlanRule("due after the promised lead time", _other_due_date, "days"),
        PlanRule("arrives no earlier than it is ordered", _early_arrivals, "days"),
        PlanRule("nothing arrives after a product's last day", _late_arrivals, "days"),
        PlanRule("no order in a closed week", _closed_orders),
        PlanRule("no order to a closed supplier", _orders_to_closed),
        PlanRule("orders lie in the weeks of the plan", _outside_weeks),
        PlanRule("frozen rows are those of the frozen weeks", _wrongly_frozen),
        PlanRule("firm orders are the frozen rows of the plan", _other_firm_orders, "units"),
        PlanRule("one new order number per supplier, site and day", _wrong_numbers),
        PlanRule("firm orders are proposed", _other_status),
    )


def _without_terms(tables: Tables) -> pd.DataFrame:
    lines = tables["order_lines"]
    return lines.loc[~lines["has_terms"], _SAY].assign(by=1.0)


def _agreed_lines(tables: Tables) -> pd.DataFrame:
    """Lines whose supplier has terms; the others break a rule of their own."""
    lines = tables["order_lines"]
    return lines[lines["has_terms"]].fillna({"order_multiple": 1.0, "minimum_quantity": 0.0})


def _broken_packs(tables: Tables) -> pd.DataFrame:
    found = remainder(_agreed_lines(tables), "quantity", "order_multiple")
    return found[[*_SAY, "quantity", "order_multiple", "by"]]


def _below_minimum(tables: Tables) -> pd.DataFrame:
    found = shortfall(_agreed_lines(tables), "quantity", "minimum_quantity")
    return found[[*_SAY, "quantity", "minimum_quantity", "by"]]


def _other_price(tables: Tables) -> pd.DataFrame:
    lines = _agreed_lines(tables)
    reaches = lines["quantity"] >= lines["price_break_quantity"] - 1e-9
    has_break = reaches & lines["price_break_cost"].notna()
    lines = lines.assign(agreed_cost=lines["price_break_cost"].where(has_break, lines["agreed_cost"]))
    return difference(lines, "unit_cost", "agreed_cost")[[*_SAY, "unit_cost", "agreed_cost", "by"]]


def _other_value(tables: Tables) -> pd.DataFrame:
    plan = tables["order_plan"]
    plan = plan.assign(recomputed=plan["quantity"] * plan["unit_cost"])
    return difference(plan, "value", "recomputed")[[*OFFER, "order_week", "value", "recomputed", "by"]]


def _other_due_date(tables: Tables) -> pd.DataFrame:
    """Due on the promised day, part of a day either way; without a promise not before the order."""
    firm = tables["purchase_orders"]
    lines = tables["order_lines"]
    promised = lines.loc[lines["export"] == "purchase_orders", "lead_time_days"].to_numpy()
    days = days_between(firm["due_date"], firm["order_date"])
    low, high = np.floor(promised), np.ceil(promised)
    off = np.where(
        np.isnan(promised), np.minimum(days, 0.0), np.minimum(days - low, 0.0) + np.maximum(days - high, 0.0)
    )
    table = firm[["po_id", "line", "order_date", "due_date"]].assign(promised=promised, by=np.abs(off))
    return table[~(table["by"] <= 0)]


def _early_arrivals(tables: Tables) -> pd.DataFrame:
    plan = tables["order_plan"]
    plan = plan.assign(days=days_between(plan["arrival_week"], plan["order_week"]), none=0.0)
    return shortfall(plan, "days", "none")[[*OFFER, "order_week", "arrival_week", "by"]]


def _late_arrivals(tables: Tables) -> pd.DataFrame:
    ends = tables["products"].loc[tables["products"]["end_date"].notna(), ["product_id", "end_date"]]
    late = tables["order_plan"].merge(ends, on="product_id")
    late = late.assign(by=days_between(late["arrival_week"], late["end_date"]))
    return late.loc[~(late["by"] <= 0), [*OFFER, "arrival_week", "end_date", "by"]]


def _closed_orders(tables: Tables) -> pd.DataFrame:
    lines = tables["order_lines"]
    return lines.loc[lines["week"].isin(tables["closed_weeks"]["week"]), _SAY].assign(by=1.0)


def _orders_to_closed(tables: Tables) -> pd.DataFrame:
    lines, closed = tables["order_lines"], closed_supplier(tables)
    return lines.loc[(lines["supplier_id"] == closed) & (closed != ""), _SAY].assign(by=1.0)


def _outside_weeks(tables: Tables) -> pd.DataFrame:
    """Ordered in a week of the outlook of the same product and site, by Mondays."""
    keys, plan = [*PAIR, "week"], tables["order_plan"]
    known = tables["stock_outlook"][keys].drop_duplicates().assign(is_known=1.0)
    found = plan.assign(week=plan["order_week"]).merge(known, on=keys, how="left")
    is_monday = found["arrival_week"] == monday_of(found["arrival_week"])
    is_fine = found["is_known"].notna() & is_monday
    return found.loc[~is_fine, [*OFFER, "order_week", "arrival_week"]].assign(by=1.0)


def _wrongly_frozen(tables: Tables) -> pd.DataFrame:
    plan, start = tables["order_plan"], tables["calendar_start"]["week"].iloc[0]
    frozen = float(tables["plan_money"]["frozen_weeks"].iloc[0])
    should = ((plan["order_week"] - start).dt.days < 7 * frozen).astype("float64")
    # Part of a week cannot be frozen: then every row is wrong.
    rows = plan.assign(should_be=should if frozen.is_integer() else np.nan)
    return difference(rows, "is_frozen", "should_be")[[*OFFER, "order_week", "is_frozen", "by"]]


def _other_firm_orders(tables: Tables) -> pd.DataFrame:
    """Line by line: the nth largest line of a key is the nth largest of the other table."""
    firm, plan = tables["purchase_orders"], tables["order_plan"]
    firm = firm.assign(week=monday_of(firm["order_date"]))
    plan = plan[plan["is_frozen"] == 1.0].assign(week=lambda rows: rows["order_week"])
    both = _numbered(firm).merge(
        _numbered(plan), on=[*OFFER, "week", "nth"], how="outer", suffixes=("", "_plan")
    )
    both = both.fillna({"quantity": 0.0, "quantity_plan": 0.0})
    return difference(both, "quantity", "quantity_plan")[[*OFFER, "week", "quantity", "quantity_plan", "by"]]


def _numbered(lines: pd.DataFrame) -> pd.DataFrame:
    key = [*OFFER, "week"]
    lines = lines[[*key, "quantity"]].sort_values([*key, "quantity"])
    return lines.assign(nth=lines.groupby(key).cumcount())


def _wrong_numbers(tables: Tables) -> pd.DataFrame:
    """A number that is used already, or stands for several orders."""
    firm = tables["purchase_orders"]
    orders = firm[["po_id", "supplier_id", "site_id", "order_date"]].drop_duplicates()
    is_shared = orders["po_id"].duplicated(keep=False)
    is_used = orders["po_id"].isin(tables["order_numbers"]["po_id"])
    return orders[is_shared | is_used].assign(by=1.0)


def _other_status(tables: Tables) -> pd.DataFrame:
    firm = tables["purchase_orders"]
    return firm.loc[firm["status"] != "proposed", ["po_id", "line", "status"]].assign(by=1.0)
