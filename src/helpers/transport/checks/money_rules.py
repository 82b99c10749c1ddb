"""Rules of the money: every line as it follows from tables, their sum, and how far from the best it may be.

The lines that are more than units times a price:

    unmet needs        Σ (1 − δ)ᵗ lost_p u_ipt          stock below target   Σ below_cost (target − s)⁺
    holding on the way Σ lag_l h_p x_lpt                overflow storage     Σ overflow (m³ stored − room)⁺
    gap = (cost − bound)⁺ ÷ |cost|,                     bound ≤ cost
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.plan_check import PlanRule, Tables, difference, excess
from helpers.transport.checks.plan_exports import MONEY
from helpers.transport.checks.plan_tables import TRIP, beside, money, setting, summed


def money_rules() -> tuple[PlanRule, ...]:
    """Return the rules of `plan_money` and of the freight in `shipping_plan`."""
    return (
        PlanRule("money lines as they follow from tables", _other_money, "money"),
        PlanRule("freight of flows adds up", _other_freight, "money"),
        PlanRule("cost is the sum of its lines", _other_cost, "money"),
        PlanRule("bound is no more than the cost", _bound_above_cost, "money"),
        PlanRule("gap is cost less bound by cost", _other_gap),
    )


def recomputed_money(tables: Tables) -> pd.Series[float]:
    """Return money by name, from flows, stock, docks and the tables of the case."""
    flows, cells, waits, trips = (tables[name] for name in ("flows", "cells", "waits", "trips"))
    x = flows["units"]
    handling = tables["sites"].set_index("site_id")["handling_cost"]
    discount = (1 - setting(tables, "later_rate")) ** cells["t"]
    too_low = (cells["target"] - cells["units"]).clip(lower=0.0)
    by_weight = flows["true_kg"] * flows["cost_per_kg"] + x * flows["cost_per_unit"]
    carbon = (flows["true_kg"] * flows["e_kg"]).sum() + (trips["vehicles"] * trips["e_vehicle"]).sum()
    parts = {
        "vehicles": (trips["vehicles"] * trips["fixed_cost"]).sum(),
        "freight by weight and piece": by_weight.sum(),
        "handling": (x * flows["destination_id"].map(handling)).sum(),
        "dearer sources": (x * _premium(tables)).sum(),
        "holding on the way": (x * flows["lag"] * flows["h"]).sum(),
        "holding": (cells["units"] * cells["h"]).sum(),
        "holding at docks": (waits["waiting"] * waits["h"]).sum(),
        "overflow storage": setting(tables, "overflow_cost") * _overflow(tables),
        "unmet needs": (discount * cells["lost"] * cells["unmet"]).sum(),
        "stock below target": (too_low * cells["below_cost"]).sum(),
        "orders left waiting": (waits["late"] * waits["lost"]).sum(),
        "carbon price": setting(tables, "carbon_price") * carbon / 1000,
    }
    return pd.Series(parts, dtype="float64")


def recomputed_cost(tables: Tables) -> float:
    """Return the sum of all money; NaN where it cannot be computed, and a broken rule says why."""
    try:
        return float(recomputed_money(tables).sum())
    except Exception:  # whatever it is, the rule on money lines fails with it and says so
        return float("nan")


def _premium(tables: Tables) -> pd.Series[float]:
    """Unit cost at the dock of each flow above that of the cheapest dock; 0 where it leaves no dock."""
    docks = tables["docks"]
    more = docks["unit_cost"] - docks.groupby("product_id")["unit_cost"].transform("min")
    keys = ["origin_id", "product_id"]
    found = tables["flows"][keys].merge(docks[keys].assign(more=more), on=keys, how="left")
    return found["more"].fillna(0.0)


def _overflow(tables: Tables) -> float:
    """m³ stored above the room of a site, over all weeks."""
    cells = tables["cells"]
    stored = summed(cells.assign(m3=cells["units"] * cells["volume"]), ["site_id", "week"], m3="m3")
    room = stored["site_id"].map(tables["sites"].set_index("site_id")["storage_capacity_m3"])
    return float((stored["m3"] - room.fillna(np.inf)).clip(lower=0.0).sum())


def _other_money(tables: Tables) -> pd.DataFrame:
    true = recomputed_money(tables)
    rows = pd.DataFrame({"name": list(MONEY), "stated": [money(tables, name) for name in MONEY]})
    rows = rows.assign(true=rows["name"].map(true))
    return difference(rows, "stated", "true")


def _other_freight(tables: Tables) -> pd.DataFrame:
    """Freight of the shipping plan by lane and week: by weight and piece, and the vehicles."""
    flows, trips = tables["flows"], tables["trips"]
    due = flows["true_kg"] * flows["cost_per_kg"] + flows["units"] * flows["cost_per_unit"]
    rows = summed(flows.assign(due=due), TRIP, freight="freight_cost", due="due")
    paid = trips[TRIP].assign(paid=trips["vehicles"] * trips["fixed_cost"])
    rows = beside(rows, paid, TRIP, how="outer")
    rows = rows.assign(due=rows["due"] + rows["paid"])
    return difference(rows, "freight", "due")[[*TRIP, "freight", "due", "by"]]


def _other_cost(tables: Tables) -> pd.DataFrame:
    lines = sum(money(tables, name) for name in MONEY)
    return difference(pd.DataFrame({"cost": [money(tables, "cost")], "lines": [lines]}), "cost", "lines")


def _bound_above_cost(tables: Tables) -> pd.DataFrame:
    rows = pd.DataFrame({"bound": [money(tables, "bound")], "cost": [money(tables, "cost")]})
    return excess(rows, "bound", "cost")


def _other_gap(tables: Tables) -> pd.DataFrame:
    cost, bound = money(tables, "cost"), money(tables, "bound")
    true = max(cost - bound, 0.0) / abs(cost) if cost else 0.0
    return difference(pd.DataFrame({"gap": [money(tables, "gap")], "true": [true]}), "gap", "true")
