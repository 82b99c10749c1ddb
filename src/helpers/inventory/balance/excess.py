"""What there is too much of, what that costs, why it is there and what to do about it.

With x the stock position free of promises, S the level and D the sampled demand (`worth.py`,
`remaining_demand.py`), a unit is excess when it lies above the level and will still be there after W
(`slow_weeks`) weeks:

    excess    = E[ (x − max(S, D(W)))⁺ ]          = Σ_{k > S} P(D(W) < k)
    obsolete  = E[ (x − max(S, D(E)))⁺ ]          of these, what nobody wants before the product's end

A cycle stock that has just come in is not excess: it lies below S, which holds a whole order, or sells within
W weeks. What to do, in this order: stop ordering; cancel or postpone open lines, those that come last first,
as far as they are not needed and not on the road; move what a sister site can use (`rebalance.py`); sell off
what is obsolete, or what is worth less here than somebody pays: at the break-even price

    b = mean V(k) over the excess units           what keeping a unit brings, less what keeping it costs
    mark-down = 1 − b ÷ price                     price = unit cost + unit margin

For a product that goes on, keeping a unit saves a purchase later, not a sale: V ends at the unit cost, not at
the price, so that a sale now to a customer who would have bought anyway is not counted twice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.inventory.arguments import Floats
from helpers.inventory.balance.excess_words import advise, reasons
from helpers.inventory.balance.need import needed_before, waits_for_relief
from helpers.inventory.balance.remaining_demand import LONGEST, YEAR, DemandCourse
from helpers.inventory.balance.worth import Holdings, Rows, take_stock, worth_of_unit
from helpers.inventory.outlook import Outlook
from helpers.inventory.policy import Policy
from helpers.inventory.settings import InventorySettings
from helpers.inventory.supply.offers import PAIR

PROBES = 5
LINE = ["po_id", "line", "supplier_id", *PAIR]


@dataclass(frozen=True, eq=False)
class Excess:
    """Stock beyond what is needed.

    Parameters
    ----------
    table
        Pairs with excess, most money first: product_id, site_id, product_name, category, status, end_date,
        on_hand, on_order, order_up_to_level (units), weekly_demand, weeks_of_cover (infinite where it
        never sells), excess_units (whole), excess_low, excess_high (units, 90 % interval), excess_value
        (money at cost), obsolete_units, holding_cost_per_year, break_even_price (money per unit), mark_down
        (share of the price; 1 = any price is good), cancel_units, run_down_date (on which the
        stock is expected back at its level; NaT where never), reason, advice.
    lines
        Open purchase lines of these pairs that are not needed: po_id, line, supplier_id, product_id, site_id,
        expected_date, open_units, not_needed_units, value.
    stock_value
        Money at cost on hand in all pairs.
    """

    table: pd.DataFrame
    lines: pd.DataFrame
    stock_value: float

    @property
    def value(self) -> float:
        """Excess at all sites, money at cost."""
        return float(self.table["excess_value"].sum())

    def by(self, column: str) -> pd.DataFrame:
        """Return pairs, excess_units, excess_value, obsolete_value and holding_cost_per_year per group.

        Parameters
        ----------
        column
            `category`, `site_id`, `reason`, or another column of the table.
        """
        grouped = self.table.assign(
            obsolete_value=self.table["obsolete_units"] * self.table["unit_cost"], pairs=1
        ).groupby(column)[
            ["pairs", "excess_units", "excess_value", "obsolete_value", "holding_cost_per_year"]
        ]
        return grouped.sum().sort_values("excess_value", ascending=False).reset_index()

    def summary(self) -> pd.Series:
        """Return the result in a few figures, by name."""
        figures = {
            "pairs with excess": len(self.table),
            "excess value": self.value,
            "of it obsolete": float((self.table["obsolete_units"] * self.table["unit_cost"]).sum()),
            "on open orders": float(self.lines["value"].sum()),
            "holding cost of it per year": float(self.table["holding_cost_per_year"].sum()),
        }
        return pd.Series(figures, name="excess")


def find_excess(
    outlook: Outlook,
    policy: Policy,
    settings: InventorySettings,
    *,
    course: DemandCourse | None = None,
    moves: pd.DataFrame | None = None,
) -> Excess:
    """Return what there is too much of at each pair, with the money in it, the reason and what to do.

    Parameters
    ----------
    outlook, policy
        Pairs, positions, levels and sampled demand.
    settings
        `slow_weeks`, holding rate.
    course
        Seasons and past demand (`demand_course`). Without it demand goes on flat behind the forecast: before
        a season that overstates excess. Falling demand is not named as a reason then.
    moves
        `Transfers.table` of `rebalance`, named in the advice.

    Examples
    --------
    >>> find_excess(outlook, policy, settings).by("category")            # doctest: +SKIP
    """
    stock = take_stock(outlook, policy, course)
    units = _excess_units(stock, settings)
    rows = np.flatnonzero(units["excess_units"].to_numpy() > 0)
    lines = _lines_not_needed(outlook, stock, units["excess_units"].to_numpy())
    table = _with_money(stock, units, rows, outlook, policy, settings)
    cancelled = lines.groupby(PAIR)["not_needed_units"].sum()
    keys = pd.MultiIndex.from_frame(table[PAIR])
    table = table.assign(
        cancel_units=cancelled.reindex(keys).fillna(0.0).to_numpy(),
        reason=reasons(table, _trend(stock, rows, course), outlook.first_week),
    )
    table = table.assign(advice=advise(table, lines, moves))
    ranked = table.sort_values(["excess_value", *PAIR], ascending=[False, True, True], ignore_index=True)
    return Excess(ranked, lines, float(outlook.pairs["stock_value"].fillna(0.0).sum()))


def _excess_units(stock: Holdings, settings: InventorySettings) -> pd.DataFrame:
    """Excess, its interval, and what of it nobody wants, whole units per pair."""
    held = np.minimum(stock.position, stock.column("on_hand") + stock.column("on_order"))[:, None]
    floor = stock.level[:, None]
    left = np.maximum(held - np.maximum(floor, stock.demand.until(settings.slow_weeks)), 0.0)
    never = np.maximum(held - np.maximum(floor, stock.demand.until(LONGEST)), 0.0)
    excess = np.round(left.mean(axis=1))
    return pd.DataFrame(
        {
            "excess_units": excess,
            "excess_low": np.quantile(left, 0.05, axis=1),
            "excess_high": np.quantile(left, 0.95, axis=1),
            "obsolete_units": np.minimum(np.round(never.mean(axis=1)), excess),
        }
    )


def _with_money(
    stock: Holdings,
    units: pd.DataFrame,
    rows: Rows,
    outlook: Outlook,
    policy: Policy,
    settings: InventorySettings,
) -> pd.DataFrame:
    named = ["product_id", "site_id", "product_name", "category", "status", "end_date", "on_hand", "on_order"]
    table = stock.pairs[[*named, "unit_cost"]].iloc[rows].reset_index(drop=True)
    table = table.assign(
        order_up_to_level=stock.level[rows],
        weekly_demand=policy.table["demand"].to_numpy()[rows],
        **{str(name): units[name].to_numpy()[rows] for name in units},
    )
    waits = waits_for_relief(outlook, settings.review_period)[rows]
    need = needed_before(policy.demand[rows], waits, stock.on_hand[rows], outlook.coming[rows])
    worth = _break_even(stock, rows, table["excess_units"].to_numpy(), need)
    price = (stock.column("unit_cost") + stock.column("unit_margin"))[rows]
    mean = stock.demand.rows(rows).mean()
    weeks_back = mean.weeks_until(stock.position[rows] - stock.level[rows])[:, 0]
    return table.assign(
        weeks_of_cover=mean.weeks_until(stock.position[rows])[:, 0],
        excess_value=table["excess_units"] * table["unit_cost"],
        holding_cost_per_year=table["excess_units"] * stock.column("holding_cost")[rows] * YEAR,
        break_even_price=worth,
        mark_down=1 - np.divide(worth, price, out=np.zeros_like(price), where=price > 0),
        run_down_date=_dates(outlook.first_week, weeks_back),
    )


def _break_even(stock: Holdings, rows: Rows, units: Floats, need: Floats) -> Floats:
    """Mean V over the excess units, at five places among them."""
    places = (np.arange(PROBES) + 0.5) / PROBES
    found = [
        worth_of_unit(stock, rows, np.ceil(stock.position[rows] - units * place), need) for place in places
    ]
    return np.asarray(np.mean(found, axis=0))


def _dates(first_week: pd.Timestamp, weeks: Floats) -> pd.Series:
    days = np.ceil(7 * np.where(np.isfinite(weeks), weeks, 0.0)).astype("int64")
    dates = pd.Series(np.datetime64(first_week, "ns") + days.astype("timedelta64[D]"))
    return dates.where(np.isfinite(weeks))


def _trend(stock: Holdings, rows: Rows, course: DemandCourse | None) -> Floats:
    """Demand of the next year ÷ that of the last, own customers and those of the sites below; NaN unknown."""
    if course is None:
        return np.full(len(rows), np.nan)
    pairs = stock.pairs
    past = course.past.reindex(pd.MultiIndex.from_frame(pairs[PAIR])).fillna(0.0).to_numpy(dtype="float64")
    total, source = past.copy(), pairs["source"].to_numpy(dtype="int64")
    np.add.at(total, source[source >= 0], past[source >= 0])
    ahead = stock.demand.rate.mean(axis=1) * _season_mean(stock)
    return np.asarray(np.divide(ahead, total, out=np.full(len(total), np.nan), where=total > 0)[rows])


def _season_mean(stock: Holdings) -> Floats:
    """Mean of the season over a year, in units of its mean over the forecast."""
    return np.asarray(stock.demand.course[stock.demand.season, YEAR] / YEAR)


def _lines_not_needed(outlook: Outlook, stock: Holdings, excess: Floats) -> pd.DataFrame:
    """Open lines that are not needed, from the one that comes last; what is on the road is left alone."""
    lines = outlook.measured.open_lines
    keys = pd.MultiIndex.from_frame(outlook.pairs[PAIR])
    row = keys.get_indexer(pd.MultiIndex.from_frame(lines[PAIR]))
    found = lines[[*LINE, "expected_date", "open_units"]].astype({"open_units": "float64"})
    found = found.assign(row=row)[row >= 0]
    road = outlook.opening.table.set_index(PAIR)["in_transit"].reindex(keys).fillna(0.0).to_numpy()
    order = stock.column("on_order")
    free = np.minimum(excess, np.maximum(order - np.minimum(road, order), 0.0))
    found = found.sort_values(["row", "expected_date", "po_id", "line"], ascending=[True, False, True, True])
    later = found.groupby("row")["open_units"].cumsum() - found["open_units"]
    at = found["row"].to_numpy(dtype="int64")
    units = np.floor(np.clip(free[at] - later, 0.0, found["open_units"]))
    found = found.assign(not_needed_units=units, value=units * stock.column("unit_cost")[at])
    kept = found.query("not_needed_units > 0").drop(columns="row")
    return kept.sort_values("value", ascending=False, ignore_index=True)
