"""The tables that the rules look at: the exports, the case's own tables, and what follows from both.

What follows is computed here once, from first principles (letters as in the exports):

    arrived_t = Σ quantity of the order plan with arrival_week ≤ t
    x_t       = supply_t + arrived_t
    held_t    = mean_i (x_t − until_i)⁺
    short_t   = mean_i (until_i − x_t)⁺ − mean_i (before_i − x_t)⁺
    owed_t    = mean_i (until_i − x_t)⁺

A table is made when a rule asks for it, so that a missing column breaks the rules that need it and no others.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import numpy as np
import pandas as pd

from helpers.contract.case import Case
from helpers.inventory.checks.plan_exports import BEFORE, UNTIL
from helpers.plan_check import Maker, Tables

PAIR: Final = ["product_id", "site_id"]
OFFER: Final = ["supplier_id", *PAIR]
TERMS: Final = [
    "unit_cost",
    "lead_time_days",
    "minimum_quantity",
    "order_multiple",
    "minimum_order_value",
    "price_break_quantity",
    "price_break_cost",
    "weekly_capacity",
]
QUERIES: Final = {
    "products": """
SELECT product_id, unit_cost, coalesce(weight_kg, 0) AS weight_kg, coalesce(volume_m3, 0) AS volume_m3,
       end_date FROM products""",
    "sites": "SELECT site_id, storage_capacity_m3, handling_capacity_units FROM sites",
    "suppliers": "SELECT supplier_id, site_id AS dock_id FROM suppliers",
    "lanes": """
SELECT lane_id, origin_id, destination_id, transit_days, weekly_vehicles * vehicle_capacity_kg AS capacity_kg,
       weekly_vehicles * vehicle_capacity_m3 AS capacity_m3 FROM lanes""",
    "terms": """
SELECT supplier_id, product_id, coalesce(site_id, '') AS site_id, unit_cost, lead_time_days, minimum_quantity,
       order_multiple, minimum_order_value, price_break_quantity, price_break_cost, weekly_capacity
FROM supply_terms""",
    "bought": """
SELECT DISTINCT supplier_id, product_id, site_id FROM purchase_orders WHERE status <> 'proposed'""",
    "order_numbers": "SELECT DISTINCT po_id FROM purchase_orders",
    "closed_weeks": """
SELECT date_trunc('week', date)::DATE AS week FROM calendar WHERE isodow(date) <= 5
GROUP BY 1 HAVING count(*) = 5 AND bool_and(coalesce(closed, false))""",
    "counted": """
SELECT product_id, site_id, on_hand, coalesce(allocated, 0) AS allocated, coalesce(blocked, 0) AS blocked,
       coalesce(in_transit, 0) AS in_transit FROM stock
WHERE date = (SELECT max(date) FROM stock WHERE date <= $as_of)""",
    "open_orders": """
SELECT product_id, site_id, sum(greatest(p.quantity - coalesce(r.quantity, 0), 0)) AS open_units
FROM purchase_orders p LEFT JOIN (
    SELECT po_id, po_line, sum(quantity) AS quantity FROM receipts WHERE date <= $as_of GROUP BY ALL
) r ON r.po_id = p.po_id AND r.po_line = p.line
WHERE p.order_date <= $as_of AND (p.status IN ('approved', 'confirmed') OR p.status = 'closed' AND EXISTS (
    SELECT 1 FROM receipts x WHERE x.po_id = p.po_id AND x.po_line = p.line AND x.date > $as_of
)) GROUP BY ALL""",
    "backorders": """
