"""Sentences with figures, made from the plan; the page types no number itself."""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import Any

import pandas as pd

from helpers.transport.last_mile import LastMilePlan
from helpers.transport.network import NetworkChoice
from helpers.transport.plan import TransportPlan

_LEAST_SHARE = 0.005
_RATE_OFF = 0.1
_NETWORK_ROWS = 6


def percent(share: float, digits: int = 0) -> str:
    """Return a share as a percentage."""
    return f"{100 * share:.{digits}f}\N{NO-BREAK SPACE}%".replace("-", "\N{MINUS SIGN}")


def money(value: float) -> str:
    """Return money, whole."""
    return f"{value:,.0f}".replace("-", "\N{MINUS SIGN}")


def count(number: float, what: str) -> str:
    """Return a number with its noun."""
    return f"{number:,.0f} {what}{'' if round(number) == 1 else 's'}"


def say_recommendation(plan: TransportPlan, last_mile: LastMilePlan) -> list[str]:
    """Return the verdict: what leaves now, its gain, carbon, the last mile; first what is not proven."""
    said = [say_departures(plan), say_gain(plan), say_carbon(plan), last_mile.sentence]
    flow = plan.flow
    return said if flow.gap <= _accepted(plan) else [_say_unproven(flow.gap), *said]


def _say_unproven(gap: float) -> str:
    return f"A cheaper plan may exist: this one is at most {percent(gap, 1)} above the cheapest."


def _accepted(plan: TransportPlan) -> float:
    """Return the gap asked, with what rounding to whole units may add."""
    return 2 * plan.settings.gap


def say_departures(plan: TransportPlan) -> str:
    """Return what leaves in the first week and what waits for a fuller vehicle."""
    now = plan.departures()
    week = f"the week of {plan.first_week:%-d %B %Y}"
    if now.empty:
        return f"No vehicle has to leave in {week}."
    head = (
        f"In {week} send {count(len(now), 'vehicle')} over {count(now['lane_id'].nunique(), 'lane')} with "
        f"{now['kg'].sum():,.0f} kg for {money(now['freight_cost'].sum())}"
    )
    waits = plan.waiting()
    if waits.empty:
        return f"{head}; nothing that is ready waits."
    return (
        f"{head}; let {waits['kg'].sum():,.0f} kg for {count(waits['site_id'].nunique(), 'warehouse')} wait "
        f"at "
        f"{count(waits['origin_id'].nunique(), 'dock')} for a fuller vehicle."
    )


def say_gain(plan: TransportPlan) -> str:
    """Return what the plan costs beside today's way, ahead and in the past weeks."""
    beside, weeks = plan.beside, count(plan.settings.weeks, "week")
    today, mine = beside.today.transport_cost, beside.plan.transport_cost
    share = beside.saved_transport
    if abs(share) < _LEAST_SHARE:
        ahead = f"Over {weeks} vehicles and freight cost {money(mine)}, as much as today's way."
    else:
        word = f"{percent(abs(share))} {'less' if share > 0 else 'more'}"
        ahead = (
            f"Over {weeks} vehicles and freight cost {money(mine)}, {word} than the {money(today)} of "
            f"today's way, with {percent(beside.plan.served_share, 1)} of the needs met in their week "
            f"({percent(beside.today.served_share, 1)} today)."
        )
    return f"{ahead} {_say_replay(plan)}".strip()


def _say_replay(plan: TransportPlan) -> str:
    past = plan.replay
    if past.empty:
        return ""
    saved = 1 - past["plan_transport"] / past["today_transport"]
    low, high = float(saved.min()), float(saved.max())
    blocks = count(len(past), "block") + f" of {count(plan.settings.weeks, 'week')}"
    if low > 0:
        return f"In the last {blocks}, planned again, it was {percent(low)} to {percent(high)} less."
    return (
        f"In the last {blocks}, planned again, freight changed by {percent(-high)} to {percent(-low)}: no "
        f"sure "
        "gain."
    )


