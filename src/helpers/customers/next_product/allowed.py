"""What may be suggested to whom: not bought lately unless due, and supplied.

A product is *due* for a customer who bought it on two days or more, once the days since the last purchase
reach four fifths of the mean gap. It is *supplied* if its status is active or new, the day lies between
launch and end, and units are free (on hand − allocated − blocked) or on the way at the customer's home site
or at any warehouse. Without a table of stock every active product counts as supplied, and the notes say so.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from helpers.contract import Case
from helpers.customers.next_product.bought import Bought
from helpers.customers.next_product.settings import NextProductSettings

Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]

DUE = 0.8

_FREE = """
WITH counted AS (
    SELECT site_id, product_id,
        on_hand - coalesce(allocated, 0) - coalesce(blocked, 0) + coalesce(in_transit, 0) AS units
    FROM stock WHERE date = (SELECT max(date) FROM stock WHERE date <= $until)
),
received AS (
    SELECT po_id, po_line, sum(quantity) AS units FROM receipts WHERE date <= $until GROUP BY ALL
),
ordered AS (
    SELECT o.site_id, o.product_id, greatest(o.quantity - coalesce(r.units, 0), 0) AS units
    FROM purchase_orders o LEFT JOIN received r ON r.po_id = o.po_id AND r.po_line = o.line
    WHERE o.status IN ('approved', 'confirmed') AND o.order_date <= $until
)
SELECT site_id, product_id, sum(units) AS units
FROM (SELECT * FROM counted UNION ALL SELECT * FROM ordered) GROUP BY ALL HAVING sum(units) > 0
"""


@dataclass(frozen=True, eq=False)
class Supply:
    """What is supplied where.

    Parameters
    ----------
    everywhere
        Products that every customer can get, shape (products,).
    by_site
        Products that can be had at each site, shape (sites, products).
    site
        Site number of each customer; −1 without a home site.
    has_stock
        Whether stock was looked at.
    """

    everywhere: Flags
    by_site: Flags
    site: Ints
    has_stock: bool

    def of(self, customer: Ints) -> Flags:
        """Return what a block of customers can be supplied with, shape (customers, products)."""
        site = self.site[customer]
        own = self.by_site[np.maximum(site, 0)] if len(self.by_site) else np.zeros((len(site), 1), bool)
        return self.everywhere | (own & (site >= 0)[:, None])


def read_supply(case: Case, bought: Bought, until: dt.date) -> Supply:
    """Read what can be supplied on a day.

    Parameters
    ----------
    case
        Needs products; stock, sites, purchase_orders and receipts where they are there.
    bought
        Gives customers and products by number.
    until
        The day.
    """
    listed = _listed(case.table("products"), bought, pd.Timestamp(until))
    sites = case.table("sites")
    number = {name: at for at, name in enumerate(sites["site_id"])}
    home = bought.customers["home_site_id"].map(number).fillna(-1).to_numpy(np.int64)
    free = case.query(_FREE, {"until": until}) if case.has("stock") else pd.DataFrame()
    if free.empty:
        return Supply(listed, np.zeros((0, len(listed)), bool), home, has_stock=False)
    product = pd.Index(bought.products["product_id"]).get_indexer(pd.Index(free["product_id"]))
    site = free["site_id"].map(number).fillna(-1).to_numpy(np.int64)
    known = (product >= 0) & (site >= 0)
    by_site = np.zeros((len(sites), len(listed)), bool)
    by_site[site[known], product[known]] = True
    by_site &= listed
    is_warehouse = (sites["kind"] == "warehouse").to_numpy(bool)
    return Supply(by_site[is_warehouse].any(axis=0), by_site, home, has_stock=True)


def _listed(products: pd.DataFrame, bought: Bought, day: pd.Timestamp) -> Flags:
    """Return which products are in the range on a day."""
    status = products["status"].fillna("active").isin(["active", "new"])
    begun = products["launch_date"].isna() | (products["launch_date"] <= day)
    runs = products["end_date"].isna() | (products["end_date"] >= day)
    ids = set(products.loc[status & begun & runs, "product_id"])
    return np.array([name in ids for name in bought.products["product_id"]], dtype=bool)


def waiting(bought: Bought, settings: NextProductSettings) -> sparse.csr_array:
    """Return 1 where a customer bought a product lately and its next purchase is not due, else nothing."""
    days = bought.lines[["customer", "product", "day"]].drop_duplicates()
    pairs = days.groupby(["customer", "product"], sort=True)["day"].agg(["min", "max", "count"]).reset_index()
    since = bought.day - pairs["max"]
    gap = (pairs["max"] - pairs["min"]) / (pairs["count"] - 1).clip(lower=1)
    is_due = (pairs["count"] > 1) & (since >= DUE * gap)
    kept = pairs[(since < settings.lately_days) & ~is_due]
    places = (kept["customer"].to_numpy(np.int64), kept["product"].to_numpy(np.int64))
    return sparse.csr_array((np.ones(len(kept)), places), shape=bought.shape)
