"""Who can supply each product × site, on which terms: the options of an order.

A site that a supplier delivers to buys from suppliers; another site is replenished over its shortest lane
from a site that stocks the product (`lead_time_cells.py` finds both). Terms named for the site come before
terms for any site. Where terms are absent, the price is the product's unit cost, and any quantity may be
ordered.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.contract.case import Case
from helpers.inventory.supply.lead_times import LeadTimes

PAIR = ["product_id", "site_id"]
KEYS = ["supplier_id", *PAIR]
NUMBERS = [
    "unit_cost",
    "minimum_quantity",
    "order_multiple",
    "minimum_order_value",
    "price_break_quantity",
    "price_break_cost",
    "weekly_capacity",
    "agreed_days",
]
TERMS = """
SELECT supplier_id, product_id, site_id, unit_cost, minimum_quantity, order_multiple, minimum_order_value,
       price_break_quantity, price_break_cost, weekly_capacity, lead_time_days AS agreed_days
FROM supply_terms
"""


def find_offers(case: Case, lead_times: LeadTimes) -> pd.DataFrame:
    """Return one row per way in which a product comes to a site, the one that is asked first before others.

    Parameters
    ----------
    case
        Uses supply_terms and products.
    lead_times
        As measured; names every supplier × product × site and lane that is known.

    Returns
    -------
    pandas.DataFrame
        product_id, site_id, supplier_id (of a lane: the site that sends), is_lane, priority, unit_cost (money
        per unit), minimum_quantity, order_multiple (units; 1 where any quantity goes), minimum_order_value
        (money; 0 where none), price_break_quantity, price_break_cost, weekly_capacity (NaN where none),
        lead_time_days (mean as measured), promised_days.
    """
    cells = lead_times.table
    found = cells[KEYS].assign(
        is_lane=cells["source"] == "lane",
        priority=cells["priority"],
        lead_time_days=cells["mean_days"],
        promised_days=cells["promised_days"],
    )
    found = _with_terms(found, case)
    costs = case.query("SELECT product_id, unit_cost AS own_cost FROM products")
    found = found.merge(costs, on="product_id", how="left", validate="many_to_one")
    filled = found.assign(
        unit_cost=found["unit_cost"].where(~found["is_lane"]).fillna(found["own_cost"]),
        minimum_quantity=found["minimum_quantity"].fillna(1.0).clip(lower=1.0),
        order_multiple=found["order_multiple"].fillna(1.0).clip(lower=1.0),
        minimum_order_value=found["minimum_order_value"].fillna(0.0),
    )
    order = np.lexsort((filled["supplier_id"], filled["priority"], filled["site_id"], filled["product_id"]))
    filled = filled.assign(promised_days=filled["agreed_days"].fillna(filled["promised_days"]))
    columns = [*PAIR, "supplier_id", "is_lane", "priority", *NUMBERS[:-1], "lead_time_days", "promised_days"]
    return filled.iloc[order][columns].reset_index(drop=True)


def too_small(offers: pd.DataFrame) -> pd.Series[bool]:
    """Return which offers can never be taken: the supplier gives less in a week than the smallest order."""
    lot = offers["order_multiple"]
    smallest = np.ceil(offers["minimum_quantity"] / lot - 1e-9) * lot
    never: pd.Series[bool] = offers["weekly_capacity"] < smallest - 1e-9  # False where there is no limit
    return never


def _with_terms(found: pd.DataFrame, case: Case) -> pd.DataFrame:
    """Add the terms of the site, else those for any site."""
    if not case.has("supply_terms"):
        return found.assign(**dict.fromkeys(NUMBERS, np.nan))
    terms = case.query(TERMS)
    anywhere = terms[terms["site_id"].isna()].drop(columns="site_id")
    own = found[KEYS].merge(terms[terms["site_id"].notna()], on=KEYS, how="left", validate="many_to_one")
    general = found[KEYS].merge(
        anywhere, on=["supplier_id", "product_id"], how="left", validate="many_to_one"
    )
    has_own = own["unit_cost"].notna().to_numpy()
    chosen = {name: np.where(has_own, own[name], general[name]) for name in NUMBERS}
    return found.assign(**chosen)