def say_carbon(plan: TransportPlan) -> str:
    """Return carbon beside today's way, and what less of it would cost."""
    beside = plan.beside
    if not beside.today.tonnes_co2e:
        return "Carbon is not known: there are no emission factors."
    share = beside.saved_carbon
    word = f"{percent(abs(share))} {'less' if share > 0 else 'more'} than today's way"
    price = f" {plan.frontier.sentence}" if len(plan.frontier.points) > 1 else ""
    return f"That causes {beside.plan.tonnes_co2e:,.1f} t CO2e, {word}.{price}"


def say_causes(plan: TransportPlan) -> str:
    """Return what each cause saves, and how exactly that is known."""
    table = plan.beside.causes
    said = [
        f"{row['cause']} {money(row['total'])}" for row in table.to_dict("records") if abs(row["total"]) >= 1
    ]
    within = float(table["gap"].max()) * plan.beside.plan.cost
    return (
        f"Saved in all, by cause: {', '.join(said) or 'nothing'}. Load: what leaves together; mode and "
        f"lane: another way "
        f"between the same places; site: another origin. Each plan is known to {money(within)} at most: "
        f"smaller "
        "differences say nothing."
    )


def say_lanes(plan: TransportPlan) -> str:
    """Return how full vehicles are, and name the emptiest ones."""
    loads = plan.loads.loads
    if loads.empty:
        return "No load is counted in vehicles."
    own = loads[loads["is_paid_whole"]]
    partial = int(own["is_partial"].sum())
    return (
        f"{partial:,} of {count(len(own), 'load')} paid per vehicle are partial (less than four fifths full "
        f"by weight and by volume); mean fill {percent(plan.loads.mean_fill)}. Where a carrier shares its "
        "vehicle, others fill it."
    )


def say_limits(plan: TransportPlan) -> str:
    """Return the limit that costs most, or that none does."""
    limits = plan.limits()
    if limits.empty:
        return "No limit costs anything: more vehicles, room or hands would save nothing."
    first = limits.iloc[0]
    return (
        f"The dearest limit: {first['rule']} ({first['key']}), where one {first['unit']} more saves "
        f"{money(first['price'])}."
    )


def say_recorded(plan: TransportPlan) -> str:
    """Return how recorded freight compares with the rates that the plan uses."""
    ratio, weeks = plan.recorded.ratio, plan.recorded.weeks
    if not math.isfinite(ratio):
        return "No recorded freight: the lanes' rates could not be checked."
    said = (
        f"In the last {weeks} weeks, recorded freight to customers was {ratio:.2f} of what the lanes' rates "
        f"say"
    )
    if abs(ratio - 1) <= _RATE_OFF:
        return f"{said}: the rates hold."
    return f"{said}. Correct the rates of these lanes before money is read to the last digit."


def network_rows(choice: NetworkChoice) -> pd.DataFrame:
    """Return today's network, the best choice and the best of each other kind, in words."""
    table = choice.options[choice.options["why"] == ""]
    best = table.sort_values("saving_per_year", ascending=False).groupby("option", sort=False).head(2)
    kept = best.sort_values("saving_per_year", ascending=False).head(_NETWORK_ROWS)
    kept = pd.concat([table.iloc[:1], kept[kept["option"] != "today"]])
    return kept.assign(plan=[_network_name(row) for row in kept.to_dict("records")], range=_ranges(kept))


def _network_name(row: dict[Hashable, Any]) -> str:
    names = {
        "today": "as today",
        "best": "the best choice",
        "reassign": "same warehouses, others served",
        "close": f"without {row['warehouse_id']}",
        "move": f"{row['warehouse_id']} moved to {str(row['place_id']).removeprefix('at ')}",
        "open": f"one more {row['place_id']}",
    }
    return names.get(str(row["option"]), str(row["option"]))


def _ranges(table: pd.DataFrame) -> list[str]:
    pairs = zip(table["saving_low"], table["saving_high"], strict=True)
    return [f"{money(low)} to {money(high)}" if low < high else "" for low, high in pairs]


def all_notes(plan: TransportPlan, last_mile: LastMilePlan, network: NetworkChoice) -> pd.DataFrame:
    """Return the notes of all three parts, each once, as a table with the column note."""
    said = dict.fromkeys([*plan.flow.notes, *last_mile.notes, *network.notes])
    return pd.DataFrame({"note": list(said)})
