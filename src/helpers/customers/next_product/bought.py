"""Who bought what and when, until a day: sparse matrices of customers × products and baskets × products.

A product that has a successor counts as its successor, so that what was learnt of the old one is not lost.
Products bought by fewer than `least_buyers` customers are left out: nothing can be learnt of them. Of the
others the `most_products` with the most buyers are kept.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from helpers.contract import Case
from helpers.customers.experience.event_log import day_number, day_numbers
from helpers.customers.next_product.settings import NextProductSettings

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_LINES = """
SELECT
    o.customer_id, o.order_id, o.product_id, o.order_date AS date, sum(o.quantity) AS units,
    sum(o.quantity * o.unit_price * (1 - coalesce(o.discount, 0))) AS revenue,
    sum(o.quantity * (o.unit_price * (1 - coalesce(o.discount, 0)) - p.unit_cost)) AS margin
FROM orders o JOIN products p USING (product_id)
WHERE o.customer_id IS NOT NULL AND o.status <> 'cancelled' AND o.order_date <= ?
GROUP BY ALL ORDER BY ALL
"""


@dataclass(frozen=True, eq=False)
class Bought:
    """Lines of known customers by number of customer, product and basket.

    Parameters
    ----------
    customers, products
        Tables by number: customer_id, segment, home_site_id; product_id, category, substitute_group.
    lines
        customer, product, basket, day, units, money; in the order of time.
    day
        Last day that is read, days since 1970.
    """

    customers: pd.DataFrame
    products: pd.DataFrame
    lines: pd.DataFrame
    day: int

    @property
    def shape(self) -> tuple[int, int]:
        """Customers and products."""
        return len(self.customers), len(self.products)

    def until(self, day: int) -> Bought:
        """Return what was known on an earlier day; the numbers stay the same."""
        return replace(self, lines=self.lines[self.lines["day"] <= day], day=day)

    def within(self, days: int) -> Bought:
        """Return the lines of the last days only."""
        return replace(self, lines=self.lines[self.lines["day"] > self.day - days])

    def times(self) -> sparse.csr_array:
        """Return how many baskets of each customer held each product, shape (customers, products)."""
        rows = self.lines[["customer", "product", "basket"]].drop_duplicates()
        return _counts(rows["customer"], rows["product"], self.shape)

    def baskets(self) -> sparse.csr_array:
        """Return 1 where a basket held a product, shape (baskets, products)."""
        rows = self.lines[["basket", "product"]].drop_duplicates()
        number = np.unique(rows["basket"], return_inverse=True)[1]
        return _counts(number, rows["product"], (int(number.max(initial=-1)) + 1, self.shape[1]))


def _counts(row: object, column: object, shape: tuple[int, int]) -> sparse.csr_array:
    at, to = np.asarray(row, dtype=np.int64), np.asarray(column, dtype=np.int64)
    return sparse.csr_array((np.ones(len(at)), (at, to)), shape=shape)


def read_bought(case: Case, settings: NextProductSettings, until: dt.date | None = None) -> Bought:
    """Read the lines of known customers until a day.

    Parameters
    ----------
    case
        Needs orders and products; customers where they are there.
    settings
        Gives the least number of buyers and the most products.
    until
        Last day that is read; by default the last day of the data.
    """
    last = until or case.as_of
    products = case.table("products")
    lines = case.query(_LINES, [last]).astype({"date": "datetime64[ns]"})
    lines = lines.assign(
        product_id=_succeeded(lines["product_id"], products), money=lines["margin"].fillna(lines["revenue"])
    )
    buyers = lines.groupby("product_id")["customer_id"].nunique()
    enough = buyers[buyers >= settings.least_buyers].sort_index().sort_values(ascending=False, kind="stable")
    kept = np.sort(enough.index[: settings.most_products].to_numpy(dtype=object))
    lines = lines[lines["product_id"].isin(kept)]
    about = products[["product_id", "name", "category", "substitute_group"]]
    listed = pd.DataFrame({"product_id": kept}).merge(about, on="product_id", how="left")
    people = _people(case, lines)
    table = pd.DataFrame(
        {
            "customer": pd.Index(people["customer_id"]).get_indexer(pd.Index(lines["customer_id"])),
            "product": pd.Index(listed["product_id"]).get_indexer(pd.Index(lines["product_id"])),
            "basket": pd.factorize(lines["order_id"])[0],
            "day": day_numbers(lines["date"]),
            "units": lines["units"].to_numpy(float),
            "money": lines["money"].to_numpy(float),
        }
    )
    ordered = table.sort_values(["day", "basket", "product"], ignore_index=True)
    return Bought(people, listed, ordered, day_number(last))


def _people(case: Case, lines: pd.DataFrame) -> pd.DataFrame:
    known = case.table("customers")[["customer_id", "segment", "home_site_id"]]
    ids = np.unique(lines["customer_id"].astype(str)).astype(object)
    people = pd.DataFrame({"customer_id": ids}).merge(known, on="customer_id", how="left")
    return people.fillna({"segment": "not stated"})


def _succeeded(product_id: pd.Series[str], products: pd.DataFrame) -> pd.Series[str]:
    """Name each product by the last of its successors."""
    next_one = products.dropna(subset=["successor_id"]).set_index("product_id")["successor_id"]
    if next_one.empty:
        return product_id
    named = product_id
    for _ in range(5):  # a chain longer than that is a circle
        named = named.map(next_one).fillna(named)
    return named
