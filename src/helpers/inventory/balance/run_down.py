"""What is left of a product when its sale ends, until when ordering still pays, and what clears the rest.

Looked at are products of status eol, with an end date, or with a successor. With own demand D until the end E
(after `slow_weeks` weeks where none is known) and stock positions x (`worth.py`), stores use up what they
have before they call, so that a warehouse w has to serve

    D_w(t)    = own_w(t) + Σ_stores (own_j(t) − x_j)⁺
    left      = E[ (x − D(E))⁺ ]          P(left) = P( x − D(E) ≥ 1 )
    lost      = E[ (D(E) − x)⁺ ]          if nothing is ordered any more; a store's counts at its warehouse

One more order of q units (minimum and pack), placed in week t and there after L weeks, earns

    (c + p) · E[ min(q, (D(E) − max(x, D(t + L)))⁺) ] − c q − K

with K the cost of an order line; the last week in which that is above 0 is the last sensible order date. To
clear x by the end, sales must run at x ÷ E[D(E)] times the forecast. With a price elasticity of −ε that takes
a price cut of 1 − (x ÷ E[D(E)])^(−1/ε); cuts above a half are not believed: the rest has to be sold off, at
the break-even price or more: b = (c + p) · P(D(E) ≥ k) − h · E, at the middle of what is left.

Source of ε: Bijmolt, van Heerde and Pieters, New Empirical Generalizations on the Determinants of Price
Elasticity, Journal of Marketing Research 42 (2005): mean −2.62 over 1,851 elasticities. Own
elasticities, where known, are better.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from helpers.contract.case import Case
from helpers.inventory.arguments import Floats, find_wrong, refuse
from helpers.inventory.balance.excess_words import say_price
from helpers.inventory.balance.remaining_demand import DemandCourse, RemainingDemand
from helpers.inventory.balance.worth import Rows, take_stock
from helpers.inventory.outlook import Outlook
from helpers.inventory.policy import Policy, cumulate
from helpers.inventory.settings import InventorySettings

ELASTICITY = 2.62
MOST_CUT = 0.5
LIFE = """
SELECT product_id, successor_id FROM products
WHERE status = 'eol' OR end_date IS NOT NULL OR successor_id IS NOT NULL
"""


@dataclass(frozen=True, eq=False)
class RunDown:
    """Products that end.

    Parameters
    ----------
    table
        Most money left first: product_id, site_id, product_name, status, end_date, successor_id, weeks_left,
        position (units, on order included), demand_left (mean units until the end), expected_left (units),
        leftover_chance, left_value (money at cost), expected_lost (units, if not ordered any more),
        lost_margin (money), last_order_date (a Monday; NaT where no order pays any more, or the site does
        not buy), order_gain (money, of one order now; NaN where the site does not buy), price_cut (share, to
        clear by the end; 1 where nobody wants it), break_even_price (money per unit), advice.
    notes
        What was assumed.
    """

    table: pd.DataFrame
    notes: tuple[str, ...]

    def summary(self) -> pd.Series:
        """Return the result in a few figures, by name."""
        figures = {
            "products that end": int(self.table["product_id"].nunique()),
            "expected units left": float(self.table["expected_left"].sum()),
            "their value": float(self.table["left_value"].sum()),
            "expected units lost": float(self.table["expected_lost"].sum()),
            "products still worth ordering": int(
                self.table.loc[self.table["last_order_date"].notna(), "product_id"].nunique()
            ),
        }
        return pd.Series(figures, name="run-down")


def plan_run_down(
    outlook: Outlook,
    policy: Policy,
    case: Case,
    settings: InventorySettings,
    *,
    course: DemandCourse | None = None,
    steps: Mapping[tuple[str, str], Sequence[str]] | None = None,
    elasticity: float = ELASTICITY,
) -> RunDown:
    """Return what is expected to be left of each product that ends, and what to do about it.

    Parameters
    ----------
    outlook, policy
        Pairs, positions and own demand.
    case
        Names products that end, and successors.
    settings
        `slow_weeks`, cost of an order line.
    course
        Seasons behind the forecast; flat without.
    steps
        Sentences per product and site that the advice begins with (`first_steps`: cancel, move).
    elasticity
        ε: per cent more sales for a per cent off the price.

    Raises
    ------
    ParameterError
        The elasticity is not above 0.

    Examples
    --------
    >>> plan_run_down(outlook, policy, case, settings).table.head()      # doctest: +SKIP
    """
    refuse("plan_run_down", find_wrong("positive", {"elasticity": elasticity}))
    life = case.query(LIFE)
    ending = _find_ending(outlook, policy, life, settings, course)
    served, held = ending.served(ending.span), ending.held[:, None]
    left = np.maximum(held - served, 0.0)
    buys = ending.above < 0
    lost = np.where(buys, np.maximum(served - held, 0.0).mean(axis=1), 0.0)
    table = ending.pairs[["product_id", "site_id", "product_name", "status", "end_date"]].assign(
        weeks_left=ending.span,
        position=ending.held,
        demand_left=served.mean(axis=1),
        expected_left=left.mean(axis=1),
        leftover_chance=(left >= 1 - 1e-9).mean(axis=1),
        left_value=left.mean(axis=1) * ending.column("unit_cost"),
        expected_lost=lost,
        lost_margin=lost * ending.column("stockout_cost"),
    )
    table = table.merge(life, on="product_id", how="left", validate="many_to_one")
    table = table.assign(
        **_last_orders(ending, settings, outlook.first_week), **_prices(ending, table, served, elasticity)
    )
    table = table.assign(advice=_advise(table, steps or {}))
    order = ["left_value", "expected_lost", "product_id", "site_id"]
    ranked = table.sort_values(order, ascending=[False, False, True, True], ignore_index=True)
    guessed = int((~np.isfinite(ending.own.end)).sum())
    notes = f"{guessed} pairs end without a date: {settings.slow_weeks} weeks are assumed."
    return RunDown(ranked, (notes,) if guessed else ())


@dataclass(frozen=True, eq=False)
class _Ending:
    """Pairs of products that end: own demand, stock, weeks left, and who supplies whom."""

    pairs: pd.DataFrame
    own: RemainingDemand
    held: Floats
    span: Floats
    above: Rows
    lead_time: Floats

    def column(self, name: str) -> Floats:
        """Return a number of each pair."""
        return self.pairs[name].to_numpy(dtype="float64")

    def served(self, weeks: Floats) -> Floats:
        """D(weeks), what stores have to call included, pairs × paths."""
        wanted = self.own.until(weeks)
        calls = np.maximum(wanted - self.held[:, None], 0.0)
        below = np.flatnonzero(self.above >= 0)
        np.add.at(wanted, self.above[below], calls[below])
        return wanted


def _find_ending(
    outlook: Outlook,
    policy: Policy,
    life: pd.DataFrame,
    settings: InventorySettings,
    course: DemandCourse | None,
) -> _Ending:
    stock, source = take_stock(outlook, policy, course), outlook.source
    rows = np.flatnonzero(stock.pairs["product_id"].isin(life["product_id"]).to_numpy())
    own, demand = outlook.own_demand[rows], stock.demand
    end = demand.end[rows]
    # All pairs of a product are here, so its senders are too.
    above = np.where(source[rows] >= 0, np.searchsorted(rows, source[rows]), source[rows])
    return _Ending(
        pairs=stock.pairs.iloc[rows].reset_index(drop=True),
        own=RemainingDemand(
            cumulate(own), own.mean(axis=2, dtype="float64"), demand.course, demand.season[rows], end
        ),
        held=np.maximum(stock.position[rows], 0.0),
        span=np.where(np.isfinite(end), end, float(settings.slow_weeks)),
        above=above,
        lead_time=outlook.lead_times[rows].mean(axis=1),
    )


def _last_orders(ending: _Ending, settings: InventorySettings, first_week: pd.Timestamp) -> dict[str, Any]:
    """The last Monday on which one more order pays, and what one now earns."""
    buys = ending.above == -1
    last, now = np.full(len(buys), -1), np.full(len(buys), np.nan)
    for week in range(int(np.ceil(ending.span.max(initial=0.0)))):
        gain = _gain_of_order(ending, settings, week)
        now = np.where(buys, gain, np.nan) if week == 0 else now
        last = np.where(buys & (gain > 0) & (week < ending.span), week, last)
    days = (7 * np.maximum(last, 0)).astype("timedelta64[D]")
    dates = pd.Series(np.datetime64(first_week, "ns") + days)
    return {"last_order_date": dates.where(last >= 0), "order_gain": now}


def _gain_of_order(ending: _Ending, settings: InventorySettings, week: int) -> Floats:
    """Money that one more order earns, placed `week` weeks from now."""
    pack = np.maximum(ending.column("order_multiple"), 1.0)
    lot = np.ceil(np.maximum(ending.column("minimum_quantity"), 1.0) / pack - 1e-9) * pack
    cost, short = ending.column("unit_cost"), ending.column("stockout_cost")
    there = np.minimum(week + ending.lead_time, ending.span)
    before = np.maximum(ending.served(there), ending.held[:, None])
    sold = np.clip(ending.served(ending.span) - before, 0.0, lot[:, None]).mean(axis=1)
    return np.asarray((cost + short) * sold - cost * lot - settings.line_cost)


def _prices(ending: _Ending, table: pd.DataFrame, served: Floats, elasticity: float) -> dict[str, Floats]:
    """The price cut that clears the stock, and the price at which selling off equals keeping."""
    demand, held = table["demand_left"].to_numpy(dtype="float64"), ending.held
    lift = np.divide(held, demand, out=np.where(held > 0, np.inf, 1.0), where=demand > 0)
    middle = np.ceil(held - table["expected_left"].to_numpy(dtype="float64") / 2)
    chance = (served >= middle[:, None] - 1e-9).mean(axis=1)
    price = ending.column("unit_cost") + ending.column("unit_margin")
    worth = price * chance - ending.column("holding_cost") * ending.span
    cut = 1 - np.maximum(lift, 1.0) ** (-1 / elasticity)
    return {"price_cut": cut, "break_even_price": np.maximum(worth, 0.0)}


def _advise(table: pd.DataFrame, steps: Mapping[tuple[str, str], Sequence[str]]) -> list[str]:
    return [
        " ".join(
            [_order_words(row), *steps.get((str(row.product_id), str(row.site_id)), ()), *_clear_words(row)]
        )
        for row in table.itertuples(index=False)
    ]


def _order_words(row: Any) -> str:
    by = row.last_order_date
    return f"Last order by {by:%Y-%m-%d}." if pd.notna(by) else "Do not order any more."


def _clear_words(row: Any) -> Iterator[str]:
    if row.expected_left < 1:
        return
    rest = f"eturn or sell off about {row.expected_left:,.0f} {say_price(row.break_even_price)}."
    if row.price_cut <= MOST_CUT:
        yield f"A price cut of about {row.price_cut:.0%} clears the stock by the end."
    elif row.demand_left > 0:
        yield f"A price cut alone does not clear it: r{rest}"
    else:
        yield f"R{rest}"
