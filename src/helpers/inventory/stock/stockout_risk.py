"""Which pairs run out before an order placed now could arrive, what that costs, and whom it touches.

An order placed at the cutoff arrives after the lead time L (weeks, drawn), so nothing that is decided today
helps before. Until then, per sampled path, with what is available and what is already coming (a_w,
`positions.py`):

    d'_w     = d_w · min(1, max(0, L − (w − 1)))          demand of week w before L
    served_w = min(d'_w, max(0, I_{w−1} + a_w))           I_0 = available; below 0 when more is promised
    I_w      = I_{w−1} + a_w − served_w
    short    = Σ_w (d'_w − served_w)

Demand that is not served is lost. Reported: P(short > 0), E[short], lost margin = E[short] · unit margin,
the first week by which the chance of having run out exceeds the threshold, and the customers who bought the
pair lately. Demand beyond the last week of a path is not looked at; pairs whose L goes beyond are counted in
the notes. A warehouse that serves stores runs out for them too: give their demand in its paths where that
is wanted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import numpy as np
import pandas as pd

from helpers.contract.case import Case
from helpers.errors import ParameterError
from helpers.inventory.arguments import Floats, find_wrong, refuse
from helpers.inventory.supply.lead_time_paths import CHUNK, Draw, rows_of_paths
from helpers.inventory.supply.positions import PAIR, Positions

CUSTOMER_WEEKS = 26
MARGIN_WEEKS = 52
CUSTOMERS = """
SELECT product_id, site_id, count(DISTINCT customer_id) AS customers FROM orders
WHERE status <> 'cancelled' AND order_date > $1 AND order_date <= $2 GROUP BY ALL
"""
MARGINS = """
WITH sold AS (
    SELECT product_id, sum(quantity * unit_price * (1 - coalesce(discount, 0))) / sum(quantity) AS price
    FROM orders WHERE status <> 'cancelled' AND order_date > $1 AND order_date <= $2 GROUP BY ALL
)
SELECT product_id, greatest(coalesce(s.price, p.list_price) - p.unit_cost, 0) AS unit_margin
FROM products p LEFT JOIN sold s USING (product_id)
"""


def unit_margins(case: Case) -> pd.DataFrame:
    """Return product_id, unit_margin: price as sold in the last year less unit cost, 0 or more."""
    since = (pd.Timestamp(case.as_of) - timedelta(weeks=MARGIN_WEEKS)).date()
    return case.query(MARGINS, [since, case.as_of])


@dataclass(frozen=True, eq=False)
class StockoutRisk:
    """Pairs by the margin they may lose before a new order can arrive.

    Parameters
    ----------
    table
        product_id, site_id, available, coming (units that come within the lead time), lead_time_days (mean),
        demand (mean units within the lead time), stockout_probability, expected_short (units),
        unit_margin, lost_margin (money), first_week (Monday; NaT where the threshold is not passed),
        customers (distinct buyers of the last 26 weeks). Most lost margin first.
    threshold
        Chance from which on a week counts as at risk.
    notes
        What was left out.
    """

    table: pd.DataFrame
    threshold: float
    notes: tuple[str, ...]

    def at_risk(self) -> pd.DataFrame:
        """Return the pairs whose chance of running out exceeds the threshold."""
        return self.table[self.table["stockout_probability"] > self.threshold]

    def summary(self) -> pd.Series:
        """Return the result in a few figures, by name."""
        risky = self.at_risk()
        figures = {
            "pairs looked at": len(self.table),
            "pairs at risk": len(risky),
            "expected units short": float(self.table["expected_short"].sum()),
            "expected lost margin": float(self.table["lost_margin"].sum()),
        }
        return pd.Series(figures, name="stock-out risk")


@dataclass(frozen=True, eq=False)
class Shortage:
    """What happens on sampled paths before L.

    Parameters
    ----------
    short
        Units lost, series × samples.
    out_by
        Chance of having run out by the end of each week, series × weeks.
    demand
        Units wanted before L, series × samples.
    """

    short: Floats
    out_by: Floats
    demand: Floats


def shortage(paths: Floats, lead_time: Floats, available: Floats, arrivals: Floats) -> Shortage:
    """Play stock down along sampled paths until an order placed now arrives.

    Parameters
    ----------
    paths
        Weekly demand, series × samples × weeks, units.
    lead_time
        L, series × samples, weeks.
    available
        I_0, units per series.
    arrivals
        a_w, series × weeks, units.

    Examples
    --------
    >>> played = shortage(np.full((1, 1, 3), 10.0), np.array([[2.5]]), np.array([12.0]), np.zeros((1, 3)))
    >>> float(played.short[0, 0])
    13.0
    """
    stock = np.repeat(available[:, None], lead_time.shape[1], axis=1).astype("float64")
    short, demand = np.zeros_like(lead_time), np.zeros_like(lead_time)
    out_by = np.zeros((len(paths), paths.shape[2]))
    for week in range(paths.shape[2]):
        wanted = paths[:, :, week] * np.clip(lead_time - week, 0.0, 1.0)
        stock = stock + arrivals[:, week, None]
        served = np.minimum(wanted, np.maximum(stock, 0.0))
        stock = stock - served
        short += wanted - served
        demand += wanted
        out_by[:, week] = (short > 1e-9).mean(axis=1)
    return Shortage(short, out_by, demand)


def stockout_risk(
    case: Case,
    keys: pd.DataFrame,
    paths: Floats | Draw,
    lead_time: Floats,
    opening: Positions,
    *,
    arrivals: Floats | None = None,
    threshold: float = 0.1,
) -> StockoutRisk:
    """Rank product × site pairs by the margin that they may lose before a new order can arrive.

    Parameters
    ----------
    case
        Gives prices, costs and customers.
    keys
        product_id, site_id of each series of `paths`.
    paths
        Weekly demand from the day after the cutoff, series × samples × weeks; or a function of rows that
        draws them.
    lead_time
        Weeks until an order placed now arrives, series × samples (`LeadTimes.sample(...) / 7`, with the
        review period added where orders go out only on some days). Pairs with NaN are left out and counted.
    opening
        Positions at the cutoff.
    arrivals
        Units that come in each week, series × weeks; those of `opening` where not given.
    threshold
        Chance from which on a week counts as at risk.

    Raises
    ------
    ParameterError
        Shapes differ, or the threshold is no share.
    """
    refuse("stockout_risk", find_wrong("a share", {"threshold": threshold}))
    if lead_time.ndim != 2 or len(keys) != len(lead_time):
        raise ParameterError(
            f"stockout_risk: {len(keys)} keys for a lead time of shape {lead_time.shape}. "
            "Give one row of lead times per key."
        )
    known = np.flatnonzero(np.isfinite(lead_time).all(axis=1))
    play = partial(_rows_at_risk, case, keys, paths, lead_time, opening, arrivals, threshold)
    parts = [play(known[start : start + CHUNK]) for start in range(0, len(known), CHUNK)]
    played = [part for part in parts if len(part)]
    table = pd.concat(played, ignore_index=True) if played else play(known)
    return _ranked(case, table, threshold, len(keys) - len(known))


def _rows_at_risk(  # noqa: PLR0913, PLR0917  # one part of the verb, which names them all
    case: Case,
    keys: pd.DataFrame,
    paths: Floats | Draw,
    lead_time: Floats,
    opening: Positions,
    coming: Floats | None,
    threshold: float,
    rows: np.ndarray,
) -> pd.DataFrame:
    pairs, spans = keys.iloc[rows][PAIR].reset_index(drop=True), lead_time[rows]
    drawn = rows_of_paths(paths, rows)
    held = pairs.merge(opening.table[[*PAIR, "available"]], on=PAIR, how="left", validate="one_to_one")
    available = held["available"].fillna(0.0).to_numpy()
    arrivals = opening.arrivals(pairs, drawn.shape[2]) if coming is None else coming[rows]
    played = shortage(drawn, spans, available, arrivals)
    before = np.clip(spans.mean(axis=1)[:, None] - np.arange(drawn.shape[2]), 0.0, 1.0) > 0
    first = np.where((played.out_by > threshold).any(axis=1), (played.out_by > threshold).argmax(axis=1), -1)
    monday = pd.Timestamp(case.as_of) + timedelta(days=1)
    weeks_on = pd.Series(pd.to_timedelta(7 * first, unit="D")).where(first >= 0)
    return pairs.assign(
        available=available,
        coming=(arrivals * before).sum(axis=1),
        lead_time_days=7 * spans.mean(axis=1),
        demand=played.demand.mean(axis=1),
        stockout_probability=(played.short > 1e-9).mean(axis=1),
        expected_short=played.short.mean(axis=1),
        first_week=monday + weeks_on,
        beyond=(spans > drawn.shape[2]).any(axis=1),
    )


def _ranked(case: Case, table: pd.DataFrame, threshold: float, unknown: int) -> StockoutRisk:
    as_of = pd.Timestamp(case.as_of)
    since = (as_of - timedelta(weeks=CUSTOMER_WEEKS)).date()
    margins = unit_margins(case)
    buyers = case.query(CUSTOMERS, [since, case.as_of])
    table = table.merge(margins, on="product_id", how="left", validate="many_to_one")
    table = table.merge(buyers, on=PAIR, how="left", validate="one_to_one")
    table = table.assign(
        customers=table["customers"].fillna(0).astype("int64"),
        lost_margin=table["expected_short"] * table["unit_margin"],
    )
    beyond = int(table["beyond"].sum())
    order = ["lost_margin", "stockout_probability", *PAIR]
    table = table.sort_values(order, ascending=[False, False, True, True], ignore_index=True)
    counted = [
        (unknown, "pairs have no known lead time and were left out"),
        (beyond, "pairs have lead times beyond the last week of their paths; what is lost later is not seen"),
    ]
    notes = tuple(f"{count} {what}." for count, what in counted if count)
    return StockoutRisk(table.drop(columns="beyond"), threshold, notes)