SELECT product_id, site_id, sum(greatest(o.quantity - coalesce(s.quantity, 0), 0)) AS backorders
FROM orders o LEFT JOIN (
    SELECT order_id, order_line, sum(quantity) AS quantity FROM shipments WHERE ship_date <= $as_of
    GROUP BY ALL
) s ON s.order_id = o.order_id AND s.order_line = o.line
WHERE o.status = 'backorder' AND o.order_date <= $as_of GROUP BY ALL""",
}
_DATES: Final = ("end_date", "week")


def case_tables(case: Case) -> dict[str, pd.DataFrame]:
    """Return what the rules need of the case, and `calendar_start`: the Monday at which a plan begins."""
    found = {}
    for name, sql in QUERIES.items():
        frame = case.query(sql.replace("$as_of", f"DATE '{case.as_of:%Y-%m-%d}'"))
        dates = {column: "datetime64[ns]" for column in _DATES if column in frame}
        found[name] = frame.astype(dates)
    tomorrow = case.as_of + timedelta(days=1)
    monday = tomorrow - timedelta(days=tomorrow.weekday())
    return {
        **found,
        "calendar_start": pd.DataFrame({"week": pd.DatetimeIndex([monday]).astype("datetime64[ns]")}),
    }


def monday_of(dates: pd.Series[Any]) -> pd.Series[Any]:
    """Return the Monday of each day.

    >>> str(monday_of(pd.Series(pd.to_datetime(["2026-11-29"]))).iloc[0].date())
    '2026-11-23'
    """
    return pd.Series(dates.dt.to_period("W-SUN").dt.start_time.astype("datetime64[ns]"))


def days_between(later: pd.Series[Any], earlier: pd.Series[Any]) -> pd.Series[Any]:
    """Return whole days as float64, NaN where one is missing."""
    return (later - earlier).dt.days.astype("float64")


def _positions(tables: Tables) -> pd.DataFrame:
    """Per pair: on_hand, free (neither blocked nor promised), coming (open orders, transfers on the road)."""
    table = tables["counted"].merge(tables["open_orders"], on=PAIR, how="outer")
    table = table.merge(tables["backorders"], on=PAIR, how="outer")
    numbers = table.columns.difference(PAIR)
    table = table.assign(**{name: table[name].fillna(0.0) for name in numbers})
    on_the_road = (table["in_transit"] - table["open_units"]).clip(lower=0.0)
    return table.assign(
        usable=table["on_hand"] - table["blocked"],
        free=table["on_hand"] - table["blocked"] - table["allocated"],
        coming=table["open_units"] + on_the_road,
    )


def _agreed(tables: Tables) -> pd.DataFrame:
    """Terms; where the case has none at all, whoever delivered before does so at the product's cost."""
    if len(tables["terms"]):
        return tables["terms"].drop_duplicates(OFFER)
    known = tables["bought"].merge(
        tables["products"][["product_id", "unit_cost"]], on="product_id", how="left"
    )
    return known.reindex(columns=[*OFFER, *TERMS])


def _order_lines(tables: Tables) -> pd.DataFrame:
    """Lines of both order tables with their terms."""
    firm, planned = tables["purchase_orders"], tables["order_plan"]
    columns = [*OFFER, "quantity", "unit_cost"]
    parts = [
        firm[columns].assign(export="purchase_orders", week=monday_of(firm["order_date"])),
        planned[columns].assign(export="order_plan", week=planned["order_week"]),
    ]
    return with_terms(stack(parts), tables["agreed"])


