"""Rules of stock and needs: every place, product and week adds up, from what is there and what is ordered.

Of each product at each place:

    s_t−1 + supply_t + came_t + unmet_t = need_t + sent_t + s_t
    free stock ≤ supply_1,      Σ supply + Σ ready ≤ free stock + open orders + planned orders
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from helpers.plan_check import PlanRule, Tables, difference, excess, gather, shortfall
from helpers.transport.checks.plan_tables import CELL, WAY, beside, closed_site, setting, summed, week_number

_KEYS = [*CELL, "week"]
_INNER = ("zone", "supplier", "plant")


def stock_rules(*, demand: bool, targets: bool) -> tuple[PlanRule, ...]:
    """Return the rules of `flow_stock`.

    Parameters
    ----------
    demand, targets
        Whether demand and target stock were given, so that needs and targets can be held against them.
    """
    rules = [
        PlanRule("every place has all weeks", _missing_weeks, "weeks"),
        PlanRule("flows end where stock is counted", _lost_flows, "units"),
        PlanRule("stock balances", _unbalanced, "units"),
        PlanRule("zones hold no stock", _stock_in_zones, "units"),
        PlanRule("no more is unmet than needed", _unmet_beyond_need, "units"),
        PlanRule("a closed site serves nobody", _served_at_closed_site, "units"),
        PlanRule("opening supply is there", _supply_below_stock, "units"),
        PlanRule("supply is stock and orders", _supply_above_all, "units"),
        PlanRule("least served is kept", _too_few_served, "units"),
        PlanRule("price below target as settled", _other_price, "money per unit"),
    ]
    if demand:
        rules.append(PlanRule("needs are the demand", _other_needs, "units"))
    if targets:
        rules.append(PlanRule("target stock is as given or more", _lower_targets, "units"))
    return tuple(rules)


def _missing_weeks(tables: Tables) -> pd.DataFrame:
    """Places, and orders at docks, with fewer weeks than the plan or with one that is none of it."""

    def missing() -> Iterator[pd.DataFrame]:
        weeks = setting(tables, "weeks")
        for name, keys in (("cells", CELL), ("waits", WAY)):
            rows = tables[name]
            is_inside = rows["t"].isin(np.arange(weeks))
            counted = rows.assign(found=np.where(is_inside, 1.0, -1.0))
            counted = summed(counted, keys, found="found").assign(weeks=weeks)
            yield difference(counted, "found", "weeks")[[*keys, "found", "weeks", "by"]]

    return gather(missing())


def _lost_flows(tables: Tables) -> pd.DataFrame:
    """Units that arrive within the plan at a place, or leave a place, for which no stock is counted."""
    keys = ["destination_id", "product_id"]
    known = tables["flow_stock"][CELL].drop_duplicates().assign(known=1.0)
    rows = tables["flows"].merge(known.rename(columns={"site_id": keys[0]}), on=keys, how="left")
    lost = rows.loc[rows["known"].isna() & (rows["arrive_t"] < setting(tables, "weeks"))]
    return lost.assign(by=lost["units"])[[*keys, "arrive_week", "by"]]


def _unbalanced(tables: Tables) -> pd.DataFrame:
    rows = tables["cells"]
    there = rows["before"] + rows["supply"] + rows["came"] + rows["unmet"] - rows["sent"] - rows["need"]
    return difference(rows.assign(there=there), "units", "there")[[*_KEYS, "units", "there", "by"]]


def _stock_in_zones(tables: Tables) -> pd.DataFrame:
    rows = tables["cells"].query("is_zone").assign(most=0.0)
    return excess(rows, "units", "most")[[*_KEYS, "units", "by"]]


def _unmet_beyond_need(tables: Tables) -> pd.DataFrame:
    return excess(tables["flow_stock"], "unmet", "need")[[*_KEYS, "unmet", "need", "by"]]


def _served_at_closed_site(tables: Tables) -> pd.DataFrame:
    rows = tables["flow_stock"]
    shut = rows[(rows["site_id"] == closed_site(tables)) & (rows["site_id"] != "")]
    return difference(shut, "unmet", "need")[[*_KEYS, "unmet", "need", "by"]]


def _inner(tables: Tables, table: pd.DataFrame) -> pd.DataFrame:
    kinds = tables["sites"].set_index("site_id")["kind"]
    kind = table["site_id"].map(kinds)
    return table[kind.notna() & ~kind.isin(_INNER)]


def _supply_below_stock(tables: Tables) -> pd.DataFrame:
    """Stock at the last count that the plan does not know of."""
    first = tables["cells"].query("t == 0")
    counted = _inner(tables, tables["counted"])
    rows = beside(counted, first[[*CELL, "supply"]], CELL)
    return shortfall(rows, "supply", "counted")


def _supply_above_all(tables: Tables) -> pd.DataFrame:
    rows = summed(tables["flow_stock"], CELL, supply="supply")
    rows = beside(rows, summed(tables["flow_dispatch"], CELL, ready="ready"), CELL, how="outer")
    for name in ("counted", "open_orders", "planned_orders"):
        rows = beside(rows, tables[name], CELL)
    rows = rows.assign(
        supply=rows["supply"] + rows["ready"], most=rows["counted"] + rows["open_units"] + rows["planned"]
    )
    return excess(rows, "supply", "most")[[*CELL, "supply", "most", "by"]]


def _too_few_served(tables: Tables) -> pd.DataFrame:
    stock = tables["flow_stock"]
    most = (1 - setting(tables, "least_served")) * stock["need"].sum()
    return excess(pd.DataFrame({"unmet": [stock["unmet"].sum()], "most": [most]}), "unmet", "most")


def _other_price(tables: Tables) -> pd.DataFrame:
    """A unit below target costs less with each week ahead; in the last week it may cost the end's rate."""
    rows = tables["cells"].query("target > 0")
    ahead = (1 - setting(tables, "later_rate")) ** rows["t"]
    usual = setting(tables, "below_target_rate") * ahead * rows["lost"]
    at_end = setting(tables, "end_target_rate") * rows["lost"]
    is_last = rows["t"] == setting(tables, "weeks") - 1
    is_end = is_last & ((rows["below_cost"] - at_end).abs() < (rows["below_cost"] - usual).abs())
    rows = rows.assign(settled=usual.where(~is_end, at_end))
    return difference(rows, "below_cost", "settled")[[*_KEYS, "below_cost", "settled", "by"]]


