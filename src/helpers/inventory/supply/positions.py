"""Opening position of every product × site: what is there, what is promised, what is coming and when.

    usable              = on_hand − blocked
    on_order            = Σ open units of purchase lines (approved or confirmed: quantity − received)
    transfers_coming    = max(0, in_transit − on_order)      what is on the road from a sister site
    inventory_position  = usable + on_order + transfers_coming − backorders
    available           = usable − allocated
    stock_value         = on_hand · unit_cost

`in_transit` of the table `stock` holds what suppliers have dispatched too, which the purchase lines already
count; hence the difference. Backorders are order lines of status `backorder`, less what was shipped of them.
Stock is that of each pair's row on the last stock date; a pair that has no row then has none.

A coming line falls into week 0 (the first after the cutoff), 1, 2, ... by the day on which it is expected:
due date, or the confirmed date where the supplier gave one, or the measured expectation where lead times are
given; never earlier than the day after the cutoff. It serves its week's demand when it comes in the first
half of the week (days 1 to 4), else it counts for the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd

from helpers.contract.case import Case
from helpers.inventory.arguments import Floats
from helpers.inventory.supply.deliveries import delivery_lines
from helpers.inventory.supply.lead_times import LeadTimes

PAIR = ["product_id", "site_id"]
STOCK = """
WITH last AS (SELECT max(date) AS date FROM stock WHERE date <= $1),
owed AS (
    SELECT o.product_id, o.site_id, sum(greatest(o.quantity - coalesce(s.shipped, 0), 0)) AS backorders
    FROM orders o LEFT JOIN (
        SELECT order_id, order_line, sum(quantity) AS shipped FROM shipments WHERE ship_date <= $1 GROUP BY
        ALL
    ) s ON s.order_id = o.order_id AND s.order_line = o.line
    WHERE o.status = 'backorder' AND o.order_date <= $1 GROUP BY ALL
), now AS (SELECT * FROM stock WHERE date = (SELECT date FROM last))
SELECT product_id, site_id, coalesce(n.on_hand, 0) AS on_hand, coalesce(n.allocated, 0) AS allocated,
       coalesce(n.blocked, 0) AS blocked, coalesce(n.in_transit, 0) AS in_transit,
       coalesce(w.backorders, 0) AS backorders
FROM now n FULL JOIN owed w USING (product_id, site_id) ORDER BY product_id, site_id
"""


@dataclass(frozen=True, eq=False)
class Positions:
    """Opening positions.

    Parameters
    ----------
    table
        product_id, site_id, on_hand, allocated, blocked, in_transit, on_order, overdue (units of on_order
        whose due date has passed), transfers_coming, backorders, available, inventory_position (units),
        unit_cost, stock_value (money at cost).
    coming
        One row per open purchase line and per pair with transfers: product_id, site_id, units,
        expected_date, week (0 is the first after the cutoff), kind (`purchase` or `transfer`).
    stock_date
        Day of the counts; NaT where there are none. Before the cutoff, sales since then are not in them.
    """

    table: pd.DataFrame
    coming: pd.DataFrame
    stock_date: pd.Timestamp

    def arrivals(self, keys: pd.DataFrame, weeks: int) -> Floats:
        """Return units that come, pairs × weeks; later ones are left out.

        Parameters
        ----------
        keys
            product_id, site_id.
        weeks
            Weeks after the cutoff.
        """
        index = pd.MultiIndex.from_frame(keys[PAIR])
        row = index.get_indexer(pd.MultiIndex.from_frame(self.coming[PAIR]))
        week = self.coming["week"].to_numpy()
        found = np.zeros((len(keys), weeks))
        kept = (row >= 0) & (week < weeks)
        np.add.at(found, (row[kept], week[kept]), self.coming["units"].to_numpy()[kept])
        return found


def positions(case: Case, lead_times: LeadTimes | None = None) -> Positions:
    """Return the opening position of every product × site with stock, open orders or backorders.

    Parameters
    ----------
    case
        Uses stock, purchase_orders, receipts, orders, shipments and products.
    lead_times
        Gives the expected date of open lines; without it they come when due (or confirmed).

    Examples
    --------
    >>> positions(case).table[["product_id", "site_id", "inventory_position"]]      # doctest: +SKIP
    """
    stock = case.query(STOCK, [case.as_of])
    lines = delivery_lines(case)
    bought = _purchases_coming(lines[lines["open_units"] > 0], lead_times, pd.Timestamp(case.as_of))
    ordered = bought.groupby(PAIR, as_index=False).agg(on_order=("units", "sum"), overdue=("overdue", "sum"))
    table = stock.merge(ordered, on=PAIR, how="outer", validate="one_to_one").sort_values(PAIR)
    numbers = table.columns.drop(PAIR)
    table = table.fillna(dict.fromkeys(numbers, 0.0)).reset_index(drop=True)
    table = table.assign(transfers_coming=(table["in_transit"] - table["on_order"]).clip(lower=0.0))
    usable = table["on_hand"] - table["blocked"]
    table = table.assign(
        available=usable - table["allocated"],
        inventory_position=usable + table["on_order"] + table["transfers_coming"] - table["backorders"],
        unit_cost=table["product_id"].map(_unit_costs(case)).astype("float64"),
    )
    table = table.assign(stock_value=table["on_hand"] * table["unit_cost"])
    transfers = _transfers_coming(table, pd.Timestamp(case.as_of))
    parts = (bought.drop(columns="overdue"), transfers)
    coming = pd.DataFrame(
        {name: np.concatenate([part[name].to_numpy() for part in parts]) for name in transfers}
    )
    counted = case.query("SELECT max(date) AS day FROM stock WHERE date <= $1", [case.as_of])
    return Positions(table, coming, pd.Timestamp(counted["day"].iloc[0]))


def _unit_costs(case: Case) -> pd.Series:
    return case.query("SELECT product_id, unit_cost FROM products").set_index("product_id")["unit_cost"]


def _purchases_coming(lines: pd.DataFrame, lead_times: LeadTimes | None, as_of: pd.Timestamp) -> pd.DataFrame:
    expected = lines["confirmed_date"].fillna(lines["due_date"])
    if lead_times is not None:
        known = lead_times.open_lines[["po_id", "line", "expected_date"]]
        found = lines[["po_id", "line"]].merge(known, how="left", on=["po_id", "line"], validate="one_to_one")
        expected = found["expected_date"].set_axis(lines.index).fillna(expected)
    tomorrow = as_of + timedelta(days=1)
    expected = expected.where(expected >= tomorrow, tomorrow)
    return lines[PAIR].assign(
        units=lines["open_units"],
        expected_date=expected,
        week=_week(expected, as_of),
        kind="purchase",
        overdue=lines["open_units"].where(lines["due_date"] < as_of, 0.0),
    )


def _transfers_coming(table: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """What is on the road between own sites comes within the first week."""
    moving = table[table["transfers_coming"] > 0]
    return moving[PAIR].assign(
        units=moving["transfers_coming"], expected_date=as_of + timedelta(days=1), week=0, kind="transfer"
    )


def _week(expected: pd.Series, as_of: pd.Timestamp) -> pd.Series:
    """Week whose demand a delivery can serve: its own when it comes on day 1 to 4 of it."""
    return ((expected - as_of).dt.days + 2) // 7
