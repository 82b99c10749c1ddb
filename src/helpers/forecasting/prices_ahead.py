"""What a unit of the forecast brings and costs.

    price_s = Σ units × unit price × (1 − discount) ÷ Σ units    lines outside promotions, last 52 weeks
    cost_s  = unit cost of the product

where a product was not sold so in that time its list price stands. Promotions ahead take their depth off.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd

from helpers.forecasting.classify import Floats
from helpers.forecasting.demand.history import DemandCase
from helpers.forecasting.result import Forecast

PRICE_WEEKS = 52


@dataclass(frozen=True, eq=False)
class PricesAhead:
    """Money per unit of each series, in the order of `forecast.series`; NaN where it is not known.

    Parameters
    ----------
    name
        Words for the product.
    price, cost
        As sold outside promotions, and unit cost.
    value
        What the forecast counts a unit at: unit cost, list price where no cost is known, else nothing.
    """

    name: pd.Series[str]
    price: Floats
    cost: Floats
    value: Floats


def read_prices_ahead(forecast: Forecast, case: DemandCase) -> PricesAhead:
    """Return names, prices and costs of the forecast's series."""
    product = forecast.series["product_id"]
    table = _products(case)
    sold = product.map(_sold_at(forecast, case)).astype("float64")
    cost, listed = (product.map(table[name]).astype("float64") for name in ("unit_cost", "list_price"))
    return PricesAhead(
        name=product.map(table["name"]).fillna(product).astype(str),
        price=np.asarray(sold.fillna(listed), dtype=np.float64),
        cost=np.asarray(cost, dtype=np.float64),
        value=np.asarray(cost.fillna(listed), dtype=np.float64),
    )


def _products(case: DemandCase) -> pd.DataFrame:
    columns = ["product_id", "name", "unit_cost", "list_price"]
    if not case.has("products"):
        return pd.DataFrame({name: pd.Series(dtype="object") for name in columns}).set_index("product_id")
    table = case.table("products").reindex(columns=columns)
    return table.drop_duplicates("product_id").set_index("product_id")


def _sold_at(forecast: Forecast, case: DemandCase) -> pd.Series[float]:
    since = forecast.cutoff - timedelta(weeks=PRICE_WEEKS)
    rows = case.query(f"""
        SELECT product_id, round(sum(quantity * unit_price * (1 - coalesce(discount, 0))) / sum(quantity), 6)
            AS price
        FROM orders WHERE order_date > DATE '{since}' AND order_date <= DATE '{forecast.cutoff}'
            AND quantity > 0 AND unit_price > 0 AND promotion_id IS NULL
            AND coalesce(status, '') <> 'cancelled'
        GROUP BY ALL ORDER BY ALL
    """)  # noqa: S608 - the days come from dates
    return pd.Series(rows["price"].to_numpy(np.float64), index=rows["product_id"].to_numpy(dtype=object))