def _other_needs(tables: Tables) -> pd.DataFrame:
    """Needs and demand of a product: half a unit apart at most for each place that sells and is supplied."""
    given, weeks = tables["demand"], setting(tables, "weeks")
    inside = given[given["t"] < weeks]
    kinds = tables["sites"]["kind"]
    places = inside.groupby("product_id")["site_id"].nunique() * (1.0 + (kinds == "zone").sum())
    needed = summed(tables["flow_stock"], ["product_id"], needed="need")
    rows = beside(needed, summed(inside, ["product_id"], asked="units"), ["product_id"], how="outer")
    apart = (rows["needed"] - rows["asked"]).abs()
    rows = rows.assign(apart=apart, rounding=0.5 * rows["product_id"].map(places).fillna(0.0))
    return excess(rows, "apart", "rounding")[["product_id", "needed", "asked", "by"]]


def _lower_targets(tables: Tables) -> pd.DataFrame:
    """In the last week more may be asked for, else as given, in whole units."""
    given = tables["targets"].assign(given=np.ceil(tables["targets"]["units"] - 0.5))
    rows = tables["cells"][[*CELL, "week", "t", "target"]]
    rows = beside(rows, given[[*CELL, "given"]], CELL, how="outer")
    rows["t"] = week_number(tables, rows["week"])
    is_last = rows["t"] == setting(tables, "weeks") - 1
    early = difference(rows[~is_last], "target", "given")
    last = shortfall(rows[is_last], "target", "given")
    parts = [part for part in (early, last) if len(part)]
    return (pd.concat(parts) if parts else early)[[*_KEYS, "target", "given", "by"]]
