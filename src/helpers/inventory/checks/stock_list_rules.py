"""Rules of the lists beside the order plan: transfers of this week, excess, and the risk of running out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
import pandas as pd

from helpers.inventory.checks.plan_tables import PAIR, days_between, monday_of
from helpers.plan_check import PlanRule, Tables, difference, excess, gather, remainder

REASONS: Final = ("replenish", "rebalance")
_MOVE = ["product_id", "from_site_id", "to_site_id"]


def stock_list_rules() -> tuple[PlanRule, ...]:
    """Return the rules of `transfers`, `excess` and `stockout_risk`."""
    return (
        PlanRule("transfers are of whole units", _part_units, "units"),
        PlanRule("transfers go from one site to another", _moves_to_itself),
        PlanRule("lanes of transfers join their sites", _wrong_lanes),
        PlanRule("senders have what they send", _more_than_there_is, "units"),
        PlanRule("transfers leave this plan's weeks, arrive after the way", _early_transfers, "days"),
        PlanRule("transfers fit their trucks", _overfull_lanes, "kg or m³"),
        PlanRule("transfers have a known reason, and rebalancing gains", _pointless_moves),
        PlanRule("value of transfers at cost", _other_value("transfers", "quantity", "value"), "money"),
        PlanRule("excess list counts the stock that is there", _other_count, "units"),
        PlanRule("excess is on hand or on order", _excess_beyond_stock, "units"),
        PlanRule("value of excess at cost", _other_value("excess", "excess_units", "excess_value"), "money"),
        PlanRule("chances are between 0 and 1", _no_chance),
        PlanRule("lost margin is short units times margin", _other_margin, "money"),
    )


def _part_units(tables: Tables) -> pd.DataFrame:
    rows = tables["transfers"].assign(unit=1.0)
    return remainder(rows, "quantity", "unit")[[*_MOVE, "quantity", "by"]]


def _moves_to_itself(tables: Tables) -> pd.DataFrame:
    rows = tables["transfers"]
    return rows.loc[rows["from_site_id"] == rows["to_site_id"], _MOVE].assign(by=1.0)


def _with_lane(tables: Tables) -> pd.DataFrame:
    rows = tables["transfers"]
    return rows[rows["lane_id"] != ""].merge(tables["lanes"], on="lane_id", how="inner")


def _wrong_lanes(tables: Tables) -> pd.DataFrame:
    rows = _with_lane(tables)
    joins = (rows["origin_id"] == rows["from_site_id"]) & (rows["destination_id"] == rows["to_site_id"])
    return rows.loc[~joins, [*_MOVE, "lane_id"]].assign(by=1.0)


def _more_than_there_is(tables: Tables) -> pd.DataFrame:
    sent = tables["transfers"].rename(columns={"from_site_id": "site_id", "quantity": "sent"})
    rows = sent.groupby(PAIR, as_index=False)["sent"].sum()
    rows = rows.merge(tables["positions"][[*PAIR, "free"]], on=PAIR, how="left").fillna({"free": 0.0})
    return excess(rows.assign(free=rows["free"].clip(lower=0.0)), "sent", "free")[
        [*PAIR, "sent", "free", "by"]
    ]


def _early_transfers(tables: Tables) -> pd.DataFrame:
    """Shipped from the plan's first day on; under way for the lane's whole days at least."""
    rows = tables["transfers"].merge(tables["lanes"][["lane_id", "transit_days"]], on="lane_id", how="left")
    start = tables["calendar_start"]["week"].iloc[0]
    way = np.floor(rows["transit_days"].fillna(0.0))
    early = -((rows["ship_date"] - start).dt.days.astype("float64")).clip(upper=0.0)
    quick = (way - days_between(rows["arrival_date"], rows["ship_date"])).clip(lower=0.0)
    rows = rows.assign(by=early + quick)
    return rows.loc[~(rows["by"] <= 0), [*_MOVE, "ship_date", "arrival_date", "by"]]


def _overfull_lanes(tables: Tables) -> pd.DataFrame:
    products = tables["products"][["product_id", "weight_kg", "volume_m3"]]
    rows = _with_lane(tables).merge(products, on="product_id")
    rows = rows.assign(week=monday_of(rows["ship_date"]))

    def overfull() -> Iterator[pd.DataFrame]:
        for unit, size, room in (("kg", "weight_kg", "capacity_kg"), ("m³", "volume_m3", "capacity_m3")):
            loads = rows.assign(load=rows["quantity"] * rows[size], room=rows[room].fillna(np.inf), unit=unit)
            loads = loads.groupby(["lane_id", "week", "unit"], as_index=False).agg(
                {"load": "sum", "room": "first"}
            )
            yield excess(loads, "load", "room")

    return gather(overfull())


def _pointless_moves(tables: Tables) -> pd.DataFrame:
    rows = tables["transfers"]
    gains = rows["reason"].isin(REASONS) & ((rows["reason"] != "rebalance") | (rows["gain"] > 0))
    return rows.loc[~gains, [*_MOVE, "reason", "gain"]].assign(by=1.0)


def _other_value(export: str, units: str, value: str) -> Callable[[Tables], pd.DataFrame]:
    def broken(tables: Tables) -> pd.DataFrame:
        costs = tables["products"].set_index("product_id")["unit_cost"]
        cost = tables[export]["product_id"].map(costs).astype("float64").fillna(0.0)
        rows = tables[export].assign(at_cost=tables[export][units] * cost)
        sites = [column for column in ("site_id", "from_site_id", "to_site_id") if column in rows]
        return difference(rows, value, "at_cost")[["product_id", *sites, value, "at_cost", "by"]]

    return broken


def _excess_beside_stock(tables: Tables) -> pd.DataFrame:
    counted = tables["positions"][[*PAIR, "on_hand", "coming"]].rename(columns={"on_hand": "counted"})
    rows = tables["excess"].merge(counted, on=PAIR, how="left", validate="many_to_one")
    return rows.fillna({"counted": 0.0, "coming": 0.0})


def _other_count(tables: Tables) -> pd.DataFrame:
    return difference(_excess_beside_stock(tables), "on_hand", "counted")[[*PAIR, "on_hand", "counted", "by"]]


def _excess_beyond_stock(tables: Tables) -> pd.DataFrame:
    rows = _excess_beside_stock(tables)
    rows = rows.assign(there=rows["counted"] + rows["coming"])
    return excess(rows, "excess_units", "there")[[*PAIR, "excess_units", "there", "by"]]


def _no_chance(tables: Tables) -> pd.DataFrame:
    rows = tables["stockout_risk"].assign(one=1.0)
    keys = [*PAIR, "stockout_probability"]
    return excess(rows, "stockout_probability", "one", tolerance=1e-9)[[*keys, "by"]]


def _other_margin(tables: Tables) -> pd.DataFrame:
    rows = tables["stockout_risk"]
    rows = rows.assign(recomputed=rows["expected_short"] * rows["unit_margin"])
    return difference(rows, "lost_margin", "recomputed")[[*PAIR, "lost_margin", "recomputed", "by"]]
