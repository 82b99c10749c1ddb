"""Rules of the stock outlook: it starts from the stock that is there, and follows from orders and demand.

    free − backorders ≤ supply_1,    supply_t ≤ supply_t+1,    supply_t ≤ on hand − blocked + all open orders

`free` is on hand less blocked and allocated. Open orders may come later than promised, so no lower bound
counts on them; goods on the road between own sites count as open.
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from helpers.inventory.checks.plan_tables import PAIR
from helpers.plan_check import PlanRule, Tables, difference, excess, shortfall

_KEYS = [*PAIR, "week"]


def stock_rules() -> tuple[PlanRule, ...]:
    """Return the rules of `stock_outlook`."""
    return (
        PlanRule("the same weeks for all, without a gap", _broken_weeks),
        PlanRule("opening supply is there", _supply_below_stock, "units"),
        PlanRule("supply is stock and open orders", _supply_above_all, "units"),
        PlanRule("supply never falls", _falling_supply, "units"),
        PlanRule("ordered units are those that arrive", _as_recomputed("ordered", "arrived"), "units"),
        PlanRule(
            "expected stock as the demand points give it", _as_recomputed("expected_stock", "held"), "units"
        ),
        PlanRule(
            "expected short as the demand points give it", _as_recomputed("expected_short", "short"), "units"
        ),
        PlanRule("volume as in products", _other_volume, "m³"),
        PlanRule("a unit left is worth no more than it costs", _dear_leftovers, "money per unit"),
    )


def _as_recomputed(stated: str, recomputed: str) -> Callable[[Tables], pd.DataFrame]:
    def broken(tables: Tables) -> pd.DataFrame:
        return difference(tables["weeks"], stated, recomputed)[[*_KEYS, stated, recomputed, "by"]]

    return broken


def _broken_weeks(tables: Tables) -> pd.DataFrame:
    """The nth week of every pair begins n weeks after the start of the plan, and all have as many."""
    outlook = tables["stock_outlook"][_KEYS].sort_values(_KEYS)
    weeks = int(outlook.groupby(PAIR).size().max()) if len(outlook) else 0
    start = tables["calendar_start"]["week"].iloc[0]
    place = outlook.groupby(PAIR).cumcount()
    off = (outlook["week"] - start).dt.days - 7.0 * place
    is_last = ~outlook.duplicated(PAIR, keep="last")
    is_short = is_last & (place != weeks - 1)
    wrong = ~(off == 0) | is_short
    by = off.abs().where(off != 0, 1.0)
    return pd.DataFrame(outlook.assign(by=by)[wrong])


def _with_stock(tables: Tables) -> pd.DataFrame:
    outlook = tables["stock_outlook"][[*_KEYS, "supply"]]
    rows = outlook.merge(tables["positions"], on=PAIR, how="left", validate="many_to_one")
    numbers = ("usable", "free", "backorders", "coming")
    filled = {name: rows[name].fillna(0.0) for name in numbers}
    return rows.assign(**filled)


def _supply_below_stock(tables: Tables) -> pd.DataFrame:
    rows = _with_stock(tables).sort_values(_KEYS).drop_duplicates(PAIR)
    rows = rows.assign(least=rows["free"] - rows["backorders"])
    return shortfall(rows, "supply", "least")[[*_KEYS, "supply", "least", "by"]]


def _supply_above_all(tables: Tables) -> pd.DataFrame:
    rows = _with_stock(tables)
    rows = rows.assign(most=rows["usable"] + rows["coming"])
    return excess(rows, "supply", "most")[[*_KEYS, "supply", "most", "by"]]


def _falling_supply(tables: Tables) -> pd.DataFrame:
    rows = tables["stock_outlook"][[*_KEYS, "supply"]].sort_values(_KEYS)
    rows = rows.assign(earlier=rows.groupby(PAIR)["supply"].shift())
    return shortfall(rows[rows.duplicated(PAIR)], "supply", "earlier")[[*_KEYS, "earlier", "supply", "by"]]


def _other_volume(tables: Tables) -> pd.DataFrame:
    known = tables["products"][["product_id", "volume_m3"]].rename(columns={"volume_m3": "known"})
    rows = tables["stock_outlook"][[*_KEYS, "volume_m3"]].merge(known, on="product_id")
    apart = (rows["volume_m3"] - rows["known"]).abs()
    wrong = ~(apart <= 1e-9)
    return rows[wrong].assign(by=apart[wrong])


def _dear_leftovers(tables: Tables) -> pd.DataFrame:
    """Only where the outlook states what a unit left at the end is worth."""
    if "leftover_value" not in tables["stock_outlook"]:
        return pd.DataFrame({"by": []})
    rows = tables["stock_outlook"][[*_KEYS, "leftover_value"]]
    rows = rows.merge(tables["cheapest"], on=PAIR, how="left", validate="many_to_one")
    rows = rows.assign(most=rows["cheapest"] * tables["plan_money"]["salvage_share"].iloc[0])
    return excess(rows, "leftover_value", "most")[[*_KEYS, "leftover_value", "most", "by"]]
