"""What a customer's share is of each product and site's demand over the last year of a forecast's history.

    share_s = units of the customer / units of all, order lines of the last 52 weeks at product × site s

Lines count as they do in the forecast: no cancelled ones (unless they are demand), no order types that are
kept apart, no one-off lines. A series without any demand in that year loses nothing: nobody's share is known.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pandas as pd

from helpers.errors import ParameterError
from helpers.forecasting.classify import Floats
from helpers.forecasting.demand.order_lines import LineCase
from helpers.forecasting.result import Forecast

SHARE_WEEKS = 52
KEYS = ["product_id", "site_id"]


def customer_shares(forecast: Forecast, case: LineCase, customers: Sequence[str]) -> dict[str, Floats]:
    """Return each customer's share of the last year's units per row of `forecast.series`, 0 to 1.

    Raises
    ------
    ParameterError
        If the orders up to the forecast's cutoff do not name one of the customers; all at once.
    """
    if not customers:
        return {}
    _check_there(forecast, case, customers)
    lines = _lines(forecast)
    named = ", ".join(_quoted(name) for name in customers)
    rows = case.query(f"""
        SELECT product_id, site_id, customer_id, round(sum(quantity), 6) AS units FROM ({lines})
        WHERE customer_id IN ({named}) GROUP BY ALL ORDER BY ALL
    """)  # noqa: S608 - names are quoted, the lines come from SQL of our own
    total = case.query(f"""
        SELECT product_id, site_id, round(sum(quantity), 6) AS units FROM ({lines})
        GROUP BY ALL ORDER BY ALL
    """)  # noqa: S608 - as above
    units = _on_series(forecast, total)
    known = np.where(units > 0, units, 1.0)
    found = {name: _on_series(forecast, rows[rows["customer_id"] == name]) for name in customers}
    return {name: np.clip(values / known, 0.0, 1.0) for name, values in found.items()}


def largest_customers(forecast: Forecast, case: LineCase, most: int = 10) -> pd.DataFrame:
    """Return the customers who bought most in the last year of the forecast's history, largest first.

    Returns
    -------
    DataFrame
        customer_id, share (of all sales), of (`sales`: money after discounts; `units` where there are no
        prices). Anonymous sales count in the whole, and are nobody's.
    """
    cancelled = _is_cancelled(forecast)
    rows = case.query(f"""
        WITH lines AS (
            SELECT customer_id, quantity, quantity * unit_price * (1 - coalesce(discount, 0)) AS money
            FROM orders WHERE {_last_year(forecast)} AND quantity > 0 AND NOT {cancelled}
        ), sums AS (
            SELECT customer_id, round(coalesce(sum(money), 0), 6) AS money, round(sum(quantity), 6) AS units
            FROM lines GROUP BY ALL
        ), shares AS (
            SELECT customer_id, CASE WHEN sum(money) OVER () > 0 THEN 'sales' ELSE 'units' END AS of,
                CASE WHEN sum(money) OVER () > 0 THEN money / sum(money) OVER ()
                    ELSE units / sum(units) OVER () END AS share
            FROM sums
        )
        SELECT customer_id, share, of FROM shares WHERE customer_id IS NOT NULL AND share > 0
        ORDER BY share DESC, customer_id LIMIT {int(most)}
    """)  # noqa: S608 - days come from dates, the rest is ours
    return rows.astype({"share": "float64"})


def _check_there(forecast: Forecast, case: LineCase, customers: Sequence[str]) -> None:
    named = ", ".join(_quoted(name) for name in customers)
    there = set(_who_bought(forecast, case, f"customer_id IN ({named})"))
    missing = [name for name in customers if name not in there]
    if missing:
        known = _who_bought(forecast, case, "customer_id IS NOT NULL")
        close = [difflib.get_close_matches(name, known, n=1) for name in missing]
        hints = "".join(f" Did you mean '{found[0]}'?" for found in close if found)
        count = _say_known(len(known))
        raise ParameterError(
            f"lost_customer: {', '.join(map(repr, missing))} bought nothing up to {forecast.cutoff}.{hints} "
            f"{count}. Give the customer_id of one who bought, or leave it empty."
        )


def _say_known(count: int) -> str:
    if not count:
        return "The orders name no customers"
    return f"The orders name {count:,} customers" if count > 1 else "The orders name 1 customer"


def _who_bought(forecast: Forecast, case: LineCase, who: str) -> list[str]:
    found = case.query(f"""
        SELECT DISTINCT customer_id FROM orders
        WHERE {who} AND order_date <= DATE '{forecast.cutoff}' ORDER BY 1
    """)  # noqa: S608 - names are quoted, the day comes from a date
    return [str(name) for name in found["customer_id"]]


def _lines(forecast: Forecast) -> str:
    """Order lines of base demand in the last year, as the forecast's history counts them."""
    apart = ", ".join(_quoted(word) for word in forecast.settings.kept_apart) or "''"
    odd = ", ".join(
        f"({_quoted(str(order))}, {int(line)})"
        for order, line in forecast.outliers[["order_id", "line"]].itertuples(index=False)
    )
    but = f"AND (order_id, line) NOT IN ({odd})" if odd else ""
    return f"""
        SELECT product_id, site_id, customer_id, quantity FROM orders
        WHERE {_last_year(forecast)} AND quantity > 0 AND NOT {_is_cancelled(forecast)}
            AND coalesce(order_type, 'stock') NOT IN ({apart}) {but}
    """  # noqa: S608 - words are quoted, days come from dates


def _is_cancelled(forecast: Forecast) -> str:
    return "false" if forecast.settings.count_cancelled else "coalesce(status = 'cancelled', false)"


def _last_year(forecast: Forecast) -> str:
    since = forecast.cutoff - timedelta(weeks=SHARE_WEEKS)
    return f"order_date > DATE '{since}' AND order_date <= DATE '{forecast.cutoff}'"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _on_series(forecast: Forecast, rows: pd.DataFrame) -> Floats:
    values = rows.set_index(KEYS)["units"].reindex(pd.MultiIndex.from_frame(forecast.series[KEYS]))
    return np.asarray(values.astype("float64").fillna(0.0), dtype=np.float64)