def stack(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Return tables of the same columns under each other; types stay also where one has no row."""
    return pd.DataFrame(
        {name: np.concatenate([part[name].to_numpy() for part in parts]) for name in parts[0]}
    )


def with_terms(rows: pd.DataFrame, agreed: pd.DataFrame) -> pd.DataFrame:
    """Add the terms of supplier and product for the site, else for any site.

    Parameters
    ----------
    rows
        With supplier_id, product_id, site_id.
    agreed
        Terms; site_id is "" where they hold for any site.

    Returns
    -------
    pandas.DataFrame
        The rows with the columns of the terms (`unit_cost` as `agreed_cost`), `terms_site`, `has_terms`.
    """
    agreed = agreed.rename(columns={"unit_cost": "agreed_cost"}).assign(has_terms=1.0)
    general = agreed[agreed["site_id"] == ""].drop(columns="site_id")
    own = rows[OFFER].merge(agreed, on=OFFER, how="left", validate="many_to_one")
    any_site = rows[OFFER].merge(general, on=OFFER[:2], how="left", validate="many_to_one")
    is_own = own["has_terms"].notna().to_numpy()
    names = ["has_terms", "agreed_cost", *TERMS[1:]]
    added = {name: np.where(is_own, own[name], any_site[name]).astype("float64") for name in names}
    found = rows.assign(**added, terms_site=np.where(is_own, rows["site_id"], ""))
    return found.assign(has_terms=found["has_terms"].notna())


def _cheapest(tables: Tables) -> pd.DataFrame:
    """The lowest price at which anybody delivers a pair of the outlook, with price break; else 0.

    Who gives less in a week than one whole pack, or than the minimum, delivers nothing; nor does a supplier
    that the plan takes to be closed.
    """
    pairs, agreed = tables["stock_outlook"][PAIR].drop_duplicates(), tables["agreed"]
    agreed = agreed[agreed["supplier_id"] != closed_supplier(tables)]
    known = agreed[OFFER[:2]].drop_duplicates()
    offers = with_terms(pairs.merge(known, on="product_id"), agreed)
    pack = offers["order_multiple"].fillna(1.0)
    smallest = np.ceil(offers["minimum_quantity"].fillna(0.0).clip(lower=pack) / pack - 1e-9) * pack
    offers = offers[~(offers["weekly_capacity"] < smallest - 1e-9)]
    price = offers[["agreed_cost", "price_break_cost"]].min(axis=1)
    lowest = price.groupby([offers[name] for name in PAIR]).min().rename("cheapest").reset_index()
    return pairs.merge(lowest, on=PAIR, how="left").fillna({"cheapest": 0.0})


def closed_supplier(tables: Tables) -> str:
    """Return who the plan says takes no new order; empty for nobody."""
    money = tables["plan_money"]
    return str(money["closed_supplier"].iloc[0]) if "closed_supplier" in money and len(money) else ""


def _weeks(tables: Tables) -> pd.DataFrame:
    """The outlook with arrived, held, short and owed as they follow from order plan and points."""
    outlook = tables["stock_outlook"]
    arrived = _arrived(outlook, tables["order_plan"])
    x = (outlook["supply"].to_numpy("float64") + arrived)[:, None]
    until, before = outlook[list(UNTIL)].to_numpy("float64"), outlook[list(BEFORE)].to_numpy("float64")
    owed = np.maximum(until - x, 0.0).mean(axis=1)
    return outlook.drop(columns=[*UNTIL, *BEFORE]).assign(
        arrived=arrived,
        held=np.maximum(x - until, 0.0).mean(axis=1),
        short=owed - np.maximum(before - x, 0.0).mean(axis=1),
        owed=owed,
        is_last=outlook["week"] == outlook["week"].max(),
    )


def _arrived(outlook: pd.DataFrame, planned: pd.DataFrame) -> np.ndarray:
    """Units of the order plan that have arrived by the end of each row's week."""
    asked = outlook[[*PAIR, "week"]].assign(units=np.zeros(len(outlook)), row=np.arange(len(outlook)))
    came = planned[PAIR].assign(
        week=planned["arrival_week"], units=planned["quantity"], row=np.full(len(planned), -1)
    )
    # What comes in a week (row −1) stands before the rows that ask for it.
    grid = stack([asked, came]).sort_values([*PAIR, "week", "row"])
    so_far = grid.groupby(PAIR, sort=False)["units"].cumsum()
    found = np.zeros(len(outlook))
    is_outlook = (grid["row"] >= 0).to_numpy()
    found[grid["row"].to_numpy()[is_outlook]] = so_far.to_numpy()[is_outlook]
    return found


FOLLOWING: Final[Mapping[str, Maker]] = {
    "positions": _positions,
    "agreed": _agreed,
    "cheapest": _cheapest,
    "order_lines": _order_lines,
    "weeks": _weeks,
}
