"""Rules of the shipping plan and of docks: lanes that exist, weeks of the plan, goods that were ready.

Of each flow, and of each order at a dock week by week:

    arrive = ship + lag,        waiting_t−1 + ready_t = sent_t + waiting_t ≥ 0
    late_t = (waiting_t − ready in the weeks of slack)⁺; after the last week whatever waits is late
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from helpers.plan_check import PlanRule, Tables, difference, excess
from helpers.transport.checks.plan_exports import KEYS
from helpers.transport.checks.plan_tables import WAY, closed_site, setting, summed

_FLOW = KEYS["shipping_plan"]
_WAIT = [*WAY, "week"]


def flow_rules(*, docks_give: bool) -> tuple[PlanRule, ...]:
    """Return the rules of `shipping_plan` and `flow_dispatch`.

    Parameters
    ----------
    docks_give
        Whether docks give what the plan pulls, because no orders are planned.
    """
    return (
        PlanRule("flows go over lanes as they are", _other_lanes),
        PlanRule("weeks lie within the plan", _strange_weeks, "weeks"),
        PlanRule("goods arrive after the lane's weeks", _other_arrivals, "weeks"),
        PlanRule("frozen is said in frozen weeks", _other_frozen),
        PlanRule("weight as in products", _as_recomputed("kg", "true_kg"), "kg"),
        PlanRule("volume as in products", _as_recomputed("m3", "true_m3"), "m³"),
        PlanRule("nothing moves at a closed site", _moves_at_closed_site, "units"),
        PlanRule("orders leave or wait", _lost_orders, "units"),
        PlanRule("orders are late where they wait too long", _other_late, "units"),
        PlanRule("docks give what they can", _beyond_capacity, "units")
        if docks_give
        else PlanRule("nothing leaves a dock that was not ready", _not_ready, "units"),
    )


def _other_lanes(tables: Tables) -> pd.DataFrame:
    """Rows of shipping plan and carbon whose ends or mode are not those of the lane."""
    names = ["origin_id", "destination_id", "mode"]
    parts = [
        tables[export][["lane_id", *names]].drop_duplicates().assign(export=export)
        for export in ("shipping_plan", "carbon")
    ]
    stated = pd.concat([part for part in parts if len(part)] or parts[:1])
    rows = stated.merge(tables["lanes"][["lane_id", *names]], on="lane_id", how="left", suffixes=("", "_is"))
    same = pd.Series(True, index=rows.index)
    for name in names:
        same &= rows[name] == rows[f"{name}_is"]
    return rows.loc[~same, ["export", "lane_id", *names]].assign(by=1.0)


def _moves_at_closed_site(tables: Tables) -> pd.DataFrame:
    rows, closed = tables["shipping_plan"], closed_site(tables)
    at_closed = (rows["origin_id"] == closed) | (rows["destination_id"] == closed)
    moved = rows["units"].where(at_closed & (closed != ""), 0.0)
    return rows[moved > 0].assign(by=moved[moved > 0])[[*_FLOW, "by"]]


def _strange_weeks(tables: Tables) -> pd.DataFrame:
    """Ship weeks are Mondays of the plan; from where stock lies, goods also arrive in it."""
    rows, last = tables["flows"], setting(tables, "weeks") - 1
    from_dock = rows.index.isin(tables["pulled"].index)
    ends = rows["t"].where(from_dock, rows["arrive_t"])
    outside = (rows["t"] < 0) | ~(rows["t"] <= last) | (rows["t"] % 1 != 0) | ~(ends <= last)
    by = (ends - last).where(ends > last, 1.0)
    return rows[outside].assign(by=by[outside])[[*_FLOW, "arrive_week", "by"]]


def _other_arrivals(tables: Tables) -> pd.DataFrame:
    rows = tables["flows"]
    rows = rows.assign(takes=rows["arrive_t"] - rows["t"])
    return difference(rows, "takes", "lag")[[*_FLOW, "arrive_week", "takes", "lag", "by"]]


def _other_frozen(tables: Tables) -> pd.DataFrame:
    rows = tables["flows"]
    rows = rows.assign(frozen=(rows["t"] < setting(tables, "frozen_weeks")).astype("float64"))
    return difference(rows, "is_frozen", "frozen")[[*_FLOW, "is_frozen", "by"]]


def _as_recomputed(stated: str, recomputed: str) -> Callable[[Tables], pd.DataFrame]:
    def broken(tables: Tables) -> pd.DataFrame:
        return difference(tables["flows"], stated, recomputed)[[*_FLOW, stated, recomputed, "by"]]

    return broken


def _lost_orders(tables: Tables) -> pd.DataFrame:
    rows = tables["waits"]
    rows = rows.assign(there=rows["before"] + rows["ready"] - rows["sent"])
    return difference(rows, "waiting", "there")[[*_WAIT, "waiting", "there", "by"]]


def _other_late(tables: Tables) -> pd.DataFrame:
    rows = tables["waits"]
    rows = rows.assign(too_long=(rows["waiting"] - rows["recent"]).clip(lower=0.0))
    return difference(rows, "late", "too_long")[[*_WAIT, "late", "too_long", "by"]]


def _not_ready(tables: Tables) -> pd.DataFrame:
    """What has left a dock by the end of a week, beside what has become ready there by then."""
    sent = tables["pulled"].rename(columns={"destination_id": "site_id"})
    sent = summed(sent, [*WAY, "week"], sent="units")
    rows = sent.merge(tables["flow_dispatch"][[*_WAIT, "ready"]], on=_WAIT, how="outer")
    rows = rows.fillna({"sent": 0.0, "ready": 0.0}).sort_values(_WAIT)
    so_far = rows.groupby(WAY)[["sent", "ready"]].cumsum()
    return excess(rows.assign(sent=so_far["sent"], ready=so_far["ready"]), "sent", "ready")


def _beyond_capacity(tables: Tables) -> pd.DataFrame:
    """What a dock gives in a week beside its weekly capacity; 0 where it offers no such product."""
    keys = ["origin_id", "product_id"]
    offered = tables["docks"].rename(columns={"weekly_capacity": "most"})
    leaving = summed(tables["pulled"], [*keys, "week"], sent="units")
    rows = leaving.merge(offered, on=keys, how="left").fillna({"most": 0.0})
    waiting = tables["flow_dispatch"].rename(columns={"ready": "sent"}).assign(most=0.0)
    columns = [*keys, "week", "sent", "most"]
    parts = [excess(part[columns], "sent", "most") for part in (rows, waiting) if len(part)]
    return pd.concat(parts) if parts else rows.assign(by=0.0)
